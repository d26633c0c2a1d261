"""Reads of papers: the row by id, the content apart from it."""

from __future__ import annotations

from sqlalchemy import select

from matchmaker.db import db
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.documents.rules import CheckedFile
from matchmaker.documents.scanning import Scan


def document_by_id(document_id: int) -> Document | None:
    """The paper unless it was deleted."""
    found = db.session.get(Document, document_id)
    return found if found is not None and found.deleted_at is None else None


def content_of(document: Document) -> bytes | None:
    """The bytes, or None once they were destroyed."""
    return db.session.scalar(select(DocumentContent.content).where(DocumentContent.document_id == document.id))


def thumbnail_of(document: Document) -> bytes | None:
    """The small picture of a paper; None of an older PDF, and once the content was destroyed."""
    return db.session.scalar(select(DocumentContent.thumbnail).where(DocumentContent.document_id == document.id))


def as_file(document: Document) -> CheckedFile | None:
    """A paper as a checked file, to be kept a second time where both have lives of their own; None once destroyed."""
    content = content_of(document)
    if content is None:
        return None
    return CheckedFile(
        filename=document.filename, media_type=document.media_type, sha256=document.sha256, content=content,
        pages=document.pages, thumbnail=thumbnail_of(document), scan=Scan(document.scan, document.scanned_by),
    )  # fmt: skip


def ids_waiting_for_scanner(after: int = 0, most: int = 200) -> list[int]:
    """The papers that no scanner could be asked about yet, oldest first, beginning after that number."""
    return list(
        db.session.scalars(
            select(Document.id)
            .where(Document.scan == "waiting", Document.deleted_at.is_(None), Document.id > after)
            .order_by(Document.id)
            .limit(most)
        )
    )
