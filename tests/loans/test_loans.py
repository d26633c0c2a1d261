"""A loan exists when a pay-out stands: confirmed, or undisputed; never before, never twice."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering
from matchmaker.leads.services.counting import months_after
from matchmaker.loans.models import Loan
from matchmaker.loans.rules import days_left
from matchmaker.loans.services import open_loan
from tests.builders import an_owner, sign_in
from tests.leads.builders import a_case, to_state


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen("2026-09-23T10:00:00+08:00"):
        yield


def test_a_confirmed_pay_out_opens_one_loan_on_the_terms_of_the_offer(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.PAID_OUT)
        assert db.session.scalars(sa.select(Loan)).all() == [], "reported is not enough"
        payout = offering.confirm_payout(lead, by=case.owner)
        (loan,) = db.session.scalars(sa.select(Loan)).all()
        assert (loan.amount_yuan, loan.rate_percent, loan.source) == (Decimal(300_000), Decimal("3.85"), "confirmed")
        assert loan.matures_on.isoformat() == "2027-09-23"
        assert open_loan(lead.id, payout.id).id == loan.id, "the same news again opens no second one"


def test_what_does_not_stand_opens_no_loan(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.PAID_OUT)
        payout = offering.dispute_payout(lead, words="没有到账", by=case.owner)
        with pytest.raises(ValueError, match="does not stand"):
            open_loan(lead.id, payout.id)


@pytest.mark.parametrize(
    ("paid_on", "months", "matures_on"),
    [
        ("2026-09-23", 12, "2027-09-23"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-08-31", 6, "2027-02-28"),
        ("2026-12-15", 1, "2027-01-15"),
    ],
)
def test_a_term_ends_on_the_same_day_or_the_last_of_the_month(paid_on: str, months: int, matures_on: str) -> None:
    from datetime import date

    assert months_after(date.fromisoformat(paid_on), months).isoformat() == matures_on


def test_days_left_are_counted_to_maturity() -> None:
    from datetime import date

    assert days_left(date(2027, 9, 23), date(2026, 9, 23)) == 365
    assert days_left(date(2026, 9, 22), date(2026, 9, 23)) == -1


def test_the_page_shows_ones_own_loans_only(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        offering.confirm_payout(to_state(case, State.PAID_OUT), by=case.owner)
        stranger = an_owner("别人")
    for person, seen in ((case.owner, True), (stranger, False), (case.manager, False)):
        client = app.test_client()
        sign_in(client, person)
        page = client.get("/loans/").get_data(as_text=True)
        assert ("灶台贷" in page) is seen
