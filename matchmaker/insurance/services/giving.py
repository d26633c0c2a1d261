"""Papers of a request for cover: given out of the folder, taken back one by one, gone when the request ends.

The insurer gets a copy: what the folder does afterwards leaves it as it was given, and it ends with the request.
"""

from __future__ import annotations

from collections.abc import Sequence

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
from matchmaker.papers.giving import Giving
from matchmaker.papers.models import FolderPaper
from matchmaker.refusal import Refused


class ToInsurer(Giving[CoverRequest, CoverPaper]):
    """To the insurer of a request. Codes of `refuse_closed`: `cover_request_over`, `lead_consent_ended`."""

    def refuse_closed(self, request: CoverRequest) -> None:
        if State(request.state) in ENDED:
            raise Refused("cover_request_over")
        if not is_open(request.consent, clock.now()):
            raise Refused("lead_consent_ended")

    def grant(self, request: CoverRequest, paper: FolderPaper, *, field: str, by: Person) -> CoverPaper | None:
        known = next((one for one in request.papers if one.sha256 == paper.sha256), None)
        if known is not None and known.is_there:
            return None
        file = as_file(paper.document)
        if file is None:
            raise Refused("paper_gone", field, 422)
        document = keep(file, kind="other", by=by)
        if known is None:
            known = CoverPaper(sha256=paper.sha256)
            request.papers.append(known)
        else:
            destroy(known.document, by=by)
        with db.session.no_autoflush:
            known.document, known.kind = document, paper.kind
            known.given_by_id, known.given_at = by.id, clock.now()
            known.taken_back_at = known.taken_back_by_id = None
        db.session.flush()
        record("cover_request.give_paper", request, by=by, paper_id=known.id, kind=paper.kind)
        return known

    def tell_given(self, request: CoverRequest, grants: Sequence[CoverPaper]) -> None:
        tell_insurer(request, "cover_staff_papers", about=f"papers:{clock.now().isoformat()}", count=len(grants))

    def note_taken_back(self, request: CoverRequest, grant: CoverPaper, *, by: Actor) -> None:
        record("cover_request.take_back_paper", request, by=by, paper_id=grant.id, kind=grant.kind)
        assert grant.taken_back_at is not None
        tell_insurer(
            request,
            "cover_staff_paper_back",
            about=f"paper:{grant.id}:back:{grant.taken_back_at.isoformat()}",
            paper=f"label:paper.kind:{grant.kind}",
        )

    def note_undone(self, request: CoverRequest, grant: CoverPaper, *, by: Actor) -> None:
        record("cover_request.undo_take_back_paper", request, by=by, paper_id=grant.id)


_GIVING = ToInsurer()
give, take_back, undo_take_back = _GIVING.give, _GIVING.take_back, _GIVING.undo_take_back
