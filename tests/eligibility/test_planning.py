"""The way on: compared with running every rule for every combination, so that "opens most" means most."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.bounds import Outcome, Place
from matchmaker.eligibility.changes import LARGER_BY_HALF, failures
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.planning import (
    RULES_OF,
    STEPS_AT_MOST,
    Step,
    changed_by,
    openings,
    plans,
    repairs,
    to_fill_in,
)
from matchmaker.eligibility.rules import CRITERIA, verdicts

from .test_changes import SHOP
from .test_rules import TODAY

YEARS = [Decimal(50_000), Decimal(200_000), Decimal(400_000), Decimal(600_000)]


def test_the_facts_that_may_be_changed_are_read_by_these_rules_and_no_others() -> None:
    for fact, rules in RULES_OF.items():
        assert {criterion.name for criterion in CRITERIA if fact in criterion.needs} == set(rules)


@pytest.mark.article("B.4")
def test_two_changes_together_open_what_neither_opens_alone() -> None:
    market = [
        Terms(1, term_min_months=24, amount_max_yuan=Decimal(200_000)),
        Terms(2, term_min_months=24, amount_max_yuan=Decimal(200_000)),
        Terms(3, term_min_months=24),
        Terms(4, first_time_only=True),
    ]
    facts = SHOP.changed(first_loan=False)
    one, two = plans(market, facts, TODAY)
    assert (one.steps, one.opened) == ((Step("term_months", 24),), (3,))
    assert two.steps == (Step("term_months", 24), Step("amount_yuan", Decimal(200_000)))
    assert (two.opened, two.closed, two.fitting) == ((1, 2, 3), (), 3)


def test_a_longer_plan_is_told_only_where_it_opens_more() -> None:
    market = [Terms(1, term_min_months=24), Terms(2, amount_max_yuan=Decimal(1), min_months_in_business=900)]
    [only] = plans(market, SHOP, TODAY)
    assert only.steps == (Step("term_months", 24),)


def test_where_nothing_helps_there_is_no_plan() -> None:
    assert plans([Terms(1, industries_allow=("13",)), Terms(2, purposes=("EQUIP",))], SHOP, TODAY) == []
    assert plans([], SHOP, TODAY) == []


@pytest.mark.article("16.3")
def test_nobody_is_sent_to_borrow_far_more_than_is_needed() -> None:
    assert plans([Terms(1, amount_min_yuan=Decimal(500_000))], SHOP, TODAY) == []
    [plan] = plans([Terms(1, amount_min_yuan=Decimal(400_000))], SHOP, TODAY)
    assert plan.steps == (Step("amount_yuan", Decimal(400_000)),)


small_terms = st.builds(
    Terms,
    key=st.integers(1, 99),
    amount_min_yuan=st.sampled_from([None, *YEARS]),
    amount_max_yuan=st.sampled_from([None, *YEARS]),
    term_min_months=st.sampled_from([None, 6, 18, 24]),
    term_max_months=st.sampled_from([None, 6, 12, 24, 36]),
    securities=st.sampled_from([(), ("MORT_RES",), ("MORT_COM",), ("MORT_RES", "PLEDGE"), ("CREDIT",)]),
    repayments=st.sampled_from([(), ("EQ_INST",), ("BULLET",)]),
    min_turnover_yuan=st.sampled_from([None, None, Decimal(5_000_000)]),
    places=st.sampled_from([(), (Place(decides_up_to_yuan=Decimal(250_000)),)]),
)
small_facts = st.builds(
    lambda amount, months, securities, repayment: replace(
        SHOP, amount_yuan=amount, term_months=months, securities=securities, repayment=repayment
    ),
    st.sampled_from(YEARS),
    st.sampled_from([12, 18, 36]),
    st.sampled_from([None, frozenset(), frozenset({"PLEDGE"})]),
    st.sampled_from([None, "EQ_INST"]),
)


def _by_every_combination(market: list[Terms], facts: Facts) -> dict[int, int]:
    """Number of changes → the most products that fit, by running all rules for every combination of values."""
    amounts = {value for value in (*YEARS, Decimal(250_000)) if value <= facts.amount_yuan * LARGER_BY_HALF}
    codes = sorted({code for terms in market for code in terms.securities})
    best: dict[int, int] = {}
    for amount, months, repayment in product(
        {facts.amount_yuan, *amounts}, {facts.term_months, 6, 12, 18, 24, 36}, {facts.repayment, None}
    ):
        for room in range(3):
            for added in combinations(codes, room):
                securities = facts.securities if not added else (facts.securities or frozenset()) | set(added)
                changed = facts.changed(
                    amount_yuan=amount, term_months=months, repayment=repayment, securities=securities
                )
                steps = (amount != facts.amount_yuan) + (months != facts.term_months)
                steps += (repayment != facts.repayment) + room
                if steps <= STEPS_AT_MOST:
                    fitting = sum(not failed for failed in failures(market, changed, TODAY).values())
                    best[steps] = max(best.get(steps, 0), fitting)
    return best


@settings(max_examples=60, deadline=None)
@given(st.lists(small_terms, max_size=6, unique_by=lambda terms: terms.key), small_facts)
def test_no_combination_opens_more_and_none_as_much_by_fewer_changes(market: list[Terms], facts: Facts) -> None:
    best = _by_every_combination(market, facts)
    found = plans(market, facts, TODAY)
    reached = best[0]
    expected = []
    for steps in sorted(best):
        if steps and best[steps] > reached:
            reached = best[steps]
            expected.append((steps, reached))
    assert [(len(plan.steps), plan.fitting) for plan in found] == expected
    before = failures(market, facts, TODAY)
    for plan in found:
        after = failures(market, changed_by(plan.steps, facts), TODAY)
        assert plan.opened == tuple(sorted(key for key in after if before[key] and not after[key]))
        assert plan.closed == tuple(sorted(key for key in after if not before[key] and after[key]))


@pytest.mark.article("B.4")
def test_days_on_which_time_alone_opens_more_are_told_in_order() -> None:
    market = [
        Terms(1, min_months_in_business=24),
        Terms(2, min_months_in_business=24),
        Terms(3, valid_from_on=date(2026, 10, 1)),
        Terms(4, min_months_in_business=900),
        Terms(5, min_months_in_business=24, industries_allow=("13",)),
    ]
    assert [(opening.on, opening.opened) for opening in openings(market, SHOP, TODAY)] == [
        (date(2026, 10, 1), (3,)),
        (date(2026, 12, 23), (1, 2)),
    ]


@pytest.mark.article("B.4")
def test_what_can_be_repaired_says_who_by_which_value_and_what_it_opens() -> None:
    market = [
        Terms(1, min_turnover_yuan=Decimal(1_000_000)),
        Terms(2, min_turnover_yuan=Decimal(2_000_000)),
        Terms(3, tax_grades=("A", "B")),
        Terms(4, tax_grades=("A",)),
        Terms(5, max_debt_ratio_percent=Decimal(60)),
        Terms(6, max_debt_ratio_percent=Decimal(50)),
        Terms(7, min_turnover_yuan=Decimal(1_000_000), tax_grades=("A",)),
    ]
    facts = SHOP.changed(debt_ratio_percent=Decimal(80))
    found = {repair.rule: repair for repair in repairs(market, facts, TODAY)}
    assert (found["turnover"].value, found["turnover"].who, found["turnover"].opened) == (1_000_000, "owner", (1,))
    assert (found["tax_grade"].value, found["tax_grade"].who, found["tax_grade"].opened) == ("B", "tax_office", (3,))
    assert (found["debt_ratio"].value, found["debt_ratio"].opened) == (60, (5,))
    assert found["tax_grade"].from_on == date(2027, 4, 30)
    before = failures(market, facts, TODAY)
    for repair in found.values():
        after = failures(market, facts.changed(**{repair.fact: repair.value}), TODAY)
        assert repair.opened == tuple(sorted(key for key in after if before[key] and not after[key]))


def test_what_is_not_filled_in_is_counted_by_products_that_fit() -> None:
    market = [Terms(1, tax_grades=("A",)), Terms(2, tax_grades=("A",), max_debt_ratio_percent=Decimal(60))]
    facts = SHOP.changed(tax_grade=None, debt_ratio_percent=None)
    assert to_fill_in(verdicts(terms, facts, TODAY) for terms in market) == [("tax_grade", 2), ("debt_ratio", 1)]
    assert all(verdict.outcome is not Outcome.FAIL for terms in market for verdict in verdicts(terms, facts, TODAY))
