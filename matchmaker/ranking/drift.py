"""Whether what the ranker reads still looks like what it learned from: the population stability index of each feature.

Pure. A model's card keeps how the values of each feature lay over its training cases (``Spread``); what owners sent in
the last four weeks is held against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

WINDOW = timedelta(days=28)
DRIFTED, DRIFTED_FAR = 0.1, 0.25
"""Index from which a feature has moved, and has moved far, beyond what chance explains (rule of thumb of the trade)."""
LEAST_CASES = 100
"""Sendings under which nothing is said (own choice: an index of tenths is then up to 0.09 by chance alone)."""
PARTS = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a feature lay: inner edges of its tenths (equal ones once), the share in each part, cases."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    n: int

    def as_json(self) -> dict[str, Any]:
        return {"edges": list(self.edges), "shares": list(self.shares), "n": self.n}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Spread:
        return cls(tuple(kept["edges"]), tuple(kept["shares"]), int(kept["n"]))


def spread_of(values: Sequence[float], parts: int = PARTS) -> Spread:
    """The spread of at least one value over its own tenths."""
    found = np.unique(np.quantile(np.asarray(values, dtype=float), np.linspace(0, 1, parts + 1)[1:-1]))
    edges = tuple(round(float(edge), 6) for edge in found)
    return Spread(edges, tuple(_shares(edges, values)), len(values))


def _shares(edges: Sequence[float], values: Sequence[float]) -> list[float]:
    places = np.searchsorted(np.asarray(edges), np.asarray(values, dtype=float), side="right")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return [round(float(count) / max(len(values), 1), 6) for count in counts]


def moved(before: Spread, values: Sequence[float]) -> float:
    """The population stability index: sum over the parts of (share now - share before) times the log of their ratio.

    Half a case stands in an empty part. 0 = the same.
    """
    was = np.maximum(np.asarray(before.shares), 0.5 / max(before.n, 1))
    now = np.maximum(np.asarray(_shares(before.edges, values)), 0.5 / max(len(values), 1))
    return round(float(((now - was) * np.log(now / was)).sum()), 4)


def by_chance(before: Spread, n: int) -> float:
    """The index on average where nothing moved: (parts - 1) times (1/n + 1/cases before), its chi-square limit."""
    return (len(before.shares) - 1) * (1 / max(n, 1) + 1 / max(before.n, 1))


def has_moved(before: Spread, index: float, n: int, least: float = DRIFTED) -> bool:
    """Whether an index of so many cases lies beyond ``least`` and chance."""
    return n >= LEAST_CASES and index > least + by_chance(before, n)
