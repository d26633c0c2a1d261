"""The example town, built once and copied for each test: publishing eight products takes longer than any page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matchmaker import clock, create_app
from matchmaker.db import db, unit_of_work
from tests.builders import an_owner
from tests.conftest import settings_for

from .builders import NOW, a_known_need, a_market


@pytest.fixture(scope="session")
def town_file(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A database with the example market and need, and the ids in it: products by name, owner, need."""
    file = tmp_path_factory.mktemp("town") / "town.db"
    shutil.copy(empty_sqlite, file)
    app = create_app(settings_for(f"sqlite:///{file}", file.parent))
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            market = a_market()
            owner = an_owner()
            need = a_known_need(owner)
            ids = {name: product.id for name, product in market.items()} | {"owner": owner.id, "need": need.id}
        db.engine.dispose()
    return file, ids


@pytest.fixture
def town_app(town_file: tuple[Path, dict[str, int]], tmp_path: Path) -> Iterator[Any]:
    """The site on a fresh copy of the town."""
    file = tmp_path / "town.db"
    shutil.copy(town_file[0], file)
    app = create_app(settings_for(f"sqlite:///{file}", tmp_path))
    app.testing = True
    yield app
    with app.app_context():
        db.engine.dispose()
