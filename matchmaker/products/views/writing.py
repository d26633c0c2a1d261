"""Writing a version, step by step, until it is sent to a second person."""

from __future__ import annotations

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from matchmaker import clock
from matchmaker.products import desk_pages, queries
from matchmaker.products.forms import STEP_FORMS, StepDeedForm, StepForm
from matchmaker.products.models import ProductVersion
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.fees import FEE_CODES
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import Problem
from matchmaker.products.rules.typed import FIELDS, STEPS, read_terms
from matchmaker.products.views import bp
from matchmaker.products.views.browsing import rates_of
from matchmaker.products.views.loading import load_editable_version, load_open_version
from matchmaker.products.views.shelf import SHELF, to_read
from matchmaker.web import asked_from_page, computes, once, requires


@bp.get("/desk/products/<int:product_id>/draft/<step>")
@requires("product.edit", load=load_editable_version)
def edit(version: ProductVersion, step: str) -> ResponseReturnValue:
    """One step of the form, filled as it was typed, wrong or right."""
    desk_pages.only(step, STEPS)
    problems = queries.problems_in(version, clock.today())
    shown = queries.problems_by_step(problems)[step] if step in version.steps_saved else []
    form = STEP_FORMS[step](version.typed, version.row_version).mark(shown)
    return _edit_page(version, step, form, problems)


@bp.post("/desk/products/<int:product_id>/draft/<step>")
@requires("product.edit", load=load_editable_version)
@once
def save(version: ProductVersion, step: str) -> ResponseReturnValue:
    """Keeps the step as typed; goes on when it is right and one wants to, else shows what is wrong."""
    desk_pages.only(step, STEPS)
    typed = _posted(step)
    return desk_pages.save(SHELF, version, step, typed, lambda: _lost_race(version, step, typed))


def _posted(step: str) -> dict[str, list[str]]:
    typed = desk_pages.posted(FIELDS[step])
    if step == "fees" and request.form.get("go") == "rest_none":
        typed |= {f"fee-{code}-answer": ["none"] for code in FEE_CODES if not typed.get(f"fee-{code}-answer")}
    return typed


def _lost_race(version: ProductVersion, step: str, typed: dict[str, list[str]]) -> ResponseReturnValue:
    """A colleague saved first: both texts are shown, mine in the form; saving again is then a choice."""
    form = STEP_FORMS[step](typed, version.row_version)
    theirs = desk_pages.mine_and_theirs(version, FIELDS[step], typed)
    return _edit_page(version, step, form, [], theirs=theirs), 409


@bp.post("/desk/products/<int:product_id>/draft/<step>/cost")
@computes
@requires("product.edit", load=load_editable_version)
def preview_cost(version: ProductVersion, step: str) -> ResponseReturnValue:
    """What an example would cost with what stands in the form now; nothing is kept."""
    desk_pages.only(step, STEPS)
    typed = {field: values for field, values in version.typed.items() if field not in FIELDS[step]} | _posted(step)
    terms, unread = read_terms(typed, Kind(version.product.kind))
    sample = desk_pages.posted(("sample_wan", "sample_months"))
    asked_for, _unreadable = read_terms(
        {"amount_max_wan": sample.get("sample_wan", []), "term_max_months": sample.get("sample_months", [])},
        Kind.CREDIT,
    )
    example = queries.example_cost(
        terms, clock.today(), amount_yuan=asked_for.amount_max_yuan, term_months=_sane(asked_for.term_max_months)
    )
    asked = {"wan": request.form.get("sample_wan", ""), "months": request.form.get("sample_months", "")}
    if asked_from_page():
        return render_template("products/_example.html", example=example, asked=asked, version=version, step=step)
    form = STEP_FORMS[step](typed, version.row_version).mark(
        problem for problem in unread if problem.field in FIELDS[step]
    )
    form.row_version.data = request.form.get("row_version", form.row_version.data)
    return _edit_page(version, step, form, queries.problems_in(version, clock.today()), example=example, asked=asked)


def _sane(months: int | None) -> int | None:
    return months if months is not None and 1 <= months <= 360 else None


def _edit_page(
    version: ProductVersion,
    step: str,
    form: StepForm,
    problems: list[Problem],
    *,
    example: Any = None,
    asked: dict[str, str] | None = None,
    theirs: dict[str, Any] | None = None,
) -> str:
    today = clock.today()
    current = version.product.current_version
    return render_template(
        f"products/edit_{step}.html",
        version=version,
        product=version.product,
        step=step,
        steps=STEPS,
        form=form,
        by_step=queries.problems_by_step(problems),
        theirs=theirs,
        lpr=queries.lpr_on(today),
        rates=rates_of(version),
        example=example or queries.example_cost(version.terms, today),
        asked=asked or {"wan": "", "months": ""},
        changes=differences(current.terms, version.terms) if current is not None else None,
        read_back=version.terms,
    )


@bp.get("/desk/products/<int:product_id>/draft/check")
@requires("product.edit", load=load_editable_version)
def check(version: ProductVersion) -> ResponseReturnValue:
    """The whole draft to be read once more: what is missing with links, what changed, what a reviewer will ask."""
    return render_template(
        "products/check.html", form=StepDeedForm(row_version=version.row_version), **to_read(version)
    )


@bp.post("/desk/products/<int:product_id>/draft/check")
@requires("product.submit", load=load_editable_version)
@once
def submit(version: ProductVersion) -> ResponseReturnValue:
    """Hands the draft to a second person."""
    return desk_pages.submit(SHELF, version)


@bp.post("/desk/products/<int:product_id>/draft/take-back")
@requires("product.submit", load=load_open_version)
@once
def take_back(version: ProductVersion) -> ResponseReturnValue:
    """Takes one's own submission back to go on writing."""
    return desk_pages.take_back(SHELF, version)


@bp.get("/desk/products/<int:product_id>/draft/drop")
@requires("product.edit", load=load_editable_version)
def ask_drop(version: ProductVersion) -> ResponseReturnValue:
    """Asks before a draft is thrown away."""
    return SHELF.show("ask_drop", version, version=version, form=StepDeedForm())


@bp.post("/desk/products/<int:product_id>/draft/drop")
@requires("product.edit", load=load_editable_version)
@once
def drop(version: ProductVersion) -> ResponseReturnValue:
    """Throws a draft away."""
    return desk_pages.drop(SHELF, version)
