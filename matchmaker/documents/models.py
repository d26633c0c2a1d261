"""An uploaded paper and, in a table of its own so that lists never load it, its content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.db import Base
from matchmaker.documents.rules import KINDS, LARGEST_BYTES, MEDIA_TYPES
from matchmaker.keeping import Kept, Now


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class Document(Base):
    """What a paper is and where it came from. Deleting destroys the content and keeps this skeleton."""

    kept = Kept(
        "identity", of="uploaded_by_id", days=730, since="uploaded_at", closing="erase",
        erase={"filename": "deleted", "deleted_at": Now()}, why="evidence", job="documents.destroy_old",
    )  # fmt: skip

    __table_args__ = (
        CheckConstraint(_one_of("kind", KINDS), name="kind_known"),
        CheckConstraint(_one_of("media_type", MEDIA_TYPES), name="media_type_known"),
        CheckConstraint(f"size_bytes > 0 AND size_bytes <= {LARGEST_BYTES}", name="size_within_limit"),
        CheckConstraint("length(sha256) = 64", name="sha256_whole"),
    )

    kind: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class DocumentContent(Base):
    """The bytes of a paper; gone when it is deleted."""

    kept = Kept("identity", of="document_id", closing="delete", hidden=("content",))

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)

    document: Mapped[Document] = relationship()
