"""Putting a paper into the folder, saying more about it, replacing it, taking it out, reminding of its last day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import record
from matchmaker.businesses.models import Business, BusinessMember, BusinessPaper
from matchmaker.businesses.services import add_paper as add_proof
from matchmaker.businesses.services import current_papers
from matchmaker.db import db
from matchmaker.documents import services as documents
from matchmaker.documents.queries import as_file
from matchmaker.documents.rules import CheckedFile
from matchmaker.happened import announce
from matchmaker.notifications.services import tell
from matchmaker.papers import queries
from matchmaker.papers.announcements import PaperTakenOut
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.rules import KINDS, LONGEST_NOTE, MOST_PAPERS
from matchmaker.refusal import Refused


class Actor(Protocol):
    """Whoever does it: a person with a number."""

    @property
    def id(self) -> int: ...


def put_in(
    business: Business, file: CheckedFile, *, kind: str, note: str = "", expires_on: date | None = None, by: Person
) -> FolderPaper:
    """Put a checked file into the folder of a business, once however often it is sent.

    Raises Refused ``paper_kind_unknown``, ``paper_note_long``, ``paper_over_already``, ``paper_here_already``,
    ``papers_full``.
    """
    _refuse_what_is_wrong(kind, note, expires_on)
    queries.lock_folder(business.id)  # two uploads at once: the second sees the first
    same = queries.same_in_folder(business.id, file.sha256)
    if same is not None and same.is_there:
        raise Refused("paper_here_already", "file", 422, paper=f"label:paper.kind:{same.kind}", added_at=same.added_at)
    if same is not None:
        _leave(same)
    if len(queries.folder_of(business, by)) >= MOST_PAPERS:
        raise Refused("papers_full", "file", 422, most=MOST_PAPERS)
    document = documents.keep(file, kind="other", by=by)
    paper = FolderPaper(
        business=business, document=document, kind=kind, note=note, sha256=file.sha256, expires_on=expires_on,
        added_by_id=by.id, added_at=clock.now(),
    )  # fmt: skip
    db.session.add(paper)
    db.session.flush()
    record("paper.put_in", paper, by=by, kind=kind)
    return paper


def put_in_once(business: Business, file: CheckedFile, *, kind: str, note: str = "", by: Person) -> FolderPaper:
    """The paper of this folder that is this file, or the one it becomes. Raises Refused as `put_in` does."""
    queries.lock_folder(business.id)
    same = queries.same_in_folder(business.id, file.sha256)
    return same if same is not None and same.is_there else put_in(business, file, kind=kind, note=note, by=by)


def unproven_member(business: Business, person: Person) -> BusinessMember | None:
    """The standing of a person who has not proven yet that they may act for this business; None: proven, or none."""
    found = next((member for member in business.members if member.person_id == person.id), None)
    return found if found is not None and not found.is_proven else None


def prove_with(paper: FolderPaper, *, kind: str, by: Person) -> None:
    """Give a paper of the folder to the platform's check, as `kind` (businesses.rules.PAPER_KINDS).

    A copy, so that neither takes the other along when it is replaced or taken out. Raises Refused ``paper_gone``,
    ``standing_proven_already``, and as `businesses.services.add_paper` does.
    """
    member = unproven_member(paper.business, by)
    if member is None:
        raise Refused("standing_proven_already")
    file = as_file(paper.document)
    if file is None:
        raise Refused("paper_gone", "file", 422)
    add_proof(member, file, kind=kind, by=by)


def licence_to_keep(business: Business, papers: Sequence[FolderPaper], person: Person) -> BusinessPaper | None:
    """The licence that this person gave to the platform, where the folder has none; None: nothing to keep."""
    if any(paper.kind == "LICENCE" for paper in papers):
        return None
    member = next((one for one in business.members if one.person_id == person.id and one.standing != "rejected"), None)
    found = current_papers(member).get("licence") if member is not None else None
    return found if found is not None and found.document.deleted_at is None else None


def keep_licence(business: Business, *, by: Person) -> FolderPaper:
    """Put the licence that was given to the platform into the folder, as a copy. Raises Refused ``paper_gone``."""
    found = licence_to_keep(business, queries.folder_of(business, by), by)
    file = as_file(found.document) if found is not None else None
    if file is None:
        raise Refused("paper_gone", "file", 422)
    return put_in_once(business, file, kind="LICENCE", by=by)


def describe(
    paper: FolderPaper, *, kind: str, note: str, expires_on: date | None, row_version: int, by: Actor
) -> FolderPaper:
    """Say more about a paper; another last day begins its reminders anew.

    ``row_version`` is the copy that the writer saw: StaleDataError (409 at the edge) when somebody saved since.
    Raises Refused as `put_in` does.
    """
    if paper.row_version != row_version:
        raise StaleDataError("the paper was described by somebody else meanwhile")
    _refuse_what_is_wrong(kind, note, expires_on if expires_on != paper.expires_on else None)
    if paper.expires_on != expires_on:
        paper.expires_on, paper.reminded_days = expires_on, None
    paper.kind, paper.note = kind, note
    db.session.flush()
    record("paper.describe", paper, by=by, kind=kind)
    return paper


def replace(paper: FolderPaper, file: CheckedFile, *, expires_on: date | None = None, by: Person) -> FolderPaper:
    """Put a newer file of the same kind in place of a paper, which leaves the folder. What was sent stays as sent."""
    business, kind, note = paper.business, paper.kind, paper.note
    fresh = put_in(business, file, kind=kind, note=note, expires_on=expires_on, by=by)
    take_out(paper, by=by)
    return fresh


def take_out(paper: FolderPaper, *, by: Actor) -> None:
    """Take a paper out of its folder for good. The content goes at once, or with the last lead that was given it."""
    if paper.removed_at is not None:
        return
    _leave(paper)
    record("paper.take_out", paper, by=by, kind=paper.kind)
    announce(PaperTakenOut(paper.document_id))


def remind(paper: FolderPaper, days: int) -> None:
    """Tell who acts for the business that a paper ends in so many days or fewer."""
    assert paper.expires_on is not None
    paper.reminded_days = days
    for person_id in queries.people_to_tell(paper.business_id):
        tell(
            person_id,
            "paper_told_ending",
            key=f"paper:{paper.id}:{paper.expires_on.isoformat()}:{days}:{person_id}",
            link=f"/folder/{paper.id}",
            paper=f"label:paper.kind:{paper.kind}",
            until_on=paper.expires_on,
        )


def _leave(paper: FolderPaper) -> None:
    paper.removed_at = clock.now()
    db.session.flush()


def _refuse_what_is_wrong(kind: str, note: str, expires_on: date | None) -> None:
    if kind not in KINDS:
        raise Refused("paper_kind_unknown", "kind", 422)
    if len(note) > LONGEST_NOTE:
        raise Refused("paper_note_long", "note", 422, most=LONGEST_NOTE)
    if expires_on is not None and expires_on < clock.today():
        raise Refused("paper_over_already", "expires_on", 422, until_on=expires_on)
