"""Reserves: named by the owner, taken back, given their turn when an institution was late, closed with the need."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.leads.models import Lead, Reserve
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.consents import consent_refusal, facts_of_hours
from matchmaker.leads.rules.covering import is_covered
from matchmaker.leads.rules.reserves import Over, Standing, is_too_late, reserve_refusal
from matchmaker.leads.rules.states import MOST_LIVE_LEADS
from matchmaker.leads.services import choosing
from matchmaker.leads.services.stepping import Actor
from matchmaker.leads.services.telling import tell_people
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from matchmaker.refusal import Refused


def name_reserve(
    need: Need, product: Product, *, fields: Sequence[str], hours: Sequence[str], ends_at: datetime, by: Person
) -> Reserve:
    """Name the institution that gets this need when another is late: its receipt, which opens nothing yet.

    Raises Refused with a code of `choosing.why_not_sent` (but for the three live leads: a place will be free when its
    turn comes), of `rules.reserves.reserve_refusal` or of `rules.consents.consent_refusal`.
    """
    need = finding.lock_need(need.id)
    waiting = finding.waiting_reserves(need.id)
    no = reserve_refusal(
        waiting=len(waiting),
        is_reserve=any(one.institution_id == product.institution_id for one in waiting),
        is_live=any(lead.institution_id == product.institution_id for lead in finding.live_leads_of_need(need.id)),
    )
    no = no or choosing.why_not_sent(need, product, by, most=MOST_LIVE_LEADS + 1)
    if no is not None:
        raise Refused(no.code, **no.facts)
    now = clock.now()
    no = consent_refusal(fields, hours, ends_at, now, clocks.longest_consent(now))
    if no is not None:
        raise Refused(no.code, "until", 422, **no.facts)
    reserve = Reserve(
        need_id=need.id,
        business_id=need.business_id,
        institution=product.institution,
        product=product,
        fields=list(fields),
        hours=facts_of_hours(hours),
        ends_at=ends_at,
        named_by=by,
        named_at=now,
    )
    db.session.add(reserve)
    db.session.flush()
    record("reserve.name", reserve, by=by, need_id=need.id, institution_id=reserve.institution_id)
    return reserve


def take_back(reserve: Reserve, *, by: Actor) -> None:
    """Take a reserve back before its turn. Raises Refused("lead_reserve_is_over") afterwards."""
    if reserve.standing != Standing.WAITING:
        raise Refused("lead_reserve_is_over")
    _close(reserve, Over.TAKEN_BACK, by=by)


def close_reserves(need_id: int, because: Over, *, institution_id: int | None = None, by: Actor | None = None) -> None:
    """Close what waits for this need (or of one institution): it will not get its turn."""
    for reserve in finding.waiting_reserves(need_id):
        if institution_id in (None, reserve.institution_id):
            _close(reserve, because, by=by)


def send_now(reserve: Reserve, *, by: Person, most: int = MOST_LIVE_LEADS) -> Lead:
    """The owner does not wait for its turn: the receipt begins now. Codes: `lead_reserve_is_over`, those of sending."""
    if reserve.standing != Standing.WAITING:
        raise Refused("lead_reserve_is_over")
    return _send(reserve, by=by, after=None, most=most)


def give_turn(late: Lead, *, most: int = MOST_LIVE_LEADS) -> Lead | None:
    """After a release: the first reserve that still can gets the need at once; those that cannot are closed with why.

    Runs in the transaction that releases the late lead, so that a killed worker leaves both or neither. Answers the
    new lead, or None where the owner has to choose. Not while accepted offers cover what is asked for, of loans for a
    loan, of guarantees for a guarantee.
    """
    waiting = finding.waiting_reserves(late.need_id)
    if not waiting:
        return None
    need = finding.lock_need(late.need_id)
    now = clock.now()
    for reserve in waiting:
        if is_covered(need.current.amount_yuan, finding.agreed_amounts(need, kind=reserve.product.kind)):
            continue
        if is_too_late(reserve.ends_at, now):
            _close(reserve, Over.TOO_LATE, by=None)
            continue
        no = choosing.why_not_sent(need, reserve.product, reserve.named_by, most=most)
        if no is not None and no.code == "lead_three_live":
            return None
        if no is not None:
            _close(reserve, Over.NOT_POSSIBLE, by=None, why=no.code)
            continue
        return _send(reserve, by=reserve.named_by, after=late, most=most)
    return None


def _send(reserve: Reserve, *, by: Person, after: Lead | None, most: int) -> Lead:
    """Write the consent from the receipt and send; the receipt is used up first, so that sending does not close it."""
    reserve.standing, reserve.closed_at = str(Standing.OVER), clock.now()
    reserve.closed_because = str(Over.CHOSEN)
    db.session.flush()
    lead = choosing.send_lead(
        reserve.need, reserve.product, fields=reserve.fields, hours=reserve.hours, ends_at=reserve.ends_at, by=by,
        most=most,
    )  # fmt: skip
    reserve.standing, reserve.closed_because, reserve.lead_id = str(Standing.SENT), None, lead.id
    reserve.after_lead_id = after.id if after is not None else None
    record("reserve.turn", reserve, by=None if after is not None else by, lead_id=lead.id)
    db.session.flush()
    return lead


def _close(reserve: Reserve, because: Over, *, by: Actor | None, why: str | None = None) -> None:
    reserve.standing, reserve.closed_at, reserve.closed_because = str(Standing.OVER), clock.now(), str(because)
    reserve.why_code = why
    db.session.flush()
    record("reserve.close", reserve, by=by, because=str(because))
    if because in (Over.NOT_POSSIBLE, Over.TOO_LATE):
        tell_people(
            finding.owners_of(reserve.business_id),
            "lead_told_reserve_cannot",
            key=f"reserve:{reserve.id}:cannot",
            link="/leads/",
            institution=reserve.institution.short_name,
            product=reserve.product.current_version.name if reserve.product.current_version else "",
        )
