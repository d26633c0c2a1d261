"""One reader of typed sums (B.3, 7.3): the units people write, the unit of the page for a bare number, nothing guessed."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.reference.rules.sums import UNITS, read_sum, shown_sum

pytestmark = pytest.mark.article("7.3", "B.3")
SPOKEN = list(csv.reader((Path(__file__).parent / "cases" / "spoken_sums.csv").read_text("utf-8").splitlines()))[1:]


@pytest.mark.parametrize(
    ("typed", "in_wan", "in_yuan"),
    [
        ("30", 300_000, 30), ("３０", 300_000, 30), ("1,000", 10_000_000, 1_000), ("1，000", 10_000_000, 1_000),
        ("1 000", 10_000_000, 1_000), ("1'000", 10_000_000, 1_000), (".5", 5_000, "0.5"), ("-3", -30_000, -3),
        *((typed, 300_000, 300_000) for typed in (
            "30万", "30 万元", "30W", "３０万", "0.003亿", "300000元", "300,000 元", "¥300,000", "￥300,000", "¥30万",
            "RMB 300,000", "300000 yuan", "300k", "0.3 million", "人民币30万元", "30万元整", "30万块",
        )),
        ("2千万", 20_000_000, 20_000_000), ("1.5亿元", 150_000_000, 150_000_000), ("-¥5", -5, -5), ("¥-5", -5, -5),
    ],
)  # fmt: skip
def test_a_typed_unit_wins_and_a_bare_number_is_in_the_unit_of_the_page(typed: str, in_wan: str, in_yuan: str) -> None:
    assert read_sum(typed, "wan") == Decimal(in_wan)
    assert read_sum(typed, "yuan") == Decimal(in_yuan)


@pytest.mark.parametrize(
    "typed",
    ["", " ", "三十来万", "30-50", "1,00", "1,0000", "1e5", "NaN", "Infinity", "9" * 40, "30 美元", "--5", "¥", "30%",
     "1.2.3", "٣٠", "30万30"],
)  # fmt: skip
def test_what_is_no_sum_is_none_and_never_a_guess(typed: str) -> None:
    assert read_sum(typed) is None


@pytest.mark.parametrize(("typed", "in_wan", "in_yuan"), SPOKEN, ids=[row[0] for row in SPOKEN])
def test_numerals_and_sums_of_several_units_are_read_as_spoken(typed: str, in_wan: str, in_yuan: str) -> None:
    assert read_sum(typed, "wan") == (Decimal(in_wan) if in_wan else None)
    assert read_sum(typed, "yuan") == (Decimal(in_yuan) if in_yuan else None)


def _in_numerals(number: int) -> str:
    """An independent writer: signs place by place, then the rules of 零, as a bank prints them."""
    groups = []
    for at in range(0, len(str(number)), 4):
        digits = str(number)[::-1][at : at + 4]
        group = "".join("零一二三四五六七八九"[int(sign)] + " 十百千"[place] for place, sign in enumerate(digits))
        pairs = [group[i : i + 2] for i in range(0, len(group), 2)][::-1]
        said = "".join("零" if pair[0] == "零" else pair.strip() for pair in pairs)
        groups.append(said.rstrip("零") + " 万亿"[at // 4].strip() if int(digits[::-1]) else "零")
    text = "".join(reversed(groups))
    while "零零" in text:
        text = text.replace("零零", "零")
    return text.rstrip("零")


@given(st.integers(min_value=10_000, max_value=10**12 - 1))
def test_every_sum_in_numerals_reads_as_it_was_written(number: int) -> None:
    assert read_sum(_in_numerals(number) + "元") == number


@given(st.text(alphabet="零一两五九十百千万亿25w元", max_size=12))
def test_what_is_read_from_numerals_is_written_the_same_way(text: str) -> None:
    """A text without digits and shorthand that is read at all is one of the few ways of writing its sum."""
    found = read_sum(text + "元")
    if found is None or text.endswith("元") or any(sign in text for sign in "25w") or found < 10_000:
        return
    plain = text.replace("两", "二").replace("一十", "十")
    written = _in_numerals(int(found)).replace("一十", "十")
    assert plain.replace("零", "") == written.replace("零", "")


@given(st.text(max_size=40))
def test_reading_never_fails(text: str) -> None:
    for unit in (*UNITS, "furlong"):
        assert read_sum(text, unit) is None or isinstance(read_sum(text, unit), Decimal)


@given(st.decimals(min_value=0, max_value=10**11, places=2), st.sampled_from(sorted(UNITS)))
def test_what_is_shown_for_editing_reads_the_same(amount: Decimal, unit: str) -> None:
    assert read_sum(shown_sum(amount, unit), unit) == amount
    assert shown_sum(None, unit) == ""


def test_a_sum_is_shown_for_editing_in_the_unit_of_the_page() -> None:
    assert shown_sum(Decimal("300000.00"), "wan") == "30"
    assert shown_sum(Decimal("305000.50"), "wan") == "30.50005"
    assert shown_sum(Decimal("1300000.00"), "yuan") == "1,300,000"
