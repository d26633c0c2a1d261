"""What carries messages out without a person: each waiting row is taken, sent, and marked sent."""

from __future__ import annotations

import logging
import smtplib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.notifications import queries
from matchmaker.notifications.channels import channel_for, stop_path, write_letter
from matchmaker.notifications.models import Message
from matchmaker.notifications.services import receiver_of
from matchmaker.queue import Run, job

log = logging.getLogger(__name__)

STUCK_AFTER = timedelta(minutes=10)
AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))


@job("notifications.deliver", waited_for=True)
def deliver(run: Run, **_: Any) -> None:
    """Send what waits, now: somebody is waiting for a code."""
    deliver_messages(clock.now())


def deliver_messages(now: datetime) -> int:
    """Send every message whose turn it is, each in three steps; answers how many left.

    Taken (a row nobody else can take, committed), handed to the channel, marked sent (committed). Two workers
    never send the same row. A worker killed between handing over and marking leaves it taken: after ten minutes
    it is handed over again under the same key, by which a channel or a receiver can tell it from a new one.
    Refused by the channel, it is tried again after 1 and 10 minutes, 1 and 6 hours; then it stays as failed.
    """
    sent = 0
    while True:
        begin_read()
        # Real time too: a demo town's clock may stand behind, and what is due is due.
        at = max(now, clock.real_now())
        ids = queries.waiting_ids(at, stuck_after=STUCK_AFTER)
        db.session.rollback()
        if not ids:
            return sent
        sent += sum(deliver_one(message_id, at) for message_id in ids)


def deliver_one(message_id: int, at: datetime) -> bool:
    """Take, send and mark one message; False when another worker has it, its receiver sleeps, or it was not taken."""
    with unit_of_work():
        taken = None if _put_off(message_id, at) else _take(message_id)
    if taken is None:
        return False
    try:
        _hand_over(taken)
    except (OSError, smtplib.SMTPException) as problem:
        log.warning("a message did not leave", extra={"message_id": message_id, "trouble": str(problem)})
        with unit_of_work():
            _put_back(message_id, f"{type(problem).__name__}: {problem}"[:500])
        return False
    except Exception as problem:
        # Ours to repair (a kind without words): it must not stop the messages behind it.
        log.exception("a message could not be written", extra={"message_id": message_id})
        with unit_of_work():
            _give_up(message_id, f"{type(problem).__name__}: {problem}"[:500])
        return False
    with unit_of_work():
        db.session.execute(
            sa.update(Message)
            .where(Message.id == message_id, Message.state == "sending")
            .values(state="sent", sent_at=clock.real_now(), secrets=None, trouble=None)
        )
    return True


def _put_off(message_id: int, at: datetime) -> bool:
    """Whether its receiver sleeps: then it waits to their morning, which is no attempt."""
    message = db.session.get_one(Message, message_id, populate_existing=True)
    until = queries.wait_of(message.person_id, message.kind, at) if message.state == "waiting" else None
    if until is None:
        return False
    db.session.execute(
        sa.update(Message).where(Message.id == message_id, Message.state == "waiting").values(again_at=until)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    return True


def _take(message_id: int) -> dict[str, Any] | None:
    now = clock.real_now()
    took = db.session.execute(
        sa.update(Message)
        .where(
            Message.id == message_id,
            sa.or_(
                Message.state == "waiting",
                sa.and_(Message.state == "sending", Message.taken_at <= now - STUCK_AFTER),
            ),
        )
        .values(state="sending", taken_at=now, attempts=Message.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    if getattr(took, "rowcount", 0) != 1:
        return None
    message = db.session.get_one(Message, message_id, populate_existing=True)
    to = message.address
    if to is None and message.person_id is not None:
        receiver = receiver_of(message.person_id)
        to = receiver.email if message.channel == "email" else receiver.phone
    secrets = message.secrets or {}
    return {
        "key": message.key,
        "to": to,
        "channel": message.channel,
        "language": message.language,
        "kind": message.kind,
        "facts": {**message.facts, **{name: value for name, value in secrets.items() if name != "path"}},
        "path": secrets.get("path") or message.link,
        "has_secret": bool(secrets),
        "stop_path": stop_path(message.person_id, message.kind, message.channel),
    }


def _hand_over(taken: dict[str, Any]) -> None:
    if taken["to"] is None:
        return  # The address is gone (a closed account): the inbox keeps it, nothing leaves.
    channel_for(taken["channel"]).send(write_letter(**taken))


def _put_back(message_id: int, trouble: str) -> None:
    message = db.session.get_one(Message, message_id, populate_existing=True)
    if message.attempts > len(AGAIN_AFTER):
        _give_up(message_id, trouble)
        return
    message.state = "waiting"
    message.again_at = clock.real_now() + AGAIN_AFTER[message.attempts - 1]
    message.trouble = trouble


def _give_up(message_id: int, trouble: str) -> None:
    message = db.session.get_one(Message, message_id, populate_existing=True)
    message.state = "failed"
    message.trouble = trouble
    message.secrets = None
