"""What an operator types of the dated series, read: the days off of a year, an LPR publication."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from matchmaker.reference.rules.working_time import NamedDay
from matchmaker.refusal import Refused

LPR_FROM_PERCENT, LPR_UP_TO_PERCENT = Decimal("0.5"), Decimal("10")
"""Outside of this an LPR is a slip of the pen: since 2019-08-20 it lay between 3 and 5 percent."""
SOURCE_LONGEST = 200

_OFF, _ON = ("休", "放假", "off"), ("班", "上班", "补班", "work")
_DAY = r"(\d{4})(?:[-/.年])(\d{1,2})(?:[-/.月])(\d{1,2})日?"
_LINE = re.compile(rf"{_DAY}(?:\s*(?:~|至|到|—|–)\s*{_DAY})?\s+(\S{{1,20}})\s+(\S+)")


def read_days(text: str, year: int, field: str = "days") -> list[NamedDay]:
    """The days that the yearly notice names, from lines such as ``2027-01-01 至 2027-01-03 元旦 休``.

    Raises Refused at ``field`` with the number of the line: ``days_missing``, ``days_line_unread``, ``days_not_a_day``,
    ``days_other_year``, ``days_backwards``, ``days_twice``, ``days_work_on_weekday`` (a working day needs no row),
    ``days_no_new_year`` (1 January is a holiday in every year: 全国年节及纪念日放假办法, article 2).
    """
    found: dict[date, NamedDay] = {}
    for number, line in _lines(text):
        match = _LINE.fullmatch(line)
        if match is None or (works := _works(match[8])) is None:
            raise Refused("days_line_unread", field=field, status=422, line=number)
        first = _day(match, 1, number, field)
        last = _day(match, 4, number, field) if match[4] else first
        if last < first:
            raise Refused("days_backwards", field=field, status=422, line=number)
        if first.year != year or last.year != year:
            raise Refused("days_other_year", field=field, status=422, line=number, year=year)
        day = first
        while day <= last:
            if day in found:
                raise Refused("days_twice", field=field, status=422, line=number, day_on=day)
            if works and day.weekday() < 5:
                raise Refused("days_work_on_weekday", field=field, status=422, line=number, day_on=day)
            found[day] = NamedDay(day, works, match[7])
            day += timedelta(days=1)
    if not found:
        raise Refused("days_missing", field=field, status=422)
    new_year = found.get(date(year, 1, 1))
    if new_year is None or new_year.is_working:
        raise Refused("days_no_new_year", field=field, status=422, year=year)
    return sorted(found.values(), key=lambda each: each.day)


def write_days(days: list[NamedDay]) -> str:
    """The lines that ``read_days`` reads, neighbouring days of one name and kind on one line."""
    lines: list[list[NamedDay]] = []
    for each in days:
        last = lines[-1][-1] if lines else None
        if last is not None and last == NamedDay(each.day - timedelta(days=1), each.is_working, each.name):
            lines[-1].append(each)
        else:
            lines.append([each])
    return "\n".join(
        f"{run[0].day}{f' 至 {run[-1].day}' if len(run) > 1 else ''} {run[0].name or '调休'} "
        f"{'班' if run[0].is_working else '休'}"
        for run in lines
    )


def read_rate(text: str, field: str) -> Decimal:
    """A rate in percent a year, two decimals, from "3.10" or "3.10%". Raises Refused at ``field``."""
    typed = unicodedata.normalize("NFKC", text or "").strip().rstrip("%").strip()
    if not typed:
        raise Refused("rate_missing", field=field, status=422)
    try:
        rate = Decimal(typed)
    except InvalidOperation:
        raise Refused("rate_not_a_number", field=field, status=422) from None
    if not rate.is_finite() or not LPR_FROM_PERCENT <= rate <= LPR_UP_TO_PERCENT:
        raise Refused(
            "rate_out_of_range", field=field, status=422,
            least_percent=LPR_FROM_PERCENT, most_percent=LPR_UP_TO_PERCENT,
        )  # fmt: skip
    if rate != rate.quantize(Decimal("0.01")):
        raise Refused("rate_too_fine", field=field, status=422)
    return rate


def read_date(text: str, field: str) -> date:
    """A day from "2026-10-20", "2026/10/20", "2026年10月20日". Raises Refused at ``field``."""
    typed = unicodedata.normalize("NFKC", text or "").strip()
    if not typed:
        raise Refused("date_missing", field=field, status=422)
    match = re.fullmatch(_DAY, typed)
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else date.fromisoformat("")
    except ValueError:
        raise Refused("date_unread", field=field, status=422) from None


def read_source(text: str, field: str = "source") -> str:
    """Where it was published: an address or a document's number, at most 200 characters. Raises Refused."""
    typed = " ".join((text or "").split())
    if len(typed) < 4:
        raise Refused("source_missing", field=field, status=422)
    if len(typed) > SOURCE_LONGEST:
        raise Refused("source_too_long", field=field, status=422, longest=SOURCE_LONGEST)
    return typed


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(unicodedata.normalize("NFKC", text or "").splitlines(), 1):
        if tidy := " ".join(line.split()):
            yield number, tidy


def _works(word: str) -> bool | None:
    return False if word.lower() in _OFF else True if word.lower() in _ON else None


def _day(match: re.Match[str], group: int, number: int, field: str) -> date:
    try:
        return date(int(match[group]), int(match[group + 1]), int(match[group + 2]))
    except ValueError:
        raise Refused("days_not_a_day", field=field, status=422, line=number) from None
