"""The pages of the folder: what lies in it, one paper, putting in, replacing, taking out."""

from __future__ import annotations

import uuid

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.businesses.models import Business
from matchmaker.businesses.queries import business_by_id, businesses_of, helped_businesses
from matchmaker.businesses.rules import papers_needed
from matchmaker.documents.passing import hand_out, hand_out_small, photo_or_file, taken
from matchmaker.documents.scanning import SIGNATURE
from matchmaker.listing import listed
from matchmaker.papers import listings, queries, services
from matchmaker.papers.forms import DescribeForm, PutInForm, ReplaceForm
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.rules import GROUPS, KINDS, standing
from matchmaker.permissions import may
from matchmaker.refusal import Refused
from matchmaker.web import (
    WRITING,
    BaseForm,
    actor,
    back_to,
    before_transaction,
    once,
    paginate_items,
    requires,
    said,
    seen_version,
)

bp = Blueprint("papers", __name__)


def load_business(business_id: int) -> Business | None:
    return business_by_id(business_id)


def load_paper(paper_id: int) -> FolderPaper | None:
    """The paper; locked when the request writes."""
    return queries.paper_by_id(paper_id, lock=request.method in WRITING)


@bp.get("/papers")
@requires("folder.list")
def mine() -> ResponseReturnValue:
    """The folder of the one business, or one line for each when there are several."""
    me = actor()
    found = [one for one in [*businesses_of(me.id), *helped_businesses(me.id)] if may(me, "folder.see", one)]
    if len(found) == 1:
        return back_to("papers.folder", business_id=found[0].id)
    return render_template("papers/mine.html", businesses=found, counts=queries.counted(found, me))


@bp.get("/businesses/<int:business_id>/folder")
@requires("folder.see", load=load_business)
@listed(listings.FOLDER)
def folder(business: Business) -> ResponseReturnValue:
    """The papers of a business by kind, which of them end or have ended; putting one in."""
    kind = request.args.get("kind", "")
    return _folder_page(business, PutInForm(formdata=None, data={"kind": kind if kind in KINDS else "LICENCE"}))


def _folder_page(business: Business, form: PutInForm, status: int = 200) -> ResponseReturnValue:
    settings = current_app.config["SETTINGS"]
    words = " ".join(request.args.get("q", "").split())[:40]
    group = request.args.get("group", "")
    papers = queries.folder_of(business, actor())
    today = clock.today()
    states = {paper.id: standing(paper.expires_on, paper.is_clean, today) for paper in papers}
    shown = [
        paper
        for paper in sorted(papers, key=lambda paper: KINDS.index(paper.kind))
        if paper.kind in GROUPS.get(group, KINDS) and listings.holds(paper, words)
    ]
    return (
        render_template(
            "papers/folder.html",
            business=business,
            form=form,
            form_key=uuid.uuid4().hex,
            papers=papers,
            page=paginate_items(shown, per_page=12),
            states=states,
            care=sum(state in ("over", "soon") for state in states.values()),
            words=words,
            group=group,
            groups=[code for code, kinds in GROUPS.items() if any(paper.kind in kinds for paper in papers)],
            only_signature=settings.virus_scanner == SIGNATURE,
            largest=settings.paper_largest_mb,
            most_pages=settings.paper_most_pages,
            back=_back_address(),
            proof=services.licence_to_keep(business, papers, actor()),
        ),
        status,
    )


def _back_address() -> str:
    """The page of this site that sent its reader here for a paper: a path, never another site."""
    address = request.values.get("back", "")
    return address if address.startswith("/needs/") and "\\" not in address and "//" not in address else ""


@bp.post("/businesses/<int:business_id>/folder")
@before_transaction(photo_or_file)
@requires("folder.put_in", load=load_business)
@once
def put_in(business: Business) -> ResponseReturnValue:
    """Put one paper into the folder; no institution sees it."""
    form = PutInForm()
    if not form.submitted():
        return _folder_page(business, form, 422 if form.errors else 200)
    try:
        services.put_in(
            business, taken(), kind=str(form.kind.data), note=form.words, expires_on=form.until, by=actor()
        )
    except Refused as no:
        form.refuse(no)
        return _folder_page(business, form, no.status)
    said(_("放进资料夹了，只有您看得到。"))
    return back_to("papers.folder", business_id=business.id, **({"back": back} if (back := _back_address()) else {}))


@bp.get("/folder/<int:paper_id>")
@requires("folder.read", load=load_paper)
def paper(paper: FolderPaper) -> ResponseReturnValue:
    """One paper: what it is, its last day, a newer file, taking it out."""
    return _paper_page(paper, DescribeForm.of(paper), ReplaceForm(formdata=None))


def _paper_page(paper: FolderPaper, form: DescribeForm, newer: ReplaceForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template(
            "papers/paper.html",
            paper=paper,
            form=form,
            newer=newer,
            wrong=next((one for one in (form, newer) if one.errors), None),
            state=standing(paper.expires_on, paper.is_clean, clock.today()),
        ),
        status,
    )


@bp.get("/folder/<int:paper_id>/content")
@requires("folder.read", load=load_paper)
def read(paper: FolderPaper) -> ResponseReturnValue:
    """The paper itself."""
    answer = hand_out(paper.document)
    if answer is None:
        raise NotFound
    return answer


@bp.get("/folder/<int:paper_id>/small")
@requires("folder.read", load=load_paper)
def small(paper: FolderPaper) -> ResponseReturnValue:
    """The small picture of a photo."""
    answer = hand_out_small(paper.document)
    if answer is None:
        raise NotFound
    return answer


@bp.post("/folder/<int:paper_id>")
@requires("folder.change", load=load_paper)
def describe(paper: FolderPaper) -> ResponseReturnValue:
    """Say more about a paper: its kind, a note, its last day."""
    form = DescribeForm()
    if not form.submitted():
        return _paper_page(paper, form, ReplaceForm(formdata=None), 422 if form.errors else 200)
    try:
        services.describe(
            paper, kind=str(form.kind.data), note=form.words, expires_on=form.until,
            row_version=seen_version(form.row_version.data), by=actor(),
        )  # fmt: skip
    except Refused as no:
        form.refuse(no)
        return _paper_page(paper, form, ReplaceForm(formdata=None), no.status)
    said(_("记下了。"))
    return back_to("papers.folder", business_id=paper.business_id)


@bp.post("/folder/<int:paper_id>/newer")
@before_transaction(photo_or_file)
@requires("folder.change", load=load_paper)
@once
def replace(paper: FolderPaper) -> ResponseReturnValue:
    """Put a newer file in its place; what was sent stays as it was sent."""
    newer = ReplaceForm()
    if not newer.submitted():
        return _paper_page(paper, DescribeForm.of(paper), newer, 422 if newer.errors else 200)
    try:
        fresh = services.replace(paper, taken(), expires_on=newer.until, by=actor())
    except Refused as no:
        newer.refuse(no)
        return _paper_page(paper, DescribeForm.of(paper), newer, no.status)
    said(_("换成新的了。已经送出去的，机构看到的还是原来那一份。"))
    return back_to("papers.paper", paper_id=fresh.id)


@bp.get("/businesses/<int:business_id>/folder/proofs/<kind>")
@requires("folder.put_in", load=load_business)
def choose_proof(business: Business, kind: str) -> ResponseReturnValue:
    """Which paper of the folder proves to the platform that one may act for the business."""
    member = services.unproven_member(business, actor())
    if member is None or kind not in papers_needed(member.capacity):
        raise NotFound
    papers = [paper for paper in queries.folder_of(business, actor()) if paper.added_by_id == actor().id]
    fits = "LICENCE" if kind == "licence" else "OTHER"
    papers.sort(key=lambda paper: paper.kind != fits)
    return render_template(
        "papers/choose_proof.html", business=business, kind=kind, papers=papers, form_key=uuid.uuid4().hex
    )


@bp.post("/folder/<int:paper_id>/prove/<kind>")
@requires("folder.prove", load=load_paper)
@once
def prove(paper: FolderPaper, kind: str) -> ResponseReturnValue:
    """This paper goes to the platform's check as proof; no institution sees that."""
    services.prove_with(paper, kind=kind, by=actor())
    said(_("用资料夹里的这一份交给平台核对了，不用再传。"))
    return back_to("businesses.papers", business_id=paper.business_id)


@bp.post("/businesses/<int:business_id>/folder/from-proofs")
@requires("folder.put_in", load=load_business)
@once
def keep_proof(business: Business) -> ResponseReturnValue:
    """The licence that one gave to the platform lies in the folder too, to be sent where one ticks it."""
    services.keep_licence(business, by=actor())
    said(_("放进资料夹了，只有您看得到。"))
    return back_to("papers.folder", business_id=business.id)


@bp.get("/folder/<int:paper_id>/out")
@requires("folder.change", load=load_paper)
def ask_take_out(paper: FolderPaper) -> ResponseReturnValue:
    """Ask before a paper is taken out for good."""
    return render_template("papers/take_out.html", paper=paper, form=BaseForm(formdata=None))


@bp.post("/folder/<int:paper_id>/out")
@requires("folder.change", load=load_paper)
def take_out(paper: FolderPaper) -> ResponseReturnValue:
    """Take a paper out of the folder for good."""
    services.take_out(paper, by=actor())
    said(_("从资料夹里删掉了。"))
    return back_to("papers.folder", business_id=paper.business_id)
