"""What the tests of signing in share: typing into forms, and reading the letters that would have left."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from matchmaker.db import unit_of_work
from matchmaker.notifications.jobs import deliver_messages


@pytest.fixture
def post() -> Callable[..., Any]:
    """Open a page, take its token, and post what is typed there, as a browser with scripts off does."""

    def fill_in(client: Any, path: str, opened: str | None = None, **typed: Any) -> Any:
        page = client.get(opened or path).get_data(as_text=True)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token, f"no form on {opened or path}"
        return client.post(path, data={"csrf_token": token.group(1), "form_key": "k", **typed})

    return fill_in


@pytest.fixture
def letters(app: Any) -> Callable[[], list[dict[str, Any]]]:
    """Send what waits and read all that has left so far, oldest first."""
    return lambda: letters_of(app)


def letters_of(app: Any) -> list[dict[str, Any]]:
    """As the fixture, for any app."""
    from matchmaker import clock

    use_the_file(app)
    with app.app_context():
        deliver_messages(clock.real_now())
    file = Path(app.config["SETTINGS"].instance_folder) / "outbox.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def use_the_file(app: Any) -> None:
    """Let letters be written to a file instead of the terminal."""
    import dataclasses

    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], mail_channel="file")


def code_in(letter: dict[str, Any]) -> str:
    """The six digits of a letter."""
    found = re.search(r"\b(\d{6})\b", letter["text"])
    assert found, letter
    return found.group(1)


@pytest.fixture
def make(app: Any) -> Callable[..., Any]:
    """Build things in one committed transaction: `make(an_owner)`, `make(lambda: …)`."""

    def build(function: Callable[..., Any], *args: Any, **values: Any) -> Any:
        with app.app_context(), unit_of_work():
            return function(*args, **values)

    return build
