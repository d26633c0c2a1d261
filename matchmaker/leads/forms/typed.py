"""What the forms of a lead have in common: each text is read by its reader, each refusal stands at its field."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.businesses.typed import read_day, read_text
from matchmaker.leads.words import LABELS
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Refused
from matchmaker.web import ReadForm

LONGEST_NOTE = 500


def labelled(group: str, codes: Iterable[Any]) -> list[SelectChoice]:
    """Codes with their words as choices."""
    return [SelectChoice(str(code), LABELS[group][str(code)]) for code in codes]


def read_number(text: str | None, field: str, *, places: int, least: Decimal | None = None) -> Decimal:
    """A plain number. Raises Refused ``number_missing``, ``not_a_number`` or ``lead_number_too_fine`` at ``field``."""
    typed = unicodedata.normalize("NFKC", text or "").strip().rstrip("%").replace(",", "").replace(" ", "")
    if not typed:
        raise Refused("number_missing", field, 422)
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", typed, re.ASCII):
        raise Refused("not_a_number", field, 422)
    try:
        value = Decimal(typed)
    except InvalidOperation:
        raise Refused("not_a_number", field, 422) from None
    if value != round(value, places):
        raise Refused("lead_number_too_fine", field, 422, places=places)
    if least is not None and value < least:
        raise Refused("not_a_number", field, 422)
    return value


def read_moment(day: str | None, at: str | None, day_field: str, time_field: str) -> datetime:
    """An instant in Shanghai from a date and a time field. Raises Refused at the field that is wrong."""
    on = read_day(day, day_field)
    assert on is not None
    match = re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)", unicodedata.normalize("NFKC", at or "").strip())
    if match is None:
        raise Refused("lead_time_unreadable", time_field, 422)
    return datetime.combine(on, time(int(match[1]), int(match[2])), SHANGHAI)


class TypedForm(ReadForm):
    """A form of a lead.

    On a page with several forms all but the posted one are made with ``formdata=None``: they show their defaults.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        is_fresh = "formdata" in kwargs and kwargs["formdata"] is None
        super().__init__(*args, **kwargs)
        self.is_posted = bool(self.is_submitted()) and not is_fresh

    def read_note(
        self, name: str, *, required: bool = False, longest: int = LONGEST_NOTE, for_owner: bool = False
    ) -> str:
        """A text field, tidied; one that the institution writes ``for_owner`` makes no banned promise."""
        text = self.read(read_text, self._fields[name].data, name, required=required, longest=longest) or ""
        if for_owner:
            self.read(refuse_promises, **{name: text})
        return str(text)
