"""What was lent to one's own businesses."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from matchmaker.listing import listed
from matchmaker.loans import listings, queries
from matchmaker.web import actor, paginate, requires, typed_words

bp = Blueprint("loans", __name__, url_prefix="/loans")


@bp.get("/")
@requires("loan.mine")
@listed(listings.MINE)
def mine() -> ResponseReturnValue:
    """The loans that came through the platform, the first to mature first."""
    words = typed_words()
    return render_template("loans/mine.html", page=paginate(queries.loans_of_person(actor().id, words)), words=words)
