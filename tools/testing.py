"""Runs every test: finds or installs a browser, Chinese fonts and PostgreSQL, starts what is missing, stops it again.

Usage: testing.py [pytest arguments]. What could not be had is said before and left out by its marker
(``browser``, ``postgres``). Runs with the Python of .venv.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

import debian

ROOT = Path(__file__).resolve().parent.parent
USUAL_SERVER = "postgresql://postgres@127.0.0.1:5432/postgres"
WORKERS = 2
LIBRARY_OF_THE_DRIVER = "libatomic1"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome",
             "/Applications/Chromium.app/Contents/MacOS/Chromium",
             "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, _end)  # so that what was started is stopped then too
    left_out: dict[str, str] = {}
    install_what_is_missing()
    environment = dict(os.environ, PYTHONUNBUFFERED="1", OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    # Else each worker, and each process that a test starts, compiles everything it imports once more.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    chromium = find_chromium()
    if chromium is None:
        left_out["browser"] = not_run("browser journeys", "there is no Chromium", "chromium")
    elif not driver_starts():
        left_out["browser"] = not_run("browser journeys", "Playwright's driver does not start", LIBRARY_OF_THE_DRIVER)
    else:
        environment["MATCHMAKER_TEST_CHROMIUM"] = chromium
    with postgres() as url:
        if url is None:
            reason = "no server answers and none could be started"
            left_out["postgres"] = not_run("tests on PostgreSQL", reason, "postgresql")
        else:
            environment["MATCHMAKER_TEST_PG"] = url.replace("postgresql://", "postgresql+psycopg://", 1)
        command = [sys.executable, "-m", "pytest", "-n", str(WORKERS), "--dist", "worksteal", "--durations", "20"]
        if left_out:
            command += ["-m", " and ".join(f"not {marker}" for marker in left_out)]
        print(*left_out.values(), sep="", end="", flush=True)
        code = subprocess.run([*command, *arguments], cwd=ROOT, env=environment).returncode
        print(*left_out.values(), sep="", end="", flush=True)  # again, where it is read: after minutes of dots
        return code


def not_run(what: str, because: str, package: str) -> str:
    """The line that says what is left out, why, and which command brings it."""
    return f"NOT RUN: {what}, because {because}{f'; {debian.command_for(package)}' if debian.has_apt() else ''}.\n"


def install_what_is_missing() -> None:
    """Install Debian's Chromium, CJK fonts and PostgreSQL where apt may be used; ask apt for nothing that is there."""
    if not debian.has_apt():
        return
    missing = []
    if find_chromium() is None:
        missing.append("chromium")
    if not has_chinese_font():
        missing.append("fonts-noto-cjk")
    if not answers(wanted_server()) and server_programs() is None:
        missing.append("postgresql")
    if not driver_starts():
        missing.append(LIBRARY_OF_THE_DRIVER)
    for package in missing:  # one by one: a package that cannot be had does not keep the others away
        debian.install(package)


def find_chromium() -> str | None:
    return next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


def driver_starts() -> bool:
    """Whether the Node.js that Playwright brings runs here: the smallest Debian lacks a library of it."""
    return subprocess.run([sys.executable, "-m", "playwright", "--version"], capture_output=True).returncode == 0


def has_chinese_font() -> bool:
    """Whether pages are drawn with Chinese letters, not boxes; tests pass without, screenshots tell nothing then."""
    if debian.is_installed("fonts-noto-cjk"):
        return True
    if shutil.which("fc-list") is None:
        return False
    return bool(subprocess.run(["fc-list", ":lang=zh-cn"], capture_output=True, text=True).stdout.strip())


def wanted_server() -> str:
    """The server that was named, or the usual one. Databases of the tests' own names are made and dropped there."""
    named = os.environ.get("MATCHMAKER_TEST_PG", "")
    return named.replace("postgresql+psycopg://", "postgresql://", 1) or USUAL_SERVER


def answers(url: str) -> bool:
    """Whether a server is there that lets us in without a question and lets us make databases."""
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            may = connection.execute("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")
            return bool((may.fetchone() or [False])[0])
    except psycopg.Error:
        return False


@contextlib.contextmanager
def postgres() -> Iterator[str | None]:
    """The address of a PostgreSQL to use: one that answers, else one of our own while the tests run, else None."""
    if answers(wanted_server()):
        print(f"PostgreSQL: the one that answers on {wanted_server().split('@')[-1].split('/')[0]}")
        yield wanted_server()
        return
    programs = server_programs()
    if programs is None:
        yield None
        return
    with contextlib.ExitStack() as ending:
        try:
            url = ending.enter_context(own_cluster(programs))
            print("PostgreSQL: a cluster of our own in a temporary folder")
        except (OSError, subprocess.SubprocessError, psycopg.Error) as failed:
            print(f"PostgreSQL: a cluster of our own could not be started ({failed})")
            yield None
            return
        yield url


def server_programs() -> Path | None:
    """The folder with initdb and postgres: Debian keeps it off the PATH, one for each version."""
    debians = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: float(folder.parent.name))
    on_path = [Path(found).resolve().parent for name in ["initdb"] if (found := shutil.which(name))]
    return next((folder for folder in [*reversed(debians), *on_path]
                 if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


@contextlib.contextmanager
def own_cluster(programs: Path) -> Iterator[str]:
    """A cluster without durability on a free port, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="matchmaker-pg-", ignore_cleanup_errors=True) as folder:
        data = Path(folder) / "data"
        as_whom = unprivileged(folder)
        subprocess.run([programs / "initdb", "--pgdata", data, "--username=postgres", "--auth=trust", "--no-sync",
                        "--encoding=UTF8", "--locale=C"],
                       check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_whom)
        port = free_port()
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1",
             "-c", f"unix_socket_directories={folder}", "-c", "fsync=off", "-c", "synchronous_commit=off",
             "-c", "full_page_writes=off", "-c", "max_connections=200"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder, start_new_session=True, **as_whom)
        try:
            url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
            until = time.monotonic() + 30
            while not answers(url):
                if server.poll() is not None or time.monotonic() > until:
                    raise OSError("it did not come up")
                time.sleep(0.2)
            yield url
        finally:
            server.send_signal(signal.SIGINT)  # fast shutdown
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def unprivileged(folder: str) -> dict[str, Any]:
    """Root may not run PostgreSQL: as whom it runs then, and the folder becomes theirs."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            them = pwd.getpwnam(name)
            os.chown(folder, them.pw_uid, them.pw_gid)
            return {"user": them.pw_uid, "group": them.pw_gid, "extra_groups": []}
    raise OSError("there is no unprivileged user to run it as")


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def _end(_signal: int, _frame: Any) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
