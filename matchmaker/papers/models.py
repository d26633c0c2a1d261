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
from matchmaker.papers.rules import KINDS, UNDO_FOR

LIVES = "removed_at IS NULL"


class Given:
    """Columns of a grant: a paper given to somebody outside, which its owner can take back alone."""

    document: Mapped[Document]
    taken_back_at: Mapped[datetime | None]
    """Since when its owner has taken this one paper back: it is read no more, the consent stands."""
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    @property
    def was_sent(self) -> bool:
        """Whether it ever went out; what is only laid ready did not."""
        return True

    @property
    def is_taken_back(self) -> bool:
        return self.taken_back_at is not None

    @property
    def is_there(self) -> bool:
        """Whether the recipient has it: sent, not taken back, its content not destroyed."""
        return self.was_sent and not self.is_taken_back and self.document.deleted_at is None

    @property
    def taking_back_undone_until(self) -> datetime | None:
        """Until when taking it back can be undone; None where it was not."""
        return self.taken_back_at + UNDO_FOR if self.taken_back_at is not None else None


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
