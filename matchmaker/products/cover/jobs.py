"""What happens to cover without a person: the desk is told in time that a listing ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from matchmaker import clock
from matchmaker.db import unit_of_work
from matchmaker.products.cover import queries
from matchmaker.products.listing import remind_of_end

REMIND_DAYS_BEFORE = 14


def remind_of_ending_cover(now: datetime) -> int:
    """Tell desks of the cover whose last day is two weeks ahead; once each. Answers how many."""
    last_on = clock.date_of(now) + timedelta(days=REMIND_DAYS_BEFORE)
    with unit_of_work():
        ending = queries.versions_ending(last_on)
        for version in ending:
            remind_of_end(version, last_on)
    return len(ending)
