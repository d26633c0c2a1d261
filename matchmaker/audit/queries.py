"""Reads of the trail: by object, by person, and the log of who looked at a business, the files that left."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.audit.rules import FIRST_SEAL, seal_after
from matchmaker.db import db, holding
from matchmaker.listing import ListTaken

AT_ONCE = 1000


def rows_about(object_kind: str, object_id: int) -> sa.Select[AuditRow]:
    """What was done to one object, newest first."""
    return (
        sa.select(AuditRow)
        .where(AuditRow.object_kind == object_kind, AuditRow.object_id == object_id)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
    )


def rows(
    *, what: str = "", by_id: int | None = None, words: str = "", deeds: Collection[str] = ()
) -> sa.Select[AuditRow]:
    """All deeds, newest first; filtered by the beginning of what was done ("lead.") and by whom.

    `words` stand in the code or the kind of the object, or are the number of the object or of who did it; `deeds`: the
    codes whose words hold them.
    """
    query = sa.select(AuditRow)
    if what:
        query = query.where(AuditRow.what.startswith(what, autoescape=True))
    if by_id is not None:
        query = query.where(AuditRow.by_id == by_id)
    if words:
        number = holding(words, number=AuditRow.by_id)
        object_ = holding(words, AuditRow.what, AuditRow.object_kind, number=AuditRow.object_id)
        query = query.where(sa.or_(object_, number, AuditRow.what.in_(deeds)))
    return query.order_by(AuditRow.id.desc())


def looks_at(business_id: int) -> sa.Select[DataAccess]:
    """Who looked at a business's data, newest first: the log that its owner reads."""
    return (
        sa.select(DataAccess)
        .where(DataAccess.business_id == business_id)
        .order_by(DataAccess.at.desc(), DataAccess.id.desc())
    )


def last_sealed() -> AuditRow | None:
    """The newest row of the chain."""
    return db.session.scalar(
        sa.select(AuditRow).where(AuditRow.seal_number.is_not(None)).order_by(AuditRow.seal_number.desc()).limit(1)
    )


def count_unsealed() -> int:
    """How many rows wait for the sealing job."""
    return db.session.scalar(sa.select(sa.func.count(AuditRow.id)).where(AuditRow.seal_number.is_(None))) or 0


@dataclass(frozen=True)
class Chain:
    """What checking found: how many seals hold, the last of them, and the number of the first that does not."""

    holds: bool
    rows: int
    head: str
    broken_at: int | None


def seal_of(row: Any, number: int, previous: str) -> str:
    """The seal that a row gets as the ``number``-th of the chain."""
    return seal_after(
        previous,
        number=number,
        row_id=row.id,
        at=row.at,
        by_id=row.by_id,
        what=row.what,
        object_kind=row.object_kind,
        object_id=row.object_id,
        facts=row.facts,
    )


def verify_seals() -> Chain:
    """Compute the whole chain anew: changed, removed or inserted rows break it from there on.

    Rows cut off at the end cannot be seen from inside: keep the head somewhere else and compare.
    """
    number, seal = 0, FIRST_SEAL
    while True:
        # Columns, not objects: a long trail must not fill the session of the page that asks.
        rows = db.session.execute(
            sa.select(*AuditRow.__table__.columns)
            .where(AuditRow.seal_number > number)
            .order_by(AuditRow.seal_number)
            .limit(AT_ONCE)
        ).all()
        for row in rows:
            if row.seal_number != number + 1 or row.seal != seal_of(row, number + 1, seal):
                return Chain(False, number, seal, number + 1)
            number, seal = number + 1, row.seal or ""
        if len(rows) < AT_ONCE:
            return Chain(True, number, seal, None)


def files(*, listing: str = "", words: str = "") -> sa.Select[ListTaken]:
    """Lists about people that left as files, the newest first; of one list; `words`: of its code, or who took it."""
    query = sa.select(ListTaken)
    if listing:
        query = query.where(ListTaken.listing == listing)
    if words:
        query = query.where(holding(words, ListTaken.listing, number=ListTaken.person_id))
    return query.order_by(ListTaken.at.desc(), ListTaken.id.desc())


def lists_taken() -> list[str]:
    """The codes of the lists that ever left as a file."""
    return list(db.session.scalars(sa.select(ListTaken.listing).distinct().order_by(ListTaken.listing)))
