"""What needs tell the later subjects: plain facts, listened to in the same transaction."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NeedPosted:
    """A need stands from now on; it asks for its first list of matches."""

    need_id: int
    number: int
    by_id: int


@dataclass(frozen=True)
class NeedChanged:
    """A new version stands; what was sent before stays as it was sent, the list is made anew."""

    need_id: int
    number: int
    by_id: int


@dataclass(frozen=True)
class NeedWithdrawn:
    """Its owner does not want it any more; live leads of it end."""

    need_id: int
    by_id: int


@dataclass(frozen=True)
class NeedExpired:
    """Its last day is over and no institution was working on it."""

    need_id: int
