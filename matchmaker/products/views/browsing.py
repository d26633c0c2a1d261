"""What anybody may browse: products in force, and versions that once were."""

from __future__ import annotations

from decimal import Decimal

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker import clock
from matchmaker.listing import listed
from matchmaker.products import listings, queries
from matchmaker.products.models import ProductVersion
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import rates_percent
from matchmaker.products.views import bp
from matchmaker.web import paginate, public


@bp.get("/products")
@public
@listed(listings.BROWSE)
def browse() -> ResponseReturnValue:
    """All products in force, by name; no favourites, no counts of clicks."""
    kind, q, unsecured = request.args.get("kind", ""), request.args.get("q", ""), request.args.get("unsecured") == "y"
    page = paginate(queries.published_products(clock.today(), kind=kind, q=q, unsecured=unsecured), per_page=20)
    args = {"kind": kind or None, "q": q or None, "unsecured": "y" if unsecured else None}
    rates = {version.id: rates_of(version) for version in page.items}
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
    return shown_page(product.current_version)


@bp.get("/products/<int:product_id>/versions/<int:number>")
@public
def show_version(product_id: int, number: int) -> ResponseReturnValue:
    """A version that was once published, as it was: somebody may have applied for it."""
    version = queries.shown_version(product_id, number, clock.today())
    if version is None:
        abort(404)
    return shown_page(version)


def shown_page(version: ProductVersion, *, as_owner: bool = False) -> str:
    """The page of one version; ``as_owner`` for the institution whose it is, drafts included."""
    today = clock.today()
    in_force = queries.shown_version(version.product_id, None, today)
    return render_template(
        "products/show.html",
        version=version,
        product=version.product,
        in_force=in_force is not None and in_force.id == version.id,
        as_owner=as_owner,
        rates=rates_of(version),
        lpr=queries.lpr_on(today),
        example=queries.example_cost(version.terms, today),
        record=queries.track_record(version.product.institution_id, version.product_id),
    )


def rates_of(version: ProductVersion) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest nominal rate of today, in percent a year; None where nothing is quoted yet."""
    lpr = queries.lpr_on(clock.today())
    return rates_percent(version.terms, lpr.lpr_1y_percent, lpr.lpr_5y_percent)
