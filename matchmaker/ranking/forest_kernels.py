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
from numba.core import cgutils, types
from numba.extending import intrinsic

OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}
BLOCK = 64
"""Rows side by side: four registers of masks with AVX-512, eight with AVX2. Measured: 32 and 128 are slower, for few
rows because most of a wide block is empty."""

WORTH_FOLDING = 4 * BLOCK
"""For fewer rows it takes longer to drop the tests that are decided already than to make them."""

FIXED_LESS_RECORD, RECORD_LESS_FIXED, FIXED_SCALED, RECORD_SCALED, TIMES, APART, SHARED = range(7)
"""How a feature of a pair comes about; see ``pairs``. One side is fixed, the other a record."""


@intrinsic
def _trailing_zeros(_context, word):
    def generate(context, builder, _signature, arguments):
        return builder.cttz(arguments[0], context.get_constant(types.boolean, 0))

    return types.uint64(types.uint64), generate  # without a sign: nobody asks whether it counts from the end


@intrinsic
def _ones(_context, word):
    def generate(_, builder, _signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def _soon(_context, table, row):
    """Tell the processor that ``table[row]`` (a whole row of a table) is read soon."""

    def generate(context, builder, signature, arguments):
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        word, byte = ir.IntType(32), ir.IntType(8).as_pointer()
        stride = builder.extract_value(array.strides, 0)
        begin = builder.gep(builder.bitcast(array.data, byte), [builder.mul(arguments[1], stride)])
        fetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0i8"
        )
        for line in (0, 64):
            at = builder.gep(begin, [ir.Constant(ir.IntType(64), line)])
            builder.call(fetch, [at, ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)])
        return context.get_dummy_value()

    return types.void(table, types.int64), generate


@intrinsic(prefer_literal=True)
def _leaves_left(_context, columns, feature, threshold, mask, first, last, whole, left, width):
    """The tests ``first:last`` of one tree over a block: ``columns`` [features, BLOCK] → ``left`` [BLOCK], of which
    the first ``width`` (a number written out) are looked at.

    left = whole; for each test: left = left & mask where columns[feature] > threshold, else left.
    """
    given = types.void(columns, feature, threshold, mask, types.int64, types.int64, mask.dtype, left, width)
    side_by_side = width.literal_value
    bytes_of = {one: one.dtype.bitwidth // 8 for one in (columns, left)}

    def generate(context, builder, signature, arguments):
        at = [
            context.make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
            for kind, value in zip(signature.args, arguments, strict=True)
        ]
        index = ir.IntType(64)
        rows = ir.VectorType(context.get_data_type(columns.dtype), side_by_side)
        bits = ir.VectorType(context.get_data_type(mask.dtype), side_by_side)

        def everywhere(value, kind):
            one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(ir.IntType(32), 0))
            zeros = ir.Constant(ir.VectorType(ir.IntType(32), side_by_side), [0] * side_by_side)
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
def _score_block(n, columns, feature, threshold, mask, start, initial, leaves, baseline, sums, left):
    """``columns`` [features, BLOCK] → ``sums`` [BLOCK], of which the first ``n`` count; ``left`` [BLOCK] is room for
    the masks. What is left over at the end of many rows, or all where few fit, takes the smallest block that holds it.
    """
    for k in range(BLOCK):
        sums[k] = baseline
    if n <= 16:
        for tree in range(start.shape[0] - 1):
            _leaves_left(columns, feature, threshold, mask, start[tree], start[tree + 1], initial[tree], left, 16)
            values = leaves[tree]
            for k in range(16):
                sums[k] += values[_trailing_zeros(np.uint64(left[k]))]
    elif n <= 32:
        for tree in range(start.shape[0] - 1):
            _leaves_left(columns, feature, threshold, mask, start[tree], start[tree + 1], initial[tree], left, 32)
            values = leaves[tree]
            for k in range(32):
                sums[k] += values[_trailing_zeros(np.uint64(left[k]))]
    else:
        for tree in range(start.shape[0] - 1):
            _leaves_left(columns, feature, threshold, mask, start[tree], start[tree + 1], initial[tree], left, 64)
            values = leaves[tree]
            for k in range(64):
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
        _score_block(last - first, columns, feature, threshold, mask, start, initial, leaves, baseline, sums, left)
        for k in range(first, last):
            out[k] = sums[k - first]


@nb.njit(**OPTIONS)
def decide(fixed, feature, threshold, mask, start, full, initial):
    """Make the tests on figures of the fixed side once for all rows: what they leave of each tree, to ``initial``."""
    for tree in range(start.shape[0] - 1):
        whole = full
        for test in range(start[tree], start[tree + 1]):
            fails = fixed[feature[test]] > threshold[test]
            whole = whole & mask[test] if fails else whole
        initial[tree] = whole


@nb.njit(**OPTIONS)
def fold(initial, feature, threshold, mask, start, of, limit, kept, first):
    """The other tests whose left branch is not ruled out already, to ``of``, ``limit``, ``kept``, ``first``."""
    q = 0
    for tree in range(start.shape[0] - 1):
        whole = initial[tree]
        first[tree] = q
        for test in range(start[tree], start[tree + 1]):
            of[q] = feature[test]
            limit[q] = threshold[test]
            kept[q] = mask[test]
            q += np.int64((whole & ~mask[test]) != 0)
    first[start.shape[0] - 1] = q


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
    records, keys, places, starts, fixed, program, feature, threshold, mask, start, full, leaves, baseline, scores,
    slots, held,
):  # fmt: skip
    """The best pairs of each of many fixed sides, by raw prediction, ties by key.

    ``fixed`` float32 [m, columns]; of side ``e`` the candidates are ``places[starts[e]:starts[e + 1]]``. ``program``
    int32 [4, worked out]: how, a, b, c of the features that are worked out. ``feature``, ``threshold``, ``mask``: first
    the tests on figures of the fixed side alone, tree by tree (``start[0]``), then all others (``start[1]``), whose
    feature is its row in a block. Writes ``scores`` and ``slots`` [m, most] and how many of them to ``held`` [m].
    """
    how, a, b, c = program[0], program[1], program[2], program[3]
    trees, known = start.shape[1] - 1, start[0, start.shape[1] - 1]
    pair_feature, pair_threshold, pair_mask = feature[known:], threshold[known:], mask[known:]
    tests = pair_feature.shape[0] + 1
    of, limit = np.empty(tests, np.int32), np.empty(tests, threshold.dtype)
    kept = np.empty(tests, mask.dtype)
    first_test, initial = np.empty(trees + 1, np.int32), np.empty(trees, mask.dtype)
    columns = np.zeros((records.shape[1] + how.shape[0], BLOCK), records.dtype)
    sums, left = np.empty(BLOCK), np.empty(BLOCK, mask.dtype)
    most = scores.shape[1]
    for e in range(fixed.shape[0]):
        decide(fixed[e], feature, threshold, mask, start[0], full, initial)
        folded = starts[e + 1] - starts[e] > WORTH_FOLDING
        if folded:
            fold(initial, pair_feature, pair_threshold, pair_mask, start[1], of, limit, kept, first_test)
        n = 0
        for first in range(starts[e], starts[e + 1], BLOCK):
            last = min(starts[e + 1], first + BLOCK)
            for k in range(last, min(places.shape[0], last + BLOCK)):
                _soon(records, places[k])
            _pair_block(records, places, first, last, fixed[e], how, a, b, c, columns)
            if folded:
                _score_block(last - first, columns, of, limit, kept, first_test, initial, leaves, baseline, sums, left)
            else:
                _score_block(
                    last - first, columns, pair_feature, pair_threshold, pair_mask, start[1], initial, leaves,
                    baseline, sums, left,
                )  # fmt: skip
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
    for whole in (np.uint32(3), np.uint64(3)):
        best_pairs(
            records, places, places, np.array([0, 1]), np.zeros((1, 2), np.float32), np.zeros((4, 1), np.int32),
            np.zeros(2, np.int32), np.zeros(2, np.float32), np.full(2, 2, whole.dtype),
            np.array([[0, 1], [0, 1]], np.int32), whole, np.zeros((1, 2)), 0.0, np.zeros((1, 1)),
            np.zeros((1, 1), np.int64), np.zeros(1, np.int64),
        )  # fmt: skip
