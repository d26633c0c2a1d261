"""The bitmaps of the market index: rows of bits by product, and columns of numbers beside them, growing together."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np

from matchmaker.matching import plain_kernels
from matchmaker.ranking.compiled import Kernels

Array = np.ndarray[Any, np.dtype[Any]]
kernels = Kernels("matchmaker.matching.kernels", plain_kernels)

ONE = np.uint64(1)
FEW = 8
"""Up to so many slots are set bit by bit, more by packing a whole row."""


Clauses = tuple[int, ...]
"""A conjunction as the kernels read it: clause by clause how many rows follow (below zero: the complement of their
union), and the rows. A row below zero is a scratch row of one query. Tuples put together mean "and"."""


def any_of(rows: Iterable[int]) -> Clauses:
    """One clause: the union of some rows; none = nobody."""
    rows = tuple(rows)
    return (len(rows), *rows)


def none_of(rows: tuple[int, ...]) -> Clauses:
    """One clause: who is in none of the rows, of which there is one at least."""
    return (-len(rows), *rows)


class Column:
    """One number a slot; grows with its board."""

    def __init__(self, values: Array, fill: int | float) -> None:
        self.values = values
        self.fill = fill

    def grow(self, slots: int) -> None:
        longer: Array = np.full((slots, *self.values.shape[1:]), self.fill, self.values.dtype)
        longer[: len(self.values)] = self.values
        self.values = longer


class Board:
    """``rows``: uint64 [rows, words]; bit ``slot % 64`` of word ``slot // 64`` belongs to that slot. Row 0 = in use."""

    ALIVE = 0

    def __init__(self, slots: int = 64, rows: int = 64) -> None:
        self.words = max(1, -(-slots // 64))
        self.rows: Array = np.zeros((rows, self.words), np.uint64)
        self.used_rows = 1
        self.columns: list[Column] = []

    @property
    def slots(self) -> int:
        """How many slots there is room for."""
        return self.words * 64

    @property
    def alive(self) -> Array:
        """The slots in use, uint64 [words]."""
        alive: Array = self.rows[self.ALIVE]
        return alive

    def column(self, dtype: Any, fill: int | float = 0) -> Column:
        """A new column, every slot ``fill``."""
        made = Column(np.full(self.slots, fill, dtype), fill)
        self.columns.append(made)
        return made

    def make_room(self, slots: int) -> None:
        """Room for so many slots at least, at twice the size each time."""
        if slots <= self.slots:
            return
        words = max(2 * self.words, -(-slots // 64))
        wider: Array = np.zeros((len(self.rows), words), np.uint64)
        wider[:, : self.words] = self.rows
        self.rows, self.words = wider, words
        for column in self.columns:
            column.grow(self.slots)

    def new_row(self, like: int | None = None) -> int:
        """A new row, empty or a copy of another; answers its number."""
        if self.used_rows == len(self.rows):
            longer: Array = np.zeros((2 * len(self.rows), self.words), np.uint64)
            longer[: self.used_rows] = self.rows
            self.rows = longer
        row = self.used_rows
        self.used_rows += 1
        if like is not None:
            self.rows[row] = self.rows[like]
        return row

    def set(self, row: int, slots: Array) -> None:
        """Set the bits of these slots in a row."""
        if len(slots) <= FEW:
            for slot in slots.tolist():
                self.rows[row, slot >> 6] |= ONE << np.uint64(slot & 63)
            return
        bits: Array = np.zeros(self.slots, np.bool_)
        bits[slots] = True
        self.rows[row] |= np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64, copy=False)

    def set_groups(self, row: int, groups: Array, good: Array) -> None:
        """Set the bits of the slots whose group (int32, every slot; 0 = none) is one that is ``good[group - 1]``."""
        wanted = np.concatenate((np.zeros(1, np.uint8), good.astype(np.uint8)))
        self.rows[row] |= kernels.now.group_bitmap(groups, wanted, self.words)

    def set_in(self, rows: list[int], slot: int) -> None:
        """Set the bit of one slot in many different rows."""
        if rows:
            self.rows[rows, slot >> 6] |= ONE << np.uint64(slot & 63)

    def clear(self, slot: int) -> None:
        """Take a slot out of every row."""
        self.rows[: self.used_rows, slot >> 6] &= ~(ONE << np.uint64(slot & 63))


class Scratch:
    """Bitmaps worked out for one query. ``add`` answers the number by which a clause may name one (below zero)."""

    __slots__ = ("made", "words")

    def __init__(self, words: int) -> None:
        self.words = words
        self.made: list[Array] = []

    def add(self, bitmap: Array) -> int:
        self.made.append(bitmap)
        return -len(self.made)

    def rows(self) -> Array:
        """uint64 [made, words]; where nothing was made an empty row that nobody names."""
        return np.stack(self.made) if self.made else NO_ROWS


NO_ROWS: Array = np.zeros((1, 1), np.uint64)


def packed(clauses: Iterable[int]) -> Array:
    """Clauses as the kernels take them: int64, flat. (By ``array``: three times as quick as numpy for short lists.)"""
    return np.frombuffer(array("q", clauses), np.int64)


def bitmap_of(board: Board, clauses: Clauses, scratch: Scratch) -> Array:
    """The slots in use that all clauses keep, uint64 [words]."""
    found: Array = kernels.now.meet(board.rows, scratch.rows(), packed((1, Board.ALIVE, *clauses)), board.words)
    return found
