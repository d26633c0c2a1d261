"""Reads of the dated reference tables."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from matchmaker.db import db
from matchmaker.reference.models import CalendarDay, Lpr
from matchmaker.reference.rules import NamedDay


def lpr_on(day: date) -> Lpr | None:
    """The newest LPR published on or before ``day``; None before the first (2019-08-20) or without reference data."""
    newest_first = select(Lpr).where(Lpr.published_on <= day).order_by(Lpr.published_on.desc())
    return db.session.scalars(newest_first.limit(1)).first()


def newest_lpr() -> Lpr | None:
    """The last LPR known, whatever its date: pages name it with that date."""
    return db.session.scalars(select(Lpr).order_by(Lpr.published_on.desc()).limit(1)).first()


def lpr_history() -> list[Lpr]:
    """Every publication, oldest first."""
    return list(db.session.scalars(select(Lpr).order_by(Lpr.published_on)))


def entered_days() -> list[NamedDay]:
    """Every day that operators entered, in order."""
    rows = db.session.execute(
        select(CalendarDay.day, CalendarDay.is_working, CalendarDay.name).order_by(CalendarDay.day)
    )
    return [NamedDay(row.day, row.is_working, row.name) for row in rows]


def edition_of_days() -> tuple[int, datetime | None]:
    """What changes with every entry of days: their number and when the newest were entered."""
    count, newest = db.session.execute(select(func.count(CalendarDay.id), func.max(CalendarDay.entered_at))).one()
    return count, newest


def source_of_days(year: int) -> str:
    """Where the days of an entered year were published; empty for a year of the packaged calendar."""
    in_year = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    return db.session.scalar(select(CalendarDay.source).where(in_year).limit(1)) or ""
