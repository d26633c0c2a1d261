"""What an institution says of a paper it was given: readable, accepted, or why it wants another one."""

from __future__ import annotations

from enum import StrEnum

from matchmaker.refusal import Reason


class Mark(StrEnum):
    """Where a paper stands that was sent with a lead."""

    RECEIVED = "received"
    READABLE = "readable"
    ACCEPTED = "accepted"
    REPLACE = "replace"


REPLACE_CODES: tuple[str, ...] = (
    "UNREADABLE", "CUT_OFF", "PAGES_MISSING", "OUT_OF_DATE", "WRONG_PAPER", "NAME_DIFFERS", "NO_SEAL", "OTHER",
)  # fmt: skip
"""Why another one is wanted. Asking for it stops no clock: the one pause is for the list of missing papers."""
NEEDS_WORDS = "OTHER"
LONGEST_NOTE = 200


def mark_refusal(before: str, mark: str, code: str, note: str) -> Reason | None:
    """Why a paper that stands at `before` cannot be marked like this, or None.

    Codes: `lead_paper_mark_unknown`, `lead_paper_marked_so`, `lead_paper_why_unknown`, `lead_paper_why_in_words`.
    """
    if mark not in set(Mark) - {Mark.RECEIVED}:
        return Reason("lead_paper_mark_unknown")
    if mark == before and mark != Mark.REPLACE:
        return Reason("lead_paper_marked_so")
    if mark == Mark.REPLACE and code not in REPLACE_CODES:
        return Reason("lead_paper_why_unknown")
    if mark == Mark.REPLACE and code == NEEDS_WORDS and not note:
        return Reason("lead_paper_why_in_words")
    return None


def mark_field(code: str) -> str:
    """The field of the form at which a refusal of `mark_refusal` stands."""
    return {"lead_paper_why_unknown": "replace_code", "lead_paper_why_in_words": "replace_note"}.get(code, "mark")
