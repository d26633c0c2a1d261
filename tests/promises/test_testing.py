"""What `make test` could not run is said before the tests and again after them, and is left out by its marker."""

from __future__ import annotations

import contextlib
import importlib
import subprocess
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"


@pytest.fixture
def testing(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The tool, with nothing installed, nothing found and nothing run; `commands` holds what it would have run."""
    monkeypatch.syspath_prepend(str(TOOLS))
    tool = importlib.import_module("testing")
    commands: list[list[str]] = []

    def run(command: list[str], **_how: Any) -> Any:
        commands.append(command)
        print("the tests run")
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(tool, "install_what_is_missing", lambda: None)
    monkeypatch.setattr(tool, "find_chromium", lambda: None)
    monkeypatch.setattr(tool, "driver_starts", lambda: True)
    monkeypatch.setattr(tool, "postgres", lambda: contextlib.nullcontext(None))
    monkeypatch.setattr(tool.subprocess, "run", run)
    monkeypatch.setattr(tool.signal, "signal", lambda *_: None)
    tool.commands = commands
    return tool


def test_what_is_missing_is_said_before_and_after_and_left_out(testing: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert testing.main(["-x"]) == 3, "what pytest answers is what make sees"
    lines = capsys.readouterr().out.splitlines()
    missing = [line for line in lines if line.startswith("NOT RUN: ")]
    assert len(missing) == 4 and len(set(missing)) == 2
    assert lines[0].startswith("NOT RUN: browser journeys") and lines[-1].startswith("NOT RUN: tests on PostgreSQL")
    assert lines.index("the tests run") == 2
    assert testing.commands[-1][-3:] == ["-m", "not browser and not postgres", "-x"]


def test_nothing_is_said_where_everything_is_there(
    testing: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(testing, "find_chromium", lambda: "/usr/bin/chromium")
    monkeypatch.setattr(testing, "postgres", lambda: contextlib.nullcontext("postgresql://there"))
    assert testing.main([]) == 3 and "NOT RUN" not in capsys.readouterr().out
    assert "-m" not in testing.commands[-1][3:]
