"""What `make` does before anything is installed: it says what is missing, and leaves nothing half-made."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "tools"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """tools/environment.py as a script sees it, at work in a folder of its own."""
    monkeypatch.syspath_prepend(str(TOOLS))
    import environment

    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    return environment


@pytest.fixture
def without_venv(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Debian, where venv and ensurepip are a package of their own."""
    known = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ensurepip" else known(name))


@pytest.mark.parametrize(("sudo", "command"), [
    ("/usr/bin/sudo", "sudo apt-get install --yes python3-venv"),
    (None, "su -c 'apt-get install --yes python3-venv'"),
])
def test_who_may_not_use_apt_reads_one_command_and_nothing_is_made(
    tools: Any, without_venv: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sudo: str | None, command: str
) -> None:
    monkeypatch.setattr(tools.sys, "executable", "/usr/bin/python3")
    monkeypatch.setattr(tools.debian, "has_apt", lambda: True)
    monkeypatch.setattr(tools.debian, "install", lambda *packages: False)
    monkeypatch.setattr(tools.debian.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(tools.debian.shutil, "which", lambda name: sudo)
    with pytest.raises(SystemExit) as said:
        tools.make_environment()
    assert str(said.value).splitlines()[1:] == [f"  {command}"]
    assert list(tmp_path.iterdir()) == []


def test_an_environment_that_cannot_be_finished_is_removed(
    tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(command: list[str], **_: Any) -> Any:
        Path(command[-1]).mkdir()
        raise KeyboardInterrupt

    monkeypatch.setattr(tools.subprocess, "run", half)
    with pytest.raises(KeyboardInterrupt):
        tools.make_environment()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_changed_is_installed_again(tools: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".venv").mkdir()
    monkeypatch.setattr(tools, "ROOT", tmp_path)
    lock = tmp_path / "requirements" / "run.txt"
    lock.parent.mkdir()
    lock.write_text("flask==1")
    tools.stamp("run").write_text(tools.digest("run"))
    assert tools.is_up_to_date("run")
    lock.write_text("flask==2")
    assert not tools.is_up_to_date("run")


def test_a_taken_port_is_told_before_anything_is_done() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run([sys.executable, TOOLS / "environment.py", "port", str(port)], capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr == f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}\n"


def test_a_database_that_does_not_answer_is_told_in_one_sentence(tmp_path: Path) -> None:
    from matchmaker import create_app
    from tests.conftest import settings_for

    site = create_app(settings_for("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path))
    for command in ("prepare", "migrate"):
        done = site.test_cli_runner().invoke(args=[command])
        assert done.exit_code == 1
        assert done.output.startswith("Error: The database did not answer: ") and "Traceback" not in done.output
