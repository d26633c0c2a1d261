"""How far a need is covered: by offers that its owner accepted, by money that came; what is still missing.

Two institutions may each lend a part (code E02 of the reasons). Together they lend no more than was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from matchmaker.refusal import Reason

ENOUGH_SHARE = Decimal("0.9")
"""From nine tenths of what was asked for, a need counts as funded by itself; below, its owner says (our number)."""


def is_enough(asked_yuan: Decimal, stood_yuan: Sequence[Decimal]) -> bool:
    """Whether the money that stands is enough for the need to count as funded without a word of its owner."""
    return sum(stood_yuan, Decimal(0)) >= asked_yuan * ENOUGH_SHARE


def is_covered(asked_yuan: Decimal, agreed_yuan: Sequence[Decimal]) -> bool:
    """Whether accepted offers and money that came reach what is asked for."""
    return sum(agreed_yuan, Decimal(0)) >= asked_yuan


def still_missing(asked_yuan: Decimal, paid_yuan: Sequence[Decimal]) -> Decimal:
    """What is still missing, in yuan; zero where enough has come."""
    return max(Decimal(0), asked_yuan - sum(paid_yuan, Decimal(0)))


def acceptance_refusal(asked_yuan: Decimal, agreed_yuan: Sequence[Decimal], offered_yuan: Decimal) -> Reason | None:
    """Why an offer cannot be accepted beside those that were, or None.

    A first offer may be accepted whatever its amount. A further one only while all together stay within what is asked
    for: `lead_offers_above_need`, with `agreed_yuan`, `offered_yuan` and `asked_yuan`.
    """
    agreed = sum(agreed_yuan, Decimal(0))
    if agreed and agreed + offered_yuan > asked_yuan:
        return Reason(
            "lead_offers_above_need", {"agreed_yuan": agreed, "offered_yuan": offered_yuan, "asked_yuan": asked_yuan}
        )
    return None
