"""What the clocks do when nobody does anything: warn, release, let papers lapse, expire."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.happened import announce
from matchmaker.leads.announcements import LeadDeclined, LeadReleased
from matchmaker.leads.models import Lead, LeadClock
from matchmaker.leads.queries import finding
from matchmaker.leads.queries.reading import as_running
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import LIMITS, ONLY_TELL, Clock
from matchmaker.leads.rules.states import Side, State, Step
from matchmaker.leads.services import counting, reserving
from matchmaker.leads.services.stepping import open_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff

NOT_REACHED = "X02"
OUTCOME_LATE = "LATE"
"""Code of an outcome that no person chose: the institution let a clock run out."""


def warn(lead: Lead, row: LeadClock, *, at: datetime | None = None) -> bool:
    """Warn whoever lets a clock run, once, from three quarters on. Answers whether it did."""
    at = at or clock.now()
    if not clocks.should_warn(as_running(row), at):
        return False
    kind = Clock(row.kind)
    take(lead, Step.WARN, by=None, at=at, clock=row.kind, due_at=row.due_at)
    row.warned_at = at
    if LIMITS[kind].side is Side.INSTITUTION:
        kind_of = "lead_staff_contract_soon" if kind in ONLY_TELL else "lead_staff_soon"
        words = f"label:lead.clock:{row.kind}"
        tell_staff(lead, kind_of, about=f"soon:{row.id}", clock=words, due_at=row.due_at)
    elif kind is Clock.CALL_BACK:
        tell_owner(lead, "lead_told_call_back_soon", about=f"soon:{row.id}", due_at=row.due_at)
    elif kind is Clock.PAPERS:
        tell_owner(lead, "lead_told_papers_soon", about=f"soon:{row.id}", due_at=row.due_at)
    else:
        tell_owner(lead, "lead_told_offer_soon", about=f"soon:{row.id}", due_at=row.due_at)
    return True


def release(lead: Lead, row: LeadClock, *, at: datetime | None = None) -> bool:
    """Take a lead back from an institution whose clock ran out; it counts against it. Answers whether it did.

    Its consent ends and its place among the three is free. In the same transaction the first reserve that the owner
    named gets the need; without one the owner chooses whether anybody else does. Nobody else is sent anything.
    """
    at = at or clock.now()
    kind = Clock(row.kind)
    if not LIMITS[kind].releases or not clocks.is_late(as_running(row), at):
        return False
    if lead.consent is not None and lead.consent.can_be_undone_until is not None:
        return False  # its owner is taking it back: sealed, the institution could not have done anything
    staff = finding.staff_of(lead)
    take(lead, Step.RELEASE, by=None, at=at, late_clock=row, clock=row.kind, due_at=row.due_at)
    counting.note_outcome(lead, decided_at=at, funded=False, code=OUTCOME_LATE, known_at=at)
    counting.recount_track_record(lead)
    passed_on = reserving.give_turn(lead)
    if passed_on is None:
        tell_owner(lead, "lead_told_released", about="released", due_at=row.due_at)
    else:
        tell_owner(
            lead,
            "lead_told_passed_on",
            about="released",
            due_at=row.due_at,
            reserve=passed_on.institution.short_name,
            ends_at=passed_on.consent.ends_at if passed_on.consent is not None else row.due_at,
        )
    told = sorted({*staff, *finding.desk_of(lead.institution_id)})
    tell_staff(lead, "lead_staff_released", about="released", to=told, clock=f"label:lead.clock:{row.kind}")
    announce(LeadReleased(lead.id, lead.need_id, lead.institution_id, row.kind))
    return True


def lapse_papers(lead: Lead, row: LeadClock, *, at: datetime | None = None) -> bool:
    """The owner sent no papers in time: the institution decides with what it has, and its clocks go on."""
    at = at or clock.now()
    if row.kind != Clock.PAPERS or lead.state != State.PAPERS or not clocks.is_late(as_running(row), at):
        return False
    take(lead, Step.LAPSE_PAPERS, by=None, at=at, late_clock=row)
    if lead.paper_request is not None:
        lead.paper_request.lapsed_at = at
    decision = open_clock(lead, Clock.DECISION)
    tell_owner(lead, "lead_told_papers_lapsed", about="papers:lapsed")
    tell_staff(lead, "lead_staff_papers_lapsed", about="papers:lapsed", due_at=decision.due_at if decision else at)
    return True


def lapse_hours(lead: Lead, row: LeadClock, *, at: datetime | None = None) -> bool:
    """The owner who was not reached chose no hours: the lead ends with X02, which can be repaired by choosing some."""
    at = at or clock.now()
    if row.kind != Clock.CALL_BACK or lead.state != State.UNREACHED or not clocks.is_late(as_running(row), at):
        return False
    staff = finding.staff_of(lead)
    lead.decline_codes, lead.declined_by_id = [NOT_REACHED], None
    take(lead, Step.LAPSE_HOURS, by=None, at=at, code=NOT_REACHED, late_clock=row, codes=[NOT_REACHED])
    counting.note_outcome(lead, decided_at=at, funded=False, code=NOT_REACHED, known_at=at)
    counting.recount_track_record(lead)
    tell_owner(lead, "lead_told_hours_lapsed", about="hours:lapsed")
    tell_staff(lead, "lead_staff_hours_lapsed", about="hours:lapsed", to=staff)
    announce(LeadDeclined(lead.id, lead.need_id, (NOT_REACHED,)))
    return True


def tell_overdue(lead: Lead, row: LeadClock, *, at: datetime | None = None) -> bool:
    """The day for contract or money is over and nothing was reported: both sides are told, it counts, nothing ends."""
    at = at or clock.now()
    kind = Clock(row.kind)
    if kind not in ONLY_TELL or not clocks.is_late(as_running(row), at):
        return False
    take(lead, Step.OVERDUE, by=None, at=at, late_clock=row, clock=row.kind, due_at=row.due_at)
    tell_owner(lead, f"lead_told_{kind}_overdue", about=f"overdue:{kind}", due_at=row.due_at)
    told = sorted({*finding.staff_of(lead), *finding.desk_of(lead.institution_id)})
    clock_ = f"label:lead.clock:{row.kind}"
    tell_staff(lead, "lead_staff_overdue", about=f"overdue:{kind}", to=told, clock=clock_, due_at=row.due_at)
    return True


def expire(lead: Lead, *, at: datetime | None = None, because: str) -> bool:
    """End a lead whose offer, consent or agreement has run out. Answers whether it was still live."""
    at = at or clock.now()
    if not lead.is_live:
        return False
    staff = finding.staff_of(lead)
    take(lead, Step.EXPIRE, by=None, at=at, because=because)
    counting.recount_track_record(lead)
    tell_owner(lead, "lead_told_expired", about="expired")
    tell_staff(lead, "lead_staff_expired", about="expired", to=staff)
    return True
