"""One-time codes: asked for, sent, tried, used up by a unique row."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.keyed import Caller, same
from matchmaker.accounts.models import CodeTry, CodeUse, OneTimeCode
from matchmaker.accounts.rules import CODE_LIVES, may_enter_with, may_send_code
from matchmaker.accounts.services.once import first_to_use
from matchmaker.db import db, observe
from matchmaker.notifications.services import write_to
from matchmaker.refusal import Refused


def ask_for_code(address: str, purpose: str, *, caller: Caller) -> OneTimeCode:
    """Send a code to a plain address for ``purpose`` (register, sign_in, reset, verify).

    Whether somebody has the address decides what the message says, never what the page says: a taken address
    is told that it is taken, an unknown one that nobody has it, and a code that nothing matches is stored.
    Raises Refused ``code_just_sent`` or ``codes_asked_too_often`` (facts: again_at).
    """
    now = clock.real_now()
    key = caller.account_key(address)
    budget = queries.code_budget(key, caller.address, now=now)
    if (no := may_send_code(budget, now)) is not None:
        raise Refused(no.code, **no.facts)
    person = queries.person_by_address(address)
    kind = {
        "register": "already_registered" if person else "code_to_register",
        "verify": "already_registered" if person else "code_to_verify",
        "sign_in": "code_to_sign_in" if person else "nobody_registered",
        "reset": "code_to_reset" if person else "nobody_registered",
    }[purpose]
    digits = f"{secrets.randbelow(1_000_000):06d}"
    real = kind.startswith("code_to")
    code = OneTimeCode(
        address_key=key,
        purpose=purpose,
        code_hash=caller.keyed("code", key, purpose, digits) if real else secrets.token_hex(32),
        created_at=now,
        expires_at=now + CODE_LIVES,
        asked_from=caller.address[:64],
    )
    db.session.add(code)
    db.session.flush()
    write_to(
        address,
        f"accounts.{kind}",
        key=f"code:{code.id}",
        language=person.language if person else caller.language,
        secrets={"code": digits} if real else None,
        minutes=int(CODE_LIVES.total_seconds() // 60),
    )
    return code


def use_code(address: str, purpose: str, typed: str, *, caller: Caller) -> OneTimeCode:
    """Use up the newest code that was sent to ``address`` for ``purpose``, in this very transaction.

    However many try at once, the unique row lets one through. A wrong try is observed (it counts though the
    deed is undone). Raises Refused ``code_wrong``, ``code_too_old``, ``code_tried_too_often``, ``code_used``.
    """
    now = clock.real_now()
    key = caller.account_key(address)
    code = queries.newest_code(key, purpose)
    if code is None:
        _note_try(None, key, caller)
        raise Refused("code_wrong", field="code")
    if (no := may_enter_with(queries.tries_of(code.id), code.expires_at, now)) is not None:
        raise Refused(no.code, field="code", **no.facts)
    if not same(code.code_hash, caller.keyed("code", key, purpose, plain_code(typed))):
        _note_try(code.id, key, caller)
        raise Refused("code_wrong", field="code")
    if not first_to_use(CodeUse, code_id=code.id, used_at=now):
        raise Refused("code_used", field="code")
    return code


def plain_code(typed: str) -> str:
    """The digits of what was typed: full-width figures, blanks and hyphens are forgiven."""
    import unicodedata

    return "".join(sign for sign in unicodedata.normalize("NFKC", typed) if sign.isalnum()).upper()


def _note_try(code_id: int | None, key: str, caller: Caller) -> None:
    observe(CodeTry(code_id=code_id, address_key=key, address=caller.address[:64], at=clock.real_now()))


def forget_old_codes(before: object) -> int:
    """Delete codes that expired before an instant, with their tries and uses; answers how many codes."""
    old = sa.select(OneTimeCode.id).where(OneTimeCode.expires_at < before)
    db.session.execute(sa.delete(CodeTry).where(CodeTry.code_id.in_(old)))
    db.session.execute(sa.delete(CodeUse).where(CodeUse.code_id.in_(old)))
    done = db.session.execute(sa.delete(OneTimeCode).where(OneTimeCode.expires_at < before))
    return int(getattr(done, "rowcount", 0))
