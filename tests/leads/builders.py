"""Leads for tests, in any state, made by the services themselves; call inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Branch, Institution, Person
from matchmaker.businesses.models import Business, YearlyFigures
from matchmaker.db import db
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.consents import OPTIONAL, REQUIRED
from matchmaker.leads.rules.offering import Offered
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, choosing, ending, offering, working
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from matchmaker.ranking.models import Shown, ShownList
from matchmaker.reference.models import Lpr
from tests.builders import a_branch, a_desk, a_manager, an_institution, an_operator, an_owner
from tests.needs.builders import a_need, a_shop
from tests.products.builders import a_product

FIELDS = [str(field) for field in REQUIRED]
EVERYTHING = [str(field) for field in (*REQUIRED, *OPTIONAL)]
HOURS = ["morning", "afternoon"]


@dataclass
class Case:
    """One owner, one need, one institution with a branch, two managers and a desk, one product that was matched."""

    owner: Person
    business: Business
    need: Need
    institution: Institution
    branch: Branch
    manager: Person
    colleague: Person
    desk: Person
    product: Product
    lead: Lead | None = None


def an_lpr() -> None:
    """The LPR of September 2026, unless reference data is there."""
    if not db.session.scalar(sa.select(sa.func.count()).select_from(Lpr)):
        db.session.add(
            Lpr(
                published_on=date(2026, 9, 20),
                lpr_1y_percent=Decimal("3.00"),
                lpr_5y_percent=Decimal("3.50"),
                source="test",
            )
        )
        db.session.flush()


def check_papers(business: Business, owner: Person) -> None:
    """An operator has checked that the owner may act."""
    for member in business.members:
        if member.person_id == owner.id:
            member.standing, member.checked_by_id, member.standing_at = "checked", an_operator().id, clock.now()
    db.session.flush()


def match(need: Need, *products: Product) -> ShownList:
    """A stored list that shows these products to the need, in this order."""
    shown = ShownList(
        need_id=need.id, need_number=need.current_number, made_at=clock.now(), rules_version="test", facts={},
        lpr_on=date(2026, 9, 20), rule_only=True, counts={},
    )  # fmt: skip
    db.session.add(shown)
    db.session.flush()
    for place, product in enumerate(products, start=1):
        db.session.add(
            Shown(
                list_id=shown.id, place=place, product_id=product.id, product_version_id=product.current_version_id,
                score=1.0 / place, features={}, reasons=[], cautions=[], quote={},
            )
        )  # fmt: skip
    db.session.flush()
    return shown


def a_bank(number: int = 1, **product: Any) -> tuple[Institution, Branch, Person, Product]:
    """An institution of Hangzhou with a branch, a manager and a published product."""
    institution = an_institution(f"青檀银行{number}")
    branch = a_branch(institution)
    manager = a_manager(branch, f"沈秋禾{number}")
    return institution, branch, manager, a_product(institution, **product)


def a_case(*, products: int = 1, **need: Any) -> Case:
    """A checked owner whose need was matched with the product of an institution."""
    an_lpr()
    owner = an_owner("周桂兰")
    business = a_shop(owner, name="桂兰砂锅馆", address="柳桥街 18 号", tax_grade="B")
    check_papers(business, owner)
    business.figures.append(
        YearlyFigures(year=2025, employees=6, turnover_yuan=Decimal(920_000), assets_yuan=Decimal(200_000))
    )
    institution, branch, manager, product = a_bank()
    colleague = a_manager(branch, "陆远")
    desk = a_desk(institution, "网点柜台")
    wanted = a_need(business, **need)
    match(wanted, product)
    return Case(owner, business, wanted, institution, branch, manager, colleague, desk, product)


def until(days: int = 40) -> datetime:
    """The close of a day some days ahead."""
    return clock.now() + timedelta(days=days)


def send(case: Case, product: Product | None = None, **changes: Any) -> Lead:
    """Send the case's need to its product's institution."""
    values: dict[str, Any] = {"fields": FIELDS, "hours": HOURS, "ends_at": until(), "by": case.owner, **changes}
    lead = choosing.send_lead(case.need, product or case.product, **values)
    case.lead = lead
    return lead


def offered(case: Case, **changes: Any) -> Offered:
    """What a manager writes: 300,000 yuan for 12 months, equal instalments, LPR plus 85."""
    values: dict[str, Any] = {
        "amount_yuan": Decimal(300_000), "term_months": 12, "repayment": "EQ_INST", "spread_bp": 85,
        "rate_percent": None, "fee_values": {}, "valid_until_on": clock.today() + timedelta(days=21), **changes,
    }  # fmt: skip
    return Offered(**values)


def a_document(person: Person, name: str = "执照.pdf") -> Document:
    """A small uploaded PDF."""
    document = Document(
        kind="other", filename=name, media_type="application/pdf", size_bytes=8, sha256="0" * 64,
        uploaded_by_id=person.id, uploaded_at=clock.now(),
    )  # fmt: skip
    db.session.add(document)
    db.session.flush()
    db.session.add(DocumentContent(document_id=document.id, content=b"%PDF-1.4"))
    db.session.flush()
    return document


def to_state(case: Case, state: State | str, **sending: Any) -> Lead:
    """Take the case's lead to a state by real steps, at this instant of the business clock."""
    state = State(state)
    if state is State.DRAFT:
        case.lead = choosing.save_choice(
            case.need, case.product, fields=FIELDS, hours=HOURS, until="longest", by=case.owner
        )
        return case.lead
    lead = send(case, **sending)
    if state is State.WAITING:
        return lead
    if state is State.WITHDRAWN:
        answering.withdraw(lead, by=case.owner)
        return lead
    if state is State.GIVEN_UP:
        answering.give_up(lead, code="E05", by=case.owner)
        return lead
    if state is State.RELEASED:
        row = lead.clocks[0]
        ending.release(lead, row, at=row.due_at)
        return lead
    if state is State.EXPIRED:
        ending.expire(lead, because="consent")
        return lead
    working.accept_lead(lead, by=case.manager)
    if state is State.ACCEPTED:
        return lead
    if state in (State.DECLINED, State.SECOND_LOOK):
        working.decline(
            lead, codes=["T01", "B02"], seen=Seen(unseen="may_not_say"), note="内部：流水差 8 万", by=case.manager
        )
        if state is State.SECOND_LOOK:
            answering.ask_second_look(lead, repaired=False, fields=FIELDS, hours=HOURS, ends_at=until(), by=case.owner)
        return lead
    if state is State.UNREACHED:
        for hours in (0, 0.4, 4.5):
            with clock.frozen(clock.now() + timedelta(hours=hours)):
                working.try_contact(lead, by=case.manager)
        return lead
    working.contact(lead, channel="call", visit_agreed=True, visit_at=clock.now() + timedelta(days=1), by=case.manager)
    if state is State.CONTACTED:
        return lead
    if state is State.PAPERS:
        working.ask_papers(lead, items=[{"what": "店铺租约", "why": "证明有固定的店"}], by=case.manager)
        return lead
    if state is State.VISITED:
        working.visit(
            lead, visited_at=clock.now(), place="shop", premises="seen", note="在营业，人不少", by=case.manager
        )
        return lead
    if state is State.REVIEW:
        working.start_review(lead, by=case.manager)
        return lead
    offering.make_offer(lead, offered=offered(case), by=case.manager)
    if state is State.OFFERED:
        return lead
    offering.accept_offer(lead, number=1, by=case.owner)
    if state is State.TAKEN:
        return lead
    offering.report_contract(lead, contract_number="HT-1", signed_on=clock.today(), by=case.manager)
    if state is State.SIGNED:
        return lead
    offering.report_payout(lead, amount_yuan=Decimal(300_000), paid_on=clock.today(), reference="LS-1", by=case.manager)
    return lead


def again(lead: Lead) -> Lead:
    """The lead as the database has it now."""
    db.session.expire_all()
    found = finding.lead_by_id(lead.id)
    assert found is not None
    return found
