"""Tallies lean as written, features know nothing after their cut, and lists are learned as lists."""

import numpy as np
import pytest

from benchmarks.lender_records import Columns, make_ranker, roundness
from matchmaker.ranking import takers
from matchmaker.ranking.estimator import FundingChance, ListLoss
from matchmaker.ranking.tallies import leaning, recency, tally, usual


def record(day: int, state: str, lender: str, amount: int = 10_000) -> dict[str, str]:
    return {
        "need_id": f"N{day}{state}{lender}",
        "date": f"2020-{1 + day // 28:02d}-{1 + day % 28:02d}",
        "state": state,
        "zip": {"AA": "10001", "BB": "20001"}[state],
        "city": "TOWN",
        "naics": "722511",
        "amount": str(amount),
        "form": "company",
        "lender_id": lender,
    }


def market(days: int = 100, shuffled: bool = False) -> list[dict[str, str]]:
    """Two states with three lenders each; small and large amounts go to different ones."""
    chance = np.random.default_rng(3)
    rows = []
    for day in range(days):
        for state in ("AA", "BB"):
            for _ in range(3):
                small = chance.random() < 0.5
                lender = f"{state}{'small' if small else 'large'}" if chance.random() < 0.8 else f"{state}other"
                if shuffled:
                    lender = chance.choice(["AAsmall", "AAlarge", "AAother", "BBsmall", "BBlarge", "BBother"])
                rows.append(record(day, state, str(lender), 10_000 if small else 500_000))
    return rows


def candidates(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{"lender_id": one, "name": "", "home_states": ""} for one in sorted({row["lender_id"] for row in rows})]


def first_share(rank: object, rows: list[dict[str, str]]) -> float:
    hits = [rank({k: v for k, v in row.items() if k != "lender_id"})[0] == row["lender_id"] for row in rows]  # type: ignore[operator]
    return sum(hits) / len(hits)


@pytest.mark.article("B.2")
def test_a_small_group_leans_on_the_wider_one() -> None:
    groups, who = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    held = tally(groups, who, np.ones(4), 3, 2)
    shares = leaning(np.array([0.5, 0.5]), held.row(0), least=3.0, per_taker=0.0)
    assert shares == pytest.approx([(2 + 1.5) / 6, (1 + 1.5) / 6])
    assert held.row(2) is None and held.row(None) is None and held.row(9) is None


def test_recency_halves_with_later_cases_of_the_own_group_only() -> None:
    assert recency(np.array([0, 1, 0, 0]), 1.0) == pytest.approx([0.25, 1.0, 0.5, 1.0])


def test_a_day_with_another_mix_counts_less() -> None:
    days = np.repeat(np.arange(7.0), 300)
    who = np.tile(np.arange(3), 700)
    who[days == 4] = 0
    weights = usual(days, who, 3)
    assert weights[days == 4].max() < 0.01 and weights[days != 4].min() > 0.3


def test_a_book_knows_nothing_after_its_cut() -> None:
    rows = market()

    def seen(history: list[dict[str, str]], n: int) -> np.ndarray:
        columns = Columns(rows)
        ids = [one["lender_id"] for one in candidates(rows)]
        past = takers.Past(
            [columns.asked(row) for row in history],
            np.array([ids.index(row["lender_id"]) for row in history]),
            np.arange(len(history), dtype=float),
            np.ones(len(history)),
            [frozenset()] * len(ids),
        )
        return takers.Book(past, n).look(columns.asked(rows[-1]))[2]

    assert np.array_equal(seen(rows[:300], 300), seen(rows, 300))
    assert not np.array_equal(seen(rows, 300), seen(rows, 500))


def test_the_ranker_learns_who_takes_what_and_nothing_from_shuffled_takers() -> None:
    rows = market()
    later = market(130)[600:]
    rank = make_ranker(rows, candidates(rows))
    assert sorted(rank(rows[0])) == sorted(one["lender_id"] for one in candidates(rows))
    assert first_share(rank, later) > 0.7
    noise = market(shuffled=True)
    assert first_share(make_ranker(noise, candidates(noise)), later) < 0.4


def test_the_loss_of_a_list_is_its_softmax() -> None:
    raw, taken = np.array([0.0, np.log(3.0), 5.0, 5.0]), np.array([1.0, 0.0, 0.0, 1.0])
    gradient, hessian = ListLoss(np.array([0, 2])).gradient_hessian(taken, raw)
    assert gradient == pytest.approx([-0.75, 0.75, 0.5, -0.5])
    assert hessian == pytest.approx([0.1875, 0.1875, 0.25, 0.25])


def test_lists_without_their_starts_are_refused() -> None:
    with pytest.raises(ValueError, match="each begins"):
        FundingChance("list").fit(np.zeros((2, 1)), np.array([0, 1]))


@pytest.mark.parametrize(("amount", "zeros"), [(1200.0, 2), (1_000_000.0, 5), (7.0, 0), (7.5, -1), (0.0, 0)])
def test_roundness_counts_zeros(amount: float, zeros: int) -> None:
    assert roundness(amount) == zeros
