"""Working days and clocks in Asia/Shanghai: when a wait ends, and how much of it is used up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar
from chinese_calendar.constants import holidays, workdays

from matchmaker.reference import packaged

Kind = Literal["working", "calendar"]

SHANGHAI = ZoneInfo("Asia/Shanghai")
FIRST_KNOWN_YEAR = min(day.year for day in (*holidays, *workdays))
LAST_KNOWN_YEAR = max(day.year for day in (*holidays, *workdays))
"""A year's days off are published in the November before; later years are weekends only, provisionally."""
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class OfficeHours:
    """When a working day begins and ends in Shanghai."""

    opens: time = time(9, 0)
    closes: time = time(17, 30)


_hours = OfficeHours()


def keep_hours(hours: OfficeHours) -> None:
    """Let working days begin and end so, for the whole process (a setting). ValueError unless they have a length."""
    global _hours
    if hours.opens >= hours.closes:
        raise ValueError("a working day ends after it begins")
    _hours = hours


def office_hours() -> OfficeHours:
    """The hours that count."""
    return _hours


@dataclass(frozen=True)
class NamedDay:
    """A day that the yearly notice names: off though a weekday, or worked though a weekend; and its festival."""

    day: date
    is_working: bool
    name: str


_entered: Mapping[int, Mapping[date, NamedDay]] = {}
"""Year → what the operators entered for it; such a year counts instead of the packaged one."""


def learn_days(days: Iterable[NamedDay]) -> None:
    """Take over the years that operators entered, as a whole: what was learned before is forgotten."""
    global _entered
    years: dict[int, dict[date, NamedDay]] = {}
    for each in days:
        years.setdefault(each.day.year, {})[each.day] = each
    if years != _entered:
        _entered = years
        is_working_day.cache_clear()


def entered_years() -> tuple[int, ...]:
    """The years that count as entered by operators."""
    return tuple(sorted(_entered))


def is_provisional(day: date) -> bool:
    """Whether the days off of that year are not known yet, so that weekends alone decide."""
    return not FIRST_KNOWN_YEAR <= day.year <= LAST_KNOWN_YEAR and day.year not in _entered


@lru_cache(maxsize=20_000)
def is_working_day(day: date) -> bool:
    """Whether offices work on that date (made-up weekend days included); by weekend alone when provisional."""
    if day.year in _entered:
        named = _entered[day.year].get(day)
        return named.is_working if named is not None else day.weekday() < 5
    if is_provisional(day):
        return day.weekday() < 5
    return bool(chinese_calendar.is_workday(day))


@cache
def _festivals() -> dict[date, str]:
    return {
        date.fromisoformat(row["date"]): row["festival_zh"]
        for row in packaged.rows("holidays")
        if row["kind"] == "holiday"
    }


def festival_on(day: date) -> str | None:
    """The Chinese name of the public holiday on that date (2024 to 2026 and what was entered), or None."""
    if day.year in _entered:
        named = _entered[day.year].get(day)
        return named.name if named is not None and not named.is_working else None
    return _festivals().get(day)


def named_days(year: int) -> list[NamedDay]:
    """What the notice names in a year, in order; empty for a year that is not known."""
    if year in _entered:
        return sorted(_entered[year].values(), key=lambda each: each.day)
    if is_provisional(date(year, 1, 1)):
        return []
    found, day = [], date(year, 1, 1)
    while day.year == year:
        works = is_working_day(day)
        if (festival := festival_on(day)) is not None or works != (day.weekday() < 5):
            found.append(NamedDay(day, works, festival or ""))
        day += _ONE_DAY
    return found


def next_working_day(day: date) -> date:
    """``day`` itself when offices work on it, else the next one on which they do."""
    while not is_working_day(day):
        day += _ONE_DAY
    return day


def nth_working_day(day: date, n: int) -> date:
    """The n-th working day after ``day``, which is not counted; n ≥ 0, and 0 gives ``day`` or the next working one."""
    if n < 0:
        raise ValueError("a clock does not run backwards")
    if n == 0:
        return next_working_day(day)
    for _ in range(n):
        day = next_working_day(day + _ONE_DAY)
    return day


def working_days_between(start: date, end: date) -> int:
    """Working days after ``start`` up to and including ``end``; 0 when ``end`` is not later."""
    days = (end - start).days
    return sum(is_working_day(start + timedelta(days=step)) for step in range(1, days + 1))


def days_off_between(start: date, end: date) -> tuple[date, ...]:
    """Public holidays after ``start`` up to and including ``end``, so that a page can name what a clock skips."""
    days = (end - start).days
    return tuple(day for step in range(1, days + 1) if festival_on(day := start + timedelta(days=step)))


def end_of_clock(event_at: datetime, n: int, kind: Kind) -> datetime:
    """When a clock of ``n`` days from ``event_at`` ends: aware, in UTC.

    The day of the event is not counted. A working clock ends at the close of the n-th working day after it, a
    calendar clock at the close of the n-th day after it or, where that is off, of the next working day. So one
    working day from Monday 10:00 or 20:00 ends Tuesday 17:30, from Saturday it ends Monday 17:30.
    """
    day = _local(event_at).date()
    last = nth_working_day(day, n) if kind == "working" else next_working_day(day + timedelta(days=n))
    return datetime.combine(last, _hours.closes, SHANGHAI).astimezone(UTC)


def end_is_provisional(due_at: datetime) -> bool:
    """Whether that end rests on a year whose days off are not published yet."""
    return is_provisional(_local(due_at).date())


def time_passed(start: datetime, end: datetime, kind: Kind) -> timedelta:
    """Time that counts between two instants: working hours for a working clock, plain time for a calendar one."""
    if end <= start:
        return timedelta(0)
    if kind == "calendar":
        return end - start
    begin, finish = _local(start), _local(end)
    passed = timedelta(0)
    day = begin.date()
    while day <= finish.date():
        if is_working_day(day):
            opens = datetime.combine(day, _hours.opens, SHANGHAI)
            closes = datetime.combine(day, _hours.closes, SHANGHAI)
            passed += max(timedelta(0), min(finish, closes) - max(begin, opens))
        day += _ONE_DAY
    return passed


def share_used(start: datetime, due: datetime, now: datetime, kind: Kind) -> float:
    """How much of a clock is used up at ``now``: 0 at its start, 1 at its end, more when late by working time."""
    whole = time_passed(start, due, kind)
    if whole <= timedelta(0):
        return 1.0 if now >= due else 0.0
    used = time_passed(start, now, kind) / whole
    return max(used, 1.0) if now >= due else used


def moment_of_share(start: datetime, due: datetime, share: float, kind: Kind) -> datetime:
    """The first instant (aware, UTC) at which ``share`` of the clock is used up, for a warning at 0.75."""
    left = time_passed(start, due, kind) * share
    if kind == "calendar":
        return (start + left).astimezone(UTC)
    at, finish = _local(start), _local(due)
    day = at.date()
    while day <= finish.date():
        if is_working_day(day):
            opens = max(at, datetime.combine(day, _hours.opens, SHANGHAI))
            closes = datetime.combine(day, _hours.closes, SHANGHAI)
            if closes > opens:
                if closes - opens >= left:
                    return (opens + left).astimezone(UTC)
                left -= closes - opens
        day += _ONE_DAY
    return finish.astimezone(UTC)


def _local(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return instant.astimezone(SHANGHAI)
