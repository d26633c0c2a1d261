"""The app's six digits (TOTP, RFC 6238) and recovery codes: set up, used once, taken away."""

from __future__ import annotations

import hmac
import io
import secrets
from datetime import datetime

import pyotp
import segno
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.keyed import Caller
from matchmaker.accounts.models import Person, RecoveryCode, RecoveryUse, TotpUse, UserSession
from matchmaker.accounts.rules import (
    RECOVERY_CODES,
    TOTP_STEP_SECONDS,
    second_factor_demanded,
)
from matchmaker.accounts.services.codes import plain_code
from matchmaker.accounts.services.once import first_to_use
from matchmaker.accounts.sessions import token_hash
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.notifications.services import tell
from matchmaker.refusal import Refused

ISSUER = "万企通"
# Letters and digits that nobody mistakes for one another, read aloud or written down.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_secret() -> str:
    """A fresh secret for an app (160 bits, base32). It is kept in the signed cookie until it was confirmed."""
    return pyotp.random_base32()


def address_for_app(person: Person, secret: str) -> str:
    """The otpauth address that an app reads from the picture."""
    name = person.phone or person.email or person.name
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER)


def picture(text: str) -> str:
    """A QR code as an SVG element that can stand in a page under a strict policy (no style attributes)."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        out, kind="svg", xmldecl=False, svgns=False, border=4, scale=5, svgclass="qr", lineclass=None, omitsize=False
    )
    return out.getvalue().decode()


def set_up(person: Person, secret: str, typed: str, *, token: str, caller: Caller) -> list[str]:
    """Ask for the app's digits from now on, after they were shown once; answers fresh recovery codes.

    The session at hand counts as entered with both factors. Raises Refused ``totp_wrong``.
    """
    step = matching_step(secret, typed, clock.real_now())
    if step is None:
        raise Refused("totp_wrong_app", field="code")
    person.totp_secret = secret
    person.totp_since_at = clock.real_now()
    _use_step(person, step)
    db.session.execute(
        sa.update(UserSession)
        .where(UserSession.person_id == person.id, UserSession.ended_at.is_(None))
        .where(UserSession.token_hash == token_hash(token))
        .values(with_totp=True)
    )
    record("account.totp_on", person, by=person)
    tell(person.id, "accounts.totp_on", key=f"totp_on:{person.id}:{person.totp_since_at.isoformat()}", link="/account")
    return new_recovery_codes(person, caller=caller)


def take_away(person: Person, *, production: bool) -> None:
    """Ask for the password alone again. Raises Refused ``totp_needed_for_work`` where the role demands it."""
    roles = {assignment.role for assignment in person.live_assignments}
    if second_factor_demanded(roles, production=production):
        raise Refused("totp_needed_for_work")
    forget(person)
    record("account.totp_off", person, by=person)
    tell(person.id, "accounts.totp_off", key=f"totp_off:{person.id}:{clock.real_now().isoformat()}", link="/account")


def forget(person: Person) -> None:
    """Drop secret and recovery codes; the caller writes down why."""
    person.totp_secret = None
    person.totp_since_at = None
    _replace_recovery_codes(person)


def new_recovery_codes(person: Person, *, caller: Caller) -> list[str]:
    """Ten codes for the day the phone is lost, each good for one sign-in; earlier ones end."""
    _replace_recovery_codes(person)
    fresh = ["".join(secrets.choice(_SIGNS) for _ in range(10)) for _ in range(RECOVERY_CODES)]
    for code in fresh:
        db.session.add(
            RecoveryCode(
                person_id=person.id,
                code_hash=_recovery_hash(person, code, caller),
                created_at=clock.real_now(),
            )
        )
    return [f"{code[:5]}-{code[5:]}" for code in fresh]


def use(person: Person, typed: str, *, caller: Caller) -> None:
    """Use up the app's digits or a recovery code in this very transaction; eight at once: one gets through.

    Raises Refused ``totp_wrong``, ``totp_used``.
    """
    typed = plain_code(typed)
    if len(typed) == 10 and not typed.isdecimal():
        _use_recovery_code(person, typed, caller)
        return
    step = matching_step(person.totp_secret or "", typed, clock.real_now())
    if step is None:
        raise Refused("totp_wrong", field="code")
    _use_step(person, step)


def matching_step(secret: str, typed: str, at: datetime) -> int | None:
    """The 30-second step whose digits were typed, this one or its neighbours (clocks differ), or None."""
    typed = plain_code(typed)
    if not secret or len(typed) != 6 or not typed.isdecimal():
        return None
    totp = pyotp.TOTP(secret)
    present = int(at.timestamp()) // TOTP_STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(totp.generate_otp(step), typed):
            return step
    return None


def _use_step(person: Person, step: int) -> None:
    if not first_to_use(TotpUse, person_id=person.id, step=step, used_at=clock.real_now()):
        raise Refused("totp_used", field="code")


def _use_recovery_code(person: Person, typed: str, caller: Caller) -> None:
    code = db.session.scalar(
        sa.select(RecoveryCode).where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_hash == _recovery_hash(person, typed, caller),
            RecoveryCode.replaced_at.is_(None),
        )
    )
    if code is None:
        raise Refused("totp_wrong", field="code")
    if not first_to_use(RecoveryUse, recovery_code_id=code.id, used_at=clock.real_now()):
        raise Refused("totp_used", field="code")
    record("account.recovery_code", person, by=person)
    tell(person.id, "accounts.recovery_code_used", key=f"recovery:{code.id}", link="/account/second-factor")


def _replace_recovery_codes(person: Person) -> None:
    db.session.execute(
        sa.update(RecoveryCode)
        .where(RecoveryCode.person_id == person.id, RecoveryCode.replaced_at.is_(None))
        .values(replaced_at=clock.real_now())
    )


def _recovery_hash(person: Person, code: str, caller: Caller) -> str:
    return caller.keyed("recovery", str(person.id), code)
