"""What the calculators are asked and what they answer: reading strictly, computing, writing result columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from matchmaker.pricing.cashflows import Repayment, yearly_months
from matchmaker.pricing.quotes import ChargedFee, Fee, Quote, quote_of_sums
from matchmaker.pricing.revolving import DAY_BASIS, RevolvingCost
from matchmaker.pricing.rules import (
    ZERO,
    monthly_equivalent_percent,
    no_unique_rate,
    nominal_on_365_percent,
    to_places,
    xirr_percent,
)
from matchmaker.reference import industries
from matchmaker.reference.rules import SizeClass, size_class
from matchmaker.refusal import Reason

MOST_YUAN = Decimal(10) ** 12
MOST_MONTHS = 600
MOST_PERCENT = Decimal(1000)
#: A balloon's instalment may be computed over a longer time than the longest loan.
MOST_BALLOON_MONTHS = 1200
MOST_FLOWS = 2000
MOST_STAFF = 10**9
#: As text, a figure has at most 13 digits before and 10 behind the point; no sign but minus, no exponent.
FIGURE = re.compile(r"-?(?:0|[1-9][0-9]{0,12})(?:\.[0-9]{1,10})?")
DAY_COUNTS = ("actual/360",)

LOAN_KEYS = (
    "principal", "months", "nominal_rate_pct", "repayment", "method_param", "upfront_fee", "monthly_fee",
    "guarantee_fee_upfront", "guarantee_fee_yearly", "insurance_premium", "deposit_withheld",
)  # fmt: skip
FLOW_KEYS = ("cashflows", "nominal_rate_pct", "day_count")
SIZE_KEYS = ("gbt_code", "employees", "revenue_wan", "assets_wan")


@dataclass(frozen=True)
class Problem:
    """What is wrong with one key of a question."""

    field: str
    reason: Reason


@dataclass(frozen=True)
class LoanQuestion:
    """A loan as the columns of the monthly cases describe it; money in yuan, the rate in percent a year."""

    principal_yuan: Decimal
    months: int
    repayment: Repayment
    rate_percent: Decimal = ZERO
    method_param: Decimal | None = None
    upfront_fee_yuan: Decimal = ZERO
    monthly_fee_yuan: Decimal = ZERO
    guarantee_upfront_yuan: Decimal = ZERO
    guarantee_yearly_yuan: Decimal = ZERO
    insurance_yuan: Decimal = ZERO
    deposit_yuan: Decimal = ZERO


@dataclass(frozen=True)
class FlowsQuestion:
    """Dated flows as the dated cases describe them."""

    flows: tuple[tuple[date, Decimal], ...]
    rate_percent: Decimal = ZERO


@dataclass(frozen=True)
class SizeQuestion:
    """A business as the size standard asks; None = not known."""

    gbt_code: str
    employees: int | None
    revenue_wan: Decimal | None
    assets_wan: Decimal | None


@dataclass
class _Reading:
    """Reads keys one by one and collects what is wrong with them."""

    body: Mapping[str, Any]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, key: str, code: str, **facts: Any) -> None:
        self.problems.append(Problem(key, Reason(code, facts)))

    def is_empty(self, key: str) -> bool:
        return self.body.get(key) is None or self.body.get(key) == ""

    def figure(
        self,
        key: str,
        least: Decimal = ZERO,
        most: Decimal = MOST_YUAN,
        *,
        above: bool = False,
        whole: bool = False,
        needed: bool = False,
    ) -> Decimal | None:
        """A number or its text between `least` (excluded when `above`) and `most`; None where empty or wrong."""
        if self.is_empty(key):
            if needed:
                self.wrong(key, "tool_needed")
            return None
        value = as_figure(self.body[key])
        if value is None:
            self.wrong(key, "tool_not_a_figure")
        elif value > most or value < least or (above and value == least) or _minus_nought(self.body[key]):
            self.wrong(key, "tool_above_up_to" if above else "tool_from_to", least=least, most=most)
        elif whole and value != value.to_integral_value():
            self.wrong(key, "tool_not_whole")
        else:
            return value
        return None

    def amount(self, key: str) -> Decimal:
        return self.figure(key) or ZERO

    def no_others(self, known: tuple[str, ...]) -> None:
        for key in self.body:
            if key not in known:
                self.wrong(str(key), "tool_unknown_key")


def _minus_nought(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("-")  # every bound here is 0 or more


def as_figure(value: Any) -> Decimal | None:
    """A JSON number, or a number as text, exactly as written; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        figure = Decimal(str(value))
        return figure if figure.is_finite() else None
    if isinstance(value, Decimal):
        return value if value.is_finite() else None
    if isinstance(value, str) and FIGURE.fullmatch(value):
        return Decimal(value)
    return None


def read_cost_question(body: Any) -> LoanQuestion | FlowsQuestion | list[Problem]:
    """A loan (`LOAN_KEYS`) or dated flows (`FLOW_KEYS`) out of a JSON body; everything wrong with it otherwise."""
    if not isinstance(body, Mapping):
        return [Problem("body", Reason("tool_not_an_object"))]
    return _read_flows(_Reading(body)) if "cashflows" in body else _read_loan(_Reading(body))


def _read_loan(reading: _Reading) -> LoanQuestion | list[Problem]:
    reading.no_others(LOAN_KEYS)
    principal = reading.figure("principal", above=True, needed=True)
    months = reading.figure("months", Decimal(1), Decimal(MOST_MONTHS), whole=True, needed=True)
    repayment = _repayment(reading)
    param = _method_param(reading, repayment, months)
    rate = reading.figure("nominal_rate_pct", most=MOST_PERCENT) or ZERO
    upfront, monthly = reading.amount("upfront_fee"), reading.amount("monthly_fee")
    guarantee, yearly = reading.amount("guarantee_fee_upfront"), reading.amount("guarantee_fee_yearly")
    insurance, deposit = reading.amount("insurance_premium"), reading.amount("deposit_withheld")
    if reading.problems or principal is None or months is None or repayment is None:
        return reading.problems
    return LoanQuestion(
        principal, int(months), repayment, rate, param, upfront, monthly, guarantee, yearly, insurance, deposit
    )


def _repayment(reading: _Reading) -> Repayment | None:
    if reading.is_empty("repayment"):
        reading.wrong("repayment", "tool_needed")
        return None
    code = reading.body["repayment"]
    if isinstance(code, str) and code in Repayment.__members__:
        return Repayment(code)
    reading.wrong("repayment", "tool_repayment_without_rule")
    return None


def _method_param(reading: _Reading, repayment: Repayment | None, months: Decimal | None) -> Decimal | None:
    """Percent for INT_M_PART, months for BALLOON; the others do not read it, but it must still be a figure."""
    if repayment is Repayment.INT_M_PART:
        return reading.figure("method_param", most=Decimal(100), above=True, needed=True)
    if repayment is Repayment.BALLOON:
        least = months or Decimal(1)
        return reading.figure("method_param", least, Decimal(MOST_BALLOON_MONTHS), whole=True, needed=True)
    reading.figure("method_param", most=Decimal(MOST_BALLOON_MONTHS))
    return None


def _read_flows(reading: _Reading) -> FlowsQuestion | list[Problem]:
    reading.no_others(FLOW_KEYS)
    rate = reading.figure("nominal_rate_pct", most=MOST_PERCENT) or ZERO
    if not reading.is_empty("day_count") and reading.body["day_count"] not in DAY_COUNTS:
        reading.wrong("day_count", "tool_day_count_unknown")
    entries = reading.body["cashflows"]
    if isinstance(entries, str):
        entries = entries.split(";") if entries else []
    if not isinstance(entries, list):
        reading.wrong("cashflows", "tool_flows_unreadable", line=1)
        return reading.problems
    if not 2 <= len(entries) <= MOST_FLOWS:
        reading.wrong("cashflows", "tool_flows_count", least=2, most=MOST_FLOWS)
        return reading.problems
    flows = []
    for line, entry in enumerate(entries, 1):
        flow = _flow(entry)
        if flow is None:
            reading.wrong("cashflows", "tool_flows_unreadable", line=line)
            break
        flows.append(flow)
    return reading.problems or FlowsQuestion(tuple(flows), rate)


def _flow(entry: Any) -> tuple[date, Decimal] | None:
    """`2026-05-11:500000`, received positive, paid negative."""
    on, colon, amount = entry.partition(":") if isinstance(entry, str) else ("", "", "")
    figure = as_figure(amount) if colon else None
    if figure is None or abs(figure) > MOST_YUAN or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", on):
        return None
    try:
        return date.fromisoformat(on), figure
    except ValueError:
        return None


def read_size_question(body: Any) -> SizeQuestion | list[Problem]:
    """What the size class is computed from, out of a JSON body; everything wrong with it otherwise."""
    if not isinstance(body, Mapping):
        return [Problem("body", Reason("tool_not_an_object"))]
    reading = _Reading(body)
    reading.no_others(SIZE_KEYS)
    code = body.get("gbt_code")
    if reading.is_empty("gbt_code"):
        reading.wrong("gbt_code", "tool_needed")
    elif not isinstance(code, str) or (found := industries.get(code)) is None or found.code != code:
        reading.wrong("gbt_code", "tool_industry_unknown")  # H6210 is no code of the standard's list, 6210 is
    elif code not in sized_codes():
        reading.wrong("gbt_code", "tool_industry_too_wide")
    employees = reading.figure("employees", most=Decimal(MOST_STAFF), whole=True)
    revenue, assets = reading.figure("revenue_wan"), reading.figure("assets_wan")
    if reading.problems:
        return reading.problems
    return SizeQuestion(str(code), None if employees is None else int(employees), revenue, assets)


def sized_codes() -> frozenset[str]:
    """The industry codes that have one answer: every class, and what lies above where all classes share a group."""
    if not _sized:
        for code in _every_code():
            groups = {below.size_group for below in industries.classes_below(code)}
            if len(groups) == 1:
                _sized.add(code)
    return frozenset(_sized)


_sized: set[str] = set()


def _every_code() -> list[str]:
    found: list[str] = []
    waiting = [section.code for section in industries.children()]
    while waiting:
        code = waiting.pop()
        found.append(code)
        waiting += [child.code for child in industries.children(code)]
    return found


def classify(question: SizeQuestion) -> SizeClass:
    """The size class of a read question; it cannot be refused any more."""
    return size_class(question.gbt_code, question.employees, question.revenue_wan, question.assets_wan)


def fees_of(question: LoanQuestion) -> list[ChargedFee]:
    """The calculator's six fees as fees of a schedule, each with its months."""
    guarantee = {0: question.guarantee_upfront_yuan}
    guarantee |= dict.fromkeys(yearly_months(question.months), question.guarantee_yearly_yuan)
    monthly = dict.fromkeys(range(1, question.months + 1), question.monthly_fee_yuan)
    sums: list[tuple[str, str, dict[int, Decimal]]] = [
        ("SERVICE", "upfront", {0: question.upfront_fee_yuan}),
        ("MGMT", "monthly", monthly),
        ("DEPOSIT", "upfront", {0: question.deposit_yuan}),
        ("GUAR", "yearly", guarantee),
        ("INSPREM", "upfront", {0: question.insurance_yuan}),
    ]
    return [
        ChargedFee(Fee(code, basis="yuan_once", timing=timing), by_month, counted=True)
        for code, timing, by_month in sums
        if any(by_month.values())
    ]


def price(question: LoanQuestion) -> Quote:
    """The quote of a read question."""
    return quote_of_sums(
        question.principal_yuan,
        question.months,
        question.rate_percent,
        question.repayment,
        fees_of(question),
        question.method_param,
    )


def _yuan(amount: Decimal) -> str:
    return format(to_places(amount, 2), "f")


def _rate(percent: Decimal) -> str:
    return format(to_places(percent, 8), "f")


def answer_cost(question: LoanQuestion | FlowsQuestion) -> dict[str, str] | Reason:
    """The result columns of the case files as text: rates with 8 decimals, yuan with 2; or `no_unique_rate`."""
    return _answer_loan(question) if isinstance(question, LoanQuestion) else _answer_flows(question)


def _answer_loan(question: LoanQuestion) -> dict[str, str] | Reason:
    quote = price(question)
    rates = {
        "apr_interest_only_pct": quote.interest_only_percent,
        "apr_lender_simple_pct": quote.lender_simple_percent,
        "apr_lender_effective_pct": quote.lender_effective_percent,
        "apr_all_in_simple_pct": quote.all_in_simple_percent,
        "apr_all_in_effective_pct": quote.all_in_effective_percent,
    }
    if quote.no_rate is not None:
        return no_unique_rate(quote.no_rate)
    return {
        "total_interest": _yuan(quote.interest_yuan),
        "total_lender_fees": _yuan(quote.lender_fees_yuan),
        "total_third_party": _yuan(quote.third_party_fees_yuan),
        "total_cost": _yuan(quote.cost_yuan),
        "first_payment": _yuan(quote.first_instalment_yuan),
        **{name: _rate(rate) for name, rate in rates.items() if rate is not None},
        "cashflows_all_in": ";".join(_yuan(flow) for flow in quote.flows),
    }


def _answer_flows(question: FlowsQuestion) -> dict[str, str] | Reason:
    effective = xirr_percent(question.flows)
    if isinstance(effective, Reason):
        return effective
    return {
        "total_cost": _yuan(-sum((amount for _, amount in question.flows), ZERO)),
        "effective_annual_pct_xirr365": _rate(effective),
        "monthly_equiv_x12_pct": _rate(monthly_equivalent_percent(effective)),
        "nominal_times_365_over_360_pct": _rate(nominal_on_365_percent(question.rate_percent)),
    }


def answer_size(found: SizeClass, say: Callable[[Reason], str]) -> dict[str, Any]:
    """The answer of the size class; `say` writes a step of the working in the reader's language."""
    return {
        "expected_size": found.expected_size,
        "group_code": found.group_code,
        "fallback_size": found.fallback_size,
        "working": [{"code": step.code, "text": say(step)} for step in found.working],
    }


def drawn_throughout(used: RevolvingCost, rate_percent: Decimal) -> Decimal:
    """The interest, in yuan, had the largest sum drawn been kept from the first day to the last (actual/360)."""
    most = max(flow.drawn_yuan for flow in used.flows)
    days = (used.flows[-1].on - used.flows[0].on).days
    return to_places(most * rate_percent / 100 * days / DAY_BASIS, 2)
