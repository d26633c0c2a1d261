"""Reads of loans: those of one's own businesses."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker.accounts.models import Institution
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.queries import mandated
from matchmaker.businesses.rules import PROVEN
from matchmaker.loans.models import Loan
from matchmaker.products.models import ProductVersion


def loans_of_person(person_id: int, words: str = "") -> sa.Select[Any]:
    """The loans of the businesses for which this person acts with checked papers or a mandate, first to mature first.

    `words` stand in the name of the business, institution or product.
    """
    mine = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing.in_(PROVEN)
    )
    query = sa.select(Loan).where(
        sa.or_(Loan.business_id.in_(mine), Loan.business_id.in_(mandated(person_id, "act")))
    )
    for word in words.split():
        query = query.where(
            sa.or_(
                Loan.business.has(Business.name.icontains(word, autoescape=True)),
                Loan.institution.has(Institution.short_name.icontains(word, autoescape=True)),
                Loan.product_version.has(ProductVersion.name.icontains(word, autoescape=True)),
            )
        )
    return (
        query
        .options(joinedload(Loan.business), joinedload(Loan.institution), joinedload(Loan.product_version))
        .order_by(Loan.matures_on, Loan.id)
    )
