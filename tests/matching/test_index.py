"""The market index: every verdict and near miss as the loop has them, after any sequence of changes, in both forms."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.bounds import Place, Possible, Span
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, failed_rules, near_misses
from matchmaker.matching import index_forms
from matchmaker.matching.columns import READ, TermColumns
from matchmaker.matching.index import MarketIndex
from matchmaker.matching.index_board import kernels
from matchmaker.ranking import compiled
from tests.eligibility.strategies import all_facts, all_terms

TODAY = date(2026, 9, 23)
PROPERTY = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
pytestmark = pytest.mark.long  # the compiler of numba takes its time


@pytest.fixture(params=["numpy", "numba"])
def form(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both forms of the kernels, one after the other."""
    if request.param == "numba" and not (compiled.available() and kernels.warm()):
        pytest.skip("numba is not installed here")
    yield request.param
    kernels.cool()


def holds(index: MarketIndex, market: dict[int, Terms], facts: Facts, today: date = TODAY) -> None:
    """Everything the index says is what the loop says."""
    with index.reading():
        answer = index.ask(facts, today)
        failing = {key: failed_rules(terms, facts, today) for key, terms in market.items()}
        assert answer.eligible() == sorted(key for key, failed in failing.items() if not failed)
        assert answer.failures() == failing
        assert answer.near_misses() == near_misses(failing)
        assert answer.near_counts() == {
            criterion.name: sum(failed == (criterion.name,) for failed in failing.values()) for criterion in CRITERIA
        }
        for criterion in CRITERIA:
            assert answer.outcomes(criterion.name) == {
                key: criterion.check(terms, facts, today) for key, terms in market.items()
            }, criterion.name
        assert answer.unsure() == {
            key: sum(criterion.check(terms, facts, today).value == "unknown" for criterion in CRITERIA)
            for key, terms in market.items()
            if not failing[key]
        }


@pytest.mark.article("B.2")
@PROPERTY
@given(st.lists(all_terms, max_size=12), st.lists(all_facts, min_size=1, max_size=3))
def test_every_verdict_of_the_index_is_that_of_the_loop(form: str, terms: list[Terms], facts: list[Facts]) -> None:
    market = {one.key: one for one in terms}
    index = MarketIndex(terms)
    for each in facts:
        holds(index, market, each)


changes = st.lists(st.tuples(st.sampled_from(["put", "put", "drop"]), st.integers(1, 6), all_terms), max_size=14)


@pytest.mark.article("B.2")
@PROPERTY
@given(st.lists(all_terms, max_size=4), changes, all_facts)
def test_it_is_still_so_after_any_sequence_of_changes(form: str, first: list[Terms], then: Any, facts: Facts) -> None:
    market = {one.key: one for one in first}
    index = MarketIndex(first)
    for what, key, terms in then:
        if what == "put":
            market[key] = replace(terms, key=key)
            index.put(market[key])
        else:
            market.pop(key, None)
            index.drop(key)
    holds(index, market, facts)
    assert len(index) == len(market)


@pytest.mark.article("B.2")
@settings(PROPERTY, max_examples=25)
@given(st.lists(all_terms, max_size=6), st.lists(all_terms, max_size=12), changes, all_facts)
def test_products_taken_over_by_column_are_those_taken_over_one_by_one(
    form: str, first: list[Terms], many: list[Terms], then: Any, facts: Facts
) -> None:
    index = MarketIndex(first)
    index.put_columns(TermColumns.of(many))
    market = {one.key: one for one in (*first, *many)}
    for what, key, terms in then[:4]:
        if what == "put":
            market[key] = replace(terms, key=key)
            index.put_columns(TermColumns.of([market[key]]))
        else:
            market.pop(key, None)
            index.drop(key)
    holds(index, market, facts)
    assert len(index) == len(market)


@PROPERTY
@given(all_terms)
def test_the_bounds_of_a_criterion_read_the_terms_that_are_declared_and_no_others(terms: Terms) -> None:
    for criterion in CRITERIA:
        said = {name: getattr(terms, name) for name in READ[criterion.name]}
        assert criterion.bounds(Terms(**said)) == criterion.bounds(terms), criterion.name


def a_catalogue(n: int, seed: int = 3) -> dict[int, Terms]:
    """Many products with more different thresholds than get a row each, some of them beyond six decimal places."""
    chance = random.Random(seed)
    found = {}
    for key in range(1, n + 1):
        low = Decimal(chance.randrange(1, 4000)) * 100
        found[key] = Terms(
            key=key,
            amount_min_yuan=low,
            amount_max_yuan=low * chance.randrange(2, 9),
            min_turnover_yuan=Decimal(chance.randrange(900)) * 1000 if chance.random() < 0.7 else None,
            max_debt_ratio_percent=Decimal(chance.randrange(1, 10_000)) / (3 if chance.random() < 0.02 else 100),
            regions=(chance.choice(["33", "3301", "330106", "3302", "31"]),) if chance.random() < 0.6 else (),
            valid_until_on=date.fromordinal(TODAY.toordinal() + chance.randrange(-50, 400)),
            places=(
                Place(
                    latitude=30 + chance.random(),
                    longitude=120 + chance.random(),
                    radius_km=chance.choice([5.0, 20.0, 80.0]),
                    home_region=chance.choice(["330106", "330212"]),
                    decides_up_to_yuan=Decimal(chance.choice([100_000, 300_000])) if chance.random() < 0.3 else None,
                ),
            )
            if chance.random() < 0.4
            else (),
        )
    return found


def an_owner(chance: random.Random) -> Facts:
    return Facts(
        region_code=chance.choice(["330106", "330212", "310101"]),
        latitude=30 + chance.random(),
        longitude=120 + chance.random(),
        exact_place=chance.random() < 0.7,
        turnover_yuan=Decimal(chance.randrange(1_000_000)),
        debt_ratio_percent=Decimal(chance.randrange(10_000)) / 100,
        amount_yuan=Decimal(chance.randrange(1, 2000)) * 1000,
        purpose="WC",
    )


@pytest.mark.article("B.2")
def test_a_large_catalogue_with_more_thresholds_than_rows(form: str) -> None:
    market = a_catalogue(1500)
    index = MarketIndex(list(market.values())[:900])
    for one in list(market.values())[900:]:
        index.put(one)
    assert index.odd, "some have more decimal places than the rows can hold"
    assert index.rules[[one.name for one in CRITERIA].index("amount")].forms[index_forms.Between].low.binned
    chance = random.Random(5)
    for _ in range(4):
        holds(index, market, an_owner(chance))


def test_a_shop_on_the_edge_of_a_circle_is_judged_as_the_loop_does(form: str) -> None:
    """The radius is the loop's own distance, to the last bit: neither form may see it otherwise."""
    chance = random.Random(11)
    for key in range(60):
        shop = replace(an_owner(chance), exact_place=True)
        centre = Place(latitude=30.3, longitude=120.2, radius_km=1.0)
        distance = centre.distance_km(shop.where)
        assert distance is not None
        market = {key: Terms(key=key, places=(replace(centre, radius_km=distance),))}
        holds(MarketIndex(market.values()), market, shop)


@example(Possible(("61", "62")))
@example(Possible(()))
@given(st.sampled_from([Possible(("6210", "5211")), Possible(("62",))]))
def test_an_industry_that_is_one_of_several(industry: Possible) -> None:
    market = {
        1: Terms(key=1, industries_allow=("62",)),
        2: Terms(key=2, industries_deny=("6210",)),
        3: Terms(key=3, industries_allow=("61", "62"), industries_deny=("6110",)),
    }
    holds(MarketIndex(market.values()), market, Facts(industry_code=industry))


def test_a_band_that_is_open_at_one_end() -> None:
    market = {1: Terms(key=1, amount_min_yuan=Decimal(10)), 2: Terms(key=2, amount_max_yuan=Decimal(10))}
    for band in (Span(Decimal(11), None), Span(None, Decimal(9)), Span(None, None), Span(Decimal(9), Decimal(11))):
        holds(MarketIndex(market.values()), market, Facts(amount_yuan=band))


@pytest.mark.article("B.2")
def test_readers_never_see_half_a_change(form: str) -> None:
    """Two versions of every product: an answer holds the old one or the new one of each, never neither or both."""
    old = Terms(amount_max_yuan=Decimal(100), regions=("33",))
    new = Terms(amount_max_yuan=Decimal(200), regions=("31",))
    index = MarketIndex(replace(old, key=key) for key in range(64))
    wrong: list[Any] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            with index.reading():
                failures = index.ask(Facts(amount_yuan=Decimal(150), region_code="330106"), TODAY).failures()
            wrong.extend(failed for failed in failures.values() if failed not in (("amount",), ("region",)))
            if len(failures) != 64:
                wrong.append(len(failures))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for round_ in range(6):
        for key in range(64):
            index.put(replace(new if round_ % 2 == 0 else old, key=key))
    over.set()
    for reader in readers:
        reader.join()
    assert wrong == []
