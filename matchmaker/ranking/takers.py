"""Which institution takes a need, learned from who took earlier ones: features of every institution for one need.

For a market where each need is known with the one that funded it, and nothing of who refused. A need is a few groups
(place, trade, size, kind …); all that is read are tallies of such groups as of a cut in time, each feature declared
once. The product's own ranker, which knows refusals, has its features in `features.py` and
does not read these tallies yet.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from matchmaker.ranking.tallies import Array, Row, Tally, leaning, lift, recency, tally, usual

Groups = tuple[str, ...]

PLACES: tuple[str, ...] = ("state", "district", "city", "post_code")
"""From wide to narrow; each share leans on the one before."""
TALLIES: tuple[Groups, ...] = (
    *((place,) for place in PLACES),
    *((one,) for one in ("kind", "amount_band", "amount", "roundness", "sector", "branch", "trade", "mark", "staff")),
    ("kind", "amount_band"),
    ("kind", "amount"),
    ("kind", "roundness"),
    *(
        ("state", *more)
        for more in (
            ("kind",),
            ("amount_band",),
            ("amount",),
            ("kind", "amount_band"),
            ("sector",),
            ("branch",),
            ("roundness",),
            ("mark",),
            ("staff",),
        )
    ),
    *(
        ("district", *more)
        for more in (("kind",), ("amount_band",), ("kind", "amount_band"), ("sector",), ("branch",), ("roundness",))
    ),
    ("city", "kind"),
    ("city", "sector"),
)
LATELY: tuple[tuple[Groups, float], ...] = (
    # (group, cases of it after which a case counts half)
    (("state",), 200),
    (("state",), 40),
    (("district",), 60),
    (("district",), 12),
    (("city",), 30),
    (("post_code",), 10),
    (("state", "kind"), 60),
    (("district", "kind"), 20),
    (("kind",), 200),
    (("state", "amount_band"), 30),
)
LATELY_IN_ALL = (0.02, 0.004)
"""Parts of the whole history after which a case counts half."""
LIFTS: tuple[Groups, ...] = tuple(one for one in TALLIES if not set(one) & set(PLACES))
WEIGHTS: Mapping[Groups, float] = {
    # what the first look adds up, beside the share of the place
    ("kind", "amount_band"): 0.8,
    ("sector",): 0.5,
    ("branch",): 0.3,
    ("roundness",): 0.3,
    ("mark",): 1.0,
    ("staff",): 0.3,
}
ALIKE: Mapping[str, float] = {
    # how much more a case counts as similar that agrees in this, as a log
    "kind": 1.0,
    "sector": 0.5,
    "branch": 0.4,
    "city": 0.7,
    "post_code": 0.7,
    "roundness": 0.6,
    "amount": 0.6,
    "mark": 2.0,
}
COUNTED: tuple[Groups, ...] = (
    ("state",),
    ("district",),
    ("city",),
    ("post_code",),
    ("district", "kind"),
    ("state", "kind", "amount_band"),
)


@dataclass(frozen=True, slots=True)
class Near:
    """One way of weighing the cases of the same state: each of these takes from the log of a case's weight."""

    name: str
    numbers: float
    """Distance of two post codes, as numbers, at which a case counts 1/e."""
    amount: float = 0.0
    """For each step of 1 between the logs of the amounts."""
    alike: Mapping[str, float] = field(default_factory=dict)
    """What a case that agrees in this has more."""
    ageing: float = 0.0
    """From the oldest case to the newest."""


NEAR: tuple[Near, ...] = (
    Near("closest", 15.0),
    Near("close", 120.0),
    Near("close_new", 60.0, ageing=12.0),
    Near("close_similar", 100.0, amount=1.0, alike={"kind": 1.0, "roundness": 0.5}, ageing=4.0),
    Near("similar", math.inf, amount=1.5, alike={"kind": 1.5, "roundness": 0.5}, ageing=8.0),
)
NEAR_AT_MOST = 4_000
NEAR_WIDER = 8.0
STRENGTH = 20.0
SIMILAR_AT_MOST = 2_500
SIMILAR_LEAST = 300
SIMILAR_WIDER = 8.0
CANDIDATES = 100
"""How many institutions the model looks at; those behind keep the order of the first look."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One feature: what it is about, where it comes from, what stands for "not known", whether more is ever worse."""

    name: str
    scope: str
    source: str
    missing: float
    rising: bool
    """True where a higher value can only speak for the institution; the model is held to it."""


def _declared() -> tuple[Declared, ...]:
    def name(group: Groups) -> str:
        return "_".join(group)

    found = [
        Declared("behind_first", "pair", "first look", 0.0, False),
        Declared("first_share", "pair", "first look", 0.0, False),
        Declared("first_place", "pair", "first look", 0.0, False),
        Declared("share", "institution", "funded needs", 0.0, False),
    ]
    found += [Declared(f"share_{place}", "pair", "funded needs of the place", 0.0, True) for place in PLACES]
    found += [Declared(f"lift_{name(one)}", "pair", "funded needs of the institution", 0.0, True) for one in LIFTS]
    for place in PLACES[:3]:
        for one in TALLIES:
            if one[0] == place and len(one) > 1:
                found.append(Declared(f"share_{name(one)}", "pair", "funded needs of place and kind", -20.0, True))
    found += [Declared(f"lately_{part}", "institution", "latest funded needs", -20.0, True) for part in LATELY_IN_ALL]
    found += [
        Declared(f"lately_{name(one)}_{half}", "pair", "latest funded needs of the group", -20.0, True)
        for one, half in LATELY
    ]
    found += [Declared(f"similar_{how}", "pair", "similar needs nearby", 0.0, True) for how in ("wide", "close", "new")]
    found += [Declared(f"near_{one.name}", "pair", "funded needs of near post codes", 0.0, True) for one in NEAR]
    for one in COUNTED:
        found.append(Declared(f"cases_{name(one)}", "pair", "funded needs of the group", 0.0, False))
        if one in COUNTED[:3]:
            found.append(Declared(f"home_{name(one)}", "pair", "funded needs of the institution", 0.0, False))
    found += [
        Declared("cases_log", "institution", "funded needs", 0.0, False),
        Declared("states", "institution", "funded needs", 0.0, False),
        Declared("amount_distance", "pair", "funded amounts", 0.0, False),
        Declared("amount_mean", "institution", "funded amounts", 0.0, False),
        Declared("amount_spread", "institution", "funded amounts", 0.0, False),
        Declared("amount_log", "need", "need.amount", 0.0, False),
        Declared("at_home", "pair", "institution's own states", 0.5, False),
    ]
    return tuple(found)


FEATURES = _declared()
NAMES = tuple(one.name for one in FEATURES)


@dataclass(frozen=True, slots=True)
class Asked:
    """One need: its groups (None where a group is not known), its amount and where it is."""

    groups: Mapping[str, Hashable | None]
    amount: float
    number: float | None = None
    """The post code as a number: neighbours have near ones. None where it is not known."""

    @property
    def amount_log(self) -> float:
        return math.log(max(self.amount, 1.0))


@dataclass
class Past:
    """Every need of the past in order of time with the one that took it; groups written as numbers once."""

    asked: Sequence[Asked]
    takers: Array
    """int [n]"""
    days: Array
    """float [n], rising"""
    weights: Array
    """float [n]: how much a case counts, 1 as a rule."""
    homes: Sequence[frozenset[str]]
    """Each institution's own states, where they are known."""
    codes: dict[Groups, dict[Hashable, int]] = field(default_factory=dict)
    columns: dict[Groups, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        wanted = {*TALLIES, *(one for one, _ in LATELY), *((one,) for one in ALIKE)}
        for groups in sorted(wanted):
            codes: dict[Hashable, int] = {}
            column = np.empty(len(self.asked), np.int64)
            for at, asked in enumerate(self.asked):
                key = key_of(asked, groups)
                column[at] = -1 if key is None else codes.setdefault(key, len(codes))
            self.codes[groups], self.columns[groups] = codes, column
        self.amount_logs = np.array([asked.amount_log for asked in self.asked])
        self.numbers = np.array([math.inf if asked.number is None else asked.number for asked in self.asked])
        self.usual = usual(self.days, self.takers, len(self.homes))


def key_of(asked: Asked, groups: Groups) -> Hashable | None:
    """The group of a need, None where one of its parts is not known."""
    key = tuple(asked.groups.get(one) for one in groups)
    return None if None in key else key


class Book:
    """What was known when the first `n` cases had been decided, and how one need looks from there."""

    def __init__(self, past: Past, n: int) -> None:
        self.past, self.n, self.size = past, n, len(past.homes)
        takers, weights = past.takers[:n], past.weights[:n]
        sound = weights * past.usual[:n]
        self.tallies = {one: self._tally(one, weights) for one in TALLIES}
        self.lately = [self._tally(one, sound * recency(past.columns[one][:n], half)) for one, half in LATELY]
        counted = np.cumsum(sound)
        self.age = (counted[-1] - counted) / counted[-1]
        whole = np.zeros(n, np.int64)
        self.lately_in_all = [
            tally(whole, takers, sound * 0.5 ** (self.age / part), 1, self.size) for part in LATELY_IN_ALL
        ]
        self.taken = np.bincount(takers, weights, self.size)
        self.total = float(self.taken.sum())
        self.everywhere = (self.taken + 0.1) / (self.total + 0.1 * self.size)
        self.states = np.bincount(self.tallies[("state",)].takers, minlength=self.size).astype(float)
        logs = past.amount_logs[:n]
        mean, spread = logs.mean(), logs.var()
        self.mean = (np.bincount(takers, weights * logs, self.size) + 2 * mean) / (self.taken + 2)
        square = (np.bincount(takers, weights * logs**2, self.size) + 2 * (spread + mean**2)) / (self.taken + 2)
        self.spread = np.sqrt(np.maximum(square - self.mean**2, 0.05))
        self.nearby = {place: self._places(place) for place in ("district", "state")}

    def _tally(self, groups: Groups, weights: Array) -> Tally:
        past, n = self.past, self.n
        return tally(past.columns[groups][:n], past.takers[:n], weights, len(past.codes[groups]), self.size)

    def _places(self, place: str) -> tuple[Array, Array]:
        column = self.past.columns[(place,)][: self.n]
        order = np.argsort(column, kind="stable")
        return order, np.searchsorted(column[order], np.arange(len(self.past.codes[(place,)]) + 1))

    def _group(self, asked: Asked, groups: Groups) -> int | None:
        key = key_of(asked, groups)
        return None if key is None else self.past.codes[groups].get(key)

    def look(self, asked: Asked) -> tuple[Array, Array, Array]:
        """One need: the first look at all institutions [L], the best of them [k], their features [k, features]."""
        rows = {one: held.row(self._group(asked, one)) for one, held in self.tallies.items()}
        places: dict[str, Array] = {}
        share = self.everywhere
        for place in PLACES:
            share = places[place] = leaning(share, rows[(place,)], least=2.0, per_taker=0.5)
        lifts = {one: lift(rows[one], self.taken, self.total, STRENGTH) for one in LIFTS}
        first = np.log(share)
        for one, weight in WEIGHTS.items():
            if (found := lifts[one]) is not None:
                first = first + weight * found
        best = np.argsort(-first, kind="stable")[:CANDIDATES]
        return first, best, self._features(asked, first, best, rows, places, lifts)

    def _features(
        self,
        asked: Asked,
        first: Array,
        best: Array,
        rows: Mapping[Groups, Row | None],
        places: Mapping[str, Array],
        lifts: Mapping[Groups, Array | None],
    ) -> Array:
        k = len(best)
        lead = first[best] - first[best].max()
        found: list[Any] = [lead, lead - math.log(np.exp(lead).sum()), np.arange(k)]
        found += [np.log(self.everywhere[best]), *(np.log(places[place][best]) for place in PLACES)]
        found += [None if held is None else held[best] for held in lifts.values()]
        for place in PLACES[:3]:
            for one in TALLIES:
                if one[0] == place and len(one) > 1:
                    found.append(_leaning_log(places[place], rows[one], best, 2.0, 0.5))
        for held in self.lately_in_all:
            found.append(_leaning_log(self.everywhere, held.row(0), best, 1.0, 0.1))
        for (one, _), held in zip(LATELY, self.lately, strict=True):
            wider = places.get(one[0], self.everywhere)
            found.append(_leaning_log(wider, held.row(self._group(asked, one)), best, 1.0, 0.1))
        found += [similar[best] for similar in self._similar(asked, places["post_code"])]
        found += [near[best] for near in self._nearest(asked, places["state"])]
        for one in COUNTED:
            cases = np.zeros(self.size)
            if (row := rows[one]) is not None:
                cases[row.takers] = row.weights
            found.append(cases[best])
            if one in COUNTED[:3]:
                found.append(cases[best] / (self.taken[best] + 1))
        amount = asked.amount_log
        found += [np.log1p(self.taken[best]), self.states[best], (amount - self.mean[best]) / self.spread[best]]
        found += [self.mean[best], self.spread[best], amount]
        state = asked.groups.get("state")
        homes = (self.past.homes[taker] for taker in best)
        found.append(np.array([float(state in home) if home else np.nan for home in homes]))
        matrix = np.empty((k, len(FEATURES)))
        for at, (declared, values) in enumerate(zip(FEATURES, found, strict=True)):
            matrix[:, at] = declared.missing if values is None else values
        at_home = matrix[:, -1]
        at_home[np.isnan(at_home)] = FEATURES[-1].missing
        return matrix

    def _similar(self, asked: Asked, wider: Array) -> list[Array]:
        """Log shares among similar cases nearby: all that agree in part, the closest, and the newest of them."""
        near = self._near(asked, "district", SIMILAR_AT_MOST)
        if len(near) < SIMILAR_LEAST:
            near = self._near(asked, "state", SIMILAR_AT_MOST)
        if not len(near):
            return [np.log(wider)] * 3
        past = self.past
        alike = -2 * np.abs(past.amount_logs[near] - asked.amount_log)
        for one, weight in ALIKE.items():
            if (code := self._group(asked, (one,))) is not None:
                alike = alike + weight * (past.columns[(one,)][near] == code)
        found = []
        for closeness, ageing in ((1.0, 0.0), (2.0, 0.0), (1.0, 12.0)):
            weight = np.exp(closeness * alike - ageing * self.age[near]) * past.weights[near]
            found.append(self._weighed(past.takers[near], weight, wider, SIMILAR_WIDER))
        return found

    def _nearest(self, asked: Asked, wider: Array) -> list[Array]:
        """Log shares among the newest cases of the state, by how near their post codes are, in each way of `NEAR`."""
        near = self._near(asked, "state", NEAR_AT_MOST)
        if not len(near):
            return [np.log(wider)] * len(NEAR)
        past = self.past
        away = np.zeros(len(near)) if asked.number is None else np.abs(past.numbers[near] - asked.number)
        amounts = np.abs(past.amount_logs[near] - asked.amount_log)
        age = self.age[near]
        same = {
            group: past.columns[(group,)][near] == code
            for group in sorted({group for way in NEAR for group in way.alike})
            if (code := self._group(asked, (group,))) is not None
        }
        takers, weights = past.takers[near], past.weights[near]
        found = []
        for way in NEAR:
            log = -way.amount * amounts - way.ageing * age
            if way.numbers < math.inf:
                log = log - away / way.numbers
            for group, more in way.alike.items():
                if group in same:
                    log = log + more * same[group]
            found.append(self._weighed(takers, np.exp(log) * weights, wider, NEAR_WIDER))
        return found

    def _weighed(self, takers: Array, weight: Array, wider: Array, worth: float) -> Array:
        """Log shares of the takers of some cases, drawn towards the wider share by how few cases their weights are."""
        total = max(float(weight.sum()), 1e-12)
        cases = total**2 / max(float((weight**2).sum()), 1e-12)
        share = np.bincount(takers, weight, self.size) / total
        found: Array = np.log((share * cases + worth * wider) / (cases + worth))
        return found

    def _near(self, asked: Asked, place: str, at_most: int) -> Array:
        order, start = self.nearby[place]
        group = self._group(asked, (place,))
        found: Array = order[:0] if group is None else order[start[group] : start[group + 1]][-at_most:]
        return found


def _leaning_log(wider: Array, row: Row | None, best: Array, least: float, per_taker: float) -> Array | None:
    return None if row is None else np.log(leaning(wider, row, least=least, per_taker=per_taker)[best])


# Learning -----------------------------------------------------------------------------------------------------------

CUTS = (0.7, 0.76, 0.82, 0.88, 0.94)
"""Parts of the past after which needs are looked at as if they were new; each cut falls between two days."""
NEEDS_LEARNED = 12_000
LISTED = 40
"""Places of the first look that are learned from. A need whose taker stands behind them is left out: to force it in
would tell the model which row is the answer."""


@dataclass(frozen=True)
class Listed:
    """Lists to learn from, one after another: features, 1 for the taker, and where each list starts."""

    x: Array
    y: Array
    starts: Array
    missed: int


def lists_of(past: Past, *, needs: int = NEEDS_LEARNED, seed: int = 1) -> Listed:
    """Needs of the later past, each with the features of a book that ends before its days. Busy days are thinned by
    the root of their size, unusual ones by how unusual they are, so that no single day teaches most.
    """
    n = len(past.asked)
    cuts = sorted({int(np.searchsorted(past.days, past.days[int(n * part)], "left")) for part in CUTS} - {0})
    day = (past.days - past.days[0]).astype(np.int64)
    chance = past.weights * past.usual / np.sqrt(np.bincount(day)[day])
    if not cuts:
        raise ValueError("a past of one day is nothing to learn from")
    chance[: cuts[0]] = 0
    able = int((chance > 0).sum())
    picks = np.sort(np.random.default_rng(seed).choice(n, min(needs, able), replace=False, p=chance / chance.sum()))
    parts, labels, missed = [], [], 0
    for cut, end in zip(cuts, [*cuts[1:], n], strict=True):
        book = Book(past, cut)
        for at in picks[(picks >= cut) & (picks < end)]:
            _, best, matrix = book.look(past.asked[at])
            place = np.flatnonzero(best[:LISTED] == past.takers[at])
            if not len(place):
                missed += 1
                continue
            parts.append(matrix[:LISTED])
            label = np.zeros(len(parts[-1]))
            label[place[0]] = 1
            labels.append(label)
    starts = np.cumsum([0, *(len(part) for part in parts)])[:-1]
    return Listed(np.concatenate(parts), np.concatenate(labels), starts, missed)
