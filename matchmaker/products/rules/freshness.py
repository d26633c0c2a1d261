"""How long what a desk says of a product is believed, when it is reminded, and for how long a stop can be taken back.

Source: requirement 8.2 (listings reconfirmed every 90 days, else hidden). Pure: takes days and instants, asks no clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

CONFIRMED_FOR_DAYS = 90
"""A confirmation holds this many days; the last of them is the last day on which the product is shown (8.2)."""

REMIND_DAYS_BEFORE = (14, 3)
"""Days before the last one on which the desk is told, the earlier first."""

UNDO_FOR = timedelta(minutes=10)
"""How long whoever stopped a product may take that back alone; afterwards a second person resumes it."""

STALE_CODE = "X01"
"""The reason of a decline that says: the product is stopped, used up or not for there (code table of declines)."""


def confirmed_until(on: date) -> date:
    """The last day on which a product is shown that was confirmed `on`."""
    return on + timedelta(days=CONFIRMED_FOR_DAYS)


def is_fresh(confirmed_until_on: date | None, doubted_at: datetime | None, on: date) -> bool:
    """Whether a published product may be shown `on`: confirmed that day, and not in doubt since a decline."""
    return doubted_at is None and confirmed_until_on is not None and confirmed_until_on >= on


def is_due(confirmed_until_on: date | None, doubted_at: datetime | None, on: date) -> bool:
    """Whether the desk should confirm now: in doubt, over, or over within the first reminder's days."""
    return not is_fresh(confirmed_until_on, doubted_at, on + timedelta(days=REMIND_DAYS_BEFORE[0] + 1))


def reminder(confirmed_until_on: date, on: date) -> int | None:
    """Which reminder is due `on`: 14, 3, 0 for "hidden since today or earlier", or None.

    A night that was missed is made up for on the next: the latest one that is due counts, so nobody gets two at once.
    """
    left = (confirmed_until_on - on).days
    if left < 0:
        return 0
    return next((days for days in reversed(REMIND_DAYS_BEFORE) if left <= days), None)


def may_undo(stopped_at: datetime | None, stopped_by_id: int | None, who_id: int, at: datetime) -> bool:
    """Whether this person may take their own stop back alone at this instant."""
    return stopped_at is not None and stopped_by_id == who_id and stopped_at <= at < stopped_at + UNDO_FOR
