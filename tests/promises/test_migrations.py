"""Migrations: up, nothing missing, down to nothing, up again; whole or not at all; numbered with one head."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from matchmaker.db import Base, engine_options
from matchmaker.migrating import alembic_config, empty_database
from tests.conftest import PG_URL, database_url

VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'migrated.db'}"
        return
    name = f"mm_migrations_{tmp_path.name.replace('-', '_')[:30].lower()}_{id(tmp_path) % 100000}"
    admin = sa.create_engine(PG_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    yield database_url(name)
    with admin.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    admin.dispose()


def differences(url: str) -> list[Any]:
    engine = sa.create_engine(**engine_options(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, Base.metadata)
    engine.dispose()
    return found


def tables(url: str) -> set[str]:
    engine = sa.create_engine(**engine_options(url))
    names = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return names


def test_up_check_down_up(url: str) -> None:
    config = alembic_config(url)
    command.upgrade(config, "head")
    assert differences(url) == []
    command.downgrade(config, "base")
    assert tables(url) == {"alembic_version"}
    command.upgrade(config, "head")
    assert tables(url) == set(Base.metadata.tables) | {"alembic_version"}


def test_migrations_are_numbered_with_one_head() -> None:
    files = sorted(VERSIONS.glob("*.py"))
    assert [file.name[:4] for file in files] == [f"{number:04d}" for number in range(1, len(files) + 1)]
    assert all(re.fullmatch(r"\d{4}_[a-z0-9_]+\.py", file.name) for file in files)
    script = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert script.get_heads() == [files[-1].name[:4]]


def test_a_town_whose_rows_point_at_each_other_is_emptied(town: Any) -> None:
    """`make demo` begins with this: products name their version, and versions their product."""
    url = town.config["SETTINGS"].database_url
    engine = sa.create_engine(**engine_options(url))
    with engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM product WHERE current_version_id IS NOT NULL")).scalar()
    engine.dispose()
    empty_database(url)
    assert tables(url) == set()
