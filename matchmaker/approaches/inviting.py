"""Invitations: the platform writes to an owner for an institution that may not know who that is; the switch."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.approaches import queries
from matchmaker.approaches.models import Approach, ApproachSwitch
from matchmaker.approaches.rules import invitation_refusal, why_silent
from matchmaker.approaches.services import can_take, fits, start_of_day
from matchmaker.audit.services import record
from matchmaker.businesses.models import Business
from matchmaker.conversations.queries import is_blocked
from matchmaker.db import db
from matchmaker.leads.queries import finding
from matchmaker.leads.services.stepping import Actor
from matchmaker.leads.services.telling import tell_people
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from matchmaker.refusal import Reason, Refused

INVITATIONS_A_DAY = 30


def invite(product: Product, need_id: int, *, by: Person, most_a_day: int = INVITATIONS_A_DAY) -> Approach:
    """Let the platform tell the owner of a need that this product fits and may be looked at: fixed words, no name of
    the owner to anybody. What keeps it from being delivered is not told to who sends it.

    Raises Refused with a code of `rules.invitation_refusal`.
    """
    need = finding.lock_need(need_id)
    now = clock.now()
    no = why_not_invited(need, product, most_a_day=most_a_day)
    if no is not None:
        raise Refused(no.code, **no.facts)
    silent = why_silent(
        switched_off=is_off(need),
        blocked=is_blocked(need.business_id, product.institution_id),
        was_tried=queries.was_tried(need.id, product.institution_id),
        invited_lately=bool(queries.invited_lately(need.id, product.institution_id, now)),
    )
    approach = Approach(
        need_id=need.id,
        business_id=need.business_id,
        institution_id=product.institution_id,
        product_id=product.id,
        sent_by_id=by.id,
        sent_at=now,
        silent_because=str(silent) if silent is not None else None,
    )
    db.session.add(approach)
    db.session.flush()
    record("approach.send", approach, by=by, product_id=product.id)
    if silent is None:
        version = product.current_version
        tell_people(
            queries.askers_of(need.business_id),
            "approach_told_invited",
            key=f"approach:{approach.id}",
            link="/invited",
            institution=product.institution.short_name,
            product=version.name if version is not None else "",
        )
    return approach


def why_not_invited(need: Need, product: Product, *, most_a_day: int = INVITATIONS_A_DAY) -> Reason | None:
    """Why no invitation to this product can be sent for a need now, or None (codes of `rules.invitation_refusal`)."""
    now = clock.now()
    lately = queries.invited_lately(need.id, product.institution_id, now)
    return invitation_refusal(
        fits=need.is_live and fits(need, product),
        invited_with_it=any(one.product_id == product.id for one in lately),
        today=queries.count_invitations_since(product.institution_id, start_of_day(now)),
        most_a_day=most_a_day,
        has_room=can_take(need, product),
    )


def is_off(need: Need) -> bool:
    """Whether the owner wants no invitations for this need, or for any."""
    return (
        queries.switch_of(need.business_id, None) is not None
        or queries.switch_of(need.business_id, need.id) is not None
    )


def switch_off(business: Business, need: Need | None = None, *, by: Actor) -> None:
    """No invitation is delivered from now on, for one need or for all. A second time nothing changes."""
    if queries.switch_of(business.id, need.id if need is not None else None) is not None:
        return
    switch = ApproachSwitch(
        business_id=business.id, need_id=need.id if need is not None else None, off_at=clock.now(), off_by_id=by.id
    )
    db.session.add(switch)
    db.session.flush()
    record("approach.switch_off", switch, by=by)


def switch_on(business: Business, need: Need | None = None, *, by: Actor) -> None:
    """Invitations are delivered again; those kept away meanwhile are not."""
    switch = queries.switch_of(business.id, need.id if need is not None else None)
    if switch is None:
        return
    switch.on_again_at = clock.now()
    db.session.flush()
    record("approach.switch_on", switch, by=by)
