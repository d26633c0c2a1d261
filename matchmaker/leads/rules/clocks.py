"""The clocks of a lead: how long each wait may last, which step starts and ends it, when to warn and when to release.

Limits: issue 2, section 7 (accept, contact, visit, decision, papers, pay-out); the two of the second look stand
on page 07 of the visual language. A working day is 9:00 to 17:30 in Shanghai unless set otherwise; the day of the
event is not counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from matchmaker.leads.rules.states import Side, State, Step
from matchmaker.reference.rules import end_of_clock, next_working_day, office_hours, share_used
from matchmaker.reference.rules.working_time import SHANGHAI, Kind

WARN_AT = 0.75
RELEASE_AT = 1.0


class Clock(StrEnum):
    """What is being waited for."""

    ACCEPT = "accept"
    CONTACT = "contact"
    CALL_BACK = "call_back"
    VISIT = "visit"
    DECISION = "decision"
    PAPERS = "papers"
    OWNER = "owner"
    SECOND_LOOK = "second_look"
    SIGN = "sign"
    PAY = "pay"


@dataclass(frozen=True)
class Limit:
    """How long a clock runs and who lets it run. `days` None: until a date that the offer names."""

    clock: Clock
    days: int | None
    kind: Kind
    side: Side
    starts_with: Step
    ends_with: tuple[Step, ...]
    releases: bool


_DECIDED = (Step.OFFER, Step.DECLINE)

SIGN_DAYS = PAY_DAYS = 7
"""Working days from an accepted offer to the contract, and from there to the pay-out: together the twenty calendar
days that `longest_consent` leaves for them. Our numbers, which settings may shorten: a product promises days to its
answer only."""

LIMITS: dict[Clock, Limit] = {
    limit.clock: limit
    for limit in (
        Limit(Clock.ACCEPT, 1, "working", Side.INSTITUTION, Step.SEND, (Step.ACCEPT, Step.DECLINE), True),
        Limit(
            Clock.CONTACT,
            1,
            "working",
            Side.INSTITUTION,
            Step.ACCEPT,
            (Step.CONTACT, Step.TRIED_ENOUGH, Step.DECLINE),
            True,
        ),
        # three tries end the clock of contact as kept; this is no pause, the decision goes on meanwhile (issue 3)
        Limit(Clock.CALL_BACK, 5, "working", Side.OWNER, Step.TRIED_ENOUGH, (Step.CHOOSE_HOURS, Step.CONTACT), False),
        # only where a visit was agreed; counted from the contact, also when agreed later
        Limit(Clock.VISIT, 7, "calendar", Side.INSTITUTION, Step.CONTACT, (Step.VISIT, *_DECIDED), True),
        Limit(Clock.DECISION, 30, "calendar", Side.INSTITUTION, Step.ACCEPT, _DECIDED, True),
        # the one pause: the owner collects papers, the institution's clocks stand still, at most ten days
        Limit(Clock.PAPERS, 10, "calendar", Side.OWNER, Step.ASK_PAPERS, (Step.SEND_PAPERS,), False),
        Limit(Clock.OWNER, None, "calendar", Side.OWNER, Step.OFFER, (Step.ACCEPT_OFFER, Step.REFUSE_OFFER), False),
        Limit(Clock.SECOND_LOOK, 15, "working", Side.INSTITUTION, Step.ASK_SECOND_LOOK, _DECIDED, True),
        # a contract stands between the two: nothing is taken back, the owner is told and it is counted
        Limit(
            Clock.SIGN,
            SIGN_DAYS,
            "working",
            Side.INSTITUTION,
            Step.ACCEPT_OFFER,
            (Step.REPORT_CONTRACT, Step.DECLINE),
            False,
        ),
        Limit(Clock.PAY, PAY_DAYS, "working", Side.INSTITUTION, Step.REPORT_CONTRACT, (Step.REPORT_PAYOUT,), False),
    )
}

OF_INSTITUTIONS: tuple[Clock, ...] = tuple(each for each, limit in LIMITS.items() if limit.side is Side.INSTITUTION)
"""What an institution can be late with; the others run while the owner has the ball."""

ONLY_TELL: tuple[Clock, ...] = (Clock.SIGN, Clock.PAY)
"""Clocks of an institution after which nothing is taken back."""

SECOND_LOOK_AFTER_REPAIR_DAYS = 5
"""Working days for a second look when the owner repaired what was wrong and sent the proof (page 07)."""

PAYOUT_ANSWER_DAYS = 10
"""Working days after which a reported pay-out that nobody confirmed or disputed counts as undisputed."""

PAUSED_BY_PAPERS: tuple[Clock, ...] = (Clock.DECISION, Clock.VISIT)

OFFER_VALID_DAYS = (3, 60)
"""Shortest and longest validity of an offer, in calendar days: time to read it, and no option forever."""

AGREED_LIVES_DAYS = 90
"""An accepted offer that brought neither contract nor pay-out for ninety days has expired (our decision)."""


@dataclass(frozen=True)
class Running:
    """A clock as its row tells it, for the rules."""

    clock: Clock
    started_at: datetime
    due_at: datetime
    warned_at: datetime | None = None
    paused_at: datetime | None = None
    paused_seconds: int = 0
    stopped_at: datetime | None = None
    days: int | None = None


def due_after(clock: Clock, started_at: datetime, days: int | None = None) -> datetime:
    """When a clock that starts at `started_at` ends (aware, UTC). `days` replaces the limit (second look after repair).

    Raises ValueError for the owner's clock, whose end is the validity of the offer.
    """
    limit = LIMITS[clock]
    count = days if days is not None else limit.days
    if count is None:
        raise ValueError(f"{clock} has no length of its own")
    return end_of_clock(started_at, count, limit.kind)


def end_of_day(valid_until_on: date) -> datetime:
    """The end of office hours of a date, as an instant (aware, UTC): when an offer valid until that day ends."""
    return datetime.combine(valid_until_on, office_hours().closes, SHANGHAI).astimezone(UTC)


def due_after_pause(due_at: datetime, paused_at: datetime, resumed_at: datetime) -> datetime:
    """When a paused clock ends: the time that was left when it stopped is left when it goes on.

    Like every clock it ends at the close of a working day: the first one at or after that instant.
    """
    local = (due_at + (resumed_at - paused_at)).astimezone(SHANGHAI)
    day = local.date() if local.time() <= office_hours().closes else local.date() + timedelta(days=1)
    return end_of_day(next_working_day(day))


def used(running: Running, now: datetime) -> float:
    """The share of a clock that is used up at `now`: 0 at the start, 1 at the end; a pause does not count.

    Working-day clocks count working hours, calendar clocks plain time.
    """
    limit = LIMITS[running.clock]
    until = min(now, running.paused_at) if running.paused_at is not None else now
    if limit.kind == "working":
        return share_used(running.started_at, running.due_at, until, "working")
    pause = timedelta(seconds=running.paused_seconds)
    whole = running.due_at - running.started_at - pause
    if whole <= timedelta(0):
        return 1.0 if until >= running.due_at else 0.0
    return max(0.0, (until - running.started_at - pause) / whole)


def is_late(running: Running, now: datetime) -> bool:
    """Whether the clock has run out: at its end, unless it stands still or has stopped."""
    return running.stopped_at is None and running.paused_at is None and now >= running.due_at


def should_warn(running: Running, now: datetime) -> bool:
    """Whether three quarters are used up and nobody was warned yet."""
    return (
        running.stopped_at is None
        and running.paused_at is None
        and running.warned_at is None
        and used(running, now) >= WARN_AT
    )


def tone(running: Running, now: datetime) -> str:
    """How the clock is drawn: "" (running), "soon" from three quarters, "late" when it has run out."""
    share = used(running, now)
    return "late" if is_late(running, now) else "soon" if share >= WARN_AT else ""


def clock_that_counts(state: State, running: list[Running]) -> Running | None:
    """Of the clocks that run, the one that the reader must know: the first to end among those of this state."""
    open_ones = [clock for clock in running if clock.stopped_at is None and clock.paused_at is None]
    owners = {State.PAPERS: Clock.PAPERS, State.UNREACHED: Clock.CALL_BACK}.get(state)
    if owners is not None:
        open_ones = [clock for clock in open_ones if clock.clock is owners]
    return min(open_ones, key=lambda clock: clock.due_at, default=None)


def longest_consent(sent_at: datetime) -> datetime:
    """The last instant a consent given now may run: what the longest honest handling takes.

    Acceptance, decision with its one pause, the usual answer to an offer (14 days) and pay-out (20 days), in
    calendar days from today, at the close of a working day.
    """
    days = 1 + (LIMITS[Clock.DECISION].days or 0) + (LIMITS[Clock.PAPERS].days or 0) + 14 + 20
    return end_of_clock(sent_at, days, "calendar")
