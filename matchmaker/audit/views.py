"""The trail for the supervisor: every deed by number and code, without names, and whether the chain holds."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker.audit import listings, queries
from matchmaker.listing import listed
from matchmaker.searching import deeds_saying
from matchmaker.web import deed, paginate, requires, typed_words

bp = Blueprint("audit", __name__)


bp.add_app_template_filter(deed, "deed")


@bp.get("/audit")
@requires("audit.list")
@listed(listings.TRAIL)
def trail() -> ResponseReturnValue:
    """Every deed by number and code, without names, and whether the chain of seals holds."""
    what = request.args.get("what", "").strip()[:60]
    words = typed_words()
    return render_template(
        "audit/trail.html",
        page=paginate(queries.rows(what=what, words=words, deeds=deeds_saying(words)), per_page=50),
        what=what,
        words=words,
        last=queries.last_sealed(),
        unsealed=queries.count_unsealed(),
        chain=queries.verify_seals() if request.args.get("check") == "1" else None,
    )


@bp.get("/audit/files")
@requires("audit.list")
@listed(listings.FILES)
def files() -> ResponseReturnValue:
    """Every list with data about people that left as a file: who, which list, how many rows; no names."""
    name = request.args.get("listing", "").strip()[:60]
    words = typed_words()
    return render_template(
        "audit/files.html",
        page=paginate(queries.files(listing=name, words=words), per_page=50),
        listing=name,
        words=words,
        listings=queries.lists_taken(),
    )
