"""The market in memory follows the database: every list from it is the one that the plain loop makes."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from matchmaker import clock
from matchmaker.accounts.models import Branch, Institution
from matchmaker.accounts.services.loads import recount_slots
from matchmaker.db import begin_read, begin_write, db, unit_of_work
from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.rules import failed_rules
from matchmaker.matching import change_log, following, queries, services
from matchmaker.matching.following import ByIndex, ByLoop, MarketSeen
from matchmaker.matching.models import MarketChange, MarketCounter
from matchmaker.needs.models import Need
from matchmaker.products.models import Product, ProductIntake, TrackRecord
from matchmaker.products.queries import published_versions
from matchmaker.products.rules.typed import SaidCapacity
from matchmaker.products.services import doubt_product
from matchmaker.products.services import say_capacity as say
from matchmaker.reference.region_changes import Change
from matchmaker.refusal import plain
from tests.builders import a_desk, a_manager
from tests.conftest import file_of
from tests.products.builders import a_product
from tests.reference.changes import DAY, XIHU_DIVIDED, XIHU_INTO_GONGSHU, forgotten, learn

from .builders import NOW, a_bank, a_record
from .follower import what_is_seen


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Iterator[dict[str, int]]:
    with clock.frozen(NOW, everywhere=True), town_app.app_context(), forgotten():
        yield town_file[1]


def read_anew() -> MarketSeen:
    """The market as the database holds it, without any memory."""
    places = queries.places_now()
    offered = tuple(queries.offered_of(published_versions(clock.today()), places, queries.tracks(), queries.takings()))
    return MarketSeen(offered, places, ByLoop(offered))


def owners(town: dict[str, int]) -> list[Facts]:
    """The example shop, and others like it."""
    facts = queries.facts_of(db.session.get_one(Need, town["need"]))
    return [
        facts,
        facts.changed(term_months=24, amount_yuan=Decimal(900_000)),
        facts.changed(region_code="330212", latitude=29.8, longitude=121.5, repayment="REVOLVE"),
        facts.changed(securities=frozenset({"MORT_COM"}), turnover_yuan=None, founded_on=clock.today()),
        Facts(),
    ]


def follows(town: dict[str, int], judge: type = ByIndex) -> None:
    """What is in memory, and every list made from it, is what the database and the loop give."""
    begin_read()
    seen, anew = following.market_seen(clock.today()), read_anew()
    assert type(seen.judge) is judge
    assert (seen.offered, seen.places) == (anew.offered, anew.places)
    lpr = queries.lpr_of(clock.today())
    for facts in owners(town):
        for day in (clock.today(), clock.today() + timedelta(days=200)):
            assert seen.judge.failures(facts, day) == {
                one.product_id: failed_rules(one.terms, facts, day) for one in anew.offered
            }
            assert seen.judge.fitting(facts, day) == anew.judge.fitting(facts, day)
        listed = services.derive(seen.offered, facts, clock.today(), lpr, index=seen.judge)
        looped = services.derive(anew.offered, facts, clock.today(), lpr)
        assert plain(listed.shown) == plain(looped.shown)
        assert plain(listed.turned_down) == plain(looped.turned_down)
        assert plain(listed.counts) == plain(looped.counts)
    db.session.rollback()


def suspend(town: dict[str, int], chance: random.Random) -> None:
    product = db.session.get_one(Product, town[chance.choice(["hearth", "float", "older"])])
    product.state = "published" if product.state == "suspended" else "suspended"


def publish(town: dict[str, int], chance: random.Random) -> None:
    bank = db.session.get_one(Product, town["hearth"]).institution
    a_product(bank, name="新贷" + "".join(chance.sample("甲乙丙丁戊己庚辛", 4)), promised_days=str(chance.randrange(1, 9)))


def move_branch(town: dict[str, int], chance: random.Random) -> None:
    branch = db.session.scalars(sa.select(Branch).order_by(Branch.id)).first()
    assert branch is not None
    branch.decision_limit_yuan = Decimal(chance.randrange(1, 9) * 100_000)
    branch.service_radius_km = chance.choice([None, 5])


def close_branch(town: dict[str, int], chance: random.Random) -> None:
    branch = chance.choice(list(db.session.scalars(sa.select(Branch).order_by(Branch.id))))
    branch.closed_at = None if branch.closed_at else clock.now()


def turn_out(town: dict[str, int], chance: random.Random) -> None:
    bank = db.session.get_one(Product, town["mortgage"]).institution
    bank.status = "suspended" if bank.status == "admitted" else "admitted"


def count(town: dict[str, int], chance: random.Random) -> None:
    product = db.session.get_one(Product, town["guaranteed"])
    found = db.session.scalar(sa.select(TrackRecord).where(TrackRecord.product_id == product.id))
    if found is None:
        a_record(product, leads=40, funded=chance.randrange(40))
    else:
        found.funded = chance.randrange(40)


def say_capacity(town: dict[str, int], chance: random.Random) -> None:
    product = db.session.get_one(Product, town[chance.choice(["hearth", "float", "guaranteed"])])
    row = db.session.scalar(sa.select(ProductIntake).where(ProductIntake.product_id == product.id))
    said = SaidCapacity(chance.choice([None, 1, 5]), Decimal(chance.randrange(50) * 10_000), chance.choice([None, clock.today()]))
    say(product, said, seen=row.said_number if row else 0, by=a_desk(product.institution))


def carry(town: dict[str, int], chance: random.Random) -> None:
    branch = chance.choice(list(db.session.scalars(sa.select(Branch).order_by(Branch.id))))
    a_manager(branch, "忙" + "".join(chance.sample("甲乙丙丁戊己庚辛", 3)), capacity_leads=chance.randrange(3))
    recount_slots(branch.id)


def settle(town: dict[str, int], chance: random.Random) -> None:
    bank = a_bank("新桥" + "".join(chance.sample("甲乙丙丁戊己庚辛", 4)))
    a_product(bank, name="新桥贷")


def write_past_the_objects(town: dict[str, int], chance: random.Random) -> None:
    db.session.execute(sa.update(Branch).values(decision_limit_yuan=Decimal(chance.randrange(1, 9) * 100_000)))


def change_divisions(town: dict[str, int], chance: random.Random) -> None:
    """A day on which other divisions stand: nothing in the database says so to the market."""
    learn(*chance.choice([
        (), (XIHU_INTO_GONGSHU,), (XIHU_DIVIDED,),
        (Change("recoded", DAY, code="330106", new_code="330505", name="西湖区"),),
        (Change("recoded", DAY, code="330212", new_code="330118", name="鄞州区"), XIHU_INTO_GONGSHU),
    ]))  # fmt: skip


def narrow(town: dict[str, int], chance: random.Random) -> None:
    bank = db.session.get_one(Product, town["hearth"]).institution
    name = "本区贷" + "".join(chance.sample("甲乙丙丁戊己庚辛", 4))
    a_product(bank, name=name, regions=chance.choice(["330105", "330106", "330108"]))


CHANGES = [
    suspend, publish, move_branch, close_branch, turn_out, count, say_capacity, carry, settle, write_past_the_objects,
    change_divisions, narrow,
]  # fmt: skip


@pytest.mark.article("B.2")
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_after_any_changes_lists_from_memory_are_those_of_the_loop(town: dict[str, int], seed: int) -> None:
    chance = random.Random(seed)
    follows(town)
    for step in (*chance.sample(CHANGES * 2, len(CHANGES) * 2)[:9], narrow, change_divisions, change_divisions):
        with unit_of_work():
            step(town, chance)
        follows(town)


def test_a_product_waits_in_memory_for_its_day_and_leaves_after_it(town: dict[str, int]) -> None:
    with unit_of_work():
        bank = db.session.get_one(Product, town["hearth"]).institution
        soon = clock.today() + timedelta(days=3)
        a_product(bank, name="月底贷", valid_from_on=soon.isoformat(), valid_until_on="2026-12-31")
    follows(town)
    begin_read()
    before = len(following.market_seen(clock.today()).offered)
    with clock.frozen("2026-09-26T09:00:00+08:00", everywhere=True):
        assert len(following.market_seen(clock.today()).offered) == before + 1
        follows(town)


def test_what_is_not_committed_is_seen_by_its_own_session_alone(town: dict[str, int]) -> None:
    follows(town)
    with unit_of_work() as session:
        db.session.get_one(Product, town["hearth"]).state = "suspended"
        session.flush()
        seen = following.market_seen(clock.today())
        assert isinstance(seen.judge, ByLoop) and seen.offered == read_anew().offered
        with Session(db.engine) as other:
            theirs = following.followed().seen(other, clock.today())
        assert theirs is not None and len(theirs.offered) == len(seen.offered) + 1
        session.rollback()
        begin_write(session)
    follows(town)


def test_a_session_that_began_before_a_change_keeps_its_market(town: dict[str, int]) -> None:
    follows(town)
    begin_read()
    before = following.market_seen(clock.today())
    db.session.scalar(sa.select(sa.func.count()).select_from(Product))  # its snapshot stands
    facts = owners(town)[0]
    wanted = before.judge.failures(facts, clock.today())
    with Session(db.engine) as other:
        begin_write(other)
        other.get_one(Product, town["hearth"]).state = "suspended"
        other.commit()
        ahead = following.followed().seen(other, clock.today())
    assert ahead is not None and len(ahead.offered) == len(before.offered) - 1
    again = following.market_seen(clock.today())
    assert isinstance(again.judge, ByLoop) and again.offered == before.offered
    assert before.judge.failures(facts, clock.today()) == wanted
    db.session.rollback()
    follows(town)


def test_a_restored_database_does_not_pass_for_its_own_future(
    town_app: Any, town: dict[str, int], tmp_path: Path
) -> None:
    follows(town)
    file, backup = file_of(town_app), tmp_path / "backup.db"
    shutil.copy(file, backup)
    for name in ("hearth", "float"):
        with unit_of_work():
            db.session.get_one(Product, town[name]).state = "suspended"
        follows(town)
    db.engine.dispose()
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.copy(backup, file)
    for _ in range(2):
        with unit_of_work():
            db.session.get_one(Product, town["older"]).standing_at = clock.now()
            suspend(town, random.Random(1))
        follows(town)


def test_whoever_lags_further_behind_than_the_log_reads_all_anew(
    town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_log, "KEPT_CHANGES", 2)
    follows(town)
    for number in range(5):
        with unit_of_work():
            publish(town, random.Random(number))
    begin_read()
    kept = set(db.session.scalars(sa.select(MarketChange.number).where(MarketChange.kind.in_(("product", "all")))))
    counted = db.session.get_one(MarketCounter, change_log.OFFERED_SIDE).number
    assert kept == {counted - 1, counted}
    follows(town)


def test_a_repair_by_hand_is_followed_once_the_counter_is_told(town: dict[str, int]) -> None:
    """As docs/decisions/0048 says; without its last line nobody could know."""
    follows(town)
    with unit_of_work() as session:
        write = session.connection()
        write.exec_driver_sql(f"UPDATE product SET state = 'suspended' WHERE id = {town['hearth']}")
        write.exec_driver_sql("UPDATE market_counter SET number = number + 1, mark = 'by hand' WHERE id = 1")
    follows(town)


def test_what_no_rule_or_price_reads_does_not_count_the_market_on(town: dict[str, int]) -> None:
    begin_read()
    before = change_log.state_of(db.session)
    with unit_of_work():
        db.session.get_one(Institution, db.session.get_one(Product, town["hearth"]).institution_id).short_name = "青檀"
        db.session.get_one(Product, town["hearth"]).commission_percent = Decimal(2)
    begin_read()
    assert change_log.state_of(db.session) == before


@pytest.mark.article("B.2")
def test_threads_that_list_while_the_market_changes_each_see_one_state(town_app: Any, town: dict[str, int]) -> None:
    """Products move in pairs in one transaction: whoever sees one of a pair without the other has seen half a change."""
    wrong: list[Any] = []
    made: list[str] = []
    over = threading.Event()
    first, second = town["hearth"], town["float"]

    def read() -> None:
        with town_app.app_context():
            while not over.is_set():
                begin_read()
                seen = following.market_seen(clock.today())
                facts = Facts(amount_yuan=Decimal(300_000), term_months=12, purpose="WC")
                failing = seen.judge.failures(facts, clock.today())
                if failing != {one.product_id: failed_rules(one.terms, facts, clock.today()) for one in seen.offered}:
                    wrong.append("verdicts")
                if (first in failing) != (second in failing):
                    wrong.append("half a change")
                if [one.product_id for one in read_anew().offered] != list(failing):
                    wrong.append("another market than the session's")
                made.append(type(seen.judge).__name__)
                db.session.rollback()

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(12):
        with unit_of_work():
            for key in (first, second):
                db.session.get_one(Product, key).state = "suspended" if number % 2 == 0 else "published"
    over.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert "ByIndex" in made


@pytest.mark.article("B.2")
def test_several_processes_have_the_same_market_after_each_change(
    town_app: Any, town: dict[str, int], tmp_path: Path
) -> None:
    url = town_app.config["SETTINGS"].database_url
    command = [sys.executable, "-m", "tests.matching.follower", url, str(tmp_path), clock.now().isoformat()]
    others = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                         env=dict(os.environ, OMP_NUM_THREADS="1"), cwd=Path(__file__).parents[2])
        for _ in range(2)
    ]  # fmt: skip

    def ask(other: subprocess.Popen[str]) -> dict[str, Any]:
        assert other.stdin and other.stdout
        other.stdin.write("?\n")
        other.stdin.flush()
        said: dict[str, Any] = json.loads(other.stdout.readline())
        return said

    try:
        for other in others:
            assert other.stdout is not None and other.stdout.readline() == "ready\n"
        chance = random.Random(7)
        for step in [suspend, move_branch, publish, turn_out, write_past_the_objects, suspend]:
            with unit_of_work():
                step(town, chance)
            db.session.expunge_all()  # as stored: an object keeps 50 where the database gives back 50.00
            begin_read()
            expected = {
                "number": change_log.state_of(db.session)[0],
                "judge": "ByIndex",
                "seen": what_is_seen(read_anew()),
            }
            db.session.rollback()
            assert [ask(other) for other in others] == [expected, expected]
    finally:
        for other in others:
            other.communicate(timeout=20)


def test_a_memory_that_has_moved_on_answers_by_the_loop(town: dict[str, int]) -> None:
    """A night holds one market for many needs: the products of its beginning stay what they were."""
    begin_read()
    night = services.market_at(clock.now())
    db.session.rollback()
    with unit_of_work():
        db.session.get_one(Product, town["hearth"]).state = "suspended"
    begin_read()
    facts = owners(town)[0]
    services.market_at(clock.now())  # somebody else's request has caught up
    assert night.judge.failures(facts, night.today) == {
        one.product_id: failed_rules(one.terms, facts, night.today) for one in night.offered
    }
    assert town["hearth"] in night.judge.fitting(facts, night.today)


def test_a_fallback_loop_answers_as_the_index(town: dict[str, int]) -> None:
    begin_read()
    seen = following.market_seen(clock.today())
    loop = ByLoop(seen.offered)
    for facts in owners(town):
        odd = facts.changed(amount_yuan=Decimal("300000.0000001"))
        assert loop.failures(odd, clock.today()) == seen.judge.failures(odd, clock.today())
    assert replace(seen.offered[0], product_id=0) != seen.offered[0]


@pytest.mark.article("8.2")
def test_what_is_in_doubt_or_unconfirmed_leaves_the_market_in_memory_and_comes_back(town: dict[str, int]) -> None:
    number = town["hearth"]

    def seen() -> set[int]:
        begin_read()
        found = {one.product_id for one in following.market_seen(clock.today()).offered}
        db.session.rollback()
        return found

    assert number in seen()
    with unit_of_work():
        doubt_product(number, at=clock.now())
    assert number not in seen()
    follows(town)
    with unit_of_work():
        db.session.get_one(Product, number).doubted_at = None
    assert number in seen()
    with unit_of_work():
        db.session.get_one(Product, number).confirmed_until_on = clock.today() - timedelta(days=1)
    assert number not in seen()
    follows(town)
