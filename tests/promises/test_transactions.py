"""The transaction rule, proved through HTTP on small views of its own: one deed is one transaction."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Blueprint, request
from werkzeug.test import EnvironBuilder

from matchmaker import clock, web
from matchmaker.db import Base, begin_write, db, observe, unit_of_work
from matchmaker.queue import Job, later
from matchmaker.refusal import Refused
from matchmaker.web import FormKey, RefusedAttempt

pytestmark = pytest.mark.own_app("trial")


def add_views(app: Any) -> None:
    """Views that only these tests know."""
    bp = Blueprint("trial", __name__, url_prefix="/trial")

    @bp.post("/add")
    @web.public
    def add() -> Any:
        later("trial", key=request.form["key"])
        if request.form.get("then") == "refuse":
            raise Refused("trial_refused")
        if request.form.get("then") == "error":
            raise ZeroDivisionError
        return "kept", int(request.form.get("status", 200))

    @bp.get("/write")
    @web.public
    def write_on_get() -> Any:
        later("trial", key="from a GET")
        db.session.add(Job(kind="x", args={}, state="queued", run_at=clock.now(), created_at=clock.now()))
        return "shown"

    @bp.post("/duplicate")
    @web.public
    def duplicate() -> Any:
        for _ in range(2):
            db.session.add(Job(kind="x", args={}, key="twice", run_at=clock.now(), created_at=clock.now()))
        return "not reached at commit"

    @bp.post("/stale")
    @web.public
    def stale() -> Any:
        row = db.session.scalars(sa.select(Job)).one()
        db.session.execute(sa.text("DELETE FROM job"))
        row.progress_done = 5
        return "not kept"

    @bp.post("/count")
    @web.public
    def count() -> Any:
        row = db.session.scalars(sa.select(Job).where(Job.key == "counter").with_for_update()).one()
        seen = row.progress_done
        time.sleep(0.002)
        row.progress_done = seen + 1
        return "counted"

    @bp.post("/once")
    @web.public
    @web.once
    def once() -> Any:
        later("trial", key=None)
        from flask import redirect

        return redirect("/trial/done")

    @bp.post("/compute")
    @web.public
    @web.computes
    def compute() -> Any:
        time.sleep(float(request.form.get("for", 0)))
        return "computed"

    @bp.post("/tried")
    @web.public
    def tried() -> Any:
        later("trial", key="deed of a failed try")
        observe(RefusedAttempt(person_id=None, endpoint="trial", permission="x", object_id=None, at=clock.real_now()))
        return "no", 422

    @bp.post("/slow")
    @web.public
    def slow() -> Any:
        later("trial", key="after a slow upload")
        return "kept"

    @bp.get("/open")
    def open_door() -> Any:
        return "secret"

    app.register_blueprint(bp)


@pytest.fixture
def trial(any_app: Any) -> Any:
    web.sentences._sentences.setdefault("trial_refused", "刚才的没有做")
    any_app.testing = False
    any_app.config["WTF_CSRF_ENABLED"] = False
    if "trial" not in any_app.blueprints:
        add_views(any_app)
    return any_app


def jobs(app: Any) -> list[str | None]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Job.key).order_by(Job.id)))


def test_a_deed_is_kept_when_it_answers_below_400(trial: Any) -> None:
    assert trial.test_client().post("/trial/add", data={"key": "a"}).status_code == 200
    assert jobs(trial) == ["a"]


@pytest.mark.parametrize(("extra", "status"), [({"status": "422"}, 422), ({"then": "refuse"}, 409), ({"then": "error"}, 500)])
def test_a_deed_is_undone_when_it_fails(trial: Any, extra: dict[str, str], status: int) -> None:
    assert trial.test_client().post("/trial/add", data={"key": "a", **extra}).status_code == status
    assert jobs(trial) == []


def test_a_get_that_writes_is_undone(trial: Any) -> None:
    assert trial.test_client().get("/trial/write").status_code == 200
    assert jobs(trial) == []


def test_a_conflict_at_commit_is_a_409(trial: Any) -> None:
    assert trial.test_client().post("/trial/duplicate").status_code == 409
    assert jobs(trial) == []


def test_a_stale_row_at_commit_is_a_409(trial: Any) -> None:
    trial.test_client().post("/trial/add", data={"key": "a"})
    assert trial.test_client().post("/trial/stale").status_code == 409
    assert jobs(trial) == ["a"]


def test_what_was_tried_in_vain_is_counted_though_the_deed_is_undone(trial: Any) -> None:
    assert trial.test_client().post("/trial/tried").status_code == 422
    assert jobs(trial) == []
    with trial.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(RefusedAttempt)) == 1


def test_no_update_is_lost_between_threads(trial: Any) -> None:
    trial.test_client().post("/trial/add", data={"key": "counter"})
    codes: list[int] = []

    def count_often() -> None:
        client = trial.test_client()
        for _ in range(15):
            codes.append(client.post("/trial/count").status_code)

    threads = [threading.Thread(target=count_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) == {200}
    with trial.app_context():
        assert db.session.scalar(sa.select(Job.progress_done).where(Job.key == "counter")) == 60


def test_a_form_posted_twice_happens_once(trial: Any) -> None:
    client = trial.test_client()
    first = client.post("/trial/once", data={"form_key": "k1"})
    second = client.post("/trial/once", data={"form_key": "k1"})
    assert (first.status_code, second.status_code) == (302, 303)
    assert first.location == second.location
    assert len(jobs(trial)) == 1
    assert client.post("/trial/once", data={}).status_code == 400
    with trial.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(FormKey)) == 1


def test_a_post_that_only_computes_takes_no_write_lock(trial: Any) -> None:
    """While one thread holds the write lock, a computing POST answers."""
    with trial.app_context():
        begin_write()
        later("trial", key="held")
        answered: list[int] = []
        thread = threading.Thread(
            target=lambda: answered.append(trial.test_client().post("/trial/compute").status_code))
        thread.start()
        thread.join(timeout=5)
        db.session.rollback()
    assert answered == [200]


class SlowBody:
    """A body that stops in the middle until it is let go."""

    def __init__(self, start: bytes, end: bytes, go: threading.Event) -> None:
        self.parts, self.go = [start, end], go

    def read(self, size: int = -1) -> bytes:
        if len(self.parts) == 1:
            assert self.go.wait(10)
        return self.parts.pop(0) if self.parts else b""


def test_a_slow_upload_holds_no_lock(trial: Any) -> None:
    go = threading.Event()
    environ = EnvironBuilder("/trial/slow", method="POST",
                             content_type="application/x-www-form-urlencoded").get_environ()
    environ |= {"wsgi.input": SlowBody(b"key=", b"b", go), "CONTENT_LENGTH": "5"}
    slow: list[str] = []
    thread = threading.Thread(
        target=lambda: list(trial(environ, lambda status, headers, exc_info=None: slow.append(status))))
    thread.start()
    time.sleep(0.1)
    quick = trial.test_client().post("/trial/add", data={"key": "meanwhile"})
    go.set()
    thread.join(timeout=10)
    assert (quick.status_code, slow) == (200, ["200 OK"])
    assert jobs(trial) == ["meanwhile", "after a slow upload"]


def test_an_endpoint_that_says_nothing_of_access_answers_nobody(trial: Any) -> None:
    answer = trial.test_client().get("/trial/open")
    assert answer.status_code == 500
    assert b"secret" not in answer.data


def test_a_unit_of_work_is_whole_or_nothing(any_app: Any) -> None:
    with any_app.app_context(), pytest.raises(ZeroDivisionError), unit_of_work():
        later("trial", key="half")
        raise ZeroDivisionError
    assert jobs(any_app) == []


def test_instants_come_back_aware_in_utc(any_app: Any) -> None:
    at = clock.real_now()
    with any_app.app_context():
        with unit_of_work() as session:
            session.add(Job(kind="x", args={}, key="zone", run_at=at, created_at=at))
        session.expire_all()
        assert session.scalars(sa.select(Job.run_at)).one() == at


def test_every_table_has_named_constraints() -> None:
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            assert constraint.name, f"{table.name}: {constraint}"
