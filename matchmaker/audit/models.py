"""Tables of what was done (sealed in a chain) and of whose data was looked at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from matchmaker.db import Base, JsonDict, JsonList, Observation
from matchmaker.keeping import Kept, Share


class AuditRow(Base):
    """One deed: who, what, on which object. `by_id` is a number, no name: a deleted person leaves no trace."""

    kept = Kept(
        "trail", closing="stay", why="evidence", harmless=("facts",), also={"by_id": Share()},
        hidden=("transaction_number", "seal_number", "seal"),
    )  # fmt: skip

    __table_args__ = (
        Index("ix_audit_row_object", "object_kind", "object_id", "at"),
        Index("ix_audit_row_by_id_at", "by_id", "at"),
        Index("ix_audit_row_unsealed", "seal_number", "id"),
    )

    at: Mapped[datetime]
    by_id: Mapped[int | None]
    what: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[int | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JsonDict, default=dict)
    # The transaction that wrote the row (PostgreSQL): rows at or above the oldest running one are not sealed yet.
    transaction_number: Mapped[int | None] = mapped_column(BigInteger)
    seal_number: Mapped[int | None] = mapped_column(BigInteger, unique=True)
    seal: Mapped[str | None] = mapped_column(Text, unique=True)


class DataAccess(Observation, Base):
    """Observation: a person read data of a business; its owner can read this log."""

    kept = Kept("looks", of="business_id", days=1095, since="at", why="evidence", harmless=("fields",))

    __table_args__ = (
        Index("ix_data_access_business_id_at", "business_id", "at"),
        Index("ix_data_access_person_id_at", "person_id", "at"),
        Index("ix_data_access_lead_id", "lead_id"),
    )

    at: Mapped[datetime]
    # Plain numbers: the log outlives the person, and audit lies below the subjects that own these tables.
    person_id: Mapped[int]
    institution_id: Mapped[int | None]
    business_id: Mapped[int]
    lead_id: Mapped[int | None]
    document_id: Mapped[int | None]
    """The one paper that was opened; None: another look."""
    fields: Mapped[list[str]] = mapped_column(JsonList)
    purpose: Mapped[str]
