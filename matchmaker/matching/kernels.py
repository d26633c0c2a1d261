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
def places_of(bitmap):
    """The places (int64, ascending) of the bits that are set in uint64 [words]."""
    n = 0
    for w in range(bitmap.shape[0]):
        n += _ones(bitmap[w])
    out = np.empty(n, np.int64)
    k = 0
    for w in range(bitmap.shape[0]):
        word = bitmap[w]
        while word != np.uint64(0):
            out[k] = w * 64 + _trailing_zeros(word)
            k += 1
            word &= word - np.uint64(1)
    return out


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
def keep_groups(places, n, group, good):
    """Of the first ``n`` places those whose group (int32 [slots]) is ``good`` (uint8 [groups]), in place."""
    k = 0
    for e in range(n):
        place = places[e]
        places[k] = place
        k += np.int64(good[group[place]])
    return k


@nb.njit(**OPTIONS)
def good_places(group, good, n):
    """Of the first ``n`` places those whose group is ``good``: int64, ascending."""
    out = np.empty(n + 1, np.int64)
    k = 0
    for place in range(n):
        out[k] = place
        k += np.int64(good[group[place]])
    return out[:k]


@nb.njit(**OPTIONS)
def keep_between(places, n, column, low, high, unknown):
    """Of the first ``n`` places those whose number (int64 [slots]) lies from low to high or is not known, in place."""
    k = 0
    for e in range(n):
        place = places[e]
        value = column[place]
        places[k] = place
        k += np.int64(((value >= low) & (value <= high)) | (value == unknown))
    return k


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
    places = places_of(bitmap)
    group, good = np.zeros(64, np.int32), np.ones(1, np.uint8)
    keep_groups(places, 1, group, good)
    good_places(group, good, 64)
    keep_between(places, 1, np.zeros(64, np.int64), 0, 1, -1)
    group_bitmap(group, good, 1)
    between_breaks(rows[0], rows[1], np.zeros(64, np.int64), 0, 1)
    one_missing(rows, bitmap, np.zeros(1, np.uint64), np.zeros(2, np.int64))
    is_set(bitmap, places)
