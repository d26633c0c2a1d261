"""What a list needs to be derived again and no other subject keeps by version: the branches as they stood."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, JsonDict


class MarketPlaces(Base):
    """Who served which area and decided up to which amount, at one time; written once for each different state."""

    fingerprint: Mapped[str] = mapped_column(unique=True)
    places: Mapped[dict[str, Any]] = mapped_column(JsonDict)
    """Institution → branch → what ``eligibility.bounds.Place`` holds."""
    noted_at: Mapped[datetime]
