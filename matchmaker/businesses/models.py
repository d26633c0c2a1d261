"""Tables of the business: profile, who may act for it, papers, yearly figures, titles, credit lines."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution, Person
from matchmaker.db import Base, JsonList, Versioned, Yuan
from matchmaker.documents.models import Document


class Business(Versioned, Base):
    """A small business or sole proprietor, known by its unified social credit code."""

    __table_args__ = (
        CheckConstraint("kind IN ('enterprise', 'sole_proprietor', 'cooperative')", name="kind_known"),
        CheckConstraint("tax_grade IS NULL OR tax_grade IN ('A', 'B', 'M', 'C', 'D')", name="tax_grade_known"),
        Index("ix_business_region_code_industry_code", "region_code", "industry_code"),
    )

    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    entity_code: Mapped[str | None]
    industry_code: Mapped[str]
    region_code: Mapped[str]
    address: Mapped[str] = mapped_column(default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    founded_on: Mapped[date]
    last_equity_change_on: Mapped[date | None]
    tax_grade: Mapped[str | None]
    has_tax_evidence: Mapped[bool] = mapped_column(default=False)
    has_flow_evidence: Mapped[bool] = mapped_column(default=False)
    collateral: Mapped[list[str]] = mapped_column(JsonList, default=list)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime]

    members: Mapped[list[BusinessMember]] = relationship(back_populates="business", order_by="BusinessMember.id")
    years: Mapped[list[YearlyFigures]] = relationship(back_populates="business", order_by="YearlyFigures.year.desc()")
    titles: Mapped[list[Title]] = relationship(back_populates="business", order_by="Title.id")
    credit_lines: Mapped[list[CreditLine]] = relationship(back_populates="business", order_by="CreditLine.id")


class BusinessMember(Versioned, Base):
    """Who may act for a business, and how far that is proven."""

    __table_args__ = (
        UniqueConstraint("business_id", "person_id"),
        CheckConstraint("capacity IN ('legal_representative', 'owner', 'agent')", name="capacity_known"),
        CheckConstraint(
            "standing IN ('declared', 'papers_sent', 'checked', 'rejected', 'confirmed_outside')", name="standing_known"),
        CheckConstraint("standing <> 'checked' OR checked_by_id IS NOT NULL", name="checked_by_somebody"),
        CheckConstraint("standing <> 'rejected' OR remark_code IS NOT NULL", name="rejected_with_reason"),
        CheckConstraint("checked_by_id IS NULL OR checked_by_id <> person_id", name="checked_by_another"),
        Index("ix_business_member_person_id", "person_id"),
        Index("ix_business_member_standing", "standing"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    capacity: Mapped[str]
    standing: Mapped[str] = mapped_column(default="declared")
    standing_at: Mapped[datetime]
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    remark_code: Mapped[str | None]
    remark: Mapped[str] = mapped_column(default="")

    business: Mapped[Business] = relationship(back_populates="members")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    papers: Mapped[list[BusinessPaper]] = relationship(back_populates="member", order_by="BusinessPaper.id")


class BusinessPaper(Base):
    """A licence, or a letter of authority, handed in to prove who may act."""

    __table_args__ = (CheckConstraint("kind IN ('licence', 'letter')", name="kind_known"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("business_member.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    kind: Mapped[str]
    sent_at: Mapped[datetime]

    member: Mapped[BusinessMember] = relationship(back_populates="papers")
    document: Mapped[Document] = relationship()


class YearlyFigures(Base):
    """Staff, turnover and assets of one calendar year, as the owner declares them."""

    __table_args__ = (
        UniqueConstraint("business_id", "year"),
        CheckConstraint("employees >= 0", name="employees_not_negative"),
        CheckConstraint("turnover_yuan >= 0 AND assets_yuan >= 0", name="not_negative"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    year: Mapped[int]
    employees: Mapped[int]
    turnover_yuan: Mapped[Decimal] = mapped_column(Yuan)
    assets_yuan: Mapped[Decimal] = mapped_column(Yuan)
    liabilities_yuan: Mapped[Decimal | None] = mapped_column(Yuan)
    profit_yuan: Mapped[Decimal | None] = mapped_column(Yuan)

    business: Mapped[Business] = relationship(back_populates="years")


class Title(Base):
    """An official title such as 专精特新 or high-tech enterprise, with its certificate."""

    __table_args__ = (UniqueConstraint("business_id", "code"),)

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    code: Mapped[str]
    certificate_number: Mapped[str]
    issuer: Mapped[str]
    expires_on: Mapped[date | None]
    verified_at: Mapped[datetime | None]

    business: Mapped[Business] = relationship(back_populates="titles")


class CreditLine(Base):
    """A loan or guarantee that the business already has: declared by the owner, or paid out through the platform."""

    __table_args__ = (
        CheckConstraint("kind IN ('loan', 'guarantee')", name="kind_known"),
        CheckConstraint("source IN ('declared', 'paid_out')", name="source_known"),
        CheckConstraint("amount_yuan > 0 AND balance_yuan >= 0", name="amounts"),
        CheckConstraint("matures_on >= started_on", name="matures_later"),
        Index("ix_credit_line_business_id", "business_id"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_name: Mapped[str]
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"))
    kind: Mapped[str] = mapped_column(default="loan")
    amount_yuan: Mapped[Decimal] = mapped_column(Yuan)
    balance_yuan: Mapped[Decimal] = mapped_column(Yuan)
    security_code: Mapped[str] = mapped_column(default="CREDIT")
    started_on: Mapped[date]
    matures_on: Mapped[date]
    source: Mapped[str] = mapped_column(default="declared")
    as_of_on: Mapped[date]

    business: Mapped[Business] = relationship(back_populates="credit_lines")
    institution: Mapped[Institution | None] = relationship()
