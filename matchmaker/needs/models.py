"""Tables of drafts, needs and their versions; a version, once made, is never changed."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.db import Base, JsonDict, JsonList, Percent, Versioned
from matchmaker.keeping import Kept
from matchmaker.needs.rules import FIRST_LOAN, LIVE_STATES, NeedState, Wanted


def _one_of(column: str, values: object) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"  # type: ignore[attr-defined]


class NeedDraft(Base):
    """What a person has typed so far, as text, valid or not; matched by nothing, seen by its owner only."""

    kept = Kept("needs", of="person_id", days=90, since="updated_at", closing="delete", job="needs.forget_drafts")

    __table_args__ = (UniqueConstraint("person_id", "key"), Index("ix_need_draft_updated_at", "updated_at"))

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    business_id: Mapped[int | None] = mapped_column(ForeignKey("business.id"), index=True)
    key: Mapped[str]
    """Made by the first page that showed the form, so that saving twice at once makes one draft."""
    values: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    version: Mapped[int] = mapped_column(default=1)
    page: Mapped[str] = mapped_column(default="")
    """The opened page that saved last: what it saves next is newer, whatever version it last heard of."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Need(Versioned, Base):
    """A need of a business; what it asks for stands in its versions."""

    kept = Kept("needs", of="business_id", why="figures")

    __table_args__ = (
        CheckConstraint(_one_of("state", NeedState), name="state_known"),
        CheckConstraint("current_number >= 1", name="has_a_version"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_says_when"),
        Index("ix_need_state_expires_on", "state", "expires_on"),
        Index("ix_need_business_id_posted_at", "business_id", "posted_at"),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    posted_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    state: Mapped[str] = mapped_column(default=NeedState.OPEN.value)
    current_number: Mapped[int] = mapped_column(default=1)
    posted_at: Mapped[datetime]
    expires_on: Mapped[date]
    withdrawn_at: Mapped[datetime | None]

    business: Mapped[Business] = relationship()
    versions: Mapped[list[NeedVersion]] = relationship(back_populates="need", order_by="NeedVersion.number")

    @property
    def current(self) -> NeedVersion:
        """The version that stands."""
        return next(version for version in reversed(self.versions) if version.number == self.current_number)

    @property
    def is_live(self) -> bool:
        """Whether it is open or being worked on."""
        return self.state in LIVE_STATES


class AssistedNeed(Base):
    """A need that somebody at a counter or of a channel typed for an owner; nothing of it counts before they confirm.

    Until then it has an address and no person; afterwards the owner's draft, later the need, says whose words it were.
    """

    kept = Kept(
        "needs", of="person_id", days=90, since="typed_at", closing="erase",
        erase={"address": "", "name": "", "values": {}}, why="evidence",
        harmless=("draft_id",), hidden=("token_hash",),
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint("(person_id IS NULL) = (confirmed_at IS NULL)", name="confirmed_by_somebody"),
        CheckConstraint("confirmed_at IS NULL OR withdrawn_at IS NULL", name="one_end"),
        Index("ix_assisted_need_typed_by_id_typed_at", "typed_by_id", "typed_at"),
    )

    token_hash: Mapped[str] = mapped_column(unique=True)
    typed_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    typed_at: Mapped[datetime]
    address: Mapped[str]
    name: Mapped[str] = mapped_column(default="")
    values: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    expires_at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    # No foreign key: the draft is used up when the need is posted.
    draft_id: Mapped[int | None] = mapped_column(index=True)
    need_id: Mapped[int | None] = mapped_column(ForeignKey("need.id"), index=True)

    typed_by: Mapped[Person] = relationship(foreign_keys=[typed_by_id])

    @property
    def is_open(self) -> bool:
        """Whether its owner may still confirm it."""
        return self.confirmed_at is None and self.withdrawn_at is None and clock.real_now() < self.expires_at


class NeedVersion(Base):
    """What was asked for from one instant to the next change."""

    kept = Kept("needs", of="need_id", days=1095, since="made_at", closing="erase", erase={"note": ""}, why="figures")

    __table_args__ = (
        UniqueConstraint("need_id", "number"),
        CheckConstraint("amount_yuan > 0", name="amount_above_zero"),
        CheckConstraint("term_months > 0", name="term_above_zero"),
        CheckConstraint("purpose NOT LIKE 'PROHIBIT%'", name="purpose_allowed"),
        CheckConstraint(_one_of("first_loan", FIRST_LOAN), name="first_loan_known"),
    )

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    number: Mapped[int]
    amount_yuan: Mapped[Decimal]
    term_months: Mapped[int]
    purpose: Mapped[str]
    securities: Mapped[list[str] | None] = mapped_column(JsonList)
    """Guarantee codes; [] = nothing to give, null = its owner is not sure."""
    repayment: Mapped[str | None]
    wanted_by_on: Mapped[date | None]
    first_loan: Mapped[str] = mapped_column(default="unknown")
    max_rate_percent: Mapped[Decimal | None] = mapped_column(Percent)
    note: Mapped[str] = mapped_column(default="")
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))

    need: Mapped[Need] = relationship(back_populates="versions")

    @property
    def wanted(self) -> Wanted:
        """The same as the plain value that rules take."""
        return Wanted(
            amount_yuan=self.amount_yuan,
            term_months=self.term_months,
            purpose=self.purpose,
            securities=None if self.securities is None else tuple(self.securities),
            wanted_by_on=self.wanted_by_on,
            repayment=self.repayment,
            first_loan=self.first_loan,
            max_rate_percent=self.max_rate_percent,
            note=self.note,
        )
