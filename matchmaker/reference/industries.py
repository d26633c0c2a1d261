"""The industry classification GB/T 4754-2017, kept in memory: sections, divisions, groups, classes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from matchmaker.reference import packaged

SECTION, DIVISION, GROUP, CLASS = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Industry:
    """One node of the classification. Names are official and stay Chinese; only sections and divisions have English."""

    code: str
    level: int
    name: str
    name_en: str
    parent_code: str
    section: str
    size_group: str
    """The group of size_rules.csv; empty when outside the size standard, or mixed at this level."""

    @property
    def full_code(self) -> str:
        """The code with its section letter: I6210."""
        return self.code if self.level == SECTION else self.section + self.code

    @property
    def children(self) -> tuple[Industry, ...]:
        return children(self.code)

    @property
    def path(self) -> tuple[Industry, ...]:
        """From the section down to this node itself."""
        above = get(self.parent_code)
        return (*above.path, self) if above else (self,)


@cache
def _all() -> dict[str, Industry]:
    return {
        row["code"]: Industry(
            row["code"],
            int(row["level"]),
            row["name_zh"],
            row["name_en"],
            row["parent"],
            row["section"],
            row["size_group"],
        )
        for row in packaged.rows("industries")
    }


@cache
def _by_parent() -> dict[str, tuple[Industry, ...]]:
    below: dict[str, list[Industry]] = defaultdict(list)
    for industry in _all().values():
        below[industry.parent_code].append(industry)
    return {code: tuple(found) for code, found in below.items()}


def get(code: str | None) -> Industry | None:
    """The node with this code ("6210", "I6210", "62", "I"), or None."""
    if not code:
        return None
    found = _all().get(code)
    if found is None and len(code) > 1 and code[0].isalpha():
        bare = _all().get(code[1:])
        return bare if bare is not None and bare.section == code[0].upper() else None
    return found


def children(code: str | None = None) -> tuple[Industry, ...]:
    """The nodes right below ``code``; without one, the 20 sections."""
    return _by_parent().get(code or "", ())


@cache
def classes() -> tuple[Industry, ...]:
    """All classes (four digits) in order of code."""
    return tuple(industry for industry in _all().values() if industry.level == CLASS)


@cache
def classes_below(code: str) -> tuple[Industry, ...]:
    """The classes that stand under ``code``, or the class itself."""
    industry = get(code)
    if industry is None:
        return ()
    if industry.level == CLASS:
        return (industry,)
    return tuple(found for child in industry.children for found in classes_below(child.code))


def name(code: str | None, language: str = "zh") -> str:
    """The official name; in English where there is one. An unknown code is given back as it is."""
    industry = get(code)
    if industry is None:
        return code or ""
    return industry.name_en if language == "en" and industry.name_en else industry.name


def has_prefix(code: str, prefix: str) -> bool:
    """Whether class ``code`` lies under ``prefix``: digits of any length, or a section letter."""
    if prefix[:1].isalpha():
        industry = get(code)
        if industry is None or industry.section != prefix[0].upper():
            return False
        prefix = prefix[1:]
    return code.startswith(prefix)
