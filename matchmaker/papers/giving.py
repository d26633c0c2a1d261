"""Giving papers of the folder to somebody outside and taking them back one by one: what that has in common, whoever
gets them, an institution with a lead or an insurer with a request for cover. What was given stands in tables of theirs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.papers.models import FolderPaper, Given
from matchmaker.papers.queries import papers_to_give
from matchmaker.papers.rules import can_be_sent
from matchmaker.papers.services import Actor
from matchmaker.refusal import Refused


class OfBusiness(Protocol):
    """What is asked for one business: a lead, a request for cover."""

    @property
    def business(self) -> Any: ...


Case = TypeVar("Case", bound=OfBusiness)
Grant = TypeVar("Grant", bound=Given)


def papers_ready(case: OfBusiness, paper_ids: Iterable[int], *, field: str, by: Person) -> list[FolderPaper]:
    """These papers of the folder, locked, if each of them can be sent today.

    Raises Refused (422) at `field`: "paper_gone" when one was taken out meanwhile, "paper_not_scanned", "paper_over".
    """
    wanted = set(paper_ids)
    papers = papers_to_give(case.business, wanted, by)
    if len(papers) < len(wanted):
        raise Refused("paper_gone", field, 422)
    for paper in papers:
        if not paper.is_clean:
            raise Refused("paper_not_scanned", field, 422, paper=f"label:paper.kind:{paper.kind}")
        if not can_be_sent(paper, clock.today()):
            raise Refused("paper_over", field, 422, paper=f"label:paper.kind:{paper.kind}", until_on=paper.expires_on)
    return papers


class Giving(ABC, Generic[Case, Grant]):
    """How papers go to one kind of recipient; a grant is for one paper and ends alone, or with its consent."""

    @abstractmethod
    def refuse_closed(self, case: Case) -> None:
        """Raise Refused where nothing can be given with this case any more."""

    @abstractmethod
    def grant(self, case: Case, paper: FolderPaper, *, field: str, by: Person) -> Grant | None:
        """The row by which the recipient has this paper from now on, with its deed in the trail; None: it has it."""

    @abstractmethod
    def tell_given(self, case: Case, grants: Sequence[Grant]) -> None:
        """Tell the recipient what it has been given."""

    @abstractmethod
    def note_taken_back(self, case: Case, grant: Grant, *, by: Actor) -> None:
        """The deed in the trail, and the recipient is told."""

    @abstractmethod
    def note_undone(self, case: Case, grant: Grant, *, by: Actor) -> None:
        """The deed in the trail."""

    def give(
        self, case: Case, paper_ids: Sequence[int], *, field: str = "papers", tell: bool = True, by: Person
    ) -> None:
        """Give papers of the folder, at once; one that the recipient has already is left as it is.

        Raises Refused("paper_nothing"), with a code of `refuse_closed`, or of `papers_ready` at `field`.
        """
        if not paper_ids:
            raise Refused("paper_nothing", field, 422)
        self.refuse_closed(case)
        papers = papers_ready(case, paper_ids, field=field, by=by)
        found = [self.grant(case, paper, field=field, by=by) for paper in papers]
        fresh = [grant for grant in found if grant is not None]
        if fresh and tell:
            self.tell_given(case, fresh)

    def take_back(self, case: Case, grant: Grant, *, by: Actor) -> datetime:
        """Take one paper back from a live case; answers until when that can be undone.

        The recipient reads it no more from this instant; consent and clocks stand. A second time nothing changes.
        Raises Refused("paper_gone") for one that was never sent or is destroyed, or with a code of `refuse_closed`.
        """
        self.refuse_closed(case)
        if not grant.was_sent or grant.document.deleted_at is not None:
            raise Refused("paper_gone", "papers", 422)
        if grant.taken_back_at is None:
            grant.taken_back_at, grant.taken_back_by_id = clock.now(), by.id
            db.session.flush()
            self.note_taken_back(case, grant, by=by)
        until = grant.taking_back_undone_until
        assert until is not None
        return until

    def undo_take_back(self, case: Case, grant: Grant, *, by: Actor) -> None:
        """Give it back as it was; later it can be given anew out of the folder.

        Raises Refused("paper_undo_too_late") when the minutes are over, or as `take_back`.
        """
        self.refuse_closed(case)
        until = grant.taking_back_undone_until
        if until is None or clock.now() >= until or grant.document.deleted_at is not None:
            raise Refused("paper_undo_too_late")
        grant.taken_back_at = grant.taken_back_by_id = None
        db.session.flush()
        self.note_undone(case, grant, by=by)
