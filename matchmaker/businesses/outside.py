"""The outside service that could confirm who acts for a business; what stands here is a fake, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Answer:
    """What a service says. ``simulated`` answers prove nothing and are shown as such."""

    confirmed: bool
    reference: str
    simulated: bool


class IdentityService(Protocol):
    """Confirms that a person is the registered representative of a code."""

    name: str

    def confirm(self, uscc: str, person_name: str) -> Answer: ...


class FakeIdentityService:
    """Knows nobody: confirms only the pairs it was given (tests, demo town), and marks every answer as simulated."""

    name = "模拟核验（不是真的）"

    def __init__(self, known: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.known = known

    def confirm(self, uscc: str, person_name: str) -> Answer:
        """Whether this pair was given to the fake."""
        return Answer((uscc, person_name) in self.known, "SIMULATED", simulated=True)


_service: list[IdentityService] = [FakeIdentityService()]


def service() -> IdentityService:
    """The service in use; the fake unless another was put in."""
    return _service[0]


def use(replacement: IdentityService) -> None:
    """Put another service in (a real adapter, or a fake that knows somebody)."""
    _service[0] = replacement
