"""The owner chooses: keeps a choice, sends it with a consent, throws it away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Branch, Person
from matchmaker.accounts.services.loads import hold_institution
from matchmaker.businesses.mandates import why_beyond_mandate
from matchmaker.businesses.models import Business
from matchmaker.conversations.queries import is_blocked
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.leads.announcements import LeadSent
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.branches import BranchFacts, branch_for
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.consents import consent_refusal, facts_of_hours
from matchmaker.leads.rules.states import MOST_LIVE_LEADS, State, Step
from matchmaker.leads.services import counting
from matchmaker.leads.services.stepping import Actor, start_clock, take
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.needs.models import Need
from matchmaker.needs.services import work_has_begun
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.capacity import Load, why_full
from matchmaker.products.rules.freshness import is_fresh
from matchmaker.reference import regions
from matchmaker.refusal import Reason, Refused


def why_not_sent(
    need: Need, product: Product, person: Person, *, most: int = MOST_LIVE_LEADS, leaving: int | None = None
) -> Reason | None:
    """Why this person cannot send this need for this product now, or None; asked by the page and again on sending.

    `leaving` is a lead that will have ended by then.

    Codes: `lead_need_not_open`, `lead_product_not_published`, `lead_institution_not_admitted`,
    `lead_institution_blocked`, `lead_member_not_checked`, `lead_same_institution`, `lead_three_live`,
    `lead_not_matched`, `lead_contact_missing`, `lead_outside_service_area`, those of `why_full_now`; for a helper
    those of `mandates.why_beyond_mandate`.
    """
    if not need.is_live:
        return Reason("lead_need_not_open")
    if not is_offered(product, clock.today()):
        return Reason("lead_product_not_published")
    if product.institution.status != "admitted":
        return Reason("lead_institution_not_admitted")
    if is_blocked(need.business_id, product.institution_id):
        return Reason("lead_institution_blocked")
    member = finding.member_of(need.business_id, person.id)
    if member is None or member.standing not in finding.MAY_ACT:
        beyond = why_beyond_mandate(need.business_id, person.id, need.current.amount_yuan)
        if beyond is not None and beyond.code != "mandate_none":
            return beyond
        if beyond is not None:
            return Reason("lead_member_not_checked", {"standing": member.standing if member is not None else "none"})
    live = [lead for lead in finding.live_leads_of_need(need.id) if lead.id != leaving]
    if any(lead.institution_id == product.institution_id for lead in live):
        return Reason("lead_same_institution")
    if len(live) >= most:
        return Reason("lead_three_live", {"live": len(live), "most": most})
    if finding.place_on_newest_list(need, product.id) is None:
        return Reason("lead_not_matched")
    if not person.phone:
        return Reason("lead_contact_missing")
    branch_id = branch_of(need.business, product, need.current.amount_yuan)
    if isinstance(branch_id, Reason) and branch_id.code != "lead_full_branch":
        return branch_id
    return why_full_now(product, need.current.amount_yuan, branch_full=isinstance(branch_id, Reason))


def why_full_now(product: Product, amount_yuan: Decimal, *, branch_full: bool) -> Reason | None:
    """Why nothing new can be sent for this product now, with the day on which it can again, or None.

    Codes: `lead_full_until`, `lead_full_week`, `lead_full_funds`, `lead_full_branch`.
    """
    said, terms = finding.intake_of(product.id), product.current_version
    if terms is not None:
        amount_yuan = min(amount_yuan, terms.amount_max_yuan or amount_yuan)
        amount_yuan = max(amount_yuan, terms.amount_min_yuan or amount_yuan)
    loads = [Load(0, 0, 0)] if branch_full else []
    full = why_full(said, loads, clock.today(), amount_yuan)
    return None if full is None else Reason(f"lead_{full.code}", {"again_on": full.again_on})


def is_offered(product: Product, on: date) -> bool:
    """Whether a product can be had `on`: published, within its dates, its listing believed."""
    version = product.current_version
    return (
        version is not None
        and product.state == "published"
        and (version.valid_until_on is None or version.valid_until_on >= on)
        and (version.valid_from_on is None or version.valid_from_on <= on)
        and is_fresh(product.confirmed_until_on, product.doubted_at, on)
    )


def branch_of(business: Business, product: Product, amount_yuan: Any) -> int | Reason | None:
    """The branch a lead of this business would go to, by service area and decision limit."""
    latitude, longitude = business.latitude, business.longitude
    if latitude is None or longitude is None:
        latitude, longitude = regions.point(business.region_code) or (None, None)
    full = finding.full_branches(product.institution_id)
    return branch_for(
        [_branch_facts(branch, branch.id in full) for branch in finding.branches_of(product.institution_id)],
        region_code=regions.standing(business.region_code),
        latitude=latitude,
        longitude=longitude,
        amount_yuan=amount_yuan,
        preferred_id=product.branch_id,
    )


def save_choice(
    need: Need,
    product: Product,
    *,
    fields: Sequence[str],
    hours: Sequence[str],
    until: str,
    papers: Sequence[int] = (),
    by: Actor,
) -> Lead:
    """Keep a choice without sending it: a draft that no institution sees; one per need and institution.

    Raises Refused when the need is over or the product is not offered any more.
    """
    if not need.is_live:
        raise Refused("lead_need_not_open")
    if product.current_version is None or product.state != "published":
        raise Refused("lead_product_not_published")
    lead = _draft(need, product, by)
    lead.draft = {"fields": list(fields), "hours": facts_of_hours(hours), "until": until, "papers": list(papers)}
    take(lead, Step.SAVE, by=by)
    return lead


def send_lead(
    need: Need,
    product: Product,
    *,
    fields: Sequence[str],
    hours: Sequence[str],
    ends_at: datetime,
    by: Person,
    most: int = MOST_LIVE_LEADS,
) -> Lead:
    """Give the product's institution one consent and one lead: the need as it stands now, for these fields only.

    The need is locked first, so that however many are sent at once, at most `most` are live. The branch follows
    from service area and decision limit. Raises Refused with a code of `why_not_sent`, of
    `rules.consents.consent_refusal`.
    """
    need = finding.lock_need(need.id)
    hold_institution(product.institution_id)  # of two who send for the last place one is told that it is taken
    no = why_not_sent(need, product, by, most=most)
    if no is not None:
        raise Refused(no.code, **no.facts)
    now = clock.now()
    no = consent_refusal(fields, hours, ends_at, now, clocks.longest_consent(now))
    if no is not None:
        raise Refused(no.code, _field_of(no.code), 422, **no.facts)
    asked = need.current
    branch_id = branch_of(need.business, product, asked.amount_yuan)
    assert not isinstance(branch_id, Reason)
    place = finding.place_on_newest_list(need, product.id)

    lead = _draft(need, product, by)
    lead.consent = Consent(
        need_id=need.id,
        business_id=need.business_id,
        institution_id=product.institution_id,
        purpose="decide_on_need",
        fields=list(fields),
        hours=facts_of_hours(hours),
        given_by_id=by.id,
        given_at=now,
        ends_at=ends_at,
    )
    lead.branch = db.session.get_one(Branch, branch_id) if branch_id is not None else None
    lead.draft = None
    lead.sent_at = now
    lead.shown_list_id, lead.shown_place = place if place is not None else (None, None)
    accept = start_clock(lead, Clock.ACCEPT, now)
    take(lead, Step.SEND, by=by, at=now, fields=list(fields), ends_at=ends_at, place=lead.shown_place)
    work_has_begun(need)
    counting.open_outcome(lead)
    counting.recount_track_record(lead)
    tell_owner(
        lead,
        "lead_told_sent",
        about="sent",
        fields=[f"label:lead.field:{field}" for field in fields],
        ends_at=ends_at,
    )
    tell_staff(lead, "lead_staff_new", about="new", due_at=accept.due_at)
    announce(LeadSent(lead.id, need.id, lead.institution_id))
    return lead


def drop_choice(lead: Lead, *, by: Actor) -> None:
    """Throw away a choice that was not sent. Raises Refused when it was sent meanwhile."""
    if lead.state != State.DRAFT:
        raise Refused("lead_step_not_now", state=lead.state, step=str(Step.GIVE_UP))
    take(lead, Step.GIVE_UP, by=by, code="E05")


def _draft(need: Need, product: Product, by: Actor) -> Lead:
    """The open draft for this need and institution, or a new one, with the product chosen now."""
    version = product.current_version
    assert version is not None
    lead = finding.draft_of(need.id, product.institution_id)
    if lead is None:
        lead = Lead(
            need_id=need.id,
            business_id=need.business_id,
            institution_id=product.institution_id,
            state=str(State.DRAFT),
            created_at=clock.now(),
            visit_agreed=False,
            second_looks=0,
        )
        db.session.add(lead)
    lead.need = need
    lead.business = need.business
    lead.institution = product.institution
    lead.need_number = need.current_number
    lead.product_version = db.session.get_one(ProductVersion, version.id)
    lead.chosen_by_id = by.id
    db.session.flush()
    return lead


def _branch_facts(branch: Branch, is_full: bool) -> BranchFacts:
    return BranchFacts(
        id=branch.id,
        region_code=regions.standing(branch.region_code),
        latitude=branch.latitude,
        longitude=branch.longitude,
        service_radius_km=branch.service_radius_km,
        service_regions=regions.areas_now(branch.service_regions or ()),
        decision_limit_yuan=branch.decision_limit_yuan,
        is_full=is_full,
    )


def _field_of(code: str) -> str:
    return {
        "lead_consent_field_missing": "fields",
        "lead_consent_field_unknown": "fields",
        "lead_consent_hours_unknown": "hours",
    }.get(code, "until")
