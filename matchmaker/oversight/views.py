"""Pages of oversight: lists as they were shown, derived again on the spot. The reader sees no name of a business."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from matchmaker.matching import services as matching
from matchmaker.oversight import queries
from matchmaker.oversight.words import LABELS
from matchmaker.ranking.models import ShownList
from matchmaker.refusal import Refused
from matchmaker.web import paginate, requires

bp = Blueprint("oversight", __name__)

DIFFERENCES_SHOWN = 50
VALUE_SHOWN = 160
"""Characters of a stored value on the page."""


@bp.get("/oversight/lists")
@requires("list.replay")
def lists() -> ResponseReturnValue:
    """Every list that was shown; found by its number or by the number of its need."""
    need, number = _number(request.args.get("need", "")), _number(request.args.get("list", ""))
    return render_template(
        "oversight/lists.html",
        page=paginate(queries.lists(need_id=need, list_id=number), per_page=25),
        models=queries.model_names(),
        need=need,
        number=number,
    )


def load_list(list_id: int) -> ShownList | None:
    return queries.list_by_id(list_id)


@bp.get("/oversight/lists/<int:list_id>")
@requires("list.replay", load=load_list)
def show_list(stored: ShownList) -> ResponseReturnValue:
    """What is stored of a list; with ``again=1`` it is derived again and compared to the bit."""
    refused, found = None, None
    if "again" in request.args:
        try:
            found = matching.differences(stored)
        except Refused as no:
            refused = no
    return render_template(
        "oversight/list.html",
        stored=stored,
        record=queries.record_of(stored),
        model=queries.model_names().get(stored.model_version_id or 0),
        again="again" in request.args,
        differences=found[:DIFFERENCES_SHOWN] if found is not None else None,
        count=len(found or ()),
        refused=refused,
        value=value,
        name_of=name_of,
    )


def name_of(name: str) -> str:
    """What a value is called; one that has no word is called by its own name."""
    return str(LABELS["oversight.value"].get(name, name))


def value(stored: Any) -> str:
    """A stored value as text, cut where it is long."""
    text = json.dumps(stored, ensure_ascii=False, sort_keys=True, default=str)
    return text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]} …"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None
