"""What operators do to work that runs by itself and to messages that did not leave: let them be tried again."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.audit.services import Actor, record
from matchmaker.db import db
from matchmaker.notifications.models import Message
from matchmaker.queue import Job
from matchmaker.refusal import Refused


def retry(job: Job, *, by: Actor) -> None:
    """Put a piece of work that failed back into the queue, with all its tries. Raises ``job_not_failed`` otherwise."""
    db.session.refresh(job, with_for_update=True)
    if job.state != "failed":
        raise Refused("job_not_failed")
    job.state, job.attempts, job.run_at, job.finished_at = "queued", 0, clock.real_now(), None
    record("job.retry", job, by=by, kind=job.kind)


def send_again(message: Message, *, by: Actor) -> None:
    """Let a message that did not leave be sent again, with all its tries. Raises ``message_not_failed`` otherwise."""
    db.session.refresh(message, with_for_update=True)
    if message.state != "failed":
        raise Refused("message_not_failed")
    message.state, message.attempts = "waiting", 0
    message.again_at = message.taken_at = message.trouble = None
    record("message.send_again", message, by=by, kind=message.kind)
