"""What matching does at night: live needs whose list no longer stands get a new one."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.matching import queries, services


def match_open_needs(now: datetime) -> int:
    """Make new lists for live needs with a stale one, each in a transaction of its own; answers how many.

    Idempotent by need, version and day: the natural key of a list. A run that was killed is simply run again.
    """
    made, after = 0, 0
    while ids := queries.ids_of_live_needs(after):
        db.session.rollback()
        for need_id in ids:
            made += match_open_need(need_id, now)
        after = ids[-1]
    return made


def match_open_need(need_id: int, now: datetime) -> int:
    """One need of the nightly run: 1 when a list was made, 0 when the old one stands or the need is over."""
    with unit_of_work():
        need = queries.need_for_matching(need_id) if queries.hold_need(need_id) else None
        if need is None or not need.is_live:
            return 0
        key = natural_key(need.id, need.current_number, now)
        if queries.list_with_key(key) is not None:
            return 0
        if services.why_stale(need, queries.latest_list(need.id), now) is None:
            return 0
        services.make_list(need, by=None, at=now, natural_key=key)
        return 1


def natural_key(need_id: int, number: int, now: datetime) -> str:
    """need:number:day in Asia/Shanghai."""
    return f"{need_id}:{number}:{clock.date_of(now).isoformat()}"
