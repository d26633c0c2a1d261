"""Rates out of cash flows: the solver that finds the one rate, and the arithmetic of LPR and of annualising.

Rule followed: announcement [2021] No. 3 of the People's Bank of China (2021-03-12): the annual rate is all that the
borrower pays over the principal really occupied; compound means the internal rate of return, simple must be called
simple. Here *simple* is the rate of one month times 12, *effective* is (1 + monthly rate)^12 - 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext

from matchmaker.refusal import Reason

#: Decimal digits of every calculation; results are exact to 40 of them, the rest guards the last steps.
DIGITS = 60
SOLVED_TO = Decimal("1e-42")
#: Work allowed while roots are being counted: terms evaluated (about half a second), and points looked at.
#: Flows that need more are not shown to have a single rate, and are answered so.
COUNTING_WORK = 1_500_000
COUNTING_POINTS = 1_000

FEN = Decimal("0.01")
ZERO = Decimal(0)
ONE = Decimal(1)

#: (period, amount): what the borrower receives is positive, what the borrower pays is negative.
Flow = tuple[int, Decimal]


def to_fen(amount_yuan: Decimal) -> Decimal:
    """Round a sum to 0.01 yuan, half up, as the reference cases do."""
    with localcontext() as context:
        context.prec = max(DIGITS, _digits_needed(amount_yuan, 2))
        return amount_yuan.quantize(FEN, rounding=ROUND_HALF_UP)


def to_places(value: Decimal, places: int) -> Decimal:
    """Round half up to `places` decimals, whatever the size of `value`."""
    with localcontext() as context:
        context.prec = _digits_needed(value, places)
        rounded = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        return rounded if rounded else abs(rounded)  # never "-0.00"


def _digits_needed(value: Decimal, places: int) -> int:
    return max(value.adjusted(), 0) + places + 10


def lpr_rate_percent(lpr_percent: Decimal, spread_bp: Decimal | int) -> Decimal:
    """A price written as LPR plus or minus basis points, in percent a year (1 bp = 0.01 percentage points)."""
    return lpr_percent + Decimal(spread_bp) / 100


def no_unique_rate(found: str) -> Reason:
    """The answer for flows without a single rate; `found` says none, several or unclear."""
    return Reason("no_unique_rate", {"found": found})


def monthly_rate(flows: Sequence[Decimal]) -> Decimal | Reason:
    """The one rate per month (a share, not percent) at which monthly flows, month 0 first, are worth nothing."""
    return period_rate(list(enumerate(flows)))


def simple_percent(rate_per_month: Decimal) -> Decimal:
    """单利: monthly rate times 12, in percent."""
    with localcontext() as context:
        context.prec = DIGITS
        return rate_per_month * 1200


def effective_percent(rate_per_month: Decimal) -> Decimal:
    """复利: (1 + monthly rate)^12 - 1, in percent."""
    with localcontext() as context:
        context.prec = DIGITS
        return ((1 + rate_per_month) ** 12 - 1) * 100


def xirr_percent(flows: Iterable[tuple[date, Decimal]]) -> Decimal | Reason:
    """Effective annual percent of dated flows, years of 365 days (actual/365)."""
    dated = list(flows)
    if not dated:
        return no_unique_rate("none")
    first = min(on for on, _ in dated)
    daily = discount_factor([((on - first).days, amount) for on, amount in dated])
    if isinstance(daily, Reason):
        return daily
    with localcontext() as context:
        context.prec = DIGITS
        return (daily**-365 - 1) * 100


def monthly_equivalent_percent(effective_annual_percent: Decimal) -> Decimal:
    """Twelve times the monthly rate that compounds to the given annual percent."""
    with localcontext() as context:
        context.prec = DIGITS
        return ((1 + effective_annual_percent / 100) ** (ONE / 12) - 1) * 1200


def nominal_on_365_percent(nominal_percent: Decimal) -> Decimal:
    """A rate counted actual/360, said for a year of 365 days."""
    with localcontext() as context:
        context.prec = DIGITS
        return nominal_percent * 365 / 360


def period_rate(flows: Iterable[Flow]) -> Decimal | Reason:
    """The one rate per period of flows at whole periods; see `discount_factor` for what "the one" means."""
    factor = discount_factor(flows)
    if isinstance(factor, Reason):
        return factor
    with localcontext() as context:
        context.prec = DIGITS
        return 1 / factor - 1


def discount_factor(flows: Iterable[Flow]) -> Decimal | Reason:
    """The one y = 1/(1 + rate) with sum(amount * y^period) = 0, to 40 digits, or the reason why there is none.

    A rate of zero or more counts first: money that costs something cannot cost less than nothing, so a second,
    negative solution (it appears when a withheld deposit comes back with the last instalment) is no candidate.
    Only where no such rate exists are negative rates (above -100 %) looked at. Two or more rates on the side that
    counts, or none at all, answer `no_unique_rate`.
    """
    terms = _merged(flows)
    if len(terms) < 2 or _sign_changes(amount for _, amount in terms) == 0:
        return no_unique_rate("none")
    with localcontext() as context:
        context.prec = DIGITS
        at_zero_rate = sum((amount for _, amount in terms), ZERO)
        if at_zero_rate == 0:
            # Zero is a rate; it is the one if nothing else is and if the value crosses there.
            crosses = sum((period * amount for period, amount in terms), ZERO) != 0
            if crosses and _roots_below_one(terms) == 0:
                return ONE
            return no_unique_rate("several")
        found = _roots_below_one(terms)
        if found == 1:
            return _root(terms)
        if found:
            return no_unique_rate("several" if found > 0 else "unclear")
        mirrored = _mirrored(terms)  # y > 1 becomes y < 1
        found = _roots_below_one(mirrored)
        if found == 1:
            return 1 / _root(mirrored)
        return no_unique_rate("none" if found == 0 else "several" if found > 0 else "unclear")


def _merged(flows: Iterable[Flow]) -> list[Flow]:
    """One term a period, in order, without zeros, the first at period 0."""
    sums: dict[int, Decimal] = {}
    with localcontext() as context:
        context.prec = DIGITS
        for period, amount in flows:
            sums[period] = sums.get(period, ZERO) + amount
    terms = sorted((period, amount) for period, amount in sums.items() if amount)
    return [(period - terms[0][0], amount) for period, amount in terms]


def _mirrored(terms: list[Flow]) -> list[Flow]:
    last = terms[-1][0]
    return [(last - period, amount) for period, amount in reversed(terms)]


def _sign_changes(amounts: Iterable[Decimal]) -> int:
    changes, before = 0, 0
    for amount in amounts:
        sign = (amount > 0) - (amount < 0)
        if sign and before and sign != before:
            changes += 1
        before = sign or before
    return changes


def _roots_below_one(terms: list[Flow]) -> int:
    """How many y strictly between 0 and 1 solve the flows; -1 when that cannot be shown.

    The sign changes of the running totals are never fewer than the roots and differ from them by an even number
    (the rule of signs for discounted sums; Norstrøm's criterion is the case of one change), so 0 and 1 settle it.
    """
    running, totals = ZERO, []
    for _, amount in terms:
        running += amount
        totals.append(running)
    bound = _sign_changes(totals)
    if bound == 0 or (bound == 1 and running != 0):
        return bound
    return _counted(terms)


def _counted(terms: list[Flow]) -> int:
    """Count roots by halving (0, 1): the received and the paid part both grow with y, which bounds their difference."""
    scale = max(abs(amount) for _, amount in terms)
    floats = [(period, float(amount / scale)) for period, amount in terms]
    parts: dict[float, tuple[float, float, float, float]] = {}

    def at(y: float) -> tuple[float, float, float, float]:
        if y not in parts:
            parts[y] = _parts(floats, y)
        return parts[y]

    count = 0
    points = min(COUNTING_POINTS, COUNTING_WORK // len(terms))
    waiting = [(0.0, 1.0)]
    while waiting:
        low, high = waiting.pop()
        p0, n0, dp0, dn0 = at(low)
        p1, n1, dp1, dn1 = at(high)
        slack = 1e-12 * (p1 + n1)
        if p0 - n1 > slack or p1 - n0 < -slack:
            continue
        value0, value1 = p0 - n0, p1 - n1
        steep = 1e-12 * (dp1 + dn1)
        if (dp0 - dn1 > steep or dp1 - dn0 < -steep) and abs(value0) > slack:
            # Monotone here; a zero exactly at 1 is the zero rate, not a root below one.
            if abs(value1) > slack:
                count += (value0 > 0) != (value1 > 0)
                continue
            if high == 1.0 and sum(amount for _, amount in terms) == 0:
                continue
        middle = (low + high) / 2
        while low < middle < high and abs(at(middle)[0] - at(middle)[1]) <= slack and len(parts) <= points:
            middle += (high - middle) / 7  # do not split on a root
        if not low < middle < high or len(parts) > points:
            return -1
        waiting += [(low, middle), (middle, high)]
    return count


def _parts(floats: list[tuple[int, float]], y: float) -> tuple[float, float, float, float]:
    """Received and paid part at y, and the slope of each."""
    plus = minus = plus_slope = minus_slope = 0.0
    for period, amount in floats:
        slope = amount * period * y ** (period - 1) if period else 0.0
        value = amount * y**period
        if amount > 0:
            plus, plus_slope = plus + value, plus_slope + slope
        else:
            minus, minus_slope = minus - value, minus_slope - slope
    return plus, minus, plus_slope, minus_slope


def _root(terms: list[Flow]) -> Decimal:
    """The only y in (0, 1): found in floats, then bracketed and polished in Decimal."""
    start_positive = terms[0][1] > 0
    guess, low, high = _bracket(terms, start_positive)
    for _ in range(400):
        value, slope = _value_and_slope(terms, guess)
        if value == 0:
            return guess
        if (value > 0) == start_positive:
            low = guess
        else:
            high = guess
        if slope:
            following = guess - value / slope
            if abs(following - guess) <= SOLVED_TO * guess:
                return following
            if low < following < high:
                guess = following
                continue
        guess = (low + high) / 2  # the bracket holds where Newton leaps out
        if high - low <= SOLVED_TO * high:
            return guess
    return guess


def _bracket(terms: list[Flow], start_positive: bool) -> tuple[Decimal, Decimal, Decimal]:
    """A guess, and two Decimals with the root between them, close where floats could see it."""
    centre = Decimal(_float_root(terms, start_positive))
    below, above = ZERO, ONE
    width = Decimal("1e-13")
    while width < 1:
        if centre - width > 0 and (_value_and_slope(terms, centre - width)[0] > 0) == start_positive:
            below = max(below, centre - width)
        if centre + width < 1 and (_value_and_slope(terms, centre + width)[0] > 0) != start_positive:
            above = min(above, centre + width)
        if below > 0 and above < 1:
            break
        width *= 1000
    return (centre if below < centre < above else (below + above) / 2), below, above


def _float_root(terms: list[Flow], start_positive: bool) -> float:
    """Newton inside a bracket; as near as floats come."""
    scale = max(abs(amount) for _, amount in terms)
    backwards = [(period, float(amount / scale)) for period, amount in reversed(terms)]
    low, high, guess = 0.0, 1.0, 0.99
    for _ in range(100):
        value = slope = 0.0
        following = backwards[0][0]
        for period, amount in backwards:
            gap = following - period
            if gap == 1:
                slope, value = slope * guess + value, value * guess
            elif gap:
                slope, value = slope * guess**gap + gap * guess ** (gap - 1) * value, value * guess**gap
            value += amount
            following = period
        if value == 0.0:
            return guess
        if (value > 0) == start_positive:
            low = guess
        else:
            high = guess
        step = guess - value / slope if slope else -1.0
        if abs(step - guess) <= 1e-15 * guess:
            return guess
        guess = step if low < step < high else (low + high) / 2
        if not low < guess < high:
            return guess
    return guess


def _value_and_slope(terms: list[Flow], y: Decimal) -> tuple[Decimal, Decimal]:
    """Horner over the gaps between the periods."""
    value = slope = ZERO
    following = terms[-1][0]
    for period, amount in reversed(terms):
        gap = following - period
        if gap:
            power = y if gap == 1 else y**gap
            grown = value if gap == 1 else gap * (y ** (gap - 1)) * value
            slope = slope * power + grown
            value = value * power
        value += amount
        following = period
    return value, slope
