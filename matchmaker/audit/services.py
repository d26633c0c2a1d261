"""Writing the trail: one plain row per deed, in the deed's own transaction; looks are observations."""

from __future__ import annotations

from typing import Any, Protocol

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.db import Base, db, observe


class Actor(Protocol):
    """Whoever did it: anything with a number."""

    @property
    def id(self) -> int: ...


def record(what: str, obj: Base | None, *, by: Actor | int | None, **facts: Any) -> AuditRow:
    """Write down that ``by`` did ``what`` (``"lead.accept"``) to ``obj``; None as actor means the clock did it.

    ``facts`` are plain values named by their unit, without names, addresses or secrets: the row is kept for
    years and outlives the person. The row is a plain insert; ``seal_rows`` chains it later.
    """
    session = db.session
    if obj is not None and sa.inspect(obj).identity is None:
        session.flush()
    row = AuditRow(
        at=clock.now(),
        by_id=by if isinstance(by, int) or by is None else by.id,
        what=what,
        object_kind=obj.__tablename__ if obj is not None else "",
        object_id=obj.id if obj is not None else None,
        facts=facts,
    )
    if session.get_bind().dialect.name == "postgresql":
        row.transaction_number = sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger)
    session.add(row)
    return row


def looked_at(
    business_id: int,
    *,
    by: Actor,
    fields: list[str],
    purpose: str,
    institution_id: int | None = None,
    lead_id: int | None = None,
    document_id: int | None = None,
) -> None:
    """Observe that ``by`` read ``fields`` of a business; without this row sealed data is not shown (503)."""
    observe(
        DataAccess(
            at=clock.now(),
            person_id=by.id,
            institution_id=institution_id,
            business_id=business_id,
            lead_id=lead_id,
            document_id=document_id,
            fields=sorted(fields),
            purpose=purpose,
        )
    )
