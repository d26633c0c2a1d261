"""What a list needs to be derived again and no other subject keeps by version; of what owners were told unasked; how
often the market has changed, and what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, JsonDict
from matchmaker.keeping import PUBLIC, Kept


class MarketPlaces(Base):
    """Who served which area and decided up to which amount, at one time; written once for each different state."""

    kept = PUBLIC

    fingerprint: Mapped[str] = mapped_column(unique=True)
    places: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    """Institution → branch → what ``eligibility.bounds.Place`` holds."""
    noted_at: Mapped[datetime]


class OpenedTold(Base):
    """That a need's owner was told of a product which began to fit: told once, whatever comes and goes afterwards."""

    kept = Kept("matches", of="need_id", closing="delete")

    __table_args__ = (UniqueConstraint("need_id", "product_id"),)

    need_id: Mapped[int] = mapped_column(ForeignKey("need.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    list_id: Mapped[int] = mapped_column(ForeignKey("shown_list.id"))
    told_at: Mapped[datetime]


class MarketCounter(Base):
    """How often the market has changed: a row for what is offered and one for what is asked, counted on by the last
    statement of a transaction that changes it, so that the order of numbers is the order of commits."""

    kept = PUBLIC

    number: Mapped[int]
    mark: Mapped[str]
    """Drawn anew with every number: a database that was restored does not pass for its own future."""


class MarketChange(Base):
    """What one change has touched: numbers of rows, nothing of what they say. Only the newest are kept; whoever lags
    behind further reads the market anew."""

    kept = PUBLIC

    __table_args__ = (UniqueConstraint("number", "kind", "ref_id"),)

    number: Mapped[int]
    mark: Mapped[str]
    kind: Mapped[str]
    """product, institution, or all; need, business, or all_asked."""
    ref_id: Mapped[int]
    """Its number; 0 for all."""
