"""Shares of kept promises lean on the peers as far as an institution's own cases do not carry."""

from __future__ import annotations

from datetime import date

import pytest

from matchmaker.products.rules.promises import (
    EVEN,
    STRENGTH,
    UNKNOWN_STRENGTH,
    Cases,
    period_until,
    shares,
    tenths,
)


def test_a_small_institution_is_not_shamed_by_two_bad_cases() -> None:
    found = shares(
        {1: Cases("CITY", 400, 240), 2: Cases("CITY", 300, 150), 3: Cases("CITY", 200, 130), 4: Cases("CITY", 2, 0)}
    )
    assert found[4].share > 0.45, "two cases say next to nothing: it stands where its peers do"
    assert abs(found[1].share - 0.6) < 0.02, "four hundred cases speak for themselves"
    assert found[4].peers == pytest.approx(520 / 902)
    for share in found.values():
        assert STRENGTH[0] <= share.strength <= STRENGTH[1]


def test_the_strength_is_that_of_the_method_of_moments() -> None:
    """Three institutions of 100 cases: mean 0.5, weighted squares 100·(0.04+0+0.04) = 8; (8 − 0.5)/(0.25·(200 − 2))."""
    found = shares({1: Cases("CITY", 100, 30), 2: Cases("CITY", 100, 50), 3: Cases("CITY", 100, 70)})
    alike = (8 - 0.25 * 2) / (0.25 * (300 - 100 - 2))
    assert found[1].strength == pytest.approx(1 / alike - 1)
    assert found[1].share == pytest.approx((30 + found[1].strength * 0.5) / (100 + found[1].strength))


def test_peers_that_differ_by_chance_alone_count_most_and_those_that_all_keep_their_word_stay_there() -> None:
    alike = shares({key: Cases("CITY", 50, 25) for key in (1, 2, 3)})
    assert {one.strength for one in alike.values()} == {STRENGTH[1]}
    perfect = shares({key: Cases("CITY", 50, 50) for key in (1, 2, 3)})
    assert all(one.share == 1.0 for one in perfect.values())


def test_too_few_of_a_kind_take_all_institutions_and_nobody_takes_an_even_share() -> None:
    counted = {key: Cases("CITY", 100, 20 * key) for key in (1, 2, 3)} | {4: Cases("VILLAGE", 10, 10)}
    found = shares(counted)
    assert found[4].peers == pytest.approx(130 / 310), "one village bank is no kind"
    assert found[1].peers == pytest.approx(0.4)
    lone = shares({1: Cases("CITY", 10, 10), 2: Cases("RURALC", 0, 0)})
    assert (lone[2].share, lone[2].strength) == (1.0, UNKNOWN_STRENGTH)
    assert shares({1: Cases("CITY", 0, 0)})[1].share == EVEN


def test_a_share_is_told_in_tenths_from_twenty_cases_on() -> None:
    assert (tenths(64.9, 20), tenths(65.0, 20), tenths(100.0, 500)) == (6, 7, 10)
    assert tenths(65.0, 19) is None


def test_the_period_is_the_twelve_months_until_the_day() -> None:
    assert period_until(date(2026, 9, 22)) == (date(2025, 9, 23), date(2026, 9, 22))
    assert period_until(date(2028, 2, 29)) == (date(2027, 3, 1), date(2028, 2, 29))
