"""The two sides of a chance: what an institution decides, and what an owner does before and after.

A sending becomes money where three things happen one after the other (``STAGES``). Each is learned from the cases that
came so far, from the same features, and put on its own level; the chance of money is their product (the chain rule).
Whether an owner chooses a product from the list is no stage: the choice is theirs, and would teach the order to repeat
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

Side = Literal["owner", "institution"]

ENDED_BY_OWNER = frozenset({"E01", "E02", "E03", "E04", "E05"})
"""Reason codes of an owner who ends a lead (those of ``leads``, a later subject; a test holds the two equal)."""


class Known(Protocol):
    """What of a decided case the stages read."""

    @property
    def known_at(self) -> datetime: ...
    @property
    def funded(self) -> bool: ...
    @property
    def offered_at(self) -> datetime | None: ...
    @property
    def ended_by_owner(self) -> bool: ...
    @property
    def decided(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """One step from a sending to money: who takes it, which cases have come to it, what is learned of them."""

    name: str
    side: Side
    reached: Callable[[Known], bool]
    passed: Callable[[Known], bool]
    by_offer: bool
    """Whether a case that was offered is known from the day of the offer, long before its money is."""


STAGES: tuple[Stage, ...] = (
    Stage("waits", "owner", lambda _: True, lambda one: one.offered_at is not None or not one.ended_by_owner, True),
    Stage(
        "offers",
        "institution",
        lambda one: one.offered_at is not None or not one.ended_by_owner,
        lambda one: one.offered_at is not None,
        True,
    ),
    Stage("pays", "owner", lambda one: one.decided and one.offered_at is not None, lambda one: one.funded, False),
)
"""waits: the owner does not leave before the institution has decided. offers: it makes an offer, rather than a refusal
or silence. pays: the offer is taken and the money comes."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The cases of one stage, in order of showing: which rows they are, what came, since when it is known."""

    rows: list[int]
    labels: list[bool]
    known_at: list[datetime]


def cases_of(stage: Stage, rows: Sequence[Known]) -> Cases:
    """Those of the rows that came to the stage."""
    places = [at for at, row in enumerate(rows) if stage.reached(row)]
    known_at = []
    for at in places:
        offered_at = rows[at].offered_at
        known_at.append(offered_at if stage.by_offer and offered_at is not None else rows[at].known_at)
    return Cases(places, [stage.passed(rows[at]) for at in places], known_at)
