"""The catalogue of the benchmark says the same in both its forms: what is measured is the same question."""

from __future__ import annotations

from benchmarks.matching import KEYS, by_numpy, pair_rows
from benchmarks.synthetic import TODAY, catalogue, needs
from matchmaker.eligibility.rules import failed_rules
from matchmaker.matching.index import MarketIndex


def test_the_index_the_loop_and_the_columns_of_the_peers_name_the_same_products() -> None:
    market, asked = catalogue(400, seed=4), needs(25, seed=9)
    terms = [market.terms(at) for at in range(market.n)]
    index = MarketIndex()
    columns = market.term_columns()
    index.put_columns(columns)
    assert [columns.row(at) for at in range(market.n)] == terms
    found = 0
    for at in range(asked.n):
        facts = asked.facts(at)
        with index.reading():
            fitting = index.ask(facts, TODAY).eligible()
        assert fitting == by_numpy(market, asked, at).tolist()
        assert fitting == [one.key for one in terms if not failed_rules(one, facts, TODAY)]
        found += len(fitting)
    assert found > 25


def test_the_draw_is_the_same_every_time() -> None:
    first, again = catalogue(50, seed=2), catalogue(50, seed=2)
    assert (first.records == again.records).all() and first.region_lists == again.region_lists
    rows = pair_rows(needs(1).figures[0], first.records)
    assert rows.shape == (50, 30) and len(set(KEYS)) == 20
