"""Who may do what, on one page: permission -> alternatives of named predicates, pure and duck-typed.

A permission holds when every predicate of one of its alternatives is true for the actor (a signed-in person)
and the object (what the page is about, or None). What is not listed here is nobody's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Predicate = Callable[[Any, Any], bool]


@dataclass(frozen=True)
class Permission:
    """One line of the table. ``about`` says in English what it lets a person do."""

    about: str
    alternatives: tuple[tuple[Predicate, ...], ...]


def may(actor: Any, permission: str, obj: Any = None) -> bool:
    """Whether ``actor`` holds ``permission`` on ``obj``. Raises KeyError for a permission that is not in the table."""
    if actor is None:
        return False
    return any(all(holds(actor, obj) for holds in clause) for clause in PERMISSIONS[permission].alternatives)


# Predicates. Each is a sentence about the actor, or about the actor and the object.


def anyone_signed_in(actor: Any, obj: Any) -> bool:
    return True


def is_operator(actor: Any, obj: Any) -> bool:
    return bool(actor.is_operator)


def is_supervisor(actor: Any, obj: Any) -> bool:
    return bool(actor.is_supervisor)


def is_that_person(actor: Any, obj: Any) -> bool:
    """The object is the actor, or belongs to the actor alone (``person_id``)."""
    return bool(getattr(obj, "person_id", getattr(obj, "id", None)) == actor.id)


def works_at_a_desk(actor: Any, obj: Any) -> bool:
    return bool(actor.desk_institution_ids)


def is_manager(actor: Any, obj: Any) -> bool:
    return bool(actor.manager_institution_ids)


def on_desk_of_its_institution(actor: Any, obj: Any) -> bool:
    """The object is an institution, or belongs to one (``institution_id``), at whose desk the actor works."""
    return _institution_of(obj) in actor.desk_institution_ids


def works_for_its_institution(actor: Any, obj: Any) -> bool:
    """As desk or manager."""
    return _institution_of(obj) in actor.institution_ids


def _institution_of(obj: Any) -> Any:
    return getattr(obj, "institution_id", getattr(obj, "id", None))


PERMISSIONS: dict[str, Permission] = {}


def table(**lines: Permission) -> None:
    """Add a subject's lines: ``table(lead_accept=…)`` names the permission ``lead.accept``."""
    for name, line in lines.items():
        PERMISSIONS[name.replace("_", ".", 1)] = line


def allow(about: str, *alternatives: Predicate | tuple[Predicate, ...]) -> Permission:
    """A line of the table; an alternative is one predicate or a tuple that must all hold."""
    return Permission(about, tuple(clause if isinstance(clause, tuple) else (clause,) for clause in alternatives))


# --- accounts, institutions ------------------------------------------------------------------------------------

# --- audit, notifications --------------------------------------------------------------------------------------

# --- documents -------------------------------------------------------------------------------------------------

# --- businesses ------------------------------------------------------------------------------------------------

# --- products --------------------------------------------------------------------------------------------------

# --- needs -----------------------------------------------------------------------------------------------------

# --- ranking, matching -----------------------------------------------------------------------------------------

# --- leads, loans ----------------------------------------------------------------------------------------------

# --- home, oversight -------------------------------------------------------------------------------------------
