"""The seam to ``ranking``: judged and priced candidates go in, places come out. Matching does not know how.

Commission is not among the facts that reach it. Without a trained model, and whenever its file cannot be read, the
published rule score orders (``rule_only``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.bounds import Outcome
from matchmaker.eligibility.facts import Facts
from matchmaker.matching.rules import CAUTIONS_SHOWN, REASONS_SHOWN, Candidate, Track, full_for, left_for
from matchmaker.ranking.rules import SCORE_VERSION, Offer, Ranked, Record, seed_of
from matchmaker.ranking.services import Ranker, active_ranker, order, ranker_of, stored_features
from matchmaker.refusal import Reason

__all__ = ["SCORE_VERSION", "Ordering", "Placed", "Ranker", "active_ranker", "in_order", "ranker_of", "seed_of"]

SIX_PLACES = Decimal("0.000001")
TOLD_FIRST = frozenset({"rank_first_loan", "rank_likeliest", "rank_cheapest", "rank_fastest"})
"""What the order itself found most telling; the rest of its reasons come after those of the rules."""
TOLD_ELSEWHERE = frozenset({"rank_few_cases", "rank_no_price"})
"""Said on the card already: beside the ten shops, and in place of the cost."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A candidate at its place, with the numbers it got it by."""

    candidate: Candidate
    score: float
    chance: float | None
    """The share of similar cases that were funded; None under the smallest sample."""
    chance_n: int
    reasons: tuple[Reason, ...] = ()
    cautions: tuple[Reason, ...] = ()
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


def in_order(
    candidates: Sequence[Candidate],
    facts: Facts,
    *,
    on: date,
    ranker: Ranker | None,
    seed: str | None = None,
    objected: bool = False,
) -> Ordering:
    """The eligible candidates, best first; with a seed a few equals are exchanged (``ranking.rules.exchanged``).

    The same input gives the same places, to the bit. Where the owner ``objected`` to the learned order no ranker is
    asked, no past share counts and nothing is exchanged.
    """
    by_product = {one.offered.product_id: one for one in candidates}
    offers = [
        offer_of(one, full_for(one.offered, facts, on) is not None, left_for(one.offered, facts)) for one in candidates
    ]
    ranked = order(facts, offers, on=on, ranker=ranker, seed=seed, objected=objected)
    return Ordering(
        tuple(_placed(by_product[at.offer.product_id], at) for at in ranked),
        ranker.version_id if ranker and not objected else None,
    )


def _placed(candidate: Candidate, at: Ranked) -> Placed:
    return Placed(
        candidate,
        score=at.score,
        chance=at.similar.share,
        chance_n=at.similar.n,
        reasons=at.reasons,
        cautions=at.cautions,
        features=stored_features(at),
        propensity=at.propensity,
    )


def offer_of(one: Candidate, full: bool = False, slots_left: int | None = None) -> Offer:
    """A candidate as the order sees it, ``full`` where it takes nothing new now, with the free places that are left.

    Figures are those that a list stores, so that it can be ordered again.
    """
    offered, terms, quote = one.offered, one.offered.terms, one.quote
    return Offer(
        product_id=offered.product_id,
        institution_id=offered.institution_id,
        institution_kind=offered.institution_kind,
        kind=offered.kind,
        securities=frozenset(terms.securities),
        first_time_friendly=offered.first_time_friendly,
        first_time_only=terms.first_time_only,
        revolving=offered.revolving,
        amount_min_yuan=terms.amount_min_yuan,
        amount_max_yuan=terms.amount_max_yuan,
        term_min_months=terms.term_min_months,
        term_max_months=terms.term_max_months,
        min_months_in_business=terms.min_months_in_business,
        min_turnover_yuan=terms.min_turnover_yuan,
        purposes=len(terms.purposes),
        regional=bool(terms.regions),
        cost_percent=stored_cost(one),
        rate_percent=quote.rate_percent if quote else None,
        amount_yuan=quote.amount_yuan if quote else None,
        term_months=quote.term_months if quote else None,
        days_to_money=offered.days_to_money,
        unsure=sum(verdict.outcome is Outcome.UNKNOWN for verdict in one.verdicts),
        full=full,
        slots_left=slots_left,
        own=_record(offered.own_track),
        institution=_record(offered.institution_track),
    )


def stored_cost(one: Candidate) -> Decimal | None:
    """The all-in cost as a list keeps it, six places."""
    return None if one.cost_percent is None else one.cost_percent.quantize(SIX_PLACES)


def _record(track: Track) -> Record:
    return Record(track.decided, track.funded)


def told(
    at: Placed, of_rules: Sequence[Reason], careful: Sequence[Reason]
) -> tuple[tuple[Reason, ...], tuple[Reason, ...]]:
    """The reasons and cautions of one card: the order's first, then those of rules and price, then the order's rest."""
    first = [reason for reason in at.reasons if reason.code in TOLD_FIRST]
    rest = [reason for reason in at.reasons if reason.code not in TOLD_FIRST]
    cautions = [*careful, *(care for care in at.cautions if care.code not in TOLD_ELSEWHERE)]
    return tuple([*first, *of_rules, *rest][:REASONS_SHOWN]), tuple(cautions[:CAUTIONS_SHOWN])
