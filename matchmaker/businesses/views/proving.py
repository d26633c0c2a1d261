"""Proving who may act for a business: papers, whom one acts as, the outside service."""

from __future__ import annotations

from flask import current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.businesses import outside, queries, rules, services
from matchmaker.businesses.forms import CapacityForm, PaperForm
from matchmaker.businesses.models import Business, BusinessMember, BusinessPaper
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_business, load_paper
from matchmaker.documents.passing import hand_out, take_upload, taken
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, requires, said


@bp.get("/businesses/<int:business_id>/papers")
@requires("business.prove", load=load_business)
def papers(business: Business) -> ResponseReturnValue:
    """How far it is proven that this person may act, and what is still needed."""
    return _papers_page(business, PaperForm(formdata=None))


@bp.post("/businesses/<int:business_id>/papers")
@before_transaction(take_upload)
@requires("business.prove", load=load_business)
def add_paper(business: Business) -> ResponseReturnValue:
    """Add one paper; complete papers go to the operator at once."""
    form = PaperForm()
    member = _my_standing(business)
    if not form.submitted():
        return _papers_page(business, form, 422 if form.errors else 200)
    try:
        services.add_paper(member, taken(), kind=form.kind.data or "", by=actor())
    except Refused as no:
        form.refuse(no)
        return _papers_page(business, form, no.status)
    if member.standing == "papers_sent":
        said(_("材料齐了，已送平台核对。核好了会告诉您。"))
    else:
        said(_("收到了，还差一份。"))
    return back_to("businesses.papers", business_id=business.id)


@bp.post("/businesses/<int:business_id>/capacity")
@requires("business.prove", load=load_business)
def declare(business: Business) -> ResponseReturnValue:
    """Correct whom one acts as."""
    form = CapacityForm().for_kind(business.kind)
    services.declare_capacity(_my_standing(business), form.capacity.data or "", by=actor())
    return back_to("businesses.papers", business_id=business.id)


def ask_outside() -> None:
    """Ask the outside service while no lock is held, and only for somebody who claims to act for that business."""
    business = queries.business_by_id((request.view_args or {})["business_id"])
    person = actor()
    g.outside_answer = None
    if business is not None and person is not None and person.id in business.every_claimant_id:
        g.outside_answer = outside.service().confirm(business.uscc, person.name)


@bp.post("/businesses/<int:business_id>/confirm-outside")
@before_transaction(ask_outside)
@requires("business.prove", load=load_business)
def confirm_outside(business: Business) -> ResponseReturnValue:
    """Take over what the outside service answered."""
    allowed = not current_app.config["SETTINGS"].production
    try:
        services.confirm_outside(_my_standing(business), g.outside_answer, simulated_allowed=allowed, by=actor())
    except Refused as no:
        form = PaperForm(formdata=None)
        form.refuse(no)
        return _papers_page(business, form, no.status)
    said(_("核实了。这是模拟核验，只在演示里算数。"))
    return back_to("businesses.papers", business_id=business.id)


def _my_standing(business: Business) -> BusinessMember:
    member = queries.member_of(business, actor().id)
    if member is None:
        raise NotFound
    return member


def _papers_page(business: Business, form: PaperForm, status: int = 200) -> ResponseReturnValue:
    member = _my_standing(business)
    page = render_template(
        "businesses/papers.html",
        business=business,
        member=member,
        needed=rules.papers_needed(member.capacity),
        sent=services.current_papers(member),
        form=form,
        capacity_form=CapacityForm(formdata=None).for_kind(business.kind, member.capacity),
        outside=outside.service(),
    )
    return page, status


@bp.get("/businesses/papers/<int:paper_id>")
@requires("business.read_paper", load=load_paper)
def read_paper(paper: BusinessPaper) -> ResponseReturnValue:
    """The paper itself. An operator's look at it is observed."""
    answer = hand_out(paper.document)
    if answer is None:
        raise NotFound
    if paper.member.person_id != actor().id:
        services.look_at_papers(paper.member, by=actor())
    return answer
