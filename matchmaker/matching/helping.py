"""What would help, proven before it is told: a change is applied to the facts, and the market is matched again.

Rules that fail are looked through by ``eligibility.changes``. Here is the other half: facts that no rule asks for but
the ranker weighs. Each is turned over and the list is ordered again; only where a product moves is anything said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from matchmaker.eligibility.changes import HELPS_AT_MOST, Help
from matchmaker.eligibility.facts import Facts
from matchmaker.matching.ordering import Ordering, Ranker, in_order
from matchmaker.matching.rules import Candidate
from matchmaker.refusal import Reason

SOFT_FACTS = ("has_tax_evidence", "has_flow_evidence")
"""What an owner can show or leave out, which no rule asks for (a test holds this): records of tax paid, of turnover
through the account."""
ORDERED_AGAIN_AT_MOST = 500
"""With more fitting products the list is not ordered twice more: nobody lacks a choice there (own threshold)."""


@dataclass(frozen=True, slots=True)
class Moved:
    """One product when one fact is turned over: its place in the list, and the chance that the model gives it."""

    place: int
    chance: float


@dataclass(frozen=True, slots=True)
class TurnedOver:
    """The list ordered as it is, and ordered again with each soft fact turned over."""

    now: Mapping[int, Moved]
    after: Mapping[str, Mapping[int, Moved]]
    has: frozenset[str]
    """The soft facts that are true now: they were turned off; the others were turned on."""

    def supports(self, product_id: int) -> list[Reason]:
        """Facts without which this product would stand lower and be less likely, with its place then."""
        now = self.now[product_id]
        return [
            Reason(f"soft_{fact}", {"without_place": then.place})
            for fact in SOFT_FACTS
            if fact in self.has and fact in self.after
            for then in [self.after[fact][product_id]]
            if then.place > now.place and then.chance < now.chance
        ]

    def raised(self, fact: str) -> list[int]:
        """The products that a fact which is not there yet would lift, the best place first."""
        after = self.after.get(fact, {})
        lifted = [
            key
            for key, then in after.items()
            if then.place < self.now[key].place and then.chance > self.now[key].chance
        ]
        return sorted(lifted, key=lambda key: after[key].place)


def turn_over(
    fitting: Sequence[Candidate],
    ordering: Ordering,
    facts: Facts,
    today: date,
    ranker: Ranker | None,
    seed: str | None = None,
) -> TurnedOver:
    """Order again with each soft fact turned over. Without a ranker nothing depends on them, and nothing is said."""
    has = frozenset(fact for fact in SOFT_FACTS if getattr(facts, fact))
    now = places_of(ordering)
    if ranker is None or len(fitting) > ORDERED_AGAIN_AT_MOST:
        return TurnedOver(now, {}, has)
    turned = {fact: facts.changed(**{fact: not getattr(facts, fact)}) for fact in SOFT_FACTS}
    after = {
        fact: places_of(in_order(fitting, other, on=today, ranker=ranker, seed=seed)) for fact, other in turned.items()
    }
    return TurnedOver(now, after, has)


def places_of(ordering: Ordering) -> dict[int, Moved]:
    """Product → its place and the model's chance."""
    return {
        at.candidate.offered.product_id: Moved(place, float(at.features["model_chance"]))
        for place, at in enumerate(ordering.placed, start=1)
    }


def stored_helps(hard: Sequence[Help], turned: TurnedOver, most: int = HELPS_AT_MOST) -> list[dict[str, Any]]:
    """What would help, as a list keeps it: a reason with its numbers, the change itself, and what it does.

    What opens products comes first. A soft fact is told by the product that it lifts highest.
    """
    found = [
        help.reason.as_json() | {"change": help.change, "opened": list(help.opened), "closed": list(help.closed)}
        for help in hard
    ]
    for fact in SOFT_FACTS:
        lifted = turned.raised(fact) if fact not in turned.has else []
        if lifted:
            best = lifted[0]
            places = {"from_place": turned.now[best].place, "to_place": turned.after[fact][best].place}
            found.append(
                Reason(f"help_{fact}", {"product_id": best, **places}).as_json()
                | {"change": {"fact": fact, "value": True}, "opened": [], "closed": [], "raised": lifted}
            )
    return found[:most]
