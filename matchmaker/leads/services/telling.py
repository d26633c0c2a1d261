"""Telling people about a lead: the owner by name of institution and product, the institution by number only.

Messages to an institution leave the site by mail or phone, so they never carry what a consent opens.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.notifications.services import tell


def number_of(lead: Lead) -> str:
    """How a lead is called where its customer may not be named."""
    return f"{lead.id:06d}"


def tell_owner(lead: Lead, kind: str, *, about: str, link: str | None = None, **facts: Any) -> None:
    """Tell everybody who may act for the business; `about` makes the message's key (one message per cause).

    `link`: where it leads to, the lead itself when none is named.
    """
    for person_id in finding.owners_of(lead.business_id):
        tell(
            person_id,
            kind,
            key=f"lead:{lead.id}:{about}:{person_id}",
            link=link or f"/leads/{lead.id}",
            **{"institution": lead.institution.short_name, "product": lead.product_version.name, **facts},
        )


def tell_staff(
    lead: Lead, kind: str, *, about: str, to: list[int] | None = None, link: str | None = None, **facts: Any
) -> None:
    """Tell whoever carries the lead, or else the managers of its branch and the desk."""
    for person_id in to if to is not None else finding.staff_of(lead):
        tell(
            person_id,
            kind,
            key=f"lead:{lead.id}:{about}:{person_id}",
            link=link or f"/leads/{lead.id}",
            number=number_of(lead),
            **facts,
        )


def tell_people(people: Iterable[int], kind: str, *, key: str, link: str, **facts: Any) -> None:
    """Tell these people about what is no lead (yet): a reserve, a card, a hand that was raised."""
    for person_id in people:
        tell(person_id, kind, key=f"{key}:{person_id}", link=link, **facts)
