"""What runs when, without a person: name, how often, and the function of a business instant that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.queue import Job, Run, job, later


@dataclass(frozen=True)
class Entry:
    """One line of the timetable."""

    name: str
    every: timedelta
    function: Callable[[datetime], object]


def entries() -> list[Entry]:
    """The timetable, in the order in which work of the same moment is enqueued."""
    return []


def by_name() -> dict[str, Entry]:
    return {entry.name: entry for entry in entries()}


@job("timetable")
def run_entry(run: Run, name: str) -> None:
    """Carry one line of the timetable, now."""
    by_name()[name].function(clock.now())


def enqueue_due() -> None:
    """Enqueue what is due: each entry once per slot of its period, whichever worker asks first."""
    now = clock.real_now().timestamp()
    due = [(entry, int(now // entry.every.total_seconds())) for entry in entries()]
    keys = [f"{entry.name}:{slot}" for entry, slot in due]
    known = set(db.session.scalars(Job.__table__.select().with_only_columns(Job.key).where(Job.key.in_(keys))))
    db.session.rollback()
    if missing := [(entry, key) for (entry, _), key in zip(due, keys, strict=True) if key not in known]:
        with unit_of_work():
            for entry, key in missing:
                later("timetable", key=key, name=entry.name)
