"""The proof of the estimator on outcomes: learned from earlier loans alone, and measured as written."""

import numpy as np
import pytest

from benchmarks.default_among_funded import chances, features, loans_of, measured
from benchmarks.lender_records import Columns


def loans(n: int = 900) -> list[dict[str, str]]:
    """One lender whose loans mostly fail and one whose loans mostly do not, three a day."""
    chance = np.random.default_rng(4)
    rows = []
    for at in range(n):
        bad = at % 2 == 0
        day = at // 3
        rows.append(
            {
                "date": f"2020-{1 + day // 28:02d}-{1 + day % 28:02d}",
                "state": "AA",
                "zip": "10001",
                "city": "TOWN",
                "naics": "722511",
                "amount": "10000",
                "form": "company",
                "lender_id": "bad" if bad else "good",
                "default": str(int(chance.random() < (0.8 if bad else 0.2))),
            }
        )
    return rows


@pytest.mark.article("B.2")
def test_the_lenders_earlier_outcomes_tell_later_ones_apart() -> None:
    rows = loans()
    found = chances(rows, [rows[0], rows[1]], ["bad", "good"])
    assert found[0] > 0.6 and found[1] < 0.4


@pytest.mark.article("B.2")
def test_nothing_after_the_cut_is_read() -> None:
    rows = loans()
    turned = [*rows[:300], *({**row, "default": str(1 - int(row["default"]))} for row in rows[300:])]
    wanted = np.arange(300, 330)

    def seen(history: list[dict[str, str]], cut: int) -> np.ndarray:
        return features(loans_of(history, [row["lender_id"] for row in history], Columns(history)), cut, wanted)

    assert np.array_equal(seen(rows, 300), seen(turned, 300))
    assert not np.array_equal(seen(rows, 600), seen(turned, 600))


def test_a_chance_that_is_right_on_average_has_no_calibration_error() -> None:
    outcome = np.array([0, 1] * 100)
    assert measured(outcome, np.full(200, 0.5), 0.5)["calibration_error"] == pytest.approx(0.0)
    assert measured(outcome, np.full(200, 0.9), 0.5)["calibration_error"] == pytest.approx(0.4)
