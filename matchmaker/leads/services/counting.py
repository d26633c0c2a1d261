"""What leads write into earlier subjects' tables: workload, track record, outcomes, credit lines."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from statistics import median_low
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Branch, Institution, ManagerProfile, Workload
from matchmaker.accounts.services.loads import hold_institution, recount_slots
from matchmaker.businesses.models import CreditLine
from matchmaker.db import db
from matchmaker.leads.models import Lead, LeadClock, LeadStep, Offer, Payout
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.states import LIVE, State, Step
from matchmaker.products.models import ProductIntake, ProductVersion, TrackRecord
from matchmaker.products.rules.capacity import week_of
from matchmaker.products.rules.freshness import STALE_CODE
from matchmaker.queue import insert_for
from matchmaker.ranking.models import Outcome

_LIVE = [str(state) for state in LIVE]
_HAS_MONEY = [str(state) for state in (State.TAKEN, State.SIGNED, State.PAID_OUT)]
_STANDS = ("confirmed", "undisputed")


def recount_workload(person_id: int | None) -> None:
    """Write how many live leads a manager carries now. Locked row first, counted after, so that none is lost."""
    if person_id is None:
        return
    session = db.session
    session.flush()
    branch = session.execute(
        sa.select(ManagerProfile.branch_id, Branch.institution_id)
        .join(Branch, Branch.id == ManagerProfile.branch_id)
        .where(ManagerProfile.person_id == person_id)
    ).first()
    if branch is not None:
        hold_institution(branch.institution_id)
    session.execute(insert_for(session, Workload).values(person_id=person_id, live_leads=0).on_conflict_do_nothing())
    row = session.scalars(
        sa.select(Workload)
        .where(Workload.person_id == person_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    row.live_leads = (
        session.scalar(
            sa.select(sa.func.count()).select_from(Lead).where(Lead.manager_id == person_id, Lead.state.in_(_LIVE))
        )
        or 0
    )
    row.as_of_at = clock.now()
    if branch is not None:
        recount_branch(branch.branch_id)


def recount_branch(branch_id: int | None) -> None:
    """Write what the managers of a branch can still carry, and how many leads wait there for one of them."""
    row = recount_slots(branch_id) if branch_id is not None else None
    if row is not None:
        row.waiting = (
            db.session.scalar(
                sa.select(sa.func.count())
                .select_from(Lead)
                .where(Lead.branch_id == branch_id, Lead.manager_id.is_(None), Lead.state.in_(_LIVE))
            )
            or 0
        )
        db.session.flush()


def recount_intake(product_id: int) -> None:
    """Count what came for a product since its desk said what it can take; nothing where it said nothing.

    The week is that of the business clock. Money counts from the acceptance of an offer, and no longer where the lead
    ended without it.
    """
    session = db.session
    session.flush()
    row = session.scalars(
        sa.select(ProductIntake)
        .where(ProductIntake.product_id == product_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if row is None:
        return
    of_product = sa.select(ProductVersion.id).where(ProductVersion.product_id == product_id)
    row.week_on = week_of(clock.today())
    row.week_leads = (
        session.scalar(
            sa.select(sa.func.count())
            .select_from(Lead)
            .where(
                Lead.product_version_id.in_(of_product),
                Lead.sent_at >= datetime.combine(row.week_on, time(0), clock.SHANGHAI),
            )
        )
        or 0
    )
    taken = session.scalars(
        sa.select(Offer.amount_yuan)
        .join(Lead, Lead.id == Offer.lead_id)
        .where(
            Lead.product_version_id.in_(of_product), Lead.state.in_(_HAS_MONEY), Offer.answer == "accepted",
            Offer.answered_at > row.said_at,
        )
    )  # fmt: skip
    row.funds_taken_yuan = sum(taken, Decimal(0))
    session.flush()


def recount_track_record(lead: Lead) -> None:
    """Count the leads of the institution, and of this product, afresh: sent, answered in time, decided, funded,
    declined because the listing was out of date.

    A second look that brings money counts the lead as funded once; a release counts as sent and not answered.
    """
    session = db.session
    session.flush()
    session.execute(
        sa.select(Institution.id).where(Institution.id == lead.institution_id).with_for_update(key_share=True)
    )
    product_id = session.scalar(
        sa.select(ProductVersion.product_id).where(ProductVersion.id == lead.product_version_id)
    )
    for wanted in (None, product_id):
        _recount(lead.institution_id, wanted)
    if product_id is not None:
        recount_intake(product_id)


def _recount(institution_id: int, product_id: int | None) -> None:
    session = db.session
    mine = sa.select(Lead.id).where(Lead.institution_id == institution_id, Lead.sent_at.is_not(None))
    if product_id is not None:
        mine = mine.join(ProductVersion, ProductVersion.id == Lead.product_version_id).where(
            ProductVersion.product_id == product_id
        )
    ids = mine.subquery()
    of_mine = sa.select(ids.c.id)

    def count(query: sa.Select[Any]) -> int:
        return int(session.scalar(query) or 0)

    leads = count(sa.select(sa.func.count()).select_from(ids))
    answered = count(
        sa.select(sa.func.count(sa.distinct(LeadClock.lead_id))).where(
            LeadClock.lead_id.in_(of_mine), LeadClock.kind == str(Clock.ACCEPT), LeadClock.outcome == "kept"
        )
    )
    decided = count(
        sa.select(sa.func.count(sa.distinct(LeadStep.lead_id))).where(
            LeadStep.lead_id.in_(of_mine), LeadStep.step.in_([str(Step.OFFER), str(Step.DECLINE)])
        )
    )
    money = session.execute(
        sa.select(Lead.sent_at, Payout.paid_on)
        .join(Payout, Payout.lead_id == Lead.id)
        .where(Lead.id.in_(of_mine), Payout.standing.in_(_STANDS))
    ).all()
    days = [max(0, (paid_on - clock.date_of(sent_at)).days) for sent_at, paid_on in money if sent_at is not None]
    stale = count(
        sa.select(sa.func.count(sa.distinct(LeadStep.lead_id))).where(
            LeadStep.lead_id.in_(of_mine),
            LeadStep.step == str(Step.DECLINE),
            sa.cast(LeadStep.facts, sa.Text).like(f'%"{STALE_CODE}"%'),
        )
    )
    row = session.scalars(
        sa.select(TrackRecord).where(
            TrackRecord.institution_id == institution_id,
            TrackRecord.product_id.is_(None) if product_id is None else TrackRecord.product_id == product_id,
        )
    ).first()
    if row is None:
        row = TrackRecord(institution_id=institution_id, product_id=product_id)
        session.add(row)
    row.as_of_at = clock.now()
    row.leads, row.answered_in_time, row.decided, row.funded = leads, answered, decided, len(money)
    row.stale_declines = stale
    row.median_days_to_money = median_low(days) if days else None


def open_outcome(lead: Lead) -> None:
    """A sending is on record; what becomes of it is not known yet."""
    db.session.add(
        Outcome(
            lead_id=lead.id,
            need_id=lead.need_id,
            product_version_id=lead.product_version_id,
            institution_id=lead.institution_id,
            shown_list_id=lead.shown_list_id,
            place=lead.shown_place,
            sent_at=lead.sent_at,
            source="lead",
        )
    )


def note_outcome(
    lead: Lead,
    *,
    decided_at: datetime | None,
    funded: bool | None,
    code: str | None = None,
    payout: Payout | None = None,
    known_at: datetime | None = None,
    offered_at: datetime | None = None,
) -> None:
    """Write what is known of a sending now (or since `known_at`). `funded` stays open until money stands or is refused.

    Only confirmed or undisputed amounts come in (`payout`); what was withdrawn or expired stays open and unlearned. The
    first offer stays on record whatever follows (`offered_at`).
    """
    row = db.session.scalars(sa.select(Outcome).where(Outcome.lead_id == lead.id)).first()
    if row is None:
        return
    row.decided_at = decided_at
    row.offered_at = row.offered_at or offered_at
    row.known_at = None if funded is None else known_at or clock.now()
    row.funded = funded
    row.reason_code = code
    row.amount_yuan = payout.amount_yuan if payout is not None else None


def add_credit_line(lead: Lead, payout: Payout, offer: Offer) -> CreditLine:
    """A loan that stands is one of the business's credit lines, beside those that its owner declared."""
    line = CreditLine(
        business_id=lead.business_id,
        institution_name=lead.institution.name,
        institution_id=lead.institution_id,
        kind="guarantee" if lead.product_version.product.kind == "guarantee" else "loan",
        amount_yuan=payout.amount_yuan,
        balance_yuan=payout.amount_yuan,
        security_code=next(iter(lead.product_version.securities), "CREDIT"),
        started_on=payout.paid_on,
        matures_on=months_after(payout.paid_on, offer.term_months),
        source="paid_out",
        as_of_on=payout.paid_on,
    )
    db.session.add(line)
    return line


def months_after(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month where it has none."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has a 28th")
