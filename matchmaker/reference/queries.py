"""Reads of the dated reference tables."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import Select, func, or_, select

from matchmaker.db import db
from matchmaker.reference import packaged, regions
from matchmaker.reference.models import CalendarDay, Lpr, RegionChange
from matchmaker.reference.region_changes import CHECKED
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


def packaged_lpr_days() -> frozenset[date]:
    """The days whose LPR came with the platform; any other was typed by an operator, from a source of its own."""
    return frozenset(date.fromisoformat(row["date"]) for row in packaged.rows("lpr"))


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


def agreed_region_changes(until: date | None = None) -> list[RegionChange]:
    """The changes of divisions that two operators agree on, in the order in which they came into force; those in force
    on ``until`` or, without it, also those to come."""
    query = select(RegionChange).where(RegionChange.agreed.is_(True))
    if until is not None:
        query = query.where(RegionChange.in_force_on <= until)
    return list(db.session.scalars(query.order_by(RegionChange.in_force_on, RegionChange.id)))


def edition_of_regions() -> tuple[int, datetime | None]:
    """What changes with every change that is agreed on: their number and when the newest was."""
    agreed = RegionChange.agreed.is_(True)
    count, newest = db.session.execute(
        select(func.count(RegionChange.id), func.max(RegionChange.answered_at)).where(agreed)
    ).one()
    return count, newest


def region_changes(kind: str, standing: str, words: str, codes: Collection[str] = ()) -> Select[RegionChange]:
    """The changes, those that came into force last first; of a kind, waiting, agreed or refused, with words in name,
    code, document or source, or about one of ``codes``."""
    query = select(RegionChange)
    if kind:
        query = query.where(RegionChange.kind == kind)
    if standing:
        query = query.where(RegionChange.agreed.is_({"waiting": None, "agreed": True, "refused": False}[standing]))
    if words:
        row = RegionChange
        texts = (row.was, row.name, row.code, row.new_code, row.document, row.source)
        found = [text.contains(words, autoescape=True) for text in texts]
        query = query.where(or_(*found, RegionChange.code.in_(codes), RegionChange.new_code.in_(codes)))
    return query.order_by(RegionChange.in_force_on.desc(), RegionChange.id.desc())


def region_change_by_id(change_id: int) -> RegionChange | None:
    """One change."""
    return db.session.get(RegionChange, change_id)


def count_region_changes_waiting(but_of: int | None = None) -> int:
    """How many changes wait for a second operator; those that the person ``but_of`` entered are left out."""
    waiting = select(func.count(RegionChange.id)).where(RegionChange.agreed.is_(None))
    if but_of is not None:
        waiting = waiting.where(RegionChange.entered_by_id != but_of)
    return db.session.scalar(waiting) or 0


def regions_as_of() -> date:
    """The newest day as of which the whole table is known: the packaged one, or that as of which somebody went through
    the ministry's and two agree on it."""
    checked = RegionChange.kind == CHECKED
    newest = select(func.max(RegionChange.in_force_on)).where(checked, RegionChange.agreed.is_(True))
    return db.session.scalar(newest) or regions.PACKAGED_ON
