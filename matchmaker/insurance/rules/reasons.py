"""Why an insurer does not quote, and why an owner does not accept: codes, and what the owner can do then."""

from __future__ import annotations

from collections.abc import Sequence

from matchmaker.refusal import Reason

DECLINE_CODES: dict[str, str] = {
    "K01": "elsewhere",  # the trade
    "K02": "elsewhere",  # the place
    "K03": "change",  # the sum
    "K04": "elsewhere",  # past losses
    "K05": "repair",  # the premises
    "K06": "repair",  # what was said is not clear
    "K07": "elsewhere",  # not offered any more
    "K08": "repair",  # not reached
}
"""Code -> the way on: repair it and ask again, change what is asked for, or ask elsewhere."""

OWNER_CODES: tuple[str, ...] = ("R01", "R02", "R03", "R04", "R05")
MOST_CODES = 3
SHORTEST_REASON = 4
LONGEST_REASON = 300


def decline_refusal(codes: Sequence[str], reason: str) -> tuple[str, Reason] | None:
    """Why an insurer may not decline like this, as (form field, reason), or None: a code and a sentence are needed."""
    if not codes:
        return "codes", Reason("cover_decline_needs_code")
    if len(codes) > MOST_CODES or any(code not in DECLINE_CODES for code in codes):
        return "codes", Reason("cover_choice_unknown")
    if len(reason.strip()) < SHORTEST_REASON:
        return "reason", Reason("cover_decline_needs_reason", {"least": SHORTEST_REASON})
    if len(reason) > LONGEST_REASON:
        return "reason", Reason("text_too_long", {"longest": LONGEST_REASON, "n": len(reason)})
    return None
