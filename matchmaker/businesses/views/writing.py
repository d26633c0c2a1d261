"""A business is written down once: the code first, then what a loan asks; corrected later."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock
from matchmaker.businesses import rules, services
from matchmaker.businesses.forms import BusinessForm, CodeForm
from matchmaker.businesses.models import Business
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_business
from matchmaker.reference import regions
from matchmaker.reference.rules import read_credit_code
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, computes, once, requires, said, seen_version


@bp.get("/businesses/new")
@requires("business.create")
def begin() -> ResponseReturnValue:
    """The code first: the kind, and so the length of the form, follows from it."""
    return render_template("businesses/begin.html", form=CodeForm(formdata=None))


@bp.post("/businesses/new")
@computes
@requires("business.create")
def fill_in() -> ResponseReturnValue:
    """Read the code and show the rest of the form; also what the buttons 查 ask for. Nothing is written."""
    code_form = CodeForm()
    try:
        code = read_credit_code(code_form.uscc.data or "")
        services.check_code_is_free(code.code, by=actor())
    except Refused as no:
        code_form.refuse(no)
        return render_template("businesses/begin.html", form=code_form), 422
    form = BusinessForm()
    form.uscc.data = code.code
    return _new_page(form.for_kind(code.kind))


def _new_page(form: BusinessForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template(
            "businesses/form.html", form=form, business=None, asked_year=rules.figures_year(clock.today())
        ),
        status,
    )


@bp.post("/businesses")
@requires("business.create")
@once
def create() -> ResponseReturnValue:
    """Write the business down."""
    form = BusinessForm()
    try:
        kind = read_credit_code(form.uscc.data or "").kind
    except Refused as no:
        code_form = CodeForm()
        code_form.refuse(no)
        return render_template("businesses/begin.html", form=code_form), 422
    form.for_kind(kind)
    if not form.submitted() or form.profile is None:
        return _new_page(form, 422 if form.is_submitted() and form.errors else 200)
    try:
        business = services.create_business(
            uscc=form.uscc.data or "",
            profile=form.profile,
            capacity=form.capacity.data,
            year=form.year,
            collateral=form.carried_collateral,
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _new_page(form, no.status)
    said(_("记下了。下面是还缺的，缺着也能先看匹配。"))
    return back_to("businesses.show", business_id=business.id)


@bp.get("/businesses/<int:business_id>/edit")
@requires("business.change", load=load_business)
def edit(business: Business) -> ResponseReturnValue:
    """The form of what was typed once; the code stays."""
    return _edit_page(BusinessForm.showing(business), business)


@bp.post("/businesses/<int:business_id>/edit/look")
@computes
@requires("business.change", load=load_business)
def look(business: Business) -> ResponseReturnValue:
    """The same form with the list that a button 查 asked for. Nothing is written."""
    return _edit_page(BusinessForm().for_kind(business.kind, with_figures=False), business)


@bp.post("/businesses/<int:business_id>/edit")
@requires("business.change", load=load_business)
def change(business: Business) -> ResponseReturnValue:
    """Save what was changed."""
    form = BusinessForm().for_kind(business.kind, with_figures=False)
    if not form.submitted() or form.profile is None:
        return _edit_page(form, business, 422 if form.errors else 200)
    try:
        version = seen_version(form.row_version.data)
        services.change_profile(business, profile=form.profile, row_version=version, by=actor())
    except Refused as no:
        form.refuse(no)
        return _edit_page(form, business, no.status)
    said(_("改好了。"))
    return back_to("businesses.show", business_id=business.id)


def _edit_page(form: BusinessForm, business: Business, status: int = 200) -> ResponseReturnValue:
    since = clock.date_of(business.updated_at or business.created_at)
    carved = regions.carved_out_of(business.region_code, since)
    return render_template("businesses/form.html", form=form, business=business, carved=carved), status
