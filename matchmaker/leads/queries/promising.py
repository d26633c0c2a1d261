"""The cases by which it is judged whether institutions keep what they promise: what was sent within twelve months."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.db import db
from matchmaker.leads.models import Lead, LeadClock, LeadStep, Offer
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.states import State, Step
from matchmaker.products.models import Product, ProductVersion
from matchmaker.ranking.models import Outcome


class Sent(NamedTuple):
    """One sending: to whom, and whether it brought money."""

    institution_id: int
    funded: bool


class Accepted(NamedTuple):
    """One lead that was accepted: the promised working days, when the clock began, when it was decided or ended.

    `paused_seconds`: how long the decision stood still because the owner collected papers.
    """

    institution_id: int
    promised_days: int
    accepted_at: datetime
    paused_seconds: int
    decided_at: datetime | None
    ended_at: datetime | None
    state: str


class Offered(NamedTuple):
    """The last offer of a lead, in percentage points above the lowest rate that its product wrote."""

    institution_id: int
    above_lowest: Decimal


def admitted_kinds() -> dict[int, str]:
    """Admitted institutions with their kind."""
    query = sa.select(Institution.id, Institution.kind).where(Institution.status == "admitted").order_by(Institution.id)
    return {row.id: row.kind for row in db.session.execute(query)}


def _within(from_on: date, until_on: date) -> sa.ColumnElement[bool]:
    return sa.and_(Lead.sent_at >= _beginning(from_on), Lead.sent_at < _beginning(until_on + timedelta(days=1)))


def _beginning(day: date) -> datetime:
    return datetime.combine(day, time(0), clock.SHANGHAI)


def sendings(from_on: date, until_on: date) -> Iterator[Sent]:
    """What was sent in these days and is over, by the outcomes that are learned from, too; open ones are no "no".

    What its owner took back, or gave up before the institution had offered anything, says nothing of the institution.
    """
    offers = sa.select(Offer.id).where(Offer.lead_id == Lead.id).exists()
    query = (
        sa.select(Outcome.institution_id, Outcome.funded)
        .join(Lead, Lead.id == Outcome.lead_id)
        .where(_within(from_on, until_on), Outcome.funded.is_not(None))
        .where(sa.or_(Lead.state != str(State.GIVEN_UP), offers))
    )
    for row in db.session.execute(query):
        yield Sent(row.institution_id, bool(row.funded))


def acceptances(from_on: date, until_on: date) -> Iterator[Accepted]:
    """What was sent in these days and accepted, with the first decision on it."""
    decided = (
        sa.select(sa.func.min(LeadStep.at))
        .where(LeadStep.lead_id == Lead.id, LeadStep.step.in_([str(Step.OFFER), str(Step.DECLINE)]))
        .scalar_subquery()
    )
    paused = (
        sa.select(sa.func.coalesce(sa.func.max(LeadClock.paused_seconds), 0))
        .where(LeadClock.lead_id == Lead.id, LeadClock.kind == str(Clock.DECISION))
        .scalar_subquery()
    )
    query = (
        sa.select(
            Lead.institution_id, ProductVersion.promised_days, Lead.accepted_at, paused.label("paused"),
            decided.label("decided_at"), Lead.ended_at, Lead.state,
        )
        .join(ProductVersion, ProductVersion.id == Lead.product_version_id)
        .where(_within(from_on, until_on), Lead.accepted_at.is_not(None), ProductVersion.promised_days.is_not(None))
    )  # fmt: skip
    for row in db.session.execute(query):
        yield Accepted(*row)


def offers(from_on: date, until_on: date) -> Iterator[Offered]:
    """The last offer of every loan that was sent in these days."""
    last = sa.select(sa.func.max(Offer.number)).where(Offer.lead_id == Lead.id).correlate(Lead).scalar_subquery()
    query = (
        sa.select(
            Lead.institution_id, Offer.rate_percent, Offer.spread_bp,
            ProductVersion.spread_min_bp, ProductVersion.fixed_rate_percent,
        )
        .join(Offer, sa.and_(Offer.lead_id == Lead.id, Offer.number == last))
        .join(ProductVersion, ProductVersion.id == Lead.product_version_id)
        .join(Product, Product.id == ProductVersion.product_id)
        .where(_within(from_on, until_on), Product.kind == "credit")
    )  # fmt: skip
    for row in db.session.execute(query):
        if row.spread_bp is not None and row.spread_min_bp is not None:
            yield Offered(row.institution_id, Decimal(row.spread_bp - row.spread_min_bp) / 100)
        elif row.fixed_rate_percent is not None:
            yield Offered(row.institution_id, row.rate_percent - row.fixed_rate_percent)


def began_at(case: Accepted) -> datetime:
    """When the promised days began: at the acceptance, later by the time that the owner collected papers."""
    return case.accepted_at + timedelta(seconds=case.paused_seconds)
