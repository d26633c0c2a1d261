"""The learned part: a calibrated chance that this institution funds this need, by scikit-learn's conventions."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from matchmaker.ranking.forest import margins

Matrix = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["gradient", "logistic"]
KINDS: tuple[Kind, ...] = ("gradient", "logistic")
ISOTONIC_FROM = 1_000
"""Calibration cases from which isotonic regression is used; with fewer it follows the noise, and a sigmoid is taken."""
DECIMALS = 6
"""Chances are rounded, so that the order of a sum on another machine changes no place."""


class FundingChance(BaseEstimator, ClassifierMixin):  # type: ignore[misc]
    """Chance of funding from a feature matrix.

    `fit` learns the order on one slice of time; `calibrate` fits the level on the next one. One thread each, and a
    fixed seed: the same rows give the same model.
    """

    def __init__(self, kind: Kind = "gradient", random_state: int = 0) -> None:
        self.kind = kind
        self.random_state = random_state

    def fit(self, x: Matrix, y: Matrix) -> FundingChance:
        """Learn from rows (n, features) and labels 0 or 1 (n)."""
        if self.kind == "gradient":
            model: Any = HistGradientBoostingClassifier(
                learning_rate=0.06,
                max_iter=120,
                max_leaf_nodes=12,
                min_samples_leaf=25,
                l2_regularization=2.0,
                early_stopping=False,
                random_state=self.random_state,
            )
        else:
            model = make_pipeline(StandardScaler(), LogisticRegression(C=0.2, max_iter=500))
        with threadpool_limits(1):
            self.model_ = model.fit(x, y)
        self.classes_ = np.array([0, 1])
        self.n_features_in_ = x.shape[1]
        self.calibration_: Any = None
        return self

    def calibrate(self, x: Matrix, y: Matrix) -> FundingChance:
        """Fit the level on rows that `fit` has not seen: isotonic with many of them, else a sigmoid."""
        check_is_fitted(self, "model_")
        margin = self._margin(x)
        if len(y) >= ISOTONIC_FROM:
            self.calibration_ = IsotonicRegression(y_min=0.01, y_max=0.99, out_of_bounds="clip").fit(margin, y)
        else:
            with threadpool_limits(1):
                self.calibration_ = LogisticRegression(C=1.0).fit(margin.reshape(-1, 1), y)
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
            chance = self.calibration_.predict_proba(margin.reshape(-1, 1))[:, 1]
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

    def _margin(self, x: Matrix) -> Matrix:
        # No limit on threads here: looking for the libraries takes longer than the rows of one list do.
        found: Matrix = margins(self.model_, x)
        return found
