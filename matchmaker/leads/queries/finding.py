"""Finding leads, consents, offers and the people who are told about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker.accounts.models import Assignment, Branch, BranchLoad, Person
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db
from matchmaker.leads.models import CardAgreement, Consent, Lead, LeadClock, LeadPaper, Offer, Payout, Reserve
from matchmaker.leads.rules.reserves import Standing
from matchmaker.leads.rules.states import LIVE, State
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.products.models import Product, ProductIntake, ProductVersion
from matchmaker.products.rules.capacity import Intake, Load
from matchmaker.products.rules.states import Kind
from matchmaker.ranking.models import Shown, ShownList
from matchmaker.reference.rules.working_time import SHANGHAI

LIVE_STATES = [str(state) for state in LIVE]
MAY_ACT = PROVEN


def _whole() -> list[object]:
    return [
        joinedload(Lead.institution),
        joinedload(Lead.business).selectinload(Business.members),
        joinedload(Lead.product_version).joinedload(ProductVersion.product),
        joinedload(Lead.consent),
        joinedload(Lead.branch),
        selectinload(Lead.clocks),
    ]


def lead_by_id(lead_id: int, *, lock: bool = False) -> Lead | None:
    """The lead with what every page of it needs. `lock`: others who want to change it wait for this transaction."""
    if lock:
        _lock(Lead, lead_id)
    return db.session.scalars(sa.select(Lead).where(Lead.id == lead_id).options(*_whole())).unique().first()  # type: ignore[arg-type]


def lock_need(need_id: int) -> Need:
    """The need, locked: whoever sends it at the same time waits here (at most three live leads)."""
    _lock(Need, need_id)
    return db.session.get_one(Need, need_id)


def _lock(table: type[Lead] | type[Need], number: int) -> None:
    """Wait for whoever changes this row, then read it anew.

    The lock is asked for by number alone: reading a versioned row with a lock fails when this session has seen an
    older version, which is exactly the case that the lock is for. Keys that point to the row do not wait.
    """
    db.session.flush()
    db.session.execute(sa.select(table.id).where(table.id == number).with_for_update(key_share=True))
    db.session.get(table, number, populate_existing=True)


def asked_version(lead: Lead) -> NeedVersion:
    """What the need asked for when it was sent."""
    return db.session.scalars(
        sa.select(NeedVersion).where(NeedVersion.need_id == lead.need_id, NeedVersion.number == lead.need_number)
    ).one()


def asked_versions(leads: Iterable[Lead]) -> dict[int, NeedVersion]:
    """Lead id -> what was asked for when it was sent, in one query."""
    found = list(leads)
    if not found:
        return {}
    versions = db.session.scalars(
        sa.select(NeedVersion).where(NeedVersion.need_id.in_({lead.need_id for lead in found}))
    ).all()
    by_key = {(version.need_id, version.number): version for version in versions}
    return {lead.id: by_key[(lead.need_id, lead.need_number)] for lead in found}


def leads_of_need(need_id: int) -> list[Lead]:
    """Every lead of this need, oldest first."""
    return list(db.session.scalars(sa.select(Lead).where(Lead.need_id == need_id).order_by(Lead.id)))


def live_leads_of_need(need_id: int) -> list[Lead]:
    """The leads that take a place of this need, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Lead)
            .where(Lead.need_id == need_id, Lead.state.in_(LIVE_STATES))
            .options(joinedload(Lead.institution), joinedload(Lead.product_version))
            .order_by(Lead.id)
        )
    )


def draft_of(need_id: int, institution_id: int) -> Lead | None:
    """The choice that was not sent yet, for this institution."""
    return db.session.scalars(
        sa.select(Lead).where(
            Lead.need_id == need_id, Lead.institution_id == institution_id, Lead.state == str(State.DRAFT)
        )
    ).first()


def product_by_id(product_id: int) -> Product | None:
    """The product with its published version and institution, or None."""
    return db.session.scalars(
        sa.select(Product)
        .where(Product.id == product_id)
        .options(joinedload(Product.institution), joinedload(Product.current_version))
    ).first()


def place_on_newest_list(need: Need, product_id: int) -> tuple[int, int] | None:
    """(stored list, place) where the newest list of the need as it stands shows the product; None when it does not."""
    newest = (
        sa.select(ShownList.id)
        .where(ShownList.need_id == need.id, ShownList.need_number == need.current_number)
        .order_by(ShownList.made_at.desc(), ShownList.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    found = db.session.execute(
        sa.select(Shown.list_id, Shown.place).where(Shown.list_id == newest, Shown.product_id == product_id)
    ).first()
    return (found.list_id, found.place) if found is not None else None


def member_of(business_id: int, person_id: int) -> BusinessMember | None:
    """How far it is proven that this person may act for this business."""
    return db.session.scalars(
        sa.select(BusinessMember).where(
            BusinessMember.business_id == business_id, BusinessMember.person_id == person_id
        )
    ).first()


def owners_of(business_id: int) -> list[int]:
    """The people who may act for a business with checked papers: they are told what happens to its leads."""
    return list(
        db.session.scalars(
            sa.select(BusinessMember.person_id)
            .where(BusinessMember.business_id == business_id, BusinessMember.standing.in_(MAY_ACT))
            .order_by(BusinessMember.id)
        )
    )


def staff_of(lead: Lead) -> list[int]:
    """Who at the institution is told: the one who carries the lead; else the managers of its branch and the desk."""
    if lead.manager_id is not None:
        return [lead.manager_id]
    live = sa.select(Assignment.person_id).where(
        Assignment.institution_id == lead.institution_id, Assignment.until_at.is_(None)
    )
    managers = live.where(Assignment.role == "manager")
    if lead.branch_id is not None:
        managers = managers.where(Assignment.branch_id == lead.branch_id)
    return sorted(set(db.session.scalars(managers)) | set(db.session.scalars(live.where(Assignment.role == "desk"))))


def desk_of(institution_id: int) -> list[int]:
    """The people at the desk of an institution."""
    return sorted(
        set(
            db.session.scalars(
                sa.select(Assignment.person_id).where(
                    Assignment.institution_id == institution_id,
                    Assignment.role == "desk",
                    Assignment.until_at.is_(None),
                )
            )
        )
    )


def carriers_of(institution_id: int) -> list[Person]:
    """Who can carry a lead of this institution: its managers, then its desk, by name."""
    return list(
        db.session.scalars(
            sa.select(Person)
            .join(Assignment, Assignment.person_id == Person.id)
            .where(
                Assignment.institution_id == institution_id,
                Assignment.role.in_(("manager", "desk")),
                Assignment.until_at.is_(None),
                Person.closed_at.is_(None),
            )
            .order_by(Person.name, Person.id)
            .distinct()
            .options(joinedload(Person.profile))
        ).unique()
    )


def branches_of(institution_id: int) -> list[Branch]:
    """The open branches of an institution."""
    return list(
        db.session.scalars(
            sa.select(Branch)
            .where(Branch.institution_id == institution_id, Branch.closed_at.is_(None))
            .order_by(Branch.id)
        )
    )


def ids_of_branches() -> list[int]:
    """All open branches."""
    return list(db.session.scalars(sa.select(Branch.id).where(Branch.closed_at.is_(None)).order_by(Branch.id)))


def ids_of_intakes() -> list[int]:
    """The products of which a desk has said what they can take."""
    return list(db.session.scalars(sa.select(ProductIntake.product_id).order_by(ProductIntake.product_id)))


def full_branches(institution_id: int) -> set[int]:
    """The branches whose managers carry all they can, by the newest count; one without managers is never full."""
    query = (
        sa.select(BranchLoad)
        .where(BranchLoad.institution_id == institution_id, BranchLoad.managers > 0)
        .execution_options(populate_existing=True)
    )
    return {row.branch_id for row in db.session.scalars(query) if load_of(row).is_full}


def load_of(row: BranchLoad) -> Load:
    """A row as the rules see it."""
    return Load(row.open_slots, row.free_managers, row.waiting)


def intake_of(product_id: int) -> Intake:
    """What a product can take, by the newest count."""
    query = sa.select(ProductIntake).where(ProductIntake.product_id == product_id)
    row = db.session.scalar(query.execution_options(populate_existing=True))
    return row.intake if row is not None else Intake()


def waiting_reserves(need_id: int) -> list[Reserve]:
    """The reserves of a need that wait for their turn, in the order in which they were named."""
    return list(
        db.session.scalars(
            sa.select(Reserve)
            .where(Reserve.need_id == need_id, Reserve.standing == str(Standing.WAITING))
            .options(joinedload(Reserve.institution), joinedload(Reserve.product))
            .order_by(Reserve.id)
        )
    )


def card_agreement_of(need_id: int) -> CardAgreement | None:
    """The agreement to a sealed card that was not ended; whether its date has passed is the asker's question."""
    return db.session.scalars(
        sa.select(CardAgreement).where(CardAgreement.need_id == need_id, CardAgreement.ended_at.is_(None))
    ).first()


def card_agreements_of_person(person_id: int) -> list[CardAgreement]:
    """The standing agreements of the businesses for which a person acts with checked papers, oldest first."""
    mine = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing.in_(MAY_ACT)
    )
    return list(
        db.session.scalars(
            sa.select(CardAgreement)
            .where(CardAgreement.business_id.in_(mine), CardAgreement.ended_at.is_(None))
            .options(joinedload(CardAgreement.need).selectinload(Need.versions))
            .order_by(CardAgreement.id)
        )
    )


def ids_of_needs_past_agreement(now: datetime) -> list[int]:
    """Needs whose agreement to a sealed card has run out and was not ended yet."""
    return list(
        db.session.scalars(
            sa.select(CardAgreement.need_id)
            .where(CardAgreement.ended_at.is_(None), CardAgreement.ends_at <= now)
            .order_by(CardAgreement.id)
        )
    )


def was_passed_on(lead_id: int) -> bool:
    """Whether a reserve got its turn after this lead was late."""
    return passed_on_to(lead_id) is not None


def passed_on_to(lead_id: int) -> Reserve | None:
    """The reserve that got its turn after this lead was late, if any."""
    return db.session.scalars(sa.select(Reserve).where(Reserve.after_lead_id == lead_id)).first()


def agreed_amounts(need: Need, *, kind: str = Kind.CREDIT, but: int | None = None) -> list[Decimal]:
    """What a need as it stands is covered with: accepted offers that live, money that came since it was last changed.

    Of one `kind` of product: a guarantee is no money and stands beside the loan that it helps to.
    `but` leaves one lead out. A version of a need asks for what is missing when it is made: older money is no part.
    """
    accepted = db.session.scalars(
        sa.select(Offer.amount_yuan)
        .join(Lead, Lead.id == Offer.lead_id)
        .where(
            Lead.need_id == need.id,
            Lead.id != (but or 0),
            Lead.state.in_([str(State.TAKEN), str(State.SIGNED)]),
            Offer.answer == "accepted",
            _is_of_kind(kind),
        )
    )
    return [*accepted, *_paid_amounts(need, kind, but=but)]


def _paid_amounts(need: Need, kind: str, *, but: int | None) -> list[Decimal]:
    """The pay-outs of a need that were reported since its version was made, but for disputed ones."""
    since = _payouts_since(need).where(Lead.id != (but or 0), Payout.standing != "disputed", _is_of_kind(kind))
    return list(db.session.scalars(since))


def _is_of_kind(kind: str) -> sa.ColumnElement[bool]:
    """Whether the product of a lead is a loan, or a guarantee."""
    products = sa.select(ProductVersion.id).join(Product, Product.id == ProductVersion.product_id)
    return Lead.product_version_id.in_(products.where(Product.kind == str(kind)))


def stood_amounts(need: Need) -> list[Decimal]:
    """The pay-outs of a need that its owner confirmed or did not dispute in time, since its version was made."""
    return list(db.session.scalars(_payouts_since(need).where(Payout.standing.in_(["confirmed", "undisputed"]))))


def _payouts_since(need: Need) -> sa.Select[Any]:
    return (
        sa.select(Payout.amount_yuan)
        .join(Lead, Lead.id == Payout.lead_id)
        .where(Lead.need_id == need.id, Payout.reported_at >= need.current.made_at)
    )


def reserve_by_id(reserve_id: int, *, lock: bool = False) -> Reserve | None:
    """A reserve; `lock`: its need is locked, so that its turn does not come meanwhile."""
    found = db.session.get(Reserve, reserve_id)
    if found is not None and lock:
        lock_need(found.need_id)
        db.session.refresh(found)
    return found


def offer_of(lead_id: int, number: int) -> Offer | None:
    """An offer by its number within the lead."""
    return db.session.scalars(sa.select(Offer).where(Offer.lead_id == lead_id, Offer.number == number)).first()


def paper_of(lead_id: int, paper_id: int) -> LeadPaper | None:
    """A paper that the owner sent with this lead."""
    return db.session.scalars(
        sa.select(LeadPaper)
        .where(LeadPaper.id == paper_id, LeadPaper.lead_id == lead_id)
        .options(joinedload(LeadPaper.document))
    ).first()


def papers_of(lead_id: int) -> list[LeadPaper]:
    """The papers that the owner has sent with this lead, oldest first; what is only added is not among them."""
    return list(
        db.session.scalars(
            sa.select(LeadPaper)
            .where(LeadPaper.lead_id == lead_id, LeadPaper.sent_at.is_not(None))
            .options(joinedload(LeadPaper.document), joinedload(LeadPaper.replaced_by))
            .order_by(LeadPaper.id)
        )
    )


def grant_of(lead_id: int, document_id: int) -> LeadPaper | None:
    """The row by which a document was given to this lead, lies ready for it, or was taken back from it."""
    return db.session.scalar(
        sa.select(LeadPaper).where(LeadPaper.lead_id == lead_id, LeadPaper.document_id == document_id)
    )


def missing_after_taking_back(papers: Sequence[LeadPaper]) -> list[LeadPaper]:
    """Of the papers of a lead those that were taken back, and for which no other of the same kind was given."""
    kinds = {paper.kind for paper in papers if not paper.is_taken_back and paper.kind is not None}
    return [paper for paper in papers if paper.is_taken_back and paper.kind not in kinds]


def live_leads_with(document_id: int) -> list[int]:
    """The live leads that have this document: it was sent with them and not taken back."""
    return list(
        db.session.scalars(
            sa.select(LeadPaper.lead_id)
            .join(Lead, Lead.id == LeadPaper.lead_id)
            .where(
                LeadPaper.document_id == document_id,
                LeadPaper.sent_at.is_not(None),
                LeadPaper.taken_back_at.is_(None),
                Lead.state.in_(LIVE_STATES),
            )
            .order_by(LeadPaper.lead_id)
        )
    )


def ids_of_unwarned_clocks(now: datetime) -> list[int]:
    """Clocks that run, may be warned about and were not: (75 % is counted by the rule, clock by clock)."""
    return list(
        db.session.scalars(
            sa.select(LeadClock.id)
            .where(
                LeadClock.stopped_at.is_(None),
                LeadClock.paused_at.is_(None),
                LeadClock.warned_at.is_(None),
                LeadClock.started_at <= now,
            )
            .order_by(LeadClock.due_at, LeadClock.id)
        )
    )


def ids_of_clocks_ending_in(year: int) -> list[int]:
    """Clocks that run and end in a year, by the time of Shanghai."""
    first, next_first = (datetime(each, 1, 1, tzinfo=SHANGHAI) for each in (year, year + 1))
    return list(
        db.session.scalars(
            sa.select(LeadClock.id)
            .where(LeadClock.stopped_at.is_(None), LeadClock.due_at >= first, LeadClock.due_at < next_first)
            .order_by(LeadClock.id)
        )
    )


def open_clock_by_id(clock_id: int) -> LeadClock | None:
    """A clock that still runs, its lead locked against steps at the same moment."""
    row = db.session.get(LeadClock, clock_id)
    if row is None or lead_by_id(row.lead_id, lock=True) is None:
        return None
    db.session.refresh(row)
    return row if row.stopped_at is None else None


def ids_of_due_clocks(now: datetime, kinds: Iterable[str]) -> list[int]:
    """Clocks of these kinds that ran out and have not stopped, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(LeadClock.id)
            .where(
                LeadClock.stopped_at.is_(None),
                LeadClock.paused_at.is_(None),
                LeadClock.due_at <= now,
                LeadClock.kind.in_([str(kind) for kind in kinds]),
            )
            .order_by(LeadClock.due_at, LeadClock.id)
        )
    )


def ids_of_leads_past_consent(now: datetime, states: Iterable[str]) -> list[int]:
    """Live leads in these states whose consent has reached its date."""
    return list(
        db.session.scalars(
            sa.select(Lead.id)
            .join(Consent, Consent.id == Lead.consent_id)
            .where(Lead.state.in_([str(state) for state in states]), Consent.ends_at <= now)
            .order_by(Consent.ends_at, Lead.id)
        )
    )


def ids_of_withdrawing_leads(before: datetime) -> list[int]:
    """Leads whose consent its giver began to withdraw at or before that instant, and that has not ended yet."""
    return list(
        db.session.scalars(
            sa.select(Lead.id)
            .join(Consent, Consent.id == Lead.consent_id)
            .where(Consent.ended_at.is_(None), Consent.withdrawing_at <= before)
            .order_by(Consent.withdrawing_at, Lead.id)
        )
    )


def ids_of_old_agreements(before: datetime) -> list[int]:
    """Accepted offers without contract or pay-out since before that instant."""
    return list(
        db.session.scalars(
            sa.select(Lead.id)
            .join(Offer, Offer.lead_id == Lead.id)
            .where(
                Lead.state.in_([str(State.TAKEN), str(State.SIGNED)]),
                Offer.answer == "accepted",
                Offer.answered_at < before,
            )
            .order_by(Lead.id)
        )
    )


def ids_of_unanswered_payouts(now: datetime) -> list[int]:
    """Reported pay-outs whose ten working days are over."""
    return list(
        db.session.scalars(
            sa.select(Payout.id)
            .where(Payout.standing == "reported", Payout.due_at <= now)
            .order_by(Payout.due_at, Payout.id)
        )
    )


def ids_of_open_leads(business_id: int) -> list[int]:
    """Live leads and choices not yet sent of a business, oldest first."""
    return list(
        db.session.scalars(
            sa.select(Lead.id)
            .where(Lead.business_id == business_id, Lead.state.in_([*LIVE_STATES, str(State.DRAFT)]))
            .order_by(Lead.id)
        )
    )


def ids_of_live_leads(
    *, need_id: int | None = None, institution_id: int | None = None, manager_id: int | None = None
) -> list[int]:
    """Live leads of a need, an institution or a manager, oldest first."""
    query = sa.select(Lead.id).where(Lead.state.in_(LIVE_STATES)).order_by(Lead.id)
    if need_id is not None:
        query = query.where(Lead.need_id == need_id)
    if institution_id is not None:
        query = query.where(Lead.institution_id == institution_id)
    if manager_id is not None:
        query = query.where(Lead.manager_id == manager_id)
    return list(db.session.scalars(query))
