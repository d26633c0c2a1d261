"""Notes every change of the market in the transaction that makes it, so that each process can follow (``following``).

A listener on every session looks at what is flushed; the last statement before the commit counts the market on and
writes down what was touched. Statements that pass the objects by (bulk writes) are noted as "all".

There are two sides, each with a counter of its own: what is offered (products and who offers them) and what is asked
(live needs and the businesses behind them), so that owners and desks do not wait for each other.
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from matchmaker.accounts.models import Branch, BranchLoad, Institution
from matchmaker.businesses.models import Business, CreditLine, YearlyFigures
from matchmaker.matching.models import MarketChange, MarketCounter
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.products.models import Product, ProductFee, ProductIntake, ProductVersion, TrackRecord
from matchmaker.products.rules.states import FROZEN_VERSION
from matchmaker.queue import insert_for

PRODUCT, INSTITUTION, ALL = "product", "institution", "all"
NEED, BUSINESS, ALL_ASKED = "need", "business", "all_asked"
OFFERED_SIDE, ASKED_SIDE = 1, 2
"""The rows of the counter."""
SIDES = {OFFERED_SIDE: (PRODUCT, INSTITUTION, ALL), ASKED_SIDE: (NEED, BUSINESS, ALL_ASKED)}
"""Counter → its kinds of change; the last of them stands for everything."""
NOTED_AT_MOST = 200
"""A transaction that touches more is noted as "all": reading everything anew is quicker then."""
KEPT_CHANGES = 5_000

Touched = set[tuple[str, int]]
EVERYTHING: Touched = {(ALL, 0)}

_PRODUCT_SAYS = (
    "state", "current_version_id", "branch_id", "kind", "institution_id", "confirmed_until_on", "doubted_at",
)  # fmt: skip
_INSTITUTION_SAYS = ("kind", "status", "region_code")
_TABLES = {
    table.__tablename__: ALL
    for table in (
        Product, ProductVersion, ProductFee, ProductIntake, Institution, Branch, BranchLoad, TrackRecord,
    )
} | {table.__tablename__: ALL_ASKED for table in (Need, NeedVersion, Business, YearlyFigures, CreditLine)}
_KEY = "market_touched"


def touched_by(session: Session, side: int | None = None) -> Touched:
    """What of the market (of one side) this session has changed and not committed yet, as far as it was flushed."""
    found: Touched = session.info.get(_KEY) or set()
    return found if side is None else {one for one in found if one[0] in SIDES[side]}


State = tuple[int, str]
"""Number and mark of a counter."""
NOTHING_YET: State = (0, "")


def state_of(session: Session, side: int = OFFERED_SIDE) -> State:
    """Number and mark of one side of the market as this session sees it."""
    row = session.execute(sa.select(MarketCounter.number, MarketCounter.mark).where(MarketCounter.id == side)).first()
    return NOTHING_YET if row is None else (row.number, row.mark)


def touched_since(session: Session, side: int, mine: State | None, theirs: State) -> Touched | None:
    """What was touched from one state to another; None where the log cannot tell (too long ago, another past)."""
    if mine is None or theirs[0] <= mine[0]:
        return None
    log = sa.select(MarketChange.number, MarketChange.mark, MarketChange.kind, MarketChange.ref_id)
    rows = session.execute(
        log.where(
            MarketChange.kind.in_(SIDES[side]), MarketChange.number >= mine[0], MarketChange.number <= theirs[0]
        )
    ).all()
    if not {mine, theirs} <= {(row.number, row.mark) for row in rows}:
        return None
    found = {(row.kind, row.ref_id) for row in rows if row.number > mine[0]}
    return None if (SIDES[side][-1], 0) in found else found


def _note(session: Session, touched: Touched) -> None:
    session.info[_KEY] = touched_by(session) | touched


@event.listens_for(Session, "after_flush")
def _look_at_flush(session: Session, _context: Any) -> None:
    touched: Touched = set()
    for row in (*session.new, *session.deleted):
        touched |= _told_by(row, changed=None)
    for row in session.dirty:
        if row.__tablename__ in _TABLES:
            seen: Any = sa.inspect(row)
            touched |= _told_by(row, {one.key for one in seen.attrs if one.history.has_changes()})
    if touched:
        _note(session, touched)


def _told_by(row: Any, changed: set[str] | None) -> Touched:
    """What a row touches; ``changed`` are its changed columns, None where it is new or goes."""
    if isinstance(row, Product):
        return {(PRODUCT, row.id)} if changed is None or changed.intersection(_PRODUCT_SAYS) else set()
    if isinstance(row, ProductVersion):
        if row.state in FROZEN_VERSION and (changed is None or "state" in changed):
            return {(PRODUCT, row.product_id)}
        return set()
    if isinstance(row, Institution):
        return {(INSTITUTION, row.id)} if changed is None or changed.intersection(_INSTITUTION_SAYS) else set()
    if isinstance(row, Branch):
        if changed is not None and "institution_id" in changed:
            return EVERYTHING
        return {(INSTITUTION, row.institution_id)} if changed is None or changed else set()
    if changed is not None and not changed:
        return set()
    if isinstance(row, ProductIntake):
        return {(PRODUCT, row.product_id)}
    if isinstance(row, BranchLoad):
        return {(INSTITUTION, row.institution_id)}
    if isinstance(row, TrackRecord):
        return {(INSTITUTION, row.institution_id) if row.product_id is None else (PRODUCT, row.product_id)}
    if isinstance(row, Need):
        return {(NEED, row.id)}
    if isinstance(row, NeedVersion):
        return {(NEED, row.need_id)}
    if isinstance(row, Business):
        return {(BUSINESS, row.id)}
    if isinstance(row, (YearlyFigures, CreditLine)):
        return {(BUSINESS, row.business_id)}
    return set()


@event.listens_for(Session, "do_orm_execute")
def _look_at_statement(state: ORMExecuteState) -> None:
    statement = state.statement
    if isinstance(statement, sa.UpdateBase) and (kind := _TABLES.get(getattr(statement.table, "name", ""))):
        _note(state.session, {(kind, 0)})


@event.listens_for(Session, "before_commit")
def _count_on(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    touched = touched_by(session)
    if not touched:
        return
    session.info.pop(_KEY)
    for side, kinds in SIDES.items():
        if mine := {one for one in touched if one[0] in kinds}:
            everything = {(kinds[-1], 0)}
            _write(session, side, everything if len(mine) > NOTED_AT_MOST or everything <= mine else mine)


def _write(session: Session, side: int, touched: Touched) -> None:
    """Count one side on and write down what was touched."""
    write = session.connection()
    mark = uuid.uuid4().hex
    counted = (
        insert_for(session, MarketCounter)
        .values(id=side, number=1, mark=mark)
        .on_conflict_do_update(index_elements=["id"], set_={"number": MarketCounter.number + 1, "mark": mark})
        .returning(MarketCounter.number)
    )
    number = write.execute(counted).scalar_one()
    rows = [{"number": number, "mark": mark, "kind": kind, "ref_id": ref_id} for kind, ref_id in sorted(touched)]
    write.execute(sa.insert(MarketChange), rows)
    old = sa.and_(MarketChange.kind.in_(SIDES[side]), MarketChange.number <= number - KEPT_CHANGES)
    write.execute(sa.delete(MarketChange).where(old))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_KEY, None)
