"""Institutions: applying, the operator's check, the institution's own page, branches."""

from __future__ import annotations

from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.accounts import listings, places, queries
from matchmaker.accounts.forms import AdmitForm, ApplicationForm, BranchForm, DescribeForm, SuspendForm, kind_choices
from matchmaker.accounts.models import Branch, Institution
from matchmaker.accounts.rules import INSTITUTION_STATUSES
from matchmaker.accounts.services import institutions as services
from matchmaker.accounts.views import bp, caller
from matchmaker.formatting import unit_of_page
from matchmaker.listing import listed
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import actor, limited, paginate, public, requires


@bp.route("/institutions/apply", methods=["GET", "POST"])
@limited("20 per minute")
@public
def apply() -> ResponseReturnValue:
    """An institution applies to be admitted."""
    form = ApplicationForm()
    if form.submitted():
        try:
            services.apply_for_admission(
                name=form.name.data or "",
                short_name=form.short_name.data or "",
                kind=form.kind.data or "",
                licence_number=form.licence_number.data or "",
                region_code=form.region_code.code,
                contact_address=form.contact_address.plain,
                website=form.website.data or "",
                about=form.about.data or "",
            )
        except Refused as no:
            form.refuse(no)
        else:
            return redirect(url_for("accounts.applied"), 303)
    return render_template("accounts/apply.html", form=form), 422 if form.errors else 200


@bp.get("/institutions/applied")
@public
def applied() -> ResponseReturnValue:
    """The application has arrived, and what happens next."""
    return render_template("accounts/applied.html")


@bp.get("/directory")
@public
@listed(listings.DIRECTORY)
def directory() -> ResponseReturnValue:
    """Who is admitted, for everybody: kind, seat, and the way to its products and to how it answers."""
    text, kind = (request.args.get(name, "").strip()[:60] for name in ("text", "kind"))
    return render_template(
        "accounts/directory.html",
        page=paginate(queries.institutions(text=text, status="admitted", kind=kind), per_page=30),
        text=text,
        kind=kind,
        kinds=kind_choices()[1:],
    )


@bp.get("/institutions")
@requires("institutions.list")
@listed(listings.INSTITUTIONS)
def institutions() -> ResponseReturnValue:
    """All institutions with their state, those that wait for a check first."""
    text, status, kind = (request.args.get(name, "").strip() for name in ("text", "status", "kind"))
    status = status if status in INSTITUTION_STATUSES else ""
    page = paginate(queries.institutions(text=text, status=status, kind=kind), per_page=30)
    return render_template(
        "accounts/institutions.html",
        page=page,
        text=text,
        status=status,
        kind=kind,
        kinds=kind_choices()[1:],
        statuses=INSTITUTION_STATUSES,
        waiting=queries.count_of_status("applied"),
    )


@bp.get("/our-institution")
@requires("institution.own")
def institution() -> ResponseReturnValue:
    """One's own institution."""
    ours = sorted(queries.institutions_by_id(actor().institution_ids).values(), key=lambda found: found.id)
    if len(ours) == 1:
        return redirect(url_for("accounts.show_institution", institution_id=ours[0].id), 303)
    return render_template("accounts/our_institutions.html", ours=ours)


@bp.get("/institutions/<int:institution_id>")
@requires("institution.see", load=queries.institution)
def show_institution(found: Institution) -> ResponseReturnValue:
    """One institution: licence, check, branches, people."""
    return render_template(
        "accounts/institution.html",
        institution=found,
        branches=queries.branches_of(found.id),
        managers=queries.count_live("manager", found.id),
        desks=queries.count_live("desk", found.id),
    )


@bp.route("/institutions/<int:institution_id>/admit", methods=["GET", "POST"])
@requires("institution.admit", load=queries.institution)
def admit(found: Institution) -> ResponseReturnValue:
    """Check the licence in the public register and admit, or turn down."""
    form = AdmitForm()
    if form.submitted():
        try:
            invitation = services.admit_institution(
                found, licence_seen=form.licence_seen.data or "", by=actor(), caller=caller()
            )
        except Refused as no:
            form.refuse(no)
        else:
            flash(
                _("%(name)s 接入了，邀请已经发给它的联系人。", name=found.short_name)
                if invitation
                else _("%(name)s 重新接入了。", name=found.short_name)
            )
            return redirect(url_for("accounts.show_institution", institution_id=found.id), 303)
    return render_template("accounts/admit.html", form=form, institution=found), 422 if form.errors else 200


@bp.route("/institutions/<int:institution_id>/suspend", methods=["GET", "POST"])
@requires("institution.suspend", load=queries.institution)
def suspend(found: Institution) -> ResponseReturnValue:
    """Suspend an institution, or turn it down, with a reason."""
    form = SuspendForm()
    if form.submitted():
        try:
            services.suspend_institution(found, note=form.note.data or "", by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("%(name)s 暂停了。", name=found.short_name), "soon")
            return redirect(url_for("accounts.show_institution", institution_id=found.id), 303)
    return render_template("accounts/suspend.html", form=form, institution=found), 422 if form.errors else 200


@bp.route("/institutions/<int:institution_id>/describe", methods=["GET", "POST"])
@requires("institution.describe", load=queries.institution)
def describe(found: Institution) -> ResponseReturnValue:
    """What an institution says of itself."""
    form = DescribeForm(obj=found)
    if form.submitted():
        try:
            services.describe_institution(
                found, website=form.website.data or "", about=form.about.data or "", by=actor()
            )
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("存好了。"))
            return redirect(url_for("accounts.show_institution", institution_id=found.id), 303)
    return render_template("accounts/describe.html", form=form, institution=found), 422 if form.errors else 200


@bp.route("/institutions/<int:institution_id>/branches/new", methods=["GET", "POST"])
@requires("branch.open", load=queries.institution)
def open_branch(found: Institution) -> ResponseReturnValue:
    """Add a branch with its reach."""
    form = BranchForm()
    if form.submitted():
        try:
            services.open_branch(found, form.facts(), by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("网点加好了。"))
            return redirect(url_for("accounts.show_institution", institution_id=found.id), 303)
    return (
        render_template("accounts/branch.html", form=form, institution=found, branch=None),
        422 if form.errors else 200,
    )


@bp.route("/branches/<int:branch_id>", methods=["GET", "POST"])
@requires("branch.change", load=queries.branch)
def change_branch(found: Branch) -> ResponseReturnValue:
    """Change a branch: address, reach, regions."""
    form = BranchForm(data=_typed(found))
    if form.submitted():
        try:
            services.change_branch(found, form.facts(), by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("存好了。"))
            return redirect(url_for("accounts.show_institution", institution_id=found.institution_id), 303)
    return (
        render_template("accounts/branch.html", form=form, institution=found.institution, branch=found),
        422 if form.errors else 200,
    )


def _typed(branch: Branch) -> dict[str, object]:
    """A branch as one would have typed it."""
    limit = branch.decision_limit_yuan
    return {
        "name": branch.name,
        "region_code": places.write_regions([branch.region_code]),
        "service_regions": places.write_regions(branch.service_regions),
        "service_radius_km": branch.service_radius_km,
        "latitude": None if branch.latitude is None else Decimal(str(branch.latitude)),
        "longitude": None if branch.longitude is None else Decimal(str(branch.longitude)),
        "decision_limit": shown_sum(limit, unit_of_page()),
    }
