"""What loans do upon news of leads: a pay-out that stands opens a loan."""

from __future__ import annotations

from matchmaker.happened import on
from matchmaker.leads.announcements import PaidOut
from matchmaker.loans.services import open_loan


@on(PaidOut)
def open_loan_of_pay_out(event: PaidOut) -> None:
    """One loan for one lead."""
    open_loan(event.lead_id, event.payout_id)
