"""Writes of needs and drafts: save, post, change, withdraw, copy, expire; and the states that leads report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any, Protocol

from matchmaker import clock
from matchmaker.audit.services import record
from matchmaker.businesses.models import Business
from matchmaker.businesses.services import note_collateral
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.needs import queries
from matchmaker.needs.announcements import NeedChanged, NeedExpired, NeedPosted, NeedWithdrawn
from matchmaker.needs.models import Need, NeedDraft, NeedVersion
from matchmaker.needs.rules import (
    MOST_NEEDS_AT_ONCE,
    NeedState,
    NeedStep,
    Wanted,
    kept_of,
    state_after,
    typed_of,
    why_not,
)
from matchmaker.refusal import Refused


class Actor(Protocol):
    """Whoever does it."""

    @property
    def id(self) -> int: ...


# Drafts -------------------------------------------------------------------------------------------------------------


def save_draft(
    draft: NeedDraft | None,
    *,
    key: str,
    values: Mapping[str, Any],
    version: int,
    page: str = "",
    business_id: int | None = None,
    by: Actor,
) -> NeedDraft:
    """Keep what was typed, valid or not; ``version`` is the one that ``page`` was showing (0 for a new draft).

    Raises Refused("draft_is_newer_elsewhere") when another page has saved a later version meanwhile, and
    Refused("draft_gone_elsewhere") when the draft that the page was showing has been posted or thrown away.
    """
    now = clock.now()
    if draft is None and version > 0:
        raise Refused("draft_gone_elsewhere")
    if draft is None:
        draft = NeedDraft(
            person_id=by.id,
            key=key,
            values=kept_of(values),
            page=page,
            business_id=business_id,
            created_at=now,
            updated_at=now,
        )
        db.session.add(draft)
        db.session.flush()
        return draft
    kept = kept_of(values)
    if version != draft.version and (not page or page != draft.page):
        if kept == draft.values:
            return draft  # the same words twice are no conflict: nothing would be lost
        raise Refused("draft_is_newer_elsewhere", saved_at=draft.updated_at)
    draft.values = kept
    draft.page = page
    draft.business_id = business_id
    draft.version += 1
    draft.updated_at = now
    return draft


def delete_draft(draft: NeedDraft) -> None:
    """Throw a draft away; nothing else refers to it."""
    db.session.delete(draft)


# Needs --------------------------------------------------------------------------------------------------------------


def post_need(
    business: Business, wanted: Wanted, *, days: int, by: Actor, draft: NeedDraft | None = None
) -> Need:
    """Post a need that stands for ``days``; the draft it was typed in is used up.

    What it says of collateral its business has said too. Announces NeedPosted, upon which its first list is made.
    Raises Refused when a rule is broken.
    """
    _refuse_wrong(wanted)
    if queries.count_live_needs(business.id) >= MOST_NEEDS_AT_ONCE:
        raise Refused("need_too_many_at_once", most=MOST_NEEDS_AT_ONCE)
    if wanted.securities is not None:
        note_collateral(business, wanted.securities, by=by)
    now = clock.now()
    need = Need(
        business=business,
        posted_by_id=by.id,
        state=NeedState.OPEN.value,
        current_number=1,
        posted_at=now,
        expires_on=clock.today() + timedelta(days=days),
    )
    need.versions.append(_version(1, wanted, by))
    db.session.add(need)
    if draft is not None:
        assisted = queries.assisted_with(draft_id=draft.id)
        db.session.delete(draft)
        db.session.flush()
        if assisted is not None:
            assisted.need_id, assisted.draft_id = need.id, None
    db.session.flush()
    record("need.post", need, by=by, amount_yuan=wanted.amount_yuan, term_months=wanted.term_months)
    announce(NeedPosted(need.id, 1, by.id))
    return need


def change_need(need: Need, wanted: Wanted, *, seen_number: int, days: int, by: Actor) -> Need:
    """Make a new version of a need and let it stand for ``days`` from today; what was sent stays as it was sent.

    ``seen_number`` is the version that the page was showing. The same wishes again make no new version.
    Raises Refused("need_changed_meanwhile") when another version stands by now, and when a rule is broken.
    """
    _take(need, NeedStep.CHANGE)
    if seen_number != need.current_number:
        raise Refused("need_changed_meanwhile", number=need.current_number)
    _refuse_wrong(wanted)
    need.expires_on = clock.today() + timedelta(days=days)
    if wanted == need.current.wanted:
        return need
    number = need.current_number + 1
    need.versions.append(_version(number, wanted, by))
    need.current_number = number
    db.session.flush()
    record("need.change", need, by=by, number=number, amount_yuan=wanted.amount_yuan, term_months=wanted.term_months)
    announce(NeedChanged(need.id, number, by.id))
    return need


def withdraw_need(need: Need, *, by: Actor) -> None:
    """End a need on its owner's wish; whoever works on it learns so by NeedWithdrawn."""
    _take(need, NeedStep.WITHDRAW)
    need.withdrawn_at = clock.now()
    db.session.flush()
    record("need.withdraw", need, by=by)
    announce(NeedWithdrawn(need.id, by.id))


def copy_need(
    need: Need, *, key: str, by: Actor, amount_yuan: Decimal | None = None, term_months: int | None = None
) -> NeedDraft:
    """A new draft with the wishes of a need, live or not; a day that is past is left out.

    `amount_yuan` and `term_months` take the place of what was asked for, where they are given.
    """
    wanted = need.current.wanted
    wanted = replace(
        wanted, amount_yuan=amount_yuan or wanted.amount_yuan, term_months=term_months or wanted.term_months
    )
    values = typed_of(wanted)
    if wanted.wanted_by_on is not None and wanted.wanted_by_on < clock.today():
        values["wanted_by"] = ""
    values["business_id"] = str(need.business_id)
    return save_draft(None, key=key, values=values, version=0, business_id=need.business_id, by=by)


def expire_need(need: Need) -> None:
    """End an open need whose last day is over. Raises Refused when it is not open, or its day has not passed."""
    if need.expires_on >= clock.today():
        raise Refused("need_not_yet_over", expires_on=need.expires_on)
    _take(need, NeedStep.EXPIRE)
    db.session.flush()
    record("need.expire", need, by=None)
    announce(NeedExpired(need.id))


# What leads report --------------------------------------------------------------------------------------------------


def work_has_begun(need: Need) -> None:
    """A first institution has been sent this need: it does not expire while one works on it."""
    _take(need, NeedStep.SEND)


def work_has_ended(need: Need) -> None:
    """No institution works on it any more; if it was worked on, it is open again."""
    _take(need, NeedStep.ALL_ENDED)


def money_has_come(need: Need) -> None:
    """An institution has paid out for it."""
    _take(need, NeedStep.FUND)


# ---------------------------------------------------------------------------------------------------------------------


def _take(need: Need, step: NeedStep) -> None:
    after = state_after(need.state, step)
    if after is None:
        raise Refused(f"need_is_{need.state}")
    need.state = after.value


def _refuse_wrong(wanted: Wanted) -> None:
    for field, reason in why_not(wanted, today=clock.today()):
        raise Refused(reason.code, field, 422, **reason.facts)


def _version(number: int, wanted: Wanted, by: Actor) -> NeedVersion:
    values = asdict(wanted)
    values["securities"] = None if wanted.securities is None else list(wanted.securities)
    return NeedVersion(number=number, made_at=clock.now(), made_by_id=by.id, **values)
