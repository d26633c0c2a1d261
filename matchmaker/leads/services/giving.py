"""Papers of a lead: given piece by piece, marked by the institution, replaced, and let go of when nobody needs them.

A row of `LeadPaper` is the grant: for one lead, one paper. Its end is that of the lead's consent and is asked at each
read (queries.presenting), so that no grant can outlive a consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

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
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.queries import papers_to_give
from matchmaker.papers.rules import can_be_sent
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.refusal import Refused


def give(lead: Lead, paper_ids: Sequence[int], *, field: str = "papers", tell: bool = True, by: Person) -> None:
    """Give papers of the folder to the institution of a live lead, at once; one that it has already is left as it is.

    Raises Refused("lead_paper_nothing"), ("lead_step_not_now"), ("lead_consent_ended"), or with a code of
    `papers_ready`, each at `field`.
    """
    if not paper_ids:
        raise Refused("lead_paper_nothing", field, 422)
    _refuse_closed(lead)
    papers = papers_ready(lead, paper_ids, field=field, by=by)
    have = {paper.document_id for paper in finding.papers_of(lead.id) if not paper.is_taken_back}
    fresh = [paper for paper in papers if paper.document_id not in have]
    for paper in fresh:
        _grant(lead, paper, by)
    if fresh and tell:
        numbers = "-".join(str(paper.id) for paper in fresh)
        tell_staff(lead, "lead_staff_papers_given", about=f"papers:given:{numbers}", count=len(fresh))


class OfBusiness(Protocol):
    """What is asked for one business: a lead, a request for cover."""

    @property
    def business(self) -> Any: ...


def papers_ready(lead: OfBusiness, paper_ids: Iterable[int], *, field: str, by: Person) -> list[FolderPaper]:
    """These papers of the folder, locked, if each of them can be sent today.

    Raises Refused (422) at `field`: "lead_paper_gone" when one was taken out meanwhile, "lead_paper_not_scanned",
    "lead_paper_over".
    """
    wanted = set(paper_ids)
    papers = papers_to_give(lead.business, wanted, by)
    if len(papers) < len(wanted):
        raise Refused("lead_paper_gone", field, 422)
    for paper in papers:
        if not paper.is_clean:
            raise Refused("lead_paper_not_scanned", field, 422, paper=f"label:paper.kind:{paper.kind}")
        if not can_be_sent(paper, clock.today()):
            raise Refused(
                "lead_paper_over", field, 422, paper=f"label:paper.kind:{paper.kind}", until_on=paper.expires_on
            )
    return papers


def mark(lead: Lead, paper: LeadPaper, *, mark: str, code: str = "", note: str = "", by: Actor) -> None:
    """The institution says of a paper: readable, accepted, or another one, because. The owner is told of the last.

    Stops no clock. Raises Refused (422) with a code of `rules.papers.mark_refusal` at its field, "lead_paper_gone"
    for one that was replaced or never sent, "lead_consent_ended".
    """
    refuse_without_consent(lead, clock.now())
    is_gone = paper.sent_at is None or paper.replaced_by is not None or paper.document.deleted_at is not None
    if is_gone or paper.is_taken_back:
        raise Refused("lead_paper_gone", "mark", 422)
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
    _refuse_closed(lead)
    (fresh,) = papers_ready(lead, [folder_paper.id], field=field, by=by)
    if fresh.document_id in {one.document_id for one in finding.papers_of(lead.id)}:
        raise Refused("lead_paper_given", field, 422)
    grant = _grant(lead, fresh, by)
    grant.replaces = paper
    db.session.flush()
    tell_staff(
        lead,
        "lead_staff_paper_replaced",
        about=f"paper:{paper.id}:replaced",
        paper=f"label:paper.kind:{paper.kind or 'OTHER'}",
    )
    return grant


def take_back(lead: Lead, paper: LeadPaper, *, by: Actor) -> datetime:
    """Take one paper back from the institution of a live lead; answers until when that can be undone.

    It reads the paper no more from this instant; the consent and the clocks stand, its case says which paper is
    missing. A second time nothing changes. Raises Refused("lead_paper_gone") for one that was never sent or is
    destroyed, ("lead_step_not_now"), ("lead_consent_ended").
    """
    _refuse_closed(lead)
    if paper.sent_at is None or paper.document.deleted_at is not None:
        raise Refused("lead_paper_gone", "papers", 422)
    if not paper.is_taken_back:
        paper.taken_back_at, paper.taken_back_by_id = clock.now(), by.id
        db.session.flush()
        record("lead.take_back_paper", lead, by=by, paper_id=paper.id, kind=paper.kind)
        tell_staff(
            lead,
            "lead_staff_paper_taken_back",
            about=f"paper:{paper.id}:back:{paper.taken_back_at.isoformat()}",
            paper=f"label:paper.kind:{paper.kind or 'OTHER'}",
        )
    until = paper.taking_back_undone_until
    assert until is not None
    return until


def undo_take_back(lead: Lead, paper: LeadPaper, *, by: Actor) -> None:
    """Give it back as it was. Raises Refused("lead_undo_too_late") when the minutes are over, or as `take_back`.

    Later it can be given anew out of the folder.
    """
    _refuse_closed(lead)
    until = paper.taking_back_undone_until
    if until is None or clock.now() >= until or paper.document.deleted_at is not None:
        raise Refused("lead_undo_too_late")
    paper.taken_back_at = paper.taken_back_by_id = None
    db.session.flush()
    record("lead.undo_take_back_paper", lead, by=by, paper_id=paper.id)


def _refuse_closed(lead: Lead) -> None:
    if not lead.is_live:
        raise Refused("lead_step_not_now", state=lead.state, step="send_papers")
    refuse_without_consent(lead, clock.now())


def _grant(lead: Lead, paper: FolderPaper, by: Actor) -> LeadPaper:
    grant = granted(lead, paper.document, kind=paper.kind, by=by)
    record("lead.give_paper", lead, by=by, paper_id=grant.id, kind=paper.kind)
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
