"""Whose turn a waiting lead is, so that the managers of a branch carry evenly: fit, load, then the longest idle.

A turn is an offer, no lock: whoever is there may claim a lead before its clock runs out; nobody is late for fairness.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from matchmaker.refusal import Reason

PATCH_COUNTS, TRADE_COUNTS = 1, 1
"""How many leads fewer somebody seems to carry where the place is in their patch, and where they know the trade (own
choice): knowing the place is worth a visit saved, and never puts anybody more than two leads ahead of the rest."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Carrier:
    """A manager who could carry the lead: what they carry, may carry, know, and since when nothing came to them."""

    person_id: int
    name: str
    live: int
    most: int
    last_taken_at: datetime | None = None
    """When they last took up a lead; None: never."""
    in_patch: bool = False
    knows_trade: bool = False
    in_line: int = 0
    """How many older leads that nobody carries yet are theirs by turn."""

    @property
    def is_full(self) -> bool:
        return self.live + self.in_line >= self.most

    @property
    def seems_to_carry(self) -> int:
        """Open leads and what is in line for them, less what fits them."""
        return self.live + self.in_line - PATCH_COUNTS * self.in_patch - TRADE_COUNTS * self.knows_trade


def in_turn(carriers: Iterable[Carrier]) -> list[Carrier]:
    """Those with room, whose turn it is first: the fewest open leads less what fits, then the longest without one."""
    return sorted(
        (one for one in carriers if not one.is_full),
        key=lambda one: (one.seems_to_carry, one.last_taken_at or _NEVER, one.person_id),
    )


def turn_of(carriers: Iterable[Carrier]) -> Carrier | None:
    """Whose turn it is; None where nobody has room."""
    return next(iter(in_turn(carriers)), None)


def why_turn(carrier: Carrier, *, mine: bool) -> Reason:
    """Why it is theirs, for the reader whose turn it is and for everybody else."""
    facts = {"live": carrier.live, "most": carrier.most}
    return Reason("queue_your_turn", facts) if mine else Reason("queue_turn_of", {"name": carrier.name, **facts})
