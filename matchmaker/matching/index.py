"""The market index: which products fit a need, and which rules turn the others down, without a loop over products.

It evaluates the declarations of ``eligibility.rules.CRITERIA``: what a criterion bounds is written as bitmaps
(``index_forms``), what it asks of a need becomes a handful of rows whose intersection are the eligible products
(``kernels.meet``). The plain loop over ``Criterion.check`` is the other evaluator of the same declarations; property
tests hold them equal, verdict by verdict. A product that the rows cannot hold is judged by that loop here too.

Memory: about 2 kB of rows a product at 100,000 products, with every threshold and prefix that occurs. One change
writes one word in each row: a fraction of a millisecond. Readers and one writer at a time (``reading``, ``writing``).
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from matchmaker.eligibility.bounds import Outcome
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA, Criterion, NearMiss, failed_rules
from matchmaker.matching.columns import READ, TermColumns
from matchmaker.matching.index_board import NO_ROWS, Array, Board, Clauses, Scratch, any_of, bitmap_of, kernels, packed
from matchmaker.matching.index_forms import Form, NotIndexable, Told, form_for
from matchmaker.matching.index_places import PlaceBook


class _Rule:
    """One criterion over all products: a form for each kind of bounds that occurs under it."""

    def __init__(self, criterion: Criterion) -> None:
        self.criterion = criterion
        self.forms: dict[type, Form] = {}


class _Combined:
    """What many products say to one criterion: each different bounds once, and their number a product."""

    def __init__(self, criterion: Criterion, columns: TermColumns) -> None:
        different, self.number = columns.combined(READ[criterion.name])
        self.bounds = [criterion.bounds(terms) for terms in different]
        self.odd: Array = np.zeros(len(self.bounds), np.bool_)
        """Bounds that the rows cannot hold."""


MANY = 64
"""So many products at once are written by column, fewer one by one."""


class MarketIndex:
    """Products by slot: ``put`` and ``drop`` change it, ``ask`` answers for one need."""

    def __init__(self, terms: Iterable[Terms] = ()) -> None:
        self.board = Board()
        self.book = PlaceBook()
        self.rules = [_Rule(criterion) for criterion in CRITERIA]
        self.asked: list[tuple[int, Callable[[Facts, date], Any], bool, Callable[[Any, Scratch], Told]]] = []
        """What is asked of a need, form by form: number of the rule, its fact, whether silence is no obstacle, whom."""
        self.keys = self.board.column(np.int64, -1)
        """Product id of each slot; int64 [slots]."""
        self.odd: dict[int, Terms] = {}
        """Products that the rows cannot hold."""
        self._slot: dict[int, int] = {}
        self._free: list[int] = []
        self._used = 0
        self._access = _Access()
        self.put_all(terms)

    def __len__(self) -> int:
        return len(self._slot) + len(self.odd)

    def __contains__(self, key: int) -> bool:
        return key in self._slot or key in self.odd

    def slot_of(self, key: int) -> int | None:
        """The slot of a product; None for one that is not here or is judged by the loop."""
        return self._slot.get(key)

    # Changes

    def put(self, terms: Terms) -> None:
        """Add a product, or take over what it says now."""
        self.put_all([terms])

    def put_all(self, terms: Iterable[Terms]) -> None:
        """The same for many at once, which is much quicker than one by one."""
        self.change(terms)

    def drop(self, key: int) -> None:
        """Forget a product; unknown keys are no mistake."""
        self.change((), (key,))

    def change(
        self, put: Iterable[Terms], drop: Iterable[int] = (), then: Callable[[], None] = lambda: None
    ) -> None:
        """Forget and take over products in one step, and do ``then``: no reader sees a part of it."""
        with self._access.writing():
            for key in drop:
                self._remove(key)
            self._put(put)
            self.book.prepare()
            then()

    def put_columns(self, columns: TermColumns) -> None:
        """Take over many products that lie here by column: a million in seconds, without an object a product."""
        with self._access.writing():
            self._put_columns(columns)
            self.book.prepare()

    def _put_columns(self, columns: TermColumns) -> None:
        if self._slot or self.odd:
            for key in columns.keys.tolist():
                self._remove(key)
        said = [_Combined(rule.criterion, columns) for rule in self.rules]
        self._look_for_odd(said)
        odd = np.logical_or.reduce([one.odd[one.number] for one in said])
        for at in np.flatnonzero(odd).tolist():
            self.odd[int(columns.keys[at])] = columns.row(at)
        slots = self._take_slots(columns.keys[~odd])
        if not len(slots):
            return
        for rule, one in zip(self.rules, said, strict=True):
            groups: Array = np.zeros(self.board.slots, np.int32)
            groups[slots] = one.number[~odd] + 1
            for kind, form in rule.forms.items():
                form.write_groups(groups, [each if type(each) is kind else None for each in one.bounds])
        self.board.set(Board.ALIVE, slots)

    def _look_for_odd(self, said: Sequence[_Combined]) -> None:
        for rule, one in zip(self.rules, said, strict=True):
            for at, bounds in enumerate(one.bounds):
                if bounds is not None:
                    try:
                        self._form(rule, type(bounds)).check(bounds)
                    except NotIndexable:
                        one.odd[at] = True

    def _take_slots(self, keys: Array) -> Array:
        """A slot for each of these new products: int64. Those that are free first, then as many more as it takes."""
        n = len(keys)
        again = [self._free.pop() for _ in range(min(n, len(self._free)))]
        more = np.arange(self._used, self._used + n - len(again))
        self._used += len(more)
        self.board.make_room(self._used)
        slots: Array = np.concatenate((np.array(again, np.int64), more))
        self.keys.values[slots] = keys
        self._slot.update(zip(keys.tolist(), slots.tolist(), strict=True))
        return slots

    def _put(self, terms: Iterable[Terms]) -> None:
        terms = list(terms)
        if len(terms) >= MANY:
            self._put_columns(TermColumns.of(terms))
            return
        slots: list[int] = []
        bounds: list[list[Any]] = [[] for _ in self.rules]
        for one in {each.key: each for each in terms}.values():
            self._remove(one.key)
            given = [rule.criterion.bounds(one) for rule in self.rules]
            try:
                self._check(given)
            except NotIndexable:
                self.odd[one.key] = one
                continue
            slots.append(self._take_slot(one.key))
            for column, each in zip(bounds, given, strict=True):
                column.append(each)
        if slots:
            self._write(np.array(slots, np.int64), bounds)

    def _remove(self, key: int) -> None:
        self.odd.pop(key, None)
        slot = self._slot.pop(key, None)
        if slot is not None:
            self.board.clear(slot)
            self.keys.values[slot] = -1
            self._free.append(slot)

    def _take_slot(self, key: int) -> int:
        if self._free:
            slot = self._free.pop()
        else:
            slot = self._used
            self._used += 1
            self.board.make_room(self._used)
        self._slot[key] = slot
        self.keys.values[slot] = key
        return slot

    def _check(self, given: Sequence[Any]) -> None:
        for rule, bounds in zip(self.rules, given, strict=True):
            if bounds is not None:
                self._form(rule, type(bounds)).check(bounds)

    def _form(self, rule: _Rule, kind: type) -> Form:
        """The form of a rule for this kind of bounds; a new one starts with every product unrestricted."""
        if kind not in rule.forms:
            form = form_for(kind, self.board, self.book)
            here = kernels.now.places_of(self.board.alive)
            if len(here):
                form.write(here, [None] * len(here))
            rule.forms[kind] = form
            self.asked = [
                (number, one.criterion.mine, one.criterion.silent, each.ask)
                for number, one in enumerate(self.rules)
                for each in one.forms.values()
            ]
        return rule.forms[kind]

    def _write(self, slots: Array, bounds: Sequence[Sequence[Any]]) -> None:
        for rule, given in zip(self.rules, bounds, strict=True):
            for kind, form in rule.forms.items():
                form.write(slots, [one if type(one) is kind else None for one in given])
        self.board.set(Board.ALIVE, slots)

    # Questions

    def reading(self) -> AbstractContextManager[None]:
        """Keep writers out. ``ask`` may be called, and its answer looked at, only inside."""
        return self._access.reader

    def ask(self, facts: Facts, today: date) -> Answer:
        """Everything the rules say about these facts on ``today`` (Asia/Shanghai), worked out as it is looked at."""
        return Answer(self, facts, today)

    def fitting_of_many(self, facts: Sequence[Facts], today: date) -> tuple[Array, Array]:
        """The slots of the eligible products of many needs, one after the other (int64), and where each begins
        (int64 [needs + 1]): as ``PairScorer.best_of_many`` takes them. To be called inside ``reading``."""
        answers = [self.ask(one, today) for one in facts]
        if any(answer.needs_groups for answer in answers) or any(answer.scratch.made for answer in answers):
            found = [answer.slots for answer in answers]
            starts: Array = np.zeros(len(found) + 1, np.int64)
            np.cumsum([len(slots) for slots in found], out=starts[1:])
            return np.concatenate(found), starts
        clauses, ends = array("q"), array("q")
        for answer in answers:
            clauses.extend(answer.clauses)
            ends.append(len(clauses))
        many: tuple[Array, Array] = kernels.now.meet_many(
            self.board.rows, NO_ROWS, np.frombuffer(clauses, np.int64), np.frombuffer(ends, np.int64), self.board.words
        )
        return many


class Answer:
    """What the rules say about one need, over all products of the index."""

    def __init__(self, index: MarketIndex, facts: Facts, today: date) -> None:
        self.index = index
        self.facts = facts
        self.today = today
        self.scratch = scratch = Scratch(index.board.words)
        self.clauses: list[int] = []
        """What the rows must meet for no rule to fail; groups come on top."""
        self.told: list[tuple[int, Told]] = []
        """Number of the rule, and what each of its forms says."""
        self.needs_groups = False
        clauses, told = self.clauses, self.told
        for rule, mine_of, silent, ask in index.asked:
            mine = mine_of(facts, today)
            if mine is None and silent:
                continue
            said = ask(mine, scratch)
            told.append((rule, said))
            clauses += said[0]
            if said[2] is not None:
                self.needs_groups = True
        if not clauses or clauses[0] < 0:  # a row holds slots in use only, a complement any
            clauses += (1, Board.ALIVE)

    @cached_property
    def slots(self) -> Array:
        """Slots of the eligible products, int64, ascending: the rows met first, the groups asked of what is left."""
        board = self.index.board
        places: Array = kernels.now.meet_places(board.rows, self.scratch.rows(), packed(self.clauses), board.words)
        if self.needs_groups:
            for _, said in self.told:
                if (group := said.groups) is not None and not group.not_failed.all():
                    places = places[
                        : kernels.now.keep_groups(places, len(places), group.column.values, group.not_failed)
                    ]
        return places

    @cached_property
    def _odd_failures(self) -> dict[int, tuple[str, ...]]:
        return {key: failed_rules(terms, self.facts, self.today) for key, terms in self.index.odd.items()}

    def eligible(self) -> list[int]:
        """Ids of the products that no rule turns down, ascending."""
        found = self.index.keys.values[self.slots].tolist()
        found += [key for key, failed in self._odd_failures.items() if not failed]
        return sorted(found)

    def _bitmap(self, rule: int, passed: bool) -> Array:
        clauses: Clauses = ()
        board = self.index.board
        for of, form in self.told:
            if of != rule:
                continue
            clauses += form.passed if passed else form.not_failed
            if form.groups is not None:
                good = form.groups.passed if passed else form.groups.not_failed
                found = kernels.now.group_bitmap(form.groups.column.values, good, board.words)
                clauses += any_of((self.scratch.add(found),))
        return bitmap_of(board, clauses, self.scratch)

    @cached_property
    def not_failed(self) -> Array:
        """By rule the products that it does not turn down: uint64 [rules, words]."""
        return np.stack([self._bitmap(rule, passed=False) for rule in range(len(CRITERIA))])

    @cached_property
    def passed(self) -> Array:
        """By rule the products that pass it: uint64 [rules, words]. Neither failed nor passed = to be checked."""
        return np.stack([self._bitmap(rule, passed=True) for rule in range(len(CRITERIA))])

    def outcomes(self, rule: str) -> dict[int, Outcome]:
        """What one rule says of every product, as the loop would."""
        number = next(n for n, each in enumerate(self.index.rules) if each.criterion.name == rule)
        slots = kernels.now.places_of(self.index.board.alive)
        stays = kernels.now.is_set(self.not_failed[number], slots).tolist()
        passes = kernels.now.is_set(self.passed[number], slots).tolist()
        found = {
            key: Outcome.PASS if passing else Outcome.UNKNOWN if staying else Outcome.FAIL
            for key, staying, passing in zip(self.index.keys.values[slots].tolist(), stays, passes, strict=True)
        }
        criterion = self.index.rules[number].criterion
        return found | {key: criterion.check(terms, self.facts, self.today) for key, terms in self.index.odd.items()}

    def unsure(self) -> dict[int, int]:
        """Eligible product → how many rules are still to be checked."""
        counts: Array = np.zeros(len(self.slots), np.int64)
        for rule in {rule for rule, _ in self.told}:
            counts += ~kernels.now.is_set(self.passed[rule], self.slots)
        found = dict(zip(self.index.keys.values[self.slots].tolist(), counts.tolist(), strict=True))
        for key, failed in self._odd_failures.items():
            if not failed:
                found[key] = sum(
                    criterion.check(self.index.odd[key], self.facts, self.today) is Outcome.UNKNOWN
                    for criterion in CRITERIA
                )
        return found

    def failures(self) -> dict[int, tuple[str, ...]]:
        """Every product with the names of the rules it fails, in the order of ``CRITERIA`` (empty = eligible)."""
        slots = kernels.now.places_of(self.index.board.alive)
        fails = [~kernels.now.is_set(row, slots) for row in self.not_failed]
        failing: list[list[str]] = [[] for _ in range(len(slots))]
        for rule, which in zip(self.index.rules, fails, strict=True):
            for at in np.flatnonzero(which).tolist():
                failing[at].append(rule.criterion.name)
        keys = self.index.keys.values[slots].tolist()
        return {key: tuple(names) for key, names in zip(keys, failing, strict=True)} | self._odd_failures

    def near_counts(self) -> Mapping[str, int]:
        """Rule → how many products fail it and nothing else."""
        counts = self._near[1].tolist()
        found = {rule.criterion.name: count for rule, count in zip(self.index.rules, counts, strict=True)}
        for failed in self._odd_failures.values():
            if len(failed) == 1:
                found[failed[0]] += 1
        return found

    @cached_property
    def _near(self) -> tuple[Array, Array]:
        board = self.index.board
        near: Array = np.zeros(board.words, np.uint64)
        counts: Array = np.zeros(len(CRITERIA), np.int64)
        kernels.now.one_missing(self.not_failed, board.alive, near, counts)
        return near, counts

    def near_misses(self) -> list[NearMiss]:
        """The products that fail one rule only, by rule, most products first: as ``eligibility.rules.near_misses``."""
        near, _ = self._near
        order = {rule.criterion.name: place for place, rule in enumerate(self.index.rules)}
        by_rule: dict[str, list[int]] = {}
        for place, rule in enumerate(self.index.rules):
            slots = kernels.now.places_of(near & ~self.not_failed[place])
            by_rule[rule.criterion.name] = self.index.keys.values[slots].tolist()
        for key, failed in self._odd_failures.items():
            if len(failed) == 1:
                by_rule[failed[0]].append(key)
        ranked = sorted(by_rule.items(), key=lambda item: (-len(item[1]), order[item[0]]))
        return [NearMiss(rule, tuple(sorted(keys))) for rule, keys in ranked if keys]


class _Access:
    """Many readers or one writer; a writer that waits goes before new readers."""

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._readers = 0
        self._writing = False
        self._waiting = 0
        self.reader = _Reader(self)

    def begin_reading(self) -> None:
        with self._turn:
            while self._writing or self._waiting:
                self._turn.wait()
            self._readers += 1

    def end_reading(self) -> None:
        with self._turn:
            self._readers -= 1
            if self._waiting:
                self._turn.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._turn:
            self._waiting += 1
            while self._writing or self._readers:
                self._turn.wait()
            self._waiting -= 1
            self._writing = True
        try:
            yield
        finally:
            with self._turn:
                self._writing = False
                self._turn.notify_all()


class _Reader(AbstractContextManager[None]):
    """``with`` it while reading; holds nothing of its own, so that all readers share one."""

    def __init__(self, access: _Access) -> None:
        self.access = access

    def __enter__(self) -> None:
        self.access.begin_reading()

    def __exit__(self, *raised: object) -> None:
        self.access.end_reading()
