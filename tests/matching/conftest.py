"""The example town, built once and copied for each test: publishing eight products takes longer than any page."""

from __future__ import annotations

import shutil
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.matching import asking, following
from tests.builders import an_owner
from tests.conftest import borrowed, fresh_copy, make_app, settings_for

from .builders import NOW, a_known_need, a_market


@pytest.fixture(scope="session")
def town_file(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    """A database with the example market and need, and the ids in it: products by name, owner, need."""
    file = tmp_path_factory.mktemp("town") / "town.db"
    shutil.copy(empty_sqlite, file)
    app = make_app(settings_for(f"sqlite:///{file}", file.parent))
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            market = a_market()
            owner = an_owner()
            need = a_known_need(owner)
            ids = {name: product.id for name, product in market.items()} | {"owner": owner.id, "need": need.id}
        db.engine.dispose()
    return file, ids


@pytest.fixture
def town_app(
    town_file: tuple[Path, dict[str, int]], tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """The site on a fresh copy of the town, which nobody follows in memory yet."""
    monkeypatch.setattr(following, "_markets", OrderedDict())
    monkeypatch.setattr(asking, "_asked", OrderedDict())
    file = fresh_copy(town_file[0])
    with borrowed("matching", f"sqlite:///{file}", tmp_path, request) as app:
        yield app
