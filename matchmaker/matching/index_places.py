"""Branches in the market index: which of many places serve a position, and what that means for sets of them.

Outcomes are small numbers, so that "any of" is the largest: 0 fail, 1 unknown, 2 pass (see ``eligibility.bounds``).
Distances come from numpy and are asked again of the rule itself where they lie within a millimetre of a limit: the
index may not decide otherwise than the loop because a sine differs in its last bit.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from matchmaker.eligibility.bounds import COUNTY_REACH_KM, Between, Number, Outcome, Place, Position, Span

Array = np.ndarray[Any, np.dtype[Any]]
FAIL, UNKNOWN, PASS = 0, 1, 2
LEVEL = {Outcome.FAIL: FAIL, Outcome.UNKNOWN: UNKNOWN, Outcome.PASS: PASS}
HAIR_KM = 1e-6
POSITIONS_KEPT = 256


def under(prefixes: Sequence[str], code: str) -> list[str]:
    """Of sorted prefixes those that begin with ``code`` and are longer."""
    found = []
    for at in range(bisect_left(prefixes, code), len(prefixes)):
        if not prefixes[at].startswith(code):
            break
        if len(prefixes[at]) > len(code):
            found.append(prefixes[at])
    return found


class PlaceBook:
    """Every different branch once, and every different set of branches once (set 0 = no restriction)."""

    def __init__(self) -> None:
        self.places: list[Place] = []
        self._number: dict[Place, int] = {}
        self.sets: list[tuple[int, ...]] = [()]
        self._set_number: dict[tuple[Place, ...], int] = {}
        self._by_prefix: dict[str, list[int]] = {}
        self._fresh = False
        self._known: OrderedDict[Position | None, Array] = OrderedDict()

    def set_of(self, places: tuple[Place, ...]) -> int:
        """The number of a set of branches; ``places`` may not be empty."""
        number = self._set_number.get(places)
        if number is None:
            number = self._set_number[places] = len(self.sets)
            self.sets.append(tuple(self._place(place) for place in places))
            self._fresh = False
        return number

    def _place(self, place: Place) -> int:
        number = self._number.get(place)
        if number is None:
            number = self._number[place] = len(self.places)
            self.places.append(place)
            for prefix in place.regions:
                self._by_prefix.setdefault(prefix, []).append(number)
        return number

    def prepare(self) -> None:
        """Columns over places and the flat list of the sets' members, made anew after a change.

        By the writer, while nobody reads: two readers that did it at once would spoil each other's."""
        if self._fresh:
            return
        nan = float("nan")

        def known(value: float | None) -> float:
            return nan if value is None else float(value)

        self._circle = np.array([place.has_circle for place in self.places], np.bool_)
        self._latitude = np.array([known(place.latitude) for place in self.places], np.float64)
        self._longitude = np.array([known(place.longitude) for place in self.places], np.float64)
        self._radius = np.array([known(place.radius_km) for place in self.places], np.float64)
        self._free = np.array([not place.regions and not place.has_circle for place in self.places], np.bool_)
        self._has_regions = np.array([bool(place.regions) for place in self.places], np.bool_)
        self._homes: dict[str | None, list[int]] = {}
        for number, place in enumerate(self.places):
            self._homes.setdefault(place.home_region, []).append(number)
        limits = {place.decides_up_to_yuan for place in self.places}
        self._limits = sorted(limit for limit in limits if limit is not None)
        at = {limit: number for number, limit in enumerate(self._limits)}
        self._limit = np.array(
            [len(at) if place.decides_up_to_yuan is None else at[place.decides_up_to_yuan] for place in self.places],
            np.int64,
        )
        self._members = np.array([number for members in self.sets for number in members], np.int64)
        sizes = np.array([len(members) for members in self.sets], np.int64)
        self._starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))[1:]  # set 0 is empty and needs no reduction
        self._sorted_prefixes = sorted(self._by_prefix)
        self._known.clear()
        self._fresh = True

    def covering(self, where: Position | None) -> Array:
        """What each place says of a position: int8 [places]."""
        found = self._known.get(where)
        if found is None:
            found = self._known[where] = self._covering(where)
            while len(self._known) > POSITIONS_KEPT:
                self._known.popitem(last=False)
        return found

    def _covering(self, where: Position | None) -> Array:
        if where is None:
            return np.where(self._free, PASS, UNKNOWN).astype(np.int8)
        found: Array = np.where(self._free, PASS, FAIL).astype(np.int8)
        if where.region_code:
            code = where.region_code
            for prefix in under(self._sorted_prefixes, code):
                found[self._by_prefix[prefix]] = np.maximum(found[self._by_prefix[prefix]], UNKNOWN)
            for length in range(len(code) + 1):
                if code[:length] in self._by_prefix:
                    found[self._by_prefix[code[:length]]] = PASS
        else:
            found[self._has_regions] = np.maximum(found[self._has_regions], UNKNOWN)
        circles = np.flatnonzero(self._circle)
        if len(circles):
            found[circles] = np.maximum(found[circles], self._in_circle(circles, where))
        return found

    def _in_circle(self, circles: Array, where: Position) -> Array:
        """What the circles alone say: int8 [circles]."""
        if where.latitude is None or where.longitude is None:
            return np.full(len(circles), UNKNOWN, np.int8)
        a, b = np.radians(self._latitude[circles]), np.radians(where.latitude)
        half = (
            np.sin((b - a) / 2) ** 2
            + np.cos(a) * np.cos(b) * np.sin(np.radians(where.longitude - self._longitude[circles]) / 2) ** 2
        )
        distance = 2 * 6371.0 * np.arcsin(np.minimum(1.0, np.sqrt(half)))
        limit = self._radius[circles] + (0.0 if where.exact else COUNTY_REACH_KM)
        said: Array = np.where(distance <= limit, PASS if where.exact else UNKNOWN, FAIL).astype(np.int8)
        doubtful = np.abs(distance - limit) < HAIR_KM
        if not where.exact and where.region_code is not None:
            same = np.isin(circles, self._homes.get(where.region_code, ()))
            said[same] = UNKNOWN
            doubtful &= ~same
        for at in np.flatnonzero(doubtful).tolist():
            said[at] = LEVEL[self.places[circles[at]]._in_circle(where)]
        return said

    def areas(self, where: Position | None) -> Array:
        """What each set says as ``Areas``: int8 [sets], set 0 passing."""
        covering = self.covering(where)
        return self._with_free(np.maximum.reduceat(covering[self._members], self._starts) if len(self.sets) > 1 else [])

    def deciders(self, where: Position | None, amount: Number | Span | None) -> Array:
        """What each set says as ``Deciders``: int8 [sets], set 0 passing."""
        covering = self.covering(where)[self._members]
        if len(self.sets) == 1:
            return self._with_free([])
        by_limit = [LEVEL[Between(None, limit).check(amount)] for limit in self._limits]
        decides = np.array([*by_limit, PASS], np.int8)[self._limit[self._members]]
        served = np.maximum.reduceat(covering, self._starts) > FAIL
        sizes = np.diff(np.append(self._starts, len(self._members)))
        in_reach = (covering > FAIL) | ~np.repeat(served, sizes)
        sure = np.maximum.reduceat((in_reach & (decides == PASS) & (covering == PASS)).astype(np.int8), self._starts)
        low = np.minimum.reduceat(np.where(in_reach, decides, PASS), self._starts)
        high = np.maximum.reduceat(np.where(in_reach, decides, FAIL), self._starts)
        said = np.where(low == high, low, UNKNOWN)
        return self._with_free(np.where(sure > 0, PASS, said))

    def _with_free(self, said: Any) -> Array:
        return np.concatenate(([PASS], said)).astype(np.int8)
