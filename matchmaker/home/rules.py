"""What to do next, by role: which steps a start page names, in which order; plain, from counted facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from matchmaker.refusal import Reason


@dataclass(frozen=True)
class NextStep:
    """One line of a start page: whose turn (you, them, late, soon or none), what, and where it is done.

    ``verb`` names the words of the link (LABELS "next.verb"), ``endpoint`` and ``args`` its address.
    """

    turn: str
    reason: Reason
    verb: str = ""
    endpoint: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


def step(
    turn: str, code: str, verb: str = "", endpoint: str = "", args: Mapping[str, Any] | None = None, **facts: Any
) -> NextStep:
    """A next step whose sentence is ``next_<code>`` with these facts."""
    return NextStep(turn, Reason(f"next_{code}", facts), verb, endpoint, args or {})


ORDER = {"late": 0, "soon": 1, "you": 2, "them": 3, "": 4}


def in_order(steps: list[NextStep]) -> list[NextStep]:
    """Late first, then what presses, then the reader's turn, then what others do; else as given."""
    return sorted(steps, key=lambda one: ORDER[one.turn])


def waiting_for_you(steps: list[NextStep]) -> int:
    """How many of them wait for the reader."""
    return sum(one.turn in ("late", "soon", "you") for one in steps)


OWNER_TURN = {
    "papers": ("you", "lead_papers", "send_papers"),
    "unreached": ("you", "lead_unreached", "choose_hours"),
    "offered": ("you", "lead_offered", "read_offer"),
    "declined": ("you", "lead_declined", "read_why"),
    "released": ("late", "lead_released", "choose_next"),
    "paid_out": ("you", "lead_paid_out", "confirm"),
    "draft": ("you", "lead_draft", "go_on"),
}
"""State of a lead in which its owner has to act → turn, sentence, words of the link."""
