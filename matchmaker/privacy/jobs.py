"""What is deleted without a person: what is over its time, and accounts whose days of grace are over."""

from __future__ import annotations

import logging
from datetime import datetime

from matchmaker.accounts.models import Person
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.privacy import queries, services

log = logging.getLogger(__name__)
AT_ONCE = 500


def delete_what_is_over(now: datetime) -> dict[str, int]:
    """Delete or erase what is over its time, table by table, in parts of a transaction each; answers table -> rows.

    A killed run has done whole parts; the next one finds the rest. Rows that others point to are deleted last.
    """
    done: dict[str, int] = {}
    for cls in reversed(queries.tables()):
        next_rows = queries.over_its_time(cls, now, AT_ONCE)
        if next_rows is None:
            continue
        before: list[int] = []
        while True:
            begin_read()
            waiting = list(db.session.scalars(next_rows))
            db.session.rollback()
            if not waiting:
                break
            if waiting == before:  # a declaration whose erasure does not erase: an error, not a loop
                raise RuntimeError(f"{cls.__tablename__}: still over its time after deletion")
            before = waiting
            with unit_of_work():
                numbers = list(db.session.scalars(next_rows))
                (services.erase_rows if cls.kept.erase else services.delete_rows)(cls, numbers, now)
            done[cls.__tablename__] = done.get(cls.__tablename__, 0) + len(numbers)
    if done:
        log.info("deleted what was over its time", extra={"rows": done})
    return done


def close_accounts(now: datetime) -> int:
    """Close every account whose days of grace are over, each in a transaction of its own; answers how many."""
    begin_read()
    numbers = queries.people_to_close(now)
    db.session.rollback()
    closed = 0
    for number in numbers:
        with unit_of_work():
            person = db.session.get(Person, number)
            if person is None or person.closed_at is not None or person.closing_at is None or person.closing_at > now:
                continue  # kept, or closed by another worker
            services.close_account(person)
            closed += 1
    return closed
