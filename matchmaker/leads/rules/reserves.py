"""Reserves: who gets a need when an institution lets its clock run out, named by the owner beforehand (B.4).

A reserve is no lead and opens nothing. Its receipt says what it would get and until when; only when its turn comes is
a consent written, and from that instant the clocks run. What an owner sends a second time goes by the same rule.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from matchmaker.refusal import Reason

MOST_RESERVES = 2
"""Waiting reserves of one need (issue 3, section 1)."""

LEAST_DAYS_LEFT = 14
"""With fewer calendar days left a receipt is not used: nobody contacts and decides in that time (our number)."""


class Standing(StrEnum):
    """What has become of a reserve."""

    WAITING = "waiting"
    SENT = "sent"
    OVER = "over"


class Over(StrEnum):
    """Why a reserve will not get its turn any more."""

    TAKEN_BACK = "taken_back"
    NEED_ENDED = "need_ended"
    NOT_POSSIBLE = "not_possible"
    TOO_LATE = "too_late"
    CHOSEN = "chosen"
    """The owner sent the need to this institution by themselves."""


def reserve_refusal(
    *, waiting: int, is_reserve: bool, is_live: bool, most: int = MOST_RESERVES
) -> Reason | None:
    """Why an institution cannot be named, or None.

    Codes: `lead_reserve_twice` (it is a reserve already), `lead_reserve_is_live` (it works on this need now),
    `lead_reserves_full`.
    """
    if is_reserve:
        return Reason("lead_reserve_twice")
    if is_live:
        return Reason("lead_reserve_is_live")
    if waiting >= most:
        return Reason("lead_reserves_full", {"most": most})
    return None


def is_too_late(ends_at: datetime, now: datetime) -> bool:
    """Whether a receipt has too few days left for anybody to decide."""
    return ends_at < now + timedelta(days=LEAST_DAYS_LEFT)


def ends_again(before_at: datetime, now: datetime, longest_at: datetime) -> datetime:
    """Until when a consent runs that repeats an earlier one: its day, or the longest where that day is too near."""
    if before_at > longest_at or is_too_late(before_at, now):
        return longest_at
    return before_at
