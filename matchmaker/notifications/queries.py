"""Reads of messages: a person's own inbox, and what waits to leave."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import sqlalchemy as sa

from matchmaker.db import db
from matchmaker.notifications.models import Message, Muted, QuietHours
from matchmaker.notifications.rules import ALWAYS, QUIET_FROM, QUIET_UNTIL, held_until, topic_of


def inbox_of(person_id: int, *, unread_only: bool = False) -> sa.Select[Message]:
    """The messages of a person, newest first."""
    query = sa.select(Message).where(Message.person_id == person_id)
    if unread_only:
        query = query.where(Message.read_at.is_(None))
    return query.order_by(Message.created_at.desc(), Message.id.desc())


def inbox(person_id: int, *, unread_only: bool = False) -> list[Message]:
    """The same, all of them at once."""
    return list(db.session.scalars(inbox_of(person_id, unread_only=unread_only)))


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


def muted_by(person_id: int) -> set[tuple[str, str]]:
    """(topic, channel) that a person does not want."""
    rows = db.session.execute(sa.select(Muted.topic, Muted.channel).where(Muted.person_id == person_id))
    return {(row[0], row[1]) for row in rows}


def quiet_hours_of(person_id: int) -> tuple[time | None, time | None]:
    """From when until when a person gets nothing outside; both None: no quiet hours."""
    found = db.session.scalar(sa.select(QuietHours).where(QuietHours.person_id == person_id))
    return (found.from_time, found.until_time) if found is not None else (QUIET_FROM, QUIET_UNTIL)


def wait_of(person_id: int | None, kind: str, now: datetime) -> datetime | None:
    """Until when a message of this kind to this person waits because of quiet hours; None: it may leave.

    What was asked for by a mere address (a code, an invitation) and what concerns the safety of an account never waits.
    """
    if person_id is None or topic_of(kind) in ALWAYS:
        return None
    return held_until(now, *quiet_hours_of(person_id))
