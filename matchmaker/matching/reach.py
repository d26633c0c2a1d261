"""The reverse of the match: which of very many needs a product's terms fit, and which rules turn the others away.

The same declarations as everywhere (``eligibility.rules.CRITERIA``), looked at from the other side: each different
answer to what a criterion needs is kept once and judged by ``Criterion.check`` itself; a need holds its number. Only
plain amounts are compared as whole columns, and areas, where nearly every need has a point of its own, branch by
branch. A need that these columns cannot hold is judged by the loop. ``tests/matching/test_reach.py`` holds both
evaluators equal. Columns grow by doubling; one need is written in well under a millisecond.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import numpy as np

from matchmaker.eligibility.bounds import (
    COUNTY_REACH_KM,
    Areas,
    Between,
    Deciders,
    Number,
    OneOf,
    Outcome,
    Place,
    Position,
    Prefixes,
    Shares,
    Span,
)
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, Criterion
from matchmaker.matching.columns import Coded, FactColumns
from matchmaker.matching.index_board import kernels
from matchmaker.matching.index_forms import SCALE, NotIndexable, exactly, scaled
from matchmaker.matching.index_places import FAIL, HAIR_KM, LEVEL, PASS, UNKNOWN

Array = np.ndarray[Any, np.dtype[Any]]

AMOUNTS = {
    "amount": "amount_yuan",
    "term": "term_months",
    "turnover": "turnover_yuan",
    "debt_ratio": "debt_ratio_percent",
}
"""Criteria that compare one number: kept in whole millionths, ``NOT_KNOWN`` where there is none."""
RULE = {one.name: rule for rule, one in enumerate(CRITERIA)}
AREAS = ("service_area", "decision_limit")
CODED = tuple(one for one in CRITERIA if one.name not in AMOUNTS and one.name not in AREAS)
SAMPLED = 2048
"""So many needs tell which criterion leaves least and is asked first."""
FEW = 32
"""Up to so many different answers, which are good fits into a word."""
NOT_KNOWN = -(2**62)
NO_END = 2**62
LAST = "\U0010ffff"
"""Sorts behind every character of a code."""


class _Codes:
    """Every different answer to what one criterion needs, once."""

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self.names = tuple(name for name in criterion.needs if name != "today")
        self.known: dict[Hashable, int] = {}
        self.facts: list[Facts] = []
        self._seen: _Seen | None = None

    def number(self, facts: Facts) -> int:
        key = tuple(getattr(facts, name) for name in self.names)
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = len(self.facts)
            self.facts.append(Facts(**dict(zip(self.names, key, strict=True))))
        return found

    def judged(self, terms: Terms, today: date) -> Array:
        """What the criterion says of each answer: int8 [answers]. Codes of a tree and numbers are judged by whole
        columns, the few different answers of every other form one by one."""
        bounds = self.criterion.bounds(terms)
        if bounds is None:
            return np.full(len(self.facts), PASS, np.int8)
        seen = self._seen_on(today)
        if isinstance(bounds, Prefixes):
            said = self._under(bounds, seen)
        elif isinstance(bounds, Between):
            said = _within(bounds, seen.numbers)
        else:
            said = np.empty(len(self.facts), np.int8)
        for at in range(len(seen.mine)) if isinstance(bounds, (OneOf, Shares)) else seen.others:
            said[at] = LEVEL[self.criterion.judge(bounds, seen.mine[at])]
        return said

    def _seen_on(self, today: date) -> _Seen:
        if self._seen is None or self._seen.on != today or len(self._seen.mine) != len(self.facts):
            self._seen = _Seen.of(today, [self.criterion.mine(facts, today) for facts in self.facts])
        return self._seen

    @staticmethod
    def _under(bounds: Prefixes, seen: _Seen) -> Array:
        """``Prefixes.check`` of every code at once."""
        allowed = seen.begins(bounds.allow) if bounds.allow else np.full(len(seen.codes), PASS, np.int8)
        denied = seen.begins(bounds.deny)
        said = np.where((allowed == PASS) & (denied == FAIL), PASS, UNKNOWN)
        said[(allowed == FAIL) | (denied == PASS)] = FAIL
        found: Array = np.empty(len(seen.mine), np.int8)
        found[seen.order] = said
        return found


@dataclass(frozen=True)
class _Seen:
    """Every different answer as the criterion takes it on one day, in the forms that whole columns are judged in."""

    on: date
    mine: list[Any]
    numbers: Array
    """int64 [answers]: whole millionths; ``NOT_KNOWN`` also for what is no number."""
    codes: list[str]
    """Those that are plain codes, sorted."""
    order: Array
    """int64 [codes]: their places among the answers."""
    others: list[int]
    """Places of answers that are neither: bands, several codes, nothing."""

    @classmethod
    def of(cls, on: date, mine: list[Any]) -> _Seen:
        plain = {at: one for at, one in enumerate(mine) if isinstance(one, str)}
        order = sorted(plain, key=lambda at: plain[at])
        numbers: Array = np.full(len(mine), NOT_KNOWN, np.int64)
        others = []
        for at, one in enumerate(mine):
            try:
                if isinstance(one, (int, Decimal, date)):
                    numbers[at] = exactly(one)
                elif at not in plain:
                    others.append(at)
            except NotIndexable:
                others.append(at)
        return cls(on, mine, numbers, [plain[at] for at in order], np.array(order, np.int64), others)

    def begins(self, prefixes: Iterable[str]) -> Array:
        """Whether each code lies under one of the prefixes (see ``bounds``): int8 [codes], sorted as ``codes``."""
        said: Array = np.full(len(self.codes), FAIL, np.int8)
        for shorter in {prefix[:n] for prefix in prefixes for n in range(len(prefix))}:
            said[bisect_left(self.codes, shorter) : bisect_right(self.codes, shorter)] = UNKNOWN
        for prefix in prefixes:
            said[bisect_left(self.codes, prefix) : bisect_left(self.codes, prefix + LAST)] = PASS
        return said


@dataclass(frozen=True)
class Said:
    """What every rule says of every need."""

    keys: Array
    """int64 [needs]"""
    slots: Array
    """int64 [needs]: places in the columns."""
    outcomes: dict[int, Array]
    """Rule → int8 [needs] (0 fail, 1 to be checked, 2 pass); a rule that asks nothing of anybody is left out."""
    failing: Array
    """How many rules turn each need away: uint8 [needs]."""

    def only(self, rule: int) -> Array:
        """Which needs this rule alone turns away: bool [needs]."""
        if rule not in self.outcomes:
            return np.zeros(len(self.keys), np.bool_)
        found: Array = (self.failing == 1) & (self.outcomes[rule] == FAIL)
        return found

    def unsure(self, at: Array) -> Array:
        """How many rules are still to be checked of the needs at these places."""
        counts: Array = np.zeros(len(at), np.int64)
        for said in self.outcomes.values():
            counts += said[at] == UNKNOWN
        return counts


class _Narrow:
    """Columns of small numbers, each in as few bytes as its largest takes: a question of a million reads most of them
    once, and how fast memory is read is what it waits for.
    """

    def __init__(self, columns: int, slots: int) -> None:
        self.slots = slots
        self.width = [1] * columns
        """Bytes a number, by column: 1, 2 or 4."""
        self.at = list(range(columns))
        """The first of its rows in ``bytes``."""
        self.bytes: Array = np.zeros((columns, slots), np.uint8)
        """uint8 [bytes, slots]; the rows of one column one after the other are its numbers."""

    def of(self, column: int) -> Array:
        """The numbers of one column: uint8, uint16 or int32 [slots]."""
        at, width = self.at[column], self.width[column]
        found: Array = self.bytes[at : at + width].reshape(-1).view({1: np.uint8, 2: np.uint16, 4: np.int32}[width])
        return found

    def put(self, column: int, slot: int, number: int) -> None:
        self._make_fit(column, number)
        self.of(column)[slot] = number

    def put_all(self, column: int, slots: Array, numbers: Array) -> None:
        self._make_fit(column, int(numbers.max(initial=0)))
        self.of(column)[slots] = numbers

    def grow(self) -> None:
        """Twice as many slots."""
        self._laid_out(self.width, 2 * self.slots)

    def _make_fit(self, column: int, number: int) -> None:
        width = 1 if number < 2**8 else 2 if number < 2**16 else 4
        if width > self.width[column]:
            self._laid_out([max(width, one) if at == column else one for at, one in enumerate(self.width)], self.slots)

    def _laid_out(self, width: list[int], slots: int) -> None:
        before = [self.of(column) for column in range(len(self.width))]
        self.width, self.slots = width, slots
        self.at = [sum(width[:column]) for column in range(len(width))]
        self.bytes = np.zeros((sum(width), slots), np.uint8)
        for column, numbers in enumerate(before):
            self.of(column)[: len(numbers)] = numbers


class _Keys:
    """The amounts in two bytes, in the same order, for a first look at very many; the last key is "not known".

    Months and hundredths of a percent are told apart by their keys; money is not (the upper half of a float32): where
    a key is that of an end, the number itself decides.
    """

    UNITS = {"term": SCALE, "debt_ratio": SCALE // 100}
    NOT_KNOWN, LAST = 0xFFFF, 0xFFFE

    def __init__(self, slots: int) -> None:
        self.units = [self.UNITS.get(name) for name in AMOUNTS]
        self.values: Array = np.zeros((len(AMOUNTS), slots), np.uint16)
        """uint16 [amounts, slots]"""
        self.exact = [unit is not None for unit in self.units]
        """Whether all numbers of a row can be told apart by their keys."""

    def put(self, row: int, slots: Any, numbers: Array, each: Any = slice(None)) -> None:
        """Write the keys of ``numbers`` (int64), or of those of them that ``each`` names one by one."""
        unit = self.units[row]
        if unit is not None and self.exact[row]:
            known = numbers[numbers != NOT_KNOWN]
            self.exact[row] = bool(((known % unit == 0) & (known >= 0) & (known < self.LAST * unit)).all())
        self.values[row, slots] = self._of(row, numbers)[each]

    def _of(self, row: int, numbers: Array) -> Array:
        unit, above = self.units[row], np.maximum(numbers, 0)
        keys = above.astype(np.float32).view(np.uint32) >> 16 if unit is None else np.minimum(above // unit, self.LAST)
        return np.where(numbers == NOT_KNOWN, self.NOT_KNOWN, keys).astype(np.uint16)

    def ends(self, row: int, low: int, high: int) -> tuple[int, int, bool]:
        """The keys of both ends of a range, and whether those who have one of them must be looked at."""
        unit = self.units[row]
        open_or_whole = unit is not None and all(abs(end) == NO_END or end % unit == 0 for end in (low, high))
        low_key, high_key = self._of(row, np.array((max(low, 0), high))).tolist()
        return low_key, high_key, not (open_or_whole and self.exact[row])


class Askers:
    """Needs by number: ``put`` and ``drop`` change them, ``ask`` answers for one product."""

    def __init__(self, beside: Askers | None = None) -> None:
        self.codes: list[_Codes] = beside.codes if beside is not None else [_Codes(one) for one in CODED]
        region = next(one for one in CRITERIA if one.name == "region")
        self.places: _Codes = beside.places if beside is not None else _Codes(region)
        self.keys: Array = np.full(64, -1, np.int64)
        self._coded = _Narrow(len(CODED), 64)
        self._amounts: Array = np.full((len(AMOUNTS), 64), NOT_KNOWN, np.int64)
        self._keys = _Keys(64)
        self._region: Array = np.zeros(64, np.int32)
        self._point: Array = np.full((2, 64), np.nan)
        self._exact: Array = np.zeros(64, np.bool_)
        self._where: Array = np.zeros(64, np.bool_)
        self.odd: dict[int, Facts] = {}
        """Slot → facts that the columns cannot hold."""
        self._slot: dict[int, int] = {}
        self._free: list[int] = []
        self._used = 0

    def __len__(self) -> int:
        return len(self._slot)

    def find(self, key: int) -> int | None:
        """The place of a need in the columns; None for one that is not here."""
        return self._slot.get(key)

    def live(self) -> Array:
        """Which slots hold a need: bool [slots]."""
        return self.keys >= 0

    def put(self, key: int, facts: Facts) -> int:
        """Add a need, or take over what is known of it now; answers its slot."""
        self.drop(key)
        slot = self._take(key)
        for row, code in enumerate(self.codes):
            self._coded.put(row, slot, code.number(facts))
        self._region[slot] = self.places.number(facts)
        where = facts.where
        self._where[slot] = where is not None
        point = (facts.latitude, facts.longitude)
        self._point[:, slot] = [np.nan if value is None else value for value in point]
        self._exact[slot] = facts.exact_place
        try:
            for row, name in enumerate(AMOUNTS.values()):
                self._amounts[row, slot] = _amount(getattr(facts, name))
            for row in range(len(AMOUNTS)):
                self._keys.put(row, slice(slot, slot + 1), self._amounts[row, slot : slot + 1])
        except NotIndexable:
            self.odd[slot] = facts
        return slot

    def put_columns(self, columns: FactColumns) -> Array:
        """Take in very many needs that lie here by column; answers their slots (int64)."""
        for key in columns.keys.tolist() if self._slot else ():
            self.drop(key)
        slots = self._take_many(columns.keys)
        if not len(slots):
            return slots
        for row, code in enumerate((*self.codes, self.places)):
            different, number = columns.combined(code.names)
            numbers = np.array([code.number(facts) for facts in different], np.int32)
            if row < len(self.codes):
                self._coded.put_all(row, slots, numbers[number])
            else:
                self._region[slots] = numbers[number]
        for row, name in enumerate(AMOUNTS.values()):
            self._put_amounts(row, name, columns, slots)
        self._put_points(columns, slots)
        return slots

    def beside(self) -> Askers:
        """Empty columns whose numbers mean the same answers as here."""
        return Askers(self)

    def put_mixed(self, keys: Array, of: Askers, members: Array, turn: Array) -> Array:
        """Take in needs that nobody has: each made up of the answers that a few of another's gave, from one of them to
        this criterion, from the next to that, as ``turn`` (int64 [needs]) begins. ``members``: slots there, int64
        [needs, few]; answers the slots here."""
        slots = self._take_many(keys)
        each, few = np.arange(len(members)), members.shape[1]

        def whose(criterion: str) -> Array:
            found: Array = members[each, (turn + RULE[criterion]) % few]
            return found

        for row, code in enumerate(self.codes):
            self._coded.put_all(row, slots, of._coded.of(row)[whose(code.criterion.name)])
        for row, name in enumerate(AMOUNTS):
            self._amounts[row, slots] = numbers = of._amounts[row, whose(name)]
            self._keys.put(row, slots, numbers)
        place = whose("region")
        for mine, its in zip(self._of_place, of._of_place, strict=True):
            mine[..., slots] = its[..., place]
        return slots

    @property
    def _of_place(self) -> tuple[Array, ...]:
        return self._region, self._point, self._exact, self._where

    def _put_points(self, columns: FactColumns, slots: Array) -> None:
        """Nearly every need has a point of its own: as ``Facts.where``, without an object for each."""
        none = Coded((None,), np.zeros(len(slots), np.int32))
        known: Array = np.zeros(len(slots), np.bool_)
        for row, name in enumerate(("latitude", "longitude")):
            one = columns.columns.get(name, none)
            values = np.array([np.nan if value is None else value for value in one.values], np.float64)
            self._point[row, slots] = values[one.number]
            known |= ~np.isnan(values)[one.number]
        code = columns.columns.get("region_code", none)
        self._where[slots] = known | np.array([value is not None for value in code.values], np.bool_)[code.number]
        exact = columns.columns.get("exact_place", none._replace(values=(Facts().exact_place,)))
        self._exact[slots] = np.array(exact.values, np.bool_)[exact.number]

    def _put_amounts(self, row: int, name: str, columns: FactColumns, slots: Array) -> None:
        if name not in columns.columns:
            self._amounts[row, slots] = NOT_KNOWN
            self._keys.put(row, slots, np.array([NOT_KNOWN]))
            return
        values, number = columns.columns[name]
        whole: Array = np.full(len(values), NOT_KNOWN, np.int64)
        odd: Array = np.zeros(len(values), np.bool_)
        for at, value in enumerate(values):
            try:
                whole[at] = _amount(value)
            except NotIndexable:
                odd[at] = True
        self._amounts[row, slots] = whole[number]
        self._keys.put(row, slots, whole, number)
        for at in np.flatnonzero(odd[number]).tolist():
            self.odd[int(slots[at])] = columns.row(at)

    def drop(self, key: int) -> None:
        """Forget a need; unknown keys are no mistake."""
        slot = self._slot.pop(key, None)
        if slot is not None:
            self.keys[slot] = -1
            self.odd.pop(slot, None)
            self._free.append(slot)

    def _take_many(self, keys: Array) -> Array:
        again = [self._free.pop() for _ in range(min(len(keys), len(self._free)))]
        more = np.arange(self._used, self._used + len(keys) - len(again))
        self._used += len(more)
        self._make_room()
        slots: Array = np.concatenate((np.array(again, np.int64), more))
        self.keys[slots] = keys
        self._slot.update(zip(keys.tolist(), slots.tolist(), strict=True))
        return slots

    def _take(self, key: int) -> int:
        slot = self._free.pop() if self._free else self._used
        self._used = max(self._used, slot + 1)
        self._make_room()
        self._slot[key] = slot
        self.keys[slot] = key
        return slot

    def _make_room(self) -> None:
        while self._used > len(self.keys):
            self.keys = _longer(self.keys, -1)
            self._coded.grow()
            self._amounts = _longer(self._amounts, NOT_KNOWN)
            self._keys.values = _longer(self._keys.values, 0)
            self._region = _longer(self._region, 0)
            self._point = _longer(self._point, np.nan)
            self._exact = _longer(self._exact, False)
            self._where = _longer(self._where, False)

    def ask(self, terms: Terms, today: date, slots: Array | None = None) -> Said:
        """What every rule says on ``today`` (Asia/Shanghai) of every need, or of those at ``slots`` (ascending)."""
        keys = self.keys[: self._used]
        at: Any = slots
        if slots is None:
            slots = np.flatnonzero(keys >= 0) if self._free else np.arange(self._used)
            at = slots if self._free else slice(0, self._used)
        outcomes: dict[int, Array] = {}
        coded = {code.criterion.name: row for row, code in enumerate(self.codes)}
        covers = None
        for rule, criterion in enumerate(CRITERIA):
            bounds = criterion.bounds(terms)
            if bounds is None:
                continue
            if criterion.name in coded:
                row = coded[criterion.name]
                outcomes[rule] = self.codes[row].judged(terms, today)[self._coded.of(row)[at]]
            elif criterion.name in AMOUNTS:
                assert isinstance(bounds, Between)
                outcomes[rule] = _within(bounds, self._amounts[list(AMOUNTS).index(criterion.name), at])
            elif isinstance(bounds, Areas):
                covers = self._covers(terms.places, slots) if covers is None else covers
                outcomes[rule] = covers.max(axis=0)
            elif isinstance(bounds, Deciders):
                covers = self._covers(terms.places, slots) if covers is None else covers
                outcomes[rule] = self._decides(terms.places, covers, self._amounts[0, at])
        self._judge_odd(terms, today, slots, outcomes)
        failing: Array = np.zeros(len(slots), np.uint8)
        for said in outcomes.values():
            failing += said == FAIL
        return Said(keys[at], slots, outcomes, failing)

    def fitting(self, terms: Terms, today: date) -> Array:
        """The slots of the needs that no rule turns away, ascending: as ``ask``, each rule asked of what is left."""
        if self.odd or any(place.has_circle or place.decides_up_to_yuan is not None for place in terms.places):
            said = self.ask(terms, today)
            found: Array = said.slots[said.failing == 0]
            return found
        groups: list[tuple[int, Array]] = []
        ranges: list[tuple[int, int, int]] = []
        covered = False
        coded = {code.criterion.name: row for row, code in enumerate(self.codes)}
        for criterion in CRITERIA:
            bounds = criterion.bounds(terms)
            if bounds is None:
                continue
            if criterion.name in coded:
                row = coded[criterion.name]
                stays = self.codes[row].judged(terms, today) > FAIL
                if not stays.all():
                    groups.append((row, stays.astype(np.uint8)))
            elif criterion.name in AMOUNTS:
                assert isinstance(bounds, Between)
                ranges.append((list(AMOUNTS).index(criterion.name), *_ends(bounds)))
            else:
                covered = True
        left = self._kept(groups, ranges)
        if covered:
            left = left[self._covers(terms.places, left).max(axis=0) > FAIL]
        return left[self.keys[left] >= 0] if self._free else left

    def _kept(self, groups: list[tuple[int, Array]], ranges: list[tuple[int, int, int]]) -> Array:
        """The slots whose answer to each criterion is a good one and whose number lies in each range, ascending;
        of the criteria with many answers the one that leaves least of a sample is asked first."""
        sample = min(self._used, SAMPLED)
        few = [(self._coded.at[row], _bits(good)) for row, good in groups if len(good) <= FEW]
        many = [(row, good) for row, good in groups if len(good) > FEW]
        many.sort(key=lambda one: int(one[1][self._coded.of(one[0])[:sample]].sum()))
        sizes = np.array([0, *(len(good) for _, good in many)], np.int64)
        which, low, high = np.array(ranges, np.int64).reshape(-1, 3).T.copy()
        ends = [self._keys.ends(*one) for one in ranges]
        left: Array = kernels.now.keep_all(
            self._used,
            self._coded.bytes,
            np.array([row for row, _ in few], np.int64),
            np.array([bits for _, bits in few], np.uint32),
            np.array([self._coded.at[row] for row, _ in many], np.int64),
            np.array([self._coded.width[row] for row, _ in many], np.int64),
            np.concatenate([good for _, good in many]) if many else np.empty(0, np.uint8),
            np.cumsum(sizes)[:-1],
            self._amounts,
            self._keys.values,
            which,
            low,
            high,
            np.array([low_key for low_key, _, _ in ends], np.uint16),
            np.array([high_key for _, high_key, _ in ends], np.uint16),
            np.array([doubt for _, _, doubt in ends], np.uint8),
            NOT_KNOWN,
        )
        return left

    def _judge_odd(self, terms: Terms, today: date, slots: Array, outcomes: dict[int, Array]) -> None:
        """By the loop, over what the columns have said of them."""
        for slot, facts in self.odd.items():
            place = int(np.searchsorted(slots, slot))
            if place == len(slots) or slots[place] != slot:
                continue
            for rule, said in outcomes.items():
                said[place] = LEVEL[CRITERIA[rule].check(terms, facts, today)]

    def _covers(self, places: tuple[Place, ...], slots: Array) -> Array:
        """What each branch says of each need's position: int8 [branches, needs]."""
        return np.stack([self._covered(place, slots) for place in places])

    def _covered(self, place: Place, slots: Array) -> Array:
        if not place.regions and not place.has_circle:
            return np.full(len(slots), PASS, np.int8)
        by_region = Place(regions=place.regions)
        codes = [facts.region_code for facts in self.places.facts]
        said: Array = np.full(len(slots), FAIL, np.int8)
        if place.regions:
            of_code = [UNKNOWN if not code else LEVEL[by_region.covers(Position(code))] for code in codes]
            said = np.array(of_code, np.int8)[self._region[slots]]
        if place.has_circle:
            said = np.maximum(said, self._in_circle(place, codes, slots))
        return np.where(self._where[slots], said, np.int8(UNKNOWN)).astype(np.int8)

    def _in_circle(self, place: Place, codes: list[str | None], slots: Array) -> Array:
        assert place.latitude is not None and place.longitude is not None and place.radius_km is not None
        latitude, longitude = self._point[:, slots]
        exact = self._exact[slots]
        a, b = np.radians(place.latitude), np.radians(latitude)
        half = (
            np.sin((b - a) / 2) ** 2
            + np.cos(a) * np.cos(b) * np.sin(np.radians(longitude - place.longitude) / 2) ** 2
        )
        distance = 2 * 6371.0 * np.arcsin(np.minimum(1.0, np.sqrt(half)))
        limit = place.radius_km + np.where(exact, 0.0, COUNTY_REACH_KM)
        said: Array = np.where(distance <= limit, np.where(exact, PASS, UNKNOWN), FAIL).astype(np.int8)
        home = np.array([code is not None and code == place.home_region for code in codes], np.bool_)
        at_home = ~exact & home[self._region[slots]]
        said[at_home] = UNKNOWN
        nowhere = np.isnan(distance)
        said[nowhere] = UNKNOWN
        for at in np.flatnonzero((np.abs(distance - limit) < HAIR_KM) & ~at_home & ~nowhere).tolist():
            where = Position(codes[self._region[slots[at]]], float(latitude[at]), float(longitude[at]), bool(exact[at]))
            said[at] = LEVEL[place._in_circle(where)]
        return said

    @staticmethod
    def _decides(places: tuple[Place, ...], covers: Array, amounts: Array) -> Array:
        limits = [Between(None, place.decides_up_to_yuan) for place in places]
        said = np.stack(
            [
                np.full(len(amounts), PASS, np.int8) if limit.high is None else _within(limit, amounts)
                for limit in limits
            ]
        )
        served = (covers > FAIL).any(axis=0)
        in_reach = (covers > FAIL) | ~served
        sure = ((said == PASS) & (covers == PASS)).any(axis=0)
        low = np.where(in_reach, said, PASS).min(axis=0)
        high = np.where(in_reach, said, FAIL).max(axis=0)
        return np.where(sure, PASS, np.where(low == high, low, UNKNOWN)).astype(np.int8)


def _bits(good: Array) -> int:
    """Which of at most 32 answers are good, as bits."""
    return sum(1 << at for at in np.flatnonzero(good).tolist())


def _amount(value: Any) -> int:
    if value is None:
        return NOT_KNOWN
    if isinstance(value, Span):
        raise NotIndexable("a band")
    return exactly(value)


def _within(bounds: Between, amounts: Array) -> Array:
    """``Between.check`` over a column; thresholds with more than six places lie between two whole millionths."""
    said: Array = np.full(len(amounts), PASS, np.int8)
    if bounds.low is not None:
        said[amounts < _millionths(bounds.low, up=True)] = FAIL
    if bounds.high is not None:
        said[amounts > _millionths(bounds.high, up=False)] = FAIL
    said[amounts == NOT_KNOWN] = UNKNOWN
    return said


def _ends(bounds: Between) -> tuple[int, int]:
    """The same ends for the kernel, open ones beyond every number."""
    low = -NO_END if bounds.low is None else _millionths(bounds.low, up=True)
    return low, NO_END if bounds.high is None else _millionths(bounds.high, up=False)


def _millionths(value: Number, up: bool) -> int:
    return scaled(value, ROUND_CEILING if up else ROUND_FLOOR)


def _longer(values: Array, fill: Any) -> Array:
    longer: Array = np.full((*values.shape[:-1], 2 * values.shape[-1]), fill, values.dtype)
    longer[..., : values.shape[-1]] = values
    return longer


# What a desk is told ------------------------------------------------------------------------------------------------

def by_fit(said: Said, terms: Terms, amounts: Iterable[float], months: Iterable[float]) -> Array:
    """The needs that fit, as places in ``said``, in the order of fit: fewest rules still to be checked, then the
    amount and then the term nearest to the middle of what the product gives, then by number.

    Nothing learned and nothing about the business itself goes in. ``amounts`` in yuan and ``months`` by place.
    """
    fitting = np.flatnonzero(said.failing == 0)
    unsure = said.unsure(fitting)
    amount = np.asarray(amounts, np.float64)[fitting]
    term = np.asarray(months, np.float64)[fitting]
    far = _apart(amount, terms.amount_min_yuan, terms.amount_max_yuan)
    long = _apart(term, terms.term_min_months, terms.term_max_months)
    found: Array = fitting[np.lexsort((said.keys[fitting], long, far, unsure))]
    return found


def _apart(values: Array, low: Any, high: Any) -> Array:
    """How far from the middle of a range, in logarithms rounded to hundredths; 0 where the range is open."""
    if not low or not high:
        return np.zeros(len(values))
    middle = np.sqrt(float(low) * float(high))
    far: Array = np.round(np.abs(np.log(np.maximum(values, 1.0) / middle)), 2)
    return far


def outcome_names(said: Said, key: int) -> dict[str, Outcome]:
    """What each rule says of one need, as the loop would answer (for tests and for a question about one need)."""
    back = {level: outcome for outcome, level in LEVEL.items()}
    at = int(np.flatnonzero(said.keys == key)[0])
    return {
        one.name: back[int(said.outcomes[rule][at])] if rule in said.outcomes else Outcome.PASS
        for rule, one in enumerate(CRITERIA)
    }
