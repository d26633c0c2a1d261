"""贷款明白纸, the one-page cost sheet: each item, who charges and bears it, how much, when, its part of the rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from matchmaker.pricing.cashflows import Charges, Instalment, borrower_flows
from matchmaker.pricing.quotes import CONDITIONAL, DEPOSIT, LENDER_FEES, SUBSIDIES, ChargedFee, Quote
from matchmaker.pricing.rules import ZERO, monthly_rate, simple_percent, to_places
from matchmaker.refusal import Reason, plain

#: Items that a sheet names even when they cost nothing, so that "none" is said and not left out (8.2).
ALWAYS_NAMED = ("APPRAISAL", "REGIST", "NOTARY", "AUDIT", "INSCOLL", "GUAR", "SERVICE", "MGMT", "PLATFORM")

HOW_OFTEN = {"upfront": "once", "yearly": "yearly", "monthly": "monthly"}


@dataclass(frozen=True)
class CostLine:
    """One item 项目: 收费主体 payee, 承担方 payer, 金额 amount, 支付方式 way, 支付周期 period, 年化 share of the rate.

    `code` is a fee code, `payer` borrower · bank · government, `way` deducted (from the pay-out) · with_instalment ·
    at_maturity · transfer · received, `period` once · monthly · quarterly · yearly · at_maturity · if_it_happens.
    `annual_percent` is what the line adds to the simple all-in rate; the lines that count add up to it.
    """

    code: str
    payee: str
    payer: str
    amount_yuan: Decimal
    way: str
    period: str
    annual_percent: Decimal | None
    basis: str = ""
    value: Decimal | None = None
    counted: bool = True
    optional: bool = False
    note: str = ""


@dataclass(frozen=True)
class SheetRow:
    """One month of the schedule, fees of that month apart from the instalment."""

    month: int
    payment_yuan: Decimal
    principal_yuan: Decimal
    interest_yuan: Decimal
    fees_yuan: Decimal
    balance_yuan: Decimal


@dataclass(frozen=True)
class CostSheet:
    """A cost sheet as plain data; labels and sentences are the page's."""

    quote: Quote
    lines: tuple[CostLine, ...]
    not_charged: tuple[str, ...]
    rows: tuple[SheetRow, ...]

    @property
    def borrower_yuan(self) -> Decimal:
        """What the borrower pays in all beside the principal, subsidies taken off."""
        return self.quote.cost_yuan

    def as_json(self) -> dict[str, Any]:
        """The stored form: an offer keeps its sheet as it was."""
        return {
            "quote": self.quote.as_json(),
            "lines": [plain(vars(line)) for line in self.lines],
            "not_charged": list(self.not_charged),
            "rows": [plain(vars(row)) for row in self.rows],
        }


def cost_sheet(quote: Quote, lender: str = "", titles: Mapping[str, str] | None = None) -> CostSheet:
    """The sheet of a quote. `lender` is the name that stands as payee of the interest and of the lender's fees.

    `titles` may name payees by fee code where the fee schedule leaves them empty.
    """
    lines = [_interest_line(quote, lender)]
    before = Charges()
    rate_before = quote.interest_only_percent
    for item in sorted(quote.fees, key=_order):
        payee = item.fee.payee or (titles or {}).get(item.fee.code, "") or (lender if _is_lenders(item) else "")
        added: Decimal | None = None
        if item.counted and (item.by_month or item.fee.code == DEPOSIT):
            before = _with(before, item)
            rate = _simple(quote, before)
            added = None if rate is None or rate_before is None else rate - rate_before
            rate_before = rate
        lines.append(_fee_line(item, payee, added))
    named = {line.code for line in lines}
    return CostSheet(
        quote=quote,
        lines=tuple(lines),
        not_charged=tuple(code for code in ALWAYS_NAMED if code not in named),
        rows=tuple(_sheet_rows(quote)),
    )


def _order(item: ChargedFee) -> tuple[int, str]:
    code = item.fee.code
    rank = 0 if code in LENDER_FEES else 1 if code == DEPOSIT else 3 if code in SUBSIDIES else 2
    return (4 if code in CONDITIONAL or not item.counted else rank, code)


def _is_lenders(item: ChargedFee) -> bool:
    return item.fee.code in LENDER_FEES or item.fee.code == DEPOSIT or item.fee.code in CONDITIONAL


def _interest_line(quote: Quote, lender: str) -> CostLine:
    period = {"BULLET": "at_maturity", "INT_Q_BULLET": "quarterly"}.get(quote.priced_as, "monthly")
    return CostLine(
        code="INTEREST",
        payee=lender,
        payer="borrower",
        amount_yuan=quote.interest_yuan,
        way="at_maturity" if period == "at_maturity" else "with_instalment",
        period=period,
        annual_percent=quote.interest_only_percent,
        basis="percent_per_year",
        value=quote.rate_percent,
    )


def _fee_line(item: ChargedFee, payee: str, added: Decimal | None) -> CostLine:
    fee = item.fee
    if fee.code in CONDITIONAL:
        way, period = "transfer", "if_it_happens"
    elif fee.code in SUBSIDIES:
        way, period = "received", HOW_OFTEN.get(fee.timing, "once")
    elif fee.code in LENDER_FEES or fee.code == DEPOSIT:
        once = set(item.by_month) <= {0}
        way, period = ("deducted", "once") if once else ("with_instalment", HOW_OFTEN.get(fee.timing, "monthly"))
    else:
        way = "transfer"
        period = "once" if set(item.by_month) <= {0} else "monthly" if fee.timing == "monthly" else "yearly"
    return CostLine(
        code=fee.code,
        payee=payee,
        payer=fee.payer,
        amount_yuan=-item.total_yuan if fee.code in SUBSIDIES else item.total_yuan,
        way=way,
        period=period,
        annual_percent=added,
        basis=fee.basis,
        value=fee.value,
        counted=item.counted and fee.code != DEPOSIT,
        optional=fee.optional,
        note=getattr(fee, "note", "") or "",
    )


def _with(charges: Charges, item: ChargedFee) -> Charges:
    if item.fee.code == DEPOSIT:
        return Charges(charges.lender, charges.third_party, charges.subsidy, charges.deposit_yuan + item.total_yuan)
    sums = dict(charges.third_party)
    sign = -1 if item.fee.code in SUBSIDIES else 1
    for month, amount in item.by_month.items():
        sums[month] = sums.get(month, ZERO) + sign * amount
    return Charges(charges.lender, sums, charges.subsidy, charges.deposit_yuan)


def _simple(quote: Quote, charges: Charges) -> Decimal | None:
    rate = monthly_rate(borrower_flows(quote.amount_yuan, list(quote.rows), charges))
    return None if isinstance(rate, Reason) else to_places(simple_percent(rate), 8)


def _sheet_rows(quote: Quote) -> list[SheetRow]:
    instalments: tuple[Instalment, ...] = quote.rows
    fees: dict[int, Decimal] = {}
    for item in quote.fees:
        if item.counted and item.fee.code != DEPOSIT:
            sign = -1 if item.fee.code in SUBSIDIES else 1
            for month, amount in item.by_month.items():
                fees[month] = fees.get(month, ZERO) + sign * amount
    return [
        SheetRow(
            row.month,
            row.payment_yuan,
            row.principal_yuan,
            row.interest_yuan,
            fees.get(row.month, ZERO),
            row.balance_yuan,
        )
        for row in instalments
    ]
