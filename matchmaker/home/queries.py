"""What the start pages count and list: each number is a link to its rows on another page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker.accounts.models import Institution, Person
from matchmaker.businesses.models import BusinessMember
from matchmaker.businesses.queries import helped_businesses, open_cases, papers_open_to, waiting_titles
from matchmaker.db import db
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries import requests as cover
from matchmaker.leads.models import Lead, LeadClock, Payout
from matchmaker.leads.queries.reading import NeedProgress, progress_of
from matchmaker.leads.rules.clocks import OF_INSTITUTIONS
from matchmaker.leads.rules.states import LIVE
from matchmaker.needs.models import Need, NeedDraft
from matchmaker.needs.queries import drafts_of, live_needs_of
from matchmaker.products.models import Product
from matchmaker.products.queries import published_products
from matchmaker.queue import Job

_LIVE = [str(state) for state in LIVE]


def _count(query: sa.Select[Any]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0


def count_live() -> int:
    """Leads being worked on."""
    return _count(sa.select(Lead.id).where(Lead.state.in_(_LIVE)))


def count_late() -> int:
    """Waits that an institution let run out."""
    return _count(sa.select(LeadClock.id).where(LeadClock.outcome == "late", LeadClock.kind.in_(OF_INSTITUTIONS)))


def count_paid_out() -> int:
    """Leads whose pay-out the owner confirmed or did not dispute in time."""
    return _count(sa.select(Payout.id).where(Payout.standing.in_(["confirmed", "undisputed"])))


def count_products(on: date) -> int:
    """Products that are published and on offer."""
    return _count(published_products(on).with_only_columns(Product.id, maintain_column_froms=True))


def count_institutions() -> int:
    """Institutions that were admitted."""
    return _count(sa.select(Institution.id).where(Institution.status == "admitted"))


def count_needs() -> int:
    """Needs posted."""
    return _count(sa.select(Need.id))


def count_papers_waiting() -> int:
    """Proofs of who may act that wait for an operator."""
    return _count(sa.select(BusinessMember.id).where(BusinessMember.standing == "papers_sent"))


def count_papers_open_to(operator_id: int) -> int:
    """Of those, the proofs that still want this operator's finding."""
    return _count(papers_open_to(operator_id))


def count_failed_jobs() -> int:
    """Work that runs by itself and was given up until somebody looks at it."""
    return _count(sa.select(Job).where(Job.state == "failed"))


def count_open_cases() -> int:
    """Cases about who acts for a business that nobody has decided."""
    return _count(open_cases())


def count_titles_waiting() -> int:
    """Titles that their owners asked to be looked up."""
    return _count(waiting_titles())


@dataclass(frozen=True)
class OwnersStart:
    """What an owner's start page shows."""

    drafts: list[NeedDraft]
    memberships: list[BusinessMember]
    needs: list[Need]
    leads: list[NeedProgress]
    helps: bool = False
    """Whether this person acts or prepares for somebody else's business."""

    @property
    def unproven(self) -> list[BusinessMember]:
        """Businesses for which papers still have to be sent, or were sent back."""
        return [member for member in self.memberships if member.standing in ("declared", "rejected")]


def owners_start(person: Person) -> OwnersStart:
    """Everything of one owner that may ask for a next step; of leads exactly what their own page counts."""
    person_id = person.id
    memberships = list(
        db.session.scalars(
            sa.select(BusinessMember)
            .where(BusinessMember.person_id == person_id)
            .options(joinedload(BusinessMember.business))
            .order_by(BusinessMember.id)
        )
    )
    needs = [
        need for member in memberships if member.standing != "rejected" for need in live_needs_of(member.business_id)
    ]
    helps = bool(helped_businesses(person_id))
    return OwnersStart(drafts_of(person_id), memberships, needs, progress_of(person), helps)


def cover_requests_of_owner(person_id: int) -> list[CoverRequest]:
    """The live requests for cover of a person's businesses, the newest first."""
    live = cover.requests_of(person_id).where(CoverRequest.state.in_(cover.LIVE_STATES))
    return list(db.session.scalars(live).unique())


def cover_requests_of_desk(person: Any) -> tuple[list[datetime], list[datetime]]:
    """When the requests end that nobody at the insurer has taken up, and those that this person has to quote."""
    ours = sa.select(CoverRequest.due_at).where(CoverRequest.institution_id.in_(person.desk_institution_ids))
    waiting = ours.where(CoverRequest.state == "waiting")
    mine = ours.where(CoverRequest.state == "accepted", CoverRequest.handler_id == person.id)
    return list(db.session.scalars(waiting)), list(db.session.scalars(mine))
