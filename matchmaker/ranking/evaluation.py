"""How good an order and its chances are, on cases later than those it learned from; and the gate to the owners."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
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
    """Figures on one slice. AUC: order (0.5 = none). Log loss, Brier: chances (lower is better; None: no chances).

    n and funded are counted cases; the figures weigh each by how many it stands for (``delay_weights``)."""

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
    cuts: tuple[datetime, datetime, datetime] | None = None
    """When each of them ends: what was not known then is no row of it."""


MATURE = timedelta(days=60)
"""How old a case must be for its delay to be learned from: nearly all are known by then (99 % on the demo town)."""
STANDS_FOR_AT_MOST = 4.0
LEAST_DELAYS = 20


def delay_weights(
    shown_at: Sequence[datetime],
    known_at: Sequence[datetime],
    labels: Sequence[bool],
    rows: Sequence[int],
    cut: datetime,
) -> list[float]:
    """How many cases each of these rows stands for, because others of its age are still open at the cut.

    Refusals are known early and money late. Of a young age more refusals than pay-outs are known, and a model that
    counts them alike learns that nobody is funded. Open cases are not negatives: each known case stands for those of
    its outcome that are not known yet, by the delays of cases that are older than ``MATURE`` at the cut and were known
    then (inverse probability of censoring); 1 where too few delays are known. 0 at an age at which less than one in
    ``STANDS_FOR_AT_MOST`` of either outcome would be known: no weight makes up for pay-outs of which none can be there
    yet, and refusals alone would tell that nobody is funded. Such cases are in no slice.
    """
    delays: dict[bool, list[float]] = {True: [], False: []}
    for shown, known, label in zip(shown_at, known_at, labels, strict=True):
        if shown <= cut - MATURE and known <= cut:
            delays[bool(label)].append((known - shown).total_seconds())
    for known_delays in delays.values():
        known_delays.sort()
    found = []
    for row in rows:
        age = (cut - shown_at[row]).total_seconds()
        shares = {of: bisect_right(all_, age) / len(all_) for of, all_ in delays.items() if len(all_) >= LEAST_DELAYS}
        if min(shares.values(), default=1.0) < 1 / STANDS_FOR_AT_MOST:
            found.append(0.0)
        else:
            found.append(1 / shares.get(bool(labels[row]), 1.0))
    return found


def measure(
    labels: Sequence[bool],
    scores: Sequence[float],
    *,
    are_chances: bool = True,
    weights: Sequence[float] | None = None,
) -> Measured:
    """Figures of scores against outcomes."""
    y, s = np.asarray(labels, dtype=int), np.asarray(scores, dtype=float)
    funded = int(y.sum())
    auc = float(roc_auc_score(y, s, sample_weight=weights)) if 0 < funded < len(y) else 0.5
    if not are_chances:
        return Measured(len(y), funded, round(auc, 6))
    clipped = np.clip(s, FLOOR, 1 - FLOOR)
    return Measured(
        len(y),
        funded,
        round(auc, 6),
        round(float(log_loss(y, clipped, labels=[0, 1], sample_weight=weights)), 6),
        round(float(brier_score_loss(y, clipped, sample_weight=weights)), 6),
    )


def reliability(
    labels: Sequence[bool], chances: Sequence[float], bins: int = 10, weights: Sequence[float] | None = None
) -> list[dict[str, float]]:
    """Tenths of the predicted chance: how many cases, what was predicted on average, what came."""
    found = []
    weighed = weights if weights is not None else [1.0] * len(chances)
    for low in range(bins):
        inside = [
            (chance, label, weight)
            for chance, label, weight in zip(chances, labels, weighed, strict=True)
            if min(int(chance * bins), bins - 1) == low
        ]
        if inside:
            total = sum(weight for _, _, weight in inside)
            mean = sum(chance * weight for chance, _, weight in inside) / total
            share = sum(label * weight for _, label, weight in inside) / total
            found.append({"n": len(inside), "predicted": round(mean, 4), "came": round(share, 4)})
    return found


def calibration_error(
    labels: Sequence[bool], chances: Sequence[float], weights: Sequence[float] | None = None
) -> float:
    """The mean distance between what was predicted and what came, weighted by cases."""
    rows = reliability(labels, chances, weights=weights)
    total = sum(row["n"] for row in rows)
    return round(sum(row["n"] * abs(row["predicted"] - row["came"]) for row in rows) / total, 6) if total else 0.0


def calibration_floor(chances: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """What ``calibration_error`` would be on average if every one of these chances were exactly right.

    Outcomes are dice: of n cases in a tenth the share that comes lies off by chance alone. In each tenth the distance
    is nearly normal with the variance of a weighted share, and a normal's mean distance is its deviation times √(2/π).
    The error of a model is read beside this floor; no model gets below it except by luck.
    """
    rows = _tenths(chances, weights)
    total = sum(n for n, _, _ in rows)
    return round(sum(n * float(np.sqrt(2 * of / np.pi)) for n, _, of in rows) / total, 6) if total else 0.0


def calibration_excess(
    labels: Sequence[bool], chances: Sequence[float], weights: Sequence[float] | None = None
) -> float:
    """The calibration error without what the dice explain: the root of the mean squared distance over the tenths, less
    the variance that a right chance would have there (debiased estimator; Kumar, Liang and Ma 2019). 0 where all of it
    is within the dice.
    """
    tenths = reliability(labels, chances, weights=weights)
    squared, total = 0.0, 0
    for row, (n, _, variance) in zip(tenths, _tenths(chances, weights), strict=True):
        squared += n * ((row["predicted"] - row["came"]) ** 2 - variance)
        total += n
    return round(float(np.sqrt(max(0.0, squared) / total)), 6) if total else 0.0


def _tenths(chances: Sequence[float], weights: Sequence[float] | None, bins: int = 10) -> list[tuple[int, int, float]]:
    """Tenths that are not empty: cases, tenth, variance of the share that comes if the chances are right."""
    p = np.asarray(chances, dtype=float)
    w = np.ones(len(p)) if weights is None else np.asarray(weights, dtype=float)
    tenth = np.minimum((p * bins).astype(int), bins - 1)
    found = []
    for low in range(bins):
        at = tenth == low
        if at.any():
            found.append((int(at.sum()), low, float((w[at] ** 2 * p[at] * (1 - p[at])).sum() / w[at].sum() ** 2)))
    return found


def split(shown_at: Sequence[datetime], known_at: Sequence[datetime]) -> Slices:
    """Cut rows, given in order of showing, by time: a case that was still open when the next slice began is left out
    of the earlier one, because nobody could have learned from it then.
    """
    n = len(shown_at)
    first, second = int(n * LEARN), int(n * (LEARN + CALIBRATE))
    if n == 0:
        return Slices([], [], [])
    calibrate_from, later_from = shown_at[min(first, n - 1)], shown_at[min(second, n - 1)]
    return Slices(
        learn=[row for row in range(first) if known_at[row] <= calibrate_from],
        calibrate=[row for row in range(first, second) if known_at[row] <= later_from],
        later=list(range(second, n)),
        cuts=(calibrate_from, later_from, max(known_at)),
    )


def split_at(
    shown_at: Sequence[datetime], known_at: Sequence[datetime], cuts: tuple[datetime, datetime, datetime]
) -> Slices:
    """Rows in the parts of time of other rows: a stage is cut where the whole is, each part as of its own end."""
    calibrate_from, later_from, _ = cuts
    places = range(len(shown_at))
    return Slices(
        learn=[row for row in places if shown_at[row] < calibrate_from and known_at[row] <= calibrate_from],
        calibrate=[
            row for row in places if calibrate_from <= shown_at[row] < later_from and known_at[row] <= later_from
        ],
        later=[row for row in places if shown_at[row] >= later_from],
        cuts=cuts,
    )


def too_few(labels: Sequence[bool], slices: Slices, *, least_of_each: int = LEAST_OF_EACH) -> Reason | None:
    """Why nothing can be trained yet, or None."""
    if len(labels) < LEAST_CASES:
        return Reason("ranker_too_few_cases", {"n": len(labels), "least": LEAST_CASES})
    for part in (slices.learn, slices.calibrate, slices.later):
        funded = sum(labels[row] for row in part)
        if min(funded, len(part) - funded) < least_of_each:
            return Reason("ranker_too_one_sided", {"n": len(part), "funded": funded, "least": least_of_each})
    return None


SEGMENT_LEAST = 50
"""Cases of a segment under which nothing is said about it."""
SEGMENT_BORNE, SEGMENT_ERRORS = 0.05, 2.5
"""How far a segment's mean chance may lie from what came: this much, and so many standard errors of its share (own
choice: with twenty segments one in eighty calibrated models would fail by chance)."""


@dataclass(frozen=True)
class Segment:
    """What was said and what came in one part of the later slice."""

    of: str
    value: str
    n: int
    predicted: float
    came: float

    @property
    def error(self) -> float:
        """The standard error of the share that came, if the mean chance was right."""
        return float(np.sqrt(max(self.predicted * (1 - self.predicted), FLOOR) / self.n))

    @property
    def is_off(self) -> bool:
        """Whether it says too much or too little for chance to explain."""
        away = abs(self.predicted - self.came)
        return self.n >= SEGMENT_LEAST and away > SEGMENT_BORNE + SEGMENT_ERRORS * self.error

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def segments(
    parts: Mapping[str, Sequence[str]], labels: Sequence[bool], chances: Sequence[float], weights: Sequence[float]
) -> list[Segment]:
    """The later slice by parts (name → the part of each case), in order of names and values; small ones too."""
    found = []
    for of, values in parts.items():
        for value in sorted(set(values)):
            rows = [row for row, one in enumerate(values) if one == value]
            total = sum(weights[row] for row in rows)
            predicted = sum(weights[row] * chances[row] for row in rows) / total
            came = sum(weights[row] * labels[row] for row in rows) / total
            found.append(Segment(of, value, len(rows), round(predicted, 4), round(came, 4)))
    return found


def why_off_in_a_segment(found: Iterable[Segment]) -> Reason | None:
    """The second gate: a model that is wrong about some part of the market does not order its lists."""
    worst = max((one for one in found if one.is_off), key=lambda one: abs(one.predicted - one.came), default=None)
    if worst is None:
        return None
    facts = {"of": worst.of, "value": worst.value, "n": worst.n, "predicted": worst.predicted, "came": worst.came}
    return Reason("ranker_off_in_segment", facts)


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


def by_month(
    shown_at: Sequence[datetime], chances: Sequence[float], labels: Sequence[bool | None]
) -> list[tuple[str, Measured, float, int]]:
    """What was said when it was shown against what came, by month of showing: figures, mean said, how many are open."""
    months: dict[str, list[int]] = {}
    for row, at in enumerate(shown_at):
        months.setdefault(at.strftime("%Y-%m"), []).append(row)
    found = []
    for month, rows in sorted(months.items()):
        known = [(bool(labels[row]), chances[row]) for row in rows if labels[row] is not None]
        said = sum(chance for _, chance in known) / len(known) if known else 0.0
        figures = measure([one for one, _ in known], [chance for _, chance in known]) if known else Measured(0, 0, 0.5)
        found.append((month, figures, round(said, 4), len(rows) - len(known)))
    return found
