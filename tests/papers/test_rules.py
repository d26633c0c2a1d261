"""Kinds, last days, reminders, and the list of a product beside the folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from matchmaker.papers.rules import KINDS, Standing, checklist, reminder, standing
from matchmaker.papers.words import LABELS
from matchmaker.products.cover.rules import DOCUMENTS
from matchmaker.products.rules.terms import DOCUMENT_CODES

TODAY = date(2026, 9, 23)


@dataclass(frozen=True)
class Held:
    id: int
    kind: str
    expires_on: date | None = None
    is_clean: bool = True


def test_whatever_a_product_or_a_cover_asks_for_has_a_place_in_the_folder() -> None:
    assert set(DOCUMENT_CODES) | set(DOCUMENTS) <= set(KINDS)
    assert set(LABELS["paper.kind"]) == set(LABELS["paper.how"]) == set(KINDS)
    assert len(KINDS) == len(set(KINDS))


@pytest.mark.parametrize(
    ("days", "clean", "found"),
    [
        (None, True, Standing.VALID),
        (31, True, Standing.VALID),
        (30, True, Standing.SOON),
        (0, True, Standing.SOON),
        (-1, True, Standing.OVER),
        (31, False, Standing.SCANNING),
    ],
)
def test_a_paper_counts_to_its_last_day(days: int | None, clean: bool, found: Standing) -> None:
    assert standing(TODAY + timedelta(days=days) if days is not None else None, clean, TODAY) is found


@pytest.mark.parametrize(
    ("left", "reminded", "due"),
    [
        (31, None, None), (30, None, 30), (8, None, 30), (7, None, 7), (0, None, 7), (-1, None, None),
        (29, 30, None), (8, 30, None), (7, 30, 7), (6, 7, None), (30, 7, None),
    ],
)  # fmt: skip
def test_reminders_come_30_and_7_days_before_once_each(left: int, reminded: int | None, due: int | None) -> None:
    assert reminder(TODAY + timedelta(days=left), reminded, TODAY) == due


def test_a_checklist_says_what_is_ready_what_is_not_and_what_is_missing() -> None:
    folder = [
        Held(5, "LEASE", TODAY + timedelta(days=90)),
        Held(4, "LICENCE"),
        Held(3, "LEASE", TODAY - timedelta(days=1)),
        Held(2, "BANK_FLOW", None, is_clean=False),
        Held(1, "ORDERS"),
    ]
    asked = [
        {"code": "LEASE", "reason": "看店在哪"}, {"code": "LEASE", "reason": "又一次"}, {"code": "BANK_FLOW", "reason": ""},
        {"code": "TAX_RETURNS", "reason": "看交税"},
    ]  # fmt: skip
    lease, flow, tax = checklist(asked, folder, TODAY)
    assert (lease.reason, [one.id for one in lease.ready]) == ("看店在哪", [5])
    assert [(one.id, state) for one, state in lease.unready] == [(3, Standing.OVER)]
    assert ([one.id for one in flow.ready], flow.unready[0][1]) == ([], Standing.SCANNING)
    assert (tax.ready, tax.unready) == ((), ())
