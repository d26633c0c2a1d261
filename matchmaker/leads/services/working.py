"""The institution works on a lead: claims, hands over, contacts, visits, asks for papers, checks, submits, declines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.services.loads import hold_institution
from matchmaker.conversations.queries import is_blocked
from matchmaker.conversations.rules import Side
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.leads.announcements import LeadAccepted, LeadDeclined
from matchmaker.leads.models import Lead, LeadCheck, PaperRequest
from matchmaker.leads.queries import calling, finding, queueing
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.consents import call_refusal, calls_left, may_call
from matchmaker.leads.rules.reasons import decline_refusal, tried_enough
from matchmaker.leads.rules.seen import NOTHING_SEEN, Seen, seen_refusal
from matchmaker.leads.rules.states import LIVE, State, Step
from matchmaker.leads.rules.working import (
    CHANNELS,
    CHECKS_AT,
    CHECKS_BEFORE,
    MOST_PAPERS,
    PREMISES,
    check_refusal,
)
from matchmaker.leads.services import counting, talking
from matchmaker.leads.services.stepping import Actor, open_clock, start_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.refusal import Refused


def accept_lead(lead: Lead, *, by: Person) -> Lead:
    """Claim a waiting lead: `by` carries it from now on, and the clocks of contact and decision run.

    Of several at once one wins; the others are refused with `lead_already_claimed`. Further codes:
    `lead_is_late`, `lead_consent_ended`, `lead_has_ended`, `lead_manager_full`.
    """
    if lead.state != State.WAITING and lead.state in LIVE:
        raise Refused("lead_already_claimed")
    if lead.manager_id not in (None, by.id):
        raise Refused("lead_already_claimed")
    if lead.manager_id is None:
        refuse_overload(lead, by, "lead_manager_full")
    now = clock.now()
    lead.accepted_at = now
    lead.manager_id = by.id
    take(lead, Step.ACCEPT, by=by, at=now)
    contact = start_clock(lead, Clock.CONTACT, now)
    start_clock(lead, Clock.DECISION, now)
    counting.recount_workload(by.id)
    counting.recount_track_record(lead)
    tell_owner(lead, "lead_told_accepted", about="accepted", due_at=contact.due_at)
    announce(LeadAccepted(lead.id, by.id))
    return lead


def refuse_overload(lead: Lead, person: Person, code: str) -> None:
    """Nobody carries more than they can: Refused(code). The institution is held, so that two at once are counted."""
    hold_institution(lead.institution_id)
    room = queueing.capacity_of(person)
    if room.is_full:
        raise Refused(code, live=room.live, most=room.most)


def hand_over(lead: Lead, *, to: Person, by: Person, note: str = "") -> Lead:
    """Let a colleague carry the lead; record, clocks and consent stay as they are (article 12.2).

    Raises Refused("lead_colleague_full") when `to` carries all they can; "lead_hand_over_to_whom" when `to` does not
    work for the institution, or `by` neither carries the lead nor sits at the desk and would give it to somebody else;
    "lead_hand_over_same" when nothing would change; "lead_same_person_second_look" when the person who declined would
    get the second look.
    """
    if lead.institution_id not in to.institution_ids:
        raise Refused("lead_hand_over_to_whom", "to")
    if lead.manager_id == to.id:
        raise Refused("lead_hand_over_same", "to")
    if lead.state == State.SECOND_LOOK and to.id == lead.second_look_not_by_id:
        raise Refused("lead_same_person_second_look", "to")
    if lead.manager_id != by.id and to.id != by.id and lead.institution_id not in by.desk_institution_ids:
        raise Refused("lead_hand_over_to_whom", "to")  # what nobody carries one may take, not give away
    refuse_overload(lead, to, "lead_colleague_full")
    before = lead.manager_id
    lead.manager_id = to.id
    step = take(lead, Step.HAND_OVER, by=by, note=note, from_person_id=before, to_person_id=to.id)
    counting.recount_workload(before)
    counting.recount_workload(to.id)
    if to.id != by.id:
        tell_staff(lead, "lead_staff_handed_over", about=f"handed:{step.number}", to=[to.id])
    if lead.state != State.WAITING:
        tell_owner(lead, "lead_told_new_manager", about=f"handed:{step.number}", manager=to.name)
    return lead


def let_go(lead: Lead, *, by: Actor | None, because: str = "left") -> None:
    """Put a lead back to the branch because its carrier left: nothing of it is lost, the desk is told."""
    before = lead.manager_id
    lead.manager_id = None
    step = take(lead, Step.HAND_OVER, by=by, from_person_id=before, to_person_id=None, because=because)
    counting.recount_workload(before)
    tell_staff(lead, "lead_staff_handed_over", about=f"handed:{step.number}")


def try_contact(lead: Lead, *, channel: str = "call", note: str = "", by: Actor) -> None:
    """Log a try to reach the owner that failed.

    Three at two different hours end the clock of contact as kept: the owner chooses hours, once. When that has been
    used, they allow the reason X02. A call beyond the budget is refused and counts for nothing: codes of
    `rules.consents.call_refusal`, `lead_calls_not_allowed`; `lead_call_blocked` where the owner wants no calls.
    """
    _channel_allowed(lead, channel)
    now = clock.now()
    if channel == "call":
        refuse_call(lead)
    take(lead, Step.TRY_CONTACT, by=by, at=now, note=note, channel=channel)
    tries = counted_tries(lead)
    if lead.state != State.ACCEPTED or lead.call_from_at is not None or not tried_enough(tries):
        return
    take(lead, Step.TRIED_ENOUGH, by=by, at=now, tries=len(tries))
    call_back = start_clock(lead, Clock.CALL_BACK, now)
    db.session.flush()
    tell_owner(lead, "lead_told_unreached", about="unreached", count=len(tries), due_at=call_back.due_at)


def refuse_call(lead: Lead) -> None:
    """Raise Refused where a call now is against a block, the hours or the budget (docs/decisions/0061)."""
    if is_blocked(lead.business_id, lead.institution_id):
        raise Refused("lead_call_blocked", "channel", 422)
    now = clock.now()
    no = call_refusal(lead.consent.hours, calling.calls_to(lead, now), now) if lead.consent is not None else None
    if no is not None:
        raise Refused(no.code, "channel", 422, **no.facts)


def contact(
    lead: Lead,
    *,
    channel: str,
    note: str = "",
    message: str = "",
    visit_agreed: bool = False,
    visit_at: datetime | None = None,
    by: Person,
    template: str | None = None,
    paper_ids: Sequence[int] = (),
    field: str = "message",
) -> None:
    """Record that the owner was reached; with a visit agreed, its clock runs from the first contact.

    `message` goes into the thread when the channel is "message". A call that was answered is on record even where it
    came outside the ticked hours or beyond the budget, and the owner reads so. Codes: `lead_calls_not_allowed`,
    `lead_message_empty`, `lead_visit_in_past`, `lead_visit_too_late`, those of banned promises.
    """
    _channel_allowed(lead, channel)
    if channel == "message" and not message.strip():
        raise Refused("lead_message_empty", field, 422)
    refuse_promises(**{field: message})
    now = clock.now()
    first_at = lead.contacted_at or now
    if visit_agreed:
        _visit_possible(visit_at, first_at, now)
    facts = _call_facts(lead, channel) | ({"message": message.strip()} if channel == "message" else {})
    step = take(
        lead,
        Step.CONTACT,
        by=by,
        at=now,
        note=note,
        channel=channel,
        visit_agreed=visit_agreed,
        visit_at=visit_at,
        **facts,
    )
    lead.contacted_at = first_at
    if visit_agreed:
        _agree(lead, visit_at, first_at)
    if channel == "message":
        talking.write(
            lead, message, side=Side.INSTITUTION, by=by, template=template, paper_ids=paper_ids, field=field, told=False
        )
        tell_owner(lead, "lead_told_message", about=f"message:{step.number}", manager=by.name, words=message.strip(),
                   link=f"/leads/{lead.id}/talk")  # fmt: skip
    elif step.from_state == State.ACCEPTED:
        tell_owner(lead, "lead_told_contacted", about="contacted", manager=by.name)
    if visit_agreed and visit_at is not None:
        tell_owner(lead, "lead_told_visit", about=f"visit:{step.number}", manager=by.name, visit_at=visit_at)


def counts_as_contact(lead: Lead, person: Person) -> bool:
    """Whether a message that this person writes now is the contact for which the clock runs."""
    return lead.state == State.ACCEPTED and lead.manager_id == person.id


def write(lead: Lead, text: str, *, by: Person, template: str | None = None, paper_ids: Sequence[int] = ()) -> None:
    """The institution writes in the thread; the first message of who carries the lead is the contact, on record.

    Raises Refused at `post_text` or `papers`: codes of `talking.write`.
    """
    if counts_as_contact(lead, by):
        contact(lead, channel="message", message=text, by=by, template=template, paper_ids=paper_ids, field="post_text")
    else:
        talking.write(lead, text, side=Side.INSTITUTION, by=by, template=template, paper_ids=paper_ids)


def agree_visit(lead: Lead, *, visit_at: datetime | None, note: str = "", by: Person) -> None:
    """Agree on a visit after the contact, or move it: at the latest seven calendar days from the first contact."""
    refuse_promises(note=note)
    now = clock.now()
    first_at = lead.contacted_at or now
    _visit_possible(visit_at, first_at, now)
    step = take(lead, Step.AGREE_VISIT, by=by, at=now, note=note, visit_at=visit_at)
    _agree(lead, visit_at, first_at)
    if visit_at is not None:
        tell_owner(lead, "lead_told_visit", about=f"visit:{step.number}", manager=by.name, visit_at=visit_at)


def visit(lead: Lead, *, visited_at: datetime, place: str, premises: str, note: str, by: Actor) -> None:
    """Record a visit: when, where, whether the business was seen to run, and what was found (10.2, 16.1).

    Raises Refused("lead_visit_in_future") and "lead_note_needed".
    """
    now = clock.now()
    if visited_at > now:
        raise Refused("lead_visit_in_future", "visited_at", 422)
    if premises not in PREMISES or not note.strip():
        raise Refused("lead_note_needed", "note", 422)
    take(lead, Step.VISIT, by=by, at=now, note=note.strip(), visited_at=visited_at, place=place, premises=premises)


def ask_papers(lead: Lead, *, items: Sequence[Mapping[str, str]], note: str = "", by: Actor) -> PaperRequest:
    """Ask for what is missing, in one list, once: the clocks of decision and visit stand still, the owner's runs.

    `items` are mappings with "what" and "why". Codes: `lead_pause_used`, `lead_papers_empty`, `lead_papers_too_many`.
    """
    if lead.pause_used_at is not None or lead.paper_request is not None:
        raise Refused("lead_pause_used")
    wanted = [
        {"number": number, "what": item["what"].strip(), "why": item.get("why", "").strip()}
        for number, item in enumerate((item for item in items if item.get("what", "").strip()), start=1)
    ]
    if not wanted:
        raise Refused("lead_papers_empty", "what", 422)
    if len(wanted) > MOST_PAPERS:
        raise Refused("lead_papers_too_many", "what", 422, most=MOST_PAPERS)
    texts = {f"{part}_{item['number']}": str(item[part]) for item in wanted for part in ("what", "why")}
    refuse_promises(note=note, **texts)
    now = clock.now()
    take(lead, Step.ASK_PAPERS, by=by, at=now, note=note, count=len(wanted))
    owners = start_clock(lead, Clock.PAPERS, now)
    lead.pause_used_at = now
    request = PaperRequest(lead_id=lead.id, items=wanted, asked_by_id=by.id, asked_at=now, due_at=owners.due_at)
    lead.paper_requests.append(request)
    db.session.flush()
    tell_owner(lead, "lead_told_papers", about="papers", count=len(wanted), due_at=owners.due_at)
    return request


def start_review(lead: Lead, *, note: str = "", by: Actor) -> None:
    """Hand the case to whoever decides."""
    take(lead, Step.START_REVIEW, by=by, note=note)


def record_checks(lead: Lead, *, phase: str, results: Mapping[str, tuple[str, str]], by: Actor) -> list[LeadCheck]:
    """Record what was looked into before or at lending: item -> (result, evidence), each with who and when (16.4).

    Codes: `lead_checks_empty`, `lead_check_unknown`, `lead_check_doubt_needs_words`.
    """
    no = check_refusal(phase, results)
    if no is not None:
        raise Refused(no.code, no.facts.get("item"), 422, **no.facts)
    now = clock.now()
    take(lead, Step.RECORD_CHECKS, by=by, at=now, phase=phase, items=sorted(results))
    known = CHECKS_BEFORE if phase == "before" else CHECKS_AT
    rows = [
        LeadCheck(
            lead_id=lead.id, phase=phase, item=item, result=results[item][0], evidence=results[item][1].strip(),
            by_id=by.id, at=now,
        )
        for item in known
        if item in results
    ]  # fmt: skip
    lead.checks.extend(rows)
    db.session.flush()
    return rows


def decline(lead: Lead, *, codes: Sequence[str], seen: Seen = NOTHING_SEEN, note: str = "", by: Actor) -> None:
    """Decline with one to three reason codes; the owner reads what they mean and who repairs them, never the note.

    `seen` are the figures that the reasons rest on, or why none is named; the owner reads them too.
    Codes: those of `rules.reasons.decline_refusal` and `rules.seen.seen_refusal`; `lead_same_person_second_look`
    when the person who declined would decide the second look too.
    """
    chosen = list(codes)
    no = decline_refusal(chosen, counted_tries(lead))
    if no is not None:
        raise Refused(no.code, "codes", 422, **no.facts)
    wrong = seen_refusal(chosen, seen, finding.asked_version(lead).amount_yuan)
    if wrong is not None:
        raise Refused(wrong[1].code, wrong[0], 422, **wrong[1].facts)
    refuse_same_person(lead, by)
    now = clock.now()
    before = lead.state
    lead.decline_codes = chosen
    lead.declined_by_id = by.id
    take(
        lead,
        Step.DECLINE,
        by=by,
        at=now,
        code=chosen[0],
        note=note,
        codes=chosen,
        from_second_look=before == State.SECOND_LOOK,
        **seen.as_json(),
    )
    counting.note_outcome(lead, decided_at=now, funded=False, code=chosen[0])
    counting.recount_track_record(lead)
    tell_owner(
        lead,
        "lead_told_declined",
        about=f"declined:{lead.second_looks}",
        reasons=[f"label:lead.code:{code}" for code in chosen],
    )
    announce(LeadDeclined(lead.id, lead.need_id, tuple(chosen)))


def refuse_same_person(lead: Lead, by: Actor) -> None:
    """A second look is decided by somebody else (page 07)."""
    if lead.state == State.SECOND_LOOK and lead.second_look_not_by_id == by.id:
        raise Refused("lead_same_person_second_look")


def counted_tries(lead: Lead) -> list[datetime]:
    """The logged tries to reach the owner at hours they agreed to, since they last chose hours, oldest first."""
    found: list[datetime] = []
    for step in lead.steps:
        if step.step == Step.CHOOSE_HOURS:
            found = []
        elif step.step == Step.TRY_CONTACT and not step.facts.get("outside_hours"):
            found.append(step.at)
    return found


def _channel_allowed(lead: Lead, channel: str) -> None:
    if channel not in CHANNELS:
        raise Refused("lead_calls_not_allowed", "channel", 422)
    if channel == "call" and lead.consent is not None and not lead.consent.hours:
        raise Refused("lead_calls_not_allowed", "channel", 422)


def _call_facts(lead: Lead, channel: str) -> dict[str, Any]:
    """What the owner is shown about an answered call that was not as agreed."""
    if channel != "call" or lead.consent is None:
        return {}
    now = clock.now()
    facts: dict[str, Any] = {}
    if not may_call(lead.consent.hours, now):
        facts["outside_hours"] = True
    if not calls_left(calling.calls_to(lead, now), now)[0]:
        facts["over_limit"] = True
    if is_blocked(lead.business_id, lead.institution_id):
        facts["while_blocked"] = True
    return facts


def _visit_possible(visit_at: datetime | None, contacted_at: datetime, now: datetime) -> None:
    latest = clocks.due_after(Clock.VISIT, contacted_at)
    if visit_at is not None and visit_at < now:
        raise Refused("lead_visit_in_past", "visit_at", 422)
    if now >= latest or (visit_at is not None and visit_at > latest):
        raise Refused("lead_visit_too_late", "visit_at", 422, due_at=latest)


def _agree(lead: Lead, visit_at: datetime | None, contacted_at: datetime) -> None:
    lead.visit_agreed = True
    lead.visit_at = visit_at
    if open_clock(lead, Clock.VISIT) is None:
        start_clock(lead, Clock.VISIT, contacted_at)
    db.session.flush()


def find_colleague(institution_id: int, person_id: int) -> Person | None:
    """A person who may carry a lead of the institution."""
    return next((person for person in finding.carriers_of(institution_id) if person.id == person_id), None)
