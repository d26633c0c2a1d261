"""What may be written in a thread, by whom and how often; ready sentences of each side; reasons of a report."""

from __future__ import annotations

import re
from enum import StrEnum

from matchmaker.refusal import Reason


class Side(StrEnum):
    """Who writes: the owner's side (with who acts for them), or the institution's."""

    OWNER = "owner"
    INSTITUTION = "institution"


OTHER: dict[Side, Side] = {Side.OWNER: Side.INSTITUTION, Side.INSTITUTION: Side.OWNER}

LONGEST_POST = 1_000
"""Signs of one message: a screen of a phone. What is longer is a paper (our number)."""
MOST_AN_HOUR = 20
"""Messages of one side in one thread within an hour: more is no conversation (our number)."""
MOST_ATTACHED = 5
"""Papers that one message refers to (our number)."""

TEMPLATES: dict[Side, tuple[str, ...]] = {
    Side.OWNER: ("which_papers", "call_after_two", "visit_when", "how_far", "cost_how"),
    Side.INSTITUTION: ("papers_please", "visit_tomorrow", "call_when", "in_review", "papers_came"),
}
"""Ready sentences; one that is sent as it stands is read by the other side in its own language."""

REPORT_REASONS: tuple[str, ...] = ("money", "password", "rude", "elsewhere", "false", "other")
LONGEST_REASON = 500


def tidy_post(text: str) -> str:
    """A message as it is kept: lines stay, odd blanks and invisible signs go, at most one empty line in a row."""
    lines = ["".join(sign if sign.isprintable() else " " for sign in line) for line in text.splitlines()]
    joined = "\n".join(re.sub(r"[ \t\u3000]+", " ", line).strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", joined).strip("\n ")


def post_refusal(side: Side, *, is_open: bool, is_blocked: bool, lately: int) -> Reason | None:
    """Why this side cannot write now, or None. `is_open`: the consent stands; `lately`: its messages of the last hour.

    Codes: `talk_sealed`, `talk_blocked`, `talk_blocked_by_you`, `talk_too_many`.
    """
    if not is_open:
        return Reason("talk_sealed")
    if is_blocked:
        return Reason("talk_blocked" if side is Side.INSTITUTION else "talk_blocked_by_you")
    if lately >= MOST_AN_HOUR:
        return Reason("talk_too_many", {"most": MOST_AN_HOUR})
    return None


def text_refusal(text: str) -> Reason | None:
    """Why a tidied text cannot be sent, or None. Codes: `talk_empty`, `talk_too_long`."""
    if not text:
        return Reason("talk_empty")
    if len(text) > LONGEST_POST:
        return Reason("talk_too_long", {"longest": LONGEST_POST, "n": len(text)})
    return None


def report_refusal(reason: str, words: str) -> Reason | None:
    """Why a message cannot be reported like this, or None. Codes: `talk_report_reason`, `talk_report_words`."""
    if reason not in REPORT_REASONS:
        return Reason("talk_report_reason")
    if reason == "other" and not words:
        return Reason("talk_report_words")
    return None
