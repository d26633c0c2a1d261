"""The forest's inner loops, compiled by numba: bit-vector traversal after QuickScorer, many rows side by side.

C. Lucchese, F. M. Nardini, S. Orlando, R. Perego, N. Tonellotto, R. Venturini: "QuickScorer: a fast algorithm to rank
documents with additive ensembles of regression trees", SIGIR 2015; the same and S. Trani: "Exploiting CPU SIMD
extensions to speed-up document scoring with tree ensembles", SIGIR 2016 (V-QuickScorer).

A tree is not walked. Its leaves are numbered from left to right, one bit each; a test that fails for a row (x > t)
rules out the leaves of its left branch, whatever the other tests say; the lowest bit that is left is the leaf that the
walk would have reached. So every test is one comparison and one "and", without a branch, over a block of rows at once.
What is left of a block's leaves stays in vector registers from a tree's first test to its last (``_leaves_left`` says
so to LLVM in its own words: a loop over an array would be read and written at every test, at twice the time).

Shapes: ``feature`` int32, ``threshold`` float, ``mask`` uint16, uint32 or uint64 [tests], tree by tree;
``start`` int32 [trees + 1]; ``leaves`` float64 [trees, width]; ``initial`` masks [trees], what is left before any test.
Sums run in the order of the trees, from the baseline, so that they equal scikit-learn's to the bit.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}
BLOCK = 64
"""Rows side by side: four registers of masks with AVX-512, eight with AVX2. Measured: 32 and 128 are slower, for few
rows because most of a wide block is empty."""

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


@intrinsic
def _leaves_left(_context, columns, feature, threshold, mask, first, last, whole, left):
    """The tests ``first:last`` of one tree over a block: ``columns`` [features, BLOCK] → ``left`` [BLOCK].

    left = whole; for each test: left = left & mask where columns[feature] > threshold, else left.
    """
    given = types.void(columns, feature, threshold, mask, types.int64, types.int64, mask.dtype, left)
    bytes_of = {one: one.dtype.bitwidth // 8 for one in (columns, left)}

    def generate(context, builder, signature, arguments):
        at = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        index = ir.IntType(64)
        rows = ir.VectorType(context.get_data_type(columns.dtype), BLOCK)
        bits = ir.VectorType(context.get_data_type(mask.dtype), BLOCK)

        def everywhere(value, kind):
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), [0] * BLOCK)
            return builder.shuffle_vector(one, ir.Constant(kind, ir.Undefined), zeros)

        before, full = builder.block, everywhere(at[6], bits)
        head, body, after = (builder.append_basic_block(name) for name in ("tests", "test", "tested"))
        builder.branch(head)
        builder.position_at_end(head)
        test, kept = builder.phi(index), builder.phi(bits)
        test.add_incoming(at[4], before)
        kept.add_incoming(full, before)
        builder.cbranch(builder.icmp_signed("<", test, at[5]), body, after)
        builder.position_at_end(body)
        row = builder.mul(builder.sext(builder.load(builder.gep(at[1], [test])), index), ir.Constant(index, BLOCK))
        values = builder.load(builder.bitcast(builder.gep(at[0], [row]), rows.as_pointer()))
        values.align = bytes_of[columns]
        limit = everywhere(builder.load(builder.gep(at[2], [test])), rows)
        stays = everywhere(builder.load(builder.gep(at[3], [test])), bits)
        fails = builder.fcmp_ordered(">", values, limit)
        kept.add_incoming(builder.select(fails, builder.and_(kept, stays), kept), builder.block)
        test.add_incoming(builder.add(test, ir.Constant(index, 1)), builder.block)
        builder.branch(head)
        builder.position_at_end(after)
        builder.store(kept, builder.bitcast(at[7], bits.as_pointer())).align = bytes_of[left]
        return context.get_dummy_value()

    return given, generate


@nb.njit(**OPTIONS)
def _score_block(columns, feature, threshold, mask, start, initial, leaves, baseline, sums, left):
    """``columns`` [features, BLOCK] → ``sums`` [BLOCK]; ``left`` [BLOCK] is room for the masks."""
    for k in range(BLOCK):
        sums[k] = baseline
    for tree in range(start.shape[0] - 1):
        _leaves_left(columns, feature, threshold, mask, start[tree], start[tree + 1], initial[tree], left)
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
def fold(fixed, known, pair, full, of, limit, kept, first, initial):
    """Decide the tests on figures of the fixed side once and for all rows.

    ``known``, ``pair``: the tests on the fixed side alone and all others, each (feature, threshold, mask, start).
    ``full`` is a mask of ones. Writes each tree's leaves that are left to ``initial``, and to ``of``, ``limit``,
    ``kept``, ``first`` those other tests whose left branch is not ruled out already. Answers how many.
    """
    q = 0
    known_feature, known_threshold, known_mask, known_start = known
    pair_feature, pair_threshold, pair_mask, pair_start = pair
    for tree in range(pair_start.shape[0] - 1):
        whole = full
        for test in range(known_start[tree], known_start[tree + 1]):
            fails = fixed[known_feature[test]] > known_threshold[test]
            whole = whole & known_mask[test] if fails else whole
        initial[tree] = whole
        first[tree] = q
        for test in range(pair_start[tree], pair_start[tree + 1]):
            of[q] = pair_feature[test]
            limit[q] = pair_threshold[test]
            kept[q] = pair_mask[test]
            q += np.int64((whole & ~pair_mask[test]) != 0)
    first[pair_start.shape[0] - 1] = q
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
def best_pairs(records, keys, places, starts, fixed, program, known, pair, full, leaves, baseline, scores, slots, held):
    """The best pairs of each of many fixed sides, by raw prediction, ties by key.

    ``fixed`` float32 [m, columns]; of side ``e`` the candidates are ``places[starts[e]:starts[e + 1]]``. ``program``:
    how, a, b, c of the features that are worked out; ``known`` and ``pair`` as for ``fold``, a pair test's feature
    being its row in a block. Writes ``scores`` and ``slots`` [m, most] and how many of them to ``held`` [m].
    """
    how, a, b, c = program
    pair_feature, pair_threshold, pair_mask, pair_start = pair
    tests, trees = pair_feature.shape[0] + 1, pair_start.shape[0] - 1
    of, limit = np.empty(tests, np.int32), np.empty(tests, pair_threshold.dtype)
    kept = np.empty(tests, pair_mask.dtype)
    first_test, initial = np.empty(trees + 1, np.int32), np.empty(trees, pair_mask.dtype)
    columns = np.zeros((records.shape[1] + how.shape[0], BLOCK), records.dtype)
    sums, left = np.empty(BLOCK), np.empty(BLOCK, pair_mask.dtype)
    most = scores.shape[1]
    for e in range(fixed.shape[0]):
        fold(fixed[e], known, pair, full, of, limit, kept, first_test, initial)
        n = 0
        for first in range(starts[e], starts[e + 1], BLOCK):
            last = min(starts[e + 1], first + BLOCK)
            _pair_block(records, places, first, last, fixed[e], how, a, b, c, columns)
            _score_block(columns, of, limit, kept, first_test, initial, leaves, baseline, sums, left)
            for k in range(first, last):
                n = _push(scores[e], slots[e], n, most, sums[k - first], places[k], keys)
        held[e] = n


def warm() -> None:
    """Call every kernel with the types that occur, so that it is compiled or read from the cache."""
    start = np.array([0, 1], np.int32)
    for mask_type in (np.uint16, np.uint32, np.uint64):
        feature, mask = np.zeros(1, np.int32), np.full(1, 2, mask_type)
        initial = np.full(1, 3, mask_type)
        leaves = np.zeros((1, 2))
        score_rows(np.zeros((1, 1)), feature, np.zeros(1), mask, start, initial, leaves, 0.0, np.zeros(1))
    records, places = np.zeros((1, 2), np.float32), np.zeros(1, np.int64)
    program = (np.zeros(1, np.int32),) * 4
    tests = (np.zeros(1, np.int32), np.zeros(1, np.float32), np.full(1, 2, np.uint32), start)
    best_pairs(
        records, places, places, np.array([0, 1]), np.zeros((1, 2), np.float32), program, tests, tests, np.uint32(3),
        np.zeros((1, 2)), 0.0, np.zeros((1, 1)), np.zeros((1, 1), np.int64), np.zeros(1, np.int64),
    )  # fmt: skip
