"""A fitted gradient boosting of scikit-learn as bit vectors: the same raw predictions to the bit, many times faster.

scikit-learn stays the truth. A forest is taken over only when every one of a thousand probing rows comes out equal to
the bit, drawn on and around the model's own thresholds; what the bit vectors cannot hold (more than 64 leaves, classes
beyond two, categorical splits) and rows with missing values are answered by scikit-learn itself, and ``how_scored``
says so. The trees are read from private fields of scikit-learn, which is why its version is pinned.
"""

from __future__ import annotations

import logging
import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from matchmaker.ranking import plain_forest_kernels
from matchmaker.ranking.compiled import Array, Kernels

log = logging.getLogger(__name__)
kernels = Kernels("matchmaker.ranking.forest_kernels", plain_forest_kernels)

WIDEST = 64
PROBES = 1_000


class NotRepresentable(Exception):
    """What the bit vectors cannot hold; the message says what, for the log and the model's page."""


@dataclass(frozen=True, eq=False)
class Forest:
    """Tests tree by tree, and the leaves from left to right; see ``forest_kernels`` for shapes and method."""

    feature: Array
    """int32 [tests]"""
    threshold: Array
    """float64 [tests]; a row goes right where its value is above."""
    mask: Array
    """uint16, uint32 or uint64 [tests]: the leaves that stay when the test sends a row to the right."""
    start: Array
    """int32 [trees + 1]"""
    leaves: Array
    """float64 [trees, leaves of the widest tree]"""
    baseline: float
    features: int

    @property
    def full(self) -> Any:
        """All leaves: every bit set."""
        return self.mask.dtype.type(~np.uint64(0) >> np.uint64(64 - 8 * self.mask.dtype.itemsize))

    def raw(self, x: Array) -> Array:
        """Raw predictions (log odds) of rows [n, features] without missing values: float64 [n]."""
        found: Array = np.empty(len(x))
        initial: Array = np.full(len(self.start) - 1, self.full, self.mask.dtype)
        rows = np.ascontiguousarray(x, dtype=np.float64)
        kernels.now.score_rows(
            rows, self.feature, self.threshold, self.mask, self.start, initial, self.leaves, self.baseline, found
        )
        return found

    def single_thresholds(self) -> Array:
        """Thresholds for rows in float32: the largest float32 that is not above each, so that x > t stays exact."""
        single = self.threshold.astype(np.float32)
        above = single.astype(np.float64) > self.threshold
        lower: Array = np.where(above, np.nextafter(single, np.float32(-np.inf)), single).astype(np.float32)
        return lower


def forest_of(model: Any) -> Forest:
    """The bit vectors of a fitted model. Raises NotRepresentable, saying why; proves nothing yet (see ``proved``)."""
    if not isinstance(model, HistGradientBoostingClassifier):
        raise NotRepresentable(f"{type(model).__name__} is no gradient boosting of trees")
    if any(len(trees) != 1 for trees in model._predictors):
        raise NotRepresentable("more than two classes")
    feature: list[int] = []
    threshold: list[float] = []
    mask: list[int] = []
    start, leaves = [0], list[list[float]]()
    for (tree,) in model._predictors:
        nodes = tree.nodes
        if nodes["is_categorical"].any():
            raise NotRepresentable("categorical splits")
        if int(nodes["is_leaf"].sum()) > WIDEST:
            raise NotRepresentable(f"more than {WIDEST} leaves in a tree")
        leaves.append(_write_tree(nodes, feature, threshold, mask))
        start.append(len(feature))
    widest = max(map(len, leaves), default=1)
    mask_type = next(kind for kind in (np.uint16, np.uint32, np.uint64) if widest <= 8 * np.dtype(kind).itemsize)
    whole = (1 << 8 * np.dtype(mask_type).itemsize) - 1
    return Forest(
        feature=np.array(feature, np.int32),
        threshold=np.array(threshold, np.float64),
        mask=np.array([whole & ~gone for gone in mask], mask_type),
        start=np.array(start, np.int32),
        leaves=np.array([row + [0.0] * (widest - len(row)) for row in leaves], np.float64),
        baseline=float(np.ravel(model._baseline_prediction)[0]),
        features=int(model.n_features_in_),
    )


def _write_tree(nodes: Any, feature: list[int], threshold: list[float], gone: list[int]) -> list[float]:
    """One tree's tests, each with the bits of its left branch; answers its leaves from left to right."""
    leaves: list[float] = []

    def write(at: int) -> None:
        node = nodes[at]
        if node["is_leaf"]:
            leaves.append(float(node["value"]))
            return
        test, before = len(feature), len(leaves)
        feature.append(int(node["feature_idx"]))
        threshold.append(float(node["num_threshold"]))
        gone.append(0)
        write(int(node["left"]))
        gone[test] = ((1 << (len(leaves) - before)) - 1) << before
        write(int(node["right"]))

    write(0)
    return leaves


def proved(forest: Forest, model: Any, seed: int = 0) -> bool:
    """Whether a thousand rows on and around the thresholds come out as scikit-learn's raw prediction, to the bit."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(PROBES, forest.features)) * 3
    for column in range(forest.features):
        limits = forest.threshold[forest.feature == column]
        limits = limits[np.isfinite(limits)]
        if len(limits):
            picked = chance.choice(limits, PROBES)
            nudge = chance.integers(-1, 2, PROBES)
            near = np.where(nudge == 0, picked, np.nextafter(picked, np.where(nudge > 0, np.inf, -np.inf)))
            spread = limits.std() + 1e-3
            rows[:, column] = np.where(chance.random(PROBES) < 0.5, near, picked + chance.normal(size=PROBES) * spread)
    return bool(np.array_equal(forest.raw(rows), model.decision_function(rows)))


# One model, prepared once ----------------------------------------------------------------------------------------


@dataclass
class _Prepared:
    forest: Forest | None
    said: str


_prepared: weakref.WeakKeyDictionary[Any, _Prepared] = weakref.WeakKeyDictionary()


def prepare(model: Any) -> Forest | None:
    """The proved bit vectors of a model; None where scikit-learn answers (and the log says why, once)."""
    known = _prepared.get(model)
    if known is None:
        known = _prepared[model] = _prepare(model)
        if known.forest is None:  # a logistic regression has no trees; of a forest one wants to know
            level = logging.WARNING if isinstance(model, HistGradientBoostingClassifier) else logging.INFO
            log.log(level, "scikit-learn scores this model itself: %s", known.said)
    return known.forest


def _prepare(model: Any) -> _Prepared:
    try:
        forest = forest_of(model)
    except NotRepresentable as why:
        return _Prepared(None, str(why))
    except (AttributeError, KeyError, IndexError, ValueError) as changed:
        return _Prepared(None, f"the fields of this scikit-learn are others ({changed})")
    if not proved(forest, model):
        return _Prepared(None, "its bit vectors do not come out equal")
    return _Prepared(forest, f"bit vectors, {len(forest.leaves)} trees, proved equal on {PROBES} rows")


def how_scored(model: Any) -> str:
    """How a model is scored at this moment and, where it is scikit-learn that does it, why."""
    prepare(model)
    known = _prepared[model]
    if known.forest is not None and kernels.now is kernels.plain:
        return "scikit-learn: the kernels are not compiled (yet)"
    return known.said if known.forest is not None else f"scikit-learn: {known.said}"


def margins(model: Any, x: Array) -> Array:
    """``model.decision_function(x)``, by bit vectors where they are proved and compiled; float64 [n], equal to the bit.

    Rows with missing values go to scikit-learn, which knows which way each split sends them.
    """
    if kernels.now is kernels.plain or np.isnan(x).any() or (forest := prepare(model)) is None:
        found: Array = model.decision_function(x)
        return found
    return forest.raw(x)
