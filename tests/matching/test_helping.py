"""What would help and the way on: each is applied to the facts and matched again; the owner is told once."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.services.registering import choose_order
from matchmaker.businesses import services as businesses
from matchmaker.db import db, unit_of_work
from matchmaker.eligibility.changes import applied
from matchmaker.eligibility.rules import CRITERIA
from matchmaker.happened import on
from matchmaker.matching import helping, jobs, plan, queries, services
from matchmaker.matching.announcements import MoreFit
from matchmaker.matching.models import OpenedTold
from matchmaker.matching.ordering import Ranker
from matchmaker.matching.rules import Track
from matchmaker.needs.models import Need
from matchmaker.needs.rules import as_planned
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product
from matchmaker.queue import Job, carry_one
from matchmaker.refusal import plain
from tests.builders import sign_in
from tests.products.builders import a_product

from .builders import NOW, a_bank


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Any:
    with clock.frozen(NOW, everywhere=True), town_app.app_context():
        yield town_file[1]


class LikesEvidence:
    """A ranker's estimator that knows one thing: records of tax paid make a difference, most of all for one product."""

    def __init__(self, favourite_rate: float) -> None:
        self.rate = favourite_rate

    def chances(self, rows: list[list[float]]) -> list[float]:
        from matchmaker.ranking.features import NAMES

        found = []
        for row in rows:
            case = dict(zip(NAMES, row, strict=True))
            likes = 0.5 if case["rate"] == self.rate else 0.02
            found.append(round(0.2 + likes * case["tax_evidence"], 6))
        return found


def a_ranker(favourite_rate: float = 3.45) -> Ranker:
    from matchmaker.ranking.features import Counts
    from matchmaker.ranking.store import Trained

    trained = Trained(LikesEvidence(favourite_rate), Counts())  # type: ignore[arg-type]
    return Ranker(1, "test", trained)


def derived(need: Need, ranker: Ranker | None, **changed: Any) -> services.Derived:
    market = services.market_at(clock.now())
    facts = queries.facts_of(need).changed(**changed)
    return services.derive(market.offered, facts, market.today, market.lpr, ranker)


# ---- what would help -------------------------------------------------------------------------------------------------


def test_no_rule_asks_for_the_facts_that_only_the_ranker_weighs() -> None:
    asked = {fact for criterion in CRITERIA for fact in criterion.needs}
    assert not asked & set(helping.SOFT_FACTS)


@pytest.mark.article("B.2", "B.4")
def test_a_fact_that_only_the_ranker_weighs_helps_where_it_lifts_a_product(town: dict[str, int]) -> None:
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        assert need is not None
        now = derived(need, a_ranker(), has_tax_evidence=False, has_flow_evidence=False)
        [help] = [help for help in now.counts["helps"] if help["code"] == "help_has_tax_evidence"]
        then = derived(need, a_ranker(), has_tax_evidence=True, has_flow_evidence=False)
        places = [{row["product_id"]: row["place"] for row in one.shown} for one in (now, then)]
        best = help["facts"]["product_id"]
        assert (help["facts"]["from_place"], help["facts"]["to_place"]) == (places[0][best], places[1][best])
        assert places[1][best] < places[0][best]
        assert not any(help["code"] == "help_has_flow_evidence" for help in now.counts["helps"]), "it moves nothing"
        assert not any(help["code"].startswith("help_has") for help in derived(need, None).counts["helps"])


@pytest.mark.article("B.2")
def test_a_soft_reason_stands_only_where_the_product_would_stand_lower_without(town: dict[str, int]) -> None:
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        assert need is not None
        now = derived(need, a_ranker(), has_tax_evidence=True, has_flow_evidence=True)
        without = derived(need, a_ranker(), has_tax_evidence=False, has_flow_evidence=True)
        places = {row["product_id"]: row["place"] for row in without.shown}
        told = {
            row["product_id"]: reason["facts"]["without_place"]
            for row in now.shown
            for reason in row["reasons"]
            if reason["code"] == "soft_has_tax_evidence"
        }
        assert told and all(places[key] == place for key, place in told.items())
        assert all(places[key] > row["place"] for row in now.shown if (key := row["product_id"]) in told)
        assert not any(r["code"] == "soft_has_flow_evidence" for row in now.shown for r in row["reasons"])


@pytest.mark.article("B.4")
def test_every_help_of_a_list_comes_true_when_it_is_applied(town: dict[str, int]) -> None:
    dice = random.Random(5)
    told = 0
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        assert need is not None
        market = services.market_at(clock.now())
        for _ in range(40):
            facts = queries.facts_of(need).changed(
                amount_yuan=Decimal(dice.choice([5_000, 60_000, 300_000, 2_000_000, 4_000_000])),
                term_months=dice.choice([3, 12, 36, 72]),
                repayment=dice.choice([None, "EQ_INST", "BULLET"]),
                securities=dice.choice([None, frozenset(), frozenset({"MORT_COM"})]),
                founded_on=date(2026, 9, 1) - timedelta(days=dice.randrange(900)),
            )
            now = services.derive(market.offered, facts, market.today, market.lpr, a_ranker())
            again = services.derive(market.offered, facts, market.today, market.lpr, a_ranker())
            assert plain(now.counts) == plain(again.counts), "same input, same reasons"
            assert len(now.counts["helps"]) <= 4
            fits = {row["product_id"] for row in now.shown}
            for help in now.counts["helps"]:
                changed, day = applied(help["change"], facts, market.today)
                then = services.derive(market.offered, changed, day, market.lpr, a_ranker())
                opened = {row["product_id"] for row in then.shown} - fits
                assert opened == set(help["opened"]) and (opened or help.get("raised"))
                told += 1
    assert told > 15


# ---- the way on ------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4")
def test_the_way_on_is_that_of_the_stored_list_whatever_changed_since(town: dict[str, int]) -> None:
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        assert need is not None
        stored = services.make_list(need, by=None)
        before = plan.way_on(stored)
        assert [opening.opened for opening in before.openings] == [(town["older"],)]
        assert stored.counts["opens_on"] == before.openings[0].on.isoformat()
        assert before.plans[-1].opened == (town["mortgage"],)
        need.business.founded_on = date(2010, 1, 1)
        db.session.get_one(Product, town["mortgage"]).state = "suspended"
        db.session.flush()
        db.session.expire_all()
        assert plan.way_on(stored) == before


def page(client: Any, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.article("B.4", "B.3")
def test_an_owner_reads_the_way_on_and_follows_it(town_app: Any, town_file: Any) -> None:
    with clock.frozen(NOW, everywhere=True):
        _reads_and_follows(town_app, town_file[1])


def _reads_and_follows(town_app: Any, town: dict[str, int]) -> None:
    client = town_app.test_client()
    with town_app.app_context(), unit_of_work():
        owner = db.session.get_one(Person, town["owner"])
        need = queries.need_for_matching(town["need"])
        assert need is not None
        services.make_list(need, by=owner)
    sign_in(client, owner)
    assert f"/needs/{town['need']}/matches/way-on" in page(client, f"/needs/{town['need']}/matches")
    text = page(client, f"/needs/{town['need']}/matches/way-on")
    assert "改 1 样，合适的变成 5 个" in text and "望山铺面贷" in text and "青石经营贷" in text
    assert f"/needs/{town['need']}/change?add=MORT_COM" in text
    form = page(client, f"/needs/{town['need']}/change?add=MORT_COM&amount=200000&term=24")
    assert 'value="20"' in form
    assert {"premises", "24"} <= set(re.findall(r'<input[^>]* checked[^>]* value="(\w+)"', form))
    client.set_cookie("lang", "en")
    text = page(client, f"/needs/{town['need']}/matches/way-on")
    assert "Change 1 thing, then 5 products fit" in text and "From " in text


def test_a_plan_in_an_address_is_read_and_nonsense_is_left_out() -> None:
    from tests.matching.test_jobs import WANTED

    found = as_planned(WANTED, {"amount": "200000", "term": "24", "add": "MORT_COM,NONSENSE", "repayment": "any"})
    assert found == replace(WANTED, amount_yuan=Decimal(200_000), term_months=24, securities=("MORT_COM",))
    assert as_planned(WANTED, {"amount": "1e9", "term": "x", "add": "<", "repayment": ""}) == WANTED


# ---- matched again by itself, told once ------------------------------------------------------------------------------


def told(town: dict[str, int]) -> list[tuple[int, int]]:
    with unit_of_work():
        rows = db.session.scalars(sa.select(Message).where(Message.kind == "need_told_opened").order_by(Message.id))
        return [(row.person_id or 0, int(row.facts["more"])) for row in rows]


@pytest.mark.article("B.4")
def test_when_a_day_comes_the_need_is_matched_by_itself_and_its_owner_told_once(town: dict[str, int]) -> None:
    heard: list[MoreFit] = []
    on(MoreFit)(heard.append)
    jobs.match_open_needs(clock.now())
    assert told(town) == [], "a first list is no news"
    with unit_of_work():
        stored = queries.latest_list(town["need"])
        assert stored is not None
        day = date.fromisoformat(stored.counts["opens_on"])
    for later in range(3):
        at = f"{(day + timedelta(days=later)).isoformat()}T02:00:00+08:00"
        with clock.frozen(at, everywhere=True):
            jobs.match_open_needs(clock.now())
            jobs.match_open_needs(clock.now())
    assert told(town) == [(town["owner"], 1)]
    assert [event.product_ids for event in heard] == [(town["older"],)]


@pytest.mark.article("B.4")
def test_a_product_that_comes_and_goes_is_told_of_once(town: dict[str, int]) -> None:
    jobs.match_open_needs(clock.now())
    states = ["published", "suspended", "published"]
    with clock.frozen("2026-09-24T12:00:00+08:00", everywhere=True), unit_of_work():
        new = a_product(a_bank("新来银行"), name="新来贷")
        new_id = new.id
    for night, state in enumerate(states, 25):
        with clock.frozen(f"2026-09-{night}T01:00:00+08:00", everywhere=True), unit_of_work():
            product = db.session.get_one(Product, new_id)
            product.state, product.standing_at = state, clock.now()
        with clock.frozen(f"2026-09-{night}T02:00:00+08:00", everywhere=True):
            assert jobs.match_open_needs(clock.now()) == 1
    assert told(town) == [(town["owner"], 1)]
    with unit_of_work():
        assert [row.product_id for row in db.session.scalars(sa.select(OpenedTold))] == [new_id]


@pytest.mark.article("B.4")
def test_a_business_that_changes_is_matched_again_at_once(town: dict[str, int]) -> None:
    jobs.match_open_needs(clock.now())
    with unit_of_work():
        owner = db.session.get_one(Person, town["owner"])
        business = db.session.get_one(Need, town["need"]).business
        businesses.change_strengths(
            business,
            tax_grade="D",
            has_tax_evidence=True,
            has_flow_evidence=False,
            collateral=[],
            row_version=business.row_version,
            by=owner,
        )
        assert db.session.scalar(sa.select(sa.func.count(Job.id)).where(Job.kind == "matching.again")) == 1
    with clock.frozen("2026-09-23T10:30:00+08:00", everywhere=True):
        while carry_one("w"):
            pass
        with unit_of_work():
            stored = queries.latest_list(town["need"])
            assert stored is not None and stored.facts["tax_grade"] == "D"
            count = len(list(db.session.scalars(sa.select(services.ShownList))))
            assert count == 2
            db.session.execute(sa.update(Job).values(state="queued", run_at=clock.real_now()))
        while carry_one("w"):
            pass
        with unit_of_work():
            assert len(list(db.session.scalars(sa.select(services.ShownList)))) == count, "run twice, made once"


@pytest.mark.article("B.1", "B.2")
def test_no_record_of_an_institution_moves_a_list_of_who_objected(
    town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "active_ranker", lambda: a_ranker())
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        assert need is not None
        market = services.market_at(clock.now())
        facts = queries.facts_of(need, on=market.today)

        def places(offered: Any, objected: bool) -> list[tuple[int, float]]:
            ranker = market.ranker if objected else None  # the counted record orders where no model does
            found = services.derive(offered, facts, market.today, market.lpr, ranker, objected=objected)
            return [(row["product_id"], row["score"]) for row in found.shown]

        first = places(market.offered, True)[0][0]
        worse = [
            replace(one, own_track=Track(200, 200, 200, 0), institution_track=Track(200, 200, 200, 0))
            if one.product_id == first
            else replace(one, own_track=Track(200, 200, 200, 200), institution_track=Track(200, 200, 200, 200))
            for one in market.offered
        ]
        same_days = [
            replace(one, promised_days=was.days_to_money) for one, was in zip(worse, market.offered, strict=True)
        ]
        assert places(same_days, True) == places(market.offered, True), "who was funded before counts nothing"
        assert places(same_days, False) != places(market.offered, False), "else it does"


@pytest.mark.article("B.1", "B.2")
def test_who_objects_to_the_learned_order_gets_the_rules_own(
    town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "active_ranker", lambda: a_ranker())
    with unit_of_work():
        need = queries.need_for_matching(town["need"])
        owner = db.session.get_one(Person, town["owner"])
        assert need is not None
        learned = services.work_out(need, services.market_at(clock.now()))
        choose_order(owner, learned=False)
        db.session.flush()
        plainly = services.work_out(need, services.market_at(clock.now()))
        assert not learned.derived.ordering.rule_only and plainly.derived.ordering.rule_only
        stored = services.make_list(need, by=owner)
        assert stored.counts["objected"] is True and services.differences(stored) == []
        told = {reason["code"] for row in queries.shown_rows(stored.id) for reason in row.reasons}
        assert "rank_likeliest" not in told, "no past share is named as a reason either"
        assert services.why_stale(need, stored, clock.now()) is None
        choose_order(owner, learned=True)
        db.session.flush()
        why = services.why_stale(need, stored, clock.now())
        assert why is not None and why.code == "list_order_objected"
