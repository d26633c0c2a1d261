"""Tables of threads, their messages with papers, who has read how far, reports, and blocked institutions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from matchmaker.accounts.models import Institution, Person
from matchmaker.accounts.rules import BROKER_STATES
from matchmaker.conversations.rules import LONGEST_POST, REPORT_REASONS, TEMPLATES, Side
from matchmaker.db import Base, Observation, Versioned
from matchmaker.documents.models import Document
from matchmaker.keeping import Kept


def _one_of(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class Thread(Base):
    """What owner and institution write to each other about one lead; opened with its consent."""

    kept = Kept("leads", of="business_id", why="evidence")

    __table_args__ = (
        Index("ix_thread_business_id", "business_id"),
        Index("ix_thread_institution_id", "institution_id"),
    )

    lead_id: Mapped[int] = mapped_column(unique=True)
    """The lead it belongs to; no foreign key, since leads lie above."""
    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    opened_at: Mapped[datetime]

    institution: Mapped[Institution] = relationship()


class Post(Base):
    """One message: who, when, the text as it was written. Never changed."""

    kept = Kept(
        "leads", of="thread_id", days=1095, since="at", closing="erase", erase={"text": "（已删除）"}, why="evidence"
    )

    __table_args__ = (
        UniqueConstraint("thread_id", "number"),
        CheckConstraint(_one_of("side", tuple(Side)), name="side_known"),
        CheckConstraint(f"text != '' AND length(text) <= {LONGEST_POST}", name="text_within_limit"),
        CheckConstraint(
            f"template IS NULL OR {_one_of('template', (*TEMPLATES[Side.OWNER], *TEMPLATES[Side.INSTITUTION]))}",
            name="template_known",
        ),
    )

    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    number: Mapped[int]
    side: Mapped[str]
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    at: Mapped[datetime]
    text: Mapped[str]
    template: Mapped[str | None]
    """The ready sentence that was sent as it stands, to be read in the reader's language."""

    thread: Mapped[Thread] = relationship()
    by: Mapped[Person] = relationship()
    papers: Mapped[list[PostPaper]] = relationship(order_by="PostPaper.id", back_populates="post")


class PostPaper(Base):
    """A paper of the case that a message refers to; who may open it is asked of the case each time."""

    kept = Kept("leads", of="post_id", why="evidence")

    __table_args__ = (UniqueConstraint("post_id", "document_id"),)

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), index=True)

    post: Mapped[Post] = relationship(back_populates="papers")
    document: Mapped[Document] = relationship()


class ThreadSeen(Base, Observation):
    """Observation: somebody who answers for a side has read a thread up to this message. Reading is no deed."""

    kept = Kept("looks", of="thread_id", why="evidence")

    __table_args__ = (Index("ix_thread_seen_thread_id_side", "thread_id", "side", "up_to"),)

    # Plain numbers but for the thread: the log outlives the person.
    thread_id: Mapped[int] = mapped_column(ForeignKey("thread.id"))
    side: Mapped[str]
    person_id: Mapped[int]
    up_to: Mapped[int]
    at: Mapped[datetime]


class PostReport(Versioned, Base):
    """A message of an institution that its reader reported; looked at by an operator, as reports of brokers are."""

    kept = Kept(
        "security", of="reporter_id", days=730, since="reported_at", closing="erase", erase={"words": ""},
        why="security", harmless=("outcome",),
    )  # fmt: skip

    __table_args__ = (
        UniqueConstraint("post_id", "reporter_id"),
        CheckConstraint(_one_of("reason", REPORT_REASONS), name="reason_known"),
        CheckConstraint(_one_of("state", BROKER_STATES), name="state_known"),
        CheckConstraint("state = 'new' OR operator_id IS NOT NULL", name="looked_at_by_somebody"),
        CheckConstraint("state != 'settled' OR outcome != ''", name="settled_says_how"),
        Index("ix_post_report_state_reported_at", "state", "reported_at"),
        Index("ix_post_report_institution_id_reported_at", "institution_id", "reported_at"),
    )

    post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"))
    reason: Mapped[str]
    words: Mapped[str] = mapped_column(Text, default="")
    """What the reporter says; only operators read it."""
    reporter_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    reported_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, default="new")
    state_at: Mapped[datetime]
    operator_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    outcome: Mapped[str] = mapped_column(Text, default="")

    post: Mapped[Post] = relationship()
    institution: Mapped[Institution] = relationship()


class Block(Base):
    """An owner wants no messages, calls and invitations of an institution any more, until they take it back."""

    kept = Kept("consents", of="business_id", closing="delete")

    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_by_id IS NULL)", name="ended_by_somebody"),
        Index(
            "uq_block_standing_business_institution",
            "business_id",
            "institution_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    business_id: Mapped[int] = mapped_column(ForeignKey("business.id"))
    institution_id: Mapped[int] = mapped_column(ForeignKey("institution.id"), index=True)
    by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    institution: Mapped[Institution] = relationship()
