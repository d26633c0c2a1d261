"""Reads of oversight: lists as they were shown, by number, without who they were shown to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker.accounts.models import Branch, Institution, ManagerProfile
from matchmaker.businesses.models import Business
from matchmaker.db import db, holding
from matchmaker.leads.models import Lead, LeadClock, Payout
from matchmaker.leads.rules.clocks import OF_INSTITUTIONS
from matchmaker.leads.rules.reasons import CODES, Way
from matchmaker.leads.rules.states import LIVE
from matchmaker.matching import queries as matching
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.needs.rules import LIVE_STATES
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.queries import ids_in_force
from matchmaker.queue import Job
from matchmaker.ranking.models import InView, ModelVersion, Shown, ShownList, TurnedDown
from matchmaker.reference import regions
from matchmaker.reference.models import RegionChange
from matchmaker.reference.queries import agreed_region_changes
from matchmaker.reference.region_changes import NEW, after
from matchmaker.refusal import Refused


def lists(*, need_id: int | None = None, list_id: int | None = None) -> sa.Select[Any]:
    """Every list that was made, newest first; of one need, or the one of that number."""
    query = sa.select(ShownList)
    if need_id is not None:
        query = query.where(ShownList.need_id == need_id)
    if list_id is not None:
        query = query.where(ShownList.id == list_id)
    return query.order_by(ShownList.made_at.desc(), ShownList.id.desc())


def list_by_id(list_id: int) -> ShownList | None:
    """One list."""
    return db.session.get(ShownList, list_id)


def model_names() -> dict[int, str]:
    """Model version → its name."""
    return {row.id: row.name for row in db.session.execute(sa.select(ModelVersion.id, ModelVersion.name))}


@dataclass(frozen=True)
class Record:
    """What is stored of a list, as the page for the supervisor shows it."""

    stored: ShownList
    rows: list[Shown]
    turned_down: int
    views: list[InView]
    names: Mapping[int, str]
    """Product → its name in the version that was judged."""
    versions: Mapping[int, int]
    """Product version → its number."""

    def in_view(self, place: int) -> bool:
        """Whether somebody had this place on the screen."""
        return any(view.place_from <= place <= view.place_to for view in self.views)


def record_of(stored: ShownList) -> Record:
    """The stored places, what was in view, and how many products did not fit."""
    rows = list(
        db.session.scalars(
            sa.select(Shown)
            .where(Shown.list_id == stored.id)
            .order_by(Shown.place)
            .options(joinedload(Shown.product).joinedload(Product.institution), joinedload(Shown.product_version))
        ).unique()
    )
    down = db.session.scalar(sa.select(sa.func.count()).select_from(TurnedDown).where(TurnedDown.list_id == stored.id))
    views = list(
        db.session.scalars(sa.select(InView).where(InView.list_id == stored.id).order_by(InView.at, InView.id))
    )
    versions = matching.versions_by_id(matching.versions_of_list(stored))
    return Record(
        stored,
        rows,
        down or 0,
        views,
        {version.product_id: version.name for version in versions},
        {version.id: version.number for version in versions},
    )


def institutions() -> list[Institution]:
    """Every institution that was ever admitted, by name."""
    query = sa.select(Institution).where(
        Institution.status.in_(("admitted", "suspended")), Institution.is_sample.is_(False)
    )
    return list(db.session.scalars(query.order_by(Institution.short_name)))


# Waits and refusals -------------------------------------------------------------------------------------------------


def late_waits(
    *, institution_id: int | None = None, kind: str = "", still: bool = False, words: str = ""
) -> sa.Select[Any]:
    """Waits that an institution let run out, newest first; ``still``: only leads that were not taken back; ``words``:
    the number of the lead, or words of the institution's name."""
    query = (
        sa.select(LeadClock)
        .join(Lead, Lead.id == LeadClock.lead_id)
        .where(LeadClock.outcome == "late", LeadClock.kind.in_(OF_INSTITUTIONS))
        .options(joinedload(LeadClock.lead).joinedload(Lead.institution))
    )
    if institution_id is not None:
        query = query.where(Lead.institution_id == institution_id)
    if kind:
        query = query.where(LeadClock.kind == kind)
    if still:
        query = query.where(Lead.ended_at.is_(None))
    query = query.where(_called(words))
    return query.order_by(LeadClock.stopped_at.desc(), LeadClock.id.desc())


NO_WAY_ON = frozenset(code for code, found in CODES.items() if found.way is Way.ELSEWHERE)
"""Codes that say neither what can be repaired nor for what to wait."""


def _called(words: str) -> sa.ColumnElement[bool]:
    """Whether a lead has this number, or these words stand in its institution's name (without words: yes)."""
    at = Lead.institution.has(holding(words, Institution.name, Institution.short_name))
    return sa.or_(holding(words, number=Lead.id), at)


def declines_without_use(
    *, institution_id: int | None = None, words: str = "", codes: Collection[str] = ()
) -> list[Lead]:
    """Declines none of whose reasons the owner can repair or wait for, newest first; ``words`` as of `late_waits`;
    ``codes``: the reasons whose words hold them."""
    query = sa.select(Lead).where(Lead.state == "declined").options(joinedload(Lead.institution))
    if institution_id is not None:
        query = query.where(Lead.institution_id == institution_id)
    named = set(db.session.scalars(sa.select(Lead.id).where(_called(words))))
    query = query.order_by(Lead.ended_at.desc(), Lead.id.desc())
    return [
        lead
        for lead in db.session.scalars(query).unique()
        if set(lead.decline_codes or ()) <= NO_WAY_ON
        and (lead.id in named or not set(codes).isdisjoint(lead.decline_codes or ()))
    ]


# Work that runs by itself -------------------------------------------------------------------------------------------


def jobs(*, state: str = "", name: str = "", words: str = "", names: Collection[str] = ()) -> sa.Select[Any]:
    """Pieces of work, what failed first, then newest first; of one state, of one line of the timetable; ``words``: the
    number, or words of its kind; ``names``: the lines of the timetable whose words hold them."""
    query = sa.select(Job)
    if state:
        query = query.where(Job.state == state)
    if name:
        query = query.where(_of_lines([name]))
    if words:
        query = query.where(sa.or_(holding(words, Job.kind, number=Job.id), _of_lines(names)))
    failed_first = sa.case((Job.state == "failed", 0), (Job.state == "running", 1), else_=2)
    return query.order_by(failed_first, Job.id.desc())


def _of_lines(names: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether a piece of work belongs to one of these lines of the timetable, or is of such a kind."""
    return sa.or_(Job.args["name"].as_string().in_(names), Job.kind.in_(names))


def job_by_id(job_id: int) -> Job | None:
    """One piece of work."""
    return db.session.get(Job, job_id)


def count_jobs(state: str, *, due_before: Any = None) -> int:
    """How many pieces of work are in a state; with ``due_before`` only those that should have begun by then."""
    query = sa.select(sa.func.count(Job.id)).where(Job.state == state)
    if due_before is not None:
        query = query.where(Job.run_at < due_before)
    return db.session.scalar(query) or 0


# Needs, leads, messages ---------------------------------------------------------------------------------------------


def needs(*, state: str = "", words: str = "", purposes: Collection[str] = ()) -> sa.Select[Any]:
    """Every need that was posted, newest first; of one state, of one number or purpose. Whose it is stays out."""
    query = sa.select(Need).options(selectinload(Need.versions))
    if words:
        now = sa.and_(NeedVersion.number == Need.current_number, NeedVersion.purpose.in_(purposes))
        query = query.where(sa.or_(holding(words, number=Need.id), Need.versions.any(now)))
    if state:
        query = query.where(Need.state == state)
    return query.order_by(Need.posted_at.desc(), Need.id.desc())


LEAD_SHOWS = ("live", "paid_out", "late", "all")


def leads(*, show: str = "live", institution_id: int | None = None, words: str = "") -> sa.Select[Any]:
    """Leads that were sent, newest first; ``words``: the number, or words of the institution's name.

    live: worked on · paid_out: the owner confirmed the money or did not dispute it in time · late: taken back · all.
    """
    query = sa.select(Lead).where(Lead.sent_at.is_not(None)).options(joinedload(Lead.institution))
    stood = sa.select(Payout.lead_id).where(Payout.standing.in_(("confirmed", "undisputed")))
    if show == "live":
        query = query.where(Lead.state.in_([str(state) for state in LIVE]))
    elif show == "paid_out":
        query = query.where(Lead.id.in_(stood))
    elif show == "late":
        query = query.where(Lead.state == "released")
    if institution_id is not None:
        query = query.where(Lead.institution_id == institution_id)
    query = query.where(_called(words))
    return query.order_by(Lead.sent_at.desc(), Lead.id.desc())


def messages(*, state: str) -> sa.Select[Any]:
    """Messages in a state, the oldest first: kind, channel and tries, never to whom or what."""
    return sa.select(Message).where(Message.state == state).order_by(Message.id)


def message_by_id(message_id: int) -> Message | None:
    """One message."""
    return db.session.get(Message, message_id)


def count_of(query: sa.Select[Any]) -> int:
    """How many rows a list has."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0


def businesses_by_region() -> dict[str, int]:
    """Code of a division as stored → how many businesses that are not closed."""
    open_ = Business.uscc.not_like("CLOSED%")
    rows = db.session.execute(
        sa.select(Business.region_code, sa.func.count()).where(open_).group_by(Business.region_code)
    )
    return {row.region_code: row[1] for row in rows}


@dataclass(frozen=True)
class Touched:
    """How many of each lie in divisions, or name them: businesses that are not closed, their needs that stand,
    products in force on a day, branches that are open."""

    businesses: int
    needs: int
    products: int
    branches: int


def divisions_changed(change: RegionChange) -> tuple[str, ...]:
    """The divisions that a change bears on: the one that changes, or those a new one is carved out of."""
    return tuple(change.related) if change.kind == NEW else (change.code,) if change.code else ()


def touched_in(codes: Collection[str], on: date) -> Touched:
    """What lies in these divisions now, by the code it was given, former ones included; nothing where there are none.

    A product or a branch that serves everywhere names no division and is not counted.
    """
    begins = {start for code in codes for start in regions.prefixes_leading_to(code)}
    if not begins:
        return Touched(0, 0, 0, 0)
    here = sa.or_(*(Business.region_code.startswith(start) for start in begins))
    inside = sa.select(Business.id).where(here, Business.uscc.not_like("CLOSED%"))
    live = sa.select(Need.id).where(Need.business_id.in_(inside), Need.state.in_(sorted(LIVE_STATES)))

    def names_one(areas: Collection[str]) -> bool:
        return any(area.startswith(tuple(begins)) for area in areas)

    versions = sa.select(ProductVersion.regions).where(ProductVersion.id.in_(ids_in_force(on)))
    open_branches = sa.select(Branch.region_code, Branch.service_regions).where(Branch.closed_at.is_(None))
    return Touched(
        count_of(inside),
        count_of(live),
        sum(names_one(areas) for areas in db.session.scalars(versions)),
        sum(names_one([seat, *served]) for seat, served in db.session.execute(open_branches)),
    )


def unfit_region_change() -> RegionChange | None:
    """The first agreed change that the divisions do not take any more, as after a newer packaged table; else None."""
    divisions = regions.packaged_divisions()
    for row in agreed_region_changes():
        try:
            divisions = after(divisions, row.change)
        except Refused:
            return row
    return None


def stored_regions() -> dict[str, int]:
    """Code or prefix of a division as stored → how often: by businesses, institutions, branches and what they serve,
    managers' patches, products that are or may be published."""
    found = Counter(businesses_by_region())
    for column in (Institution.region_code, Branch.region_code):
        found.update(db.session.scalars(sa.select(column)))
    current = ProductVersion.id.in_(sa.select(Product.current_version_id))
    for several in (
        sa.select(Branch.service_regions),
        sa.select(ManagerProfile.patch_regions),
        sa.select(ProductVersion.regions).where(current),
    ):
        for codes in db.session.scalars(several):
            found.update(codes)
    return dict(found)
