"""The owner answers: papers, withdrawal, giving up, a second look, a wrong reason, a call that never came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from matchmaker import clock
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.leads.models import Consent, Lead, LeadPaper, PaperRequest
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import SECOND_LOOK_AFTER_REPAIR_DAYS, Clock
from matchmaker.leads.rules.consents import Because, consent_refusal, facts_of_hours, hours_refusal, slot_on
from matchmaker.leads.rules.offering import owner_code_refusal
from matchmaker.leads.rules.reasons import OWNER_CODES
from matchmaker.leads.rules.repairs import unproven
from matchmaker.leads.rules.reserves import ends_again
from matchmaker.leads.rules.silence import SILENT_DAYS, said_today, silent_from
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State, Step, state_after
from matchmaker.leads.services import counting, giving
from matchmaker.leads.services.stepping import Actor, end_consent, open_clock, start_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.needs.services import work_has_begun
from matchmaker.refusal import Reason, Refused

SECOND_LOOK_WITHIN_DAYS = 30
SECOND_LOOK_AFTER_REPAIR_WITHIN_DAYS = 90
"""A repair takes its days: twenty working days at the court are four weeks (our numbers)."""


def add_paper(
    lead: Lead, *, item_number: int, document: Document, kind: str | None = None, by: Actor
) -> LeadPaper:
    """Lay one paper beside its item of the list; nobody but the owner sees it before `send_papers`.

    A second one replaces the first. Raises Refused("lead_paper_not_asked") for an item that is not on the list,
    ("lead_paper_given") for a paper that the institution has already, or that lies beside another item.
    """
    request = _open_request(lead)
    if item_number not in {item["number"] for item in request.items}:
        raise Refused("lead_paper_not_asked", "item_number", 422)
    for before in [paper for paper in request.papers if paper.item_number == item_number]:
        request.papers.remove(before)
        db.session.delete(before)
    db.session.flush()
    paper = finding.grant_of(lead.id, document.id)
    if paper is not None and not paper.is_taken_back:
        raise Refused("lead_paper_given", "file", 422)
    if paper is None:
        paper = LeadPaper(lead_id=lead.id, document=document, kind=kind, added_by_id=by.id, added_at=clock.now())
    else:  # taken back before: it lies ready again, and goes with the list
        paper.sent_at = paper.taken_back_at = paper.taken_back_by_id = None
        paper.status, paper.status_at, paper.status_by_id = "received", None, None
        paper.status_code = paper.status_note = None
    paper.item_number = item_number
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
    _refuse_unscanned(paper.document for paper in request.papers)
    now = clock.now()
    take(lead, Step.SEND_PAPERS, by=by, at=now, note=note, count=len(request.papers))
    request.answered_at = now
    for paper in request.papers:
        paper.sent_at = now
    db.session.flush()
    decision = open_clock(lead, Clock.DECISION)
    tell_staff(lead, "lead_staff_papers_sent", about="papers:sent", due_at=decision.due_at if decision else now)


def _refuse_unscanned(documents: Iterable[Document]) -> None:
    """What no scanner has seen yet goes to nobody, and what was destroyed cannot."""
    documents = list(documents)
    if any(document.deleted_at is not None for document in documents):
        raise Refused("paper_gone", "proof", 422)
    if not all(document.is_clean for document in documents):
        raise Refused("lead_papers_not_scanned")


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


def why_no_second_look(
    lead: Lead, *, repaired: bool, most: int = MOST_LIVE_LEADS
) -> Reason | None:
    """Why somebody else of the institution cannot be asked to look at this lead now, or None; asked by page and deed.

    After a decline within 30 days, or 90 with a repair; of a lead that is worked on after 15 working days of silence.
    Once per lead. Codes: `lead_second_look_used`, `lead_second_look_too_late`, `lead_not_silent_yet`,
    `lead_need_not_open`, `lead_same_institution`, `lead_three_live`, those of the state table.
    """
    now = clock.now()
    after = state_after(lead.state, Step.ASK_SECOND_LOOK)
    if isinstance(after, Reason):
        return after
    if lead.second_looks:
        return Reason("lead_second_look_used")
    if lead.is_live:
        silent_at = silent_from(lead.state, [(step.step, step.at) for step in lead.steps])
        if silent_at is None or now < silent_at:
            return Reason("lead_not_silent_yet", {"days": SILENT_DAYS, "from_at": silent_at or now})
    within = SECOND_LOOK_AFTER_REPAIR_WITHIN_DAYS if repaired else SECOND_LOOK_WITHIN_DAYS
    if lead.ended_at is not None and now > lead.ended_at + timedelta(days=within):
        return Reason("lead_second_look_too_late", {"within_days": within})
    if not lead.need.is_live:
        return Reason("lead_need_not_open")
    others = [other for other in finding.live_leads_of_need(lead.need_id) if other.id != lead.id]
    if any(other.institution_id == lead.institution_id for other in others):
        return Reason("lead_same_institution")
    if len(others) >= most:
        return Reason("lead_three_live", {"live": len(others), "most": most})
    return None


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

    It takes one of the three places of the need (that of the silent lead, or again one). Raises Refused with a code
    of `why_no_second_look`, of `rules.repairs.unproven` (five days are for who can prove it), or of consents.
    """
    need = finding.lock_need(lead.need_id)
    no = why_no_second_look(lead, repaired=repaired, most=most)
    if no is not None:
        raise Refused(no.code, **no.facts)
    no = unproven(lead.decline_codes or [], len(proofs)) if repaired else None
    if no is not None:
        raise Refused(no.code, "proof", 422, **no.facts)
    _refuse_unscanned(proofs)
    now = clock.now()
    no = consent_refusal(fields, hours, ends_at, now, clocks.longest_consent(now))
    if no is not None:
        raise Refused(no.code, "until", 422, **no.facts)
    was_silent, carried_by = lead.is_live, lead.manager_id
    replace_consent(lead, by=by, at=now, fields=fields, hours=hours, ends_at=ends_at, purpose="second_look")
    lead.second_looks += 1
    # somebody else decides: the lead goes back to the branch, who declined or was silent cannot take it
    lead.second_look_not_by_id = carried_by if was_silent or lead.declined_by_id is None else lead.declined_by_id
    lead.manager_id = carried_by if carried_by not in (None, lead.second_look_not_by_id) else None
    because = "silent" if was_silent else "declined"
    take(
        lead, Step.ASK_SECOND_LOOK, by=by, at=now, note=note, repaired=repaired, because=because, fields=list(fields),
        ends_at=ends_at,
    )  # fmt: skip
    clock_row = start_clock(lead, Clock.SECOND_LOOK, now, days=SECOND_LOOK_AFTER_REPAIR_DAYS if repaired else None)
    for document in proofs:
        giving.granted(lead, document, kind=None, by=by)
    work_has_begun(need)
    for person_id in {lead.manager_id, carried_by}:
        counting.recount_workload(person_id)
    counting.note_outcome(lead, decided_at=None, funded=None)
    tell_staff(lead, "lead_staff_second_look", about="second_look", due_at=clock_row.due_at)
    tell_owner(lead, "lead_told_second_look_taken", about="second_look", due_at=clock_row.due_at)
    return lead


def ask_at_once(lead: Lead, *, by: Actor, most: int = MOST_LIVE_LEADS) -> Lead:
    """The same with one tap, with nothing new: the fields and hours of the consent that was, its day or the longest."""
    consent = lead.consent
    assert consent is not None
    now = clock.now()
    return ask_second_look(
        lead,
        repaired=False,
        fields=consent.fields,
        hours=consent.hours,
        ends_at=ends_again(consent.ends_at, now, clocks.longest_consent(now)),
        by=by,
        most=most,
    )


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


def choose_hours(lead: Lead, *, on: date, slot: str, by: Actor) -> None:
    """The owner who was not reached says when to call: the institution has until the end of that day, with a new clock.

    An hour that the consent does not name yet makes a new receipt, which replaces the old one. Codes: those of
    `rules.consents.hours_refusal`.
    """
    consent = lead.consent
    assert consent is not None
    now = clock.now()
    no = hours_refusal(on, slot, now, consent.ends_at)
    if no is not None:
        raise Refused(no.code, "call_slot" if no.code == "lead_consent_hours_unknown" else "call_on", 422, **no.facts)
    start, end = slot_on(on, slot)
    take(lead, Step.CHOOSE_HOURS, by=by, at=now, call_from_at=start, call_until_at=end)
    lead.call_from_at, lead.call_until_at = start, end
    if slot not in consent.hours:
        replace_consent(lead, hours=facts_of_hours([*consent.hours, slot]), by=by, at=now)
    contact = start_clock(lead, Clock.CONTACT, now, due_at=max(end, clocks.end_of_day(on)))
    db.session.flush()
    tell_staff(lead, "lead_staff_hours_chosen", about=f"hours:{contact.id}", call_at=start, due_at=contact.due_at)


def replace_consent(
    lead: Lead,
    *,
    by: Actor,
    at: datetime,
    fields: Sequence[str] | None = None,
    hours: Sequence[str] | None = None,
    ends_at: datetime | None = None,
    purpose: str | None = None,
) -> Consent:
    """Write a new receipt for the same institution and need in place of the one that stands, which ends."""
    before = lead.consent
    assert before is not None
    if before.withdrawing_at is not None and before.ended_at is None:
        raise Refused("lead_withdrawing")  # being taken back: there is nothing to renew
    end_consent(before, str(Because.REPLACED), at)
    lead.consent = Consent(
        need_id=lead.need_id,
        business_id=lead.business_id,
        institution_id=lead.institution_id,
        purpose=purpose or before.purpose,
        fields=list(before.fields if fields is None else fields),
        hours=facts_of_hours(before.hours if hours is None else hours),
        given_by_id=by.id,
        given_at=at,
        ends_at=ends_at or before.ends_at,
    )
    db.session.flush()
    return lead.consent


def nobody_called(lead: Lead, *, by: Actor) -> None:
    """The owner says that nobody called: on record, and the desk is told beside the manager.

    Once a day, until the institution does something: said again it is on record already, and nothing is written.
    """
    if said_today([(step.step, step.at) for step in lead.steps], clock.now()) is not None:
        return
    step = take(lead, Step.NOBODY_CALLED, by=by)
    to = sorted({*finding.staff_of(lead), *finding.desk_of(lead.institution_id)})
    tell_staff(lead, "lead_staff_nobody_called", about=f"nobody:{step.number}", to=to)
