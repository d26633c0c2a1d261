"""Lists by pages, found by words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import g, request

from matchmaker.db import db

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: list[Item]
    number: int
    pages: int
    total: int
    per_page: int

    @property
    def first(self) -> int:
        """The place of the first item shown, from 1; 0 when there is none."""
        return (self.number - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1 if self.items else 0


def typed_words(name: str = "q", most: int = 40) -> str:
    """What somebody typed to find something by, on one line."""
    return " ".join(request.args.get(name, "").split())[:most]


class WholeList(Exception):
    """A list was asked for as a file: everything that would have been paged, carried out of the view (see listing)."""

    def __init__(self, items: list[Any], total: int) -> None:
        super().__init__()
        self.items = items
        self.total = total


def page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def paginate(query: sa.Select[Any], per_page: int = 20) -> Page[Any]:
    """The page of ``query`` (ordered) that ``?page=`` asks for; a page past the end is the last one.

    Raises WholeList where the list is asked for as a file.
    """
    total = count_rows(query)
    single = len(query.column_descriptions) == 1

    def read(part: sa.Select[Any]) -> list[Any]:
        rows = db.session.execute(part)
        return list(rows.scalars().unique() if single else rows)

    if most := g.get("whole_list"):
        raise WholeList(read(query.limit(most)), total)
    pages = max(1, math.ceil(total / per_page))
    number = min(page_number(), pages)
    items = read(query.limit(per_page).offset((number - 1) * per_page))
    return Page(items, number, pages, total, per_page)


def count_rows(query: sa.Select[Any]) -> int:
    """How many rows a query finds."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0


def paginate_items(items: Sequence[Item], per_page: int = 20) -> Page[Item]:
    """As ``paginate``, over a list that is already there."""
    if most := g.get("whole_list"):
        raise WholeList(list(items[:most]), len(items))
    pages = max(1, math.ceil(len(items) / per_page))
    number = min(page_number(), pages)
    return Page(list(items[(number - 1) * per_page:number * per_page]), number, pages, len(items), per_page)
