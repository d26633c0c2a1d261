"""Real jobs under twenty kills: what stands at the end is what an undisturbed run leaves."""

from __future__ import annotations

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
from matchmaker.queue import Job, later
from tests.conftest import copy_to_postgres, drop_database, settings_for

JOBS = ("leads.release", "matching.nightly")
KILLS = 20
LEFT_OUT = {"job": None, "session_seen": None, "market_counter": None, "market_change": None}
"""Attempts, leases and instants of jobs are how it was carried, not what was done; so are marks of the market log."""
UNORDERED = {"audit_row"}
NUMBERS_OF_THE_TRAIL = {"seal", "sealed_at", "seal_number", "transaction_number", "facts", "object_id"}


def enqueue(app: Any, name: str) -> None:
    with app.app_context():
        with unit_of_work():
            later("timetable", key=f"{name}:killed", name=name)
        db.engine.dispose()


def run(app: Any, url: str, folder: Path, instant: datetime, kills: int, seed: int) -> tuple[int, float]:
    """Carry the jobs in a process that is killed ``kills`` times. Returns how many kills met work, and the seconds.

    One job after the other: while a dead worker's lease lasts another would take the next job first, and a list
    that is made before a lead is released rightly reads other track records than one made after it.
    """
    chance = random.Random(seed)
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.promises.killed_worker", url, str(folder), instant.isoformat()],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ, OMP_NUM_THREADS="1"),
        cwd=Path(__file__).parents[2])
    assert worker.stdin and worker.stdout
    assert worker.stdout.readline() == "ready\n"
    killed, started = 0, time.monotonic()
    for name in JOBS:
        enqueue(app, name)
        for _ in range(kills // len(JOBS)):
            worker.stdin.write("go\n")
            worker.stdin.flush()
            child = int(worker.stdout.readline())
            time.sleep(chance.uniform(0.02, 0.35))
            try:
                os.kill(child, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                pass
            assert worker.stdout.readline() == "ended\n"
        worker.stdin.write("go\n")
        worker.stdin.flush()
        worker.stdout.readline()
        assert worker.stdout.readline() == "ended\n"
    worker.communicate(timeout=20)  # closes both pipes
    return killed, time.monotonic() - started


def picture(url: str) -> dict[str, Any]:
    """Every table's rows in the order they were made, numbers replaced by places, so that skipped numbers do not count."""
    engine = sa.create_engine(**engine_options(url))
    rows: dict[str, list[dict[str, Any]]] = {}
    with engine.connect() as connection:
        for table in Base.metadata.tables.values():
            if table.name not in LEFT_OUT:
                rows[table.name] = [dict(row) for row in connection.execute(
                    sa.select(table).order_by(table.c.id)).mappings()]
        states = connection.execute(sa.select(Job.__table__.c.key, Job.__table__.c.state)).all()
    engine.dispose()
    place = {name: {row["id"]: number for number, row in enumerate(found)} for name, found in rows.items()}
    result: dict[str, Any] = {"job": sorted((key, state) for key, state in states if key and key.endswith(":killed"))}
    for name, found in rows.items():
        table = Base.metadata.tables[name]
        texts = []
        for row in found:
            for column in table.columns:
                for key in column.foreign_keys:
                    if row[column.name] is not None and key.column.table.name in place:
                        row[column.name] = place[key.column.table.name][row[column.name]]
            row["id"] = None if name in UNORDERED else place[name][row["id"]]
            if name in UNORDERED:
                row = {column: value for column, value in row.items() if column not in NUMBERS_OF_THE_TRAIL}
            texts.append(repr(sorted(row.items(), key=lambda pair: pair[0])))
        result[name] = Counter(texts) if name in UNORDERED else texts
    return result


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
        _, seconds = run(undisturbed, urls[0], tmp_path, instant, kills=0, seed=0)
        killed, _ = run(disturbed, urls[1], tmp_path, instant, kills=KILLS, seed=7)
        wanted, found = picture(urls[0]), picture(urls[1])
        assert killed >= KILLS // 2, f"only {killed} of {KILLS} kills met work (undisturbed {seconds:.1f} s)"
        for name in wanted:
            assert found[name] == wanted[name], name
        assert {state for _, state in wanted["job"]} == {"done"}
        assert any(state for state in wanted["lead"] if "released" in state)
    finally:
        if engine == "postgres":
            for url in urls:
                drop_database(url)


def latest_instant() -> datetime:
    """The last thing that happened in the town: a fixed time for both runs."""
    from matchmaker.leads.models import LeadStep

    return db.session.scalar(sa.select(sa.func.max(LeadStep.at))) or clock.real_now()
