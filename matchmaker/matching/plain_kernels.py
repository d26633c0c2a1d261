"""The same functions as ``kernels``, in numpy alone: for machines without numba, and while the compiler is at work."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
_FULL = np.uint64(0xFFFFFFFFFFFFFFFF)


def meet(rows: Array, scratch: Array, clauses: Array, words: int) -> Array:
    """The intersection of all clauses as bitmap: uint64 [words]."""
    found: Array = np.full(words, _FULL, np.uint64)
    given, at = clauses.tolist(), 0
    while at < len(given):
        size = given[at]
        inside: Array = np.zeros(words, np.uint64)
        for row in given[at + 1 : at + 1 + abs(size)]:
            inside |= (rows[row] if row >= 0 else scratch[-row - 1])[:words]
        found &= ~inside if size < 0 else inside
        at += 1 + abs(size)
    return found


def meet_places(rows: Array, scratch: Array, clauses: Array, words: int) -> Array:
    """The same as places: int64, ascending."""
    return places_of(meet(rows, scratch, clauses, words))


def _bits(bitmap: Array) -> Array:
    little = np.ascontiguousarray(bitmap).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(little, bitorder="little").view(np.bool_)


def _bitmap(bits: Array) -> Array:
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64, copy=False)


def places_of(bitmap: Array) -> Array:
    """The places, ascending, of the bits that are set."""
    return np.flatnonzero(_bits(bitmap))


def keep_groups(places: Array, n: int, group: Array, good: Array) -> int:
    """Of the first ``n`` places those whose group is ``good``, in place."""
    kept = places[:n][good[group[places[:n]]] != 0]
    places[: len(kept)] = kept
    return len(kept)


def good_places(group: Array, good: Array, n: int) -> Array:
    """Of the first ``n`` places those whose group is ``good``, ascending."""
    return np.flatnonzero(good[group[:n]])


def keep_between(places: Array, n: int, column: Array, low: int, high: int, unknown: int) -> int:
    """Of the first ``n`` places those whose number lies from low to high or is not known, in place."""
    values = column[places[:n]]
    kept = places[:n][((values >= low) & (values <= high)) | (values == unknown)]
    places[: len(kept)] = kept
    return len(kept)


def group_bitmap(group: Array, good: Array, words: int) -> Array:
    """Which slots have a group that is ``good``, as bitmap."""
    return _bitmap(good[group[: words * 64]] != 0)


def between_breaks(lower: Array, upper: Array, column: Array, most: int, words: int) -> Array:
    """``lower`` and, of what ``upper`` has beyond it, the slots whose threshold is at most ``most``."""
    return lower[:words] | (upper[:words] & _bitmap(column[: words * 64] <= most))


def one_missing(passing: Array, alive: Array, near: Array, counts: Array) -> None:
    """Who fails exactly one rule: see ``kernels.one_missing``."""
    fails = alive & ~passing
    once: Array = np.zeros_like(alive)
    twice: Array = np.zeros_like(alive)
    for row in fails:
        twice |= once & row
        once |= row
    near[:] = once & ~twice
    counts[:] = [int(np.bitwise_count(row & near).sum()) for row in fails]


def is_set(bitmap: Array, places: Array) -> Array:
    """Whether each of the places is set in a bitmap."""
    found: Array = ((bitmap[places >> 6] >> (places & 63).astype(np.uint64)) & np.uint64(1)).astype(np.bool_)
    return found
