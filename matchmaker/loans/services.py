"""Writing loans: one row when a pay-out stands, and never two for one lead."""

from __future__ import annotations

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.leads.models import Lead, Payout
from matchmaker.leads.services.counting import months_after
from matchmaker.leads.services.offering import accepted_offer
from matchmaker.loans.models import Loan


def open_loan(lead_id: int, payout_id: int) -> Loan:
    """The loan of a pay-out that stands; the same call again answers the same row."""
    found = db.session.scalars(sa.select(Loan).where(Loan.lead_id == lead_id)).first()
    if found is not None:
        return found
    lead = db.session.get_one(Lead, lead_id)
    payout = db.session.get_one(Payout, payout_id)
    offer = accepted_offer(lead)
    if offer is None or not payout.stands:
        raise ValueError(f"pay-out {payout_id} does not stand")
    loan = Loan(
        lead_id=lead.id,
        business_id=lead.business_id,
        institution_id=lead.institution_id,
        product_version_id=lead.product_version_id,
        amount_yuan=payout.amount_yuan,
        rate_percent=offer.rate_percent,
        repayment=offer.repayment,
        paid_on=payout.paid_on,
        matures_on=months_after(payout.paid_on, offer.term_months),
        reference=payout.reference,
        source=payout.standing,
        made_at=clock.now(),
    )
    db.session.add(loan)
    db.session.flush()
    record("loan.open", loan, by=None, lead_id=lead.id, amount_yuan=loan.amount_yuan)
    return loan
