"""Our order of lenders against LightGBM's LambdaRank, need by need: the paired difference with its 95 % interval.

    python -m benchmarks.against_lambdarank --bench FOLDER [--data sba7a] [--split valid] [--into FOLDER] [--json]

`FOLDER` holds the lending records and their `evaluate.py`, whose arithmetic alone is printed. All orders start from
the same list of the first look and learn from the same lists of earlier needs, a need whose lender is not on its list
left out. The peer (Burges 2010, as LightGBM has it) reads either the counts that a good first try would have (shares
of places, lifts of kinds, recency, sizes) or all of our features. Its settings are picked by hand, the number of trees
(150 or 300) on the valid slice of one set. LightGBM is in `requirements/bench.txt`.
"""

from __future__ import annotations

import argparse
import csv
import importlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.lender_records import Margins, Record, Records, learned
from matchmaker.ranking import takers

OURS = "ours"
COUNTS = ("behind_first", "first_", "share", "lift_", "lately_", "cases_log", "amount_")
"""What the names of the features begin with that a first try at a re-ranker has."""
WRITTEN = 200
"""Places of each order that are written; the evaluator reads a hundred."""
SETTINGS: Mapping[str, Any] = {
    "objective": "lambdarank",
    "learning_rate": 0.05,
    "num_leaves": 31,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.5,
    "lambda_l2": 1.0,
    "lambdarank_truncation_level": 10,
    "max_bin": 127,
    "seed": 1,
    "deterministic": True,
    "num_threads": 1,
    "verbose": -1,
}
ROUNDS = 150

Rank = Callable[[Record], list[str]]


def counts() -> list[int]:
    """The columns of the features that a first try at a re-ranker has."""
    return [at for at, one in enumerate(takers.FEATURES) if one.name.startswith(COUNTS)]


def lambdarank(listed: takers.Listed, columns: Sequence[int]) -> Margins:
    """The peer on the same lists, reading some of the columns. ImportError where LightGBM is not installed."""
    lightgbm = importlib.import_module("lightgbm")
    sizes = np.diff(np.r_[listed.starts, len(listed.y)])
    rows = lightgbm.Dataset(listed.x[:, columns], listed.y, group=sizes)
    model = lightgbm.train(dict(SETTINGS), rows, ROUNDS)
    return lambda matrix: np.asarray(model.predict(matrix[:, columns]))


def orders(history: Sequence[Record], candidates: Sequence[Record]) -> dict[str, Rank]:
    """Ours and the peer's two, by name, from one set of lists."""
    records = Records(history, candidates)
    listed = takers.lists_of(records.past)
    everything = range(len(takers.FEATURES))
    return {
        OURS: records.ranker(learned(listed)),
        "lambdarank_counts": records.ranker(lambdarank(listed, counts())),
        "lambdarank_all": records.ranker(lambdarank(listed, everything)),
    }


def write(path: Path, needs: Iterable[Record], rank: Rank) -> None:
    """An order's first places for each need, as the evaluator reads them: need_id, lender_id, rank."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("need_id", "lender_id", "rank"))
        for need in needs:
            rows.writerows((need["need_id"], lender, at) for at, lender in enumerate(rank(need)[:WRITTEN], 1))


def compared(bench: Path, data: str, split: str, ours: Path, theirs: Path) -> dict[str, Any]:
    """What the evaluator says of `theirs`, with the paired difference of ours less theirs. CalledProcessError where
    the evaluator ends with an error."""

    def evaluated(one: Path, *more: str) -> Any:
        asked = ("--data", data, "--split", split, "--predictions", str(one), "--json", *more)
        done = subprocess.run(
            [sys.executable, str(bench / "evaluate.py"), *asked], check=True, capture_output=True, text=True
        )
        return json.loads(done.stdout)

    difference = evaluated(ours, "--compare", str(theirs))["MRR_difference"]
    return {**evaluated(theirs)["all"], "ours_less_this": difference["mean"], "ours_less_this_ci95": difference["ci95"]}


def main() -> None:
    """The command; see the head of this file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", required=True, type=Path, help="folder with evaluate.py and the sets")
    parser.add_argument("--data", default="sba7a")
    parser.add_argument("--split", default="valid")
    parser.add_argument("--into", type=Path, help="folder to keep the orders in")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    sys.path.insert(0, str(asked.bench))
    evaluate = importlib.import_module("evaluate")
    history, candidates, needs, _ = evaluate.load(asked.data, asked.split)
    hidden = ("split", "evaluate", "source", "sample_weight")
    plain = [{name: value for name, value in need.items() if name not in hidden} for need in needs]
    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.into or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        for name, rank in orders(history, candidates).items():
            files[name] = folder / f"{asked.data}-{asked.split}-{name}.csv"
            write(files[name], plain, rank)
        found = {
            name: compared(asked.bench, asked.data, asked.split, files[OURS], file) for name, file in files.items()
        }
    if asked.json:
        print(json.dumps(found, indent=1))
        return
    for name, row in found.items():
        print(name, "  ".join(f"{what} {value:.4f}" for what, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
