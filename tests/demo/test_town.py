"""The town in the database: whole or not at all, the same for the same seed, with everybody at their place."""

from __future__ import annotations

import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, demo
from matchmaker.accounts.models import Institution, ManagerProfile, Person, Workload
from matchmaker.accounts.services.passwords import fits
from matchmaker.approaches import queries as approaches
from matchmaker.approaches.models import Hand, SealedCard
from matchmaker.audit.models import AuditRow
from matchmaker.businesses import queries as business_queries
from matchmaker.businesses.models import Business, BusinessMember, BusinessPaper
from matchmaker.db import db, unit_of_work
from matchmaker.demo import market, writing
from matchmaker.demo.drawing import at_local
from matchmaker.demo.institutions import INSTITUTIONS
from matchmaker.eligibility.facts import Facts
from matchmaker.leads.models import Lead, LeadClock, LeadStep, Payout
from matchmaker.leads.queries.reading import overdue_of
from matchmaker.leads.rules.clocks import LIMITS, Clock
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.rules.states import LIVE, TRANSITIONS, State, Step
from matchmaker.matching import queries as matching_queries
from matchmaker.matching import sealing
from matchmaker.matching import services as matching
from matchmaker.needs.models import Need
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product, ProductVersion, TrackRecord
from matchmaker.ranking import queries as ranking
from matchmaker.ranking.features import NAMES, case_of
from matchmaker.ranking.models import Outcome, Shown, ShownList
from matchmaker.ranking.rules import SWAPPED_SHARE
from matchmaker.ranking.services import as_shown
from matchmaker.refusal import plain
from matchmaker.web import sentence
from tests.demo.test_replay import lprs

ROOT = Path(__file__).parents[2]
ANCHOR_ON = date(2026, 9, 23)


def count(what: Any, *conditions: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(what).where(*conditions)) or 0


def test_the_town_is_as_large_as_promised(town: Any) -> None:
    assert demo.SIZE >= 3_000
    with town.app_context():
        assert count(Institution, Institution.status == "admitted") >= 12
        assert len({one.kind for one in INSTITUTIONS}) >= 12, "kinds of institution"
        assert count(Product, Product.state == "published") >= 80
        assert count(ManagerProfile) >= 20


def test_the_same_seed_and_anchor_give_the_same_rows(app: Any) -> None:
    with app.app_context():
        known = lprs()
        first, again, other = (
            demo.simulate(size=50, seed=seed, anchor_on=ANCHOR_ON, lprs=known) for seed in (11, 11, 12)
        )
    for name in (
        "needs",
        "lists",
        "shown",
        "leads",
        "steps",
        "clocks",
        "offers",
        "payouts",
        "outcomes",
        "credit_lines",
    ):
        assert plain(getattr(first.books, name)) == plain(getattr(again.books, name)), name
    assert plain(first.businesses.businesses) == plain(again.businesses.businesses)
    assert plain(first.market.versions) == plain(again.market.versions)
    assert first.oracle == again.oracle
    assert plain(first.books.steps) != plain(other.books.steps)


ANY_DAY = (
    (date(2026, 12, 16), demo.SEED, False),  # with a card
    (date(2026, 12, 16), demo.SEED, True),  # whose hands all are refused
    (date(2026, 10, 10), 3, False),  # a Saturday worked, after the seven days
    (date(2027, 2, 14), 4, False),  # a Sunday of a year whose days off nobody has entered
    (date(2028, 2, 29), 5, False),
)


@pytest.mark.parametrize(("anchor", "seed", "everybody_had_it"), ANY_DAY)
def test_the_town_begins_on_any_day(
    app: Any, monkeypatch: pytest.MonkeyPatch, anchor: date, seed: int, everybody_had_it: bool
) -> None:
    monkeypatch.setattr(sealing.sealed, "__defaults__", (1,))  # in so small a town nobody is like four others
    if everybody_had_it:
        monkeypatch.setattr(approaches, "was_tried", lambda need_id, institution_id: True)
    with app.app_context(), unit_of_work():
        town = demo.fill(size=40, seed=seed, anchor=anchor)
        cast_ids = {row["id"]: row["name"] for row in town.businesses.businesses if row["uscc"][8:15] == "FAKE000"}
        states = Counter(
            (cast_ids[lead.business.id], lead.state)
            for lead in db.session.scalars(sa.select(Lead).where(Lead.business_id.in_(cast_ids)))
        )
        for business, state in (
            *(("春和干洗店", state) for state in ("offered", "papers", "waiting", "declined", "released")),
            *(("青檀柳桥精密机械有限公司", state) for state in ("paid_out", "visited", "waiting", "taken")),
        ):
            assert states[business, state] == 1, (business, state, states)
        trail = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "demo.left_out"))
        left_out = {row.facts["scene"] for row in trail}
        cards, hands = count(SealedCard), count(Hand)
        assert ("card" in left_out) == (cards == 0), "what is left out is said"
        assert hands <= 2 * cards and (hands > 0 or cards == 0 or everybody_had_it)
        if anchor == date(2026, 12, 16):
            assert cards == 1 and (hands == 0) == everybody_had_it
        late = [lead for lead in db.session.scalars(sa.select(Lead).where(Lead.state == "taken")) if overdue_of(lead)]
        assert any(lead.business_id in cast_ids for lead in late), "one contract of the cast is late"


def test_what_a_house_of_the_town_saw_is_short_of_what_its_product_wrote(town: Any) -> None:
    with town.app_context():
        steps = db.session.scalars(sa.select(LeadStep).where(LeadStep.step == "decline")).all()
        told = 0
        for step in steps:
            terms = db.session.get_one(Lead, step.lead_id).product_version.terms
            figures = Seen.from_json(step.facts).figures
            if "turnover_yuan" in figures and terms.min_turnover_yuan is not None:
                told += 1
                assert figures["turnover_yuan"] < terms.min_turnover_yuan
            if "tax_grade" in figures:
                assert figures["tax_grade"] not in terms.tax_grades
        assert told


def test_the_whole_town_is_one_transaction_on_each_engine(any_app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with any_app.app_context():
        written = writing.insert

        def breaks_off(model: Any, rows: Any, **values: Any) -> None:
            if model is Outcome:
                raise RuntimeError("the power is gone")
            written(model, rows, **values)

        monkeypatch.setattr(writing, "insert", breaks_off)
        with pytest.raises(RuntimeError, match="power"), unit_of_work():
            demo.fill(size=30, seed=2, anchor=ANCHOR_ON)
        assert demo.is_empty()
        monkeypatch.undo()
        with unit_of_work():
            demo.fill(size=30, seed=2, anchor=ANCHOR_ON)
        assert not demo.is_empty()
        with unit_of_work():  # numbers go on after those that were given
            person = Person(email="new@qingtan.example", name="新来的", password_hash="x", created_at=clock.now())
            db.session.add(person)
        with pytest.raises(RuntimeError, match="empty database only"), unit_of_work():
            demo.fill(size=30, seed=2, anchor=ANCHOR_ON)


FILLS = """
import sys
from matchmaker import create_app, demo
from matchmaker.db import unit_of_work
from matchmaker.demo import writing
app = create_app(database_url=sys.argv[1], secret_key="x" * 40, instance_folder=sys.argv[2], rate_limits=False)
done = writing.insert
def slowly(model, rows, **values):
    done(model, rows, **values)
    print(model.__name__, flush=True)
writing.insert = slowly
with app.app_context(), unit_of_work():
    demo.fill(size=40, seed=2)
"""


@pytest.mark.long
def test_killed_half_way_the_database_is_empty_again(empty_sqlite: Path, tmp_path: Path, app: Any) -> None:
    file = tmp_path / "killed.db"
    shutil.copy(empty_sqlite, file)
    running = subprocess.Popen(
        [sys.executable, "-c", FILLS, f"sqlite:///{file}", str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert running.stdout is not None
    deadline = time.monotonic() + 90
    for line in running.stdout:
        if line.strip() == "LeadStep" or time.monotonic() > deadline:
            break
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    running.stdout.close()
    engine = sa.create_engine(f"sqlite:///{file}")
    with engine.connect() as connection:
        for table in ("person", "institution", "lead", "lead_step"):
            assert connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar() == 0
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
    engine.dispose()


def test_everybody_in_the_table_can_sign_in_and_is_what_it_says(town: Any) -> None:
    with town.app_context():
        roles = set()
        for one in demo.sign_ins():
            person = db.session.scalars(
                sa.select(Person).where(sa.or_(Person.phone == one.account, Person.email == one.account))
            ).one()
            assert person.name == one.name
            assert person.has_role(one.role), one
            assert fits(person.password_hash, demo.PASSWORD)
            roles.add(one.role)
        assert roles == {"owner", "manager", "desk", "operator", "supervisor", "channel"}
        for role in ("desk", "operator", "manager"):
            assert sum(one.role == role for one in demo.sign_ins()) >= 2
    assert demo.PASSWORD in demo.sign_in_table()
    assert all(one.account in demo.sign_in_table() for one in demo.sign_ins())


def business_of(name: str) -> Business:
    return db.session.scalars(
        sa.select(Business)
        .join(Person, Person.id == Business.created_by_id)
        .where(Person.name == name, Business.uscc.like("%FAKE0000%"))
    ).one()


def test_the_cast_stands_where_a_newcomer_needs_it(town: Any) -> None:
    with town.app_context():
        fresh, busy, paid = (business_of(name) for name in ("周桂兰", "林春和", "郝木青"))
        assert [member.standing for member in fresh.members] == ["checked"]
        assert count(Need, Need.business_id == fresh.id) == 0
        states = set(db.session.scalars(sa.select(Lead.state).where(Lead.business_id == busy.id)))
        assert {"papers", "offered", "waiting", "declined", "released"} <= states
        assert (
            count(
                Payout,
                Payout.standing == "reported",
                Payout.lead_id.in_(sa.select(Lead.id).where(Lead.business_id == paid.id)),
            )
            == 1
        )
        manager = db.session.scalars(sa.select(Person).where(Person.name == "沈秋禾")).one()
        mine = set(db.session.scalars(sa.select(Lead.state).where(Lead.manager_id == manager.id)))
        assert {"papers", "review", "visited", "contacted"} <= mine
        assert count(Lead, Lead.manager_id == manager.id, Lead.state.in_([str(state) for state in LIVE])) >= 6
        (branch_id,) = manager.branch_ids
        assert count(Lead, Lead.branch_id == branch_id, Lead.state == "waiting") >= 2
        assert count(BusinessMember, BusinessMember.standing == "papers_sent") >= 2
        assert count(BusinessPaper) >= 2
        assert count(Institution, Institution.status == "applied") == 1
        assert {"submitted", "sent_back"} <= set(db.session.scalars(sa.select(ProductVersion.state)))


@pytest.mark.article("5.1")
def test_one_title_of_the_cast_was_found_in_its_register_and_one_waits_for_an_operator(town: Any) -> None:
    with town.app_context():
        titles = business_of("郝木青").titles
        assert [title.standing for title in titles] == ["verified", "asked"]
        checked_by = db.session.get_one(Person, titles[0].checked_by_id)
        assert checked_by.has_role("operator")
        waiting = list(db.session.scalars(business_queries.waiting_titles()))
        assert titles[1] in waiting


@pytest.mark.article("B.2")
def test_at_first_look_every_owner_of_the_cast_sees_a_list_that_stands(town: Any) -> None:
    """Right after the build, before any job has run: nothing says that the list should be made anew."""
    with town.app_context():
        demo.resume_clock()
        looked = 0
        for one in demo.sign_ins():
            person = db.session.scalar(sa.select(Person).where(Person.phone == one.account))
            posted = sa.select(Need.id).where(Need.posted_by_id == person.id) if person else sa.select(Need.id).limit(0)
            for need_id in db.session.scalars(posted):
                need = matching_queries.need_for_matching(need_id)
                if need is not None and need.is_live:
                    stored = matching_queries.latest_list(need_id)
                    assert matching.why_stale(need, stored, clock.now()) is None, one.name
                    looked += 1
        assert looked >= 2
    clock.run_behind(timedelta(0))


def test_no_business_has_a_code_or_a_number_that_could_be_somebodys(town: Any) -> None:
    with town.app_context():
        assert count(Business) == count(Business, Business.uscc.like("9_______FAKE%"))
        assert count(Person, Person.phone.is_not(None)) == count(Person, Person.phone.like("154%"))
        assert count(Person, Person.email.is_not(None)) == count(Person, Person.email.like("%.example"))


def test_every_step_of_the_year_is_one_of_the_state_table(town: Any) -> None:
    with town.app_context():
        taken = db.session.execute(sa.select(LeadStep.from_state, LeadStep.step, LeadStep.to_state).distinct()).all()
    assert {(State(a), Step(b)): State(c) for a, b, c in taken}.items() <= TRANSITIONS.items()


def test_what_was_counted_is_what_can_be_counted(town: Any) -> None:
    with town.app_context():
        live = [str(state) for state in LIVE]
        for row in db.session.scalars(sa.select(Workload)):
            assert row.live_leads == count(Lead, Lead.manager_id == row.person_id, Lead.state.in_(live))
        for record in db.session.scalars(sa.select(TrackRecord).where(TrackRecord.product_id.is_(None))):
            mine = [Lead.institution_id == record.institution_id, Lead.sent_at.is_not(None)]
            assert record.leads == count(Lead, *mine)
            assert record.funded == count(
                Payout,
                Payout.standing.in_(("confirmed", "undisputed")),
                Payout.lead_id.in_(sa.select(Lead.id).where(*mine)),
            )


def test_nobody_is_late_on_the_morning_of_the_anchor(town: Any) -> None:
    """What should have happened by itself before the anchor has happened."""
    with town.app_context():
        anchor_at = at_local(demo.anchor_for(clock.real_now()), demo.MORNING)
        overdue = db.session.scalars(
            sa.select(LeadClock).where(
                LeadClock.stopped_at.is_(None), LeadClock.paused_at.is_(None), LeadClock.due_at < anchor_at
            )
        ).all()
        assert [row for row in overdue if LIMITS[Clock(row.kind)].releases or row.kind in ("papers", "owner")] == []


@pytest.mark.article("B.2")
def test_lists_of_the_town_are_derived_again_to_the_bit(town: Any) -> None:
    with town.app_context():
        lists = db.session.scalars(sa.select(ShownList).order_by(ShownList.id.desc()).limit(60)).all()[::6]
        assert len(lists) == 10
        assert [matching.differences(stored) for stored in lists] == [[]] * 10


def test_the_branches_are_what_matching_reads_from_the_tables(town: Any) -> None:
    with town.app_context():
        built = market.build(seed=demo.SEED, anchor_on=demo.anchor_for(clock.real_now()))
        assert plain(matching_queries.places_now()) == plain(market.places_of(built))


# The clock -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(app: Any) -> Any:
    with app.app_context():
        with clock.frozen("2026-09-23T14:00:00+08:00"), unit_of_work():
            demo.fill(size=10, seed=4)
        yield app
    clock.run_behind(timedelta(0))


def resumed_at(instant: str) -> timedelta:
    with clock.frozen(instant):
        return demo.resume_clock()


def test_business_time_runs_on_only_while_the_site_runs(small: Any) -> None:
    assert resumed_at("2026-09-23T14:01:00+08:00") == timedelta(0)
    assert resumed_at("2026-09-30T14:01:00+08:00") == timedelta(days=7, minutes=1), (
        "a week switched off makes nobody late"
    )
    assert resumed_at("2026-09-30T14:02:00+08:00") == timedelta(days=7, minutes=1), "started twice in a row"


def test_started_at_night_the_town_begins_in_the_morning(app: Any) -> None:
    with app.app_context():
        with clock.frozen("2026-09-23T23:00:00+08:00"), unit_of_work():
            town = demo.fill(size=10, seed=4)
        assert town.anchor_at == at_local(ANCHOR_ON, 9.5)
        assert resumed_at("2026-09-23T23:01:00+08:00") == timedelta(hours=13)
    clock.run_behind(timedelta(0))


def test_before_half_past_nine_it_is_still_yesterdays_town() -> None:
    with clock.frozen("2026-09-23T09:29:00+08:00") as instant:
        assert demo.anchor_for(instant) == date(2026, 9, 22)
    with clock.frozen("2026-09-23T09:30:00+08:00") as instant:
        assert demo.anchor_for(instant) == ANCHOR_ON


def test_the_cast_was_told_what_happened_in_sentences(town: Any) -> None:
    """Their inboxes open, and every message makes a sentence in both languages."""
    with town.app_context():
        told = list(db.session.scalars(sa.select(Message).order_by(Message.id)))
        assert {"lead_told_papers", "lead_told_offer", "lead_told_declined", "lead_told_released"} <= {
            m.kind for m in told
        }
        assert any(message.kind == "lead_staff_papers_sent" for message in told)
    for language in ("zh", "en"):
        with town.test_request_context(headers={"Cookie": f"lang={language}"}):
            for message in told:
                assert sentence({"code": message.kind, "facts": message.facts})


@pytest.mark.article("B.2")
def test_neighbours_were_exchanged_in_the_past_year_too_with_their_probabilities(town: Any) -> None:
    with town.app_context():
        stood = db.session.execute(
            sa.select(Shown.place, Shown.features["place_by_score"].as_integer(), Shown.propensity)
        ).all()
    moved = [propensity for place, by_score, propensity in stood if place != by_score]
    might = sum(1 - propensity for place, by_score, propensity in stood if place == by_score)
    assert moved and set(moved) == {SWAPPED_SHARE}
    expected = might + sum(1 - each for each in moved) * SWAPPED_SHARE
    assert abs(len(moved) - expected) < 4 * math.sqrt(expected), "few pairs stand in the small town: luck has room"


@pytest.mark.article("B.2")
def test_within_one_need_no_single_feature_tells_who_was_funded(town: Any) -> None:
    """Who was funded beside every other product of the same list, each read as of the showing.

    A feature that knew what came after would tell nearly all of them apart.
    """
    never = clock.real_now() + timedelta(days=3650)
    with town.app_context():
        rows = ranking.history()
        beside = []
        for row in rows:
            stored, places = ranking.shown_places(row.list_id) or pytest.fail("a case without its list")
            facts, on = Facts.from_json(stored.facts), ranking.day_of(stored)
            others = [place.offer for place in places if place.offer.product_id != row.case.offer.product_id]
            beside += [
                replace(row, known_at=never + timedelta(seconds=len(beside) + more), case=case_of(facts, offer, on))
                for more, offer in enumerate(others)
                if row.funded
            ]
    everything = sorted([*rows, *beside], key=lambda one: (one.shown_at, one.outcome_id))
    funded: dict[int, list[float]] = {}
    others_of: dict[int, list[list[float]]] = {}
    for row, vector in zip(everything, as_shown(everything)[0], strict=True):
        if row.known_at >= never:
            others_of.setdefault(row.outcome_id, []).append(vector)
        elif row.funded:
            funded[row.outcome_id] = vector
    pairs = [(funded[key], vector) for key, vectors in others_of.items() for vector in vectors]
    assert len(funded) >= 20 and len(pairs) >= 100
    for column, name in enumerate(NAMES):
        told = sum((yes[column] > no[column]) + 0.5 * (yes[column] == no[column]) for yes, no in pairs) / len(pairs)
        assert 0.1 < told < 0.9, name


@pytest.mark.article("B.2")
def test_nothing_is_learned_before_it_was_known(town: Any) -> None:
    stands = sa.and_(Payout.lead_id == Outcome.lead_id, Payout.standing.in_(("confirmed", "undisputed")))
    with town.app_context():
        paid = db.session.execute(
            sa.select(Outcome.known_at, Payout.answered_at).join(Payout, stands).where(Outcome.funded.is_(True))
        ).all()
        assert len(paid) > 20 and all(row.known_at >= row.answered_at for row in paid)
        assert count(Outcome, Outcome.known_at < Outcome.decided_at) == 0
        assert count(Outcome, Outcome.known_at.is_not(None), Outcome.funded.is_(None)) == 0
