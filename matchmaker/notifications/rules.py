"""Which messages a person may choose not to get outside, and the hours in which nothing leaves."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

TOPICS: tuple[str, ...] = ("security", "leads", "talks", "cover", "business", "work")
"""What messages are about. All of them stand in the inbox, always; the choice is about e-mail and text messages."""
ALWAYS = frozenset({"security"})
"""Topics that nobody can switch off and that no hours hold back: codes, passwords, ways in, closing an account."""
OUTSIDE: tuple[str, ...] = ("email", "sms")

_BEGINS: tuple[tuple[str, str], ...] = (
    ("lead_told_wrote", "talks"),
    ("lead_staff_wrote", "talks"),
    ("lead_told_message", "talks"),
    ("talk_", "talks"),
    ("lead_", "leads"),
    ("loan_", "leads"),
    ("approach_staff", "work"),
    ("approach_told_invited", "business"),
    ("approach_", "leads"),
    ("cover_told", "cover"),
    ("cover_staff", "cover"),
    ("accounts.broker", "work"),
    ("accounts.institution", "work"),
    ("accounts.assignment", "work"),
    ("accounts.invitation_accepted", "work"),
    ("accounts.", "security"),
    ("privacy.", "security"),
    ("product", "work"),
    ("cover_", "work"),
    ("ranking", "work"),
)
"""The beginning of a kind -> its topic; the first that fits. What is not named is about the business and its needs."""

QUIET_FROM, QUIET_UNTIL = time(21, 0), time(8, 0)
"""The hours in which nothing leaves unless a person chooses others (Asia/Shanghai); issue 3, section 4."""


def topic_of(kind: str) -> str:
    """What a kind of message is about."""
    return next((topic for beginning, topic in _BEGINS if kind.startswith(beginning)), "business")


def held_until(now: datetime, quiet_from: time | None, quiet_until: time | None) -> datetime | None:
    """Until when a message of `now` waits because of the quiet hours; None where it leaves at once.

    Hours go over midnight where they end before they begin; None, None or the same twice: no quiet hours.
    """
    if quiet_from is None or quiet_until is None or quiet_from == quiet_until:
        return None
    local = now.astimezone(SHANGHAI)
    at, over_midnight = local.time(), quiet_from > quiet_until
    is_quiet = at >= quiet_from or at < quiet_until if over_midnight else quiet_from <= at < quiet_until
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if over_midnight and at >= quiet_from else 0)
    return datetime.combine(day, quiet_until, SHANGHAI)
