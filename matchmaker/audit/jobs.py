"""Sealing the trail in order, and checking the whole chain."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from matchmaker.audit import queries
from matchmaker.audit.models import AuditRow
from matchmaker.audit.rules import FIRST_SEAL, seal_after
from matchmaker.db import begin_read, db, unit_of_work

log = logging.getLogger(__name__)
AT_ONCE = 1000


@dataclass(frozen=True)
class Chain:
    """What checking found: how many seals hold, the last of them, and the number of the first that does not."""

    holds: bool
    rows: int
    head: str
    broken_at: int | None


def seal_rows(now: datetime) -> int:
    """Seal what no running transaction can still precede, in order; answers how many rows.

    On PostgreSQL rows of transactions at or above the oldest running one wait: one of those could still commit
    with a smaller number. On SQLite writers come one after another, so the order of numbers is the order of commits.
    """
    sealed = 0
    while True:
        with unit_of_work():
            batch = _seal_batch()
        sealed += batch
        if batch < AT_ONCE:
            return sealed


def _seal_batch() -> int:
    query = sa.select(AuditRow).where(AuditRow.seal_number.is_(None))
    if db.session.get_bind().dialect.name == "postgresql":
        # Two sealers at once would number alike: one waits for the other.
        db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(0x5EA1)))
        oldest = sa.cast(
            sa.cast(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()), sa.Text), sa.BigInteger
        )
        query = query.where(
            sa.or_(AuditRow.transaction_number.is_(None), AuditRow.transaction_number < oldest)
        ).order_by(sa.func.coalesce(AuditRow.transaction_number, 0), AuditRow.id)
    else:
        query = query.order_by(AuditRow.id)
    # As stored, not as some caller of this session still holds it.
    rows = list(db.session.scalars(query.limit(AT_ONCE).execution_options(populate_existing=True)))
    last = queries.last_sealed()
    number = last.seal_number or 0 if last else 0
    seal = last.seal or FIRST_SEAL if last else FIRST_SEAL
    for row in rows:
        number += 1
        seal = _seal(row, number, seal)
        row.seal_number, row.seal = number, seal
    return len(rows)


def _seal(row: Any, number: int, previous: str) -> str:
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
            if row.seal_number != number + 1 or row.seal != _seal(row, number + 1, seal):
                return Chain(False, number, seal, number + 1)
            number, seal = number + 1, row.seal or ""
        if len(rows) < AT_ONCE:
            return Chain(True, number, seal, None)


def check_seals(now: datetime) -> Chain:
    """The nightly check: an error in the log when the chain is broken."""
    begin_read()
    chain = verify_seals()
    db.session.rollback()
    if chain.holds:
        log.info("the trail holds", extra={"rows": chain.rows, "head": chain.head})
    else:
        log.error("the trail is broken", extra={"broken_at": chain.broken_at})
    return chain
