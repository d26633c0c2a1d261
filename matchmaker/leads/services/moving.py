"""Sending a need on to another institution in one step: the one that has it loses it in the same transaction."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.reserves import ends_again
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State, Step
from matchmaker.leads.services import answering, choosing
from matchmaker.products.models import Product
from matchmaker.refusal import Reason, Refused


def why_not_elsewhere(lead: Lead, product: Product, person: Person, *, most: int = MOST_LIVE_LEADS) -> Reason | None:
    """Why this lead's need cannot go on to that product in one step, or None.

    Codes: `lead_signed_stays` (a contract is signed: nothing is taken away by a step here), `lead_step_not_now` (a
    draft, or money has come), those of `why_not_sent`, counted as if this lead had already ended.
    """
    if lead.state == State.SIGNED:
        return Reason("lead_signed_stays")
    if lead.state in (State.DRAFT, State.PAID_OUT):
        return Reason("lead_step_not_now", {"state": lead.state, "step": str(Step.SEND)})
    return choosing.why_not_sent(lead.need, product, person, most=most, leaving=lead.id)


def again_until(lead: Lead) -> datetime:
    """Until when the same institution-by-institution consent would run when it is given once more."""
    now = clock.now()
    longest = clocks.longest_consent(now)
    return ends_again(lead.consent.ends_at, now, longest) if lead.consent is not None else longest


def send_elsewhere(lead: Lead, product: Product, *, by: Person, most: int = MOST_LIVE_LEADS) -> Lead:
    """In one step: take the lead back, where an institution still has it, and send the need to another one.

    The new institution gets a receipt of its own with the same fields and hours. The same product again sends the need
    as it stands now. Raises Refused with a code of `why_not_elsewhere` or `send_lead`; then nothing has changed.
    """
    need = finding.lock_need(lead.need_id)
    no = why_not_elsewhere(lead, product, by, most=most)
    if no is not None:
        raise Refused(no.code, **no.facts)
    consent = lead.consent
    assert consent is not None
    ends_at = again_until(lead)
    if lead.is_live:
        if consent.withdrawing_at is not None:  # its owner had begun to take it back: this ends the minutes of undoing
            consent.ended_at, consent.ended_because = consent.withdrawing_at, "withdrawn"
        answering.withdraw(lead, by=by)
    return choosing.send_lead(
        need, product, fields=consent.fields, hours=consent.hours, ends_at=ends_at, by=by, most=most
    )
