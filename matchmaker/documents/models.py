"""Tables of papers: what each is, and apart from that its content, so that lists never load megabytes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Person
from matchmaker.db import Base


class Document(Base):
    """One paper; a deleted one keeps its row and loses its content."""

    __table_args__ = (
        CheckConstraint("size_bytes > 0", name="not_empty"),
        Index("ix_document_uploaded_by_id_sha256", "uploaded_by_id", "sha256"),
    )

    kind: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    uploaded_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    uploaded_by: Mapped[Person] = relationship()


class DocumentContent(Base):
    """The bytes of a paper."""

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
