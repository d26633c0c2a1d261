"""The table of messages that wait to leave, and that a person has read or not."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, JsonDict
from matchmaker.keeping import Kept
from matchmaker.notifications.rules import OUTSIDE, TOPICS

CHANNELS = ("site", "console", "email", "sms")
STATES = ("waiting", "sending", "sent", "failed")


class Message(Base):
    """One message to one person (or, before sign-up, to one address), written in the transaction that causes it."""

    kept = Kept("messages", of="person_id", days=730, since="created_at", closing="delete", hidden=("secrets",))

    __table_args__ = (
        CheckConstraint(f"channel IN {CHANNELS!r}", name="channel_known"),
        CheckConstraint(f"state IN {STATES!r}", name="state_known"),
        CheckConstraint("person_id IS NOT NULL OR address IS NOT NULL", name="has_a_receiver"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_has_time"),
        Index("ix_message_person_id_created_at", "person_id", "created_at"),
        Index(
            "ix_message_waiting",
            "state",
            "id",
            sqlite_where=text("state IN ('waiting', 'sending')"),
            postgresql_where=text("state IN ('waiting', 'sending')"),
        ),
    )

    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    address: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="zh")
    kind: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)
    secrets: Mapped[dict[str, Any] | None] = mapped_column(JsonDict)
    link: Mapped[str | None]
    channel: Mapped[str]
    key: Mapped[str] = mapped_column(Text, unique=True)
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    again_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    trouble: Mapped[str | None]


class Muted(Base):
    """A topic that a person does not want on a channel; without a row it goes there."""

    kept = Kept("account", of="person_id", closing="delete")

    __table_args__ = (
        UniqueConstraint("person_id", "topic", "channel"),
        CheckConstraint(f"topic IN {TOPICS!r}", name="topic_known"),
        CheckConstraint(f"channel IN {OUTSIDE!r}", name="channel_known"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    topic: Mapped[str]
    channel: Mapped[str]
    at: Mapped[datetime]


class QuietHours(Base):
    """The hours in which a person gets nothing outside, where they are others than usual; both empty: none."""

    kept = Kept("account", of="person_id", closing="delete")

    __table_args__ = (CheckConstraint("(from_time IS NULL) = (until_time IS NULL)", name="hours_have_an_end"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), unique=True)
    from_time: Mapped[time | None]
    until_time: Mapped[time | None]
    at: Mapped[datetime]
