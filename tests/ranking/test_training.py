"""Training on an invented history: better than the rule score or not used; calibrated; nothing from the future."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from datetime import timedelta
from functools import cache

import numpy as np
import pytest

from matchmaker.ranking import evaluation, services
from matchmaker.ranking.estimator import KINDS, FundingChance, Sigmoid, at_level, levels_of
from matchmaker.ranking.evaluation import Measured, measure, reliability, split, too_few, why_not_better
from matchmaker.ranking.features import NAMES
from matchmaker.ranking.queries import HistoryRow
from matchmaker.ranking.services import Fitted, Ranker, as_shown, fit, order
from matchmaker.refusal import Reason
from tests.ranking.builders import START, invented


@cache
def history() -> tuple[list[HistoryRow], dict[int, float]]:
    return invented(3000)


@cache
def trained() -> Fitted:
    rows, oracle = history()
    found = fit(rows, oracle=oracle)
    assert isinstance(found, Fitted)
    return found


@pytest.mark.article("B.2")
def test_the_model_beats_the_rule_score_on_the_later_slice_and_stays_below_the_oracle() -> None:
    card = trained().card
    later = card["later"]
    assert trained().stays_out is None
    assert later["model"]["auc"] > later["rule_score"]["auc"] + 0.05
    assert later["model"]["auc"] > later["rule_chance"]["auc"] + 0.05
    assert later["oracle"]["auc"] > later["model"]["auc"]
    assert later["model"]["log_loss"] < later["rule_chance"]["log_loss"]


def test_chances_are_calibrated_on_the_later_slice() -> None:
    assert trained().card["calibration_error"] < 0.06


def error_of_chance(funded: int, not_funded: int) -> float:
    """The standard error of an AUC of one half (Mann and Whitney): three of them hold nearly every leakless model."""
    return float(((funded + not_funded + 1) / (12 * funded * not_funded)) ** 0.5)


@pytest.mark.article("B.2")
def test_shuffled_outcomes_teach_nothing_and_are_not_promoted() -> None:
    rows, _ = history()
    outcomes = [row.funded for row in rows]
    random.Random(0).shuffle(outcomes)
    found = fit([replace(row, funded=funded) for row, funded in zip(rows, outcomes, strict=True)])
    assert isinstance(found, Fitted)
    later = found.card["later"]["model"]
    assert later["auc"] == pytest.approx(0.5, abs=3 * error_of_chance(later["funded"], later["n"] - later["funded"]))
    assert found.stays_out is not None


def test_training_twice_gives_the_same_model() -> None:
    rows, oracle = history()
    again = fit(rows, oracle=oracle)
    assert isinstance(again, Fitted)
    assert again.card == trained().card
    facts_rows = list(rows[:50])
    x = [list(vector) for vector in as_shown(facts_rows)[0]]
    assert again.trained.estimator.chances(x) == trained().trained.estimator.chances(x)


def test_a_case_is_read_with_what_was_decided_before_it_was_shown() -> None:
    rows, _ = history()
    whole, _ = as_shown(rows[:400])
    # What happens later changes nothing of earlier rows: neither more cases nor other outcomes of open ones.
    turned = [replace(row, funded=not row.funded) if row.known_at > rows[200].shown_at else row for row in rows[:400]]
    half, _ = as_shown(turned)
    assert half[:201] == whole[:201]
    assert as_shown(rows[:200])[0] == whole[:200]


@pytest.mark.article("B.2")
def test_open_cases_are_not_negatives_each_known_one_stands_for_those_that_are_not_known_yet() -> None:
    """Refusals are known in days, money in weeks: whoever counts what is known learns that hardly anybody is funded."""
    dice = random.Random(3)
    shown, known, labels = [], [], []
    for number in range(4000):
        at = START + timedelta(hours=number * 2)
        funded = number % 2 == 0
        shown.append(at)
        known.append(at + timedelta(days=dice.uniform(10, 50) if funded else dice.uniform(1, 20)))
        labels.append(funded)
    cut = shown[-1] + timedelta(days=1)
    rows = [row for row in range(3600, 4000) if known[row] <= cut]
    weights = evaluation.delay_weights(shown, known, labels, rows, cut)
    plain = sum(labels[row] for row in rows) / len(rows)
    weighed = sum(w for row, w in zip(rows, weights, strict=True) if labels[row]) / sum(weights)
    assert plain < 0.35 and abs(weighed - 0.5) < 0.04
    assert max(weights) <= evaluation.STANDS_FOR_AT_MOST
    # Of cases of the last weeks a refusal may be known and hardly any money: they stand for nobody.
    ages = [(cut - shown[row]) / timedelta(days=1) for row in rows]
    assert {weight for weight, age in zip(weights, ages, strict=True) if age < 15} == {0.0}
    assert all(weight >= 1 for weight, age in zip(weights, ages, strict=True) if age > 25)
    # Nothing of it is read from what became known after the cut.
    later = [at + timedelta(days=30) if at > cut else at for at in known]
    assert evaluation.delay_weights(shown, later, labels, rows, cut) == weights
    assert set(evaluation.delay_weights(shown[:30], known[:30], labels[:30], [0, 1], cut)) == {1.0}


@pytest.mark.article("B.2")
def test_a_part_of_the_market_that_is_told_wrong_keeps_a_model_out() -> None:
    labels = [number % 3 == 0 for number in range(300)]
    right = [1 / 3] * 300
    parts = {"amount_band": ["0" if number < 200 else "1" for number in range(300)]}
    fine = evaluation.segments(parts, labels, right, [1.0] * 300)
    assert [one.n for one in fine] == [200, 100] and evaluation.why_off_in_a_segment(fine) is None
    wrong = [1 / 3] * 200 + [0.7] * 100
    found = evaluation.why_off_in_a_segment(evaluation.segments(parts, labels, wrong, [1.0] * 300))
    assert found is not None and found.code == "ranker_off_in_segment"
    assert (found.facts["of"], found.facts["value"], found.facts["n"]) == ("amount_band", "1", 100)
    few = evaluation.segments({"x": ["a"] * 20}, [True] * 20, [0.1] * 20, [1.0] * 20)
    assert not few[0].is_off, "nothing is said of a few"


@pytest.mark.article("B.2")
@pytest.mark.parametrize("kind", KINDS)
def test_more_of_what_can_only_speak_for_a_business_never_lowers_its_chance(kind: str) -> None:
    dice = np.random.default_rng(2)
    senses = [1, -1, 0]
    x = dice.normal(size=(1500, 3))
    y = (0.3 * x[:, 0] - x[:, 1] + x[:, 2] - 0.6 * x[:, 0] * (x[:, 2] > 1) + dice.normal(size=1500) > 0).astype(int)
    estimator = FundingChance(kind).fit(x, y, senses=senses)  # type: ignore[arg-type]
    probes = dice.normal(size=(200, 3))
    for column, sense in enumerate(senses):
        if sense:
            moved = probes.copy()
            moved[:, column] += 0.8
            assert (sense * (estimator.margins(moved) - estimator.margins(probes)) >= -1e-9).all()
    against = FundingChance("logistic").fit(x, y, senses=[-1, 1, 0])
    assert against.model_.model_.coef_[0][:2].tolist() == [0, 0], "what contradicts its sense is left out"


def test_an_institution_moves_the_level_only_as_far_as_its_cases_carry() -> None:
    of = [1] * 400 + [2] * 4
    levels = levels_of(of, [True] * 404, [0.5] * 404, [1.0] * 404)
    assert levels[1] > 1.5 and 0 < levels[2] < 0.25
    assert at_level(0.5, levels[2]) < at_level(0.5, levels[1]) < 1
    assert at_level(0.3, 0.0) == 0.3


def test_what_was_open_when_the_next_slice_began_is_left_out() -> None:
    rows, _ = history()
    slices = split([row.shown_at for row in rows], [row.known_at for row in rows])
    begins = rows[slices.calibrate[0]].shown_at
    assert all(rows[place].known_at <= begins for place in slices.learn)
    assert max(slices.learn) < min(slices.calibrate) <= max(slices.calibrate) < min(slices.later)
    assert len(slices.learn) < len(rows) * evaluation.LEARN


def test_too_little_or_one_sided_history_trains_nothing() -> None:
    rows, _ = history()
    few = fit(rows[:100])
    assert isinstance(few, Reason) and few.code == "ranker_too_few_cases"
    assert isinstance(fit([]), Reason)
    one_sided = fit([replace(row, funded=True) for row in rows[:400]])
    assert isinstance(one_sided, Reason) and one_sided.code == "ranker_too_one_sided"
    assert too_few([], split([], [])) is not None


def test_ten_thousand_cases_take_seconds() -> None:
    rows, _ = invented(10_000)
    begun = time.perf_counter()
    assert isinstance(fit(rows), Fitted)
    assert time.perf_counter() - begun < 30


@pytest.mark.parametrize(
    ("model", "active", "code"),
    [
        (Measured(500, 200, 0.70, 0.60, 0.2), None, None),
        (Measured(500, 200, 0.65, 0.60, 0.2), None, "ranker_orders_no_better"),
        (Measured(500, 200, 0.70, 0.66, 0.2), None, "ranker_says_no_better"),
        (Measured(500, 200, 0.70, 0.60, 0.2), Measured(500, 200, 0.75, 0.60, 0.2), "ranker_behind_active"),
        (Measured(500, 200, 0.70, 0.60, 0.2), Measured(500, 200, 0.705, 0.60, 0.2), None),
    ],
)
def test_the_gate(model: Measured, active: Measured | None, code: str | None) -> None:
    rule_order, rule_chance = Measured(500, 200, 0.62), Measured(500, 200, 0.65, 0.65, 0.22)
    found = why_not_better(model, rule_order, rule_chance, active)
    assert (found.code if found else None) == code


def test_measures_are_what_they_say() -> None:
    assert measure([True, False], [0.9, 0.1]).auc == 1.0
    assert measure([True, False], [0.1, 0.9]).auc == 0.0
    assert measure([True, True], [0.1, 0.9]).auc == 0.5
    assert measure([True, False], [0.5, 0.5]).log_loss == pytest.approx(0.693147)
    assert measure([True, False], [1.0, 0.0]).brier == pytest.approx(0.0, abs=1e-6)
    assert reliability([True, False, True, True], [0.95, 0.95, 1.0, 0.05]) == [
        {"n": 1, "predicted": 0.05, "came": 1.0},
        {"n": 3, "predicted": 0.9667, "came": 0.6667},
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_estimator_keeps_the_conventions(kind: str) -> None:
    dice = np.random.default_rng(0)
    x = dice.normal(size=(600, len(NAMES)))
    y = (x[:, 0] + dice.normal(size=600) > 0).astype(int)
    estimator = FundingChance(kind)  # type: ignore[arg-type]
    assert estimator.get_params() == {"kind": kind, "random_state": 0}
    assert estimator.fit(x[:400], y[:400]) is estimator
    assert estimator.calibrate(x[400:], y[400:]) is estimator
    chances = estimator.predict_proba(x)
    assert chances.shape == (600, 2)
    assert np.allclose(chances.sum(axis=1), 1)
    assert ((chances >= 0) & (chances <= 1)).all()
    assert set(estimator.predict(x)) <= {0, 1}
    one_by_one = [estimator.chances([list(row)])[0] for row in x[:40]]
    assert one_by_one == estimator.chances([list(row) for row in x[:40]])
    assert estimator.chances([]) == []


def test_a_few_cases_move_the_level_a_little_and_many_as_far_as_they_say() -> None:
    dice = np.random.default_rng(4)
    margin = dice.normal(size=900)
    y = (dice.random(900) < 1 / (1 + np.exp(-(0.5 * margin - 1)))).astype(int)
    few, many = Sigmoid().fit(margin[:20], y[:20]), Sigmoid().fit(margin, y)
    assert abs(few.shift) < abs(many.shift) / 2 and many.slope < few.slope < 1.1
    assert -1.2 < many.shift < -0.7 and 0.3 < many.slope < 0.75
    assert (np.diff(many.predict(np.linspace(-4, 4, 50))) > 0).all()


def test_with_many_cases_calibration_is_isotonic_and_keeps_the_order() -> None:
    dice = np.random.default_rng(1)
    x = dice.normal(size=(3000, 4))
    y = (x[:, 0] + dice.normal(size=3000) > 0.5).astype(int)
    estimator = FundingChance("gradient").fit(x[:1500], y[:1500])
    before = estimator.predict_proba(x[1500:])[:, 1]
    after = estimator.calibrate(x[1500:], y[1500:]).predict_proba(x[1500:])[:, 1]
    assert type(estimator.calibration_).__name__ == "IsotonicRegression"
    rising = after[np.argsort(before, kind="stable")]
    assert (np.diff(rising) >= -1e-6).all()


@pytest.mark.article("B.2")
def test_the_ranker_orders_by_its_chance_and_says_how_many_were_like_it() -> None:
    rows, _ = history()
    ranker = Ranker(1, "test", trained().trained)
    case = rows[-1].case
    offers = [row.case.offer for row in {row.case.offer.product_id: row for row in rows}.values()]
    from tests.ranking.builders import facts_of

    facts = facts_of(random.Random(11))
    on = rows[-1].shown_at.date() + timedelta(days=1)
    ranked = order(facts, offers, on=on, ranker=ranker)
    assert [at.score for at in ranked] == sorted((at.score for at in ranked), reverse=True)
    assert all(set(at.features) == set(NAMES) for at in ranked)
    assert all(at.similar.n >= 20 and at.similar.level for at in ranked)
    assert len({at.chance for at in ranked}) > 5
    assert order(facts, list(reversed(offers)), on=on, ranker=ranker) == ranked
    assert case.offer in offers or offers
    assert services.stored_features(ranked[0])["model_chance"] == ranked[0].chance
