"""Large, medium, small or micro by the 2017 standard (国统字〔2017〕213号), with every step of the working."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from matchmaker.reference import industries, packaged
from matchmaker.refusal import Reason, Refused

SIZES = ("micro", "small", "medium", "large")
UNCLASSIFIED = "unclassified"
OUT_OF_SCOPE = "out_of_scope"
FALLBACK_GROUP = "OTH"
"""What lies outside the standard (finance, education, health …) is measured by staff alone, as 其他未列明行业 is.

Our own declared convention: the notice serves education (P) too, but the standard has no rule for it."""
INDICATORS = {"X": "employees", "Y": "revenue", "Z": "assets"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """The lower bounds of one indicator, all inclusive; staff in persons, revenue and assets in 万元."""

    indicator: str
    small: Decimal
    medium: Decimal
    large: Decimal

    def reached(self, value: Decimal) -> str:
        """The size that this indicator alone reaches."""
        if value >= self.large:
            return "large"
        if value >= self.medium:
            return "medium"
        return "small" if value >= self.small else "micro"


@dataclass(frozen=True, slots=True)
class SizeGroup:
    code: str
    name: str
    name_en: str
    bounds: tuple[Bounds, ...]


@dataclass(frozen=True, slots=True)
class SizeClass:
    """The verdict. ``expected_size``: a member of SIZES, ``unclassified`` (a listed figure is missing) or
    ``out_of_scope`` (the standard does not cover this industry); in both cases ``fallback_size`` holds the declared
    convention, else it is None. ``group_code`` is empty when out of scope."""

    expected_size: str
    group_code: str
    fallback_size: str | None
    working: tuple[Reason, ...]

    @property
    def size(self) -> str:
        """The size to work with: the standard's where it decides, else the declared fallback."""
        return self.fallback_size or self.expected_size

    @property
    def is_small_or_micro(self) -> bool:
        return self.size in ("small", "micro")


@cache
def groups() -> dict[str, SizeGroup]:
    """The groups of the standard by code."""
    bounds: dict[str, list[Bounds]] = defaultdict(list)
    names: dict[str, tuple[str, str]] = {}
    for row in packaged.rows("size_rules"):
        names[row["group_code"]] = (row["group_zh"].rstrip("*"), row["group_en"])
        bounds[row["group_code"]].append(
            Bounds(
                INDICATORS[row["indicator"]],
                Decimal(row["small_min"]),
                Decimal(row["medium_min"]),
                Decimal(row["large_min"]),
            )
        )
    return {code: SizeGroup(code, *names[code], tuple(found)) for code, found in bounds.items()}


@cache
def group_of(gbt_code: str) -> SizeGroup | None:
    """The group that an industry is measured in; None when the standard does not cover it.

    Raises Refused ``industry_unknown``, and ``industry_too_wide`` when its classes fall into several groups.
    """
    industry = industries.get(gbt_code)
    if industry is None:
        raise Refused("industry_unknown", field="gbt_code", status=422, industry_code=gbt_code)
    found = {below.size_group for below in industries.classes_below(industry.code)}
    if len(found) > 1:
        raise Refused(
            "industry_too_wide", field="gbt_code", status=422, industry_code=gbt_code, industry=industry.name
        )
    code = found.pop()
    return groups()[code] if code else None


def size_class(
    gbt_code: str,
    employees: int | None = None,
    revenue_wan: Decimal | None = None,
    assets_wan: Decimal | None = None,
) -> SizeClass:
    """The size class of a business, with its working.

    ``employees`` in persons at year end, ``revenue_wan`` of the year and ``assets_wan`` in 万元; None means not
    known, and is never taken for zero. Large, medium and small need *every* listed lower bound, else one class
    down, and so on: the lowest class that any listed indicator reaches.
    Raises Refused (``industry_unknown``, ``industry_too_wide``, ``below_zero``) with the field.
    """
    figures: dict[str, Decimal | None] = {}
    for field, indicator, value in (
        ("employees", "employees", employees),
        ("revenue_wan", "revenue", revenue_wan),
        ("assets_wan", "assets", assets_wan),
    ):
        if value is not None and value < 0:
            raise Refused("below_zero", field=field, status=422)
        figures[indicator] = None if value is None else Decimal(value)

    group = group_of(gbt_code)
    industry = industries.get(gbt_code)
    assert industry is not None  # group_of has refused unknown codes
    if group is None:
        working = [Reason("size_out_of_scope", {"industry": industry.name, "industry_code": industry.code})]
        fallback, steps = _lowest(groups()[FALLBACK_GROUP], figures)
        working += [Reason("size_fallback_by_staff", {"group": f"label:size_group:{FALLBACK_GROUP}"}), *steps]
        return SizeClass(OUT_OF_SCOPE, "", fallback, (*working, _fallback_reason(fallback, figures["employees"])))

    measured_in = {"industry": industry.name, "industry_code": industry.code, "group": f"label:size_group:{group.code}"}
    working = [Reason("size_group", measured_in)]
    size, steps = _lowest(group, figures)
    working += steps
    missing = [bounds.indicator for bounds in group.bounds if figures[bounds.indicator] is None]
    if missing:
        known = next((figures[b.indicator] for b in group.bounds if figures[b.indicator] is not None), None)
        working += [Reason(f"size_{indicator}_missing", {}) for indicator in missing]
        return SizeClass(UNCLASSIFIED, group.code, size, (*working, _fallback_reason(size, known)))
    return SizeClass(size, group.code, None, (*working, Reason(f"size_is_{size}", {"n": len(group.bounds)})))


def _lowest(group: SizeGroup, figures: dict[str, Decimal | None]) -> tuple[str, list[Reason]]:
    """The lowest size that any known indicator reaches, and a step for each; micro when nothing is known."""
    reached: list[str] = []
    steps: list[Reason] = []
    for bounds in group.bounds:
        value = figures[bounds.indicator]
        if value is None:
            continue
        size = bounds.reached(value)
        reached.append(size)
        steps.append(_step(bounds, value, size))
    return min(reached, key=SIZES.index, default="micro"), steps


def _step(bounds: Bounds, value: Decimal, size: str) -> Reason:
    unit = "count" if bounds.indicator == "employees" else "yuan"
    facts: dict[str, Decimal | int] = {f"value_{unit}": _tidy(value, unit)}
    if size != "micro":
        facts[f"bound_{unit}"] = _tidy(getattr(bounds, size), unit)
    if size != "large":
        facts[f"next_{unit}"] = _tidy(getattr(bounds, SIZES[SIZES.index(size) + 1]), unit)
    return Reason(f"size_{bounds.indicator}_{size}", facts)


def _tidy(value: Decimal, unit: str) -> Decimal | int:
    return int(value) if unit == "count" else value * 10_000  # pages write sums from yuan, in either language


def _fallback_reason(size: str, known: Decimal | None) -> Reason:
    return Reason("size_fallback_nothing_known" if known is None else f"size_fallback_{size}")
