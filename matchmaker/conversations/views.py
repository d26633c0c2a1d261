"""Reported messages: operators settle them, a desk reads its own, neither sees whose case it is."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.accounts.rules import BROKER_STATES
from matchmaker.conversations import listings, queries, services
from matchmaker.conversations.forms import SettleForm
from matchmaker.conversations.models import PostReport
from matchmaker.listing import listed
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, paginate, requires, said, seen_version

bp = Blueprint("conversations", __name__, url_prefix="/reported-messages")


@bp.get("")
@requires("postreport.list")
@listed(listings.REPORTS)
def reports() -> ResponseReturnValue:
    """All of them for operators; for a desk those of its institution."""
    words, state = " ".join(request.args.get("q", "").split())[:40], request.args.get("state", "")
    state = state if state in BROKER_STATES else ""
    mine = None if actor().is_operator else actor().desk_institution_ids
    page = paginate(queries.reports(institution_ids=mine, words=words, state=state))
    return render_template(
        "conversations/reports.html", page=page, words=words, state=state, states=BROKER_STATES, all_=mine is None
    )


@bp.get("/<int:report_id>")
@requires("postreport.see", load=queries.report_by_id)
def report(found: PostReport) -> ResponseReturnValue:
    """The message that was reported and nothing else of its thread."""
    return _page(found, SettleForm(formdata=None, data={"row_version": str(found.row_version)}))


@bp.post("/<int:report_id>/look")
@requires("postreport.settle", load=queries.report_by_id)
def look(found: PostReport) -> ResponseReturnValue:
    """An operator takes it up."""
    services.look_at_report(found, by=actor())
    return back_to("conversations.report", report_id=found.id)


@bp.post("/<int:report_id>/settle")
@requires("postreport.settle", load=queries.report_by_id)
def settle(found: PostReport) -> ResponseReturnValue:
    """An operator says what became of it."""
    form = SettleForm()
    if not form.submitted():
        return _page(found, form, 422 if form.errors else 200)
    try:
        services.settle_report(
            found, outcome=form.outcome.data or "", row_version=seen_version(form.row_version.data), by=actor()
        )
    except Refused as no:
        form.refuse(no)
        return _page(found, form, no.status)
    said(_("办结了。"))
    return back_to("conversations.reports")


def _page(found: PostReport, form: SettleForm, status: int = 200) -> ResponseReturnValue:
    return render_template("conversations/report.html", report=found, post=found.post, form=form), status
