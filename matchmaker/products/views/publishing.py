"""The second person's check; suspending, stopping, taking that back, confirming that all still holds."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from matchmaker.products import desk_pages, services
from matchmaker.products.forms import StepDeedForm
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.views import bp
from matchmaker.products.views.loading import load_open_version, load_product
from matchmaker.products.views.shelf import SHELF
from matchmaker.web import actor, back_to, once, requires, said, whole


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
            if whole(number) is not None and whole(version) is not None}  # fmt: skip
    done, left = services.reconfirm_several(seen, by=actor(), institution_ids=actor().desk_institution_ids)
    if not seen:
        said(_("没有确认：先勾上要确认的产品。"))
    if done:
        said(ngettext("确认了 %(num)s 个，90 天里照样给客户看。", "确认了 %(num)s 个，90 天里照样给客户看。", done))
    if left:
        said(ngettext("有 %(num)s 个没有确认：它刚改过、停着，或者已经到期，请点开看。",
                      "有 %(num)s 个没有确认：它们刚改过、停着，或者已经到期，请点开看。", left))  # fmt: skip
    return back_to("products.mine", show="due" if request.form.get("show") == "due" else None)

