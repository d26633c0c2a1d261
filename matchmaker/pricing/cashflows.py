"""The instalments of a loan and the borrower's flows month by month, as the reference cases count them.

A month is 1/12 year; interest is rounded half up to 0.01 each time it falls due; the last instalment clears the
principal. A deposit withheld comes back without interest with the last payment; a yearly guarantee fee is paid again
in months 12, 24 ... before the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import StrEnum

from matchmaker.pricing.rules import DIGITS, ZERO, to_fen


class Repayment(StrEnum):
    """Ways of repaying that have a rule here (codes of the reference list "repayment")."""

    EQ_INST = "EQ_INST"
    EQ_PRIN = "EQ_PRIN"
    FLAT = "FLAT"
    INT_M_BULLET = "INT_M_BULLET"
    INT_Q_BULLET = "INT_Q_BULLET"
    BULLET = "BULLET"
    INT_M_PART = "INT_M_PART"
    BALLOON = "BALLOON"


#: Ways whose instalments depend on one more number, and the name of that number.
NEEDS_PARAM: Mapping[Repayment, str] = {
    Repayment.INT_M_PART: "percent of the principal repaid in months 12, 24 ...",
    Repayment.BALLOON: "months over which the instalment is computed",
}


@dataclass(frozen=True)
class Instalment:
    """What falls due in one month: principal and interest, without fees; `balance_yuan` is what is left after it."""

    month: int
    principal_yuan: Decimal
    interest_yuan: Decimal
    balance_yuan: Decimal

    @property
    def payment_yuan(self) -> Decimal:
        return self.principal_yuan + self.interest_yuan


@dataclass(frozen=True)
class Charges:
    """What is paid beside instalments, in yuan by month (0 = the day of pay-out); negative sums are subsidies."""

    lender: Mapping[int, Decimal] = field(default_factory=dict)
    third_party: Mapping[int, Decimal] = field(default_factory=dict)
    subsidy: Mapping[int, Decimal] = field(default_factory=dict)
    deposit_yuan: Decimal = ZERO


def yearly_months(months: int) -> list[int]:
    """Months 12, 24 ... before the end: when what is paid each year falls due again."""
    return list(range(12, months, 12))


def schedule(
    principal_yuan: Decimal, months: int, rate_percent: Decimal, repayment: Repayment, param: Decimal | None = None
) -> list[Instalment]:
    """The instalments of months 1 to `months`.

    `rate_percent` is the nominal rate a year. `param`: INT_M_PART, percent of the principal repaid at each of the
    months 12, 24 ...; BALLOON, the months over which the instalment is computed (not fewer than `months`).
    Raises ValueError when the way of repaying needs `param` and it is missing or out of range.
    """
    if repayment in NEEDS_PARAM and param is None:
        raise ValueError(f"{repayment} needs: {NEEDS_PARAM[repayment]}")
    with localcontext() as context:
        context.prec = DIGITS
        return _SCHEDULES[repayment](principal_yuan, months, rate_percent, param)


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _level_payment(principal: Decimal, months: int, rate_percent: Decimal) -> Decimal:
    rate = rate_percent / 1200
    if not rate:
        return _round(principal / months)
    return _round(principal * rate / (1 - (1 + rate) ** -months))


def _paid_down(
    principal: Decimal, months: int, rate_percent: Decimal, due: Callable[[int, Decimal], Decimal]
) -> list[Instalment]:
    """Interest every month on what is left; `due(month, interest)` says how much principal, the last month clears."""
    rows: list[Instalment] = []
    balance = principal
    for month in range(1, months + 1):
        interest = _round(balance * rate_percent / 1200)
        paid = balance if month == months else min(max(due(month, interest), ZERO), balance)
        balance -= paid
        rows.append(Instalment(month, paid, interest, balance))
    return rows


def _equal_instalments(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    level = _level_payment(principal, months, rate)
    return _paid_down(principal, months, rate, lambda month, interest: level - interest)


def _equal_principal(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    part = _round(principal / months)
    return _paid_down(principal, months, rate, lambda month, interest: part)


def _interest_monthly(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    return _paid_down(principal, months, rate, lambda month, interest: ZERO)


def _part_yearly(principal: Decimal, months: int, rate: Decimal, percent: Decimal | None) -> list[Instalment]:
    if percent is None or not 0 < percent <= 100:
        raise ValueError("percent of the principal must be above 0 and at most 100")
    part = _round(principal * percent / 100)
    return _paid_down(principal, months, rate, lambda month, interest: part if month % 12 == 0 else ZERO)


def _balloon(principal: Decimal, months: int, rate: Decimal, over: Decimal | None) -> list[Instalment]:
    if over is None or over != over.to_integral_value() or over < months:
        raise ValueError("the instalment is computed over whole months, not fewer than the term")
    level = _level_payment(principal, int(over), rate)
    return _paid_down(principal, months, rate, lambda month, interest: level - interest)


def _flat(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    """等本等息: interest on the original principal to the end, whatever has been repaid."""
    part, interest = _round(principal / months), _round(principal * rate / 1200)
    rows: list[Instalment] = []
    balance = principal
    for month in range(1, months + 1):
        paid = balance if month == months else min(part, balance)
        balance -= paid
        rows.append(Instalment(month, paid, interest, balance))
    return rows


def _at_intervals(principal: Decimal, months: int, rate: Decimal, interval: int) -> list[Instalment]:
    """Interest for the whole interval at its end (a shorter last one at maturity), principal at maturity."""
    rows: list[Instalment] = []
    since = 0
    for month in range(1, months + 1):
        falls_due = month == months or (month - since) == interval
        interest = _round(principal * rate * (month - since) / 1200) if falls_due else ZERO
        since = month if falls_due else since
        last = month == months
        rows.append(Instalment(month, principal if last else ZERO, interest, ZERO if last else principal))
    return rows


def _interest_quarterly(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    return _at_intervals(principal, months, rate, 3)


def _single_payment(principal: Decimal, months: int, rate: Decimal, _: Decimal | None) -> list[Instalment]:
    return _at_intervals(principal, months, rate, months)


_SCHEDULES: Mapping[Repayment, Callable[[Decimal, int, Decimal, Decimal | None], list[Instalment]]] = {
    Repayment.EQ_INST: _equal_instalments,
    Repayment.EQ_PRIN: _equal_principal,
    Repayment.FLAT: _flat,
    Repayment.INT_M_BULLET: _interest_monthly,
    Repayment.INT_Q_BULLET: _interest_quarterly,
    Repayment.BULLET: _single_payment,
    Repayment.INT_M_PART: _part_yearly,
    Repayment.BALLOON: _balloon,
}


def borrower_flows(
    principal_yuan: Decimal,
    instalments: list[Instalment],
    charges: Charges | None = None,
    *,
    with_lender: bool = True,
    with_third_party: bool = True,
) -> list[Decimal]:
    """The borrower's flows, month 0 first: received positive, paid negative.

    `with_lender` counts the lender's fees and the deposit withheld, `with_third_party` everybody else's and the
    subsidies; with neither the flows are principal and interest alone.
    """
    charges = charges or Charges()
    with localcontext() as context:
        context.prec = DIGITS
        flows = [principal_yuan] + [-row.payment_yuan for row in instalments]
        sides = ([charges.lender] if with_lender else []) + (
            [charges.third_party, charges.subsidy] if with_third_party else []
        )
        for side in sides:
            for month, amount in side.items():
                flows[month] -= amount
        if with_lender:
            flows[0] -= charges.deposit_yuan
            flows[-1] += charges.deposit_yuan
        return flows


def total(sums: Mapping[int, Decimal]) -> Decimal:
    """All that is in one side of `Charges`, in yuan, to the fen."""
    return to_fen(sum(sums.values(), ZERO))
