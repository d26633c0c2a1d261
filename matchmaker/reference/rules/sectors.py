"""Which of the notice's priority sectors (articles 4 to 7, 14) an industry code belongs to, and how surely."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from matchmaker.reference import industries, packaged

CERTAINTY = ("full", "partial", "related")
"""full: the sector is that code; partial: only some activities under the code; related: supports the sector."""


@dataclass(frozen=True, slots=True)
class PrioritySector:
    code: str
    name: str
    name_en: str
    article: str
    match: str
    """A member of CERTAINTY. A partial match with a green sector proves nothing about being green."""
    by_code: str
    """The code of the classification that gave the match."""


@cache
def _by_code() -> dict[str, tuple[PrioritySector, ...]]:
    found: dict[str, list[PrioritySector]] = defaultdict(list)
    for row in packaged.rows("priority_sectors"):
        if row["gbt_code"] and row["match"] in CERTAINTY:
            found[row["gbt_code"]].append(
                PrioritySector(
                    row["sector_code"],
                    row["sector_zh"],
                    row["sector_en"],
                    row["article"],
                    row["match"],
                    row["gbt_code"],
                )
            )
    return {code: tuple(sectors) for code, sectors in found.items()}


def priority_sectors(industry_code: str) -> tuple[PrioritySector, ...]:
    """The sectors of an industry code, each once with its surest match; a sector named for a parent covers all below.

    Sectors that are no industry (专精特新, 首贷, 个体工商户 …) are attributes of the business and not answered here.
    """
    industry = industries.get(industry_code)
    if industry is None:
        return ()
    best: dict[str, PrioritySector] = {}
    for node in industry.path:
        for sector in _by_code().get(node.code, ()):
            held = best.get(sector.code)
            if held is None or CERTAINTY.index(sector.match) < CERTAINTY.index(held.match):
                best[sector.code] = sector
    return tuple(best.values())
