"""Writing messages: a row in the transaction that causes it; it leaves after the commit (see jobs.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import time
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db
from matchmaker.notifications import queries
from matchmaker.notifications.models import Message, Muted, QuietHours
from matchmaker.notifications.rules import ALWAYS, OUTSIDE, TOPICS, topic_of
from matchmaker.queue import later
from matchmaker.refusal import Refused


@dataclass(frozen=True)
class Receiver:
    """What a channel must know of a person: the language, and where a message may go (None: nowhere)."""

    language: str
    email: str | None = None
    phone: str | None = None


AddressBook = Callable[[int], Receiver | None]
_address_book: list[AddressBook] = []


def use_address_book(look_up: AddressBook) -> AddressBook:
    """Tell messages where a person can be reached. `accounts` does so: it lies above and may not be imported here."""
    _address_book[:] = [look_up]
    return look_up


def receiver_of(person_id: int) -> Receiver:
    """Language and addresses of a person; Chinese and the inbox alone when nothing is known."""
    found = _address_book[0](person_id) if _address_book else None
    return found or Receiver("zh")


def tell(
    person_id: int, kind: str, *, key: str, link: str | None = None, outside: bool = True, **facts: Any
) -> Message | None:
    """Put a message into a person's inbox and, unless ``outside`` is False, on its way to mail or phone.

    By mail where there is an address and the person did not switch it off, else by text message, else nowhere; in
    quiet hours it waits (real hours: nobody sleeps by the clock of a demo town).

    ``kind`` has a sentence in the words of the subject that tells; ``facts`` are its values, named by unit.
    ``key`` names the cause (``"lead:12:released"``): told twice is told once, the second call answers None.
    ``link`` is a path of this site (``"/leads/12"``) that the message leads to.
    """
    if db.session.scalar(sa.select(Message.id).where(Message.key == key)) is not None:
        return None
    receiver = receiver_of(person_id)
    channel = _channel(person_id, kind, receiver) if outside else "site"
    now = clock.now()
    message = Message(
        person_id=person_id,
        language=receiver.language,
        kind=kind,
        facts=facts,
        link=link,
        channel=channel,
        key=key,
        state="sent" if channel == "site" else "waiting",
        sent_at=now if channel == "site" else None,
        again_at=queries.wait_of(person_id, kind, clock.real_now()) if channel != "site" else None,
        created_at=now,
    )
    db.session.add(message)
    return message


def _channel(person_id: int, kind: str, receiver: Receiver) -> str:
    topic = topic_of(kind)
    muted = queries.muted_by(person_id) if topic not in ALWAYS else set()
    if receiver.email and (topic, "email") not in muted:
        return "email"
    return "sms" if receiver.phone and (topic, "sms") not in muted else "site"


def write_to(
    address: str, kind: str, *, key: str, language: str, secrets: dict[str, Any] | None = None, **facts: Any
) -> Message:
    """A message to a phone number or e-mail address that belongs to nobody yet (a code, an invitation).

    ``secrets`` are destroyed on sending: ``code`` is a value of the sentence, ``path`` the link that it leads to.
    A job delivers at once: somebody is waiting for it (what ``tell`` wrote leaves with the timetable).
    """
    message = Message(
        address=address,
        language=language,
        kind=kind,
        facts=facts,
        secrets=secrets,
        channel="email" if "@" in address else "sms",
        key=key,
        created_at=clock.now(),
    )
    db.session.add(message)
    later("notifications.deliver", key=f"deliver:{key}")
    return message


def mark_read(person_id: int, message_ids: list[int] | None = None) -> int:
    """Mark messages of this person as read (all of them when no ids are given); answers how many changed."""
    wanted = sa.update(Message).where(Message.person_id == person_id, Message.read_at.is_(None))
    if message_ids is not None:
        wanted = wanted.where(Message.id.in_(message_ids))
    done = db.session.execute(wanted.values(read_at=clock.now()))
    return int(getattr(done, "rowcount", 0))


def choose(person_id: int, wanted: Iterable[tuple[str, str]]) -> None:
    """Let a person get exactly these (topic, channel) outside; what is never switched off stays on."""
    chosen, before = set(wanted), queries.muted_by(person_id)
    for topic in TOPICS:
        for channel in OUTSIDE:
            if topic in ALWAYS or (topic, channel) in chosen:
                unmute(person_id, topic, channel)
            elif (topic, channel) not in before:
                mute(person_id, topic, channel)


def mute(person_id: int, topic: str, channel: str) -> None:
    """Send nothing of this topic by this channel any more; what waits to leave stays in the inbox alone."""
    if topic in ALWAYS or topic not in TOPICS or channel not in OUTSIDE:
        raise Refused("message_topic_needed", "topics", 422)
    if (topic, channel) not in queries.muted_by(person_id):
        db.session.add(Muted(person_id=person_id, topic=topic, channel=channel, at=clock.now()))
        db.session.flush()
    waiting = db.session.scalars(
        sa.select(Message).where(
            Message.person_id == person_id, Message.channel == channel, Message.state == "waiting"
        )
    )
    for message in waiting:
        if topic_of(message.kind) == topic:
            message.channel, message.state, message.sent_at = "site", "sent", clock.now()
            message.again_at = None
    db.session.flush()


def unmute(person_id: int, topic: str, channel: str) -> None:
    """Send this topic by this channel again, from now on."""
    db.session.execute(sa.delete(Muted).filter_by(person_id=person_id, topic=topic, channel=channel))


def be_quiet(person_id: int, quiet_from: time | None, quiet_until: time | None) -> None:
    """Send nothing in these hours (Asia/Shanghai; over midnight where they end earlier); both None: at any hour.

    What is held already goes by the new hours. Raises Refused ``quiet_hours_half`` where one of the two is missing.
    """
    if (quiet_from is None) != (quiet_until is None):
        raise Refused("quiet_hours_half", "quiet_until" if quiet_until is None else "quiet_from", 422)
    found = db.session.scalar(sa.select(QuietHours).where(QuietHours.person_id == person_id))
    if found is None:
        found = QuietHours(person_id=person_id)
        db.session.add(found)
    found.from_time, found.until_time, found.at = quiet_from, quiet_until, clock.now()
    db.session.flush()
    held = sa.select(Message).where(
        Message.person_id == person_id, Message.state == "waiting", Message.attempts == 0,
        Message.again_at.is_not(None),
    )  # fmt: skip
    for message in db.session.scalars(held):
        message.again_at = queries.wait_of(person_id, message.kind, clock.real_now())
    db.session.flush()
