"""The owner repairs what a decline named: done, with papers that prove it, and asks the same institution again."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.leads.models import Lead, Repair, RepairProof
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.rules.repairs import repair_refusal
from matchmaker.leads.rules.reserves import ends_again
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State
from matchmaker.leads.services import answering
from matchmaker.leads.services.stepping import Actor
from matchmaker.refusal import Refused


def repairs_of(lead: Lead) -> dict[str, Repair]:
    """What was repaired of the reasons that stand now, by code."""
    rows = db.session.scalars(
        sa.select(Repair).where(Repair.lead_id == lead.id, Repair.look == lead.second_looks).order_by(Repair.id)
    )
    return {row.code: row for row in rows}


def proofs_of(lead: Lead) -> list[Document]:
    """The papers laid beside the repairs of the reasons that stand now."""
    return [proof.document for repair in repairs_of(lead).values() for proof in repair.proofs]


def mark_done(lead: Lead, *, code: str, proof: Document | None, by: Actor) -> Repair:
    """Mark a reason of the decline as repaired; a further paper is laid beside the first. Nobody is told yet.

    Raises Refused with a code of `rules.repairs.repair_refusal`, or "lead_step_not_now" unless the lead is declined.
    """
    if lead.state != State.DECLINED:
        raise Refused("lead_step_not_now", state=lead.state, step="repair")
    found = repairs_of(lead).get(code)
    proofs = (len(found.proofs) if found is not None else 0) + (proof is not None)
    no = repair_refusal(code, lead.decline_codes or [], proofs)
    if no is not None:
        raise Refused(no.code, "proof", 422, **no.facts)
    if found is None:
        found = Repair(lead_id=lead.id, code=code, look=lead.second_looks, done_at=clock.now(), done_by_id=by.id)
        db.session.add(found)
        db.session.flush()
    if proof is not None:
        found.proofs.append(RepairProof(document=proof, added_at=clock.now()))
    db.session.flush()
    record("lead.repair", lead, by=by, reason_code=code)
    return found


def look_again_fields(lead: Lead) -> list[str]:
    """What a second look after a repair would open: as before, and the papers that prove the repair."""
    before = list(lead.consent.fields) if lead.consent is not None else []
    return before if Field.DOCUMENTS in before else [*before, str(Field.DOCUMENTS)]


def look_again_until(lead: Lead) -> datetime:
    """Until when: as before, or the longest where that day is near."""
    now = clock.now()
    longest = clocks.longest_consent(now)
    return ends_again(lead.consent.ends_at, now, longest) if lead.consent is not None else longest


def look_again(lead: Lead, *, by: Actor, most: int = MOST_LIVE_LEADS) -> Lead:
    """Ask the same institution to look again, with the proofs: by somebody else, within 5 working days.

    Raises Refused("lead_nothing_repaired") before anything is marked as done, else as `answering.ask_second_look`.
    """
    repairs = repairs_of(lead)
    if not repairs or lead.consent is None:
        raise Refused("lead_nothing_repaired")
    return answering.ask_second_look(
        lead,
        repaired=True,
        fields=look_again_fields(lead),
        hours=lead.consent.hours,
        ends_at=look_again_until(lead),
        proofs=proofs_of(lead),
        by=by,
        most=most,
    )
