"""Sealed cards, raised hands, invitations: how long, how many, who may not, why each ends (issues 3 and 4, section 1).

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


# Invitations --------------------------------------------------------------------------------------------------------

INVITED_WITHIN = timedelta(days=30)
"""One need is invited at most once in this time by one institution (our number: the life of half a need)."""


class Silent(StrEnum):
    """Why an invitation was never delivered. The institution is told the same in every case: it has been sent."""

    SWITCHED_OFF = "switched_off"
    """The owner wants none, for this need or for all."""
    KNOWN = "known"
    """The institution has or had this need: a refusal would tell which of its customers the row is."""
    BLOCKED = "blocked"
    """The owner has blocked the institution."""
    LATELY = "lately"
    """It was invited with another product: a refusal would tell that two rows are one business."""


def invitation_refusal(
    *, fits: bool, invited_with_it: bool, today: int, most_a_day: int, has_room: bool
) -> Reason | None:
    """Why an invitation is not sent, said openly: only what the institution knows from its own deeds and its own list.

    ``invited_with_it``: with this product, within `INVITED_WITHIN`. ``today``: all it sent today, delivered or not.
    Codes: `approach_row_gone`, `approach_invited_already`, `approach_invitations_used_up`, `approach_full`.
    """
    if not fits:
        return Reason("approach_row_gone")
    if invited_with_it:
        return Reason("approach_invited_already")
    if today >= most_a_day:
        return Reason("approach_invitations_used_up", {"most": most_a_day})
    return None if has_room else Reason("approach_full")


def why_silent(*, switched_off: bool, blocked: bool, was_tried: bool, invited_lately: bool) -> Silent | None:
    """Why an invitation is not delivered although it was sent, or None."""
    if switched_off:
        return Silent.SWITCHED_OFF
    if blocked:
        return Silent.BLOCKED
    if was_tried:
        return Silent.KNOWN
    return Silent.LATELY if invited_lately else None
