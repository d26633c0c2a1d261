"""Quotes and cost sheets: every fee counted once, on its side, at its time."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.pricing.cashflows import Repayment, schedule
from matchmaker.pricing.costsheet import cost_sheet
from matchmaker.pricing.quotes import Fee, Quote, nominal_rate_percent, quote
from matchmaker.refusal import Reason

WAN = Decimal(10_000)


def a_quote(
    amount: str = "300000", months: int = 12, rate: str = "3.45", repayment: str = "EQ_INST", *fees: Fee
) -> Quote:
    found = quote(Decimal(amount), months, Decimal(rate), repayment, fees)
    assert isinstance(found, Quote)
    return found


def fee(code: str, value: str, basis: str = "percent_of_amount", timing: str = "upfront", **more: object) -> Fee:
    return replace(Fee(code=code, value=Decimal(value), basis=basis, timing=timing), **more)  # type: ignore[arg-type]


@pytest.mark.article("8.2")
def test_the_guarantee_fee_of_the_drawn_page() -> None:
    # The sheet of the look: 300,000 yuan, 12 months, 3.45 %, a guarantee fee of 0.50 % up front.
    found = a_quote("300000", 12, "3.45", "EQ_INST", fee("GUAR", "0.5"))
    assert found.regular_instalment_yuan == Decimal("25469.65")
    assert found.last_instalment_yuan == Decimal("25469.61")
    assert found.interest_yuan == Decimal("5635.76")
    assert found.third_party_fees_yuan == Decimal("1500.00")
    assert found.to_repay_yuan == Decimal("307135.76")
    assert found.in_hand_yuan == Decimal("298500.00")
    assert round(found.all_in_simple_percent or 0, 2) == Decimal("4.38")
    assert round(found.all_in_effective_percent or 0, 2) == Decimal("4.47")
    assert round(found.cost_per_wan_yuan) == 238


@pytest.mark.parametrize(
    ("item", "sums"),
    [
        (fee("GUAR", "1"), {0: 3000}),
        (fee("GUAR", "1", timing="yearly"), {0: 3000, 12: 3000}),
        (fee("GUAR", "1", "percent_per_year"), {0: 4500}),
        (fee("GUAR", "1", "percent_per_year", "yearly"), {0: 3000, 12: 1500}),
        (fee("GUAR", "1.2", "percent_per_year", "monthly"), dict.fromkeys(range(1, 19), 300)),
        (fee("MGMT", "0.1", timing="monthly"), dict.fromkeys(range(1, 19), 300)),
        (fee("SERVICE", "500", "yuan_once", "yearly"), {0: 500}),
        (fee("SERVICE", "50", "yuan_monthly", "monthly"), dict.fromkeys(range(1, 19), 50)),
        (fee("SERVICE", "50", "yuan_monthly"), {0: 900}),
        (fee("PREPAY", "3"), {}),
        (fee("LATE", "50"), {}),
    ],
)
def test_a_fee_falls_due_as_its_basis_and_timing_say(item: Fee, sums: dict[int, int]) -> None:
    found = a_quote("300000", 18, "4", "INT_M_BULLET", item)
    assert {month: int(amount) for month, amount in found.fees[0].by_month.items()} == sums
    assert found.lender_fees_yuan + found.third_party_fees_yuan == sum(sums.values())


@pytest.mark.article("8.2")
def test_what_others_pay_and_what_is_optional_is_listed_but_not_counted() -> None:
    bare = a_quote()
    listed = a_quote(
        "300000", 12, "3.45", "EQ_INST",
        fee("APPRAISAL", "800", "yuan_once", payer="bank"),
        fee("GUAR", "1", payer="government"),
        fee("INSCOLL", "0.2", optional=True),
    )  # fmt: skip
    assert listed.all_in_simple_percent == bare.all_in_simple_percent
    assert listed.cost_yuan == bare.cost_yuan
    lines = {line.code: line for line in cost_sheet(listed, "望山银行").lines}
    assert lines["APPRAISAL"].amount_yuan == Decimal("800.00")
    assert not lines["APPRAISAL"].counted and lines["APPRAISAL"].payer == "bank"
    assert lines["INSCOLL"].optional


def test_a_subsidy_lowers_the_cost_and_follows_what_is_owed() -> None:
    bare = a_quote("300000", 12, "4", "EQ_PRIN")
    with_subsidy = a_quote("300000", 12, "4", "EQ_PRIN", fee("SUBSIDY", "2", "percent_per_year", "monthly"))
    assert with_subsidy.subsidy_yuan == pytest.approx(bare.interest_yuan / 2, abs=Decimal("0.07"))
    assert with_subsidy.cost_yuan == bare.cost_yuan - with_subsidy.subsidy_yuan
    assert (with_subsidy.all_in_simple_percent or 0) == pytest.approx(Decimal(2), abs=Decimal("0.001"))
    assert with_subsidy.lender_simple_percent == bare.lender_simple_percent


def test_a_subsidy_beyond_the_interest_is_a_cost_below_zero() -> None:
    found = a_quote("300000", 12, "2", "INT_M_BULLET", fee("SUBSIDY", "2.5", "percent_per_year", "yearly"))
    assert found.all_in_simple_percent is not None
    assert found.all_in_simple_percent < 0
    assert found.cost_yuan < 0


def test_a_deposit_lessens_what_is_in_hand_and_costs_nothing_by_itself() -> None:
    found = a_quote("1000000", 12, "3.30", "INT_M_BULLET", fee("DEPOSIT", "10"))
    assert found.in_hand_yuan == Decimal("900000.00")
    assert found.cost_yuan == found.interest_yuan
    assert found.all_in_simple_percent == Decimal("3.66666667")  # as reference case FC15


def test_a_revolving_line_is_priced_as_fully_drawn_and_says_so() -> None:
    revolving, bullet = a_quote(repayment="REVOLVE"), a_quote(repayment="INT_M_BULLET")
    assert revolving.fully_drawn and not bullet.fully_drawn
    assert revolving.all_in_simple_percent == bullet.all_in_simple_percent
    assert revolving.repayment == "REVOLVE"


@pytest.mark.parametrize("code", ["HALFYEAR_PRIN", "STEP", "SEASON", "NONE"])
def test_a_way_of_repaying_without_a_rule_is_not_priced(code: str) -> None:
    found = quote(WAN, 12, Decimal(4), code)
    assert isinstance(found, Reason)
    assert found.code == "repayment_without_rule"


def test_fees_that_eat_the_loan_leave_sums_but_no_rate() -> None:
    found = a_quote("10000", 12, "4", "EQ_INST", fee("SERVICE", "10000", "yuan_once"))
    assert found.all_in_simple_percent is None
    assert found.no_rate == "none"
    assert found.interest_only_percent is not None
    assert cost_sheet(found).lines[-1].annual_percent is None


@pytest.mark.article("8.3")
def test_the_lines_of_a_sheet_add_up_to_the_rate_and_to_the_cost() -> None:
    found = a_quote(
        "500000", 24, "4.2", "EQ_INST",
        fee("SERVICE", "0.5"), fee("MGMT", "30", "yuan_monthly", "monthly"), fee("GUAR", "1", timing="yearly"),
        fee("INSPREM", "1.2"), fee("DEPOSIT", "5"), fee("GUARSUB", "0.5"), fee("LATE", "50"),
    )  # fmt: skip
    sheet = cost_sheet(found, "望山银行", {"GUAR": "青檀担保"})
    shares = [line.annual_percent for line in sheet.lines if line.annual_percent is not None]
    assert sum(shares) == found.all_in_simple_percent
    assert sum(line.amount_yuan for line in sheet.lines if line.counted) == found.cost_yuan
    by_code = {line.code: line for line in sheet.lines}
    assert by_code["INTEREST"].payee == "望山银行"
    assert by_code["GUAR"].payee == "青檀担保" and by_code["GUAR"].period == "yearly"
    assert by_code["SERVICE"].way == "deducted" and by_code["MGMT"].way == "with_instalment"
    assert by_code["GUARSUB"].amount_yuan == Decimal("-2500.00") and by_code["GUARSUB"].way == "received"
    assert by_code["LATE"].period == "if_it_happens" and by_code["LATE"].annual_percent is None
    assert set(sheet.not_charged) == {"APPRAISAL", "REGIST", "NOTARY", "AUDIT", "INSCOLL", "PLATFORM"}


@pytest.mark.article("8.3")
def test_a_sheet_survives_being_stored() -> None:
    stored = json.loads(json.dumps(cost_sheet(a_quote("300000", 12, "3.45", "EQ_INST", fee("GUAR", "0.5"))).as_json()))
    assert stored["quote"]["all_in_simple_percent"].startswith("4.38")
    assert stored["rows"][11]["payment_yuan"] == "25469.61"
    assert stored["lines"][1]["code"] == "GUAR"


def test_figures_of_the_cost_sheet_study() -> None:
    # research: 500,000 for a year at 4.00 %, interest monthly, fees 1,200 + 200 + 80 up front; then 1 % guarantee.
    fees = [fee("APPRAISAL", "1200", "yuan_once"), fee("REGIST", "200", "yuan_once"), fee("NOTARY", "80", "yuan_once")]
    found = a_quote("500000", 12, "4", "INT_M_BULLET", *fees)
    assert round(found.all_in_simple_percent or 0, 2) == Decimal("4.30")
    assert round(found.all_in_effective_percent or 0, 2) == Decimal("4.39")
    guaranteed = a_quote("500000", 12, "4", "INT_M_BULLET", *fees, fee("GUAR", "1"))
    assert round(guaranteed.all_in_simple_percent or 0, 2) == Decimal("5.33")
    assert round(guaranteed.all_in_effective_percent or 0, 2) == Decimal("5.47")
    flat = a_quote("120000", 12, "4.2", "FLAT")
    assert round(flat.all_in_simple_percent or 0, 2) == Decimal("7.66")
    assert round(flat.all_in_effective_percent or 0, 2) == Decimal("7.94")


def test_a_price_comes_from_its_base() -> None:
    lpr = (Decimal("3.0"), Decimal("3.5"))
    assert nominal_rate_percent("LPR1Y", 85, None, *lpr) == Decimal("3.85")
    assert nominal_rate_percent("LPR5Y", -20, None, *lpr) == Decimal("3.30")
    assert nominal_rate_percent("FIXED", None, Decimal("4.35"), *lpr) == Decimal("4.35")
    for gap in (("FIXED", None, None), ("LPR1Y", None, None), ("DAILY", 3, None)):
        with pytest.raises(ValueError):
            nominal_rate_percent(*gap, *lpr)


@pytest.mark.parametrize("repayment", list(Repayment))
@given(
    fen=st.integers(min_value=1, max_value=10**12),
    months=st.integers(min_value=1, max_value=120),
    rate=st.decimals(min_value=0, max_value=60, places=2),
)
@settings(max_examples=25, deadline=None)
def test_every_schedule_repays_exactly_what_was_lent(
    repayment: Repayment, fen: int, months: int, rate: Decimal
) -> None:
    amount = Decimal(fen).scaleb(-2)
    param = {Repayment.INT_M_PART: Decimal(10), Repayment.BALLOON: Decimal(months + 60)}.get(repayment)
    rows = schedule(amount, months, rate, repayment, param)
    assert len(rows) == months
    assert sum(row.principal_yuan for row in rows) == amount
    assert rows[-1].balance_yuan == 0
    assert all(row.principal_yuan >= 0 and row.interest_yuan >= 0 and row.balance_yuan >= 0 for row in rows)


@given(
    wan=st.integers(min_value=1, max_value=2000),
    months=st.integers(min_value=1, max_value=36),
    rate=st.decimals(min_value=1, max_value=20, places=2),
    repayment=st.sampled_from(["EQ_INST", "EQ_PRIN", "FLAT", "INT_M_BULLET", "INT_Q_BULLET", "BULLET"]),
    low=st.decimals(min_value=0, max_value=5, places=2),
    more=st.decimals(min_value="0.01", max_value=5, places=2),
    code=st.sampled_from(["SERVICE", "GUAR", "INSPREM", "MGMT", "DEPOSIT"]),
    timing=st.sampled_from(["upfront", "yearly"]),
)
@settings(max_examples=80, deadline=None)
def test_a_higher_fee_never_makes_a_loan_cheaper(
    wan: int, months: int, rate: Decimal, repayment: str, low: Decimal, more: Decimal, code: str, timing: str
) -> None:
    amount = WAN * wan
    cheap = quote(amount, months, rate, repayment, [fee(code, str(low), timing=timing)])
    dear = quote(amount, months, rate, repayment, [fee(code, str(low + more), timing=timing)])
    assert isinstance(cheap, Quote) and isinstance(dear, Quote)
    assert cheap.all_in_simple_percent is not None and dear.all_in_simple_percent is not None
    assert dear.all_in_simple_percent > cheap.all_in_simple_percent
    assert dear.all_in_effective_percent > cheap.all_in_effective_percent  # type: ignore[operator]
    assert cheap.to_repay_yuan == amount + cheap.cost_yuan


@given(
    rate=st.decimals(min_value=1, max_value=20, places=2),
    months=st.integers(min_value=6, max_value=60),
    repayment=st.sampled_from(["EQ_INST", "EQ_PRIN", "INT_M_BULLET"]),
)
@settings(max_examples=40, deadline=None)
def test_a_loan_without_fees_costs_its_nominal_rate(rate: Decimal, months: int, repayment: str) -> None:
    found = quote(Decimal(10_000_000), months, rate, repayment)
    assert isinstance(found, Quote)
    assert found.all_in_simple_percent == pytest.approx(rate, abs=Decimal("0.0001"))  # roundings to the fen only
