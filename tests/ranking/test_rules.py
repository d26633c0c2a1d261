"""The published order: bounded parts, visible preferences, no commission."""

from __future__ import annotations

import dataclasses
import random
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.eligibility.facts import Facts
from matchmaker.ranking import features, rules
from matchmaker.ranking.features import FEATURES, NAMES, Counts, case_of
from matchmaker.ranking.rules import WEIGHTS, Offer, Ranked, Record, Similar, Wish, parts_of, score_of, weights_without
from matchmaker.ranking.services import order, stored_features
from tests.ranking.builders import facts_of, offers

ON = date(2026, 9, 23)
WISH = Wish(Decimal(300_000), 12, True)
OFFER = Offer(
    1, 1, "CITY", securities=frozenset({"CREDIT"}), first_time_friendly=True, amount_min_yuan=Decimal(50_000),
    amount_max_yuan=Decimal(500_000), term_min_months=6, term_max_months=36, cost_percent=Decimal("4.35"),
    amount_yuan=Decimal(300_000), term_months=12, days_to_money=6, institution=Record(50, 30), own=Record(25, 20),
)  # fmt: skip


def score(offer: Offer, wish: Wish = WISH, chance: float = 0.5) -> float:
    return score_of(parts_of(offer, wish, chance))


def test_the_weights_are_one_hundred_in_all_and_preferences_small() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert all(WEIGHTS[name] <= 3 for name in rules.PREFERENCES)


@pytest.mark.article("B.1", "B.2")
def test_who_objects_is_ordered_by_cost_fit_and_speed_alone() -> None:
    objected = rules.OBJECTED_WEIGHTS
    assert sum(objected.values()) == 100 and {name for name, points in objected.items() if points} == {
        "cost", "fit", "speed"
    }  # fmt: skip

    def plain_score(offer: Offer, chance: float = 0.5) -> float:
        return score_of(parts_of(offer, WISH, chance), objected)

    assert plain_score(OFFER, chance=0.9) == plain_score(OFFER, chance=0.1)
    assert plain_score(replace(OFFER, securities=frozenset(), first_time_friendly=False)) == plain_score(OFFER)
    assert plain_score(replace(OFFER, cost_percent=Decimal("4.30"))) > plain_score(OFFER)
    assert plain_score(replace(OFFER, days_to_money=5)) > plain_score(OFFER)
    assert plain_score(replace(OFFER, term_months=24)) < plain_score(OFFER)


@pytest.mark.article("8.2", "B.2")
@pytest.mark.parametrize("objected", [False, True])
@pytest.mark.parametrize("left", [None, 1, 7])
def test_the_points_of_a_place_are_what_it_was_ordered_by(objected: bool, left: int | None) -> None:
    for at in order(facts_of(random.Random(3)), [replace(offer, slots_left=left) for _bank, offer in offers()], on=ON, objected=objected):
        kept = stored_features(at)
        points = rules.points_of(kept, at.score, objected=objected)
        assert points and sum(one.got for one in points) == pytest.approx(at.score, abs=1e-5)
        assert all(0 <= one.got <= one.most for one in points if one.name != "slots")
        assert ("slots" in {one.name for one in points}) == (left is not None and not objected)
        assert rules.points_of(kept, at.score + 1, objected=objected) == (), "a score of other weights explains nothing"


@pytest.mark.article("8.2")
def test_what_is_cheaper_faster_likelier_or_fits_better_never_scores_less() -> None:
    assert score(replace(OFFER, cost_percent=Decimal("4.30"))) > score(OFFER)
    assert score(replace(OFFER, days_to_money=5)) > score(OFFER)
    assert score(OFFER, chance=0.51) > score(OFFER)
    assert score(replace(OFFER, amount_yuan=Decimal(250_000))) < score(OFFER)
    assert score(replace(OFFER, amount_yuan=Decimal(350_000))) < score(OFFER)
    assert score(replace(OFFER, term_months=24)) < score(OFFER)
    assert score(replace(OFFER, unsure=1)) < score(OFFER)
    assert score(replace(OFFER, cost_percent=None)) < score(OFFER)


def a_row_of(*scores: float) -> list[Ranked]:
    """Loans with these scores, in order."""
    offers = [replace(OFFER, product_id=number) for number in range(1, len(scores) + 1)]
    return [Ranked(offer, score, 0.5, Similar()) for offer, score in zip(offers, scores, strict=True)]


@pytest.mark.article("B.2")
def test_one_in_twenty_of_nearly_equal_neighbours_is_exchanged_as_often_as_is_written_down() -> None:
    row = a_row_of(80.0, 79.8, 79.5, 79.2, 60.0, 59.9)
    stood: dict[tuple[int, int], int] = {}
    written: dict[tuple[int, int], set[float]] = {}
    for number in range(20_000):
        for place, at in enumerate(rules.exchanged(row, rules.seed_of(number, 1, ON)), start=1):
            where = (at.offer.product_id, place)
            stood[where] = stood.get(where, 0) + 1
            written.setdefault(where, set()).add(at.propensity)
            assert at.place_by_score == at.offer.product_id
    for where, propensities in written.items():
        [propensity] = propensities
        assert abs(stood[where] / 20_000 - propensity) < 0.012, where
    assert written[(1, 1)] == {0.95} and written[(2, 1)] == {0.05} and written[(2, 2)] == {0.9}
    assert (4, 5) not in written and (5, 4) not in written, "never across a gap"


@pytest.mark.article("B.2")
def test_an_exchange_harms_nobody() -> None:
    near = a_row_of(80.0, 79.9)
    guarantee = replace(near[1], offer=replace(OFFER, product_id=2, kind="guarantee"))
    for number in range(300):
        seed = rules.seed_of(number, 1, ON)
        assert [at.offer.product_id for at in rules.exchanged(a_row_of(80.0, 79.49), seed)] == [1, 2]
        assert [at.offer.product_id for at in rules.exchanged([near[0], guarantee], seed)] == [1, 2]
        assert rules.exchanged(near, seed) == rules.exchanged(near, seed), "the same need and day draw the same"
        long = rules.exchanged(a_row_of(*[70.0] * 60), seed)
        assert [at.place_by_score for at in long[50:]] == list(range(51, 61)), "only among places stored in full"
    assert [at.propensity for at in rules.exchanged(near, None)] == [1, 1]
    assert rules.exchanged([], "1:1:2026-09-23") == []


@pytest.mark.article("7.2")
def test_unsecured_is_preferred_but_only_between_about_equals() -> None:
    secured = replace(OFFER, securities=frozenset({"MORT_COM"}))
    assert 0 < score(OFFER) - score(secured) <= 3
    assert score(replace(secured, cost_percent=Decimal("2.35"))) > score(OFFER)


@pytest.mark.article("7.1")
def test_a_first_time_borrower_meets_friendly_products_first() -> None:
    other = replace(OFFER, first_time_friendly=False)
    assert 0 < score(OFFER) - score(other) <= 3
    assert score(OFFER, replace(WISH, first_loan=False)) == score(other, replace(WISH, first_loan=False))


@pytest.mark.article("12.2")
def test_a_free_place_costs_the_more_the_fewer_are_left_and_nothing_where_nobody_counts() -> None:
    assert rules.slot_price(None) == 0.0
    prices = [rules.slot_price(left) for left in range(1, 31)]
    assert prices == sorted(prices, reverse=True) and prices[0] == rules.SLOT_POINTS
    assert prices[9] == pytest.approx(1.07, abs=0.01) and prices[29] < 0.02, "who has room is not held back"


def test_who_objected_pays_no_price_for_a_place() -> None:
    facts, one = facts_of(random.Random(1)), OFFER
    few = replace(one, slots_left=1)
    [plain], [priced] = (order(facts, [offer], on=ON) for offer in (one, few))
    assert priced.score == pytest.approx(plain.score - rules.SLOT_POINTS)
    [plain], [priced] = (order(facts, [offer], on=ON, objected=True) for offer in (one, few))
    assert priced.score == plain.score


def test_a_preference_can_be_switched_off_and_nothing_else() -> None:
    parts = parts_of(OFFER, WISH, 0.5)
    assert score_of(parts, weights_without("unsecured", "first_loan")) == pytest.approx(score_of(parts) - 6)
    with pytest.raises(ValueError):
        weights_without("cost")


@given(
    cost=st.none() | st.decimals(min_value=-5, max_value=60, places=4),
    days=st.none() | st.integers(min_value=0, max_value=400),
    chance=st.floats(min_value=0, max_value=1),
    amount=st.integers(min_value=1, max_value=10**9),
    asked=st.integers(min_value=1, max_value=10**9),
    unsure=st.integers(min_value=0, max_value=12),
)
@settings(max_examples=100, deadline=None)
def test_every_part_stays_between_nought_and_one(
    cost: Decimal | None, days: int | None, chance: float, amount: int, asked: int, unsure: int
) -> None:
    offer = replace(OFFER, cost_percent=cost, days_to_money=days, amount_yuan=Decimal(amount), unsure=unsure)
    parts = parts_of(offer, Wish(Decimal(asked), 12, None), chance)
    assert set(parts) == set(WEIGHTS)
    assert all(0 <= part <= 1 for part in parts.values())
    assert 0 <= score_of(parts) <= 100


def test_the_counted_chance_leans_on_the_institution_and_then_on_the_prior() -> None:
    assert rules.counted_chance(replace(OFFER, own=Record(), institution=Record())) == pytest.approx(0.3)
    many = replace(OFFER, own=Record(1000, 900), institution=Record(2000, 1000))
    assert rules.counted_chance(many) == pytest.approx(0.9, abs=0.01)
    only_institution = replace(OFFER, own=Record(), institution=Record(1000, 700))
    assert rules.counted_chance(only_institution) == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(
    ("n", "funded", "tenths"), [(19, 19, None), (20, 12, 6), (84, 50, 6), (84, 46, 5), (100, 0, 0), (100, 96, 10)]
)
def test_a_chance_is_told_in_tenths_and_never_under_twenty_cases(n: int, funded: int, tenths: int | None) -> None:
    assert Similar(n, funded).tenths == tenths


@pytest.mark.article("8.2", "B.2")
def test_commission_is_no_input() -> None:
    declared = {item.name for item in dataclasses.fields(Offer)} | set(NAMES) | {one.source for one in FEATURES}
    assert not any("commission" in name for name in declared)


def test_no_protected_trait_and_no_person_is_a_feature() -> None:
    forbidden = ("sex", "gender", "age", "birth", "ethnic", "nation", "religion", "health", "marri", "phone", "person")
    for feature in FEATURES:
        words = f"{feature.name} {feature.source}".replace("_", " ").split()
        assert not any(word.startswith(forbidden) for word in words if word != "average"), feature


def test_each_feature_is_declared_once_with_scope_source_and_missing_rule() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert {feature.scope for feature in FEATURES} == {"need", "product", "pair", "institution"}
    assert all(feature.source and isinstance(feature.missing, float) for feature in FEATURES)


def test_nothing_known_is_read_as_declared() -> None:
    empty = features.read(case_of(Facts(), Offer(1, 1), ON), Counts())
    assert list(empty) == list(NAMES)
    assert empty["amount_log"] == 5.5 and empty["debt_ratio"] == 45.0
    assert empty["institution_share"] == pytest.approx(1 / 3, abs=1e-6)


def test_shares_lean_on_the_wider_group_until_there_are_cases() -> None:
    counts = Counts()
    case = case_of(facts_of(random.Random(3)), OFFER, ON)
    for _ in range(200):
        counts.learn(case, True)
    other = case_of(facts_of(random.Random(3)), replace(OFFER, product_id=2, institution_id=2), ON)
    stranger = case_of(
        facts_of(random.Random(3)), replace(OFFER, product_id=3, institution_id=3, institution_kind="STATE"), ON
    )
    assert (
        counts.shares(case)["product"]
        > counts.shares(other)["institution"]
        > counts.shares(stranger)["institution"]
        > 1 / 3
    )


def test_similar_cases_are_the_narrowest_group_with_enough_of_them() -> None:
    counts = Counts()
    facts = facts_of(random.Random(3))
    case = case_of(facts, OFFER, ON)
    elsewhere = case_of(facts.changed(purpose="TAX", industry_code="0141"), replace(OFFER, product_id=2), ON)
    for number in range(19):
        counts.learn(case, number % 2 == 0)
    for number in range(30):
        counts.learn(elsewhere, number % 3 == 0)
    assert counts.similar(case, 20) == Similar(49, 20, "institution")
    counts.learn(case, True)
    assert counts.similar(case, 20) == Similar(20, 11, "product_purpose")


def test_the_order_is_by_score_with_ties_by_product_and_loans_first() -> None:
    facts = facts_of(random.Random(1))
    same = [replace(OFFER, product_id=number) for number in (9, 4, 7)]
    guarantee = replace(OFFER, product_id=1, kind="guarantee", cost_percent=Decimal(0))
    ranked = order(facts, [*same, guarantee], on=ON)
    assert [at.offer.product_id for at in ranked] == [4, 7, 9, 1]


def test_the_order_does_not_depend_on_the_order_of_asking() -> None:
    facts = facts_of(random.Random(5))
    market = [offer for _, offer in offers()]
    shuffled = market[:]
    random.Random(2).shuffle(shuffled)
    assert order(facts, market, on=ON) == order(facts, shuffled, on=ON)


@pytest.mark.article("B.2")
def test_at_most_three_reasons_and_two_cautions_with_their_numbers() -> None:
    facts = facts_of(random.Random(5)).changed(amount_yuan=Decimal(900_000), term_months=12, first_loan=True)
    cheap = replace(OFFER, product_id=2, cost_percent=Decimal("3.45"), amount_yuan=Decimal(500_000), term_months=24)
    ranked = order(facts, [OFFER, cheap, replace(OFFER, product_id=3, days_to_money=2)], on=ON)
    assert all(len(at.reasons) <= 3 and len(at.cautions) <= 2 for at in ranked)
    of_cheap = next(at for at in ranked if at.offer.product_id == 2)
    assert "rank_cheapest" in [reason.code for reason in of_cheap.reasons]
    assert [caution.code for caution in of_cheap.cautions] == ["rank_lends_less", "rank_other_term"]
    assert of_cheap.cautions[0].facts == {"lent_yuan": Decimal(500_000), "asked_yuan": Decimal(900_000)}


@pytest.mark.article("B.2")
def test_a_new_product_starts_from_its_institution_and_a_new_institution_from_its_kind() -> None:
    dice = random.Random(9)
    bank, known = offers()[0]
    counts = features.counted(
        (case_of(facts_of(dice), offer, ON), dice.random() < (0.7 if of is bank else 0.3))
        for of, offer in offers() * 40
    )
    facts = facts_of(dice)
    new_product = counts.shares(case_of(facts, replace(known, product_id=9_999), ON))
    assert new_product["product"] == pytest.approx(new_product["institution"])
    newcomer = replace(known, product_id=9_999, institution_id=9_999)
    new_institution = counts.shares(case_of(facts, newcomer, ON))
    assert new_institution["product"] == pytest.approx(new_institution["kind"])
    assert new_institution["institution_county"] == pytest.approx(new_institution["kind"])
    assert new_institution["institution_division"] == pytest.approx(new_institution["kind"])
    new_kind = counts.shares(case_of(facts, replace(newcomer, institution_kind="NEW"), ON))
    assert new_kind["product"] == pytest.approx(new_kind["all"])


def test_every_feature_says_where_it_comes_from_and_which_way_it_speaks() -> None:
    assert len(set(NAMES)) == len(FEATURES)
    for feature in FEATURES:
        assert feature.source and feature.scope in ("need", "product", "pair", "institution")
        assert feature.sense in (-1, 0, 1)
        assert feature.sense == 1 or not feature.name.endswith("_share"), "a larger share never speaks against"
        assert "commission" not in feature.source and "commission" not in feature.name
