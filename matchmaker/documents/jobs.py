"""What happens to papers without a person: the scanner is asked again; content is destroyed when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.documents.models import Document
from matchmaker.documents.queries import content_of, document_by_id, ids_waiting_for_scanner
from matchmaker.documents.scanner import scanner_in_use
from matchmaker.documents.services import destroy, note_scan

AT_ONCE = 200


def destroy_old_papers(now: datetime) -> int:
    """Destroy the content of papers uploaded longer ago than `Document.kept` says, in parts; answers how many.

    A killed run has destroyed whole parts; the next one goes on with the rest.
    """
    days = Document.kept.days
    assert days is not None
    old = sa.select(Document).where(
        Document.deleted_at.is_(None), Document.uploaded_at < now - timedelta(days=days)
    ).order_by(Document.id).limit(AT_ONCE)  # fmt: skip
    done = 0
    while True:
        begin_read()
        waiting = db.session.scalar(sa.select(sa.func.count()).select_from(old.subquery())) or 0
        db.session.rollback()
        if not waiting:
            return done
        with unit_of_work():
            found = db.session.scalars(old).all()
            for document in found:
                destroy(document, by=None)
        done += len(found)


def scan_waiting_papers(now: datetime) -> int:
    """Ask the scanner about every paper that waits for it, outside a transaction; answers how many it spoke about.

    At the first one on which it is silent again the rest waits for the next round.
    """
    scanner = scanner_in_use()
    done = 0
    begin_read()
    waiting = ids_waiting_for_scanner()
    db.session.rollback()
    for number in waiting:
        begin_read()
        document = document_by_id(number)
        content = content_of(document) if document is not None else None
        db.session.rollback()
        if content is None:
            continue
        scan = scanner.scan(content)
        if scan.found == "waiting":
            return done
        with unit_of_work():
            document = document_by_id(number)
            if document is not None:
                note_scan(document, scan)
        done += 1
    return done
