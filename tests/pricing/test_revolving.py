"""随借随还: interest by the day on what is drawn."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from matchmaker.pricing.revolving import Move, RevolvingCost, simulate
from matchmaker.refusal import Reason
from tests.pricing.test_cases import DATED, dated_flows

ROWS = {row["case_id"]: row for row in DATED}


def moves(*pairs: tuple[str, int]) -> list[Move]:
    return [Move(date.fromisoformat(on), Decimal(amount)) for on, amount in pairs]


@pytest.mark.parametrize(
    ("case_id", "used", "settlement_day"),
    [
        ("FD02", [("2026-05-11", 500000), ("2026-05-21", -500000)], None),
        ("FD03", [("2026-01-12", 600000), ("2026-02-25", 400000), ("2026-04-10", -300000), ("2026-06-30", -200000),
                  ("2026-09-30", -500000)], 21),
    ],
)  # fmt: skip
def test_the_simulator_makes_the_flows_of_the_reference_cases(
    case_id: str, used: list[tuple[str, int]], settlement_day: int | None
) -> None:
    row = ROWS[case_id]
    found = simulate(moves(*used), Decimal(row["nominal_rate_pct"]), settlement_day=settlement_day)
    assert isinstance(found, RevolvingCost)
    assert [(flow.on, flow.amount_yuan) for flow in found.flows] == dated_flows(row)
    assert found.interest_yuan == Decimal(row["total_cost"])
    assert found.effective_percent == Decimal(row["effective_annual_pct_xirr365"])
    assert found.monthly_times_12_percent == Decimal(row["monthly_equiv_x12_pct"])
    assert found.nominal_on_365_percent == Decimal(row["nominal_times_365_over_360_pct"])


def test_a_year_with_a_fee_is_the_reference_case_but_for_half_fens() -> None:
    # 1,078.125 and 359.375 yuan of interest: the file rounds them down, half up is what we do.
    row = ROWS["FD04"]
    used = moves(("2026-01-05", 500000), ("2026-07-06", -250000), ("2027-01-05", -250000))
    found = simulate(used, Decimal("3.45"), fee_yuan=Decimal(2000))
    assert isinstance(found, RevolvingCost)
    differing = [
        (mine.on, mine.amount_yuan, theirs)
        for mine, (_, theirs) in zip(found.flows, dated_flows(row), strict=True)
        if mine.amount_yuan != theirs
    ]
    assert differing == [
        (date(2026, 7, 21), Decimal("-1078.13"), Decimal("-1078.12")),
        (date(2027, 1, 5), Decimal("-250359.38"), Decimal("-250359.37")),
    ]
    assert found.effective_percent == pytest.approx(
        Decimal(row["effective_annual_pct_xirr365"]), abs=Decimal("0.00001")
    )


@pytest.mark.article("6.3")
def test_used_for_ten_days_costs_ten_days() -> None:
    found = simulate(moves(("2026-05-11", 500000), ("2026-05-21", -500000)), Decimal("3.85"))
    assert isinstance(found, RevolvingCost)
    assert found.days_in_use == 10
    assert found.interest_yuan == Decimal("534.72")


def test_days_without_a_balance_cost_nothing() -> None:
    found = simulate(
        moves(("2026-01-05", 1000), ("2026-01-15", -1000), ("2026-03-05", 1000), ("2026-03-15", -1000)), Decimal("3.6")
    )
    assert isinstance(found, RevolvingCost)
    assert found.days_in_use == 20
    assert found.interest_yuan == Decimal("2.00")


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ([], "nothing_drawn"),
        ([("2026-01-05", -1000)], "nothing_drawn"),
        ([("2026-01-05", 1000), ("2026-02-05", -1001)], "repaid_more_than_drawn"),
        ([("2026-01-05", 1000), ("2026-02-05", -900)], "not_repaid"),
        ([("2026-01-05", 1000), ("2026-02-05", 4500), ("2026-03-05", -5500)], "over_the_limit"),
    ],
)
def test_what_cannot_be_is_answered_with_its_reason(used: list[tuple[str, int]], code: str) -> None:
    found = simulate(moves(*used), Decimal("3.6"), limit_yuan=Decimal(5000))
    assert isinstance(found, Reason)
    assert found.code == code
