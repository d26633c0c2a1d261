"""Reads of the dated reference tables."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from matchmaker.db import db
from matchmaker.reference.models import Lpr


def lpr_on(day: date) -> Lpr | None:
    """The newest LPR published on or before ``day``; None before the first (2019-08-20) or without reference data."""
    newest_first = select(Lpr).where(Lpr.published_on <= day).order_by(Lpr.published_on.desc())
    return db.session.scalars(newest_first.limit(1)).first()


def newest_lpr() -> Lpr | None:
    """The last LPR known, whatever its date: pages name it with that date."""
    return db.session.scalars(select(Lpr).order_by(Lpr.published_on.desc()).limit(1)).first()


def lpr_history() -> list[Lpr]:
    """Every publication, oldest first."""
    return list(db.session.scalars(select(Lpr).order_by(Lpr.published_on)))
