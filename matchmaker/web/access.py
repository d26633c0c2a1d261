"""Who is there, and who may ask for what."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from flask_login import LoginManager, UserMixin, current_user
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import Forbidden, NotFound, Unauthorized

from matchmaker import clock
from matchmaker.db import Base, Observation, observe
from matchmaker.keeping import Kept
from matchmaker.permissions import PERMISSIONS, may
from matchmaker.web.asking import View


class RefusedAttempt(Base, Observation):
    """Somebody asked for what is not theirs."""

    kept = Kept("security", of="person_id", days=180, since="at", why="security")

    person_id: Mapped[int | None] = mapped_column(index=True)
    endpoint: Mapped[str]
    permission: Mapped[str]
    object_id: Mapped[int | None]
    at: Mapped[datetime]


@dataclass(frozen=True)
class Access:
    """How an endpoint is guarded; ``permission`` is None for a public one."""

    permission: str | None
    load: Callable[..., Any] | None = None


def public(view: View) -> View:
    """Anybody may ask for this, signed in or not."""
    view.access = Access(None)  # type: ignore[attr-defined]
    return view


def requires(
    permission: str, load: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only who holds ``permission`` on what ``load`` finds.

    ``load`` takes URL arguments by name and returns the object or None; the view gets the object first and the
    URL arguments that ``load`` did not take. What one may not see answers 404; what one may see but not do, 403.
    """
    taken = set(inspect.signature(load).parameters) if load else set()

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def guarded(**args: Any) -> Any:
            who = actor()
            if who is None:
                raise Unauthorized
            if load is None:
                if not may(who, permission):
                    _note_refused(who, permission, None)
                    raise NotFound
                return view(**args)
            found = load(**{name: value for name, value in args.items() if name in taken})
            if found is None:
                raise NotFound
            if not may(who, permission, found):
                _note_refused(who, permission, found)
                see = permission.split(".", 1)[0] + ".see"
                raise Forbidden if see in PERMISSIONS and may(who, see, found) else NotFound
            return view(found, **{name: value for name, value in args.items() if name not in taken})

        guarded.access = Access(permission, load)  # type: ignore[attr-defined]
        return guarded

    return decorate


def _note_refused(who: Any, permission: str, found: Any) -> None:
    observe(RefusedAttempt(person_id=who.id, endpoint=request.endpoint or "", permission=permission,
                           object_id=getattr(found, "id", None), at=clock.real_now()))


class SignedIn(UserMixin):
    """A person with the token of the session they use."""

    def __init__(self, person: Any, token: str) -> None:
        self.person = person
        self.token = token

    def get_id(self) -> str:
        return self.token


login_manager = LoginManager()


def actor() -> Any:
    """The signed-in person, or None."""
    return current_user.person if current_user and current_user.is_authenticated else None


def people_come_from(load_session: Callable[[str], Any]) -> None:
    """Let ``load_session(token) -> person or None`` say who a session token belongs to."""

    @login_manager.user_loader
    def _load(token: str) -> SignedIn | None:
        person = load_session(token)
        return SignedIn(person, token) if person is not None else None
