"""The administrative divisions of China, kept in memory, with a point for each: provinces, cities, counties."""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from matchmaker.reference import packaged, pinyin

PROVINCE, CITY, COUNTY = 1, 2, 3
EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


@dataclass(frozen=True, slots=True)
class Region:
    """One division. Its point is the seat of government (probably GCJ-02) or the middle; a few have none."""

    code: str
    name: str
    level: int
    parent_code: str
    full_name: str
    name_en: str
    latitude: float | None
    longitude: float | None

    @property
    def children(self) -> tuple[Region, ...]:
        return children(self.code)

    @property
    def path(self) -> tuple[Region, ...]:
        """From the province down to this division itself."""
        above = get(self.parent_code)
        return (*above.path, self) if above else (self,)

    @property
    def choices(self) -> tuple[Region, ...]:
        """The divisions to choose from below this one; a city that is the province itself (北京市) is skipped."""
        below = children(self.code)
        if len(below) == 1 and below[0].name == self.name:
            return children(below[0].code)
        return below

    @property
    def is_place(self) -> bool:
        """Whether an address can stand here: a county, or a division that has none below it."""
        return not children(self.code)


def _degrees(text: str) -> float | None:
    return float(text) if text else None


@cache
def _all() -> dict[str, Region]:
    return {
        row["code"]: Region(
            row["code"],
            row["name_zh"],
            int(row["level"]),
            row["parent"],
            row["full_name"],
            row["name_en"],
            _degrees(row["latitude"]),
            _degrees(row["longitude"]),
        )
        for row in packaged.rows("regions")
    }


@cache
def _by_parent() -> dict[str, tuple[Region, ...]]:
    below: dict[str, list[Region]] = defaultdict(list)
    for region in _all().values():
        below[region.parent_code].append(region)
    return {code: tuple(found) for code, found in below.items()}


def get(code: str | None) -> Region | None:
    """The division with this six-digit code, or None."""
    return _all().get(code) if code else None


def children(code: str | None = None) -> tuple[Region, ...]:
    """The divisions right below ``code``; without one, the 34 provinces."""
    return _by_parent().get(code or "", ())


@cache
def places() -> tuple[Region, ...]:
    """Every division in which an address can stand (counties, and cities without counties)."""
    return tuple(region for region in _all().values() if region.is_place)


def full_name(code: str | None) -> str:
    """The name with province and city before it; an unknown code is given back as it is."""
    region = get(code)
    return region.full_name if region else (code or "")


def province_of(code: str | None) -> Region | None:
    """The province that ``code`` lies in, or is."""
    region = get(code)
    return region.path[0] if region else None


def city_of(code: str | None) -> Region | None:
    """The prefecture-level city that ``code`` lies in, or is; None for provinces and for counties right under one."""
    region = get(code)
    return next((above for above in region.path if above.level == CITY), None) if region else None


def county_of(code: str | None) -> Region | None:
    """The county that ``code`` is, or a city that has no counties; None when it is too wide for an address."""
    region = get(code)
    return region if region is not None and region.is_place else None


def prefix(code: str) -> str:
    """The digits that all codes inside ``code`` begin with: 330000 → 33, 330100 → 3301, 330106 → 330106."""
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def within(code: str, area: str) -> bool:
    """Whether ``code`` is ``area`` or lies in it; ``area`` is a six-digit code or a bare prefix ("33", "3301")."""
    return code.startswith(prefix(area))


def distance_km(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres on the ground between two points (latitude, longitude in degrees), by the haversine formula."""
    lat_a, lon_a, lat_b, lon_b = (math.radians(value) for value in (*a, *b))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(half)))


def point(code: str | None) -> tuple[float, float] | None:
    """Latitude and longitude of a division, of the one above it when it has none, or None."""
    region = get(code)
    while region is not None:
        if region.latitude is not None and region.longitude is not None:
            return region.latitude, region.longitude
        region = get(region.parent_code)
    return None


def nearest_place(latitude: float, longitude: float) -> Region | None:
    """The place whose point is nearest: a first guess from a phone's position, never a proof."""
    return min(
        (place for place in places() if place.latitude is not None),
        key=lambda place: distance_km((latitude, longitude), (place.latitude or 0.0, place.longitude or 0.0)),
        default=None,
    )


_TAILS = (
    "特别行政区",
    "自治区",
    "自治州",
    "自治县",
    "自治旗",
    "地区",
    "新区",
    "林区",
    "省",
    "市",
    "区",
    "县",
    "盟",
    "旗",
)


@cache
def _short_name(name: str) -> str:
    """The name as it is said: 西湖区 → 西湖, 浙江省 → 浙江; two-sign names keep their tail (郊区, 沛县)."""
    tail = next((tail for tail in _TAILS if name.endswith(tail)), "")
    return name.removesuffix(tail) if len(name) - len(tail) >= 2 else name


def search(query: str, limit: int = 20) -> list[Region]:
    """The places that fit ``query``, best first: part of a name of county, city or province, pinyin, or initials.

    Several words must all fit: "浙江 西湖", "hangzhou xihu". [] when nothing fits or nothing was typed.
    """
    words = unicodedata.normalize("NFKC", query[:40]).lower().split()
    return list(_search(tuple(words), limit)) if words else []


@lru_cache(maxsize=2048)
def _search(words: tuple[str, ...], limit: int) -> list[Region]:
    fits = [{region.code: _fits(word, region) for region in _all().values()} for word in words]
    found = []
    for place, path in _places_with_path():
        scores = [max(fit[above.code] for above in path) for fit in fits]
        if all(scores):
            own = max(fit[place.code] for fit in fits)
            found.append((-own, -sum(scores), place.code, place))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:3])[:limit]]


@cache
def _places_with_path() -> tuple[tuple[Region, tuple[Region, ...]], ...]:
    return tuple((place, place.path) for place in places())


def is_spelt(region: Region, words: Iterable[str]) -> bool:
    """Whether these words, small letters, are whole pinyin of the region's own name and of what it lies in."""
    own = _spellings(region)
    above = {spelling for one in region.path for spelling in _spellings(one)}
    return bool(own.intersection(words)) and above.issuperset(words)


@cache
def _spellings(region: Region) -> frozenset[str]:
    """The name in pinyin, whole and as it is said, and its English name (陕西省 is Shaanxi)."""
    parts = pinyin.syllables(region.name)
    spelt = {"".join(parts), "".join(parts[: len(_short_name(region.name))]), region.name_en.lower()}
    return frozenset(spelt - {""})


def _fits(word: str, region: Region) -> float:
    """How well one word fits the name of one division: 0 not at all, 1 exactly."""
    name, short = region.name, _short_name(region.name)
    if word in (name, short):
        return 1.0
    if word == region.code:
        return 1.0
    if name.startswith(word):
        return 0.8
    if word in name:
        return 0.6
    if region.full_name.endswith(word) or (len(word) > len(name) and word in region.full_name):
        return 0.9
    if word.isascii() and word.isalpha():
        parts = pinyin.syllables(name)
        whole, initials = "".join(parts), "".join(part[0] for part in parts)
        said = "".join(parts[: len(short)])
        if word in (whole, said):
            return 0.9
        if len(word) > 1 and word in (initials, initials[: len(short)]):
            return 0.7
        if len(word) > 2 and whole.startswith(word):
            return 0.5
    return 0.0
