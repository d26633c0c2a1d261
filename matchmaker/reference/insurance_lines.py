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
        )
        for row in packaged.rows("insurance_lines")
    }


def every() -> tuple[InsuranceLine, ...]:
    """All lines in file order, which keeps groups together."""
    return tuple(_all().values())


def get(code: str | None) -> InsuranceLine | None:
    """The line with this code, or None."""
    return _all().get(code or "")
