"""The table of loans: what was paid out and stands, after the owner confirmed it or ten working days were silent."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution
from matchmaker.businesses.models import Business
from matchmaker.db import Base, Percent, Versioned
from matchmaker.keeping import Kept
from matchmaker.leads.models import Lead
from matchmaker.loans.rules import SOURCES
from matchmaker.products.models import ProductVersion


class Loan(Versioned, Base):
    """One loan: the pay-out as it stands, on the terms of the accepted offer."""

    kept = Kept("loans", of="business_id", closing="erase", erase={"reference": "（已删除）"}, why="figures")

    __table_args__ = (
        CheckConstraint("amount_yuan > 0", name="amount_above_zero"),
        CheckConstraint("matures_on > paid_on", name="matures_later"),
        CheckConstraint("source IN ({})".format(", ".join(repr(source) for source in SOURCES)), name="source_known"),
        Index("ix_loan_business_id_matures_on", "business_id", "matures_on"),
        Index("ix_loan_institution_id_matures_on", "institution_id", "matures_on"),
    )

    lead_id: Mapped[int] = mapped_column(ForeignKey("lead.id"), unique=True)
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    product_version_id: Mapped[int] = mapped_column(ForeignKey("product_version.id"), index=True)
    amount_yuan: Mapped[Decimal]
    rate_percent: Mapped[Decimal] = mapped_column(Percent)
    repayment: Mapped[str]
    paid_on: Mapped[date]
    matures_on: Mapped[date]
    reference: Mapped[str] = mapped_column(default="")
    source: Mapped[str]
    """confirmed: the owner said so; undisputed: nobody answered for ten working days."""
    made_at: Mapped[datetime]

    lead: Mapped[Lead] = relationship()
    business: Mapped[Business] = relationship()
    institution: Mapped[Institution] = relationship()
    product_version: Mapped[ProductVersion] = relationship()
