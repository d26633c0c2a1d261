"""The published order: what is weighed, by how much, within which bounds. Plain; commission is not among the facts.

Eligibility is decided before (and never learned), price is calculated before (and never learned). What is learned
is one thing only: the chance that this institution funds this need. Without a model the counted record stands in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.refusal import Reason

WEIGHTS: Mapping[str, float] = {
    "chance": 40.0,
    "cost": 28.0,
    "fit": 14.0,
    "speed": 12.0,
    "unsecured": 3.0,
    "first_loan": 3.0,
}
"""Percent of the score, one hundred in all; own choice, shown to everybody (page "how lists are ordered").

`unsecured` (7.2) and `first_loan` (7.1) are policy preferences: three points each at most, so that they decide
between products that serve about as well and never lift one that serves badly."""
PREFERENCES = ("unsecured", "first_loan")
OBJECTED_WEIGHTS: Mapping[str, float] = {
    "chance": 0.0,
    "cost": 52.0,
    "fit": 26.0,
    "speed": 22.0,
    "unsecured": 0.0,
    "first_loan": 0.0,
}
"""The same for an owner who wants cost, fit and speed alone: nothing learned, no past share, no preference. The three
keep their proportions (28 to 14 to 12)."""
SCORE_VERSION = "4"
"""2: neighbours with nearly the same score may be exchanged. 4: an institution's last free places cost points."""

CHEAP_PERCENT, DEAR_PERCENT = Decimal(2), Decimal(18)
"""All-in cost a year that counts in full, and from which on nothing counts. Own choice: the ends of what loans to
small businesses cost in the product samples (2.0 % to 18 %)."""
SLOW_DAYS = 30
"""Working days from sending to money from which on speed counts nothing; a decision has 30 days at most."""
UNKNOWN_COSTS = 0.15
"""What each condition that is still to be checked takes off the fit."""
SMALLEST_SAMPLE = 20
"""Under this many cases there is no number (look, principle 7)."""
PRIOR_CHANCE, PRIOR_CASES = 0.30, 10
"""What is assumed of an institution without a record, and how many cases that assumption is worth."""
REASONS_AT_MOST, CAUTIONS_AT_MOST = 3, 2
NEARLY_EQUAL = 0.5
"""Points of the score within which two neighbours serve an owner about equally well: as much as 1.25 percentage points
of chance, or 0.29 points of cost a year, or one and a quarter working days (own choice)."""
SWAPPED_SHARE = 0.05
"""How many of such pairs change places, so that what a place does to a choice can be told from what a product does."""
SWAPPED_WITHIN = 50
"""Places in which it happens: those that a list keeps in full."""
SLOT_POINTS = 8.0
"""Points of the score that the last free place with an institution's managers costs: as much as twenty percentage
points of chance. Chosen on simulated markets whose figures are not quoted (docs/simulator.md)."""
SLOT_KEPT = 0.8
"""How much of that price is kept with each further free place: with ten left it is one point, with twenty nothing."""


@dataclass(frozen=True, slots=True)
class Record:
    """Leads decided and funded so far, of a product or of its institution; open ones are neither."""

    decided: int = 0
    funded: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """One eligible product as the order sees it, as of the moment of showing."""

    product_id: int
    institution_id: int
    institution_kind: str = ""
    """A code of financing_terms "institution", or GUARANTEE and the like."""
    kind: str = "credit"
    securities: frozenset[str] = frozenset()
    first_time_friendly: bool = False
    first_time_only: bool = False
    revolving: bool = False
    amount_min_yuan: Decimal | None = None
    amount_max_yuan: Decimal | None = None
    term_min_months: int | None = None
    term_max_months: int | None = None
    min_months_in_business: int | None = None
    min_turnover_yuan: Decimal | None = None
    purposes: int = 0
    """How many purposes it is for; 0 = all."""
    regional: bool = False
    """Whether it is offered in some regions only."""
    cost_percent: Decimal | None = None
    """All-in cost a year, simple."""
    rate_percent: Decimal | None = None
    amount_yuan: Decimal | None = None
    """What would be lent: the amount asked for, brought inside what the product lends."""
    term_months: int | None = None
    days_to_money: int | None = None
    unsure: int = 0
    """Conditions that are still to be checked."""
    full: bool = False
    """Whether it takes nothing new now: it fits, and stands after those that can answer."""
    slots_left: int | None = None
    """Free places with the managers who would get this need, less what waits for one; None where nobody counts."""
    own: Record = Record()
    institution: Record = Record()

    @property
    def unsecured(self) -> bool:
        return "CREDIT" in self.securities


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a need the order reads; None = not known."""

    amount_yuan: Decimal | None = None
    term_months: int | None = None
    first_loan: bool | None = None


@dataclass(frozen=True, slots=True)
class Similar:
    """Decided cases like this one, as counted: n of them, of which some were funded."""

    n: int = 0
    funded: int = 0
    level: str = ""
    """Which cases count as like this: product_purpose, product, institution_purpose … (see `features.SIMILAR`)."""

    @property
    def share(self) -> float | None:
        """The funded share; None under the smallest sample."""
        return round(self.funded / self.n, 6) if self.n >= SMALLEST_SAMPLE else None

    @property
    def tenths(self) -> int | None:
        """Of ten, about so many were funded."""
        return None if self.share is None else int(self.share * 10 + 0.5)


@dataclass(frozen=True, slots=True)
class Ranked:
    """An offer at its place, with everything it got there by."""

    offer: Offer
    score: float
    chance: float
    """Estimated by the model, or from the record where there is none."""
    similar: Similar
    parts: Mapping[str, float] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    reasons: tuple[Reason, ...] = ()
    cautions: tuple[Reason, ...] = ()
    place_by_score: int = 0
    """The place that the score alone gives, from 1; another one than its own where neighbours were exchanged."""
    propensity: float = 1.0
    """The probability with which a product of this score stands at this place; 1 where nothing could be exchanged."""
    sides: Mapping[str, float] = field(default_factory=dict)
    """The chance of each side, where the model learned them apart: ``chance`` is their product."""


def counted_chance(offer: Offer) -> float:
    """The funded share of this product, drawn towards that of its institution, drawn towards the prior."""
    whole, own = offer.institution, offer.own
    of_institution = (whole.funded + PRIOR_CHANCE * PRIOR_CASES) / (whole.decided + PRIOR_CASES)
    return round((own.funded + of_institution * PRIOR_CASES) / (own.decided + PRIOR_CASES), 6)


def parts_of(offer: Offer, wish: Wish, chance: float) -> dict[str, float]:
    """What is weighed, each between 0 and 1 where 1 is best for the owner."""
    return {
        "chance": _bounded(chance),
        "cost": cost_part(offer.cost_percent),
        "fit": fit_part(offer, wish),
        "speed": speed_part(offer.days_to_money),
        "unsecured": 1.0 if offer.unsecured else 0.0,
        "first_loan": 1.0 if wish.first_loan and (offer.first_time_friendly or offer.first_time_only) else 0.0,
    }


def score_of(parts: Mapping[str, float], weights: Mapping[str, float] = WEIGHTS) -> float:
    """The weighted sum, 0 to 100, six decimals. A preference that is switched off has the weight 0."""
    return round(sum(weight * parts[name] for name, weight in weights.items()), 6)


@dataclass(frozen=True, slots=True)
class Points:
    """What one thing that is weighed gave a place: its points, and the most it can give (0 for what takes off)."""

    name: str
    got: float
    most: float


def points_of(kept: Mapping[str, Any], score: float, *, objected: bool) -> tuple[Points, ...]:
    """What a stored place has its score from, in the order of the weights; "slots" last, where it took points off.

    ``kept`` are the features of the place. Empty where the points do not add up to the score, that is where another
    version of the score or another choice of preferences has made the list: then nobody is told a wrong reason.
    """
    parts = kept.get("parts") or {}
    weights = OBJECTED_WEIGHTS if objected else WEIGHTS
    found = [Points(name, weight * parts.get(name, 0.0), weight) for name, weight in weights.items() if weight]
    taken = 0.0 if objected else slot_price(kept.get("slots_left"))
    if taken:
        found.append(Points("slots", -taken, 0.0))
    return tuple(found) if abs(sum(one.got for one in found) - score) < 0.001 else ()


def _bounded(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 6)


def slot_price(left: int | None) -> float:
    """Points that a place gives up because `left` free places with its managers are worth something to the next need.

    A price that rises as what can be taken runs out sends each need to where it is not missed: the dual price of the
    assignment problem (Agrawal, Wang and Ye 2014). 0 where nobody counts (None). It depends on a count alone, which a
    list keeps, so that it is derived again.
    """
    return 0.0 if left is None else round(SLOT_POINTS * SLOT_KEPT ** max(0, left - 1), 6)


def cost_part(cost_percent: Decimal | None) -> float:
    """1 at 2 % a year and below, 0 at 18 % and above, even in between; 0 where there is no price."""
    if cost_percent is None:
        return 0.0
    return _bounded(float((DEAR_PERCENT - cost_percent) / (DEAR_PERCENT - CHEAP_PERCENT)))


def fit_part(offer: Offer, wish: Wish) -> float:
    """How much of the asked amount and term is met: the smaller over the larger of each, less what is unsure."""
    amount = _ratio(offer.amount_yuan, wish.amount_yuan)
    term = _ratio(offer.term_months, wish.term_months)
    return _bounded(0.6 * amount + 0.4 * term - UNKNOWN_COSTS * offer.unsure)


def _ratio(given: Decimal | int | None, asked: Decimal | int | None) -> float:
    if not given or not asked:
        return 1.0  # not asked for, or nothing to compare: no mismatch is known
    return float(min(given, asked)) / float(max(given, asked))


def speed_part(days: int | None) -> float:
    """1 for money at once, 0 from 30 working days on; half where nothing is known."""
    return 0.5 if days is None else _bounded(1 - days / SLOW_DAYS)


def in_order(ranked: Iterable[Ranked]) -> list[Ranked]:
    """Best first: loans before guarantees (which are no money), those that can answer before those that are full, then
    by score; ties by product id."""
    return sorted(
        ranked, key=lambda at: (at.offer.kind != "credit", at.offer.full, -at.score, at.offer.product_id)
    )


def seed_of(need_id: int, need_number: int, on: date) -> str:
    """What draws the exchanges of a list: the same need on the same day always draws the same.

    Nobody gets another order by asking again, and a stored list says all that is needed to draw again.
    """
    return f"{need_id}:{need_number}:{on.isoformat()}"


def exchanged(ranked: Sequence[Ranked], seed: str | None) -> list[Ranked]:
    """The order with a few neighbours of nearly the same score exchanged, each place with its exact probability.

    The draw is fair and known: a coin decides whether pairs are counted from the first or from the second place, and
    of the pairs of loans that are nearly equal one in ten is exchanged, so that of all such neighbours one in twenty
    is. Without a seed (the owner does not want the learned order) nothing is exchanged and every probability is 1.
    """
    found = [replace(at, place_by_score=place, propensity=1.0) for place, at in enumerate(ranked, start=1)]
    if seed is None:
        return found
    near = [_nearly_equal(found, upper) for upper in range(len(found) - 1)]
    if not near:
        return found
    kept = found[:]
    for at, (above, below) in enumerate(zip([False, *near], [*near, False], strict=True)):
        moves = SWAPPED_SHARE * (above + below)
        found[at] = kept[at] = replace(kept[at], propensity=round(1 - moves, 6))
    first = 0 if _draw(seed, "first") < 0.5 else 1
    for upper in range(first, len(near), 2):
        pair = (kept[upper], kept[upper + 1])
        if near[upper] and _draw(seed, *sorted(at.offer.product_id for at in pair)) < 2 * SWAPPED_SHARE:
            found[upper], found[upper + 1] = (replace(at, propensity=SWAPPED_SHARE) for at in reversed(pair))
    return found


def _nearly_equal(ranked: Sequence[Ranked], upper: int) -> bool:
    one, other = ranked[upper], ranked[upper + 1]
    loans = one.offer.kind == other.offer.kind == "credit" and one.offer.full == other.offer.full
    return loans and upper + 2 <= SWAPPED_WITHIN and round(one.score - other.score, 6) <= NEARLY_EQUAL


def _draw(seed: str, *what: object) -> float:
    """A number from 0 to below 1 that follows from its names alone, on every machine."""
    text = ":".join([seed, *map(str, what)])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) / 2**64


def explain(
    ranked: Sequence[Ranked], wish: Wish, weights: Mapping[str, float] = WEIGHTS
) -> list[tuple[tuple[Reason, ...], tuple[Reason, ...]]]:
    """At most three reasons for and two cautions each, from what was weighed, with both numbers."""
    loans = [at.offer for at in ranked if at.offer.kind == "credit"]
    costs = [offer.cost_percent for offer in loans if offer.cost_percent is not None]
    days = [offer.days_to_money for offer in loans if offer.days_to_money is not None]
    shares = [at.similar.share for at in ranked if at.similar.share is not None and at.offer.kind == "credit"]
    best = (
        min(costs, default=None) if len(costs) > 1 else None,
        min(days, default=None) if len(days) > 1 else None,
        max(shares, default=None) if len(shares) > 1 and weights["chance"] else None,
    )
    return [(_reasons(at, wish, *best), _cautions(at, wish)) for at in ranked]


def _reasons(
    at: Ranked, wish: Wish, cheapest: Decimal | None, fastest: int | None, likeliest: float | None
) -> tuple[Reason, ...]:
    offer, found = at.offer, []
    loan = offer.kind == "credit"
    if at.parts["first_loan"]:
        found.append(Reason("rank_first_loan"))
    if loan and likeliest is not None and at.similar.share == likeliest:
        found.append(Reason("rank_likeliest", {"tenths": at.similar.tenths, "n": at.similar.n}))
    if loan and cheapest is not None and offer.cost_percent == cheapest:
        found.append(Reason("rank_cheapest", {"cost_percent": offer.cost_percent}))
    if loan and fastest is not None and offer.days_to_money == fastest:
        found.append(Reason("rank_fastest", {"wait_days": offer.days_to_money}))
    if offer.unsecured:
        found.append(Reason("rank_unsecured"))
    if wish.amount_yuan is not None and offer.amount_yuan == wish.amount_yuan and at.parts["fit"] == 1.0:
        found.append(Reason("rank_fits", {"amount_yuan": wish.amount_yuan, "term_months": offer.term_months}))
    return tuple(found[:REASONS_AT_MOST])


def _cautions(at: Ranked, wish: Wish) -> tuple[Reason, ...]:
    offer, found = at.offer, []
    if wish.amount_yuan and offer.amount_yuan and offer.amount_yuan < wish.amount_yuan:
        found.append(Reason("rank_lends_less", {"lent_yuan": offer.amount_yuan, "asked_yuan": wish.amount_yuan}))
    elif wish.amount_yuan and offer.amount_yuan and offer.amount_yuan > wish.amount_yuan:
        found.append(Reason("rank_lends_more", {"lent_yuan": offer.amount_yuan, "asked_yuan": wish.amount_yuan}))
    if wish.term_months and offer.term_months and offer.term_months != wish.term_months:
        found.append(Reason("rank_other_term", {"given_months": offer.term_months, "asked_months": wish.term_months}))
    if at.similar.n < SMALLEST_SAMPLE:
        found.append(Reason("rank_few_cases", {"n": at.similar.n, "least": SMALLEST_SAMPLE}))
    if offer.cost_percent is None:
        found.append(Reason("rank_no_price"))
    return tuple(found[:CAUTIONS_AT_MOST])


def weights_without(*switched_off: str) -> dict[str, float]:
    """The weights with some preferences switched off; only preferences can be. Raises ValueError for others."""
    if others := set(switched_off) - set(PREFERENCES):
        raise ValueError(f"not a preference: {sorted(others)}")
    return {name: 0.0 if name in switched_off else weight for name, weight in WEIGHTS.items()}
