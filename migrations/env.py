"""How Alembic runs our migrations: on SQLite so that a batch change of a parent table cannot empty its children."""

from importlib import import_module

import sqlalchemy as sa
from alembic import context

from matchmaker import MODELS
from matchmaker.db import Base, engine_options
from matchmaker.settings import load

for module in MODELS:
    import_module(module)


def run() -> None:
    """Run migrations in one transaction: all of them, or none (SQLite too, since we say BEGIN ourselves)."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        return guarded(connection)
    url = context.config.attributes.get("url") or load().database_url
    engine = sa.create_engine(**engine_options(url))
    try:
        with engine.connect() as connection:
            guarded(connection)
    finally:
        engine.dispose()


def guarded(connection: sa.Connection) -> None:
    is_sqlite = connection.dialect.name == "sqlite"
    if is_sqlite:
        # A batch migration drops and recreates the table; with keys on, ON DELETE CASCADE would empty the children.
        set_foreign_keys(connection, "OFF")
    context.configure(
        connection=connection,
        target_metadata=context.config.attributes.get("metadata", Base.metadata),
        render_as_batch=is_sqlite,
        transactional_ddl=True,
        compare_type=True,
        render_item=render_type,
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        context.run_migrations()
        if is_sqlite:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
            if broken:
                raise RuntimeError(f"a migration broke foreign keys: {broken[:5]}")
    if is_sqlite:
        set_foreign_keys(connection, "ON")


def set_foreign_keys(connection: sa.Connection, value: str) -> None:
    """Asked of the driver itself: inside a transaction, which SQLAlchemy would begin, SQLite ignores this pragma."""
    connection.connection.driver_connection.execute(f"PRAGMA foreign_keys={value}")


def render_type(kind: str, item: object, autogen: object) -> object:
    """Write our column types as what they are in the database, so that old migrations outlive our classes."""
    from matchmaker.db import ScaledDecimal, UtcDateTime, _Json

    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, ScaledDecimal):
        return "sa.BigInteger()"
    if kind == "type" and isinstance(item, _Json):
        return "sa.JSON()"
    return False


run()
