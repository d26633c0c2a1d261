"""Writing messages: a row in the transaction that causes it; it leaves after the commit (see jobs.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db
from matchmaker.notifications.models import Message
from matchmaker.queue import later


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

    ``kind`` has a sentence in the words of the subject that tells; ``facts`` are its values, named by unit.
    ``key`` names the cause (``"lead:12:released"``): told twice is told once, the second call answers None.
    ``link`` is a path of this site (``"/leads/12"``) that the message leads to.
    """
    if db.session.scalar(sa.select(Message.id).where(Message.key == key)) is not None:
        return None
    receiver = receiver_of(person_id)
    channel = "site"
    if outside and receiver.email:
        channel = "email"
    elif outside and receiver.phone:
        channel = "sms"
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
        created_at=now,
    )
    db.session.add(message)
    return message


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
