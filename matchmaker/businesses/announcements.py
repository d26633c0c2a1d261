"""Plain facts about businesses that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BusinessChanged:
    """What is known of a business changed: profile, figures, titles or credit lines."""

    business_id: int


@dataclass(frozen=True)
class StandingChanged:
    """Whether a person may act for a business changed."""

    member_id: int
