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


def meet_many(rows: Array, scratch: Array, clauses: Array, ends: Array, words: int) -> tuple[Array, Array]:
    """The places of many questions: see ``kernels.meet_many``."""
    asked = np.split(clauses, ends[:-1]) if len(ends) else []
    found = [meet_places(rows, scratch, one, words) for one in asked]
    starts: Array = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(one) for one in found], out=starts[1:])
    return np.concatenate(found) if found else np.empty(0, np.int64), starts


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


def keep_all(
    n: int, columns: Array, few: Array, masks: Array, at: Array, width: Array, good: Array, begins: Array,
    numbers: Array, keys: Array, bounded: Array, low: Array, high: Array, low_key: Array, high_key: Array,
    doubt: Array, unknown: int,
) -> Array:  # fmt: skip
    """Of the slots 0..n those that every criterion keeps: see ``kernels.keep_all``."""
    stays: Array = np.ones(n, np.bool_)
    for row, mask in zip(few.tolist(), masks.tolist(), strict=True):
        stays &= (mask >> columns[row, :n].astype(np.uint32)) & 1 != 0
    left = np.flatnonzero(stays)
    for row, size, begin in zip(at.tolist(), width.tolist(), begins.tolist(), strict=True):
        column = columns[row : row + size].reshape(-1).view(f"u{size}")
        left = left[good[begin + column[left].astype(np.int64)] != 0]
    for row, least, most in zip(bounded.tolist(), low.tolist(), high.tolist(), strict=True):
        values = numbers[row][left]
        left = left[((values >= least) & (values <= most)) | (values == unknown)]
    return left


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
