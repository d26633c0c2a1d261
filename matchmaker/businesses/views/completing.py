"""What completes a business: figures by year, what speaks for it, titles, credit lines."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.businesses import queries, rules, services
from matchmaker.businesses.forms import FiguresForm, LineForm, StrengthsForm, TitleForm
from matchmaker.businesses.models import Business, CreditLine, Title
from matchmaker.businesses.views import bp
from matchmaker.businesses.views.loading import load_business, load_line, load_title
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, actor, back_to, requires, said, seen_version


@bp.get("/businesses/<int:business_id>/figures/<int:year>")
@requires("business.change", load=load_business)
def figures(business: Business, year: int) -> ResponseReturnValue:
    """One year's figures."""
    if not max(rules.EARLIEST_YEAR, business.founded_on.year) <= year <= clock.today().year:
        raise NotFound
    return _figures_page(FiguresForm.showing(queries.figures_of(business, year)), business, year)


@bp.post("/businesses/<int:business_id>/figures/<int:year>")
@requires("business.change", load=load_business)
def save_figures(business: Business, year: int) -> ResponseReturnValue:
    """Keep one year's figures."""
    form = FiguresForm()
    form.year_number = year
    if not form.submitted() or form.year is None:
        return _figures_page(form, business, year, 422 if form.errors else 200)
    try:
        services.save_figures(business, form.year, row_version=seen_version(form.row_version.data), by=actor())
    except Refused as no:
        form.refuse(no)
        return _figures_page(form, business, year, no.status)
    said(_("%(year)s 年的数记下了。", year=year))
    return back_to("businesses.show", business_id=business.id)


def _figures_page(form: FiguresForm, business: Business, year: int, status: int = 200) -> ResponseReturnValue:
    held = queries.figures_of(business, year)
    return render_template("businesses/figures.html", form=form, business=business, year=year, held=held), status


@bp.get("/businesses/<int:business_id>/figures/<int:year>/remove")
@requires("business.change", load=load_business)
def ask_remove_figures(business: Business, year: int) -> ResponseReturnValue:
    """Ask before a year goes."""
    if queries.figures_of(business, year) is None:
        raise NotFound
    return render_template("businesses/remove.html", business=business, year=year, form=BaseForm())


@bp.post("/businesses/<int:business_id>/figures/<int:year>/remove")
@requires("business.change", load=load_business)
def remove_figures(business: Business, year: int) -> ResponseReturnValue:
    """Take one year's figures away."""
    services.remove_figures(business, year, by=actor())
    said(_("%(year)s 年的数删掉了。", year=year))
    return back_to("businesses.show", business_id=business.id)


@bp.route("/businesses/<int:business_id>/strengths", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def strengths(business: Business) -> ResponseReturnValue:
    """Tax grade, evidence, what could secure a loan."""
    if request.method == "GET":
        return _strengths_page(StrengthsForm.showing(business), business)
    form = StrengthsForm.showing(None)
    if not form.submitted():
        return _strengths_page(form, business, 422 if form.errors else 200)
    services.change_strengths(
        business,
        tax_grade=form.grade,
        has_tax_evidence=bool(form.has_tax_evidence.data),
        has_flow_evidence=bool(form.has_flow_evidence.data),
        collateral=form.said,
        row_version=seen_version(form.row_version.data),
        by=actor(),
    )
    said(_("记下了。"))
    return back_to("businesses.show", business_id=business.id)


def _strengths_page(form: StrengthsForm, business: Business, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/strengths.html", form=form, business=business), status


@bp.route("/businesses/<int:business_id>/titles/new", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def new_title(business: Business) -> ResponseReturnValue:
    """Add a title with its certificate."""
    form = TitleForm()
    status = 200
    if form.submitted():
        try:
            services.add_title(business, by=actor(), **form.values)
        except Refused as no:
            form.refuse(no)
            status = no.status
        else:
            said(_("资质记下了。可以请平台到公开名单里核实。"))
            return back_to("businesses.show", business_id=business.id)
    elif form.errors:
        status = 422
    return render_template("businesses/title.html", form=form, business=business), status


@bp.post("/businesses/<int:business_id>/titles/<int:title_id>/ask")
@requires("business.change", load=load_title)
def ask_title(title: Title) -> ResponseReturnValue:
    """Ask the platform to look a title up."""
    services.ask_for_check(title, by=actor())
    said(_("送去核实了，核好了告诉您。"))
    return back_to("businesses.show", business_id=title.business_id)


@bp.get("/businesses/<int:business_id>/titles/<int:title_id>/remove")
@requires("business.change", load=load_title)
def ask_remove_title(title: Title) -> ResponseReturnValue:
    """Ask before a title goes."""
    return render_template("businesses/remove.html", business=title.business, title=title, form=BaseForm())


@bp.post("/businesses/<int:business_id>/titles/<int:title_id>/remove")
@requires("business.change", load=load_title)
def remove_title(title: Title) -> ResponseReturnValue:
    """Take a title away."""
    business_id = title.business_id
    services.remove_title(title, by=actor())
    said(_("资质删掉了。"))
    return back_to("businesses.show", business_id=business_id)


@bp.route("/businesses/<int:business_id>/lines/new", methods=["GET", "POST"])
@requires("business.change", load=load_business)
def new_line(business: Business) -> ResponseReturnValue:
    """Add an existing credit line."""
    form = LineForm()
    if form.submitted() and form.line is not None:
        try:
            services.add_credit_line(business, form.line, by=actor())
        except Refused as no:
            form.refuse(no)
            return _line_page(form, business, None, no.status)
        said(_("记下了。"))
        return back_to("businesses.show", business_id=business.id)
    return _line_page(form, business, None, 422 if form.errors else 200)


@bp.route("/businesses/<int:business_id>/lines/<int:line_id>", methods=["GET", "POST"])
@requires("business.change", load=load_line)
def line(row: CreditLine) -> ResponseReturnValue:
    """Change a declared line."""
    if request.method == "GET":
        return _line_page(LineForm.showing(row), row.business, row)
    form = LineForm()
    if not form.submitted() or form.line is None:
        return _line_page(form, row.business, row, 422 if form.errors else 200)
    try:
        services.change_credit_line(row, form.line, row_version=seen_version(form.row_version.data), by=actor())
    except Refused as no:
        form.refuse(no)
        return _line_page(form, row.business, row, no.status)
    said(_("改好了。"))
    return back_to("businesses.show", business_id=row.business_id)


def _line_page(form: LineForm, business: Business, row: CreditLine | None, status: int = 200) -> ResponseReturnValue:
    return render_template("businesses/line.html", form=form, business=business, line=row), status


@bp.get("/businesses/<int:business_id>/lines/<int:line_id>/remove")
@requires("business.change", load=load_line)
def ask_remove_line(row: CreditLine) -> ResponseReturnValue:
    """Ask before a line goes."""
    return render_template("businesses/remove.html", business=row.business, line=row, form=BaseForm())


@bp.post("/businesses/<int:business_id>/lines/<int:line_id>/remove")
@requires("business.change", load=load_line)
def remove_line(row: CreditLine) -> ResponseReturnValue:
    """Take a declared line away."""
    business_id = row.business_id
    services.remove_credit_line(row, by=actor())
    said(_("删掉了。"))
    return back_to("businesses.show", business_id=business_id)
