"""The virtual environment .venv with exactly what the lock files name. Usage: environment.py run|test|lint …, or
environment.py port NUMBER, which only looks whether the port is free.

It runs on a bare Python 3.11+ before anything is installed, so it uses the standard library alone. A second run
compares one stamp per lock file and is done.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import debian

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(groups: list[str]) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036, that is what is asked here
        sys.exit(f"Python 3.11 or newer is needed; {sys.executable} is {sys.version.split()[0]}.")
    if groups[0] == "port":
        port_must_be_free(groups[1])
        return
    make_environment()
    install([group for group in groups if not is_up_to_date(group)])


def make_environment() -> None:
    """Make .venv when there is none that works. Leaves none behind when it cannot be finished."""
    if works():
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        install_venv_module()
    shutil.rmtree(VENV, ignore_errors=True)
    print("Making the virtual environment .venv …", flush=True)
    try:
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], stdout=subprocess.PIPE, text=True)
        if made.returncode or not works():
            sys.exit(f"The virtual environment could not be made. {made.stdout.strip()}")
    except BaseException:
        shutil.rmtree(VENV, ignore_errors=True)
        raise


def works() -> bool:
    """Whether .venv has a Python that starts, is new enough and has pip."""
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    return PYTHON.exists() and subprocess.run([str(PYTHON), "-c", check], capture_output=True).returncode == 0


def install_venv_module() -> None:
    """Debian keeps venv and ensurepip in a package of their own: install it, or end with the one command."""
    package = "python3-venv" if sys.executable == "/usr/bin/python3" else f"python3.{sys.version_info[1]}-venv"
    if debian.install(package):
        return
    if debian.has_apt():
        sys.exit(f"This Python has no venv module. One command installs it, then run make again:\n"
                 f"  {debian.command_for(package)}")
    sys.exit(f"{sys.executable} has no venv module with ensurepip. Use another Python: make run PYTHON=…")


def install(groups: list[str]) -> None:
    """Install the lock files of these groups, every file checked against its hash."""
    if not groups:
        return
    started = time.monotonic()
    print(f"Installing what requirements/ names to {' and to '.join(groups)} (a minute or two) …", flush=True)
    # Without compiling: half of what is installed is never imported, and the rest is compiled when it is.
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-compile", "--no-input",
               "--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
    for group in groups:
        command += ["--requirement", str(lock_file(group))]
    if subprocess.run(command).returncode:
        sys.exit("The installation stopped. Is the package index reachable? Running make again goes on from here.")
    for group in groups:
        stamp(group).write_text(digest(group))
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)


def is_up_to_date(group: str) -> bool:
    return stamp(group).is_file() and stamp(group).read_text() == digest(group)


def lock_file(group: str) -> Path:
    return ROOT / "requirements" / f"{group}.txt"


def stamp(group: str) -> Path:
    """Kept inside .venv, so that a new environment has none."""
    return VENV / f"installed-{group}"


def digest(group: str) -> str:
    return hashlib.sha256(lock_file(group).read_bytes()).hexdigest()


def port_must_be_free(text: str) -> None:
    """Say so at once when another program answers there, before anything slow is done."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT={text} is no port number; take one from 1024 to 65535.")
    port = int(text)
    with socket.socket() as asked:
        asked.settimeout(1)
        if asked.connect_ex(("127.0.0.1", port)) == 0:
            sys.exit(f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit("Interrupted; running make again goes on from here.")
