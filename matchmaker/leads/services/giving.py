"""Papers of a lead: given piece by piece, marked by the institution, replaced, and let go of when nobody needs them."""

from __future__ import annotations

import sqlalchemy as sa

from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.documents.services import destroy
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding
from matchmaker.papers.models import FolderPaper


def let_go_of(document_id: int) -> None:
    """A paper left its folder: what was only laid ready is taken away, and the content goes unless a live lead has it.

    With a live lead it stays as it was sent, for as long as that lead lives (see `let_go_of_papers`).
    """
    for paper in db.session.scalars(
        sa.select(LeadPaper).where(LeadPaper.document_id == document_id, LeadPaper.sent_at.is_(None))
    ):
        db.session.delete(paper)
    db.session.flush()
    if not finding.live_leads_with(document_id):
        destroy(db.session.get_one(Document, document_id), by=None)


def let_go_of_papers(lead: Lead) -> None:
    """A lead has ended: what its owner had taken out of the folder meanwhile goes with it."""
    gone = sa.select(LeadPaper.document_id).where(
        LeadPaper.lead_id == lead.id,
        LeadPaper.document_id.in_(sa.select(FolderPaper.document_id).where(FolderPaper.removed_at.is_not(None))),
    )
    for document_id in db.session.scalars(gone).all():
        let_go_of(document_id)
