"""What a desk is told is counted in fives: every answer is that of a town in which everybody has four doubles, so that
no answers, however many and however near to each other, tell of one to four businesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, failed_rules
from matchmaker.matching.asking import AskedNeeds, Asker, Reach
from matchmaker.matching.sealing import AMOUNT_BANDS
from tests.eligibility.strategies import all_facts, all_terms, money

TODAY = date(2026, 9, 23)
TURN = {name: rule for rule, criterion in enumerate(CRITERIA) for name in criterion.needs}
TURN |= dict.fromkeys(("region_code", "latitude", "longitude", "exact_place"),
                      next(rule for rule, one in enumerate(CRITERIA) if one.name == "region"))  # fmt: skip
TURN |= {"amount_yuan": next(rule for rule, one in enumerate(CRITERIA) if one.name == "amount")}
RULE = {one.name: rule for rule, one in enumerate(CRITERIA)}


@dataclass(frozen=True)
class Shop:
    """One business with one need, as the town of a test holds it."""

    facts: Facts
    region: str
    trade: str
    size: str
    amount: float


shops = st.builds(
    Shop, all_facts.filter(lambda one: isinstance(one.amount_yuan, Decimal | None)
                           and not hasattr(one.turnover_yuan, "low") and not hasattr(one.term_months, "low")),
    st.sampled_from(["330106", "330212", "310101"]), st.sampled_from(["6210", "1311"]),
    st.sampled_from(["micro", "small"]), st.sampled_from([40_000.0, 900_000.0]),
)  # fmt: skip


def a_town(shops: Sequence[Shop], numbers: Sequence[int] | None = None) -> AskedNeeds:
    asked = AskedNeeds()
    for number, shop in zip(numbers or range(1, len(shops) + 1), shops, strict=True):
        told = Asker(number, asked.place(shop.region, shop.trade), asked.sizes.number(shop.size), shop.amount, 12)
        asked.hold(number, shop.facts, told)
    return asked


def in_fives(shops: Sequence[Shop]) -> list[list[tuple[int, Shop]]]:
    """The groups, by the words of ``fives``: cut where alike, the rest by city, the rest of that by country."""
    asked = a_town(shops)

    def key(one: tuple[int, Shop]) -> tuple[int, int, int, int]:
        place = asked.places[asked.place(one[1].region, one[1].trade)]
        band = sum(end < one[1].amount for end in AMOUNT_BANDS)
        return place.city, band, asked.sizes.number(one[1].size), place.section

    groups = []
    left = sorted(enumerate(shops, start=1), key=lambda one: (key(one), one[0]))
    for width in (4, 1, 0):
        strata: dict[Any, list[tuple[int, Shop]]] = {}
        for one in left:
            strata.setdefault(key(one)[:width], []).append(one)
        left = []
        for mine in strata.values():
            mine.sort(key=lambda one: (key(one)[1:] if width < 4 else (), one[0]))
            whole = len(mine) // 5 * 5
            groups += [mine[at : at + 5] for at in range(0, whole, 5)]
            left += mine[whole:]
    return groups


def stand_in(group: Sequence[tuple[int, Shop]]) -> Shop:
    """The answers of the five, to each criterion another one's in turn."""
    first = group[0][0]

    def of(rule: int) -> Shop:
        return group[(first + rule) % 5][1]

    facts = Facts(**{name: getattr(of(turn).facts, name) for name, turn in TURN.items() if hasattr(Facts(), name)})
    return Shop(facts, of(RULE["region"]).region, of(RULE["industry"]).trade, of(RULE["turnover"]).size, group[0][1].amount)


def told_of(reach: Reach) -> dict[str, Any]:
    return {
        "asking": reach.asking, "fitting": reach.fitting, "loosened": dict(reach.loosened),
        "sizes": {cell.key: cell.count for cell in reach.by_size},
        "regions": {cell.key: cell.count for cell in reach.by_region},
        "sectors": {cell.key: cell.count for cell in reach.by_sector},
    }  # fmt: skip


def counted(shops: Sequence[Shop], terms: Terms) -> tuple[int, dict[str, int], dict[str, int]]:
    """How many fit, of which size, and how many each rule alone turns away, exactly and one by one."""
    failing = [failed_rules(terms, shop.facts, TODAY) for shop in shops]
    sizes = Counter(shop.size for shop, failed in zip(shops, failing, strict=True) if not failed)
    return failing.count(()), dict(sizes), dict(Counter(failed[0] for failed in failing if len(failed) == 1))


@pytest.mark.article("17.2", "B.2")
@settings(max_examples=60, deadline=None)
@given(st.lists(shops, max_size=40), st.lists(all_terms, min_size=1, max_size=4), st.lists(money, max_size=6, unique=True))
def test_every_answer_is_that_of_a_town_of_doubles(shops: list[Shop], asked: list[Terms], steps: list[Decimal]) -> None:
    """The town is not told from one in which each group is five doubles; there every set of businesses that any two
    answers differ by is of whole fives. Terms of any kind, and the same terms changed by a step."""
    town = a_town(shops)
    doubles = [stand_in(group) for group in in_fives(shops) for _ in range(5)]
    for terms in [*asked, *(replace(asked[0], min_turnover_yuan=one) for one in sorted(steps))]:
        terms = replace(terms, valid_from_on=None)
        fitting, sizes, alone = counted(doubles, terms)
        told = town.reach(terms, TODAY)
        assert (told.asking, told.fitting, dict(told.loosened)) == (len(doubles), fitting, alone)
        assert {cell.key: cell.count for cell in told.by_size} == sizes


@pytest.mark.article("17.2")
@settings(max_examples=40, deadline=None)
@given(st.lists(shops, max_size=40), all_terms, st.lists(money, min_size=2, max_size=8, unique=True))
def test_no_two_answers_differ_by_one_to_four(shops: list[Shop], terms: Terms, steps: list[Decimal]) -> None:
    """Rule by rule, step by step, cell by cell: what one desk sees differs by nothing or by whole fives, parts add up
    to the whole, and what a rule is told to cost is what a preview without it tells."""
    town = a_town(shops)
    terms = replace(terms, valid_from_on=None)
    answers = [town.reach(replace(terms, min_turnover_yuan=one), TODAY) for one in sorted(steps)]
    open_to_all = town.reach(replace(terms, min_turnover_yuan=None), TODAY)
    for before, after in pairwise(answers):
        assert before.fitting >= after.fitting and (before.fitting - after.fitting) % 5 == 0
    for one in answers:
        assert one.fitting + dict(one.loosened).get("turnover", 0) == open_to_all.fitting
        for cells in (one.by_region, one.by_sector, one.by_size):
            assert sum(cell.count for cell in cells) == one.fitting and all(cell.count % 5 == 0 for cell in cells)
        assert all(more % 5 == 0 for _, more in one.loosened)
    rows = town.rows(terms, TODAY)
    assert len(rows) % 5 == 0 and all(len(rows.of_size(size)) % 5 == 0 for size in ("micro", "small", "large"))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 30), st.none() | shops), max_size=60), st.lists(all_terms, min_size=1, max_size=3))
def test_who_comes_and_goes_leaves_the_groups_of_a_town_read_anew(changes: list[tuple[int, Any]], asked: list[Terms]) -> None:
    town, there = a_town([]), dict[int, Shop]()
    for number, shop in changes:
        town._drop(number)
        there.pop(number, None)
        if shop is not None:
            place = town.place(shop.region, shop.trade)
            town.hold(number, shop.facts, Asker(number, place, town.sizes.number(shop.size), shop.amount, 12))
            there[number] = shop
        town.reach(asked[0], TODAY)
    anew = AskedNeeds()
    for number, shop in sorted(there.items(), reverse=True):  # no order of coming decides
        place = anew.place(shop.region, shop.trade)
        anew.hold(number, shop.facts, Asker(number, place, anew.sizes.number(shop.size), shop.amount, 12))
    for terms in asked:
        assert told_of(town.reach(terms, TODAY)) == told_of(anew.reach(terms, TODAY))
