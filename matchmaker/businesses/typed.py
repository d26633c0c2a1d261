"""Reads what was typed into forms: sums in 万元 or yuan, counts, days; answers values or a reason, never guesses."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal, InvalidOperation

from matchmaker.businesses.rules import MOST_EMPLOYEES, MOST_YUAN, tidy
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused

_UNITS = {"wan": Decimal(10_000), "yuan": Decimal(1)}
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


def _narrow(text: str | None) -> str:
    return unicodedata.normalize("NFKC", text or "").strip()


def read_text(text: str | None, field: str, *, required: bool = True, longest: int = 120) -> str:
    """The text without odd blanks. Raises ``text_missing``, ``text_placeholder``, ``text_too_long`` at ``field``."""
    found = tidy(text or "")
    if not found:
        if required:
            raise Refused("text_missing", field=field, status=422)
        return ""
    if required and is_placeholder(found):
        raise Refused("text_placeholder", field=field, status=422, typed=found)
    if len(found) > longest:
        raise Refused("text_too_long", field=field, status=422, longest=longest, n=len(found))
    return found


def read_yuan(
    text: str | None, field: str, unit: str = "wan", *, required: bool = False, below_zero: bool = False
) -> Decimal | None:
    """A sum in yuan from "30", "1,000", "３０万元", "300000元"; ``unit`` is what a bare number means.

    None when nothing was typed and nothing is required. Raises ``number_missing``, ``not_a_number``,
    ``below_zero``, ``too_large``, ``too_fine`` (finer than a fen) at ``field``.
    """
    typed = _narrow(text).replace(",", "").replace(" ", "").replace("¥", "")
    if not typed:
        if required:
            raise Refused("number_missing", field=field, status=422)
        return None
    for ending, meant in (("万元", "wan"), ("万", "wan"), ("元", "yuan")):
        if typed.endswith(ending):
            typed, unit = typed.removesuffix(ending), meant
            break
    if not re.fullmatch(r"-?\d{1,16}(\.\d{1,8})?", typed):
        raise Refused("not_a_number", field=field, status=422)
    try:
        amount = Decimal(typed) * _UNITS.get(unit, _UNITS["wan"])
    except InvalidOperation:
        raise Refused("not_a_number", field=field, status=422) from None
    if amount < 0 and not below_zero:
        raise Refused("below_zero", field=field, status=422)
    if abs(amount) > MOST_YUAN:
        raise Refused("too_large", field=field, status=422, most_yuan=MOST_YUAN)
    if amount != amount.quantize(Decimal("0.01")):
        raise Refused("too_fine", field=field, status=422)
    return amount.quantize(Decimal("0.01"))


def read_count(text: str | None, field: str, *, required: bool = False) -> int | None:
    """A number of persons. Raises ``number_missing``, ``not_a_whole_number``, ``too_many`` at ``field``."""
    typed = _narrow(text).replace(",", "").replace(" ", "").removesuffix("人")
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
    typed = _narrow(text)
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


def shown_sum(amount: Decimal | None, unit: str) -> str:
    """A stored sum as the form shows it for editing, in its unit: 300000 → "30" (万元)."""
    if amount is None:
        return ""
    return format((amount / _UNITS[unit]).normalize(), "f")
