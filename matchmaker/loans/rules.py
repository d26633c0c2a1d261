"""What makes a loan: a pay-out that the owner confirmed, or that nobody disputed."""

from __future__ import annotations

from datetime import date

SOURCES = ("confirmed", "undisputed")


def days_left(matures_on: date, today: date) -> int:
    """Days from today to maturity; negative when it is over."""
    return (matures_on - today).days
