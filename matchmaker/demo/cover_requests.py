"""What owners of the cast asked insurers, played through the services of the subject on the days on which it happened."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.businesses.queries import business_by_id
from matchmaker.clock import today
from matchmaker.db import db
from matchmaker.demo.businesses import phone
from matchmaker.demo.cast import _working_day
from matchmaker.demo.cover import day
from matchmaker.demo.market import Market
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.rules.quoting import Quoted
from matchmaker.insurance.services import asking, working
from matchmaker.products.cover.models import Cover

PLACE = {"tenure": "rent", "area": "86", "fire_gear": "extinguishers"}
USUAL = {"insured_before": "no", "losses": "0"}
HOURS = ("morning", "afternoon")


def ask_around(market: Market, covers: dict[str, Cover], anchor_on: date) -> None:
    """One request in each state that an owner or a desk meets: wanted, quoted, declined, being worked out, not taken."""
    inn, cleaner, machines = (_owner(place) for place in (1, 2, 3))
    pinglan = _desk(market, "pinglan")
    yunxiu = _desk(market, "yunxiu")

    found = _ask(inn, covers["平岚食品安全责任险"], anchor_on, 14, 10.2, sum="300000.00", plan="once",
                 products="砂锅、炒菜，一半是外卖", turnover_sum="920000.00")  # fmt: skip
    _quote(found, pinglan, anchor_on, 13, 12, premium="980.00", plan="once", insured=300_000,
           deductible="每次 200 元", exclusions="过期食品\n没有许可证的时候卖的\n故意掺假\n罚款")  # fmt: skip
    with day(_working_day(anchor_on, 11), 19.5):
        asking.accept_quote(found, by=inn[0])

    found = _ask(cleaner, covers["平岚小店综合险"], anchor_on, 4, 9.6, sum="400000.00", plan="quarterly", **PLACE,
                 fixtures_sum="260000.00", stock_sum="60000.00")  # fmt: skip
    _quote(found, pinglan, anchor_on, 3, 2, premium="1460.00", plan="quarterly", insured=400_000,
           deductible="每次 500 元，或损失的 10%，取高的", conditions="干洗剂放防火柜，留一张照片",
           exclusions="自己故意弄坏的\n地震、海啸\n正常磨损、生锈、发霉\n露天堆放的货\n现金、有价证券\n客人寄存的皮草，单件 5000 元以上")  # fmt: skip

    found = _ask(cleaner, covers["云岫店铺安"], anchor_on, 6, 11.1, sum="400000.00", plan="once", **PLACE,
                 fixtures_sum="260000.00", stock_sum="60000.00")  # fmt: skip
    with day(_working_day(anchor_on, 5), 10.5):
        working.accept(found, by=yunxiu)
    with day(_working_day(anchor_on, 4), 14.2):
        working.decline(found, codes=["K05"], reason="干洗剂没有防火柜，按规定不能承保；放进防火柜、拍一张照片，可以再问我们。", by=yunxiu)

    found = _ask(machines, covers["平岚企业财产综合险"], anchor_on, 2, 10.4, sum="9000000.00", plan="once",
                 **PLACE | {"tenure": "own", "area": "2400", "fire_gear": "sprinklers"}, building_sum="4200000.00",
                 fixtures_sum="3600000.00", stock_sum="1200000.00")  # fmt: skip
    with day(_working_day(anchor_on, 1), 9.7):
        working.accept(found, by=pinglan)
    _ask(machines, covers["平岚机器损坏险"], anchor_on, 1, 16.1, sum="3600000.00", plan="once",
         equipment_sum="3600000.00", equipment_years="6", losses="1")  # fmt: skip


def _owner(place: int) -> tuple[Person, Business]:
    """An owner of the cast with the shop."""
    person = db.session.scalars(sa.select(Person).where(Person.phone == phone(place))).one()
    number = db.session.scalars(sa.select(Business.id).where(Business.created_by_id == person.id)).first()
    business = business_by_id(number or 0)
    assert business is not None
    return person, business


def _desk(market: Market, key: str) -> Person:
    """The first person at the desk of an insurer."""
    number = next(number for number, one in market.of.items() if one.key == key)
    return db.session.get_one(Person, market.desks[number][0])


def _ask(
    owner: tuple[Person, Business], cover: Cover, anchor_on: date, back: int, hour: float, **said: str
) -> CoverRequest:
    """Asked so many working days before the anchor."""
    version = cover.current_version
    assert version is not None
    with day(_working_day(anchor_on, back), hour):
        answers = USUAL | {"start_on": (today() + timedelta(days=20)).isoformat(), "period": "year"} | said
        return asking.ask(version, owner[1], answers=answers, hours=HOURS, days=60, by=owner[0])


def _quote(
    found: CoverRequest, desk: Person, anchor_on: date, accepted: int, quoted: int, *, premium: str, plan: str,
    insured: int, deductible: str, exclusions: str, conditions: str = "",
) -> None:  # fmt: skip
    """Taken up and quoted so many working days before the anchor."""
    with day(_working_day(anchor_on, accepted), 9.5):
        working.accept(found, by=desk)
    with day(_working_day(anchor_on, quoted), 15.4):
        working.give_quote(
            found,
            Quoted(
                premium_yuan=Decimal(premium),
                plan=plan,
                sum_insured_yuan=Decimal(insured),
                period="year",
                starts_on=today() + timedelta(days=20),
                deductible=deductible,
                exclusions=exclusions,
                conditions=conditions,
                valid_until_on=today() + timedelta(days=14),
            ),
            by=desk,
        )
