"""Getting in: by password or code, then the second factor; tries are counted though the deed is undone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.keyed import Caller, same
from matchmaker.accounts.models import Person, SignInAttempt
from matchmaker.accounts.rules import SECOND_STEP_LIVES, TRIES_BY_ACCOUNT
from matchmaker.accounts.services import codes, passwords, second_factor
from matchmaker.accounts.sessions import start_session
from matchmaker.audit.services import record
from matchmaker.db import begin_read, db, observe
from matchmaker.refusal import Refused


@dataclass(frozen=True)
class Checked:
    """What hashing found out before the transaction began; valid only while the person keeps that hash."""

    address: str
    password_hash: str | None
    fits: bool


@dataclass(frozen=True)
class Pending:
    """Between the two steps: whose first factor was right, since when. Lives in the signed cookie."""

    person_id: int
    account_key: str
    mark: str
    at: float

    def as_json(self) -> dict[str, object]:
        """As the cookie keeps it."""
        return {"person": self.person_id, "account": self.account_key, "mark": self.mark, "at": self.at}

    @classmethod
    def from_json(cls, kept: object) -> Pending | None:
        """What the cookie kept, or None when it holds nothing usable."""
        if not isinstance(kept, dict):
            return None
        try:
            return cls(int(kept["person"]), str(kept["account"]), str(kept["mark"]), float(kept["at"]))
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True)
class Entered:
    """Who is in: with a session's token, or, when a second factor is due, with what is kept until then."""

    person: Person
    token: str | None
    pending: Pending | None = None


def check_password(address: str, password: str, *, caller: Caller) -> Checked | None:
    """Compare a password with the stored hash, before the transaction, in a short reading of its own.

    None when the account or the visitor is locked: then no core is spent on hashing.
    """
    with Session(db.engine) as reading:
        begin_read(reading)
        if queries.lock(caller.account_key(address), caller.address, session=reading).opens_at is not None:
            return None
        password_hash = queries.password_hash_of(address, session=reading)
    return Checked(address, password_hash, passwords.fits(password_hash, password))


def enter_by_password(checked: Checked | None, address: str, *, caller: Caller) -> Entered:
    """Let in who gave the right password, or lead on to the second factor.

    Raises Refused ``sign_in_locked`` (opens_at) or ``sign_in_wrong`` (left: how many tries are left), in the
    same words whether somebody has the address or not.
    """
    key = caller.account_key(address)
    _refuse_locked(key, caller)
    person = queries.person_by_address(address)
    right = (
        person is not None
        and checked is not None
        and checked.fits
        and same(person.password_hash, checked.password_hash or "")
    )
    if not right or person is None:
        raise _failed(key, caller, "sign_in_wrong")
    return _enter(person, key, caller)


def enter_by_code(address: str, typed: str, *, caller: Caller) -> Entered:
    """Let in who holds the code that was sent to the address; raises what ``use_code`` raises."""
    codes.use_code(address, "sign_in", typed, caller=caller)
    person = queries.person_by_address(address)
    if person is None:
        raise Refused("code_wrong", field="code")
    return _enter(person, caller.account_key(address), caller)


def enter_by_second_factor(pending: Pending | None, typed: str, *, caller: Caller) -> Entered:
    """Let in who, the first factor being right, shows the app's six digits or a recovery code, each once.

    Raises Refused ``second_step_over`` when the first step is too long ago or the password was changed since,
    ``sign_in_locked``, ``totp_wrong`` and ``totp_used``.
    """
    person = db.session.get(Person, pending.person_id) if pending else None
    now = clock.real_now()
    if (
        pending is None
        or person is None
        or person.closed_at is not None
        or now.timestamp() - pending.at > SECOND_STEP_LIVES.total_seconds()
        or not same(pending.mark, _mark(person, caller))
    ):
        raise Refused("second_step_over")
    _refuse_locked(pending.account_key, caller)
    try:
        second_factor.use(person, typed, caller=caller)
    except Refused as no:
        raise _failed(pending.account_key, caller, no.code) from None
    return _begin(person, pending.account_key, caller, with_totp=True)


def begin_session(person: Person, *, caller: Caller, with_totp: bool = False) -> str:
    """Begin a session for somebody who has just proven the address (registering, an invitation, a reset)."""
    return start_session(person, address=caller.address, agent=caller.agent, with_totp=with_totp)


def _enter(person: Person, key: str, caller: Caller) -> Entered:
    if person.has_totp:
        at = clock.real_now().timestamp()
        return Entered(person, None, Pending(person.id, key, _mark(person, caller), at))
    return _begin(person, key, caller, with_totp=False)


def _begin(person: Person, key: str, caller: Caller, *, with_totp: bool) -> Entered:
    token = begin_session(person, caller=caller, with_totp=with_totp)
    record("account.sign_in", person, by=person)
    _observe_try(key, caller, succeeded=True)
    return Entered(person, token)


def _mark(person: Person, caller: Caller) -> str:
    # A changed password or a new app makes a half-done sign-in worthless.
    return caller.keyed("second step", person.password_hash, person.totp_secret or "")[:32]


def _refuse_locked(key: str, caller: Caller) -> None:
    lock = queries.lock(key, caller.address)
    if lock.opens_at is not None:
        raise Refused("sign_in_locked", opens_at=lock.opens_at)


def _failed(key: str, caller: Caller, code: str) -> Refused:
    """Observe a failed try; answer the refusal that tells how many are left, or that this one locked."""
    lock = queries.lock(key, caller.address)
    _observe_try(key, caller, succeeded=False)
    left = max(0, TRIES_BY_ACCOUNT - lock.counted - 1)
    if left == 0:
        return Refused("sign_in_locked_now", opens_at=lock.would_open_at)
    return Refused(code, left=left, field="code" if code.startswith("totp") else None)


def _observe_try(key: str, caller: Caller, *, succeeded: bool) -> None:
    observe(SignInAttempt(account_key=key, address=caller.address[:64], at=clock.real_now(), succeeded=succeeded))
