"""The administrative divisions of China as they stand, kept in memory, with a point for each: provinces, cities,
counties. What changed since the packaged table is laid over it (``region_changes``), for the whole process.
"""

from __future__ import annotations

import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, cached_property, lru_cache

from matchmaker.reference import packaged, pinyin

PACKAGED_ON = date(2025, 12, 31)
"""The day whose divisions the packaged table holds (data/SOURCES.md)."""
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
    def formerly(self) -> tuple[str, ...]:
        """The names of what went over to this division, and its own former names, each once."""
        was = present().formerly.get(self.code, ())
        return tuple(dict.fromkeys(one.name for one in was if one.name != self.name))

    @property
    def is_place(self) -> bool:
        """Whether an address can stand here: a county, or a division that has none below it."""
        return not children(self.code)


def _degrees(text: str) -> float | None:
    return float(text) if text else None


@dataclass(frozen=True, slots=True)
class Gone:
    """A division that is no more, as it last stood, and what became of it: one heir, or several it went over to."""

    region: Region
    heirs: tuple[str, ...]
    on: date


@dataclass(frozen=True, slots=True)
class CarvedOut:
    """A new division that was made of a part of others, which stand on."""

    code: str
    sources: tuple[str, ...]
    on: date


@dataclass(frozen=True, eq=False)
class Divisions:
    """One state of all divisions. Never changed: a change makes another (``region_changes.after``)."""

    standing: Mapping[str, Region]
    gone: Mapping[str, Gone] = field(default_factory=dict)
    renamed: Mapping[str, tuple[Region, ...]] = field(default_factory=dict)
    """Code → the division under its former names, the oldest first."""
    carved: tuple[CarvedOut, ...] = ()

    @cached_property
    def by_parent(self) -> dict[str, tuple[Region, ...]]:
        """Code → the divisions right below it; "" → the provinces."""
        below: dict[str, list[Region]] = defaultdict(list)
        for code in sorted(self.standing):
            below[self.standing[code].parent_code].append(self.standing[code])
        return {code: tuple(found) for code, found in below.items()}

    @cached_property
    def places(self) -> tuple[Region, ...]:
        """Every division in which an address can stand."""
        return tuple(region for code, region in sorted(self.standing.items()) if code not in self.by_parent)

    @cached_property
    def heirs(self) -> dict[str, tuple[str, ...]]:
        """Code of a division that is no more → the codes that stand in its place now, followed to the end."""

        def followed(code: str, seen: frozenset[str]) -> list[str]:
            if code in self.standing or code in seen or code not in self.gone:
                return [code] if code in self.standing else []
            return [end for heir in self.gone[code].heirs for end in followed(heir, seen | {code})]

        return {code: tuple(dict.fromkeys(followed(code, frozenset()))) for code in sorted(self.gone)}

    @cached_property
    def formerly(self) -> dict[str, tuple[Region, ...]]:
        """Code that stands → the divisions, as they were, that lead to it: its former names, what was merged in."""
        found: dict[str, list[Region]] = defaultdict(list)
        for code in sorted(self.gone.keys() | self.renamed.keys()):
            was = [*self.renamed.get(code, ()), *([self.gone[code].region] if code in self.gone else [])]
            for heir in self.heirs.get(code, (code,)):
                found[heir] += was
        return {code: tuple(was) for code, was in found.items()}


@cache
def packaged_divisions() -> Divisions:
    """The divisions of the packaged table."""
    rows = packaged.rows("regions")
    return Divisions(
        {
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
            for row in rows
        }
    )


_learned: Divisions | None = None


def learn_divisions(divisions: Divisions | None) -> None:
    """Let these divisions stand for the whole process from now on; None goes back to the packaged ones."""
    global _learned
    _learned = divisions


def present() -> Divisions:
    """The divisions as they stand now, as far as this process has learned."""
    return _learned or packaged_divisions()


def get(code: str | None) -> Region | None:
    """The division with this six-digit code, also one that is no more (as it last stood), or None."""
    if not code:
        return None
    divisions = present()
    if (region := divisions.standing.get(code)) is not None:
        return region
    return divisions.gone[code].region if code in divisions.gone else None


def stands(code: str | None) -> bool:
    """Whether there is a division with this code now."""
    return code in present().standing


def children(code: str | None = None) -> tuple[Region, ...]:
    """The divisions right below ``code``; without one, the 34 provinces."""
    return present().by_parent.get(code or "", ())


def places() -> tuple[Region, ...]:
    """Every division in which an address can stand (counties, and cities without counties)."""
    return present().places


# What was stored under a code that is no more -----------------------------------------------------------------------


def heirs() -> dict[str, list[str]]:
    """Prefix of what is no more → prefixes of what stands in its place now; empty without a change that ends a code."""
    return {prefix(code): [prefix(heir) for heir in found] for code, found in present().heirs.items() if found}


def heirs_of(code: str | None) -> tuple[Region, ...]:
    """The divisions that stand in the place of one that is no more; none for one that stands or was never there."""
    divisions = present()
    return tuple(divisions.standing[heir] for heir in divisions.heirs.get(code or "", ()))


def standing(code: str) -> str:
    """The code by which a stored one is judged now: itself, or that of what it went over to.

    Where it was divided, nobody knows yet to which part an address belongs: then the digits that all parts share
    (330102 and 330111 → 3301), of which the rules say "perhaps" and never a wrong no. A bare prefix is answered by one.
    """
    found = present().heirs.get(code.ljust(6, "0"), ())
    if not found:
        return code
    if len(found) == 1:
        return found[0] if len(code) == 6 else prefix(found[0])
    same = next(n for n in (6, 4, 2, 0) if len({heir[:n] for heir in found}) == 1)
    return found[0][:same]


def carried(areas: Iterable[str], over: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Areas (codes or prefixes, as prefixes) with those that are no more replaced by all that stand in their place.

    ``over`` is what ``heirs`` answers, of now or of another day.
    """
    found = [heir for area in map(prefix, areas) for heir in over.get(area, (area,))]
    return tuple(dict.fromkeys(found))


def areas_now(areas: Iterable[str]) -> tuple[str, ...]:
    """The same areas as prefixes of what stands now: a divided one is all its parts."""
    return carried(areas, heirs())


def prefixes_leading_to(area: str) -> tuple[str, ...]:
    """How the codes may begin under which places in ``area`` (a code or prefix) are stored: its own and former ones."""
    own = prefix(area)
    led = [code for code in present().gone if not code.startswith(own) and standing(code).startswith(own)]
    return (own, *(prefix(code) for code in led))


def former_codes(code: str) -> tuple[str, ...]:
    """The codes, no more in use, of what went over to this division."""
    return tuple(was for was, heirs in present().heirs.items() if code in heirs)


def may_lie_in(code: str, area: str) -> bool:
    """Whether a place lies in ``area`` or may: ``code`` as ``standing`` answers it, shorter where that is not sure."""
    return within(code, area) or (len(code) < 6 and prefix(area).startswith(code))


def carved_out_of(code: str, since: date) -> tuple[Region, ...]:
    """The new divisions that were made of parts of this one on a day after ``since``: its address may lie in one."""
    divisions = present()
    return tuple(
        divisions.standing[new.code]
        for new in divisions.carved
        if code in new.sources and new.on > since and new.code in divisions.standing
    )


# Names, places, distances -------------------------------------------------------------------------------------------


def full_name(code: str | None) -> str:
    """The name with province and city before it, of what is no more with what stands in its place; an unknown code is
    given back as it is."""
    region = get(code)
    if region is None:
        return code or ""
    now = "、".join(heir.full_name for heir in heirs_of(code))
    return f"{region.full_name}（今{now}）" if now else region.full_name


def province_of(code: str | None) -> Region | None:
    """The province that ``code`` lies in, or is."""
    region = get(code)
    return region.path[0] if region else None


def city_of(code: str | None) -> Region | None:
    """The prefecture-level city that ``code`` lies in, or is; None for provinces and for counties right under one."""
    region = get(code)
    return next((above for above in region.path if above.level == CITY), None) if region else None


def county_of(code: str | None) -> Region | None:
    """The county that ``code`` is, or a city that has no counties; None when it is too wide for an address, or gone."""
    region = present().standing.get(code or "")
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
    """The places that fit ``query``, best first: part of a name of county, city or province, pinyin, or initials; by
    former names too, which lead to what stands now (``Region.formerly`` says so).

    Several words must all fit: "浙江 西湖", "hangzhou xihu". [] when nothing fits or nothing was typed.
    """
    words = unicodedata.normalize("NFKC", query[:40]).lower().split()
    return list(_search(tuple(words), limit, present())) if words else []


@lru_cache(maxsize=2048)
def _search(words: tuple[str, ...], limit: int, divisions: Divisions) -> list[Region]:
    known = divisions.standing.items()
    fits = [{code: _fits_ever(word, region, divisions) for code, region in known} for word in words]
    found = []
    for place, path in _places_with_path(divisions):
        scores = [max(fit[above.code] for above in path) for fit in fits]
        if all(scores):
            own = max(fit[place.code] for fit in fits)
            found.append((-own, -sum(scores), place.code, place))
    return [entry[-1] for entry in sorted(found, key=lambda entry: entry[:3])[:limit]]


@lru_cache(maxsize=2)
def _places_with_path(divisions: Divisions) -> tuple[tuple[Region, tuple[Region, ...]], ...]:
    return tuple((place, place.path) for place in divisions.places)


FORMER = 0.95
"""What a former name counts beside the present one."""


def _fits_ever(word: str, region: Region, divisions: Divisions) -> float:
    """How well a word fits a division, by its present name or a former one."""
    was = [FORMER * _fits(word, one) for one in divisions.formerly.get(region.code, ())]
    return max([_fits(word, region), *was])


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
