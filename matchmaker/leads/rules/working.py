"""What is recorded while an institution works on a lead: channels, what was seen, checks before and at lending."""

from __future__ import annotations

from collections.abc import Mapping

from matchmaker.refusal import Reason

CHANNELS: tuple[str, ...] = ("call", "message", "in_person")
PLACES: tuple[str, ...] = ("shop", "elsewhere")
PREMISES: tuple[str, ...] = ("seen", "closed", "not_seen")

MOST_PAPERS = 8
"""One list, once; more than eight things at once is an application form, not what is missing."""

CHECKS_BEFORE: tuple[str, ...] = ("identity", "activity", "purpose", "repayment", "other_debts")
"""Before lending (16.1, 16.3, 16.4): who they are, that they run, what for, from what it is repaid, other debts."""

CHECKS_AT: tuple[str, ...] = ("as_offered", "payee")
"""At lending: the contract equals the offer, the money goes where it should."""

RESULTS: tuple[str, ...] = ("fine", "doubt", "not_needed")


def check_refusal(phase: str, results: Mapping[str, tuple[str, str]]) -> Reason | None:
    """Why these checks cannot be recorded, or None. `results`: item -> (result, evidence)."""
    known = {"before": CHECKS_BEFORE, "at": CHECKS_AT}.get(phase, ())
    if not results:
        return Reason("lead_checks_empty")
    for item, (result, evidence) in results.items():
        if item not in known or result not in RESULTS:
            return Reason("lead_check_unknown", {"item": item})
        if result == "doubt" and not evidence.strip():
            return Reason("lead_check_doubt_needs_words", {"item": item})
    return None
