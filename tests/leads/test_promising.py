"""How institutions keep what they promise: which cases count, what is stored of them, where anybody reads it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.queries.promising import Accepted
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering, promising
from matchmaker.products.models import PromiseRecord
from tests.leads.builders import a_case, to_state

NOW = "2026-09-23T10:00:00+08:00"
TOMORROW = "2026-09-24T01:30:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW, everywhere=True):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def counted(at: str = TOMORROW) -> dict[str, PromiseRecord]:
    with clock.frozen(at, everywhere=True) as now:
        jobs.count_promises(now)
    db.session.expire_all()
    return {row.promise: row for row in db.session.scalars(sa.select(PromiseRecord))}


def test_what_is_over_counts_and_what_is_open_is_no_no(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        lead = to_state(case, State.OFFERED)
        product_days = lead.product_version.promised_days
    found = counted()
    assert (found["money"].n, found["money"].fulfilled) == (0, 0), "the owner has not answered yet"
    assert (found["days"].n, found["days"].fulfilled, found["days"].actual) == (1, 1, Decimal(0))
    assert found["days"].promised == product_days
    assert found["rate"].n == 1
    with unit_of_work():
        lead = db.session.get_one(type(lead), lead.id)
        offering.refuse_offer(lead, number=1, code="E01", by=case.owner)
    found = counted()
    assert (found["money"].n, found["money"].fulfilled) == (1, 0), "an offer that was turned down brought no money"
    assert found["money"].from_on == date(2025, 9, 24) and found["money"].until_on == date(2026, 9, 23)


@pytest.mark.parametrize(
    ("state", "n"), [(State.DECLINED, 1), (State.RELEASED, 1), (State.GIVEN_UP, 0), (State.WITHDRAWN, 0)]
)
def test_what_its_owner_ended_before_any_offer_says_nothing_of_the_institution(site: Any, state: State, n: int) -> None:
    with unit_of_work():
        to_state(a_case(), state)
    money = counted()["money"]
    assert (money.n, money.fulfilled) == (n, 0)


def test_money_counts_when_it_stands_and_only_for_twelve_months(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        lead = to_state(case, State.PAID_OUT)
    assert counted()["money"].n == 0, "reported, and not confirmed yet"
    with unit_of_work():
        lead = db.session.get_one(type(lead), lead.id)
        offering.confirm_payout(lead, by=case.owner)
    assert (counted()["money"].n, counted()["money"].fulfilled) == (1, 1)
    assert counted("2027-09-25T01:30:00+08:00")["money"].n == 0, "sent more than a year ago"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PromiseRecord)) == 3, "replaced, not added"


def accepted(**changes: Any) -> Accepted:
    values: dict[str, Any] = {
        "institution_id": 1, "promised_days": 5, "accepted_at": at("2026-09-01T10:00:00+08:00"), "paused_seconds": 0,
        "decided_at": None, "ended_at": None, "state": "accepted", **changes,
    }  # fmt: skip
    return Accepted(**values)


def at(words: str) -> datetime:
    return datetime.fromisoformat(words)


def test_days_are_working_days_from_the_acceptance_without_the_pause() -> None:
    """Tuesday 1 September and five working days end on Tuesday 8."""
    last = date(2026, 9, 20)
    in_time = accepted(decided_at=at("2026-09-08T17:00:00+08:00"))
    late = accepted(decided_at=at("2026-09-09T09:00:00+08:00"))
    paused = accepted(decided_at=at("2026-09-09T09:00:00+08:00"), paused_seconds=int(timedelta(days=1).total_seconds()))
    tally = promising.tally_days([in_time, late, paused], last)[1]
    assert (tally.n, tally.fulfilled, tally.actual) == (3, 2, [5, 6, 5])


def test_silence_is_late_from_the_day_it_was_due() -> None:
    cases = [accepted(), accepted(state="released", ended_at=at("2026-09-03T17:30:00+08:00"))]
    ended_by_owner = accepted(state="withdrawn", ended_at=at("2026-09-04T10:00:00+08:00"))
    tally = promising.tally_days([*cases, ended_by_owner], date(2026, 9, 9))[1]
    assert (tally.n, tally.fulfilled, tally.actual) == (2, 0, [])
    assert promising.tally_days([accepted()], date(2026, 9, 8)) == {}, "its last day is still running"


def test_anybody_reads_what_was_counted_and_how_and_small_numbers_are_not_shared_out(site: Any, client: Any) -> None:
    with unit_of_work():
        case = a_case()
        to_state(case, State.DECLINED)
        number = case.institution.id
    before = client.get(f"/institutions/{number}/answers").get_data(as_text=True)
    assert "还没有数过" in before
    counted()
    text = client.get(f"/institutions/{number}/answers").get_data(as_text=True)
    assert 'id="kept"' in text and "不到 20 件，不算" in text and "这些数是怎么来的" in text
    with unit_of_work():
        money = db.session.scalars(sa.select(PromiseRecord).where(PromiseRecord.promise == "money")).one()
        money.n, money.fulfilled, money.share_percent = 84, 50, Decimal("58.7")
    text = client.get(f"/institutions/{number}/answers").get_data(as_text=True)
    assert "约 6 件" in text and ">84<" in text and ">50<" in text
