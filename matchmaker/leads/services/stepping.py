"""Taking a step: the only place that changes the state of a lead, its clocks and its consent, and leaves the trace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Protocol

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.leads.announcements import LeadEnded
from matchmaker.leads.models import Consent, Lead, LeadClock, LeadStep
from matchmaker.leads.queries import finding
from matchmaker.leads.queries.reading import as_running
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import LIMITS, PAUSED_BY_PAPERS, Clock
from matchmaker.leads.rules.consents import ENDS_CONSENT, in_force
from matchmaker.leads.rules.states import (
    ENDED,
    LIVE,
    NOTE_READ_BY_BOTH,
    SIDE_OF_STEP,
    Side,
    State,
    Step,
    state_after,
)
from matchmaker.leads.services import counting
from matchmaker.needs.services import work_has_ended
from matchmaker.refusal import Reason, Refused

# Steps for which the customer's data must be open to the institution.
_NEEDS_CONSENT = frozenset(
    {
        Step.ACCEPT, Step.TRY_CONTACT, Step.TRIED_ENOUGH, Step.CONTACT, Step.AGREE_VISIT, Step.VISIT, Step.ASK_PAPERS,
        Step.START_REVIEW, Step.OFFER,
    }
)  # fmt: skip

_NOT_WHILE_WITHDRAWING = frozenset({Step.ACCEPT_OFFER, Step.SEND_PAPERS})
"""What an owner who is taking the consent back cannot do at the same time."""


class Actor(Protocol):
    """Whoever does it: a person with a number."""

    @property
    def id(self) -> int: ...


def take(
    lead: Lead,
    step: Step,
    *,
    by: Actor | None,
    at: datetime | None = None,
    code: str | None = None,
    note: str | None = None,
    late_clock: LeadClock | None = None,
    **facts: Any,
) -> LeadStep:
    """Take `step` on a locked lead: state, clocks, consent, trace and audit, in this transaction.

    `by` None: a clock does it. `late_clock` is the one that ran out (release). Raises Refused with the reason of
    the state table, `lead_is_late` when the institution comes after its clock ran out (whether or not the job
    has released the lead yet), or `lead_consent_ended`.
    """
    at = at or clock.now()
    after = state_after(lead.state, step)
    if isinstance(after, Reason):
        raise Refused(after.code, **after.facts)
    if SIDE_OF_STEP[step] is Side.INSTITUTION and by is not None:
        refuse_late(lead, at)
        if step in _NEEDS_CONSENT:
            refuse_without_consent(lead, at)
    if step in _NOT_WHILE_WITHDRAWING and lead.consent is not None and lead.consent.can_be_undone_until is not None:
        raise Refused("lead_withdrawing")
    before = State(lead.state)
    number = _next_number(lead)
    _turn_clocks(lead, step, at, late_clock)
    with db.session.no_autoflush:  # state and time of the end are one fact: the table's constraint says so
        lead.state = str(after)
        if after in ENDED and before not in ENDED:
            lead.ended_at, lead.end_code = at, code
        elif after not in ENDED and before in ENDED:
            lead.ended_at, lead.end_code = None, None
    done = LeadStep(
        lead_id=lead.id,
        number=number,
        step=str(step),
        from_state=str(before),
        to_state=str(after),
        by_id=by.id if by is not None else None,
        at=at,
        code=code,
        note=note or None,
        note_for_both=step in NOTE_READ_BY_BOTH,
        facts=facts,
    )
    lead.steps.append(done)
    record(f"lead.{step}", lead, by=by, from_state=str(before), to_state=str(after), reason_code=code)
    if after in ENDED and before not in ENDED:
        _end(lead, after, at)
    elif step is Step.WITHDRAW:
        end_consent(lead.consent, "withdrawn", at)
    db.session.flush()
    if State.WAITING in (before, after):
        counting.recount_branch(lead.branch_id)
    return done


def open_clock(lead: Lead, kind: Clock) -> LeadClock | None:
    """The clock of this kind that has not stopped, if any."""
    return next((row for row in lead.clocks if row.kind == kind and row.stopped_at is None), None)


def start_clock(
    lead: Lead, kind: Clock, at: datetime, *, due_at: datetime | None = None, days: int | None = None
) -> LeadClock:
    """Let a clock run from `at`; `due_at` where the limit has no length of its own, `days` to replace it."""
    row = LeadClock(
        lead_id=lead.id,
        kind=str(kind),
        days=days if days is not None else LIMITS[kind].days,
        started_at=at,
        due_at=due_at or clocks.due_after(kind, at, days),
        paused_seconds=0,
    )
    lead.clocks.append(row)
    return row


def count_anew(row: LeadClock) -> None:
    """Let a running clock end by the days off that are known now; one whose end an offer names stays as it is.

    A pause that is over is added again; one that still lasts is added when it ends, from the end counted here.
    """
    kind = Clock(row.kind)
    if row.stopped_at is not None or (row.days is None and LIMITS[kind].days is None):
        return
    due_at = clocks.due_after(kind, row.started_at, row.days)
    if row.paused_seconds:
        due_at = clocks.due_after_pause(due_at, row.started_at, row.started_at + timedelta(seconds=row.paused_seconds))
    if due_at > row.started_at:
        row.due_at = due_at


def end_consent(consent: Consent | None, because: str, at: datetime) -> None:
    """End a consent, once: what it opened is sealed from this instant on."""
    if consent is not None and consent.ended_at is None:
        consent.ended_at = at
        consent.ended_because = because


def refuse_late(lead: Lead, at: datetime) -> None:
    """Raise Refused("lead_is_late") when a clock of the institution has run out."""
    for row in lead.clocks:
        if LIMITS[Clock(row.kind)].releases and clocks.is_late(as_running(row), at):
            raise Refused("lead_is_late", due_at=row.due_at)


def refuse_without_consent(lead: Lead, at: datetime) -> None:
    """Raise Refused("lead_consent_ended") when the institution may not see the customer any more."""
    consent = lead.consent
    if consent is None or not in_force(consent.ends_at, consent.stopped_at, at):
        raise Refused("lead_consent_ended")


def _next_number(lead: Lead) -> int:
    last = db.session.scalar(sa.select(sa.func.max(LeadStep.number)).where(LeadStep.lead_id == lead.id))
    return (last or 0) + 1


def _turn_clocks(lead: Lead, step: Step, at: datetime, late_clock: LeadClock | None) -> None:
    for row in lead.clocks:
        if row.stopped_at is None and step in LIMITS[Clock(row.kind)].ends_with:
            # a visit that an offer or a refusal made unnecessary was neither kept nor missed
            missed = row.kind == Clock.VISIT and step is not Step.VISIT
            _stop(row, at, "void" if missed else "kept" if at <= row.due_at else "late")
    if step is Step.ASK_SECOND_LOOK:  # somebody else begins with a clock of their own
        for row in lead.clocks:
            if row.stopped_at is None:
                _stop(row, at, "void")
    if step is Step.ASK_PAPERS:
        for kind in PAUSED_BY_PAPERS:
            paused = open_clock(lead, kind)
            if paused is not None:
                paused.paused_at = at
    elif step in (Step.SEND_PAPERS, Step.LAPSE_PAPERS):
        _resume(lead, at)
    if late_clock is not None:
        _stop(late_clock, at, "late")


def _resume(lead: Lead, at: datetime) -> None:
    """Let the paused clocks go on; what came after the owner's last day does not lengthen the pause."""
    request = lead.paper_request
    until = min(at, request.due_at) if request is not None else at
    for row in lead.clocks:
        if row.stopped_at is None and row.paused_at is not None:
            resumed_at = max(until, row.paused_at)
            row.due_at = clocks.due_after_pause(row.due_at, row.paused_at, resumed_at)
            row.paused_seconds += int((resumed_at - row.paused_at).total_seconds())
            row.paused_at = None


def _stop(row: LeadClock, at: datetime, outcome: str) -> None:
    row.stopped_at = at
    row.outcome = outcome
    row.paused_at = None


def _end(lead: Lead, after: State, at: datetime) -> None:
    """What every end has in common: clocks stop, the consent ends, the place is free, the work is counted."""
    for row in lead.clocks:
        if row.stopped_at is None:
            _stop(row, at, "void")
    end_consent(lead.consent, str(ENDS_CONSENT[after]), at)
    db.session.flush()
    if lead.sent_at is None:
        return
    counting.recount_workload(lead.manager_id)
    if after is not State.PAID_OUT:
        _free_the_need(lead)
    announce(LeadEnded(lead.id, lead.need_id, str(after)))


def _free_the_need(lead: Lead) -> None:
    """When nobody works on the need any more, it is open again."""
    others = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Lead)
        .where(Lead.need_id == lead.need_id, Lead.id != lead.id, Lead.state.in_([str(state) for state in LIVE]))
    )
    if not others:
        work_has_ended(finding.lock_need(lead.need_id))
