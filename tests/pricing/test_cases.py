"""The reference cases, every column to the last digit printed there (see cases/README.md)."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from pyxirr import irr, xirr

from matchmaker.pricing.cashflows import Repayment, yearly_months
from matchmaker.pricing.quotes import ChargedFee, Fee, Quote, quote_of_sums
from matchmaker.pricing.rules import (
    monthly_equivalent_percent,
    nominal_on_365_percent,
    to_places,
    xirr_percent,
)

CASES = Path(__file__).parent / "cases"
MONTHLY = list(csv.DictReader((CASES / "financing_cost_cases.csv").read_text(encoding="utf-8").splitlines()))
DATED = list(csv.DictReader((CASES / "financing_cost_dated_cases.csv").read_text(encoding="utf-8").splitlines()))


def quoted(row: dict[str, str]) -> Quote:
    """The quote of a row of the file."""
    months = int(row["months"])
    fee = {code: Fee(code) for code in ("SERVICE", "MGMT", "GUAR", "INSPREM", "DEPOSIT")}
    guarantee = {0: Decimal(row["guarantee_fee_upfront"])}
    guarantee |= {month: Decimal(row["guarantee_fee_yearly"]) for month in yearly_months(months)}
    charged = [
        ChargedFee(fee["SERVICE"], {0: Decimal(row["upfront_fee"])}, counted=True),
        ChargedFee(fee["MGMT"], {month: Decimal(row["monthly_fee"]) for month in range(1, months + 1)}, counted=True),
        ChargedFee(fee["GUAR"], guarantee, counted=True),
        ChargedFee(fee["INSPREM"], {0: Decimal(row["insurance_premium"])}, counted=True),
        ChargedFee(fee["DEPOSIT"], {0: Decimal(row["deposit_withheld"])}, counted=True),
    ]
    return quote_of_sums(
        Decimal(row["principal"]),
        months,
        Decimal(row["nominal_rate_pct"]),
        Repayment(row["repayment"]),
        charged,
        Decimal(row["method_param"]) if row["method_param"] else None,
    )


def dated_flows(row: dict[str, str]) -> list[tuple[date, Decimal]]:
    pairs = (entry.split(":") for entry in row["cashflows"].split(";"))
    return [(date.fromisoformat(on), Decimal(amount)) for on, amount in pairs]


@pytest.mark.article("8.2")
@pytest.mark.parametrize("row", MONTHLY, ids=lambda row: row["case_id"])
def test_monthly_case_is_right_to_the_last_digit(row: dict[str, str]) -> None:
    found = quoted(row)
    assert list(found.flows) == [Decimal(flow) for flow in row["cashflows_all_in"].split(";")]
    assert {
        "total_interest": found.interest_yuan,
        "total_lender_fees": found.lender_fees_yuan,
        "total_third_party": found.third_party_fees_yuan,
        "total_cost": found.cost_yuan,
        "first_payment": found.first_instalment_yuan,
        "apr_interest_only_pct": found.interest_only_percent,
        "apr_lender_simple_pct": found.lender_simple_percent,
        "apr_lender_effective_pct": found.lender_effective_percent,
        "apr_all_in_simple_pct": found.all_in_simple_percent,
        "apr_all_in_effective_pct": found.all_in_effective_percent,
    } == {name: Decimal(row[name]) for name in row if name.startswith(("total_", "apr_", "first_"))}


@pytest.mark.parametrize("row", MONTHLY, ids=lambda row: row["case_id"])
def test_monthly_case_agrees_with_another_solver(row: dict[str, str]) -> None:
    found = quoted(row)
    monthly = irr([float(flow) for flow in found.flows])
    assert float(found.all_in_simple_percent or 0) == pytest.approx((monthly or 0) * 1200, abs=1e-8)


@pytest.mark.parametrize("row", DATED, ids=lambda row: row["case_id"])
def test_dated_case_is_right_to_the_last_digit(row: dict[str, str]) -> None:
    flows = dated_flows(row)
    effective = xirr_percent(flows)
    assert isinstance(effective, Decimal)
    assert to_places(effective, 8) == Decimal(row["effective_annual_pct_xirr365"])
    assert to_places(monthly_equivalent_percent(effective), 8) == Decimal(row["monthly_equiv_x12_pct"])
    nominal = Decimal(row["nominal_rate_pct"])
    assert to_places(nominal_on_365_percent(nominal), 8) == Decimal(row["nominal_times_365_over_360_pct"])
    assert -sum(amount for _, amount in flows) == Decimal(row["total_cost"])
    assert float(effective) == pytest.approx(
        xirr([on for on, _ in flows], [float(a) for _, a in flows]) * 100, abs=1e-7
    )
