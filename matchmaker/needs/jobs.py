"""What happens to needs and drafts without a person: needs expire, untouched drafts are deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

from matchmaker import clock
from matchmaker.db import unit_of_work
from matchmaker.needs import queries, services
from matchmaker.needs.rules import NeedState
from matchmaker.notifications.services import tell


def expire_needs(now: datetime) -> int:
    """End every open need whose last day is over, each in a transaction of its own; answers how many ended."""
    today = clock.date_of(now)
    ended = 0
    for need_id in queries.ids_of_overdue_needs(today):
        with unit_of_work():
            need = queries.need_by_id(need_id)
            if need is None or need.state != NeedState.OPEN or need.expires_on >= today:
                continue
            services.expire_need(need)
            tell(
                need.posted_by_id,
                "need_expired",
                key=f"need:{need.id}:expired",
                link=f"/needs/{need.id}",
                amount_yuan=need.current.amount_yuan,
                expires_on=need.expires_on,
            )
            ended += 1
    return ended


def delete_old_drafts(now: datetime, days: int = 90) -> int:
    """Delete drafts that nobody touched for ``days``, each in a transaction of its own; answers how many."""
    before = now - timedelta(days=days)
    deleted = 0
    for draft_id in queries.ids_of_stale_drafts(before):
        with unit_of_work():
            draft = queries.draft_by_id(draft_id)
            if draft is not None and draft.updated_at < before:
                services.delete_draft(draft)
                deleted += 1
    return deleted
