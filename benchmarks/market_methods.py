"""What is compared in the simulated market: ways to order what fits, from a shuffle to the product's own.

Those that learn, learn once, from the same history, ordered by the rules alone, and see of it what the platform's
tables hold: features as of the showing, what was known when the history ended. Features of the later needs are read
with the counts of that moment; nothing is learned while it is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.market_stage import Array, Asked
from benchmarks.market_world import Live, Run, World
from matchmaker.ranking import features
from matchmaker.ranking.queries import HistoryRow
from matchmaker.ranking.rules import WEIGHTS, slot_price
from matchmaker.ranking.services import as_shown, fit
from matchmaker.ranking.store import Trained
from matchmaker.refusal import Reason


class Plain:
    """A method that learns nothing: a number from the need and what is live."""

    def __init__(self, name: str, of: Callable[[int, Asked, Live], Array], chance: Any = None) -> None:
        self.name, self._of, self._chance = name, of, chance

    def scores(self, at: int, need: Asked, now: Live) -> Array:
        """The higher the better [k]."""
        return self._of(at, need, now)

    def chances(self, at: int, need: Asked, now: Live) -> Array | None:
        """What it says, if it says anything."""
        return None if self._chance is None else self._chance(at, need, now)


def plain_methods(seed: int) -> list[Plain]:
    """Random, cheapest first, popularity, rules only."""
    return [
        Plain("random", lambda at, need, now: np.random.default_rng([seed, at]).random(len(need.cost))),
        Plain("cheapest first", lambda at, need, now: -need.cost),
        Plain("popularity", lambda at, need, now: now.funded[need.product]),
        rules_only(),
    ]


def rules_only() -> Plain:
    """The published score with the counted record in the place of a learned chance: what orders without a model."""
    return Plain(
        "rules only",
        lambda at, need, now: need.without_chance + WEIGHTS["chance"] * now.counted[need.product],
        lambda at, need, now: now.counted[need.product],
    )


COUNTED = [column for column, one in enumerate(features.FEATURES) if one.source == "outcome"]
"""Features that change with what is counted."""


def vectors(need: Asked, counts: features.Counts) -> Array:
    """The features of a need's loans with these counts, as ``features.vector`` gives them [k, features]."""
    found = need.features.copy()
    for k, case in enumerate(need.cases):
        shares = counts.shares(case)
        for column in COUNTED:
            value = features.FEATURES[column].read(case, shares)
            found[k, column] = round(float(value or 0.0), 6)
    return found


@dataclass
class Learned:
    """What the history teaches, in the form that each learner takes."""

    world: World
    rows: list[HistoryRow]
    """Every application that was decided and known when the history ended; in order of showing."""
    answered: list[HistoryRow]
    """Those that somebody took up, with when an offer was made: what both sides are learned from."""
    matrix: list[Array]
    """Features of the later needs, [k, features] by place after the split."""
    counts: Any


def learned_from(world: World, history: Run) -> Learned:
    """Read the history as the platform's tables would hold it when it ended."""
    stage = world.stage
    end = stage.needs[world.split].day
    rows, answered = [], []
    for number, sent in enumerate(sorted(history.sent, key=lambda row: (row.sent_at, row.need, row.choice))):
        if sent.known_at > end:
            continue
        need = stage.needs[sent.need]

        known_at = stage.at(sent.known_at)
        rows.append(
            HistoryRow(
                number, sent.need, stage.at(sent.sent_at), known_at, sent.funded, need.cases[sent.choice], need.wish,
                known_at if sent.offered else None, sent.offered and not sent.funded,
            )
        )  # fmt: skip
        if not sent.lapsed:
            answered.append(rows[-1])
    _, counts = as_shown(rows)
    matrix = [vectors(need, counts) for need in stage.needs[world.split :]]
    return Learned(world, rows, answered, matrix, counts)


class Scored:
    """A method whose number of each loan is known beforehand; with or without the rest of the published score."""

    def __init__(self, name: str, split: int, numbers: Sequence[Array], *, published: bool, chances: bool) -> None:
        self.name, self.split, self.numbers = name, split, numbers
        self.published, self._says = published, chances

    def scores(self, at: int, need: Asked, now: Live) -> Array:
        """The number itself, or the published score with it as the chance [k]."""
        mine = self.numbers[at - self.split]
        return need.without_chance + WEIGHTS["chance"] * mine if self.published else mine

    def chances(self, at: int, need: Asked, now: Live) -> Array | None:
        """The number, where it is a chance."""
        return self.numbers[at - self.split] if self._says else None


class TwoSided:
    """Both sides and live capacity: approved × taken, less what the slot is worth to others; who is full stands last.

    The product's order (decisions 0068 and 0070), with the chance of both sides in the place of one.
    """

    def __init__(self, name: str, split: int, numbers: Sequence[Array]) -> None:
        self.name, self.split, self.numbers = name, split, numbers

    def scores(self, at: int, need: Asked, now: Live) -> Array:
        """The published score with the chance of both sides, less the price of the slot [k]."""
        left = now.left[need.lender]
        price = np.array([slot_price(int(one)) for one in left])
        found: Array = need.without_chance + WEIGHTS["chance"] * self.numbers[at - self.split] - price
        return np.where(left > 0, found, found - FULL_STANDS_AFTER)

    def chances(self, at: int, need: Asked, now: Live) -> Array | None:
        """Chance of money if somebody takes it up [k]."""
        return self.numbers[at - self.split]


FULL_STANDS_AFTER = 1_000.0


def learning_methods(learned: Learned) -> list[Any]:
    """Logistic, LambdaRank, factorisation, ours one-sided and two-sided."""
    split = learned.world.split
    found = [_logistic(learned), *_lambdarank(learned), *_factorisation(learned)]
    whole = trained([replace(row, offered_at=None, ended_by_owner=False) for row in learned.rows])
    if whole is not None:
        found.append(Scored("ours, one-sided", split, _said(learned, whole), published=True, chances=True))
    both = trained(learned.answered)
    if both is not None:
        found.append(TwoSided("ours, two-sided", split, _said(learned, both)))
    return found


def trained(rows: list[HistoryRow]) -> Trained | None:
    """The product's own training, both sides apart where offers are known; None where there is too little to learn."""
    found = fit(rows)
    return None if isinstance(found, Reason) else found.trained


def _said(learned: Learned, by: Trained) -> list[Array]:
    stage, split = learned.world.stage, learned.world.split
    found = []
    for need in stage.needs[split:]:
        rows = vectors(need, by.counts).tolist()
        found.append(np.array(by.chances(rows, [offer.institution_id for offer in need.offers])))
    return found


def _logistic(learned: Learned) -> Scored:
    """scikit-learn's logistic regression on the same features, ordering by its chance alone."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    x, _ = as_shown(learned.rows)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(np.asarray(x), [row.funded for row in learned.rows])
    said = [model.predict_proba(matrix)[:, 1] for matrix in learned.matrix]
    return Scored("logistic", learned.world.split, said, published=False, chances=True)


def _lambdarank(learned: Learned) -> list[Scored]:
    """LightGBM's LambdaRank on the same features: each list's first ten, one where money came."""
    try:
        import lightgbm
    except ImportError:
        return []
    stage = learned.world.stage
    money = {(row.list_id, row.case.offer.product_id) for row in learned.rows if row.funded}
    known = sorted({row.list_id for row in learned.rows})
    x, y, sizes = [], [], []
    by_need: dict[int, dict[int, Any]] = {}
    read, _ = as_shown(learned.rows)
    for vector, row in zip(read, learned.rows, strict=True):
        by_need.setdefault(row.list_id, {})[row.case.offer.product_id] = vector
    for at in known:
        # Shown and not sent counts as not relevant, as is usual; features as of the history's end for those.
        need = stage.needs[at]
        block = [
            by_need[at].get(offer.product_id) or row
            for offer, row in zip(need.offers, vectors(need, learned.counts).tolist(), strict=True)
        ]
        x += block
        y += [int((at, offer.product_id) in money) for offer in need.offers]
        sizes.append(len(block))
    model = lightgbm.LGBMRanker(
        objective="lambdarank", n_estimators=150, learning_rate=0.05, num_leaves=15, min_child_samples=30,
        subsample=0.8, subsample_freq=1, colsample_bytree=0.6, n_jobs=1, verbosity=-1, random_state=1,
    )  # fmt: skip
    model.fit(np.asarray(x), np.asarray(y), group=sizes)
    numbers = [model.predict(matrix) for matrix in learned.matrix]
    return [Scored("LightGBM lambdarank", learned.world.split, numbers, published=False, chances=False)]


def _factorisation(learned: Learned) -> list[Scored]:
    """LightFM (the maintained fork, lightfm-next): WARP over what was funded, needs and products with their traits."""
    try:
        from lightfm import LightFM  # type: ignore[import-not-found]
        from lightfm.data import Dataset  # type: ignore[import-not-found]
    except ImportError:
        return []
    stage, split = learned.world.stage, learned.world.split

    def traits(need: Asked) -> list[str]:
        case = need.cases[0]
        return [
            f"section {case.section}", f"county {case.county}", f"band {case.amount_band}", f"purpose {case.purpose}",
            f"grade {case.tax_grade}", f"kind {case.business_kind}", f"first {case.first_loan}",
        ]  # fmt: skip

    of_product = {}
    for need in stage.needs:
        for offer in need.offers:
            of_product[offer.product_id] = [
                f"lender {offer.institution_id}", f"type {offer.institution_kind}", f"unsecured {offer.unsecured}",
            ]  # fmt: skip
    data = Dataset()
    data.fit(
        range(len(stage.needs)), sorted(of_product),
        user_features=sorted({trait for need in stage.needs for trait in traits(need)}),
        item_features=sorted({trait for one in of_product.values() for trait in one}),
    )  # fmt: skip
    money, _ = data.build_interactions((row.list_id, row.case.offer.product_id) for row in learned.rows if row.funded)
    users = data.build_user_features(((at, traits(need)) for at, need in enumerate(stage.needs)))
    items = data.build_item_features(of_product.items())
    model = LightFM(no_components=24, loss="warp", random_state=1, item_alpha=1e-5, user_alpha=1e-5)
    model.fit(money, user_features=users, item_features=items, epochs=20, num_threads=1)
    number = data.mapping()[2]
    numbers = [
        model.predict(at, np.array([number[offer.product_id] for offer in need.offers]), items, users)
        for at, need in enumerate(stage.needs[split:], start=split)
    ]
    return [Scored("LightFM-next", split, numbers, published=False, chances=False)]


def oracle(world: World, *, live: bool) -> Any:
    """The hidden truth in the place of what is learned: how far anybody could come, with and without capacity."""
    true = [a * b for a, b in zip(world.approved[world.split :], world.taken[world.split :], strict=True)]
    if live:
        return TwoSided("oracle, two-sided", world.split, true)
    return Scored("oracle, one-sided", world.split, true, published=True, chances=True)
