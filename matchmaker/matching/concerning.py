"""Whether what has changed on the market concerns the list of one need. Most changes do not: a new product in another
province leaves a list as it is, and the night has nothing to make.

A list tells of the products that fit, of those that one rule alone turns away, and of what one change by the owner or
by time would open (``eligibility.changes.within_reach``). It stands while no product has come into that reach, gone
from it, or changed inside it. What fails beyond reach stands at the end of a list with the terms of the list's own day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from matchmaker.eligibility.changes import within_reach
from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.rules import failed_rules
from matchmaker.matching import queries
from matchmaker.matching.rules import Offered
from matchmaker.ranking.models import ShownList


class Market(Protocol):
    """What is offered on one day, and the branches."""

    @property
    def offered(self) -> Sequence[Offered]: ...
    @property
    def places(self) -> Mapping[str, Any]: ...
    @property
    def places_print(self) -> str:
        """The fingerprint of ``places``."""
        ...
    @property
    def by_version(self) -> Mapping[int, Offered]:
        """``offered`` by version."""
        ...


class Concerned:
    """What has changed for one list since it was made. ``facts`` are those of the list, which still hold; ``market``
    is that of ``today``."""

    def __init__(self, stored: ShownList, facts: Facts, market: Market, today: date) -> None:
        self.stored, self.facts, self.market, self.today = stored, facts, market, today
        self.was = queries.versions_of_list(stored)

    def by_products(self) -> bool:
        """Whether one that came or went (a new text is both) is or was within reach."""
        now = self.market.by_version
        come = [now[version] for version in now.keys() - self.was]
        return self._now_within(come) or self._was_within(self.was - now.keys())

    def by_branches(self) -> bool:
        """Whether a product of an institution whose branches are others now is or was within reach."""
        if self.stored.counts.get("places") == self.market.places_print:
            return False
        noted = queries.noted_places(self.stored.counts.get("places", ""))
        if noted is None:
            return True
        moved = queries.moved_between(noted.places, self.market.places)
        areas = queries.areas_moved_between(noted.places, self.market.places)
        its = {
            version: one for version, one in self.market.by_version.items()
            if version in self.was and (str(one.institution_id) in moved or areas.intersection(one.terms.regions))
        }  # fmt: skip
        return self._now_within(its.values()) or self._was_within(its.keys())

    def _now_within(self, products: Iterable[Offered]) -> bool:
        return any(within_reach(failed_rules(one.terms, self.facts, self.today)) for one in products)

    def _was_within(self, versions: Iterable[int]) -> bool:
        versions = set(versions)
        if not versions:
            return False
        failed = queries.failed_on_list(self.stored, versions)
        return any(within_reach(failed.get(version, ())) for version in versions)
