"""The reverse of the match: every rule of every need as the loop says; what a desk is told names nobody."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.bounds import Place
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, failed_rules
from matchmaker.matching.columns import FactColumns
from matchmaker.matching.index_board import kernels
from matchmaker.matching.reach import Askers, by_fit, outcome_names
from matchmaker.ranking import compiled
from matchmaker.reference import industries
from tests.eligibility.strategies import all_facts, all_terms

TODAY = date(2026, 9, 23)


@pytest.fixture(params=["numpy", "numba"])
def form(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both forms of the kernels, one after the other."""
    if request.param == "numba" and not (compiled.available() and kernels.warm()):
        pytest.skip("numba is not installed here")
    yield request.param
    kernels.cool()


def holds(askers: Askers, needs: dict[int, Facts], terms: Terms) -> None:
    """Everything said of every need is what the loop says."""
    said = askers.ask(terms, TODAY)
    assert sorted(said.keys.tolist()) == sorted(needs)
    fits = {key for key, facts in needs.items() if all(c.check(terms, facts, TODAY).value != "fail" for c in CRITERIA)}
    assert {int(askers.keys[slot]) for slot in askers.fitting(terms, TODAY)} == fits
    for key, facts in needs.items():
        assert outcome_names(said, key) == {one.name: one.check(terms, facts, TODAY) for one in CRITERIA}
    for rule, one in enumerate(CRITERIA):
        alone = {key for key, facts in needs.items()
                 if [c.name for c in CRITERIA if c.check(terms, facts, TODAY).value == "fail"] == [one.name]}  # fmt: skip
        assert set(said.keys[said.only(rule)].tolist()) == alone


@pytest.mark.article("B.2")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(all_facts, max_size=8), st.lists(all_terms, min_size=1, max_size=3))
def test_every_rule_says_of_every_need_what_the_loop_says(form: str, facts: list[Facts], terms: list[Terms]) -> None:
    needs = dict(enumerate(facts))
    askers = Askers()
    for key, one in needs.items():
        askers.put(key, one)
    for each in terms:
        holds(askers, needs, each)


@pytest.mark.article("B.2")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5), all_facts), max_size=14), all_terms)
def test_it_is_still_so_after_any_sequence_of_changes(form: str, changes: Any, terms: Terms) -> None:
    askers, needs = Askers(), dict[int, Facts]()
    for put, key, facts in changes:
        if put:
            askers.put(key, facts)
            needs[key] = facts
        else:
            askers.drop(key)
            needs.pop(key, None)
    holds(askers, needs, terms)
    assert len(askers) == len(needs)


@pytest.mark.article("B.2")
@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 9), all_facts), max_size=4), st.dictionaries(st.integers(1, 9), all_facts),
       st.integers(1, 9), all_facts, all_terms)  # fmt: skip
def test_needs_taken_in_by_column_are_those_taken_in_one_by_one(
    first: Any, many: dict[int, Facts], key: int, then: Facts, terms: Terms
) -> None:
    askers = Askers()
    for each, facts in first:
        askers.put(each, facts)
    askers.put_columns(FactColumns.of(many))
    holds(askers, dict(first) | many, terms)
    askers.put(key, then)
    holds(askers, dict(first) | many | {key: then}, terms)


@pytest.mark.article("B.2")
def test_many_needs_with_numbers_on_and_beside_every_end(form: str) -> None:
    """More codes than a byte holds, money that shares its key with an end, months and percents with broken parts,
    more needs than one block: those that fit are the loop's, and stay so when codes and broken numbers come later."""
    chance = random.Random(5)
    ends = [Decimal(50_000), Decimal("50000.01"), Decimal(199_999), Decimal(200_000), Decimal(200_001), Decimal(10**13)]
    codes = [one.code for one in industries.classes()]

    def a_need(key: int, broken: bool) -> Facts:
        return Facts(
            kind=chance.choice(("enterprise", "sole_proprietor", None)), industry_code=codes[key % (900 if broken else 200)],
            amount_yuan=chance.choice([*ends, None]), term_months=chance.choice((3, 12, 13, 36)), purpose="WC",
            turnover_yuan=chance.choice(ends) + (Decimal("0.5") if broken else 0),
            debt_ratio_percent=chance.choice((Decimal(70), Decimal("70.01"), Decimal("70.015") if broken else None)),
            months_in_business=key % 400, securities=frozenset({"MORT_RES"}) if key % 2 else None,
        )  # fmt: skip

    products = [
        Terms(
            amount_min_yuan=low, amount_max_yuan=high, term_min_months=12, min_turnover_yuan=high,
            max_debt_ratio_percent=most, industries_deny=tuple(code[:2] for code in codes[:60:7]),
            applicant_kinds=("enterprise",) if at % 2 else (), min_months_in_business=at * 3,
        )
        for at, (low, high) in enumerate(pairwise(ends))
        for most in (Decimal(70), Decimal("70.01"), Decimal("70.001"), None)
    ]  # fmt: skip
    different = [a_need(key, broken=False) for key in range(500)]
    needs = {key: different[key % 500] for key in range(1, 9_000)}
    askers = Askers()
    askers.put_columns(FactColumns.of(needs))

    def fits() -> None:
        for terms in products:
            found = set(askers.keys[askers.fitting(terms, TODAY)].tolist())
            fit = {id(facts) for facts in {id(one): one for one in needs.values()}.values()
                   if not failed_rules(terms, facts, TODAY)}  # fmt: skip
            assert found == {key for key, facts in needs.items() if id(facts) in fit}

    fits()
    later = {key: a_need(key, broken=True) for key in range(1000, 1500)}
    for key, facts in later.items():
        askers.put(key, facts)
    needs |= later
    fits()


def test_a_shop_on_the_edge_of_a_circle_is_judged_as_the_loop_does() -> None:
    chance = random.Random(11)
    centre = Place(latitude=30.3, longitude=120.2, radius_km=1.0)
    for key in range(40):
        shop = Facts(region_code="330106", latitude=30 + chance.random(), longitude=120 + chance.random())
        distance = centre.distance_km(shop.where)
        assert distance is not None
        askers = Askers()
        askers.put(key, shop)
        holds(askers, {key: shop}, Terms(places=(replace(centre, radius_km=distance),)))


def test_the_order_is_fewest_open_questions_then_amount_then_term() -> None:
    askers = Askers()
    terms = Terms(amount_min_yuan=100_000, amount_max_yuan=400_000, term_min_months=6, term_max_months=24,  # type: ignore[arg-type]
                  min_months_in_business=12)  # fmt: skip
    needs = {1: (300_000, 12, None), 2: (200_000, 24, 20), 3: (200_000, 12, 20), 4: (390_000, 12, 20), 5: (9, 12, 20)}
    for key, (amount, term, months) in needs.items():
        askers.put(key, Facts(amount_yuan=amount, term_months=term, months_in_business=months, purpose="WC"))  # type: ignore[arg-type]
    said = askers.ask(terms, TODAY)
    amounts = [needs[key][0] for key in said.keys.tolist()]
    terms_ = [needs[key][1] for key in said.keys.tolist()]
    assert said.keys[by_fit(said, terms, amounts, terms_)].tolist() == [3, 2, 4, 1]
