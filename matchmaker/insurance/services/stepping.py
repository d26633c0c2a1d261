"""Taking a step: the only place that changes a request's state, its clock and its consent, and leaves the trace."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.documents.services import destroy
from matchmaker.insurance.models import CoverRequest, CoverStep
from matchmaker.insurance.queries.requests import is_open
from matchmaker.insurance.rules.states import (
    ENDED,
    ENDS_CONSENT,
    SIDE_OF_STEP,
    Side,
    State,
    Step,
    state_after,
)
from matchmaker.refusal import Reason, Refused


class Actor(Protocol):
    """Whoever does it: a person with a number."""

    @property
    def id(self) -> int: ...


def take(
    request: CoverRequest,
    step: Step,
    *,
    by: Actor | None,
    due_at: datetime | None = None,
    code: str | None = None,
    note: str | None = None,
    **facts: Any,
) -> CoverStep:
    """Take `step` on a locked request, in this transaction: state, clock, consent, trace, audit.

    `due_at` starts the clock of the state that is reached. `by` None: a clock does it. Raises Refused with the reason
    of the state table, `cover_request_late` where the insurer comes after its clock ran out (released or not yet),
    `lead_consent_ended` where the insurer may not see the customer any more.
    """
    now = clock.now()
    after = state_after(request.state, step)
    if isinstance(after, Reason):
        raise Refused(after.code, **after.facts)
    if SIDE_OF_STEP[step] is Side.INSURER:
        _refuse_insurer(request, now)
    before = State(request.state)
    with db.session.no_autoflush:  # state, clock and end are one fact: the table's constraints say so
        request.state = str(after)
        if step is Step.ACCEPT and by is not None:
            request.handler_id, request.accepted_at = by.id, now
        if step is Step.DECLINE:
            request.decline_codes = list(facts["codes"])
        if due_at is not None:
            request.clock_started_at, request.due_at, request.warned_at = now, due_at, None
        elif after in ENDED or after is State.TAKEN:
            request.clock_started_at = request.due_at = request.warned_at = None
        if after in ENDED:
            request.ended_at, request.end_code = now, code
            _end_consent(request, ENDS_CONSENT[after], now)
            for paper in request.papers:
                destroy(paper.document, by=None)  # a copy for this request alone
    done = CoverStep(
        request_id=request.id,
        number=_next_number(request),
        step=str(step),
        from_state=str(before),
        to_state=str(after),
        by_id=by.id if by is not None else None,
        at=now,
        code=code,
        note=note or None,
        facts=facts,
    )
    db.session.add(done)
    record(f"cover_request.{step}", request, by=by, from_state=str(before), to_state=str(after), reason_code=code)
    db.session.flush()
    return done


def _refuse_insurer(request: CoverRequest, now: datetime) -> None:
    if request.state in (State.WAITING, State.ACCEPTED) and request.due_at is not None and now >= request.due_at:
        raise Refused("cover_request_late", due_at=request.due_at)
    if not is_open(request.consent, now):
        raise Refused("lead_consent_ended")


def _end_consent(request: CoverRequest, because: str, at: datetime) -> None:
    if request.consent.ended_at is None:
        request.consent.ended_at, request.consent.ended_because = at, because


def _next_number(request: CoverRequest) -> int:
    last = db.session.scalar(sa.select(sa.func.max(CoverStep.number)).where(CoverStep.request_id == request.id))
    return (last or 0) + 1
