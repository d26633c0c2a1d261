"""Who took what kind of need: recency-weighted counts by group, and shares that lean on the wider group.

Plain numpy over whole columns: n cases in order of time, L takers (institutions), groups as whole numbers from 0, -1
where a case has none. Everything is as of a cut: a tally is built from the first n cases and knows nothing after.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]

USUAL_FROM = 300
"""Cases of one day from which its mix of takers is looked at; with fewer every day looks unusual (own choice)."""
USUAL_POWER = 4.0
NEIGHBOURS = 4
"""Days before and after that a day is compared with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group: its takers, the weight each has taken, and the weight in all."""

    takers: Array
    weights: Array
    total: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Weights by (group, taker), stored group after group."""

    start: Array
    takers: Array
    weights: Array
    totals: Array

    def row(self, group: int | None) -> Row | None:
        """A group's row; None for a group that is unknown or empty."""
        if group is None or group < 0 or group >= len(self.totals) or self.totals[group] <= 0:
            return None
        part = slice(self.start[group], self.start[group + 1])
        return Row(self.takers[part], self.weights[part], float(self.totals[group]))


def tally(groups: Array, takers: Array, weights: Array, size: int, takers_in_all: int) -> Tally:
    """Sum the weights of cases by group and taker: int [n], int [n], float [n]; `size` groups in all."""
    known = groups >= 0
    cell = groups[known] * takers_in_all + takers[known]
    order = np.argsort(cell, kind="stable")
    cell, weight = cell[order], weights[known][order]
    first = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]]) if len(cell) else np.zeros(0, np.int64)
    summed = np.add.reduceat(weight, first) if len(first) else np.zeros(0)
    group, taker = np.divmod(cell[first], takers_in_all)
    return Tally(
        start=np.searchsorted(group, np.arange(size + 1)),
        takers=taker,
        weights=summed,
        totals=np.bincount(group, summed, size)[:size],
    )


def recency(groups: Array, half_life: float) -> Array:
    """A weight for each case that halves with every `half_life` later cases of its own group.

    Counted in cases and not in days, so that a quiet county and a busy one are read alike.
    """
    n = len(groups)
    if not n:
        return np.zeros(0)
    order = np.argsort(groups, kind="stable")
    ordered = groups[order]
    begins = np.r_[True, ordered[1:] != ordered[:-1]]
    number = np.cumsum(begins) - 1
    start = np.flatnonzero(begins)[number]
    behind = np.bincount(number)[number] - 1 - (np.arange(n) - start)
    weights = np.empty(n)
    weights[order] = 0.5 ** (behind / half_life)
    return weights


def usual(days: Array, takers: Array, takers_in_all: int) -> Array:
    """A weight up to 1 for each case: less where its day had another mix of takers than the days around it.

    One institution that uploads a whole week on a Sunday would else be taken for a turn of the market. A day's
    distance is the total variation from the mean mix of up to eight days around it, and its weight is the fourth power
    of the median distance over its own. Days with few cases count in full.
    """
    day = (days - days.min()).astype(np.int64)
    n = np.bincount(day)
    busy = np.flatnonzero(n >= USUAL_FROM)
    weights = np.ones(len(n))
    if len(busy) > 3:
        mix = np.array([np.bincount(takers[day == one], minlength=takers_in_all) / n[one] for one in busy])
        distance = np.empty(len(busy))
        for at in range(len(busy)):
            low = max(0, at - NEIGHBOURS)
            around = [other for other in range(low, min(len(busy), at + NEIGHBOURS + 1)) if other != at]
            distance[at] = 0.5 * np.abs(mix[at] - mix[around].mean(axis=0)).sum()
        typical = np.median(distance)
        weights[busy] = np.minimum(1.0, (typical / np.maximum(distance, 1e-9)) ** USUAL_POWER)
    found: Array = weights[day]
    return found


def leaning(wider: Array, row: Row | None, *, least: float, per_taker: float) -> Array:
    """Shares of all takers in a group [L], drawn towards those of the wider group.

    The wider share is worth `least` cases and `per_taker` more for every taker seen: a group with many takers is less
    decided by its few cases (Witten and Bell's back-off, with weights).
    """
    if row is None:
        return wider
    worth = least + per_taker * len(row.takers)
    found: Array = wider * (worth / (row.total + worth))
    found[row.takers] += row.weights / (row.total + worth)
    return found


def lift(row: Row | None, taken: Array, total: float, strength: float) -> Array | None:
    """Log of how much more often each taker's cases are of this kind than all cases are [L]; None where unknown.

    `taken`: weight of each taker's cases [L]. A taker's own share is drawn towards everybody's by `strength` cases.
    """
    if row is None:
        return None
    everywhere = (row.total + 0.5) / (total + 1)
    own = strength * everywhere / (taken + strength)
    own[row.takers] += row.weights / (taken[row.takers] + strength)
    found: Array = np.log(own / everywhere)
    return found
