"""Announcements: plain facts of an earlier subject that later subjects listen to, within the same transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

Event = TypeVar("Event")
Listener = Callable[[Any], None]

_listeners: dict[type, list[Listener]] = defaultdict(list)
_depth: ContextVar[int] = ContextVar("announcement depth", default=0)
LONGEST_CHAIN = 2


def on(kind: type[Event]) -> Callable[[Callable[[Event], None]], Callable[[Event], None]]:
    """Register the decorated function to be called with every ``kind`` announced, in order of import."""

    def register(listener: Callable[[Event], None]) -> Callable[[Event], None]:
        if listener not in _listeners[kind]:
            _listeners[kind].append(listener)
        return listener

    return register


def announce(event: object) -> None:
    """Tell every listener of this kind of event, now and in this transaction; a listener's error undoes the deed.

    Raises RuntimeError when announcements cause announcements deeper than two.
    """
    depth = _depth.get()
    if depth >= LONGEST_CHAIN:
        raise RuntimeError(f"a chain of announcements longer than {LONGEST_CHAIN}: {type(event).__name__}")
    token = _depth.set(depth + 1)
    try:
        for listener in _listeners[type(event)]:
            listener(event)
    finally:
        _depth.reset(token)


def who_listens() -> dict[type, list[Listener]]:
    """Every kind of event with a listener, for the printed list in docs/."""
    return {kind: list(listeners) for kind, listeners in _listeners.items() if listeners}
