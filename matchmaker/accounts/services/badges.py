"""Badges that prove a manager real, and reports of brokers who are not: issued, renewed, ended; reported, settled."""

from __future__ import annotations

import secrets

from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.models import Assignment, Badge, BrokerReport, Institution, Person
from matchmaker.accounts.rules import BADGE_LIVES, BROKER_ASKED, BROKER_STEPS, badge_in_force
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.notifications.services import tell
from matchmaker.reference.rules.wording import is_placeholder
from matchmaker.refusal import Refused


def in_force(badge: Badge) -> bool:
    """Whether this badge proves anything now."""
    assignment = badge.assignment
    return badge_in_force(
        ended=badge.ended_at is not None,
        expires_at=badge.expires_at,
        assignment_over=assignment.until_at is not None or badge.person.closed_at is not None,
        institution_status=assignment.institution.status if assignment.institution else "",
        now=clock.now(),
    )


def issue_badge(assignment: Assignment, *, by: Person) -> Badge:
    """Give a manager a badge for ninety days; an earlier one is worth nothing from now on.

    The institution's word is the assignment: its desk has let this person in and can let them go at any time.
    Raises Refused ``not_a_manager``, ``institution_not_admitted``.
    """
    if assignment.role != "manager" or assignment.until_at is not None:
        raise Refused("not_a_manager")
    if assignment.institution is None or assignment.institution.status != "admitted":
        raise Refused("institution_not_admitted")
    end_badge(assignment, because="renewed")
    now = clock.now()
    badge = Badge(
        token=secrets.token_urlsafe(32),
        person_id=assignment.person_id,
        assignment_id=assignment.id,
        issued_at=now,
        expires_at=now + BADGE_LIVES,
    )
    db.session.add(badge)
    db.session.flush()
    record("badge.issue", badge, by=by, institution_id=assignment.institution_id)
    return badge


def end_badge(assignment: Assignment, *, because: str) -> None:
    """Make the badge of an assignment worthless, where it has one."""
    badge = queries.open_badge(assignment.id)
    if badge is not None:
        badge.ended_at, badge.ended_because = clock.now(), because
        db.session.flush()


def report_broker(
    *,
    who: str,
    phone: str,
    asked: str,
    words: str,
    lead_number: int | None,
    institution: Institution | None,
    badge: Badge | None,
    contact: str,
    reporter: Person | None,
) -> BrokerReport:
    """Take down who asked for what must not be asked for. The desk of the institution reads it without the reporter.

    Raises Refused at the field: ``field_missing``, ``broker_asked_missing``, ``broker_words_missing``.
    """
    who, words = who.strip(), words.strip()
    if not who or is_placeholder(who):
        raise Refused("field_missing", field="who", status=422)
    if asked not in BROKER_ASKED:
        raise Refused("broker_asked_missing", field="asked", status=422)
    if asked == "other" and (not words or is_placeholder(words)):
        raise Refused("broker_words_missing", field="words", status=422)
    if badge is not None:
        institution = badge.assignment.institution
    now = clock.now()
    report = BrokerReport(
        who=who,
        phone=phone.strip(),
        asked=asked,
        words=words,
        lead_number=lead_number,
        institution_id=institution.id if institution else None,
        badge_of_id=badge.person_id if badge else None,
        reporter_id=reporter.id if reporter else None,
        contact=contact.strip(),
        reported_at=now,
        state_at=now,
    )
    db.session.add(report)
    db.session.flush()
    record("broker.report", report, by=reporter, institution_id=report.institution_id)
    told = queries.operators() + (queries.desk_of(institution.id) if institution else [])
    for person in told:
        tell(
            person.id,
            "accounts.broker_reported",
            key=f"broker:{report.id}:{person.id}",
            link=f"/broker-reports/{report.id}",
            outside=False,
            asked=f"label:accounts.broker_asked:{asked}",
        )
    return report


def look_at_report(report: BrokerReport, *, by: Person) -> None:
    """An operator has taken the report up. Raises Refused ``broker_step_not_possible``."""
    _step(report, "look", by=by)


def settle_report(report: BrokerReport, *, outcome: str, row_version: int, by: Person) -> None:
    """An operator says what became of it, who had the copy ``row_version``; a reporter with an account is told.

    Raises Refused ``broker_step_not_possible``, and ``field_missing`` at the field.
    """
    if not outcome.strip() or is_placeholder(outcome):
        raise Refused("field_missing", field="outcome", status=422)
    if report.row_version != row_version:
        raise StaleDataError(f"copy {row_version} was changed meanwhile to {report.row_version}")
    report.outcome = outcome.strip()
    _step(report, "settle", by=by)
    if report.reporter_id is not None:
        tell(
            report.reporter_id,
            "accounts.broker_settled",
            key=f"broker:{report.id}:settled",
            who=report.who,
            outcome=report.outcome,
        )


def _step(report: BrokerReport, step: str, *, by: Person) -> None:
    after = BROKER_STEPS.get((report.state, step))
    if after is None:
        raise Refused("broker_step_not_possible")
    report.operator_id = by.id
    report.state, report.state_at = after, clock.now()
    db.session.flush()
    record(f"broker.{step}", report, by=by)
