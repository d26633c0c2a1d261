"""What the ranker reads, each feature declared once, as of the moment of showing; and the counted shares behind it.

No commission, no name, no age, sex, origin or health of a person, nothing of a credit bureau. A need's facts are
those of the business and of what is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from matchmaker.eligibility.bounds import Span
from matchmaker.eligibility.facts import Facts
from matchmaker.ranking.rules import Offer, Similar, Wish
from matchmaker.reference import industries

Scope = Literal["need", "product", "pair", "institution"]

STRENGTH = 12
"""How many cases the share of the wider group is worth when the narrower one is counted."""
TAX_GRADES = {"A": 1.0, "B": 0.8, "M": 0.5, "C": 0.2, "D": 0.0}
AMOUNT_BANDS = (100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)


@dataclass(frozen=True, slots=True)
class Case:
    """One need before one product: everything that features and counts are read from."""

    offer: Offer
    amount_yuan: float | None
    term_months: float | None
    purpose: str
    section: str
    """Section letter of the industry, "" when not known."""
    division: str
    prefecture: str
    """First four digits of the region."""
    county: str
    """All six digits of the region."""
    business_kind: str
    first_loan: bool | None
    months_in_business: float | None
    turnover_yuan: float | None
    debt_ratio_percent: float | None
    debts_yuan: float | None
    employees: float | None
    tax_grade: str
    has_tax_evidence: bool | None
    has_flow_evidence: bool | None
    collateral: int | None
    """How many kinds of security the owner would give."""

    @property
    def amount_band(self) -> int:
        return sum((self.amount_yuan or 0) >= bound for bound in AMOUNT_BANDS)


def _number(value: Any) -> float | None:
    """A figure, or the middle of a band."""
    if isinstance(value, Span):
        ends = [float(end) for end in (value.low, value.high) if isinstance(end, (int, Decimal))]
        return sum(ends) / len(ends) if ends else None
    return None if value is None else float(value)


def case_of(facts: Facts, offer: Offer, on: date) -> Case:
    """The case of one need and one offer on the day of showing."""
    code = facts.industry_code if isinstance(facts.industry_code, str) else ""
    industry = industries.get(code)
    region = facts.region_code or ""
    return Case(
        offer=offer,
        amount_yuan=_number(facts.amount_yuan),
        term_months=_number(facts.term_months),
        purpose=facts.purpose or "",
        section=industry.section if industry is not None else "",
        division=code[:2],
        prefecture=region[:4],
        county=region[:6],
        business_kind=facts.kind or "",
        first_loan=facts.first_loan,
        months_in_business=_number(facts.months_on(on)),
        turnover_yuan=_number(facts.turnover_yuan),
        debt_ratio_percent=_number(facts.debt_ratio_percent),
        debts_yuan=_number(facts.debts_yuan),
        employees=_number(facts.employees),
        tax_grade=facts.tax_grade or "",
        has_tax_evidence=facts.has_tax_evidence,
        has_flow_evidence=facts.has_flow_evidence,
        collateral=None if facts.securities is None else len(facts.securities - {"CREDIT"}),
    )


def wish_of(facts: Facts) -> Wish:
    """What of the facts the published score reads."""
    amount = facts.amount_yuan if isinstance(facts.amount_yuan, Decimal) else None
    term = facts.term_months if isinstance(facts.term_months, int) else None
    return Wish(amount, term, facts.first_loan)


# Counted shares -----------------------------------------------------------------------------------------------------

Key = tuple[Any, ...]

GROUPS: Mapping[str, tuple[Callable[[Case], Key], str | None]] = {
    # name: (which cases are counted together, the wider group that a small one leans on)
    "all": (lambda c: (), None),
    "kind": (lambda c: (c.offer.institution_kind,), "all"),
    "institution": (lambda c: (c.offer.institution_id,), "kind"),
    "product": (lambda c: (c.offer.product_id,), "institution"),
    "kind_purpose": (lambda c: (c.offer.institution_kind, c.purpose), "kind"),
    "kind_section": (lambda c: (c.offer.institution_kind, c.section), "kind"),
    "kind_prefecture": (lambda c: (c.offer.institution_kind, c.prefecture), "kind"),
    "kind_amount": (lambda c: (c.offer.institution_kind, c.amount_band), "kind"),
    "institution_purpose": (lambda c: (c.offer.institution_id, c.purpose), "institution"),
    "institution_section": (lambda c: (c.offer.institution_id, c.section), "institution"),
    "institution_prefecture": (lambda c: (c.offer.institution_id, c.prefecture), "institution"),
    "institution_county": (lambda c: (c.offer.institution_id, c.county), "institution_prefecture"),
    "institution_division": (lambda c: (c.offer.institution_id, c.division), "institution_section"),
    "institution_amount": (lambda c: (c.offer.institution_id, c.amount_band), "institution"),
    "institution_first": (lambda c: (c.offer.institution_id, c.first_loan), "institution"),
    "product_purpose": (lambda c: (c.offer.product_id, c.purpose), "product"),
    "section": (lambda c: (c.section,), "all"),
    "division": (lambda c: (c.division,), "section"),
    "prefecture": (lambda c: (c.prefecture,), "all"),
}

SIMILAR = ("product_purpose", "product", "institution_purpose", "institution_section", "institution")
"""Which cases are called similar, the narrowest first; the first group with enough cases is shown. All are of this
institution: a chance is never told from what others did."""


CASES = "institution_cases"
"""Beside the shares: how many cases of the institution are decided."""
_NO_CASES = [0, 0]


@dataclass
class Counts:
    """Decided and funded cases by group, in the order of time they were learned."""

    cells: dict[str, dict[Key, list[int]]] = field(default_factory=lambda: {name: {} for name in GROUPS})

    def learn(self, case: Case, funded: bool) -> None:
        """Count one decided case."""
        for name, (key_of, _) in GROUPS.items():
            cell = self.cells[name].setdefault(key_of(case), [0, 0])
            cell[0] += 1
            cell[1] += funded

    def cell(self, group: str, case: Case) -> tuple[int, int]:
        """How many cases of the group are decided, and how many were funded."""
        found = self.cells[group].get(GROUPS[group][0](case))
        return (found[0], found[1]) if found else (0, 0)

    def shares(self, case: Case) -> dict[str, float]:
        """The funded share of every group, drawn towards its wider group; one third where nothing is known."""
        found: dict[str, float] = {}
        for group, (key_of, wider) in GROUPS.items():  # the wider group always stands before
            n, funded = self.cells[group].get(key_of(case), _NO_CASES)
            lean = found[wider] if wider else 1 / 3
            found[group] = (funded + STRENGTH * lean) / (n + STRENGTH)
        found[CASES] = self.cell("institution", case)[0]
        return found

    def similar(self, case: Case, smallest: int) -> Similar:
        """The narrowest group with enough cases; without one, the institution's too few."""
        for group in SIMILAR:
            n, funded = self.cell(group, case)
            if n >= smallest:
                return Similar(n, funded, group)
        n, funded = self.cell(SIMILAR[-1], case)
        return Similar(n, funded, SIMILAR[-1])


# Declarations -------------------------------------------------------------------------------------------------------

Read = Callable[[Case, Mapping[str, float]], float | None]
"""Reads a case and the counted shares of its groups."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: what it is about, where it comes from, what stands for "not known", how it is read."""

    name: str
    scope: Scope
    source: str
    missing: float
    read: Read
    sense: int = 0
    """1: more of it can only speak for being funded; -1: only against it; 0: left open. The model is held to it."""


def _log(value: float | None) -> float | None:
    return None if value is None else math.log10(max(value, 1.0))


def _over(above: float | None, below: float | None) -> float | None:
    """A ratio as a log, so that double and half weigh alike; bounded to a thousandfold."""
    if above is None or below is None or above <= 0 or below <= 0:
        return None
    return max(-3.0, min(3.0, math.log10(above / below)))


def _flag(value: bool | None) -> float | None:
    return None if value is None else float(value)


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


def _share(group: str) -> Read:
    return lambda _, shares: shares[group]


def _position(value: float | None, low: float | None, high: float | None) -> float | None:
    """Where a wish lies in what is given: 0 at the low end, 1 at the high end, beyond where it is outside."""
    if value is None or low is None or high is None or high <= low:
        return None
    return max(-1.0, min(2.0, (value - low) / (high - low)))


FEATURES: tuple[Feature, ...] = (
    # the need
    Feature("amount_log", "need", "need.amount_yuan", 5.5, lambda c, _: _log(c.amount_yuan)),
    Feature("term_months", "need", "need.term_months", 12.0, lambda c, _: c.term_months),
    Feature("first_loan", "need", "need.first_loan", 0.5, lambda c, _: _flag(c.first_loan)),
    Feature("collateral", "need", "need.securities", 0.0, lambda c, _: _float(c.collateral), 1),
    Feature("is_company", "need", "business.kind", 0.5, lambda c, _: float(c.business_kind == "enterprise")),
    Feature("months_log", "need", "business.founded_on", 1.4, lambda c, _: _log(c.months_in_business), 1),
    Feature("turnover_log", "need", "yearly_figures.turnover_yuan", 6.0, lambda c, _: _log(c.turnover_yuan)),
    Feature("employees_log", "need", "yearly_figures.employees", 0.7, lambda c, _: _log(c.employees)),
    Feature("debt_ratio", "need", "yearly_figures.liabilities_yuan", 45.0, lambda c, _: c.debt_ratio_percent, -1),
    Feature("tax_grade", "need", "business.tax_grade", 0.45, lambda c, _: TAX_GRADES.get(c.tax_grade), 1),
    Feature("tax_evidence", "need", "business.has_tax_evidence", 0.5, lambda c, _: _flag(c.has_tax_evidence), 1),
    Feature("flow_evidence", "need", "business.has_flow_evidence", 0.5, lambda c, _: _flag(c.has_flow_evidence), 1),
    Feature("section_share", "need", "outcome", 0.33, _share("section"), 1),
    Feature("division_share", "need", "outcome", 0.33, _share("division"), 1),
    Feature("prefecture_share", "need", "outcome", 0.33, _share("prefecture"), 1),
    # the product
    Feature("unsecured", "product", "product_version.securities", 0.0, lambda c, _: float(c.offer.unsecured)),
    Feature(
        "friendly",
        "product",
        "product_version.first_time_friendly",
        0.0,
        lambda c, _: float(c.offer.first_time_friendly),
    ),
    Feature("revolving", "product", "product_version.revolving", 0.0, lambda c, _: float(c.offer.revolving)),
    Feature("regional", "product", "product_version.regions", 0.0, lambda c, _: float(c.offer.regional)),
    Feature("is_guarantee", "product", "product.kind", 0.0, lambda c, _: float(c.offer.kind != "credit")),
    Feature(
        "amount_max_log",
        "product",
        "product_version.amount_max_yuan",
        6.0,
        lambda c, _: _log(_float(c.offer.amount_max_yuan)),
    ),
    Feature(
        "term_max", "product", "product_version.term_max_months", 24.0, lambda c, _: _float(c.offer.term_max_months)
    ),
    Feature("rate", "product", "shown.quote", 4.5, lambda c, _: _float(c.offer.rate_percent)),
    Feature("days", "product", "product_version.promised_days", 10.0, lambda c, _: _float(c.offer.days_to_money)),
    Feature("product_share", "product", "outcome", 0.33, _share("product"), 1),
    # the two together
    Feature("cost", "pair", "shown.cost_percent", 6.0, lambda c, _: _float(c.offer.cost_percent)),
    Feature("unsure", "pair", "turned verdicts", 0.0, lambda c, _: float(c.offer.unsure), -1),
    Feature(
        "amount_position",
        "pair",
        "need.amount_yuan",
        0.4,
        lambda c, _: _position(c.amount_yuan, _float(c.offer.amount_min_yuan), _float(c.offer.amount_max_yuan)),
    ),
    Feature(
        "term_position",
        "pair",
        "need.term_months",
        0.4,
        lambda c, _: _position(c.term_months, _float(c.offer.term_min_months), _float(c.offer.term_max_months)),
    ),
    Feature(
        "amount_over_turnover",
        "pair",
        "yearly_figures.turnover_yuan",
        -0.6,
        lambda c, _: _over(c.amount_yuan, c.turnover_yuan),
        -1,
    ),
    Feature(
        "debts_over_turnover",
        "pair",
        "credit_line.balance_yuan",
        -1.5,
        lambda c, _: _over(c.debts_yuan, c.turnover_yuan),
        -1,
    ),
    Feature(
        "turnover_headroom",
        "pair",
        "product_version.min_turnover_yuan",
        0.7,
        lambda c, _: _over(c.turnover_yuan, _float(c.offer.min_turnover_yuan)),
        1,
    ),
    Feature(
        "months_headroom",
        "pair",
        "product_version.min_months_in_business",
        0.5,
        lambda c, _: _over(c.months_in_business, _float(c.offer.min_months_in_business)),
        1,
    ),
    Feature("product_purpose_share", "pair", "outcome", 0.33, _share("product_purpose"), 1),
    # the institution
    Feature("institution_share", "institution", "outcome", 0.33, _share("institution"), 1),
    Feature("institution_cases", "institution", "outcome", 0.0, lambda _, shares: math.log10(1 + shares[CASES])),
    Feature("kind_share", "institution", "outcome", 0.33, _share("kind"), 1),
    Feature("kind_purpose_share", "institution", "outcome", 0.33, _share("kind_purpose"), 1),
    Feature("kind_section_share", "institution", "outcome", 0.33, _share("kind_section"), 1),
    Feature("kind_prefecture_share", "institution", "outcome", 0.33, _share("kind_prefecture"), 1),
    Feature("kind_amount_share", "institution", "outcome", 0.33, _share("kind_amount"), 1),
    Feature("institution_purpose_share", "institution", "outcome", 0.33, _share("institution_purpose"), 1),
    Feature("institution_section_share", "institution", "outcome", 0.33, _share("institution_section"), 1),
    Feature("institution_prefecture_share", "institution", "outcome", 0.33, _share("institution_prefecture"), 1),
    Feature("institution_county_share", "institution", "outcome", 0.33, _share("institution_county"), 1),
    Feature("institution_division_share", "institution", "outcome", 0.33, _share("institution_division"), 1),
    Feature("institution_amount_share", "institution", "outcome", 0.33, _share("institution_amount"), 1),
    Feature("institution_first_share", "institution", "outcome", 0.33, _share("institution_first"), 1),
)
SENSES: tuple[int, ...] = tuple(feature.sense for feature in FEATURES)
NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)


def read(case: Case, counts: Counts) -> dict[str, float]:
    """Every feature of a case, six decimals; what is not known is what its declaration says."""
    found: dict[str, float] = {}
    shares = counts.shares(case)
    for feature in FEATURES:
        value = feature.read(case, shares)
        found[feature.name] = round(feature.missing if value is None else value, 6)
    return found


FACTS: tuple[Feature, ...] = tuple(feature for feature in FEATURES if feature.source != "outcome")
"""Those that say what was asked for and offered; the others are counted from outcomes, and move as these come in."""


def facts_read(case: Case) -> dict[str, float]:
    """Of a case only what no outcome is counted for, as ``read`` reads it."""
    return {one.name: round(one.missing if (value := one.read(case, {})) is None else value, 6) for one in FACTS}


def vector(features: Mapping[str, float]) -> list[float]:
    """The features in the order of their declaration."""
    return [features[name] for name in NAMES]


def counted(cases: Iterable[tuple[Case, bool]]) -> Counts:
    """The counts of decided cases."""
    counts = Counts()
    for case, funded in cases:
        counts.learn(case, funded)
    return counts
