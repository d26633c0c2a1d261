"""The page of one request, for whichever side looks, and how an answer is written."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask.typing import ResponseReturnValue

from matchmaker import formatting
from matchmaker.insurance import words
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.rules.questions import Question
from matchmaker.insurance.views import bp
from matchmaker.insurance.views.desk import case_page
from matchmaker.insurance.views.owner import acts_for, load_request, owner_page
from matchmaker.web import label, requires


@bp.get("/cover/requests/<int:request_id>")
@requires("quote.see", load=load_request)
def show(found: CoverRequest) -> ResponseReturnValue:
    """One request: for its owner what happened and what to do, for the insurer the case."""
    return owner_page(found) if acts_for(found) else case_page(found)


@bp.app_template_global("cover_answer")
def answer_words(question: Question, value: str | None) -> str:
    """A stored answer in the reader's language; a missing one says so."""
    if not value:
        return label("cover.question", None)
    if question.kind == "sum":
        return formatting.wan(Decimal(value))
    if question.kind == "day":
        return formatting.day(date.fromisoformat(value))
    if question.kind == "choice":
        return label({"period": "cover.period", "plan": "cover.plan"}.get(question.code, "cover.choice"), value)
    if question.kind == "text":
        return value
    return words.counted(question.unit, Decimal(value))
