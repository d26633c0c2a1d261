"""What matching does upon news of earlier subjects: a need that is posted or changed gets its list at once."""

from __future__ import annotations

import logging

from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.happened import on
from matchmaker.matching import queries, services
from matchmaker.needs.announcements import NeedChanged, NeedPosted
from matchmaker.refusal import Refused

log = logging.getLogger(__name__)


@on(NeedPosted)
def match_posted_need(event: NeedPosted) -> None:
    """The first list of a need, in the transaction that posts it."""
    _match(event.need_id, event.by_id)


@on(NeedChanged)
def match_changed_need(event: NeedChanged) -> None:
    """A new list for the new version; the old one stays as it was shown."""
    _match(event.need_id, event.by_id)


def _match(need_id: int, by_id: int) -> None:
    need = queries.need_for_matching(need_id)
    if need is None:
        return
    try:
        services.make_list(need, by=db.session.get(Person, by_id))
    except Refused as no:  # a need is worth more than its list: the page offers to make it again
        log.warning("no list for need %s: %s", need_id, no.code)
