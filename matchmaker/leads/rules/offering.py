"""Whether an offer keeps what the product promised when the owner applied, and what a pay-out may be.

What was applied for stays what it was: amount, term, rate and fees of an offer lie within that version's words;
fees may be lowered, never raised or added (article 8.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from matchmaker.leads.rules.clocks import OFFER_VALID_DAYS
from matchmaker.pricing.quotes import Fee
from matchmaker.products.rules.fees import FeeLine
from matchmaker.products.rules.terms import PRICEABLE_REPAYMENTS, Terms
from matchmaker.refusal import Reason

LONGEST_CONDITIONS = 500


@dataclass(frozen=True)
class Offered:
    """What a person writes into an offer. `spread_bp` for LPR products, `rate_percent` for fixed ones."""

    amount_yuan: Decimal
    term_months: int
    repayment: str
    spread_bp: int | None
    rate_percent: Decimal | None
    fee_values: Mapping[str, Decimal]
    valid_until_on: date


def repayments_of(terms: Terms) -> list[str]:
    """The ways of repaying that this product allows and whose cost can be computed."""
    return [code for code in terms.repayments if code in PRICEABLE_REPAYMENTS]


def offer_refusals(offered: Offered, terms: Terms, today: date) -> list[tuple[str, Reason]]:
    """What keeps an offer from being sent, as (form field, reason); empty when nothing does.

    Codes: `lead_offer_amount`, `lead_offer_term`, `lead_offer_repayment`, `lead_offer_spread`,
    `lead_offer_rate_above`, `lead_offer_valid_until`, `lead_offer_fee_above`.
    """
    found: list[tuple[str, Reason]] = []
    least, most = terms.amount_min_yuan, terms.amount_max_yuan
    if least is not None and most is not None and not least <= offered.amount_yuan <= most:
        found.append(("amount", Reason("lead_offer_amount", {"least_yuan": least, "most_yuan": most})))
    short, long = terms.term_min_months, terms.term_max_months
    if short is not None and long is not None and not short <= offered.term_months <= long:
        found.append(("term_months", Reason("lead_offer_term", {"least_months": short, "most_months": long})))
    if offered.repayment not in repayments_of(terms):
        found.append(("repayment", Reason("lead_offer_repayment")))
    found.extend(_rate_refusals(offered, terms, today))
    first, last = today + timedelta(days=OFFER_VALID_DAYS[0]), today + timedelta(days=OFFER_VALID_DAYS[1])
    if not first <= offered.valid_until_on <= last:
        found.append(("valid_until_on", Reason("lead_offer_valid_until", {"least_on": first, "most_on": last})))
    promised = {line.code: line for line in terms.fees if line.charged}
    for code, value in offered.fee_values.items():
        line = promised.get(code)
        if line is None or value < 0 or (line.value is not None and value > line.value):
            field = f"fee_{code}"
            facts = {"fee": f"label:product.fee:{code}", "most": _most(line)}
            found.append((field, Reason("lead_offer_fee_above", facts)))
    return found


def _most(line: FeeLine | None) -> Decimal:
    return line.value if line is not None and line.value is not None else Decimal(0)


def _rate_refusals(offered: Offered, terms: Terms, today: date) -> list[tuple[str, Reason]]:
    if terms.rate_base == "FIXED":
        most = terms.fixed_rate_percent
        rate = offered.rate_percent
        if rate is None or rate < 0 or (most is not None and rate > most):
            return [("rate_percent", Reason("lead_offer_rate_above", {"most_percent": most}))]
        return []
    least, top = terms.spread_min_bp, terms.spread_max_bp
    if least is not None:  # a concession that runs may take the rate below the lowest (8.4)
        least -= max((one.cut_bp or 0 for one in terms.concessions if one.runs(today)), default=0)
    if offered.spread_bp is None or least is None or top is None or not least <= offered.spread_bp <= top:
        return [("spread_bp", Reason("lead_offer_spread", {"least": least, "most": top}))]
    return []


def fees_of_offer(terms: Terms, values: Mapping[str, Decimal]) -> list[Fee]:
    """The fee schedule of an offer: the charged lines of the product, with lowered values; zero means waived."""
    fees: list[Fee] = []
    for line in terms.fees:
        if not line.charged or line.payer is None or line.basis is None or line.timing is None:
            continue
        value = values.get(line.code, line.value or Decimal(0))
        if value > 0:
            fees.append(
                Fee(
                    code=line.code,
                    payer=str(line.payer),
                    payee=line.payee,
                    basis=str(line.basis),
                    value=value,
                    timing=str(line.timing),
                    optional=line.optional,
                    note=line.note,
                )
            )
    return fees


def contract_refusal(signed_on: date, accepted_on: date, today: date) -> Reason | None:
    """Why a contract of that date cannot follow the acceptance, or None."""
    if signed_on > today:
        return Reason("lead_contract_in_future")
    if signed_on < accepted_on:
        return Reason("lead_contract_before_offer")
    return None


def payout_refusal(
    amount_yuan: Decimal, paid_on: date, offered_yuan: Decimal, signed_on: date, today: date
) -> tuple[str, Reason] | None:
    """Why a pay-out cannot be reported like this, as (form field, reason), or None."""
    if amount_yuan > offered_yuan:
        return "amount", Reason("lead_payout_above_offer", {"most_yuan": offered_yuan})
    if paid_on > today:
        return "paid_on", Reason("lead_contract_in_future")
    if paid_on < signed_on:
        return "paid_on", Reason("lead_payout_before_contract")
    return None


def owner_code_refusal(code: str, known: Sequence[str]) -> Reason | None:
    """An owner who ends something says why, by one code."""
    return None if code in known else Reason("lead_owner_code_unknown")
