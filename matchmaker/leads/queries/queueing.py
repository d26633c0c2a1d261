"""The queue of an institution: what a manager carries or may claim, what a desk oversees, in the order of the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Branch, ManagerProfile, Person, Workload
from matchmaker.businesses.models import Business
from matchmaker.db import db
from matchmaker.leads.models import Lead, Payout
from matchmaker.leads.queries import finding
from matchmaker.leads.queries.presenting import Presented, present
from matchmaker.leads.queries.reading import Line, line_of, overdue_of, running_clocks
from matchmaker.leads.rules import clocks, order, sharing
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.rules.states import ENDED, LIVE, State
from matchmaker.products.models import ProductVersion
from matchmaker.refusal import Reason

_LIVE = [str(state) for state in LIVE]
_ENDED = [str(state) for state in ENDED]
ROW_FIELDS = frozenset({Field.NAME, Field.NEED})
"""What a row of the queue opens; the rest is opened by looking at the case."""

SHOWS = ("all", "today", "yours", "mine", "free", "owner", "done", "late")
ENDED_SHOWS = ("done", "late")


@dataclass(frozen=True)
class Row:
    """One row of the queue: the lead, what may be seen of it, why it stands here."""

    line: Line
    shown: Presented
    why: list[Reason]
    is_mine: bool
    may_claim: bool


@dataclass(frozen=True)
class Capacity:
    """How many live leads a manager carries, of how many."""

    live: int
    most: int | None

    @property
    def is_full(self) -> bool:
        return self.most is not None and self.live >= self.most


@dataclass(frozen=True)
class Queue:
    """The ordered work of one reader, with counts for its tabs."""

    rows: list[Lead]
    waiting: dict[int, order.Waiting]
    counts: dict[str, int]
    capacity: Capacity
    is_desk: bool


def scope(person: Person) -> sa.ColumnElement[bool]:
    """What a person of an institution may see: a desk all, a manager their own and what their branch may claim."""
    desk = Lead.institution_id.in_(person.desk_institution_ids)
    in_branch = sa.and_(
        Lead.institution_id.in_(person.manager_institution_ids),
        sa.or_(Lead.branch_id.is_(None), Lead.branch_id.in_(person.branch_ids)),
    )
    carried = sa.and_(Lead.manager_id == person.id, Lead.institution_id.in_(person.institution_ids))
    return sa.and_(Lead.sent_at.is_not(None), sa.or_(desk, carried, sa.and_(in_branch, Lead.manager_id.is_(None))))


def _loaded() -> list[Any]:
    return [
        joinedload(Lead.institution),
        joinedload(Lead.business).selectinload(Business.members),
        joinedload(Lead.product_version).joinedload(ProductVersion.product),
        joinedload(Lead.manager),
        joinedload(Lead.branch),
        joinedload(Lead.consent),
        selectinload(Lead.clocks),
        selectinload(Lead.paper_requests),
        selectinload(Lead.payouts),
    ]


def capacity_of(person: Person) -> Capacity:
    """What a manager carries now and may carry."""
    live = db.session.scalar(sa.select(Workload.live_leads).where(Workload.person_id == person.id))
    most = db.session.scalar(sa.select(ManagerProfile.capacity_leads).where(ManagerProfile.person_id == person.id))
    return Capacity(live or 0, most)


def queue_of(person: Person, *, show: str = "all", words: str = "") -> Queue:
    """The open work of a reader, ordered by clock, fit and capacity.

    show: all · today (the institution's move, due today or before) · yours (they carry it and it is their move) ·
    mine (they carry it) · free (nobody carries it) · owner (waits for the customer). `words` narrows the rows by what
    even a sealed card shows: number, product, colleague; counts stay whole.
    """
    now = clock.now()
    leads = list(db.session.scalars(sa.select(Lead).where(scope(person), _open_work()).options(*_loaded())).unique())
    capacity = capacity_of(person)
    profile = db.session.scalars(sa.select(ManagerProfile).where(ManagerProfile.person_id == person.id)).first()
    patch, skills = (profile.patch_regions, profile.skills) if profile is not None else ([], [])
    turns = turns_of(leads)
    waiting = {lead.id: _waiting(lead, person, patch, skills, turns.get(lead.id)) for lead in leads}
    by_id = {lead.id: lead for lead in leads}
    in_order = [by_id[item.lead_id] for item in order.in_order(waiting.values(), at_capacity=capacity.is_full)]
    today = clock.date_of(now)
    tabs = {
        "all": in_order,
        "today": [lead for lead in in_order if _is_due(waiting[lead.id], today)],
        "yours": [
            lead
            for lead in in_order
            if lead.manager_id == person.id and order.group(waiting[lead.id], at_capacity=False) < 3
        ],
        "mine": [lead for lead in in_order if lead.manager_id == person.id],
        "free": [lead for lead in in_order if lead.manager_id is None],
        "owner": [lead for lead in in_order if order.group(waiting[lead.id], at_capacity=False) >= 3],
    }
    return Queue(
        rows=[lead for lead in tabs.get(show, in_order) if _matches(lead, words)],
        waiting=waiting,
        counts={name: len(found) for name, found in tabs.items()}
        | {show: count_ended(person, show) for show in ENDED_SHOWS},
        capacity=capacity,
        is_desk=bool(person.desk_institution_ids),
    )


def _open_work() -> sa.ColumnElement[bool]:
    """Live leads, and those whose pay-out is disputed."""
    return sa.or_(
        Lead.state.in_(_LIVE),
        Lead.id.in_(sa.select(Payout.lead_id).where(Payout.standing == "disputed"))
        & Lead.id.not_in(sa.select(Payout.lead_id).where(Payout.standing != "disputed")),
    )


def _is_due(item: order.Waiting, today: date) -> bool:
    """Whether it is the institution's move and its clock ends today or has ended."""
    due_at = item.overdue_at or item.due_at
    return order.group(item, at_capacity=False) < 3 and due_at is not None and clock.date_of(due_at) <= today


def _matches(lead: Lead, words: str) -> bool:
    """Whether number, product or colleague hold every word; nothing that a consent opens is looked into."""
    held = f"{lead.id:06d} {lead.product_version.name} {lead.manager.name if lead.manager else ''}".lower()
    return all(word in held for word in words.lower().split())


def turns_of(leads: Iterable[Lead]) -> dict[int, sharing.Carrier]:
    """Whose turn each lead is that waits at a branch and that nobody carries (``rules.sharing``).

    The older one is given first, and counts for the turn of the next.
    """
    free = [lead for lead in leads if lead.state == State.WAITING and lead.manager_id is None and lead.branch_id]
    carriers = _carriers({lead.branch_id for lead in free if lead.branch_id is not None})
    found: dict[int, sharing.Carrier] = {}
    in_line: Counter[int] = Counter()
    for lead in sorted(free, key=lambda one: one.id):
        who = _for(lead, carriers.get(lead.branch_id or 0, []))
        turn = sharing.turn_of(replace(one, in_line=in_line[one.person_id]) for one in who)
        if turn is not None:
            found[lead.id] = turn
            in_line[turn.person_id] += 1
    return found


def _carriers(branch_ids: set[int]) -> dict[int, list[tuple[sharing.Carrier, ManagerProfile]]]:
    """Branch → its managers who still work there, with what they carry and when they last took up a lead."""
    last = (
        sa.select(Lead.manager_id, sa.func.max(Lead.accepted_at).label("taken_at"))
        .where(Lead.branch_id.in_(branch_ids), Lead.manager_id.is_not(None))
        .group_by(Lead.manager_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(ManagerProfile, Workload.live_leads, last.c.taken_at)
        .join(Branch, Branch.id == ManagerProfile.branch_id)
        .join(Assignment, Assignment.person_id == ManagerProfile.person_id)
        .outerjoin(Workload, Workload.person_id == ManagerProfile.person_id)
        .outerjoin(last, last.c.manager_id == ManagerProfile.person_id)
        .where(
            ManagerProfile.branch_id.in_(branch_ids),
            Assignment.role == "manager",
            Assignment.institution_id == Branch.institution_id,
            Assignment.until_at.is_(None),
        )
        .options(joinedload(ManagerProfile.person))
    )
    found: dict[int, list[tuple[sharing.Carrier, ManagerProfile]]] = {}
    for profile, live, taken_at in rows:
        carrier = sharing.Carrier(profile.person_id, profile.person.name, live or 0, profile.capacity_leads, taken_at)
        found.setdefault(profile.branch_id, []).append((carrier, profile))
    return found


def _for(lead: Lead, carriers: Iterable[tuple[sharing.Carrier, ManagerProfile]]) -> list[sharing.Carrier]:
    """The carriers as this lead sees them: whose patch it lies in, who knows its trade."""
    return [
        replace(
            one,
            in_patch=order.in_patch(lead.business.region_code, profile.patch_regions or []),
            knows_trade=order.knows_trade(lead.business.industry_code, profile.skills or []),
        )
        for one, profile in carriers
    ]


def _waiting(
    lead: Lead, person: Person, patch: list[str], skills: list[str], turn: sharing.Carrier | None
) -> order.Waiting:
    now = clock.now()
    state = State(lead.state)
    counts = clocks.clock_that_counts(state, running_clocks(lead))
    payout = lead.payout
    request = lead.paper_request
    return order.Waiting(
        lead_id=lead.id,
        state=state,
        mine=lead.manager_id == person.id,
        due_at=counts.due_at if counts is not None else None,
        share_used=clocks.used(counts, now) if counts is not None else 0.0,
        in_patch=order.in_patch(lead.business.region_code, patch or []),
        knows_trade=order.knows_trade(lead.business.industry_code, skills or []),
        papers_back=state is State.REVIEW and request is not None and request.answered_at is not None,
        payout_unanswered=payout is not None and payout.standing == "reported",
        payout_disputed=payout is not None and payout.standing == "disputed",
        overdue_at=overdue_of(lead),
        turn=turn,
        my_turn=turn is not None and turn.person_id == person.id,
    )


def rows_of(queue: Queue, leads: list[Lead], person: Person) -> list[Row]:
    """The rows of one page of the queue; each look is observed, and opens no more than a row shows."""
    asked = finding.asked_versions(leads)
    return [
        Row(
            line=line_of(lead, asked[lead.id]),
            shown=present(lead, person, purpose="queue", asked=asked[lead.id], only=ROW_FIELDS),
            why=order.why_here(queue.waiting[lead.id], at_capacity=queue.capacity.is_full),
            is_mine=lead.manager_id == person.id,
            may_claim=lead.state == State.WAITING and lead.manager_id in (None, person.id),
        )
        for lead in leads
    ]


def ended_of(person: Person, show: str = "done", words: str = "") -> sa.Select[Any]:
    """The ended leads a reader may see (sealed cards), the latest first; `late`: those taken back. `words` as above."""
    query = sa.select(Lead).where(scope_of_done(person), Lead.state.in_(_states(show))).options(*_loaded())
    return _by_words(query, words).order_by(Lead.ended_at.desc(), Lead.id.desc())


def work_named(person: Person, words: str) -> sa.Select[Any]:
    """The leads that stand in a reader's queue, open or ended, the newest first, by what a sealed card shows."""
    ended = sa.and_(scope_of_done(person), Lead.state.in_(_ENDED))
    query = sa.select(Lead).where(sa.or_(sa.and_(scope(person), _open_work()), ended))
    loaded = (joinedload(Lead.product_version), joinedload(Lead.manager))
    return _by_words(query, words).options(*loaded).order_by(Lead.id.desc())


def _by_words(query: sa.Select[Any], words: str) -> sa.Select[Any]:
    """Each word is the number, or stands in the name of product or colleague; nothing that a consent opens."""
    for word in words.split():
        like = f"%{word.replace('%', '').replace('_', '')}%"
        number = int(word) if word.isascii() and word.isdigit() and len(word) < 12 else 0
        product = sa.select(ProductVersion.id).where(ProductVersion.name.ilike(like))
        carrier = sa.select(Person.id).where(Person.name.ilike(like))
        query = query.where(
            sa.or_(Lead.id == number, Lead.product_version_id.in_(product), Lead.manager_id.in_(carrier))
        )
    return query


def _states(show: str) -> list[str]:
    return [str(State.RELEASED)] if show == "late" else _ENDED


def scope_of_done(person: Person) -> sa.ColumnElement[bool]:
    """Ended leads: a desk sees those of the institution, a manager those they carried."""
    return sa.and_(
        Lead.sent_at.is_not(None),
        sa.or_(
            Lead.institution_id.in_(person.desk_institution_ids),
            sa.and_(Lead.manager_id == person.id, Lead.institution_id.in_(person.institution_ids)),
        ),
    )


def count_ended(person: Person, show: str = "done") -> int:
    """How many ended leads a reader may see, or of them those taken back."""
    return (
        db.session.scalar(
            sa.select(sa.func.count()).select_from(Lead).where(scope_of_done(person), Lead.state.in_(_states(show)))
        )
        or 0
    )


def done_rows(leads: list[Lead], person: Person) -> list[Row]:
    """The rows of ended leads."""
    asked = finding.asked_versions(leads)
    return [
        Row(
            line=line_of(lead, asked[lead.id]),
            shown=present(lead, person, purpose="queue", asked=asked[lead.id], only=ROW_FIELDS),
            why=[],
            is_mine=lead.manager_id == person.id,
            may_claim=False,
        )
        for lead in leads
    ]


@dataclass(frozen=True)
class Colleague:
    """Somebody a lead can be handed to, with what they carry."""

    person: Person
    live: int
    most: int | None


def colleagues_for(lead: Lead) -> list[Colleague]:
    """Who else can carry this lead: the managers of its branch with room in turn, then the others, those with room
    first."""
    found = colleagues_of(lead.institution_id, without=lead.manager_id)
    if lead.branch_id is None:
        return found
    turns = sharing.in_turn(_for(lead, _carriers({lead.branch_id}).get(lead.branch_id, [])))
    place = {one.person_id: at for at, one in enumerate(turns)}
    return sorted(found, key=lambda one: place.get(one.person.id, len(place)))


def colleagues_of(institution_id: int, *, without: int | None = None) -> list[Colleague]:
    """Who can carry a lead of the institution, those with room first."""
    people = [person for person in finding.carriers_of(institution_id) if person.id != without]
    loads = dict(
        db.session.execute(
            sa.select(Workload.person_id, Workload.live_leads).where(Workload.person_id.in_([p.id for p in people]))
        ).all()
    )
    found = [
        Colleague(person, loads.get(person.id, 0), person.profile.capacity_leads if person.profile else None)
        for person in people
    ]
    return sorted(found, key=lambda one: (one.most is not None and one.live >= one.most, one.live, one.person.id))
