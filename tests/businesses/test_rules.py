"""Standings, placeholders, reading of typed values, warnings and what is missing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matchmaker.businesses import rules, typed
from matchmaker.businesses.rules import BusinessFacts, LineFacts, YearFacts
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused

TODAY = date(2026, 9, 23)


def facts(**values: Any) -> BusinessFacts:
    given = {
        "kind": "sole_proprietor",
        "industry_code": "6210",
        "region_code": "330106",
        "founded_on": date(2022, 5, 6),
        "today": TODAY,
        "has_flow_evidence": True,
        "years": (YearFacts(2025, 8, Decimal(960_000)),),
    }
    return BusinessFacts(**(given | values))  # type: ignore[arg-type]


# standings


def test_every_pair_of_standing_and_step_is_decided() -> None:
    steps = {step for _, step in rules.STEPS}
    for standing in rules.STANDINGS:
        for step in steps:
            after = rules.STEPS.get((standing, step))
            if after is None:
                with pytest.raises(Refused) as refused:
                    rules.standing_after(standing, step)
                assert refused.value.code == "standing_step_not_possible"
            else:
                assert rules.standing_after(standing, step) == after
                assert after in rules.STANDINGS


def test_what_is_proven_is_not_taken_back_by_papers() -> None:
    assert not any(standing in rules.PROVEN for standing, _ in rules.STEPS)


def test_acting_for_another_needs_a_letter() -> None:
    assert rules.papers_needed("owner") == ("licence",)
    assert rules.papers_needed("legal_representative") == ("licence",)
    assert rules.papers_needed("agent") == ("licence", "letter")


# placeholders


@pytest.mark.parametrize(
    "text",
    [
        "无",
        "/",
        "-",
        "--",
        "N/A",
        "n/a",
        "NA",
        "测试",
        "暂无",
        "没有",
        "……",
        ".",
        "***",
        "xxx",
        "111",
        "啊啊啊",
        "test",
        "待定",
        "  ",
        "／",
        "Ｎ／Ａ",
        "【无】",
        "null",
        "不知道",
        "11",
    ],
)
def test_a_placeholder_says_nothing(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["无为县土菜馆", "王记", "测试仪器有限公司", "8 号", "A1 座", "3M 专卖", "某某里咖啡馆", "好又多", "晶晶"]
)
def test_a_real_name_is_no_placeholder(text: str) -> None:
    assert not is_placeholder(text)


def test_odd_blanks_and_control_signs_are_tidied() -> None:
    assert rules.tidy("  望山\t家常\u0000菜馆 \n") == "望山 家常 菜馆"


# typed values


@pytest.mark.parametrize(
    ("text", "unit", "yuan"),
    [
        ("30", "wan", "300000.00"),
        ("30", "yuan", "30.00"),
        ("1,000", "wan", "10000000.00"),
        ("３０．５", "wan", "305000.00"),
        ("30万", "yuan", "300000.00"),
        ("30 万元", "yuan", "300000.00"),
        ("300000元", "wan", "300000.00"),
        ("¥300,000", "yuan", "300000.00"),
        ("0", "wan", "0.00"),
        ("0.000001", "wan", "0.01"),
    ],
)
def test_sums_are_read_as_people_write_them(text: str, unit: str, yuan: str) -> None:
    assert typed.read_yuan(text, "turnover", unit) == Decimal(yuan)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("三十来万", "not_a_number"),
        ("1e5", "not_a_number"),
        ("30-50", "not_a_number"),
        ("NaN", "not_a_number"),
        ("-1", "below_zero"),
        ("99999999999", "too_large"),
        ("0.0000001", "too_fine"),
        ("9" * 40, "not_a_number"),
    ],
)
def test_what_is_no_sum_is_refused(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        typed.read_yuan(text, "turnover")
    assert (refused.value.code, refused.value.field) == (code, "turnover")


def test_a_loss_may_be_written() -> None:
    assert typed.read_yuan("-3.5", "profit", below_zero=True) == Decimal("-35000.00")


@pytest.mark.parametrize("text", ["2024-05-06", "2024/5/6", "2024.05.06", "2024年5月6日", " ２０２４-０５-０６ "])
def test_days_are_read_as_people_write_them(text: str) -> None:
    assert typed.read_day(text, "founded_on") == date(2024, 5, 6)


@pytest.mark.parametrize("text", ["2024-02-30", "24-5-6", "去年", "2024-13-01", "0000-01-01", "2024-05-06T00:00"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        typed.read_day(text, "founded_on")
    assert refused.value.code == "not_a_day"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("8.5", "not_a_whole_number"),
        ("-1", "not_a_whole_number"),
        ("八", "not_a_whole_number"),
        ("9999999", "too_many"),
    ],
)
def test_persons_come_in_whole_numbers(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        typed.read_count(text, "employees")
    assert refused.value.code == code
    assert typed.read_count("1,200 人", "employees") == 1200


def test_dates_must_follow_each_other() -> None:
    for founded, changed, code in (
        (date(2026, 9, 24), None, "founded_later"),
        (date(1900, 1, 1), None, "founded_too_early"),
        (date(2022, 1, 1), date(2026, 9, 24), "change_later"),
        (date(2022, 1, 1), date(2021, 12, 31), "change_before_founding"),
    ):
        with pytest.raises(Refused) as refused:
            rules.check_dates(founded, changed, TODAY)
        assert refused.value.code == code
    rules.check_dates(TODAY, TODAY, TODAY)


# warnings


def codes(found: Any) -> list[str]:
    return [reason.code for reason in found]


@pytest.mark.article("16.2")
def test_a_young_business_is_named_as_such_until_its_first_birthday() -> None:
    assert codes(rules.warnings(facts(founded_on=date(2025, 9, 24)))) == ["warn_young"]
    assert codes(rules.warnings(facts(founded_on=date(2025, 9, 23)))) == []
    reason = rules.warnings(facts(founded_on=date(2026, 3, 10)))[0]
    assert reason.facts["until_on"] == date(2027, 3, 10)
    assert reason.facts["now_months"] == 6


@pytest.mark.article("16.2")
def test_a_recent_change_of_owners_is_named_but_not_the_founding_itself() -> None:
    acquired = facts(kind="enterprise", last_equity_change_on=date(2025, 9, 24))
    assert codes(rules.warnings(acquired)) == ["warn_acquired"]
    assert codes(rules.warnings(facts(last_equity_change_on=date(2025, 9, 23)))) == []
    fresh = facts(founded_on=date(2026, 1, 5), last_equity_change_on=date(2026, 1, 5))
    assert codes(rules.warnings(fresh)) == ["warn_young"]


@pytest.mark.article("16.1")
def test_a_business_without_tax_or_flow_evidence_may_be_a_shell() -> None:
    assert codes(rules.warnings(facts(has_flow_evidence=False))) == ["warn_no_evidence"]
    assert codes(rules.warnings(facts(has_flow_evidence=False, has_tax_evidence=True))) == []


@pytest.mark.article("16.3")
def test_lines_above_half_a_years_turnover_are_named_with_both_sums() -> None:
    def lines(*amounts: int) -> tuple[LineFacts, ...]:
        return tuple(LineFacts("loan", Decimal(amount), Decimal(0), date(2027, 1, 1)) for amount in amounts)

    assert codes(rules.warnings(facts(lines=lines(480_000)))) == []
    found = rules.warnings(facts(lines=lines(300_000, 200_000)))
    assert codes(found) == ["warn_over_lending"]
    assert found[0].facts["lines_yuan"] == 500_000
    assert found[0].facts["share_percent"] == Decimal("52.1")
    over = LineFacts("loan", Decimal(900_000), Decimal(0), date(2026, 9, 22))
    cover = LineFacts("guarantee", Decimal(900_000), Decimal(0), date(2027, 1, 1))
    assert codes(rules.warnings(facts(lines=(over, cover)))) == []
    assert codes(rules.warnings(facts(lines=lines(1), years=()))) == ["warn_lines_without_turnover"]


# facts


def test_the_last_full_year_is_not_the_running_one() -> None:
    years = (YearFacts(2024, 1, Decimal(1)), YearFacts(2026, 3, Decimal(3)), YearFacts(2025, 2, Decimal(2)))
    last = facts(years=years).last_full_year
    assert last is not None and last.year == 2025
    assert facts(years=(YearFacts(2026, 3, Decimal(3)),)).last_full_year is None


def test_the_debt_ratio_needs_both_sides() -> None:
    def ratio(assets: int | None, owed: int | None) -> Decimal | None:
        as_decimal = [None if value is None else Decimal(value) for value in (assets, owed)]
        return facts(years=(YearFacts(2025, 1, Decimal(1), *as_decimal),)).debt_ratio_percent

    assert ratio(300, 100) == Decimal("33.33")
    assert ratio(None, 100) is None
    assert ratio(0, 100) is None
    assert ratio(300, None) is None


def test_matured_debts_still_count_while_a_balance_stands() -> None:
    lines = (
        LineFacts("loan", Decimal(100), Decimal(60), date(2026, 9, 22)),
        LineFacts("loan", Decimal(100), Decimal(30), date(2027, 9, 22)),
        LineFacts("guarantee", Decimal(100), Decimal(100), date(2027, 9, 22)),
    )
    found = facts(lines=lines)
    assert (found.lines_yuan, found.debts_yuan) == (100, 90)


def test_the_size_class_uses_the_last_full_year() -> None:
    assert facts().size_class().expected_size == "micro"
    grown = facts(years=(YearFacts(2025, 12, Decimal(1_000_000)),))
    assert grown.size_class().expected_size == "small"
    assert facts(years=()).size_class().expected_size == "unclassified"


# missing


def test_what_is_missing_is_said_with_the_reason_it_matters() -> None:
    bare = facts(years=(), has_flow_evidence=False)
    assert codes(rules.missing(bare, ["declared"])) == [
        "missing_proof",
        "missing_figures",
        "missing_tax_grade",
        "missing_evidence",
        "missing_collateral",
    ]
    assert "missing_proof" not in codes(rules.missing(bare, ["papers_sent"])), "that is the platform's to do"
    assert "missing_proof" in codes(rules.missing(bare, ["rejected"]))
    assert "missing_collateral" not in codes(rules.missing(replace(bare, collateral_said=True), ["declared"]))
    whole = facts(tax_grade="B", collateral=("MORT_VEH",))
    assert rules.missing(whole, ["checked"]) == ()
    company = replace(whole, kind="enterprise")
    assert codes(rules.missing(company, ["checked"])) == ["missing_assets", "missing_equity_change"]


def test_a_shop_of_this_year_is_not_asked_for_last_years_figures() -> None:
    young = facts(founded_on=date(2026, 2, 1), years=())
    assert "missing_figures" not in codes(rules.missing(young, ["checked"]))
