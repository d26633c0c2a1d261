"""What each side of a lead has to do now, as reasons that the page writes: the two halves of the ball-holder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from matchmaker.leads.rules.clocks import LIMITS, Running, tone, used
from matchmaker.leads.rules.states import Side, State, ball
from matchmaker.reference.rules import working_days_between
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason


@dataclass(frozen=True)
class Turn:
    """Whose turn it is, what each side does, until when."""

    side: Side
    owner: Reason
    institution: Reason
    due_at: datetime | None


@dataclass(frozen=True)
class Drawn:
    """A clock as it is drawn: boxes used (of `days`, or tenths when None), tone, percent used, and its end."""

    kind: str
    used: int
    days: int | None
    tone: str
    percent: int
    due_at: datetime
    stands_still: bool


WAITS = Reason("lead_owner_waits")
NOTHING = Reason("lead_nothing_to_do")


def turn(
    state: State | str,
    *,
    due_at: datetime | None = None,
    visit_agreed: bool = False,
    visit_at: datetime | None = None,
    visit_due_at: datetime | None = None,
    papers: int = 0,
    payout_standing: str | None = None,
    payout_due_at: datetime | None = None,
    offer_due_at: datetime | None = None,
    overdue_at: datetime | None = None,
) -> Turn:
    """Both halves for a state. `due_at` is the end of the institution's nearest clock (or of the owner's papers);
    `overdue_at` the day for contract or money that is over."""
    state = State(state)
    side = ball(state, payout_unanswered=payout_standing == "reported")
    due = {"due_at": due_at} if due_at is not None else {}
    if state is State.DRAFT:
        return Turn(side, Reason("lead_owner_sends"), Reason("lead_institution_knows_nothing"), None)
    if state is State.WAITING and due:
        return Turn(side, WAITS, Reason("lead_institution_accepts", due), due_at)
    if state is State.ACCEPTED and due:
        return Turn(side, WAITS, Reason("lead_institution_contacts", due), due_at)
    if state in (State.CONTACTED, State.REVIEW) and visit_agreed:  # the visit comes before the decision
        if visit_at is not None:
            return Turn(side, WAITS, Reason("lead_institution_visits", {"visit_at": visit_at}), visit_due_at)
        if visit_due_at is not None:
            return Turn(side, WAITS, Reason("lead_institution_visits_by", {"due_at": visit_due_at}), visit_due_at)
    if state in (State.CONTACTED, State.VISITED, State.REVIEW) and due:
        return Turn(side, WAITS, Reason("lead_institution_decides", due), due_at)
    if state is State.PAPERS and due:
        return Turn(
            side,
            Reason("lead_owner_sends_papers", {**due, "count": papers}),
            Reason("lead_institution_stands_still"),
            due_at,
        )
    if state is State.UNREACHED and due:
        return Turn(side, Reason("lead_owner_chooses_hours", due), Reason("lead_institution_waits"), due_at)
    if state is State.OFFERED and offer_due_at is not None:
        return Turn(
            side, Reason("lead_owner_answers", {"due_at": offer_due_at}), Reason("lead_institution_waits"), offer_due_at
        )
    if state in (State.TAKEN, State.SIGNED):
        does = "signs" if state is State.TAKEN else "pays"
        if overdue_at is not None:
            late = {"due_at": overdue_at}
            return Turn(side, Reason(f"lead_owner_{does}_late"), Reason(f"lead_institution_{does}_late", late), None)
        return Turn(side, WAITS, Reason(f"lead_institution_{does}{'_by' if due else ''}", due), due_at)
    if state is State.SECOND_LOOK and due:
        return Turn(side, WAITS, Reason("lead_institution_looks_again", due), due_at)
    if state is State.PAID_OUT:
        return _after_payout(side, payout_standing, payout_due_at)
    if state is State.DECLINED:
        return Turn(side, Reason("lead_owner_reads_why"), Reason("lead_institution_declined"), None)
    if state is State.RELEASED:
        return Turn(side, Reason("lead_owner_chooses_next"), Reason("lead_institution_was_late"), None)
    if state in (State.WITHDRAWN, State.EXPIRED, State.GIVEN_UP):
        return Turn(side, NOTHING, Reason("lead_institution_sees_nothing"), None)
    return Turn(side, WAITS if side is Side.INSTITUTION else NOTHING, Reason("lead_institution_waits"), due_at)


def _after_payout(side: Side, standing: str | None, due_at: datetime | None) -> Turn:
    if standing == "reported" and due_at is not None:
        return Turn(
            side, Reason("lead_owner_confirms", {"due_at": due_at}), Reason("lead_institution_reported"), due_at
        )
    if standing == "disputed":
        return Turn(Side.INSTITUTION, WAITS, Reason("lead_institution_checks_payout"), None)
    return Turn(side, NOTHING, Reason("lead_institution_paid"), None)


def drawn(running: Running, now: datetime) -> Drawn:
    """How a clock is drawn: one box a working day for two to ten working days, else ten tenths."""
    limit = LIMITS[running.clock]
    days = running.days if running.days is not None else limit.days
    share = used(running, now)
    if limit.kind == "working" and days is not None and 2 <= days <= 10:
        passed = working_days_between(running.started_at.astimezone(SHANGHAI).date(), now.astimezone(SHANGHAI).date())
        boxes: int | None = days
        filled = min(days, passed)
    else:
        boxes, filled = None, min(10, int(share * 10))
    return Drawn(
        kind=str(running.clock),
        used=filled,
        days=boxes,
        tone=tone(running, now),
        percent=min(100, int(share * 100)),
        due_at=running.due_at,
        stands_still=running.paused_at is not None,
    )
