"""Reads of businesses, limited to what the asker may see; a business as plain facts for later subjects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, true
from sqlalchemy.orm import selectinload

from matchmaker import clock
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    Finding,
    IdentityCase,
    Mandate,
    Title,
    YearlyFigures,
)
from matchmaker.businesses.rules import FINDINGS_NEEDED, PROVEN, SCOPES, BusinessFacts, LineFacts, YearFacts
from matchmaker.db import db
from matchmaker.eligibility.facts import Facts
from matchmaker.reference import regions

_WHOLE = (
    selectinload(Business.members),
    selectinload(Business.figures),
    selectinload(Business.titles),
    selectinload(Business.credit_lines),
)


def business_by_id(business_id: int) -> Business | None:
    """The business with everything that belongs to it, or None."""
    return db.session.get(Business, business_id, options=_WHOLE)


def business_by_code(uscc: str) -> Business | None:
    """The business with this unified social credit code, or None."""
    return db.session.scalar(select(Business).where(Business.uscc == uscc))


def businesses_of(person_id: int) -> list[Business]:
    """The businesses a person acts or claimed to act for, rejected claims too, oldest first."""
    mine = select(BusinessMember.business_id).where(BusinessMember.person_id == person_id)
    return list(
        db.session.scalars(select(Business).where(Business.id.in_(mine)).options(*_WHOLE).order_by(Business.id))
    )


def member_of(business: Business, person_id: int) -> BusinessMember | None:
    """This person's standing at a business, or None."""
    return next((member for member in business.members if member.person_id == person_id), None)


def member_by_id(member_id: int) -> BusinessMember | None:
    """A person's standing with its papers and business, or None."""
    return db.session.get(
        BusinessMember,
        member_id,
        options=[selectinload(BusinessMember.papers).selectinload(BusinessPaper.document)],
    )


def may_act(business_id: int, person_id: int) -> bool:
    """Whether a person is proven to act for a business, so that an institution may be shown who asks."""
    return (
        db.session.scalar(
            select(BusinessMember.id).where(
                BusinessMember.business_id == business_id,
                BusinessMember.person_id == person_id,
                BusinessMember.standing.in_(PROVEN),
            )
        )
        is not None
    )


def paper_by_id(paper_id: int) -> BusinessPaper | None:
    return db.session.get(BusinessPaper, paper_id)


def _of_named(business_id: Any, words: str) -> ColumnElement[bool]:
    """Whether the business behind ``business_id`` has each of these words in its name or code (without words: yes)."""
    found = select(Business.id)
    for word in words.split():
        found = found.where(
            Business.name.icontains(word, autoescape=True) | Business.uscc.icontains(word, autoescape=True)
        )
    return business_id.in_(found) if words.split() else true()


def waiting_members(words: str = "") -> Select[Any]:
    """Standings whose papers wait for an operator, the longest waiting first; of businesses with these words."""
    return (
        select(BusinessMember)
        .where(BusinessMember.standing == "papers_sent", _of_named(BusinessMember.business_id, words))
        .options(
            selectinload(BusinessMember.business).selectinload(Business.members), selectinload(BusinessMember.papers)
        )
        .order_by(BusinessMember.standing_at, BusinessMember.id)
    )


def lock_member(member: BusinessMember) -> None:
    """Let whoever decides on the same papers at the same time wait here."""
    db.session.execute(select(BusinessMember.id).where(BusinessMember.id == member.id).with_for_update())


def findings_of(member: BusinessMember) -> list[Finding]:
    """What operators found in the papers as they were sent last, the first first."""
    return list(
        db.session.scalars(
            select(Finding)
            .where(Finding.member_id == member.id, Finding.sent_at == member.standing_at)
            .order_by(Finding.id)
        )
    )


def findings_given(members: Iterable[BusinessMember]) -> dict[int, set[int]]:
    """Member id -> the operators who gave a finding on the papers as they were sent last."""
    found: dict[int, set[int]] = {member.id: set() for member in members}
    current = {member.id: member.standing_at for member in members}
    for row in db.session.scalars(select(Finding).where(Finding.member_id.in_(found))):
        if row.sent_at == current[row.member_id]:
            found[row.member_id].add(row.operator_id)
    return found


def papers_open_to(operator_id: int) -> Select[Any]:
    """Standings whose papers this operator may still give a finding on: not looked at by them nor by two others."""
    given = (
        select(Finding.operator_id)
        .where(Finding.member_id == BusinessMember.id, Finding.sent_at == BusinessMember.standing_at)
        .correlate(BusinessMember)
    )
    return waiting_members().where(
        ~given.where(Finding.operator_id == operator_id).exists(),
        given.with_only_columns(func.count()).scalar_subquery() < FINDINGS_NEEDED,
    )


def claims_against(person_id: int) -> list[IdentityCase]:
    """Open claims to businesses that this person acts for and has not spoken about, the one due first first."""
    held = select(BusinessMember.business_id).where(
        BusinessMember.person_id == person_id, BusinessMember.standing != "rejected"
    )
    unheard = open_cases().where(
        IdentityCase.kind == "claim", IdentityCase.holder_words.is_(None), IdentityCase.business_id.in_(held)
    )
    return list(db.session.scalars(unheard))


def open_cases_about(members: Iterable[BusinessMember]) -> dict[int, IdentityCase]:
    """Member id -> the case that two findings on their papers opened, while nobody has decided it."""
    cases = open_cases().where(IdentityCase.member_id.in_([member.id for member in members]))
    return {case.member_id: case for case in db.session.scalars(cases) if case.member_id is not None}


def open_cases(words: str = "") -> Select[Any]:
    """Cases nobody has decided, the one that is due first first; of businesses with these words."""
    return (
        select(IdentityCase)
        .where(IdentityCase.decided_at.is_(None), _of_named(IdentityCase.business_id, words))
        .options(selectinload(IdentityCase.business).selectinload(Business.members))
        .order_by(IdentityCase.due_at, IdentityCase.id)
    )


def case_by_id(case_id: int) -> IdentityCase | None:
    return db.session.get(
        IdentityCase, case_id, options=[selectinload(IdentityCase.business).selectinload(Business.members)]
    )


def claims_by(person_id: int) -> list[IdentityCase]:
    """A person's own claims, newest first."""
    return list(
        db.session.scalars(
            select(IdentityCase)
            .where(IdentityCase.kind == "claim", IdentityCase.claimant_id == person_id)
            .order_by(IdentityCase.id.desc())
        )
    )


def cases_due(before: datetime) -> list[int]:
    """Open cases whose time is over and of which nobody was told so."""
    return list(
        db.session.scalars(
            select(IdentityCase.id)
            .where(IdentityCase.decided_at.is_(None), IdentityCase.warned_at.is_(None), IdentityCase.due_at <= before)
            .order_by(IdentityCase.due_at, IdentityCase.id)
        )
    )


def waiting_titles(words: str = "") -> Select[Any]:
    """Titles whose owners asked for a check, the longest waiting first; of businesses with these words."""
    return (
        select(Title)
        .where(Title.asked_at.is_not(None), Title.verified_at.is_(None), Title.remark_code.is_(None))
        .where(_of_named(Title.business_id, words))
        .options(selectinload(Title.business).selectinload(Business.members))
        .order_by(Title.asked_at, Title.id)
    )


def figures_of(business: Business, year: int) -> YearlyFigures | None:
    return next((row for row in business.figures if row.year == year), None)


def title_by_id(title_id: int) -> Title | None:
    return db.session.get(Title, title_id)


def credit_line_by_id(line_id: int) -> CreditLine | None:
    return db.session.get(CreditLine, line_id)


def plain_facts(business: Business, today: date | None = None) -> BusinessFacts:
    """A business as plain facts on ``today`` (the business date when not given), without who it is."""
    today = today or clock.today()
    return BusinessFacts(
        kind=business.kind,
        industry_code=business.industry_code,
        region_code=business.region_code,
        founded_on=business.founded_on,
        today=today,
        entity_code=business.entity_code,
        last_equity_change_on=business.last_equity_change_on,
        tax_grade=business.tax_grade,
        has_tax_evidence=business.has_tax_evidence,
        has_flow_evidence=business.has_flow_evidence,
        collateral=tuple(business.collateral or ()),
        collateral_said=business.collateral_said,
        years=tuple(
            YearFacts(
                row.year,
                row.employees,
                row.turnover_yuan,
                row.assets_yuan,
                row.liabilities_yuan,
                row.profit_yuan,
            )
            for row in business.figures
        ),
        lines=tuple(
            LineFacts(line.kind, line.amount_yuan, line.balance_yuan, line.matures_on, line.security_code)
            for line in business.credit_lines
        ),
        title_codes=tuple(
            title.code for title in business.titles if title.expires_on is None or title.expires_on >= today
        ),
        latitude=business.latitude,
        longitude=business.longitude,
    )


def facts_of(business: Business, today: date | None = None) -> Facts:
    """What eligibility needs to know of a business; the need's side is added by whoever matches.

    Figures are of the last full year. Not known stays None. Without a point of its own the business stands at
    its county's seat (``exact_place`` False).
    """
    plain = plain_facts(business, today)
    year = plain.last_full_year
    exact = plain.latitude is not None
    point = (plain.latitude, plain.longitude) if exact else regions.point(plain.region_code)
    return Facts(
        kind=plain.kind,
        entity_code=plain.entity_code,
        industry_code=plain.industry_code,
        region_code=regions.standing(plain.region_code),
        latitude=point[0] if point else None,
        longitude=point[1] if point else None,
        exact_place=exact,
        founded_on=plain.founded_on,
        turnover_yuan=year.turnover_yuan if year else None,
        tax_grade=plain.tax_grade,
        debt_ratio_percent=plain.debt_ratio_percent,
        employees=year.employees if year else None,
        has_tax_evidence=plain.has_tax_evidence,
        has_flow_evidence=plain.has_flow_evidence,
        last_equity_change_on=plain.last_equity_change_on,
        debts_yuan=plain.debts_yuan,
    )


# Helpers ------------------------------------------------------------------------------------------------------------


def mandated(person_id: int, scope: str) -> Select[Any]:
    """Numbers of the businesses for which a person holds a mandate in force that reaches at least so far."""
    return select(Mandate.business_id).where(
        Mandate.person_id == person_id,
        Mandate.ended_at.is_(None),
        Mandate.until_on >= clock.today(),
        Mandate.scope.in_(SCOPES[SCOPES.index(scope) :]),
    )


def helped_businesses(person_id: int) -> list[Business]:
    """The businesses that a person helps now, oldest first."""
    return list(
        db.session.scalars(select(Business).where(Business.id.in_(mandated(person_id, "look"))).order_by(Business.id))
    )


def mandate_by_id(mandate_id: int) -> Mandate | None:
    return db.session.get(Mandate, mandate_id)


def mandate_by_hash(token_hash: str) -> Mandate | None:
    return db.session.scalar(select(Mandate).where(Mandate.token_hash == token_hash))


def mandate_of(business_id: int, person_id: int) -> Mandate | None:
    """The mandate of a person for a business that nobody has ended, in force or past its day."""
    return db.session.scalar(
        select(Mandate).where(
            Mandate.business_id == business_id, Mandate.person_id == person_id, Mandate.ended_at.is_(None)
        )
    )


def mandates_to_end(person_id: int, business_ids: Iterable[int]) -> list[Mandate]:
    """Mandates nobody has ended that this person holds, or that were given for these businesses."""
    return list(
        db.session.scalars(
            select(Mandate)
            .where(Mandate.ended_at.is_(None))
            .where(or_(Mandate.person_id == person_id, Mandate.business_id.in_(set(business_ids))))
            .order_by(Mandate.id)
        )
    )
