"""The dated series that grow: the loan prime rate (LPR), days off, changes of administrative divisions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, JsonList, Percent
from matchmaker.keeping import PUBLIC, work
from matchmaker.reference.region_changes import KINDS, Change


class Lpr(Base):
    """One publication. Rates in percent a year; ``source`` says where the row was found."""

    kept = PUBLIC

    __table_args__ = (CheckConstraint("lpr_1y_percent > 0 AND lpr_5y_percent > 0", name="rates_positive"),)

    published_on: Mapped[date] = mapped_column(unique=True)
    lpr_1y_percent: Mapped[Decimal] = mapped_column(Percent)
    lpr_5y_percent: Mapped[Decimal] = mapped_column(Percent)
    source: Mapped[str]


class CalendarDay(Base):
    """A day that the State Council's notice names: off though a weekday, or worked though a weekend.

    The years of the packaged calendar need no rows; a later year (or a corrected one) is entered by an operator as a
    whole and then counts instead of the packaged one.
    """

    kept = PUBLIC

    day: Mapped[date] = mapped_column(unique=True)
    is_working: Mapped[bool]
    name: Mapped[str]
    source: Mapped[str]
    entered_at: Mapped[datetime]


class RegionChange(Base):
    """A change of an administrative division as one operator typed it, and what a second one said of it.

    It counts from its day once the second has agreed. What was typed is never changed: a mistake is mended by a
    further change.
    """

    kept = work("name", "remark")

    __table_args__ = (
        CheckConstraint("kind IN ({})".format(", ".join(f"'{kind}'" for kind in KINDS)), name="kind_known"),
        CheckConstraint(
            "(agreed IS NULL) = (answered_at IS NULL) AND (agreed IS NULL) = (answered_by_id IS NULL)",
            name="answer_whole",
        ),
        CheckConstraint("answered_by_id IS NULL OR answered_by_id <> entered_by_id", name="never_ones_own"),
        CheckConstraint("agreed IS NULL OR agreed OR remark <> ''", name="refused_says_why"),
    )

    kind: Mapped[str]
    in_force_on: Mapped[date]
    code: Mapped[str]
    new_code: Mapped[str]
    name: Mapped[str]
    related: Mapped[list[str]] = mapped_column(JsonList)
    """Heirs, or what a new division was carved out of (``region_changes.Change``)."""
    was: Mapped[str]
    """The full name of the division concerned when this was typed."""
    source: Mapped[str]
    """Where it was announced: an address."""
    document: Mapped[str]
    """The number of the document, such as 国函〔2026〕12号; empty for a table that was gone through."""
    announced_on: Mapped[date]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    entered_at: Mapped[datetime]
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None]
    agreed: Mapped[bool | None]
    remark: Mapped[str] = mapped_column(default="")

    @property
    def change(self) -> Change:
        """The change that it tells of."""
        return Change(self.kind, self.in_force_on, self.code, self.new_code, self.name, tuple(self.related))

    @property
    def standing(self) -> str:
        """waiting, agreed or refused."""
        return "waiting" if self.agreed is None else "agreed" if self.agreed else "refused"

    @property
    def is_waiting(self) -> bool:
        """Whether a second operator has not answered yet."""
        return self.agreed is None
