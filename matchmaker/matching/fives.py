"""Five businesses as one: what a desk is told of those that ask is counted in whole groups of five, always the same.

Each group stands in the count as one stand-in: a need that nobody has, made up of the five's answers, to each criterion
another one's in turn (data swapping within groups of five: T. Dalenius, S. P. Reiss: "Data-swapping: a technique for
disclosure control", J. Stat. Plan. Inference 6, 1982; J. Domingo-Ferrer, J. M. Mateo-Sanz: "Practical data-oriented
microaggregation for statistical disclosure control", IEEE TKDE 14(1), 2002). Every count is five times a number of
stand-ins, so no answer and no difference of however many answers is about fewer than five businesses: all would be the
same in a town where each group consists of five doubles of its stand-in (``tests/matching/test_fives.py``).

Groups are cut where businesses are alike: in one city, band of the amount, size class and section of industry, in
order of their numbers; what is left over there is cut by city, and what is left over of that by country. Who comes or
goes moves groups of one city and those by country. The last one to four of all count nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np

from matchmaker.eligibility.facts import Terms
from matchmaker.eligibility.rules import CRITERIA
from matchmaker.matching.reach import RULE, Array, Askers
from matchmaker.matching.sealing import LEAST_TOLD

NO_CITY = -1
"""Of groups by country."""
LABELS = {"city": "region", "section": "industry", "size": "turnover"}
"""What a stand-in is told under, and the criterion whose answer comes from the same of the five."""


@dataclass(frozen=True)
class Members:
    """Needs by slot, one a business: int32 [needs] each."""

    slots: Array
    business: Array
    """int64"""
    city: Array
    section: Array
    size: Array
    band: Array
    """Of what they ask for, in order of the amount."""

    @property
    def columns(self) -> tuple[Array, ...]:
        """All of them, in the order of the fields."""
        return self.slots, self.business, self.city, self.section, self.size, self.band

    def at(self, places: Array) -> Members:
        """Those at these places, in this order."""
        return Members(*(one[places] for one in self.columns))


@dataclass(frozen=True)
class Counted:
    """Businesses as they are told, all in fives: how many ask, how many fit, where, in which trade, of which size."""

    asking: int
    fitting: int
    by_city: dict[int, int]
    by_section: dict[int, int]
    by_size: dict[int, int]
    loosened: dict[str, int]
    """Rule → how many more without it, those it alone turns away; rules with none are left out."""


class Fives:
    """The groups over the needs of ``askers``, kept as these change (``regroup``), and what is counted in them."""

    def __init__(self, askers: Askers) -> None:
        self.askers = askers
        self.stand_ins = askers.beside()
        """One a group, in the same columns and codes."""
        self._labels: Array = np.zeros((4, 0), np.int32)
        """By slot of ``stand_ins``: the city whose needs it is cut of, and the city, section, size it is told under."""
        self._left: dict[int, Members] = {}
        """City → the few of it that no group by city holds."""
        self._next = 0

    def regroup(self, cities: Collection[int], members: Members) -> None:
        """Cut the groups of these cities anew; ``members``: all who ask there, one need a business."""
        self._forget({*cities, NO_CITY})
        alike, rest = _cut(members, (members.city, members.band, members.size, members.section))
        self._take(alike, alike.city)
        by_city, rest = _cut(rest, (rest.city,), (rest.band, rest.size, rest.section))
        self._take(by_city, by_city.city)
        for city in cities:
            self._left[city] = rest.at(np.flatnonzero(rest.city == city))
        left = [one for one in self._left.values() if len(one.slots)]
        if left:
            over = Members(*(np.concatenate(column) for column in zip(*(one.columns for one in left), strict=True)))
            whole, _ = _cut(over, (), (over.band, over.size, over.section))
            self._take(whole, np.full(len(whole.slots), NO_CITY))

    def _forget(self, cities: set[int]) -> None:
        here = np.isin(self._labels[0], list(cities)) & (self.stand_ins.keys[: self._labels.shape[1]] >= 0)
        for key in self.stand_ins.keys[np.flatnonzero(here)].tolist():
            self.stand_ins.drop(key)

    def _take(self, members: Members, cut_in: Array) -> None:
        """Take in groups of five that lie one after the other."""
        n = len(members.slots) // LEAST_TOLD
        if not n:
            return
        keys = np.arange(self._next, self._next + n)
        self._next += n
        turn = members.business[::LEAST_TOLD]
        slots = self.stand_ins.put_mixed(keys, self.askers, members.slots.reshape(n, LEAST_TOLD), turn)
        if len(self.stand_ins.keys) > self._labels.shape[1]:
            more = len(self.stand_ins.keys) - self._labels.shape[1]
            self._labels = np.concatenate((self._labels, np.zeros((4, more), np.int32)), axis=1)
        self._labels[0, slots] = cut_in[::LEAST_TOLD]
        for row, (label, criterion) in enumerate(LABELS.items(), start=1):
            told = getattr(members, label).reshape(n, LEAST_TOLD)
            self._labels[row, slots] = told[np.arange(n), (turn + RULE[criterion]) % LEAST_TOLD]

    def count(self, terms: Terms, day: date) -> Counted:
        """What these terms reach on ``day``, group by group as the rules judge its stand-in."""
        said = self.stand_ins.ask(terms, day)
        labels = self._labels[:, said.slots[said.failing == 0]]
        alone = {one.name: int(said.only(rule).sum()) for rule, one in enumerate(CRITERIA)}
        return Counted(
            asking=LEAST_TOLD * len(said.slots),
            fitting=LEAST_TOLD * labels.shape[1],
            by_city=_in_fives(labels[1]),
            by_section=_in_fives(labels[2]),
            by_size=_in_fives(labels[3]),
            loosened={rule: LEAST_TOLD * groups for rule, groups in alone.items() if groups},
        )


def _in_fives(labels: Array) -> dict[int, int]:
    counts = np.bincount(labels)
    return {int(label): LEAST_TOLD * int(counts[label]) for label in np.flatnonzero(counts)}


def _cut(members: Members, strata: tuple[Array, ...], then: tuple[Array, ...] = ()) -> tuple[Members, Members]:
    """Those of each stratum in whole fives, one stratum after the other, and the up to four that are left of each;
    inside a stratum in order of ``then`` and of the business's number."""
    keys = (members.business, *reversed(then), *reversed(strata))
    order = np.lexsort(keys)
    changed: Array = np.zeros(len(order), np.bool_)
    changed[:1] = True
    for one in strata:
        changed[1:] |= one[order[1:]] != one[order[:-1]]
    starts = np.flatnonzero(changed)
    sizes = np.diff(np.append(starts, len(order)))
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    whole = rank < np.repeat(sizes // LEAST_TOLD * LEAST_TOLD, sizes)
    return members.at(order[whole]), members.at(order[~whole])
