"""What the town's institutions can take: every branch counted, three desks that have said a limit."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Branch, Person
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.demo.market import Market
from matchmaker.leads.services import counting
from matchmaker.products.models import Product
from matchmaker.products.rules.typed import SaidCapacity
from matchmaker.products.services import say_capacity

SAID = (("小店周转金", 60, None, None), ("码上贷", 40, 300, None), ("修配贷", None, None, 4))
"""Product, leads a week, money left in 万元, full for so many days."""


def count_and_say(market: Market, anchor_on: date) -> None:
    """Count every branch, and let the desks of the products in SAID write what they can take, the evening before."""
    for branch_id in db.session.scalars(sa.select(Branch.id).order_by(Branch.id)).all():
        counting.recount_branch(branch_id)
    called = {row["id"]: row["name"] for row in market.versions}
    limits = {name: rest for name, *rest in SAID}
    names = {row["id"]: name for row in market.products if (name := called.get(row["current_version_id"])) in limits}
    with clock.frozen(at_local(anchor_on - timedelta(days=1), 17)):
        for product_id, name in sorted(names.items()):
            product = db.session.get_one(Product, product_id)
            week, wan, days = limits[name]
            say_capacity(
                product,
                SaidCapacity(
                    week,
                    None if wan is None else Decimal(wan * 10_000),
                    None if days is None else anchor_on + timedelta(days=days),
                ),
                seen=0,
                by=_desk_of(product.institution_id),
            )


def _desk_of(institution_id: int) -> Person:
    query = (
        sa.select(Person)
        .join(Assignment, Assignment.person_id == Person.id)
        .where(Assignment.institution_id == institution_id, Assignment.role == "desk", Assignment.until_at.is_(None))
        .order_by(Person.id)
    )
    found = db.session.scalars(query).first()
    assert found is not None
    return found
