"""Owners register themselves; everybody keeps their own name, addresses and password."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.keyed import Caller, same
from matchmaker.accounts.models import Assignment, Person
from matchmaker.accounts.rules import is_email, password_trouble
from matchmaker.accounts.services import codes, passwords
from matchmaker.accounts.sessions import end_sessions_of
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.notifications.services import tell
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused


def check_new_password(password: str, *, near: tuple[str, ...] = ()) -> None:
    """Raises Refused (field ``password``) when a password is too short, too common or the person's own address."""
    words = tuple(part for text in near for part in (text, text.partition("@")[0]) if part)
    if (no := password_trouble(password, near=words)) is not None:
        raise Refused(no.code, field="password", **no.facts)


def check_name(name: str) -> str:
    """The name without blanks around it. Raises Refused ``name_missing`` for nothing or a placeholder."""
    name = " ".join(name.split())
    if not name or is_placeholder(name):
        raise Refused("name_missing", field="name")
    return name


def new_person(*, address: str, name: str, password_hash: str, language: str) -> Person:
    """A person whose address has just been proven. Raises Refused ``address_taken`` when somebody has it."""
    if queries.person_by_address(address) is not None:
        raise Refused("address_taken")
    now = clock.now()
    by_mail = is_email(address)
    person = Person(
        phone=None if by_mail else address,
        email=address if by_mail else None,
        phone_verified_at=None if by_mail else now,
        email_verified_at=now if by_mail else None,
        name=check_name(name),
        password_hash=password_hash,
        language=language,
        created_at=now,
    )
    db.session.add(person)
    db.session.flush()
    return person


def register_owner(address: str, typed: str, *, name: str, password_hash: str, caller: Caller) -> Person:
    """Open an owner's account with the code that was sent to the address.

    Raises what ``use_code`` raises; a taken address has no code that fits, so it answers ``code_wrong`` too.
    """
    codes.use_code(address, "register", typed, caller=caller)
    person = new_person(address=address, name=name, password_hash=password_hash, language=caller.language)
    person.assignments.append(Assignment(role="owner", since_at=clock.now()))
    db.session.flush()
    record("account.register", person, by=person)
    return person


def add_operator(*, address: str, name: str, password_hash: str) -> Person:
    """Open an operator's account from the terminal. Raises Refused ``address_taken``, ``name_missing``."""
    person = new_person(address=address, name=name, password_hash=password_hash, language="zh")
    person.assignments.append(Assignment(role="operator", since_at=clock.now()))
    db.session.flush()
    record("account.add_operator", person, by=None)
    return person


def become_owner(person: Person) -> None:
    """Let staff act for a business of their own as well; twice changes nothing."""
    if not person.has_role("owner"):
        person.assignments.append(Assignment(role="owner", since_at=clock.now()))
        record("account.become_owner", person, by=person)


def reset_password(address: str, typed: str, *, password_hash: str, caller: Caller) -> Person:
    """Set a new password with the code that was sent to the address, and end every session of the person."""
    codes.use_code(address, "reset", typed, caller=caller)
    person = queries.person_by_address(address)
    if person is None:
        raise Refused("code_wrong", field="code")
    _set_password(person, password_hash)
    end_sessions_of(person.id, because="password_reset")
    record("account.reset_password", person, by=person)
    return person


def change_password(person: Person, *, checked_hash: str | None, password_hash: str, token: str) -> int:
    """Set a new password after the old one was compared (``checked_hash`` is the hash it fitted, None: it did not).

    Ends all other sessions; answers how many. Raises Refused ``old_password_wrong``.
    """
    if checked_hash is None or not same(checked_hash, person.password_hash):
        raise Refused("old_password_wrong", field="old_password")
    _set_password(person, password_hash)
    record("account.change_password", person, by=person)
    return end_sessions_of(person.id, because="password_changed", but_token=token)


def _set_password(person: Person, password_hash: str) -> None:
    person.password_hash = password_hash
    tell(
        person.id,
        "accounts.password_changed",
        key=f"password:{person.id}:{clock.real_now().isoformat()}",
        link="/account/sessions",
    )


def change_own_details(person: Person, *, name: str, language: str) -> None:
    """Change the name that others see and the language that messages are written in."""
    person.name = check_name(name)
    person.language = language if language in ("zh", "en") else "zh"


def choose_order(person: Person, *, learned: bool) -> None:
    """Object to lists ordered by what the model learned, or take the objection back; twice changes nothing."""
    if learned == (person.no_learned_order_since_at is None):
        return
    person.no_learned_order_since_at = None if learned else clock.now()
    record("account.choose_order", person, by=person, learned=learned)


def confirm_address(person: Person, address: str, typed: str, *, caller: Caller) -> None:
    """Add or replace one's phone number or e-mail address with the code that was sent to it."""
    codes.use_code(address, "verify", typed, caller=caller)
    if queries.person_by_address(address) not in (None, person):
        raise Refused("address_taken", field="address")
    now = clock.now()
    if is_email(address):
        person.email, person.email_verified_at = address, now
    else:
        person.phone, person.phone_verified_at = address, now
    record("account.confirm_address", person, by=person)
    tell(person.id, "accounts.address_changed", key=f"address:{person.id}:{now.isoformat()}", link="/account")


def hash_password(password: str) -> str:
    """See ``passwords.hash_password``; for the demo town and the first operator."""
    return passwords.hash_password(password)
