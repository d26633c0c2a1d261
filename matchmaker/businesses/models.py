"""A business, the persons who act for it, and what is known of it year by year."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.rules import (
    CAPACITIES,
    CASE_OUTCOMES,
    KINDS,
    LINE_KINDS,
    LINE_SOURCES,
    PAPER_KINDS,
    PROVEN,
    SCOPES,
    STANDINGS,
    TAX_GRADES,
)
from matchmaker.db import Base, JsonList, Versioned
from matchmaker.documents.models import Document
from matchmaker.keeping import Kept, Numbered, Share, YearOnly


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Business(Versioned, Base):
    """One unified social credit code, one row. What its owner typed; nothing here is proven by being here."""

    kept = Kept(
        "business",
        of="id",
        closing="erase",
        erase={
            "uscc": Numbered("CLOSED{:012d}"), "name": "已注销", "address": "", "latitude": None, "longitude": None,
            "founded_on": YearOnly(), "last_equity_change_on": None, "collateral": [],
        },
        why="figures",
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind_known"),
        CheckConstraint("length(uscc) = 18", name="uscc_whole"),
        CheckConstraint("length(industry_code) = 4", name="industry_is_a_class"),
        CheckConstraint("length(region_code) = 6", name="region_whole"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="point_whole"),
        CheckConstraint(f"tax_grade IS NULL OR {_one_of('tax_grade', TAX_GRADES)}", name="tax_grade_known"),
        CheckConstraint(
            "last_equity_change_on IS NULL OR last_equity_change_on >= founded_on", name="changed_after_founding"
        ),
        Index("ix_business_region_code_industry_code", "region_code", "industry_code"),
    )

    uscc: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    kind: Mapped[str]
    entity_code: Mapped[str | None]
    industry_code: Mapped[str] = mapped_column(index=True)
    region_code: Mapped[str]
    address: Mapped[str]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    founded_on: Mapped[date]
    last_equity_change_on: Mapped[date | None]
    tax_grade: Mapped[str | None]
    has_tax_evidence: Mapped[bool] = mapped_column(default=False)
    has_flow_evidence: Mapped[bool] = mapped_column(default=False)
    collateral: Mapped[list[str]] = mapped_column(JsonList, default=list)
    """Codes of the guarantee terms that it could give."""
    collateral_said: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether its owner said so, here or with a need: then an empty list means "nothing"."""
    created_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime | None]

    members: Mapped[list[BusinessMember]] = relationship(back_populates="business", order_by="BusinessMember.id")
    figures: Mapped[list[YearlyFigures]] = relationship(
        back_populates="business", order_by="YearlyFigures.year.desc()"
    )
    titles: Mapped[list[Title]] = relationship(back_populates="business", order_by="Title.id")
    credit_lines: Mapped[list[CreditLine]] = relationship(back_populates="business", order_by="CreditLine.matures_on")

    mandates: Mapped[list[Mandate]] = relationship(back_populates="business", order_by="Mandate.id")

    @property
    def member_ids(self) -> set[int]:
        """The persons who act for it, whatever their standing; a rejected claim acts for nothing."""
        return {member.person_id for member in self.members if member.standing != "rejected"}

    @property
    def every_claimant_id(self) -> set[int]:
        """The persons who act or claimed to act for it, rejected ones too: they may mend their papers."""
        return {member.person_id for member in self.members}


class BusinessMember(Versioned, Base):
    """A person who says to act for a business, and how far that is proven."""

    kept = Kept("identity", of="person_id", closing="delete")

    __table_args__ = (
        UniqueConstraint("business_id", "person_id"),
        CheckConstraint(_one_of("capacity", CAPACITIES), name="capacity_known"),
        CheckConstraint(_one_of("standing", STANDINGS), name="standing_known"),
        CheckConstraint(
            "standing NOT IN ('checked', 'rejected') OR checked_by_id IS NOT NULL", name="decided_by_somebody"
        ),
        CheckConstraint("checked_by_id IS NULL OR checked_by_id <> person_id", name="never_ones_own"),
        CheckConstraint("standing <> 'rejected' OR remark_code IS NOT NULL", name="rejected_with_a_reason"),
        Index("ix_business_member_standing_standing_at", "standing", "standing_at"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    capacity: Mapped[str]
    standing: Mapped[str] = mapped_column(default="declared")
    standing_at: Mapped[datetime]
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    remark_code: Mapped[str | None]
    remark: Mapped[str | None]

    business: Mapped[Business] = relationship(back_populates="members")
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    papers: Mapped[list[BusinessPaper]] = relationship(back_populates="member", order_by="BusinessPaper.id")

    @property
    def is_proven(self) -> bool:
        """Whether an institution may be shown who this is."""
        return self.standing in PROVEN


class Mandate(Versioned, Base):
    """What another person may do for a business, up to which sum and until when, as somebody proven has let them.

    Until the link is used it has an address and no person; afterwards a person and no address.
    """

    kept = Kept(
        "identity", of="business_id", days=90, since="expires_at", closing="erase", erase={"address": ""},
        why="evidence", hidden=("token_hash",), also={"person_id": Share()},
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint(_one_of("scope", SCOPES), name="scope_known"),
        CheckConstraint("scope <> 'act' OR limit_yuan IS NOT NULL", name="acting_has_a_limit"),
        CheckConstraint("limit_yuan IS NULL OR limit_yuan > 0", name="limit_above_zero"),
        CheckConstraint("(person_id IS NULL) = (accepted_at IS NULL)", name="accepted_by_somebody"),
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_somebody"),
        Index(
            "uq_mandate_live",
            "business_id",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND person_id IS NOT NULL"),
            postgresql_where=text("ended_at IS NULL AND person_id IS NOT NULL"),
        ),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    address: Mapped[str]
    scope: Mapped[str]
    limit_yuan: Mapped[Decimal | None]
    until_on: Mapped[date]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    """Until when the link can be used."""
    accepted_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    business: Mapped[Business] = relationship(back_populates="mandates")
    person: Mapped[Person | None] = relationship(foreign_keys=[person_id])
    given_by: Mapped[Person] = relationship(foreign_keys=[given_by_id])

    @property
    def is_in_force(self) -> bool:
        """Whether its person may do anything by it today."""
        return (
            self.person is not None and self.person.closed_at is None
            and self.ended_at is None and clock.today() <= self.until_on
        )  # fmt: skip

    @property
    def is_open_link(self) -> bool:
        """Whether somebody may still take it."""
        return self.accepted_at is None and self.ended_at is None and clock.real_now() < self.expires_at


class Finding(Base):
    """What one operator found in a person's papers. Two different operators look; neither sees the other's first."""

    kept = Kept("identity", of="member_id", closing="delete")

    __table_args__ = (
        UniqueConstraint("member_id", "sent_at", "operator_id"),
        CheckConstraint("verdict IN ('right', 'wrong')", name="verdict_known"),
        CheckConstraint("verdict = 'right' OR remark_code IS NOT NULL", name="wrong_says_what"),
    )

    member_id: Mapped[int] = mapped_column(ForeignKey("business_member.id"))
    sent_at: Mapped[datetime]
    """Which sending of papers it is about: the member's ``standing_at`` then."""
    operator_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    verdict: Mapped[str]
    remark_code: Mapped[str | None]
    remark: Mapped[str | None]
    at: Mapped[datetime]


class IdentityCase(Versioned, Base):
    """Somebody has to decide who acts for a business: a second claim to its code, or two findings that disagree."""

    kept = Kept(
        "identity", of="business_id", days=1095, since="opened_at", closing="erase",
        erase={"claimant_words": "", "holder_words": None, "reason": "（已删除）"}, why="evidence",
        withheld=("claimant_id", "claimant_words", "capacity"),
        also={"claimant_id": Share(withheld=("holder_words", "holder_said_at"), erase={"claimant_words": ""})},
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint("kind IN ('claim', 'papers')", name="kind_known"),
        CheckConstraint("(kind = 'papers') = (member_id IS NOT NULL)", name="papers_of_a_member"),
        CheckConstraint("(decided_at IS NULL) = (outcome IS NULL)", name="decided_has_outcome"),
        CheckConstraint("(decided_at IS NULL) = (reason IS NULL)", name="decided_has_reason"),
        CheckConstraint("decided_by_id IS NULL OR decided_by_id <> claimant_id", name="never_ones_own"),
        CheckConstraint(f"outcome IS NULL OR {_one_of('outcome', CASE_OUTCOMES)}", name="outcome_known"),
        Index(
            "uq_identity_case_open_claim",
            "business_id",
            "claimant_id",
            unique=True,
            sqlite_where=text("kind = 'claim' AND decided_at IS NULL"),
            postgresql_where=text("kind = 'claim' AND decided_at IS NULL"),
        ),
        Index("ix_identity_case_decided_at_due_at", "decided_at", "due_at"),
    )

    kind: Mapped[str]
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"), index=True)
    claimant_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    """Who claims the code; in a case about papers, whose papers they are."""
    capacity: Mapped[str]
    # No foreign key: the case outlives the membership.
    member_id: Mapped[int | None]
    claimant_words: Mapped[str] = mapped_column(default="")
    holder_words: Mapped[str | None]
    holder_said_at: Mapped[datetime | None]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str | None]
    reason: Mapped[str | None]

    business: Mapped[Business] = relationship()
    claimant: Mapped[Person] = relationship(foreign_keys=[claimant_id])

    @property
    def is_open(self) -> bool:
        return self.decided_at is None


class BusinessPaper(Base):
    """A paper that a person added to prove a standing. Never shown to institutions."""

    kept = Kept("identity", of="member_id", closing="delete")

    __table_args__ = (CheckConstraint(_one_of("kind", PAPER_KINDS), name="kind_known"),)

    member_id: Mapped[int] = mapped_column(ForeignKey("business_member.id"), index=True)
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    kind: Mapped[str]
    sent_at: Mapped[datetime]

    member: Mapped[BusinessMember] = relationship(back_populates="papers")
    document: Mapped[Document] = relationship()


class YearlyFigures(Versioned, Base):
    """The figures of one calendar year, in yuan and persons, as declared."""

    kept = Kept(
        "business", of="business_id", closing="erase",
        erase={"liabilities_yuan": None, "profit_yuan": None}, why="figures",
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("business_id", "year"),
        CheckConstraint("year BETWEEN 1990 AND 2200", name="year_plausible"),
        CheckConstraint("employees >= 0 AND turnover_yuan >= 0", name="not_negative"),
        CheckConstraint("assets_yuan IS NULL OR assets_yuan >= 0", name="assets_not_negative"),
        CheckConstraint("liabilities_yuan IS NULL OR liabilities_yuan >= 0", name="liabilities_not_negative"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    year: Mapped[int]
    employees: Mapped[int]
    turnover_yuan: Mapped[Decimal]
    assets_yuan: Mapped[Decimal | None]
    liabilities_yuan: Mapped[Decimal | None]
    profit_yuan: Mapped[Decimal | None]

    business: Mapped[Business] = relationship(back_populates="figures")


class Title(Versioned, Base):
    """A title such as 专精特新: which certificate, of whom, until when, and whether an operator found it in a register.

    Nobody but its owner sees it until the owner asks for the check; an operator then says what the register says.
    """

    kept = Kept("business", of="business_id", closing="delete")

    __table_args__ = (
        UniqueConstraint("business_id", "code", "certificate_number"),
        CheckConstraint("verified_at IS NULL OR checked_by_id IS NOT NULL", name="verified_by_somebody"),
        CheckConstraint("verified_at IS NULL OR remark_code IS NULL", name="verified_or_not"),
        CheckConstraint("remark_code IS NULL OR checked_by_id IS NOT NULL", name="refused_by_somebody"),
        Index("ix_title_asked_at", "asked_at"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    code: Mapped[str]
    certificate_number: Mapped[str]
    issuer: Mapped[str]
    expires_on: Mapped[date | None]
    asked_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    checked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    remark_code: Mapped[str | None]

    business: Mapped[Business] = relationship(back_populates="titles")

    @property
    def standing(self) -> str:
        """typed, asked (waits for an operator), verified, or refuted (the register says otherwise)."""
        if self.verified_at is not None:
            return "verified"
        if self.remark_code is not None:
            return "refuted"
        return "typed" if self.asked_at is None else "asked"


class CreditLine(Versioned, Base):
    """What the business owes or may draw elsewhere: declared by its owner, or written when a lead was paid out."""

    kept = Kept("business", of="business_id", closing="delete")

    __table_args__ = (
        CheckConstraint(_one_of("kind", LINE_KINDS), name="kind_known"),
        CheckConstraint(_one_of("source", LINE_SOURCES), name="source_known"),
        CheckConstraint("amount_yuan > 0 AND balance_yuan >= 0 AND balance_yuan <= amount_yuan", name="amounts_fit"),
        CheckConstraint("matures_on > started_on", name="matures_later"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"), index=True)
    institution_name: Mapped[str]
    institution_id: Mapped[int | None] = mapped_column(ForeignKey("institution.id"), index=True)
    kind: Mapped[str] = mapped_column(default="loan")
    amount_yuan: Mapped[Decimal]
    balance_yuan: Mapped[Decimal]
    security_code: Mapped[str]
    started_on: Mapped[date]
    matures_on: Mapped[date]
    source: Mapped[str] = mapped_column(default="declared")
    as_of_on: Mapped[date]

    business: Mapped[Business] = relationship(back_populates="credit_lines")
