"""How good the order is and to whom: what was said and what came, who is seen, where owners went against the order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from matchmaker.ranking import drift, evaluation, exposure, features
from matchmaker.ranking import queries as ranking
from matchmaker.ranking.models import Exposure
from matchmaker.ranking.queries import Said

LOOKED_BACK = timedelta(days=366)
PLACES = ((1, 1), (2, 3), (4, 10), (11, None))


@dataclass(frozen=True)
class Month:
    """One month of showing: cases known and open, what was said and came, and how well it was told apart."""

    month: str
    n: int
    open: int
    said: float
    came: float
    auc: float


@dataclass(frozen=True)
class Chosen:
    """How many sendings went to places from … to …; ``last`` None = and all after."""

    first: int
    last: int | None
    n: int


@dataclass(frozen=True)
class Seen:
    """Exposure over merit of one institution or one size; None under the least number of lists."""

    name: str
    size: str
    lists: int
    ratio: float | None
    out: bool


@dataclass(frozen=True)
class Quality:
    """Everything that the page shows of the past year."""

    months: list[Month]
    reliability: list[dict[str, float]]
    chosen: list[Chosen]
    sent: int


def quality(now: datetime) -> Quality:
    """What was said at the moment of showing, by whichever order was in use then, against what came."""
    rows = ranking.said_and_came(now - LOOKED_BACK)
    told = [row for row in rows if row.chance is not None]
    months = evaluation.by_month(
        [row.shown_at for row in told], [row.chance or 0.0 for row in told], [row.funded for row in told]
    )
    known = [row for row in told if row.funded is not None]
    return Quality(
        months=[
            Month(month, one.n, still, said, round(one.funded / one.n, 4) if one.n else 0.0, one.auc)
            for month, one, said, still in months
        ],
        reliability=evaluation.reliability([bool(row.funded) for row in known], [row.chance or 0.0 for row in known]),
        chosen=[Chosen(first, last, _count(rows, first, last)) for first, last in PLACES],
        sent=len(rows),
    )


def _count(rows: Sequence[Said], first: int, last: int | None) -> int:
    return sum(row.place >= first and (last is None or row.place <= last) for row in rows)


def seen() -> tuple[date | None, list[Seen], list[Seen]]:
    """The newest day of the ledger: by size, and by institution."""
    rows = ranking.exposures()
    by_size = []
    for size in exposure.SIZES:
        mine = [row for row in rows if row.size == size]
        lists = sum(row.lists for row in mine)
        found = exposure.ratio(sum(row.exposure for row in mine), sum(row.merit for row in mine))
        if mine:
            by_size.append(Seen("", size, lists, _told(found, lists), exposure.is_out(found, lists)))
    return (rows[0].counted_on if rows else None), by_size, [_seen(row) for row in rows]


def _seen(row: Exposure) -> Seen:
    found = exposure.ratio(row.exposure, row.merit)
    out = exposure.is_out(found, row.lists)
    return Seen(row.institution.short_name, row.size, row.lists, _told(found, row.lists), out)


def _told(found: float | None, lists: int) -> float | None:
    return found if lists >= exposure.LEAST_LISTS else None


def sizes_out() -> list[Seen]:
    """Sizes of institutions that are seen too much or too little: the alarm."""
    return [one for one in seen()[1] if one.out]


@dataclass(frozen=True)
class Moved:
    """How far one feature of what was sent lies from what the ranker learned from."""

    name: str
    scope: str
    index: float
    by_chance: float
    """What the index would be on average if nothing had moved."""
    has_moved: bool
    far: bool


@dataclass(frozen=True)
class Moving:
    """The newest day of the ledger: how many sendings, held against which version, features by how far they moved."""

    on: date
    n: int
    version_id: int
    version: str
    features: list[Moved]


def moving() -> Moving | None:
    """What has changed since the ranker learned, the most first; None before the first night."""
    row = ranking.newest_drift()
    if row is None:
        return None
    spread = {name: drift.Spread.from_json(kept) for name, kept in row.model_version.card.get("spread", {}).items()}
    declared = {one.name: one for one in features.FACTS}
    found = [
        Moved(
            name,
            declared[name].scope,
            index,
            round(drift.by_chance(spread[name], row.n), 4),
            drift.has_moved(spread[name], index, row.n),
            drift.has_moved(spread[name], index, row.n, drift.DRIFTED_FAR),
        )
        for name, index in row.moved.items()
        if name in declared and name in spread
    ]
    found.sort(key=lambda one: (-one.index, one.name))
    return Moving(row.counted_on, row.n, row.model_version_id, row.model_version.name, found)


def moved_far() -> list[Moved]:
    """Features that no longer look as they did: the alarm."""
    newest = moving()
    return [one for one in newest.features if one.far] if newest is not None else []
