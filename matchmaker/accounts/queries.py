"""Reads of people, institutions, sessions and tries; ordered, and limited to what the asker may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import (
    Assignment,
    Badge,
    Branch,
    BrokerReport,
    CodeTry,
    Institution,
    Invitation,
    ManagerProfile,
    OneTimeCode,
    Person,
    RecoveryCode,
    RecoveryUse,
    SessionSeen,
    SignInAttempt,
    UserSession,
    Workload,
)
from matchmaker.accounts.rules import (
    LOCK_FOR,
    TRIES_BY_ACCOUNT,
    TRIES_BY_ADDRESS,
    TRY_WINDOW,
    CodeBudget,
    is_email,
    locked_until,
)
from matchmaker.db import db, holding


def person_by_address(address: str) -> Person | None:
    """The person with this plain phone number or e-mail address whose account is open."""
    column = Person.email if is_email(address) else Person.phone
    return db.session.scalar(sa.select(Person).where(column == address, Person.closed_at.is_(None)))


def password_hash_of(address: str, *, session: Session | None = None) -> str | None:
    """The stored hash of whoever has this address, or None; may be read in a session of its own."""
    column = Person.email if is_email(address) else Person.phone
    return (session or db.session).scalar(
        sa.select(Person.password_hash).where(column == address, Person.closed_at.is_(None))
    )


def wants_learned_order(person_id: int) -> bool:
    """Whether lists for this person may be ordered by what the model learned; yes until they object.

    Whoever orders a list for a person asks here (PIPL art. 24, algorithm rules of 2022 art. 17: a way out in one
    step). Without it the rules' own score orders: cost, fit, speed.
    """
    objected = db.session.scalar(sa.select(Person.no_learned_order_since_at).where(Person.id == person_id))
    return objected is None


# Tries and locks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lock:
    """How an account (or the visitor's address) stands: locked until when, or how many failures count."""

    opens_at: datetime | None
    counted: int
    would_open_at: datetime


def lock(account_key: str, address: str, *, session: Session | None = None) -> Lock:
    """The sign-in lock of an account key and of a visitor's address, whichever opens later. Real time."""
    session = session or db.session
    now = clock.real_now()
    since = now - TRY_WINDOW - LOCK_FOR
    success = session.scalar(
        sa.select(sa.func.max(SignInAttempt.at)).where(
            SignInAttempt.account_key == account_key, SignInAttempt.succeeded.is_(True), SignInAttempt.at > since
        )
    )
    of_account = _failures(session, SignInAttempt.account_key == account_key, success or since)
    of_address = _failures(session, SignInAttempt.address == address, since) if address else []
    ends = [
        locked_until(of_account, tries=TRIES_BY_ACCOUNT),
        locked_until(of_address, tries=TRIES_BY_ADDRESS),
    ]
    opens_at = max((end for end in ends if end is not None and end > now), default=None)
    after_lock = max(end for end in (ends[0], now - TRY_WINDOW) if end is not None)
    return Lock(opens_at, sum(1 for at in of_account if at > after_lock), now + LOCK_FOR)


def _failures(session: Session, whose: sa.ColumnElement[bool], since: datetime) -> list[datetime]:
    query = sa.select(SignInAttempt.at).where(whose, SignInAttempt.succeeded.is_(False), SignInAttempt.at > since)
    # The newest thousand decide; more of them is an attack that is locked anyway.
    return sorted(session.scalars(query.order_by(SignInAttempt.at.desc()).limit(1000)))


def newest_code(address_key: str, purpose: str) -> OneTimeCode | None:
    """The last code asked for with this key and purpose: an earlier one is void as soon as another was sent."""
    return db.session.scalar(
        sa.select(OneTimeCode)
        .where(OneTimeCode.address_key == address_key, OneTimeCode.purpose == purpose)
        .order_by(OneTimeCode.created_at.desc(), OneTimeCode.id.desc())
        .limit(1)
    )


def tries_of(code_id: int) -> int:
    """How often a code was tried in vain."""
    return db.session.scalar(sa.select(sa.func.count(CodeTry.id)).where(CodeTry.code_id == code_id)) or 0


def code_budget(address_key: str, visitor: str, *, now: datetime) -> CodeBudget:
    """What was asked for in the hour before ``now``."""
    hour = now - timedelta(hours=1)
    last_at, for_address = db.session.execute(
        sa.select(sa.func.max(OneTimeCode.created_at), sa.func.count(OneTimeCode.id)).where(
            OneTimeCode.address_key == address_key, OneTimeCode.created_at > hour
        )
    ).one()
    by_visitor = (
        db.session.scalar(
            sa.select(sa.func.count(OneTimeCode.id)).where(
                OneTimeCode.asked_from == visitor[:64], OneTimeCode.created_at > hour
            )
        )
        if visitor
        else 0
    )
    return CodeBudget(last_at, for_address, by_visitor or 0)


def recovery_codes_left(person_id: int) -> int:
    """How many recovery codes of a person still work."""
    return (
        db.session.scalar(
            sa.select(sa.func.count(RecoveryCode.id))
            .outerjoin(RecoveryUse, RecoveryUse.recovery_code_id == RecoveryCode.id)
            .where(
                RecoveryCode.person_id == person_id,
                RecoveryCode.replaced_at.is_(None),
                RecoveryUse.id.is_(None),
            )
        )
        or 0
    )


# Sessions -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SeenSession:
    """A live session as its person sees it; times are real time."""

    id: int
    token_hash: str
    agent: str
    address: str
    created_at: datetime
    last_seen_at: datetime
    last_address: str


def sessions_of(person: Person) -> list[SeenSession]:
    """The live sessions of a person, the one used last first."""
    rows = db.session.scalars(
        sa.select(UserSession)
        .where(
            UserSession.person_id == person.id,
            UserSession.ended_at.is_(None),
            UserSession.expires_at > clock.real_now(),
        )
        .order_by(UserSession.created_at.desc())
        .limit(100)
    ).all()
    seen: dict[int, SessionSeen] = {}
    if rows:
        for look in db.session.scalars(
            sa.select(SessionSeen)
            .where(SessionSeen.session_id.in_([row.id for row in rows]))
            .order_by(SessionSeen.at, SessionSeen.id)
        ):
            seen[look.session_id] = look
    found = []
    for row in rows:
        last = seen.get(row.id)
        found.append(
            SeenSession(
                row.id,
                row.token_hash,
                row.agent,
                row.address,
                row.created_at,
                last.at if last else row.created_at,
                last.address if last else row.address,
            )
        )
    return sorted(found, key=lambda session: session.last_seen_at, reverse=True)


def session_by_id(session_id: int) -> UserSession | None:
    """A session by its number."""
    return db.session.get(UserSession, session_id)


# Institutions -------------------------------------------------------------------------------------------------------


def institutions(*, text: str = "", status: str = "", kind: str = "") -> sa.Select[Institution]:
    """All institutions, those that wait for the operator first; filtered by name or licence, status and kind."""
    query = sa.select(Institution)
    if text:
        query = query.where(holding(text, Institution.name, Institution.short_name, Institution.licence_number))
    if status:
        query = query.where(Institution.status == status)
    if kind:
        query = query.where(Institution.kind == kind)
    waiting_first = sa.case((Institution.status == "applied", 0), else_=1)
    return query.order_by(waiting_first, Institution.short_name, Institution.id)


def count_of_status(status: str) -> int:
    """How many institutions are in a status."""
    return db.session.scalar(sa.select(sa.func.count(Institution.id)).where(Institution.status == status)) or 0


def institution(institution_id: int) -> Institution | None:
    """An institution with its branches."""
    return db.session.scalar(
        sa.select(Institution).where(Institution.id == institution_id).options(selectinload(Institution.branches))
    )


def institution_like(name: str, kind: str, licence_number: str) -> Institution | None:
    """An institution that already has this name, or this licence number among its kind."""
    return db.session.scalar(
        sa.select(Institution)
        .where(
            sa.or_(
                Institution.name == name,
                sa.and_(Institution.kind == kind, Institution.licence_number == licence_number),
            )
        )
        .limit(1)
    )


def institutions_by_id(ids: Iterable[int]) -> dict[int, Institution]:
    """Institutions by number, for pages that show many."""
    wanted = set(ids)
    if not wanted:
        return {}
    return {row.id: row for row in db.session.scalars(sa.select(Institution).where(Institution.id.in_(wanted)))}


def branch(branch_id: int) -> Branch | None:
    """A branch with its institution."""
    return db.session.scalar(sa.select(Branch).where(Branch.id == branch_id).options(joinedload(Branch.institution)))


def branches_of(institution_id: int, *, open_only: bool = True) -> list[Branch]:
    """The branches of an institution by name."""
    query = sa.select(Branch).where(Branch.institution_id == institution_id).order_by(Branch.name, Branch.id)
    if open_only:
        query = query.where(Branch.closed_at.is_(None))
    return list(db.session.scalars(query))


# Staff --------------------------------------------------------------------------------------------------------------


def assignment(assignment_id: int) -> Assignment | None:
    """An assignment with its person and institution."""
    return db.session.scalar(
        sa.select(Assignment)
        .where(Assignment.id == assignment_id)
        .options(joinedload(Assignment.person), joinedload(Assignment.institution))
    )


def branches_named(institution_ids: Iterable[int], text: str) -> sa.Select[Branch]:
    """The open branches of these institutions with these words in their name, by name."""
    return (
        sa.select(Branch)
        .where(Branch.institution_id.in_(set(institution_ids)), Branch.closed_at.is_(None), holding(text, Branch.name))
        .order_by(Branch.name, Branch.id)
    )


def staff_of(*institution_ids: int, text: str = "", role: str = "", gone: bool = False) -> sa.Select[Assignment]:
    """Who works (or, with ``gone``, worked) for institutions, by name; filtered by name or address, and role."""
    query = (
        sa.select(Assignment)
        .join(Assignment.person)
        .where(Assignment.institution_id.in_(institution_ids))
        .options(contains_eager(Assignment.person).joinedload(Person.profile), joinedload(Assignment.branch))
    )
    return _narrowed(query, text, role, gone)


def people_of_the_platform(*, text: str = "", role: str = "", gone: bool = False) -> sa.Select[Assignment]:
    """Operators, supervisors and channels, by name."""
    query = (
        sa.select(Assignment)
        .join(Assignment.person)
        .where(Assignment.role.in_(("operator", "supervisor", "channel")))
        .options(contains_eager(Assignment.person), joinedload(Assignment.institution))
    )
    return _narrowed(query, text, role, gone)


def _narrowed(query: sa.Select[Assignment], text: str, role: str, gone: bool) -> sa.Select[Assignment]:
    if text:
        query = query.where(holding(text, Person.name, Person.phone, Person.email))
    if role:
        query = query.where(Assignment.role == role)
    query = query.where(Assignment.until_at.is_not(None) if gone else Assignment.until_at.is_(None))
    return query.order_by(Person.name, Assignment.id)


def count_live(role: str, institution_id: int | None) -> int:
    """How many people hold a role at an institution (None: on the platform) now."""
    whose = (
        Assignment.institution_id.is_(None) if institution_id is None else Assignment.institution_id == institution_id
    )
    return (
        db.session.scalar(
            sa.select(sa.func.count(Assignment.id)).where(Assignment.role == role, Assignment.until_at.is_(None), whose)
        )
        or 0
    )


def desk_of(institution_id: int) -> list[Person]:
    """The people at the desk of an institution, by number."""
    return list(
        db.session.scalars(
            sa.select(Person)
            .join(Assignment, Assignment.person_id == Person.id)
            .where(
                Assignment.institution_id == institution_id,
                Assignment.role == "desk",
                Assignment.until_at.is_(None),
                Person.closed_at.is_(None),
            )
            .order_by(Person.id)
        ).unique()
    )


def operators() -> list[Person]:
    """Everybody who runs the platform, by number."""
    return list(
        db.session.scalars(
            sa.select(Person)
            .join(Assignment, Assignment.person_id == Person.id)
            .where(Assignment.role == "operator", Assignment.until_at.is_(None), Person.closed_at.is_(None))
            .order_by(Person.id)
        ).unique()
    )


def workloads(person_ids: Iterable[int]) -> dict[int, int]:
    """Live leads by manager; nobody's missing row is zero."""
    wanted = set(person_ids)
    found = dict.fromkeys(wanted, 0)
    if wanted:
        found |= {
            row.person_id: row.live_leads
            for row in db.session.scalars(sa.select(Workload).where(Workload.person_id.in_(wanted)))
        }
    return found


def profile_of(person_id: int) -> ManagerProfile | None:
    """A manager's profile."""
    return db.session.scalar(sa.select(ManagerProfile).where(ManagerProfile.person_id == person_id))


# Invitations --------------------------------------------------------------------------------------------------------


def invitation_by_hash(token_hash: str) -> Invitation | None:
    """The invitation of a link."""
    return db.session.scalar(
        sa.select(Invitation)
        .where(Invitation.token_hash == token_hash)
        .options(joinedload(Invitation.institution), joinedload(Invitation.branch))
    )


def invitation(invitation_id: int) -> Invitation | None:
    """An invitation by its number."""
    return db.session.get(Invitation, invitation_id)


def open_invitations(
    institution_ids: Iterable[int] | None, *, text: str = "", role: str = ""
) -> sa.Select[Invitation]:
    """Invitations of institutions (None: of the platform) that nobody has accepted or withdrawn, newest first.

    ``text``: words of the name, or the whole address; the page shows addresses masked, so parts of one find nothing.
    """
    whose = (
        Invitation.institution_id.is_(None)
        if institution_ids is None
        else Invitation.institution_id.in_(set(institution_ids))
    )
    query = sa.select(Invitation).where(whose, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
    if text:
        query = query.where(sa.or_(holding(text, Invitation.name), Invitation.address == text))
    if role:
        query = query.where(Invitation.role == role)
    return query.order_by(Invitation.created_at.desc(), Invitation.id.desc())


# Badges and brokers -------------------------------------------------------------------------------------------------


def badge_by_token(token: str) -> Badge | None:
    """The badge with this token, in force or not."""
    return db.session.scalar(sa.select(Badge).where(Badge.token == token))


def badges_of(person_id: int) -> dict[int, Badge]:
    """The badges of a person that nobody has ended, by the number of the assignment."""
    found = db.session.scalars(
        sa.select(Badge).where(Badge.person_id == person_id, Badge.ended_at.is_(None)).order_by(Badge.id)
    )
    return {badge.assignment_id: badge for badge in found}


def open_badge(assignment_id: int) -> Badge | None:
    """The badge of an assignment that nobody has ended."""
    return db.session.scalar(sa.select(Badge).where(Badge.assignment_id == assignment_id, Badge.ended_at.is_(None)))


def admitted_institutions() -> list[Institution]:
    """The admitted institutions by short name."""
    return list(
        db.session.scalars(
            sa.select(Institution).where(Institution.status == "admitted").order_by(Institution.short_name)
        )
    )


def broker_report(broker_report_id: int) -> BrokerReport | None:
    """One report, for whoever may see it."""
    return db.session.get(BrokerReport, broker_report_id)


def broker_reports(
    *, institution_ids: Iterable[int] | None = None, text: str = "", state: str = ""
) -> sa.Select[BrokerReport]:
    """Reports, the newest first; only those about these institutions, unless None."""
    query = sa.select(BrokerReport).order_by(BrokerReport.reported_at.desc(), BrokerReport.id.desc())
    if institution_ids is not None:
        query = query.where(BrokerReport.institution_id.in_(set(institution_ids)))
    if state:
        query = query.where(BrokerReport.state == state)
    if text:
        query = query.where(holding(text, BrokerReport.who, BrokerReport.phone, BrokerReport.words))
    return query


def count_broker_reports(state: str) -> int:
    """How many reports are in this state."""
    return db.session.scalar(sa.select(sa.func.count()).where(BrokerReport.state == state)) or 0
