"""Sealed cards and raised hands: how long, how many, who may not, and why each ends (issue 3, section 1).

A card shows what at least five businesses share (`matching.sealing`) and is seen by desks whose product fits, on an
agreement that the owner gave beforehand. A hand is one product and one sentence; the owner's tap sends the need.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from matchmaker.refusal import Reason

CARD_LIVES = timedelta(days=14)
"""How long a card is shown (our number: long enough for every desk to come by, short enough that the need still is)."""
LONGEST_WORDS = 60
"""Characters of the one sentence beside a raised hand (our number: a line on a phone)."""


class Closed(StrEnum):
    """Why a card is shown no more."""

    SENT = "sent"
    """Its owner sent the need to somebody, with a tap on a hand or without."""
    NEED_ENDED = "need_ended"
    WITHDRAWN = "withdrawn"
    CHANGED = "changed"
    TIME = "time"


class HandStanding(StrEnum):
    """What has become of a raised hand."""

    RAISED = "raised"
    TAKEN_BACK = "taken_back"
    CHOSEN = "chosen"
    OVER = "over"


def card_ends_at(now: datetime, agreed_until_at: datetime) -> datetime:
    """Until when a card opened now is shown: never beyond the agreement."""
    return min(now + CARD_LIVES, agreed_until_at)


def is_shown(closed_at: datetime | None, ends_at: datetime, now: datetime) -> bool:
    """Whether a card is shown at ``now``; its date counts by itself, no job has to run."""
    return closed_at is None and now < ends_at


def hand_refusal(
    *, is_shown: bool, was_tried: bool, raised: bool, today: int, most_a_day: int, has_room: bool
) -> Reason | None:
    """Why an institution cannot raise its hand, or None.

    ``was_tried``: the institution has or had this need. ``raised``: its hand is up for this card. ``today``: hands it
    raised today, taken back or not. Codes: `approach_card_over`, `approach_hand_twice`, `approach_hands_used_up`,
    `approach_no_room`.
    """
    if not is_shown or was_tried:  # for who knows the business the card does not exist: they could put both together
        return Reason("approach_card_over")
    if raised:
        return Reason("approach_hand_twice")
    if today >= most_a_day:
        return Reason("approach_hands_used_up", {"most": most_a_day})
    return None if has_room else Reason("approach_no_room")


def choice_refusal(*, is_shown: bool, standing: str) -> Reason | None:
    """Why an owner cannot choose this hand any more, or None. Codes: `approach_card_over`, `approach_hand_over`."""
    if not is_shown:
        return Reason("approach_card_over")
    return None if standing == HandStanding.RAISED else Reason("approach_hand_over")


def has_room(capacity: int | None, live: int) -> bool:
    """Whether an institution's managers can carry one more lead; without managers of its own its desk decides."""
    return capacity is None or live < capacity
