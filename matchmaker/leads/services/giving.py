"""Papers of a lead: given piece by piece, marked by the institution, replaced, and let go of when nobody needs them.

A row of `LeadPaper` is the grant: for one lead, one paper. Its end is that of the lead's consent and is asked at each
read (queries.presenting), so that no grant can outlive a consent.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.documents.services import destroy
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.papers import Mark, mark_field, mark_refusal
from matchmaker.leads.services.stepping import Actor, refuse_without_consent
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.papers.giving import Giving, papers_ready
from matchmaker.papers.models import FolderPaper
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.refusal import Refused


class ToInstitution(Giving[Lead, LeadPaper]):
    """To the institution of a live lead. Codes of `refuse_closed`: `lead_step_not_now`, `lead_consent_ended`."""

    def refuse_closed(self, lead: Lead) -> None:
        if not lead.is_live:
            raise Refused("lead_step_not_now", state=lead.state, step="send_papers")
        refuse_without_consent(lead, clock.now())

    def grant(self, lead: Lead, paper: FolderPaper, *, field: str = "", by: Person) -> LeadPaper | None:
        have = finding.grant_of(lead.id, paper.document_id)
        if have is not None and not have.is_taken_back:
            return None
        grant = granted(lead, paper.document, kind=paper.kind, by=by)
        record("lead.give_paper", lead, by=by, paper_id=grant.id, kind=paper.kind)
        return grant

    def tell_given(self, lead: Lead, grants: Sequence[LeadPaper]) -> None:
        numbers = "-".join(str(grant.id) for grant in grants)
        tell_staff(lead, "lead_staff_papers_given", about=f"papers:given:{numbers}", count=len(grants))

    def note_taken_back(self, lead: Lead, grant: LeadPaper, *, by: Actor) -> None:
        record("lead.take_back_paper", lead, by=by, paper_id=grant.id, kind=grant.kind)
        assert grant.taken_back_at is not None
        tell_staff(
            lead,
            "lead_staff_paper_taken_back",
            about=f"paper:{grant.id}:back:{grant.taken_back_at.isoformat()}",
            paper=f"label:paper.kind:{grant.kind or 'OTHER'}",
        )

    def note_undone(self, lead: Lead, grant: LeadPaper, *, by: Actor) -> None:
        record("lead.undo_take_back_paper", lead, by=by, paper_id=grant.id)


_GIVING = ToInstitution()
give, take_back, undo_take_back = _GIVING.give, _GIVING.take_back, _GIVING.undo_take_back


def mark(lead: Lead, paper: LeadPaper, *, mark: str, code: str = "", note: str = "", by: Actor) -> None:
    """The institution says of a paper: readable, accepted, or another one, because. The owner is told of the last.

    Stops no clock. Raises Refused (422) with a code of `rules.papers.mark_refusal` at its field, "paper_gone"
    for one that was replaced or never sent, "lead_consent_ended".
    """
    refuse_without_consent(lead, clock.now())
    is_gone = paper.sent_at is None or paper.replaced_by is not None or paper.document.deleted_at is not None
    if is_gone or paper.is_taken_back:
        raise Refused("paper_gone", "mark", 422)
    no = mark_refusal(paper.status, mark, code, note)
    if no is not None:
        raise Refused(no.code, mark_field(no.code), 422)
    refuse_promises(replace_note=note)
    wants_another = mark == Mark.REPLACE
    paper.status, paper.status_at, paper.status_by_id = mark, clock.now(), by.id
    paper.status_code = code if wants_another else None
    paper.status_note = (note or None) if wants_another else None
    db.session.flush()
    record("lead.mark_paper", lead, by=by, paper_id=paper.id, mark=mark, reason_code=paper.status_code)
    if wants_another:
        tell_owner(
            lead,
            "lead_told_paper_replace",
            about=f"paper:{paper.id}:{paper.status_at.isoformat()}",
            paper=f"label:paper.kind:{paper.kind or 'OTHER'}",
            reason=f"label:lead.paper_why:{code}",
        )


def replace(lead: Lead, paper: LeadPaper, folder_paper: FolderPaper, *, field: str, by: Person) -> LeadPaper:
    """Send another paper in place of one that the institution wants replaced; the older one stays as it was sent.

    Raises Refused("lead_paper_not_wanted") unless another is wanted, or as `give`.
    """
    if not paper.wants_another:
        raise Refused("lead_paper_not_wanted", field, 422)
    _GIVING.refuse_closed(lead)
    (fresh,) = papers_ready(lead, [folder_paper.id], field=field, by=by)
    if fresh.document_id in {one.document_id for one in finding.papers_of(lead.id)}:
        raise Refused("lead_paper_given", field, 422)
    grant = _GIVING.grant(lead, fresh, by=by)
    assert grant is not None  # it has none of this document, as was just asked
    grant.replaces = paper
    db.session.flush()
    tell_staff(
        lead,
        "lead_staff_paper_replaced",
        about=f"paper:{paper.id}:replaced",
        paper=f"label:paper.kind:{paper.kind or 'OTHER'}",
    )
    return grant


def granted(lead: Lead, document: Document, *, kind: str | None, by: Actor) -> LeadPaper:
    """The grant of a document to this lead as of now: its row, or the one by which it was taken back, begun anew."""
    now = clock.now()
    grant = finding.grant_of(lead.id, document.id)
    if grant is None:
        grant = LeadPaper(lead_id=lead.id, document=document, kind=kind, added_by_id=by.id, added_at=now)
        db.session.add(grant)
    if grant.sent_at is None or grant.is_taken_back:
        grant.sent_at, grant.taken_back_at, grant.taken_back_by_id = now, None, None
        grant.status, grant.status_at, grant.status_by_id = str(Mark.RECEIVED), None, None
        grant.status_code = grant.status_note = None
    db.session.flush()
    return grant


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
