"""How each form of a restriction (``eligibility.bounds``) is kept as bitmaps, and what a fact then says of them.

The declarations stay where they are: a criterion's ``bounds`` of every product are written into rows here, a
criterion's ``mine`` of one need is turned into clauses over these rows. For each form there are two answers: which
products do *not fail*, and which *pass*; what is neither is to be checked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from matchmaker.eligibility.bounds import Areas, Between, Deciders, Number, OneOf, Possible, Prefixes, Shares, Span
from matchmaker.matching.index_board import Array, Board, Clauses, Column, Scratch, any_of, bitmap_of, kernels, none_of
from matchmaker.matching.index_places import FAIL, PASS, PlaceBook, under

PLACES = 6
SCALE: int = 10**PLACES
"""Numbers are kept as whole millionths: fen, months and hundredths of a percent are exact in it."""
OPEN = -(2**62)
"""Stands for "no end": below every number that is kept."""
BREAKS = 96
"""So many different thresholds of a kind get a row of their own; further ones lie between two rows and are compared."""
ANSWERS_KEPT = 4096
"""Different facts of which a form of codes remembers the rows."""


class NotIndexable(Exception):
    """A restriction that these rows cannot hold; its product is judged by the loop instead."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A form told by group: slot → group (int32), group → may stay (uint8), for "not failed" and for "passed"."""

    column: Column
    not_failed: Array
    passed: Array


class Told(NamedTuple):
    """What one form says of one fact: all these clauses together, and the groups."""

    not_failed: Clauses = ()
    passed: Clauses = ()
    groups: Grouped | None = None


class Form(ABC):
    """One form of one criterion over all products. Products that it does not restrict pass."""

    @abstractmethod
    def check(self, bounds: Any) -> None:
        """Raise NotIndexable for what cannot be written."""

    @abstractmethod
    def write(self, slots: Array, bounds: Sequence[Any]) -> None:
        """Write the restrictions of slots whose bits are clear; None = not restricted."""

    @abstractmethod
    def write_groups(self, groups: Array, bounds: Sequence[Any]) -> None:
        """The same of very many: ``groups`` (int32, every slot) says whose restriction is ``bounds[group - 1]``;
        slots of group 0 are left as they are."""

    @abstractmethod
    def ask(self, mine: Any, scratch: Scratch) -> Told:
        """What the fact says; ``mine`` as the criterion gives it."""


def scaled(value: Number, rounding: str) -> int:
    """A number in whole millionths, rounded where it has more places than a threshold may have."""
    if isinstance(value, Decimal):
        exact: Decimal = value.scaleb(PLACES)
        whole = int(exact)  # towards zero; the usual number has no more places
        if whole == exact:
            return whole
        return int(exact.to_integral_value(rounding=rounding))
    number: int = value.toordinal() if isinstance(value, date) else value
    return number * SCALE


def exactly(value: Number) -> int:
    """A threshold in whole millionths. Raises NotIndexable for one with more places or beyond 62 bits."""
    if isinstance(value, Decimal) and (not value.is_finite() or value * SCALE != int(value * SCALE)):
        raise NotIndexable(f"{value} has more than six places")
    whole = scaled(value, ROUND_FLOOR)
    if abs(whole) >= -OPEN:
        raise NotIndexable(f"{value} is too large")
    return whole


def _whole(end: Number | None) -> int | None:
    """An end in whole millionths; None where it is open, or cannot be held (then nobody is written with it)."""
    try:
        return None if end is None else exactly(end)
    except NotIndexable:
        return None


# Ranges -------------------------------------------------------------------------------------------------------------


class Side:
    """Thresholds that a number must reach: row k holds the slots whose threshold is at most ``breaks[k]``.

    An upper end is kept by its negative, so that both ends of a range are of one kind.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.column = board.column(np.int64, OPEN)
        self.breaks: list[int] = []
        self.decimals: list[Decimal] = []
        """The breaks as they were before they were made whole."""
        self.rows: list[int] = []
        self.open_row = board.new_row()
        self.binned = False

    def write(self, slots: Array, values: Array) -> None:
        self.column.values[slots] = values
        self._learn(values)
        if len(slots) == 1:
            slot, value = int(slots[0]), int(values[0])
            rows = self.rows[bisect_left(self.breaks, value) :]
            self.board.set_in([self.open_row, *rows] if value == OPEN else rows, slot)
            return
        self.board.set(self.open_row, slots[values == OPEN])
        for value, row in zip(self.breaks, self.rows, strict=True):
            self.board.set(row, slots[values <= value])

    def write_groups(self, groups: Array, values: Array) -> None:
        here = np.flatnonzero(groups)
        its = values[groups[here] - 1]
        self.column.values[here] = its
        self._learn(np.unique(values), its)
        self.board.set_groups(self.open_row, groups, values == OPEN)
        for value, row in zip(self.breaks, self.rows, strict=True):
            self.board.set_groups(row, groups, values <= value)

    def _learn(self, values: Array, each: Array | None = None) -> None:
        """A row for each new threshold, as long as every threshold has one; else spread over what comes first.
        (``each``: the threshold of every product, where ``values`` are only the different ones.)"""
        if self.binned:
            return
        new = [value for value in np.unique(values).tolist() if value != OPEN and value not in self.breaks]
        if len(self.breaks) + len(new) > BREAKS:
            self.binned = True
            if self.breaks:
                return  # no row can be added between two that have more between them
            each = values if each is None else each
            ordered = np.sort(each[each != OPEN])
            at = np.linspace(0, len(ordered) - 1, BREAKS).round().astype(int)
            new = np.unique(ordered[at]).tolist()
        for value in new:
            place = bisect_left(self.breaks, value)
            before = self.rows[place - 1] if place else self.open_row
            self.breaks.insert(place, value)
            self.decimals.insert(place, Decimal(value).scaleb(-PLACES))
            self.rows.insert(place, self.board.new_row(like=before))

    def up_to(self, value: Decimal, scratch: Scratch) -> Clauses:
        """As ``at_most``, of a number as it comes: it is made whole only where it lies between two rows."""
        if self.binned:
            return self.at_most(scaled(value, ROUND_FLOOR), scratch)
        if not self.rows:
            return ()
        place = bisect_right(self.decimals, value)
        return 1, self.rows[place - 1] if place else self.open_row

    def at_most(self, value: int, scratch: Scratch) -> Clauses:
        """The slots whose threshold is at most ``value``; no clause where no product has this end."""
        if not self.breaks:
            return ()
        place = bisect_right(self.breaks, value)
        row = self.rows[place - 1] if place else self.open_row
        if not self.binned or (place and self.breaks[place - 1] == value):
            return 1, row
        beyond = self.rows[place] if place < len(self.rows) else Board.ALIVE
        rows, words = self.board.rows, self.board.words
        found = kernels.now.between_breaks(rows[row], rows[beyond], self.column.values, value, words)
        return (1, scratch.add(found))


class BetweenForm(Form):
    """A number from low to high."""

    def __init__(self, board: Board) -> None:
        self.low = Side(board)
        self.high = Side(board)
        self._known: dict[Number, Told] = {}
        """Answers as long as no row has come to them."""

    def check(self, bounds: Between) -> None:
        if bounds.low is None and bounds.high is None:
            raise NotIndexable("a range without ends")
        for end in (bounds.low, bounds.high):
            if end is not None:
                exactly(end)

    def write(self, slots: Array, bounds: Sequence[Between | None]) -> None:
        low, high = self._ends(bounds)
        self.low.write(slots, low)
        self.high.write(slots, high)
        self._known.clear()

    def write_groups(self, groups: Array, bounds: Sequence[Between | None]) -> None:
        low, high = self._ends(bounds)
        self.low.write_groups(groups, low)
        self.high.write_groups(groups, high)
        self._known.clear()

    @staticmethod
    def _ends(bounds: Sequence[Between | None]) -> tuple[Array, Array]:
        odd = (None, None)  # is judged by the loop; its group has no slots
        ends = [odd if one is None else (_whole(one.low), _whole(one.high)) for one in bounds]
        low = [OPEN if one is None else one for one, _ in ends]
        high = [OPEN if one is None else -one for _, one in ends]
        return np.array(low, np.int64), np.array(high, np.int64)

    def ask(self, mine: Number | Span | None, scratch: Scratch) -> Told:
        if isinstance(mine, Decimal):
            both = self.low.up_to(mine, scratch) + self.high.up_to(mine.copy_negate(), scratch)
            return Told(both, both)
        if mine is None or isinstance(mine, Span):
            return self._band(mine or Span(), scratch)
        told = self._known.get(mine)  # months and days come again, amounts hardly
        if told is None:
            whole = scaled(mine, ROUND_FLOOR)
            told = self._exactly(whole, scratch)
            if not self.low.binned and not self.high.binned:
                _keep(self._known, mine, told)
        return told

    def _exactly(self, whole: int, scratch: Scratch) -> Told:
        both = self.low.at_most(whole, scratch) + self.high.at_most(-whole, scratch)
        return Told(both, both)

    def _band(self, span: Span, scratch: Scratch) -> Told:
        above: Clauses = (1, self.low.open_row)
        below: Clauses = (1, self.high.open_row)
        not_failed: Clauses = ()
        if span.high is not None:
            not_failed += self.low.at_most(scaled(span.high, ROUND_FLOOR), scratch)
            below = self.high.at_most(-scaled(span.high, ROUND_CEILING), scratch)
        if span.low is not None:
            not_failed += self.high.at_most(-scaled(span.low, ROUND_CEILING), scratch)
            above = self.low.at_most(scaled(span.low, ROUND_FLOOR), scratch)
        return Told(not_failed, not_failed + above + below)


def _remembered(known: dict[Any, Told], mine: Any, work_out: Callable[[Any], Told]) -> Told:
    told = known.get(mine)
    if told is None:
        told = work_out(mine)
        _keep(known, mine, told)
    return told


def _keep(known: dict[Any, Told], mine: Any, told: Told) -> None:
    if len(known) >= ANSWERS_KEPT:
        known.clear()
    known[mine] = told


# Codes --------------------------------------------------------------------------------------------------------------


def _are(which: Sequence[int], bounds: Sequence[Any]) -> Array:
    """By bounds whether it is one of these: bool."""
    found: Array = np.zeros(len(bounds), np.bool_)
    found[which] = True
    return found


class _Rows:
    """A row a code: the products that name it, and in each of them those that name none at all ("open").

    So a question for one code reads one row.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.open_row = board.new_row()
        self.rows: dict[str, int] = {}
        self.sorted: list[str] = []

    def write(self, named: dict[str, list[int]], everywhere: list[int]) -> None:
        """Set these slots: by code those that name it, and those that are open."""
        self._make(named)
        for code, slots in named.items():
            self.board.set(self.rows[code], np.array(slots, np.int64))
        for slot in everywhere:
            self.board.set_in([self.open_row, *self.rows.values()], slot)

    def write_groups(
        self, groups: Array, named: dict[str, list[int]], everywhere: list[int], bounds: Sequence[Any]
    ) -> None:
        """The same of very many slots; codes and "open" by places among ``bounds``."""
        self._make(named)
        self.board.set_groups(self.open_row, groups, _are(everywhere, bounds))
        for code, row in self.rows.items():
            if its := named.get(code, []) + everywhere:
                self.board.set_groups(row, groups, _are(its, bounds))

    def _make(self, codes: Iterable[str]) -> None:
        for code in codes:
            if code not in self.rows:
                self.rows[code] = self.board.new_row(like=self.open_row)
                insort(self.sorted, code)

    def any(self, codes: Iterable[str]) -> Clauses:
        """Who names one of these codes, or is open."""
        return any_of([self.rows[code] for code in codes if code in self.rows] or [self.open_row])

    def above(self, code: str) -> tuple[str, ...]:
        """The codes here that ``code`` begins with."""
        return tuple(code[:n] for n in range(len(code) + 1) if code[:n] in self.rows)

    def below(self, code: str) -> list[str]:
        """Those that begin with ``code`` and are longer: it only may lie under them."""
        return under(self.sorted, code)


class _Codes(Form):
    """Products by the codes that they name."""

    def __init__(self, board: Board) -> None:
        self.rows = _Rows(board)
        self._known: dict[Any, Told] = {}
        """Answers as long as no row has come to them."""

    def check(self, bounds: Any) -> None:
        return None

    def write(self, slots: Array, bounds: Sequence[Any]) -> None:
        self.rows.write(*self._named(slots.tolist(), bounds))
        self._known.clear()

    def write_groups(self, groups: Array, bounds: Sequence[Any]) -> None:
        self.rows.write_groups(groups, *self._named(range(len(bounds)), bounds), bounds)
        self._known.clear()

    @staticmethod
    def _named(of: Iterable[int], bounds: Sequence[Any]) -> tuple[dict[str, list[int]], list[int]]:
        named: dict[str, list[int]] = defaultdict(list)
        for at, one in zip(of, bounds, strict=True):
            for code in one.codes if one is not None else ():
                named[code].append(at)
        return dict(named), [at for at, one in zip(of, bounds, strict=True) if one is None]

    def ask(self, mine: Any, scratch: Scratch) -> Told:
        return self._known.get(mine) or _remembered(self._known, mine, self._told)

    @abstractmethod
    def _told(self, mine: Any) -> Told: ...

    def _unknown(self) -> Told:
        return Told((), (1, self.rows.open_row))


class OneOfForm(_Codes):
    """A code, or one of several codes, that must be among those named."""

    def _told(self, mine: Any) -> Told:
        if mine is None or mine == ():
            return self._unknown()
        if isinstance(mine, Possible):
            if not mine.codes:
                return self._unknown()
            each = [self.rows.any((code,)) for code in mine.codes]
            return Told(self.rows.any(mine.codes), tuple(chain.from_iterable(each)))
        clause = self.rows.any((mine,) if isinstance(mine, str) else dict.fromkeys(mine))
        return Told(clause, clause)


class SharesForm(_Codes):
    """A set of codes with at least one among those named."""

    def _told(self, mine: frozenset[str] | None) -> Told:
        if mine is None:
            return self._unknown()
        clause = self.rows.any(sorted(mine))
        return Told(clause, clause)


class PrefixesForm(Form):
    """A code of a tree under one of the allowed prefixes (none given = all) and under none of the denied."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.free_row = board.new_row()
        self.allow = _Rows(board)
        """Open in it: products without an allow list, the unrestricted among them."""
        self.deny = _Rows(board)
        """Nobody is open in it."""
        self._known: dict[str, Told] = {}
        """Answers by code, as long as no row has come to them."""

    def check(self, bounds: Prefixes) -> None:
        return None

    def write(self, slots: Array, bounds: Sequence[Prefixes | None]) -> None:
        free, every, allow, deny = self._named(slots.tolist(), bounds)
        self.board.set(self.free_row, np.array(free, np.int64))
        self.allow.write(allow, every)
        self.deny.write(deny, [])
        self._known.clear()

    def write_groups(self, groups: Array, bounds: Sequence[Prefixes | None]) -> None:
        free, every, allow, deny = self._named(range(len(bounds)), bounds)
        self.board.set_groups(self.free_row, groups, _are(free, bounds))
        self.allow.write_groups(groups, allow, every, bounds)
        self.deny.write_groups(groups, deny, [], bounds)
        self._known.clear()

    @staticmethod
    def _named(
        of: Iterable[int], bounds: Sequence[Prefixes | None]
    ) -> tuple[list[int], list[int], dict[str, list[int]], dict[str, list[int]]]:
        """Whose are free of it, who has no allow list, and prefix → who allows it, who denies it."""
        free, every = list[int](), list[int]()
        allow: dict[str, list[int]] = defaultdict(list)
        deny: dict[str, list[int]] = defaultdict(list)
        for at, one in zip(of, bounds, strict=True):
            if one is None:
                free.append(at)
            if one is None or not one.allow:
                every.append(at)
            for prefix in one.allow if one is not None else ():
                allow[prefix].append(at)
            for prefix in one.deny if one is not None else ():
                deny[prefix].append(at)
        return free, every, allow, deny

    def ask(self, mine: str | Possible | None, scratch: Scratch) -> Told:
        if isinstance(mine, str):
            return self._known.get(mine) or _remembered(self._known, mine, self._one)
        if mine is None:
            return Told((), (1, self.free_row))
        return self._possible(mine, scratch)

    def _one(self, code: str) -> Told:
        sure, maybe = self.allow.above(code), self.allow.below(code)
        denied = tuple(self.deny.rows[one] for one in self.deny.above(code))
        perhaps = tuple(self.deny.rows[one] for one in self.deny.below(code))
        not_failed, passed = self.allow.any((*sure, *maybe)), self.allow.any(sure)
        if denied:
            not_failed += none_of(denied)
        if denied or perhaps:
            passed += none_of((*denied, *perhaps))
        return Told(not_failed, passed)

    def _possible(self, mine: Possible, scratch: Scratch) -> Told:
        """Certain only when all codes agree; worked out as bitmaps, since "or" over codes is no clause."""
        if not mine.codes:
            return Told((), (1, self.free_row))
        told = [self._one(code) for code in mine.codes]
        some = scratch.add(np.bitwise_or.reduce([bitmap_of(self.board, one.not_failed, scratch) for one in told]))
        return Told((1, some), tuple(chain.from_iterable(one.passed for one in told)))


# Branches -----------------------------------------------------------------------------------------------------------


class _Branches(Form):
    """A group a different set of branches; the book is shared by both forms."""

    def __init__(self, board: Board, book: PlaceBook) -> None:
        self.book = book
        self.column = board.column(np.int32, 0)

    def check(self, bounds: Areas | Deciders) -> None:
        if not bounds.places:
            raise NotIndexable("no branch at all")

    def write(self, slots: Array, bounds: Sequence[Areas | Deciders | None]) -> None:
        self.column.values[slots] = self._sets(bounds)

    def write_groups(self, groups: Array, bounds: Sequence[Areas | Deciders | None]) -> None:
        here = np.flatnonzero(groups)
        self.column.values[here] = np.array(self._sets(bounds), np.int32)[groups[here] - 1]

    def _sets(self, bounds: Sequence[Areas | Deciders | None]) -> list[int]:
        return [0 if one is None or not one.places else self.book.set_of(one.places) for one in bounds]

    def _told(self, said: Array) -> Told:
        groups = Grouped(self.column, (said > FAIL).astype(np.uint8), (said == PASS).astype(np.uint8))
        return Told(groups=groups)


class AreasForm(_Branches):
    """A position that one of the branches must serve."""

    def ask(self, mine: Any, scratch: Scratch) -> Told:
        return self._told(self.book.areas(mine))


class DecidersForm(_Branches):
    """An amount that a branch in reach may decide on."""

    def ask(self, mine: Any, scratch: Scratch) -> Told:
        return self._told(self.book.deciders(*mine))


def form_for(kind: type, board: Board, book: PlaceBook) -> Form:
    """A new, empty form of a kind of bounds."""
    forms: dict[type, Callable[[], Form]] = {
        Between: lambda: BetweenForm(board),
        OneOf: lambda: OneOfForm(board),
        Shares: lambda: SharesForm(board),
        Prefixes: lambda: PrefixesForm(board),
        Areas: lambda: AreasForm(board, book),
        Deciders: lambda: DecidersForm(board, book),
    }
    if kind not in forms:
        raise NotIndexable(f"no rows are declared for {kind.__name__}")
    return forms[kind]()
