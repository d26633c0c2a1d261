"""The solver: one rate, none, or several, and it says which."""

from __future__ import annotations

import time
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyxirr import xirr

from matchmaker.pricing.rules import (
    discount_factor,
    effective_percent,
    lpr_rate_percent,
    monthly_equivalent_percent,
    monthly_rate,
    period_rate,
    simple_percent,
    to_places,
    xirr_percent,
)
from matchmaker.refusal import Reason


def rate_of(*flows: int | str) -> Decimal | str:
    found = monthly_rate([Decimal(flow) for flow in flows])
    return found.facts["found"] if isinstance(found, Reason) else found


@pytest.mark.parametrize(
    ("flows", "why"),
    [
        ((), "none"),
        ((1000,), "none"),
        ((0, 0), "none"),
        ((1000, 100), "none"),
        ((-5, -1000), "none"),
        ((100, -200, 150), "none"),  # complex roots only
        ((1000, -2300, 1320), "several"),  # 10 % and 20 %
        ((-1600, 10000, -10000), "several"),  # 25 % and 400 %
        ((1000, -3000, 2000), "several"),  # 0 % and 100 %
        ((1000, -2000, 1000), "several"),  # 0 % twice
        ((1000, -2200, 1210), "unclear"),  # 10 % twice: touches, does not cross
        ((1000, -3600, 4310, -1716), "several"),  # 10 %, 20 %, 30 %
        ((1000, -3600, 4310, -1716, 0, 0), "several"),
    ],
)
def test_flows_without_a_single_rate_say_so(flows: tuple[int, ...], why: str) -> None:
    assert rate_of(*flows) == why


def test_one_rate_is_found_to_forty_digits() -> None:
    third = rate_of(3, -4)
    assert str(third).startswith("0." + 40 * "3")
    root_two = rate_of(1, 0, -2)
    assert str(root_two).startswith("0.4142135623730950488016887242096980785696")


def test_lenders_and_borrowers_side_have_the_same_rate() -> None:
    assert rate_of(1000, -500, -600) == rate_of(-1000, 500, 600)


def test_a_withheld_deposit_that_outweighs_the_last_instalment_still_has_its_rate() -> None:
    # The second solution, below zero, is no cost of a loan that costs money (Norstrøm's criterion).
    found = rate_of(900, *[-85] * 11, 15)
    assert isinstance(found, Decimal)
    assert Decimal("0.0037") < found < Decimal("0.0038")


def test_a_subsidy_larger_than_the_interest_gives_a_rate_below_zero() -> None:
    found = rate_of(1000, -400, -500)
    assert isinstance(found, Decimal)
    assert -1 < found < 0


def test_three_rates_of_which_two_are_negative_leave_the_positive_one() -> None:
    # (1 - 1.1y)(1 - 0.5y)(1 - 0.8y): 10 %, -50 %, -20 %
    found = rate_of("1000", "-2400", "1830", "-440")
    assert isinstance(found, Decimal)
    assert abs(found - Decimal("0.1")) < Decimal("1e-35")


def test_order_and_split_entries_do_not_matter() -> None:
    whole = xirr_percent([(date(2026, 1, 1), Decimal(1000)), (date(2027, 1, 1), Decimal(-1100))])
    parts = xirr_percent(
        [
            (date(2027, 1, 1), Decimal(-600)),
            (date(2026, 1, 1), Decimal(400)),
            (date(2027, 1, 1), Decimal(-500)),
            (date(2026, 1, 1), Decimal(600)),
        ]
    )
    assert whole == parts
    assert isinstance(whole, Decimal)
    assert to_places(whole, 8) == Decimal("10.00000000")


def test_all_on_one_day_has_no_rate() -> None:
    assert isinstance(xirr_percent([(date(2026, 1, 1), Decimal(5)), (date(2026, 1, 1), Decimal(-6))]), Reason)
    assert isinstance(xirr_percent([]), Reason)


def test_two_thousand_dated_entries_take_little_time() -> None:
    start = date(2026, 1, 1)
    flows = [(start, Decimal(1_000_000))]
    flows += [(start + timedelta(days=3 * n), Decimal("-600.55") + n % 7 * 10) for n in range(1, 2000)]
    begun = time.perf_counter()
    found = xirr_percent(flows)
    assert time.perf_counter() - begun < 2
    assert isinstance(found, Decimal)
    assert float(found) == pytest.approx(xirr([on for on, _ in flows], [float(a) for _, a in flows]) * 100, abs=1e-7)


def test_two_thousand_entries_that_swing_are_judged_in_time() -> None:
    start = date(2026, 1, 1)
    flows = [(start + timedelta(days=n), Decimal(1000 if n % 2 else -1001)) for n in range(2000)]
    begun = time.perf_counter()
    xirr_percent(flows)
    assert time.perf_counter() - begun < 8


def test_dates_ages_apart_are_no_trouble() -> None:
    found = xirr_percent([(date(1, 1, 1), Decimal(1)), (date(9999, 12, 31), Decimal(-2))])
    assert isinstance(found, Decimal)
    assert Decimal("0.006") < found < Decimal("0.007")


@given(
    rate=st.decimals(min_value="0.0001", max_value="0.2", places=6),
    payments=st.lists(st.integers(min_value=1, max_value=10**7), min_size=1, max_size=60),
)
@settings(max_examples=80, deadline=None)
def test_the_rate_that_made_the_flows_comes_back(rate: Decimal, payments: list[int]) -> None:
    worth = sum((Decimal(payment) / (1 + rate) ** month for month, payment in enumerate(payments, 1)), Decimal(0))
    found = monthly_rate([worth, *[-Decimal(payment) for payment in payments]])
    assert isinstance(found, Decimal)
    assert abs(found - rate) < Decimal("1e-16")  # `worth` carries 28 digits


@given(
    st.lists(st.integers(min_value=-(10**6), max_value=10**6), min_size=2, max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_whatever_comes_out_really_solves_the_flows(amounts: list[int]) -> None:
    found = discount_factor(list(enumerate(map(Decimal, amounts))))
    if isinstance(found, Reason):
        assert found.code == "no_unique_rate"
        assert found.facts["found"] in ("none", "several", "unclear")
        return
    left = sum((amount * found**period for period, amount in enumerate(map(Decimal, amounts))), Decimal(0))
    size = sum(abs(amount) * found**period for period, amount in enumerate(map(Decimal, amounts)))
    assert abs(left) <= size * Decimal("1e-25")


@given(
    st.lists(
        st.tuples(st.integers(min_value=1, max_value=3650), st.integers(min_value=1, max_value=10**6)),
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_dated_rates_agree_with_another_solver(paid: list[tuple[int, int]]) -> None:
    start = date(2026, 1, 1)
    received = sum(amount for _, amount in paid) * Decimal("0.9")
    flows = [(start, received)] + [(start + timedelta(days=days), -Decimal(amount)) for days, amount in paid]
    found = xirr_percent(flows)
    assert isinstance(found, Decimal)
    other = xirr([on for on, _ in flows], [float(amount) for _, amount in flows])
    if other is not None and found < 10**6:
        assert float(found) == pytest.approx(other * 100, rel=1e-6, abs=1e-6)


def test_annualising() -> None:
    month = Decimal("0.01")
    assert simple_percent(month) == Decimal("12.00")
    assert to_places(effective_percent(month), 8) == Decimal("12.68250301")
    assert to_places(monthly_equivalent_percent(effective_percent(month)), 20) == Decimal(12)


def test_lpr_plus_and_minus_basis_points() -> None:
    assert lpr_rate_percent(Decimal("3.00"), 85) == Decimal("3.85")
    assert lpr_rate_percent(Decimal("3.50"), -20) == Decimal("3.30")


def test_rounding_is_half_up_and_never_minus_zero() -> None:
    assert str(to_places(Decimal("1.005"), 2)) == "1.01"
    assert str(to_places(Decimal("-0.001"), 2)) == "0.00"
    assert len(str(to_places(Decimal("1e400"), 8))) == 410


def test_periods_may_have_gaps() -> None:
    assert period_rate([(5, Decimal(100)), (17, Decimal(-112))]) == period_rate(
        [(0, Decimal(100)), (12, Decimal(-112))]
    )
