"""Looking up industries and regions: full pages, of which htmx takes the list of choices only."""

from __future__ import annotations

import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from matchmaker.reference import industries, queries, rules
from matchmaker.reference.industry_search import everyday_words
from matchmaker.reference.picking import choose_industry, choose_region
from matchmaker.web import public

bp = Blueprint("reference", __name__, url_prefix="/reference")
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
    if request.headers.get("HX-Request"):
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
    if request.headers.get("HX-Request"):
        return render_template("reference/_region_choices.html", choice=choice, name=name)
    return render_template("reference/regions.html", choice=choice)


@bp.get("/lpr")
@public
def lpr() -> ResponseReturnValue:
    """Every LPR known, the newest first, with its date."""
    return render_template("reference/lpr.html", rows=list(reversed(queries.lpr_history())))
