"""What operators do to work that runs by itself: let it be tried again."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.audit.services import Actor, record
from matchmaker.db import db
from matchmaker.queue import Job
from matchmaker.refusal import Refused


def retry(job: Job, *, by: Actor) -> None:
    """Put a piece of work that failed back into the queue, with all its tries. Raises ``job_not_failed`` otherwise."""
    db.session.refresh(job, with_for_update=True)
    if job.state != "failed":
        raise Refused("job_not_failed")
    job.state, job.attempts, job.run_at, job.finished_at = "queued", 0, clock.real_now(), None
    record("job.retry", job, by=by, kind=job.kind)
