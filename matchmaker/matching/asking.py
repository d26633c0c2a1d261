"""The live needs in memory, one a process, following the database as the market does (``following``); and what a desk
is told of them: how many businesses a product would reach, where, of which trade and size, and what each rule costs.

Nothing here tells who they are. Counts under five are not told, rows carry no number, and a county or trade in which
fewer than five ask gives way to the wider one.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, TypeVar, overload

import numpy as np
from sqlalchemy.orm import Session

from matchmaker.businesses.rules import size_of_figures
from matchmaker.db import db
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.eligibility.rules import CRITERIA
from matchmaker.matching import queries
from matchmaker.matching.change_log import ASKED_SIDE, BUSINESS, NEED, State, state_of, touched_by, touched_since
from matchmaker.matching.reach import Array, Askers, Cell, by_fit, told_cells, told_count
from matchmaker.matching.sealing import AMOUNT_BANDS, LEAST_TOLD, band_of
from matchmaker.needs.models import Need
from matchmaker.reference import industries, regions
from matchmaker.refusal import Refused

KEPT = 4
UNLISTED = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """What may be told of one need, at every width: (place, trade), the narrowest first."""

    business_id: int
    widths: tuple[tuple[str, str], ...]
    section: str
    city: str
    size: str
    amount_yuan: float
    term_months: int


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One need without anybody's name: codes of a place and a trade ("" = not told), size class, amount band."""

    region_code: str
    industry_code: str
    size: str
    low_yuan: int | None
    high_yuan: int | None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a product with these terms would reach today. A count of None is "fewer than five"."""

    on: date
    asking: int | None
    fitting: int | None
    share: float
    """Of the businesses that ask, rounded to whole percents."""
    by_region: tuple[Cell, ...]
    by_sector: tuple[Cell, ...]
    by_size: tuple[Cell, ...]
    loosened: tuple[tuple[str, int | None], ...]
    """Rule → how many more businesses without it, those it alone turns away; most first, without the zeros."""
    rows: SealedRows
    need_ids: tuple[int, ...] = field(default=(), repr=False)
    """Which needs the rows are, for the site alone: no page shows them but under `sealing.sealed_number`."""


class SealedRows(Sequence[SealedRow]):
    """Those that fit, in the order of fit; a row is sealed when it is looked at, since a page shows twenty."""

    def __init__(self, reached: Sequence[Asker], seal: Callable[[Asker], SealedRow]) -> None:
        self._reached, self._seal = reached, seal

    def __len__(self) -> int:
        return len(self._reached)

    def of_size(self, size: str) -> SealedRows:
        """Those of one size class, in the same order; all where it is ""."""
        return SealedRows([one for one in self._reached if one.size == size], self._seal) if size else self

    @overload
    def __getitem__(self, at: int) -> SealedRow: ...
    @overload
    def __getitem__(self, at: slice) -> list[SealedRow]: ...
    def __getitem__(self, at: int | slice) -> SealedRow | list[SealedRow]:
        if isinstance(at, slice):
            return [self._seal(one) for one in self._reached[at]]
        return self._seal(self._reached[at])


def told_widely(region_code: str, industry_code: str) -> tuple[tuple[tuple[str, str], ...], str, str]:
    """The widths of a place and a trade (see ``Asker``), the section of the trade, the city."""
    region_code = regions.standing(region_code).ljust(6, "0")
    trade, region = industries.get(industry_code), regions.get(region_code)
    section = trade.section if trade else UNLISTED
    division = industry_code[:2] if trade else UNLISTED
    above = [one.code for one in region.path] if region else []
    city, province = (above[1] if len(above) > 1 else UNLISTED), (above[0] if above else UNLISTED)
    return ((region_code, division), (city, section), (province, section), (province, UNLISTED)), section, city


def size_of(industry_code: str, year: Any) -> str:
    """The size class by a row of yearly figures (None = not known), as ``businesses`` tells it."""
    facts = (year.employees, year.turnover_yuan, year.assets_yuan) if year else (None, None, None)
    try:
        return size_of_figures(industry_code, *facts).size
    except Refused:  # a trade that the size standard cannot place
        return "unclassified"


class AskedNeeds:
    """The live needs of one database: their columns, and beside each what may be told of it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.state: State | None = None
        self.year = 0
        self.heirs: Mapping[str, Any] = {}
        """What had become of divisions that are no more when these were read."""
        self.askers = Askers()
        self.told: dict[int, Asker] = {}
        self._of_business: dict[int, tuple[int, ...]] = {}
        """Nearly always one: a set each would take more memory than all columns."""
        self._widths: Counter[tuple[str, str]] = Counter()
        """(place, trade) → how many businesses ask there, at every width; the same for all needs of a business."""
        self._columns: Array = np.zeros((3, 64))
        """By slot: business, amount in yuan, term in months."""

    def catch_up(self, session: Session, on: date) -> None:
        """Bring the needs in memory to what ``session`` sees; figures of a year count from the next one on."""
        theirs = state_of(session, ASKED_SIDE)
        touched, heirs = None, regions.heirs()
        if self.year == on.year and self.heirs == heirs:
            if theirs == self.state:
                return
            touched = touched_since(session, ASKED_SIDE, self.state, theirs)
        if touched is None:
            self._read_all(session, on)
        else:
            self._read_some(session, touched, on)
        self.state, self.year, self.heirs = theirs, on.year, heirs

    def _read_all(self, session: Session, on: date) -> None:
        self.askers, self.told, self._of_business, self._widths = Askers(), {}, {}, Counter()
        after = 0
        while (found := queries.asked_by_column(session, on, after)).rows:
            self._put_chunk(found)
            after = found.rows[-1].id

    def _put_chunk(self, found: queries.AskedChunk) -> None:
        """Take in many needs that none of those here is one of, by column."""
        slots = self.askers.put_columns(queries.facts_by_column(found))
        self._make_room(int(slots.max()))
        rows = found.rows
        asked = [(row.business_id, float(row.amount_yuan), row.term_months) for row in rows]
        self._columns[:, slots] = np.array(asked, np.float64).T
        shared: dict[tuple[str, str], tuple[Any, str, str]] = {}
        for row, (business_id, amount, months) in zip(rows, asked, strict=True):
            place = (row.region_code, row.industry_code)
            if place not in shared:
                shared[place] = told_widely(*place)
            size = size_of(row.industry_code, found.figures.get(business_id))
            self._tell(row.id, Asker(business_id, *shared[place], size, amount, months))

    def _read_some(self, session: Session, touched: Iterable[tuple[str, int]], on: date) -> None:
        needs = {ref for kind, ref in touched if kind == NEED}
        businesses = {ref for kind, ref in touched if kind == BUSINESS}
        for business_id in businesses:
            needs |= set(self._of_business.get(business_id, ()))
        for need_id in needs:
            self._drop(need_id)
        for need in queries.needs_asked(session, needs, businesses):
            self._put(need, on)

    def _drop(self, need_id: int) -> None:
        known = self.told.pop(need_id, None)
        if known is not None:
            self.askers.drop(need_id)
            mine = tuple(one for one in self._of_business[known.business_id] if one != need_id)
            if mine:
                self._of_business[known.business_id] = mine
            else:
                del self._of_business[known.business_id]
                self._widths.subtract(known.widths)

    def _put(self, need: Need, on: date) -> None:
        business, wanted = need.business, need.current
        told = Asker(
            business.id,
            *told_widely(business.region_code, business.industry_code),
            size_of(business.industry_code, queries.last_full_year(business, on)),
            float(wanted.amount_yuan),
            wanted.term_months,
        )
        self.hold(need.id, queries.facts_of(need, on=on), told)

    def hold(self, need_id: int, facts: Facts, told: Asker) -> None:
        """Take one need in, by what the rules read of it and what may be told of it."""
        slot = self.askers.put(need_id, facts)
        self._make_room(slot)
        self._columns[:, slot] = told.business_id, told.amount_yuan, told.term_months
        self._tell(need_id, told)

    def _make_room(self, slot: int) -> None:
        while slot >= self._columns.shape[1]:
            self._columns = np.concatenate([self._columns, np.zeros_like(self._columns)], axis=1)

    def _tell(self, need_id: int, told: Asker) -> None:
        self.told[need_id] = told
        mine = self._of_business.get(told.business_id, ())
        if not mine:
            self._widths.update(told.widths)
        if need_id not in mine:
            self._of_business[told.business_id] = (*mine, need_id)

    def reach(self, terms: Terms, on: date) -> Reach:
        """What these terms would reach on ``on``; a product that begins later is looked at on its first day."""
        day = max(on, terms.valid_from_on) if terms.valid_from_on else on
        said = self.askers.ask(terms, day)
        business, amounts, months = self._columns[:, said.slots]
        order = by_fit(said, terms, amounts, months)
        first = order[np.sort(np.unique(business[order], return_index=True)[1])]
        keys = said.keys[first].tolist()
        reached = [self.told[key] for key in keys]
        asking = len(self._of_business)
        loosened = []
        for rule, criterion in enumerate(CRITERIA):
            kept_out = business[said.only(rule)]
            more = len(np.setdiff1d(kept_out, business[order])) if len(kept_out) else 0
            if more:
                loosened.append((criterion.name, more))
        loosened.sort(key=lambda pair: (-pair[1], pair[0]))
        enough = len(reached) >= LEAST_TOLD
        return Reach(
            on=day,
            asking=told_count(asking),
            fitting=told_count(len(reached)),
            share=round(len(reached) / asking, 2) if asking and enough else 0.0,
            by_region=tuple(told_cells(Counter(one.city for one in reached))),
            by_sector=tuple(told_cells(Counter(one.section for one in reached))),
            by_size=tuple(told_cells(Counter(one.size for one in reached))),
            loosened=tuple((rule, told_count(more)) for rule, more in loosened),
            rows=SealedRows(reached if enough else [], partial(_sealed, self._widths)),
            need_ids=tuple(keys) if enough else (),
        )


def _sealed(widths: Mapping[tuple[str, str], int], one: Asker) -> SealedRow:
    place, trade = next((width for width in one.widths if widths[width] >= LEAST_TOLD), (UNLISTED, UNLISTED))
    return SealedRow(place, trade, one.size, *band_of(one.amount_yuan, AMOUNT_BANDS))


_asked: OrderedDict[str, AskedNeeds] = OrderedDict()
_one_at_a_time = threading.Lock()


def asked_needs() -> AskedNeeds:
    """The needs in memory of the present database; empty until somebody asks."""
    address = db.engine.url.render_as_string(hide_password=True)
    with _one_at_a_time:
        found = _asked.setdefault(address, AskedNeeds())
        _asked.move_to_end(address)
        while len(_asked) > KEPT:
            _asked.popitem(last=False)
        return found


def reach_of(terms: Terms, on: date) -> Reach:
    """What a product with these terms would reach on ``on``, by the needs that the present session sees. Only reads."""
    return _answered(on, lambda asked: asked.reach(terms, on))


def needs_fitting(terms: Terms, on: date) -> frozenset[int]:
    """The live needs, by number, that no rule of these terms turns away on ``on``: for the site, to show nobody."""

    def fitting(asked: AskedNeeds) -> frozenset[int]:
        return frozenset(asked.askers.keys[asked.askers.fitting(terms, on)].tolist())

    return _answered(on, fitting)


Answer = TypeVar("Answer")


def _answered(on: date, question: Callable[[AskedNeeds], Answer]) -> Answer:
    """What the needs answer that the present session sees: from the memory, or read for this once."""
    asked = asked_needs()
    mine: Session = db.session
    if not touched_by(mine, ASKED_SIDE):
        with asked.lock:
            with Session(db.engine) as session:
                asked.catch_up(session, on)
            if asked.state == state_of(mine, ASKED_SIDE):
                return question(asked)
    own = AskedNeeds()  # another snapshot than the memory's
    with Session(bind=mine.connection()) as session:
        own.catch_up(session, on)
    return question(own)
