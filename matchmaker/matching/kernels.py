"""The market index's inner loops, compiled by numba. ``plain_kernels`` holds the same functions in numpy.

Bitmaps are rows of uint64 words, product ``i`` being bit ``i % 64`` of word ``i // 64``. A query is a conjunction of
*clauses*, written one after the other into ``clauses`` (int64): how many rows follow, below zero where the complement
of their union is meant, and the rows. A row below zero is one of ``scratch`` (number ``-row - 1``), worked out for one
query only.
Imported only through ``ranking.compiled`` (numba may be missing).
"""

from __future__ import annotations

from array import array

import numba as nb
import numpy as np
from numba.core import types
from numba.extending import intrinsic

OPTIONS = {"nogil": True, "cache": True, "error_model": "numpy", "boundscheck": False}
SLOTS_AT_ONCE = 8192
BLOCK_WORDS = 256
"""Words looked at together: 2 kB, so that the intersection of a block stays in the first cache."""


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
def _write_places(bitmap, out, k):
    """Write the places of the set bits to ``out`` from ``k`` on; answers where they end. ``out`` needs four more.

    Four places of every word are written, whatever the word holds, and the next word's overwrite those that were none:
    which words are empty or full is beyond any guess of the processor, and a wrong guess costs more than four writes.
    """
    for w in range(bitmap.shape[0]):
        word = bitmap[w]
        end = k + _ones(word)
        while True:
            for e in range(4):
                out[k + e] = w * 64 + _trailing_zeros(word)
                word &= word - np.uint64(1)
            if word == np.uint64(0):
                break
            k += 4
        k = end
    return k


@nb.njit(**OPTIONS)
def places_of(bitmap):
    """The places (int64, ascending) of the bits that are set in uint64 [words]."""
    n = 0
    for w in range(bitmap.shape[0]):
        n += _ones(bitmap[w])
    out = np.empty(n + 4, np.int64)
    return out[: _write_places(bitmap, out, 0)]


@nb.njit(**OPTIONS)
def _part(rows, scratch, row, first, last):
    """The words first..last of a row; read from its own first on, or LLVM would not do many at once."""
    return rows[row, first:last] if row >= 0 else scratch[-row - 1, first:last]


@nb.njit(**OPTIONS)
def _meet_block(rows, scratch, clauses, first, last, kept, union):
    """The words first..last of the intersection of all clauses, into ``kept``."""
    n = last - first
    for w in range(n):
        kept[w] = np.uint64(0xFFFFFFFFFFFFFFFF)
    at = 0
    while at < clauses.shape[0]:
        size = clauses[at]
        end = at + 1 + abs(size)
        if size == 0:
            for w in range(n):
                kept[w] = np.uint64(0)
        elif size == 1:
            row = _part(rows, scratch, clauses[at + 1], first, last)
            for w in range(n):
                kept[w] &= row[w]
        else:
            row = _part(rows, scratch, clauses[at + 1], first, last)
            for w in range(n):
                union[w] = row[w]
            for e in range(at + 2, end):
                row = _part(rows, scratch, clauses[e], first, last)
                for w in range(n):
                    union[w] |= row[w]
            if size < 0:
                for w in range(n):
                    kept[w] &= ~union[w]
            else:
                for w in range(n):
                    kept[w] &= union[w]
        at = end


@nb.njit(**OPTIONS)
def meet(rows, scratch, clauses, words):
    """The intersection of all clauses as bitmap: uint64 [words]."""
    found = np.empty(words, np.uint64)
    union = np.empty(BLOCK_WORDS, np.uint64)
    for first in range(0, words, BLOCK_WORDS):
        last = min(words, first + BLOCK_WORDS)
        _meet_block(rows, scratch, clauses, first, last, found[first:last], union)
    return found


@nb.njit(**OPTIONS)
def meet_places(rows, scratch, clauses, words):
    """The same as places: int64, ascending."""
    return places_of(meet(rows, scratch, clauses, words))


@nb.njit(**OPTIONS)
def meet_many(rows, scratch, clauses, ends, words):
    """The places of many questions, one after the other (int64), and where each begins (int64 [questions + 1]).

    The clauses of question ``q`` are ``clauses[ends[q - 1]:ends[q]]``.
    """
    starts = np.zeros(ends.shape[0] + 1, np.int64)
    out = np.empty(1024, np.int64)
    begin, k = 0, 0
    for q in range(ends.shape[0]):
        found = meet(rows, scratch, clauses[begin : ends[q]], words)
        begin = ends[q]
        n = k + 4
        for w in range(words):
            n += _ones(found[w])
        if n > out.shape[0]:
            longer = np.empty(2 * n, np.int64)
            longer[:k] = out[:k]
            out = longer
        k = _write_places(found, out, k)
        starts[q + 1] = k
    return out[:k], starts


@nb.njit(**OPTIONS)
def keep_groups(places, n, group, good):
    """Of the first ``n`` places those whose group (int32 [slots]) is ``good`` (uint8 [groups]), in place."""
    k = 0
    for e in range(n):
        place = places[e]
        places[k] = place
        k += np.int64(good[group[place]])
    return k


@nb.njit(**OPTIONS)
def _keep(column, good, left, kept, k):
    """Of the first ``k`` slots in ``left`` those whose number in ``column`` is a good one, to ``kept``: not in place,
    or each would wait for what was written before."""
    m = 0
    for e in range(k):
        slot = left[e]
        kept[m] = slot
        m += np.int64(good[column[slot]])
    return m


@nb.njit(**OPTIONS)
def keep_all(
    n, columns, few, masks, at, width, good, begins, numbers, keys, bounded, low, high, low_key, high_key, doubt,
    unknown,
):  # fmt: skip
    """Of the slots 0..n those that every criterion keeps, ascending (int64), a block of slots at a time.

    First what takes no look-up, over whole columns, many slots in one instruction: criterion ``c`` of few answers keeps
    a slot whose number in row ``few[c]`` of ``columns`` (uint8 [bytes, slots]) is a bit that is set in ``masks[c]``
    (uint32); range ``r`` one whose key in row ``bounded[r]`` of ``keys`` (uint16 [amounts, slots]) lies from
    ``low_key[r]`` to ``high_key[r]``, or is the last key: not known. Then, of what is left, one look-up after the
    other: the numbers of criterion ``t`` are the ``width[t]`` rows of ``columns`` from ``at[t]`` on, read as whole
    numbers of so many bytes, and a slot stays where ``good[begins[t] + its number]`` (uint8) is 1. Last, where a key is
    that of an end and this leaves a ``doubt[r]``, the number itself (``numbers`` int64 [amounts, slots]) is compared
    with ``low[r]`` and ``high[r]``.
    """
    out = np.empty(n + 1, np.int64)
    stays = np.empty(SLOTS_AT_ONCE, np.uint8)
    left, kept = np.empty(SLOTS_AT_ONCE + 1, np.int32), np.empty(SLOTS_AT_ONCE + 1, np.int32)
    last_key = np.uint16(0xFFFF)
    found = 0
    for first in range(0, n, SLOTS_AT_ONCE):
        size = min(n - first, SLOTS_AT_ONCE)
        for e in range(size):
            stays[e] = 1
        for c in range(few.shape[0]):
            column, mask = columns[few[c], first : first + size], masks[c]
            for e in range(size):
                stays[e] &= np.uint8((mask >> np.uint32(column[e])) & np.uint32(1))
        for r in range(bounded.shape[0]):
            key, least, most = keys[bounded[r], first : first + size], low_key[r], high_key[r]
            for e in range(size):
                stays[e] &= np.uint8(((key[e] >= least) & (key[e] <= most)) | (key[e] == last_key))
        k = 0
        for e in range(size):
            left[k] = first + e
            k += np.int64(stays[e])
        for t in range(at.shape[0]):
            table = good[begins[t] :]
            bytes_of = columns[at[t] : at[t] + width[t]].reshape(-1)
            if width[t] == 1:
                k = _keep(bytes_of, table, left, kept, k)
            elif width[t] == 2:
                k = _keep(bytes_of.view(np.uint16), table, left, kept, k)
            else:
                k = _keep(bytes_of.view(np.int32), table, left, kept, k)
            left, kept = kept, left
        for e in range(k):
            slot = left[e]
            out[found] = slot
            right = True
            for r in range(bounded.shape[0]):
                key = keys[bounded[r], slot]
                if doubt[r] and (key == low_key[r] or key == high_key[r]):
                    value = numbers[bounded[r], slot]
                    right = right and (value == unknown or low[r] <= value <= high[r])
            found += np.int64(right)
    return out[:found].copy()


@nb.njit(**OPTIONS)
def group_bitmap(group, good, words):
    """Which slots have a group that is ``good``, as bitmap; ``group`` holds ``64 * words`` entries at least."""
    found = np.empty(words, np.uint64)
    for w in range(words):
        word = np.uint64(0)
        for b in range(64):
            word |= np.uint64(good[group[w * 64 + b]]) << np.uint64(b)
        found[w] = word
    return found


@nb.njit(**OPTIONS)
def between_breaks(lower, upper, column, most, words):
    """``lower`` and, of what ``upper`` has beyond it, the slots whose threshold (int64 [slots]) is at most ``most``."""
    found = np.empty(words, np.uint64)
    for w in range(words):
        word = lower[w]
        rest = upper[w] & ~word
        while rest != np.uint64(0):
            bit = _trailing_zeros(rest)
            if column[w * 64 + bit] <= most:
                word |= np.uint64(1) << np.uint64(bit)
            rest &= rest - np.uint64(1)
        found[w] = word
    return found


@nb.njit(**OPTIONS)
def one_missing(passing, alive, near, counts):
    """Who fails exactly one rule. ``passing`` uint64 [rules, words]: the slots that a rule does not turn down.

    Writes the slots with exactly one failing rule to ``near`` (uint64 [words]) and how many fail only rule r to
    ``counts`` (int64 [rules]).
    """
    rules, words = passing.shape
    for r in range(rules):
        counts[r] = 0
    for w in range(words):
        once = np.uint64(0)
        twice = np.uint64(0)
        live = alive[w]
        for r in range(rules):
            fails = live & ~passing[r, w]
            twice |= once & fails
            once |= fails
        single = once & ~twice
        near[w] = single
        if single != np.uint64(0):
            for r in range(rules):
                counts[r] += _ones(single & ~passing[r, w])


@nb.njit(**OPTIONS)
def is_set(bitmap, places):
    """Whether each of the places is set in a bitmap: bool [places]."""
    found = np.empty(places.shape[0], np.bool_)
    for e in range(places.shape[0]):
        place = places[e]
        found[e] = (bitmap[place >> 6] >> np.uint64(place & 63)) & np.uint64(1)
    return found


def warm() -> None:
    """Call every kernel once, so that it is compiled or read from the cache."""
    rows = np.ones((2, 1), np.uint64)
    clauses = np.frombuffer(array("q", (1, 0, 1, -1)), np.int64)
    bitmap = meet(rows, rows, clauses, 1)
    meet_places(rows, rows, clauses, 1)
    meet_many(rows, rows, clauses, np.array([len(clauses)]), 1)
    places = places_of(bitmap)
    group, good = np.zeros(64, np.int32), np.ones(1, np.uint8)
    keep_groups(places, 1, group, good)
    one = np.zeros(1, np.int64)
    columns, numbers, key = np.zeros((1, 64), np.uint8), np.zeros((1, 64), np.int64), np.zeros(1, np.uint16)
    keep_all(
        64, columns, one, one.astype(np.uint32), one, one + 1, good, one, numbers, numbers.astype(np.uint16), one, one,
        one, key, key, good, -1,
    )  # fmt: skip
    group_bitmap(group, good, 1)
    between_breaks(rows[0], rows[1], np.zeros(64, np.int64), 0, 1)
    one_missing(rows, bitmap, np.zeros(1, np.uint64), np.zeros(2, np.int64))
    is_set(bitmap, places)
