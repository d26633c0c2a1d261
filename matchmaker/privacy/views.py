"""Pages of one's own data: what is kept, for how long, and what one can do about it."""

from __future__ import annotations

import dataclasses
import io
import json
import zipfile

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock
from matchmaker.accounts.services.registering import choose_order
from matchmaker.businesses.models import Business
from matchmaker.documents.queries import content_of
from matchmaker.formatting import moment
from matchmaker.leads.queries import looking, reading
from matchmaker.listing import listed
from matchmaker.privacy import listings, queries, services
from matchmaker.privacy.forms import OrderForm, UnmaskForm
from matchmaker.privacy.rules import CLOSING_GRACE, STAFF_ROLES, masked_code, masked_name
from matchmaker.refusal import Refused, plain
from matchmaker.web import BaseForm, actor, back_to, paginate, public, requires, said, typed_words

bp = Blueprint("privacy", __name__)


@bp.get("/my-data")
@requires("data.own")
def mine() -> ResponseReturnValue:
    """One page from which everything about one's own data is reached."""
    return _hub(OrderForm(formdata=None, data={"order": _order()}))


@bp.post("/my-data/order")
@requires("data.own")
def order() -> ResponseReturnValue:
    """Object to the learned order, or take the objection back."""
    form = OrderForm()
    if not form.submitted():
        return _hub(form, 422 if form.errors else 200)
    learned = form.order.data == "learned"
    choose_order(actor(), learned=learned)
    if learned:
        said(_("记下了。以后的名单也看类似的店以前办成没有。"))
    else:
        said(_("记下了。以后的名单只看成本、合适、快慢。"))
    return back_to("privacy.mine")


def _order() -> str:
    return "learned" if actor().no_learned_order_since_at is None else "plain"


def _hub(form: OrderForm, status: int = 200) -> ResponseReturnValue:
    return render_template("privacy/mine.html", form=form, person=actor()), status


# Download -----------------------------------------------------------------------------------------------------------


@bp.get("/my-data/download")
@requires("data.own")
def download() -> ResponseReturnValue:
    """Everything about the person as a ZIP: for machines (JSON, table by table), for reading (HTML), and the papers."""
    person = actor()
    businesses = queries.businesses_spoken_for(person.id)
    held = {
        cls.__tablename__: rows
        for cls in queries.tables()
        if (rows := queries.rows_about(cls, person.id, businesses))
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        about = {
            "made_at": clock.now(),
            "person_id": person.id,
            "tables": held,
            "left_out": [dataclasses.asdict(one) for one in queries.left_out()],
        }
        archive.writestr("my-data.json", json.dumps(plain(about), ensure_ascii=False, indent=1))
        archive.writestr("my-data.html", _readable(held, businesses))
        for paper in queries.papers_of(person.id):
            content = content_of(paper)
            if content is not None:
                archive.writestr(f"papers/{paper.id}-{paper.filename}", content)
    answer = Response(file.getvalue(), mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-data-{clock.today().isoformat()}.zip"'
    return answer


def _readable(held: dict[str, list[dict[str, object]]], business_ids: list[int]) -> str:
    return render_template(
        "privacy/export.html",
        person=actor(),
        businesses=queries.businesses_by_id(business_ids),
        progress=reading.progress_of(actor()),
        receipts=looking.receipts_of(actor().id, open_=True) + looking.receipts_of(actor().id, open_=False),
        looks=looking.all_looks(actor().id),
        counts={name: len(rows) for name, rows in held.items()},
        left_out=queries.left_out(),
    )


# Closing ------------------------------------------------------------------------------------------------------------


@bp.get("/my-data/close")
@requires("data.own")
def close() -> ResponseReturnValue:
    """What goes, what stays and why, when it happens; a button that asks for it, or one that keeps the account."""
    return _close_page(BaseForm())


def _close_page(form: BaseForm, status: int = 200) -> ResponseReturnValue:
    person = actor()
    return (
        render_template(
            "privacy/close.html",
            form=form,
            person=person,
            works_here=any(assignment.role in STAFF_ROLES for assignment in person.live_assignments),
            alone=queries.businesses_alone(person.id),
            lines=queries.retention(),
            grace_days=CLOSING_GRACE.days,
        ),
        status,
    )


@bp.post("/my-data/close")
@requires("data.own")
def ask_to_close() -> ResponseReturnValue:
    """Ask for it: seals at once, closes after the days of grace."""
    form = BaseForm()
    if not form.submitted():
        return _close_page(form)
    try:
        closes_at = services.ask_to_close(actor())
    except Refused as no:
        form.refuse(no)
        return _close_page(form, no.status)
    said(_("记下了。%(at)s 关掉账号，在那以前可以反悔。", at=moment(closes_at)))
    return back_to("privacy.close")


@bp.post("/my-data/keep")
@requires("data.own")
def keep() -> ResponseReturnValue:
    """Changed one's mind within the days of grace."""
    services.keep_account(actor())
    said(_("账号留着。收回了的授权不会自己回来，要用就重新给。"))
    return back_to("privacy.mine")


# Retention ----------------------------------------------------------------------------------------------------------


@bp.get("/data-kept")
@public
def kept() -> ResponseReturnValue:
    """The table of retention, for everybody: which data, what for, how long, what stays after closing."""
    return render_template(
        "privacy/kept.html", lines=queries.retention(), grace_days=CLOSING_GRACE.days, mine=url_for("privacy.mine")
    )


# The supervisor -----------------------------------------------------------------------------------------------------

bp.add_app_template_filter(masked_name, "masked_name")
bp.add_app_template_filter(masked_code, "masked_code")


@bp.get("/masked")
@requires("masked.list")
@listed(listings.MASKED)
def masked() -> ResponseReturnValue:
    """Every business, masked."""
    region = request.args.get("region", "").strip()
    region = region if region.isdecimal() and len(region) <= 6 else ""
    words = typed_words()
    page = paginate(queries.businesses_of_region(region, words), per_page=50)
    return render_template("privacy/masked.html", page=page, region=region, words=words)


@bp.get("/masked/<int:business_id>")
@requires("masked.see", load=queries.business_with_people)
def masked_one(business: Business) -> ResponseReturnValue:
    """One business, masked; the form that asks for a case number."""
    return _masked_page(business, UnmaskForm(formdata=None), unmasked=False)


@bp.post("/masked/<int:business_id>")
@requires("masked.see", load=queries.business_with_people)
def unmask(business: Business) -> ResponseReturnValue:
    """Who it is, once, on this page alone; the owner reads in the log that a supervisor looked."""
    form = UnmaskForm()
    if not form.submitted():
        return _masked_page(business, form, unmasked=False, status=422 if form.errors else 200)
    try:
        services.unmask(
            business, case_number=form.case_number.data or "", reason=(form.reason.data or "")[:300], by=actor()
        )
    except Refused as no:
        form.refuse(no)
        return _masked_page(business, form, unmasked=False, status=no.status)
    return _masked_page(business, form, unmasked=True)


def _masked_page(business: Business, form: UnmaskForm, *, unmasked: bool, status: int = 200) -> ResponseReturnValue:
    return render_template("privacy/masked_one.html", business=business, form=form, unmasked=unmasked), status
