"""Notes every change of the market in the transaction that makes it, so that each process can follow (``following``).

A listener on every session looks at what is flushed; the last statement before the commit counts the market on and
writes down what was touched. Statements that pass the objects by (bulk writes) are noted as "all".
"""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session

from matchmaker.accounts.models import Branch, Institution
from matchmaker.matching.models import MarketChange, MarketCounter
from matchmaker.products.models import Product, ProductFee, ProductVersion, TrackRecord
from matchmaker.products.rules.states import FROZEN_VERSION
from matchmaker.queue import insert_for

PRODUCT, INSTITUTION, ALL = "product", "institution", "all"
NOTED_AT_MOST = 200
"""A transaction that touches more is noted as "all": reading everything anew is quicker then."""
KEPT_CHANGES = 5_000

Touched = set[tuple[str, int]]
EVERYTHING: Touched = {(ALL, 0)}

_PRODUCT_SAYS = ("state", "current_version_id", "branch_id", "kind", "institution_id")
_INSTITUTION_SAYS = ("kind", "status", "region_code")
_TABLES = frozenset(
    table.__tablename__ for table in (Product, ProductVersion, ProductFee, Institution, Branch, TrackRecord)
)
_KEY = "market_touched"


def touched_by(session: Session) -> Touched:
    """What of the market this session has changed and not committed yet, as far as it was flushed."""
    found: Touched = session.info.get(_KEY) or set()
    return found


def _note(session: Session, touched: Touched) -> None:
    session.info[_KEY] = touched_by(session) | touched


@event.listens_for(Session, "after_flush")
def _look_at_flush(session: Session, _context: Any) -> None:
    touched: Touched = set()
    for row in (*session.new, *session.deleted):
        touched |= _told_by(row, changed=None)
    for row in session.dirty:
        if isinstance(row, (Product, ProductVersion, Institution, Branch, TrackRecord)):
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
    if isinstance(row, TrackRecord):
        if changed is not None and not changed:
            return set()
        return {(INSTITUTION, row.institution_id) if row.product_id is None else (PRODUCT, row.product_id)}
    return set()


@event.listens_for(Session, "do_orm_execute")
def _look_at_statement(state: ORMExecuteState) -> None:
    statement = state.statement
    if isinstance(statement, sa.UpdateBase) and getattr(statement.table, "name", "") in _TABLES:
        _note(state.session, EVERYTHING)


@event.listens_for(Session, "before_commit")
def _count_on(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    touched = touched_by(session)
    if not touched:
        return
    session.info.pop(_KEY)
    if len(touched) > NOTED_AT_MOST or (ALL, 0) in touched:
        touched = EVERYTHING
    write = session.connection()
    mark = uuid.uuid4().hex
    counted = (
        insert_for(session, MarketCounter)
        .values(id=1, number=1, mark=mark)
        .on_conflict_do_update(index_elements=["id"], set_={"number": MarketCounter.number + 1, "mark": mark})
        .returning(MarketCounter.number)
    )
    number = write.execute(counted).scalar_one()
    rows = [{"number": number, "mark": mark, "kind": kind, "ref_id": ref_id} for kind, ref_id in sorted(touched)]
    write.execute(sa.insert(MarketChange), rows)
    write.execute(sa.delete(MarketChange).where(MarketChange.number <= number - KEPT_CHANGES))


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_KEY, None)
