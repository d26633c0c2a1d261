"""What a server does at its start so that no request waits for a compiler, and what it says where it cannot."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from matchmaker.eligibility.bounds import Place
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.matching.columns import FactColumns
from matchmaker.matching.index import MarketIndex
from matchmaker.matching.index_board import kernels as of_index
from matchmaker.matching.reach import Askers
from matchmaker.ranking import compiled, forest
from matchmaker.ranking.pairs import PairFeature, PairScorer
from matchmaker.serving import warm_in_background

TODAY = date(2026, 9, 23)
ROOT = Path(__file__).parents[2]
HERE = Place(latitude=30.3, longitude=120.2, radius_km=9.0, decides_up_to_yuan=Decimal(900_000))


@pytest.fixture
def cold() -> Iterator[None]:
    """As a process begins: numpy answers."""
    of_index.cool(), forest.kernels.cool()
    yield
    of_index.cool(), forest.kernels.cool()


def signatures() -> dict[str, int]:
    """How often each kernel was compiled for other types."""
    modules = (of_index.now, forest.kernels.now)
    found = {f"{module.__name__}.{name}": one for module in modules for name, one in vars(module).items()}
    return {name: len(one.signatures) for name, one in found.items() if hasattr(one, "signatures")}


def everything_that_a_request_asks() -> None:
    """One of each question, with every form of restriction that there is."""
    terms = [
        Terms(
            key=key, amount_min_yuan=Decimal(10_000), amount_max_yuan=Decimal(1_000_000 + key), term_max_months=36,
            regions=("33",), industries_deny=("13",), applicant_kinds=("enterprise",), min_months_in_business=key % 30,
            tax_grades=("A", "B"), securities=("MORT_RES",), purposes=("WC",), first_time_only=key % 2 == 0,
            repayments=("BULLET",), places=(HERE,) if key % 3 else (), max_debt_ratio_percent=Decimal("70.5"),
        )
        for key in range(1, 201)
    ]  # fmt: skip
    facts = Facts(
        kind="enterprise", region_code="330106", industry_code="6210", latitude=30.3, longitude=120.2, exact_place=True,
        amount_yuan=Decimal(200_000), term_months=12, purpose="WC", founded_on=date(2020, 1, 1), tax_grade="A",
        securities=frozenset({"MORT_RES"}), first_loan=True, turnover_yuan=Decimal("3000000.50"),
    )  # fmt: skip
    index = MarketIndex(terms)
    index.put(terms[3])
    with index.reading():
        answer = index.ask(facts, TODAY)
        assert len(answer.eligible()) == len(answer.unsure()) > 0
        assert answer.failures() and answer.near_misses() is not None and answer.outcomes("amount")
        slots, starts = index.fitting_of_many([facts, facts.changed(latitude=None, longitude=None)], TODAY)
    askers = Askers()
    askers.put_columns(FactColumns.of(dict.fromkeys(range(300), facts)))
    for one in (terms[0], terms[2], Terms()):
        assert len(askers.fitting(one, TODAY)) <= 300
    chance = np.random.default_rng(0)
    x = chance.normal(size=(400, 2)).astype(np.float32)
    features = (PairFeature("a", "need", need="a"), PairFeature("b", "product", product="b"))
    records = chance.normal(size=(index.board.slots, 1)).astype(np.float32)
    for leaves in (4, 31, 50):
        model = HistGradientBoostingClassifier(
            max_iter=2, max_leaf_nodes=leaves, min_samples_leaf=2, early_stopping=False
        ).fit(x, x.sum(axis=1) + chance.normal(size=400) > 0)
        forest.margins(model, x.astype(np.float64))
        made = forest.prepare(model)
        assert made is not None
        scorer = PairScorer(made, features, {"need": ("a",), "product": ("b",)}, fixed="need")
        scorer.best(x[0, :1], records, index.keys.values, slots, 20)
        scorer.best_of_many(x[:2, :1].copy(), records, index.keys.values, slots, starts, 20)


@pytest.mark.article("B.2")
def test_after_a_servers_start_no_question_waits_for_the_compiler(app: Any, cold: None) -> None:
    if not compiled.available():
        pytest.skip("numba is not installed here")
    everything_that_a_request_asks()  # the plain form answers until then
    warm_in_background(app).join()
    assert of_index.now is not of_index.plain and forest.kernels.now is not forest.kernels.plain
    before = signatures()
    assert any(before.values())
    everything_that_a_request_asks()
    assert signatures() == before, "and for the types that are asked with"


def test_what_was_compiled_is_kept_on_disk(cold: None) -> None:
    if not compiled.available():
        pytest.skip("numba is not installed here")
    assert of_index.warm() and forest.kernels.warm()
    for module in (of_index.now, forest.kernels.now):
        for name, one in vars(module).items():
            if hasattr(one, "signatures"):
                kept = Path(one.stats.cache_path)
                assert list(kept.glob(f"*.{name}-*.nbi")), name


def test_without_numba_numpy_answers_and_the_log_says_so(
    cold: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(compiled.SWITCHED_OFF, "1")
    with caplog.at_level(logging.WARNING):
        assert not compiled.warm()
    assert "numba is not used here" in caplog.text
    assert of_index.now is of_index.plain and forest.kernels.now is forest.kernels.plain
    everything_that_a_request_asks()


def test_a_machine_that_cannot_compile_still_answers_and_says_so(
    cold: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiled, "available", lambda: True)
    monkeypatch.setattr(of_index, "compiled", "matchmaker.matching.no_such_kernels")
    with caplog.at_level(logging.ERROR):
        assert not compiled.warm()
    assert "cannot be compiled here; numpy alone answers" in caplog.text
    assert of_index.now is of_index.plain
    everything_that_a_request_asks()


def test_a_web_process_calculates_with_one_thread() -> None:
    """Whoever starts it, and however: not by the Makefile alone."""
    asked = (
        "import wsgi, numpy, sklearn.ensemble._hist_gradient_boosting.gradient_boosting as g\n"
        "from sklearn.utils._openmp_helpers import _openmp_effective_n_threads as threads\n"
        "from threadpoolctl import threadpool_info\n"
        "print(threads(), *(one['num_threads'] for one in threadpool_info()))"
    )
    plain = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    said = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=plain, capture_output=True, text=True, check=True, timeout=120
    )
    assert set(said.stdout.split()) == {"1"}, said.stdout
