"""Fixtures: an application on a fresh copy of a migrated database, on SQLite and, where it answers, PostgreSQL."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import create_app
from matchmaker.db import Base
from matchmaker.settings import Settings

TOWN_SIZE = 150
pytest_plugins = ["tests.articles"]
PG_URL = os.environ.get("MATCHMAKER_TEST_PG", "")


def settings_for(url: str, folder: Path, **changes: Any) -> Settings:
    return Settings(**{"database_url": url, "secret_key": "x" * 40, "instance_folder": str(folder), "rate_limits": False,
                       "jobs_in_process": False, **changes})


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy from."""
    file = tmp_path_factory.mktemp("database") / "empty.db"
    app = create_app(settings_for(f"sqlite:///{file}", file.parent))
    with app.app_context():
        from matchmaker.db import db

        prepare_schema(app)
        db.engine.dispose()
    return file


def prepare_schema(app: Any) -> None:
    """The tables and the reference data, as on a new installation."""
    from matchmaker.db import db, unit_of_work

    Base.metadata.create_all(db.engine)
    try:
        from matchmaker.reference.services import load_reference
    except ImportError:
        return
    with unit_of_work():
        load_reference()


@pytest.fixture
def app(empty_sqlite: Path, tmp_path: Path) -> Iterator[Any]:
    """The site on a fresh copy of the empty database (SQLite)."""
    file = tmp_path / "test.db"
    shutil.copy(empty_sqlite, file)
    app = create_app(settings_for(f"sqlite:///{file}", tmp_path))
    app.testing = True
    yield app
    with app.app_context():
        from matchmaker.db import db

        db.engine.dispose()


@pytest.fixture(scope="session")
def town_file(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo town to copy from, written by the same simulator as the large one."""
    from matchmaker import demo

    file = tmp_path_factory.mktemp("town") / "town.db"
    shutil.copy(empty_sqlite, file)
    app = create_app(settings_for(f"sqlite:///{file}", file.parent))
    with app.app_context():
        from matchmaker.db import db

        demo.build(size=TOWN_SIZE)
        db.engine.dispose()
    return file


@pytest.fixture
def town(town_file: Path, tmp_path: Path) -> Iterator[Any]:
    """The site on a fresh copy of the small demo town."""
    file = tmp_path / "town.db"
    shutil.copy(town_file, file)
    app = create_app(settings_for(f"sqlite:///{file}", town_file.parent))
    app.testing = True
    yield app
    with app.app_context():
        from matchmaker.db import db

        db.engine.dispose()


@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[str]:
    """The name of a migrated, empty PostgreSQL database to copy from."""
    if not PG_URL:
        pytest.fail("no PostgreSQL: set MATCHMAKER_TEST_PG, or run `make test`, which starts one")
    name = f"mm_template_{uuid.uuid4().hex[:10]}"
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    url = database_url(name)
    app = create_app(settings_for(url, Path("/tmp")))
    with app.app_context():
        from matchmaker.db import db

        prepare_schema(app)
        db.engine.dispose()
    yield name
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.dispose()


def database_url(name: str) -> str:
    return sa.make_url(PG_URL).set(database=name).render_as_string(hide_password=False)


@pytest.fixture
def postgres_app(empty_postgres: str, tmp_path: Path) -> Iterator[Any]:
    """The site on a fresh copy of the empty database (PostgreSQL)."""
    name = f"mm_test_{uuid.uuid4().hex[:10]}"
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{empty_postgres}"')
    app = create_app(settings_for(database_url(name), tmp_path))
    app.testing = True
    yield app
    with app.app_context():
        from matchmaker.db import db

        db.engine.dispose()
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_app(request: pytest.FixtureRequest) -> Any:
    """The site on each engine in turn; for services, races and kills."""
    return request.getfixturevalue("app" if request.param == "sqlite" else "postgres_app")


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()
