"""The clocks of a request: an insurer takes it up within one working day and answers within the days it promised.

Working days are those of reference.rules, as for leads: 9:00 to 17:30 in Shanghai, the day of the event not counted.
"""

from __future__ import annotations

from datetime import datetime

from matchmaker.insurance.rules.states import State
from matchmaker.leads.rules.clocks import RELEASE_AT, WARN_AT
from matchmaker.products.cover.rules import ANSWER_DAYS_MOST
from matchmaker.reference.rules import end_of_clock, share_used

ACCEPT_DAYS = 1
CLOCK_OF: dict[State, str] = {State.WAITING: "accept", State.ACCEPTED: "quote", State.QUOTED: "owner"}
"""What is waited for in each live state; one clock at a time."""
RELEASES: tuple[State, ...] = (State.WAITING, State.ACCEPTED)
"""Where the insurer's time is over, the request is taken back and its consent ends."""
ENDS_IN_DAYS: tuple[int, ...] = (30, 60, 90)
"""For how long a consent may be given: the shortest still covers accepting, quoting and the usual answer."""


def accept_due(asked_at: datetime) -> datetime:
    """When the insurer must have taken the request up (aware, UTC)."""
    return end_of_clock(asked_at, ACCEPT_DAYS, "working")


def quote_due(accepted_at: datetime, promised_days: int | None) -> datetime:
    """When quote or refusal are due: the working days that the cover promises, at most the platform's limit."""
    return end_of_clock(accepted_at, min(promised_days or ANSWER_DAYS_MOST, ANSWER_DAYS_MOST), "working")


def consent_end(given_at: datetime, days: int) -> datetime:
    """The end of a consent of so many days. ValueError for a length that is not offered."""
    if days not in ENDS_IN_DAYS:
        raise ValueError(f"{days} is no length of a consent")
    return end_of_clock(given_at, days, "calendar")


def share(started_at: datetime, due_at: datetime, now: datetime, state: State | str) -> float:
    """How much of the clock is used up: working time for the insurer, plain time for the owner."""
    return share_used(started_at, due_at, now, "calendar" if state == State.QUOTED else "working")


def tone(started_at: datetime, due_at: datetime, now: datetime, state: State | str) -> str:
    """How the clock is drawn: "" (running), "soon" from three quarters, "late" when it has run out."""
    used = share(started_at, due_at, now, state)
    return "late" if used >= RELEASE_AT else "soon" if used >= WARN_AT else ""


def warn_from(used: float) -> bool:
    """Whether three quarters are used up."""
    return used >= WARN_AT
