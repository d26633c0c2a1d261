"""What matching does at night: live needs whose list no longer stands get a new one."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.matching import queries, services
from matchmaker.needs.models import Need


def match_open_needs(now: datetime) -> int:
    """Make new lists for live needs with a stale one, each in a transaction of its own; answers how many.

    Idempotent by need, version and day: the natural key of a list. A run that was killed is simply run again.
    A list is worked out in a read transaction and stored in a short one, so that people's deeds need not wait.
    """
    made, after = 0, 0
    while ids := queries.ids_of_live_needs(after):
        market = services.market_at(now)
        db.session.rollback()
        for need_id in ids:
            made += match_open_need(need_id, market)
        after = ids[-1]
    return made


def match_open_need(need_id: int, market: services.MarketNow) -> int:
    """One need of the nightly run: 1 when a list was made, 0 when the old one stands or the need is over."""
    begin_read()
    worked = _worked_out(queries.need_for_matching(need_id), market)
    db.session.rollback()
    if worked is None:
        return 0
    with unit_of_work():
        need = queries.need_for_matching(need_id) if queries.hold_need(need_id) else None
        if need is None or not need.is_live or need.current_number != worked.need_number:
            return 0  # its owner was faster: what changed a need has made its list
        key = natural_key(need.id, need.current_number, market.at)
        if queries.list_with_key(key) is not None:
            return 0
        services.store_list(need, worked, by=None, natural_key=key)
        return 1


def _worked_out(need: Need | None, market: services.MarketNow) -> services.WorkedOut | None:
    """The new list of a need that wants one, else None."""
    if need is None or not need.is_live:
        return None
    if queries.list_with_key(natural_key(need.id, need.current_number, market.at)) is not None:
        return None
    if services.why_stale(need, queries.latest_list(need.id), market.at) is None:
        return None
    return services.work_out(need, market)


def natural_key(need_id: int, number: int, now: datetime) -> str:
    """need:number:day in Asia/Shanghai."""
    return f"{need_id}:{number}:{clock.date_of(now).isoformat()}"
