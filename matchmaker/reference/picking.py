"""What a picker of industry or region shows for what was typed and chosen so far; the same with and without scripts."""

from __future__ import annotations

from dataclasses import dataclass

from matchmaker.reference import industries, industry_search, regions
from matchmaker.reference.industries import Industry
from matchmaker.reference.industry_search import Hit
from matchmaker.reference.regions import Region

MOST_SHOWN = 8


@dataclass(frozen=True, slots=True)
class IndustryChoice:
    """``chosen`` is a class or None; ``hits`` fit the query; ``missed`` says that a query found nothing."""

    query: str
    chosen: Industry | None
    hits: list[Hit]
    missed: bool

    @property
    def options(self) -> list[Industry]:
        """The classes to choose from: the chosen one first, then those that fit."""
        found = [self.chosen] if self.chosen else []
        return found + [hit.industry for hit in self.hits if hit.industry != self.chosen]

    def word_for(self, industry: Industry) -> str:
        """The everyday word that led to this class, or one that would."""
        found = next((hit.word for hit in self.hits if hit.industry == industry and hit.word), "")
        return found or "、".join(industry_search.everyday_words(industry.code)[:4])


def choose_industry(query: str | None, code: str | None) -> IndustryChoice:
    """The industry picker for a typed ``query`` and a chosen class ``code`` (either may be missing or nonsense)."""
    typed = (query or "").strip()[: industry_search.LONGEST_QUERY]
    chosen = industries.get(code)
    if chosen is not None and chosen.level != industries.CLASS:
        chosen = None
    hits = industry_search.search(typed, MOST_SHOWN) if typed else []
    return IndustryChoice(typed, chosen, hits, bool(typed) and not hits)


@dataclass(frozen=True, slots=True)
class RegionChoice:
    """``chosen`` is a place or None; ``found`` fit the query; ``province`` and ``city`` are the cascade so far.

    ``gone`` is the division that was stored and is no more: where it went over to one other, that one is ``chosen``,
    where it was divided, ``heirs`` are to choose from.
    """

    query: str
    chosen: Region | None
    found: list[Region]
    missed: bool
    province: Region | None
    city: Region | None
    gone: Region | None = None
    heirs: tuple[Region, ...] = ()

    @property
    def provinces(self) -> tuple[Region, ...]:
        return regions.children()

    @property
    def cities(self) -> tuple[Region, ...]:
        """The second list of the cascade; empty without a province, or where that leads to places at once."""
        below = self.province.choices if self.province else ()
        return () if all(region.is_place for region in below) else below

    @property
    def places(self) -> tuple[Region, ...]:
        """The places that the cascade leads to."""
        if self.city is not None:
            return (self.city,) if self.city.is_place else self.city.choices
        if self.province is not None and not self.cities:
            return (self.province,) if self.province.is_place else self.province.choices
        return ()

    @property
    def options(self) -> list[Region]:
        """The places to choose from: the chosen one, what became of a former one, those found, those of the cascade."""
        found = [self.chosen] if self.chosen else []
        return list(dict.fromkeys([*found, *self.heirs, *self.found, *self.places]))


def choose_region(
    query: str | None, code: str | None, province: str | None = None, city: str | None = None
) -> RegionChoice:
    """The region picker for a typed ``query``, a chosen place ``code`` and the cascade so far."""
    typed = (query or "").strip()[:40]
    found = regions.search(typed, MOST_SHOWN) if typed else []
    in_province = regions.get(province)
    if in_province is not None and in_province.level != regions.PROVINCE:
        in_province = None
    in_city = regions.get(city)
    if in_city is None or in_province is None or in_province not in in_city.path[:1] or in_city == in_province:
        in_city = None
    heirs = tuple(heir for heir in regions.heirs_of(code) if heir.is_place)
    chosen = heirs[0] if len(heirs) == 1 else regions.county_of(code)
    gone = regions.get(code) if not regions.stands(code) else None
    return RegionChoice(typed, chosen, found, bool(typed) and not found, in_province, in_city, gone, heirs)
