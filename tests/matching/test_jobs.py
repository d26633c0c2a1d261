"""Lists that come without anybody asking: on posting and changing a need, and at night."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, queue
from matchmaker.accounts.models import Person
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.matching import jobs, queries, services
from matchmaker.needs import services as needs
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.needs.rules import Wanted
from matchmaker.products.models import Product
from matchmaker.ranking.models import ShownList
from matchmaker.refusal import plain
from tests.conftest import file_of, make_app, settings_for
from tests.products.builders import a_product

from .builders import NOW
from .test_following import close_branch, move_branch, publish, suspend, turn_out

WANTED = Wanted(amount_yuan=Decimal(300_000), term_months=12, purpose="PURCHASE", securities=())


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Any:
    with clock.frozen(NOW, everywhere=True), town_app.app_context():
        yield town_file[1]


def lists() -> list[tuple[int, int, str | None]]:
    with unit_of_work():
        rows = db.session.scalars(sa.select(ShownList).order_by(ShownList.id))
        return [(row.need_id, row.need_number, row.natural_key) for row in rows]


@pytest.mark.article("3.6")
def test_a_posted_need_has_its_list_at_once_and_a_changed_one_a_new_one(town: dict[str, int]) -> None:
    with unit_of_work():
        owner = db.session.get_one(Person, town["owner"])
        business = db.session.get_one(Need, town["need"]).business
        need = needs.post_need(business, WANTED, days=60, by=owner)
        first = queries.latest_list(need.id)
        assert first is not None and first.made_by_id == owner.id and first.counts["fitting"] == 4
        needs.change_need(need, replace(WANTED, term_months=24), seen_number=1, days=60, by=owner)
        second = queries.latest_list(need.id)
        assert second is not None and (second.id, second.need_number) != (first.id, 1)
        assert first.need_number == 1


def test_a_need_is_posted_even_where_no_list_can_be_made(
    town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "published_lpr_on", lambda day: None)
    with unit_of_work():
        business = db.session.get_one(Need, town["need"]).business
        need = needs.post_need(business, WANTED, days=60, by=db.session.get_one(Person, town["owner"]))
        assert queries.latest_list(need.id) is None


@pytest.mark.article("3.6")
def test_the_night_matches_what_is_stale_and_nothing_twice(town: dict[str, int]) -> None:
    night = clock.now()
    assert jobs.match_open_needs(night) == 1
    assert lists() == [(town["need"], 1, f"{town['need']}:1:2026-09-23")]
    assert jobs.match_open_needs(night) == 0
    assert jobs.match_open_needs(night + timedelta(days=1)) == 0  # nothing has changed
    assert jobs.match_open_needs(night + timedelta(days=services.STALE_AFTER_DAYS)) == 1
    assert len(lists()) == 2


def test_a_new_product_makes_every_list_stale(town: dict[str, int]) -> None:
    jobs.match_open_needs(clock.now())
    with clock.frozen("2026-09-24T09:00:00+08:00", everywhere=True):
        with unit_of_work():
            a_product(db.session.get_one(Product, town["hearth"]).institution, name="新灶台贷")
        assert jobs.match_open_needs(clock.now()) == 1
    assert len(lists()) == 2


def test_a_need_that_is_over_is_left_alone(town: dict[str, int]) -> None:
    with unit_of_work():
        need = db.session.get_one(Need, town["need"])
        need.state, need.withdrawn_at = "withdrawn", clock.now()
    assert jobs.match_open_needs(clock.now()) == 0


def test_a_night_that_was_stopped_half_way_ends_the_same_when_run_again(
    town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with unit_of_work():
        first = db.session.get_one(Need, town["need"])
        for number in range(3):
            need = Need(
                business=first.business,
                posted_by_id=first.posted_by_id,
                posted_at=clock.now(),
                expires_on=first.expires_on,
            )
            need.versions.append(
                NeedVersion(
                    number=1,
                    amount_yuan=Decimal(100_000 + number),
                    term_months=12,
                    purpose="WC",
                    securities=[],
                    made_at=clock.now(),
                    made_by_id=first.posted_by_id,
                )
            )
            db.session.add(need)
    made = services.store_list

    def killed(need: Need, worked: services.WorkedOut, **values: Any) -> ShownList:
        stored = made(need, worked, **values)
        if need.id > town["need"] + 1:
            raise KeyboardInterrupt
        return stored

    monkeypatch.setattr(services, "store_list", killed)
    with pytest.raises(KeyboardInterrupt):
        jobs.match_open_needs(clock.now())
    assert len(lists()) == 2  # the third was undone whole
    monkeypatch.setattr(services, "store_list", made)
    assert jobs.match_open_needs(clock.now()) == 2
    assert sorted(need for need, _, _ in lists()) == [town["need"] + at for at in range(4)]


def test_two_workers_on_one_need_make_one_list(town_app: Any, town: dict[str, int]) -> None:
    barrier = threading.Barrier(2)
    made: list[int] = []

    def work() -> None:
        with town_app.app_context():
            barrier.wait()
            made.append(jobs.match_open_need(town["need"], services.market_at(clock.now())))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(made) == [0, 1]
    assert len(lists()) == 1


def a_crowd(town: dict[str, int], n: int) -> None:
    """So many more needs of the example shop."""
    with unit_of_work():
        first = db.session.get_one(Need, town["need"])
        for number in range(n):
            need = Need(business=first.business, posted_by_id=first.posted_by_id, posted_at=clock.now(),
                        expires_on=first.expires_on)  # fmt: skip
            need.versions.append(
                NeedVersion(number=1, amount_yuan=Decimal(40_000 * (number + 1)), term_months=6 * (1 + number % 4),
                            purpose="WC", securities=[], made_at=clock.now(), made_by_id=first.posted_by_id)
            )  # fmt: skip
            db.session.add(need)


def what_was_made() -> dict[str, Any]:
    """Every list by its natural key, as stored."""
    db.session.expunge_all()
    with unit_of_work():
        return {
            str(row.natural_key): (
                row.facts, dict(row.counts), row.rule_only,
                [(one.place, one.product_id, one.score, one.reasons, one.quote) for one in queries.shown_rows(row.id)],
                [(one.product_id, one.failed) for one in queries.turned_down_rows(row.id)],
            )
            for row in db.session.scalars(sa.select(ShownList))
        }  # fmt: skip


def carry_by(app: Any, workers: int) -> None:
    """Carry every job that is due, by so many workers at once."""

    def work() -> None:
        with app.app_context():
            while queue.carry_one(queue.worker_name()):
                pass

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.article("3.6")
def test_a_night_in_shards_makes_what_one_by_one_makes_and_says_how_far_it_is(
    town_app: Any, town: dict[str, int], town_file: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SHARD", 4)
    a_crowd(town, 10)
    kept = tmp_path / "evening.db"
    with sqlite3.connect(file_of(town_app)) as evening, sqlite3.connect(kept) as copy:
        evening.backup(copy)
    night = clock.now()
    assert jobs.match_open_needs(night) == 11
    one_by_one = what_was_made()
    db.engine.dispose()
    other = make_app(settings_for(f"sqlite:///{kept}", tmp_path))
    with other.app_context():
        assert jobs.share_out_open_needs(night) == 3 == jobs.share_out_open_needs(night)
        carry_by(other, 2)
        assert what_was_made() == one_by_one and len(one_by_one) == 11
        with unit_of_work():
            shards = list(db.session.scalars(sa.select(queue.Job).where(queue.Job.kind == "matching.shard")))
            assert [(one.state, one.progress_done, one.progress_total) for one in shards] == [
                ("done", 4, 4), ("done", 4, 4), ("done", 3, 3),
            ]  # fmt: skip
        db.engine.dispose()


@pytest.mark.article("3.6")
def test_the_night_after_a_small_change_makes_lists_for_those_it_concerns(
    town_app: Any, town: dict[str, int]
) -> None:
    a_crowd(town, 5)
    jobs.match_open_needs(clock.now())
    with clock.frozen("2026-09-24T02:00:00+08:00", everywhere=True):
        with unit_of_work():
            need = db.session.scalars(sa.select(Need).order_by(Need.id.desc())).first()
            assert need is not None
            need.current.term_months = 36
        jobs.share_out_open_needs(clock.now())
        carry_by(town_app, 1)
        assert len(lists()) == 7 and lists()[-1][0] == need.id


def an_evening(town: dict[str, int]) -> None:
    """Twelve more needs, unlike each other: amounts, terms and purposes by turns, some with a shop to mortgage."""
    with unit_of_work():
        first = db.session.get_one(Need, town["need"])
        for number in range(12):
            need = Need(business=first.business, posted_by_id=first.posted_by_id, posted_at=clock.now(),
                        expires_on=first.expires_on)  # fmt: skip
            need.versions.append(
                NeedVersion(number=1, amount_yuan=Decimal([30_000, 300_000, 4_000_000][number % 3]),
                            term_months=[6, 12, 120, 240][number % 4], purpose=["WC", "RENT"][number % 2],
                            securities=["MORT_COM"] if number % 5 == 0 else [], made_at=clock.now(),
                            made_by_id=first.posted_by_id)
            )  # fmt: skip
            db.session.add(need)


def told_by(counts: Mapping[str, Any], shown: Sequence[Mapping[str, Any]]) -> Any:
    """What an owner reads of a list, but for the far end of what does not fit."""
    names = ("place", "product_id", "product_version_id", "score", "chance", "cost_percent", "reasons", "quote")
    kept = ("fitting", "loans", "near", "helps", "opens_on", "full")
    return plain([{name: row[name] for name in names} for row in shown]), plain([counts.get(name) for name in kept])


@pytest.mark.article("3.6")
@pytest.mark.parametrize("seed", [3, 8])
def test_the_night_after_small_changes_makes_only_what_they_concern_and_leaves_all_as_a_full_one(
    town_app: Any, town: dict[str, int], seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lists are compared without the exchange of neighbours, which is drawn anew each day."""
    monkeypatch.setattr(services, "seed_of", lambda *_: None)
    an_evening(town)
    jobs.match_open_needs(clock.now())
    chance, left_alone = random.Random(seed), 0
    for number, change in enumerate(chance.sample(SMALL_CHANGES, 5)):
        with clock.frozen(f"2026-09-{24 + number}T02:00:00+08:00", everywhere=True):
            with unit_of_work():
                change(town, chance)
            db.session.expunge_all()
            before = len(lists())
            jobs.share_out_open_needs(clock.now())
            carry_by(town_app, 1)
            left_alone += 13 - (len(lists()) - before)
            begin_read()
            market = services.market_at(clock.now())
            for need_id in queries.ids_of_live_needs():
                need, stored = queries.need_for_matching(need_id), queries.latest_list(need_id)
                assert need is not None and stored is not None
                anew = services.work_out(need, market).derived
                rows = [vars(row) for row in queries.shown_rows(stored.id)]
                assert told_by(stored.counts, rows) == told_by(anew.counts, anew.shown)
            db.session.rollback()
    assert left_alone, "something that concerns nobody's list has changed, too"


def for_fishers(town: dict[str, int], chance: random.Random) -> None:
    """A product of another trade, for the longest established alone."""
    bank = db.session.get_one(Product, town["hearth"]).institution
    a_product(bank, name="渔船贷", industries_allow=["04"], min_months_in_business="240")


def for_large_amounts(town: dict[str, int], chance: random.Random) -> None:
    bank = db.session.get_one(Product, town["hearth"]).institution
    a_product(bank, name="大额贷", amount_min_wan="300", amount_max_wan="900")


SMALL_CHANGES = [suspend, publish, move_branch, close_branch, turn_out, for_fishers, for_large_amounts]
