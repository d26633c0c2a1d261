"""Tables of what owners ask insurers: the consent, the request with its clock, its steps, the quote."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import Business
from matchmaker.db import Base, JsonDict, JsonList, Versioned
from matchmaker.documents.models import Document
from matchmaker.insurance.rules.reasons import DECLINE_CODES, OWNER_CODES
from matchmaker.insurance.rules.states import ENDED, ENDS_CONSENT, LIVE, State, Step
from matchmaker.keeping import Kept
from matchmaker.leads.models import Receipt, receipt_rules
from matchmaker.papers.models import Given
from matchmaker.papers.rules import KINDS
from matchmaker.products.cover.models import CoverVersion


def _one_of(column: str, values: type[StrEnum] | tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


LIVE_STATES = _one_of("state", tuple(str(state) for state in LIVE))
ENDED_STATES = _one_of("state", tuple(str(state) for state in ENDED))


class CoverConsent(Receipt):
    """A receipt for one request of cover."""

    kept = Kept("consents", of="business_id", why="evidence", harmless=("fields",))

    __table_args__ = receipt_rules("cover_consent", tuple(sorted(set(ENDS_CONSENT.values()))))


class CoverRequest(Versioned, Base):
    """What an owner asked of one insurer about one cover, as that cover was then; one clock at a time."""

    kept = Kept(
        "leads", of="business_id", days=1825, since="asked_at", closing="erase", erase={"answers": {}}, why="figures"
    )

    __table_args__ = (
        CheckConstraint(_one_of("state", State), name="state_known"),
        CheckConstraint(f"({ENDED_STATES}) = (ended_at IS NOT NULL)", name="ended_has_time"),
        CheckConstraint(f"({LIVE_STATES}) = (due_at IS NOT NULL)", name="live_has_a_clock"),
        CheckConstraint("(due_at IS NULL) = (clock_started_at IS NULL)", name="clock_whole"),
        CheckConstraint("due_at IS NULL OR due_at > clock_started_at", name="due_later"),
        CheckConstraint("state != 'declined' OR decline_codes IS NOT NULL", name="declined_has_code"),
        CheckConstraint("state != 'refused' OR end_code IS NOT NULL", name="refused_has_code"),
        CheckConstraint("state NOT IN ('accepted', 'quoted', 'taken') OR accepted_at IS NOT NULL", name="taken_up"),
        Index(
            "uq_cover_request_live",
            "business_id",
            "cover_version_id",
            unique=True,
            sqlite_where=text(LIVE_STATES),
            postgresql_where=text(LIVE_STATES),
        ),
        Index("ix_cover_request_institution_id_state", "institution_id", "state"),
        Index("ix_cover_request_business_id", "business_id"),
        Index(
            "ix_cover_request_due_at",
            "due_at",
            sqlite_where=text("due_at IS NOT NULL"),
            postgresql_where=text("due_at IS NOT NULL"),
        ),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    cover_version_id: Mapped[int] = mapped_column(ForeignKey("cover_version.id"), index=True)
    consent_id: Mapped[int] = mapped_column(ForeignKey("cover_consent.id"), unique=True)
    state: Mapped[str] = mapped_column(default=str(State.WAITING))
    answers: Mapped[dict[str, str]] = mapped_column(JsonDict)
    """Question -> answer as plain text: sums in yuan, days as ISO dates (rules.questions)."""
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    asked_at: Mapped[datetime]
    handler_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    """The one person of the insurer who carries it, and alone reads the telephone number."""
    accepted_at: Mapped[datetime | None]
    clock_started_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    decline_codes: Mapped[list[str] | None] = mapped_column(JsonList)
    end_code: Mapped[str | None]
    ended_at: Mapped[datetime | None]

    business: Mapped[Business] = relationship()
    institution: Mapped[Institution] = relationship()
    cover_version: Mapped[CoverVersion] = relationship()
    consent: Mapped[CoverConsent] = relationship()
    handler: Mapped[Person | None] = relationship(foreign_keys=[handler_id])
    steps: Mapped[list[CoverStep]] = relationship(order_by="CoverStep.number", back_populates="request")
    papers: Mapped[list[CoverPaper]] = relationship(order_by="CoverPaper.id", back_populates="request")
    quotes: Mapped[list[CoverQuote]] = relationship(order_by="CoverQuote.id", back_populates="request")

    @property
    def is_live(self) -> bool:
        """Whether it takes a place."""
        return self.state in LIVE

    @property
    def quote(self) -> CoverQuote | None:
        """The quote, where one was given."""
        return self.quotes[-1] if self.quotes else None


class CoverPaper(Given, Base):
    """A paper that the owner gave to an insurer for one request: a copy out of the folder, gone with the request."""

    kept = Kept("leads", of="request_id", why="evidence")

    __table_args__ = (
        UniqueConstraint("request_id", "sha256"),
        CheckConstraint(_one_of("kind", KINDS), name="kind_known"),
        CheckConstraint("(taken_back_at IS NULL) = (taken_back_by_id IS NULL)", name="taken_back_by_somebody"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("cover_request.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    kind: Mapped[str]
    sha256: Mapped[str]
    """That of its document: the same paper is given once."""
    given_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    given_at: Mapped[datetime]

    request: Mapped[CoverRequest] = relationship(back_populates="papers")
    document: Mapped[Document] = relationship()


class CoverStep(Base):
    """One step of a request: who, when, from where to where, with which code and note. Never changed."""

    kept = Kept(
        "leads", of="request_id", days=1095, since="at", closing="erase", erase={"note": None, "facts": {}},
        why="figures",
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("request_id", "number"),
        CheckConstraint(_one_of("step", Step), name="step_known"),
        CheckConstraint(_one_of("to_state", State), name="to_known"),
        CheckConstraint(f"code IS NULL OR {_one_of('code', (*DECLINE_CODES, *OWNER_CODES))}", name="code_known"),
        CheckConstraint("step NOT IN ('decline', 'refuse_quote') OR code IS NOT NULL", name="refusal_has_code"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("cover_request.id"))
    number: Mapped[int]
    step: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None: a clock did it."""
    at: Mapped[datetime]
    code: Mapped[str | None]
    note: Mapped[str | None]
    """The insurer's reason of a refusal, written for the owner."""
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)

    request: Mapped[CoverRequest] = relationship(back_populates="steps")
    by: Mapped[Person | None] = relationship()


class CoverQuote(Base):
    """What a named person of an insurer quotes to one owner; answered once. Nothing is paid or signed here."""

    kept = Kept(
        "leads", of="request_id", days=1825, since="made_at", closing="erase",
        erase={"conditions": "", "deductible": "（已删除）", "exclusions": "（已删除）"}, why="figures",
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("request_id"),
        CheckConstraint("premium_yuan > 0 AND sum_insured_yuan >= premium_yuan", name="premium_below_sum"),
        CheckConstraint("answer IS NULL OR answer IN ('accepted', 'refused')", name="answer_known"),
        CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_time"),
        CheckConstraint("answer IS NULL OR answer != 'refused' OR answer_code IS NOT NULL", name="refused_has_code"),
    )

    request_id: Mapped[int] = mapped_column(ForeignKey("cover_request.id"))
    premium_yuan: Mapped[Decimal]
    plan: Mapped[str]
    sum_insured_yuan: Mapped[Decimal]
    period: Mapped[str]
    starts_on: Mapped[date]
    deductible: Mapped[str]
    exclusions: Mapped[str]
    conditions: Mapped[str] = mapped_column(default="")
    papers_wanted: Mapped[list[str]] = mapped_column(JsonList, default=list, server_default="[]")
    """Kinds of papers (papers.rules.KINDS) that the insurer wants to see before the contract."""
    valid_until_on: Mapped[date]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answer: Mapped[str | None]
    answer_code: Mapped[str | None]

    request: Mapped[CoverRequest] = relationship(back_populates="quotes")
    made_by: Mapped[Person] = relationship(foreign_keys=[made_by_id])
