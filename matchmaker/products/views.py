"""Pages of products: what anybody may browse, and what a desk writes, checks, publishes, suspends and stops."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, abort, current_app, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup

from matchmaker import clock, formatting
from matchmaker.accounts.models import Institution
from matchmaker.listing import listed
from matchmaker.products import desk_pages, listings, queries, services
from matchmaker.products.forms import STEP_FORMS, CapacityForm, ImportForm, StartForm, StepDeedForm, StepForm
from matchmaker.products.models import Product, ProductImport, ProductVersion
from matchmaker.products.rules.capacity import NOTHING_SAID, week_of
from matchmaker.products.rules.differences import differences
from matchmaker.products.rules.fees import FEE_CODES
from matchmaker.products.rules.freshness import UNDO_FOR, is_due, is_fresh, may_undo
from matchmaker.products.rules.importing import MOST_BYTES, opened
from matchmaker.products.rules.states import EDITABLE_VERSION, Kind, ProductState, kinds_offered
from matchmaker.products.rules.terms import Problem, cautions_of, named, rates_percent, text_problems
from matchmaker.products.rules.typed import FIELDS, STEPS, read_capacity, read_terms
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Reason, Refused
from matchmaker.web import (
    actor,
    asked_from_page,
    back_to,
    before_transaction,
    computes,
    once,
    paginate,
    public,
    requires,
    said,
    sentence,
    typed_words,
)

bp = Blueprint("products", __name__)


# --- what anybody may read -------------------------------------------------------------------------------------------


@bp.get("/products")
@public
@listed(listings.BROWSE)
def browse() -> ResponseReturnValue:
    """All products in force, by name; no favourites, no counts of clicks."""
    kind, q, unsecured = request.args.get("kind", ""), request.args.get("q", ""), request.args.get("unsecured") == "y"
    page = paginate(queries.published_products(clock.today(), kind=kind, q=q, unsecured=unsecured), per_page=20)
    args = {"kind": kind or None, "q": q or None, "unsecured": "y" if unsecured else None}
    rates = {version.id: _rates(version) for version in page.items}
    return render_template(
        "products/browse.html", page=page, kind=kind, q=q, unsecured=unsecured, args=args, rates=rates, kinds=list(Kind)
    )


@bp.get("/products/<int:product_id>")
@public
def show(product_id: int) -> ResponseReturnValue:
    """A product as its borrowers see it: the version in force, or that it takes no new business now."""
    product = queries.product(product_id)
    if product is None or product.current_version is None:
        abort(404)
    return _shown(product.current_version)


@bp.get("/products/<int:product_id>/versions/<int:number>")
@public
def show_version(product_id: int, number: int) -> ResponseReturnValue:
    """A version that was once published, as it was: somebody may have applied for it."""
    version = queries.shown_version(product_id, number, clock.today())
    if version is None:
        abort(404)
    return _shown(version)


def _shown(version: ProductVersion, *, as_owner: bool = False) -> str:
    today = clock.today()
    in_force = queries.shown_version(version.product_id, None, today)
    return render_template(
        "products/show.html",
        version=version,
        product=version.product,
        in_force=in_force is not None and in_force.id == version.id,
        as_owner=as_owner,
        rates=_rates(version),
        lpr=queries.lpr_on(today),
        example=queries.example_cost(version.terms, today),
        record=queries.track_record(version.product.institution_id, version.product_id),
    )


def _rates(version: ProductVersion) -> tuple[Decimal, Decimal] | None:
    lpr = queries.lpr_on(clock.today())
    return rates_percent(version.terms, lpr.lpr_1y_percent, lpr.lpr_5y_percent)


# --- the desk's list -------------------------------------------------------------------------------------------------


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


def listing_desk() -> Institution | None:
    """The institution for which the signed-in person may list products here; None for insurers, funds, departments."""
    person = actor()
    desks = queries.desks_of(person.desk_institution_ids) if person is not None else []
    return next((institution for institution in desks if kinds_offered(institution.kind)), None)


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
                branch_id=int(branch) if branch.isdecimal() else None,
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


# --- one product at the desk -----------------------------------------------------------------------------------------


def load_product(product_id: int) -> Product | None:
    """The product of the address."""
    return queries.product(product_id)


def load_open_version(product_id: int) -> ProductVersion | None:
    """The version that is being written or reviewed."""
    return queries.open_version(product_id)


def load_editable_version(product_id: int) -> ProductVersion | None:
    """The version that may be written on now."""
    version = queries.open_version(product_id)
    return version if version is not None and version.state in EDITABLE_VERSION else None


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
    seen = request.form.get("row_version", "")
    if wrong:
        return _capacity_page(product, CapacityForm(typed, int(seen) if seen.isdecimal() else 0).mark(wrong)), 422
    try:
        services.say_capacity(product, said_, seen=int(seen) if seen.isdecimal() else -1, by=actor())
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
    return _shown(version, as_owner=True)


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


# --- writing ---------------------------------------------------------------------------------------------------------


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
        rates=_rates(version),
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
        "products/check.html", form=StepDeedForm(row_version=version.row_version), **_to_read(version)
    )


def _to_read(version: ProductVersion) -> dict[str, Any]:
    today = clock.today()
    current = version.product.current_version
    problems = queries.problems_in(version, today)
    return {
        "version": version,
        "product": version.product,
        "problems": problems,
        "by_step": queries.problems_by_step(problems),
        "steps": STEPS,
        "cautions": cautions_of(version.terms),
        "changes": differences(current.terms, version.terms) if current is not None else None,
        "example": queries.example_cost(version.terms, today),
        "rates": _rates(version),
        "lpr": queries.lpr_on(today),
        "names": queries.names_of({version.submitted_by_id}),
    }


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


# --- the second person -----------------------------------------------------------------------------------------------


@bp.get("/desk/products/<int:product_id>/review")
@requires("product.publish", load=load_open_version)
def review(version: ProductVersion) -> ResponseReturnValue:
    """What a second person reads before publishing or sending back."""
    return desk_pages.review(SHELF, version)


@bp.post("/desk/products/<int:product_id>/review/publish")
@requires("product.publish", load=load_open_version)
@once
def publish(version: ProductVersion) -> ResponseReturnValue:
    """Puts the submitted version in force."""
    return desk_pages.publish(SHELF, version)


@bp.post("/desk/products/<int:product_id>/review/send-back")
@requires("product.publish", load=load_open_version)
@once
def send_back(version: ProductVersion) -> ResponseReturnValue:
    """Sends the submitted version back with a note."""
    return desk_pages.send_back(SHELF, version)


# --- suspending, resuming, stopping ----------------------------------------------------------------------------------


@bp.get("/desk/products/<int:product_id>/<deed>")
@requires("product.suspend", load=load_product)
def ask_stand(product: Product, deed: str) -> ResponseReturnValue:
    """Asks before a product is suspended or stopped."""
    return desk_pages.ask_stand(SHELF, product, deed)


@bp.post("/desk/products/<int:product_id>/<deed>")
@requires("product.suspend", load=load_product)
@once
def stand(product: Product, deed: str) -> ResponseReturnValue:
    """Suspends or stops a product."""
    return desk_pages.stand(SHELF, product, deed)


@bp.post("/desk/products/<int:product_id>/resume")
@requires("product.publish", load=load_product)
@once
def resume(product: Product) -> ResponseReturnValue:
    """Publishes a suspended product again."""
    return desk_pages.resume(SHELF, product)


SHELF = desk_pages.Shelf(
    pages="products",
    steps=STEPS,
    to_read=_to_read,
    deeds={
        "save": services.save_step,
        "submit": services.submit_version,
        "publish": services.publish_version,
        "drop": services.drop_draft,
        "suspend": services.suspend_product,
        "stop": services.stop_product,
        "resume": services.resume_product,
    },
    words={
        "submit": _l("送审了。另一位同事核过才上架。"),
        "publish": _l("上架了。从现在起按这一版给客户看。"),
        "suspend": _l("暂停了，客户的清单里不再出现。"),
        "stop": _l("停办了，客户的清单里不再出现。"),
        "resume": _l("恢复了，客户又能看到了。"),
    },
)


@bp.post("/desk/products/<int:product_id>/stop-sell")
@requires("product.suspend", load=load_product)
@once
def stop_sell(product: Product) -> ResponseReturnValue:
    """Takes a product off the lists in one click; the page it leads to offers to take that back."""
    services.stop_sell(product, seen=desk_pages.seen(StepDeedForm()), by=actor())
    said(_("停下了，客户的清单里不再出现。"))
    return back_to("products.look_after", product_id=product.id)


@bp.post("/desk/products/<int:product_id>/undo-stop")
@requires("product.suspend", load=load_product)
@once
def undo_stop(product: Product) -> ResponseReturnValue:
    """Takes one's own stop back within ten minutes."""
    services.undo_stop(product, seen=desk_pages.seen(StepDeedForm()), by=actor())
    said(_("撤销了，和停下以前一样。"))
    return back_to("products.look_after", product_id=product.id)


@bp.post("/desk/products/<int:product_id>/reconfirm")
@requires("product.reconfirm", load=load_product)
@once
def reconfirm(product: Product) -> ResponseReturnValue:
    """Says that all of it still holds."""
    services.reconfirm_product(product, seen=desk_pages.seen(StepDeedForm()), by=actor())
    said(_("确认了，90 天里照样给客户看。"))
    return back_to("products.look_after", product_id=product.id)


@bp.post("/desk/products/reconfirm")
@requires("product.reconfirm_several")
@once
def reconfirm_several() -> ResponseReturnValue:
    """The same for the one whose button was pressed, or for all that were ticked in the list."""
    ticked = [request.form["one"]] if "one" in request.form else request.form.getlist("product")
    seen = {int(number): int(version) for number, _colon, version in (value.partition(":") for value in ticked[:200])
            if _countable(number) and _countable(version)}  # fmt: skip
    done, left = services.reconfirm_several(seen, by=actor(), institution_ids=actor().desk_institution_ids)
    if not seen:
        said(_("没有确认：先勾上要确认的产品。"))
    if done:
        said(ngettext("确认了 %(num)s 个，90 天里照样给客户看。", "确认了 %(num)s 个，90 天里照样给客户看。", done))
    if left:
        said(ngettext("有 %(num)s 个没有确认：它刚改过、停着，或者已经到期，请点开看。",
                      "有 %(num)s 个没有确认：它们刚改过、停着，或者已经到期，请点开看。", left))  # fmt: skip
    return back_to("products.mine", show="due" if request.form.get("show") == "due" else None)


def _countable(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


# --- a table read in -------------------------------------------------------------------------------------------------


def _take_table() -> None:
    """Read and unpack the posted file while no lock is held; no more of it than may be looked at."""
    upload = request.files.get("file")
    g.table = (upload.filename or "", opened(upload.stream.read(MOST_BYTES + 1))) if upload is not None else ("", None)


def importing_desk() -> Institution | None:
    """The institution for which the signed-in person may read tables in: whoever lists loans, guarantees or cover."""
    person = actor()
    desks = queries.desks_of(person.desk_institution_ids) if person is not None else []
    return next((institution for institution in desks if services.offers_of(institution) is not None), None)


@bp.get("/desk/products/imports")
@requires("product.import")
@listed(listings.IMPORTS)
def imports() -> ResponseReturnValue:
    """Asks for a table of products, and lists those that were read in."""
    return _imports_page(ImportForm())


@bp.post("/desk/products/imports")
@before_transaction(_take_table)
@requires("product.import")
@once
def import_products() -> ResponseReturnValue:
    """Reads a table: drafts from what can be read, and a page that says line by line what became of it."""
    institution = importing_desk() or abort(404)
    form = ImportForm()
    filename, file = g.table
    try:
        if not filename:
            raise Refused("import_empty", field="file", status=422)
        source = services.import_products(institution=institution, filename=filename, file=file, by=actor())
    except Refused as no:
        form.refuse(no)
        return _imports_page(form), no.status
    return back_to("products.imported", import_id=source.id)


def _imports_page(form: ImportForm) -> str:
    words = typed_words()
    page = paginate(queries.imports_of(actor().desk_institution_ids, words), per_page=20)
    drafts = {source.id: queries.count_drafts(source) for source in page.items}
    desk = importing_desk()
    offers = services.offers_of(desk) if desk is not None else None
    lists_cover = offers is not None and "cover" in offers.kinds
    return render_template(
        "products/imports.html", form=form, page=page, words=words, drafts=drafts, lists_cover=lists_cover
    )


@bp.get("/desk/products/imports/<int:import_id>")
@requires("product.import_see", load=queries.import_by_id)
@listed(listings.IMPORTED)
def imported(source: ProductImport) -> ResponseReturnValue:
    """What became of each line: what was taken, what was not understood under which heading, what is missing now."""
    draft = request.args.get("draft", "")
    draft = draft if draft in ("with", "without") else ""
    words = typed_words()
    page = paginate(queries.lines_of(source, draft, words), per_page=20)
    today = clock.today()
    licensed = bool(current_app.config["SETTINGS"].insurance_licence)
    gaps = {
        line.id: queries.gaps_of(line.draft, today, licensed=licensed) for line in page.items if line.draft is not None
    }
    return render_template(
        "products/imported.html",
        source=source,
        page=page,
        draft=draft,
        words=words,
        lines=queries.count_lines(source),
        gaps=gaps,
        drafts=queries.count_drafts(source),
    )


@bp.app_template_filter("typed")
def typed(value: str, field: str) -> str | Markup:
    """What a table filled into a field, with the unit that the field's name ends in; words stay as they were typed."""
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        return Markup('<span lang="zh-CN">{}</span>').format(value)
    if field.endswith("_wan"):
        return formatting.wan(number * 10_000)
    if "months" in field:
        return formatting.months(number)
    if field.endswith("_percent"):
        return f"{formatting.num(number)}%"
    if field.endswith("_bp"):
        return formatting.basis_points(number)
    return value


@bp.app_template_test("a_reason")
def a_reason(value: Any) -> bool:
    """Whether a computed thing is the reason why there is none."""
    return isinstance(value, Reason)


@bp.app_template_filter("industry")
def industry(prefix: str) -> str:
    """The official name of an industry code, with the code."""
    return named(prefix)
