"""Reads what was typed into forms: sums in 万元 or yuan, counts, days; answers values or a reason, never guesses."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from matchmaker.businesses.rules import MOST_EMPLOYEES, MOST_YUAN, tidy
from matchmaker.reference.rules.sums import narrow, read_sum
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


def read_text(text: str | None, field: str, *, required: bool = True, longest: int = 120) -> str:
    """The text without odd blanks. Raises ``text_missing``, ``text_placeholder``, ``text_too_long`` at ``field``."""
    found = tidy(text or "")
    if not found:
        if required:
            raise Refused("text_missing", field=field, status=422)
        return ""
    if required and is_placeholder(found):
        raise Refused("text_placeholder", field=field, status=422, typed=found[:40])
    if len(found) > longest:
        raise Refused("text_too_long", field=field, status=422, longest=longest, n=len(found))
    return found


def read_yuan(
    text: str | None, field: str, unit: str = "wan", *, required: bool = False, below_zero: bool = False
) -> Decimal | None:
    """A sum in yuan as ``reference.rules.sums`` reads it, within what a business may have.

    None when nothing was typed and nothing is required. Raises ``number_missing``, ``not_a_number``,
    ``below_zero``, ``too_large``, ``too_fine`` (finer than a fen) at ``field``.
    """
    if not narrow(text):
        if required:
            raise Refused("number_missing", field=field, status=422)
        return None
    amount = read_sum(text, unit)
    if amount is None:
        raise Refused("not_a_number", field=field, status=422)
    if amount < 0 and not below_zero:
        raise Refused("below_zero", field=field, status=422)
    if abs(amount) > MOST_YUAN:
        raise Refused("too_large", field=field, status=422, most_yuan=MOST_YUAN)
    if amount != amount.quantize(Decimal("0.01")):
        raise Refused("too_fine", field=field, status=422)
    return amount.quantize(Decimal("0.01"))


def read_count(text: str | None, field: str, *, required: bool = False) -> int | None:
    """A number of persons. Raises ``number_missing``, ``not_a_whole_number``, ``too_many`` at ``field``."""
    typed = narrow(text).replace(",", "").replace(" ", "").removesuffix("人")
    if not typed:
        if required:
            raise Refused("number_missing", field=field, status=422)
        return None
    if not re.fullmatch(r"\d{1,9}", typed, re.ASCII):
        raise Refused("not_a_whole_number", field=field, status=422)
    if int(typed) > MOST_EMPLOYEES:
        raise Refused("too_many", field=field, status=422)
    return int(typed)


def read_day(text: str | None, field: str, *, required: bool = True) -> date | None:
    """A day from "2024-05-06", "2024/5/6", "2024年5月6日". Raises ``day_missing``, ``not_a_day`` at ``field``."""
    typed = narrow(text)
    if not typed:
        if required:
            raise Refused("day_missing", field=field, status=422)
        return None
    match = _DAY.fullmatch(typed)
    try:
        if match is None:
            raise ValueError
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise Refused("not_a_day", field=field, status=422) from None


def read_code(text: str | None, field: str, known: tuple[str, ...], *, required: bool = True) -> str | None:
    """One of the ``known`` codes. Raises ``choice_missing``, ``choice_unknown`` at ``field``."""
    typed = (text or "").strip()
    if not typed:
        if required:
            raise Refused("choice_missing", field=field, status=422)
        return None
    if typed not in known:
        raise Refused("choice_unknown", field=field, status=422)
    return typed
