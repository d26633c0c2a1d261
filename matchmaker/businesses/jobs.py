"""What happens to cases without a person: operators are told when the time to hear both sides is over."""

from __future__ import annotations

from datetime import datetime

from matchmaker.businesses import claims, queries
from matchmaker.db import begin_read, db, unit_of_work


def remind_of_cases(now: datetime) -> int:
    """Tell operators once of every case whose time is over, each in a transaction of its own; answers how many."""
    begin_read()
    numbers = queries.cases_due(now)
    db.session.rollback()
    told = 0
    for number in numbers:
        with unit_of_work():
            case = queries.case_by_id(number)
            if case is not None and case.is_open and case.warned_at is None and case.due_at <= now:
                claims.remind_operators(case)
                told += 1
    return told
