"""What proves a repair: a paper of the folder, or a file that goes into it first."""

from __future__ import annotations

from flask import request

from matchmaker import clock
from matchmaker.documents.models import Document
from matchmaker.documents.passing import take_upload, taken
from matchmaker.leads.forms.owner import OutOfFolder
from matchmaker.leads.models import Lead
from matchmaker.papers.giving import papers_ready
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import can_be_sent
from matchmaker.papers.services import put_in_once
from matchmaker.web import actor, row_id


def proof_unless_chosen() -> None:
    """For ``before_transaction``: a file that proves something; out of the folder, or none, needs none."""
    upload = request.files.get("proof")
    if upload is not None and upload.filename and not row_id(request.form.get("proof_paper")):
        take_upload("proof")


def chosen_or_new_proof(lead: Lead, form: OutOfFolder) -> Document | None:
    """The proof that was chosen in the folder, or the file that was sent, which goes into the folder; None: neither."""
    if form.chosen_id:
        (paper,) = papers_ready(lead, [form.chosen_id], field="proof_paper", by=actor())
        return paper.document
    upload = request.files.get("proof")
    if upload is None or not upload.filename:
        return None
    return put_in_once(lead.business, taken(), kind="OTHER", by=actor()).document


def proofs_to_choose(lead: Lead) -> list[FolderPaper]:
    """The papers of the folder that could prove something today."""
    today = clock.today()
    return [paper for paper in folder_of(lead.business, actor()) if can_be_sent(paper, today)]
