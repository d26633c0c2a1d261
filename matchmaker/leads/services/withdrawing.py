"""Taking a consent back: sealed at once, undone within some minutes, then ended for good (B.1)."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.rules.states import Step, state_after
from matchmaker.leads.services.answering import withdraw
from matchmaker.leads.services.stepping import Actor
from matchmaker.refusal import Reason, Refused


def start_withdrawal(lead: Lead, *, by: Actor) -> datetime:
    """Seal what the consent opens, from this instant on; answers until when that can be undone.

    The institution finds a sealed card at once; lead and clocks change only when it can no longer be undone. A
    second time nothing changes. Raises Refused("lead_consent_over") when it has ended already, or with the reason
    of the state table.
    """
    consent = _open_consent(lead)
    after = state_after(lead.state, Step.WITHDRAW)
    if isinstance(after, Reason):
        raise Refused(after.code, **after.facts)
    if consent.withdrawing_at is None:
        consent.withdrawing_at, consent.withdrawing_by_id = clock.now(), by.id
        db.session.flush()
        record("lead.start_withdrawal", lead, by=by, consent_id=consent.id)
    until = consent.can_be_undone_until
    assert until is not None
    return until


def undo_withdrawal(lead: Lead, *, by: Actor) -> None:
    """Restore the consent as it was. Raises Refused("lead_undo_too_late") when the minutes are over."""
    consent = lead.consent
    until = consent.can_be_undone_until if consent is not None else None
    if consent is None or until is None or clock.now() >= until:
        raise Refused("lead_undo_too_late")
    consent.withdrawing_at = consent.withdrawing_by_id = None
    db.session.flush()
    record("lead.undo_withdrawal", lead, by=by, consent_id=consent.id)


def finish_withdrawal(lead: Lead, *, at: datetime | None = None) -> bool:
    """End a consent whose withdrawal can no longer be undone, as of when it was sealed. Answers whether it did."""
    consent = lead.consent
    until = consent.can_be_undone_until if consent is not None else None
    if consent is None or until is None or (at or clock.now()) < until:
        return False
    by = db.session.get_one(Person, consent.withdrawing_by_id)
    consent.ended_at, consent.ended_because = consent.withdrawing_at, "withdrawn"
    withdraw(lead, by=by)
    return True


def _open_consent(lead: Lead) -> Consent:
    if lead.consent is None or lead.consent.ended_at is not None:
        raise Refused("lead_consent_over")
    return lead.consent
