"""The job table: enqueued with its cause, carried once, taken over when a worker dies, fenced when it comes back."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, queue
from matchmaker.db import db, unit_of_work
from matchmaker.queue import Job, LeaseLost, Run, carry_one, claim, later


@pytest.fixture(autouse=True)
def trial_kind() -> Any:
    done: list[str] = []

    @queue.job("trial")
    def _carry(run: Run, name: str, fail: bool = False) -> None:
        run.progress(1, 2)
        with unit_of_work():
            if fail:
                raise ZeroDivisionError(name)
        done.append(name)

    yield done
    queue._kinds.pop("trial")


def enqueue(app: Any, *names: str, **args: Any) -> None:
    with app.app_context(), unit_of_work():
        for name in names:
            later("trial", key=name, name=name, **args)


def rows(app: Any) -> list[Job]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Job).order_by(Job.id)))


def test_a_job_is_carried_once_and_says_so(any_app: Any, trial_kind: list[str]) -> None:
    enqueue(any_app, "a")
    with any_app.app_context():
        assert carry_one("w") is True
        assert carry_one("w") is False
    (job,) = rows(any_app)
    assert (job.state, job.worker, job.progress_done, job.progress_total) == ("done", None, 1, 2)
    assert trial_kind == ["a"]


def test_the_same_key_is_enqueued_once(any_app: Any) -> None:
    enqueue(any_app, "a", "a")
    enqueue(any_app, "a")
    assert len(rows(any_app)) == 1


def test_a_job_of_an_undone_deed_does_not_exist(any_app: Any) -> None:
    with any_app.app_context(), pytest.raises(ZeroDivisionError), unit_of_work():
        later("trial", name="ghost")
        raise ZeroDivisionError
    assert rows(any_app) == []


def test_a_failing_job_is_tried_again_later_and_then_left_to_a_person(any_app: Any) -> None:
    enqueue(any_app, "bad", fail=True)
    at = clock.real_now()
    for attempt in range(1, 6):
        with any_app.app_context(), clock.frozen(at, everywhere=True):
            assert carry_one("w") is True
        (job,) = rows(any_app)
        assert job.attempts == attempt
        at = max(at, job.run_at) + timedelta(seconds=1)
    assert job.state == "failed"
    assert "ZeroDivisionError: bad" in (job.error or "")
    with any_app.app_context(), clock.frozen(at + timedelta(days=1), everywhere=True):
        assert carry_one("w") is False


def test_a_dead_workers_job_is_taken_over_and_the_dead_one_cannot_write(any_app: Any) -> None:
    enqueue(any_app, "a")
    with any_app.app_context():
        first = claim("dead")
        assert first is not None
        assert claim("other") is None
        with clock.frozen(clock.real_now() + queue.LEASE + timedelta(seconds=1), everywhere=True):
            assert claim("other") == first
        dead = Run(first[0], "dead")
        with pytest.raises(LeaseLost):
            dead.progress(1)
        token = queue.fence.set(dead.go_on)
        try:
            with pytest.raises(LeaseLost), unit_of_work():
                later("trial", key="written by the dead", name="x")
        finally:
            queue.fence.reset(token)
    assert len(rows(any_app)) == 1


def test_what_somebody_waits_for_does_not_stand_behind_a_long_job(any_app: Any, trial_kind: list[str]) -> None:
    @queue.job("urgent", waited_for=True)
    def _carry(run: Run) -> None:
        trial_kind.append("code")

    try:
        enqueue(any_app, "long")
        with any_app.app_context():
            assert claim("busy") is not None
            with unit_of_work():
                later("trial", key="next", name="next")
                later("urgent", key="code")
            assert queue.carry_one("quick", quick=True) is True
            assert queue.carry_one("quick", quick=True) is False, "the others are left to the other worker"
        assert trial_kind == ["code"]
    finally:
        queue._kinds.pop("urgent")
        queue._waited_for.discard("urgent")


def test_codes_and_links_are_waited_for(app: Any) -> None:
    assert {"notifications.deliver"} == queue._waited_for


def test_sixty_jobs_and_three_workers_carry_each_once(any_app: Any, trial_kind: list[str]) -> None:
    enqueue(any_app, *(f"n{number}" for number in range(60)))

    def work(name: str) -> None:
        with any_app.app_context():
            while carry_one(name):
                pass

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(trial_kind) == sorted(f"n{number}" for number in range(60))
    assert {job.state for job in rows(any_app)} == {"done"}
