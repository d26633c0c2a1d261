"""The live needs in memory, one a process, following the database as the market does (``following``); and what a desk
is told of them: how many businesses a product would reach, where, of which trade and size, and what each rule costs.

Nothing here tells who they are. Businesses are counted in groups of five (``fives``, decision 0085), rows carry no
number and come in fives, and a county or trade in which fewer than five ask gives way to the wider one.
"""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar, overload

import numpy as np
from sqlalchemy.orm import Session

from matchmaker.businesses.rules import size_of_figures
from matchmaker.db import db, says
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.matching import queries
from matchmaker.matching.change_log import ASKED_SIDE, BUSINESS, NEED, State, state_of, touched_by, touched_since
from matchmaker.matching.columns import FactColumns
from matchmaker.matching.fives import Fives, Members
from matchmaker.matching.reach import Array, Askers, by_fit
from matchmaker.matching.sealing import AMOUNT_BANDS, LEAST_TOLD, band_of
from matchmaker.needs.models import Need
from matchmaker.reference import industries, regions
from matchmaker.reference.rules import SIZES
from matchmaker.refusal import Refused

KEPT = 4
UNLISTED, UNCLASSIFIED = "", "unclassified"
UNTOLD = (UNLISTED, UNLISTED)


@dataclass(frozen=True, slots=True)
class Asker:
    """What may be told of one need: the number of its place and trade (``_Place``), size class, amount, term."""

    business_id: int
    place: int
    size: int
    amount_yuan: float
    term_months: int


@dataclass(frozen=True, slots=True)
class _Place:
    """A place and a trade at every width: (place, trade), the narrowest first; and the numbers of city and section."""

    widths: tuple[tuple[str, str], ...]
    city: int
    section: int


@dataclass(frozen=True, slots=True)
class SealedRow:
    """One need without anybody's name: codes of a place and a trade ("" = not told), size class, amount band."""

    region_code: str
    industry_code: str
    size: str
    low_yuan: int | None
    high_yuan: int | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One line of a count; ``key`` None are the small ones together."""

    key: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Reach:
    """What a product with these terms would reach today, in fives (``fives``): 0 is "fewer than five"."""

    on: date
    asking: int
    fitting: int
    by_region: tuple[Cell, ...]
    by_sector: tuple[Cell, ...]
    by_size: tuple[Cell, ...]
    loosened: tuple[tuple[str, int], ...]
    """Rule → how many more businesses without it, those it alone turns away; most first."""

    @property
    def share(self) -> float:
        """Of the businesses that ask, rounded to whole percents."""
        return round(self.fitting / self.asking, 2) if self.asking else 0.0


class SealedRows(Sequence[SealedRow]):
    """Those that fit, in the order of fit, in whole fives; a row is sealed when it is looked at, since a page shows
    twenty."""

    def __init__(self, need_ids: Array, columns: Array, sizes: Sequence[str], places: Sequence[_Place],
                 widths: Mapping[tuple[str, str], int]) -> None:  # fmt: skip
        whole = len(need_ids) // LEAST_TOLD * LEAST_TOLD
        self.need_ids = need_ids[:whole]
        """Which needs the rows are, for the site alone: no page shows them but under `sealing.sealed_number`."""
        self._columns, self._sizes, self._places, self._widths = columns[:, :whole], sizes, places, widths

    def __len__(self) -> int:
        return len(self.need_ids)

    def none(self) -> SealedRows:
        """No row at all."""
        return self._at(slice(0))

    def of_size(self, size: str) -> SealedRows:
        """Those of one size class, in the same order; all where it is ""."""
        if not size:
            return self
        if size not in self._sizes:
            return self.none()
        return self._at(np.flatnonzero(self._columns[1] == self._sizes.index(size)))

    def holding(self, words: str) -> SealedRows:
        """Those whose place and trade, as told and no narrower, hold these words; all where there are none."""
        if not words:
            return self
        found = [at for at, row in enumerate(self[:]) if says(told_names(row.region_code, row.industry_code), words)]
        return self._at(np.array(found, dtype=np.intp))

    def _at(self, which: Any) -> SealedRows:
        return SealedRows(self.need_ids[which], self._columns[:, which], self._sizes, self._places, self._widths)

    @overload
    def __getitem__(self, at: int) -> SealedRow: ...
    @overload
    def __getitem__(self, at: slice) -> list[SealedRow]: ...
    def __getitem__(self, at: int | slice) -> SealedRow | list[SealedRow]:
        if isinstance(at, slice):
            return [self._seal(*one) for one in self._columns[:, at].T.tolist()]
        return self._seal(*self._columns[:, at].tolist())

    def _seal(self, place: float, size: float, amount_yuan: float) -> SealedRow:
        named = next((one for one in self._places[int(place)].widths if self._widths[one] >= LEAST_TOLD), UNTOLD)
        return SealedRow(*named, self._sizes[int(size)], *band_of(amount_yuan, AMOUNT_BANDS))


def told_names(region_code: str, industry_code: str) -> str:
    """The names of a place, the wider ones before it, and of a trade, in both languages: where a word is looked for."""
    region = regions.get(region_code)
    places = region.path if region else ()
    names = [industries.name(industry_code, language) for language in ("zh", "en")] if industry_code else []
    return " ".join([*(part.name for part in places), *names])


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
        return UNCLASSIFIED


class _Numbered:
    """Each different thing once, by number; those that every process must number alike are named beforehand."""

    def __init__(self, named: Iterable[str] = ()) -> None:
        self.all: list[Any] = list(named)
        self.known: dict[Any, int] = {one: number for number, one in enumerate(self.all)}

    def number(self, one: Hashable) -> int:
        found = self.known.get(one)
        if found is None:
            found = self.known[one] = len(self.all)
            self.all.append(one)
        return found


COLUMNS = {
    "business": np.int64, "amount": np.float64, "months": np.int32, "place": np.int32, "city": np.int32,
    "section": np.int32, "size": np.int8,
}  # fmt: skip


class AskedNeeds:
    """The live needs of one database: their columns, and beside each what may be told of it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.state: State | None = None
        self.year = 0
        self.heirs: Mapping[str, Any] = {}
        """What had become of divisions that are no more when these were read."""
        self._empty()

    def _empty(self) -> None:
        self.askers = Askers()
        self.fives = Fives(self.askers)
        self.sizes, self.cities = _Numbered((*SIZES, UNCLASSIFIED)), _Numbered()
        self.sections = _Numbered((UNLISTED, *(one.code for one in industries.children())))
        self.places: list[_Place] = []
        self._place_of: dict[tuple[str, str], int] = {}
        """(region, industry) → its number in ``places``."""
        self.columns: dict[str, Array] = {name: np.zeros(64, kind) for name, kind in COLUMNS.items()}
        """By slot of ``askers``; what stands in a free slot means nothing."""
        self._widths: Counter[tuple[str, str]] = Counter()
        """(place, trade) → how many businesses ask there, at every width; the same for all needs of a business."""
        self._moved: set[int] = set()
        """Cities in which somebody came or went since the groups were cut."""

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
        self._empty()
        after = 0
        while (found := queries.asked_by_column(session, on, after)).rows:
            self._put_chunk(found)
            after = found.rows[-1].id
        self.taken_in()

    def taken_in(self) -> None:
        """When the last of many needs are in by column: count who asks where and in which trade, cut the groups."""
        self._regroup()
        self._widths = Counter()
        live = np.flatnonzero(self.askers.live())
        _, first = np.unique(self.columns["business"][live], return_index=True)
        counts = np.bincount(self.columns["place"][live[first]], minlength=len(self.places))
        for place, count in zip(self.places, counts.tolist(), strict=True):
            self._count(place, count)

    def _put_chunk(self, found: queries.AskedChunk) -> None:
        """Take in many needs that none of those here is one of, by column."""
        told = [self._told_of(row, row, found.figures.get(row.business_id)) for row in found.rows]
        self.hold_columns(queries.facts_by_column(found), told)

    def _read_some(self, session: Session, touched: Iterable[tuple[str, int]], on: date) -> None:
        needs = {ref for kind, ref in touched if kind == NEED}
        businesses = {ref for kind, ref in touched if kind == BUSINESS}
        for business_id in businesses:
            needs |= set(self.askers.keys[self._of_business(business_id)].tolist())
        for need_id in needs:
            self._drop(need_id)
        for need in queries.needs_asked(session, needs, businesses):
            self._put(need, on)

    def _of_business(self, business_id: int) -> Array:
        """The slots of a business's needs."""
        mine = self.columns["business"][: len(self.askers.keys)] == business_id
        return np.flatnonzero(mine & self.askers.live())

    def _drop(self, need_id: int) -> None:
        slot = self.askers.find(need_id)
        if slot is not None:
            self.askers.drop(need_id)
            self._moved.add(int(self.columns["city"][slot]))
            if not len(self._of_business(int(self.columns["business"][slot]))):
                self._count(self.places[self.columns["place"][slot]], -1)

    def _put(self, need: Need, on: date) -> None:
        business = need.business
        told = self._told_of(need.current, business, queries.last_full_year(business, on), business.id)
        self.hold(need.id, queries.facts_of(need, on=on), told)

    def _told_of(self, wanted: Any, business: Any, year: Any, business_id: int | None = None) -> Asker:
        """What may be told of a need, by its version, its business and that one's last full year."""
        trade = business.industry_code
        place = self.place(business.region_code, trade)
        size = self.sizes.number(size_of(trade, year))
        number = business.business_id if business_id is None else business_id
        return Asker(number, place, size, float(wanted.amount_yuan), wanted.term_months)

    def place(self, region_code: str, industry_code: str) -> int:
        """The number of a place and a trade in ``places``."""
        key = (region_code, industry_code)
        if key not in self._place_of:
            widths, section, city = told_widely(region_code, industry_code)
            self._place_of[key] = len(self.places)
            self.places.append(_Place(widths, self.cities.number(city), self.sections.number(section)))
        return self._place_of[key]

    def hold_columns(self, facts: FactColumns, told: Sequence[Asker]) -> None:
        """Take in many needs that none of those here is one of; ``taken_in`` when the last are in."""
        self._write(self.askers.put_columns(facts), told)

    def hold(self, need_id: int, facts: Facts, told: Asker) -> None:
        """Take one need in, by what the rules read of it and what may be told of it."""
        slot = self.askers.put(need_id, facts)
        self._write(np.array([slot]), [told])
        if len(self._of_business(told.business_id)) == 1:
            self._count(self.places[told.place], 1)

    def _write(self, slots: Array, told: Sequence[Asker]) -> None:
        while len(self.columns["business"]) < len(self.askers.keys):
            self.columns = {name: np.concatenate((one, np.zeros_like(one))) for name, one in self.columns.items()}
        places = np.array([one.place for one in told], np.int32)
        cities = np.array([one.city for one in self.places], np.int32)[places]
        self.columns["business"][slots] = [one.business_id for one in told]
        self.columns["amount"][slots] = [one.amount_yuan for one in told]
        self.columns["months"][slots] = [one.term_months for one in told]
        self.columns["size"][slots] = [one.size for one in told]
        self.columns["place"][slots] = places
        self.columns["city"][slots] = cities
        self.columns["section"][slots] = np.array([one.section for one in self.places], np.int32)[places]
        self._moved.update(np.unique(cities).tolist())

    def _count(self, place: _Place, more: int) -> None:
        for width in place.widths:
            self._widths[width] += more

    def _regroup(self) -> None:
        """Cut the groups anew where somebody came or went; a business stands there with its newest need."""
        if not self._moved:
            return
        here = self.askers.live()
        here[list(self.askers.odd)] = False
        here &= np.isin(self.columns["city"][: len(here)], list(self._moved))
        slots = np.flatnonzero(here)
        slots = slots[np.argsort(-self.askers.keys[slots])]
        _, newest = np.unique(self.columns["business"][slots], return_index=True)
        slots = slots[newest]
        labels = {name: self.columns[name][slots] for name in ("business", "city", "section", "size")}
        bands = np.searchsorted(AMOUNT_BANDS, self.columns["amount"][slots])
        self.fives.regroup(self._moved, Members(slots=slots, band=bands, **labels))
        self._moved = set()

    def reach(self, terms: Terms, on: date) -> Reach:
        """What these terms would reach on ``on``; a product that begins later is looked at on its first day."""
        self._regroup()
        day = _day_of(terms, on)
        found = self.fives.count(terms, day)
        return Reach(
            on=day,
            asking=found.asking,
            fitting=found.fitting,
            by_region=_told(found.by_city, self.cities.all),
            by_sector=_told(found.by_section, self.sections.all),
            by_size=_told(found.by_size, self.sizes.all),
            loosened=tuple(sorted(found.loosened.items(), key=lambda pair: (-pair[1], pair[0]))),
        )

    def rows(self, terms: Terms, on: date) -> SealedRows:
        """The needs that these terms fit, one a business, in the order of fit."""
        day = _day_of(terms, on)
        slots = self.askers.fitting(terms, day)
        said = self.askers.ask(terms, day, slots)
        order = slots[by_fit(said, terms, self.columns["amount"][slots], self.columns["months"][slots])]
        first = order[np.sort(np.unique(self.columns["business"][order], return_index=True)[1])]
        columns = np.stack([self.columns[name][first].astype(np.float64) for name in ("place", "size", "amount")])
        return SealedRows(self.askers.keys[first], columns, self.sizes.all, self.places, self._widths)


def _day_of(terms: Terms, on: date) -> date:
    return max(on, terms.valid_from_on) if terms.valid_from_on else on


def _told(counts: Mapping[int, int], names: Sequence[str], most: int = 8) -> tuple[Cell, ...]:
    """Counts by name, the largest first; what is beyond ``most`` lines stands together."""
    ordered = sorted(((names[key], count) for key, count in counts.items()), key=lambda item: (-item[1], item[0]))
    rest = sum(count for _, count in ordered[most:])
    cells = [Cell(key, count) for key, count in ordered[:most]]
    return tuple([*cells, Cell(None, rest)] if rest else cells)


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


def reach_and_rows(terms: Terms, on: date) -> tuple[Reach, SealedRows]:
    """The same and, where the counts tell of somebody at all, row by row whom the product fits.

    For terms that are in force, so that a desk cannot change them by a step and look which row has gone.
    """

    def both(asked: AskedNeeds) -> tuple[Reach, SealedRows]:
        reach, rows = asked.reach(terms, on), asked.rows(terms, on)
        return reach, rows if reach.fitting else rows.none()

    return _answered(on, both)


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
