"""How good an order and its chances are, on cases later than those it learned from; and the gate to the owners."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from matchmaker.refusal import Reason

LEARN, CALIBRATE = 0.6, 0.2
"""Shares of the history, in order of time; what is left over is the later slice that decides."""
LEAST_CASES = 200
LEAST_OF_EACH = 20
"""Cases in all, and of each outcome in every slice, under which nothing is trained (own choice)."""
BETTER_BY = 0.005
"""How much more of the area under the curve a model must have than the rule score to take its place."""
NOT_WORSE_BY = 0.01
"""How much less than the active model a new one may have: fresher counts are worth a little."""
FLOOR = 1e-4


@dataclass(frozen=True)
class Measured:
    """Figures on one slice. AUC: order (0.5 = none). Log loss, Brier: chances (lower is better; None: no chances)."""

    n: int
    funded: int
    auc: float
    log_loss: float | None = None
    brier: float | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Slices:
    """Places of the rows of each slice, in order of time."""

    learn: list[int]
    calibrate: list[int]
    later: list[int]


def measure(labels: Sequence[bool], scores: Sequence[float], *, are_chances: bool = True) -> Measured:
    """Figures of scores against outcomes."""
    y, s = np.asarray(labels, dtype=int), np.asarray(scores, dtype=float)
    funded = int(y.sum())
    auc = float(roc_auc_score(y, s)) if 0 < funded < len(y) else 0.5
    if not are_chances:
        return Measured(len(y), funded, round(auc, 6))
    clipped = np.clip(s, FLOOR, 1 - FLOOR)
    return Measured(
        len(y),
        funded,
        round(auc, 6),
        round(float(log_loss(y, clipped, labels=[0, 1])), 6),
        round(float(brier_score_loss(y, clipped)), 6),
    )


def reliability(labels: Sequence[bool], chances: Sequence[float], bins: int = 10) -> list[dict[str, float]]:
    """Tenths of the predicted chance: how many cases, what was predicted on average, what came."""
    found = []
    for low in range(bins):
        inside = [
            (chance, label)
            for chance, label in zip(chances, labels, strict=True)
            if min(int(chance * bins), bins - 1) == low
        ]
        if inside:
            mean = sum(chance for chance, _ in inside) / len(inside)
            share = sum(label for _, label in inside) / len(inside)
            found.append({"n": len(inside), "predicted": round(mean, 4), "came": round(share, 4)})
    return found


def calibration_error(labels: Sequence[bool], chances: Sequence[float]) -> float:
    """The mean distance between what was predicted and what came, weighted by cases."""
    rows = reliability(labels, chances)
    total = sum(row["n"] for row in rows)
    return round(sum(row["n"] * abs(row["predicted"] - row["came"]) for row in rows) / total, 6) if total else 0.0


def split(shown_at: Sequence[datetime], decided_at: Sequence[datetime]) -> Slices:
    """Cut rows, given in order of showing, by time: a case that was still open when the next slice began is left out
    of the earlier one, because nobody could have learned from it then.
    """
    n = len(shown_at)
    first, second = int(n * LEARN), int(n * (LEARN + CALIBRATE))
    if n == 0:
        return Slices([], [], [])
    calibrate_from, later_from = shown_at[min(first, n - 1)], shown_at[min(second, n - 1)]
    return Slices(
        learn=[row for row in range(first) if decided_at[row] <= calibrate_from],
        calibrate=[row for row in range(first, second) if decided_at[row] <= later_from],
        later=list(range(second, n)),
    )


def too_few(labels: Sequence[bool], slices: Slices) -> Reason | None:
    """Why nothing can be trained yet, or None."""
    if len(labels) < LEAST_CASES:
        return Reason("ranker_too_few_cases", {"n": len(labels), "least": LEAST_CASES})
    for part in (slices.learn, slices.calibrate, slices.later):
        funded = sum(labels[row] for row in part)
        if min(funded, len(part) - funded) < LEAST_OF_EACH:
            return Reason("ranker_too_one_sided", {"n": len(part), "funded": funded, "least": LEAST_OF_EACH})
    return None


def why_not_better(
    model: Measured, rule_order: Measured, rule_chance: Measured, active: Measured | None
) -> Reason | None:
    """The gate: None when the model may order owners' lists, else why the rule score (or the active model) stays.

    On the later slice it must order better than the rule score, say chances that are nearer to what came than the
    counted record, and not fall behind the active model.
    """
    best_rule = max(rule_order.auc, rule_chance.auc)
    if model.auc < best_rule + BETTER_BY:
        return Reason("ranker_orders_no_better", {"model_auc": model.auc, "rule_auc": best_rule})
    if (model.log_loss or 0.0) >= (rule_chance.log_loss or 0.0):
        return Reason("ranker_says_no_better", {"model_loss": model.log_loss, "rule_loss": rule_chance.log_loss})
    if active is not None and model.auc < active.auc - NOT_WORSE_BY:
        return Reason("ranker_behind_active", {"model_auc": model.auc, "active_auc": active.auc})
    return None
