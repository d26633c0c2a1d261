"""One concession of the town: a bank cuts the rate of first loans for a quarter, in a new version of two persons."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.demo.drawing import at_local
from matchmaker.products import services
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.concessions import slot_field

NAME = "首户贷"
CUT_BP = 20


def cut_for_first_loans(writer_id: int, reviewer_id: int, anchor_on: date) -> None:
    """Write, hand over and publish the version with the cut, two days before the anchor."""
    product = db.session.scalars(
        sa.select(Product)
        .join(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(ProductVersion.name == NAME)
        .order_by(Product.id)
    ).first()
    assert product is not None
    writer, reviewer = db.session.get_one(Person, writer_id), db.session.get_one(Person, reviewer_id)
    with clock.frozen(at_local(anchor_on - timedelta(days=2), 15)):
        version = services.start_version(product, by=writer)
        typed = {
            slot_field(1, "change"): ["rate_cut"],
            slot_field(1, "whom"): ["first_loan"],
            slot_field(1, "cut_bp"): [str(CUT_BP)],
            slot_field(1, "from_on"): [(anchor_on - timedelta(days=1)).isoformat()],
            slot_field(1, "until_on"): [(anchor_on + timedelta(days=90)).isoformat()],
        }
        fees = {field: values for field, values in version.typed.items() if field.startswith("fee-")}
        services.save_step(version, "fees", fees | typed, seen=version.row_version, by=writer)
        services.submit_version(version, seen=version.row_version, by=writer)
        services.publish_version(version, seen=version.row_version, by=reviewer)
