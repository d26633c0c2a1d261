"""Concessions 让利 (8.4): what is cut or waived, for whom, from when until when; counted only where that is proven.

Pure. A concession counts on a day within its dates, for facts that were typed and say so; what is not known proves
nothing. Of several cuts of the rate the largest counts: nobody has promised that they add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from matchmaker.eligibility.facts import Facts
from matchmaker.products.rules.fees import CONDITIONAL_FEES, FEE_CODES, SUBSIDIES
from matchmaker.refusal import Reason

SLOTS = (1, 2, 3)
"""So many concessions can a version have."""
MOST_BP = 500
WAIVABLE = tuple(code for code in FEE_CODES if code not in CONDITIONAL_FEES | SUBSIDIES | {"DEPOSIT"})
MANUFACTURING = ("13", "43")
"""First and last division of section C of GB/T 4754-2017."""


class Change(StrEnum):
    """What a concession changes."""

    RATE_CUT = "rate_cut"
    FEE_WAIVER = "fee_waiver"


class For(StrEnum):
    """Whom it is for; each can be proven by a fact that the owner typed."""

    EVERYONE = "everyone"
    FIRST_LOAN = "first_loan"
    SOLE_PROPRIETOR = "sole_proprietor"
    TAX_A = "tax_a"
    MANUFACTURING = "manufacturing"


@dataclass(frozen=True)
class Concession:
    """One concession; None where a draft does not say yet. `cut_bp` belongs to a cut, `fee` to a waiver."""

    slot: int = field(compare=False)
    change: Change | None = None
    whom: For | None = None
    cut_bp: int | None = None
    fee: str | None = None
    from_on: date | None = None
    until_on: date | None = None

    def as_json(self) -> dict[str, Any]:
        """As a version keeps it."""
        return {
            "slot": self.slot,
            "change": None if self.change is None else self.change.value,
            "whom": None if self.whom is None else self.whom.value,
            "cut_bp": self.cut_bp,
            "fee": self.fee,
            "from_on": None if self.from_on is None else self.from_on.isoformat(),
            "until_on": None if self.until_on is None else self.until_on.isoformat(),
        }

    def runs(self, on: date) -> bool:
        """Whether `on` lies within its dates."""
        return self.from_on is not None and self.until_on is not None and self.from_on <= on <= self.until_on


def from_json(kept: Mapping[str, Any]) -> Concession:
    """The same read back."""
    return Concession(
        slot=kept["slot"],
        change=None if kept["change"] is None else Change(kept["change"]),
        whom=None if kept["whom"] is None else For(kept["whom"]),
        cut_bp=kept["cut_bp"],
        fee=kept["fee"],
        from_on=None if kept["from_on"] is None else date.fromisoformat(kept["from_on"]),
        until_on=None if kept["until_on"] is None else date.fromisoformat(kept["until_on"]),
    )


def slot_field(slot: int, part: str) -> str:
    """The name of a form field of one concession: concession-1-whom."""
    return f"concession-{slot}-{part}"


def faults_of(one: Concession, charged: Iterable[str], lowest_percent: Decimal | None) -> list[tuple[str, Reason]]:
    """What keeps a concession from being published, as (part of its fields, reason).

    `charged` are the fees that the schedule charges, `lowest_percent` the lowest rate that the version writes.
    """
    found = [
        (part, Reason("product_field_missing", {}))
        for part, value in (("whom", one.whom), ("from_on", one.from_on), ("until_on", one.until_on))
        if value is None
    ]
    if one.from_on is not None and one.until_on is not None and one.until_on < one.from_on:
        found.append(("until_on", Reason("product_concession_dates", {"from_on": one.from_on})))
    if one.change is Change.RATE_CUT:
        if one.cut_bp is None:
            found.append(("cut_bp", Reason("product_field_missing", {})))
        elif not 1 <= one.cut_bp <= MOST_BP:
            found.append(("cut_bp", Reason("product_number_between", {"least": 1, "most": MOST_BP})))
        elif lowest_percent is not None and lowest_percent < Decimal(one.cut_bp) / 100:
            found.append(("cut_bp", Reason("product_concession_below_zero", {"rate_percent": lowest_percent})))
    elif one.fee is None:
        found.append(("fee", Reason("product_field_missing", {})))
    elif one.fee not in set(charged):
        found.append(("fee", Reason("product_concession_no_such_fee", {})))
    return found


def proven(whom: For | None, facts: Facts) -> bool:
    """Whether the facts say that this business is one of those; a band or a guess says nothing."""
    if whom is For.EVERYONE:
        return True
    if whom is For.FIRST_LOAN:
        return facts.first_loan is True
    if whom is For.SOLE_PROPRIETOR:
        return facts.kind == "sole_proprietor"
    if whom is For.TAX_A:
        return facts.tax_grade == "A"
    if whom is For.MANUFACTURING:
        trade = facts.industry_code
        return isinstance(trade, str) and MANUFACTURING[0] <= trade[:2] <= MANUFACTURING[1]
    return False


def holding(concessions: Iterable[Concession], facts: Facts, on: date) -> tuple[Concession, ...]:
    """Those that count for these facts `on`: every waiver, and the largest cut (the earliest of equals)."""
    running = [one for one in concessions if one.runs(on) and proven(one.whom, facts)]
    waivers = [one for one in running if one.change is Change.FEE_WAIVER and one.fee]
    cuts = [one for one in running if one.change is Change.RATE_CUT and one.cut_bp]
    largest = max(cuts, key=lambda one: (one.cut_bp or 0, -one.slot), default=None)
    return tuple(sorted([*waivers, *([largest] if largest else [])], key=lambda one: one.slot))


def cut_rate(rate_percent: Decimal, counted: Iterable[Concession]) -> Decimal:
    """The rate after the cuts that count, never below zero."""
    cut = sum((one.cut_bp or 0 for one in counted if one.change is Change.RATE_CUT), 0)
    return max(Decimal(0), rate_percent - Decimal(cut) / 100) if cut else rate_percent


_Fee = TypeVar("_Fee")


def without_waived(fees: Iterable[_Fee], counted: Iterable[Concession]) -> tuple[_Fee, ...]:
    """The fees (with a `code`) that are still charged."""
    waived = {one.fee for one in counted if one.change is Change.FEE_WAIVER}
    return tuple(fee for fee in fees if fee.code not in waived)  # type: ignore[attr-defined]


def next_change(concessions: Iterable[Concession], on: date) -> date | None:
    """The first day after `on` on which one begins or has ended."""
    days = [one.from_on for one in concessions if one.from_on is not None]
    days += [date.fromordinal(one.until_on.toordinal() + 1) for one in concessions if one.until_on is not None]
    return min((day for day in days if day > on), default=None)
