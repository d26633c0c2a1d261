"""Papers of a request for cover: given out of the folder, taken back one by one, gone when the request ends.

The insurer gets a copy: what the folder does afterwards leaves it as it was given, and it ends with the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.documents.queries import as_file
from matchmaker.documents.services import destroy, keep
from matchmaker.insurance.models import CoverPaper, CoverRequest
from matchmaker.insurance.queries.requests import is_open
from matchmaker.insurance.rules.states import ENDED, State
from matchmaker.insurance.services.stepping import Actor
from matchmaker.insurance.services.telling import tell_insurer
from matchmaker.leads.services.giving import papers_ready
from matchmaker.refusal import Refused


def give(request: CoverRequest, paper_ids: Sequence[int], *, tell: bool = True, by: Person) -> None:
    """Give papers of the folder to the insurer of this request, at once; one that it has is left as it is.

    Raises Refused("lead_paper_nothing"), ("cover_request_over"), ("lead_consent_ended"), or with a code of
    `leads.services.giving.papers_ready`, each at `papers`.
    """
    if not paper_ids:
        raise Refused("lead_paper_nothing", "papers", 422)
    _refuse_closed(request)
    have = {paper.sha256: paper for paper in request.papers}
    fresh = 0
    for ready in papers_ready(request, paper_ids, field="papers", by=by):
        known = have.get(ready.sha256)
        if known is not None and known.is_there:
            continue
        file = as_file(ready.document)
        if file is None:
            raise Refused("lead_paper_gone", "papers", 422)
        document = keep(file, kind="other", by=by)
        if known is None:
            known = CoverPaper(sha256=ready.sha256)
            request.papers.append(known)
        else:
            destroy(known.document, by=by)
        with db.session.no_autoflush:
            known.document, known.kind = document, ready.kind
            known.given_by_id, known.given_at = by.id, clock.now()
            known.taken_back_at = known.taken_back_by_id = None
        db.session.flush()
        record("cover_request.give_paper", request, by=by, paper_id=known.id, kind=ready.kind)
        fresh += 1
    if fresh and tell:
        tell_insurer(request, "cover_staff_papers", about=f"papers:{clock.now().isoformat()}", count=fresh)


def take_back(request: CoverRequest, paper: CoverPaper, *, by: Actor) -> datetime:
    """Take one paper back: the insurer reads it no more; answers until when that can be undone.

    Raises Refused("lead_paper_gone"), ("cover_request_over"), ("lead_consent_ended").
    """
    _refuse_closed(request)
    if paper.document.deleted_at is not None:
        raise Refused("lead_paper_gone", "papers", 422)
    if paper.taken_back_at is None:
        paper.taken_back_at, paper.taken_back_by_id = clock.now(), by.id
        db.session.flush()
        record("cover_request.take_back_paper", request, by=by, paper_id=paper.id, kind=paper.kind)
        tell_insurer(
            request,
            "cover_staff_paper_back",
            about=f"paper:{paper.id}:back:{paper.taken_back_at.isoformat()}",
            paper=f"label:paper.kind:{paper.kind}",
        )
    until = paper.taking_back_undone_until
    assert until is not None
    return until


def undo_take_back(request: CoverRequest, paper: CoverPaper, *, by: Actor) -> None:
    """Give it back as it was. Raises Refused("lead_undo_too_late"), or as `take_back`."""
    _refuse_closed(request)
    until = paper.taking_back_undone_until
    if until is None or clock.now() >= until or paper.document.deleted_at is not None:
        raise Refused("lead_undo_too_late")
    paper.taken_back_at = paper.taken_back_by_id = None
    db.session.flush()
    record("cover_request.undo_take_back_paper", request, by=by, paper_id=paper.id)


def _refuse_closed(request: CoverRequest) -> None:
    if State(request.state) in ENDED:
        raise Refused("cover_request_over")
    if not is_open(request.consent, clock.now()):
        raise Refused("lead_consent_ended")
