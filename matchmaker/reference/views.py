"""Looking up industries and regions: full pages, of which htmx takes the list of choices only."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock, formatting
from matchmaker.listing import listed
from matchmaker.permissions import may
from matchmaker.reference import industries, listings, queries, regions, rules, services
from matchmaker.reference.forms import AnswerForm, DaysForm, LprForm, RegionChangeForm
from matchmaker.reference.industry_search import everyday_words
from matchmaker.reference.models import RegionChange
from matchmaker.reference.picking import choose_industry, choose_region
from matchmaker.reference.region_changes import KINDS
from matchmaker.refusal import Refused
from matchmaker.web import (
    actor,
    asked_from_page,
    back_to,
    computes,
    once,
    paginate,
    paginate_items,
    public,
    requires,
    said,
)

bp = Blueprint("reference", __name__, url_prefix="/reference")


@bp.before_app_request
def keep_up() -> None:
    """Every process that answers follows the days off and the changes of divisions that another one took in."""
    if request.endpoint not in (None, "static"):
        services.keep_up_with_entries()


FIELD_NAME = re.compile(r"[a-z][a-z_]{0,39}")


def _field_name(default: str) -> str:
    """The name of the form field that a fragment's choices fill; only plain names are taken."""
    wanted = request.args.get("name", default)
    return wanted if FIELD_NAME.fullmatch(wanted) else default


@bp.get("/industries", endpoint="industries")
@public
def look_up_industry() -> ResponseReturnValue:
    """Search by everyday word, name, pinyin or code, or go down the classification."""
    name = _field_name("industry_code")
    typed = request.args.get("q") or request.args.get("industry_query")
    choice = choose_industry(typed, request.args.get(name))
    under = industries.get(request.args.get("under"))
    if asked_from_page():
        return render_template("reference/_industry_choices.html", choice=choice, name=name)
    return render_template("reference/industries.html", choice=choice, under=under, sections=industries.children())


@bp.get("/industries/<code>")
@public
def industry(code: str) -> ResponseReturnValue:
    """One class: where it stands, how its size is measured, which priority sectors it belongs to."""
    found = industries.get(code)
    if found is None:
        raise NotFound
    groups = {below.size_group for below in industries.classes_below(found.code)}
    group = rules.size_groups().get(found.size_group) if len(groups) == 1 else None
    return render_template(
        "reference/industry.html",
        industry=found,
        group=group,
        mixed=len(groups) > 1,
        sectors=rules.priority_sectors(found.code),
        words=everyday_words(found.code),
    )


@bp.get("/regions", endpoint="regions")
@public
def look_up_region() -> ResponseReturnValue:
    """Search by name or pinyin, or go down from the province."""
    name = _field_name("region_code")
    typed = request.args.get("q") or request.args.get("region_query")
    choice = choose_region(typed, request.args.get(name), request.args.get("province"), request.args.get("city"))
    if asked_from_page():
        return render_template("reference/_region_choices.html", choice=choice, name=name)
    return render_template("reference/regions.html", choice=choice, table_on=queries.regions_as_of())


@bp.get("/lpr")
@public
@listed(listings.LPR)
def lpr() -> ResponseReturnValue:
    """Every LPR known, the newest first, with its date."""
    rows = list(reversed(queries.lpr_history()))
    years = sorted({row.published_on.year for row in rows}, reverse=True)
    asked = request.args.get("year", "")
    year = next((one for one in years if str(one) == asked), None)
    return render_template(
        "reference/lpr.html",
        newest=rows[0] if rows else None,
        packaged_days=queries.packaged_lpr_days(),
        page=paginate_items([row for row in rows if year in (None, row.published_on.year)], per_page=24),
        year=year,
        years=years,
    )


@bp.get("/lpr/enter")
@requires("reference.enter")
def enter_lpr() -> ResponseReturnValue:
    """A new publication of the LPR, to be typed."""
    return _lpr_page(LprForm(formdata=None))


@bp.post("/lpr/enter")
@requires("reference.enter")
@once
def add_lpr() -> ResponseReturnValue:
    """Take it in."""
    form = LprForm()
    typed = form.read() if form.submitted() else None
    if typed is None:
        return _lpr_page(form, 422 if form.errors else 200)
    try:
        services.enter_lpr(*typed, by=actor())
    except Refused as no:
        form.refuse(no)
        return _lpr_page(form, no.status)
    said(_("记下了。挂钩 LPR 的产品从公布那天起按新的算。"))
    return back_to("reference.lpr")


def _lpr_page(form: LprForm, status: int = 200) -> ResponseReturnValue:
    return render_template("reference/enter_lpr.html", form=form, newest=queries.newest_lpr()), status


@bp.get("/days-off")
@public
def days_off() -> ResponseReturnValue:
    """The days off of a year and the weekend days that are worked: by these the clocks run."""
    this_year = clock.today().year
    years = sorted({this_year, this_year + 1, *rules.entered_years(), *range(this_year - 2, this_year)}, reverse=True)
    typed = request.args.get("year", "")
    year = int(typed) if typed.isascii() and typed.isdigit() and int(typed[:4]) in years else this_year
    return render_template(
        "reference/days_off.html",
        year=year,
        years=years,
        days=rules.named_days(year),
        hours=rules.office_hours(),
        entered=year in rules.entered_years(),
        source=queries.source_of_days(year),
        this_year=this_year,
    )


@bp.get("/days-off/enter")
@requires("reference.enter")
def enter_days() -> ResponseReturnValue:
    """The days off of a year, to be typed; what is known of it stands there already."""
    typed = request.args.get("year", "")
    year = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else clock.today().year + 1
    known = rules.write_days(rules.named_days(year)) if 2000 <= year <= 2100 else ""
    form = DaysForm(formdata=None, data={"year": str(year), "days": known, "source": queries.source_of_days(year)})
    return _days_page(form)


@bp.post("/days-off/look")
@computes
@requires("reference.enter")
def look_at_days() -> ResponseReturnValue:
    """What was read of it, day by day, before it counts; nothing is written."""
    form = DaysForm()
    typed = form.read() if form.submitted() else None
    return _days_page(form, 422 if form.errors else 200, typed[1] if typed else None)


@bp.post("/days-off/enter")
@requires("reference.enter")
@once
def save_days() -> ResponseReturnValue:
    """Take it in."""
    form = DaysForm()
    typed = form.read() if form.submitted() else None
    if typed is None:
        return _days_page(form, 422 if form.errors else 200)
    try:
        named = services.enter_days(*typed, by=actor())
    except Refused as no:
        form.refuse(no)
        return _days_page(form, no.status)
    said(_("记下了 %(n)s 天。正在走的钟已按新的日子重新算过。", n=named))
    return back_to("reference.days_off", year=typed[0])


def _days_page(form: DaysForm, status: int = 200, read: list[rules.NamedDay] | None = None) -> ResponseReturnValue:
    return render_template("reference/enter_days.html", form=form, read=read), status


STANDINGS = ("waiting", "agreed", "refused")


@bp.get("/regions/changes")
@public
@listed(listings.REGION_CHANGES)
def region_changes() -> ResponseReturnValue:
    """Every change of a division with its source, the newest first; those not agreed on for whoever enters them."""
    words, kind = request.args.get("q", "").strip()[:40], request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    all_ = may(actor(), "reference.enter")
    asked = request.args.get("state", "")
    state = (asked if asked in STANDINGS else "") if all_ else "agreed"
    codes = [code for place in regions.search(words) for code in (place.code, *regions.former_codes(place.code))]
    return render_template(
        "reference/region_changes.html",
        full_name=regions.full_name,
        page=paginate(queries.region_changes(kind, state, words, codes)),
        table_on=queries.regions_as_of(),
        words=words,
        kind=kind,
        kinds=KINDS,
        state=state if all_ else "",
        states=STANDINGS if all_ else (),
    )


def load_region_change(change_id: int) -> RegionChange:
    """One change. Raises NotFound."""
    found = queries.region_change_by_id(change_id)
    if found is None:
        raise NotFound
    return found


@bp.get("/regions/changes/enter")
@requires("reference.enter")
def enter_region_change() -> ResponseReturnValue:
    """A change of a division, to be typed from its announcement; a code in the address stands there already."""
    known = {name: request.args.get(name, "")[:12] for name in ("kind", "old_code")}
    form = RegionChangeForm(formdata=None, data=known)
    return _region_page(form.offering())


@bp.post("/regions/changes/enter")
@requires("reference.enter")
@once
def add_region_change() -> ResponseReturnValue:
    """Take it in; it counts once somebody else has looked at it."""
    form = RegionChangeForm().offering()
    typed = form.read() if form.submitted() else None
    if typed is None:
        return _region_page(form, 422 if form.errors else 200)
    try:
        row = services.enter_region_change(*typed, by=actor())
    except Refused as no:
        form.refuse(no)
        return _region_page(form, no.status)
    said(_("记下了。第二个人核过以后，从那一天起按新的算。"))
    return back_to("reference.region_change", change_id=row.id)


def _region_page(form: RegionChangeForm, status: int = 200) -> ResponseReturnValue:
    return render_template("reference/enter_region_change.html", form=form), status


@bp.get("/regions/changes/<int:change_id>")
@requires("reference.enter", load=load_region_change)
def region_change(change: RegionChange) -> ResponseReturnValue:
    """One change, with the question to a second operator while it waits."""
    return _change_page(change, AnswerForm(formdata=None))


@bp.post("/regions/changes/<int:change_id>/answer")
@requires("reference.enter", load=load_region_change)
def answer_region_change(change: RegionChange) -> ResponseReturnValue:
    """The second operator agrees, or gives it back with a word why."""
    form = AnswerForm()
    if not form.submitted():
        return _change_page(change, form, 422 if form.errors else 200)
    try:
        if form.answer.data not in ("yes", "no"):
            raise Refused("region_answer_missing", field="answer", status=422)
        remark = " ".join((form.remark.data or "").split())[:200]
        services.answer_region_change(change, agrees=form.answer.data == "yes", remark=remark, by=actor())
    except Refused as no:
        form.refuse(no)
        return _change_page(change, form, no.status)
    on = formatting.day_full(change.in_force_on)
    said(_("核过了，从 %(on)s 起按新的算。", on=on) if change.agreed else _("退回了。"))
    return back_to("reference.region_change", change_id=change.id)


def _change_page(change: RegionChange, form: AnswerForm, status: int = 200) -> ResponseReturnValue:
    own = change.entered_by_id == actor().id
    names = {"change": change, "form": form, "own": own, "full_name": regions.full_name}
    return render_template("reference/region_change.html", **names), status
