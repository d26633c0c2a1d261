"""A business "no" and a business "because", as codes with facts; sentences are made at the edge only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Reason:
    """Why a rule answered as it did.

    ``facts`` are plain values whose names end in their unit (``amount_yuan``, ``term_months``,
    ``due_at``), so that the edge can write them in the reader's language.
    """

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The row form, as stored in JSON columns: ``{"code": …, "facts": {…}}``, values as text where exact."""
        return {"code": self.code, "facts": {name: plain(value) for name, value in self.facts.items()}}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Reason:
        """The reason that ``as_json`` wrote (values stay plain text and numbers)."""
        return cls(stored["code"], dict(stored.get("facts") or {}))


class Refused(Exception):
    """A rule says no: nothing of the deed is kept.

    ``field`` names the form field that the refusal belongs to, ``status`` the HTTP status at the edge.
    What must leave a trace (a declined lead, a blocked decision) is a step, never a refusal. ``also`` holds what is
    wrong besides, so that a form tells everything at once.
    """

    also: tuple[Refused, ...] = ()

    def __init__(self, code: str, field: str | None = None, status: int = 409, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.field = field
        self.status = status
        self.facts = facts

    @property
    def reason(self) -> Reason:
        return Reason(self.code, self.facts)

    @classmethod
    def together(cls, refusals: Sequence[Refused]) -> Refused:
        """The first of several refusals, with the others beside it."""
        first, *others = refusals
        first.also = tuple(others)
        return first


AS_THEY_ARE = frozenset((str, int, float, bool, type(None)))
"""Kinds that JSON holds as they are."""


def plain(value: Any) -> Any:
    """``value`` as JSON can hold it without loss: Decimals, dates and instants as text."""
    kind = type(value)
    if kind in AS_THEY_ARE:  # nearly all that a night writes
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if kind is dict or isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value
