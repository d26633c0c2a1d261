"""Pages of matching: the list of a need, why not the others, comparison, one product for this need; and, for a desk,
how many needs a product would reach."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker import clock, formatting
from matchmaker.listing import listed
from matchmaker.matching import asking, cards, listings, plan, queries, services, side_by_side, telling
from matchmaker.matching.forms import MakeListForm
from matchmaker.matching.rules import COMPARED_AT_MOST
from matchmaker.needs.models import Need
from matchmaker.papers.queries import folder_of
from matchmaker.papers.rules import checklist
from matchmaker.permissions import may
from matchmaker.products import queries as product_queries
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.states import EDITABLE_VERSION, Kind
from matchmaker.products.rules.typed import FIELDS, kept_of, read_terms
from matchmaker.ranking.models import Shown, ShownList
from matchmaker.refusal import Reason
from matchmaker.web import actor, asked_from_page, back_to, computes, once, paginate_items, requires, typed_words, whole

bp = Blueprint("matching", __name__)

FIRST_SHOWN = 4
GUARANTEES_FIRST_SHOWN = 2
NOT_SHOWN_HERE = 6
"""Turned-down products on the list itself; the rest on a page of their own."""


def load_need(need_id: int) -> Need | None:
    """The need of the address, with its business and who acts for it."""
    return queries.need_for_matching(need_id)


@bp.post("/needs/<int:need_id>/matches")
@requires("match.make", load=load_need)
@once
def make_list(need: Need) -> ResponseReturnValue:
    """Judge, price and order anew; the answer is a stored list."""
    services.make_list(need, by=actor())
    return back_to("matching.show_list", need_id=need.id)


@bp.get("/needs/<int:need_id>/matches")
@requires("match.see", load=load_need)
def show_list(need: Need) -> ResponseReturnValue:
    """The newest stored list."""
    stored = queries.latest_list(need.id)
    stale = services.why_stale(need, stored, clock.now()) if need.is_live else None
    if stored is None:
        return render_template("matching/none_yet.html", need=need, form=MakeListForm(), stale=stale)
    sort = request.args.get("sort", "")
    sort = sort if sort in cards.SORTS else "overall"
    rows = queries.shown_rows(stored.id)
    in_order = cards.sorted_rows(rows, sort)
    loans = [row for row in in_order if row.product.kind == "credit"]
    shown = in_order if "all" in request.args else loans[:FIRST_SHOWN] + in_order[len(loans) :][:GUARANTEES_FIRST_SHOWN]
    services.note_in_view(stored, shown, by=actor())
    turned = [telling.turned(row) for row in queries.turned_down_rows(stored.id)]
    drawn = cards.cards(rows, stored.facts)
    by_product = {card.product_id: card for card in drawn}
    return render_template(
        "matching/list.html",
        need=need,
        stored=stored,
        form=MakeListForm(),
        stale=stale,
        sort=sort,
        sorts=cards.SORTS,
        cards=[by_product[row.product_id] for row in shown],
        count=len(rows),
        loan_count=len(loans),
        promises=_promises(shown),
        standings=services.standings(stored, clock.today()) if need.is_live else {},
        full_said=cards.full_said,
        scale=max((card.interest_yuan + card.fees_yuan for card in drawn), default=0),
        turned=turned[:NOT_SHOWN_HERE],
        turned_count=len(turned),
        near=_near(stored, turned),
        helps=telling.helps(stored.counts["helps"]),
    )


def _promises(rows: list[Shown]) -> dict[int, list[str]]:
    """Institution → how it kept what it promises, in sentences: read as counted last night, no part of the list."""
    found = product_queries.promises_of({row.product.institution_id for row in rows})
    return {key: cards.promises_said(records) for key, records in found.items()}


def _near(stored: ShownList, turned: list[telling.Turned]) -> list[dict[str, Any]]:
    """Products that miss by one rule only, by rule, with an example in words."""
    by_id = {one.product_id: one for one in turned}
    found = []
    for miss in stored.counts["near"]:
        products = [by_id[key] for key in miss["product_ids"] if key in by_id]
        if products:
            found.append({"rule": miss["rule"], "products": products, "example": products[0].failed[0]})
    return found


@bp.get("/needs/<int:need_id>/matches/others")
@requires("match.see", load=load_need)
@listed(listings.OTHERS)
def show_others(need: Need) -> ResponseReturnValue:
    """Every product that does not fit, with the rules it fails; searched by name, filtered by rule."""
    stored = queries.latest_list(need.id)
    if stored is None:
        return back_to("matching.show_list", need_id=need.id)
    words, rule = request.args.get("q", "").strip()[:40], request.args.get("rule", "")
    turned = [telling.turned(row) for row in queries.turned_down_rows(stored.id)]
    rules = [name for name in services.order_of_rules() if any(name == f.rule for one in turned for f in one.failed)]
    found = [
        one
        for one in turned
        if (not words or words.lower() in f"{one.name} {one.institution}".lower())
        and (rule not in rules or any(failed.rule == rule for failed in one.failed))
    ]
    return render_template(
        "matching/others.html",
        need=need,
        stored=stored,
        page=paginate_items(found, 20),
        total=len(turned),
        rules=rules,
        words=words,
        rule=rule if rule in rules else "",
    )


@bp.get("/needs/<int:need_id>/matches/way-on")
@requires("match.see", load=load_need)
def way_on(need: Need) -> ResponseReturnValue:
    """What would open most, when time does it, and what can be repaired, by whom."""
    stored = queries.latest_list(need.id)
    if stored is None:
        return back_to("matching.show_list", need_id=need.id)
    found = plan.way_on(stored)
    return render_template(
        "matching/way_on.html",
        need=need,
        stored=stored,
        stale=services.why_stale(need, stored, clock.now()) if need.is_live else None,
        way=found,
        plans=[(one, [("go", telling.step_said(step)) for step in one.steps], telling.address_of(one.steps))
               for one in found.plans],
        repairs=[telling.repair_line(repair, stored.facts) for repair in found.repairs],
        named=telling.named,
    )  # fmt: skip


@bp.get("/needs/<int:need_id>/matches/compare")
@requires("match.see", load=load_need)
def compare(need: Need) -> ResponseReturnValue:
    """Up to four products of the list side by side."""
    stored = queries.latest_list(need.id)
    if stored is None:
        return back_to("matching.show_list", need_id=need.id)
    wanted = list(dict.fromkeys(key for text in request.args.getlist("product") if (key := whole(text))))
    loans = [row for row in queries.shown_rows(stored.id) if row.product.kind == "credit"]
    by_product = {row.product_id: row for row in loans}
    known = [by_product[key] for key in wanted if key in by_product]
    rows = known[:COMPARED_AT_MOST]
    told = None
    if len(rows) < 2:
        told = Reason("compare_choose_two", {})
    elif len(known) > COMPARED_AT_MOST:
        told = Reason("compare_at_most", {"most": COMPARED_AT_MOST})
    lines = side_by_side.comparison(rows, stored.facts) if len(rows) > 1 else []
    if lines:
        services.note_in_view(stored, rows, by=actor())
    return render_template("matching/compare.html", need=need, stored=stored, rows=rows, lines=lines, told=told)


@bp.get("/needs/<int:need_id>/matches/products/<int:product_id>")
@requires("match.see", load=load_need)
def show_product(need: Need, product_id: int) -> ResponseReturnValue:
    """One product for this need: what it costs to the last fen, what it asks, which papers and why."""
    stored = queries.latest_list(need.id)
    row = queries.shown_product(stored.id, product_id) if stored else None
    down = queries.turned_down_product(stored.id, product_id) if stored and row is None else None
    if stored is None or (row is None and down is None):
        return render_template("matching/not_here.html", need=need), 404
    if row is None:
        assert down is not None
        return render_template(
            "matching/turned.html", need=need, stored=stored, one=telling.turned(down), version=down.product_version
        )
    services.note_in_view(stored, [row], by=actor())
    return render_template(
        "matching/product.html",
        need=need,
        stored=stored,
        card=cards.card(row, stored.facts),
        promises=_promises([row]),
        standings=services.standings(stored, clock.today()) if need.is_live else {},
        full_said=cards.full_said,
        fee_name=telling.fee_name,
        fee_sum=lambda value: telling.fee_sum(value, formatting.yuan2),
        version=row.product_version,
        items=checklist(
            row.product_version.documents,
            folder_of(need.business, actor()) if may(actor(), "folder.see", need.business) else [],
            clock.today(),
        ),
        sheet=services.sheet_of(stored, row),
        verdicts=[telling.judged(verdict) for verdict in services.verdicts_of(stored, row)],
    )


# What a product would reach -----------------------------------------------------------------------------------------

REACH_STEPS = ("basics", "money", "criteria")
"""The steps of a draft that say who fits."""


def load_product(product_id: int) -> Product | None:
    """The product of the address."""
    return product_queries.product(product_id)


def load_editable_version(product_id: int) -> ProductVersion | None:
    """The version that may be written on now."""
    version = product_queries.open_version(product_id)
    return version if version is not None and version.state in EDITABLE_VERSION else None


@bp.get("/desk/products/<int:product_id>/reach")
@requires("product.see", load=load_product)
@listed(listings.REACH)
def show_reach(product: Product) -> ResponseReturnValue:
    """Which businesses that ask for money now a product fits, without anybody's name: counts and sealed rows."""
    version = product.current_version or product.versions[-1]
    reach, rows = asking.reach_and_rows(queries.terms_said(version, product, queries.places_now()), clock.today())
    size = request.args.get("size", "")
    size = size if size in {cell.key for cell in reach.by_size} else ""
    words = typed_words()
    shown = rows if product.current_version else rows.none()
    return render_template(
        "matching/reach.html",
        product=product,
        version=version,
        reach=reach,
        page=paginate_items(shown.of_size(size).holding(words), per_page=20),
        size=size,
        words=words,
    )


@bp.post("/desk/products/<int:product_id>/draft/<step>/reach")
@computes
@requires("product.edit", load=load_editable_version)
def preview_reach(version: ProductVersion, step: str) -> ResponseReturnValue:
    """How many businesses would fit with what stands in the form now; nothing is kept, no lock is taken."""
    if step not in REACH_STEPS:
        abort(404)
    posted = {field: values for field in FIELDS[step] if (values := request.form.getlist(field))}
    unit = request.form.get("amount_unit") or formatting.unit_of_page()
    others = {field: values for field, values in version.typed.items() if field not in FIELDS[step]}
    typed = others | kept_of(posted, unit)
    terms, unread = read_terms(typed, Kind(version.product.kind))
    said = queries.terms_said(terms, version.product, queries.places_now())
    reach = asking.reach_of(said, clock.today())
    wrong = [problem for problem in unread if problem.field in FIELDS[step]]
    if asked_from_page():
        return render_template("matching/_reach.html", product=version.product, reach=reach, wrong=wrong)
    return render_template(
        "matching/reach_preview.html",
        product=version.product,
        reach=reach,
        wrong=wrong,
        step=step,
        carried=[("amount_unit", unit), *((field, value) for field, values in posted.items() for value in values)],
        row_version=request.form.get("row_version", ""),
    )
