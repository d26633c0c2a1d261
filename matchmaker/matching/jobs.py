"""What matching does by itself: live needs whose list no longer stands get a new one, and their owners are told once
of what began to fit. At night for every need; at once where a business has changed what is known of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime

from matchmaker import clock
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.matching import queries, services
from matchmaker.needs.models import Need
from matchmaker.queue import Run, job, later

SHARD = 500
"""Needs that one worker takes at once: a minute or less of work, so that several machines share a night evenly."""
TOLD_EVERY = 25


def share_out_open_needs(now: datetime) -> int:
    """Enqueue the night's work: every live need is looked at, in shards that any worker may carry; answers how many.

    A shard is enqueued once a day. What it makes is what ``match_open_needs`` would make of its needs one by one.
    """
    day, after, shards = clock.date_of(now).isoformat(), 0, 0
    while ids := queries.ids_of_live_needs(after, SHARD):
        db.session.rollback()
        with unit_of_work():
            later("matching.shard", key=f"matching.shard:{day}:{after}", after=after, last=ids[-1], at=now.isoformat())
        after, shards = ids[-1], shards + 1
    db.session.rollback()
    return shards


@job("matching.shard")
def match_shard(run: Run, after: int, last: int, at: str) -> None:
    """The needs of one shard, with progress; taken up again where a killed worker left it."""
    match_open_needs(datetime.fromisoformat(at), after=after, last=last, told=run.progress)


def match_open_needs(
    now: datetime, *, after: int = 0, last: int | None = None, told: Callable[[int, int], None] | None = None
) -> int:
    """Make new lists for live needs with a stale one, each in a transaction of its own; answers how many.

    Needs above ``after`` up to ``last`` (all), ``told`` is called with how many are done and how many there are.
    Idempotent by need, version and day: the natural key of a list. A run that was killed is simply run again.
    A list is worked out in a read transaction and stored in a short one, so that people's deeds need not wait.
    """
    made, done = 0, 0
    while ids := [one for one in queries.ids_of_live_needs(after, SHARD) if last is None or one <= last]:
        market = services.market_at(now)
        db.session.rollback()
        for need_id in ids:
            made += match_open_need(need_id, market)
            done += 1
            if told is not None and (done % TOLD_EVERY == 0 or need_id == ids[-1]):
                told(done, max(done, len(ids)))
        after = ids[-1]
    return made


@job("matching.again")
def match_again(run: Run, need_id: int) -> None:
    """Match one need anew because its business has changed; nothing happens where the list still stands."""
    begin_read()
    market = services.market_at(clock.now())
    db.session.rollback()
    match_open_need(need_id, market, cause="facts")


def match_open_need(need_id: int, market: services.MarketNow, cause: str = "") -> int:
    """One need of the nightly run: 1 when a list was made, 0 when the old one stands or the need is over.

    ``cause`` "facts" lets a day have another list for each different set of facts.
    """
    begin_read()
    worked = _worked_out(queries.need_for_matching(need_id), market, cause)
    db.session.rollback()
    if worked is None:
        return 0
    with unit_of_work():
        need = queries.need_alone(need_id) if queries.hold_need(need_id) else None
        if need is None or not need.is_live or need.current_number != worked.need_number:
            return 0  # its owner was faster: what changed a need has made its list
        key = _key_of(need, market, cause)
        if queries.list_with_key(key) is not None:
            return 0
        before = queries.latest_list(need.id)
        stored = services.store_list(need, worked, by=None, natural_key=key)
        services.tell_what_opened(need, stored, before)
        return 1


def _key_of(need: Need, market: services.MarketNow, cause: str) -> str:
    key = natural_key(need.id, need.current_number, market.at)
    if cause != "facts":
        return key
    facts = queries.facts_of(need, on=market.today).as_json()
    return f"{key}:{hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]}"


def _worked_out(need: Need | None, market: services.MarketNow, cause: str) -> services.WorkedOut | None:
    """The new list of a need that wants one, else None."""
    if need is None or not need.is_live:
        return None
    if queries.list_with_key(_key_of(need, market, cause)) is not None:
        return None
    if services.why_stale(need, queries.latest_list(need.id), market.at, market) is None:
        return None
    return services.work_out(need, market)


def natural_key(need_id: int, number: int, now: datetime) -> str:
    """need:number:day in Asia/Shanghai."""
    return f"{need_id}:{number}:{clock.date_of(now).isoformat()}"
