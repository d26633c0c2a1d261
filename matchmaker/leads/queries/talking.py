"""The threads a person takes part in, with what is unread of each; who answers for a side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import BusinessMember
from matchmaker.businesses.queries import mandated
from matchmaker.businesses.rules import PROVEN
from matchmaker.conversations.models import Post, Thread
from matchmaker.conversations.queries import is_unread
from matchmaker.conversations.rules import Side
from matchmaker.db import db
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.queries.queueing import scope
from matchmaker.products.models import ProductVersion


@dataclass(frozen=True)
class Talk:
    """A thread in a list: its lead, the side of the reader, when it was last written in, what is unread."""

    lead: Lead
    side: Side
    last_at: datetime
    unread: int


def _ours(person: Person) -> sa.ColumnElement[bool]:
    """The leads on whose owner's side a person stands."""
    proven = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person.id, BusinessMember.standing.in_(PROVEN)
    )
    return sa.or_(Lead.business_id.in_(proven), Lead.business_id.in_(mandated(person.id, "act")))


def side_of(lead: Lead, person: Person) -> Side:
    """On which side of this lead a person stands who may read its thread."""
    is_ours = db.session.scalar(sa.select(Lead.id).where(Lead.id == lead.id, _ours(person))) is not None
    return Side.OWNER if is_ours else Side.INSTITUTION


def answers_for(lead: Lead, person: Person, side: Side) -> bool:
    """Whether what this person reads counts as read by their side: of an institution, who carries the lead.

    A desk that looks in does not take the message from whoever has to answer it.
    """
    return side is Side.OWNER or lead.manager_id in (None, person.id)


def talks_of(person: Person, *, unread_only: bool = False, words: str = "") -> sa.Select[Any]:
    """(lead, last written at, unread by the reader's side): the threads that a person may read, the newest first.

    `unread_only`: those in which this person has something to read and to answer. `words`: institution, product or
    number; no name that a consent opens.
    """
    ours = _ours(person)
    side = sa.case((ours, str(Side.OWNER)), else_=str(Side.INSTITUTION))
    now = clock.now()
    is_open = sa.and_(Consent.ended_at.is_(None), Consent.withdrawing_at.is_(None), Consent.ends_at > now)
    answers = sa.or_(ours, Lead.manager_id.is_(None), Lead.manager_id == person.id)
    unread = sa.func.coalesce(sa.func.sum(sa.case((sa.and_(is_unread(side), answers), 1), else_=0)), 0)
    query = (
        sa.select(Lead.id, sa.func.max(Post.at).label("last_at"), unread.label("unread"))
        .join(Thread, Thread.lead_id == Lead.id)
        .join(Post, Post.thread_id == Thread.id)
        .outerjoin(Consent, Consent.id == Lead.consent_id)
        .where(sa.or_(ours, sa.and_(scope(person), is_open)))
        .group_by(Lead.id)
    )
    for word in words.split():
        like = f"%{word.replace('%', '').replace('_', '')}%"
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0
        product = sa.select(ProductVersion.id).where(ProductVersion.name.ilike(like))
        at = sa.select(Institution.id).where(sa.or_(Institution.short_name.ilike(like), Institution.name.ilike(like)))
        query = query.where(
            sa.or_(Lead.id == number, Lead.product_version_id.in_(product), Lead.institution_id.in_(at))
        )
    if unread_only:
        query = query.having(unread > 0)
    return query.order_by(sa.func.max(Post.at).desc(), Lead.id.desc())


def talks(rows: list[Any], person: Person) -> list[Talk]:
    """The rows of one page of `talks_of`, with their leads."""
    numbers = [row.id for row in rows]
    ours = set(db.session.scalars(sa.select(Lead.id).where(Lead.id.in_(numbers), _ours(person))))
    leads = {
        lead.id: lead
        for lead in db.session.scalars(
            sa.select(Lead)
            .where(Lead.id.in_(numbers))
            .options(
                joinedload(Lead.institution), joinedload(Lead.product_version), joinedload(Lead.manager),
                joinedload(Lead.consent), joinedload(Lead.business),
            )
        ).unique()
    }  # fmt: skip
    return [
        Talk(leads[row.id], Side.OWNER if row.id in ours else Side.INSTITUTION, row.last_at, row.unread)
        for row in rows
    ]


def count_unread_talks(person: Person) -> int:
    """In how many threads this person has something to read: the rows of `talks_of(…, unread_only=True)`."""
    query = talks_of(person, unread_only=True).order_by(None).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(query)) or 0
