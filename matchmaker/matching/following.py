"""The market in memory: every published product with its index, one a process, following the database.

Whoever asks says by which session. Its counter (``change_log``) tells whether the market in memory is the one that
this session sees. Is it behind, it catches up through a session of its own: what the log names is read anew, or
everything, where the log does not reach back that far or the database is another than it was. Does the asking session
see an older market, or one that it has changed itself and not committed, the plain loop over the rules answers it from
the database. Both answers are equal (``tests/matching/test_following.py``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy.orm import Session

from matchmaker.db import db
from matchmaker.eligibility.changes import Failures
from matchmaker.eligibility.facts import Facts
from matchmaker.eligibility.rules import failed_rules
from matchmaker.matching import queries
from matchmaker.matching.change_log import (
    INSTITUTION,
    OFFERED_SIDE,
    PRODUCT,
    State,
    Touched,
    state_of,
    touched_by,
    touched_since,
)
from matchmaker.matching.index import MarketIndex
from matchmaker.matching.rules import Offered
from matchmaker.products.queries import published_on_any_day, published_versions
from matchmaker.reference import regions

MARKETS_KEPT = 4
"""Databases that one process may look at; more than one only in tests."""
STATES_REMEMBERED = 256
TRIES = 3


class Judge(Protocol):
    """Evaluates the rules of eligibility over the products of one market, on any day."""

    def failures(self, facts: Facts, today: date) -> Failures:
        """Every product with the names of the rules it fails, in the order of ``CRITERIA``; empty = fits."""
        ...

    def fitting(self, facts: Facts, today: date) -> frozenset[int]:
        """The products that fit."""
        ...


class ByLoop:
    """The plain loop over the rules: the reference, and the answer where the index cannot give it."""

    def __init__(self, offered: Sequence[Offered]) -> None:
        self.offered = offered

    def failures(self, facts: Facts, today: date) -> Failures:
        return {one.product_id: failed_rules(one.terms, facts, today) for one in self.offered}

    def fitting(self, facts: Facts, today: date) -> frozenset[int]:
        return frozenset(key for key, failed in self.failures(facts, today).items() if not failed)


class ByIndex:
    """The market index, as long as it holds this state of the market; the loop from the moment it has moved on."""

    def __init__(
        self, market: FollowedMarket, state: State, heirs: Mapping[str, Any], offered: Sequence[Offered]
    ) -> None:
        self.market, self.state, self.heirs = market, state, heirs
        self.keys = frozenset(one.product_id for one in offered)
        """The products in force on the day of the list: the index holds those to come, too."""
        self.loop = ByLoop(offered)

    def failures(self, facts: Facts, today: date) -> Failures:
        index = self.market.index
        with index.reading():
            if self._is_held():
                found = index.ask(facts, today).failures()
                return {one.product_id: found[one.product_id] for one in self.loop.offered}
        return self.loop.failures(facts, today)

    def fitting(self, facts: Facts, today: date) -> frozenset[int]:
        index = self.market.index
        with index.reading():
            if self._is_held():
                return self.keys.intersection(index.ask(facts, today).eligible())
        return self.loop.fitting(facts, today)

    def _is_held(self) -> bool:
        return self.market.state == self.state and queries.heirs_in(self.market.places) == self.heirs


@dataclass(frozen=True)
class MarketSeen:
    """The market as one session sees it on one day."""

    offered: tuple[Offered, ...]
    """In order of product."""
    places: Mapping[str, Any]
    judge: Judge

    @cached_property
    def places_print(self) -> str:
        """The fingerprint of the branches."""
        return queries.fingerprint_of(self.places)

    @cached_property
    def by_version(self) -> Mapping[int, Offered]:
        """What is offered, by version."""
        return {one.version_id: one for one in self.offered}


class FollowedMarket:
    """The products of one database by number, the index over their terms, and the state they are of."""

    def __init__(self) -> None:
        self.state: State | None = None
        self.index = MarketIndex()
        self.offered: dict[int, Offered] = {}
        """Replaced as a whole with every change, never changed: whoever holds it may go on reading."""
        self.places: Mapping[str, Any] = {}
        self._on_day: tuple[dict[int, Offered], date, tuple[Offered, ...]] = ({}, date.min, ())
        self._passed: deque[State] = deque(maxlen=STATES_REMEMBERED)
        self._catching_up = threading.Lock()

    def seen(self, session: Session, on: date) -> MarketSeen | None:
        """The market that ``session`` sees, or None where it is not the one in memory and cannot become it."""
        if touched_by(session, OFFERED_SIDE):
            return None
        for _ in range(TRIES):
            theirs = state_of(session)
            with self.index.reading():
                state, offered, places = self.state, self.offered, self.places
            if theirs == state and queries.heirs_in(places) == regions.heirs():
                in_force = self._in_force(offered, on)
                return MarketSeen(in_force, places, ByIndex(self, theirs, queries.heirs_in(places), in_force))
            if theirs in self._passed:
                return None  # it began before the last change
            self.catch_up()
        return None

    def _in_force(self, offered: dict[int, Offered], on: date) -> tuple[Offered, ...]:
        known, day, found = self._on_day
        if known is offered and day == on:
            return found
        found = tuple(one for _, one in sorted(offered.items()) if _valid(one, on))
        self._on_day = (offered, on, found)
        return found

    def catch_up(self) -> None:
        """Bring the market in memory to what is committed, through a session of its own."""
        with self._catching_up, Session(db.engine) as session:
            if session.get_bind().dialect.name == "postgresql":  # everything as of one instant; SQLite does so anyway
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            theirs = state_of(session)
            moved = queries.heirs_in(self.places) != regions.heirs()  # a change of divisions came into force
            if theirs == self.state and not moved:
                return
            touched = None if moved else touched_since(session, OFFERED_SIDE, self.state, theirs)
            if touched is None:
                self._read_all(session, theirs)
            else:
                self._read_some(session, theirs, touched)

    def _read_all(self, session: Session, theirs: State) -> None:
        places = queries.places_now(session)
        found = queries.offered_of(
            published_on_any_day(session=session), places, queries.tracks(session), queries.takings(session)
        )
        index = MarketIndex(one.terms for one in found)

        def then() -> None:
            before, self.state = self.state, None  # whoever finds the new index finds no state yet, and comes again
            self.offered, self.places = {one.product_id: one for one in found}, places
            self.index = index
            self._pass(before, theirs)

        self.index.change((), (), then)

    def _read_some(self, session: Session, theirs: State, touched: Touched) -> None:
        institutions = {ref for kind, ref in touched if kind == INSTITUTION}
        products = {ref for kind, ref in touched if kind == PRODUCT}
        products |= {one.product_id for one in self.offered.values() if one.institution_id in institutions}
        places = queries.places_now(session) if institutions else self.places
        versions = published_on_any_day(products, institutions, session)
        concerned = {version.product.institution_id for version in versions}
        found = queries.offered_of(
            versions, places, queries.tracks(session, concerned), queries.takings(session, concerned)
        )
        offered = {key: one for key, one in self.offered.items() if key not in products}
        offered |= {one.product_id: one for one in found}
        gone = products - {one.product_id for one in found}

        def then() -> None:
            self.offered, self.places = offered, places
            self._pass(self.state, theirs)

        self.index.change([one.terms for one in found], gone, then)

    def _pass(self, before: State | None, theirs: State) -> None:
        if before not in (None, theirs):  # the same where only divisions changed: nobody is behind then
            self._passed.append(before)
        self.state = theirs


def _valid(one: Offered, on: date) -> bool:
    terms = one.terms
    return bool(
        terms.valid_from_on
        and terms.valid_until_on
        and one.confirmed_until_on
        and terms.valid_from_on <= on <= min(terms.valid_until_on, one.confirmed_until_on)
    )


_markets: OrderedDict[str, FollowedMarket] = OrderedDict()
_one_at_a_time = threading.Lock()


def followed() -> FollowedMarket:
    """The market in memory of the present database; empty until somebody asks."""
    address = db.engine.url.render_as_string(hide_password=True)
    with _one_at_a_time:
        market = _markets.setdefault(address, FollowedMarket())
        _markets.move_to_end(address)
        while len(_markets) > MARKETS_KEPT:
            _markets.popitem(last=False)
        return market


def market_seen(on: date) -> MarketSeen:
    """The market that the present session sees on ``on``: from memory where that is the same, else read and looped."""
    seen = followed().seen(db.session, on)
    if seen is not None:
        return seen
    places = queries.places_now()
    offered = tuple(queries.offered_of(published_versions(on), places, queries.tracks(), queries.takings()))
    return MarketSeen(offered, places, ByLoop(offered))
