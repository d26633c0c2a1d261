"""What clocks and news do to requests: warn, release, let lapse, finish a withdrawal, end for a cause from outside."""

from __future__ import annotations

from datetime import datetime

from matchmaker.db import db
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.states import BALL, LIVE, Side, State, Step
from matchmaker.insurance.services.stepping import Actor, take
from matchmaker.insurance.services.telling import tell_insurer, tell_owner


def warn(request: CoverRequest, *, at: datetime) -> bool:
    """Warn once when three quarters of the clock are used up; answers whether it was time."""
    if request.state not in LIVE or request.warned_at is not None:
        return False
    started_at, due_at = request.clock_started_at, request.due_at
    if started_at is None or due_at is None or at >= due_at:
        return False
    if not clocks.warn_from(clocks.share(started_at, due_at, at, request.state)):
        return False
    take(request, Step.WARN, by=None)
    request.warned_at = at
    db.session.flush()
    if BALL[State(request.state)] is Side.INSURER:
        tell_insurer(request, "cover_staff_soon", about=f"soon:{request.state}", due_at=due_at)
    else:
        tell_owner(request, "cover_told_soon", about="soon", due_at=due_at)
    return True


def release(request: CoverRequest, *, at: datetime) -> bool:
    """Take a late request back: its consent ends, the owner is shown who else lists the line."""
    due_at = request.due_at
    if request.state not in clocks.RELEASES or due_at is None or at < due_at:
        return False
    if request.consent.can_be_undone_until is not None:
        return False  # its owner is taking it back: sealed, the insurer could not have done anything
    take(request, Step.RELEASE, by=None, clock=clocks.CLOCK_OF[State(request.state)], was_due_at=due_at)
    tell_owner(request, "cover_told_released", about="released", due_at=due_at)
    tell_insurer(request, "cover_staff_released", about="released", due_at=due_at)
    return True


def lapse(request: CoverRequest, *, at: datetime) -> bool:
    """End a quote that is not valid any more, or a request whose consent has run out."""
    quote_over = request.state == State.QUOTED and request.due_at is not None and at >= request.due_at
    consent_over = request.state in LIVE and request.consent.ends_at <= at
    if not (quote_over or consent_over):
        return False
    return expire(request, because="quote" if quote_over else "consent")


def expire(request: CoverRequest, *, because: str) -> bool:
    """End a live request without a person (`because`: quote, consent, suspended)."""
    if request.state not in LIVE:
        return False
    take(request, Step.EXPIRE, by=None, because=because)
    tell_owner(request, "cover_told_expired", about="expired", because=f"label:cover.expired_because:{because}")
    return True


def finish_withdrawal(request: CoverRequest, *, at: datetime, by: Actor | None = None) -> bool:
    """End for good what was withdrawn and can no longer be undone; `by` is given where no undo is waited for."""
    consent = request.consent
    if consent.ended_at is not None or (by is None and (consent.can_be_undone_until or at) > at):
        return False
    if by is None and consent.withdrawing_at is None:
        return False
    take(request, Step.WITHDRAW, by=by)
    tell_insurer(request, "cover_staff_withdrawn", about="withdrawn")
    return True
