"""Keeping a checked paper, and destroying its content."""

from __future__ import annotations

from sqlalchemy import delete

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.documents.rules import KINDS, CheckedFile
from matchmaker.documents.scanning import Scan
from matchmaker.notifications.services import tell
from matchmaker.refusal import Refused


def keep(file: CheckedFile, *, kind: str, by: Person) -> Document:
    """Store a file that ``rules.check_file`` has passed. Raises Refused ``document_kind_unknown``."""
    if kind not in KINDS:
        raise Refused("document_kind_unknown", field="kind", status=422)
    document = Document(
        kind=kind,
        filename=file.filename,
        media_type=file.media_type,
        size_bytes=file.size_bytes,
        sha256=file.sha256,
        pages=file.pages,
        pictured=file.thumbnail is not None,
        scan=file.scan.found,
        scanned_by=file.scan.by,
        uploaded_by_id=by.id,
        uploaded_at=clock.now(),
    )
    db.session.add(document)
    db.session.flush()
    db.session.add(DocumentContent(document_id=document.id, content=file.content, thumbnail=file.thumbnail))
    db.session.flush()
    return document


def note_scan(document: Document, scan: Scan) -> None:
    """Write down what the scanner said of a paper that waited for it; an infected one is destroyed, its sender told."""
    if document.scan != "waiting" or document.deleted_at is not None or scan.found == "waiting":
        return
    document.scan, document.scanned_by = scan.found, scan.by
    record("document.scan", document, by=None, found=scan.found)
    if scan.found == "infected":
        tell(document.uploaded_by_id, "document_told_infected", key=f"document:{document.id}:infected", link="/papers/")
        destroy(document, by=None)
    db.session.flush()


def destroy(document: Document, *, by: Person | None) -> None:
    """Delete the content for good; who sent what and when stays. A second time nothing happens.

    ``by`` None: its time is over.
    """
    if document.deleted_at is not None:
        return
    document.deleted_at = clock.now()
    document.filename = "deleted"
    db.session.execute(delete(DocumentContent).where(DocumentContent.document_id == document.id))
    db.session.flush()
    record("document.destroy", document, by=by, kind=document.kind)
