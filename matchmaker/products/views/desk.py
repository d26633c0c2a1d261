"""A desk's list, a new product, where one stands, what it can take, how its versions differ."""

from __future__ import annotations

from datetime import datetime

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.listing import listed
from matchmaker.products import desk_pages, listings, queries, services
from matchmaker.products.forms import CapacityForm, StartForm, StepDeedForm, StepForm
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.capacity import NOTHING_SAID, week_of
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.freshness import UNDO_FOR, is_due, is_fresh, may_undo
from matchmaker.products.rules.states import Kind, ProductState, kinds_offered
from matchmaker.products.rules.terms import text_problems
from matchmaker.products.rules.typed import read_capacity
from matchmaker.products.views import bp
from matchmaker.products.views.browsing import shown_page
from matchmaker.products.views.loading import listing_desk, load_product
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, once, paginate, requires, said, seen_version, sentence, whole


@bp.get("/desk/products")
@requires("product.list")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """The products of the institutions one works for: filtered, searched, by pages."""
    show_, q, kind = request.args.get("show", "all"), request.args.get("q", ""), request.args.get("kind", "")
    show_ = show_ if show_ in queries.DESK_FILTERS else "all"
    ids, today = actor().institution_ids, clock.today()
    page = paginate(queries.products_of(ids, show=show_, q=q, kind=kind, today=today), per_page=20)
    return render_template(
        "products/mine.html",
        page=page,
        show=show_,
        q=q,
        kind=kind,
        kinds=list(Kind),
        args={"show": show_ if show_ != "all" else None, "q": q or None, "kind": kind or None},
        counts=queries.product_counts(ids, today=today),
        filters=queries.DESK_FILTERS,
        may_start=listing_desk() is not None,
        form=StepDeedForm(),
        due={product.id for product in page.items if _is_due(product)},
    )


def _is_due(product: Product) -> bool:
    return product.state == ProductState.PUBLISHED and is_due(
        product.confirmed_until_on, product.doubted_at, clock.today()
    )


@bp.get("/desk/products/new")
@requires("product.start")
def start_page() -> ResponseReturnValue:
    """Asks for the kind and the name of a new product."""
    institution = listing_desk() or abort(404)
    return render_template("products/start.html", form=_start_form(institution), institution=institution)


@bp.post("/desk/products/new")
@requires("product.start")
@once
def start() -> ResponseReturnValue:
    """Begins a product and goes to its first step."""
    institution = listing_desk() or abort(404)
    form = _start_form(institution)
    problems = text_problems("name", form.name.data or "", shortest=2, longest=20)
    if form.submitted() and not problems:
        branch = form.branch_id.data or ""
        try:
            product = services.start_product(
                institution_id=institution.id,
                kind=form.kind.data or "",
                name=form.name.data or "",
                branch_id=whole(branch),
                by=actor(),
            )
            return back_to("products.edit", product_id=product.id, step="basics")
        except Refused as no:
            form.refuse(no)
    form.name.errors = [sentence(problem.reason) for problem in problems[:1]]
    return render_template("products/start.html", form=form, institution=institution), 422


def _start_form(institution: Institution) -> StartForm:
    branches = [(branch.id, branch.name) for branch in institution.branches if branch.closed_at is None]
    return StartForm().offer(kinds_offered(institution.kind), branches)


@bp.get("/desk/products/<int:product_id>")
@requires("product.see", load=load_product)
def look_after(product: Product) -> ResponseReturnValue:
    """Where a product stands, its versions, and what can be done with it."""
    return render_template(
        "products/look_after.html",
        product=product,
        open_version=product.open_version,
        names=queries.names_of(desk_pages.who_wrote(product) | {product.confirmed_by_id}),
        form=StepDeedForm(),
        ends_in=desk_pages.days_left(product),
        is_due=_is_due(product),
        is_shown=is_fresh(product.confirmed_until_on, product.doubted_at, clock.today()),
        undo_until=_undo_until(product),
        intake=said_of.intake if (said_of := queries.intake_of(product.id)) is not None else None,
    )


@bp.get("/desk/products/<int:product_id>/capacity")
@requires("product.edit", load=load_product)
def capacity(product: Product) -> ResponseReturnValue:
    """What a product can take: a week's leads, money left, full until; and what came since it was said."""
    said = queries.intake_of(product.id)
    typed: dict[str, list[str]] = {}
    if said is not None:
        left, until = said.intake.funds_left_yuan, said.full_until_on
        typed = {
            "leads_per_week": [str(said.leads_per_week or "")],
            "funds_left_wan": [shown_sum(left, "wan")],
            "full_until_on": ["" if until is None or until < clock.today() else until.isoformat()],
        }
    return _capacity_page(product, CapacityForm(typed, said.said_number if said is not None else 0))


def _capacity_page(product: Product, form: StepForm, *, theirs: bool = False) -> str:
    said = queries.intake_of(product.id)
    intake = said.intake if said is not None else NOTHING_SAID
    return render_template(
        "products/capacity.html",
        product=product,
        form=form,
        said=said,
        intake=intake,
        week_leads=intake.week_leads if intake.week_on == week_of(clock.today()) else 0,
        names=queries.names_of({said.said_by_id} if said is not None else set()),
        loads=[
            (branch.name, _("空 %(n)s 件，等人认领 %(m)s 件", n=load.open_slots, m=load.waiting))
            for branch, load in queries.loads_of(product.institution_id, product.branch_id)
        ],
        theirs=theirs,
    )


@bp.post("/desk/products/<int:product_id>/capacity")
@requires("product.edit", load=load_product)
@once
def save_capacity(product: Product) -> ResponseReturnValue:
    """Writes what a product can take; it counts at once."""
    typed = desk_pages.posted(("leads_per_week", "funds_left_wan", "full_until_on"))
    said_, wrong = read_capacity(typed, clock.today())
    seen = seen_version(request.form.get("row_version"))
    if wrong:
        return _capacity_page(product, CapacityForm(typed, max(seen, 0)).mark(wrong)), 422
    try:
        services.say_capacity(product, said_, seen=seen, by=actor())
    except Refused as no:
        if no.code != "product_changed_meanwhile":
            raise
        now = queries.intake_of(product.id)
        return _capacity_page(product, CapacityForm(typed, now.said_number if now else 0), theirs=True), 409
    said(_("存下了，马上管用。"))
    return back_to("products.look_after", product_id=product.id)


def _undo_until(product: Product) -> datetime | None:
    """Until when the reader may take their own stop back, or None."""
    at = product.standing_at
    stopped = product.state == ProductState.SUSPENDED
    return at + UNDO_FOR if stopped and at and may_undo(at, product.standing_by_id, actor().id, clock.now()) else None


@bp.post("/desk/products/<int:product_id>/versions")
@requires("product.edit", load=load_product)
@once
def start_version(product: Product) -> ResponseReturnValue:
    """Begins the next version."""
    services.start_version(product, by=actor())
    return back_to("products.edit", product_id=product.id, step="basics")


@bp.get("/desk/products/<int:product_id>/versions/<int:number>")
@requires("product.see", load=queries.version_of)
def read_version(version: ProductVersion) -> ResponseReturnValue:
    """A version as its borrowers would see it, drafts included."""
    return shown_page(version, as_owner=True)


@bp.get("/desk/products/<int:product_id>/differences/<int:number>/<int:other>")
@requires("product.see", load=queries.version_of)
def compare_versions(version: ProductVersion, other: int) -> ResponseReturnValue:
    """What changed from one version to another."""
    second = queries.version_of(version.product_id, other)
    if second is None:
        abort(404)
    changes = differences(version.terms, second.terms)
    return render_template(
        "products/differences.html", product=version.product, before=version, after=second, changes=changes
    )
