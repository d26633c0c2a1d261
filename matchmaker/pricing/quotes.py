"""A quote: what one loan would cost its borrower, every fee on one basis, as plain data for cards and sheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal, localcontext
from typing import Any, Protocol

from matchmaker.pricing.cashflows import (
    Charges,
    Instalment,
    Repayment,
    borrower_flows,
    schedule,
    total,
    yearly_months,
)
from matchmaker.pricing.rules import (
    DIGITS,
    ZERO,
    effective_percent,
    lpr_rate_percent,
    monthly_rate,
    no_unique_rate,
    simple_percent,
    to_fen,
    to_places,
)
from matchmaker.refusal import Reason, plain

#: Name and version of the method, stored with every quote: PBoC announcement [2021] No. 3, monthly IRR times 12.
METHOD = "pbc-2021-3/monthly-irr/1"

#: Who is paid, by fee code (codes of the reference list "fee").
LENDER_FEES = frozenset({"MGMT", "SERVICE", "COMMIT"})
SUBSIDIES = frozenset({"SUBSIDY", "GUARSUB"})
DEPOSIT = "DEPOSIT"
#: Fall due only when something happens (early or late repayment, misuse): shown, never in the base cost.
CONDITIONAL = frozenset({"PREPAY", "LATE", "MISUSE"})

#: Drawn and repaid at any time has no schedule of its own; for comparison it counts as fully drawn throughout,
#: interest monthly, principal at the end. HALFYEAR_PRIN, STEP and SEASON have no rule yet and are not priced.
PRICED_AS: Mapping[str, Repayment] = {code.value: code for code in Repayment} | {"REVOLVE": Repayment.INT_M_BULLET}


class FeeFacts(Protocol):
    """What is asked of a fee; a row of a product version's fee schedule has it."""

    @property
    def code(self) -> str: ...
    @property
    def payer(self) -> str: ...
    @property
    def payee(self) -> str: ...
    @property
    def basis(self) -> str: ...
    @property
    def value(self) -> Decimal: ...
    @property
    def timing(self) -> str: ...
    @property
    def optional(self) -> bool: ...


@dataclass(frozen=True)
class Fee:
    """A fee as plain facts.

    basis: percent_of_amount (value % of the amount each time it is paid) · percent_per_year (value % of the amount
    for a year) · yuan_once · yuan_monthly. timing: upfront · yearly (months 0, 12, 24 ... before the end) ·
    monthly. Subsidies come with their positive size and are counted as received.
    """

    code: str
    payer: str = "borrower"
    payee: str = ""
    basis: str = "percent_of_amount"
    value: Decimal = ZERO
    timing: str = "upfront"
    optional: bool = False
    note: str = ""


@dataclass(frozen=True)
class ChargedFee:
    """One fee with its sums in yuan by month, and whether they are in the base cost."""

    fee: FeeFacts
    by_month: Mapping[int, Decimal]
    counted: bool

    @property
    def total_yuan(self) -> Decimal:
        return total(self.by_month)


@dataclass(frozen=True)
class Quote:
    """What a loan costs. Money in yuan (2 places), rates in percent a year (8 places), None where there is none."""

    amount_yuan: Decimal
    term_months: int
    rate_percent: Decimal
    repayment: str
    priced_as: str
    interest_yuan: Decimal
    lender_fees_yuan: Decimal
    third_party_fees_yuan: Decimal
    subsidy_yuan: Decimal
    deposit_yuan: Decimal
    cost_yuan: Decimal
    to_repay_yuan: Decimal
    in_hand_yuan: Decimal
    first_instalment_yuan: Decimal
    regular_instalment_yuan: Decimal
    last_instalment_yuan: Decimal
    instalments: int
    interest_only_percent: Decimal | None
    lender_simple_percent: Decimal | None
    lender_effective_percent: Decimal | None
    all_in_simple_percent: Decimal | None
    all_in_effective_percent: Decimal | None
    no_rate: str | None = None
    method: str = METHOD
    flows: tuple[Decimal, ...] = field(default=(), repr=False)
    rows: tuple[Instalment, ...] = field(default=(), repr=False, compare=False)
    fees: tuple[ChargedFee, ...] = field(default=(), repr=False, compare=False)

    @property
    def cost_per_wan_yuan(self) -> Decimal:
        """What each 10,000 yuan borrowed costs over the whole term."""
        return to_fen(self.cost_yuan * 10_000 / self.amount_yuan)

    @property
    def fully_drawn(self) -> bool:
        """Whether a revolving line is shown as if fully drawn for the whole term; the page must say so."""
        return self.repayment != self.priced_as

    def as_json(self) -> dict[str, Any]:
        """The stored form: every figure as text, flows included, schedule left out."""
        kept = {
            item.name: plain(getattr(self, item.name)) for item in fields(self) if item.name not in ("rows", "fees")
        }
        return kept | {"cost_per_wan_yuan": plain(self.cost_per_wan_yuan)}


def nominal_rate_percent(
    rate_base: str,
    spread_bp: int | None,
    fixed_rate_percent: Decimal | None,
    lpr_1y_percent: Decimal,
    lpr_5y_percent: Decimal,
) -> Decimal:
    """The yearly rate of a product: LPR1Y or LPR5Y plus basis points, or FIXED. Raises ValueError on a gap."""
    if rate_base == "FIXED":
        if fixed_rate_percent is None:
            raise ValueError("a fixed rate needs its percent")
        return fixed_rate_percent
    if rate_base not in ("LPR1Y", "LPR5Y") or spread_bp is None:
        raise ValueError(f"no rate from {rate_base} and spread {spread_bp}")
    return lpr_rate_percent(lpr_1y_percent if rate_base == "LPR1Y" else lpr_5y_percent, spread_bp)


def quote(
    amount_yuan: Decimal,
    term_months: int,
    rate_percent: Decimal,
    repayment: str,
    fees: Iterable[FeeFacts] = (),
    param: Decimal | None = None,
) -> Quote | Reason:
    """Price a loan of `amount_yuan` over `term_months` at `rate_percent` a year with its fee schedule.

    Optional and conditional fees, and fees that somebody else pays, are listed but not counted. Answers
    `repayment_without_rule` where the way of repaying cannot be priced; a quote whose flows have no single rate
    has its sums, no percents, and `no_rate` says why.
    """
    if repayment not in PRICED_AS:
        return Reason("repayment_without_rule", {"repayment": repayment})
    priced_as = PRICED_AS[repayment]
    rows = schedule(amount_yuan, term_months, rate_percent, priced_as, param)
    # A schedule also names the fees that do not exist (`charged` false): they cost nothing.
    charged = [charge(fee, amount_yuan, term_months, rows) for fee in fees if getattr(fee, "charged", True)]
    return _quote_of(amount_yuan, term_months, rate_percent, repayment, priced_as, rows, charged)


def quote_of_sums(
    amount_yuan: Decimal,
    term_months: int,
    rate_percent: Decimal,
    repayment: Repayment,
    charged: Iterable[ChargedFee],
    param: Decimal | None = None,
) -> Quote:
    """Price a loan whose fees are already sums by month (the public calculator).

    Raises ValueError as `schedule` does.
    """
    rows = schedule(amount_yuan, term_months, rate_percent, repayment, param)
    return _quote_of(amount_yuan, term_months, rate_percent, repayment, repayment, rows, list(charged))


def charge(fee: FeeFacts, amount_yuan: Decimal, term_months: int, rows: list[Instalment]) -> ChargedFee:
    """The sums of one fee by month, each to the fen; an interest subsidy per year is counted on what is still owed."""
    if fee.code in CONDITIONAL or fee.code == "INTEREST":
        return ChargedFee(fee, {}, counted=False)
    received = fee.code in SUBSIDIES
    with localcontext() as context:
        context.prec = DIGITS
        value = abs(fee.value) if received else fee.value
        if fee.code == "SUBSIDY" and fee.basis == "percent_per_year":
            sums = _subsidy_on_balance(value, amount_yuan, rows, fee.timing)
        else:
            sums = _sums(fee.basis, fee.timing, value, amount_yuan, term_months)
    counted = not fee.optional and (received or fee.code == DEPOSIT or fee.payer == "borrower")
    return ChargedFee(fee, {month: to_fen(amount) for month, amount in sums.items() if amount}, counted)


def _sums(basis: str, timing: str, value: Decimal, amount: Decimal, months: int) -> dict[int, Decimal]:
    years = [0, *yearly_months(months)]
    every_month = range(1, months + 1)
    if basis == "yuan_once":
        return {0: value}
    if basis == "yuan_monthly":
        return {0: value * months} if timing == "upfront" else dict.fromkeys(every_month, value)
    whole = amount * value / 100
    if basis == "percent_of_amount":
        if timing == "upfront":
            return {0: whole}
        return dict.fromkeys(years if timing == "yearly" else every_month, whole)
    if basis != "percent_per_year":
        raise ValueError(f"unknown basis of a fee: {basis}")
    if timing == "upfront":
        return {0: whole * months / 12}
    if timing == "monthly":
        return dict.fromkeys(every_month, whole / 12)
    return {month: whole * min(12, months - month) / 12 for month in years}  # a last part-year costs its part


def _subsidy_on_balance(percent: Decimal, amount: Decimal, rows: list[Instalment], timing: str) -> dict[int, Decimal]:
    """An interest subsidy follows what is owed; it is received monthly, or at the end of each year and of the loan."""
    owed = [amount] + [row.balance_yuan for row in rows[:-1]]
    monthly = {row.month: before * percent / 1200 for row, before in zip(rows, owed, strict=True)}
    if timing == "monthly":
        return monthly
    received: dict[int, Decimal] = {}
    for month, part in monthly.items():
        at = min(-(-month // 12) * 12, len(rows))
        received[at] = received.get(at, ZERO) + part
    return received


def _quote_of(
    amount: Decimal,
    months: int,
    rate: Decimal,
    repayment: str,
    priced_as: Repayment,
    rows: list[Instalment],
    charged: list[ChargedFee],
) -> Quote:
    lender: dict[int, Decimal] = {}
    third: dict[int, Decimal] = {}
    subsidy: dict[int, Decimal] = {}
    deposit = ZERO
    for item in charged:
        if not item.counted:
            continue
        if item.fee.code == DEPOSIT:
            deposit += item.total_yuan
            continue
        received = item.fee.code in SUBSIDIES
        side = subsidy if received else lender if item.fee.code in LENDER_FEES else third
        for month, sum_yuan in item.by_month.items():
            side[month] = side.get(month, ZERO) + (-sum_yuan if received else sum_yuan)
    charges = Charges(lender, third, subsidy, deposit)
    return _priced(amount, months, rate, repayment, priced_as, rows, charges, tuple(charged))


def _priced(
    amount: Decimal,
    months: int,
    rate: Decimal,
    repayment: str,
    priced_as: Repayment,
    rows: list[Instalment],
    charges: Charges,
    charged: tuple[ChargedFee, ...],
) -> Quote:
    flows = borrower_flows(amount, rows, charges)
    lender_flows = borrower_flows(amount, rows, charges, with_third_party=False)
    all_in = _borrowing_rate(flows)
    lender = all_in if lender_flows == flows else _borrowing_rate(lender_flows)
    bare_flows = borrower_flows(amount, rows, with_lender=False, with_third_party=False)
    bare = lender if bare_flows == lender_flows else _borrowing_rate(bare_flows)
    interest = to_fen(sum((row.interest_yuan for row in rows), ZERO))
    lender_fees, third, subsidy = total(charges.lender), total(charges.third_party), -total(charges.subsidy)
    cost = interest + lender_fees + third - subsidy
    payments = [to_fen(row.payment_yuan) for row in rows]
    return Quote(
        amount_yuan=amount,
        term_months=months,
        rate_percent=rate,
        repayment=str(repayment),
        priced_as=priced_as.value,
        interest_yuan=interest,
        lender_fees_yuan=lender_fees,
        third_party_fees_yuan=third,
        subsidy_yuan=subsidy,
        deposit_yuan=to_fen(charges.deposit_yuan),
        cost_yuan=cost,
        to_repay_yuan=to_fen(amount) + cost,
        in_hand_yuan=to_fen(flows[0]),
        first_instalment_yuan=payments[0],
        regular_instalment_yuan=max(payments, key=payments.count),
        last_instalment_yuan=payments[-1],
        instalments=sum(1 for payment in payments if payment),
        interest_only_percent=_percent(bare, simple_percent),
        lender_simple_percent=_percent(lender, simple_percent),
        lender_effective_percent=_percent(lender, effective_percent),
        all_in_simple_percent=_percent(all_in, simple_percent),
        all_in_effective_percent=_percent(all_in, effective_percent),
        no_rate=next((rate.facts["found"] for rate in (all_in, lender, bare) if isinstance(rate, Reason)), None),
        flows=tuple(flows),
        rows=tuple(rows),
        fees=charged,
    )


def _borrowing_rate(flows: list[Decimal]) -> Decimal | Reason:
    """The monthly rate; a borrower who is paid nothing out borrows nothing, whatever comes back later."""
    return monthly_rate(flows) if flows[0] > 0 else no_unique_rate("none")


def _percent(rate: Decimal | Reason, annualised: Any) -> Decimal | None:
    return None if isinstance(rate, Reason) else to_places(annualised(rate), 8)
