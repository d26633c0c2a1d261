"""What happens to papers without a person: their content is destroyed when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.documents.models import Document
from matchmaker.documents.services import destroy

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
