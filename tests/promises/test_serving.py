"""The server that `make run` starts: static files, a taken port, and how it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = """
import sys, time
from flask import Flask, url_for
from matchmaker import serving
from matchmaker.settings import Settings

app = Flask("site", static_folder=sys.argv[2], static_url_path="/static")
app.config["SETTINGS"] = Settings(threads=2, jobs_in_process=False)

@app.get("/")
def home():
    return url_for("static", filename="css/own.css")

@app.get("/slow")
def slow():
    print("at work", flush=True)
    time.sleep(1)
    return "done"

serving.warm_in_background = lambda app: None  # there is no database behind this site
serving.serve(app, "127.0.0.1", int(sys.argv[1]))
"""


def start(port: int, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SITE, str(port), str(folder)], cwd=ROOT, text=True,
                            env={**os.environ, "PYTHONPATH": str(ROOT)},
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


@pytest.fixture
def static(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "own.css").write_text("b{color:inherit}" * 100)
    (tmp_path / "css" / "own.css.gz").write_bytes(b"packed")
    (tmp_path.parent / "secret").write_text("not to be sent")
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@pytest.fixture
def site(static: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    running = start(port, static)
    assert running.stdout is not None
    assert f"http://127.0.0.1:{port}" in running.stdout.readline()
    yield running
    if running.poll() is None:
        running.kill()
    running.communicate()


def get(port: int, path: str, **headers: str) -> tuple[bytes, dict[str, str]]:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return answer.read(), {name.lower(): value for name, value in answer.headers.items()}


def test_static_files_are_sent_packed_where_taken(site: subprocess.Popen[str], port: int) -> None:
    plain, _ = get(port, "/static/css/own.css")
    packed, headers = get(port, "/static/css/own.css", **{"Accept-Encoding": "gzip"})
    assert (plain[:2], packed) == (b"b{", b"packed")
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert headers["x-content-type-options"] == "nosniff"


def test_an_address_with_its_contents_digest_is_kept_for_a_year(site: subprocess.Popen[str], port: int) -> None:
    address = get(port, "/")[0].decode()
    assert "?v=" in address
    assert "immutable" in get(port, address)[1]["cache-control"]
    assert "immutable" not in get(port, "/static/css/own.css")[1]["cache-control"]


@pytest.mark.parametrize("path", ["/static/../secret", "/static/%2e%2e/secret", "/static//etc/passwd", "/static/"])
def test_nothing_outside_the_folder_is_sent(site: subprocess.Popen[str], port: int, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        get(port, path)
    assert refused.value.code == 404
    refused.value.close()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_cleanly_when_told(site: subprocess.Popen[str], port: int, how: signal.Signals) -> None:
    site.send_signal(how)
    said, _ = site.communicate(timeout=20)
    assert site.returncode == 0
    assert "Traceback" not in said
    assert "Stopped" in said


def test_a_request_at_work_is_answered_before_the_end(site: subprocess.Popen[str], port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /slow HTTP/1.0\r\n\r\n")
        assert site.stdout is not None
        said = site.stdout.readline()
        while said.startswith("Task queue depth"):  # a busy machine: the server notes that a request waits
            said = site.stdout.readline()
        assert said == "at work\n"
        site.send_signal(signal.SIGINT)
        connection.settimeout(20)
        answer = b""
        while part := connection.recv(4096):
            answer += part
    site.communicate(timeout=20)
    assert site.returncode == 0
    assert answer.endswith(b"done")


def test_a_taken_port_is_said_in_one_sentence(site: subprocess.Popen[str], port: int, static: Path) -> None:
    second = start(port, static)
    said, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert said == f"Port {port} is taken by another program. Choose another: make run PORT={port + 1}\n"
