"""Fixtures: an application on a fresh copy of a migrated database, on SQLite and, where it answers, PostgreSQL."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from jinja2.bccache import Bucket, BytecodeCache

from matchmaker import create_app
from matchmaker.settings import Settings

TOWN_SIZE = 150
pytest_plugins = ["tests.articles", "tests.journeys.measured"]
PG_URL = os.environ.get("MATCHMAKER_TEST_PG", "")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, so that no worker waits for it at the end; all that needs a browser stays together,
    so that one worker starts one."""
    items.sort(key=lambda item: 0 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("long") else 2)


class CompiledTemplates(BytecodeCache):
    """Templates compiled once per process, not once per test application."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()


def make_app(settings: Settings) -> Any:
    """The site for a test."""
    app = create_app(settings)
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    return app


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
    from matchmaker.commands import upgrade_database
    from matchmaker.db import unit_of_work
    from matchmaker.reference.services import load_reference

    upgrade_database(app.config["SETTINGS"].database_url)
    with unit_of_work():
        load_reference()


_kept: dict[str, Any] = {}
"""One application of each kind per process: making one costs more than most tests."""


@contextlib.contextmanager
def borrowed(kind: str, url: str, folder: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The application of that kind with its settings as new; a test marked ``own_app`` gets one of its own, or shares
    one with those that are marked with the same name."""
    own = request.node.get_closest_marker("own_app")
    if own and not own.args:
        app = make_app(settings_for(url, folder))
    else:
        kind = " ".join([kind, *own.args]) if own else kind
        if kind not in _kept:
            _kept[kind] = make_app(settings_for(url, folder))
        app = _kept[kind]
    before = dict(app.config)
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], instance_folder=str(folder))
    try:
        yield app
    finally:
        app.config.clear()
        app.config.update(before)
        with app.app_context():
            from matchmaker.db import db

            db.engine.dispose()


def fresh_copy(of: Path) -> Path:
    """``of`` copied over this process's own file of that name."""
    file = of.with_name(f"{of.stem}-in-use.db")
    for old in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
        old.unlink(missing_ok=True)
    shutil.copy(of, file)
    return file


def file_of(app: Any) -> Path:
    """The SQLite file that the site stands on."""
    return Path(app.config["SETTINGS"].database_url.removeprefix("sqlite:///"))


@pytest.fixture
def app(empty_sqlite: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The site on a fresh copy of the empty database (SQLite)."""
    file = fresh_copy(empty_sqlite)
    with borrowed("sqlite", f"sqlite:///{file}", tmp_path, request) as app:
        yield app


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
def town(town_file: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The site on a fresh copy of the small demo town."""
    file = fresh_copy(town_file)
    with borrowed("town", f"sqlite:///{file}", town_file.parent, request) as app:
        yield app


REMEMBER = """
CREATE SCHEMA kept;
CREATE TABLE kept.first (name text PRIMARY KEY, print bigint NOT NULL, number text, next bigint);
CREATE FUNCTION kept.print_of(name text) RETURNS bigint LANGUAGE plpgsql AS $$
  DECLARE found bigint;
  BEGIN
    EXECUTE format('SELECT count(*) + coalesce(sum(hashtext(t::text)::bigint), 0) FROM public.%I t', name) INTO found;
    RETURN found;
  END $$;
CREATE PROCEDURE kept.remember() LANGUAGE plpgsql AS $$
  DECLARE name text; number text; next bigint;
  BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
      EXECUTE format('CREATE TABLE kept.%I AS TABLE public.%I', 'rows_of_' || name, name);
      number := NULL; next := NULL;
      IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = format('public.%I', name)::regclass AND attname = 'id') THEN
        number := pg_get_serial_sequence(format('public.%I', name), 'id');
        IF number IS NOT NULL THEN EXECUTE format('SELECT nextval(%L)', number) INTO next; END IF;
      END IF;
      INSERT INTO kept.first VALUES (name, kept.print_of(name), number, next);
    END LOOP;
  END $$;
CREATE PROCEDURE kept.restore() LANGUAGE plpgsql AS $$
  DECLARE each record;
  BEGIN
    FOR each IN SELECT * FROM kept.first LOOP
      IF kept.print_of(each.name) <> each.print THEN
        EXECUTE format('DELETE FROM public.%I', each.name);
        EXECUTE format('INSERT INTO public.%I SELECT * FROM kept.%I', each.name, 'rows_of_' || each.name);
      END IF;
      IF each.number IS NOT NULL THEN PERFORM setval(each.number, each.next, false); END IF;
    END LOOP;
  END $$;
CALL kept.remember();
"""
"""Kept inside the database itself: a new database for each test costs two seconds, this a few hundredths of one."""


@pytest.fixture(scope="session")
def empty_postgres() -> Iterator[str]:
    """The name of this process's migrated PostgreSQL database; `make_empty_again` before each use."""
    if not PG_URL:
        pytest.fail("no PostgreSQL: set MATCHMAKER_TEST_PG, or run `make test`, which starts one")
    name = f"mm_test_{uuid.uuid4().hex[:10]}"
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        create_database(connection, name)
    url = database_url(name)
    app = create_app(settings_for(url, Path("/tmp")))
    with app.app_context():
        from matchmaker.db import db

        prepare_schema(app)
        with db.engine.begin() as connection:
            connection.exec_driver_sql(REMEMBER.replace("%", "%%"))
        db.engine.dispose()
    yield name
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.dispose()


def make_empty_again(name: str) -> None:
    """Every row and number of that database as after the migrations; whoever is still connected is sent away."""
    engine = sa.create_engine(database_url(name), poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")
        connection.exec_driver_sql("SET session_replication_role = replica")  # products and versions name each other
        connection.exec_driver_sql("CALL kept.restore()")


def create_database(connection: sa.Connection, name: str) -> None:
    """A database whose commits do not wait for the disk: a test kills our processes, never the server."""
    connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    connection.exec_driver_sql(f'ALTER DATABASE "{name}" SET synchronous_commit TO off')


def database_url(name: str) -> str:
    return sa.make_url(PG_URL).set(database=name).render_as_string(hide_password=False)


def copy_to_postgres(file: Path) -> str:
    """The address of a new PostgreSQL database with every row of a SQLite file; end it with `drop_database`."""
    from matchmaker.db import Base, engine_options

    name = f"mm_copy_{uuid.uuid4().hex[:10]}"
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        create_database(connection, name)
    admin.dispose()
    url = database_url(name)
    source, target = (sa.create_engine(**engine_options(each)) for each in (f"sqlite:///{file}", url))
    Base.metadata.create_all(target)
    with source.connect() as old, target.begin() as new:
        new.exec_driver_sql("SET session_replication_role = replica")  # products and versions name each other
        for table in Base.metadata.sorted_tables:
            found = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            if found:
                new.execute(sa.insert(table), found)
                new.exec_driver_sql(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), "
                                    f"(SELECT max(id) FROM {table.name}))")
    source.dispose()
    target.dispose()
    return url


def drop_database(url: str) -> None:
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{sa.make_url(url).database}" WITH (FORCE)')
    admin.dispose()


@pytest.fixture(scope="session")
def postgres_town(town_file: Path) -> Iterator[Any]:
    """The site on the small demo town in PostgreSQL; for reading."""
    if not PG_URL:
        pytest.fail("no PostgreSQL: set MATCHMAKER_TEST_PG, or run `make test`, which starts one")
    url = copy_to_postgres(town_file)
    app = make_app(settings_for(url, town_file.parent))
    try:
        yield app
    finally:
        with app.app_context():
            from matchmaker.db import db

            db.engine.dispose()
        drop_database(url)


@pytest.fixture
def postgres_app(empty_postgres: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The site on the database as after the migrations (PostgreSQL); another process has another database."""
    make_empty_again(empty_postgres)
    with borrowed("postgres", database_url(empty_postgres), tmp_path, request) as app:
        yield app


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def any_app(request: pytest.FixtureRequest) -> Any:
    """The site on each engine in turn; for services, races and kills."""
    return request.getfixturevalue("app" if request.param == "sqlite" else "postgres_app")


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()
