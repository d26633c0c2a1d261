"""Whole numbers of forms and addresses: what is no number, or no engine's integer holds, is none."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.web import row_id, row_ids, seen_version, whole


@pytest.mark.parametrize(
    ("typed", "number"),
    [("7", 7), ("0", 0), ("999999999", 999_999_999), ("1000000000", None), ("9" * 5000, None), ("-1", None),
     ("1.0", None), ("٣", None), ("²", None), ("", None), (None, None), ("七", None), (" 7", None)],
)  # fmt: skip
def test_a_whole_number_or_none(typed: Any, number: int | None) -> None:
    assert whole(typed) == number
    assert row_id(typed) == (number or 0)
    assert seen_version(typed) == (-1 if number is None else number)


def test_a_tick_that_is_no_number_is_refused_and_not_passed_over() -> None:
    assert row_ids(["3", "x", "4"]) == [3, 0, 4]
    assert row_ids(None) == []
