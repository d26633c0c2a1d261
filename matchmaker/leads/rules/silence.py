"""Silence: an institution that has the ball lets its customer hear nothing for so long that another should look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from matchmaker.leads.rules.states import SIDE_OF_STEP, Side, State, Step
from matchmaker.reference.rules import end_of_clock
from matchmaker.reference.rules.working_time import SHANGHAI

SILENT_DAYS = 15
"""Working days without a step that the owner hears of (issue 3, section 1)."""

SILENT_STATES: frozenset[State] = frozenset({State.CONTACTED, State.VISITED, State.REVIEW})
"""The institution has the ball under the long clock of the decision; shorter clocks release by themselves."""

NOT_HEARD: frozenset[Step] = frozenset(
    {Step.HAND_OVER, Step.RECORD_CHECKS, Step.TRY_CONTACT, Step.WARN, Step.NOBODY_CALLED}
)
"""Steps that tell the owner nothing new."""


def silent_from(state: State | str, steps: Iterable[tuple[str, datetime]]) -> datetime | None:
    """From when on an owner may ask for a second look because of silence; None in other states.

    `steps` are (step, instant) of the lead. Counted from the last that was heard, in working days.
    """
    if State(state) not in SILENT_STATES:
        return None
    heard = [at for step, at in steps if Step(step) not in NOT_HEARD]
    return end_of_clock(max(heard), SILENT_DAYS, "working") if heard else None


def said_today(steps: Iterable[tuple[str, datetime]], now: datetime) -> datetime | None:
    """When the owner said today that nobody called, where the institution has done nothing since; None else.

    Saying it again would tell the institution nothing new.
    """
    since: datetime | None = None
    for step, at in steps:
        if Step(step) is Step.NOBODY_CALLED:
            since = at
        elif SIDE_OF_STEP[Step(step)] is Side.INSTITUTION:
            since = None
    return since if since is not None and _day(since) == _day(now) else None


def _day(instant: datetime) -> date:
    return instant.astimezone(SHANGHAI).date()


def is_silent(state: State | str, steps: Iterable[tuple[str, datetime]], now: datetime) -> bool:
    """Whether the institution has been silent for fifteen working days."""
    since = silent_from(state, steps)
    return since is not None and now >= since
