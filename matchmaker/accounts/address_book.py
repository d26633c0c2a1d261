"""Where messages find people: `notifications` lies below and asks through this."""

from __future__ import annotations

from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.notifications.services import Receiver, use_address_book


@use_address_book
def receiver(person_id: int) -> Receiver | None:
    """Language and verified addresses of a person whose account is open."""
    person = db.session.get(Person, person_id)
    if person is None or person.closed_at is not None:
        return None
    return Receiver(
        person.language,
        email=person.email if person.email_verified_at else None,
        phone=person.phone if person.phone_verified_at else None,
    )
