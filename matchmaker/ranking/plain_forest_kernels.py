"""The same functions as ``forest_kernels``, in numpy alone, equal to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from matchmaker.ranking.compiled import Array

FIXED_LESS_RECORD, RECORD_LESS_FIXED, FIXED_SCALED, RECORD_SCALED, TIMES, APART, SHARED = range(7)
AT_ONCE = 4096


def score_rows(
    x: Array, feature: Array, threshold: Array, mask: Array, start: Array, initial: Array, leaves: Array,
    baseline: float, out: Array,
) -> None:  # fmt: skip
    """Raw predictions of rows: ``x`` [n, features] → ``out`` float64 [n]."""
    for first in range(0, len(x), AT_ONCE):
        columns = np.ascontiguousarray(x[first : first + AT_ONCE].T)
        n = columns.shape[1]
        sums: Array = np.full(n, baseline)
        for tree in range(len(start) - 1):
            left: Array = np.full(n, initial[tree], mask.dtype)
            for test in range(start[tree], start[tree + 1]):
                left[columns[feature[test]] > threshold[test]] &= mask[test]
            lowest = left & (~left + left.dtype.type(1))
            sums += leaves[tree][np.log2(lowest.astype(np.float64)).astype(np.int64)]
        out[first : first + n] = sums


def pair_features(records: Array, fixed: Array, how: Array, a: Array, b: Array, c: Array) -> Array:
    """Record columns and the features worked out from them: float32 [n, record columns + features]."""
    made = []
    for kind, at, of, by in zip(how.tolist(), a.tolist(), b.tolist(), c.tolist(), strict=True):
        x = records[:, of]
        if kind == FIXED_LESS_RECORD:
            made.append(fixed[at] - x)
        elif kind == RECORD_LESS_FIXED:
            made.append(x - fixed[at])
        elif kind == FIXED_SCALED:
            made.append((fixed[at] - x) * records[:, by])
        elif kind == RECORD_SCALED:
            made.append((x - fixed[at]) * fixed[by])
        elif kind == TIMES:
            made.append(fixed[at] * x)
        elif kind == APART:
            made.append(np.abs(x - fixed[at]) + np.abs(records[:, of + 1] - fixed[at + 1]))
        else:
            made.append(np.bitwise_count(x.astype(np.uint64) & np.uint64(fixed[at])).astype(records.dtype))
    return np.column_stack([records, *made])


def best_pairs(
    records: Array, keys: Array, places: Array, starts: Array, fixed: Array, program: Array, feature: Array,
    threshold: Array, mask: Array, start: Array, full: Any, leaves: Array, baseline: float, scores: Array,
    slots: Array, held: Array,
) -> None:  # fmt: skip
    """The best pairs of each of many fixed sides: see ``forest_kernels.best_pairs``."""
    known, tests = int(start[0, -1]), (feature, threshold, mask)
    of_fixed, pair = ([one[:known] for one in tests], [one[known:] for one in tests])
    for e in range(len(fixed)):
        mine = places[starts[e] : starts[e + 1]]
        initial = _decided(fixed[e], of_fixed[0], of_fixed[1], of_fixed[2], start[0], full)
        made = pair_features(records[mine], fixed[e], *program)
        raw: Array = np.empty(len(mine))
        score_rows(made, pair[0], pair[1], pair[2], start[1], initial, leaves, baseline, raw)
        best = np.lexsort((keys[mine], -raw))[: scores.shape[1]]
        scores[e, : len(best)] = raw[best]
        slots[e, : len(best)] = mine[best]
        held[e] = len(best)


def _decided(fixed: Array, feature: Array, threshold: Array, mask: Array, start: Array, full: Any) -> Array:
    """What the fixed side's own figures leave of each tree's leaves: masks [trees]."""
    stays = np.where(fixed[feature] > threshold, mask, full)
    return np.array(
        [np.bitwise_and.reduce(stays[start[tree] : start[tree + 1]], initial=full) for tree in range(len(start) - 1)],
        mask.dtype,
    )
