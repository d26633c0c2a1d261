"""Who helps a business: invited by link, within limits, until a day."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.accounts.sessions import token_hash
from matchmaker.businesses import mandates, queries
from matchmaker.businesses.forms import HelperForm, MandateForm
from matchmaker.businesses.models import Business, Mandate
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_business, load_mandate
from matchmaker.formatting import language, unit_of_page
from matchmaker.permissions import may
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, actor, back_to, limited, once, requires, said, seen_version


@bp.get("/businesses/<int:business_id>/people")
@requires("business.people", load=load_business)
def people(business: Business) -> ResponseReturnValue:
    """Who acts for the business, who helps within which limits, and the form to let somebody in."""
    return _people_page(business, HelperForm(formdata=None, data={"scope": "look"}))


@bp.post("/businesses/<int:business_id>/people")
@limited("20 per hour")
@requires("business.people", load=load_business)
@once
def invite_helper(business: Business) -> ResponseReturnValue:
    """Send somebody a link."""
    form = HelperForm()
    if not form.submitted() or form.until is None:
        return _people_page(business, form, 422 if form.errors else 200)
    try:
        mandates.invite_helper(
            business,
            address=form.plain,
            scope=str(form.scope.data or ""),
            limit_yuan=form.limit_yuan,
            until_on=form.until,
            language=language(),
            by=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _people_page(business, form, no.status)
    said(_("链接发出去了。他打开以前，什么也看不到。"))
    return back_to("businesses.people", business_id=business.id)


def _people_page(business: Business, form: HelperForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/people.html", business=business, form=form), status


@bp.get("/mandates/<int:mandate_id>")
@requires("mandate.change", load=load_mandate)
def mandate(found: Mandate) -> ResponseReturnValue:
    """What one helper may do; to be changed or ended here."""
    limit = "" if found.limit_yuan is None else shown_sum(found.limit_yuan, unit_of_page())
    data = {
        "scope": found.scope, "limit": limit, "until_on": found.until_on.isoformat(),
        "row_version": str(found.row_version),
    }  # fmt: skip
    return _mandate_page(found, MandateForm(formdata=None, data=data))


@bp.post("/mandates/<int:mandate_id>")
@requires("mandate.change", load=load_mandate)
def change_mandate(found: Mandate) -> ResponseReturnValue:
    """Other limits."""
    form = MandateForm()
    if not form.submitted() or form.until is None:
        return _mandate_page(found, form, 422 if form.errors else 200)
    try:
        mandates.change_mandate(
            found, scope=str(form.scope.data or ""), limit_yuan=form.limit_yuan, until_on=form.until,
            row_version=seen_version(form.row_version.data), by=actor(),
        )  # fmt: skip
    except Refused as no:
        form.refuse(no)
        return _mandate_page(found, form, no.status)
    said(_("改好了，马上算数。"))
    return back_to("businesses.people", business_id=found.business_id)


def _mandate_page(found: Mandate, form: MandateForm, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/mandate.html", mandate=found, form=form), status


@bp.post("/mandates/<int:mandate_id>/end")
@requires("mandate.end", load=load_mandate)
def end_mandate(found: Mandate) -> ResponseReturnValue:
    """End it, from either side."""
    mandates.end_mandate(found, row_version=seen_version(request.form.get("row_version")), by=actor())
    said(_("停了，马上算数。"))
    if may(actor(), "business.people", found.business):
        return back_to("businesses.people", business_id=found.business_id)
    return back_to("businesses.mine")


@bp.route("/mandates/link/<token>", methods=["GET", "POST"])
@limited("30 per hour")
@requires("account.own")
def mandate_link(token: str) -> ResponseReturnValue:
    """What is offered; taken by a button, by the person alone to whom the link was sent."""
    found = queries.mandate_by_hash(token_hash(token)) if len(token) <= 64 else None
    if found is None or found.address not in (actor().phone, actor().email):
        return render_template("businesses/mandate_link.html", mandate=None, form=None), 404
    form = BaseForm()
    if form.submitted():
        try:
            mandates.accept_mandate(found, by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            said(_("好了，可以开始帮了。"))
            return back_to("businesses.show", business_id=found.business_id)
    return (
        render_template("businesses/mandate_link.html", mandate=found if found.is_open_link else None, form=form),
        422 if form.errors else 200,
    )
