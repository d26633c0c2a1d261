"""The owner answers: papers, withdrawal, giving up, a second look, a wrong reason, a call that never came."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from matchmaker import clock
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.leads.models import Consent, Lead, LeadPaper, PaperRequest
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import SECOND_LOOK_AFTER_REPAIR_DAYS, Clock
from matchmaker.leads.rules.consents import consent_refusal, facts_of_hours
from matchmaker.leads.rules.offering import owner_code_refusal
from matchmaker.leads.rules.reasons import OWNER_CODES
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State, Step
from matchmaker.leads.services import counting
from matchmaker.leads.services.stepping import Actor, open_clock, start_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.needs.services import work_has_begun
from matchmaker.refusal import Refused

SECOND_LOOK_WITHIN_DAYS = 30


def add_paper(lead: Lead, *, item_number: int, document: Document, by: Actor) -> LeadPaper:
    """Lay one paper beside its item of the list; nobody but the owner sees it before `send_papers`.

    A second one replaces the first. Raises Refused("lead_paper_not_asked") for an item that is not on the list.
    """
    request = _open_request(lead)
    if item_number not in {item["number"] for item in request.items}:
        raise Refused("lead_paper_not_asked", "item_number", 422)
    for before in [paper for paper in request.papers if paper.item_number == item_number]:
        request.papers.remove(before)
        db.session.delete(before)
    db.session.flush()
    paper = LeadPaper(
        lead_id=lead.id, item_number=item_number, document=document, added_by_id=by.id, added_at=clock.now()
    )
    request.papers.append(paper)
    db.session.flush()
    return paper


def send_papers(lead: Lead, *, note: str = "", by: Actor) -> None:
    """Send everything on the list at once; the institution's clocks go on.

    Raises Refused("lead_papers_missing") while an item of the list has no paper.
    """
    request = _open_request(lead)
    have = {paper.item_number for paper in request.papers}
    for item in request.items:
        if item["number"] not in have:
            raise Refused("lead_papers_missing", None, 422, what=item["what"])
    now = clock.now()
    take(lead, Step.SEND_PAPERS, by=by, at=now, note=note, count=len(request.papers))
    request.answered_at = now
    for paper in request.papers:
        paper.sent_at = now
    db.session.flush()
    decision = open_clock(lead, Clock.DECISION)
    tell_staff(lead, "lead_staff_papers_sent", about="papers:sent", due_at=decision.due_at if decision else now)


def withdraw(lead: Lead, *, by: Actor) -> None:
    """Withdraw the consent: from now on the institution sees a sealed card. A signed contract goes on without it."""
    signed = lead.state == State.SIGNED
    staff = finding.staff_of(lead)
    take(lead, Step.WITHDRAW, by=by)
    tell_staff(lead, "lead_staff_withdrawn", about=f"withdrawn:{lead.consent_id}", to=staff)
    if not signed:
        counting.recount_track_record(lead)


def give_up(lead: Lead, *, code: str, note: str = "", by: Actor | None) -> None:
    """The owner does not want this lead any more, with a reason code; the consent ends, the place is free."""
    no = owner_code_refusal(code, list(OWNER_CODES))
    if no is not None:
        raise Refused(no.code, "code", 422)
    staff = finding.staff_of(lead)
    now = clock.now()
    if lead.state == State.OFFERED and lead.offer is not None and lead.offer.answer is None and by is not None:
        offer = lead.offer
        offer.answer, offer.answered_at, offer.answered_by_id, offer.answer_code = "declined", now, by.id, code
    take(lead, Step.GIVE_UP, by=by, at=now, code=code, note=note)
    counting.note_outcome(lead, decided_at=now, funded=False, code=code)
    counting.recount_track_record(lead)
    tell_staff(lead, "lead_staff_given_up", about="given_up", to=staff, reason=f"label:lead.code:{code}")


def ask_second_look(
    lead: Lead,
    *,
    repaired: bool,
    fields: Sequence[str],
    hours: Sequence[str],
    ends_at: datetime,
    note: str = "",
    proofs: Sequence[Document] = (),
    by: Actor,
    most: int = MOST_LIVE_LEADS,
) -> Lead:
    """Ask for a second look by somebody else: a new consent, 15 working days, or 5 when something was repaired.

    It takes one of the three places of the need again. Once per lead, within 30 days of the refusal. Codes:
    `lead_second_look_used`, `lead_second_look_too_late`, `lead_three_live`, `lead_same_institution`, those of consents.
    """
    need = finding.lock_need(lead.need_id)
    now = clock.now()
    if lead.second_looks:
        raise Refused("lead_second_look_used")
    if lead.ended_at is not None and now > lead.ended_at + timedelta(days=SECOND_LOOK_WITHIN_DAYS):
        raise Refused("lead_second_look_too_late", within_days=SECOND_LOOK_WITHIN_DAYS)
    if not need.is_live:
        raise Refused("lead_need_not_open")
    live = finding.live_leads_of_need(need.id)
    if any(other.institution_id == lead.institution_id for other in live):
        raise Refused("lead_same_institution")
    if len(live) >= most:
        raise Refused("lead_three_live", live=len(live), most=most)
    no = consent_refusal(fields, hours, ends_at, now, clocks.longest_consent(now))
    if no is not None:
        raise Refused(no.code, "until", 422, **no.facts)
    carried_by = lead.manager_id
    lead.consent = Consent(
        need_id=lead.need_id,
        business_id=lead.business_id,
        institution_id=lead.institution_id,
        purpose="second_look",
        fields=list(fields),
        hours=facts_of_hours(hours),
        given_by_id=by.id,
        given_at=now,
        ends_at=ends_at,
    )
    lead.second_looks += 1
    # somebody else decides: the lead goes back to the branch, the person who declined cannot take it
    lead.manager_id = carried_by if carried_by not in (None, lead.declined_by_id) else None
    take(lead, Step.ASK_SECOND_LOOK, by=by, at=now, note=note, repaired=repaired, fields=list(fields), ends_at=ends_at)
    clock_row = start_clock(lead, Clock.SECOND_LOOK, now, days=SECOND_LOOK_AFTER_REPAIR_DAYS if repaired else None)
    for document in proofs:
        db.session.add(LeadPaper(lead_id=lead.id, document=document, added_by_id=by.id, added_at=now, sent_at=now))
    work_has_begun(need)
    counting.recount_workload(lead.manager_id)
    counting.note_outcome(lead, decided_at=None, funded=None)
    tell_staff(lead, "lead_staff_second_look", about="second_look", due_at=clock_row.due_at)
    tell_owner(lead, "lead_told_second_look_taken", about="second_look", due_at=clock_row.due_at)
    return lead


def _open_request(lead: Lead) -> PaperRequest:
    if lead.state != State.PAPERS or lead.paper_request is None:
        raise Refused("lead_step_not_now", state=lead.state, step=str(Step.SEND_PAPERS))
    return lead.paper_request


def correct_reason(lead: Lead, *, words: str, by: Actor) -> None:
    """The owner says that a reason is wrong: it stands beside the refusal, and the institution is told."""
    if not words.strip():
        raise Refused("lead_note_needed", "words", 422)
    step = take(lead, Step.CORRECT_REASON, by=by, note=words.strip())
    tell_staff(lead, "lead_staff_reason_corrected", about=f"corrected:{step.number}")


def nobody_called(lead: Lead, *, by: Actor) -> None:
    """The owner says that nobody called: on record, and the desk is told beside the manager."""
    step = take(lead, Step.NOBODY_CALLED, by=by)
    to = sorted({*finding.staff_of(lead), *finding.desk_of(lead.institution_id)})
    tell_staff(lead, "lead_staff_nobody_called", about=f"nobody:{step.number}", to=to)
