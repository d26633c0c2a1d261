"""Looking up industries and regions: full pages, of which htmx takes the list of choices only."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker import clock
from matchmaker.listing import listed
from matchmaker.reference import industries, listings, queries, rules, services
from matchmaker.reference.forms import DaysForm, LprForm
from matchmaker.reference.industry_search import everyday_words
from matchmaker.reference.picking import choose_industry, choose_region
from matchmaker.refusal import Refused
from matchmaker.web import actor, asked_from_page, back_to, computes, once, paginate_items, public, requires, said

bp = Blueprint("reference", __name__, url_prefix="/reference")


@bp.before_app_request
def keep_up() -> None:
    """Every process that answers follows the days off that another one took in."""
    if request.endpoint not in (None, "static"):
        services.keep_up_with_days()


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
    return render_template("reference/regions.html", choice=choice)


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
