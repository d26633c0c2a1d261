"""随借随还: interest by the day on what is really drawn, settled on a day of the month, as dated flows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, localcontext

from matchmaker.pricing.rules import (
    DIGITS,
    ZERO,
    monthly_equivalent_percent,
    nominal_on_365_percent,
    to_fen,
    to_places,
    xirr_percent,
)
from matchmaker.refusal import Reason

#: Banks settle the interest of a revolving line on this day of each month.
SETTLEMENT_DAY = 21
DAY_BASIS = 360


@dataclass(frozen=True)
class Move:
    """Money drawn (positive) or principal repaid (negative) on a day."""

    on: date
    amount_yuan: Decimal


@dataclass(frozen=True)
class DatedFlow:
    """One flow of the borrower: received positive, paid negative; its interest part and what is drawn after it."""

    on: date
    amount_yuan: Decimal
    interest_yuan: Decimal
    drawn_yuan: Decimal


@dataclass(frozen=True)
class RevolvingCost:
    """What the use of a line cost: interest and fee in yuan, rates in percent with 8 places (None: no single rate)."""

    flows: tuple[DatedFlow, ...]
    interest_yuan: Decimal
    fee_yuan: Decimal
    days_in_use: int
    effective_percent: Decimal | None
    monthly_times_12_percent: Decimal | None
    nominal_on_365_percent: Decimal
    no_rate: str | None = None


def simulate(
    moves: Iterable[Move],
    rate_percent: Decimal,
    *,
    limit_yuan: Decimal | None = None,
    fee_yuan: Decimal = ZERO,
    settlement_day: int | None = SETTLEMENT_DAY,
) -> RevolvingCost | Reason:
    """Follow a revolving line from its first draw to its last repayment, interest actual/360.

    Interest is paid on each settlement day (None: with the last repayment only) and with the repayment that brings
    the balance to zero. `fee_yuan` is withheld from the first draw. Answers a reason when more is repaid than is
    drawn (`repaid_more_than_drawn`), when the limit is passed (`over_the_limit`), when money is left unpaid
    (`not_repaid`) or when nothing was drawn (`nothing_drawn`).
    """
    by_day: dict[date, Decimal] = {}
    for move in moves:
        by_day[move.on] = by_day.get(move.on, ZERO) + move.amount_yuan
    days = sorted(by_day)
    if not days or by_day[days[0]] <= 0:
        return Reason("nothing_drawn", {})
    flows: list[DatedFlow] = []
    drawn = accrued = ZERO
    used_days = 0
    since = days[0]
    with localcontext() as context:
        context.prec = DIGITS
        for on in sorted({*days, *_settlement_days(days[0], days[-1], settlement_day)}):
            accrued += drawn * rate_percent / 100 * (on - since).days / DAY_BASIS
            used_days += (on - since).days if drawn else 0
            since = on
            moved = by_day.get(on, ZERO)
            drawn += moved
            if drawn < 0:
                return Reason("repaid_more_than_drawn", {"move_on": on, "over_yuan": -drawn})
            if limit_yuan is not None and drawn > limit_yuan:
                return Reason("over_the_limit", {"move_on": on, "limit_yuan": limit_yuan, "drawn_yuan": drawn})
            settles = settlement_day is not None and on.day == settlement_day
            interest = to_fen(accrued) if (settles or (moved and not drawn)) else ZERO
            accrued = ZERO if (settles or (moved and not drawn)) else accrued
            fee = fee_yuan if on == days[0] else ZERO
            amount = moved - interest - fee
            if amount:
                flows.append(DatedFlow(on, amount, interest, drawn))
        if drawn:
            return Reason("not_repaid", {"left_yuan": drawn})
    rate = xirr_percent((flow.on, flow.amount_yuan) for flow in flows)
    none = isinstance(rate, Reason)
    return RevolvingCost(
        flows=tuple(flows),
        interest_yuan=sum((flow.interest_yuan for flow in flows), ZERO),
        fee_yuan=fee_yuan,
        days_in_use=used_days,
        effective_percent=None if isinstance(rate, Reason) else to_places(rate, 8),
        monthly_times_12_percent=None if isinstance(rate, Reason) else to_places(monthly_equivalent_percent(rate), 8),
        nominal_on_365_percent=to_places(nominal_on_365_percent(rate_percent), 8),
        no_rate=rate.facts["found"] if none and isinstance(rate, Reason) else None,
    )


def _settlement_days(first: date, last: date, day_of_month: int | None) -> list[date]:
    if day_of_month is None:
        return []
    found = []
    on = first + timedelta(days=1)
    while on < last:
        if on.day == day_of_month:
            found.append(on)
        on += timedelta(days=1)
    return found
