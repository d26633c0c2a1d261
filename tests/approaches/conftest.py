"""One application for all tests of this folder, a fresh database for each: compiled pages and statements are kept."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matchmaker import create_app
from matchmaker.db import db
from tests.conftest import settings_for


@pytest.fixture(scope="session")
def warm_app(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The site over a database file that each test replaces."""
    folder = tmp_path_factory.mktemp("approaches")
    app = create_app(settings_for(f"sqlite:///{folder / 'test.db'}", folder))
    app.testing = True
    return app


@pytest.fixture
def app(warm_app: Any, empty_sqlite: Path) -> Iterator[Any]:
    """The site on a fresh copy of the empty database (SQLite)."""
    file = Path(warm_app.config["SETTINGS"].database_url.removeprefix("sqlite:///"))
    with warm_app.app_context():
        db.engine.dispose()
    for ending in ("-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
    shutil.copy(empty_sqlite, file)
    yield warm_app
    with warm_app.app_context():
        db.engine.dispose()
