"""The job table: work that runs without a person, enqueued in the causing transaction, carried by any worker.

A job survives a killed worker: its lease runs out and another takes it. A worker that lost its lease cannot
write any more, because every unit of work of a job first renews the lease where it still is its own (the fence).
Jobs therefore run at least once and must be able to find their own work half done.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from matchmaker import clock
from matchmaker.db import Base, begin_write, db, fence, unit_of_work
from matchmaker.keeping import Kept

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)
DEATHS_BORNE = 25
"""How often a job may take its worker with it without getting further; deployments and power cuts are not its fault."""
RETRY_AFTER = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


class Job(Base):
    """One piece of work and how far it is."""

    kept = Kept("machinery", days=2, since="finished_at", job="queue.forget")

    __table_args__ = (
        sa.UniqueConstraint("key"),
        sa.Index("ix_job_state_run_at", "state", "run_at"),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed')", name="state"),
    )
    kind: Mapped[str]
    args: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default="queued")
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    max_attempts: Mapped[int] = mapped_column(default=5)
    worker: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class LeaseLost(Exception):
    """Another worker has this job now: stop without writing."""


@dataclass
class Run:
    """What a job function is given: its job's id and a way to say how far it is."""

    job_id: int
    worker: str

    def progress(self, done: int, total: int | None = None) -> None:
        """Show progress, in a short transaction of its own. Raises LeaseLost when the job is not ours any more."""
        with Session(db.engine) as session:
            begin_write(session)
            self.renew(session, progress_done=done, **({"progress_total": total} if total is not None else {}))
            session.commit()

    def go_on(self, session: Session) -> None:
        """The fence: renew the lease; if this unit of work is kept, the job got further and its tries count anew."""
        self.renew(session, attempts=1)

    def renew(self, session: Session, **values: Any) -> None:
        """Extend the lease inside ``session``. Raises LeaseLost when the job is not ours any more."""
        renewed = session.execute(
            sa.update(Job)
            .where(Job.id == self.job_id, Job.worker == self.worker, Job.state == "running")
            .values(lease_until=clock.real_now() + LEASE, **values)
            .execution_options(synchronize_session=False)
        )
        if renewed.rowcount != 1:  # type: ignore[attr-defined]
            raise LeaseLost(f"job {self.job_id}")


_kinds: dict[str, Callable[..., None]] = {}
_waited_for: set[str] = set()


def job(kind: str, *, waited_for: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register ``function(run, **args)`` as what carries jobs of ``kind``; ``waited_for`` where a person sits before
    the screen until it is done, so that it must not stand behind a long one."""

    def register(function: Callable[..., None]) -> Callable[..., None]:
        _kinds[kind] = function
        if waited_for:
            _waited_for.add(kind)
        return function

    return register


def kinds() -> dict[str, Callable[..., None]]:
    """Every kind of job and what carries it."""
    return dict(_kinds)


def insert_for(session: Session, table: type[Base]) -> Any:
    """An INSERT of the session's engine that knows ON CONFLICT DO NOTHING."""
    if session.get_bind().dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert
    else:
        from sqlalchemy.dialects.sqlite import insert  # type: ignore[assignment]
    return insert(table)


def later(kind: str, *, key: str | None = None, run_at: datetime | None = None, **args: Any) -> None:
    """Enqueue work in the current transaction: no lost and no ghost job. The same ``key`` is enqueued once."""
    session: Session = db.session
    now = clock.real_now()
    session.execute(
        insert_for(session, Job)
        .values(kind=kind, args=args, key=key, run_at=run_at or now, created_at=now, state="queued", attempts=0,
                max_attempts=5, progress_done=0)
        .on_conflict_do_nothing()
    )


def claim(worker: str, *, quick: bool = False) -> tuple[int, str, dict[str, Any]] | None:
    """Take the next due job for ``worker``: queued and due, or running with a lease that ran out.

    ``quick`` takes only what somebody waits for.
    """
    now = clock.real_now()
    of_kind = [Job.kind.in_(_waited_for)] if quick else []
    with Session(db.engine) as session:
        begin_write(session)
        found = session.scalars(
            sa.select(Job)
            .where(sa.or_(sa.and_(Job.state == "queued", Job.run_at <= now),
                          sa.and_(Job.state == "running", Job.lease_until < now)), *of_kind)
            .order_by(Job.run_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if found is None:
            return None
        if found.attempts >= DEATHS_BORNE:
            found.state, found.finished_at, found.worker = "failed", now, None
            found.error = found.error or "the worker died each time"
            session.commit()
            return claim(worker, quick=quick)
        found.state, found.worker, found.attempts = "running", worker, found.attempts + 1
        found.lease_until = now + LEASE
        taken = (found.id, found.kind, dict(found.args))
        session.commit()
        return taken


def carry_one(worker: str, *, quick: bool = False) -> bool:
    """Carry one due job, if there is one (see ``claim``). Needs an app context. Returns whether there was one."""
    taken = claim(worker, quick=quick)
    if taken is None:
        return False
    job_id, kind, args = taken
    run = Run(job_id, worker)
    token = fence.set(run.go_on)
    try:
        with _heartbeat(run):
            _kinds[kind](run, **args)
        _finish(run, state="done", error=None)
    except LeaseLost:
        log.warning("lease lost", extra={"job": job_id, "kind": kind})
    except Exception:
        log.exception("job failed", extra={"job": job_id, "kind": kind})
        _retry(run, traceback.format_exc(limit=20))
    finally:
        fence.reset(token)
        db.session.rollback()
    return True


@contextlib.contextmanager
def _heartbeat(run: Run) -> Iterator[None]:
    """Renew the lease while a long job works, from a thread of its own."""
    stop = threading.Event()
    engine = db.engine

    def beat() -> None:
        while not stop.wait(LEASE.total_seconds() / 3):
            try:
                with Session(engine) as session:
                    begin_write(session)
                    run.renew(session)
                    session.commit()
            except LeaseLost:
                return
            except sa.exc.OperationalError:
                log.warning("heartbeat missed", extra={"job": run.job_id})

    thread = threading.Thread(target=beat, name=f"heartbeat of job {run.job_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _finish(run: Run, **values: Any) -> None:
    with Session(db.engine) as session:
        begin_write(session)
        run.renew(session, finished_at=clock.real_now(), **values)
        session.execute(sa.update(Job).where(Job.id == run.job_id).values(worker=None, lease_until=None))
        session.commit()


def _retry(run: Run, error: str) -> None:
    """Put a failed job back with growing patience, or give it up for a person to look at."""
    with Session(db.engine) as session:
        begin_write(session)
        found = session.get(Job, run.job_id)
        if found is None or found.worker != run.worker:
            return
        found.error, found.worker, found.lease_until = error, None, None
        if found.attempts >= found.max_attempts:
            found.state, found.finished_at = "failed", clock.real_now()
        else:
            found.state = "queued"
            found.run_at = clock.real_now() + RETRY_AFTER[min(found.attempts, len(RETRY_AFTER)) - 1]
        session.commit()


def forget_old_jobs(now: datetime) -> int:
    """Delete what was done more than two days ago; what failed stays for a person. Returns how many."""
    with unit_of_work() as session:
        gone = session.execute(
            sa.delete(Job).where(Job.state == "done", Job.finished_at < clock.real_now() - timedelta(days=2))
        )
    return int(gone.rowcount)  # type: ignore[attr-defined]


def worker_name() -> str:
    return f"{os.getpid()}-{uuid.uuid4().hex[:8]}"


def work(
    app: Any, stop: threading.Event, tick: Callable[[], None] = lambda: None, *, quick: bool = False, every: float = 1.0
) -> None:
    """Carry jobs until ``stop``: enqueue what the timetable says is due (``tick``), then work the queue off.

    A second one beside it with ``quick`` lets a code leave while a long job is at work.
    """
    me = worker_name()
    while not stop.is_set():
        try:
            with app.app_context():
                tick()
                while not stop.is_set() and carry_one(me, quick=quick):
                    pass
        except sa.exc.OperationalError:
            log.exception("the database did not answer; the worker goes on")
            time.sleep(every)
        stop.wait(every)
