"""The memory of the simulator changes nothing: lists come out as `matching` makes them."""

from __future__ import annotations

from datetime import date

import pytest

from matchmaker.demo import businesses, market
from matchmaker.demo.drawing import at_local
from matchmaker.demo.ledger import Books
from matchmaker.demo.lists import Remembering
from matchmaker.demo.story import Story
from matchmaker.matching import services
from matchmaker.matching.rules import Lpr
from matchmaker.refusal import plain

ANCHOR_ON = date(2026, 9, 23)
LPR = Lpr(date(2025, 5, 20), *(__import__("decimal").Decimal(rate) for rate in ("3.00", "3.50")))


def a_story(n: int = 60, seed: int = 3) -> Story:
    town = market.build(seed=seed, anchor_on=ANCHOR_ON)
    shops = businesses.build(
        n, seed=seed, anchor_on=ANCHOR_ON, first_person_id=len(town.persons) + 1, operator_id=town.operators[0],
        password_hash="x", institution_names={1: "青檀农村商业银行股份有限公司"},
    )  # fmt: skip
    return Story(town, shops, Books(), seed=seed, anchor_at=at_local(ANCHOR_ON, 9.5), lprs=[LPR])


@pytest.mark.article("B.2")
def test_lists_made_from_memory_equal_those_made_by_the_rules() -> None:
    story = a_story()
    offered = story.offered_at(story.anchor_at)
    asked = [story.facts_of(at, story.wanted(at, ANCHOR_ON), ANCHOR_ON) for at in range(30)]
    plainly = [services.derive(offered, facts, ANCHOR_ON, LPR) for facts in asked]
    memory = Remembering()
    twice = [services.derive(offered, facts, ANCHOR_ON, LPR, by=memory) for _ in range(2) for facts in asked]
    for first, again in zip(plainly + plainly, twice, strict=True):
        assert plain(first.shown) == plain(again.shown)
        assert plain(first.turned_down) == plain(again.turned_down)
        assert plain(first.counts) == plain(again.counts)
    assert any(one.shown for one in plainly)
    assert memory.prices and memory.outcomes, "something was remembered"
