"""Pages of one's own data: what is kept, for how long, and what one can do about it."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.accounts.services.registering import choose_order
from matchmaker.privacy.forms import OrderForm
from matchmaker.web import actor, back_to, requires, said

bp = Blueprint("privacy", __name__)


@bp.get("/my-data")
@requires("data.own")
def mine() -> ResponseReturnValue:
    """One page from which everything about one's own data is reached."""
    return _hub(OrderForm(formdata=None, data={"order": _order()}))


@bp.post("/my-data/order")
@requires("data.own")
def order() -> ResponseReturnValue:
    """Object to the learned order, or take the objection back."""
    form = OrderForm()
    if not form.submitted():
        return _hub(form, 422 if form.errors else 200)
    learned = form.order.data == "learned"
    choose_order(actor(), learned=learned)
    said(_("记下了。以后的列表也看类似的店办成没有。") if learned else _("记下了。以后的列表不用机器学来的顺序。"))
    return back_to("privacy.mine")


def _order() -> str:
    return "learned" if actor().no_learned_order_since_at is None else "plain"


def _hub(form: OrderForm, status: int = 200) -> ResponseReturnValue:
    return render_template("privacy/mine.html", form=form, person=actor()), status
