"""The calculators as JSON under /api/v1/tools: no cookies, no key, nothing stored."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request
from flask_smorest import Blueprint
from werkzeug.exceptions import BadRequest

from matchmaker.refusal import Reason
from matchmaker.tools import openapi
from matchmaker.tools.rules import (
    FlowsQuestion,
    Problem,
    answer_cost,
    answer_size,
    classify,
    read_cost_question,
    read_size_question,
)
from matchmaker.web import computes, limited, public, sentence

blp = Blueprint(
    "tools_api",
    __name__,
    url_prefix="/api/v1/tools",
    description="Public calculators. Sums in yuan, rates in percent a year; figures may be numbers or text.",
)


def _rate() -> str:
    return str(current_app.config["SETTINGS"].tools_api_limit)


def _body() -> Any:
    """The JSON body; whatever cannot be read is a 400, another kind of body a 415."""
    try:
        return request.get_json()
    except RecursionError as problem:
        raise BadRequest("nested too deeply") from problem


def _unprocessable(code: str, problems: list[Problem]) -> Response:
    """422 with the keys that are wrong: `field` is the first, `errors` has a sentence for each."""
    errors: dict[str, list[str]] = {}
    for problem in problems:
        errors.setdefault(problem.field, []).append(sentence(problem.reason))
    first = problems[0]
    answer = jsonify(code=code, field=first.field, message=sentence(first.reason), errors=errors)
    answer.status_code = 422
    return answer


def _without_rate(reason: Reason, field: str | None) -> Response:
    """422 with the reason's code: the input is well formed, but its flows have no single rate."""
    said = sentence(reason)
    answer = jsonify(code=reason.code, message=said, **({"field": field, "errors": {field: [said]}} if field else {}))
    answer.status_code = 422
    return answer


@blp.route("/all-in-cost", methods=["POST"])
@blp.doc(
    summary="All-in annual cost of a loan, or of dated flows",
    operationId="allInCost",
    security=[],
    requestBody=openapi.body(openapi.COST_QUESTION, openapi.COST_EXAMPLES),
)
@blp.response(200, openapi.COST_ANSWER, description="The result columns: rates with 8 decimals, yuan with 2")
@blp.alt_response(
    422, schema=openapi.PROBLEM, description="Wrong input, or flows without a single rate (no_unique_rate)"
)
@blp.alt_response(400, schema=openapi.PROBLEM, description="Not JSON")
@blp.alt_response(415, schema=openapi.PROBLEM, description="Not application/json")
@blp.alt_response(429, schema=openapi.PROBLEM, description="Too many requests from this address")
@limited(_rate)
@public
@computes
def all_in_cost() -> Response:
    """Interest, the lender's fees, guarantee, insurance and withheld deposit on one basis: the internal rate of the
    monthly flows, simple (times 12) and effective (compound). Or dated flows: XIRR on actual/365.
    """
    question = read_cost_question(_body())
    if isinstance(question, list):
        return _unprocessable("invalid_input", question)
    answer = answer_cost(question)
    if isinstance(answer, Reason):
        return _without_rate(answer, "cashflows" if isinstance(question, FlowsQuestion) else None)
    return jsonify(answer)


@blp.route("/size-class", methods=["POST"])
@blp.doc(
    summary="Large, medium, small or micro by the 2017 standard",
    operationId="sizeClass",
    security=[],
    requestBody=openapi.body(openapi.SIZE_QUESTION, openapi.SIZE_EXAMPLES),
)
@blp.response(200, openapi.SIZE_ANSWER, description="The class, the group it is measured in, and every step")
@blp.alt_response(422, schema=openapi.PROBLEM, description="Wrong input, with the field")
@blp.alt_response(400, schema=openapi.PROBLEM, description="Not JSON")
@blp.alt_response(415, schema=openapi.PROBLEM, description="Not application/json")
@blp.alt_response(429, schema=openapi.PROBLEM, description="Too many requests from this address")
@limited(_rate)
@public
@computes
def size_class() -> Response:
    """An industry outside the standard (`out_of_scope`) and a missing figure (`unclassified`) are answered too; the
    platform's declared convention for them stands in `fallback_size` alone.
    """
    question = read_size_question(_body())
    if isinstance(question, list):
        return _unprocessable("invalid_input", question)
    return jsonify(answer_size(classify(question), sentence))
