"""Needs and drafts for tests, in one line each; call them inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.db import db
from matchmaker.needs.models import Need, NeedDraft, NeedVersion
from tests.builders import an_owner

_number = itertools.count(1)


def a_shop(owner: Person | None = None, **values: Any) -> Business:
    """A noodle shop of this owner in Xihu district, declared, three years old."""
    owner = owner or an_owner()
    number = next(_number)
    business = Business(
        uscc=values.pop("uscc", f"92330106MA{number:07d}X"),
        name=values.pop("name", f"桂兰砂锅馆{number}"),
        kind=values.pop("kind", "sole_proprietor"),
        industry_code=values.pop("industry_code", "6210"),
        region_code=values.pop("region_code", "330106"),
        address=values.pop("address", "文三路 1 号"),
        founded_on=values.pop("founded_on", clock.today() - timedelta(days=3 * 365)),
        collateral=[],
        created_by_id=owner.id,
        created_at=clock.now(),
        **values,
    )
    business.members.append(BusinessMember(person_id=owner.id, capacity="owner", standing_at=clock.now()))
    db.session.add(business)
    db.session.flush()
    return business


def a_need(business: Business | None = None, **wanted: Any) -> Need:
    """An open need of 300,000 yuan for 12 months to buy stock, standing for 60 days."""
    business = business or a_shop()
    state = wanted.pop("state", "open")
    need = Need(
        business=business,
        posted_by_id=wanted.pop("posted_by_id", business.created_by_id),
        state=state,
        posted_at=clock.now(),
        expires_on=wanted.pop("expires_on", clock.today() + timedelta(days=60)),
        withdrawn_at=clock.now() if state == "withdrawn" else None,
    )
    need.versions.append(
        NeedVersion(
            number=1,
            amount_yuan=wanted.pop("amount_yuan", Decimal(300_000)),
            term_months=wanted.pop("term_months", 12),
            purpose=wanted.pop("purpose", "PURCHASE"),
            securities=wanted.pop("securities", []),
            made_at=clock.now(),
            made_by_id=business.created_by_id,
            **wanted,
        )
    )
    db.session.add(need)
    db.session.flush()
    return need


def a_draft(person: Person, **values: Any) -> NeedDraft:
    """A complete draft of 300,000 yuan for 12 months."""
    typed = {"amount": "30", "amount_unit": "wan", "term": "12", "purpose": "PURCHASE", "securities": ["none"]}
    draft = NeedDraft(
        person_id=person.id,
        business_id=values.pop("business_id", None),
        key=values.pop("key", f"key{next(_number)}"),
        created_at=values.pop("created_at", clock.now()),
        updated_at=values.pop("updated_at", clock.now()),
        version=values.pop("version", 1),
        values={**typed, **values},
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def in_days(days: int) -> date:
    return clock.today() + timedelta(days=days)
