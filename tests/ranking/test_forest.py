"""The forest as bit vectors: scikit-learn's raw prediction to the bit, or scikit-learn itself, and said."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier

from matchmaker.ranking import compiled, forest
from matchmaker.ranking.estimator import FundingChance
from matchmaker.ranking.pairs import PairFeature, PairScorer
from matchmaker.ranking.plain_forest_kernels import pair_features

pytestmark = pytest.mark.long  # the compiler of numba takes its time
PROPERTY = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(params=["numpy", "numba"])
def form(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both forms of the kernels, one after the other."""
    if request.param == "numba" and not (compiled.available() and forest.kernels.warm()):
        pytest.skip("numba is not installed here")
    yield request.param
    forest.kernels.cool()


def learned(leaves: int = 31, trees: int = 12, features: int = 6, seed: int = 0, **more: Any) -> Any:
    """A small boosting and the rows that it has learned from; some columns are flags, some counts."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(900, features))
    x[:, 0] = x[:, 0] > 0
    x[:, 1] = np.round(x[:, 1] * 2)
    y = (x.sum(axis=1) + np.sin(3 * x[:, -1]) + chance.normal(size=len(x)) > 0).astype(int)
    options = {"max_leaf_nodes": leaves, "max_iter": trees, "min_samples_leaf": 3, "early_stopping": False} | more
    return HistGradientBoostingClassifier(random_state=0, **options).fit(x, y), x


@pytest.mark.article("B.2")
@PROPERTY
@given(st.integers(2, 64), st.integers(1, 9), st.integers(0, 99))
def test_every_sum_is_scikit_learns_to_the_bit(form: str, leaves: int, trees: int, seed: int) -> None:
    model, x = learned(leaves, trees, seed=seed)
    made = forest.forest_of(model)
    assert made.mask.dtype == (np.uint16 if made.leaves.shape[1] <= 16 else np.uint32 if made.leaves.shape[1] <= 32
                               else np.uint64)  # fmt: skip
    assert np.array_equal(made.raw(x), model._raw_predict(x).ravel())
    assert forest.proved(made, model, seed)
    assert len(made.raw(x[:0])) == 0


def test_a_value_on_a_threshold_goes_where_scikit_learn_sends_it(form: str) -> None:
    model, x = learned()
    made = forest.forest_of(model)
    for test in range(0, len(made.feature), 7):
        rows = np.repeat(x[:3], 3, axis=0)
        limit = made.threshold[test]
        rows[:, made.feature[test]] = [limit, np.nextafter(limit, np.inf), np.nextafter(limit, -np.inf)] * 3
        assert np.array_equal(made.raw(rows), model.decision_function(rows))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"leaves": 80, "trees": 2}, "more than 64 leaves"),
        ({"categorical_features": [1], "trees": 3}, "categorical splits"),
    ],
)
def test_what_bits_cannot_hold_is_scored_by_scikit_learn_and_said(
    options: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    model, x = learned(**options) if "categorical_features" not in options else _with_categories()
    with caplog.at_level(logging.WARNING):
        assert forest.prepare(model) is None
    assert why in caplog.text
    assert why in forest.how_scored(model)
    if compiled.available() and forest.kernels.warm():
        assert np.array_equal(forest.margins(model, x), model.decision_function(x))
        forest.kernels.cool()


def _with_categories() -> Any:
    chance = np.random.default_rng(1)
    x = np.column_stack([chance.normal(size=600), chance.integers(0, 6, 600)])
    y = (np.isin(x[:, 1], (1, 4)) ^ (x[:, 0] > 1)).astype(int)
    options = {"categorical_features": [1], "max_iter": 3, "min_samples_leaf": 3, "early_stopping": False}
    return HistGradientBoostingClassifier(random_state=0, **options).fit(x, y), x


def test_rows_with_missing_values_go_to_scikit_learn(form: str) -> None:
    model, x = learned()
    x[::3, 2] = np.nan
    assert np.array_equal(forest.margins(model, x), model.decision_function(x))


def test_a_forest_that_does_not_come_out_equal_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = learned()
    right = forest.forest_of

    def wrong(model: Any) -> forest.Forest:
        made = right(model)
        made.threshold[len(made.threshold) // 2] += 0.5
        return made

    monkeypatch.setattr(forest, "forest_of", wrong)
    assert forest.prepare(model) is None
    assert "do not come out equal" in forest.how_scored(model)


@pytest.mark.article("B.2")
def test_chances_are_the_same_with_and_without_the_kernels(form: str) -> None:
    _, x = learned()
    y = (x[:, 2] > 0).astype(int)
    estimator = FundingChance().fit(x, y).calibrate(x, y)
    by_kernel = estimator.predict_proba(x)
    forest.kernels.cool()
    assert np.array_equal(by_kernel, estimator.predict_proba(x))


FEATURES = (
    PairFeature("asked", "need", need="asked"),
    PairFeature("rate", "product", product="rate"),
    PairFeature("room", "product_less_need", need="asked", product="most"),
    PairFeature("over", "need_less_product", need="asked", product="least"),
    PairFeature("place", "scaled", need="asked", product="least", scale="per"),
    PairFeature("cost", "times", need="asked", product="rate"),
    PairFeature("far", "apart", need="north", product="up"),
    PairFeature("papers", "shared", need="has", product="wants"),
)
COLUMNS = {
    "need": ("asked", "north", "east", "has"),
    "product": ("rate", "most", "least", "per", "up", "across", "wants"),
}


def by_hand(need: Any, product: Any) -> list[Any]:
    """The features of one pair, in float32 as the kernels work."""
    asked, north, east, has = need
    rate, most, least, per, up, across, wants = product
    return [asked, rate, most - asked, asked - least, (asked - least) * per, asked * rate,
            abs(up - north) + abs(across - east), np.float32(bin(int(has) & int(wants)).count("1"))]  # fmt: skip


@pytest.mark.parametrize("fixed", ["need", "product"])
def test_the_best_pairs_are_those_of_a_full_prediction_ties_by_key(form: str, fixed: Any) -> None:
    chance = np.random.default_rng(4)

    def side(columns: int, rows: int) -> Any:
        made = np.round(chance.normal(size=(rows, columns)), 1).astype(np.float32)  # few values: many ties
        made[:, -1] = chance.integers(0, 16, rows)
        return made

    needs, products = side(4, 400), side(7, 400)
    pairs = np.array([by_hand(need, product) for need, product in zip(needs, products, strict=True)], np.float64)
    y = (pairs[:, 2] + pairs[:, 7] > chance.normal(size=400)).astype(int)
    model = HistGradientBoostingClassifier(max_iter=20, max_leaf_nodes=9, early_stopping=False).fit(pairs, y)
    scorer = PairScorer(forest.forest_of(model), FEATURES, COLUMNS, fixed=fixed)
    records = products if fixed == "need" else needs
    keys = chance.permutation(400).astype(np.int64)
    places = np.flatnonzero(chance.random(400) < 0.8)
    for one in range(5):
        mine = (needs if fixed == "need" else products)[one]
        found = scorer.best(mine, records, keys, places, 25)
        rows = np.array(
            [by_hand(mine, other) if fixed == "need" else by_hand(other, mine) for other in records[places]], np.float64
        )
        raw = model.decision_function(rows)
        expected = sorted(range(len(places)), key=lambda at: (-raw[at], keys[places[at]]))[:25]
        assert found.slots.tolist() == places[expected].tolist()
        assert found.scores.tolist() == raw[expected].tolist()
    assert len(scorer.best(mine, records, keys, places[:0], 5).slots) == 0


def test_a_scorer_wants_as_many_features_as_its_forest_has() -> None:
    model, _ = learned(features=5)
    with pytest.raises(ValueError, match="5 features, 8 are declared"):
        PairScorer(forest.forest_of(model), FEATURES, COLUMNS, fixed="need")
    assert pair_features(np.zeros((2, 7), np.float32), np.zeros(4, np.float32), *np.zeros((4, 0), np.int32)).shape == (
        2,
        7,
    )
