"""A worker to be killed: ``python -m tests.promises.killed_worker URL FOLDER INSTANT``.

On each line of its standard input it forks a child that carries every due job; it answers with the child's number,
with "working" each time the child begins with a job, and with "ended" when the child has gone. Everything is imported
before, so that a kill meets work and not start-up.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from matchmaker import clock, create_app, queue
from tests.conftest import settings_for


def main(url: str, folder: str, instant: str) -> None:
    clock.stop_business_at(datetime.fromisoformat(instant))
    app = create_app(settings_for(url, Path(folder)))
    import matchmaker.timetable  # noqa: F401  so that the kinds of job are known

    for kind, work in queue.kinds().items():
        queue.job(kind)(announced(work))
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            carry_all(app)
            os._exit(0)
        print(child, flush=True)
        os.waitpid(child, 0)
        print("ended", flush=True)


def announced(work: Callable[..., None]) -> Callable[..., None]:
    """The same work, said when it begins."""
    def carried(run: queue.Run, **args: Any) -> None:
        print("working", flush=True)
        work(run, **args)

    return carried


def carry_all(app: Any) -> None:
    """Carry jobs until none is left."""
    with app.app_context():
        from matchmaker.db import db

        while True:
            while queue.carry_one(queue.worker_name()):
                pass
            db.session.rollback()
            left = db.session.query(queue.Job).filter(queue.Job.state.in_(["queued", "running"])).count()
            db.session.rollback()
            if not left:
                db.engine.dispose()
                return
            time.sleep(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:4])
