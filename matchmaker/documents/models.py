"""An uploaded paper and, in a table of its own so that lists never load it, its content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.db import Base
from matchmaker.documents.rules import KINDS, LARGEST_BYTES, MEDIA_TYPES
from matchmaker.documents.scanning import SCANS, SIGNATURE
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
        CheckConstraint("pages > 0", name="has_pages"),
        CheckConstraint(_one_of("scan", SCANS), name="scan_known"),
        Index(
            "ix_document_scan_waiting",
            "id",
            sqlite_where=text("scan = 'waiting'"),
            postgresql_where=text("scan = 'waiting'"),
        ),
    )

    kind: Mapped[str]
    filename: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str] = mapped_column(index=True)
    """Of the file as it was sent; what is kept of it is drawn or written anew."""
    pages: Mapped[int] = mapped_column(default=1, server_default="1")
    pictured: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether a small picture of it is kept; not of PDFs that came before their first page was drawn."""
    scan: Mapped[str] = mapped_column(default="clean", server_default="clean")
    """What a scanner found: clean, waiting (it could not be asked yet), infected (the content is gone)."""
    scanned_by: Mapped[str] = mapped_column(default=SIGNATURE, server_default=SIGNATURE)
    uploaded_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    uploaded_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]

    @property
    def is_clean(self) -> bool:
        """Whether it may be sent on: a scanner was asked and found nothing."""
        return self.scan == "clean"


class DocumentContent(Base):
    """The bytes of a paper and a small picture of it; gone when it is deleted."""

    kept = Kept("identity", of="document_id", closing="delete", hidden=("content", "thumbnail"))

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary)

    document: Mapped[Document] = relationship()
