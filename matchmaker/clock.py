"""The only place that asks the time: business time (which a demo town may shift) and real time (for security)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)
_frozen_everywhere: datetime | None = None
_business_frozen: datetime | None = None
_behind = timedelta(0)


def real_now() -> datetime:
    """This instant, aware, in UTC. For sign-in codes, sessions, locks and leases."""
    return _frozen.get() or _frozen_everywhere or datetime.now(UTC)


def now() -> datetime:
    """The business instant, aware, in UTC: real time less the time a demo town was switched off."""
    frozen = _frozen.get() or _frozen_everywhere or _business_frozen
    return frozen if frozen is not None else datetime.now(UTC) - _behind


def today() -> date:
    """The business date in Asia/Shanghai."""
    return now().astimezone(SHANGHAI).date()


def stop_business_at(at: datetime | None) -> None:
    """Stop the business clock alone, for the whole process (a replay); None lets it run again."""
    global _business_frozen
    _business_frozen = at


def date_of(instant: datetime) -> date:
    """The date in Asia/Shanghai of an aware instant."""
    return instant.astimezone(SHANGHAI).date()


def run_behind(delay: timedelta) -> None:
    """Let business time run ``delay`` behind real time (set at start by the demo town, once)."""
    global _behind
    _behind = delay


@contextlib.contextmanager
def frozen(at: str | datetime, *, everywhere: bool = False) -> Iterator[datetime]:
    """Stop both clocks at ``at`` (ISO text or aware instant), for tests; ``everywhere`` also for other threads."""
    global _frozen_everywhere
    instant = (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(UTC)
    if everywhere:
        before, _frozen_everywhere = _frozen_everywhere, instant
        try:
            yield instant
        finally:
            _frozen_everywhere = before
        return
    token = _frozen.set(instant)
    try:
        yield instant
    finally:
        _frozen.reset(token)
