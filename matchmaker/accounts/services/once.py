"""What may happen once: the first to write the unique row goes on, whoever comes at the same moment is told."""

from __future__ import annotations

from typing import Any

from matchmaker.db import Base, db
from matchmaker.queue import insert_for


def first_to_use(table: type[Base], **values: Any) -> bool:
    """Insert the row that uses something up, in this very transaction; False when it was there already.

    A rival that has inserted and not yet committed is waited for (both engines), so that exactly one gets True.
    """
    # The returned number, not the row count: psycopg does not tell it for an INSERT … ON CONFLICT of the ORM.
    insert = insert_for(db.session, table).values(**values).on_conflict_do_nothing().returning(table.id)
    return db.session.scalar(insert) is not None
