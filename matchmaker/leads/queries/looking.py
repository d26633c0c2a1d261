"""Who may look at a business, who has looked, and how consents ended: the page its owner reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import BusinessMember
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.rules.consents import in_force


@dataclass(frozen=True)
class Receipt:
    """A consent as its giver reads it."""

    consent: Consent
    lead: Lead | None
    institution: Institution
    product_name: str
    carrier: str | None
    in_force: bool
    days_left: int


def _mine(person_id: int) -> sa.Select[Any]:
    return sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing.in_(PROVEN)
    )


def receipts_of(person_id: int) -> list[Receipt]:
    """Every consent for the businesses of a person, those in force first, then the latest ended."""
    now = clock.now()
    consents = db.session.scalars(
        sa.select(Consent)
        .where(Consent.business_id.in_(_mine(person_id)))
        .order_by(Consent.given_at.desc(), Consent.id.desc())
    ).all()
    leads = {
        lead.consent_id: lead
        for lead in db.session.scalars(
            sa.select(Lead)
            .where(Lead.consent_id.in_([consent.id for consent in consents]))
            .options(joinedload(Lead.product_version), joinedload(Lead.manager))
        ).unique()
    }
    institutions = {
        row.id: row
        for row in db.session.scalars(
            sa.select(Institution).where(Institution.id.in_({consent.institution_id for consent in consents}))
        )
    }
    found = [
        Receipt(
            consent=consent,
            lead=leads.get(consent.id),
            institution=institutions[consent.institution_id],
            product_name=leads[consent.id].product_version.name if consent.id in leads else "",
            carrier=_carrier(leads.get(consent.id)),
            in_force=in_force(consent.ends_at, consent.ended_at, now),
            days_left=(clock.date_of(consent.ends_at) - clock.date_of(now)).days,
        )
        for consent in consents
    ]
    return sorted(found, key=lambda receipt: not receipt.in_force)


def _carrier(lead: Lead | None) -> str | None:
    return lead.manager.name if lead is not None and lead.manager is not None else None


@dataclass(frozen=True)
class Look:
    """One look at a business: who, of which institution, what, why."""

    at: datetime
    name: str
    institution: str
    fields: list[str]
    purpose: str
    lead_id: int | None


def looks_at_mine(person_id: int) -> Any:
    """Who looked at the businesses of a person, the latest first: rows of (DataAccess, person's name, institution)."""
    return (
        sa.select(DataAccess, Person.name, Institution.short_name)
        .join(Person, Person.id == DataAccess.person_id, isouter=True)
        .join(Institution, Institution.id == DataAccess.institution_id, isouter=True)
        .where(DataAccess.business_id.in_(_mine(person_id)))
        .order_by(DataAccess.at.desc(), DataAccess.id.desc())
    )


def look_of(row: Any) -> Look:
    """A row of `looks_at_mine` as the page shows it."""
    access, name, institution = row
    return Look(access.at, name or "", institution or "", list(access.fields), access.purpose, access.lead_id)


def looks_since(person_id: int, days: int = 7) -> int:
    """How often somebody looked at the businesses of a person in the last days."""
    since = clock.now() - timedelta(days=days)
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(DataAccess)
            .where(DataAccess.business_id.in_(_mine(person_id)), DataAccess.at >= since)
        )
        or 0
    )


def all_looks(person_id: int, most: int = 20_000) -> list[Look]:
    """Every look, for the download; the newest `most`."""
    return [look_of(row) for row in db.session.execute(looks_at_mine(person_id).limit(most))]
