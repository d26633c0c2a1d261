"""Needs typed at a counter or by a channel: who typed is recorded, and the owner confirms by a link before it counts.

Services like those of `services.py`. Whoever types sends nothing to any institution and sees no match.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import person_by_address
from matchmaker.accounts.services.registering import become_owner
from matchmaker.accounts.sessions import token_hash
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.needs import services
from matchmaker.needs.models import AssistedNeed, NeedDraft
from matchmaker.needs.rules import kept_of, read_typed
from matchmaker.notifications.services import tell, write_to
from matchmaker.refusal import Refused

LINK_LIVES = timedelta(days=7)


def type_for(
    *, address: str, name: str, values: Mapping[str, Any], is_here: bool, language: str, by: Person
) -> AssistedNeed:
    """Keep what was typed for an owner and send them the link.

    Raises Refused ``assisted_not_here`` (nothing is typed for who does not want it), ``assisted_for_yourself``.
    """
    if not is_here:
        raise Refused("assisted_not_here", field="is_here", status=422)
    if address in (by.phone, by.email):
        raise Refused("assisted_for_yourself", field="address", status=422)
    token = secrets.token_urlsafe(32)
    known = person_by_address(address)
    row = AssistedNeed(
        token_hash=token_hash(token),
        typed_by_id=by.id,
        typed_at=clock.now(),
        address=address,
        name=name.strip(),
        values=kept_of(values),
        expires_at=clock.real_now() + LINK_LIVES,
    )
    db.session.add(row)
    db.session.flush()
    record("need.type_for", row, by=by)
    write_to(
        address,
        "need_assisted",
        key=f"assisted:{row.id}",
        language=known.language if known else language,
        secrets={"path": f"/assisted/link/{token}"},
        who=by.name,
        expires_at=row.expires_at,
    )
    return row


def confirm(row: AssistedNeed, *, by: Person) -> NeedDraft:
    """The owner says that these are their words: a draft of theirs, to be posted or changed by them alone.

    Raises Refused ``assisted_is_anothers``, ``assisted_link_over``.
    """
    if row.address not in (by.phone, by.email):
        raise Refused("assisted_is_anothers")
    if not row.is_open:
        raise Refused("assisted_link_over")
    become_owner(by)
    draft = services.save_draft(None, key=secrets.token_hex(16), values=row.values, version=0, by=by)
    row.person_id, row.confirmed_at, row.draft_id = by.id, clock.now(), draft.id
    row.address, row.name, row.values = "", "", {}
    db.session.flush()
    record("need.confirm_assisted", row, by=by, typed_by=row.typed_by_id)
    key = f"assisted:{row.id}:confirmed"
    tell(row.typed_by_id, "need_assisted_confirmed", key=key, link="/assisted", number=row.id)
    return draft


def withdraw(row: AssistedNeed, *, by: Person) -> None:
    """Whoever typed it makes the link worthless; what was typed is destroyed. Raises Refused ``assisted_link_over``."""
    if not row.is_open:
        raise Refused("assisted_link_over")
    row.withdrawn_at, row.address, row.name, row.values = clock.now(), "", "", {}
    db.session.flush()
    record("need.withdraw_assisted", row, by=by)


def wanted_of(row: AssistedNeed) -> Any:
    """What was typed, as a plain value; None where it cannot be read any more."""
    return read_typed(row.values, today=clock.today())[0]
