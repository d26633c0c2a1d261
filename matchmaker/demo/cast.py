"""Those who can be signed in as, and what is going on around them on the morning of the anchor: written by hand.

Everything here is played through the same books as the year itself, so it obeys the same rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from matchmaker.businesses.rules import CASE_DAYS
from matchmaker.clock import date_of
from matchmaker.demo.businesses import TRADES, Businesses, phone, uscc
from matchmaker.demo.drawing import after_office_hours, as_stored, at_local
from matchmaker.demo.ledger import PIXEL, LeadBook, Row
from matchmaker.demo.market import Market
from matchmaker.demo.places import BY_NICKNAME
from matchmaker.demo.story import below
from matchmaker.leads.rules.clocks import Clock, due_after
from matchmaker.leads.rules.offering import Offered, repayments_of
from matchmaker.leads.rules.reserves import MOST_RESERVES
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.rules.states import LIVE, Step
from matchmaker.leads.rules.working import CHECKS_AT, CHECKS_BEFORE
from matchmaker.reference import regions
from matchmaker.reference.rules import is_working_day
from matchmaker.reference.rules.working_time import end_of_clock

if TYPE_CHECKING:
    from matchmaker.demo.story import Story

PLACES = 12
"""Numbers of persons that are kept for the owners of the cast."""


@dataclass(frozen=True)
class SignIn:
    """A line of the table of sign-ins."""

    role: str
    account: str
    name: str
    about: str


@dataclass(frozen=True)
class _Shop:
    """A business of the cast with its owner."""

    owner: str
    name: str
    kind: str
    industry: str
    county: str
    months: int
    turnover_wan: int
    employees: int
    tax_grade: str | None
    standing: str
    collateral: tuple[str, ...] = ()
    loan_wan: int = 0


SHOPS: tuple[_Shop, ...] = (
    _Shop("周桂兰", "桂兰砂锅馆", "sole_proprietor", "6210", "白鹭", 33, 92, 6, "B", "checked", ("SURETY_PERS",)),
    _Shop("林春和", "春和干洗店", "sole_proprietor", "8030", "白鹭", 41, 58, 3, "M", "checked", ("SURETY_PERS", "MORT_VEH")),
    _Shop("郝木青", "青檀柳桥精密机械有限公司", "enterprise", "3484", "望山", 86, 980, 32, "A", "checked", ("MORT_EQP", "PLEDGE_AR"), 120),
    _Shop("方立冬", "白鹭东坡竹编农民专业合作社", "cooperative", "0519", "白鹭", 52, 140, 18, "B", "papers_sent", ("MORT_LAND",)),
    _Shop("苏白露", "如意童装", "sole_proprietor", "5231", "望山", 14, 46, 2, None, "papers_sent"),
)  # fmt: skip

SIGN_INS: list[SignIn] = [
    SignIn("owner", phone(1), "周桂兰", "桂兰砂锅馆：材料核过，还没说需求，从头走一遍"),
    SignIn("owner", phone(2), "林春和", "春和干洗店：三家在办，一家要补材料，一家给了报价"),
    SignIn("owner", phone(3), "郝木青", "柳桥精密机械：一笔放款等确认，一份合同过了日子，一个新需求在办"),
    SignIn("owner", phone(4), "方立冬", "东坡竹编合作社：执照送来了，等平台核"),
    SignIn("owner", "helper@qingtan.example", "账房陆算", "帮林春和：可以送机构、接受报价，最多 20 万元"),
    SignIn("manager", "manager1@qingtan.example", "沈秋禾", "青檀农商银行白鹭支行：手上一排活"),
    SignIn("manager", "manager2@qingtan.example", "韩竹君", "同一个支行的同事，可以转给她"),
    SignIn("desk", "desk1@qingtan.example", "陶青黛", "青檀农商银行产品岗：写产品、送审"),
    SignIn("desk", "desk2@qingtan.example", "喻松烟", "青檀农商银行产品岗：核同事送审的"),
    SignIn("desk", "desk1@qtguar.example", "吴采石", "青檀市担保：担保产品"),
    SignIn("desk", "desk1@pinglan.example", "朱木槿", "平岚财险：列保险产品，给店主报价"),
    SignIn("desk", "desk2@pinglan.example", "叶知秋", "平岚财险：核同事写的条款"),
    SignIn("operator", "operator1@qingtan.example", "平台沈值班", "核材料、核机构"),
    SignIn("operator", "operator2@qingtan.example", "平台柳值班", "第二位，要两个人的时候"),
    SignIn("operator", "operator3@qingtan.example", "平台乔值班", "第三位，前两位看法不一样的时候"),
    SignIn("supervisor", "supervisor@qingtan.example", "监管魏审", "看全部，隐去姓名"),
    SignIn("channel", "channel@qingtan.example", "园区孔服务", "园区和协会"),
]


def take_the_stage(market: Market, town: Businesses, anchor_on: date) -> None:
    """Add the cast to the town: accounts that can be remembered, shops, and drafts on the desk."""
    for name, email in (("沈秋禾", "manager1@qingtan.example"), ("韩竹君", "manager2@qingtan.example")):
        market.persons[market.person_by_name[name] - 1]["email"] = email
    first_id = len(market.persons) + 1
    hashed = market.persons[0]["password_hash"]
    for place, shop in enumerate(SHOPS):
        _open_shop(market, town, shop, place, first_id + place, anchor_on, hashed)


def _open_shop(
    market: Market, town: Businesses, shop: _Shop, place: int, person_id: int, anchor_on: date, hashed: str
) -> None:
    county = BY_NICKNAME[shop.county]
    business_id = len(town.businesses) + 1
    founded = anchor_on - timedelta(days=round(shop.months * 30.44))
    joined_at = at_local(anchor_on - timedelta(days=120 + 7 * place), 10)
    sent_at = at_local(_working_day(anchor_on, 1), 15.5)
    town.persons.append(
        {
            "id": person_id, "phone": phone(place + 1), "email": None, "name": shop.owner, "password_hash": hashed,
            "language": "zh", "phone_verified_at": joined_at, "created_at": joined_at,
        }
    )  # fmt: skip
    town.assignments.append(
        {"person_id": person_id, "role": "owner", "institution_id": None, "branch_id": None, "since_at": joined_at}
    )
    point = regions.point(county.code) or (28.4, 117.9)
    town.businesses.append(
        {
            "id": business_id, "uscc": uscc(shop.kind, county.code, place + 1), "name": shop.name, "kind": shop.kind,
            "entity_code": {"enterprise": "CO_LTD", "sole_proprietor": "INDIV", "cooperative": "COOP"}[shop.kind],
            "industry_code": shop.industry, "region_code": county.code, "address": f"{shop.county}檀木街 {12 + place * 9} 号",
            "latitude": round(point[0] + 0.011, 5), "longitude": round(point[1] - 0.008, 5), "founded_on": founded,
            "last_equity_change_on": None, "tax_grade": shop.tax_grade, "has_tax_evidence": shop.tax_grade is not None,
            "has_flow_evidence": True, "collateral": sorted(shop.collateral),
            "collateral_said": bool(shop.collateral), "created_by_id": person_id,
            "created_at": joined_at,
        }
    )  # fmt: skip
    checked = shop.standing == "checked"
    town.members.append(
        {
            "id": business_id, "business_id": business_id, "person_id": person_id,
            "capacity": "owner" if shop.kind == "sole_proprietor" else "legal_representative", "standing": shop.standing,
            "standing_at": joined_at + timedelta(hours=22) if checked else sent_at,
            "checked_by_id": market.operators[0] if checked else None,
        }
    )  # fmt: skip
    for back, share in ((1, Decimal(1)), (2, Decimal("0.9"))):
        year = anchor_on.year - back
        if founded.year <= year:
            turnover = (Decimal(shop.turnover_wan) * 10_000 * share).quantize(Decimal(1))
            town.figures.append(
                {
                    "business_id": business_id, "year": year, "employees": shop.employees, "turnover_yuan": turnover,
                    "assets_yuan": (turnover * Decimal("0.7")).quantize(Decimal(1)),
                    "liabilities_yuan": (turnover * Decimal("0.26")).quantize(Decimal(1)),
                    "profit_yuan": (turnover * Decimal("0.08")).quantize(Decimal(1)),
                }
            )  # fmt: skip
    if shop.loan_wan:
        begun = anchor_on - timedelta(days=210)
        lender = market.institution_ids["jiangzhu"]
        town.credit_lines.append(
            {
                "business_id": business_id, "institution_name": market.of[lender].name, "institution_id": lender,
                "kind": "loan", "amount_yuan": Decimal(shop.loan_wan) * 10_000, "balance_yuan": Decimal(shop.loan_wan) * 8_000,
                "security_code": "MORT_FACT", "started_on": begun, "matures_on": begun + timedelta(days=730),
                "source": "declared", "as_of_on": anchor_on - timedelta(days=30),
            }
        )  # fmt: skip
    if shop.kind == "enterprise":
        _add_titles(market, town, business_id, anchor_on)
    trade = next((one for one in TRADES if one.code == shop.industry), TRADES[0])
    town.trades.append(trade)
    town.quality.append(0.8)
    town.thirst.append(0.0)  # nobody of the cast needs money by chance
    town.answers.append(0.8)


def _add_titles(market: Market, town: Businesses, business_id: int, anchor_on: date) -> None:
    """Two titles: one that an operator found in its register long ago, one that waits since yesterday afternoon."""
    verified_at = _at(anchor_on, 30, 11.2)
    common = {"business_id": business_id, "issuer": "青檀市工业和信息化局", "expires_on": anchor_on + timedelta(days=610)}
    town.titles += [
        common | {
            "code": "SRDI_INNOV", "certificate_number": f"QT{anchor_on.year - 1}C0118", "asked_at": verified_at - timedelta(hours=19),
            "verified_at": verified_at, "checked_by_id": market.operators[0],
        },
        common | {
            "code": "SRDI_PROV", "certificate_number": f"QT{anchor_on.year}Z0042", "asked_at": _at(anchor_on, 1, 16.1),
            "verified_at": None, "checked_by_id": None,
        },
    ]  # fmt: skip


def owner_ids(story: Story) -> list[int]:
    """The persons who own the shops of the cast."""
    return [row["created_by_id"] for row in story.town.businesses if row["uscc"][8:15] == "FAKE000"]


def papers_of(story: Story) -> list[Row]:
    """The papers that wait on the operator's desk, with their documents in the books."""
    rows = []
    for member in story.town.members:
        if member["standing"] == "papers_sent":
            document = story.books.keep_document(
                "营业执照.png", member["person_id"], member["standing_at"], kind="licence"
            )
            rows.append(
                {
                    "member_id": member["id"],
                    "document_id": document,
                    "kind": "licence",
                    "sent_at": member["standing_at"],
                }
            )
    return rows


def cases_of(story: Story) -> list[Row]:
    """One claim to the code of a shop of the cast that another owner makes: opened two working days before the anchor."""
    holder = story.town.businesses[_index(story, "春和干洗店")]
    claimant = next(row for row in story.town.businesses if row["name"] == "如意童装" and row["uscc"][8:15] == "FAKE000")
    opened = _at(date_of(story.anchor_at), 2, 10.5)
    return [
        {
            "kind": "claim", "business_id": holder["id"], "claimant_id": claimant["created_by_id"], "capacity": "agent",
            "member_id": None, "claimant_words": "店里的账是我管的，老板托我来办贷款。", "holder_words": None,
            "holder_said_at": None, "opened_at": opened, "due_at": end_of_clock(opened, CASE_DAYS, "working"),
            "warned_at": None, "decided_at": None, "decided_by_id": None, "outcome": None, "reason": None,
        }
    ]  # fmt: skip


# Scenes --------------------------------------------------------------------------------------------------------------


def play(story: Story) -> None:
    """Let the scenes begin: each is a process among those of the year."""
    anchor_on = date_of(story.anchor_at)
    story.start(_dry_cleaner(story, _index(story, "春和干洗店"), anchor_on))
    story.start(_machine_shop(story, _index(story, "青檀柳桥精密机械有限公司"), anchor_on))
    for scene in (_waits_since_yesterday, _waits_since_this_morning, _visit_tomorrow, _was_visited, _papers_came, _decision_is_near,
                  _papers_are_out):  # fmt: skip
        story.start(_for_the_manager(story, scene, anchor_on))


def _index(story: Story, name: str) -> int:
    return next(
        at for at, row in enumerate(story.town.businesses) if row["name"] == name and row["uscc"][8:15] == "FAKE000"
    )


def _working_day(anchor_on: date, back: int) -> date:
    """The working day that lies `back` working days before the anchor (0: the anchor itself)."""
    day = anchor_on
    while back:
        day -= timedelta(days=1)
        back -= is_working_day(day)
    return day


def _at(anchor_on: date, back: int, hour: float) -> datetime:
    return at_local(_working_day(anchor_on, back), hour)


def _wanted(
    amount_wan: float, months: int, purpose: str, on: date, *, first: str = "yes", securities: list[str] | None = None
) -> Row:
    return {
        "amount_yuan": as_stored(Decimal(str(amount_wan)) * 10_000), "term_months": months, "purpose": purpose,
        "securities": securities if securities is not None else [], "repayment": None, "wanted_by_on": on + timedelta(days=30),
        "first_loan": first, "max_rate_percent": None, "note": "",
    }  # fmt: skip


def _send(story: Story, need: Row, at: int, when: datetime, institution: str, *names: str) -> LeadBook | None:
    """Send to the first of these products that the list shows, or to any of that institution."""
    institution_id = story.market.institution_ids[institution]
    shown = [
        row
        for row in story.lists_of[need["id"]]
        if story.market.products[row["product_id"] - 1]["institution_id"] == institution_id
    ]
    wished = [row for name in names for row in shown if story.market.shapes[row["product_id"]].name == name]
    chosen = next(iter(wished or shown), None)
    return None if chosen is None else story.send_next(need, at, when, product_id=chosen["product_id"])


def _carrier(story: Story, lead: LeadBook, name: str | None = None) -> int:
    people = story.market.carriers[lead.institution_id]
    wished = story.market.person_by_name.get(name or "")
    return wished if wished in people else people[0]


def _steps(
    story: Story, lead: LeadBook | None, *steps: tuple[datetime, Callable[[LeadBook, datetime], object]]
) -> Iterator[datetime]:
    """Take steps of a lead at their times, in order; a clock that runs out first ends the scene as it ends any lead."""
    if lead is None:
        return
    for when, step in steps:
        taken = len(lead.steps)
        yield from story.until(lead, when)
        if not lead.is_in(*LIVE) or any(row["step"] in _RAN_OUT for row in lead.steps[taken:]):
            break
        step(lead, when)
    if lead.is_live:
        yield from story.until(lead, story.anchor_at)


_RAN_OUT = {str(step) for step in (Step.RELEASE, Step.LAPSE_PAPERS, Step.LAPSE_HOURS, Step.EXPIRE)}


def _in_time(clock: Clock, started_at: datetime, wished: datetime) -> datetime:
    """The wished instant, or 14:00 of the last day of that clock where a holiday lies between."""
    due_at = due_after(clock, started_at)
    return wished if wished < due_at else at_local(date_of(due_at), 14)


def _accept(story: Story, name: str | None = None) -> Callable[[LeadBook, datetime], object]:
    return lambda lead, when: lead.accept(when, by=_carrier(story, lead, name))


def _called(lead: LeadBook, when: datetime) -> None:
    lead.contact(when, channel="call", note="说了要看哪些材料")


def _offer(
    story: Story, share: float = 1.0, days: int = 10, conditions: str = "放款前补一张近三个月的流水"
) -> Callable[[LeadBook, datetime], object]:
    def offer(lead: LeadBook, when: datetime) -> None:
        terms = lead.terms
        asked = story.books.need_versions[lead.need["id"] - 1]
        amount = min(asked["amount_yuan"] * Decimal(str(share)), terms.amount_max_yuan or Decimal(0))
        lead.make_offer(
            when,
            offered=Offered(
                amount_yuan=max(amount, terms.amount_min_yuan or amount).quantize(Decimal("0.01")),
                term_months=min(max(asked["term_months"], terms.term_min_months or 1), terms.term_max_months or 360),
                repayment=repayments_of(terms)[0],
                spread_bp=terms.spread_max_bp,
                rate_percent=terms.fixed_rate_percent,
                fee_values={},
                valid_until_on=date_of(when) + timedelta(days=days),
            ),
            lpr=story.lpr_on(date_of(when)),
            prices=story.prices,
            conditions=conditions,
        )

    return offer


INSURED = "放款前补一张近三个月的流水；店里的设备和存货有一份财产综合险，哪一家的都行"

PAPERS = (
    {"what": "近 12 个月收款码流水", "why": "看店里生意怎么样"},
    {"what": "店面租约", "why": "证明有固定的经营场所"},
)


def _declined(lead: LeadBook, when: datetime) -> None:
    """Two reasons that can be repaired, and a turnover that is enough for less."""
    turnover = below(lead.terms.min_turnover_yuan, Decimal(386_000))
    seen = Seen({"tax_owed_yuan": Decimal("214.60"), "turnover_yuan": turnover}, enough_yuan=Decimal(80_000))
    lead.decline(when, codes=["T01", "B04", "B02"], seen=seen, by=lead.manager_id)


def _dry_cleaner(story: Story, at: int, anchor_on: date) -> Iterator[datetime]:
    """Three live leads in different hands, one refusal that can be repaired, one that was let lie."""
    posted_at = _at(anchor_on, 12, 10.4)
    yield posted_at
    need = story.post(at, posted_at, _wanted(12, 12, "PURCHASE", date_of(posted_at)), days=90)
    story.start(_late_one(story, need, at, anchor_on))
    yield _at(anchor_on, 12, 10.8)
    refused = _send(story, need, at, story.now, "wangshan", "修配贷", "小店周转金")
    yield from _steps(
        story,
        refused,
        (_at(anchor_on, 12, 14.0), _accept(story)),
        (_at(anchor_on, 12, 16.0), _called),
        (_at(anchor_on, 11, 11.0), lambda lead, when: lead.start_review(when)),
        (_at(anchor_on, 8, 15.3), _declined),
    )
    yield _at(anchor_on, 7, 9.6)
    offered = _send(story, need, at, story.now, "changling", "长陵商户贷")
    story.start(
        _steps(
            story,
            offered,
            (_at(anchor_on, 7, 11.2), _accept(story)),
            (_at(anchor_on, 7, 14.5), _called),
            (_at(anchor_on, 5, 10.0), lambda lead, when: lead.start_review(when)),
            (
                _at(anchor_on, 5, 10.2),
                lambda lead, when: lead.record_checks(when, phase="before", results=_fine(CHECKS_BEFORE)),
            ),
            (_at(anchor_on, 1, 16.4), _offer(story, 0.8, conditions=INSURED)),
        )
    )
    yield _at(anchor_on, 4, 10.0)
    papers = _send(story, need, at, story.now, "qingtan", "首户贷", "码上贷")
    story.start(
        _steps(
            story,
            papers,
            (_at(anchor_on, 4, 15.0), _accept(story, "沈秋禾")),
            (_at(anchor_on, 3, 9.6), _called),
            (_at(anchor_on, _asked_in_time(anchor_on, 2), 10.5), lambda lead, when: lead.ask_papers(when, items=PAPERS)),
        )
    )
    yield _at(anchor_on, 0, 8.7)
    last = _send(story, need, at, story.now, "jiangzhu", "江渚首贷通")
    if last is not None:
        _name_reserves(story, need, last)


def _name_reserves(story: Story, need: Row, lead: LeadBook) -> None:
    """As `reserving.name_reserve`, twice: the first two institutions of the list that were not tried."""
    taken = {one.institution_id for one in story.books.of_need[need["id"]]}
    for row in story.lists_of[need["id"]]:
        product = story.market.products[row["product_id"] - 1]
        if product["institution_id"] in taken or product["kind"] != "credit":
            continue
        taken.add(product["institution_id"])
        story.books.reserves.append(
            {
                "need_id": need["id"], "business_id": need["business_id"], "institution_id": product["institution_id"],
                "product_id": row["product_id"], "fields": lead.consent["fields"], "hours": lead.consent["hours"],
                "ends_at": lead.consent["ends_at"], "named_by_id": need["posted_by_id"], "named_at": story.now,
                "standing": "waiting",
            }
        )  # fmt: skip
        if len(story.books.reserves) == MOST_RESERVES:
            return


def _late_one(story: Story, need: Row, at: int, anchor_on: date) -> Iterator[datetime]:
    """An institution that never looked: its clock ran out, the lead came back by itself."""
    yield _at(anchor_on, 11, 9.4)
    lead = _send(story, need, at, story.now, "shiliu", "石柳商户贷")
    if lead is not None:
        deadline, row = lead.next_deadline()
        yield deadline
        lead.pass_time(deadline)
        lead.run_out(deadline, row)


def _machine_shop(story: Story, at: int, anchor_on: date) -> Iterator[datetime]:
    """One need paid out yesterday, not yet confirmed; another being looked at; a third agreed on, whose contract is
    late."""
    yield _at(anchor_on, 26, 9.1)
    story.start(_contract_is_late(story, at, anchor_on))
    posted_at = _at(anchor_on, 24, 9.2)
    yield posted_at
    first = story.post(
        at, posted_at, _wanted(50, 12, "WC", date_of(posted_at), first="no", securities=["MORT_EQP"]), days=60
    )
    yield _at(anchor_on, 24, 9.8)
    lead = _send(story, first, at, story.now, "baihui", "百汇信用贷")
    story.start(
        _steps(
            story,
            lead,
            (_at(anchor_on, 24, 14.0), _accept(story)),
            (_at(anchor_on, 23, 9.8), _called),
            (_at(anchor_on, 22, 10.0), lambda lead, when: lead.start_review(when)),
            (_at(anchor_on, 15, 15.0), _offer(story, 1.0, 14)),
            (_at(anchor_on, 12, 20.0), lambda lead, when: lead.accept_offer(when)),
            (_at(anchor_on, 6, 11.0), lambda lead, when: lead.record_checks(when, phase="at", results=_fine(CHECKS_AT))),
            (_at(anchor_on, 6, 11.2), lambda lead, when: lead.report_contract(when, contract_number=f"QT{when.year}{lead.id:06d}")),
            (_at(anchor_on, 1, 14.6), lambda lead, when: lead.report_payout(
                when, amount_yuan=lead.offer["amount_yuan"], reference=f"FK{lead.id:06d}")),
        )
    )  # fmt: skip
    again_at = _at(anchor_on, 6, 20.3)
    yield again_at
    second = story.post(
        at,
        again_at,
        _wanted(80, 36, "EQUIP", date_of(again_at), first="no", securities=["MORT_EQP", "PLEDGE_AR"]),
        days=60,
    )
    yield _at(anchor_on, 5, 9.1)
    loan = _send(story, second, at, story.now, "jiangzhu", "江渚设备贷")
    visit_at = _in_time(Clock.VISIT, _at(anchor_on, 4, 9.4), _at(anchor_on, 2, 14.0))
    story.start(
        _steps(
            story,
            loan,
            (_at(anchor_on, 5, 11.0), _accept(story)),
            (
                _at(anchor_on, 4, 9.4),
                lambda lead, when: lead.contact(when, channel="call", note="约好去厂里看设备", visit_at=visit_at),
            ),
            (
                visit_at + timedelta(hours=2),
                lambda lead, when: lead.visit(when, visited_at=visit_at, note="机器在转，新设备的位置也看了"),
            ),
        )
    )
    yield _at(anchor_on, 1, 10.0)
    _send(story, second, at, story.now, "songtao", "松涛设备直租")


def _contract_is_late(story: Story, at: int, anchor_on: date) -> Iterator[datetime]:
    """An offer that the owner took long ago: the days for the contract are over, both sides were told, it counts."""
    need = story.post(
        at, story.now, _wanted(30, 6, "PURCHASE", date_of(story.now), first="no", securities=["CREDIT"]), days=90
    )
    yield _at(anchor_on, 26, 9.6)
    lead = _send(story, need, at, story.now, "qingtan", "工资贷")
    yield from _steps(
        story,
        lead,
        (_at(anchor_on, 26, 14.3), _accept(story, "沈秋禾")),
        (_at(anchor_on, 25, 9.9), _called),
        (_at(anchor_on, 24, 10.1), lambda lead, when: lead.start_review(when)),
        (_at(anchor_on, 19, 15.2), _offer(story, 1.0, 25, conditions="签约时带上近三个月的流水")),
        (_at(anchor_on, 10, 19.4), lambda lead, when: lead.accept_offer(when)),
    )


def _fine(items: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    return dict.fromkeys(items, ("fine", ""))


Scene = Callable[["Story", date], tuple[datetime, Callable[["Story", LeadBook | None, date], Iterator[datetime]]]]


def _for_the_manager(story: Story, scene: Scene, anchor_on: date) -> Iterator[datetime]:
    """Find a business whose list shows a product of the manager's branch, post a need for it, and play the scene."""
    sent_at, steps = scene(story, anchor_on)
    posted_at = sent_at - timedelta(minutes=25)
    yield posted_at
    branch_id = next(
        row["id"]
        for row in story.market.branches
        if row["name"] == "白鹭支行" and row["institution_id"] == story.market.institution_ids["qingtan"]
    )
    nearby = {BY_NICKNAME[name].code for name in ("白鹭", "望山")}
    for at, business in enumerate(story.town.businesses):
        if (
            business["region_code"] not in nearby
            or at in story.used
            or story.town.thirst[at] == 0.0
            or story.town.members[at]["standing"] != "checked"
            or business["created_at"] >= posted_at
        ):
            continue
        story.used.add(at)
        wanted = story.wanted(at, date_of(posted_at))
        wanted["amount_yuan"] = min(wanted["amount_yuan"], Decimal("300000.00"))
        product_id = story.would_show(at, wanted, posted_at, "qingtan", branch_id)
        if product_id is None:
            continue
        need = story.post(at, posted_at, wanted, days=60)
        yield sent_at
        lead = story.send_next(need, at, sent_at, product_id=product_id)
        yield from steps(story, lead, anchor_on)
        return


def _waits_since_yesterday(story: Story, anchor_on: date) -> Any:
    return _at(anchor_on, 1, 10.2), lambda story, lead, on: iter(())


def _waits_since_this_morning(story: Story, anchor_on: date) -> Any:
    return _at(anchor_on, 0, 8.9), lambda story, lead, on: iter(())


def _visit_tomorrow(story: Story, anchor_on: date) -> Any:
    def steps(story: Story, lead: LeadBook | None, on: date) -> Iterator[datetime]:
        tomorrow = after_office_hours(at_local(on, 17.4), 5.0)
        local_day = date_of(tomorrow)
        return _steps(
            story,
            lead,
            (_at(on, 2, 14.0), _accept(story, "沈秋禾")),
            (
                _at(on, 1, 9.7),
                lambda lead, when: lead.contact(
                    when, channel="call", note="明天下午去店里", visit_at=at_local(local_day, 14)
                ),
            ),
        )

    return _at(anchor_on, 2, 9.9), steps


def _was_visited(story: Story, anchor_on: date) -> Any:
    def steps(story: Story, lead: LeadBook | None, on: date) -> Iterator[datetime]:
        visit_at = _in_time(Clock.VISIT, _at(on, 4, 9.4), _at(on, 1, 15.0))
        return _steps(
            story,
            lead,
            (_at(on, 5, 15.0), _accept(story, "沈秋禾")),
            (
                _at(on, 4, 9.4),
                lambda lead, when: lead.contact(when, channel="call", note="约好上门", visit_at=visit_at),
            ),
            (
                visit_at + timedelta(minutes=50),
                lambda lead, when: lead.visit(when, visited_at=visit_at, note="店在开，客人不少"),
            ),
        )

    return _at(anchor_on, 5, 11.0), steps


def _papers_came(story: Story, anchor_on: date) -> Any:
    def steps(story: Story, lead: LeadBook | None, on: date) -> Iterator[datetime]:
        asked = _asked_in_time(on, 6)
        return _steps(
            story,
            lead,
            (_at(on, 8, 15.0), _accept(story, "沈秋禾")),
            (_at(on, 7, 9.4), _called),
            (_at(on, asked, 10.4), lambda lead, when: lead.ask_papers(when, items=PAPERS)),
            (_at(on, 0, 8.2), lambda lead, when: lead.send_papers(when, content=PIXEL, keep=True)),
        )

    return _at(anchor_on, 8, 11.5), steps


def _asked_in_time(on: date, back: int) -> int:
    """So many working days before the anchor, fewer where a long holiday would have let the papers' clock run out."""
    while back > 1 and due_after(Clock.PAPERS, _at(on, back, 10.4)) <= at_local(on, 9.5):
        back -= 1
    return back


def _decision_is_near(story: Story, anchor_on: date) -> Any:
    """Accepted so long ago that three quarters of the thirty days are gone."""

    def steps(story: Story, lead: LeadBook | None, on: date) -> Iterator[datetime]:
        accepted = at_local(_quarter_left(on), 15.0)
        return _steps(
            story,
            lead,
            (accepted, _accept(story, "沈秋禾")),
            (after_office_hours(accepted, 4), _called),
            (after_office_hours(accepted, 20), lambda lead, when: lead.start_review(when)),
        )

    return at_local(_quarter_left(anchor_on), 11.0), steps


def _quarter_left(anchor_on: date) -> date:
    """A working day from which a decision has used up three quarters and more of its thirty days, but not all."""
    days = [anchor_on - timedelta(days=back) for back in (25, 26, 24, 27, 28, 29, 23)]
    return next((day for day in days if is_working_day(day)), days[0])


def _papers_are_out(story: Story, anchor_on: date) -> Any:
    def steps(story: Story, lead: LeadBook | None, on: date) -> Iterator[datetime]:
        return _steps(
            story,
            lead,
            (_at(on, 3, 14.5), _accept(story, "沈秋禾")),
            (_at(on, 2, 9.5), _called),
            (_at(on, 1, 11.0), lambda lead, when: lead.ask_papers(when, items=PAPERS[1:])),
        )

    return _at(anchor_on, 3, 10.6), steps


def come_to_rest(story: Story) -> None:
    """What stands on the desks on the morning of the anchor: a draft that waits for the second person, one sent back."""
    story.market.add_drafts(date_of(story.anchor_at))


def look_again(story: Story) -> None:
    """Make today's list for the open needs of the cast, now that there is a ranker. In the running transaction."""
    from matchmaker.accounts.models import Person
    from matchmaker.db import db
    from matchmaker.matching import queries, services

    names = {shop.name for shop in SHOPS}
    ids = {row["id"] for row in story.town.businesses if row["name"] in names and row["uscc"][8:15] == "FAKE000"}
    for row in story.books.needs:
        if row["business_id"] in ids:
            need = queries.need_for_matching(row["id"])
            if need is not None and need.is_live:
                services.make_list(need, by=db.session.get(Person, row["posted_by_id"]))


def table_of(sign_ins: list[SignIn], password: str) -> str:
    """The sign-ins as lines for a terminal."""
    lines = [f"Everybody's password: {password}", ""]
    lines += [f"  {one.role:<11}{one.account:<28}{one.name}  {one.about}" for one in sign_ins]
    return "\n".join(lines)
