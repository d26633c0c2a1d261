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
from matchmaker.reference import regions
from matchmaker.reference.queries import count_region_changes_waiting, newest_lpr, regions_as_of
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
    about: str = ""
    """What of several: a code."""


def lpr_day(today: date) -> date:
    """The last day on which an LPR was due: the 20th of this month or of the one before, or the next working day.

    Source: People's Bank of China, announcement 2019 No. 15 (the 20th of each month, moved by days off).
    """
    this_month = next_working_day(today.replace(day=20))
    if this_month <= today:
        return this_month
    return next_working_day((today.replace(day=1) - timedelta(days=1)).replace(day=20))


REGIONS_GOOD_FOR = timedelta(days=366)
"""The ministry's table of divisions changes every year: an older one is stale."""
MOST_CODES = 20
"""As many codes are named one by one."""


def _of_regions(today: date) -> list[Task]:
    """A change that the table does not take any more; the table too old; codes stored that are in no table; businesses
    whose division was divided since."""
    found: list[Task] = []
    if (unfit := queries.unfit_region_change()) is not None:
        where, name = {"change_id": unfit.id}, unfit.was or unfit.name
        found.append(Task("regions_unfit", None, "reference.region_change", where, on=unfit.in_force_on, about=name))
    if (as_of := regions_as_of()) + REGIONS_GOOD_FOR <= today:
        found.append(Task("regions_old", None, "reference.enter_region_change", {"kind": "checked"}, on=as_of))
    stored = queries.stored_regions()
    for code, count in sorted(stored.items()):
        if regions.get(code.ljust(6, "0")) is None:
            found.append(Task("region_unknown", count, "reference.enter_region_change", {"old_code": code}, about=code))
    for code, count in sorted(queries.businesses_by_region().items()):
        if len(regions.heirs_of(code)) > 1:
            args = {"q": code, "kind": "divided"}
            found.append(Task("region_divided", count, "reference.region_changes", args, about=code))
    return found[:MOST_CODES]


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
    found += _of_regions(today)
    unsealed = count_unsealed()
    counted: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
        ("regions_waiting", count_region_changes_waiting(), "reference.region_changes", {"state": "waiting"}),
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
