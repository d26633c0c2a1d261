"""Writes the dated series: what is packaged (loading again changes nothing), and what operators enter later."""

from __future__ import annotations

import threading
import time
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, select

from matchmaker import clock
from matchmaker.audit.services import Actor, record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.reference import packaged, queries
from matchmaker.reference.announcements import DaysEntered
from matchmaker.reference.models import CalendarDay, Lpr
from matchmaker.reference.rules import NamedDay, learn_days
from matchmaker.refusal import Refused

SOURCES = {"B": "public series A and B", "": "public series A"}


def load_reference() -> int:
    """Bring the LPR table up to the packaged file: new days are added, corrected ones changed, others left alone.

    Answers how many rows were added or changed; 0 when loaded before.
    """
    known = {row.published_on: row for row in db.session.scalars(select(Lpr))}
    changed = 0
    for row in packaged.rows("lpr"):
        published_on = date.fromisoformat(row["date"])
        one, five = Decimal(row["lpr_1y"]), Decimal(row["lpr_5y"])
        held = known.get(published_on)
        if held is None:
            source = SOURCES.get(row["second_source"], row["second_source"])
            db.session.add(Lpr(published_on=published_on, lpr_1y_percent=one, lpr_5y_percent=five, source=source))
            changed += 1
        elif (held.lpr_1y_percent, held.lpr_5y_percent) != (one, five):
            held.lpr_1y_percent, held.lpr_5y_percent = one, five
            changed += 1
    db.session.flush()
    return changed


def enter_lpr(published_on: date, one_year: Decimal, five_year: Decimal, source: str, *, by: Actor) -> Lpr:
    """Add one publication, newer than every known one; products whose rate hangs on the LPR follow from that day.

    What was published stays: lists and cost sheets rest on it, so no row is ever changed here. Raises
    ``lpr_in_future``, ``lpr_known`` (that day is there), ``lpr_not_newest``.
    """
    newest = queries.newest_lpr()
    if published_on > clock.today():
        raise Refused("lpr_in_future", field="published_on", status=422)
    if newest is not None and published_on == newest.published_on:
        raise Refused("lpr_known", field="published_on")
    if newest is not None and published_on < newest.published_on:
        raise Refused("lpr_not_newest", field="published_on", day_on=newest.published_on)
    row = Lpr(published_on=published_on, lpr_1y_percent=one_year, lpr_5y_percent=five_year, source=source)
    db.session.add(row)
    record(
        "reference.enter_lpr", row, by=by, published_on=published_on.isoformat(), lpr_1y_percent=str(one_year),
        lpr_5y_percent=str(five_year), source=source,
    )  # fmt: skip
    return row


def enter_days(year: int, days: list[NamedDay], source: str, *, by: Actor) -> int:
    """Put the days off of a year in the place of what was known of it; running clocks are counted anew.

    Answers how many days are named. Raises ``year_out_of_reach``: only this year and the next two can be entered,
    since clocks of the past have ended by the days that were known then.
    """
    this_year = clock.today().year
    if not this_year <= year <= this_year + 2:
        raise Refused("year_out_of_reach", field="year", status=422, year=this_year, last=this_year + 2)
    in_year = CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31))
    before = db.session.scalars(select(CalendarDay.day).where(in_year)).all()
    db.session.execute(delete(CalendarDay).where(in_year))
    now = clock.real_now()
    db.session.add_all(
        CalendarDay(day=each.day, is_working=each.is_working, name=each.name, source=source, entered_at=now)
        for each in days
    )
    record("reference.enter_days", None, by=by, year=year, days=len(days), days_before=len(before), source=source)
    db.session.flush()
    learn_entered_days()
    announce(DaysEntered(year))
    return len(days)


LOOK_EVERY = timedelta(seconds=20)
_looking = threading.Lock()
_looked_at: float | None = None
_edition: tuple[int, datetime | None] | None = None


def learn_entered_days() -> None:
    """Take over the days that operators entered into the rules of working time of this process."""
    global _edition
    learn_days(queries.entered_days())
    _edition = queries.edition_of_days()


def keep_up_with_days() -> None:
    """Follow what another process entered: at most every twenty seconds one short read, outside of any transaction."""
    global _looked_at
    with _looking:
        now = time.monotonic()
        if _looked_at is not None and now - _looked_at < LOOK_EVERY.total_seconds():
            return
        _looked_at = now
    if queries.edition_of_days() != _edition:
        learn_entered_days()
    db.session.rollback()
