"""Reads of messages: a person's own inbox, and what waits to leave."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker.db import db
from matchmaker.notifications.models import Message


def inbox_of(person_id: int, *, unread_only: bool = False) -> sa.Select[Message]:
    """The messages of a person, newest first."""
    query = sa.select(Message).where(Message.person_id == person_id)
    if unread_only:
        query = query.where(Message.read_at.is_(None))
    return query.order_by(Message.created_at.desc(), Message.id.desc())


def count_unread(person_id: int) -> int:
    """How many messages a person has not read."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(Message.id)).where(Message.person_id == person_id, Message.read_at.is_(None))
        )
        or 0
    )


def message(message_id: int) -> Message | None:
    """One message that belongs to somebody."""
    return db.session.scalar(sa.select(Message).where(Message.id == message_id, Message.person_id.is_not(None)))


def waiting_ids(now: datetime, *, stuck_after: timedelta, limit: int = 200) -> list[int]:
    """Messages whose turn it is, oldest first: waiting and due, or taken by a sender that died in the middle."""
    return list(
        db.session.scalars(
            sa.select(Message.id)
            .where(
                sa.or_(
                    sa.and_(
                        Message.state == "waiting",
                        sa.or_(Message.again_at.is_(None), Message.again_at <= now),
                    ),
                    sa.and_(Message.state == "sending", Message.taken_at <= now - stuck_after),
                )
            )
            .order_by(Message.id)
            .limit(limit)
        )
    )


def count_in_state(state: str) -> int:
    """How many messages are waiting, being sent, sent or failed."""
    return db.session.scalar(sa.select(sa.func.count(Message.id)).where(Message.state == state)) or 0
