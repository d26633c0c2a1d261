"""The seam to ``ranking``: candidates go in, places come out. Nothing else in matching knows how an order is found.

Until a trained model is active, and whenever it cannot answer, the rule score below orders the list
(``rule_only``). It uses what an owner would weigh: the chance as counted so far, the cost, the fit, the wait.
Commission is not among the facts that reach it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.facts import Facts
from matchmaker.matching.rules import SMALLEST_SAMPLE, Candidate, Track

CHANCE_WEIGHT, COST_WEIGHT, FIT_WEIGHT, SPEED_WEIGHT = 0.40, 0.30, 0.15, 0.15
"""Own weights for the time before there is a model; they add up to one."""
PRIOR_CHANCE, PRIOR_CASES = 0.30, 10
"""What is assumed of an institution without a record, and how many cases that assumption is worth."""
PREFER_UNSECURED = 0.03
"""Article 7: unsecured loans are preferred where they serve as well; small enough not to turn an order over."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate at its place, with the numbers it got it by."""

    candidate: Candidate
    score: float
    chance: float | None
    chance_n: int
    features: dict[str, Any] = field(default_factory=dict)
    propensity: float = 1.0


@dataclass(frozen=True, slots=True)
class Ordering:
    """An ordered list and who ordered it; ``model_version_id`` is None where the rule score did."""

    placed: tuple[Placed, ...]
    model_version_id: int | None = None

    @property
    def rule_only(self) -> bool:
        return self.model_version_id is None


def in_order(candidates: Sequence[Candidate], facts: Facts) -> Ordering:
    """The eligible candidates, best first. Deterministic: the same facts give the same places, to the bit."""
    return by_rule_score(candidates, facts)


def by_rule_score(candidates: Sequence[Candidate], facts: Facts) -> Ordering:
    """Ordered by the rule score; loans before guarantees, ties by cost, then by product."""
    features = {one.offered.product_id: features_of(one, facts, candidates) for one in candidates}
    placed = [
        Placed(
            one,
            score=rule_score(features[one.offered.product_id]),
            chance=counted_chance(one)[0],
            chance_n=counted_chance(one)[1],
            features=features[one.offered.product_id],
        )
        for one in candidates
    ]
    placed.sort(
        key=lambda at: (
            at.candidate.offered.kind != "credit",
            -at.score,
            at.candidate.cost_percent if at.candidate.cost_percent is not None else Decimal("Infinity"),
            at.candidate.offered.product_id,
        )
    )
    return Ordering(tuple(placed))


def features_of(one: Candidate, facts: Facts, candidates: Sequence[Candidate]) -> dict[str, Any]:
    """What the rule score reads, as plain numbers between 0 and 1 where 1 is best; stored with the list."""
    costs = [float(other.cost_percent) for other in candidates if other.cost_percent is not None]
    days = [other.offered.days_to_money for other in candidates if other.offered.days_to_money is not None]
    mine, wait = one.cost_percent, one.offered.days_to_money
    return {
        "chance": smoothed_chance(one),
        "cost": _from_best(float(mine), costs) if mine is not None else 0.0,
        "fit": _fit(one, facts),
        "speed": _from_best(float(wait), [float(day) for day in days]) if wait is not None else 0.0,
        "unsecured": 1.0 if one.offered.unsecured else 0.0,
    }


def rule_score(features: Mapping[str, float]) -> float:
    """0 to 1.03, six decimals: weighted sum of the features."""
    return round(
        CHANCE_WEIGHT * features["chance"]
        + COST_WEIGHT * features["cost"]
        + FIT_WEIGHT * features["fit"]
        + SPEED_WEIGHT * features["speed"]
        + PREFER_UNSECURED * features["unsecured"],
        6,
    )


def _from_best(mine: float, all_values: list[float]) -> float:
    low, high = min(all_values), max(all_values)
    return 1.0 if high == low else round((high - mine) / (high - low), 6)


def _fit(one: Candidate, facts: Facts) -> float:
    """How comfortably amount and term lie inside what is given; half for each that is still to be checked."""
    unsure = sum(verdict.outcome.value == "unknown" for verdict in one.verdicts)
    return round(max(0.0, 1.0 - 0.15 * unsure), 6)


def smoothed_chance(one: Candidate) -> float:
    """The funded share of this product's decided leads, drawn towards its institution's, drawn towards the prior."""
    whole, own = one.offered.institution_track, one.offered.own_track
    of_institution = (whole.funded + PRIOR_CHANCE * PRIOR_CASES) / (whole.leads + PRIOR_CASES)
    return round((own.funded + of_institution * PRIOR_CASES) / (own.leads + PRIOR_CASES), 6)


def counted_chance(one: Candidate) -> tuple[float | None, int]:
    """The share of leads that were funded, and of how many: the product's if enough, else the institution's."""
    tracks: tuple[Track, ...] = (one.offered.own_track, one.offered.institution_track)
    for track in tracks:
        if track.leads >= SMALLEST_SAMPLE:
            return round(track.funded / track.leads, 6), track.leads
    return None, max(track.leads for track in tracks)
