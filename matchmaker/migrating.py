"""Migrations from inside: where they are, and how a database is brought up or emptied."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.config import Config

from matchmaker.settings import ROOT


def alembic_config(url: str) -> Config:
    """Alembic's configuration for the database at ``url``."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["url"] = url
    return config


def empty_database(url: str) -> None:
    """Drop every table of ours, and Alembic's note of where it stands."""
    from matchmaker.db import Base, engine_options

    engine = sa.create_engine(**engine_options(url))
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "sqlite":
                # beside SQLAlchemy, which would begin first: within a transaction the pragma does nothing
                connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
            with connection.begin():
                Base.metadata.drop_all(connection)
                connection.exec_driver_sql("DROP TABLE IF EXISTS alembic_version")
    finally:
        engine.dispose()
