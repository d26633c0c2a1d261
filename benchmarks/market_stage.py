"""Who wants money and what fits: needs of the demo town, judged and priced by the product's own rules.

Nothing here depends on how a list is ordered or on what is assumed of people: one stage serves every method and every
variation of ``benchmarks.market``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np

from matchmaker.demo import businesses, market
from matchmaker.demo.drawing import at_local, generator
from matchmaker.demo.ledger import Books
from matchmaker.demo.lists import Remembering
from matchmaker.demo.story import Story
from matchmaker.matching.ordering import offer_of
from matchmaker.matching.rules import Lpr, Offered, judge
from matchmaker.ranking.features import Case, Counts, case_of, read, vector, wish_of
from matchmaker.ranking.rules import Offer, Wish, parts_of, score_of

Array = Any
ANCHOR = date(2026, 9, 23)
LPR = Lpr(date(2026, 8, 20), Decimal("3.00"), Decimal("3.50"))
"""As published for that month; the town's products float on it."""
OWN_SHARPNESS = 2.1
"""How the demo town turns hidden odds into a chance of approval (docs/demo.md)."""


@dataclass(frozen=True)
class Lender:
    """An institution that lends: its place in all columns, its kind, how many of its people take up what comes."""

    id: int
    kind: str
    managers: int


@dataclass(frozen=True)
class Asked:
    """One need and the loans that fit it, product by product [k]; only ``z`` is hidden."""

    day: float
    """Working day on which it is posted."""
    business: int
    wish: Wish
    offers: tuple[Offer, ...]
    cases: tuple[Case, ...]
    lender: Array
    """int [k]: places in ``Stage.lenders``."""
    product: Array
    """int [k]: places in ``Stage.products``."""
    cost: Array
    """All-in cost a year, percent [k]."""
    days: Array
    """Working days to a decision, as promised [k]."""
    without_chance: Array
    """The published score without what the chance adds [k]."""
    features: Array
    """What the ranker reads, where nothing is counted yet [k, features] (``market_methods.vectors``)."""
    z: Array
    """Hidden: log-odds of approval over ``OWN_SHARPNESS``, by the demo town's traits [k]."""


@dataclass(frozen=True)
class Stage:
    """Lenders, products and every need in order of time."""

    lenders: tuple[Lender, ...]
    products: tuple[int, ...]
    needs: tuple[Asked, ...]
    began_at: datetime

    def at(self, day: float) -> datetime:
        """The instant of a working day of the simulation."""
        return self.began_at + timedelta(days=day)


HOUSE = 1_000
"""Between the number of an institution, or product, and that of its like in the next town."""
PRICE_SPREAD_BP = 40.0
"""How far the like of a product lies from its price, in basis points (standard deviation)."""


def build(needs: int, days: float, seed: int, towns: int = 3) -> Stage:
    """Draw needs of the demo town over so many working days, and ask the rules which loans fit and at what cost.

    The town has thirteen lenders. With more ``towns`` each of them has its likes, which lend on the same terms at
    prices of their own: what owners see where several towns share a platform.
    """
    anchor_at = at_local(ANCHOR, 9.5)
    stage = market.build(seed=seed, anchor_on=ANCHOR)
    town = businesses.build(
        needs,
        seed=seed,
        anchor_on=ANCHOR,
        first_person_id=len(stage.persons) + 1,
        operator_id=stage.operators[0],
        password_hash="",
        institution_names={i: one.name for i, one in stage.of.items()},
    )
    story = Story(stage, town, Books(), seed=seed, anchor_at=anchor_at, lprs=[LPR])
    chance = generator(seed, "market")
    offered = _likes([one for one in story.offered_at(anchor_at) if one.kind == "credit"], towns, chance)
    lender_ids = sorted({one.institution_id for one in offered})
    own = {i: stage.of[i % HOUSE] for i in lender_ids}
    lenders = tuple(
        Lender(i, one.kind, max(2, sum(len(branch.managers) for branch in one.branches))) for i, one in own.items()
    )
    products = tuple(one.product_id for one in offered)
    thirst = np.asarray(town.thirst)
    memory, nothing, found = Remembering(), Counts(), []
    for day, at in zip(
        np.sort(chance.uniform(0, days, needs)), chance.choice(needs, needs, p=thirst / thirst.sum()), strict=True
    ):
        wanted = story.wanted(int(at), ANCHOR)
        facts = story.facts_of(int(at), wanted, ANCHOR)
        fitting = [one for one in (judge(one, facts, ANCHOR, LPR, memory) for one in offered) if one.eligible]
        fitting = [one for one in fitting if one.cost_percent is not None]
        if not fitting:
            continue
        offers = tuple(offer_of(one) for one in fitting)
        cases = tuple(case_of(facts, offer, ANCHOR) for offer in offers)
        wish = wish_of(facts)
        found.append(
            Asked(
                day=float(day),
                business=int(at),
                wish=wish,
                offers=offers,
                cases=cases,
                lender=np.array([lender_ids.index(offer.institution_id) for offer in offers]),
                product=np.array([products.index(offer.product_id) for offer in offers]),
                cost=np.array([float(offer.cost_percent or 0) for offer in offers]),
                days=np.array([float(offer.days_to_money or 10) for offer in offers]),
                without_chance=np.array([score_of(parts_of(offer, wish, 0.0)) for offer in offers]),
                features=np.array([vector(read(case, nothing)) for case in cases]),
                z=np.array([_hidden(story, int(at), wanted, one.offered) for one in fitting]),
            )
        )
    return Stage(lenders, products, tuple(found), anchor_at - timedelta(days=math.ceil(days)))


def _likes(offered: list[Offered], towns: int, chance: Array) -> list[Offered]:
    """The town's loans, then those of its likes."""
    found = list(offered)
    for house in range(1, towns):
        for one in offered:
            bp = round(float(chance.normal(0, PRICE_SPREAD_BP)))
            fixed = one.fixed_rate_percent
            found.append(
                replace(
                    one,
                    product_id=one.product_id + house * HOUSE,
                    institution_id=one.institution_id + house * HOUSE,
                    spread_bp=None if one.spread_bp is None else one.spread_bp + bp,
                    fixed_rate_percent=None if fixed is None else max(Decimal(1), fixed + Decimal(bp) / 100),
                )
            )
    return found


def _hidden(story: Story, at: int, wanted: dict[str, Any], offered: Offered) -> float:
    """The demo town's own hidden odds of an approval."""
    story.lists_of[0] = []
    lead: Any = SimpleNamespace(
        institution_id=offered.institution_id % HOUSE, product_id=offered.product_id % HOUSE, terms=offered.terms,
        row={"sent_at": story.anchor_at}, need={"id": 0},
    )  # fmt: skip
    approved = story.traits(lead, at, wanted)["approved"]
    return math.log(approved / (1 - approved)) / OWN_SHARPNESS
