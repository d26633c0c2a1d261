"""A paper in the folder of a business."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.db import Base, Versioned
from matchmaker.documents.models import Document
from matchmaker.keeping import Kept
from matchmaker.papers.rules import KINDS

LIVES = "removed_at IS NULL"


class FolderPaper(Versioned, Base):
    """A paper that a business keeps ready. No institution sees it before it is given to a lead."""

    kept = Kept("identity", of="business_id", days=730, since="added_at", closing="delete")

    __table_args__ = (
        CheckConstraint(f"kind IN ({', '.join(repr(kind) for kind in KINDS)})", name="kind_known"),
        CheckConstraint("length(sha256) = 64", name="sha256_whole"),
        Index("ix_folder_paper_business_id_kind", "business_id", "kind"),
        Index("ix_folder_paper_expires_on", "expires_on", sqlite_where=text(LIVES), postgresql_where=text(LIVES)),
        Index(
            "uq_folder_paper_business_id_sha256",
            "business_id",
            "sha256",
            unique=True,
            sqlite_where=text(LIVES),
            postgresql_where=text(LIVES),
        ),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), unique=True)
    kind: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    """In the owner's words: which year, which shop."""
    sha256: Mapped[str]
    """That of its document: the same file lies in a folder once."""
    expires_on: Mapped[date | None]
    """Its last day, as the owner typed it; None: it has none."""
    reminded_days: Mapped[int | None]
    """The last reminder given for that day (rules.REMIND_DAYS)."""
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    business: Mapped[Business] = relationship()
    document: Mapped[Document] = relationship()
    added_by: Mapped[Person] = relationship()

    @property
    def is_clean(self) -> bool:
        return self.document.is_clean

    @property
    def is_there(self) -> bool:
        """Whether it lies in the folder: not taken out, its content not destroyed."""
        return self.removed_at is None and self.document.deleted_at is None
