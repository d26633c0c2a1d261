"""A manager's badge and its public page; reports of brokers: anybody writes one, operators settle it, desks read it."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from matchmaker.accounts import listings, queries
from matchmaker.accounts.forms import BrokerForm, ConfirmForm, SettleForm
from matchmaker.accounts.models import Assignment, Badge, BrokerReport
from matchmaker.accounts.rules import BROKER_STATES
from matchmaker.accounts.services import badges as services
from matchmaker.accounts.services import second_factor
from matchmaker.accounts.views import bp
from matchmaker.listing import listed
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, limited, once, paginate, public, requires, said, seen_version

LONGEST_TOKEN = 64


@bp.get("/account/badges")
@requires("badge.own")
def badges() -> ResponseReturnValue:
    """The badges of the person, one for each institution they go to customers for."""
    known = queries.badges_of(actor().id)
    form = ConfirmForm(formdata=None)
    rows = []
    for assignment in actor().live_assignments:
        if assignment.role != "manager":
            continue
        badge = known.get(assignment.id)
        url = url_for("accounts.badge", token=badge.token, _external=True) if badge else ""
        # Drawn by us from our own address; it holds no markup of anybody else's.
        picture = Markup(second_factor.picture(url)) if badge else ""  # noqa: S704
        rows.append((assignment, badge, url, picture, badge is not None and services.in_force(badge)))
    return render_template("accounts/badges.html", rows=rows, form_key=form.form_key.data)


@bp.post("/account/badges/<int:assignment_id>")
@requires("badge.renew", load=queries.assignment)
@once
def renew_badge(found: Assignment) -> ResponseReturnValue:
    """A new badge; the QR code shown so far proves nothing any more."""
    services.issue_badge(found, by=actor())
    said(_("新的工作牌做好了，旧的二维码不能用了。"))
    return back_to("accounts.badges")


@bp.get("/badge/<token>")
@limited("60 per minute")
@public
def badge(token: str) -> ResponseReturnValue:
    """What a badge proves, for whoever reads its QR code; one that is not in force names nobody."""
    found = _badge(token)
    if found is None:
        return render_template("accounts/badge_void.html"), 404
    return render_template("accounts/badge.html", badge=found, assignment=found.assignment)


def _badge(token: str) -> Badge | None:
    found = queries.badge_by_token(token) if token and len(token) <= LONGEST_TOKEN else None
    return found if found is not None and services.in_force(found) else None


@bp.get("/report-broker")
@public
def report_broker() -> ResponseReturnValue:
    """The form, filled with what the page knows from which one came."""
    lead, token = request.args.get("lead", ""), request.args.get("badge", "")[:LONGEST_TOKEN]
    shown = _badge(token)
    of = shown.assignment.institution if shown is not None else None
    who = f"{shown.person.name}，{of.short_name}" if shown is not None and of is not None else ""
    known = {"badge": token, "lead_number": lead[:9] if lead.isdecimal() else "", "who": who}
    return _report_page(BrokerForm(formdata=None, data=known))


@bp.post("/report-broker")
@limited("6 per hour")
@public
@once
def send_report() -> ResponseReturnValue:
    """Take a report down; whoever is not signed in may send one too."""
    form = BrokerForm()
    _fill(form)
    if not form.submitted():
        return _report_page(form, 422 if form.errors else 200)
    try:
        services.report_broker(
            who=form.who.data or "",
            phone=form.phone.data or "",
            asked=form.asked.data or "",
            words=form.words.data or "",
            lead_number=int(form.lead_number.data) if form.lead_number.data else None,
            institution=queries.institution(int(form.institution_id.data)) if form.institution_id.data else None,
            badge=_badge(form.badge.data or ""),
            contact=form.contact.data or "",
            reporter=actor(),
        )
    except Refused as no:
        form.refuse(no)
        return _report_page(form, no.status)
    return back_to("accounts.reported")


@bp.get("/report-broker/sent")
@public
def reported() -> ResponseReturnValue:
    """What happens next with a report."""
    return render_template("accounts/reported.html")


def _fill(form: BrokerForm) -> None:
    form.institution_id.choices = [
        ("", str(_("不知道，或者不是哪一家的"))),
        *((str(one.id), one.short_name) for one in queries.admitted_institutions()),
    ]


def _report_page(form: BrokerForm, status: int = 200) -> ResponseReturnValue:
    _fill(form)
    return render_template("accounts/report_broker.html", form=form, badge=_badge(form.badge.data or "")), status


@bp.get("/broker-reports")
@requires("broker.list")
@listed(listings.BROKER_REPORTS)
def broker_reports() -> ResponseReturnValue:
    """All reports for operators; for a desk those about its institution."""
    text, state = request.args.get("text", "").strip()[:80], request.args.get("state", "")
    state = state if state in BROKER_STATES else ""
    mine = None if actor().is_operator else actor().desk_institution_ids
    page = paginate(queries.broker_reports(institution_ids=mine, text=text, state=state))
    return render_template(
        "accounts/broker_reports.html", page=page, text=text, state=state, states=BROKER_STATES, all_=mine is None
    )


@bp.get("/broker-reports/<int:broker_report_id>")
@requires("broker.see", load=queries.broker_report)
def broker_report(found: BrokerReport) -> ResponseReturnValue:
    """One report; where its reporter wants to be asked stands there for operators only."""
    return _one_report(found, SettleForm(formdata=None, data={"row_version": str(found.row_version)}))


@bp.post("/broker-reports/<int:broker_report_id>/look")
@requires("broker.settle", load=queries.broker_report)
def look_at_broker_report(found: BrokerReport) -> ResponseReturnValue:
    """An operator takes it up."""
    services.look_at_report(found, by=actor())
    return back_to("accounts.broker_report", broker_report_id=found.id)


@bp.post("/broker-reports/<int:broker_report_id>/settle")
@requires("broker.settle", load=queries.broker_report)
def settle_broker_report(found: BrokerReport) -> ResponseReturnValue:
    """An operator says what became of it."""
    form = SettleForm()
    if not form.submitted():
        return _one_report(found, form, 422 if form.errors else 200)
    try:
        services.settle_report(
            found, outcome=form.outcome.data or "", row_version=seen_version(form.row_version.data), by=actor()
        )
    except Refused as no:
        form.refuse(no)
        return _one_report(found, form, no.status)
    said(_("办结了。"))
    return back_to("accounts.broker_reports")


def _one_report(found: BrokerReport, form: SettleForm, status: int = 200) -> ResponseReturnValue:
    return render_template("accounts/broker_report.html", report=found, form=form), status
