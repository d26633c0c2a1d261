"""Journeys in a real browser: Debian's Chromium, the site on a port of its own, a copy of the small demo town."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from matchmaker.serving import serve_static_files

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": os.environ.get("MATCHMAKER_TEST_CHROMIUM", "/usr/bin/chromium"), "args": CHROMIUM_FLAGS}


@dataclass
class LiveSite:
    """A served site: its application and where it answers."""

    app: Any
    address: str


@pytest.fixture
def site(town: Any) -> Iterator[LiveSite]:
    """The small demo town, served."""
    serve_static_files(town)
    server = make_server("127.0.0.1", 0, town, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield LiveSite(town, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join(timeout=10)


@pytest.fixture
def base_url(site: LiveSite) -> str:
    return site.address


PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}


@pytest.fixture
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": PHONE, "locale": "zh-CN"}
