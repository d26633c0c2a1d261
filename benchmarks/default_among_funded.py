"""Which funded loans were charged off? A proof of the estimator on real lending records; the platform rates nobody.

    python -m benchmarks.default_among_funded --bench FOLDER [--data sba7a] [--split valid] [--json]

`FOLDER` holds the lending records and their `evaluate.py`. The same estimator as the town's ranker (`FundingChance`),
the same groups (`lender_records.Columns`) and tallies learn from the outcomes of earlier loans alone. Printed: ROC-AUC
with its 95 % interval, the Brier score, the calibration error and the tenths behind it. No page reads any of this.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from benchmarks.lender_records import Columns, Record
from matchmaker.ranking.estimator import FundingChance
from matchmaker.ranking.takers import Asked, Groups, key_of
from matchmaker.ranking.tallies import Array, recency, tally

LENDER: Groups = ("lender",)
SHARES: Mapping[Groups, Groups | None] = {
    # a group of loans: the wider group that a small one leans on; the wider always stands before
    ("kind",): None,
    ("mark",): None,
    ("amount_band",): None,
    ("roundness",): None,
    ("staff",): None,
    ("sector",): None,
    ("branch",): ("sector",),
    ("trade",): ("branch",),
    ("state",): None,
    ("district",): ("state",),
    ("kind", "amount_band"): ("kind",),
    ("kind", "sector"): ("kind",),
    ("state", "kind"): ("kind",),
    ("state", "sector"): ("sector",),
    LENDER: None,
    ("lender", "kind"): LENDER,
    ("lender", "amount_band"): LENDER,
    ("lender", "roundness"): LENDER,
    ("lender", "kind", "amount_band"): ("lender", "kind"),
    ("lender", "sector"): LENDER,
    ("lender", "state"): LENDER,
    ("lender", "district"): ("lender", "state"),
}
STRENGTH = 15.0
"""Cases that the wider share is worth."""
LATELY = 150
"""Cases of a lender after which one counts half."""
CUTS = tuple(np.linspace(0.3, 0.95, 14))
"""Parts of the known outcomes at which the tallies behind later rows end."""
CALIBRATED = 0.12
"""Last part of the known outcomes, which sets the level and not the order."""


@dataclass
class Loans:
    """Funded loans in order of time, groups written as numbers."""

    columns: dict[Groups, Array]
    own: Array
    """float [n, k]: what each loan says of itself: log amount, day, then the columns of staff and kind."""
    outcome: Array
    """int [n]: 1 charged off, 0 paid, -1 not known."""
    weights: Array
    taught: Array
    """bool [n]: drawn at random like the scored ones."""


def loans_of(rows: Sequence[Record], lenders: Sequence[str], known: Columns) -> Loans:
    """Records as groups and numbers; a lender is one group among others."""
    read = map(known.asked, rows)
    asked = [Asked({**one.groups, "lender": lender}, one.amount) for one, lender in zip(read, lenders, strict=True)]
    columns = {}
    for groups in SHARES:
        codes: dict[Any, int] = {}
        keys = (key_of(one, groups) for one in asked)
        columns[groups] = np.array([-1 if key is None else codes.setdefault(key, len(codes)) for key in keys])
    block = np.array([row.get("source") == "block" for row in rows])
    drawn = np.array([float(row.get("sample_weight") or 1) for row in rows])
    own = [
        (
            one.amount_log,
            date.fromisoformat(row["date"]).toordinal(),
            *(float(row[name] or np.nan) for name in known.staff),
            *(float(row[name]) if row[name].replace(".", "", 1).isdigit() else np.nan for name in known.kind),
        )
        for one, row in zip(asked, rows, strict=True)
    ]
    return Loans(
        columns=columns,
        own=np.nan_to_num(np.array(own, float), nan=-1.0),
        outcome=np.array([int(row.get("default") or -1) for row in rows]),
        weights=np.where(block, 1 / drawn, 1.0),  # a block holds all loans, the sample as many of each outcome
        taught=~block,
    )


def features(loans: Loans, cut: int, wanted: Array) -> Array:
    """Shares charged off among the first `cut` loans, as log-odds, and sizes of groups, for the wanted rows."""
    seen = np.flatnonzero(loans.outcome[:cut] >= 0)
    outcome, weights = loans.outcome[seen], loans.weights[seen]
    base = float(np.average(outcome, weights=weights))
    shares: dict[Groups, Array] = {}
    found = [loans.own[wanted, 0], *loans.own[wanted, 2:].T]
    for groups, wider in SHARES.items():
        share, cases = _shares(loans.columns[groups], seen, outcome, weights, wanted, shares.get(wider or (), base))
        shares[groups] = share
        found.append(np.log(share / (1 - share)))
        if groups == LENDER:
            found.append(np.log1p(cases))
    lender = loans.columns[LENDER]
    newer = weights * recency(lender[seen], LATELY)
    share, _ = _shares(lender, seen, outcome, newer, wanted, shares[LENDER])
    return np.column_stack([*found, np.log(share / (1 - share))])


def _shares(
    column: Array, seen: Array, outcome: Array, weights: Array, wanted: Array, wider: Any
) -> tuple[Array, Array]:
    """Each wanted row's share charged off in its group, drawn towards the wider one; and the group's cases."""
    size = int(column.max()) + 1
    held = tally(column[seen], outcome, weights, size, 2)
    cells = np.zeros((size + 1, 2))  # the last row stands for rows without a group
    cells[np.repeat(np.arange(size), np.diff(held.start)), held.takers] = held.weights
    bad, cases = cells[column[wanted], 1], cells[column[wanted]].sum(axis=1)
    return (bad + STRENGTH * wider) / (cases + STRENGTH), cases


def chances(history: Sequence[Record], needs: Sequence[Record], takers: Sequence[str]) -> Array:
    """The chance of each later loan, float [needs], from the outcomes of earlier ones."""
    rows = sorted(history, key=lambda row: row["date"])
    loans = loans_of([*rows, *needs], [*(row["lender_id"] for row in rows), *takers], Columns(rows))
    n = len(rows)
    loans.outcome[n:], loans.taught[n:] = -1, False
    taught = np.flatnonzero(loans.taught & (loans.outcome >= 0))
    days = loans.own[:n, 1]
    cuts = sorted({int(np.searchsorted(days, days[taught[int(len(taught) * part)]], "left")) for part in CUTS} - {0})
    parts = [
        (part, features(loans, cut, part))
        for cut, end in zip(cuts, [*cuts[1:], n], strict=True)
        if len(part := taught[(taught >= cut) & (taught < end)])
    ]
    x, y = np.concatenate([matrix for _, matrix in parts]), loans.outcome[np.concatenate([part for part, _ in parts])]
    last = int(len(y) * (1 - CALIBRATED))
    model = FundingChance().fit(x[:last], y[:last]).calibrate(x[last:], y[last:])
    found: Array = model.predict_proba(features(loans, n, np.arange(n, n + len(needs))))[:, 1]
    return found


def measured(outcome: Array, chance: Array, area: float) -> dict[str, Any]:
    """ROC-AUC with its interval (Hanley and McNeil 1982), Brier score, calibration error over tenths of the chances."""
    bad, good = int(outcome.sum()), int(len(outcome) - outcome.sum())
    spread = area * (1 - area) + (bad - 1) * (area / (2 - area) - area**2)
    spread += (good - 1) * (2 * area**2 / (1 + area) - area**2)
    tenths = [
        {"n": len(part), "said": round(float(chance[part].mean()), 4), "was": round(float(outcome[part].mean()), 4)}
        for part in np.array_split(np.argsort(chance, kind="stable"), 10)
    ]
    return {
        "n": len(outcome),
        "charged_off": round(float(outcome.mean()), 4),
        "roc_auc": round(area, 4),
        "roc_auc_ci95": round(1.96 * float(np.sqrt(spread / (bad * good))), 4),
        "brier": round(float(((chance - outcome) ** 2).mean()), 4),
        "calibration_error": round(sum(one["n"] * abs(one["said"] - one["was"]) for one in tenths) / len(outcome), 4),
        "tenths": tenths,
    }


def main() -> None:
    """The command; see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, help="folder with evaluate.py and the sets")
    parser.add_argument("--data", default="sba7a")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, asked.bench)
    evaluate = importlib.import_module("evaluate")
    history, _, needs, truth = evaluate.load(asked.data, asked.split)
    needs = [need for need in needs if truth[need["need_id"]]["default"]]
    hidden = ("source", "sample_weight")
    plain = [{name: value for name, value in need.items() if name not in hidden} for need in needs]
    chance = chances(history, plain, [truth[need["need_id"]]["lender_id"] for need in needs])
    outcome = np.array([int(truth[need["need_id"]]["default"]) for need in needs])
    found = measured(outcome, chance, evaluate.auc(list(map(int, outcome)), list(map(float, chance))))
    if asked.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        if name != "tenths":
            print(f"{name:20} {value}")
    for one in found["tenths"]:
        print("  ".join(f"{name} {value}" for name, value in one.items()))


if __name__ == "__main__":
    main()
