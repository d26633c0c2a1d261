"""The way on from a list: what would open most, when time does it, what can be repaired; derived from the stored list.

It reads the facts, versions and branches of that list, so the page and the list never speak of two markets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from matchmaker.eligibility.changes import failures
from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.planning import (
    Opening,
    Plan,
    Repair,
    changed_by,
    openings,
    plans,
    repairs,
    to_fill_in,
)
from matchmaker.eligibility.rules import verdicts
from matchmaker.matching import queries
from matchmaker.ranking.models import ShownList
from matchmaker.refusal import Refused


@dataclass(frozen=True, slots=True)
class WayOn:
    """Everything the page "the way on" tells. Products are ids; ``names`` has name and institution of each."""

    facts: Facts
    today: date
    fitting: int
    plans: tuple[Plan, ...]
    openings: tuple[Opening, ...]
    """By waiting alone, nothing changed."""
    later: tuple[Opening, ...]
    """By waiting after the last plan was followed, beyond what it opens itself."""
    repairs: tuple[Repair, ...]
    to_fill_in: tuple[tuple[str, int], ...]
    names: Mapping[int, tuple[str, str]]

    @property
    def is_empty(self) -> bool:
        """Whether nobody can do anything and no day helps."""
        return not (self.plans or self.openings or self.repairs or self.to_fill_in)


def way_on(stored: ShownList) -> WayOn:
    """What would open more for the need of a list, by the market of that list. Raises Refused("list_without_places")
    for a list whose branches were not noted."""
    noted = queries.noted_places(stored.counts.get("places", ""))
    if noted is None:
        raise Refused("list_without_places")
    versions = queries.versions_by_id(queries.versions_of_list(stored))
    terms = [one.terms for one in queries.offered_of(versions, noted.places)]
    facts, today = Facts.from_json(stored.facts), date.fromisoformat(stored.counts["today_on"])
    before = failures(terms, facts, today)
    found = plans(terms, facts, today, before)
    later = openings(terms, changed_by(found[-1].steps, facts), today) if found else []
    fitting = [one for one in terms if not before[one.key]]
    return WayOn(
        facts=facts,
        today=today,
        fitting=len(fitting),
        plans=tuple(found),
        openings=tuple(openings(terms, facts, today, before)),
        later=tuple(later),
        repairs=tuple(repairs(terms, facts, today, before)),
        to_fill_in=tuple(to_fill_in(verdicts(one, facts, today) for one in fitting)),
        names={version.product_id: (version.name, version.product.institution.short_name) for version in versions},
    )
