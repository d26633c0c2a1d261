"""Reads of needs and drafts, limited to what the asker may see."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from matchmaker import clock
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.queries import mandated
from matchmaker.db import db, holding
from matchmaker.needs.models import AssistedNeed, Need, NeedDraft, NeedVersion
from matchmaker.needs.rules import LIVE_STATES, NeedState

_LIVE = sorted(LIVE_STATES)


def need_by_id(need_id: int) -> Need | None:
    """The need with its versions and business, or None."""
    return db.session.get(Need, need_id, options=[selectinload(Need.versions), selectinload(Need.business)])


def draft_by_id(draft_id: int) -> NeedDraft | None:
    return db.session.get(NeedDraft, draft_id)


def draft_by_key(person_id: int, key: str) -> NeedDraft | None:
    """The draft that this person's page with that key made, or None."""
    return db.session.scalar(sa.select(NeedDraft).filter_by(person_id=person_id, key=key))


def drafts_of(person_id: int) -> list[NeedDraft]:
    """All drafts of a person, the latest touched first."""
    return list(
        db.session.scalars(
            sa.select(NeedDraft)
            .filter_by(person_id=person_id)
            .order_by(NeedDraft.updated_at.desc(), NeedDraft.id.desc())
        )
    )


def businesses_of(person_id: int) -> list[Business]:
    """Businesses for which a person may ask, their own or helped, the first registered first; no rejected claims."""
    return list(db.session.scalars(sa.select(Business).where(_asked_by(person_id)).order_by(Business.id)))


def _asked_by(person_id: int) -> sa.ColumnElement[bool]:
    mine = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing != "rejected"
    )
    return sa.or_(Business.id.in_(mine), Business.id.in_(mandated(person_id, "prepare")))


def needs_of(
    person_id: int, *, state: str = "", words: str = "", purposes: Collection[str] = ()
) -> sa.Select[Any]:
    """Needs of the businesses for which a person acts or prepares: live ones first, then the latest; of one state.

    ``words``: of the business, or the number; or the need is for one of these ``purposes`` (those the words name).
    """
    query = sa.select(Need).where(Need.business_id.in_(sa.select(Business.id).where(_asked_by(person_id))))
    if state:
        query = query.where(Need.state == state)
    if words:
        named = Need.business.has(holding(words, Business.name))
        now = sa.and_(NeedVersion.number == Need.current_number, NeedVersion.purpose.in_(purposes))
        query = query.where(sa.or_(holding(words, number=Need.id), named, Need.versions.any(now)))
    return (
        query.options(selectinload(Need.versions), selectinload(Need.business))
        .order_by(sa.case((Need.state.in_(_LIVE), 0), else_=1), Need.posted_at.desc(), Need.id.desc())
    )


def assisted_by_id(assisted_need_id: int) -> AssistedNeed | None:
    return db.session.get(AssistedNeed, assisted_need_id)


def assisted_by_hash(token_hash: str) -> AssistedNeed | None:
    return db.session.scalar(sa.select(AssistedNeed).where(AssistedNeed.token_hash == token_hash))


def assisted_with(*, draft_id: int | None = None, need_id: int | None = None) -> AssistedNeed | None:
    """What somebody else typed, from which this draft or need came."""
    which = AssistedNeed.draft_id == draft_id if draft_id is not None else AssistedNeed.need_id == need_id
    return db.session.scalar(sa.select(AssistedNeed).where(which).order_by(AssistedNeed.id.desc()).limit(1))


ASSISTED_STATES = ("waiting", "confirmed", "withdrawn", "expired")


def typed_for_others(person_id: int, state: str = "", words: str = "") -> sa.Select[Any]:
    """What a person has typed for owners, the latest first; of one of `ASSISTED_STATES`.

    ``words``: the number, or the name as long as it is shown.
    """
    query = sa.select(AssistedNeed).where(AssistedNeed.typed_by_id == person_id)
    untouched = sa.and_(AssistedNeed.confirmed_at.is_(None), AssistedNeed.withdrawn_at.is_(None))
    now = clock.real_now()
    narrowed = {
        "waiting": sa.and_(untouched, AssistedNeed.expires_at > now),
        "confirmed": AssistedNeed.confirmed_at.is_not(None),
        "withdrawn": AssistedNeed.withdrawn_at.is_not(None),
        "expired": sa.and_(untouched, AssistedNeed.expires_at <= now),
    }.get(state)
    if narrowed is not None:
        query = query.where(narrowed)
    if words:
        shown = sa.and_(untouched, AssistedNeed.expires_at > now, holding(words, AssistedNeed.name))
        query = query.where(sa.or_(holding(words, number=AssistedNeed.id), shown))
    return query.order_by(AssistedNeed.typed_at.desc(), AssistedNeed.id.desc())


def live_needs_of(business_id: int) -> list[Need]:
    """Open and worked-on needs of a business, the latest first."""
    return list(
        db.session.scalars(
            sa.select(Need)
            .where(Need.business_id == business_id, Need.state.in_(_LIVE))
            .options(selectinload(Need.versions))
            .order_by(Need.posted_at.desc(), Need.id.desc())
        )
    )


def count_live_needs(business_id: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(Need).where(Need.business_id == business_id, Need.state.in_(_LIVE))
        )
        or 0
    )


def ids_of_overdue_needs(today: date) -> list[int]:
    """Open needs whose last day is over (``today`` in Asia/Shanghai), the oldest first."""
    return list(
        db.session.scalars(
            sa.select(Need.id)
            .where(Need.state == NeedState.OPEN, Need.expires_on < today)
            .order_by(Need.expires_on, Need.id)
        )
    )


def ids_of_stale_drafts(untouched_since: datetime) -> list[int]:
    """Drafts nobody has touched since that instant, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(NeedDraft.id).where(NeedDraft.updated_at < untouched_since).order_by(NeedDraft.updated_at)
        )
    )
