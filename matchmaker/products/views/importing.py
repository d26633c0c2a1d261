"""A table read in: drafts from what can be read, and line by line what became of it."""

from __future__ import annotations

from flask import abort, current_app, g, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker import clock
from matchmaker.listing import listed
from matchmaker.products import listings, queries, services
from matchmaker.products.forms import ImportForm
from matchmaker.products.models import ProductImport
from matchmaker.products.rules.importing import MOST_BYTES, opened
from matchmaker.products.views import bp
from matchmaker.products.views.loading import importing_desk
from matchmaker.refusal import Refused
from matchmaker.web import actor, back_to, before_transaction, once, paginate, requires, typed_words


def _take_table() -> None:
    """Read and unpack the posted file while no lock is held; no more of it than may be looked at."""
    upload = request.files.get("file")
    g.table = (upload.filename or "", opened(upload.stream.read(MOST_BYTES + 1))) if upload is not None else ("", None)


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
