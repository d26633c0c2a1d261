"""Badges of managers, reports of brokers in every state, somebody who helps an owner; all of it invented."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.accounts.services import badges
from matchmaker.accounts.services.registering import new_person
from matchmaker.businesses import mandates
from matchmaker.businesses.queries import businesses_of, may_act
from matchmaker.db import db
from matchmaker.demo.cover import day
from matchmaker.demo.market import Market
from matchmaker.needs import assisting

HELPER = "账房陆算"
MANAGERS = ("沈秋禾", "韩竹君")
REPORTS: tuple[tuple[int, str, str, str, str, str, str], ...] = (
    (19, "“周经理”，自称青檀银行的", "微信 qt-kuaidai（虚构）", "fee", "说交 2000 元加急费，三天就能批。", "qingtan", "没有这个人。已经告诉机构，提醒贴到首页。"),
    (6, "“贷多多”的人", "15400009901", "transfer", "让先转 5 万元做流水，再转回来。", "", ""),
    (1, "自称银行合作方", "", "password", "打电话要短信验证码。", "qingtan", ""),
)  # fmt: skip
"""Days before the anchor, who, phone, what was asked, words, key of the institution, what became of it."""


def badges_and_reports(market: Market, anchor_on: date) -> None:
    """Two badges of some weeks ago; a report that is settled, one under way, a new one."""
    with day(anchor_on - timedelta(days=20), 9.5):
        for name in MANAGERS:
            person = db.session.get_one(Person, market.person_by_name[name])
            for assignment in person.live_assignments:
                if assignment.role == "manager":
                    badges.issue_badge(assignment, by=person)
    operator = db.session.get_one(Person, market.operators[0])
    for days, who, phone, asked, words, key, outcome in REPORTS:
        on = anchor_on - timedelta(days=days)
        with day(on, 15.5):
            report = badges.report_broker(
                who=who, phone=phone, asked=asked, words=words, lead_number=None, badge=None, contact="", reporter=None,
                institution=db.session.get_one(Institution, market.institution_ids[key]) if key else None,
            )  # fmt: skip
        if days > 1:
            with day(on + timedelta(days=1), 10):
                badges.look_at_report(report, by=operator)
        if outcome:
            with day(on + timedelta(days=2), 16):
                badges.settle_report(report, outcome=outcome, row_version=report.row_version, by=operator)



def typed_by_the_channel(channel_id: int, anchor_on: date) -> None:
    """What a service centre typed yesterday for somebody who has not confirmed it yet."""
    with day(anchor_on - timedelta(days=1), 15):
        assisting.type_for(
            address="15400000019", name="唐师傅（虚构）",
            values={"amount": "8", "amount_unit": "wan", "term": "12", "purpose": "WC", "first_loan": "yes"},
            is_here=True, language="zh", by=db.session.get_one(Person, channel_id),
        )  # fmt: skip


def a_helper(owner_id: int, anchor_on: date) -> None:
    """The bookkeeper of one of the cast: may send and accept up to a sum, until the end of the quarter."""
    with day(anchor_on - timedelta(days=12), 11):
        owner = db.session.get_one(Person, owner_id)
        helper = new_person(
            address="helper@qingtan.example", name=HELPER, password_hash=owner.password_hash, language="zh"
        )
        business = next(one for one in businesses_of(owner_id) if may_act(one.id, owner_id))
        mandate = mandates.invite_helper(
            business, address="helper@qingtan.example", scope="act", limit_yuan=Decimal(200_000),
            until_on=anchor_on + timedelta(days=80), language="zh", by=owner,
        )  # fmt: skip
        mandates.accept_mandate(mandate, by=helper)
        helper.phone, helper.phone_verified_at = "15400000009", clock.now()
