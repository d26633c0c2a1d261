"""The learned part: a calibrated chance that this institution funds this need, by scikit-learn's conventions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn._loss.link import IdentityLink
from sklearn._loss.loss import BaseLoss
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from matchmaker.ranking.forest import margins

Matrix = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["gradient", "logistic", "list"]
KINDS: tuple[Kind, ...] = ("gradient", "logistic")
ISOTONIC_FROM = 1_000
"""Calibration cases from which isotonic regression is used; with fewer it follows the noise, and a sigmoid is taken."""
DECIMALS = 6
"""Chances are rounded, so that the order of a sum on another machine changes no place."""


LEVEL_CASES = 10.0
"""How much doubt an institution must remove before half of its own distance from the common level is believed."""


def at_level(chance: float, level: float) -> float:
    """A chance moved by so much in log-odds; the same chance, to the bit, where it is not moved."""
    if level == 0.0 or not 0.0 < chance < 1.0:
        return chance
    return round(1 / (1 + math.exp(-(math.log(chance / (1 - chance)) + level))), DECIMALS)


def levels_of(
    institution_ids: Sequence[int], labels: Sequence[bool], chances: Sequence[float], weights: Sequence[float]
) -> dict[int, float]:
    """Institution → how far its outcomes lie from what was said of it, in log-odds, drawn towards 0.

    One Newton step for each institution's own intercept, held by a prior worth ``LEVEL_CASES`` units of information:
    one with few cases stays at the level of all.
    """
    off: dict[int, list[float]] = {}
    for key, label, chance, weight in zip(institution_ids, labels, chances, weights, strict=True):
        sums = off.setdefault(key, [0.0, 0.0])
        sums[0] += weight * (label - chance)
        sums[1] += weight * chance * (1 - chance)
    return {key: round(float(away / (known + LEVEL_CASES)), 6) for key, (away, known) in sorted(off.items())}


class ListLoss(BaseLoss):  # type: ignore[misc]
    """LambdaRank on lists of which one row was taken (Burges 2010), with the two normalisations that LightGBM gives it.

    The taker and each other row are a pair: the chance that the other stands before it, weighed by what changing their
    places would gain (discounted gain), less the further apart their margins already are; each list's pull in all is
    drawn together by a logarithm, so that no list of many close rows outweighs the rest. Pairs of which neither stands
    within the first ``PLACES`` count nothing.

    ``starts``: the row at which each list begins, int [lists]. scikit-learn accepts a loss of one's own, but its base
    is a private module, which is why the version is pinned (see docs/decisions).
    """

    PLACES = 10
    NEAREST = 0.01

    def __init__(self, starts: Matrix) -> None:
        super().__init__(closs=None, link=IdentityLink())
        self.starts = starts
        self.approx_hessian = True

    def fit_intercept_only(self, y_true: Matrix, sample_weight: Matrix | None = None) -> Matrix:
        """Zero: a constant changes nothing within a list."""
        return np.zeros(1)

    def gradient_hessian(
        self,
        y_true: Matrix,
        raw_prediction: Matrix,
        sample_weight: Matrix | None = None,
        gradient_out: Matrix | None = None,
        hessian_out: Matrix | None = None,
        n_threads: int = 1,
    ) -> tuple[Matrix, Matrix]:
        """The pull on every row, against its margin, and the slope of it; lists may be of any length."""
        raw = raw_prediction.ravel().astype(np.float64)
        sizes = np.diff(np.r_[self.starts, len(raw)])
        width = np.arange(int(sizes.max()))
        filled = width < sizes[:, None]  # [lists, width]; rows of a shorter list are followed by empty ones
        margin = np.full(filled.shape, -np.inf)
        margin[filled] = raw
        taken = np.zeros(filled.shape, dtype=bool)
        taken[filled] = np.asarray(y_true).ravel() > 0.5
        place = np.empty(filled.shape, dtype=np.int64)
        np.put_along_axis(place, np.argsort(-margin, axis=1, kind="stable"), width[None, :], axis=1)
        gain = 1 / np.log2(2 + width)
        at = taken.argmax(axis=1)[:, None]
        own = np.take_along_axis(place, at, axis=1)
        ahead = np.take_along_axis(margin, at, axis=1) - margin
        worth = np.abs(gain[own] - gain[place]) * (np.minimum(own, place) < self.PLACES)
        lowest = np.where(filled, margin, np.inf).min(axis=1, keepdims=True)
        apart = margin.max(axis=1, keepdims=True) > lowest  # before the first tree all rows stand at one margin
        worth = np.where(apart, worth / (self.NEAREST + np.abs(ahead)), worth)
        wrong = 1 / (1 + np.exp(np.clip(ahead, -50, 50)))
        pull = np.where(filled & ~taken, wrong * worth, 0.0)
        slope = pull * (1 - wrong)
        pull[taken] = -pull.sum(axis=1)
        slope[taken] = slope.sum(axis=1)
        total = 2 * np.where(taken, 0.0, pull).sum(axis=1, keepdims=True)
        drawn = np.where(total > 0, np.log2(1 + total) / np.maximum(total, 1e-300), 1.0)
        weight = 1.0 if sample_weight is None else sample_weight
        gradient = np.empty_like(raw_prediction) if gradient_out is None else gradient_out
        hessian = np.empty_like(raw_prediction) if hessian_out is None else hessian_out
        gradient[...] = ((pull * drawn)[filled] * weight).reshape(gradient.shape)
        hessian[...] = (np.maximum((slope * drawn)[filled], 1e-16) * weight).reshape(hessian.shape)
        return gradient, hessian


class Sigmoid:
    """A chance from a margin by slope and shift, drawn towards slope 1 and shift 0: the margin is a log-odds already.

    A hundred cases move it a little, a thousand as far as they say. ``PRIOR`` is the precision of both in units of
    information (a case at one half is worth a quarter).
    """

    PRIOR = 20.0

    def fit(self, margin: Matrix, y: Matrix, weights: Matrix | None = None) -> Sigmoid:
        """Newton's steps on the penalised log loss, which is convex; margins and labels 0 or 1 (n)."""
        weight = np.ones(len(margin)) if weights is None else np.asarray(weights, dtype=np.float64)
        self.slope, self.shift = 1.0, 0.0
        for _ in range(50):
            chance = self.predict(margin)
            away, known = weight * (chance - y), weight * chance * (1 - chance)
            gradient = np.array(
                [(away * margin).sum() + self.PRIOR * (self.slope - 1), away.sum() + self.PRIOR * self.shift]
            )
            bent = np.array(
                [
                    [(known * margin**2).sum() + self.PRIOR, (known * margin).sum()],
                    [(known * margin).sum(), known.sum() + self.PRIOR],
                ]
            )
            step = np.linalg.solve(bent, gradient)
            self.slope, self.shift = float(self.slope - step[0]), float(self.shift - step[1])
            if float(np.abs(step).max()) < 1e-10:
                break
        return self

    def predict(self, margin: Matrix) -> Matrix:
        """The chance of each margin."""
        found: Matrix = 1 / (1 + np.exp(-np.clip(self.slope * margin + self.shift, -30, 30)))
        return found


class SignedLogistic(BaseEstimator, ClassifierMixin):  # type: ignore[misc]
    """Logistic regression whose coefficients never contradict what is known of a feature's sense.

    A feature whose coefficient comes out against its sense says nothing that the others do not say better: it is left
    out and the rest is fitted again, until no coefficient contradicts.
    """

    def __init__(self, senses: Sequence[int] | None = None) -> None:
        self.senses = senses

    def fit(self, x: Matrix, y: Matrix, sample_weight: Matrix | None = None) -> SignedLogistic:
        """Learn from rows (n, features) and labels 0 or 1."""
        senses = np.zeros(x.shape[1]) if self.senses is None else np.asarray(self.senses, dtype=np.float64)
        self.scaler_ = StandardScaler().fit(x)
        scaled = self.scaler_.transform(x)
        left_out = np.zeros(x.shape[1], dtype=bool)
        while True:
            scaled[:, left_out] = 0.0
            self.model_ = LogisticRegression(C=0.02, max_iter=500).fit(scaled, y, sample_weight=sample_weight)
            contradicts = (self.model_.coef_[0] * senses < 0) & ~left_out
            if not contradicts.any():
                break
            left_out |= contradicts
        self.model_.coef_[0, left_out] = 0.0
        self.classes_ = self.model_.classes_
        self.n_features_in_ = x.shape[1]
        return self

    def decision_function(self, x: Matrix) -> Matrix:
        """The log-odds of each row."""
        found: Matrix = self.model_.decision_function(self.scaler_.transform(x))
        return found


class FundingChance(BaseEstimator, ClassifierMixin):  # type: ignore[misc]
    """Chance of funding from a feature matrix.

    `fit` learns the order on one slice of time; `calibrate` fits the level on the next one. One thread each, and a
    fixed seed: the same rows give the same model.
    """

    def __init__(self, kind: Kind = "gradient", random_state: int = 0) -> None:
        self.kind = kind
        self.random_state = random_state

    def fit(
        self,
        x: Matrix,
        y: Matrix,
        *,
        starts: Matrix | None = None,
        senses: Sequence[int] | None = None,
        weights: Matrix | None = None,
    ) -> FundingChance:
        """Learn from rows (n, features) and labels 0 or 1 (n).

        Kind "list" learns which row of a list was taken; ``starts`` says where each list begins, and every list has
        one label 1. ``senses`` (one a feature) holds the model to features of which more can only speak for a row (1)
        or against it (-1). ``weights``: how many cases each row stands for (not with lists).
        """
        held = None if senses is None else [int(one) for one in senses]
        if self.kind == "list":
            if starts is None:
                raise ValueError("lists are learned from with the place where each begins")
            model: Any = HistGradientBoostingClassifier(
                loss=ListLoss(starts),
                learning_rate=0.05,
                max_iter=150,
                max_leaf_nodes=31,
                max_bins=127,
                min_samples_leaf=50,
                l2_regularization=1.0,
                max_features=0.5,
                monotonic_cst=held,
                early_stopping=False,
                random_state=self.random_state,
            )
        elif self.kind == "gradient":
            model = HistGradientBoostingClassifier(
                monotonic_cst=held,
                learning_rate=0.05,
                max_iter=100,
                max_leaf_nodes=6,
                min_samples_leaf=30,
                l2_regularization=5.0,
                max_features=0.4,
                early_stopping=False,
                random_state=self.random_state,
            )
        else:
            model = SignedLogistic(held)
        with threadpool_limits(1):
            self.model_ = model.fit(x, y) if weights is None else model.fit(x, y, sample_weight=weights)
        if self.kind == "list":  # what only training needs is not kept
            self.model_.loss = self.model_._loss = ListLoss(np.zeros(1, np.int64))
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = x.shape[1]
        self.calibration_: Any = None
        return self

    def calibrate(self, x: Matrix, y: Matrix, weights: Matrix | None = None) -> FundingChance:
        """Fit the level on rows that `fit` has not seen: isotonic with many of them, else a sigmoid.

        ``weights``: how many cases each row stands for.
        """
        check_is_fitted(self, "model_")
        margin = self._margin(x)
        if len(y) >= ISOTONIC_FROM:
            self.calibration_ = IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(
                margin, y, sample_weight=weights
            )
        else:
            self.calibration_ = Sigmoid().fit(margin, y, weights)
        return self

    def predict_proba(self, x: Matrix) -> Matrix:
        """Two columns: not funded, funded."""
        check_is_fitted(self, "model_")
        margin = self._margin(x)
        if self.calibration_ is None:
            chance: Any = 1 / (1 + np.exp(-margin))
        elif isinstance(self.calibration_, IsotonicRegression):
            # A step is tied by a hair of the margin, so that cases in one step keep the order that was learned.
            chance = self.calibration_.predict(margin) + 1e-4 * np.tanh(margin)
        else:
            chance = self.calibration_.predict(margin)
        chance = np.round(np.clip(chance, 0.0, 1.0), DECIMALS)
        return np.column_stack([1 - chance, chance])

    def predict(self, x: Matrix) -> Matrix:
        """1 where funding is likelier than not."""
        found: Matrix = (self.predict_proba(x)[:, 1] >= 0.5).astype(int)
        return found

    def chances(self, rows: list[list[float]]) -> list[float]:
        """The chance of each row, as plain floats."""
        if not rows:
            return []
        return [float(chance) for chance in self.predict_proba(np.asarray(rows, dtype=np.float64))[:, 1]]

    def margins(self, x: Matrix) -> Matrix:
        """What the trees add up to for each row, float64 [n]: the order, before any level is put on it."""
        check_is_fitted(self, "model_")
        return self._margin(x)

    def _margin(self, x: Matrix) -> Matrix:
        # No limit on threads here: looking for the libraries takes longer than the rows of one list do.
        found: Matrix = margins(self.model_, x)
        return found
