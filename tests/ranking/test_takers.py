"""Tallies lean as written, features know nothing after their cut, and lists are learned as lists."""

import numpy as np
import pytest

from benchmarks.lender_records import Columns, make_ranker, roundness
from matchmaker.ranking import forest, takers
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


def pairs_of(margins: np.ndarray, taken: int) -> tuple[np.ndarray, float]:
    """One list by the book, pair by pair: what each other row's pair with the taker weighs, and what draws all together."""
    place = {row: at for at, row in enumerate(sorted(range(len(margins)), key=lambda row: -margins[row]))}
    weights = np.zeros(len(margins))
    total = 0.0
    for row in range(len(margins)):
        if row == taken or min(place[row], place[taken]) >= ListLoss.PLACES:
            continue
        ahead = margins[taken] - margins[row]
        weights[row] = abs(1 / np.log2(2 + place[row]) - 1 / np.log2(2 + place[taken]))
        if margins.max() > margins.min():
            weights[row] /= ListLoss.NEAREST + abs(ahead)
        total += 2 * weights[row] / (1 + np.exp(ahead))
    return weights, float(np.log2(1 + total) / total) if total > 0 else 1.0


def lists_of_all_lengths() -> tuple[np.ndarray, np.ndarray, np.ndarray, list[slice]]:
    chance = np.random.default_rng(4)
    sizes = [1, 2, 3, 14, 40, 5, 25]
    starts = np.cumsum([0, *sizes])[:-1]
    raw = chance.normal(size=sum(sizes))
    raw[starts[5] :][:5] = 0.25  # a list on which nothing is told apart yet
    taken = np.zeros(len(raw))
    taken[[start + chance.integers(size) for start, size in zip(starts, sizes, strict=True)]] = 1
    return raw, taken, starts, [slice(at, at + size) for at, size in zip(starts, sizes, strict=True)]


def test_the_pull_on_a_row_is_the_slope_of_its_pairs() -> None:
    """Against finite differences: weights of pairs held where they are, as LambdaRank defines its gradient."""
    raw, taken, starts, parts = lists_of_all_lengths()
    gradient, hessian = ListLoss(starts).gradient_hessian(taken, raw)
    for part in parts:
        at = int(taken[part].argmax())
        weights, drawn = pairs_of(raw[part], at)

        def loss(margins: np.ndarray, at: int = at, weights: np.ndarray = weights * drawn) -> float:
            return float((weights * np.log1p(np.exp(margins - margins[at]))).sum())

        for row in range(part.stop - part.start):
            step = np.zeros(part.stop - part.start)
            step[row] = 1e-4
            up, here, down = loss(raw[part] + step), loss(raw[part]), loss(raw[part] - step)
            assert gradient[part][row] == pytest.approx((up - down) / 2e-4, abs=1e-7)
            assert hessian[part][row] == pytest.approx((up - 2 * here + down) / 1e-8, abs=1e-5)


def test_a_list_pulls_its_taker_up_and_nothing_in_all() -> None:
    raw, taken, starts, parts = lists_of_all_lengths()
    gradient, hessian = ListLoss(starts).gradient_hessian(taken, raw)
    assert (gradient[taken > 0][1:] < 0).all() and (gradient[taken == 0] >= 0).all() and (hessian > 0).all()
    for part in parts:
        assert gradient[part].sum() == pytest.approx(0, abs=1e-12)
    behind = np.arange(20.0)[::-1]
    far = np.zeros(20)
    far[15] = 1
    gradient, _ = ListLoss(np.zeros(1, int)).gradient_hessian(far, behind)
    assert (gradient[: ListLoss.PLACES] > 0).all() and not gradient[16:].any()  # who stands behind is no matter


def test_a_weight_of_rows_weighs_their_pull() -> None:
    raw, taken, starts, _ = lists_of_all_lengths()
    once, slope = ListLoss(starts).gradient_hessian(taken, raw)
    thrice, steep = ListLoss(starts).gradient_hessian(taken, raw, np.full(len(raw), 3.0))
    assert thrice == pytest.approx(3 * once) and steep == pytest.approx(3 * slope)


def test_the_same_lists_teach_the_same_order_to_the_bit() -> None:
    chance = np.random.default_rng(5)
    x = chance.normal(size=(4000, 3))
    starts = np.arange(0, 4000, 20)
    y = np.zeros(4000)
    y[starts + x[:, 1].reshape(-1, 20).argmax(axis=1)] = 1
    one, other = (FundingChance("list").fit(x, y, starts=starts, senses=[0, 1, 0]) for _ in range(2))
    assert np.array_equal(one.margins(x), other.margins(x))
    bits = forest.forest_of(one.model_)
    assert forest.proved(bits, one.model_) and np.array_equal(bits.raw(x), one.model_.decision_function(x))
    assert (one.margins(x).reshape(-1, 20).argmax(axis=1) == x[:, 1].reshape(-1, 20).argmax(axis=1)).mean() > 0.9
    steps = np.zeros((50, 3))
    steps[:, 1] = np.linspace(-3, 3, 50)
    assert (np.diff(one.margins(steps)) >= 0).all()


def test_lists_without_their_starts_are_refused() -> None:
    with pytest.raises(ValueError, match="each begins"):
        FundingChance("list").fit(np.zeros((2, 1)), np.array([0, 1]))


@pytest.mark.parametrize(("amount", "zeros"), [(1200.0, 2), (1_000_000.0, 5), (7.0, 0), (7.5, -1), (0.0, 0)])
def test_roundness_counts_zeros(amount: float, zeros: int) -> None:
    assert roundness(amount) == zeros


def test_a_case_with_a_near_post_code_speaks_louder() -> None:
    rows = market(40)
    for at, row in enumerate(row for row in rows if row["state"] == "AA"):
        row["zip"], row["lender_id"] = ("10001", "AAsmall") if at % 2 else ("10099", "AAlarge")
    columns = Columns(rows)
    ids = [one["lender_id"] for one in candidates(rows)]
    past = takers.Past(
        [columns.asked(row) for row in rows],
        np.array([ids.index(row["lender_id"]) for row in rows]),
        np.arange(len(rows), dtype=float),
        np.ones(len(rows)),
        [frozenset()] * len(ids),
    )
    book = takers.Book(past, len(rows))
    near = [takers.NAMES.index(f"near_{way.name}") for way in takers.NEAR]

    def lead(zip_code: str) -> np.ndarray:
        _, best, matrix = book.look(columns.asked({**record(50, "AA", ""), "zip": zip_code}))
        place = {ids[taker]: at for at, taker in enumerate(best)}
        found: np.ndarray = matrix[place["AAsmall"], near] - matrix[place["AAlarge"], near]
        return found

    by_distance = [at for at, way in enumerate(takers.NEAR) if way.numbers < np.inf]
    assert (lead("10003")[by_distance] > 0.3).all() and (lead("10095")[by_distance] < -0.3).all()
    unknown = lead("")
    assert np.isfinite(unknown).all() and np.abs(unknown[:2]).max() < 0.1
    assert all(takers.FEATURES[at].rising for at in near)
