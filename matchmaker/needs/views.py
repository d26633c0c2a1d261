"""Pages of needs: say one, keep it as a draft, check it, post it; look, change, withdraw, copy."""

from __future__ import annotations

import re
import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, current_app, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock, formatting
from matchmaker.accounts.sessions import token_hash
from matchmaker.listing import listed
from matchmaker.needs import assisting, listings, queries, services
from matchmaker.needs.forms import AssistedForm, NeedForm
from matchmaker.needs.models import AssistedNeed, Need, NeedDraft
from matchmaker.needs.rules import (
    UNSURE,
    Answers,
    NeedState,
    as_planned,
    business_values_of,
    choices_of,
    draft_values_of,
    read_typed,
    securities_known,
    typed_of,
)
from matchmaker.needs.words import LABELS
from matchmaker.reference.rules.working_time import days_off_between, is_working_day
from matchmaker.refusal import Refused
from matchmaker.searching import codes_saying
from matchmaker.web import (
    BaseForm,
    actor,
    asked_from_page,
    back_to,
    limited,
    once,
    paginate,
    requires,
    row_id,
    said,
    sentence,
    typed_words,
)

bp = Blueprint("needs", __name__)


@bp.app_template_global()
def days_off_words(days: list[date]) -> str:
    """A sentence about the days off that come next, or none."""
    if not days:
        return str(_("拿不准就空着。"))
    first, last = days[0], days[0]
    for day in days[1:]:
        if (day - last).days > 1:
            break
        last = day
    if first == last:
        return str(_("%(first)s放假，机构不上班。拿不准就空着。", first=formatting.day(first)))
    span = {"first": formatting.day(first), "last": formatting.day(last)}
    return str(_("%(first)s到 %(last)s放假，机构不上班。拿不准就空着。", **span))


@bp.app_template_global()
def shown_value(name: str, value: Any) -> str:
    """A raw value of a draft in words, for showing two drafts side by side."""
    if not value:
        return str(_("还没填"))
    group = {"purpose": "need.purpose", "securities": "need.security", "term": "need.term"}.get(name)
    known = LABELS.get(group or "", {})
    if isinstance(value, list):
        return "、".join(str(known.get(item, item)) for item in value)
    return str(known.get(value, value))


@bp.app_template_global()
def unsent_need() -> str | None:
    """Where a complete draft of the person waits to be posted, once there is a business to post it for."""
    person = actor()
    if person is None or not queries.businesses_of(person.id):
        return None
    ready = (draft for draft in queries.drafts_of(person.id) if read_typed(draft.values, today=clock.today())[0])
    draft = next(ready, None)
    return url_for("needs.review", draft_id=draft.id) if draft else None


@bp.app_template_global()
def said_before() -> dict[str, str]:
    """What the person has said before a business was written down, for its form: nothing is asked twice."""
    person = actor()
    drafts = queries.drafts_of(person.id) if person else []
    return business_values_of(_answers(), (draft.values for draft in drafts))


@bp.context_processor
def _of_needs() -> dict[str, Any]:
    return {"choices_of": choices_of, "need_days": current_app.config["SETTINGS"].need_days}


def load_need(need_id: int) -> Need | None:
    return queries.need_by_id(need_id)


def load_draft(draft_id: int) -> NeedDraft | None:
    return queries.draft_by_id(draft_id)


# Saying a need ------------------------------------------------------------------------------------------------------


@bp.get("/needs/new")
@requires("need.post")
def post() -> ResponseReturnValue:
    """The form: the draft asked for, else the one touched last, else what "check first" already knows."""
    draft = _draft_asked_for()
    if draft is not None:
        form = NeedForm.showing(draft.values, draft_key=draft.key, version=draft.version)
        return _page(form, draft)
    form = NeedForm.showing(_carried(), draft_key=uuid.uuid4().hex, version=0)
    return _page(form, None)


@bp.post("/needs/drafts")
@requires("need.post")
def save_draft() -> ResponseReturnValue:
    """Keep what was typed, valid or not. With htmx only the line that says so comes back."""
    form = _form()
    if "resume" in request.form:
        return _page(form, _draft_of(form))
    try:
        draft = _keep(form)
    except Refused as no:
        return _conflict(form, no)
    form.version.data = str(draft.version)
    if asked_from_page():
        return render_template("needs/saved.html", form=form, draft=draft, answers_only=True)
    return _page(form, draft)


@bp.post("/needs/review")
@requires("need.post")
def to_review() -> ResponseReturnValue:
    """Everything typed and right: keep it, and show it once more before it is posted."""
    form = _form()
    if not form.submitted():
        return _page(form, _draft_of(form), 422 if form.errors else 200)
    try:
        draft = _keep(form)
    except Refused as no:
        return _conflict(form, no)
    return back_to("needs.review", draft_id=draft.id)


@bp.get("/needs/drafts/<int:draft_id>/review")
@requires("needdraft.own", load=load_draft)
def review(draft: NeedDraft) -> ResponseReturnValue:
    """Check the answers of a draft before posting."""
    wanted, _wrong = read_typed(draft.values, today=clock.today())
    if wanted is None:
        form = _offered(NeedForm.showing(draft.values, draft_key=draft.key, version=draft.version))
        form.validate()
        return _page(form, draft)
    businesses = queries.businesses_of(actor().id)
    business = next((item for item in businesses if item.id == draft.business_id), None)
    if business is None and len(businesses) == 1:
        business = businesses[0]
    return render_template(
        "needs/review.html",
        draft=draft,
        wanted=wanted,
        business=business,
        businesses=businesses,
        form=BaseForm(),
        carried=business_values_of(_answers(), [draft.values]),
    )


@bp.post("/needs/drafts/<int:draft_id>/post")
@once
@requires("needdraft.own", load=load_draft)
def post_draft(draft: NeedDraft) -> ResponseReturnValue:
    """The posting itself: once, and only what the page showed."""
    if request.form.get("version") != str(draft.version):
        raise Refused("draft_is_newer_elsewhere", saved_at=draft.updated_at)
    wanted, _wrong = read_typed(draft.values, today=clock.today())
    if wanted is None:
        return back_to("needs.review", draft_id=draft.id)
    businesses = queries.businesses_of(actor().id)
    business = next((item for item in businesses if str(item.id) == request.form.get("business_id")), None)
    if business is None:
        raise Refused("need_business_missing", status=422)
    need = services.post_need(
        business, wanted, days=current_app.config["SETTINGS"].need_days, by=actor(), draft=draft
    )
    session.pop("check", None)
    return _to_matches(need)


@bp.route("/needs/drafts/<int:draft_id>/delete", methods=["GET", "POST"])
@requires("needdraft.own", load=load_draft)
def delete_draft(draft: NeedDraft) -> ResponseReturnValue:
    """Throw a draft away: asks first."""
    form = BaseForm()
    if form.submitted():
        services.delete_draft(draft)
        said(_("草稿删掉了。"))
        return back_to("needs.mine")
    return render_template("needs/delete_draft.html", draft=draft, form=form)


# Typed for somebody else --------------------------------------------------------------------------------------------


def load_assisted(assisted_need_id: int) -> AssistedNeed | None:
    return queries.assisted_by_id(assisted_need_id)


@bp.get("/assisted")
@requires("assisted.start")
@listed(listings.ASSISTED)
def assisted() -> ResponseReturnValue:
    """What one has typed for owners, and whether they have confirmed it; nothing of what became of it."""
    state = request.args.get("state", "")
    state = state if state in queries.ASSISTED_STATES else ""
    words = typed_words()
    return render_template(
        "needs/assisted.html",
        page=paginate(queries.typed_for_others(actor().id, state, words)),
        state=state,
        words=words,
        states=queries.ASSISTED_STATES,
        form=BaseForm(),
    )


@bp.get("/assisted/new")
@requires("assisted.start")
def new_assisted() -> ResponseReturnValue:
    """The form of a need, with whose it is."""
    return _assisted_page(AssistedForm.showing({}, version=0))


@bp.post("/assisted/new")
@limited("60 per hour")
@requires("assisted.start")
@once
def send_assisted() -> ResponseReturnValue:
    """Keep it and send the link."""
    form = AssistedForm()
    if not form.submitted():
        return _assisted_page(form, 422 if form.errors else 200)
    try:
        assisting.type_for(
            address=form.plain, name=form.name.data or "", values=form.typed, is_here=bool(form.is_here.data),
            language=formatting.language(), by=actor(),
        )  # fmt: skip
    except Refused as no:
        form.refuse(no)
        return _assisted_page(form, no.status)
    said(_("链接发给客户了。他自己点了“是我要的”，才算数。"))
    return back_to("needs.assisted")


def _assisted_page(form: NeedForm, status: int = 200) -> ResponseReturnValue:
    return render_template("needs/new_assisted.html", form=form, **_around()), status


@bp.post("/assisted/<int:assisted_need_id>/withdraw")
@requires("assisted.withdraw", load=load_assisted)
def withdraw_assisted(row: AssistedNeed) -> ResponseReturnValue:
    """The link is worth nothing any more."""
    assisting.withdraw(row, by=actor())
    said(_("收回了，链接不能用了，写的也删了。"))
    return back_to("needs.assisted")


@bp.route("/assisted/link/<token>", methods=["GET", "POST"])
@limited("30 per hour")
@requires("account.own")
def assisted_link(token: str) -> ResponseReturnValue:
    """What somebody typed for the person: theirs by one button, nobody's without it."""
    row = queries.assisted_by_hash(token_hash(token)) if len(token) <= 64 else None
    wanted = assisting.wanted_of(row) if row is not None and row.is_open else None
    if row is None or wanted is None or row.address not in (actor().phone, actor().email):
        return render_template("needs/assisted_link.html", row=None, form=None), 404
    form = BaseForm()
    if form.submitted():
        draft = assisting.confirm(row, by=actor())
        said(_("好，现在是您的草稿。看一遍，再发。"))
        return back_to("needs.review", draft_id=draft.id)
    return render_template("needs/assisted_link.html", row=row, wanted=wanted, business=None, edit=None, form=form)


# Needs that stand ---------------------------------------------------------------------------------------------------


@bp.get("/needs")
@requires("need.post")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """One's drafts and posted needs."""
    state = request.args.get("state", "")
    state = state if state in {each.value for each in NeedState} else ""
    words = typed_words()
    purposes = codes_saying("need.purpose", words)
    page = paginate(queries.needs_of(actor().id, state=state, words=words, purposes=purposes), per_page=10)
    drafts = [(draft, read_typed(draft.values, today=clock.today())[0]) for draft in queries.drafts_of(actor().id)]
    states = [each.value for each in NeedState]
    return render_template(
        "needs/mine.html", page=page, drafts=[] if state or words else drafts, state=state, states=states, words=words
    )


@bp.get("/needs/<int:need_id>")
@requires("need.see", load=load_need)
def show(need: Need) -> ResponseReturnValue:
    """One need: what was asked for, its versions, where it stands."""
    return render_template(
        "needs/show.html", need=need, form=BaseForm(), assisted=queries.assisted_with(need_id=need.id)
    )


@bp.route("/needs/<int:need_id>/change", methods=["GET", "POST"])
@requires("need.change", load=load_need)
def change(need: Need) -> ResponseReturnValue:
    """Change a live need; what was sent stays as it was sent."""
    if not need.is_live:
        raise Refused(f"need_is_{need.state}")
    form = NeedForm() if request.method == "POST" else NeedForm.showing(
        typed_of(as_planned(need.current.wanted, request.args)), version=need.current_number
    )  # fmt: skip
    status = 200
    if form.submitted() and form.wanted is not None:
        try:
            services.change_need(
                need,
                form.wanted,
                seen_number=row_id(form.version.data),
                days=current_app.config["SETTINGS"].need_days,
                by=actor(),
            )
        except Refused as no:
            form.refuse(no)
            status = no.status
        else:
            said(_("改好了，下面按新的排。"))
            if need.state == NeedState.IN_PROGRESS:
                said(_("已经送出去的，还是送的时候那一版。"))
            return _to_matches(need)
    elif form.errors:
        status = 422
    return render_template("needs/change.html", form=form, need=need, **_around()), status


@bp.route("/needs/<int:need_id>/withdraw", methods=["GET", "POST"])
@requires("need.withdraw", load=load_need)
def withdraw(need: Need) -> ResponseReturnValue:
    """Withdraw a need: asks, then ends its leads."""
    if not need.is_live:
        raise Refused(f"need_is_{need.state}")
    form = BaseForm()
    if form.submitted():
        services.withdraw_need(need, by=actor())
        said(_("需求收回了。没有机构再看得到它。"))
        return back_to("needs.show", need_id=need.id)
    return render_template("needs/withdraw.html", need=need, form=form)


@bp.post("/needs/<int:need_id>/copy")
@once
@requires("need.copy", load=load_need)
def copy(need: Need) -> ResponseReturnValue:
    """Start a new draft from a need; an amount or a term that came with the button takes the place of its own."""
    draft = services.copy_need(
        need,
        key=uuid.uuid4().hex,
        by=actor(),
        amount_yuan=_sum(request.form.get("amount_yuan")),
        term_months=row_id(request.form.get("term_months")) or None,
    )
    return back_to("needs.post", draft=draft.id)


# ---------------------------------------------------------------------------------------------------------------------


def _sum(text: str | None) -> Decimal | None:
    """A hidden field's sum in yuan; nonsense is none, and the draft keeps what the need asked for."""
    return Decimal(text) if text and re.fullmatch(r"\d{1,12}(\.\d{1,2})?", text, re.ASCII) else None


def _form() -> NeedForm:
    return _offered(NeedForm())


def _offered(form: NeedForm) -> NeedForm:
    return form.offer(queries.businesses_of(actor().id))


def _draft_asked_for() -> NeedDraft | None:
    drafts = queries.drafts_of(actor().id)
    wanted = request.args.get("draft", "")
    if wanted:
        return next((draft for draft in drafts if str(draft.id) == wanted), None)
    return None if "fresh" in request.args or not drafts else drafts[0]


def _carried() -> dict[str, Any]:
    """What "check first" and the one business have said already."""
    answers = _answers()
    values = draft_values_of(answers) if answers else {}
    businesses = queries.businesses_of(actor().id)
    if len(businesses) == 1 and businesses[0].collateral_said and values.get("securities", [UNSURE]) == [UNSURE]:
        values["securities"] = securities_known(businesses[0].collateral)
    return values


def _draft_of(form: NeedForm) -> NeedDraft | None:
    return queries.draft_by_key(actor().id, (form.draft_key.data or "")[:64]) if form.draft_key.data else None


def _keep(form: NeedForm) -> NeedDraft:
    """Save the draft. ``keep`` in the form is the version that its owner decided to replace with this one."""
    version = request.form.get("keep") or form.version.data or "0"
    return services.save_draft(
        _draft_of(form),
        key=(form.draft_key.data or uuid.uuid4().hex)[:64],
        values=form.typed,
        version=row_id(version),
        page=(form.page.data or "")[:64],
        business_id=form.chosen_business_id,
        by=actor(),
    )


def _conflict(form: NeedForm, no: Refused) -> ResponseReturnValue:
    """An older copy: both are there, its owner chooses which one to go on with."""
    draft = _draft_of(form)
    page = "needs/saved.html" if asked_from_page() else "needs/draft_conflict.html"
    told = sentence(no)
    return render_template(page, form=form, draft=draft, conflict=told, answers_only=True, **_around()), 409


def _page(form: NeedForm, draft: NeedDraft | None, status: int = 200) -> ResponseReturnValue:
    _offered(form)
    return render_template("needs/post.html", form=form, draft=draft, carried=_answers(), **_around()), status


def _answers() -> Answers | None:
    return Answers.from_cookie(session.get("check"))


def _around() -> dict[str, Any]:
    """Days off in the coming weeks, so that nobody counts on them."""
    today = clock.today()
    return {"days_off": [day for day in days_off_between(today, today + timedelta(days=45)) if not is_working_day(day)]}


def _to_matches(need: Need) -> ResponseReturnValue:
    """To its list of matches, where one is made; else to the need itself."""
    if "matching.show_list" in current_app.view_functions:
        return back_to("matching.show_list", need_id=need.id)
    return back_to("needs.show", need_id=need.id)
