"""Real jobs under twenty kills: what stands at the end is what an undisturbed run leaves."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, create_app
from matchmaker.db import Base, db, engine_options, unit_of_work
from matchmaker.matching.change_log import SIDES
from matchmaker.queue import Job, later
from tests.conftest import copy_to_postgres, drop_database, settings_for

JOBS = ("leads.release", "matching.nightly")
KILLS = 20
HOW_IT_WAS_CARRIED = {"worker", "attempts", "lease_until", "run_at", "created_at", "finished_at"}
"""Of jobs: attempts, leases and instants of the real clock. What a job was and how far it came is compared."""
DRAWN = {"job": HOW_IT_WAS_CARRIED, "market_counter": {"mark"}, "market_change": {"mark"},
         "audit_row": {"id", "transaction_number"}}
"""What no two runs share, by table; for marks and transactions ``picture`` says what it holds instead."""
NUMBERED = {"list_id": "shown_list"}
"""Facts of the trail that number a row of a table with another name: a killed transaction leaves a gap in numbers."""


def enqueue(app: Any, name: str) -> None:
    with app.app_context():
        with unit_of_work():
            later("timetable", key=f"{name}:killed", name=name)
        db.engine.dispose()


def run(app: Any, url: str, folder: Path, instant: datetime, kills: int, seed: int) -> int:
    """Carry the jobs in a process that is killed ``kills`` times. Returns how many kills met work.

    One job after the other: a list that is made before a lead is released rightly reads other track records than one
    made after it.
    """
    chance = random.Random(seed)
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.promises.killed_worker", url, str(folder), instant.isoformat()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"),
        cwd=Path(__file__).parents[2])
    assert worker.stdout and worker.stdout.readline() == "ready\n"
    carry(worker)  # what the town had left, so that no other job steps in front
    met = 0
    for name in JOBS:
        enqueue(app, name)
        for _ in range(kills // len(JOBS)):
            child = carry(worker, kill_after=chance.uniform(0, 0.3))
            met += end_lease_of(child, app)
        carry(worker)
    worker.communicate(timeout=60)  # closes both pipes
    return met


def carry(worker: subprocess.Popen[str], kill_after: float | None = None) -> int:
    """Let a child of the worker carry every job to its end, or be killed so many seconds after it has begun with one.

    Returns its number.
    """
    assert worker.stdin and worker.stdout
    worker.stdin.write("go\n")
    worker.stdin.flush()
    child = int(worker.stdout.readline())
    said = worker.stdout.readline()
    if kill_after is not None and said == "working\n":
        time.sleep(kill_after)
        with contextlib.suppress(ProcessLookupError):  # it had ended
            os.kill(child, signal.SIGKILL)
    while said != "ended\n":
        assert said == "working\n"
        said = worker.stdout.readline()
    return child


def end_lease_of(child: int, app: Any) -> bool:
    """Let the time pass that a dead child still holds its job for. Returns whether it held one: it died at work."""
    with app.app_context():
        with unit_of_work():
            ended = db.session.execute(
                sa.update(Job).where(Job.state == "running", Job.worker.startswith(f"{child}-"))
                .values(lease_until=clock.real_now() - timedelta(seconds=1)))
        db.engine.dispose()
    return bool(ended.rowcount)


def picture(url: str) -> dict[str, Any]:
    """Every table's rows in the order they were made, numbers replaced by places, so that skipped numbers do not count.

    What is drawn anew in each run (``DRAWN``) is left out. Rows of the trail have no order, but those that one
    transaction wrote stand together (on SQLite, which numbers none, all do).
    """
    engine = sa.create_engine(**engine_options(url))
    with engine.connect() as connection:
        rows = {table.name: [dict(row) for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings()]
                for table in Base.metadata.tables.values()}
    engine.dispose()
    places = {name: {row["id"]: number for number, row in enumerate(found)} for name, found in rows.items()}
    check_marks(rows["market_counter"], rows["market_change"])
    transactions: dict[int | None, list[str]] = {}
    result: dict[str, Any] = {}
    for name, found in rows.items():
        texts = [text_of(row, name, places) for row in found]
        if name == "audit_row":
            for row, text in zip(found, texts, strict=True):
                transactions.setdefault(row["transaction_number"], []).append(text)
            result[name] = Counter(tuple(sorted(together)) for together in transactions.values())
        else:
            result[name] = sorted(texts) if name == "job" else texts
    return result


def text_of(row: dict[str, Any], name: str, places: dict[str, dict[int, int]]) -> str:
    """A row without what is drawn anew, the numbers of other rows as their places."""
    def place(table: str, number: Any) -> Any:
        return places[table].get(number, number) if table in places else number

    owners = {column.name: key.column.table.name for column in Base.metadata.tables[name].columns
              for key in column.foreign_keys}
    said = {column: place(owners.get(column, ""), value) for column, value in row.items()} | {"id": place(name, row["id"])}
    if name == "audit_row":
        said["object_id"] = place(row["object_kind"], row["object_id"])
        said["facts"] = {fact: place(NUMBERED.get(fact, fact.removesuffix("_id")), value) if fact.endswith("_id") else value
                         for fact, value in sorted(row["facts"].items())}
    if name == "market_change":
        said["ref_id"] = place(row["kind"], row["ref_id"])  # a kind of change is named as its table; 0 is everything
    return repr(sorted((column, value) for column, value in said.items() if column not in DRAWN.get(name, ())))


def check_marks(counters: list[dict[str, Any]], changes: list[dict[str, Any]]) -> None:
    """Marks of the market are random, so two runs have others; within one, each count has its own, the newest the
    counter's."""
    for counter in counters:
        side = [change for change in changes if change["kind"] in SIDES[counter["id"]]]
        marks = {change["number"]: change["mark"] for change in side}
        assert all(marks[change["number"]] == change["mark"] for change in side)
        assert len(set(marks.values())) == len(marks)
        assert (max(marks), marks[max(marks)]) == (counter["number"], counter["mark"])


@pytest.mark.long
@pytest.mark.parametrize("engine", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_twenty_kills_change_nothing(engine: str, town_file: Path, tmp_path: Path) -> None:
    urls = []
    for which in ("undisturbed", "killed"):
        if engine == "sqlite":
            shutil.copy(town_file, tmp_path / f"{which}.db")
            urls.append(f"sqlite:///{tmp_path / which}.db")
        else:
            urls.append(copy_to_postgres(town_file))
    try:
        undisturbed, disturbed = (create_app(settings_for(url, tmp_path)) for url in urls)
        with undisturbed.app_context():
            instant = latest_instant() + timedelta(days=4)
            db.engine.dispose()
        run(undisturbed, urls[0], tmp_path, instant, kills=0, seed=0)
        met = run(disturbed, urls[1], tmp_path, instant, kills=KILLS, seed=7)
        wanted, found = picture(urls[0]), picture(urls[1])
        assert met >= KILLS // 2, f"only {met} of {KILLS} kills met work"
        for name in wanted:
            assert found[name] == wanted[name], name
        assert all("('state', 'done')" in job for job in wanted["job"] if ":killed'" in job)
        assert any(state for state in wanted["lead"] if "released" in state)
    finally:
        if engine == "postgres":
            for url in urls:
                drop_database(url)


def latest_instant() -> datetime:
    """The last thing that happened in the town: a fixed time for both runs."""
    from matchmaker.leads.models import LeadStep

    return db.session.scalar(sa.select(sa.func.max(LeadStep.at))) or clock.real_now()
