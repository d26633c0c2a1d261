"""Engine, session, base table and the transaction rule: one deed is one transaction, and nobody else commits."""

from __future__ import annotations

import contextlib
import inspect
import json
import re
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar

import flask_sqlalchemy_lite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column

from matchmaker.keeping import Kept
from matchmaker.refusal import plain

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def holding(words: str, *columns: Any, number: Any = None) -> sa.ColumnElement[bool]:
    """Whether each of ``words`` stands in one of the columns, or is the number in ``number`` (without words: yes)."""
    return sa.and_(sa.true(), *(_holds(word, columns, number) for word in words.split()))


def _holds(word: str, columns: tuple[Any, ...], number: Any) -> sa.ColumnElement[bool]:
    ways = [column.icontains(word, autoescape=True) for column in columns]
    digits = word.lstrip("#").removesuffix("号")
    if number is not None and digits.isascii() and digits.isdigit() and len(digits) < 10:
        ways.append(number == int(digits))
    return sa.or_(sa.false(), *ways)


def says(text: str, words: str) -> bool:
    """The same of a text in memory: whether each of ``words`` stands in it, whatever the case."""
    return all(word in text.lower() for word in words.lower().split())


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware instant. Stored in UTC; SQLite forgets zones and this gives them back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ScaledDecimal(sa.types.TypeDecorator[Decimal]):
    """An exact decimal kept as a whole number of its smallest unit, so that both engines compare and add alike.

    A value with more places than ``scale`` is refused rather than rounded in silence.
    """

    impl = sa.BigInteger
    cache_ok = True

    def __init__(self, scale: int) -> None:
        super().__init__()
        self.scale = scale

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> int | None:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.scale)
        whole = scaled.to_integral_value(rounding=ROUND_HALF_UP)
        if whole != scaled:
            raise ValueError(f"{value} has more than {self.scale} decimal places")
        return int(whole)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.scale)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        return self


class _Json(sa.types.TypeDecorator[Any]):
    """JSON of plain values; Decimals, dates and instants inside are written as text."""

    impl = sa.JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        return None if value is None else plain(value)


Yuan = ScaledDecimal(2)
"""Money in yuan, two places."""
Percent = ScaledDecimal(6)
"""A rate or share in percent, six places."""
JsonList = _Json()
JsonDict = _Json()


class Base(DeclarativeBase):
    """Every table: an integer key, named constraints, exact types."""

    metadata = sa.MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: sa.Text(),
        datetime: UtcDateTime(),
        Decimal: Yuan,
        list: JsonList,
        dict: JsonDict,
    }

    @declared_attr.directive
    def __tablename__(cls) -> str:
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()

    id: Mapped[int] = mapped_column(primary_key=True)

    kept: ClassVar[Kept]
    """What of it is about people, for how long, and what deletion does: every table says so (tests/privacy)."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.__dict__.get('id')}>"


class Versioned:
    """A contended row: whoever saves an older copy gets a conflict instead of overwriting."""

    row_version: Mapped[int] = mapped_column(default=1)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.row_version}


class Observation:
    """Marks an append-only table of things that were seen or tried, written apart from the deed (see ``observe``)."""


class SQLAlchemy(flask_sqlalchemy_lite.SQLAlchemy):
    metadata = Base.metadata

    def init_app(self, app: Any) -> None:
        """Attach to ``app``, without the closing of async sessions: we have none, and Flask would start an event loop
        for it at the end of every request (and fail where one is running, as beside a browser in a test)."""
        super().init_app(app)
        app.teardown_appcontext_funcs[:] = [
            ending for ending in app.teardown_appcontext_funcs if not inspect.iscoroutinefunction(ending)
        ]


db = SQLAlchemy(session_options={"expire_on_commit": False})


def engine_options(url: str) -> dict[str, Any]:
    """What create_engine is told for this database."""
    options: dict[str, Any] = {"url": url, "json_serializer": lambda value: json.dumps(value, ensure_ascii=False)}
    if url.startswith("postgresql"):
        options |= {"pool_size": 5, "max_overflow": 10, "pool_pre_ping": True}
    return options


@event.listens_for(sa.Engine, "connect")
def _prepare_connection(dbapi_connection: Any, _record: Any) -> None:
    if type(dbapi_connection).__module__.startswith("sqlite3"):
        dbapi_connection.isolation_level = None  # we say BEGIN ourselves: the driver's own loses updates
        for pragma in ("journal_mode=WAL", "busy_timeout=10000", "synchronous=NORMAL", "foreign_keys=ON"):
            dbapi_connection.execute(f"PRAGMA {pragma}")


@event.listens_for(sa.Engine, "begin")
def _begin(connection: sa.Connection) -> None:
    if connection.dialect.name == "sqlite":
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


GIVE_WAY_SECONDS = 0.01
"""How long a job waits between two units of work: SQLite's lock has no queue, and people go first."""
_unwritten: ContextVar[list[Any] | None] = ContextVar("observations not yet written", default=None)
fence: ContextVar[Callable[[Session], None] | None] = ContextVar("fence of the running job", default=None)
"""Called inside every unit of work of a job: raises when another worker has taken the job over."""


def begin_read(session: Session | None = None) -> None:
    """Start a transaction that will be undone at its end: a page shows, it does not do."""
    session = session or db.session
    session.rollback()
    session.connection()


def begin_write(session: Session | None = None) -> None:
    """Start the one write transaction of a deed, as the session's first use.

    On SQLite the write lock is taken at once (BEGIN IMMEDIATE): a deferred transaction that reads and then
    writes either loses updates or fails without waiting.
    """
    session = session or db.session
    session.rollback()
    session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


@contextlib.contextmanager
def unit_of_work() -> Iterator[Session]:
    """One write transaction for a job, a command or a test: kept whole, or undone whole.

    Observations made inside are written afterwards, whether the deed was kept or undone.
    """
    session = db.session
    with observing() as seen:
        begin_write(session)
        try:
            if (check := fence.get()) is not None:
                check(session)
            yield session
            session.flush()
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            write_observations(seen)
            if fence.get() is not None:
                time.sleep(GIVE_WAY_SECONDS)


@contextlib.contextmanager
def observing() -> Iterator[list[Any]]:
    """Collect the observations made inside; the caller writes them with ``write_observations``."""
    seen: list[Any] = []
    token = _unwritten.set(seen)
    try:
        yield seen
    finally:
        _unwritten.reset(token)


def observe(row: Any) -> None:
    """Note an observation row (data read, sign-in tried): it is kept even when the deed is undone."""
    if not isinstance(row, Observation):
        raise TypeError(f"{type(row).__name__} is not an observation table")
    seen = _unwritten.get()
    if seen is None:
        raise RuntimeError("observe() outside a request or a unit of work")
    seen.append(row)


def write_observations(rows: list[Any]) -> None:
    """Write collected observations in one short transaction of their own, and forget them."""
    if not rows:
        return
    with Session(db.engine, expire_on_commit=False) as session:
        begin_write(session)
        session.add_all(rows)
        session.commit()
    rows.clear()
