"""How long what is kept about people: a line beside every table says what for, how long, and what deletion does.

Plain declarations; `privacy` reads them: the page that prints them, the nightly deletion, the closing of an account,
the download of one's own data. A table without a declaration fails a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

NIGHTLY = "privacy.delete"
"""The entry of the timetable that deletes and erases what is over its time, unless another is named."""

KINDS: tuple[str, ...] = (
    "account", "security", "identity", "business", "needs", "matches", "consents", "leads", "loans", "looks", "trail",
    "messages", "work", "machinery", "public",
)  # fmt: skip
"""Kinds of data, in the order of the page; each has words there."""
PURPOSES_OF_STAYING: tuple[str, ...] = ("", "figures", "evidence", "law", "security")
"""Why something outlives the account, without who it was."""

NO_COPY: tuple[str, ...] = ("", "hashed", "given_to_others")
"""Why a table about people is in nobody's copy: only keyed hashes that name nobody; written by and for others."""


@dataclass(frozen=True)
class Without:
    """Erases these keys of a JSON object and leaves the others."""

    keys: tuple[str, ...]


@dataclass(frozen=True)
class Numbered:
    """Puts a text made of the row's own number in place of what must be unique: ``"CLOSED{:012d}"``."""

    form: str


@dataclass(frozen=True)
class YearOnly:
    """Leaves the first of January of a date's year."""


@dataclass(frozen=True)
class Now:
    """The instant of the erasure."""


def erased(value: Any, to: Any, number: int, at: datetime) -> Any:
    """What stands in a column of row ``number`` after the erasure of ``value``."""
    if isinstance(to, Without):
        return {name: item for name, item in (value or {}).items() if name not in to.keys}
    if isinstance(to, Numbered):
        return to.form.format(number)
    if isinstance(to, YearOnly):
        return date(value.year, 1, 1) if value is not None else None
    if isinstance(to, Now):
        return at
    return to if value is not None else None


@dataclass(frozen=True)
class Share:
    """What a row is to a further person whom one of its columns names.

    ``withheld`` is not in that person's copy; ``erase`` is what the closing of that person's account takes out of it.
    """

    withheld: tuple[str, ...] = ()
    erase: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """What one table keeps.

    ``of`` names the column through which a row belongs to somebody: it points to a person, a business, or a table
    that itself belongs to one. ``days`` after ``since`` a row is deleted, or only erased (``erase``: column -> what
    stands there afterwards). ``closing`` says what the closing of the account does: delete, erase or stay; ``why``
    names what the rest is needed for. ``harmless`` are columns that look personal by their name and are not.
    ``hidden`` columns are never handed out, not even to whom they are about (hashes, secrets). ``withheld`` columns
    are the words of another side and not in the copy, but for rows where ``unless`` is true. ``also`` names columns
    that point to a further person. ``no_copy`` says why a table about people is in nobody's copy (`NO_COPY`).
    """

    kind: str
    of: str | None = None
    days: int | None = None
    since: str | None = None
    closing: str = "stay"
    erase: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    job: str = NIGHTLY
    harmless: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    unless: str = ""
    also: Mapping[str, Share] = field(default_factory=dict)
    no_copy: str = ""

    @property
    def after_its_time(self) -> str:
        """What happens after ``days``: "erase" where columns to erase are named, else "delete"; "" without an end."""
        if self.days is None:
            return ""
        return "erase" if self.erase else "delete"


PUBLIC = Kept("public")
"""Nothing about a person: reference data, products, models."""


def work(*harmless: str) -> Kept:
    """What somebody did at work for an institution or the platform: their number stays, as evidence of the deed."""
    return Kept("work", why="evidence", harmless=harmless)
