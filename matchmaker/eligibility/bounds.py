"""The forms a restriction can take. Each answers pass, fail or unknown for one fact, and nothing else.

These few forms are what an index can also evaluate: a range is a row per threshold, a set of codes a row per
code, prefixes a row per leaf. Whoever adds a form here adds it to the index as well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

Number = Decimal | int | date


class Outcome(StrEnum):
    """What a rule says about a fact."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """A number that is known only to lie between two ends (both included; None = open), as in "30 to 100 万元"."""

    low: Number | None = None
    high: Number | None = None


@dataclass(frozen=True, slots=True)
class Possible:
    """A code that is known only to be one of several, as in "catering or lodging"."""

    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where a business is. ``exact`` is False when the point is only its county's seat."""

    region_code: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    exact: bool = True


def _all_of(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for a fact with several possible values: certain only when all agree."""
    seen = set(outcomes)
    return seen.pop() if len(seen) == 1 else Outcome.UNKNOWN


def _any_of(outcomes: Iterable[Outcome]) -> Outcome:
    """One outcome for several ways to pass: the best of them."""
    seen = set(outcomes)
    if Outcome.PASS in seen:
        return Outcome.PASS
    return Outcome.UNKNOWN if Outcome.UNKNOWN in seen else Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Between:
    """A number (money, months, percent, date) from ``low`` to ``high``, both included; None = no end."""

    low: Number | None = None
    high: Number | None = None

    def check(self, mine: Number | Span | None) -> Outcome:
        if mine is None:
            return Outcome.UNKNOWN
        span = mine if isinstance(mine, Span) else Span(mine, mine)
        if self.low is not None and span.high is not None and span.high < self.low:  # type: ignore[operator]
            return Outcome.FAIL
        if self.high is not None and span.low is not None and span.low > self.high:  # type: ignore[operator]
            return Outcome.FAIL
        above = self.low is None or (span.low is not None and span.low >= self.low)  # type: ignore[operator]
        below = self.high is None or (span.high is not None and span.high <= self.high)  # type: ignore[operator]
        return Outcome.PASS if above and below else Outcome.UNKNOWN


@dataclass(frozen=True, slots=True)
class OneOf:
    """A code that must be one of ``codes``. A fact of several codes (kind and legal form) passes by any of them."""

    codes: frozenset[str]

    def check(self, mine: str | tuple[str, ...] | Possible | None) -> Outcome:
        if mine is None or mine == ():
            return Outcome.UNKNOWN
        if isinstance(mine, Possible):
            return _all_of(self.check(code) for code in mine.codes)
        codes = (mine,) if isinstance(mine, str) else mine
        return Outcome.PASS if self.codes.intersection(codes) else Outcome.FAIL


@dataclass(frozen=True, slots=True)
class Shares:
    """A set of codes that must have at least one in common with ``codes``; the empty set has none."""

    codes: frozenset[str]

    def check(self, mine: frozenset[str] | None) -> Outcome:
        if mine is None:
            return Outcome.UNKNOWN
        return Outcome.PASS if self.codes & mine else Outcome.FAIL


def _begins(code: str, prefixes: Iterable[str]) -> Outcome:
    """Whether ``code`` lies under one of the prefixes; a code shorter than a prefix only may."""
    return _any_of(
        Outcome.PASS if code.startswith(prefix) else Outcome.UNKNOWN if prefix.startswith(code) else Outcome.FAIL
        for prefix in prefixes
    )


_NOT = {Outcome.PASS: Outcome.FAIL, Outcome.FAIL: Outcome.PASS, Outcome.UNKNOWN: Outcome.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Prefixes:
    """A code of a tree (region, industry) under one of ``allow`` (none given = anywhere) and under none of ``deny``."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()

    def check(self, mine: str | Possible | None) -> Outcome:
        if mine is None:
            return Outcome.UNKNOWN
        if isinstance(mine, Possible):
            return _all_of(self.check(code) for code in mine.codes)
        allowed = _begins(mine, self.allow) if self.allow else Outcome.PASS
        denied = _begins(mine, self.deny)
        if Outcome.FAIL in (allowed, _NOT[denied]):
            return Outcome.FAIL
        return Outcome.PASS if allowed is Outcome.PASS and denied is Outcome.FAIL else Outcome.UNKNOWN


COUNTY_REACH_KM = 60.0
"""How far from its county's seat a business may lie; a seat further than radius + this is certainly outside.
Own estimate: most counties fit a circle of this size."""


@dataclass(frozen=True, slots=True)
class Place:
    """The area one branch serves (regions, or a circle, or both; neither = everywhere) and what it may decide."""

    regions: tuple[str, ...] = ()
    latitude: float | None = None
    longitude: float | None = None
    radius_km: float | None = None
    decides_up_to_yuan: Decimal | None = None
    home_region: str | None = None
    name: str | None = None

    @property
    def has_circle(self) -> bool:
        return self.radius_km is not None and self.latitude is not None and self.longitude is not None

    def covers(self, where: Position | None) -> Outcome:
        """Whether this branch serves that position."""
        if not self.regions and not self.has_circle:
            return Outcome.PASS
        if where is None:
            return Outcome.UNKNOWN
        ways = []
        if self.regions:
            ways.append(_begins(where.region_code, self.regions) if where.region_code else Outcome.UNKNOWN)
        if self.has_circle:
            ways.append(self._in_circle(where))
        return _any_of(ways)

    def _in_circle(self, where: Position) -> Outcome:
        distance = self.distance_km(where)
        if distance is None:
            return Outcome.UNKNOWN
        assert self.radius_km is not None
        if where.exact:
            return Outcome.PASS if distance <= self.radius_km else Outcome.FAIL
        if where.region_code is not None and where.region_code == self.home_region:
            return Outcome.UNKNOWN  # same county, street not known
        return Outcome.FAIL if distance > self.radius_km + COUNTY_REACH_KM else Outcome.UNKNOWN

    def distance_km(self, where: Position | None) -> float | None:
        """Great-circle kilometres from this branch, or None when either point is not known."""
        if where is None or None in (self.latitude, self.longitude, where.latitude, where.longitude):
            return None
        return distance_km(self.latitude, self.longitude, where.latitude, where.longitude)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Areas:
    """A position that at least one of several branches must serve."""

    places: tuple[Place, ...]

    def check(self, mine: Position | None) -> Outcome:
        return _any_of(place.covers(mine) for place in self.places)


@dataclass(frozen=True, slots=True)
class Deciders:
    """An amount that a branch serving the position may decide on; where none serves it, any branch counts.

    (So that a shop outside the area is told about the area and not, besides, about a limit that is no obstacle.)
    """

    places: tuple[Place, ...]

    def in_reach(self, where: Position | None) -> tuple[Place, ...]:
        """The branches whose limits count for this position."""
        serving = tuple(place for place in self.places if place.covers(where) is not Outcome.FAIL)
        return serving or self.places

    def check(self, mine: tuple[Position | None, Number | Span | None]) -> Outcome:
        where, amount = mine
        reach = self.in_reach(where)
        answers = [self._decides(place, amount) for place in reach]
        if any(
            answer is Outcome.PASS and place.covers(where) is Outcome.PASS
            for place, answer in zip(reach, answers, strict=True)
        ):
            return Outcome.PASS
        return _all_of(answers)

    @staticmethod
    def _decides(place: Place, amount: Number | Span | None) -> Outcome:
        if place.decides_up_to_yuan is None:
            return Outcome.PASS
        return Between(None, place.decides_up_to_yuan).check(amount)

    def limit_yuan(self, where: Position | None) -> Decimal | None:
        """The most that a branch in reach may decide on; None = no limit."""
        limits = [place.decides_up_to_yuan for place in self.in_reach(where)]
        known = [limit for limit in limits if limit is not None]
        return None if len(known) < len(limits) or not known else max(known)


Bounds = Between | OneOf | Shares | Prefixes | Areas | Deciders


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance in kilometres on a sphere of 6,371 km."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = (
        math.sin((b - a) / 2) ** 2
        + math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    )
    return 2 * 6371.0 * math.asin(min(1.0, math.sqrt(half)))


def region_prefix(code: str) -> str:
    """The prefix that all codes inside a region share: 330000 → 33, 330100 → 3301, 330106 stays."""
    if len(code) == 6 and code.endswith("0000"):
        return code[:2]
    if len(code) == 6 and code.endswith("00"):
        return code[:4]
    return code
