"""Numbers lent for the calls of a lead: asked for while the consent stands, given back with it, counted as calls."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.conversations.queries import is_blocked
from matchmaker.db import db
from matchmaker.leads.models import Lead, RelayNumber
from matchmaker.leads.queries import finding, relaying
from matchmaker.leads.relay import PhoneRelay
from matchmaker.leads.rules.consents import in_force
from matchmaker.leads.services import working
from matchmaker.refusal import Refused


def may_have_number(lead: Lead, now: datetime) -> bool:
    """Whether who carries the lead may call its owner at all: a consent in force, with hours, and no block."""
    consent = lead.consent
    return (
        lead.is_live
        and lead.manager_id is not None
        and consent is not None
        and in_force(consent.ends_at, consent.stopped_at, now)
        and bool(consent.hours)
        and not is_blocked(lead.business_id, lead.institution_id)
    )


def lend(lead: Lead, relay: PhoneRelay, now: datetime) -> RelayNumber | None:
    """Ask for a number for who carries a locked lead; None where they have one already or may not call."""
    if not may_have_number(lead, now) or relaying.number_of(lead) is not None:
        return None
    assert lead.consent is not None and lead.manager is not None
    phone = lead.consent.given_by.phone
    if not phone:
        return None
    key = f"{lead.id}:{lead.consent.id}:{lead.manager_id}:{relaying.count_numbers(lead.id)}"
    lent = relay.request(key, caller=lead.manager.phone, phone=phone)
    row = RelayNumber(
        lead_id=lead.id, manager_id=lead.manager.id, number=lent.number, reference=lent.reference,
        simulated=lent.simulated, lent_at=now,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    record("relay.lend", row, by=None, lead_id=lead.id)
    return row


def give_back(row: RelayNumber, relay: PhoneRelay, now: datetime) -> bool:
    """Give a number back that its holder may not use any more; answers whether it was so."""
    lead = finding.lead_by_id(row.lead_id, lock=True)
    if row.released_at is not None or lead is None:
        return False
    if may_have_number(lead, now) and lead.manager_id == row.manager_id:
        return False
    relay.release(row.reference)
    row.released_at = now
    db.session.flush()
    record("relay.release", row, by=None, lead_id=row.lead_id)
    return True


def put_through(number: str, *, answered: bool, note: str = "") -> None:
    """A call that came in at a lent number, as the service reports it: on record and in the budget like any other.

    Raises Refused `lead_relay_unknown` for a number that is not lent, and a code of `rules.consents.call_refusal`
    where the budget of three calls in seven days, the hours or a block forbid it: the service does not connect it.
    """
    row = db.session.scalar(
        sa.select(RelayNumber).where(RelayNumber.number == number, RelayNumber.released_at.is_(None))
    )
    lead = finding.lead_by_id(row.lead_id, lock=True) if row is not None else None
    if row is None or lead is None:
        raise Refused("lead_relay_unknown")
    by = db.session.get_one(Person, row.manager_id)
    working.refuse_call(lead)
    if answered:
        working.contact(lead, channel="call", note=note, by=by)
    else:
        working.try_contact(lead, note=note, by=by)
