"""Every process that answers or works keeps the demo town's time, not only the one that built it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from matchmaker import clock, queue, serving
from matchmaker.audit.services import record
from matchmaker.db import unit_of_work

BEHIND = timedelta(hours=5)


@pytest.fixture
def asleep(app: Any) -> Iterator[None]:
    """A town that was built five hours behind, and a process that has just started."""
    with app.app_context(), unit_of_work():
        record(
            "demo.build", None, by=None, behind_seconds=int(BEHIND.total_seconds()),
            awake_at=clock.real_now().isoformat(),
        )  # fmt: skip
    clock.run_behind(timedelta(0))
    yield
    clock.run_behind(timedelta(0))


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_new_process_keeps_the_towns_time(
    app: Any, asleep: None, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    seen: list[timedelta] = []

    def look(*args: Any, **more: Any) -> None:
        seen.append(clock.real_now() - clock.now())

    monkeypatch.setattr(serving, "serve", look)
    monkeypatch.setattr(serving, "warm_in_background", lambda app: None)
    monkeypatch.setattr(queue, "work", look)
    answer = app.test_cli_runner().invoke(args=[command])
    assert answer.exception is None, answer.output
    assert abs(seen[0] - BEHIND) < timedelta(seconds=5)
