"""Papers of a lead: put in, given, replaced, taken back, sent, read."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.documents.passing import hand_out, photo_or_file, taken
from matchmaker.formatting import moment
from matchmaker.leads.forms.papers import GiveForm, PaperForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import presenting
from matchmaker.leads.rules.consents import Field
from matchmaker.leads.services import answering, giving
from matchmaker.leads.views import bp
from matchmaker.leads.views.loading import OfPaper, acts_for, load_lead, load_paper
from matchmaker.leads.views.owner import owner_page
from matchmaker.papers.giving import papers_ready
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.services import put_in_once
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, once, requires, row_id, said, undo_deed


def _out_of_folder_or_new(lead: Lead, form: PaperForm, kind: str) -> FolderPaper:
    """The paper that was chosen from the folder, or the file that was sent, which goes into the folder first."""
    if form.chosen_id:
        (paper,) = papers_ready(lead, [form.chosen_id], field="folder_paper", by=actor())
        return paper
    return put_in_once(lead.business, taken(), kind=kind, by=actor())


def _file_unless_chosen() -> None:
    """A paper chosen from the folder needs no file."""
    if not row_id(request.form.get("folder_paper")):
        photo_or_file()


@bp.post("/leads/<int:lead_id>/papers")
@before_transaction(_file_unless_chosen)
@requires("lead.send_papers", load=load_lead)
def add_paper(lead: Lead) -> ResponseReturnValue:
    """One paper for one item of the list; nobody sees it before the list is sent."""
    form = PaperForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        paper = _out_of_folder_or_new(lead, form, "OTHER")
        answering.add_paper(
            lead, item_number=form.about, document=paper.document, kind=paper.kind, by=actor()
        )
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.file.id = f"item-{form.about}-file"  # each item of the list has a field of its own
        form.photo.id = f"item-{form.about}-photo"
        form.folder_paper.id = f"item-{form.about}-folder"
        form.refuse(no)
        return owner_page(lead, 422, paper=form)
    said(_("放好了，也收进了资料夹。都放齐了，再点“都补齐了，送过去”。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/give")
@requires("lead.give_papers", load=load_lead)
@once
def give_papers(lead: Lead) -> ResponseReturnValue:
    """Papers of the folder for this institution, at once; a tick for each."""
    form = GiveForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        giving.give(lead, form.paper_ids, by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        form.refuse(no)
        return owner_page(lead, 422, give=form)
    said(_("给了%(name)s。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/replace")
@before_transaction(_file_unless_chosen)
@requires("lead.give_papers", load=load_paper)
@once
def replace_paper(found: OfPaper) -> ResponseReturnValue:
    """Another paper in place of one that the institution wants replaced: chosen or new, sent at once."""
    lead, form = found.lead, PaperForm()
    if "resume" in request.form:
        return owner_page(lead)
    try:
        fresh = _out_of_folder_or_new(lead, form, found.paper.kind or "OTHER")
        giving.replace(lead, found.paper, fresh, field="file", by=actor())
    except Refused as no:
        if no.status != 422:
            raise
        undo_deed()
        for field in (form.file, form.photo, form.folder_paper):
            field.id = f"again-{found.id}-{field.id.split('_')[0]}"
        form.refuse(no)
        form.about_paper = found.id
        return owner_page(lead, 422, paper=form)
    said(_("换过去了，%(name)s看得到新的。原来那份留着，它也还看得到。", name=lead.institution.short_name))
    return back_to("leads.show", lead_id=lead.id)


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/back")
@requires("lead.take_back_paper", load=load_paper)
def take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Take this one paper back from the institution; what else it has stays."""
    until = giving.take_back(found.lead, found.paper, by=actor())
    said(_("收回了，它看不到这一份了。%(until)s 以前可以撤销。", until=moment(until)))
    return back_to("leads.show", lead_id=found.lead.id, _anchor="papers")


@bp.post("/leads/<int:lead_id>/papers/<int:paper_id>/back/undo")
@requires("lead.take_back_paper", load=load_paper)
def undo_take_back_paper(found: OfPaper) -> ResponseReturnValue:
    """Undo that, within some minutes."""
    giving.undo_take_back(found.lead, found.paper, by=actor())
    said(_("撤销了，它又看得到这一份。"))
    return back_to("leads.show", lead_id=found.lead.id, _anchor="papers")


@bp.post("/leads/<int:lead_id>/papers/send")
@requires("lead.send_papers", load=load_lead)
def send_papers(lead: Lead) -> ResponseReturnValue:
    """The whole list at once; the institution's clocks go on."""
    answering.send_papers(lead, by=actor())
    said(_("送过去了，钟又开始走。"))
    return back_to("leads.show", lead_id=lead.id)


@bp.get("/leads/<int:lead_id>/papers/<int:paper_id>")
@requires("lead.read_paper", load=load_paper)
def read_paper(found: OfPaper) -> ResponseReturnValue:
    """A paper of the case: for its owner, and for the institution while the consent is in force (observed)."""
    if not acts_for(found.lead):
        if found.paper.sent_at is None or found.paper.is_taken_back or not found.paper.document.is_clean:
            raise NotFound
        shown = presenting.present(
            found.lead, actor(), purpose="paper", only=frozenset({Field.DOCUMENTS, Field.NAME}), paper=found.paper
        )
        if shown.is_sealed:
            raise NotFound
    answer = hand_out(found.paper.document)
    if answer is None:
        raise NotFound
    return answer
