"""Writes the packaged series into their tables; loading again changes nothing that is already right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from sqlalchemy import select

from matchmaker.db import db
from matchmaker.reference import packaged
from matchmaker.reference.models import Lpr

SOURCES = {"B": "public series A and B", "": "public series A"}


def load_reference() -> int:
    """Bring the LPR table up to the packaged file: new days are added, corrected ones changed, others left alone.

    Answers how many rows were added or changed; 0 when loaded before.
    """
    known = {row.published_on: row for row in db.session.scalars(select(Lpr))}
    changed = 0
    for row in packaged.rows("lpr"):
        published_on = date.fromisoformat(row["date"])
        one, five = Decimal(row["lpr_1y"]), Decimal(row["lpr_5y"])
        held = known.get(published_on)
        if held is None:
            source = SOURCES.get(row["second_source"], row["second_source"])
            db.session.add(Lpr(published_on=published_on, lpr_1y_percent=one, lpr_5y_percent=five, source=source))
            changed += 1
        elif (held.lpr_1y_percent, held.lpr_5y_percent) != (one, five):
            held.lpr_1y_percent, held.lpr_5y_percent = one, five
            changed += 1
    db.session.flush()
    return changed
