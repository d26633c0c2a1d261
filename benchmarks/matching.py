"""How fast is the match, against what people would use instead? Everything measured in one run, peers interleaved.

    python -m benchmarks.matching           # a table with the gates, and where the time goes
    python -m benchmarks.matching --json    # the same as one JSON object
    python -m benchmarks.matching --short   # without the million

builds made-up catalogues (``benchmarks/synthetic.py``), lets the product's own path answer (``MarketIndex.ask``, then
``PairScorer.best`` over all that fits; ``fitting_of_many`` and ``best_of_many`` at night), and each peer the same
question in turn, need by need. Figures are ratios of medians, peer over ours: 10 means ten times as fast. The peers
come from ``requirements/bench.txt``; one that is not installed gives null and a reason. Every process uses one numeric
thread. Some minutes, and 3 GB for the million.
"""

# ruff: noqa: S608  numbers of its own go into the queries, nothing that anybody has typed

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

for one in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(one, "1")

import numpy as np  # noqa: E402  after the threads are told

from benchmarks.synthetic import (  # noqa: E402
    NEED_COLUMNS,
    PRODUCT_COLUMNS,
    PURPOSES,
    TODAY,
    Catalogue,
    Needs,
    catalogue,
    needs,
)
from matchmaker.eligibility.rules import CRITERIA, failed_rules  # noqa: E402
from matchmaker.matching.index import MarketIndex  # noqa: E402
from matchmaker.matching.reach import Askers  # noqa: E402
from matchmaker.ranking import compiled, forest  # noqa: E402
from matchmaker.ranking.pairs import PairFeature, PairScorer  # noqa: E402

Array = Any
TOP = 20
KEYS = (
    "filter_vs_numpy", "filter_vs_polars", "filter_vs_duckdb", "filter_vs_sqlite",
    "scorer_vs_sklearn", "scorer_vs_lightgbm", "scorer_vs_tl2cgen", "scorer_vs_onnxruntime",
    "end_to_end_vs_sklearn_10k", "end_to_end_vs_sklearn_100k", "end_to_end_vs_sklearn_1m",
    "end_to_end_vs_lightgbm_100k", "lists_equal", "near_miss_vs_python", "update_vs_rebuild", "reverse_vs_sklearn_1m",
    "batch_vs_sklearn_loop", "batch_vs_lightgbm", "p50_ms_100k", "floor_ratio_100k",
)  # fmt: skip

GATES = {
    "filter_vs_numpy": 5, "filter_vs_polars": 10, "filter_vs_duckdb": 10, "filter_vs_sqlite": 200,
    "scorer_vs_sklearn": 15, "scorer_vs_lightgbm": 15, "scorer_vs_tl2cgen": 8, "scorer_vs_onnxruntime": 8,
    "end_to_end_vs_sklearn_10k": 12, "end_to_end_vs_sklearn_100k": 12, "end_to_end_vs_sklearn_1m": 12,
    "end_to_end_vs_lightgbm_100k": 9, "lists_equal": True, "near_miss_vs_python": 1000, "update_vs_rebuild": 200,
    "reverse_vs_sklearn_1m": 8, "batch_vs_sklearn_loop": 20, "batch_vs_lightgbm": 15, "floor_ratio_100k": 3,
}  # fmt: skip
"""What each figure is to reach at least; ``floor_ratio_100k`` at most."""

FEATURES = (
    PairFeature("amount", "need", need="amount_log"),
    PairFeature("term", "need", need="term"),
    PairFeature("months", "need", need="months"),
    PairFeature("turnover", "need", need="turnover_log"),
    PairFeature("debt", "need", need="debt"),
    *(PairFeature(f"trait_{k}", "need", need=f"trait_{k}") for k in (1, 2, 3)),
    *(PairFeature(name, "product", product=name) for name in ("rate", "fee", "days")),
    *(PairFeature(f"trait_{k}", "product", product=f"trait_{k}") for k in range(4, 11)),
    PairFeature("below_most", "need_less_product", need="amount_log", product="amount_max_log"),
    PairFeature("above_least", "need_less_product", need="amount_log", product="amount_min_log"),
    PairFeature("place_in_terms", "scaled", need="term", product="term_min", scale="per_term"),
    PairFeature("older_than_asked", "need_less_product", need="months", product="months"),
    PairFeature("more_than_asked", "need_less_product", need="turnover_log", product="turnover_log"),
    PairFeature("debt_room", "product_less_need", need="debt", product="debt"),
    PairFeature("securities", "shared", need="securities", product="securities"),
    PairFeature("apart", "apart", need="latitude", product="latitude"),
    PairFeature("burden", "times", need="burden", product="rate"),
    PairFeature("patience", "times", need="trait_2", product="days"),
    PairFeature("taste", "times", need="trait_1", product="trait_4"),
    PairFeature("papers", "shared", need="papers", product="papers"),
)
_N = {name: at for at, name in enumerate(NEED_COLUMNS)}
_P = {name: at for at, name in enumerate(PRODUCT_COLUMNS)}
_ONES = np.array([bin(k).count("1") for k in range(256)], np.float32)


def pair_rows(need: Array, products: Array) -> Array:
    """The features of one need with many products, as numpy users would write them: float32 [n, features].

    Of many needs with one product, where ``need`` is [n, columns] and ``products`` one row.
    """
    n = max(len(products) if products.ndim > 1 else 1, len(need) if need.ndim > 1 else 1)
    x: Array = np.empty((n, len(FEATURES)), np.float32)
    for at, one in enumerate(FEATURES):
        mine = need[..., _N[one.need]] if one.need else None
        theirs = products[..., _P[one.product]] if one.product else None
        if one.how in ("need", "product"):
            x[:, at] = mine if theirs is None else theirs
        elif one.how == "need_less_product":
            x[:, at] = mine - theirs
        elif one.how == "product_less_need":
            x[:, at] = theirs - mine
        elif one.how == "scaled":
            x[:, at] = (mine - theirs) * products[..., _P[one.scale]]
        elif one.how == "times":
            x[:, at] = mine * theirs
        elif one.how == "apart":
            beside = np.abs(products[..., _P[one.product] + 1] - need[..., _N[one.need] + 1])
            x[:, at] = np.abs(theirs - mine) + beside
        else:
            x[:, at] = _ONES[np.asarray(theirs).astype(np.uint8) & np.asarray(mine).astype(np.uint8)]
    return x


# Peers of the filter ------------------------------------------------------------------------------------------------


def member(catalogue: Catalogue, asked: Needs, at: int) -> Array:
    """Where the need's region and industry are served: handed to every peer but SQLite as a finished mask."""
    c = asked.columns
    bits = catalogue.in_region[c["region"][at]] & catalogue.in_industry[c["industry"][at]]
    return np.unpackbits(bits, bitorder="little", count=catalogue.n).view(bool)


def by_numpy(catalogue: Catalogue, asked: Needs, at: int) -> Array:
    """The eligible products by boolean masks over columns."""
    p, v = catalogue.columns, {name: column[at] for name, column in asked.columns.items()}
    kept = p["amount_min"] <= v["amount"]
    kept &= p["amount_max"] >= v["amount"]
    kept &= p["term_min"] <= v["term"]
    kept &= p["term_max"] >= v["term"]
    kept &= p["months"] <= v["months"]
    kept &= p["turnover"] <= v["turnover"]
    kept &= p["debt"] >= v["debt"]
    kept &= (p["kinds"] >> v["kind"]) & 1 == 1
    kept &= p["grade"] >= v["grade"]
    kept &= (p["securities"] == 0) | (p["securities"] & np.uint8(v["securities"]) != 0)
    kept &= (p["purposes"] >> v["purpose"]) & 1 == 1
    kept &= p["until"] >= TODAY.toordinal()
    if not v["first"]:
        kept &= ~p["first_only"]
    if v["repayment"] >= 0:
        kept &= (p["repayments"] >> v["repayment"]) & 1 == 1
    kept &= member(catalogue, asked, at)
    return np.flatnonzero(kept)


def _conditions(v: dict[str, Any]) -> list[str]:
    """The same in SQL, without region and industry."""
    said = [
        f"amount_min <= {v['amount']}", f"amount_max >= {v['amount']}", f"term_min <= {v['term']}",
        f"term_max >= {v['term']}", f"months <= {v['months']}", f"turnover <= {v['turnover']}",
        f"debt >= {v['debt']}", f"(kinds & {1 << int(v['kind'])}) != 0", f"grade >= {v['grade']}",
        f"(securities = 0 OR (securities & {int(v['securities'])}) != 0)",
        f"(purposes & {1 << int(v['purpose'])}) != 0", f"until >= {TODAY.toordinal()}",
    ]  # fmt: skip
    if not v["first"]:
        said.append("first_only = 0")
    if v["repayment"] >= 0:
        said.append(f"(repayments & {1 << int(v['repayment'])}) != 0")
    return said


def polars_filter(catalogue: Catalogue, asked: Needs) -> Callable[[int], Array]:
    pl = import_module("polars")
    frame = pl.DataFrame({"id": np.arange(catalogue.n)} | catalogue.columns)
    o = pl.col

    def ask(at: int) -> Array:
        v = {name: column[at].item() for name, column in asked.columns.items()}
        kept = (
            pl.lit(pl.Series("member", member(catalogue, asked, at)))
            & (o("amount_min") <= v["amount"]) & (o("amount_max") >= v["amount"])
            & (o("term_min") <= v["term"]) & (o("term_max") >= v["term"]) & (o("months") <= v["months"])
            & (o("turnover") <= v["turnover"]) & (o("debt") >= v["debt"])
            & ((o("kinds") & (1 << v["kind"])) != 0) & (o("grade") >= v["grade"])
            & ((o("securities") == 0) | ((o("securities") & v["securities"]) != 0))
            & ((o("purposes") & (1 << v["purpose"])) != 0) & (o("until") >= TODAY.toordinal())
        )  # fmt: skip
        if not v["first"]:
            kept = kept & ~o("first_only")
        if v["repayment"] >= 0:
            kept = kept & ((o("repayments") & (1 << v["repayment"])) != 0)
        return frame.filter(kept)["id"].to_numpy()

    return ask


def duckdb_filter(catalogue: Catalogue, asked: Needs) -> Callable[[int], Array]:
    duckdb, pl = import_module("duckdb"), import_module("polars")
    base = duckdb.connect()
    base.execute("SET threads = 1")
    columns = {name: column.astype(np.int64) if column.dtype == np.uint8 else column
               for name, column in catalogue.columns.items()}  # fmt: skip
    frame = pl.DataFrame({"id": np.arange(catalogue.n)} | columns)
    with tempfile.TemporaryDirectory() as folder:  # a file between them: neither needs a third library then
        frame.write_parquet(f"{folder}/product.parquet")
        base.execute(f"CREATE TABLE product AS SELECT * FROM read_parquet('{folder}/product.parquet')")

    def ask(at: int) -> Array:
        v = {name: column[at].item() for name, column in asked.columns.items()}
        said = [one.replace("first_only = 0", "NOT first_only") for one in _conditions(v)]
        found = base.execute(f"SELECT id FROM product WHERE {' AND '.join(said)}").fetchnumpy()["id"]
        return np.sort(found[member(catalogue, asked, at)[found]])

    return ask


def sqlite_filter(catalogue: Catalogue, asked: Needs) -> Callable[[int], Array]:
    """Indexes and child tables, as an application would keep them."""
    from benchmarks.synthetic import CLASSES, PREFECTURES

    base = sqlite3.connect(":memory:")
    names = list(catalogue.columns)
    base.execute(f"CREATE TABLE product (id INTEGER PRIMARY KEY, {', '.join(names)})")
    rows = zip(range(catalogue.n), *(catalogue.columns[name].tolist() for name in names), strict=True)
    base.executemany(f"INSERT INTO product VALUES ({', '.join('?' * (len(names) + 1))})", rows)
    for table, said in (("region", catalogue.regions), ("allow", catalogue.allow), ("deny", catalogue.deny)):
        lists = [said.values[number] for number in said.number.tolist()]
        base.execute(f"CREATE TABLE {table} (code TEXT, product INTEGER, PRIMARY KEY (code, product)) WITHOUT ROWID")
        base.executemany(f"INSERT INTO {table} VALUES (?, ?)",
                         ((code, at) for at, codes in enumerate(lists) for code in (codes or ("*",))))  # fmt: skip
    base.execute("CREATE INDEX by_amount ON product (amount_min, amount_max)")
    base.execute("ANALYZE")

    def ask(at: int) -> Array:
        v = {name: column[at].item() for name, column in asked.columns.items()}
        region, division = PREFECTURES[v["region"]], CLASSES[v["industry"]][:2]
        found = base.execute(
            f"SELECT id FROM product WHERE {' AND '.join(_conditions(v))} "
            "AND EXISTS (SELECT 1 FROM region WHERE product = id AND code IN ('*', ?)) "
            "AND EXISTS (SELECT 1 FROM allow WHERE product = id AND code IN ('*', ?)) "
            "AND NOT EXISTS (SELECT 1 FROM deny WHERE product = id AND code = ?) ORDER BY id",
            (region, division, division),
        ).fetchall()
        return np.array([row[0] for row in found], np.int64)

    return ask


# Measuring ----------------------------------------------------------------------------------------------------------


def taken(deed: Callable[[], Any]) -> float:
    """Seconds of one call."""
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


class Report:
    """The figures asked for, why some are missing, and what else is worth knowing."""

    def __init__(self) -> None:
        self.figures: dict[str, Any] = dict.fromkeys(KEYS)
        self.reasons: dict[str, str] = {}
        self.details: dict[str, Any] = {}

    def peer(self, key: str, make: Callable[[], Callable[..., Any]]) -> Callable[..., Any] | None:
        """A peer made ready, or None with the reason why it cannot be measured."""
        try:
            return make()
        except Exception as why:  # a peer that is missing or broken here is told, and the rest measured
            self.reasons[key] = f"{type(why).__name__}: {why}"[:200]
            return None

    def ratio(self, key: str, theirs: Sequence[float], ours: Sequence[float]) -> None:
        self.figures[key] = round(statistics.median(theirs) / statistics.median(ours), 2)


def interleaved(deeds: dict[str, Callable[[int], Any]], rounds: Sequence[int], slow: dict[str, int]) -> dict[str, Any]:
    """Seconds by deed, all deeds of one round after each other; ``slow`` limits how many rounds a deed takes."""
    seconds: dict[str, list[float]] = {name: [] for name in deeds}
    for number, at in enumerate(rounds):
        for name, deed in deeds.items():
            if number < slow.get(name, len(rounds)):
                seconds[name].append(taken(lambda deed=deed, at=at: deed(at)))
    return seconds


def best_by(margin: Callable[[Array], Array], need: Array, records: Array, places: Array) -> Array:
    """The peers' way: features by numpy, a score for each, the best by sorting; ties by the smaller number."""
    if not len(places):
        return places
    scores = margin(pair_rows(need, records[places]))
    kept = np.argpartition(-scores, TOP)[:TOP] if len(places) > TOP else np.arange(len(places))
    if len(places) > TOP:  # all that tie with the last
        kept = np.flatnonzero(scores >= scores[kept].min())
    return places[kept[np.lexsort((places[kept], -scores[kept]))][:TOP]]


def learned(seed: int = 3) -> tuple[Any, Array, Array]:
    """The reference forest, 100 trees of 31 leaves, fitted on pairs that fit in a made-up market; its rows, labels."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    market, asked = catalogue(8_000, seed=11), needs(1_500, seed=12)
    chance = np.random.default_rng(seed)
    rows = []
    for at in range(asked.n):
        places = by_numpy(market, asked, at)
        if len(places):
            some = chance.choice(places, min(len(places), 60), False)
            rows.append(pair_rows(asked.figures[at], market.records[some]))
    x = np.concatenate(rows)
    names = [one.name for one in FEATURES]
    of = {name: x[:, at].astype(np.float64) for at, name in enumerate(names)}
    z = -0.08 * of["rate"] - 1.2 * np.tanh(of["burden"]) + 0.8 * np.exp(-(((of["place_in_terms"] - 0.4) / 0.3) ** 2))
    z += 0.3 * of["trait_5"] + 0.4 * of["taste"] - 0.03 * of["patience"] + 0.2 * of["papers"] - 0.015 * of["apart"]
    z += 0.5 * np.tanh(of["debt_room"] / 20) + 0.2 * of["securities"]
    y = (chance.random(len(z)) < 1 / (1 + np.exp(-(z - z.mean() - 1)))).astype(int)
    model = HistGradientBoostingClassifier(max_iter=100, max_leaf_nodes=31, early_stopping=False, random_state=0)
    return model.fit(x, y), x, y


class Ours:
    """The product's own path over one catalogue."""

    def __init__(self, market: Catalogue, asked: Needs, scorer: PairScorer) -> None:
        self.market, self.asked, self.scorer = market, asked, scorer
        columns = market.term_columns()
        began = time.perf_counter()
        self.index = MarketIndex()
        self.index.put_columns(columns)
        self.build_seconds = time.perf_counter() - began
        self.facts = [asked.facts(at) for at in range(asked.n)]
        self.records = np.zeros((self.index.board.slots, len(PRODUCT_COLUMNS)), np.float32)
        keys = self.index.keys.values
        self.records[keys >= 0] = market.records[keys[keys >= 0]]

    def filter(self, at: int) -> Array:
        """The slots that fit; what a call of the product costs."""
        with self.index.reading():
            return self.index.ask(self.facts[at], TODAY).slots

    def best(self, at: int) -> Array:
        """The numbers of the best products that fit."""
        with self.index.reading():
            slots = self.index.ask(self.facts[at], TODAY).slots
            found = self.scorer.best(self.asked.figures[at], self.records, self.index.keys.values, slots, TOP)
            return self.index.keys.values[found.slots]

    def night(self, places: range) -> list[Array]:
        """The lists of many needs at once."""
        with self.index.reading():
            slots, starts = self.index.fitting_of_many([self.facts[at] for at in places], TODAY)
            figures, keys = self.asked.figures[places.start : places.stop], self.index.keys.values
            found = self.scorer.best_of_many(figures, self.records, keys, slots, starts, TOP)
            return [keys[one.slots] for one in found]

    def parts(self, at: int) -> dict[str, float]:
        """Seconds of one whole answer by part."""
        with self.index.reading():
            began = time.perf_counter()
            answer = self.index.ask(self.facts[at], TODAY)
            asked = time.perf_counter()
            slots = answer.slots
            filtered = time.perf_counter()
            self.scorer.best(self.asked.figures[at], self.records, self.index.keys.values, slots, TOP)
            scored = time.perf_counter()
        return {
            "rules of the need turned into rows (Python)": asked - began,
            "rows met, groups kept": filtered - asked,
            "features, forest, best 20": scored - filtered,
        }

    def megabytes(self) -> dict[str, float]:
        """What the index and the records take: rows, the columns beside them, records, and the numbers of products."""
        board = self.index.board
        sizes = {
            "rows": board.rows.nbytes, "columns": sum(one.values.nbytes for one in board.columns),
            "records": self.records.nbytes,
        }  # fmt: skip
        return {name: round(size / 2**20, 1) for name, size in sizes.items()}

    def near(self, at: int) -> Any:
        """How many products fail one rule only, by rule."""
        with self.index.reading():
            return self.index.ask(self.facts[at], TODAY).near_counts()


def measure_filter(report: Report, ours: Ours, rounds: int) -> None:
    """The filter alone at 100,000 products; every peer must name the same products."""
    market, asked = ours.market, ours.asked
    deeds: dict[str, Callable[[int], Any]] = {"ours": ours.filter, "numpy": lambda at: by_numpy(market, asked, at)}
    for name, make in (("polars", polars_filter), ("duckdb", duckdb_filter), ("sqlite", sqlite_filter)):
        peer = report.peer(f"filter_vs_{name}", lambda make=make: make(market, asked))
        if peer is not None:
            deeds[name] = peer
    for at in range(3):
        expected = sorted(ours.index.keys.values[ours.filter(at)].tolist())
        for name in [name for name in deeds if name != "ours"]:
            if deeds[name](at).tolist() != expected:
                raise SystemExit(f"{name} finds other products than the index")
    seconds = interleaved(deeds, range(rounds), {"sqlite": 8})
    for name in deeds:
        if name != "ours":
            report.ratio(f"filter_vs_{name}", seconds[name], seconds["ours"])
    report.details["filter_ms_100k"] = {name: round(statistics.median(s) * 1000, 3) for name, s in seconds.items()}


def measure_scorer(report: Report, model: Any, x: Array, y: Array, scorer: PairScorer, folder: Path) -> Any:
    """3,000 rows at a time; answers the LightGBM model for the whole way."""
    rows = np.ascontiguousarray(x[:3000].astype(np.float64))
    single = np.ascontiguousarray(x[:3000])
    deeds: dict[str, Callable[[int], Any]] = {
        "ours": lambda _: forest.margins(model, rows),
        "sklearn": lambda _: model.predict_proba(single),
    }
    if not np.array_equal(forest.margins(model, rows), model.decision_function(single)):
        raise SystemExit("the bit vectors are not equal to scikit-learn's sums")
    booster = report.peer("scorer_vs_lightgbm", lambda: _lightgbm(x, y))
    if booster is not None:
        deeds["lightgbm"] = lambda _: booster.predict(single, num_threads=1)
        compiled_peer = report.peer("scorer_vs_tl2cgen", lambda: _tl2cgen(booster, single, folder))
        if compiled_peer is not None:
            deeds["tl2cgen"] = compiled_peer
    onnx = report.peer("scorer_vs_onnxruntime", lambda: _onnx(model, single))
    if onnx is not None:
        deeds["onnxruntime"] = onnx
    for deed in deeds.values():
        deed(0)
    seconds = interleaved(deeds, range(25), {})
    for name in deeds:
        if name != "ours":
            report.ratio(f"scorer_vs_{name}", seconds[name], seconds["ours"])
    report.details["scorer_us_per_row"] = {
        name: round(statistics.median(s) * 1e6 / len(rows), 3) for name, s in seconds.items()
    }
    return booster


def _lightgbm(x: Array, y: Array) -> Any:
    lgb = import_module("lightgbm")
    options = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "num_threads": 1, "verbose": -1}
    return lgb.train(options, lgb.Dataset(x, y), 100)


def _tl2cgen(booster: Any, rows: Array, folder: Path) -> Callable[[int], Any]:
    treelite, tl2cgen = import_module("treelite"), import_module("tl2cgen")
    booster.save_model(str(folder / "model.txt"))
    model = treelite.frontend.load_lightgbm_model(str(folder / "model.txt"))
    library = str(folder / "model.so")
    with said_elsewhere():
        tl2cgen.export_lib(model, toolchain="gcc", libpath=library, params={"parallel_comp": 1})
    predictor = tl2cgen.Predictor(library, nthread=1)
    return lambda _: predictor.predict(tl2cgen.DMatrix(rows))


@contextmanager
def said_elsewhere() -> Iterator[None]:
    """What a compiled library prints goes to the error output: the standard output is one JSON object."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _onnx(model: Any, rows: Array) -> Callable[[int], Any]:
    runtime, convert = import_module("onnxruntime"), import_module("skl2onnx").to_onnx
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    container = import_module("skl2onnx.common._container")
    plainly = container.make_node

    def whole_numbers(*given: Any, **attributes: Any) -> Any:
        """The converter writes truth values where the present protobuf wants whole numbers."""
        for name, value in attributes.items():
            if isinstance(value, (list, np.ndarray)) and any(isinstance(one, (bool, np.bool_)) for one in value):
                attributes[name] = [int(one) for one in value]
        return plainly(*given, **attributes)

    container.make_node = whole_numbers
    try:
        written = convert(model, rows[:1], options={"zipmap": False}).SerializeToString()
    finally:
        container.make_node = plainly
    session = runtime.InferenceSession(written, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda _: session.run(None, {name: rows})


def measure_whole(
    report: Report, ours: Ours, model: Any, booster: Any, label: str, rounds: int, equal: list[bool]
) -> dict[str, Any]:
    """One need → the 20 best products, exact, by us and by numpy with each library."""
    market, asked = ours.market, ours.asked

    def peer(margin: Callable[[Array], Array]) -> Callable[[int], Array]:
        return lambda at: best_by(margin, asked.figures[at], market.records, by_numpy(market, asked, at))

    deeds: dict[str, Callable[[int], Any]] = {
        "ours": ours.best,
        "sklearn": peer(lambda x: model.predict_proba(x)[:, 1]),
    }
    if booster is not None:
        deeds["lightgbm"] = peer(lambda x: booster.predict(x, num_threads=1))
    exact = peer(lambda x: model.decision_function(x))
    equal += [ours.best(at).tolist() == exact(at).tolist() for at in range(rounds, rounds + min(rounds, 20))]
    seconds = interleaved(deeds, range(rounds), {})
    parts = [ours.parts(at) for at in range(rounds)]
    report.details[f"where_the_time_goes_ms_{label}"] = {
        name: round(statistics.median(one[name] for one in parts) * 1000, 3) for name in parts[0]
    }
    report.details[f"megabytes_{label}"] = ours.megabytes()
    report.details[f"build_by_column_seconds_{label}"] = round(ours.build_seconds, 2)
    report.ratio(f"end_to_end_vs_sklearn_{label}", seconds["sklearn"], seconds["ours"])
    if booster is not None and label == "100k":
        report.ratio("end_to_end_vs_lightgbm_100k", seconds["lightgbm"], seconds["ours"])
    report.details[f"end_to_end_ms_{label}"] = {
        name: round(statistics.median(s) * 1000, 3) for name, s in seconds.items()
    }
    return seconds


def measure_batch(report: Report, ours: Ours, model: Any, booster: Any, n: int) -> None:
    """The lists of many needs, as the night makes them: whole sums of seconds over the same needs, in slices."""
    market, asked = ours.market, ours.asked
    sums = {"ours": 0.0, "sklearn": 0.0, "lightgbm": 0.0}
    for first in range(0, n, 25):
        slice_ = range(first, first + 25)
        made: list[list[Array]] = []
        sums["ours"] += taken(lambda s=slice_, made=made: made.append(ours.night(s)))
        if [one.tolist() for one in made[0]] != [ours.best(at).tolist() for at in slice_]:
            raise SystemExit("the night's lists are not those made one by one")
        for name, margin in (("sklearn", lambda x: model.predict_proba(x)[:, 1]),
                             ("lightgbm", lambda x: booster.predict(x, num_threads=1))):  # fmt: skip
            if name == "lightgbm" and booster is None:
                continue
            sums[name] += taken(
                lambda s=slice_, m=margin: [
                    best_by(m, asked.figures[at], market.records, by_numpy(market, asked, at)) for at in s
                ]
            )
    report.figures["batch_vs_sklearn_loop"] = round(sums["sklearn"] / sums["ours"], 2)
    if booster is not None:
        report.figures["batch_vs_lightgbm"] = round(sums["lightgbm"] / sums["ours"], 2)
    else:
        report.reasons["batch_vs_lightgbm"] = report.reasons["scorer_vs_lightgbm"]
    report.details["batch"] = {"needs": n, "products": market.n, "ours_us_per_need": round(sums["ours"] / n * 1e6, 1)}


def measure_near(report: Report, ours: Ours, rounds: int) -> None:
    """How many products fail each rule alone, against asking every rule of every product in Python."""
    looped, counted = [], []
    products = [ours.market.terms(at) for at in range(ours.market.n)]
    for at in range(rounds):
        found: dict[str, int] = {one.name: 0 for one in CRITERIA}

        def loop(at: int = at, found: dict[str, int] = found) -> None:
            for terms in products:
                failed = failed_rules(terms, ours.facts[at], TODAY)
                if len(failed) == 1:
                    found[failed[0]] += 1

        looped.append(taken(loop))
        counted += [taken(lambda at=at: ours.near(at)) for _ in range(5)]
        if ours.near(at) != found:
            raise SystemExit("the near misses are not those of the loop")
    report.ratio("near_miss_vs_python", looped, counted)
    report.details["near_miss_ms_100k"] = round(statistics.median(counted) * 1000, 3)


def measure_update(report: Report, ours: Ours, rounds: int) -> None:
    """One product says something else, against making the whole index anew."""
    products = [ours.market.terms(at) for at in range(ours.market.n)]
    put = [taken(lambda one=one: ours.index.put(one)) for one in products[1 : rounds + 1]]
    rebuilt = [taken(lambda: MarketIndex(products)) for _ in range(2)]
    report.ratio("update_vs_rebuild", rebuilt, put)
    report.details["update_ms_100k"] = round(statistics.median(put) * 1000, 3)
    report.details["build_of_objects_seconds_100k"] = round(statistics.median(rebuilt), 2)


def needs_by_numpy(asked: Needs, market: Catalogue, at: int) -> Array:
    """The needs that one product fits, by boolean masks over columns; region and industry by tables of its codes."""
    v, p = asked.columns, {name: column[at] for name, column in market.columns.items()}
    kept = v["amount"] >= p["amount_min"]
    kept &= v["amount"] <= p["amount_max"]
    kept &= v["term"] >= p["term_min"]
    kept &= v["term"] <= p["term_max"]
    kept &= v["months"] >= p["months"]
    kept &= v["turnover"] >= p["turnover"]
    kept &= v["debt"] <= p["debt"]
    kept &= ((int(p["kinds"]) >> np.arange(3)) & 1).astype(bool)[v["kind"]]
    kept &= v["grade"] <= p["grade"]
    if p["securities"]:
        kept &= v["securities"] & p["securities"] != 0
    kept &= ((int(p["purposes"]) >> np.arange(len(PURPOSES))) & 1).astype(bool)[v["purpose"]]
    if p["first_only"]:
        kept &= v["first"]
    ways = ((int(p["repayments"]) >> np.arange(8)) & 1).astype(bool)
    kept &= (v["repayment"] < 0) | ways[v["repayment"]]
    for bits, column in ((market.in_region, "region"), (market.in_industry, "industry")):
        kept &= ((bits[:, at >> 3] >> (at & 7)) & 1).astype(bool)[v[column]]
    return np.flatnonzero(kept & (p["until"] >= TODAY.toordinal()))


def measure_reverse(report: Report, model: Any, n: int) -> None:
    """One product → the 100 likeliest of ``n`` needs; the order of likelihood is for the batch, never for a desk."""
    asked, market = needs(n, seed=9), catalogue(400, seed=5)
    columns = {"need": NEED_COLUMNS, "product": PRODUCT_COLUMNS}
    scorer = PairScorer(forest.forest_of(model), FEATURES, columns, fixed="product")  # type: ignore[arg-type]
    began = time.perf_counter()
    askers = Askers()
    askers.put_columns(asked.fact_columns())
    report.details["reverse_build_seconds"] = round(time.perf_counter() - began, 1)
    figures = np.zeros((len(askers.keys), len(NEED_COLUMNS)), np.float32)
    figures[:n] = asked.figures
    terms = [market.terms(at) for at in range(market.n)]

    def ours(at: int) -> Array:
        slots = askers.fitting(terms[at], TODAY)
        return askers.keys[scorer.best(market.records[at], figures, askers.keys, slots, 100).slots]

    def theirs(at: int) -> Array:
        places = needs_by_numpy(asked, market, at)
        if not len(places):
            return places
        scores = model.predict_proba(pair_rows(asked.figures[places], market.records[at]))[:, 1]
        return places[np.lexsort((places, -scores))][:100]

    wide = [at for at in range(market.n) if 0.001 < len(askers.fitting(terms[at], TODAY)) / n < 0.2][:8]
    for at in wide[:3]:
        if sorted(askers.fitting(terms[at], TODAY).tolist()) != needs_by_numpy(asked, market, at).tolist():
            raise SystemExit("the needs that fit are not those of the masks")
    seconds = interleaved({"ours": ours, "sklearn": theirs}, wide * 3, {})
    if n >= 1_000_000:
        report.ratio("reverse_vs_sklearn_1m", seconds["sklearn"], seconds["ours"])
    else:
        report.reasons["reverse_vs_sklearn_1m"] = f"asked of {n} needs only"
    report.details["reverse_ms"] = {name: round(statistics.median(s) * 1000, 1) for name, s in seconds.items()}
    slots = [askers.fitting(terms[at], TODAY) for at in wide]
    report.details["where_the_time_goes_ms_reverse"] = {
        "needs that fit": round(statistics.median(seconds_of_fit := [
            taken(lambda at=at: askers.fitting(terms[at], TODAY)) for at in wide * 3]) * 1000, 2),
        "features, forest, best 100": round(statistics.median(seconds["ours"]) * 1000
                                            - statistics.median(seconds_of_fit) * 1000, 2),
    }  # fmt: skip
    report.details["reverse_fitting"] = [len(one) for one in slots]
    report.details["reverse_needs"] = n


def measure_floor(report: Report, ours: Ours, rounds: int) -> None:
    """How near to what the machine must at least do: read the rows, read the records that fit, make every comparison.

    The comparisons are those that are left when the need's own figures are folded in, at the speed of the fastest loop
    known here that only compares and combines, in registers; nothing is added for leaves, sums, features, the order or
    Python.
    """
    nb, loops = import_module("numba"), import_module("matchmaker.ranking.forest_kernels")
    leaves_left, block_rows = loops._leaves_left, 64

    @nb.njit(nogil=True, error_model="numpy")
    def compare(values: Array, of: Array, limits: Array, masks: Array, left: Array) -> None:
        leaves_left(values, of, limits, masks, 0, of.shape[0], masks[0], left, 64)

    of, limits, masks, _ = ours.scorer.pair
    values = np.random.default_rng(0).normal(size=(int(of.max()) + 1, block_rows)).astype(np.float32)
    left = np.zeros(block_rows, masks.dtype)
    compare(values, of, limits, masks, left)
    one_block = statistics.median(taken(lambda: compare(values, of, limits, masks, left)) for _ in range(50))
    words, rows = ours.index.board.words, ours.index.board.rows
    floors, whole = [], []
    for at in range(rounds):
        slots = ours.filter(at)
        asked_rows = rows[: min(len(rows), len(CRITERIA) + 6), :words]
        read = taken(lambda asked_rows=asked_rows: np.bitwise_and.reduce(asked_rows, axis=0))
        gathered = taken(lambda slots=slots: ours.records[slots].sum())
        floors.append(read + gathered + one_block * len(slots) / block_rows)
        whole.append(taken(lambda at=at: ours.best(at)))
    report.figures["floor_ratio_100k"] = round(statistics.median(whole) / statistics.median(floors), 2)
    report.figures["p50_ms_100k"] = round(statistics.median(whole) * 1000, 3)
    report.details["floor_ms_100k"] = round(statistics.median(floors) * 1000, 3)
    report.details["fitting_at_100k"] = round(statistics.mean(len(ours.filter(at)) for at in range(rounds)))


def machine() -> dict[str, Any]:
    """Where and with what it was measured."""
    found: dict[str, Any] = {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load": [round(one, 1) for one in os.getloadavg()],
        "python": platform.python_version(),
    }
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        named = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        found["processor"] = named[0] if named else found["processor"]
    for name in ("numpy", "sklearn", "numba", "lightgbm", "polars", "duckdb", "onnxruntime", "tl2cgen"):
        try:
            found[name] = import_module(name).__version__
        except Exception:  # a peer that is not here
            found[name] = None
    return found


def measure(small: int, large: int, largest: int, rounds: int, businesses: int) -> dict[str, Any]:
    """Everything, once. ``small``, ``large``, ``largest``: how many products stand for 10k, 100k and 1m (0: none)."""
    report = Report()
    report.details["machine"] = machine()
    if not compiled.warm():
        report.details["numba"] = "not used here: these are the figures of numpy alone"
    asked = needs(max(rounds + 40, 260), seed=77)
    model, x, y = learned()
    columns = {"need": NEED_COLUMNS, "product": PRODUCT_COLUMNS}
    scorer = PairScorer(forest.forest_of(model), FEATURES, columns, fixed="need")  # type: ignore[arg-type]
    equal: list[bool] = []
    with tempfile.TemporaryDirectory() as folder:
        booster = measure_scorer(report, model, x, y, scorer, Path(folder))
        ours = Ours(catalogue(small, seed=5), asked, scorer)
        measure_whole(report, ours, model, booster, "10k", rounds, equal)
        measure_batch(report, ours, model, booster, 200)
        ours = Ours(catalogue(large, seed=6), asked, scorer)
        measure_whole(report, ours, model, booster, "100k", rounds, equal)
        measure_filter(report, ours, rounds)
        measure_floor(report, ours, rounds)
        measure_near(report, ours, 2)
        measure_update(report, ours, 60)
        del ours
        if largest:
            ours = Ours(catalogue(largest, seed=8), asked, scorer)
            measure_whole(report, ours, model, booster, "1m", min(rounds, 12), equal)
            del ours
        else:
            report.reasons["end_to_end_vs_sklearn_1m"] = "left out of the short run"
    measure_reverse(report, model, businesses)
    report.figures["lists_equal"] = all(equal)
    report.details["lists_compared"] = len(equal)
    if booster is None:
        for key in ("end_to_end_vs_lightgbm_100k", "scorer_vs_tl2cgen"):
            report.reasons.setdefault(key, report.reasons["scorer_vs_lightgbm"])
    report.details["products"] = {"10k": small, "100k": large, "1m": largest}
    report.details["load_at_the_end"] = [round(one, 1) for one in os.getloadavg()]
    return report.figures | {"reasons": report.reasons, "details": report.details}


def reached(name: str, figure: Any) -> bool | None:
    """Whether a figure stands beyond its gate; None where there is no gate or no figure."""
    gate = GATES.get(name)
    if gate is None or figure is None:
        return None
    return bool(figure <= gate if name == "floor_ratio_100k" else figure >= gate)


def table(found: dict[str, Any]) -> list[str]:
    """The figures beside their gates, line by line."""
    said = {None: "", True: "reached", False: "NOT REACHED"}
    return [
        f"{name:30} {found[name]!s:>10} {GATES.get(name, '')!s:>8}  {said[reached(name, found[name])]}"
        f"{found['reasons'].get(name, '')}"
        for name in KEYS
    ]


def main() -> int:
    """Print the figures; 1 where a list of ours is not the peers'."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    given.add_argument("--rounds", type=int, default=40)
    given.add_argument("--small", type=int, default=10_000)
    given.add_argument("--large", type=int, default=100_000)
    given.add_argument("--largest", type=int, default=1_000_000)
    given.add_argument("--businesses", type=int, default=1_000_000)
    given.add_argument("--short", action="store_true", help="without the million, in a third of the time")
    asked = given.parse_args()
    largest, businesses = (0, 100_000) if asked.short else (asked.largest, asked.businesses)
    found = measure(asked.small, asked.large, largest, asked.rounds, businesses)
    if asked.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for line in table(found):
            print(line)
        print(json.dumps(found["details"], ensure_ascii=False, indent=1))
    return 0 if found["lists_equal"] else 1


if __name__ == "__main__":
    sys.exit(main())
