"""Plain facts about people and institutions that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AssignmentEnded:
    """A person no longer works for an institution; whoever holds work in their name hands it over."""

    person_id: int
    institution_id: int


@dataclass(frozen=True)
class AccountClosing:
    """A person's account is closed now; of these businesses nobody else is left, and nothing of theirs goes on.

    Told before anything is erased: whoever runs work for them ends it here.
    """

    person_id: int
    business_ids: tuple[int, ...]


@dataclass(frozen=True)
class InstitutionSuspended:
    """The operator suspended an institution; nothing of it is offered from now on."""

    institution_id: int
