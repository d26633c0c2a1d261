"""The calculators as pages: a form, its answer under it; posting only computes and takes no lock."""

from __future__ import annotations

from decimal import Decimal

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker.pricing.costsheet import cost_sheet
from matchmaker.pricing.revolving import simulate
from matchmaker.reference.picking import choose_industry
from matchmaker.refusal import Reason
from matchmaker.tools import rules
from matchmaker.tools.forms import CostForm, RevolvingForm, SizeForm
from matchmaker.web import computes, limited, public, sentence

bp = Blueprint("tools", __name__, url_prefix="/tools")


def _rate() -> str:
    return str(current_app.config["SETTINGS"].tools_limit)


@bp.get("")
@public
def index() -> ResponseReturnValue:
    """What can be computed here."""
    return render_template("tools/index.html")


@bp.get("/all-in-cost")
@public
def all_in_cost() -> ResponseReturnValue:
    """The empty calculator of the all-in cost."""
    return render_template("tools/all_in_cost.html", form=CostForm(), sheet=None)


@bp.post("/all-in-cost")
@limited(_rate)
@public
@computes
def compute_cost() -> ResponseReturnValue:
    """What a loan costs with everything counted, as a cost sheet."""
    form = CostForm()
    question = form.question() if form.submitted() else None
    if question is None:
        return render_template("tools/all_in_cost.html", form=form, sheet=None), 422
    quote = rules.price(question)
    if quote.no_rate is not None:
        form.form_errors.append(sentence(Reason("no_unique_rate")))
        return render_template("tools/all_in_cost.html", form=form, sheet=None), 422
    return render_template("tools/all_in_cost.html", form=form, sheet=cost_sheet(quote))


@bp.get("/size-class")
@public
def size_class() -> ResponseReturnValue:
    """The empty calculator of the size class."""
    return render_template("tools/size_class.html", form=SizeForm(), choice=choose_industry("", None), found=None)


@bp.post("/size-class")
@limited(_rate)
@public
@computes
def compute_size() -> ResponseReturnValue:
    """The size class with its working; words for an industry lead to the class that fits them best."""
    form = SizeForm()
    choice = choose_industry(form.industry_query.data, request.form.get("gbt_code"))
    if "find" in request.form or not form.submitted():
        return render_template("tools/size_class.html", form=form, choice=choice, found=None)
    best = choice.options[0].code if choice.options else None
    if best is None and choice.missed:
        form.gbt_code.errors = [sentence(Reason("tool_industry_not_found"))]
    question = form.question(best)
    if question is None:
        return render_template("tools/size_class.html", form=form, choice=choice, found=None), 422
    choice = choose_industry(form.industry_query.data, best)
    return render_template("tools/size_class.html", form=form, choice=choice, found=rules.classify(question))


@bp.get("/revolving")
@public
def revolving() -> ResponseReturnValue:
    """The empty simulator of drawing and repaying at any time."""
    return render_template("tools/revolving.html", form=RevolvingForm(), found=None, whole=None)


@bp.post("/revolving")
@limited(_rate)
@public
@computes
def compute_revolving() -> ResponseReturnValue:
    """What using a line by the day costs, beside having had all of it all the time."""
    form = RevolvingForm()
    form.submitted()
    moves = form.moves()
    rate = form.figure("rate_percent", rules.MOST_PERCENT, needed=True)
    limit = form.sum("limit")
    fee = form.sum("fee", "yuan")
    day = form.settlement_day.data
    if not form.errors:
        found = simulate(moves, rate, limit_yuan=limit or None, fee_yuan=fee, settlement_day=int(day) if day else None)
        if not isinstance(found, Reason):
            whole = rules.drawn_throughout(found, rate)
            return render_template("tools/revolving.html", form=form, found=found, whole=whole)
        form.form_errors.append(sentence(found))
    return render_template("tools/revolving.html", form=form, found=None, whole=Decimal(0)), 422
