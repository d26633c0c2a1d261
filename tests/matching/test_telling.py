"""What a card says beside its figures: why a place leaves the counted chance, and sums that take something off."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker import formatting
from matchmaker.matching import cards, telling
from matchmaker.ranking.models import Shown, ShownList


@pytest.mark.article("B.2")
@pytest.mark.parametrize(
    ("counted", "n", "seen", "says"),
    [(0.25, 24, 0.73, "更容易办成"), (0.6, 40, 0.4, "难办成"), (0.25, 24, 0.44, ""), (0.25, 19, 0.73, ""), (0.25, 24, None, "")],
)
def test_a_place_that_leaves_the_count_says_why(app: Any, counted: float, n: int, seen: float | None, says: str) -> None:
    row = Shown(chance=counted, chance_n=n, features={} if seen is None else {"model_chance": seen})
    row.list = ShownList(rule_only=False)
    with app.test_request_context():
        said = cards.beside_the_count(row)
        assert says in said and bool(says) == bool(said)
        row.list.rule_only = True
        assert cards.beside_the_count(row) == "", "no model ordered this list"


@pytest.mark.article("B.2", "8.2")
def test_what_takes_something_off_says_so_in_words(app: Any) -> None:
    with app.test_request_context():
        assert telling.fee_sum("-750.00", formatting.yuan).replace("\u00a0", " ") == "减 750 元"
        assert telling.fee_sum("750", formatting.yuan).replace("\u00a0", " ") == "750 元"
        assert "负数" not in telling.fee_name("GUARSUB") + telling.fee_name("SUBSIDY")
    with app.test_request_context(headers={"Cookie": "lang=en"}):
        assert telling.fee_name("GUARSUB") == "Guarantee fee subsidy"
        assert telling.fee_sum("-750", formatting.yuan) == "less ¥750"
