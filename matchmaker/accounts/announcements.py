"""Plain facts about people and institutions that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class AssignmentEnded:
    """A person no longer works for an institution; whoever holds work in their name hands it over."""

    person_id: int
    institution_id: int


@dataclass(frozen=True)
class InstitutionSuspended:
    """The operator suspended an institution; nothing of it is offered from now on."""

    institution_id: int
