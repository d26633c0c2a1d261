"""Writes the dated series: what is packaged (loading again changes nothing), and what operators enter later."""

from __future__ import annotations

import logging
import threading
import time
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import delete, select

from matchmaker import clock
from matchmaker.audit.services import Actor, record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.reference import packaged, queries, regions
from matchmaker.reference.announcements import DaysEntered
from matchmaker.reference.models import CalendarDay, Lpr, RegionChange
from matchmaker.reference.region_changes import CHECKED, Change, after_all
from matchmaker.reference.regions import Divisions
from matchmaker.reference.rules import NamedDay, learn_days
from matchmaker.refusal import Refused

log = logging.getLogger(__name__)

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


REGIONS_AHEAD = timedelta(days=366)
"""A change may be entered when it is announced: it counts from its day."""


def enter_region_change(
    change: Change, source: str, document: str, announced_on: date, *, by: Actor
) -> RegionChange:
    """Type in a change of a division; it counts once a second operator agrees (``answer_region_change``).

    Raises ``region_before_table`` (the packaged table holds it), ``region_too_far``, ``region_announced_later`` (than
    today), ``region_known`` (the same change waits or was agreed on), or what ``region_changes.after`` raises where the
    table, with all that is agreed on, cannot take it.
    """
    today = clock.today()
    if change.in_force_on <= regions.PACKAGED_ON:
        raise Refused("region_before_table", field="in_force_on", status=422, day_on=regions.PACKAGED_ON)
    if change.in_force_on > (today if change.kind == CHECKED else today + REGIONS_AHEAD):
        raise Refused("region_too_far", field="in_force_on", status=422)
    if announced_on > today:
        raise Refused("region_announced_later", field="announced_on", status=422)
    others = [row.change for row in db.session.scalars(select(RegionChange).where(RegionChange.agreed.is_not(False)))]
    if change in others:
        raise Refused("region_known", field="kind")
    _divisions_with(change)
    row = RegionChange(
        kind=change.kind, in_force_on=change.in_force_on, code=change.code, new_code=change.new_code, name=change.name,
        related=list(change.related), was=_name_before(change), source=source, document=document,
        announced_on=announced_on, entered_by_id=by.id, entered_at=clock.now(), remark="",
    )  # fmt: skip
    db.session.add(row)
    record(
        "reference.enter_region_change", row, by=by, kind=change.kind, in_force_on=change.in_force_on.isoformat(),
        code=change.code, new_code=change.new_code, name=change.name, related=list(change.related), source=source,
    )  # fmt: skip
    return row


def _name_before(change: Change) -> str:
    region = regions.get(change.code)
    return region.full_name if region is not None else ""


def _divisions_with(change: Change, number: int | None = None) -> Divisions:
    """The divisions with this change and all that are agreed on, in the order in which ``learn_entered_regions`` lays
    them over the table: by day, then by number; a change not stored yet is the last of its day. Raises Refused."""
    agreed = queries.agreed_region_changes()

    def comes_after(row: RegionChange) -> bool:
        if row.in_force_on != change.in_force_on or number is None:
            return row.in_force_on > change.in_force_on
        return row.id > number

    at = next((n for n, row in enumerate(agreed) if comes_after(row)), len(agreed))
    steps = [row.change for row in agreed]
    return after_all(regions.packaged_divisions(), [*steps[:at], change, *steps[at:]])


def answer_region_change(row: RegionChange, *, agrees: bool, remark: str = "", by: Actor) -> None:
    """What a second operator says of a change; agreed on, it counts from its day and every process follows.

    Raises ``region_own_change`` (whoever typed it may not answer), ``region_answered``, ``region_remark_missing``, or
    what ``region_changes.after`` raises where the table cannot take it any more.
    """
    # One answer at a time, for each is tried on the others; in one order, so that two do not wait for each other.
    db.session.execute(select(RegionChange.id).order_by(RegionChange.id).with_for_update())
    db.session.refresh(row)
    if row.entered_by_id == by.id:
        raise Refused("region_own_change", status=403)
    if not row.is_waiting:
        raise Refused("region_answered")
    if not agrees and len(remark) < LEAST_REMARK:
        raise Refused("region_remark_missing", field="remark", status=422)
    if agrees:
        _divisions_with(row.change, row.id)
    row.agreed, row.answered_by_id, row.answered_at = agrees, by.id, clock.now()
    row.remark = remark
    record("reference.answer_region_change", row, by=by, agreed=agrees, remark=remark)
    db.session.flush()
    learn_entered_regions()


LEAST_REMARK = 4

LOOK_EVERY = timedelta(seconds=20)
_looking = threading.Lock()
_looked_at: float | None = None
_edition: tuple[int, datetime | None] | None = None
_edition_of_regions: tuple[tuple[int, datetime | None], date] | None = None


def learn_entered_days() -> None:
    """Take over the days that operators entered into the rules of working time of this process."""
    global _edition
    learn_days(queries.entered_days())
    _edition = queries.edition_of_days()


def learn_entered_regions() -> None:
    """Let the divisions of today stand in this process: the packaged ones and the agreed changes that are in force.

    Raises Refused where the packaged table does not take them (``region_changes.after``); what stood stands on.
    """
    global _edition_of_regions
    today = clock.today()
    changes = [row.change for row in queries.agreed_region_changes(today)]
    regions.learn_divisions(after_all(regions.packaged_divisions(), changes) if changes else None)
    _edition_of_regions = queries.edition_of_regions(), today


def keep_up_with_entries() -> None:
    """Follow what another process entered, days off and changes of divisions, and the day from which a change holds:
    at most every twenty seconds two short reads, outside of any transaction.

    A packaged table that an earlier change does not fit any more stops nobody: the divisions of before stand on, and
    the log says so each time.
    """
    global _looked_at
    with _looking:
        now = time.monotonic()
        if _looked_at is not None and now - _looked_at < LOOK_EVERY.total_seconds():
            return
        _looked_at = now
    if queries.edition_of_days() != _edition:
        learn_entered_days()
    if (queries.edition_of_regions(), clock.today()) != _edition_of_regions:
        try:
            learn_entered_regions()
        except Refused as no:
            log.error("agreed changes of divisions do not fit the packaged table", extra={"code": no.code})
    db.session.rollback()
