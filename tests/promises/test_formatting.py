"""Figures stand on pages as the look prescribes, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from flask import Flask
from flask_babel import Babel

from matchmaker import clock, formatting

S = formatting.NBSP


@pytest.fixture
def spoken() -> Iterator[dict[str, str]]:
    """A bare application whose language the test chooses; today is 23 September 2026."""
    app = Flask(__name__)
    chosen = {"language": "zh"}
    Babel(app, locale_selector=lambda: chosen["language"])
    with clock.frozen("2026-09-23T10:00:00+08:00"), app.test_request_context():
        yield chosen


def in_english(chosen: dict[str, str]) -> None:
    from flask_babel import refresh

    chosen["language"] = "en"
    refresh()


CASES = [
    ("wan", 300_000, "30 万元", "¥300,000"),
    ("wan", Decimal("10000000.00"), "1,000 万元", "¥10,000,000"),
    ("wan", "5000.00", "0.5 万元", "¥5,000"),
    ("wan", None, "还没填", "not given"),
    ("board", Decimal("1234567890"), "12.35 亿元", "¥1,234,567,890"),
    ("board", Decimal("99999999"), "10,000 万元", "¥99,999,999"),
    ("wan", Decimal("215280.00"), "215,280 元", "¥215,280"),
    ("wan", Decimal("923500"), "92.35 万元", "¥923,500"),
    ("wan", Decimal("215280.50"), "215,280.5 元", "¥215,280.50"),
    ("yuan", Decimal("25469.65"), "25,470 元", "¥25,470"),
    ("yuan", Decimal("0.5"), "1 元", "¥1"),
    ("yuan2", Decimal("25469.645"), "25,469.65 元", "¥25,469.65"),
    ("percent2", Decimal("3.845"), "3.85%", "3.85%"),
    ("percent2", Decimal("-0.001"), "0.00%", "0.00%"),
    ("percent1", Decimal("14.85"), "14.9%", "14.9%"),
    ("points", Decimal("0.5"), "高 0.50 个百分点", "0.50 points higher"),
    ("more_or_less", Decimal("-18"), "少 18.0%", "18.0% less"),
    ("basis_points", 85, "加 85 个基点", "plus 85 basis points"),
    ("basis_points", -25, "减 25 个基点", "minus 25 basis points"),
    ("basis_points", 0, "不加不减", "with no spread"),
    ("day", date(2026, 9, 28), "9 月 28 日", "28 September"),
    ("day", date(2027, 11, 10), "2027 年 11 月 10 日", "10 November 2027"),
    ("day", datetime(2026, 9, 28, 17, 0, tzinfo=UTC), "9 月 29 日", "29 September"),
    ("day_full", date(2026, 11, 10), "2026-11-10", "10 November 2026"),
    ("moment", datetime(2026, 9, 28, 9, 30, tzinfo=UTC), "9 月 28 日 17:30", "28 September, 17:30"),
    ("moment", "2025-12-31T15:05:00+00:00", "2025 年 12 月 31 日 23:05", "31 December 2025, 23:05"),
    ("months", 1, "1 个月", "1 month"),
    ("months", 12, "12 个月", "12 months"),
    ("workdays", 9, "9 个工作日", "9 working days"),
    ("num", 1306, "1,306", "1,306"),
    ("num", Decimal("12.50"), "12.5", "12.5"),
]


@pytest.mark.article("B.3")
@pytest.mark.parametrize(("name", "value", "chinese", "english"), CASES)
def test_each_figure_in_both_languages(spoken, name, value, chinese, english):
    write = formatting.FILTERS[name]
    assert write(value).replace(S, " ") == chinese
    in_english(spoken)
    assert write(value).replace(S, " ") == english


def test_a_number_never_leaves_its_unit(spoken):
    for text in (
        formatting.wan(300_000),
        formatting.yuan2(1),
        formatting.months(12),
        formatting.workdays(3),
        formatting.day(date(2026, 9, 28)),
    ):
        assert " " not in text and S in text


def test_ranges_name_their_unit_once(spoken):
    assert formatting.wan_range(50_000, 500_000) == f"5 到 50{S}万元"
    assert formatting.months_range(12, 12) == f"12{S}个月"
    assert formatting.percent_range("3.65", "5.57") == "3.65% 到 5.57%"
    in_english(spoken)
    assert formatting.wan_range(50_000, 500_000) == "¥50,000 to ¥500,000"
    assert formatting.months_range(6, 36) == f"6 to 36{S}months"
    assert formatting.workdays_range(4, 9) == f"4 to 9{S}working days"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("300000", "叁拾万元整"),
        ("1005", "壹仟零伍元整"),
        ("10050000", "壹仟零伍万元整"),
        ("100000001", "壹亿零壹元整"),
        ("100010000", "壹亿零壹万元整"),
        ("1002003.45", "壹佰万贰仟零叁元肆角伍分"),
        ("20000.5", "贰万元伍角整"),
        ("20000.05", "贰万元零伍分"),
        ("0.05", "伍分"),
        ("0", "零元整"),
        ("110", "壹佰壹拾元整"),
        ("1000000000000", "壹万亿元整"),
    ],
)
def test_amounts_in_capital_characters(value, words):
    assert formatting.capitals(Decimal(value)) == words


def test_figures_come_apart_for_the_page(spoken):
    assert formatting.parts(Decimal("306293"), "yuan") == formatting.Parts("", "306,293", "元")
    assert formatting.parts(Decimal("3.85"), "percent2") == formatting.Parts("", "3.85", "%")
    in_english(spoken)
    assert formatting.parts(Decimal("306293"), "yuan") == formatting.Parts("¥", "306,293", "")
    assert formatting.parts(None, "yuan") == formatting.Parts("", "", "not given")


@pytest.mark.article("B.3")
def test_chinese_on_an_english_page_is_marked_once_and_never_where_no_element_may_stand() -> None:
    page = (
        '<html lang="en"><title>青檀银行</title><h1>青檀农商银行 says no</h1><p lang="zh-CN">不办 <b>青檀</b><br>不办</p>'
        '<a title="青檀" href="/">A2贷, 灶台贷（二期）</a><option>青檀</option><textarea>青檀</textarea><!-- 青檀 -->'
    )
    assert formatting.mark_chinese(page) == page.replace(
        "青檀农商银行", '<span lang="zh-CN">青檀农商银行</span>'
    ).replace("A2贷", '<span lang="zh-CN">A2贷</span>').replace(
        "灶台贷（二期）", '<span lang="zh-CN">灶台贷（二期）</span>'
    )
