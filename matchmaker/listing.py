"""Lists: what each holds, column by column in words, and the same list as a file.

A view says ``@listed(LISTING)``; whatever it then hands to ``web.paginate`` is what ``?as=csv`` writes out: the same
address, so the same permission and the same filter, and columns read from the same rows, so the same sealing.
"""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker import clock
from matchmaker.db import Base, JsonList, Observation, observe
from matchmaker.keeping import Kept
from matchmaker.web import WholeList, actor, label

MOST_ROWS = 5_000
"""Rows of one file; who needs more narrows the list. Keeps a request short and a mistake small."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would compute (OWASP, CSV injection)."""


class ListTaken(Base, Observation):
    """A list with data about people left as a file: who took it, which list, how many rows, narrowed by what."""

    kept = Kept("looks", of="person_id", days=1095, since="at", why="evidence", harmless=("narrowed_by",))

    __table_args__ = (sa.Index("ix_list_taken_at", "at"),)

    at: Mapped[datetime]
    person_id: Mapped[int] = mapped_column(index=True)
    listing: Mapped[str]
    rows: Mapped[int]
    # The names of the filters, never what was typed into them: that may be somebody's name.
    narrowed_by: Mapped[list[str]] = mapped_column(JsonList)


@dataclass(frozen=True)
class Column:
    """One column: its name, what exactly stands in it, how it is read from a row, and the unit of its figures."""

    title: Any
    meaning: Any
    of: Callable[[Any], Any]
    unit: Any = ""


def as_they_are(rows: Sequence[Any]) -> Iterable[Any]:
    """The rows of the query are what the columns read."""
    return rows


class About(StrEnum):
    """Whom the rows of a list are about; it says what is written down when somebody reads it or takes it away."""

    NOBODY = "nobody"
    """Products, institutions, figures: nothing is written down."""
    SELF = "self"
    """The reader's own things: nothing is written down."""
    PEOPLE = "people"
    """People of institutions, or businesses without a name: each file is."""
    BUSINESSES = "businesses"
    """Businesses by name: each file is, and every row that names one, on the page too, is a look in its owner's log."""


@dataclass(frozen=True)
class Listing:
    """A list as it is declared.

    ``narrowed_by`` names the arguments of the address that narrow it, ``usually`` what they are where the address is
    silent. ``rows`` turns what the query found into what
    the columns read, with the looks that this means. ``about`` has no default, so that no list is written without the
    question being asked; tests/promises/test_looks.py holds the answer against what the list shows.
    """

    name: str
    title: Any
    columns: tuple[Column, ...]
    narrowed_by: tuple[str, ...]
    usually: Mapping[str, str] = field(default_factory=dict)
    rows: Callable[[Sequence[Any]], Iterable[Any]] = as_they_are
    most: int = MOST_ROWS
    about: About = field(kw_only=True)

    @property
    def is_written_down(self) -> bool:
        """Whether each file of it is: who took it, how many rows."""
        return self.about in (About.PEOPLE, About.BUSINESSES)

    def file(self, found: WholeList) -> Response:
        """The list as CSV that a spreadsheet opens: heads, rows, then what each column means."""
        text = io.StringIO()
        table = csv.writer(text)
        table.writerow([str(column.title) for column in self.columns])
        count = 0
        for row in self.rows(found.items):
            table.writerow([cell(column.of(row)) for column in self.columns])
            count += 1
        table.writerows([[], *self._said(found, count)])
        if self.is_written_down and (who := actor()) is not None:
            observe(ListTaken(at=clock.real_now(), person_id=who.id, listing=self.name, rows=count,
                              narrowed_by=[name for name, _value in self._narrowed()]))  # fmt: skip
        answer = Response("\ufeff" + text.getvalue(), mimetype="text/csv; charset=utf-8")
        name = f"{self.name}-{clock.today().isoformat()}.csv"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return answer

    def _said(self, found: WholeList, count: int) -> list[list[str]]:
        """The lines below the rows: which list, as of when, narrowed by what, whether whole, what the columns mean."""
        narrowed = "; ".join(f"{name} = {value}" for name, value in self._narrowed())
        whole = len(found.items) == found.total
        lines = [
            [_("名单"), str(self.title)],
            [_("截至"), cell(clock.now())],
            [_("筛选"), plain(narrowed) if narrowed else _("没有筛选")],
            [_("行数"), str(count)],
        ]
        if not whole:
            lines.append([_("没有写全"), _("一共 %(total)s 条，一份文件最多 %(most)s 条。先筛选，再分几份下载。",
                                       total=found.total, most=self.most)])  # fmt: skip
        return [*lines, [], [_("列"), _("单位"), _("是什么")],
                *([str(column.title), str(column.unit), str(column.meaning)] for column in self.columns)]  # fmt: skip

    def _narrowed(self) -> list[tuple[str, str]]:
        asked = ((name, request.args.get(name, self.usually.get(name, "")).strip()) for name in self.narrowed_by)
        return [(name, value) for name, value in asked if value]


def worded(group: str, read: Callable[[Any], Any]) -> Callable[[Any], str]:
    """The words of a code that ``read`` finds in a row, in the reader's language; "" where there is none."""

    def words(row: Any) -> str:
        code = read(row)
        return label(group, code) if code else ""

    return words


def cell(value: Any) -> str:
    """A value as a spreadsheet reads it: bare figures, dates as 2026-09-23, instants in Shanghai; no text computes."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("不是")
    if isinstance(value, (int, Decimal)):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(clock.SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return plain(str(value))


def plain(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text


def listed(listing: Listing) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The view shows this list: ``?as=csv`` answers with all that it would have shown page by page."""

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def shown(*args: Any, **kwargs: Any) -> Any:
            if request.args.get("as") != "csv":
                return view(*args, **kwargs)
            g.whole_list = listing.most
            try:
                return view(*args, **kwargs)
            except WholeList as found:
                return listing.file(found)

        shown.listing = listing  # type: ignore[attr-defined]
        return shown

    return decorate


def listing_at(endpoint: str) -> Listing | None:
    """What the view behind an endpoint lists; None where it lists nothing."""
    return getattr(current_app.view_functions.get(endpoint), "listing", None)


def init_app(app: Flask) -> None:
    """Let the pager of every list offer its file and say what its columns mean."""
    app.jinja_env.globals["listing_at"] = listing_at
