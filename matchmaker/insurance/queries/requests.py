"""Finding requests, and what each side reads of them. The insurer reads a business only through `present`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Institution, Person
from matchmaker.audit.services import looked_at
from matchmaker.businesses import queries as businesses
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.queries import mandated
from matchmaker.businesses.rules import PROVEN
from matchmaker.db import db, holding
from matchmaker.documents.models import Document
from matchmaker.insurance.models import CoverConsent, CoverPaper, CoverRequest, CoverStep
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.states import LIVE, State
from matchmaker.leads.rules.consents import Field, in_force, masked_phone, opened_fields, sealed_because
from matchmaker.products.cover.models import Cover, CoverVersion
from matchmaker.reference import regions

LIVE_STATES = [str(state) for state in LIVE]
OWNER_FILTERS = ("all", "yours", "theirs", "over")
DESK_FILTERS = ("open", "waiting", "mine", "quoted", "taken", "over", "all")

CONSENT_FIELDS: tuple[str, ...] = ("name", "address", "code", "contact_name", "contact_phone", "cover_answers")
"""What an insurer must see to quote; without one of them it could not, so none is optional."""


def _whole() -> list[Any]:
    return [
        joinedload(CoverRequest.institution),
        joinedload(CoverRequest.business).selectinload(Business.members),
        joinedload(CoverRequest.cover_version).joinedload(CoverVersion.cover),
        joinedload(CoverRequest.consent),
        joinedload(CoverRequest.handler),
        selectinload(CoverRequest.quotes),
        selectinload(CoverRequest.papers).joinedload(CoverPaper.document),
    ]


def request_by_id(request_id: int, *, lock: bool = False) -> CoverRequest | None:
    """A request with what its pages need. `lock`: others who want to change it wait for this transaction."""
    if lock:
        db.session.flush()
        db.session.execute(
            sa.select(CoverRequest.id).where(CoverRequest.id == request_id).with_for_update(key_share=True)
        )
        db.session.get(CoverRequest, request_id, populate_existing=True)
    return db.session.scalars(sa.select(CoverRequest).where(CoverRequest.id == request_id).options(*_whole())).first()


def lock_business(business_id: int) -> None:
    """Whoever asks for the same business at the same time waits here (at most three live requests on a line)."""
    db.session.flush()
    db.session.execute(sa.select(Business.id).where(Business.id == business_id).with_for_update(key_share=True))


def steps_of(request: CoverRequest) -> list[CoverStep]:
    """What happened, oldest first."""
    return list(
        db.session.scalars(
            sa.select(CoverStep)
            .where(CoverStep.request_id == request.id)
            .options(joinedload(CoverStep.by))
            .order_by(CoverStep.number)
        )
    )


def member_of(business_id: int, person_id: int) -> BusinessMember | None:
    """How far it is proven that this person may act for this business."""
    return db.session.scalar(
        sa.select(BusinessMember).where(
            BusinessMember.business_id == business_id, BusinessMember.person_id == person_id
        )
    )


def owners_of(business_id: int) -> list[int]:
    """The people who may act for a business with checked papers: they are told."""
    return list(
        db.session.scalars(
            sa.select(BusinessMember.person_id)
            .where(BusinessMember.business_id == business_id, BusinessMember.standing.in_(PROVEN))
            .order_by(BusinessMember.person_id)
        )
    )


def live_on_line(business_id: int, line: str) -> list[CoverRequest]:
    """The live requests of a business on one line, oldest first."""
    return list(
        db.session.scalars(
            sa.select(CoverRequest)
            .join(CoverVersion, CoverVersion.id == CoverRequest.cover_version_id)
            .join(Cover, Cover.id == CoverVersion.cover_id)
            .where(
                CoverRequest.business_id == business_id, CoverRequest.state.in_(LIVE_STATES), Cover.line == line
            )
            .options(*_whole())
            .order_by(CoverRequest.id)
        ).unique()
    )


def earlier_answers(business_id: int) -> dict[str, str]:
    """What a business answered for other covers, the latest answer to each question."""
    found: dict[str, str] = {}
    for answers in db.session.scalars(
        sa.select(CoverRequest.answers).where(CoverRequest.business_id == business_id).order_by(CoverRequest.id)
    ):
        found |= answers
    return found


def known_of(business: Business) -> dict[str, str]:
    """What the business has said of itself that questions ask for, as plain text."""
    facts = businesses.facts_of(business)
    known = {}
    if isinstance(facts.employees, int):
        known["employees"] = str(facts.employees)
    if isinstance(facts.turnover_yuan, Decimal):
        known["turnover"] = format(facts.turnover_yuan, "f")
    return known


# The owner ----------------------------------------------------------------------------------------------------------


def _mine(person_id: int) -> Any:
    proven = sa.select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing.in_(PROVEN)
    )
    return sa.or_(CoverRequest.business_id.in_(proven), CoverRequest.business_id.in_(mandated(person_id, "act")))


_OF_OWNER: dict[str, tuple[State, ...]] = {
    "yours": (State.QUOTED,),
    "theirs": (State.WAITING, State.ACCEPTED, State.TAKEN),
    "over": (State.DECLINED, State.REFUSED, State.RELEASED, State.WITHDRAWN, State.EXPIRED),
}


def requests_of(person_id: int, show: str = "all", words: str = "") -> sa.Select[CoverRequest]:
    """The requests of a person's businesses, the newest first; `show` is one of OWNER_FILTERS.

    `words` stand in the name of the cover, the insurer or the business, or are the number.
    """
    query = sa.select(CoverRequest).where(_mine(person_id))
    if show in _OF_OWNER:
        query = query.where(CoverRequest.state.in_([str(state) for state in _OF_OWNER[show]]))
    for word in words.split():
        query = query.where(
            sa.or_(
                holding(word, number=CoverRequest.id),
                CoverRequest.cover_version.has(holding(word, CoverVersion.name)),
                CoverRequest.institution.has(holding(word, Institution.name, Institution.short_name)),
                CoverRequest.business.has(holding(word, Business.name)),
            )
        )
    return query.options(*_whole()).order_by(CoverRequest.id.desc())


def count(query: sa.Select[Any]) -> int:
    """How many rows a query of this file finds."""
    rows = query.with_only_columns(CoverRequest.id).options(sa.orm.lazyload("*")).order_by(None).subquery()
    return db.session.scalar(sa.select(sa.func.count()).select_from(rows)) or 0


# The insurer --------------------------------------------------------------------------------------------------------


def queue_of(person: Person, show: str = "open", words: str = "") -> sa.Select[CoverRequest]:
    """The requests of a desk's insurers: those with a clock by its end, the others newest first.

    `words` are what a sealed card shows too: the number, the cover, the colleague; no name that a consent opens.
    """
    query = sa.select(CoverRequest).where(CoverRequest.institution_id.in_(person.desk_institution_ids))
    if show == "waiting":
        query = query.where(CoverRequest.state == State.WAITING)
    elif show == "mine":
        query = query.where(CoverRequest.handler_id == person.id, CoverRequest.state == State.ACCEPTED)
    elif show in ("quoted", "taken"):
        query = query.where(CoverRequest.state == show)
    elif show == "over":
        query = query.where(CoverRequest.state.in_([str(state) for state in _OF_OWNER["over"]]))
    elif show != "all":
        query = query.where(CoverRequest.state.in_([State.WAITING, State.ACCEPTED]))
    for word in words.split():
        query = query.where(
            sa.or_(
                holding(word, number=CoverRequest.id),
                CoverRequest.cover_version.has(holding(word, CoverVersion.name)),
                CoverRequest.handler.has(holding(word, Person.name)),
            )
        )
    return query.options(*_whole()).order_by(CoverRequest.due_at, CoverRequest.id.desc())


def papers_called(person: Person, words: str, kinds: Collection[str]) -> sa.Select[Any]:
    """(paper, its request, whether the reader stands on the owner's side): papers given to insurers, of one of these
    kinds, the newest first; their owner finds them by the name of the file too, the insurer those that it may open."""
    ours, now = _mine(person.id), clock.now()
    to_open = sa.and_(
        CoverRequest.institution_id.in_(person.desk_institution_ids),
        CoverConsent.ended_at.is_(None),
        CoverConsent.withdrawing_at.is_(None),
        CoverConsent.ends_at > now,
        CoverPaper.taken_back_at.is_(None),
        Document.scan == "clean",
    )
    return (
        sa.select(CoverPaper, CoverRequest, sa.case((ours, True), else_=False).label("is_ours"))
        .join(CoverRequest, CoverRequest.id == CoverPaper.request_id)
        .join(CoverConsent, CoverConsent.id == CoverRequest.consent_id)
        .join(Document, Document.id == CoverPaper.document_id)
        .where(
            Document.deleted_at.is_(None),
            sa.or_(
                sa.and_(ours, sa.or_(CoverPaper.kind.in_(kinds), holding(words, Document.filename))),
                sa.and_(to_open, CoverPaper.kind.in_(kinds)),
            ),
        )
        .options(
            joinedload(CoverRequest.institution),
            joinedload(CoverRequest.cover_version),
            joinedload(CoverPaper.document),
        )
        .order_by(CoverPaper.given_at.desc(), CoverPaper.id.desc())
    )


def desk_ids(institution_id: int) -> list[int]:
    """The people at the desk of an insurer."""
    return list(
        db.session.scalars(
            sa.select(Assignment.person_id)
            .where(
                Assignment.institution_id == institution_id,
                Assignment.role == "desk",
                Assignment.until_at.is_(None),
            )
            .order_by(Assignment.person_id)
        ).unique()
    )


@dataclass(frozen=True)
class Presented:
    """A request as one person of the insurer may see it. What is not opened is None or empty.

    Line, cover, trade (two digits) and city are the card of a sealed request.
    """

    number: str
    is_sealed: bool
    sealed_because: str | None
    division_code: str
    city_code: str
    answers: dict[str, str]
    name: str | None = None
    kind: str | None = None
    industry_code: str | None = None
    address: str | None = None
    region_code: str | None = None
    uscc: str | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    masked_phone: str | None = None
    hours: tuple[str, ...] = ()
    ends_at: datetime | None = None


def number_of(request: CoverRequest) -> str:
    """How a request is called where its customer may not be named."""
    return f"{request.id:06d}"


def card(request: CoverRequest) -> Presented:
    """The request without anything that a consent opens: for lists."""
    region_code = regions.standing(request.business.region_code).ljust(6, "0")
    city = regions.city_of(region_code)
    return Presented(
        number=number_of(request),
        is_sealed=True,
        sealed_because=None,
        division_code=request.business.industry_code[:2],
        city_code=city.code if city is not None else region_code[:4] + "00",
        answers={},
    )


def is_open(consent: CoverConsent, now: datetime) -> bool:
    """Whether a consent opens anything."""
    return in_force(consent.ends_at, consent.stopped_at, now)


def paper_of(request: CoverRequest, paper_id: int) -> CoverPaper | None:
    """A paper of this request."""
    return next((paper for paper in request.papers if paper.id == paper_id), None)


def helps(business_id: int, person_id: int) -> bool:
    """Whether a person acts for a business by a mandate."""
    return db.session.scalar(sa.select(sa.literal(business_id).in_(mandated(person_id, "act")))) or False


def present(request: CoverRequest, viewer: Person, *, paper: CoverPaper | None = None) -> Presented:
    """What `viewer`, who works for the insurer, may read of a request now; the look is observed.

    Only the carrier reads the telephone number, and only where the owner ticked hours for calls (as with leads).
    `paper`: the one paper that is opened; then nothing else is, and the log names it.
    """
    consent, shown, now = request.consent, card(request), clock.now()
    if request.institution_id not in viewer.desk_institution_ids or not is_open(consent, now):
        because = sealed_because(consent.ended_because, consent.ended_at, consent.withdrawing_at)
        return Presented(**{**shown.__dict__, "sealed_because": because})
    reader = "carrier" if request.handler_id == viewer.id else "colleague"
    plain = [name for name in consent.fields if name != "cover_answers"]
    fields = opened_fields(plain, consent.hours, consent_in_force=True, reader=reader)
    if paper is not None:
        fields &= frozenset({Field.NAME})
    looked_at(
        request.business_id,
        by=viewer,
        fields=[*(str(name) for name in fields), "cover_answers" if paper is None else "documents"],
        purpose="cover_case" if paper is None else "paper",
        institution_id=request.institution_id,
        document_id=paper.document_id if paper is not None else None,
    )
    values = dict(shown.__dict__) | {
        "is_sealed": False, "answers": dict(request.answers), "hours": tuple(consent.hours), "ends_at": consent.ends_at,
    }  # fmt: skip
    return Presented(**(values | _opened(request.business, consent.given_by, fields)))


def _opened(business: Business, person: Person, fields: Iterable[Field]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if Field.NAME in fields:
        values |= {"name": business.name, "kind": business.kind, "industry_code": business.industry_code}
    if Field.ADDRESS in fields:
        values |= {"address": business.address, "region_code": business.region_code}
    if Field.CODE in fields:
        values["uscc"] = business.uscc
    if Field.CONTACT_NAME in fields:
        values |= {"contact_name": person.name, "masked_phone": masked_phone(person.phone)}
    if Field.CONTACT_PHONE in fields:
        values["contact_phone"] = person.phone
    return values


# The clocks ---------------------------------------------------------------------------------------------------------


def ids_of_late(now: datetime) -> list[int]:
    """Requests whose insurer let its clock run out."""
    return _ids(CoverRequest.state.in_([str(state) for state in clocks.RELEASES]), CoverRequest.due_at <= now)


def ids_of_lapsed(now: datetime) -> list[int]:
    """Requests whose quote is not valid any more, or whose consent has run out while live."""
    over = sa.select(CoverConsent.id).where(CoverConsent.ended_at.is_(None), CoverConsent.ends_at <= now)
    return _ids(
        sa.or_(
            sa.and_(CoverRequest.state == State.QUOTED, CoverRequest.due_at <= now),
            sa.and_(CoverRequest.state.in_(LIVE_STATES), CoverRequest.consent_id.in_(over)),
        )
    )


def ids_of_unwarned() -> list[int]:
    """Live requests about which nobody was warned; the rule says which of them are due for it."""
    return _ids(CoverRequest.state.in_(LIVE_STATES), CoverRequest.warned_at.is_(None))


def ids_of_withdrawing(before: datetime) -> list[int]:
    """Requests whose withdrawal began before that instant and can no longer be undone."""
    found = sa.select(CoverConsent.id).where(CoverConsent.ended_at.is_(None), CoverConsent.withdrawing_at <= before)
    return _ids(CoverRequest.consent_id.in_(found))


def ids_of_institution(institution_id: int, *, handler_id: int | None = None) -> list[int]:
    """Live or accepted requests of an insurer, or those that one person carries there."""
    states = [*LIVE_STATES, str(State.TAKEN)]
    mine = CoverRequest.handler_id == handler_id if handler_id is not None else sa.true()
    return _ids(CoverRequest.institution_id == institution_id, CoverRequest.state.in_(states), mine)


def ids_of_businesses(business_ids: Iterable[int]) -> list[int]:
    """Live or accepted requests of these businesses."""
    states = [*LIVE_STATES, str(State.TAKEN)]
    return _ids(CoverRequest.business_id.in_(list(business_ids)), CoverRequest.state.in_(states))


def _ids(*conditions: Any) -> list[int]:
    return list(db.session.scalars(sa.select(CoverRequest.id).where(*conditions).order_by(CoverRequest.id)))
