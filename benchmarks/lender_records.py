"""The ranker on real lending records: which lender funded this need? A thin adapter over `matchmaker.ranking.takers`.

    make_ranker(history, candidates) -> rank(need) -> lender ids, best first

`history`: rows with date, state, zip, city, naics, amount, lender_id and whatever else the records have; `candidates`:
rows with lender_id and home_states. Nothing here knows a set's name. Columns of unknown names become the kind of a
need (few values), a mark (mostly empty) or the size of its staff (numbers). A row whose `source` says that it is from
a contiguous block is history of another mix of lenders and counts three tenths; needs have no such column.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from matchmaker.ranking import forest, takers
from matchmaker.ranking.estimator import FundingChance
from matchmaker.ranking.tallies import Array

KNOWN = frozenset(
    "need_id split evaluate date state zip city naics amount source sample_weight lender_id default".split()
)
BLOCK_COUNTS = 0.3
FEW_VALUES = 30

Record = Mapping[str, str]
Margins = Callable[[Array], Array]


class Columns:
    """Which of the columns that are not known by name say what kind of need it is, what mark it has, how many staff."""

    def __init__(self, rows: Sequence[Record]) -> None:
        self.kind: list[str] = []
        self.mark: list[str] = []
        self.staff: list[str] = []
        for name in (name for name in rows[0] if name not in KNOWN):
            filled = [row[name] for row in rows if row[name]]
            if len(set(filled)) < FEW_VALUES:
                self.kind.append(name)
            elif len(filled) * 2 < len(rows):
                self.mark.append(name)
            elif all(one.replace(".", "", 1).isdigit() for one in filled):
                self.staff.append(name)

    def asked(self, row: Record) -> takers.Asked:
        """A record as the groups that the ranker reads."""
        amount = float(row["amount"] or 0)
        state, zip_code, trade = row["state"], row["zip"], row["naics"]
        mark = tuple(row[name] for name in self.mark)
        district = (state, zip_code[:3])
        return takers.Asked(
            groups={
                "state": state,
                "district": district,
                "city": (state, row["city"]),
                "post_code": (district, zip_code),
                "kind": tuple(row[name] for name in self.kind),
                "amount_band": round(2 * math.log2(max(amount, 1.0))),
                "amount": amount,
                "roundness": roundness(amount),
                "sector": trade[:2],
                "branch": trade[:4],
                "trade": trade,
                "mark": mark if any(mark) else None,
                "staff": tuple(int(math.log2(1 + float(row[name] or 0))) for name in self.staff) or None,
            },
            amount=amount,
            number=float(zip_code) if zip_code.isdigit() else None,
        )


def roundness(amount: float) -> int:
    """How many zeros an amount ends with, five at most; -1 with cents."""
    whole = int(amount)
    if whole != amount:
        return -1
    zeros = 0
    while zeros < 5 and whole and whole % 10 == 0:
        whole, zeros = whole // 10, zeros + 1
    return zeros


class Records:
    """Earlier records as the ranker reads them, and the candidates: what every learned order starts from."""

    def __init__(self, history: Sequence[Record], candidates: Sequence[Record]) -> None:
        ordered = sorted(history, key=lambda row: row["date"])
        self.ids = [row["lender_id"] for row in candidates]
        number = {one: at for at, one in enumerate(self.ids)}
        self.columns = Columns(ordered)
        self.past = takers.Past(
            asked=[self.columns.asked(row) for row in ordered],
            takers=np.array([number[row["lender_id"]] for row in ordered]),
            days=np.array([date.fromisoformat(row["date"]).toordinal() for row in ordered], float),
            weights=np.array([BLOCK_COUNTS if row.get("source") == "block" else 1.0 for row in ordered]),
            homes=[frozenset((row.get("home_states") or "").split()) for row in candidates],
        )

    def ranker(self, margins: Margins) -> Callable[[Record], list[str]]:
        """From one need's fields to all candidates: those of the first look's list by their margins, then the rest.

        ``margins``: from a list's features [k, features] to one number a row, more is better.
        """
        book = takers.Book(self.past, len(self.past.asked))

        def rank(need: Record) -> list[str]:
            first, best, matrix = book.look(self.columns.asked(need))
            leading = best[np.argsort(-margins(matrix), kind="stable")]
            behind = np.argsort(-first, kind="stable")[len(best) :]
            return [self.ids[at] for at in (*leading, *behind)]

        return rank


def learned(listed: takers.Listed) -> Margins:
    """The product's own learner on the lists: margins of a list's features."""
    model: Any = FundingChance("list").fit(
        listed.x, listed.y, starts=listed.starts, senses=[one.rising for one in takers.FEATURES]
    )
    forest.kernels.warm()
    margins: Margins = model.margins
    return margins


def make_ranker(history: Sequence[Record], candidates: Sequence[Record]) -> Callable[[Record], list[str]]:
    """Learn from the records before; answers a function from one need's fields to all candidates, best first."""
    records = Records(history, candidates)
    return records.ranker(learned(takers.lists_of(records.past)))
