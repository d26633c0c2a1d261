"""What may be told of a sealed business, how widely, and numbers that nobody can read; who may raise a hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.approaches import rules
from matchmaker.matching.sealing import (
    AGE_BANDS,
    AMOUNT_BANDS,
    LEAST_TOLD,
    TERM_BANDS,
    WIDE,
    WIDTHS,
    Asked,
    Width,
    band_of,
    number_of,
    sealed,
    sealed_number,
)

SHOP = Asked("330106", "62", "H", "micro", Decimal(300_000), 12, 36)
NOW = datetime.fromisoformat("2026-09-23T10:00:00+08:00")


def test_a_band_holds_its_upper_end() -> None:
    assert band_of(Decimal(300_000), AMOUNT_BANDS) == (100_000, 300_000)
    assert band_of(Decimal(300_001), AMOUNT_BANDS) == (300_000, 1_000_000)
    assert band_of(1, AMOUNT_BANDS) == (None, 50_000)
    assert band_of(10_000_001, AMOUNT_BANDS) == (10_000_000, None)


def test_wide_bands_are_made_of_whole_narrow_ones() -> None:
    """Else two cards of one business, told at two widths, would cut a band in two."""
    for narrow, wide in WIDE.items():
        assert set(wide) <= set(narrow)
    assert set(WIDE) == {AMOUNT_BANDS, TERM_BANDS, AGE_BANDS}


@pytest.mark.article("B.1")
def test_it_is_told_more_widely_until_five_share_it_and_else_not_at_all() -> None:
    def told(*counts: int) -> Any:
        by_width = dict(zip(WIDTHS, counts, strict=True))
        return sealed(SHOP, lambda width: by_width[width])

    assert told(5, 9, 9, 9, 9).region_code == "330106"
    city = told(4, 5, 9, 9, 9)
    assert (city.region_code, city.industry_code, city.amount_yuan) == ("330100", "62", (100_000, 300_000))
    wide = told(4, 4, 5, 9, 9)
    assert (wide.region_code, wide.industry_code, wide.amount_yuan) == ("330100", "62", (None, 300_000))
    assert told(4, 4, 4, 5, 9).industry_code == "H"
    assert told(4, 4, 4, 4, 5).region_code == "330000"
    assert told(4, 4, 4, 4, 4) is None


people = st.builds(
    Asked,
    st.sampled_from(["330106", "330102", "330203", "110105"]), st.sampled_from(["62", "61"]), st.just("H"),
    st.sampled_from(["micro", "small"]), st.sampled_from([Decimal(n) for n in (50_000, 300_000, 4_000_000)]),
    st.sampled_from([6, 12, 48]), st.sampled_from([3, 30, 200]),
)  # fmt: skip


@pytest.mark.article("B.1")
@given(st.lists(people, min_size=1, max_size=20))
@settings(max_examples=25, deadline=None)
def test_whatever_is_shown_of_anybody_is_shared_by_five(crowd: list[Asked]) -> None:
    for me in crowd:

        def alike(width: Width, me: Asked = me) -> int:
            return sum(one.at(width) == me.at(width) for one in crowd)

        shown = sealed(me, alike)
        if shown is not None:
            assert sum(shown in [one.at(width) for width in WIDTHS] for one in crowd) >= LEAST_TOLD


@given(st.integers(0, 2**63 - 1), st.text(max_size=12), st.text(max_size=12))
@settings(max_examples=30, deadline=None)
def test_a_sealed_number_is_read_in_its_own_scope_alone(number: int, scope: str, other: str) -> None:
    token = sealed_number(number, scope, "secret")
    assert number_of(token, scope, "secret") == number
    assert number_of(token, scope, "another secret") is None
    if scope != other:
        assert number_of(token, other, "secret") is None
        assert sealed_number(number, other, "secret") != token, "what two readers see cannot be put together"


@pytest.mark.parametrize("token", ["", "a", "x" * 27, "!" * 27, "é", sealed_number(7, "s", "k")[:-1]])
def test_what_is_no_sealed_number_is_nobody(token: str) -> None:
    assert number_of(token, "s", "k") is None


def test_a_changed_character_is_no_number() -> None:
    token = sealed_number(7, "s", "k")
    for place in range(len(token) - 1):  # of the last character two bits are spare
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert number_of(changed, "s", "k") is None


def test_who_may_raise_a_hand() -> None:
    usual = {"is_shown": True, "was_tried": False, "raised": False, "today": 0, "most_a_day": 3, "has_room": True}

    def ask(**changes: Any) -> str | None:
        no = rules.hand_refusal(**{**usual, **changes})
        return no.code if no is not None else None

    assert ask() is None and ask(today=2) is None
    assert ask(is_shown=False) == ask(was_tried=True) == "approach_card_over"
    assert ask(raised=True) == "approach_hand_twice"
    assert ask(today=3) == "approach_hands_used_up"
    assert ask(has_room=False) == "approach_no_room"
    assert rules.has_room(None, 99) and rules.has_room(30, 29) and not rules.has_room(30, 30)


def test_a_card_ends_with_its_days_or_the_agreement() -> None:
    assert rules.card_ends_at(NOW, NOW + timedelta(days=30)) == NOW + timedelta(days=14)
    assert rules.card_ends_at(NOW, NOW + timedelta(days=3)) == NOW + timedelta(days=3)
    assert rules.is_shown(None, NOW, NOW) is False and rules.is_shown(None, NOW, NOW - timedelta(seconds=1))
