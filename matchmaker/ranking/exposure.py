"""Who is seen: the share of attention that each institution's places get, beside the share that its chances deserve.

Amortised over all lists of four weeks, by institution and by size. Loans only: guarantees always stand after them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

WINDOW = timedelta(days=28)
BAND = (0.8, 1.25)
"""Exposure over merit that is borne (issue 4, section 3: between 0.8 and 1.25 for small institutions)."""
LEAST_LISTS = 50
"""Lists with an institution on them under which nothing is said about it."""
SIZES = ("large", "middle", "small")
_LARGE = frozenset({"STATE", "JOINT", "POLICY", "FOREIGN"})
_MIDDLE = frozenset({"CITY", "PRIVATE", "FINCO", "TRUST", "LEASE"})


def size_of(institution_kind: str) -> str:
    """The size class of a kind of institution (own choice: national banks, regional ones, the rest)."""
    return "large" if institution_kind in _LARGE else "middle" if institution_kind in _MIDDLE else "small"


def attention(place: int) -> float:
    """How much a place is looked at, the first one 1: one over the binary logarithm of the place plus one.

    The usual discount (Järvelin and Kekäläinen 2002); assumed, until exchanged neighbours have told it.
    """
    return 1 / math.log2(place + 1)


@dataclass(frozen=True, slots=True)
class Stood:
    """One loan at its place on one list."""

    list_id: int
    place: int
    institution_id: int
    chance: float


@dataclass(slots=True)
class Sum:
    """What came together for one institution: lists it stood on, its share of attention and of chance."""

    lists: int = 0
    exposure: float = 0.0
    merit: float = 0.0


def weigh(stood: Iterable[Stood]) -> dict[int, Sum]:
    """Institution → its sums over the lists. On each list attention and chances are shares that add up to one.

    A list with one institution alone says nothing of who is preferred, and is left out.
    """
    by_list: dict[int, list[Stood]] = {}
    for one in stood:
        by_list.setdefault(one.list_id, []).append(one)
    found: dict[int, Sum] = {}
    for places in by_list.values():
        chances = sum(one.chance for one in places)
        institutions = {one.institution_id for one in places}
        if len(institutions) < 2 or chances <= 0:
            continue
        seen = sum(attention(one.place) for one in places)
        for key in institutions:
            found.setdefault(key, Sum()).lists += 1
        for one in places:
            found[one.institution_id].exposure += attention(one.place) / seen
            found[one.institution_id].merit += one.chance / chances
    return found


def ratio(exposure: float, merit: float) -> float | None:
    """Exposure over merit; None where there is no merit."""
    return round(exposure / merit, 3) if merit > 0 else None


def is_out(found: float | None, lists: int) -> bool:
    """Whether a ratio of enough lists lies outside the band."""
    return found is not None and lists >= LEAST_LISTS and not BAND[0] <= found <= BAND[1]
