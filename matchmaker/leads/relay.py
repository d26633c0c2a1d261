"""The outside service that lends telephone numbers, so that nobody sees the owner's own; what stands here is a fake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from flask import current_app


@dataclass(frozen=True)
class Lent:
    """A number that leads to somebody, and by what the service knows it. ``simulated`` ones ring nowhere."""

    number: str
    reference: str
    simulated: bool


class PhoneRelay(Protocol):
    """Lends numbers; raises OSError where it cannot be reached."""

    def request(self, key: str, *, caller: str | None, phone: str) -> Lent:
        """A number by which ``caller`` reaches ``phone``; the same key asked twice is the same number."""

    def release(self, reference: str) -> None:
        """The number leads nowhere from now on; a second time nothing happens."""


class FakeRelay:
    """Lends numbers that ring nowhere, and says so."""

    def request(self, key: str, *, caller: str | None, phone: str) -> Lent:
        digits = int(hashlib.sha256(key.encode()).hexdigest(), 16) % 10**8
        return Lent(f"170{digits:08d}", f"SIMULATED-{key}", simulated=True)

    def release(self, reference: str) -> None: ...


_RELAYS: dict[str, PhoneRelay] = {"simulated": FakeRelay()}


def relay_in_use() -> PhoneRelay | None:
    """The service of the setting ``phone_relay``; None where numbers are shown as they are. Raises KeyError."""
    name = current_app.config["SETTINGS"].phone_relay
    return _RELAYS[name] if name else None


def use(name: str, relay: PhoneRelay) -> None:
    """Put a service in under a name (a real adapter, or one of a test)."""
    _RELAYS[name] = relay
