"""The comparison with LambdaRank: same lists, files as the evaluator reads them, a difference taken the right way."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.against_lambdarank import OURS, WRITTEN, compared, counts, lambdarank, orders, write
from matchmaker.ranking import takers
from tests.ranking.test_takers import market

EVALUATOR = """
import json, sys
asked = sys.argv
found = {"all": {"MRR": float(open(asked[asked.index("--predictions") + 1]).read())}}
if "--compare" in asked:
    other = float(open(asked[asked.index("--compare") + 1]).read())
    found["MRR_difference"] = {"mean": found["all"]["MRR"] - other, "ci95": 0.01}
print(json.dumps(found))
"""


@pytest.mark.article("B.2")
def test_the_peer_reads_counts_of_the_past_and_never_the_answer() -> None:
    names = [takers.FEATURES[at].name for at in counts()]
    assert {"first_share", "share_state", "lift_kind", "lately_state_40", "cases_log"} <= set(names)
    assert not [name for name in names if name.startswith(("similar", "home"))]


class Peer:
    """Stands where LightGBM is not installed (`requirements/bench.txt`): it keeps what it was given, and puts first
    what has most in the first column that it reads."""

    def Dataset(self, x: np.ndarray, y: np.ndarray, group: np.ndarray) -> dict[str, np.ndarray]:
        return {"x": x, "y": y, "group": group}

    def train(self, settings: dict[str, object], rows: dict[str, np.ndarray], rounds: int) -> Peer:
        self.settings, self.rows, self.rounds = settings, rows, rounds
        return self

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        return matrix[:, 0]


@pytest.fixture
def peer(monkeypatch: pytest.MonkeyPatch) -> Peer:
    peer = Peer()
    monkeypatch.setitem(sys.modules, "lightgbm", peer)
    return peer


@pytest.mark.article("B.2")
def test_all_orders_learn_who_takes_what_from_the_same_lists(peer: Peer) -> None:
    rows = market()
    lenders = sorted({row["lender_id"] for row in rows})
    candidates = [{"lender_id": one, "home_states": ""} for one in lenders]
    need = {name: value for name, value in rows[-1].items() if name not in ("lender_id", "date")}
    found = {name: rank(need) for name, rank in orders(rows, candidates).items()}
    assert set(found) == {OURS, "lambdarank_counts", "lambdarank_all"}
    assert all(sorted(order) == lenders for order in found.values())
    assert rows[-1]["lender_id"] in found[OURS][:3]
    assert peer.rows["x"].shape == (len(peer.rows["y"]), len(takers.FEATURES))  # the last one reads every feature
    assert peer.rows["y"].sum() == len(peer.rows["group"])  # one taker to a list


def test_the_peer_learns_from_whole_lists_and_the_columns_it_may_read(peer: Peer) -> None:
    chance = np.random.default_rng(2)
    x = chance.normal(size=(40, 3))
    starts = np.arange(0, 40, 10)
    y = np.zeros(40)
    y[starts] = 1
    margins = lambdarank(takers.Listed(x, y, starts, 0), [1, 2])
    assert peer.settings["objective"] == "lambdarank" and peer.settings["num_threads"] == 1
    assert peer.rows["group"].tolist() == [10, 10, 10, 10]
    assert np.array_equal(peer.rows["x"], x[:, [1, 2]]) and np.array_equal(peer.rows["y"], y)
    assert margins(np.array([[0.0, 2.0, 0.0], [9.0, -2.0, 0.0]])).argmax() == 0


@pytest.mark.article("B.2")
def test_an_order_is_written_as_the_evaluator_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "order.csv"
    lenders = [f"L{at}" for at in range(WRITTEN + 5)]
    write(path, [{"need_id": "A"}, {"need_id": "B"}], lambda need: lenders)
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0] == {"need_id": "A", "lender_id": "L0", "rank": "1"}
    assert len(rows) == 2 * WRITTEN and rows[-1]["rank"] == str(WRITTEN)


@pytest.mark.article("B.2")
def test_the_difference_is_ours_less_theirs(tmp_path: Path) -> None:
    (tmp_path / "evaluate.py").write_text(EVALUATOR)
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ours.write_text(json.dumps(0.6))
    theirs.write_text(json.dumps(0.5))
    found = compared(tmp_path, "set", "valid", ours, theirs)
    assert found["MRR"] == 0.5 and found["ours_less_this"] == pytest.approx(0.1)
