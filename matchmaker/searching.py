"""Search: each subject declares what of it can be found, by whom, and by which of its own queries.

A subject hands in ``FINDABLE`` in its ``searches.py``. Every query is the one that its list uses, limited to the asker:
a search finds by what the list shows and no more. What is shown of a row is its number or name, as sealed as in the
list, and where it stands.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale

from matchmaker.db import db, says
from matchmaker.permissions import may
from matchmaker.web import LANGUAGES, Page, known_deeds, known_labels, paginate, paginate_items

FIRST = 5
"""How many of each kind are shown at once; the rest is one click away."""
MOST_COUNTED = 1_000
"""Counting stops here: a search answers at once however large the market is."""


@dataclass(frozen=True)
class Hit:
    """One thing that was found: what it is called, its page, a line about it, where it stands."""

    title: str
    url: str
    about: str = ""
    state: str = ""


@dataclass(frozen=True)
class Findable:
    """One kind of thing that can be found.

    ``permission``: who finds it (None: everybody). ``find(person, words)`` gives the query or the rows that this person
    may see, or None where there is nothing for them here. ``hits(rows)`` says what is shown of them, and observes the
    looks that the list would. ``narrowed(person, words)`` is the address of the list narrowed by the same words, where
    there is one that takes them; else what is found is read page by page in the search itself.
    """

    name: str
    title: Any
    permission: str | None
    find: Callable[[Any, str], sa.Select[Any] | Sequence[Any] | None]
    hits: Callable[[Sequence[Any]], list[Hit]]
    narrowed: Callable[[Any, str], str | None] = lambda _person, _words: None


@dataclass(frozen=True)
class Group:
    """What was found of one kind: the first few, and how many there are (``more``: at least)."""

    kind: Findable
    hits: list[Hit]
    count: int
    more: bool
    url: str | None


_kinds: list[Findable] = []


def learn(module: Any) -> None:
    """Take a subject's FINDABLE. Raises ValueError where a name is taken."""
    for kind in module.FINDABLE:
        known = next((one for one in _kinds if one.name == kind.name), None)
        if known is not None and known is not kind:
            raise ValueError(f"{kind.name} can be found twice")
        if known is None:
            _kinds.append(kind)


def kinds_for(person: Any) -> list[Findable]:
    """What somebody (None: a visitor) can look for, in the order of the subjects."""
    return [kind for kind in _kinds if kind.permission is None or may(person, kind.permission)]


def known_kinds() -> tuple[Findable, ...]:
    """Everything that can be found by anybody, for the tests."""
    return tuple(_kinds)


def search(person: Any, words: str) -> list[Group]:
    """What this person finds by ``words``, kind by kind, the first few of each; kinds with nothing are left out."""
    found = []
    for kind in kinds_for(person):
        there = kind.find(person, words)
        rows, count = ([], 0) if there is None else _first(there)
        if rows:
            more = count > MOST_COUNTED
            url = kind.narrowed(person, words)
            found.append(Group(kind, kind.hits(rows), min(count, MOST_COUNTED), more, url))
    return found


def page_of(kind: Findable, person: Any, words: str) -> Page[Hit]:
    """The page of one kind that ``?page=`` asks for."""
    there = kind.find(person, words)
    if there is None:
        return paginate_items([])
    page: Page[Any] = paginate(there) if isinstance(there, sa.Select) else paginate_items(there)
    return Page(kind.hits(page.items), page.number, page.pages, page.total, page.per_page)


def _first(there: sa.Select[Any] | Sequence[Any]) -> tuple[list[Any], int]:
    """The first rows, and how many there are, counted up to one more than MOST_COUNTED."""
    if not isinstance(there, sa.Select):
        return list(there[:FIRST]), len(there)
    answer = db.session.execute(there.limit(FIRST + 1))
    rows = list(answer.scalars().unique() if len(there.column_descriptions) == 1 else answer)
    if len(rows) <= FIRST:
        return rows, len(rows)
    counted = there.order_by(None).limit(MOST_COUNTED + 1).subquery()
    return rows[:FIRST], db.session.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def codes_saying(group: str, words: str) -> list[str]:
    """The codes of a group of labels whose words hold every one of these, in either language."""
    return _saying(known_labels(group), words)


def deeds_saying(words: str) -> list[str]:
    """The codes of the deeds of the trail whose words hold every one of these, in either language."""
    return _saying(known_deeds(), words)


def _saying(labels: Mapping[str, Any], words: str) -> list[str]:
    said: dict[str, str] = {}
    for language in LANGUAGES.values():
        with force_locale(language):
            for code, label in labels.items():
                said[code] = f"{said.get(code, '')} {label}"
    return [code for code, text in said.items() if words.strip() and says(text, words)]
