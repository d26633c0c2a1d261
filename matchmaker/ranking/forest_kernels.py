"""The forest's inner loops, compiled by numba: bit-vector traversal after QuickScorer, many rows side by side.

C. Lucchese, F. M. Nardini, S. Orlando, R. Perego, N. Tonellotto, R. Venturini: "QuickScorer: a fast algorithm to rank
documents with additive ensembles of regression trees", SIGIR 2015; the same and S. Trani: "Exploiting CPU SIMD
extensions to speed-up document scoring with tree ensembles", SIGIR 2016 (V-QuickScorer).

A tree is not walked. Its leaves are numbered from left to right, one bit each; a test that fails for a row (x > t)
rules out the leaves of its left branch, whatever the other tests say; the lowest bit that is left is the leaf that the
walk would have reached. So every test is one comparison and one "and", without a branch, over a block of rows at once.

Shapes: ``feature`` int32, ``threshold`` float, ``mask`` uint16, uint32 or uint64 [tests], tree by tree;
``start`` int32 [trees + 1]; ``leaves`` float64 [trees, width]; ``initial`` masks [trees], what is left before any test.
Sums run in the order of the trees, from the baseline, so that they equal scikit-learn's to the bit.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numba.core import types
from numba.extending import intrinsic

OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}
BLOCK = 128
"""Rows side by side. Measured: 32 are unrolled instead of vectorised (ten times slower), 64 to 256 are about equal."""

FIXED_LESS_RECORD, RECORD_LESS_FIXED, FIXED_SCALED, RECORD_SCALED, TIMES, APART, SHARED = range(7)
"""How a feature of a pair comes about; see ``pairs``. One side is fixed, the other a record."""


@intrinsic
def _trailing_zeros(_context, word):
    def generate(context, builder, _signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, 0))

    return types.int64(types.uint64), generate


@intrinsic
def _ones(_context, word):
    def generate(_, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@nb.njit(**OPTIONS)
def _score_block(columns, feature, threshold, mask, start, initial, leaves, baseline, sums, left):
    """``columns`` [features, BLOCK] → ``sums`` [BLOCK]; ``left`` [BLOCK] is room for the masks."""
    for k in range(BLOCK):
        sums[k] = baseline
    for tree in range(start.shape[0] - 1):
        whole = initial[tree]
        for k in range(BLOCK):
            left[k] = whole
        for test in range(start[tree], start[tree + 1]):
            of = feature[test]
            limit = threshold[test]
            kept = mask[test]
            for k in range(BLOCK):
                left[k] = left[k] & kept if columns[of, k] > limit else left[k]
        values = leaves[tree]
        for k in range(BLOCK):
            sums[k] += values[_trailing_zeros(np.uint64(left[k]))]


@nb.njit(**OPTIONS)
def score_rows(x, feature, threshold, mask, start, initial, leaves, baseline, out):
    """Raw predictions of rows: ``x`` [n, features] → ``out`` float64 [n]."""
    n, features = x.shape
    columns = np.zeros((features, BLOCK), x.dtype)
    sums = np.empty(BLOCK)
    left = np.empty(BLOCK, mask.dtype)
    for first in range(0, n, BLOCK):
        last = min(n, first + BLOCK)
        for k in range(first, last):
            for f in range(features):
                columns[f, k - first] = x[k, f]
        _score_block(columns, feature, threshold, mask, start, initial, leaves, baseline, sums, left)
        for k in range(first, last):
            out[k] = sums[k - first]


@nb.njit(**OPTIONS)
def fold(feature, threshold, mask, start, full, known, values, of, limit, kept, first, initial):
    """Decide the tests on what is known for all rows (``known`` uint8, ``values`` [features]) once and for all.

    ``full`` is a mask of ones. Writes the tests that are left to ``of``, ``limit``, ``kept``, ``first``, and each
    tree's leaves that are left to ``initial``; tests whose left branch is ruled out already go too. Answers how many
    are left.
    """
    q = 0
    for tree in range(start.shape[0] - 1):
        whole = full
        for test in range(start[tree], start[tree + 1]):
            f = feature[test]
            if known[f] and values[f] > threshold[test]:
                whole &= mask[test]
        initial[tree] = whole
        first[tree] = q
        for test in range(start[tree], start[tree + 1]):
            if not known[feature[test]] and whole & ~mask[test]:
                of[q] = feature[test]
                limit[q] = threshold[test]
                kept[q] = mask[test]
                q += 1
    first[start.shape[0] - 1] = q
    return q


@nb.njit(**OPTIONS)
def _pair_block(records, places, first, last, fixed, how, a, b, c, columns):
    """Features of the pairs (fixed side, ``places[first:last]``) into ``columns``.

    ``columns`` [record columns + features, BLOCK]: the records themselves first, so that a feature that is one of
    their columns needs no copy; then the features that are worked out.
    """
    width = records.shape[1]
    n = last - first
    for k in range(n):
        record = records[places[first + k]]
        for r in range(width):
            columns[r, k] = record[r]
    for f in range(how.shape[0]):
        to = columns[width + f]
        kind = how[f]
        if kind == FIXED_LESS_RECORD:
            v, x = fixed[a[f]], columns[b[f]]
            for k in range(n):
                to[k] = v - x[k]
        elif kind == RECORD_LESS_FIXED:
            v, x = fixed[a[f]], columns[b[f]]
            for k in range(n):
                to[k] = x[k] - v
        elif kind == FIXED_SCALED:
            v, x, y = fixed[a[f]], columns[b[f]], columns[c[f]]
            for k in range(n):
                to[k] = (v - x[k]) * y[k]
        elif kind == RECORD_SCALED:
            v, w, x = fixed[a[f]], fixed[c[f]], columns[b[f]]
            for k in range(n):
                to[k] = (x[k] - v) * w
        elif kind == TIMES:
            v, x = fixed[a[f]], columns[b[f]]
            for k in range(n):
                to[k] = v * x[k]
        elif kind == APART:
            v, w, x, y = fixed[a[f]], fixed[a[f] + 1], columns[b[f]], columns[b[f] + 1]
            for k in range(n):
                to[k] = abs(x[k] - v) + abs(y[k] - w)
        elif kind == SHARED:
            bits, x = np.uint64(fixed[a[f]]), columns[b[f]]
            for k in range(n):
                to[k] = _ones(np.uint64(x[k]) & bits)


@nb.njit(**OPTIONS)
def _push(scores, slots, held, most, score, slot, keys):
    """Keep the ``most`` best by score, ties by the smaller key; answers how many are held."""
    if held == most:
        last = held - 1
        if score < scores[last] or (score == scores[last] and keys[slot] > keys[slots[last]]):
            return held
    at = held if held < most else most - 1
    if held < most:
        held += 1
    while at > 0 and (scores[at - 1] < score or (scores[at - 1] == score and keys[slots[at - 1]] > keys[slot])):
        scores[at] = scores[at - 1]
        slots[at] = slots[at - 1]
        at -= 1
    scores[at] = score
    slots[at] = slot
    return held


@nb.njit(**OPTIONS)
def best_pairs(
    records, keys, places, n, fixed, how, a, b, c, column, feature, threshold, mask, start, full, leaves, baseline,
    known, values, scores, slots,
):  # fmt: skip
    """The best of ``places[:n]`` for one fixed side, by raw prediction, ties by key: ``scores``, ``slots`` [most].

    ``column`` int32 [features]: where in a block a feature stands; ``known`` and ``values`` as for ``fold``.
    Answers how many were written.
    """
    tests, trees = feature.shape[0], start.shape[0] - 1
    of, limit, kept = np.empty(tests, np.int32), np.empty(tests, threshold.dtype), np.empty(tests, mask.dtype)
    first_test, initial = np.empty(trees + 1, np.int32), np.empty(trees, mask.dtype)
    left_over = fold(feature, threshold, mask, start, full, known, values, of, limit, kept, first_test, initial)
    for test in range(left_over):
        of[test] = column[of[test]]
    columns = np.zeros((records.shape[1] + how.shape[0], BLOCK), records.dtype)
    sums, left = np.empty(BLOCK), np.empty(BLOCK, mask.dtype)
    held, most = 0, scores.shape[0]
    for first in range(0, n, BLOCK):
        last = min(n, first + BLOCK)
        _pair_block(records, places, first, last, fixed, how, a, b, c, columns)
        _score_block(columns, of, limit, kept, first_test, initial, leaves, baseline, sums, left)
        for k in range(first, last):
            held = _push(scores, slots, held, most, sums[k - first], places[k], keys)
    return held


def warm() -> None:
    """Call every kernel with the types that occur, so that it is compiled or read from the cache."""
    start, initial = np.array([0, 1], np.int32), np.zeros(1)
    for mask_type in (np.uint16, np.uint32, np.uint64):
        feature, mask = np.zeros(1, np.int32), np.full(1, 2, mask_type)
        initial = np.full(1, 3, mask_type)
        leaves = np.zeros((1, 2))
        score_rows(np.zeros((1, 1)), feature, np.zeros(1), mask, start, initial, leaves, 0.0, np.zeros(1))
    records, places = np.zeros((1, 2), np.float32), np.zeros(1, np.int64)
    program = np.zeros(1, np.int32)
    mask = np.full(1, 2, np.uint32)
    best_pairs(
        records, places, places, 1, np.zeros(2, np.float32), program, program, program, program, program,
        np.zeros(1, np.int32), np.zeros(1, np.float32), mask, start, np.uint32(3), np.zeros((1, 2)), 0.0,
        np.zeros(1, np.uint8), np.zeros(1, np.float32), np.zeros(1), np.zeros(1, np.int64),
    )  # fmt: skip
