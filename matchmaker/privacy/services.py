"""Closing an account: asked, waited for, carried out by the declarations beside the tables; figures stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.announcements import AccountClosing
from matchmaker.accounts.models import Person
from matchmaker.accounts.sessions import end_sessions_of
from matchmaker.audit.services import looked_at, record
from matchmaker.businesses.mandates import end_mandates_with
from matchmaker.businesses.models import Business
from matchmaker.db import Base, db
from matchmaker.happened import announce
from matchmaker.keeping import erased
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.agreements import AgreementOver
from matchmaker.leads.rules.reserves import Over
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import agreeing, answering, choosing, reserving
from matchmaker.needs.models import Need
from matchmaker.needs.queries import live_needs_of
from matchmaker.needs.services import withdraw_need
from matchmaker.notifications.services import tell
from matchmaker.privacy import queries
from matchmaker.privacy.rules import CASE_NUMBER, CLOSING_GRACE, STAFF_ROLES
from matchmaker.refusal import Refused

UNMASKED = ("name", "code", "address", "contact_name", "contact_phone")


def unmask(business: Business, *, case_number: str, reason: str, by: Person) -> None:
    """Let a supervisor read who a business is, for a case: in the trail with the number, in the owner's log as a look.

    Raises Refused ``case_number_missing``, ``unmask_reason_missing`` at their fields.
    """
    if not CASE_NUMBER.fullmatch(case_number.strip()) or not any(sign.isdecimal() for sign in case_number):
        raise Refused("case_number_missing", field="case_number", status=422)
    if len(reason.strip()) < 4:
        raise Refused("unmask_reason_missing", field="reason", status=422)
    looked_at(business.id, by=by, fields=list(UNMASKED), purpose="supervision")
    record("supervision.unmask", business, by=by, case_number=case_number.strip())


def ask_to_close(person: Person) -> datetime:
    """Let the account be closed after the days of grace; answers when. A second time nothing changes.

    What institutions could see is sealed at once, for good: whoever wants to go does not want to be called meanwhile.
    Raises Refused ``closing_still_works_here`` while the person has work for an institution or the platform.
    """
    if any(assignment.role in STAFF_ROLES for assignment in person.live_assignments):
        raise Refused("closing_still_works_here")
    if person.closing_at is not None:
        return person.closing_at
    person.closing_at = clock.now() + CLOSING_GRACE
    _end_leads(person, [business.id for business in queries.businesses_alone(person.id)])
    record("account.ask_to_close", person, by=person)
    tell(
        person.id,
        "privacy.closing_asked",
        key=f"closing:{person.id}:{person.closing_at.isoformat()}",
        link="/my-data/close",
        closes_at=person.closing_at,
    )
    return person.closing_at


def keep_account(person: Person) -> None:
    """Take the wish back within the days of grace. Consents that ended stay ended."""
    if person.closing_at is None:
        return
    person.closing_at = None
    record("account.keep", person, by=person)


def close_account(person: Person) -> dict[str, int]:
    """Destroy the person, and the businesses that nobody else acts for, by what the tables declare; numbers stay.

    Work that still runs for them is ended first (needs withdrawn, leads given back), a signed contract goes on
    without the data. Answers table -> rows deleted or erased. Everything in the transaction of the caller.
    """
    alone = [business.id for business in queries.businesses_alone(person.id)]
    announce(AccountClosing(person.id, tuple(alone)))
    _end_leads(person, alone)
    _end_needs(person, alone)
    end_sessions_of(person.id, because="account_closed")
    db.session.flush()
    now = clock.now()
    done: dict[str, int] = {}
    for cls in reversed(queries.tables()):
        if cls.kept.closing == "stay" or (condition := queries.belonging(cls, person.id, alone)) is None:
            continue
        found = list(db.session.scalars(sa.select(cls.id).where(condition)))
        if found:
            done[cls.__tablename__] = len(found)
            (delete_rows if cls.kept.closing == "delete" else erase_rows)(cls, found, now)
    _erase_shares(person, now)
    db.session.expire_all()
    record("account.close", person, by=None, rows=sum(done.values()))
    return done


def _end_leads(person: Person, business_ids: Sequence[int]) -> None:
    """End mandates, choices, reserves, agreements; seal what was sent. A signed contract goes on without the data."""
    end_mandates_with(person, business_ids)
    for business_id in business_ids:
        for need in live_needs_of(business_id):
            reserving.close_reserves(need.id, Over.TAKEN_BACK, by=person)
            agreeing.end_agreement(need.id, AgreementOver.WITHDRAWN, by=person)
        for lead_id in finding.ids_of_open_leads(business_id):
            lead = finding.lead_by_id(lead_id, lock=True)
            if lead is None:
                continue
            if lead.state == State.DRAFT:
                choosing.drop_choice(lead, by=person)
            elif lead.is_live and lead.consent is not None and lead.consent.ended_at is None:
                answering.withdraw(lead, by=person)


def _end_needs(person: Person, business_ids: Iterable[int]) -> None:
    """Withdraw needs on which nobody works any more; one with a signed contract runs out by itself."""
    for need in db.session.scalars(sa.select(Need).where(Need.business_id.in_(list(business_ids))).order_by(Need.id)):
        if need.is_live and not finding.ids_of_live_leads(need_id=need.id):
            withdraw_need(need, by=person)


def delete_rows(cls: type[Base], numbers: list[int], at: datetime) -> None:
    """Delete rows by number."""
    db.session.execute(sa.delete(cls).where(cls.id.in_(numbers)).execution_options(synchronize_session=False))


def erase_rows(cls: type[Base], numbers: list[int], at: datetime, what: Mapping[str, Any] | None = None) -> None:
    """Put what the declaration says in the place of what is personal, row by row; the rest of the row stays."""
    erase = cls.kept.erase if what is None else what
    table: Any = cls.__table__
    columns = [table.c[name] for name in erase]
    for row in db.session.execute(sa.select(table.c.id, *columns).where(table.c.id.in_(numbers))).mappings().all():
        values = {name: erased(row[name], to, row["id"], at) for name, to in erase.items()}
        db.session.execute(sa.update(table).where(table.c.id == row["id"]).values(**values))


def _erase_shares(person: Person, at: datetime) -> None:
    """Take the person's own words out of rows that belong to somebody else."""
    for cls in queries.tables():
        for name, share in cls.kept.also.items():
            column: Any = getattr(cls, name)
            if share.erase:
                numbers = list(db.session.scalars(sa.select(cls.id).where(column == person.id)))
                erase_rows(cls, numbers, at, share.erase)

