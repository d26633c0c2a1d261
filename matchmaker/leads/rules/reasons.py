"""Reason codes of a lead that ends without money: what can be repaired, by whom, and how long it takes.

Source: research of refusal categories (six groups, fifteen repairable kinds of 宿州) and the table "Reason
shown to the owner" of the visual language. Sentences stand in words.py; a bank's free text is never advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason


class Way(StrEnum):
    """What a reason means for the owner: repair it, wait, or go elsewhere."""

    REPAIR = "repair"
    WAIT = "wait"
    ELSEWHERE = "elsewhere"
    OWN = "own"


@dataclass(frozen=True)
class ReasonCode:
    """One code. `who` is the office or person that can repair it; `days` about how many working days that takes."""

    code: str
    side: str
    way: Way
    who: str | None = None
    days: int | None = None
    needs_attempts: bool = False


DECLINE_CODES: dict[str, ReasonCode] = {
    found.code: found
    for found in (
        ReasonCode("C01", "institution", Way.REPAIR, "bank", 10),
        ReasonCode("C02", "institution", Way.WAIT, "time"),
        ReasonCode("C03", "institution", Way.WAIT, "time", 66),
        ReasonCode("C04", "institution", Way.REPAIR, "partner", 20),
        ReasonCode("T01", "institution", Way.REPAIR, "tax", 3),
        ReasonCode("T02", "institution", Way.REPAIR, "tax", 15),
        ReasonCode("G01", "institution", Way.REPAIR, "market", 5),
        ReasonCode("G02", "institution", Way.REPAIR, "credit_china", 10),
        ReasonCode("G03", "institution", Way.REPAIR, "court", 20),
        ReasonCode("B01", "institution", Way.WAIT, "time"),
        ReasonCode("B02", "institution", Way.ELSEWHERE, "owner"),
        ReasonCode("B03", "institution", Way.ELSEWHERE, "owner"),
        ReasonCode("B04", "institution", Way.REPAIR, "owner", 3),
        ReasonCode("D01", "institution", Way.REPAIR, "guarantor", 10),
        ReasonCode("I01", "institution", Way.ELSEWHERE),
        ReasonCode("P01", "institution", Way.REPAIR, "owner", 2),
        ReasonCode("M01", "institution", Way.REPAIR, "owner", 3),
        ReasonCode("X01", "institution", Way.ELSEWHERE),
        ReasonCode("X02", "institution", Way.REPAIR, "owner", 1, needs_attempts=True),
    )
}
"""Why an institution declines. X01 also counts against how fresh its listing is."""

OWNER_CODES: dict[str, ReasonCode] = {
    found.code: found
    for found in (
        ReasonCode("E01", "owner", Way.OWN),
        ReasonCode("E02", "owner", Way.OWN),
        ReasonCode("E03", "owner", Way.OWN),
        ReasonCode("E04", "owner", Way.OWN),
        ReasonCode("E05", "owner", Way.OWN),
    )
}
"""Why an owner gives up or turns an offer down."""

CODES: dict[str, ReasonCode] = {**DECLINE_CODES, **OWNER_CODES}

RULES_BEHIND: dict[str, tuple[str, ...]] = {
    "B01": ("months_in_business",),
    "B02": ("turnover",),
    "B03": ("debt_ratio",),
    "D01": ("security",),
    "I01": ("industry",),
    "P01": ("purpose",),
    "T02": ("tax_grade",),
    "X01": ("service_area", "decision_limit"),
}
"""The eligibility rules that a reason is about: what the product wrote it asks for stands beside the refusal (look,
page 07). The other reasons rest on what only the institution saw."""

MOST_DECLINE_CODES = 3
"""More reasons than three tell the owner nothing about what to do first."""

ATTEMPTS_BEFORE_X02 = 3
HOURS_BEFORE_X02 = 2
APART_BEFORE_X02 = timedelta(hours=1)
"""X02 (could not reach you): three tries at two different hours of the day (research/china.md 3.10), the last at least
an hour after the first (our number: 10:59 and 11:00 are two hours of the clock and one try)."""


def tone(code: str) -> str:
    """The tone of the tag: `you` for what the owner can repair, `soon` for waiting or another institution."""
    return "you" if CODES[code].way is Way.REPAIR else "soon"


def repairable(codes: Iterable[str]) -> bool:
    """Whether at least one of these reasons can be repaired."""
    return any(CODES[code].way is Way.REPAIR for code in codes if code in CODES)


def tried_enough(tries: Sequence[datetime]) -> bool:
    """Whether the owner was tried often enough to say that nobody could reach them. `tries`: instants, oldest first."""
    hours = {at.astimezone(SHANGHAI).hour for at in tries}
    return (
        len(tries) >= ATTEMPTS_BEFORE_X02
        and len(hours) >= HOURS_BEFORE_X02
        and max(tries) - min(tries) >= APART_BEFORE_X02
    )


def decline_refusal(codes: list[str], tries: Sequence[datetime]) -> Reason | None:
    """Why an institution may not decline with these codes, or None.

    `tries` are the logged tries to reach the owner, since the owner last chose hours.
    Codes: `lead_decline_needs_code`, `lead_decline_code_unknown`, `lead_decline_too_many_codes`,
    `lead_decline_needs_attempts`.
    """
    if not codes:
        return Reason("lead_decline_needs_code")
    unknown = [code for code in codes if code not in DECLINE_CODES]
    if unknown:
        return Reason("lead_decline_code_unknown", {"reason_code": unknown[0]})
    if len(codes) > MOST_DECLINE_CODES or len(set(codes)) != len(codes):
        return Reason("lead_decline_too_many_codes", {"most": MOST_DECLINE_CODES})
    if any(DECLINE_CODES[code].needs_attempts for code in codes) and not tried_enough(tries):
        return Reason(
            "lead_decline_needs_attempts",
            {"tried": len(tries), "attempts": ATTEMPTS_BEFORE_X02, "hours": HOURS_BEFORE_X02},
        )
    return None
