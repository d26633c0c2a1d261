"""The one dated series that grows: the loan prime rate (LPR) by day of publication."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, Percent
from matchmaker.keeping import PUBLIC


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
