"""The two sides that a rule compares: the facts of a business and its need, and the terms of a product.

None always means *not known*; a rule then answers "to be checked", never "no".
"""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.eligibility.bounds import Place, Position, Possible, Span

Money = Decimal | Span | None
Count = int | Span | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one business and one need, on the day it is asked.

    Numbers may be a ``Span`` and codes a ``Possible`` where only a band was answered.
    """

    # the business
    kind: str | None = None
    """enterprise, sole_proprietor or cooperative."""
    entity_code: str | None = None
    """Legal form, a code of financing_terms "entity"."""
    industry_code: str | Possible | None = None
    """GB/T 4754-2017 class, four digits; fewer when only the division is known."""
    region_code: str | None = None
    """Six-digit county."""
    latitude: float | None = None
    longitude: float | None = None
    exact_place: bool = True
    """False when latitude and longitude are the county's seat and not the shop."""
    founded_on: date | None = None
    months_in_business: Count = None
    """Only where the date itself is not known; ``founded_on`` goes before it."""
    turnover_yuan: Money = None
    """Of the latest full year."""
    tax_grade: str | None = None
    """A, B, M, C or D."""
    debt_ratio_percent: Decimal | Span | None = None
    """Liabilities over assets."""
    employees: Count = None
    has_tax_evidence: bool | None = None
    has_flow_evidence: bool | None = None
    last_equity_change_on: date | None = None
    debts_yuan: Money = None
    """Balance of the credit lines it has now."""

    # the need
    amount_yuan: Money = None
    term_months: Count = None
    purpose: str | None = None
    """A code of financing_terms "purpose"."""
    securities: frozenset[str] | None = None
    """Codes of financing_terms "guarantee" that the owner would give; the empty set = nothing."""
    repayment: str | None = None
    """The owner's wish; None = no wish, which is no obstacle."""
    first_loan: bool | None = None
    wanted_by_on: date | None = None
    max_rate_percent: Decimal | None = None

    @property
    def where(self) -> Position | None:
        """Where the business is, or None when not even the county is known."""
        if self.region_code is None and self.latitude is None:
            return None
        return Position(self.region_code, self.latitude, self.longitude, self.exact_place)

    def months_on(self, day: date) -> Count:
        """Whole months in business on ``day``."""
        if self.founded_on is not None:
            return whole_months(self.founded_on, day)
        return self.months_in_business

    def changed(self, **facts: Any) -> Facts:
        """The same facts but for those given."""
        return replace(self, **facts)

    def as_json(self) -> dict[str, Any]:
        """Plain values, without the unknown ones; ``from_json`` gives back exactly these facts."""
        return {
            field.name: _plain(value) for field in fields(self) if (value := getattr(self, field.name)) is not None
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Facts:
        """The facts that ``as_json`` wrote. Raises KeyError for a name that is no fact."""
        return cls(**{name: _READ[name](value) for name, value in stored.items()})


@dataclass(frozen=True, slots=True)
class Terms:
    """What one version of a product asks for, with the branches that offer it. Empty or None = no restriction."""

    key: int = 0
    """The product's id."""
    institution_key: int = 0
    amount_min_yuan: Decimal | None = None
    amount_max_yuan: Decimal | None = None
    term_min_months: int | None = None
    term_max_months: int | None = None
    regions: tuple[str, ...] = ()
    """Prefixes of region codes in which this product is offered."""
    places: tuple[Place, ...] = ()
    """The branches that offer it: where each serves and up to which amount it decides."""
    industries_allow: tuple[str, ...] = ()
    industries_deny: tuple[str, ...] = ()
    applicant_kinds: tuple[str, ...] = ()
    """Kinds of business or codes of legal forms."""
    min_months_in_business: int | None = None
    min_turnover_yuan: Decimal | None = None
    tax_grades: tuple[str, ...] = ()
    """Accepted grades; the lowest of them counts, better ones are always accepted."""
    max_debt_ratio_percent: Decimal | None = None
    securities: tuple[str, ...] = ()
    """Kinds of security it accepts; CREDIT = none needed."""
    purposes: tuple[str, ...] = ()
    first_time_only: bool = False
    repayments: tuple[str, ...] = ()
    valid_from_on: date | None = None
    valid_until_on: date | None = None


def read_fact(name: str, stored: Any) -> Any:
    """One fact as ``Facts.as_json`` wrote it; None stays unknown. Raises KeyError for a name that is no fact."""
    return None if stored is None else _READ[name](stored)


def whole_months(start: date, day: date) -> int:
    """Full months from ``start`` to ``day``: the largest n with ``add_months(start, n) <= day`` (negative before)."""
    months = (day.year - start.year) * 12 + day.month - start.month
    return months if add_months(start, months) <= day else months - 1


def add_months(start: date, months: int) -> date:
    """The same day ``months`` later, or the last day of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    return date(year, month + 1, min(start.day, calendar.monthrange(year, month + 1)[1]))


def _plain(value: Any) -> Any:
    if isinstance(value, Span):
        return {"low": _plain(value.low), "high": _plain(value.high)}
    if isinstance(value, Possible):
        return {"possible": list(value.codes)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value


def _number(read: Any) -> Any:
    def from_plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return Span(*(None if value[end] is None else read(value[end]) for end in ("low", "high")))
        return read(value)

    return from_plain


def _code(value: Any) -> str | Possible:
    return Possible(tuple(value["possible"])) if isinstance(value, Mapping) else str(value)


_READ: dict[str, Any] = {
    "kind": str, "entity_code": str, "industry_code": _code, "region_code": str, "tax_grade": str,
    "purpose": str, "repayment": str,
    "latitude": float, "longitude": float, "exact_place": bool,
    "has_tax_evidence": bool, "has_flow_evidence": bool, "first_loan": bool,
    "founded_on": date.fromisoformat, "last_equity_change_on": date.fromisoformat,
    "wanted_by_on": date.fromisoformat,
    "months_in_business": _number(int), "employees": _number(int), "term_months": _number(int),
    "turnover_yuan": _number(Decimal), "debt_ratio_percent": _number(Decimal), "debts_yuan": _number(Decimal),
    "amount_yuan": _number(Decimal), "max_rate_percent": Decimal,
    "securities": frozenset,
}  # fmt: skip
