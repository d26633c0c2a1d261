"""Reads of loans: those of one's own businesses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker.businesses.models import BusinessMember
from matchmaker.businesses.rules import PROVEN
from matchmaker.loans.models import Loan


def loans_of_person(person_id: int) -> sa.Select[Any]:
    """The loans of the businesses for which this person may act with checked papers, the first to mature first."""
    mine = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing.in_(PROVEN)
    )
    return (
        sa.select(Loan)
        .where(Loan.business_id.in_(mine))
        .options(joinedload(Loan.business), joinedload(Loan.institution), joinedload(Loan.product_version))
        .order_by(Loan.matures_on, Loan.id)
    )
