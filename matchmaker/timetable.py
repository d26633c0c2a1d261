"""What runs when, without a person: name, how often, and the function of a business instant that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.queue import Job, Run, forget_old_jobs, job, later
from matchmaker.reference.services import keep_up_with_entries


@dataclass(frozen=True)
class Entry:
    """One line of the timetable."""

    name: str
    every: timedelta
    function: Callable[[datetime], object]
    after_midnight: timedelta = timedelta(0)
    """For daily work: how long after midnight in Shanghai."""

    def slot(self, instant: datetime) -> int:
        """The number of the period that ``instant`` lies in."""
        midnight = datetime(2020, 1, 1, tzinfo=clock.SHANGHAI)
        return (instant - midnight - self.after_midnight) // self.every


def entries() -> list[Entry]:
    """The timetable, in the order in which work of the same moment is enqueued."""
    from matchmaker.accounts.jobs import forget_old_traces
    from matchmaker.approaches.jobs import end_cards
    from matchmaker.audit.jobs import check_seals, seal_rows
    from matchmaker.businesses.jobs import remind_of_cases
    from matchmaker.documents.jobs import destroy_old_papers, scan_waiting_papers
    from matchmaker.insurance.jobs import finish_withdrawals_of_cover, release_overdue_requests, warn_requests
    from matchmaker.leads.jobs import (
        count_capacity,
        count_promises,
        end_agreements,
        expire_offers,
        finish_withdrawals,
        keep_numbers,
        release_overdue_leads,
        settle_payouts,
        warn_leads,
    )
    from matchmaker.matching.jobs import share_out_open_needs
    from matchmaker.needs.jobs import delete_old_drafts, expire_needs
    from matchmaker.notifications.jobs import deliver_messages
    from matchmaker.papers.jobs import remind_of_ending_papers
    from matchmaker.privacy.jobs import close_accounts, delete_what_is_over
    from matchmaker.products.cover.jobs import remind_of_ending_cover
    from matchmaker.products.jobs import remind_of_ending_products, remind_to_confirm_products
    from matchmaker.ranking.jobs import forget_old_lists, train_ranker, weigh_drift, weigh_exposure

    minute, hour, day = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
    return [
        Entry("leads.release", minute, release_overdue_leads),
        Entry("leads.warn", minute, warn_leads),
        Entry("leads.finish_withdrawals", minute, finish_withdrawals),
        Entry("leads.expire_offers", hour, expire_offers),
        Entry("leads.relay", minute, keep_numbers),
        Entry("leads.settle_payouts", hour, settle_payouts),
        Entry("leads.promises", day, count_promises, hour),
        Entry("leads.end_agreements", hour, end_agreements),
        Entry("approaches.end_cards", hour, end_cards),
        Entry("leads.capacity", day, count_capacity, hour),
        Entry("insurance.release", minute, release_overdue_requests),
        Entry("insurance.warn", minute, warn_requests),
        Entry("insurance.finish_withdrawals", minute, finish_withdrawals_of_cover),
        Entry("notifications.deliver", minute, deliver_messages),
        Entry("audit.seal", minute * 5, seal_rows),
        Entry("audit.check", day, check_seals, hour * 3),
        Entry("needs.expire", hour, expire_needs),
        Entry("needs.forget_drafts", day, delete_old_drafts, hour * 3),
        Entry("products.remind", day, remind_of_ending_products, hour * 7),
        Entry("products.confirm", day, remind_to_confirm_products, hour * 7),
        Entry("cover.remind", day, remind_of_ending_cover, hour * 7),
        Entry("ranking.train", day, train_ranker, hour),
        Entry("ranking.exposure", day, weigh_exposure, hour),
        Entry("ranking.drift", day, weigh_drift, hour),
        Entry("ranking.forget", day, forget_old_lists, hour * 3),
        Entry("matching.nightly", day, share_out_open_needs, hour * 2),
        Entry("queue.forget", day, forget_old_jobs, hour * 4),
        Entry("businesses.remind", hour, remind_of_cases),
        Entry("privacy.close", hour, close_accounts),
        Entry("privacy.delete", day, delete_what_is_over, hour * 4),
        Entry("papers.remind", day, remind_of_ending_papers, hour * 8),
        Entry("documents.scan", minute * 5, scan_waiting_papers),
        Entry("documents.destroy_old", day, destroy_old_papers, hour * 4),
        Entry("accounts.forget", day, forget_old_traces, hour * 3),
    ]


def by_name() -> dict[str, Entry]:
    return {entry.name: entry for entry in entries()}


@job("timetable")
def run_entry(run: Run, name: str) -> None:
    """Carry one line of the timetable, now."""
    by_name()[name].function(clock.now())


def enqueue_due() -> None:
    """Enqueue what is due: each entry once per slot of its period, whichever worker asks first."""
    keep_up_with_entries()
    now = clock.real_now()
    due = {f"{entry.name}:{entry.slot(now)}": entry.name for entry in entries()}
    known = set(db.session.scalars(sa.select(Job.key).where(Job.key.in_(due))))
    db.session.rollback()
    if missing := {key: name for key, name in due.items() if key not in known}:
        with unit_of_work():
            for key, name in missing.items():
                later("timetable", key=key, name=name)
