"""What a consent may open, to whom, and when the owner may be called; what stays sealed (B.1).

A consent is for one institution, one need and one purpose, with an end. Required fields are those without which
an institution cannot accept a lead at all; every other field is off until the owner ticks it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from matchmaker.leads.rules.states import State
from matchmaker.papers import rules as papers
from matchmaker.reference.rules import is_working_day, next_working_day
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Reason


class Field(StrEnum):
    """A piece of a business that can be opened or stay sealed."""

    NAME = "name"
    ADDRESS = "address"
    CODE = "code"
    CONTACT_NAME = "contact_name"
    CONTACT_PHONE = "contact_phone"
    NEED = "need"
    FIGURES = "figures"
    TAX = "tax"
    CREDIT_LINES = "credit_lines"
    TITLES = "titles"
    COLLATERAL = "collateral"
    DOCUMENTS = "documents"


REQUIRED: tuple[Field, ...] = (
    Field.NAME, Field.ADDRESS, Field.CODE, Field.CONTACT_NAME, Field.CONTACT_PHONE, Field.NEED,
)  # fmt: skip
OPTIONAL: tuple[Field, ...] = (
    Field.FIGURES, Field.TAX, Field.CREDIT_LINES, Field.TITLES, Field.COLLATERAL, Field.DOCUMENTS,
)  # fmt: skip

SEALED: tuple[Field, ...] = tuple(field for field in Field if field is not Field.NEED)
"""What no institution reads without a consent in force. The need itself is the card of a sealed lead."""

PURPOSES: tuple[str, ...] = ("decide_on_need", "second_look")


class Because(StrEnum):
    """Why a consent ended before or at its date."""

    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    RELEASED = "released"
    EXPIRED = "expired"
    GIVEN_UP = "given_up"
    PAID_OUT = "paid_out"
    REPLACED = "replaced"
    """By a newer receipt for the same institution and need: other hours, a second look."""


ENDS_CONSENT: dict[State, Because] = {
    State.DECLINED: Because.DECLINED,
    State.RELEASED: Because.RELEASED,
    State.WITHDRAWN: Because.WITHDRAWN,
    State.EXPIRED: Because.EXPIRED,
    State.GIVEN_UP: Because.GIVEN_UP,
    State.PAID_OUT: Because.PAID_OUT,
}
"""Whatever the outcome, it ends the consent early (page 05)."""

HOURS: dict[str, tuple[int, int]] = {
    "morning": (9 * 60, 10 * 60 + 30),
    "afternoon": (14 * 60, 16 * 60 + 30),
    "evening": (20 * 60, 21 * 60),
}
"""Slots in which an owner lets an institution call, as minutes of the day in Shanghai."""

CALLS_IN_A_WEEK = 3
"""The contact budget: calls, tried or answered, of one institution to one business in any seven days, over all its
leads. As many as X02 asks for (rules.reasons), so that who is to be reached in one working day can be
(docs/decisions/0061). The owner's own choice of hours asks for a call, and the count begins anew."""
CALLS_WITHIN = timedelta(days=7)
CALLS_APART = timedelta(minutes=20)
"""Between two tries: a telephone that rings three times in five minutes was tried once (our number)."""

CALL_BACK_DAYS = 5
"""Over so many working days an owner who was not reached may spread the hours they choose."""

UNDO_FOR = papers.UNDO_FOR
"""A withdrawal seals at once; for so long one tap restores the consent as it was, then it has ended for good."""


def consent_refusal(
    fields: Iterable[str], hours: Iterable[str], ends_at: datetime, now: datetime, latest_at: datetime
) -> Reason | None:
    """Why a consent cannot be given like this, or None.

    Codes: `lead_consent_field_missing`, `lead_consent_field_unknown`, `lead_consent_hours_unknown`,
    `lead_consent_end_past`, `lead_consent_end_too_late`.
    """
    chosen = set(fields)
    for field in REQUIRED:
        if field not in chosen:
            return Reason("lead_consent_field_missing", {"what": f"label:lead.field:{field}"})
    for name in chosen:
        if name not in set(Field):
            return Reason("lead_consent_field_unknown", {"what": name})
    for slot in hours:
        if slot not in HOURS:
            return Reason("lead_consent_hours_unknown", {"slot": slot})
    if ends_at <= now:
        return Reason("lead_consent_end_past", {"ends_at": ends_at})
    if ends_at > latest_at:
        return Reason("lead_consent_end_too_late", {"latest_at": latest_at})
    return None


def in_force(ends_at: datetime, ended_at: datetime | None, now: datetime) -> bool:
    """Whether a consent opens anything at `now`: not ended by anybody, and its date not yet reached."""
    return ended_at is None and now < ends_at


def may_call(hours: Iterable[str], at: datetime) -> bool:
    """Whether a call at `at` falls into a slot that the owner ticked. No slot ticked: no calls, messages only."""
    local = at.astimezone(SHANGHAI)
    minute = local.hour * 60 + local.minute
    return any(HOURS[slot][0] <= minute <= HOURS[slot][1] for slot in hours if slot in HOURS)


def call_refusal(hours: Iterable[str], calls: Sequence[datetime], now: datetime) -> Reason | None:
    """Why a further call at `now` is beyond the budget, or None.

    `calls`: instants of that institution's calls to that business since the owner last chose hours, oldest first.
    Codes: `lead_call_outside_hours`, `lead_call_too_soon`, `lead_calls_used_up`.
    """
    chosen = list(hours)
    if not may_call(chosen, now):
        slots = [f"label:lead.hour:{slot}" for slot in facts_of_hours(chosen)]
        return Reason("lead_call_outside_hours", {"hours": slots})
    if calls and now < calls[-1] + CALLS_APART:
        return Reason("lead_call_too_soon", {"again_at": calls[-1] + CALLS_APART})
    left, again_at = calls_left(calls, now)
    if not left:
        return Reason("lead_calls_used_up", {"most": CALLS_IN_A_WEEK, "again_at": again_at})
    return None


def calls_left(calls: Sequence[datetime], now: datetime) -> tuple[int, datetime | None]:
    """How many calls are left in the budget at `now`, and from when there is one more (None while all are left)."""
    counted = [at for at in calls if now - CALLS_WITHIN < at <= now]
    left = max(0, CALLS_IN_A_WEEK - len(counted))
    return left, counted[-CALLS_IN_A_WEEK:][0] + CALLS_WITHIN if counted else None


def slot_on(on: date, slot: str) -> tuple[datetime, datetime]:
    """From when until when a slot runs on a day (aware, Shanghai). Raises KeyError for an unknown slot."""
    start, end = HOURS[slot]
    midnight = datetime.combine(on, time(0), SHANGHAI)
    return midnight + timedelta(minutes=start), midnight + timedelta(minutes=end)


def days_to_call(now: datetime) -> list[date]:
    """The days an owner may choose for a call: today, where it is a working day, and the working days after it."""
    today = now.astimezone(SHANGHAI).date()
    found = [today] if is_working_day(today) else []
    while len(found) < CALL_BACK_DAYS + 1:
        found.append(next_working_day((found[-1] if found else today) + timedelta(days=1)))
    return found


def hours_refusal(on: date, slot: str, now: datetime, ends_at: datetime) -> Reason | None:
    """Why an owner cannot choose this slot of this day, or None. `ends_at`: when the consent ends.

    Codes: `lead_consent_hours_unknown`, `lead_hours_not_offered` (no working day, or too far), `lead_hours_past`.
    """
    if slot not in HOURS:
        return Reason("lead_consent_hours_unknown", {"slot": slot})
    start, _ = slot_on(on, slot)
    if on not in days_to_call(now) or start >= ends_at:
        return Reason("lead_hours_not_offered")
    if start <= now:
        return Reason("lead_hours_past")
    return None


def opened_fields(
    consented: Iterable[str], hours: Iterable[str], *, consent_in_force: bool, reader: str
) -> frozenset[Field]:
    """What a person of the institution reads of a lead.

    `reader` is "carrier" (the one manager who accepted), "colleague" (another manager or the desk of that
    institution). Only the carrier reads the telephone number, and only when the owner ticked hours for calls.
    """
    if not consent_in_force:
        return frozenset()
    chosen = frozenset(Field(name) for name in consented)
    if reader != "carrier" or not list(hours):
        chosen -= {Field.CONTACT_PHONE}
    return chosen


def masked_phone(phone: str | None) -> str | None:
    """A telephone number with its middle hidden: 13812340462 -> 138****0462."""
    if not phone:
        return None
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 8 else "****"


def sealed_because(
    ended_because: str | None, ended_at: datetime | None, withdrawing_at: datetime | None = None
) -> str:
    """The code of why a lead is sealed: how its consent ended, or `expired` when its date has passed."""
    if ended_at is None and withdrawing_at is not None:
        return str(Because.WITHDRAWN)
    return ended_because if ended_at is not None and ended_because else str(Because.EXPIRED)


def facts_of_hours(hours: Mapping[str, object] | Iterable[str]) -> list[str]:
    """The ticked slots in the order of the day."""
    chosen = set(hours)
    return [slot for slot in HOURS if slot in chosen]
