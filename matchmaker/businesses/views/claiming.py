"""A second claim to a code: both sides, the clock, and the operator's decision."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.businesses import claims, listings, queries, services
from matchmaker.businesses.forms import CaseForm, ClaimForm, SideForm
from matchmaker.businesses.models import IdentityCase
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_case
from matchmaker.listing import listed
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, once, paginate, requires, said, seen_version, typed_words


@bp.get("/businesses/claim")
@requires("business.create")
def claim() -> ResponseReturnValue:
    """Somebody else has written the code down: say that one acts for it too."""
    return _claim_page(ClaimForm(formdata=None, data={"uscc": request.args.get("uscc", "")[:40]}))


@bp.post("/businesses/claim")
@requires("business.create")
@once
def make_claim() -> ResponseReturnValue:
    """Open the case."""
    form = ClaimForm()
    if not form.submitted():
        return _claim_page(form, 422 if form.errors else 200)
    try:
        case = claims.claim_code(
            uscc=form.uscc.data or "",
            capacity=form.capacity.data or "",
            words=(form.words.data or "")[:1000],
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _claim_page(form, no.status)
    said(_("提出来了。平台听两边的，再定。"))
    return back_to("businesses.case", case_id=case.id)


def _claim_page(form: ClaimForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/claim.html", form=form, mine=queries.claims_by(actor().id)), status


@bp.get("/claims/<int:case_id>")
@requires("case.see", load=load_case)
def case(found: IdentityCase) -> ResponseReturnValue:
    """One's own side of a claim, the clock, and what was decided."""
    return _case_of_mine(found, SideForm(formdata=None, data={"words": found.holder_words or ""}))


@bp.post("/claims/<int:case_id>")
@requires("case.answer", load=load_case)
def answer_claim(found: IdentityCase) -> ResponseReturnValue:
    """Say one's side."""
    form = SideForm()
    if not form.submitted():
        return _case_of_mine(found, form, 422 if form.errors else 200)
    try:
        claims.answer_claim(found, words=(form.words.data or "")[:1000], by=actor())
    except Refused as no:
        form.refuse(no)
        return _case_of_mine(found, form, no.status)
    said(_("记下了，平台会看。"))
    return back_to("businesses.case", case_id=found.id)


def _case_of_mine(found: IdentityCase, form: SideForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template("businesses/case.html", case=found, form=form, is_claimant=found.claimant_id == actor().id),
        status,
    )


@bp.get("/checks/cases")
@requires("business.list_cases")
@listed(listings.CASES)
def cases() -> ResponseReturnValue:
    """Open cases, the one due first first."""
    words = typed_words()
    page = paginate(queries.open_cases(words))
    services.look_at_waiting((found.business for found in page.items), by=actor())
    return render_template("businesses/cases.html", page=page, words=words, me=actor())


@bp.get("/checks/cases/<int:case_id>")
@requires("business.decide_case", load=load_case)
def check_case(found: IdentityCase) -> ResponseReturnValue:
    """Both sides beside each other."""
    form = CaseForm(formdata=None, data={"row_version": str(found.row_version)})
    return _check_case_page(found, form.for_kind(found.kind))


@bp.post("/checks/cases/<int:case_id>")
@requires("business.decide_case", load=load_case)
def decide_case(found: IdentityCase) -> ResponseReturnValue:
    """Decide with a reason that both read."""
    form = CaseForm().for_kind(found.kind)
    if not form.submitted():
        return _check_case_page(found, form, 422 if form.errors else 200)
    try:
        claims.decide_case(
            found,
            outcome=form.outcome.data or "",
            reason=(form.reason.data or "")[:500],
            row_version=seen_version(form.row_version.data),
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _check_case_page(found, form, no.status)
    said(_("定了，两边都会收到。") if found.kind == "claim" else _("定了，送材料的人会收到。"))
    return back_to("businesses.cases")


def _check_case_page(found: IdentityCase, form: CaseForm, status: int = 200) -> ResponseReturnValue:
    claims.look_at_case(found, by=actor())
    member = queries.member_by_id(found.member_id) if found.member_id else None
    return (
        render_template(
            "businesses/check_case.html",
            case=found,
            form=form,
            no=claims.why_not_decided(found, actor()),
            findings=queries.findings_of(member) if member is not None else [],
            papers=services.current_papers(member) if member is not None else {},
        ),
        status,
    )
