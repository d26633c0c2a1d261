"""The threads a person takes part in, with what is unread of each; who answers for a side."""

from __future__ import annotations

from collections.abc import Collection
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
from matchmaker.conversations.models import Block, Post, Thread
from matchmaker.conversations.queries import is_unread
from matchmaker.conversations.rules import Side
from matchmaker.db import db, holding
from matchmaker.documents.models import Document
from matchmaker.leads.models import Consent, Lead, LeadPaper
from matchmaker.leads.queries.queueing import scope
from matchmaker.products.models import ProductVersion

POSTS_PER_PAGE = 30


def page_of(number: int, last: int) -> int:
    """On which page of its thread a message stands: messages are numbered without gaps, the newest come first."""
    return (last - number) // POSTS_PER_PAGE + 1


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
    side = _side(ours)
    answers = sa.or_(ours, Lead.manager_id.is_(None), Lead.manager_id == person.id)
    unread = sa.func.coalesce(sa.func.sum(sa.case((sa.and_(is_unread(side), answers), 1), else_=0)), 0)
    query = (
        sa.select(Lead.id, sa.func.max(Post.at).label("last_at"), unread.label("unread"))
        .join(Thread, Thread.lead_id == Lead.id)
        .join(Post, Post.thread_id == Thread.id)
        .outerjoin(Consent, Consent.id == Lead.consent_id)
        .where(sa.or_(ours, _opened_to(person)))
        .group_by(Lead.id)
    )
    for word in words.split():
        query = query.where(
            sa.or_(
                holding(word, number=Lead.id),
                Lead.product_version.has(holding(word, ProductVersion.name)),
                Lead.institution.has(holding(word, Institution.name, Institution.short_name)),
            )
        )
    if unread_only:
        query = query.having(unread > 0)
    return query.order_by(sa.func.max(Post.at).desc(), Lead.id.desc())


def _side(ours: sa.ColumnElement[bool]) -> sa.ColumnElement[str]:
    return sa.case((ours, str(Side.OWNER)), else_=str(Side.INSTITUTION))


def _opened_to(person: Person) -> sa.ColumnElement[bool]:
    """Whether the consent of a lead (`Consent` joined) stands, and the person works on it for the institution."""
    is_open = sa.and_(Consent.ended_at.is_(None), Consent.withdrawing_at.is_(None), Consent.ends_at > clock.now())
    return sa.and_(scope(person), is_open)


def _unblocked(person: Person) -> sa.ColumnElement[bool]:
    """The same, and the business has not blocked the institution: what is found without opening the case."""
    blocked = sa.exists().where(
        Block.business_id == Lead.business_id, Block.institution_id == Lead.institution_id, Block.ended_at.is_(None)
    )
    return sa.and_(_opened_to(person), sa.not_(blocked))


def posts_saying(person: Person, words: str) -> sa.Select[Any]:
    """(message, its lead, the reader's side, number of the last message): with these words, the newest first.

    Of the threads that a person may read; for an institution none of a business that has blocked it.
    """
    ours = _ours(person)
    other = sa.orm.aliased(Post)
    last = sa.select(sa.func.max(other.number)).where(other.thread_id == Post.thread_id).scalar_subquery()
    return (
        sa.select(Post, Lead, _side(ours).label("side"), last.label("last"))
        .join(Thread, Thread.id == Post.thread_id)
        .join(Lead, Lead.id == Thread.lead_id)
        .outerjoin(Consent, Consent.id == Lead.consent_id)
        .where(sa.or_(ours, _unblocked(person)), holding(words, Post.text))
        .options(joinedload(Lead.institution), joinedload(Lead.product_version))
        .order_by(Post.at.desc(), Post.id.desc())
    )


def papers_called(person: Person, words: str, kinds: Collection[str]) -> sa.Select[Any]:
    """(paper, its lead, the reader's side): papers given to institutions, of one of these kinds, the newest first.

    Its owner finds one by the name of its file too, which for the institution belongs to what a look opens: there the
    kind alone, of papers that it may open, none of a business that has blocked it.
    """
    ours = _ours(person)
    to_open = sa.and_(
        LeadPaper.sent_at.is_not(None), LeadPaper.taken_back_at.is_(None), Document.scan == "clean", _unblocked(person)
    )
    columns: tuple[Any, ...] = (LeadPaper, Lead, _side(ours).label("side"))
    return (
        sa.select(*columns)
        .join(Lead, Lead.id == LeadPaper.lead_id)
        .join(Document, Document.id == LeadPaper.document_id)
        .outerjoin(Consent, Consent.id == Lead.consent_id)
        .where(
            Document.deleted_at.is_(None),
            sa.or_(
                sa.and_(ours, sa.or_(LeadPaper.kind.in_(kinds), holding(words, Document.filename))),
                sa.and_(to_open, LeadPaper.kind.in_(kinds)),
            ),
        )
        .options(joinedload(Lead.institution), joinedload(Lead.product_version), joinedload(LeadPaper.document))
        .order_by(LeadPaper.added_at.desc(), LeadPaper.id.desc())
    )


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
