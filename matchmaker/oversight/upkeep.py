"""What is missing or stale on the platform, each with the page where it is mended: the operators' list of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from matchmaker import clock
from matchmaker.accounts.queries import count_broker_reports, count_of_status
from matchmaker.audit.queries import count_unsealed
from matchmaker.businesses import queries as businesses
from matchmaker.conversations.queries import count_reports
from matchmaker.notifications.queries import count_in_state
from matchmaker.oversight import queries, standing
from matchmaker.reference.queries import newest_lpr
from matchmaker.reference.rules import is_provisional, next_working_day

STUCK_AFTER = timedelta(minutes=10)
"""Work that has been due for longer and was not begun: no worker runs, or there are too few."""
UNSEALED_BORNE = 5_000
"""Rows of the trail that may wait: sealing takes a thousand at once and runs every five minutes."""
DAYS_KNOWN_FROM = 11
"""The days off of the next year are published in November (State Council's yearly notice)."""


@dataclass(frozen=True)
class Task:
    """Something to be mended: its code, how many, since when or for which day, and where it is mended."""

    code: str
    count: int | None
    endpoint: str
    args: Mapping[str, Any] = field(default_factory=dict)
    on: date | None = None


def lpr_day(today: date) -> date:
    """The last day on which an LPR was due: the 20th of this month or of the one before, or the next working day.

    Source: People's Bank of China, announcement 2019 No. 15 (the 20th of each month, moved by days off).
    """
    this_month = next_working_day(today.replace(day=20))
    if this_month <= today:
        return this_month
    return next_working_day((today.replace(day=1) - timedelta(days=1)).replace(day=20))


def tasks() -> list[Task]:
    """Everything that is missing or stale now; empty when there is nothing to do."""
    today = clock.today()
    found: list[Task] = []
    lpr = newest_lpr()
    if lpr is None or lpr.published_on < lpr_day(today):
        found.append(Task("lpr_old", None, "reference.enter_lpr", on=lpr_day(today)))
    next_year = date(today.year + 1, 1, 1)
    if today.month >= DAYS_KNOWN_FROM and is_provisional(next_year):
        found.append(Task("days_unknown", None, "reference.enter_days", {"year": next_year.year}, on=next_year))
    unsealed = count_unsealed()
    counted: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
        ("papers", queries.count_of(businesses.waiting_members()), "businesses.papers_to_check", {}),
        ("titles", queries.count_of(businesses.waiting_titles()), "businesses.titles_to_check", {}),
        ("cases", queries.count_of(businesses.open_cases()), "businesses.cases", {}),
        ("brokers", count_broker_reports("new"), "accounts.broker_reports", {"state": "new"}),
        ("posts", count_reports("new"), "conversations.reports", {"state": "new"}),
        ("applied", count_of_status("applied"), "accounts.institutions", {"status": "applied"}),
        ("jobs_failed", queries.count_jobs("failed"), "oversight.jobs", {"state": "failed"}),
        (
            "jobs_stuck",
            queries.count_jobs("queued", due_before=clock.real_now() - STUCK_AFTER),
            "oversight.jobs",
            {"state": "queued"},
        ),
        ("messages_failed", count_in_state("failed"), "oversight.messages", {"state": "failed"}),
        ("exposure_out", len(standing.sizes_out()), "oversight.quality", {}),
        ("features_moved", len(standing.moved_far()), "oversight.quality", {}),
        ("unsealed", unsealed if unsealed > UNSEALED_BORNE else 0, "oversight.jobs", {"name": "audit.seal"}),
    )
    found += [Task(code, count, endpoint, args) for code, count, endpoint, args in counted if count]
    return found
