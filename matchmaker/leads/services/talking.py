"""Writing in the thread of a lead from either side: with papers of the case, and with the right people told."""

from __future__ import annotations

from collections.abc import Sequence

from matchmaker import clock
from matchmaker.conversations import queries as talks
from matchmaker.conversations import services as conversations
from matchmaker.conversations.models import Post
from matchmaker.conversations.rules import OTHER, Side
from matchmaker.db import db
from matchmaker.documents.models import Document
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.consents import in_force
from matchmaker.leads.services.stepping import Actor
from matchmaker.leads.services.telling import tell_owner, tell_staff
from matchmaker.refusal import Refused


def is_open(lead: Lead) -> bool:
    """Whether the consent stands: without it nobody of the institution reads or writes in the thread."""
    consent = lead.consent
    return consent is not None and in_force(consent.ends_at, consent.stopped_at, clock.now())


def give_paper(lead: Lead, document: Document, *, by: Actor) -> LeadPaper:
    """Give one paper to this institution at once. Raises Refused `talk_sealed`, `talk_paper_scanning`."""
    if not is_open(lead):
        raise Refused("talk_sealed", "file", 422)
    if document.scan == "waiting":
        raise Refused("talk_paper_scanning", "file", 422)
    now = clock.now()
    paper = LeadPaper(lead_id=lead.id, document=document, added_by_id=by.id, added_at=now, sent_at=now)
    db.session.add(paper)
    db.session.flush()
    return paper


def write(
    lead: Lead,
    text: str,
    *,
    side: Side,
    by: Actor,
    template: str | None = None,
    paper_ids: Sequence[int] = (),
    field: str = "post_text",
    told: bool = True,
) -> Post:
    """Write a message in the thread of a locked lead; the other side is told of the first it has not read yet.

    `paper_ids`: papers that this lead's owner has given to this institution. `told` False: the caller tells. Raises
    Refused with a code of `conversations.services.say`, `talk_paper_unknown`.
    """
    given = {paper.id: paper.document for paper in finding.papers_of(lead.id) if not paper.is_taken_back}
    if not set(paper_ids) <= set(given):
        raise Refused("talk_paper_unknown", "papers", 422)
    thread = conversations.open_thread(lead.id, business_id=lead.business_id, institution_id=lead.institution_id)
    is_first = not talks.count_unread(thread.id, OTHER[side])
    post = conversations.say(
        thread, text, side=side, by=by, is_open=is_open(lead), template=template, field=field,
        papers=[given[number] for number in dict.fromkeys(paper_ids)],
    )  # fmt: skip
    if told and is_first:
        tell = tell_staff if side is Side.OWNER else tell_owner
        kind = "lead_staff_wrote" if side is Side.OWNER else "lead_told_wrote"
        tell(lead, kind, about=f"post:{post.number}", link=f"/leads/{lead.id}/talk")
    return post
