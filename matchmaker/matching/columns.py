"""Very many products or needs at once, by column: each different value once, and its number a row.

A million of them are some thousands of different things that are said. A criterion is asked once for each different
combination of what it reads, and the indexes write their rows from the numbers (``MarketIndex.put_columns``,
``Askers.put_columns``). The declarations stay where they are, in ``eligibility.rules.CRITERIA``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.matching.index_board import Array

Row = TypeVar("Row", Terms, Facts)

READ: Mapping[str, tuple[str, ...]] = {
    "validity": ("valid_from_on", "valid_until_on"),
    "purpose": ("purposes",),
    "applicant": ("applicant_kinds",),
    "industry": ("industries_allow", "industries_deny"),
    "region": ("regions",),
    "service_area": ("places",),
    "amount": ("amount_min_yuan", "amount_max_yuan"),
    "decision_limit": ("places",),
    "term": ("term_min_months", "term_max_months"),
    "months_in_business": ("min_months_in_business",),
    "turnover": ("min_turnover_yuan",),
    "tax_grade": ("tax_grades",),
    "debt_ratio": ("max_debt_ratio_percent",),
    "security": ("securities",),
    "first_time": ("first_time_only",),
    "repayment": ("repayments",),
}
"""Rule → the terms that its bounds read. A property test holds that they read no others."""

class Coded(NamedTuple):
    """One term of many products."""

    values: Sequence[Any]
    """Each different value."""
    number: Array
    """Which of them each product has: int32 [products]."""

    @classmethod
    def of(cls, column: Iterable[Any], told: Callable[[Any], Any] = lambda value: value) -> Coded:
        """A column of plain values; ``told`` makes of each different one what ``Terms`` holds."""
        if isinstance(column, np.ndarray):
            values, number = np.unique(column, return_inverse=True)
            return cls([told(value) for value in values.tolist()], number.astype(np.int32))
        known: dict[Any, int] = {}
        numbers = np.array([known.setdefault(value, len(known)) for value in column], np.int32)
        return cls([told(value) for value in known], numbers)


def _numbered(numbers: Iterable[Array]) -> tuple[Array, list[tuple[int, ...]]]:
    """Different combinations of several columns of numbers: which each row has (int32), and the numbers of each.

    Two columns at a time, so that the product of their sizes stays a whole number of 64 bits.
    """
    first, *others = numbers
    packed = first
    places: list[tuple[int, ...]] = [(at,) for at in range(int(first.max(initial=0)) + 1)]
    for number in others:
        width = int(number.max(initial=0)) + 1
        different, packed = np.unique(packed.astype(np.int64) * width + number, return_inverse=True)
        places = [(*places[both // width], both % width) for both in different.tolist()]
    return packed.astype(np.int32), places


@dataclass(frozen=True)
class _Columns(Generic[Row]):
    """Many rows: by name of a field its column; one that is left out has the field's default."""

    keys: Array
    """Their ids, all different: int64 [rows]."""
    columns: Mapping[str, Coded]

    def _one(self, **said: Any) -> Row:
        raise NotImplementedError

    def row(self, at: int) -> Row:
        """One of them as the rules take it."""
        return self._one(**{name: column.values[column.number[at]] for name, column in self.columns.items()})

    def combined(self, names: Sequence[str]) -> tuple[Iterator[Row], Array]:
        """Each different combination of these fields, nothing else said, and its number a row: int32."""
        here = [(name, self.columns[name]) for name in names if name in self.columns]
        if not here:
            return iter((self._one(),)), np.zeros(len(self.keys), np.int32)
        if len(here) == 1:
            name, column = here[0]
            return (self._one(**{name: value}) for value in column.values), column.number
        packed, places = _numbered(column.number for _, column in here)
        found = (
            self._one(**{name: column.values[place] for (name, column), place in zip(here, each, strict=True)})
            for each in places
        )
        return found, packed


class TermColumns(_Columns[Terms]):
    """The terms of many products."""

    def _one(self, **said: Any) -> Terms:
        return Terms(**said)

    @classmethod
    def of(cls, terms: Iterable[Terms]) -> TermColumns:
        """The same of products that lie here one by one; of one that comes twice the last counts."""
        last = {one.key: one for one in terms}
        names = [field.name for field in fields(Terms) if field.name != "key"]
        columns = {name: Coded.of([getattr(one, name) for one in last.values()]) for name in names}
        return cls(np.fromiter(last, np.int64, len(last)), columns)

    def row(self, at: int) -> Terms:
        """One product as the rules take it."""
        return replace(super().row(at), key=int(self.keys[at]))


class FactColumns(_Columns[Facts]):
    """The facts of many needs."""

    def _one(self, **said: Any) -> Facts:
        return Facts(**said)

    @classmethod
    def of(cls, facts: Mapping[int, Facts]) -> FactColumns:
        """The same of needs that lie here one by one, by number."""
        columns = {
            field.name: Coded.of([getattr(one, field.name) for one in facts.values()]) for field in fields(Facts)
        }
        return cls(np.fromiter(facts, np.int64, len(facts)), columns)
