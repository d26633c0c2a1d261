"""Sealing the trail in order, and checking the whole chain."""

from __future__ import annotations

import logging
from datetime import datetime

import sqlalchemy as sa

from matchmaker.audit import queries
from matchmaker.audit.models import AuditRow
from matchmaker.audit.rules import FIRST_SEAL
from matchmaker.db import begin_read, db, unit_of_work

log = logging.getLogger(__name__)
AT_ONCE = 1000


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
        oldest = sa.cast(sa.cast(sa.func.pg_snapshot_xmin(sa.func.pg_current_snapshot()), sa.Text), sa.BigInteger)
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
        seal = queries.seal_of(row, number, seal)
        row.seal_number, row.seal = number, seal
    return len(rows)


def check_seals(now: datetime) -> queries.Chain:
    """The nightly check: an error in the log when the chain is broken."""
    begin_read()
    chain = queries.verify_seals()
    db.session.rollback()
    if chain.holds:
        log.info("the trail holds", extra={"rows": chain.rows, "head": chain.head})
    else:
        log.error("the trail is broken", extra={"broken_at": chain.broken_at})
    return chain
