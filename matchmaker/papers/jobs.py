"""What happens to folders without a person: owners are reminded of papers that end."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.papers import queries, services
from matchmaker.papers.rules import reminder


def remind_of_ending_papers(now: datetime) -> int:
    """Remind 30 and 7 days before a paper's last day, once each, in a transaction for each; answers how many."""
    today, told = clock.date_of(now), 0
    begin_read()
    numbers = queries.ids_ending(today)
    db.session.rollback()
    for number in numbers:
        with unit_of_work():
            paper = queries.paper_by_id(number, lock=True)
            days = (
                reminder(paper.expires_on, paper.reminded_days, today)
                if paper is not None and paper.expires_on is not None
                else None
            )
            if paper is not None and days is not None:
                services.remind(paper, days)
                told += 1
    return told
