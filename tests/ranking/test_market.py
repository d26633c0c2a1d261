"""The simulated market keeps its own promises: the same owners, the same luck, and the product's own order."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import market
from benchmarks.market_methods import TwoSided, oracle, plain_methods, rules_only, vectors
from benchmarks.market_stage import Stage, build
from benchmarks.market_world import Assumptions, Live, World, with_history
from matchmaker.ranking import features
from matchmaker.ranking.rules import Ranked, counted_chance, in_order, parts_of, score_of, slot_price


@pytest.fixture(scope="module")
def stage() -> Stage:
    return build(needs=160, days=12, seed=3, towns=1)


@pytest.fixture(scope="module")
def crowded(stage: Stage) -> World:
    world = World(stage, replace(Assumptions(), pressure=1.5), seed=4)
    with_history(world, rules_only())
    return world


def test_a_world_runs_the_same_twice_and_every_method_gets_the_same_applications(crowded: World) -> None:
    runs = [crowded.run(method) for method in (*plain_methods(4), *plain_methods(4))]
    assert [run.sent for run in runs[:4]] == [run.sent for run in runs[4:]]
    sent = [[sum(row.need == at for row in run.sent) for at in run.needs] for run in runs[:4]]
    assert np.ptp([sum(one) for one in sent]) <= 0.1 * sum(sent[0]), "fewer only where a need's first ten are one house"
    assert len({len(run.needs) for run in runs}) == 1


def test_rules_only_is_the_published_order(stage: Stage) -> None:
    need = max(stage.needs, key=lambda one: len(one.offers))
    ranked = [
        Ranked(offer, score_of(parts_of(offer, need.wish, counted_chance(offer))), 0.0, None)  # type: ignore[arg-type]
        for offer in need.offers
    ]
    chance = np.array([counted_chance(offer) for offer in need.offers])
    scores = need.without_chance + 40.0 * chance
    assert [need.offers[k] for k in np.lexsort((need.product, -np.round(scores, 6)))] == [
        one.offer for one in in_order(ranked)
    ]


def test_features_of_the_simulator_are_those_of_the_ranker(stage: Stage) -> None:
    need = stage.needs[5]
    counts = features.counted([(case, number % 3 == 0) for number, case in enumerate(need.cases * 4)])
    read = [features.vector(features.read(case, counts)) for case in need.cases]
    assert vectors(need, counts).tolist() == read


def test_live_capacity_is_what_keeps_leads_from_lapsing(crowded: World) -> None:
    blind, seeing = crowded.run(oracle(crowded, live=False)), crowded.run(oracle(crowded, live=True))
    lapsed = [sum(row.lapsed for row in run.sent) for run in (blind, seeing)]
    assert lapsed[1] < lapsed[0]
    assert len(seeing.funded_at) > len(blind.funded_at)


def test_a_two_sided_order_keeps_the_last_places_and_puts_who_is_full_last(crowded: World) -> None:
    at = next(at for at in range(crowded.split, len(crowded.stage.needs)) if len(crowded.stage.needs[at].offers) > 2)
    need, lenders = crowded.stage.needs[at], len(crowded.stage.lenders)
    ones = [np.ones(len(one.offers)) for one in crowded.stage.needs[crowded.split :]]
    method = TwoSided("equal", crowded.split, ones)

    def scores(left: int) -> np.ndarray:
        return method.scores(at, need, Live(np.full(lenders, left), np.zeros(0), np.zeros(0), np.zeros(0)))

    assert (scores(1) < scores(5)).all() and (scores(5) < scores(30)).all()
    assert np.allclose(scores(30) - scores(1), slot_price(1) - slot_price(30))
    assert (scores(0) < scores(1) - 100).all()


def test_a_flip_is_told_with_the_world_it_happens_in() -> None:
    one = {"funded_share": 0.5}
    other = {"funded_share": 0.4}
    found = {
        "as assumed": {"logistic": one, "random": other},
        "lenders alike": {"logistic": other, "random": one},
    }
    assert market.flips(found) == [{"where": "lenders alike", "now_better": "random", "than": "logistic", "by": 0.1}]
