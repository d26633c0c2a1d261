"""Features of very many pairs, declared as data, and the best of them by a forest: no row of Python in between.

A pair has a *need* side and a *product* side. A feature is a figure of one side, or one of a few combinations of both
(``HOW``). With one side fixed the other is a table of records, one row a product or a business; the figures of the
fixed side are folded into the forest first (``forest_kernels.fold``), the rest is worked out block by block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from matchmaker.ranking.compiled import Array
from matchmaker.ranking.forest import Forest, kernels
from matchmaker.ranking.plain_forest_kernels import (
    APART,
    FIXED_LESS_RECORD,
    FIXED_SCALED,
    RECORD_LESS_FIXED,
    RECORD_SCALED,
    SHARED,
    TIMES,
)

Side = Literal["need", "product"]
How = Literal["need", "product", "need_less_product", "product_less_need", "scaled", "times", "apart", "shared"]
"""need, product: that figure itself. scaled: (need - product) * a second figure of the product. apart: the distances
of two neighbouring figures added up. shared: how many bits both have."""


@dataclass(frozen=True, slots=True)
class PairFeature:
    """One feature: how it comes about, and of which columns."""

    name: str
    how: How
    need: str = ""
    product: str = ""
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Best:
    """The best pairs, best first; ties by the smaller key."""

    slots: Array
    """int64 [k]: rows of the records."""
    scores: Array
    """float64 [k]: raw predictions, equal to scikit-learn's to the bit."""


class PairScorer:
    """A forest over declared features, with one side fixed. ``columns``: the figures of each side by name, in order."""

    def __init__(
        self, forest: Forest, features: Sequence[PairFeature], columns: Mapping[Side, Sequence[str]], fixed: Side
    ) -> None:
        if forest.features != len(features):
            raise ValueError(f"the forest has {forest.features} features, {len(features)} are declared")
        self.forest = forest
        loose: Side = "product" if fixed == "need" else "need"
        at_fixed = {name: place for place, name in enumerate(columns[fixed])}
        at_record = {name: place for place, name in enumerate(columns[loose])}
        width = len(at_record)
        program: list[tuple[int, int, int, int]] = []
        column, known, of_fixed = [], [], []
        for feature in features:
            mine = feature.need if fixed == "need" else feature.product
            its = feature.product if fixed == "need" else feature.need
            known.append(feature.how == fixed)
            of_fixed.append(at_fixed[mine] if feature.how == fixed else 0)
            if feature.how in ("need", "product"):
                column.append(0 if feature.how == fixed else at_record[its])
                continue
            column.append(width + len(program))
            kind, by = self._kind(feature.how, fixed), 0
            if feature.how == "scaled":
                by = at_record[feature.scale] if fixed == "need" else at_fixed[feature.scale]
            program.append((kind, at_fixed[mine], at_record[its], by))
        self.program = np.ascontiguousarray(np.array(program, np.int32).reshape(-1, 4).T)
        """how, a, b, c of the features that are worked out: int32 [4, features]; see ``forest_kernels``."""
        of_tests = np.array(known, np.bool_)[forest.feature]
        self.known = self._tests(of_tests, np.array(of_fixed, np.int32))
        """The tests on figures of the fixed side, decided once a question: feature, threshold, mask, start."""
        self.pair = self._tests(~of_tests, np.array(column, np.int32))
        """All others, made for every pair; the feature is its row in a block."""
        both = [np.concatenate((one, other)) for one, other in zip(self.known, self.pair, strict=True)]
        self._tests_of_both = (*both[:3], np.stack((self.known[3], self.pair[3])))
        """The same one after the other, as the kernels take them: few arrays, each is looked at by every call."""
        self._full = forest.full if forest.mask.dtype.itemsize > 4 else np.uint32(forest.full)

    def _tests(self, which: Array, stands: Array) -> tuple[Array, Array, Array, Array]:
        forest = self.forest
        start = np.concatenate(([0], np.cumsum(which)))[forest.start].astype(np.int32)
        mask = forest.mask if forest.mask.dtype.itemsize > 4 else forest.mask.astype(np.uint32)  # two forms to compile
        return stands[forest.feature[which]], forest.single_thresholds()[which], mask[which], start

    @staticmethod
    def _kind(how: How, fixed: Side) -> int:
        first = how == f"{fixed}_less_{'product' if fixed == 'need' else 'need'}"
        if how in ("need_less_product", "product_less_need"):
            return FIXED_LESS_RECORD if first else RECORD_LESS_FIXED
        if how == "scaled":
            return FIXED_SCALED if fixed == "need" else RECORD_SCALED
        return {"times": TIMES, "apart": APART, "shared": SHARED}[how]

    def best(self, fixed: Array, records: Array, keys: Array, places: Array, most: int) -> Best:
        """The ``most`` best of the records at ``places`` (int64), for the fixed side's figures (float32).

        ``records`` float32 [n, columns of the loose side], ``keys`` int64 [n]. All of them are scored: exact.
        """
        starts = np.array((0, len(places)), np.int64)
        return self.best_of_many(fixed[np.newaxis], records, keys, places, starts, min(most, len(places)))[0]

    def best_of_many(
        self, fixed: Array, records: Array, keys: Array, places: Array, starts: Array, most: int
    ) -> list[Best]:
        """The same for many fixed sides at once (float32 [m, columns]), with ``places[starts[e]:starts[e + 1]]`` each:
        a night's way, without a row of Python between two of them."""
        m = len(fixed)
        scores, slots = np.empty((m, most)), np.empty((m, most), np.int64)
        held: Array = np.empty(m, np.int64)
        kernels.now.best_pairs(
            records, keys, places, starts, fixed, self.program, *self._tests_of_both, self._full,
            self.forest.leaves, self.forest.baseline, scores, slots, held,
        )  # fmt: skip
        return [Best(slots[at, :n], scores[at, :n]) for at, n in enumerate(held.tolist())]
