"""What matching does upon news of earlier subjects: a need that is posted or changed gets its list at once, the needs
of a business that has changed are matched again by a job. Changes of the market are noted by ``change_log``."""

from __future__ import annotations

import logging

from matchmaker import clock
from matchmaker.accounts.announcements import AccountClosing
from matchmaker.accounts.models import Person
from matchmaker.businesses.announcements import BusinessChanged
from matchmaker.db import db
from matchmaker.happened import on
from matchmaker.matching import change_log as change_log  # listens to every session
from matchmaker.matching import queries, services
from matchmaker.needs.announcements import NeedChanged, NeedPosted
from matchmaker.queue import later
from matchmaker.ranking import forgetting
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


@on(BusinessChanged)
def match_needs_of_changed_business(event: BusinessChanged) -> None:
    """Its live needs are matched again soon, one job each; a job that finds the list still standing does nothing."""
    for need_id in queries.ids_of_live_needs_of(event.business_id):
        later("matching.again", key=f"matching.again:{need_id}:{clock.real_now().isoformat()}", need_id=need_id)


@on(AccountClosing)
def forget_lists_of_closing_account(event: AccountClosing) -> None:
    """Of the lists of businesses that nobody is left for, only the skeletons stay."""
    ids = forgetting.ids_of_lists_of(event.business_ids)
    forgetting.forget_lists(ids, rule="account_closed", at=clock.now())


def _match(need_id: int, by_id: int) -> None:
    need = queries.need_for_matching(need_id)
    if need is None:
        return
    try:
        services.make_list(need, by=db.session.get(Person, by_id))
    except Refused as no:  # a need is worth more than its list: the page offers to make it again
        log.warning("no list for need %s: %s", need_id, no.code)
