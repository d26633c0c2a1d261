"""Reads of the trail: by object, by person, and the log of who looked at a business."""

from __future__ import annotations

import sqlalchemy as sa

from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.db import db


def rows_about(object_kind: str, object_id: int) -> sa.Select[tuple[AuditRow]]:
    """What was done to one object, newest first."""
    return (
        sa.select(AuditRow)
        .where(AuditRow.object_kind == object_kind, AuditRow.object_id == object_id)
        .order_by(AuditRow.at.desc(), AuditRow.id.desc())
    )


def rows(*, what: str = "", by_id: int | None = None) -> sa.Select[tuple[AuditRow]]:
    """All deeds, newest first; filtered by the beginning of what was done ("lead.") and by whom."""
    query = sa.select(AuditRow)
    if what:
        query = query.where(AuditRow.what.startswith(what, autoescape=True))
    if by_id is not None:
        query = query.where(AuditRow.by_id == by_id)
    return query.order_by(AuditRow.id.desc())


def looks_at(business_id: int) -> sa.Select[tuple[DataAccess]]:
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
