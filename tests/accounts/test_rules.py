"""Plain rules: addresses, passwords, locks, returns, codes, lists of places."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from matchmaker.accounts import places, rules

NOON = datetime(2026, 9, 23, 4, 0, tzinfo=UTC)


def minutes(*numbers: float) -> list[datetime]:
    return [NOON + timedelta(minutes=number) for number in numbers]


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("13800138000", "13800138000"),
        (" 138 0013 8000 ", "13800138000"),
        ("138-0013-8000", "13800138000"),
        ("１３８００１３８０００", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("0086-13800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("Lin.Xiaoman@Example.CN", "lin.xiaoman@example.cn"),
        ("lin＠example.cn", "lin@example.cn"),
        ("12800138000", None),
        ("1380013800", None),
        ("lin@example", None),
        ("lin@@example.cn", None),
        ("a b@example.cn", None),
        ("lin@example.cn\nBcc: all@example.cn", None),
        ("", None),
        ("无", None),
    ],
)
def test_an_address_has_one_spelling(typed: str, plain: str | None) -> None:
    assert rules.plain_address(typed) == plain


def test_an_address_is_masked_so_that_only_its_owner_knows_it() -> None:
    assert rules.masked("13800138000") == "138****8000"
    assert rules.masked("linxiaoman@example.cn") == "li***@example.cn"
    assert rules.masked("li@example.cn") == "l***@example.cn"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short", "password_too_short"),
        ("1234567890", "password_too_common"),
        ("aaaaaaaaaaaa", "password_too_common"),
        ("１２３４５６７８９０", "password_too_common"),
        ("13800138000", "password_is_your_address"),
        ("linxiaoman1", "password_is_your_address"),
        ("x" * 201, "password_too_long"),
        ("ten lanterns on a boat", None),
        ("十盏灯照着一条旧船走", None),
    ],
)
def test_a_password_is_long_and_not_guessable(password: str, code: str | None) -> None:
    trouble = rules.password_trouble(password, near=("13800138000", "linxiaoman"))
    assert (trouble.code if trouble else None) == code


def test_eight_failures_within_the_window_lock_for_a_quarter_of_an_hour() -> None:
    assert rules.locked_until(minutes(*range(7)), tries=8) is None
    assert rules.locked_until(minutes(*range(8)), tries=8) == NOON + timedelta(minutes=7 + 15)


def test_slow_failures_never_lock() -> None:
    assert rules.locked_until(minutes(*range(0, 60, 3)), tries=8) is None


def test_a_lock_does_not_open_early_because_the_first_failure_has_left_the_window() -> None:
    opens = rules.locked_until(minutes(0, 2, 4, 6, 8, 10, 12, 14), tries=8)
    assert opens == NOON + timedelta(minutes=29)


def test_tries_that_were_under_way_when_the_lock_fell_do_not_lengthen_it() -> None:
    assert rules.locked_until([*minutes(*range(8)), *minutes(7.1, 7.2)], tries=8) == NOON + timedelta(minutes=22)


def test_counting_starts_anew_after_a_lock() -> None:
    again = [*minutes(*range(8)), *minutes(*range(23, 30))]
    assert rules.locked_until(again, tries=8) == NOON + timedelta(minutes=22)
    assert rules.locked_until([*again, *minutes(30)], tries=8) == NOON + timedelta(minutes=45)


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/a\n/b",
        "/\tevil",
        " /x",
        "evil",
        "",
        None,
        "/" + "x" * 3000,
        "/x\\y",
        "/%0d%0a\r\n",
    ],
)
def test_no_return_leads_to_another_house(target: str | None) -> None:
    assert rules.safe_return(target) is None


@pytest.mark.parametrize("target", ["/", "/needs/3?page=2", "/a/b#c", "/需求?x=1"])
def test_a_return_to_a_page_of_ours_is_kept(target: str) -> None:
    assert rules.safe_return(target) == target


def test_a_code_can_be_asked_for_again_after_a_minute_and_not_without_end() -> None:
    assert rules.may_send_code(rules.CodeBudget(None, 0, 0), NOON) is None
    just = rules.may_send_code(rules.CodeBudget(NOON - timedelta(seconds=30), 1, 1), NOON)
    assert just is not None and just.facts["again_at"] == NOON + timedelta(seconds=30)
    many = rules.may_send_code(rules.CodeBudget(NOON - timedelta(minutes=5), 6, 6), NOON)
    assert many is not None and many.code == "codes_asked_too_often"
    visitor = rules.may_send_code(rules.CodeBudget(None, 0, 30), NOON)
    assert visitor is not None and visitor.code == "codes_asked_too_often"


def test_the_second_factor_is_demanded_of_those_who_see_others_data_in_production_only() -> None:
    for role in ("operator", "supervisor", "desk"):
        assert rules.second_factor_demanded({role}, production=True)
        assert not rules.second_factor_demanded({role}, production=False)
    assert not rules.second_factor_demanded({"owner", "manager"}, production=True)


@pytest.mark.parametrize(
    ("typed", "prefixes"),
    [
        ("浙江", ("33",)),
        ("杭州", ("3301",)),
        ("浙江省杭州市西湖区", ("330106",)),
        ("杭州西湖区", ("330106",)),
        ("杭州市 西湖区", ("330106",)),
        ("330106", ("330106",)),
        ("3301", ("3301",)),
        ("北京市", ("11",)),
        ("北京朝阳区", ("110105",)),
        ("新疆", ("65",)),
        ("浙江\n杭州西湖区\n浙江", ("33", "330106")),
        ("Hangzhou", ("3301",)),
        ("Xihu in Hangzhou", ("330106",)),
        ("Shaanxi", ("61",)),
        ("", ()),
    ],
)
def test_places_are_read_as_people_write_them(typed: str, prefixes: tuple[str, ...]) -> None:
    reading = places.read_regions(typed)
    assert (reading.prefixes, reading.troubles) == (prefixes, ())


def test_an_ambiguous_place_is_asked_back_with_examples() -> None:
    (trouble,) = places.read_regions("鼓楼区").troubles
    assert trouble.code == "line_means_several"
    assert trouble.facts["count"] == 4
    assert "福建省福州市鼓楼区" in trouble.facts["examples"]


def test_pinyin_of_several_places_is_asked_back() -> None:
    (trouble,) = places.read_regions("suzhou").troubles
    assert trouble.code == "line_means_several"
    assert "江苏省苏州市" in trouble.facts["examples"] and "安徽省宿州市" in trouble.facts["examples"]


def test_an_unknown_place_is_named() -> None:
    (trouble,) = places.read_regions("望山市").troubles
    assert trouble.code == "line_not_known" and trouble.facts["line"] == "望山市"


@pytest.mark.parametrize(
    ("typed", "prefixes"),
    [
        ("62", ("62",)),
        ("餐饮业", ("62",)),
        ("H6210", ("6210",)),
        ("制造业", ("C",)),
        ("62 餐饮业\n零售业", ("62", "52")),
    ],
)
def test_trades_are_read_by_code_or_name(typed: str, prefixes: tuple[str, ...]) -> None:
    assert places.read_industries(typed).prefixes == prefixes


def test_what_was_read_is_written_back_so_that_it_reads_the_same() -> None:
    regions = ["33", "3301", "330106", "11"]
    assert list(places.read_regions(places.write_regions(regions)).prefixes) == regions
    trades = ["62", "6210", "C", "13"]
    assert list(places.read_industries(places.write_industries(trades)).prefixes) == trades
