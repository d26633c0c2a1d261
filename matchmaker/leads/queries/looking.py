"""Who may look at a business, who has looked, and how consents ended: the page its owner reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db, holding
from matchmaker.leads.models import Consent, Lead, Reserve
from matchmaker.leads.rules.consents import in_force
from matchmaker.leads.rules.reserves import Standing
from matchmaker.products.models import Product, ProductVersion


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


def consents_of(
    person_id: int, *, open_: bool | None = None, institution_id: int | None = None, words: str = ""
) -> sa.Select[Consent]:
    """The consents for the businesses of a person, the latest first; open_ True: those in force or under withdrawal.

    `words` stand in the institution or the product, or are the number of the receipt.
    """
    query = sa.select(Consent).where(Consent.business_id.in_(_mine(person_id)))
    alive = sa.and_(Consent.ended_at.is_(None), Consent.ends_at > clock.now())
    if open_ is not None:
        query = query.where(alive if open_ else sa.not_(alive))
    if institution_id is not None:
        query = query.where(Consent.institution_id == institution_id)
    for word in words.split():
        product = Lead.product_version.has(holding(word, ProductVersion.name))
        query = query.where(
            sa.or_(
                holding(word, number=Consent.id),
                Consent.institution.has(holding(word, Institution.name, Institution.short_name)),
                Consent.id.in_(sa.select(Lead.consent_id).where(product)),
            )
        )
    return query.options(joinedload(Consent.institution), joinedload(Consent.given_by)).order_by(
        Consent.given_at.desc(), Consent.id.desc()
    )


def receipts(consents: Sequence[Consent]) -> list[Receipt]:
    """Consents as their giver reads them, in the same order."""
    now = clock.now()
    leads = {
        lead.consent_id: lead
        for lead in db.session.scalars(
            sa.select(Lead)
            .where(Lead.consent_id.in_([consent.id for consent in consents]))
            .options(joinedload(Lead.product_version), joinedload(Lead.manager))
        ).unique()
    }
    return [
        Receipt(
            consent=consent,
            lead=leads.get(consent.id),
            institution=consent.institution,
            product_name=leads[consent.id].product_version.name if consent.id in leads else "",
            carrier=_carrier(leads.get(consent.id)),
            in_force=in_force(consent.ends_at, consent.stopped_at, now),
            days_left=(clock.date_of(consent.ends_at) - clock.date_of(now)).days,
        )
        for consent in consents
    ]


def receipts_of(person_id: int, *, open_: bool) -> list[Receipt]:
    """The consents of a person that stand (or do not any more), as their giver reads them."""
    return receipts(db.session.scalars(consents_of(person_id, open_=open_)).all())


def consent_by_id(consent_id: int) -> Consent | None:
    """A consent with its business and who acts for it."""
    return db.session.scalar(
        sa.select(Consent)
        .where(Consent.id == consent_id)
        .options(joinedload(Consent.business).selectinload(Business.members), joinedload(Consent.institution))
    )


def looks_under(consent: Consent, most: int = 200) -> list[Look]:
    """What the institution looked at while this consent was the lead's, newest first."""
    until = consent.stopped_at or consent.ends_at
    query = (
        _looks()
        .join(Lead, Lead.id == DataAccess.lead_id)
        .where(
            Lead.need_id == consent.need_id,
            DataAccess.institution_id == consent.institution_id,
            DataAccess.at >= consent.given_at,
            DataAccess.at <= until,
        )
    )
    return [look_of(row) for row in db.session.execute(query.limit(most))]


def waiting_reserves_of(person_id: int) -> list[Reserve]:
    """The receipts of a person's businesses that have not begun: who gets a need when somebody else is late."""
    return list(
        db.session.scalars(
            sa.select(Reserve)
            .where(Reserve.business_id.in_(_mine(person_id)), Reserve.standing == str(Standing.WAITING))
            .options(joinedload(Reserve.institution), joinedload(Reserve.product).joinedload(Product.current_version))
            .order_by(Reserve.need_id, Reserve.id)
        )
    )


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
    business_id: int


@dataclass(frozen=True)
class Narrowed:
    """What of the log is wanted: one institution (0: the platform itself), one business, one purpose, some days."""

    institution_id: int | None = None
    business_id: int | None = None
    purpose: str = ""
    days: int | None = None


EVERYTHING = Narrowed()


def _looks() -> Any:
    return (
        sa.select(DataAccess, Person.name, Institution.short_name)
        .join(Person, Person.id == DataAccess.person_id, isouter=True)
        .join(Institution, Institution.id == DataAccess.institution_id, isouter=True)
        .order_by(DataAccess.at.desc(), DataAccess.id.desc())
    )


def looks_at_mine(person_id: int, wanted: Narrowed = EVERYTHING) -> Any:
    """Who looked at the businesses of a person, the latest first: rows of (DataAccess, person's name, institution)."""
    query = _looks().where(DataAccess.business_id.in_(_mine(person_id)))
    if wanted.institution_id is not None:
        query = query.where(
            DataAccess.institution_id == wanted.institution_id
            if wanted.institution_id
            else DataAccess.institution_id.is_(None)
        )
    if wanted.business_id is not None:
        query = query.where(DataAccess.business_id == wanted.business_id)
    if wanted.purpose:
        query = query.where(DataAccess.purpose == wanted.purpose)
    if wanted.days is not None:
        query = query.where(DataAccess.at >= clock.now() - timedelta(days=wanted.days))
    return query


def who_could_look(person_id: int) -> list[tuple[int, str]]:
    """(id, short name) of every institution that has looked at or been given anything, by name."""
    looked = sa.select(DataAccess.institution_id).where(DataAccess.business_id.in_(_mine(person_id)))
    given = sa.select(Consent.institution_id).where(Consent.business_id.in_(_mine(person_id)))
    rows = db.session.execute(
        sa.select(Institution.id, Institution.short_name)
        .where(sa.or_(Institution.id.in_(looked), Institution.id.in_(given)))
        .order_by(Institution.short_name, Institution.id)
    )
    return [(row.id, row.short_name) for row in rows]


def purposes_seen(person_id: int) -> list[str]:
    """The purposes for which anybody has looked."""
    return list(
        db.session.scalars(
            sa.select(DataAccess.purpose)
            .where(DataAccess.business_id.in_(_mine(person_id)))
            .distinct()
            .order_by(DataAccess.purpose)
        )
    )


def look_of(row: Any) -> Look:
    """A row of `looks_at_mine` as the page shows it."""
    access, name, institution = row
    return Look(
        at=access.at,
        name=name or "",
        institution=institution or "",
        fields=list(access.fields),
        purpose=access.purpose,
        lead_id=access.lead_id,
        business_id=access.business_id,
    )


def looks_at_papers(lead: Lead) -> dict[int, tuple[int, datetime]]:
    """Document id -> (how often the institution of this lead opened it for it, when last)."""
    rows = db.session.execute(
        sa.select(DataAccess.document_id, sa.func.count(), sa.func.max(DataAccess.at))
        .where(DataAccess.lead_id == lead.id, DataAccess.document_id.is_not(None))
        .group_by(DataAccess.document_id)
    )
    return {int(number): (count, at) for number, count, at in rows if number is not None}


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


def all_looks(person_id: int, wanted: Narrowed = EVERYTHING, most: int = 20_000) -> list[Look]:
    """Every look that is wanted, for the download; the newest `most`."""
    return [look_of(row) for row in db.session.execute(looks_at_mine(person_id, wanted).limit(most))]
