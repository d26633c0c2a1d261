"""The comparison with LambdaRank: same lists, files as the evaluator reads them, a difference taken the right way."""

import csv
import json
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


@pytest.mark.article("B.2")
def test_all_orders_learn_who_takes_what_from_the_same_lists() -> None:
    pytest.importorskip("lightgbm")
    rows = market()
    lenders = sorted({row["lender_id"] for row in rows})
    candidates = [{"lender_id": one, "home_states": ""} for one in lenders]
    need = {name: value for name, value in rows[-1].items() if name not in ("lender_id", "date")}
    found = {name: rank(need) for name, rank in orders(rows, candidates).items()}
    assert set(found) == {OURS, "lambdarank_counts", "lambdarank_all"}
    for order in found.values():
        assert sorted(order) == lenders
        assert rows[-1]["lender_id"] in order[:3]


def test_the_peer_prefers_what_was_taken() -> None:
    pytest.importorskip("lightgbm")
    chance = np.random.default_rng(2)
    x = chance.normal(size=(4_000, 3))
    starts = np.arange(0, 4_000, 10)
    y = np.zeros(4_000)
    y[[start + int(x[start : start + 10, 1].argmax()) for start in starts]] = 1
    margins = lambdarank(takers.Listed(x, y, starts, 0), [1, 2])
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
