"""The lines of cover that the notice names, and common ones beside them; no prices, no insurers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from matchmaker.reference import packaged


@dataclass(frozen=True, slots=True)
class InsuranceLine:
    code: str
    group_code: str
    group: str
    name: str
    name_en: str
    insured_party: str
    """enterprise, key_person or employees."""
    named_in_article: str
    note: str
    rating_base: str
    """What the premium is usually counted on, in Chinese (market practice)."""
    rating_unit: str
    """The unit of that base: 元, 元/年, 人, 辆, 平方米 …"""


@cache
def _all() -> dict[str, InsuranceLine]:
    return {
        row["code"]: InsuranceLine(
            row["code"],
            row["group_code"],
            row["group_zh"],
            row["name_zh"],
            row["name_en"],
            row["insured_party"],
            row["named_in_article"],
            row["note"],
            row["rating_base"],
            row["rating_unit"],
        )
        for row in packaged.rows("insurance_lines")
    }


def every() -> tuple[InsuranceLine, ...]:
    """All lines in file order, which keeps groups together."""
    return tuple(_all().values())


def get(code: str | None) -> InsuranceLine | None:
    """The line with this code, or None."""
    return _all().get(code or "")


def groups() -> tuple[str, ...]:
    """The codes of the groups, in file order."""
    return tuple(dict.fromkeys(line.group_code for line in every()))


def in_group(group_code: str) -> tuple[InsuranceLine, ...]:
    """The lines of one group, in file order."""
    return tuple(line for line in every() if line.group_code == group_code)
