"""The signed-in browsers of a person: begun, found again by their token, seen, ended. All in real time."""

from __future__ import annotations

import contextlib
import hashlib
import secrets

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from matchmaker import clock
from matchmaker.accounts.models import Person, SessionSeen, UserSession
from matchmaker.accounts.rules import SEEN_EVERY, second_factor_demanded, session_lives
from matchmaker.db import db, observe


def token_hash(token: str) -> str:
    """What the table keeps of a random token: enough to find it, not enough to use it."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def start_session(person: Person, *, address: str, agent: str, with_totp: bool = False) -> str:
    """Begin a session and answer its token, the only copy there is: it belongs into the signed cookie."""
    token = secrets.token_urlsafe(32)
    now = clock.real_now()
    db.session.add(
        UserSession(
            token_hash=token_hash(token),
            person_id=person.id,
            created_at=now,
            expires_at=now + session_lives({assignment.role for assignment in person.live_assignments}),
            address=address[:64],
            agent=agent[:300],
            with_totp=with_totp,
        )
    )
    db.session.flush()
    return token


def find_session(token: str) -> UserSession | None:
    """The live session of a token, its person loaded; None when it was ended, is over, or never was."""
    return db.session.scalar(
        sa.select(UserSession)
        .join(UserSession.person)
        .where(
            UserSession.token_hash == token_hash(token),
            UserSession.ended_at.is_(None),
            UserSession.expires_at > clock.real_now(),
            Person.closed_at.is_(None),
        )
        .options(contains_eager(UserSession.person))
    )


def load_session(token: str, *, address: str = "", production: bool = False) -> Person | None:
    """The person of a live session, or None. Observes now and then that the session is in use, and from where.

    Under ``production`` settings an operator, supervisor or desk whose session was entered without a second
    factor holds none of these roles in it: default deny does the rest, and only their own account is open.
    """
    found = find_session(token)
    if found is None:
        return None
    person = found.person
    roles = {assignment.role for assignment in person.live_assignments}
    person.second_factor_missing = not found.with_totp and second_factor_demanded(roles, production=production)
    last = db.session.scalar(sa.select(sa.func.max(SessionSeen.at)).where(SessionSeen.session_id == found.id))
    if last is None or clock.real_now() - last >= SEEN_EVERY:
        # An error page is drawn outside of a deed, where nothing can be observed; the next page sees it.
        with contextlib.suppress(RuntimeError):
            observe(SessionSeen(session_id=found.id, at=clock.real_now(), address=address[:64]))
    return person


def end_session(token: str, *, because: str = "signed_out") -> None:
    """End the session of this token; ending it twice changes nothing."""
    db.session.execute(
        sa.update(UserSession)
        .where(UserSession.token_hash == token_hash(token), UserSession.ended_at.is_(None))
        .values(ended_at=clock.real_now(), ended_because=because)
    )


def end_sessions_of(person_id: int, *, because: str, but_token: str | None = None) -> int:
    """End all sessions of a person (but the one at hand, if named); answers how many."""
    ending = sa.update(UserSession).where(UserSession.person_id == person_id, UserSession.ended_at.is_(None))
    if but_token is not None:
        ending = ending.where(UserSession.token_hash != token_hash(but_token))
    done = db.session.execute(ending.values(ended_at=clock.real_now(), ended_because=because))
    return int(getattr(done, "rowcount", 0))


def end_one_session(person: Person, session_id: int) -> bool:
    """End one session of this person by its number; False when it is not theirs or ended already."""
    done = db.session.execute(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.person_id == person.id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.real_now(), ended_because="ended_elsewhere")
    )
    return bool(getattr(done, "rowcount", 0))
