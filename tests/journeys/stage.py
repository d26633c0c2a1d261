"""The stage of the journeys: a market of six institutions, the people who act, and a manager's leads of one morning.

Built once by the services on a Wednesday at 10:24 and copied for each test; names lead to ids.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Branch, Person
from matchmaker.db import db
from matchmaker.leads.models import Lead
from matchmaker.leads.rules.offering import Offered
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.services import choosing, offering, working
from matchmaker.matching import services as matching
from matchmaker.products.models import Product
from tests.builders import a_manager, a_supervisor, an_operator, an_owner
from tests.businesses.builders import a_code
from tests.leads.builders import EVERYTHING, FIELDS, HOURS, check_papers, match
from tests.matching.builders import a_known_need, a_known_shop, a_market
from tests.needs.builders import a_need

NOW = "2026-09-23T10:24:00+08:00"
OPENED = "2026-09-10T09:00:00+08:00"

MORNING: tuple[tuple[str, str, str], ...] = (
    ("新丰粮油店", "waiting", "2026-09-23T09:10:00+08:00"),
    ("石桥修车铺", "waiting", "2026-09-22T16:00:00+08:00"),
    ("四季鲜果行", "accepted", "2026-09-22T08:00:00+08:00"),
    ("小满裁缝铺", "contacted", "2026-09-18T11:00:00+08:00"),
    ("永兴五金店", "review", "2026-09-15T11:00:00+08:00"),
    ("临河早点铺", "contacted", "2026-09-17T11:00:00+08:00"),
    ("老井茶叶店", "accepted", "2026-09-22T09:30:00+08:00"),
)
"""Shop, how far its lead has come, when it was sent."""


def build() -> dict[str, int]:
    """Write the stage into the database at hand; answers the ids by name. The clock stands at NOW."""
    with clock.frozen(OPENED):
        market = a_market()
    hearth = market["hearth"]
    branch = db.session.scalars(sa.select(Branch).filter_by(institution_id=hearth.institution_id)).one()
    manager = a_manager(branch, "沈秋禾", skills=["62", "52"], capacity_leads=12)
    colleague = a_manager(branch, "陆远", skills=["52"], capacity_leads=20)
    ids = {name: product.id for name, product in market.items()}
    ids |= {
        "manager": manager.id,
        "colleague": colleague.id,
        "operator": an_operator("平台值班").id,
        "operator2": an_operator("平台换班").id,
        "supervisor": a_supervisor("监管员").id,
        **_desks_of(hearth),
        **_owner_with_list(),
        **_a_morning(hearth, manager),
    }
    return ids


def _desks_of(product: Product) -> dict[str, int]:
    desks = db.session.scalars(
        sa.select(Person).join(Assignment, Assignment.person_id == Person.id).where(
            Assignment.institution_id == product.institution_id, Assignment.role == "desk"
        ).order_by(Person.id)
    ).all()
    return {"writer": desks[0].id, "reviewer": desks[1].id}


def _owner_with_list() -> dict[str, int]:
    """周桂兰: papers checked, a need of this morning, its list."""
    owner = an_owner("周桂兰")
    need = a_known_need(owner)
    need.business.name, need.business.uscc = "桂兰砂锅馆", a_code(number=4711)
    check_papers(need.business, owner)
    matching.make_list(need, by=owner)
    return {"owner": owner.id, "need": need.id, "business": need.business_id}


def _a_morning(product: Product, manager: Person) -> dict[str, int]:
    """The leads that the manager finds: two to claim, the others in work."""
    found = {}
    for shop, state, sent_at in MORNING:
        with clock.frozen(sent_at):
            owner = an_owner("店主" + shop[0])
            business = a_known_shop(owner, name=shop, industry_code="5227" if "粮" in shop else "6210")
            need = a_need(business, amount_yuan=Decimal(200_000))
            check_papers(business, owner)
            match(need, product)
            lead = choosing.send_lead(
                need, product, fields=EVERYTHING if state == "review" else FIELDS, hours=HOURS,
                ends_at=clock.now() + timedelta(days=40), by=owner,
            )
        _work(lead, state, datetime.fromisoformat(sent_at), manager)
        found[shop] = lead.id
    return found


def _work(lead: Lead, state: str, sent_at: datetime, manager: Person) -> None:
    if state == "waiting":
        return
    with clock.frozen(sent_at + timedelta(hours=1)):
        working.accept_lead(lead, by=manager)
    if state == "accepted":
        return
    with clock.frozen(sent_at + timedelta(hours=2)):
        working.contact(lead, channel="call", by=manager)
        if state == "review":
            working.start_review(lead, by=manager)


def declined(ids: dict[str, int]) -> Lead:
    """The owner's need went to the bank, which declined for late tax and low turnover."""
    lead = accepted(ids)
    working.decline(
        lead,
        codes=["T01", "B02"],
        seen=Seen(unseen="may_not_say"),
        note="内部：流水差 8 万",
        by=_person(ids, "manager"),
    )
    return lead


def sent(ids: dict[str, int]) -> Lead:
    """The owner's need went to the bank."""
    from matchmaker.needs.queries import need_by_id

    need = need_by_id(ids["need"])
    assert need is not None
    return choosing.send_lead(
        need, db.session.get_one(Product, ids["hearth"]), fields=EVERYTHING, hours=HOURS,
        ends_at=clock.now() + timedelta(days=40), by=_person(ids, "owner"),
    )


def accepted(ids: dict[str, int]) -> Lead:
    """The owner's need went to the bank, where its manager has it."""
    lead = sent(ids)
    working.accept_lead(lead, by=_person(ids, "manager"))
    return lead


def offered(ids: dict[str, int]) -> Lead:
    """… which contacted the owner and wrote an offer."""
    lead, manager = accepted(ids), _person(ids, "manager")
    working.contact(lead, channel="call", by=manager)
    working.start_review(lead, by=manager)
    offering.make_offer(
        lead,
        offered=Offered(
            amount_yuan=Decimal(300_000), term_months=12, repayment="EQ_INST", spread_bp=85, rate_percent=None,
            fee_values={}, valid_until_on=clock.today() + timedelta(days=21),
        ),
        by=manager,
    )
    return lead


def paid_out(ids: dict[str, int]) -> Lead:
    """… which the owner accepted; the money came and was confirmed."""
    lead, manager, owner = offered(ids), _person(ids, "manager"), _person(ids, "owner")
    offering.accept_offer(lead, number=1, by=owner)
    offering.report_contract(lead, contract_number="青檀字 2026-118", signed_on=clock.today(), by=manager)
    offering.report_payout(
        lead, amount_yuan=Decimal(300_000), paid_on=clock.today(), reference="QT20260923001", by=manager
    )
    offering.confirm_payout(lead, by=owner)
    return lead


def _person(ids: dict[str, int], name: str) -> Person:
    return db.session.get_one(Person, ids[name])
