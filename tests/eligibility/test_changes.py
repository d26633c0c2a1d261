"""What would help: found by running the same rules again, so it must equal running all of them again."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.bounds import Place, Span
from matchmaker.eligibility.changes import (
    Enough,
    applied,
    enough,
    failures,
    failures_after,
    first_opening,
    opening_days,
    what_helps,
    within_reach,
)
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import failed_rules, near_misses

from .strategies import all_facts, all_terms, days, money
from .test_rules import TODAY

SHOP = Facts(
    kind="sole_proprietor", industry_code="6210", region_code="330106", founded_on=date(2024, 12, 23),
    turnover_yuan=Decimal(920_000), amount_yuan=Decimal(300_000), term_months=12, purpose="PURCHASE",
    securities=frozenset(), tax_grade="M",
)  # fmt: skip


def test_each_change_says_what_it_opens_and_what_it_closes() -> None:
    market = [
        Terms(1, term_max_months=12),
        Terms(2, term_min_months=24),
        Terms(3, term_min_months=24, term_max_months=36),
        Terms(4, term_min_months=36),
        Terms(5, amount_max_yuan=Decimal(200_000)),
        Terms(6, securities=("MORT_COM",)),
        Terms(7, min_months_in_business=24),
        Terms(8, term_min_months=24, amount_max_yuan=Decimal(200_000)),
    ]
    helps = {help.fact: help for help in what_helps(market, SHOP, TODAY)}
    assert (helps["term_months"].value, helps["term_months"].opened, helps["term_months"].closed) == (
        36,
        (2, 3, 4),
        (1,),
    )
    assert (helps["amount_yuan"].value, helps["amount_yuan"].opened) == (Decimal(200_000), (5,))
    assert (helps["securities"].value, helps["securities"].opened) == ("MORT_COM", (6,))
    assert (helps["today"].value, helps["today"].opened) == (date(2026, 12, 23), (7,))
    assert helps["term_months"].reason.facts == {"term_months": 36, "more": 3, "fewer": 1}


def test_of_two_values_that_open_as_many_the_nearer_one_is_told() -> None:
    market = [Terms(1, term_min_months=24), Terms(2, term_min_months=18, term_max_months=20)]
    [help] = what_helps(market, SHOP, TODAY)
    assert (help.value, help.opened) == (18, (2,))


def test_a_change_that_closes_as_much_as_it_opens_is_no_help() -> None:
    assert what_helps([Terms(1, term_min_months=24), Terms(2, term_max_months=12)], SHOP, TODAY) == []


def test_the_amount_told_can_also_be_decided_on_nearby() -> None:
    place = Place(regions=("3301",), decides_up_to_yuan=Decimal(150_000))
    [help] = what_helps([Terms(1, amount_max_yuan=Decimal(200_000), places=(place,))], SHOP, TODAY)
    assert help.value == Decimal(150_000)


@pytest.mark.article("16.1")
def test_nobody_is_told_to_name_another_purpose() -> None:
    market = [Terms(1, purposes=("EQUIP",)), Terms(2, industries_allow=("13",)), Terms(3, first_time_only=True)]
    assert what_helps(market, SHOP.changed(first_loan=False), TODAY) == []


def test_waiting_is_told_by_its_day_and_not_beyond_two_years() -> None:
    market = [
        Terms(1, min_months_in_business=60),
        Terms(2, valid_from_on=date(2026, 10, 1)),
        Terms(3, min_months_in_business=24),
    ]
    assert opening_days(market, SHOP, TODAY) == {2: date(2026, 10, 1), 3: date(2026, 12, 23)}
    first = first_opening(market, SHOP, TODAY)
    assert first is not None and first.value == date(2026, 10, 1) and first.opened == (2,)


def test_a_band_is_narrowed_to_its_nearest_end() -> None:
    facts = SHOP.changed(amount_yuan=Span(Decimal(500_000), Decimal(3_000_000)))
    [help] = what_helps([Terms(1, amount_max_yuan=Decimal(200_000))], facts, TODAY)
    assert help.value == Decimal(200_000)


@settings(max_examples=40, deadline=None)
@given(st.lists(all_terms, max_size=5, unique_by=lambda t: t.key), all_facts, money, st.integers(1, 60), days)
def test_running_only_the_touched_rules_equals_running_all(
    market: list[Terms], facts: Facts, amount: Decimal, months: int, day: date
) -> None:
    before = failures(market, facts, TODAY)
    for fact, value in (
        ("amount_yuan", amount),
        ("term_months", months),
        ("securities", frozenset({"MORT_RES"})),
        ("repayment", None),
    ):
        changed = facts.changed(**{fact: value})
        assert failures_after(market, before, fact, changed, TODAY) == failures(market, changed, TODAY)
    assert failures_after(market, before, "today", facts, day) == failures(market, facts, day)


@settings(max_examples=40, deadline=None)
@given(st.lists(all_terms, max_size=5, unique_by=lambda t: t.key), all_facts)
def test_what_is_promised_comes_true(market: list[Terms], facts: Facts) -> None:
    before = failures(market, facts, TODAY)
    for help in what_helps(market, facts, TODAY, before):
        if help.fact == "today":
            after = failures(market, facts, help.value)
        else:
            value = help.value if help.fact != "securities" else (facts.securities or frozenset()) | {help.value}
            after = failures(market, facts.changed(**{help.fact: value}), TODAY)
        assert help.opened == tuple(sorted(key for key in before if before[key] and not after[key]))
        assert help.closed == tuple(sorted(key for key in before if not before[key] and after[key]))
        assert help.net > 0 or help.fact == "today"


@pytest.mark.article("3.6")
@settings(max_examples=60, deadline=None)
@given(st.lists(all_terms, max_size=4, unique_by=lambda one: one.key), st.lists(all_terms, max_size=6), all_facts)
def test_products_beyond_reach_change_nothing_that_a_list_tells(
    market: list[Terms], more: list[Terms], facts: Facts
) -> None:
    """What a list tells stands whether they are on the market or not: so a night may leave it alone."""
    far = {
        one.key: one for one in more
        if not within_reach(failed_rules(one, facts, TODAY)) and one.key not in {each.key for each in market}
    }  # fmt: skip
    with_far = [*market, *far.values()]
    assert what_helps(with_far, facts, TODAY) == what_helps(market, facts, TODAY)
    assert opening_days(with_far, facts, TODAY) == opening_days(market, facts, TODAY)
    assert near_misses(failures(with_far, facts, TODAY)) == near_misses(failures(market, facts, TODAY))


@pytest.mark.article("B.4")
def test_never_more_than_four_are_told_and_of_securities_two() -> None:
    codes = ("MORT_RES", "MORT_COM", "MORT_VEH", "MORT_EQP")
    market = [Terms(place, securities=(code,)) for place, code in enumerate(codes, 1)]
    market += [Terms(10, term_min_months=24), Terms(11, amount_max_yuan=Decimal(200_000)), Terms(12, repayments=("B",))]
    helps = what_helps(market, SHOP.changed(repayment="EQ_INST"), TODAY)
    assert len(helps) == 4
    assert [help.fact for help in helps].count("securities") <= 2


@settings(max_examples=40, deadline=None)
@given(st.lists(all_terms, max_size=5, unique_by=lambda t: t.key), all_facts)
def test_a_stored_change_can_be_applied_again(market: list[Terms], facts: Facts) -> None:
    before = failures(market, facts, TODAY)
    for help in what_helps(market, facts, TODAY, before):
        changed, day = applied(json.loads(json.dumps(help.change)), facts, TODAY)
        after = failures(market, changed, day)
        assert help.opened == tuple(sorted(key for key in before if before[key] and not after[key]))


@pytest.mark.article("16.3")
def test_nobody_is_told_to_borrow_far_more_than_is_needed() -> None:
    assert what_helps([Terms(1, amount_min_yuan=Decimal(500_000))], SHOP, TODAY) == []


def test_the_amount_that_does_is_the_nearest_smaller_one_with_which_every_rule_passes() -> None:
    limited = (Place(decides_up_to_yuan=Decimal(250_000)),)
    assert enough(Terms(1, places=limited), SHOP, TODAY) == Enough(1, Decimal(250_000), None)
    assert enough(Terms(2, amount_max_yuan=Decimal(500_000)), SHOP, TODAY, Decimal(200_000)) == Enough(
        2, Decimal(200_000), None
    )
    assert enough(Terms(3, term_min_months=24), SHOP, TODAY) == Enough(3, None, 24)
    assert enough(Terms(4, amount_max_yuan=Decimal(500_000)), SHOP, TODAY) is None, "it fits as it is"
    assert enough(Terms(5, amount_min_yuan=Decimal(400_000)), SHOP, TODAY) is None, "nobody is told to borrow more"
    too_small = Terms(6, amount_max_yuan=Decimal(250_000), min_turnover_yuan=Decimal(1_000_000))
    assert enough(too_small, SHOP, TODAY) is None, "a turnover that is short is not mended by asking for less"
    below = Terms(7, amount_min_yuan=Decimal(280_000))
    assert enough(below, SHOP, TODAY, Decimal(200_000)) is None
