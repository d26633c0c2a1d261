"""Telling people about a request: the owner by names, the insurer by number only; no premium is in a message."""

from __future__ import annotations

from typing import Any

from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries.requests import desk_ids, number_of, owners_of
from matchmaker.notifications.services import tell


def tell_owner(request: CoverRequest, kind: str, *, about: str, **facts: Any) -> None:
    """Tell everybody who may act for the business; `about` makes the message's key."""
    for person_id in owners_of(request.business_id):
        tell(
            person_id,
            kind,
            key=f"cover-request:{request.id}:{about}:{person_id}",
            link=f"/cover/requests/{request.id}",
            institution=request.institution.short_name,
            cover=request.cover_version.name,
            **facts,
        )


def tell_insurer(request: CoverRequest, kind: str, *, about: str, **facts: Any) -> None:
    """Tell who carries the request, or else everybody at the desk."""
    for person_id in [request.handler_id] if request.handler_id else desk_ids(request.institution_id):
        tell(
            person_id,
            kind,
            key=f"cover-request:{request.id}:{about}:{person_id}",
            link=f"/cover/requests/{request.id}",
            number=number_of(request),
            cover=request.cover_version.name,
            **facts,
        )
