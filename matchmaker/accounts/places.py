"""Reading what a desk types about regions and trades: names or codes, one a line, made into code prefixes. Plain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from matchmaker.reference import industries, regions
from matchmaker.refusal import Reason

_TAILS = re.compile(r"(特别行政区|自治区|自治州|自治县|自治旗|地区|省|市|区|县|盟|旗)")
_SAID_BETWEEN = frozenset({"", "in", "of", "city", "county", "district", "province"})
MOST_LINES = 200
MOST_SHOWN = 4


@dataclass(frozen=True)
class Reading:
    """What lines of text mean: code prefixes in their order, and for each line that means nothing sure, why."""

    prefixes: tuple[str, ...]
    troubles: tuple[Reason, ...]


def read_regions(text: str) -> Reading:
    """Provinces, cities, counties by name ("浙江", "杭州西湖区") or code, one a line, as code prefixes ("33")."""
    return _read(text, lambda line: [regions.prefix(found.code) for found in regions_named(line)], _region_name)


def read_industries(text: str) -> Reading:
    """Sections to classes of GB/T 4754 by code ("62", "6210", "H") or exact name, one a line, as prefixes."""
    return _read(text, lambda line: [found.code for found in _industries_named(line)], _industry_name)


def write_regions(prefixes: list[str]) -> str:
    """The inverse of ``read_regions``: one full name a line, of what stands now."""
    return "\n".join(_region_name(prefix) for prefix in regions.areas_now(prefixes))


def write_industries(prefixes: list[str]) -> str:
    """The inverse of ``read_industries``: code and name, one a line."""
    return "\n".join(_industry_name(prefix) for prefix in prefixes)


def region_of_prefix(prefix: str) -> regions.Region | None:
    """The division that a prefix of two, four or six digits stands for."""
    return regions.get(prefix.ljust(6, "0"))


def regions_named(text: str) -> list[regions.Region]:
    """The divisions that a name, in signs or pinyin, or a code may mean, a former one those it leads to; of several the
    caller asks which."""
    if text.isascii() and re.search("[A-Za-z]", text):
        return _spelt(text)
    text = re.sub(r"[\s/·,，]", "", unicodedata.normalize("NFKC", text))
    if text.isdecimal():
        code = text.ljust(6, "0")
        found = regions.get(code)
        return list(regions.heirs_of(code)) or ([found] if found else [])
    if len(text) >= 2 and (province := [r for r in regions.children() if r.name.startswith(text)]):
        return province
    for known in (_every_region(regions.present()), _every_former(regions.present())):
        for fits in (_full, _ending, _short_ending):
            named = [region for name, region in known if fits(name, name.full_name, text)]
            if named:
                return _widest_of_same_name(list(dict.fromkeys(named)))
    return []


def _spelt(text: str) -> list[regions.Region]:
    """The divisions that every word spells in whole pinyin: "hangzhou", "xihu hangzhou", in any order."""
    words = [word for word in re.split(r"[\W_]+", text.lower()) if word not in _SAID_BETWEEN]
    every = (region for region, _ in _every_region(regions.present()))
    return _widest_of_same_name([region for region in every if words and regions.is_spelt(region, words)])


def _full(region: regions.Region, full: str, text: str) -> bool:
    return text in (full, full + region.name)


def _ending(region: regions.Region, full: str, text: str) -> bool:
    return text == region.name or (full.endswith(text) and len(text) > len(region.name))


def _short_ending(region: regions.Region, full: str, text: str) -> bool:
    short, plain = _TAILS.sub("", full), _TAILS.sub("", text)
    name = _TAILS.sub("", region.name) or region.name
    return bool(plain) and (plain == name or (short.endswith(plain) and plain.endswith(name)))


def _widest_of_same_name(found: list[regions.Region]) -> list[regions.Region]:
    # 北京市 is a province and the one city in it: one place, said once.
    parents = {region.code for region in found}
    return [region for region in found if region.parent_code not in parents]


Known = tuple[tuple[regions.Region, regions.Region], ...]
"""A division by the name it has or had, and the one that stands."""


@lru_cache(maxsize=2)
def _every_region(divisions: regions.Divisions) -> Known:
    def below(code: str) -> Iterator[regions.Region]:
        for region in divisions.by_parent.get(code, ()):
            yield region
            yield from below(region.code)

    return tuple((region, region) for region in below(""))


@lru_cache(maxsize=2)
def _every_former(divisions: regions.Divisions) -> Known:
    led = sorted(divisions.formerly.items())
    return tuple((former, divisions.standing[code]) for code, was in led for former in was)


def _industries_named(line: str) -> list[industries.Industry]:
    text = unicodedata.normalize("NFKC", line).strip()
    if (coded := re.match(r"([A-Za-z]?\d{2,4}|[A-Za-z])(?=\s|$)", text)) is not None:
        found = industries.get(coded.group(1).upper())
        return [found] if found else []
    named = [node for node in _every_industry() if text in (node.name, node.name_en)]
    parents = {node.code for node in named}
    return [node for node in named if node.parent_code not in parents]


@cache
def _every_industry() -> tuple[industries.Industry, ...]:
    def below(code: str | None) -> Iterator[industries.Industry]:
        for node in industries.children(code):
            yield node
            yield from below(node.code)

    return tuple(below(None))


def _region_name(prefix: str) -> str:
    region = region_of_prefix(prefix)
    return region.full_name if region else prefix


def _industry_name(prefix: str) -> str:
    return f"{prefix} {industries.name(prefix)}"


def _read(text: str, look_up: Callable[[str], list[str]], name: Callable[[str], str]) -> Reading:
    prefixes: list[str] = []
    troubles: list[Reason] = []
    lines = [line.strip() for line in re.split(r"[\n;；、]", text) if line.strip()]
    for line in lines[:MOST_LINES]:
        found = look_up(line)
        if not found:
            troubles.append(Reason("line_not_known", {"line": line[:40]}))
        elif len(found) > 1:
            shown = [name(prefix) for prefix in found[:MOST_SHOWN]]
            troubles.append(Reason("line_means_several", {"line": line[:40], "count": len(found), "examples": shown}))
        elif found[0] not in prefixes:
            prefixes.append(found[0])
    if len(lines) > MOST_LINES:
        troubles.append(Reason("too_many_lines", {"most": MOST_LINES}))
    return Reading(tuple(prefixes), tuple(troubles))
