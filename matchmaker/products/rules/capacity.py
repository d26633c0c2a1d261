"""How much new business an institution can take: what its desk says, what came this week, what its managers carry.

Capacity is no rule of eligibility: who is full today fits as before, stands after those that can answer, and cannot be
sent to. Pure; the working days are those of `reference`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from matchmaker.reference.rules.working_time import next_working_day, nth_working_day

LEADS_PER_WEEK_MOST = 1_000
FULL_DAYS_MOST = 90
"""A product that takes nothing for longer than a listing is believed is suspended instead (rules.freshness)."""
ANSWERED_AFTER, CALLED_AFTER = 1, 1
"""Working days until a lead is accepted, and from there until its owner is called: the clocks of `leads`."""
TAKEN_UP_IN_A_DAY = 3
"""New leads that one manager takes up in a working day beside the others (own assumption; it only moves a date that
is told, never a place)."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What one product can take, as said by its desk and counted since. Nothing said: no limit."""

    leads_per_week: int | None = None
    week_on: date | None = None
    """The Monday of the week that `week_leads` counts."""
    week_leads: int = 0
    funds_left_yuan: Decimal | None = None
    full_until_on: date | None = None


NOTHING_SAID = Intake()


@dataclass(frozen=True, slots=True)
class Load:
    """What one branch can take: the sum of what its managers still carry, less what waits there for one of them."""

    open_slots: int
    free_managers: int
    waiting: int

    @property
    def is_full(self) -> bool:
        return self.open_slots - self.waiting <= 0


@dataclass(frozen=True, slots=True)
class Full:
    """Why nothing new is taken now, and from which day on it is again; None where no day is known."""

    code: str
    again_on: date | None = None


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - timedelta(days=day.weekday())


def why_full(intake: Intake, loads: Iterable[Load | None], on: date, amount_yuan: Decimal | None) -> Full | None:
    """Why a need of this amount cannot be taken `on`, or None.

    `loads` are those of the branches that may take this need; None among them: nobody counts there, its desk keeps it.
    Codes: `full_until` (the desk says so), `full_week`, `full_funds`, `full_branch`.
    """
    if intake.full_until_on is not None and intake.full_until_on >= on:
        return Full("full_until", next_working_day(intake.full_until_on + timedelta(days=1)))
    taken = intake.week_leads if intake.week_on == week_of(on) else 0
    if intake.leads_per_week is not None and taken >= intake.leads_per_week:
        return Full("full_week", next_working_day(week_of(on) + timedelta(days=7)))
    left = intake.funds_left_yuan
    if left is not None and (left <= 0 or (amount_yuan is not None and left < amount_yuan)):
        return Full("full_funds")
    known = list(loads)
    if known and all(load is not None and load.is_full for load in known):
        return Full("full_branch", nth_working_day(on, 1))
    return None


@dataclass(frozen=True, slots=True)
class Earliest:
    """By when somebody answers, and from when somebody can come."""

    answer_on: date
    visit_on: date


def earliest(loads: Iterable[Load | None], on: date) -> Earliest:
    """What a need sent `on` may count with: by the clocks, and by how many wait at the branch with the shortest queue.

    A branch with `free_managers` takes up so many times TAKEN_UP_IN_A_DAY leads a working day; a visit is possible
    after acceptance and call, later by the days that those before it take.
    """
    queues = [
        load.waiting // (load.free_managers * TAKEN_UP_IN_A_DAY)
        for load in loads
        if load is not None and not load.is_full and load.free_managers
    ]
    return Earliest(
        nth_working_day(on, ANSWERED_AFTER), nth_working_day(on, ANSWERED_AFTER + CALLED_AFTER + min(queues, default=0))
    )
