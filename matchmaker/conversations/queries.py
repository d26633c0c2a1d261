"""Reads of threads: messages, who has read how far, what is unread; reports; blocked institutions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker.accounts.models import Person
from matchmaker.conversations.models import Block, Post, PostPaper, PostReport, Thread, ThreadSeen
from matchmaker.conversations.rules import OTHER, Side
from matchmaker.db import db, holding


def thread_of(lead_id: int) -> Thread | None:
    """The thread of a lead."""
    return db.session.scalar(sa.select(Thread).where(Thread.lead_id == lead_id))


def posts_of(thread_id: int) -> sa.Select[Post]:
    """The messages of a thread with their papers, the newest first."""
    return (
        sa.select(Post)
        .where(Post.thread_id == thread_id)
        .options(joinedload(Post.by), selectinload(Post.papers).joinedload(PostPaper.document))
        .order_by(Post.number.desc())
    )


def last_number(thread_id: int) -> int:
    """The number of the newest message, 0 without any."""
    return db.session.scalar(sa.select(sa.func.max(Post.number)).where(Post.thread_id == thread_id)) or 0


def count_since(thread_id: int, side: Side, since: datetime) -> int:
    """How many messages a side has written since then."""
    query = sa.select(sa.func.count()).where(Post.thread_id == thread_id, Post.side == str(side), Post.at > since)
    return db.session.scalar(query) or 0


def is_unread(side: sa.ColumnElement[str] | str) -> sa.ColumnElement[bool]:
    """The condition of a message (`Post`) that the other side wrote and this side has not read."""
    seen = (
        sa.select(sa.func.max(ThreadSeen.up_to))
        .where(ThreadSeen.thread_id == Post.thread_id, ThreadSeen.side == side)
        .correlate_except(ThreadSeen)  # the side may depend on the row outside: it is asked there, not again here
        .scalar_subquery()
    )
    return sa.and_(Post.side != side, Post.number > sa.func.coalesce(seen, 0))


def count_unread(thread_id: int, side: Side) -> int:
    """How many messages of the other side this side has not read."""
    return db.session.scalar(sa.select(sa.func.count()).where(Post.thread_id == thread_id, is_unread(str(side)))) or 0


def unread_by_lead(lead_ids: Iterable[int], side: Side) -> dict[int, int]:
    """Lead id -> how many messages this side has not read, of those that have any."""
    rows = db.session.execute(
        sa.select(Thread.lead_id, sa.func.count())
        .join(Post, Post.thread_id == Thread.id)
        .where(Thread.lead_id.in_(list(lead_ids)), is_unread(str(side)))
        .group_by(Thread.lead_id)
    )
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class Read:
    """When the other side first read a message, and who that was (None: the account is closed)."""

    at: datetime
    name: str | None


def reads_of(posts: Iterable[Post]) -> dict[int, Read]:
    """Number of a message -> its first reading by the other side; messages of one thread."""
    found = list(posts)
    if not found:
        return {}
    rows = db.session.execute(
        sa.select(ThreadSeen.side, ThreadSeen.up_to, ThreadSeen.at, Person.name)
        .outerjoin(Person, Person.id == ThreadSeen.person_id)
        .where(ThreadSeen.thread_id == found[0].thread_id)
        .order_by(ThreadSeen.at, ThreadSeen.id)
    ).all()
    first: dict[int, Read] = {}
    for post in found:
        reader = str(OTHER[Side(post.side)])
        for side, up_to, at, name in rows:
            if side == reader and up_to >= post.number:
                first[post.number] = Read(at, name)
                break
    return first


def post_of(thread_id: int, number: int) -> Post | None:
    """One message of a thread."""
    return db.session.scalar(sa.select(Post).where(Post.thread_id == thread_id, Post.number == number))


def block_of(business_id: int, institution_id: int) -> Block | None:
    """The block that stands between a business and an institution."""
    return db.session.scalar(
        sa.select(Block).where(
            Block.business_id == business_id, Block.institution_id == institution_id, Block.ended_at.is_(None)
        )
    )


def is_blocked(business_id: int, institution_id: int) -> bool:
    """Whether the owner wants no messages, calls and invitations of this institution."""
    return block_of(business_id, institution_id) is not None


def blocking_businesses(institution_id: int) -> sa.Select[int]:
    """The numbers of the businesses that have blocked an institution: nobody of it invites them."""
    return sa.select(Block.business_id).where(Block.institution_id == institution_id, Block.ended_at.is_(None))


# Reports ------------------------------------------------------------------------------------------------------------


def report_by_id(report_id: int) -> PostReport | None:
    """A reported message."""
    return db.session.get(PostReport, report_id)


def report_by(post_id: int, person_id: int) -> PostReport | None:
    """What this person has reported about a message."""
    return db.session.scalar(
        sa.select(PostReport).where(PostReport.post_id == post_id, PostReport.reporter_id == person_id)
    )


def reported_numbers(thread_id: int, person_id: int) -> set[int]:
    """The numbers of the messages of a thread that this person has reported."""
    return set(
        db.session.scalars(
            sa.select(Post.number)
            .join(PostReport, PostReport.post_id == Post.id)
            .where(Post.thread_id == thread_id, PostReport.reporter_id == person_id)
        )
    )


def reports(
    *, institution_ids: Iterable[int] | None = None, words: str = "", state: str = ""
) -> sa.Select[PostReport]:
    """Reported messages, the newest first; of some institutions, with some words in the message, in one state."""
    query = sa.select(PostReport).options(joinedload(PostReport.post), joinedload(PostReport.institution))
    if institution_ids is not None:
        query = query.where(PostReport.institution_id.in_(set(institution_ids)))
    if words:
        query = query.join(Post, Post.id == PostReport.post_id).where(holding(words, Post.text))
    if state:
        query = query.where(PostReport.state == state)
    return query.order_by(PostReport.reported_at.desc(), PostReport.id.desc())


def count_reports(state: str) -> int:
    """How many reports are in a state."""
    return db.session.scalar(sa.select(sa.func.count()).where(PostReport.state == state)) or 0
