"""What happens to requests without a person. Each item is a unit of work that looks again under a lock."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from matchmaker.db import unit_of_work
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries import requests
from matchmaker.insurance.services import ending
from matchmaker.leads.rules.consents import UNDO_FOR
from matchmaker.queue import LeaseLost

log = logging.getLogger(__name__)


def warn_requests(now: datetime) -> int:
    """Warn about every clock of which three quarters are used up; answers how many."""
    return _each(requests.ids_of_unwarned(), lambda request: ending.warn(request, at=now))


def release_overdue_requests(now: datetime) -> int:
    """Take back what insurers let run out, let quotes and consents lapse; answers how many."""
    released = _each(requests.ids_of_late(now), lambda request: ending.release(request, at=now))
    return released + _each(requests.ids_of_lapsed(now), lambda request: ending.lapse(request, at=now))


def finish_withdrawals_of_cover(now: datetime) -> int:
    """End for good every consent whose withdrawal can no longer be undone; answers how many."""
    found = requests.ids_of_withdrawing(now - UNDO_FOR)
    return _each(found, lambda request: ending.finish_withdrawal(request, at=now))


def _each(ids: Iterable[int], deed: Callable[[CoverRequest], bool]) -> int:
    """Each item in a unit of work of its own. One that fails keeps no other; its error is raised at the end."""
    done = 0
    failed: Exception | None = None
    for number in ids:
        try:
            with unit_of_work():
                request = requests.request_by_id(number, lock=True)
                done += bool(request is not None and deed(request))
        except LeaseLost:
            raise
        except Exception as problem:
            log.exception("one item of a job of cover failed", extra={"item": number})
            failed = failed or problem
    if failed is not None:
        raise failed
    return done
