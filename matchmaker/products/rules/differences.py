"""What changed between two versions, field by field, so that the second person reads changes and not forms."""

from dataclasses import dataclass, fields
from typing import Any

from matchmaker.products.rules.fees import FEE_CODES, FeeLine
from matchmaker.products.rules.terms import Paper, Terms


@dataclass(frozen=True)
class Difference:
    """One readable change. For lists `added` and `removed` say it; otherwise `before` and `after`.

    `field` is the column; `part` narrows it: a fee code, a document code.
    """

    field: str
    before: Any = None
    after: Any = None
    part: str = ""
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


_APART = {"kind", "fees", "documents"}


def differences(before: Terms, after: Terms) -> list[Difference]:
    """All changes from `before` to `after` in the order of the form; empty when they say the same."""
    found = []
    for field in fields(Terms):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name in _APART or old == new:
            continue
        if isinstance(old, tuple):
            added = tuple(value for value in new if value not in old)
            removed = tuple(value for value in old if value not in new)
            if added or removed:
                found.append(Difference(field.name, added=added, removed=removed))
        else:
            found.append(Difference(field.name, old, new))
    return found + _papers(before.documents, after.documents) + _fees(before.fees, after.fees)


def _papers(before: tuple[Paper, ...], after: tuple[Paper, ...]) -> list[Difference]:
    old, new = {paper.code: paper for paper in before}, {paper.code: paper for paper in after}
    added = tuple(code for code in new if code not in old)
    removed = tuple(code for code in old if code not in new)
    found = [Difference("documents", added=added, removed=removed)] if added or removed else []
    return found + [
        Difference("document_reason", old[code].reason, new[code].reason, part=code)
        for code in new
        if code in old and old[code].reason != new[code].reason
    ]


def _fees(before: tuple[FeeLine, ...], after: tuple[FeeLine, ...]) -> list[Difference]:
    old, new = {line.code: line for line in before}, {line.code: line for line in after}
    return [
        Difference("fee", old.get(code), new.get(code), part=code)
        for code in FEE_CODES
        if old.get(code) != new.get(code)
    ]
