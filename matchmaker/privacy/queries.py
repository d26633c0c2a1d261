"""Reads over every table by its declaration: what is about somebody, what is over its time, the table of retention."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.db import Base, db, holding
from matchmaker.documents.models import Document
from matchmaker.keeping import KINDS, NIGHTLY, Kept, Without
from matchmaker.reference import regions

# Observation tables and the like carry plain numbers instead of foreign keys; their names say what they number.
_PLAIN = {"person_id": "person", "business_id": "business", "need_id": "need", "lead_id": "lead"}


def tables() -> tuple[type[Base], ...]:
    """Every mapped class, those that others depend on first."""
    return tuple(_by_name(len(Base.metadata.tables)).values())


def class_of(table_name: str) -> type[Base]:
    """The class of a table."""
    return _by_name(len(Base.metadata.tables))[table_name]


@cache
def _by_name(_number: int) -> dict[str, type[Base]]:
    """The classes by their tables, in order of dependence; worked out anew where the number of tables has changed."""
    classes = {mapper.local_table: mapper.class_ for mapper in Base.registry.mappers}
    return {table.name: classes[table] for table in Base.metadata.sorted_tables if table in classes}


def parent_of(cls: type[Base]) -> type[Base] | None:
    """The class that the rows of ``cls`` belong to by their declaration; itself for people and businesses."""
    name = cls.kept.of
    if name is None:
        return None
    if name == "id":
        return cls
    column = cls.__table__.columns[name]
    for key in column.foreign_keys:
        return class_of(key.column.table.name)
    return class_of(_PLAIN[name])


def belonging(cls: type[Base], person_id: int, business_ids: Iterable[int]) -> sa.ColumnElement[bool] | None:
    """The condition of the rows of ``cls`` that are about this person or one of these businesses; None: none are."""
    parent = parent_of(cls)
    if parent is None:
        return None
    column: Any = getattr(cls, cls.kept.of or "id")
    if parent is Person:
        return column == person_id  # type: ignore[no-any-return]
    if parent is Business:
        return column.in_(list(business_ids))  # type: ignore[no-any-return]
    above = belonging(parent, person_id, business_ids)
    return None if above is None else column.in_(sa.select(parent.id).where(above))


def businesses_alone(person_id: int) -> list[Business]:
    """The businesses for which a person acts and nobody else does: rejected claims of others do not count."""
    mine = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing != "rejected"
    )
    others = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id != person_id, BusinessMember.standing != "rejected"
    )
    return list(
        db.session.scalars(
            sa.select(Business).where(Business.id.in_(mine), Business.id.not_in(others)).order_by(Business.id)
        )
    )


def businesses_spoken_for(person_id: int) -> list[int]:
    """The businesses whose data a person may download: those they are proven for, or that are theirs alone."""
    proven = db.session.scalars(
        sa.select(BusinessMember.business_id).where(
            BusinessMember.person_id == person_id, BusinessMember.standing.in_(("checked", "confirmed_outside"))
        )
    )
    return sorted({*proven, *(business.id for business in businesses_alone(person_id))})


def businesses_by_id(business_ids: Iterable[int]) -> list[Business]:
    """Businesses with their figures, titles and lines, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Business)
            .where(Business.id.in_(list(business_ids)))
            .options(
                selectinload(Business.figures), selectinload(Business.titles), selectinload(Business.credit_lines)
            )
            .order_by(Business.id)
        )
    )


MOST_PLACES = 200
"""As many divisions are looked at for one name."""


def businesses_of_region(prefix: str, words: str = "") -> sa.Select[Business]:
    """All businesses, the newest first; of a division by the beginning of its code.

    ``words``: the name or pinyin of a division, or the number of a business; never of what is masked.
    """
    query = sa.select(Business).where(Business.uscc.not_like("CLOSED%"))
    if prefix:
        areas = regions.prefixes_leading_to(prefix)
        query = query.where(sa.or_(*(Business.region_code.startswith(area, autoescape=True) for area in areas)))
    if words:
        found = (place.code for place in regions.search(words, MOST_PLACES))
        places = [code for place in found for code in regions.prefixes_leading_to(place)]
        query = query.where(sa.or_(holding(words, number=Business.id), Business.region_code.in_(places)))
    return query.order_by(Business.id.desc())


def business_with_people(business_id: int) -> Business | None:
    """A business with those who act for it; not one whose account is closed."""
    return db.session.scalar(
        sa.select(Business)
        .where(Business.id == business_id, Business.uscc.not_like("CLOSED%"))
        .options(selectinload(Business.members).joinedload(BusinessMember.person))
    )


def papers_of(person_id: int) -> list[Document]:
    """The papers a person has sent whose content is still there, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Document)
            .where(Document.uploaded_by_id == person_id, Document.deleted_at.is_(None))
            .order_by(Document.id)
        )
    )


def rows_about(cls: type[Base], person_id: int, business_ids: Iterable[int]) -> list[dict[str, Any]]:
    """What one table holds about somebody, column by column, without what is never handed out.

    The words of another side (``Kept.withheld``) are left out, unless the row says that both read them.
    """
    kept = cls.kept
    rows: dict[int, dict[str, Any]] = {}
    for name, share in kept.also.items():
        of_mine: Any = getattr(cls, name)
        rows |= _copied(cls, of_mine == person_id, share.withheld)
    condition = belonging(cls, person_id, business_ids)
    if condition is not None:
        rows |= _copied(cls, condition, kept.withheld, kept.unless)
    return [rows[number] for number in sorted(rows)]


def _copied(
    cls: type[Base], condition: sa.ColumnElement[bool], withheld: Iterable[str], unless: str = ""
) -> dict[int, dict[str, Any]]:
    """Number of a row -> what of it is handed out."""
    withheld = set(withheld)
    columns = [column for column in cls.__table__.columns if column.name not in cls.kept.hidden]
    found = {}
    for row in db.session.execute(sa.select(*columns).where(condition)).mappings():
        shared = bool(unless and row[unless])
        found[row["id"]] = {name: value for name, value in row.items() if shared or name not in withheld}
    return found


@dataclass(frozen=True)
class LeftOut:
    """What is not in a copy of one's own data: the table, the columns (none: all of it), and the code of why."""

    table: str
    columns: tuple[str, ...]
    why: str


def left_out() -> list[LeftOut]:
    """What a copy does not hold of the tables about people, in the order of the tables."""
    found = []
    for cls in tables():
        kept, name = cls.kept, cls.__tablename__
        if kept.no_copy:
            found.append(LeftOut(name, (), kept.no_copy))
        elif kept.of is not None or kept.also:
            found += [LeftOut(name, kept.hidden, "secret")] if kept.hidden else []
            theirs = {*kept.withheld, *(column for share in kept.also.values() for column in share.withheld)}
            found += [LeftOut(name, tuple(sorted(theirs)), "given_to_others")] if theirs else []
    return found


def over_its_time(cls: type[Base], now: datetime, at_once: int) -> sa.Select[int] | None:
    """The numbers of the next rows of a table that are over their time and not yet deleted or erased."""
    kept = cls.kept
    if kept.days is None or kept.job != NIGHTLY:
        return None
    since: Any = getattr(cls, kept.since or "")
    query = sa.select(cls.id).where(since < now - timedelta(days=kept.days))
    if kept.erase:
        query = query.where(sa.or_(*(_not_erased(cls, name, to) for name, to in kept.erase.items())))
    return query.order_by(cls.id).limit(at_once)


def _not_erased(cls: type[Base], name: str, to: Any) -> sa.ColumnElement[bool]:
    column: Any = getattr(cls, name)
    if isinstance(to, Without):
        text = sa.cast(column, sa.Text)
        return sa.or_(*(text.contains(f'"{key}":', autoescape=True) for key in to.keys))
    if isinstance(to, (dict, list)):
        return sa.and_(column.is_not(None), sa.cast(column, sa.Text).not_in(("{}", "[]")))
    if to is None:
        return column.is_not(None)  # type: ignore[no-any-return]
    return sa.and_(column.is_not(None), column != to)


def people_to_close(now: datetime) -> list[int]:
    """Whose days of grace are over."""
    return list(
        db.session.scalars(
            sa.select(Person.id)
            .where(Person.closing_at <= now, Person.closed_at.is_(None))
            .order_by(Person.closing_at, Person.id)
        )
    )


@dataclass(frozen=True)
class KindKept:
    """One line of the table of retention: a kind of data with its tables."""

    kind: str
    tables: list[tuple[str, Kept]]

    @property
    def terms(self) -> list[tuple[int, str]]:
        """(days, what happens then), each once, the shortest first."""
        return sorted({(kept.days, kept.after_its_time) for _, kept in self.tables if kept.days is not None})

    @property
    def closings(self) -> list[str]:
        """What the closing of an account does to it: delete, erase, stay, each once."""
        found = {kept.closing for _, kept in self.tables if kept.of or kept.also or kept.closing != "stay"}
        return [deed for deed in ("delete", "erase", "stay") if deed in found]

    @property
    def reasons(self) -> list[str]:
        """Why something of it stays, each once."""
        return sorted({kept.why for _, kept in self.tables if kept.why})


def retention() -> list[KindKept]:
    """The table of retention as the declarations say it, in the order of the kinds."""
    found: dict[str, list[tuple[str, Kept]]] = {kind: [] for kind in KINDS}
    for cls in tables():
        found[cls.kept.kind].append((cls.__tablename__, cls.kept))
    return [KindKept(kind, sorted(lines, key=lambda line: line[0])) for kind, lines in found.items() if lines]
