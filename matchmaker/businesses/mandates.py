"""Helpers of a business: let in by a link for one use, with limits and an end; changed and ended by who may act for it.

Services like those of `services.py`. Whatever a helper does is recorded under the helper's own number.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import person_by_address
from matchmaker.accounts.services.registering import become_owner
from matchmaker.accounts.sessions import token_hash
from matchmaker.audit.services import record
from matchmaker.businesses import queries
from matchmaker.businesses.models import Business, Mandate
from matchmaker.businesses.rules import INVITED_FOR, mandate_trouble
from matchmaker.db import db
from matchmaker.notifications.services import tell, write_to
from matchmaker.refusal import Reason, Refused


def invite_helper(
    business: Business,
    *,
    address: str,
    scope: str,
    limit_yuan: Decimal | None,
    until_on: date,
    language: str,
    by: Person,
) -> Mandate:
    """Send a single-use link to a plain address; who has that address and opens it within seven days may help.

    The link goes to the address alone. Raises Refused ``mandate_needs_proof``, ``mandate_for_yourself``,
    ``mandate_known_already``, those of `rules.mandate_trouble`.
    """
    if not queries.may_act(business.id, by.id):
        raise Refused("mandate_needs_proof")
    _check(scope, limit_yuan, until_on)
    known = person_by_address(address)
    if address in (by.phone, by.email) or (known is not None and known.id in business.member_ids):
        raise Refused("mandate_for_yourself", field="address", status=422)
    if any(one.is_open_link and one.address == address for one in business.mandates) or (
        known is not None and queries.mandate_of(business.id, known.id) is not None
    ):
        raise Refused("mandate_known_already", field="address", status=422)
    token = secrets.token_urlsafe(32)
    mandate = Mandate(
        token_hash=token_hash(token), address=address, scope=scope, limit_yuan=limit_yuan if scope == "act" else None,
        until_on=until_on, given_by_id=by.id, given_at=clock.now(), expires_at=clock.real_now() + INVITED_FOR,
    )  # fmt: skip
    business.mandates.append(mandate)
    db.session.flush()
    record("business.invite_helper", mandate, by=by, scope=scope, limit_yuan=mandate.limit_yuan, until_on=until_on)
    write_to(
        address,
        "mandate_invitation",
        key=f"mandate:{mandate.id}",
        language=known.language if known else language,
        secrets={"path": f"/mandates/link/{token}"},
        business=business.name,
        scope=f"label:business.scope:{scope}",
        expires_at=mandate.expires_at,
    )
    return mandate


def accept_mandate(mandate: Mandate, *, by: Person) -> None:
    """The invited person takes it. Raises Refused ``mandate_is_anothers``, ``mandate_link_over``."""
    if mandate.address not in (by.phone, by.email):
        raise Refused("mandate_is_anothers")
    if not mandate.is_open_link or clock.today() > mandate.until_on:
        raise Refused("mandate_link_over")
    if by.id in mandate.business.every_claimant_id or queries.mandate_of(mandate.business_id, by.id) is not None:
        raise Refused("mandate_known_already")
    mandate.person_id, mandate.accepted_at, mandate.address = by.id, clock.now(), ""
    become_owner(by)
    db.session.flush()
    db.session.refresh(mandate, ["person"])
    record("business.accept_mandate", mandate, by=by)
    tell(
        mandate.given_by_id,
        "mandate_accepted",
        key=f"mandate:{mandate.id}:accepted",
        link=f"/businesses/{mandate.business_id}/people",
        name=by.name,
        business=mandate.business.name,
    )


def change_mandate(
    mandate: Mandate, *, scope: str, limit_yuan: Decimal | None, until_on: date, row_version: int, by: Person
) -> None:
    """Set other limits; the helper is told. Raises Refused ``mandate_over``, those of `rules.mandate_trouble`."""
    _current(mandate, row_version)
    _check(scope, limit_yuan, until_on)
    mandate.scope, mandate.until_on = scope, until_on
    mandate.limit_yuan = limit_yuan if scope == "act" else None
    db.session.flush()
    record("business.change_mandate", mandate, by=by, scope=scope, limit_yuan=mandate.limit_yuan, until_on=until_on)
    _tell_helper(mandate, "mandate_changed", scope=f"label:business.scope:{scope}", until_on=until_on)


def end_mandate(mandate: Mandate, *, row_version: int, by: Person) -> None:
    """End it at once, whoever of the two wants it; what was sent by it stays until somebody who may takes it back."""
    _current(mandate, row_version)
    mandate.ended_at, mandate.ended_by_id, mandate.address = clock.now(), by.id, ""
    db.session.flush()
    record("business.end_mandate", mandate, by=by)
    if mandate.person_id != by.id:
        _tell_helper(mandate, "mandate_ended")


def end_mandates_with(person: Person, business_ids: Sequence[int]) -> None:
    """End what a person who goes holds for others, and what others hold for businesses that go with them."""
    for mandate in queries.mandates_to_end(person.id, business_ids):
        end_mandate(mandate, row_version=mandate.row_version, by=person)


def why_beyond_mandate(business_id: int, person_id: int, amount_yuan: Decimal) -> Reason | None:
    """Why a helper may not send or accept this sum, or None. Whoever is no helper holds no mandate: `mandate_none`.

    Codes: `mandate_none`, `mandate_only_looks`, `mandate_limit` (with the sum that may be).
    """
    mandate = queries.mandate_of(business_id, person_id)
    if mandate is None or not mandate.is_in_force:
        return Reason("mandate_none")
    if mandate.scope != "act" or mandate.limit_yuan is None:
        return Reason("mandate_only_looks")
    if amount_yuan > mandate.limit_yuan:
        return Reason("mandate_limit", {"limit_yuan": mandate.limit_yuan, "amount_yuan": amount_yuan})
    return None


def helper_scope(business_id: int, person_id: int) -> str:
    """How far a helper's mandate in force reaches: a code of `rules.SCOPES`, "" for whoever is no helper."""
    mandate = queries.mandate_of(business_id, person_id)
    return mandate.scope if mandate is not None and mandate.is_in_force else ""


def _check(scope: str, limit_yuan: Decimal | None, until_on: date) -> None:
    wrong = mandate_trouble(scope=scope, limit_yuan=limit_yuan, until_on=until_on, today=clock.today())
    if wrong is not None:
        raise Refused(wrong[1].code, wrong[0], 422, **wrong[1].facts)


def _current(mandate: Mandate, row_version: int) -> None:
    if mandate.row_version != row_version:
        raise StaleDataError(f"copy {row_version} was changed meanwhile to {mandate.row_version}")
    if mandate.ended_at is not None:
        raise Refused("mandate_over")


def _tell_helper(mandate: Mandate, kind: str, **facts: Any) -> None:
    if mandate.person_id is not None:
        tell(
            mandate.person_id, kind, key=f"mandate:{mandate.id}:{mandate.row_version}", link="/businesses",
            business=mandate.business.name, **facts,
        )  # fmt: skip
