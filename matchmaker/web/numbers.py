"""Whole numbers as forms and addresses carry them: of rows, of copies, of pages; never a sum.

At most nine digits, so that an integer of every engine holds them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def whole(text: Any) -> int | None:
    """The number that stands there; None for what is none, or a longer one."""
    typed = str(text or "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else None


def row_id(text: Any) -> int:
    """The number of a row; 0, which no row has, for what is none."""
    return whole(text) or 0


def row_ids(texts: Iterable[Any] | None) -> list[int]:
    """The rows that were ticked; 0 for what is no number, so that it is refused and not passed over."""
    return [row_id(text) for text in texts or ()]


def seen_version(text: Any) -> int:
    """The copy that the writer had before them; -1, older than any, for what is no number."""
    seen = whole(text)
    return -1 if seen is None else seen
