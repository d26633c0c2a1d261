"""What an institution saw when it declined, and the smaller amount or other term that would do by that."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from matchmaker import clock
from matchmaker.eligibility.changes import enough
from matchmaker.leads.models import Lead
from matchmaker.leads.rules.seen import Seen, facts_as_seen
from matchmaker.leads.rules.states import Step
from matchmaker.matching.queries import facts_of, places_now, terms_of
from matchmaker.products.queries import published_of

MOST_WAYS_DOWN = 2


@dataclass(frozen=True)
class WayDown:
    """One product of the institution that declined, and what of the need would have to change; None = nothing."""

    product_id: int
    name: str
    amount_yuan: Decimal | None
    term_months: int | None


def seen_at_decline(lead: Lead) -> Seen:
    """What stands with the newest decline of a lead."""
    declines = [step for step in lead.steps if step.step == Step.DECLINE]
    return Seen.from_json(declines[-1].facts) if declines else Seen()


def ways_down(lead: Lead, seen: Seen) -> list[WayDown]:
    """With which smaller amount or other term products of this institution fit its facts as it saw them.

    The product that was declined first. Every rule is run again over the need as it stands now; a need that can no
    longer be copied from, or one in which something else is missing, has no such way.
    """
    today = clock.today()
    facts, places = facts_as_seen(facts_of(lead.need), seen), places_now()
    versions = sorted(
        published_of(lead.institution_id, today), key=lambda one: one.product_id != lead.product_version.product_id
    )
    found = []
    for version in versions:
        own = version.product_id == lead.product_version.product_id
        way = enough(terms_of(version, places), facts, today, seen.enough_yuan if own else None)
        if way is not None:
            found.append(WayDown(version.product_id, version.name, way.amount_yuan, way.term_months))
    return found[:MOST_WAYS_DOWN]
