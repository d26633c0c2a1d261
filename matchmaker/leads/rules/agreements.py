"""An owner's agreement to a sealed card: what it is for, how long it holds, how it ends (issue 3, section 1).

It is asked for beforehand and off by default. It opens no field to anybody: the card shows what at least five share.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from matchmaker.refusal import Reason


class AgreementOver(StrEnum):
    """Why an agreement ended."""

    WITHDRAWN = "withdrawn"
    NEED_ENDED = "need_ended"
    EXPIRED = "expired"


def agreement_refusal(*, is_live: bool, stands: bool) -> Reason | None:
    """Why an agreement cannot be given now, or None. Codes: `lead_need_not_open`, `lead_card_agreed`."""
    if not is_live:
        return Reason("lead_need_not_open")
    return Reason("lead_card_agreed") if stands else None


def agreed_until(need_ends_at: datetime, longest_at: datetime) -> datetime:
    """Until when an agreement given now holds: the need's last day, no longer than any consent may run."""
    return min(need_ends_at, longest_at)
