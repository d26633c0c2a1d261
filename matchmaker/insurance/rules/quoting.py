"""What a quote may say, and how its premium is paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from matchmaker.leads.rules.clocks import OFFER_VALID_DAYS
from matchmaker.products.cover.rules import DOCUMENTS, Terms
from matchmaker.products.rules.terms import text_problems
from matchmaker.refusal import Reason

INSTALMENTS: dict[str, int | None] = {
    "once": 1, "half_yearly": 2, "quarterly": 4, "monthly": 12, "per_shipment": None, "per_day": None,
}  # fmt: skip
"""How often a year a plan is paid; None: the premium is that of one shipment or one day."""
LONGEST_TEXT = 600
FEN = Decimal("0.01")


@dataclass(frozen=True)
class Quoted:
    """What a named person of the insurer writes into a quote. Sums in yuan."""

    premium_yuan: Decimal
    plan: str
    sum_insured_yuan: Decimal
    period: str
    starts_on: date
    deductible: str
    exclusions: str
    conditions: str
    valid_until_on: date
    papers_wanted: tuple[str, ...] = ()
    """Kinds of papers that the insurer wants to see before the contract."""


def quote_refusals(quoted: Quoted, terms: Terms, today: date) -> list[tuple[str, Reason]]:
    """What keeps a quote from being given, as (form field, reason); empty when nothing does.

    The sum, plan and period lie within what the cover says (what was asked for stays what it was). Codes:
    `cover_premium_unlikely`, `cover_sum_between`, `cover_choice_unknown`, `cover_start_between`,
    `lead_offer_valid_until`, those of desk texts.
    """
    found: list[tuple[str, Reason]] = []
    low, high = terms.sum_min_yuan, terms.sum_max_yuan
    if low is not None and high is not None and not low <= quoted.sum_insured_yuan <= high:
        found.append(("quote_sum", Reason("cover_sum_between", {"least_yuan": low, "most_yuan": high})))
    elif not 0 < quoted.premium_yuan <= quoted.sum_insured_yuan:
        found.append(("premium", Reason("cover_premium_unlikely", {"most_yuan": quoted.sum_insured_yuan})))
    if quoted.plan not in terms.plans:
        found.append(("quote_plan", Reason("cover_choice_unknown")))
    if quoted.period not in terms.periods:
        found.append(("quote_period", Reason("cover_choice_unknown")))
    if not set(quoted.papers_wanted) <= set(DOCUMENTS):
        found.append(("papers_wanted", Reason("cover_choice_unknown")))
    last = today + timedelta(days=366)
    if not today <= quoted.starts_on <= last:
        found.append(("starts_on", Reason("cover_start_between", {"from_on": today, "last_on": last})))
    first, until = (today + timedelta(days=days) for days in OFFER_VALID_DAYS)
    if not first <= quoted.valid_until_on <= until:
        found.append(("valid_until_on", Reason("lead_offer_valid_until", {"least_on": first, "most_on": until})))
    for field, text, shortest in (
        ("deductible", quoted.deductible, 2),
        ("exclusions", quoted.exclusions, 6),
        ("conditions", quoted.conditions, 0),
    ):
        problems = text_problems(field, text, shortest=shortest, longest=LONGEST_TEXT)
        if problems:
            found.append((field, problems[0].reason))
    return found


def payments(premium_yuan: Decimal, plan: str) -> tuple[Decimal, ...]:
    """What is paid each time, in yuan: even parts, the first takes what cannot be divided; empty where each shipment
    or day is paid for by itself. The parts make up the premium to the fen."""
    count = INSTALMENTS[plan]
    if count is None:
        return ()
    part = (premium_yuan / count).quantize(FEN, ROUND_DOWN)
    return (premium_yuan - part * (count - 1), *(part,) * (count - 1))
