"""Many products at once, by column: each different value once, and its number a product.

A market of a million products is some tens of thousands of different things that products say. A criterion's bounds
are worked out once for each different combination of the terms it reads (``READ``), and the index writes its rows
from the numbers (``MarketIndex.put_columns``). The declarations stay where they are, ``Criterion.bounds``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from matchmaker.eligibility.facts import Terms
from matchmaker.matching.index_board import Array

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

_TERMS = tuple(field.name for field in fields(Terms) if field.name != "key")


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


@dataclass(frozen=True)
class TermColumns:
    """The terms of many products: by name of a term its column; one that is left out restricts nobody."""

    keys: Array
    """Product ids, all different: int64 [products]."""
    columns: Mapping[str, Coded]

    @classmethod
    def of(cls, terms: Iterable[Terms]) -> TermColumns:
        """The same of products that lie here one by one; of one that comes twice the last counts."""
        last = {one.key: one for one in terms}
        columns = {name: Coded.of([getattr(one, name) for one in last.values()]) for name in _TERMS}
        return cls(np.fromiter(last, np.int64, len(last)), columns)

    def terms(self, at: int) -> Terms:
        """One product as the rules take it."""
        said = {name: column.values[column.number[at]] for name, column in self.columns.items()}
        return Terms(key=int(self.keys[at]), **said)

    def only(self, which: Array) -> TermColumns:
        """These products alone (bool [products])."""
        return TermColumns(
            self.keys[which], {name: Coded(one.values, one.number[which]) for name, one in self.columns.items()}
        )

    def combined(self, names: Sequence[str]) -> tuple[Iterator[Terms], Array]:
        """Each different combination of these terms, nothing else said, and its number a product: int32."""
        here = [(name, self.columns[name]) for name in names if name in self.columns]
        if not here:
            return iter((Terms(),)), np.zeros(len(self.keys), np.int32)
        if len(here) == 1:
            name, column = here[0]
            return (Terms(**{name: value}) for value in column.values), column.number
        sizes = tuple(len(column.values) for _, column in here)
        packed = np.ravel_multi_index(tuple(column.number for _, column in here), sizes)
        different, number = np.unique(packed, return_inverse=True)
        picked = zip(*np.unravel_index(different, sizes), strict=True)
        found = (
            Terms(**{name: column.values[place] for (name, column), place in zip(here, places, strict=True)})
            for places in picked
        )
        return found, number.astype(np.int32)
