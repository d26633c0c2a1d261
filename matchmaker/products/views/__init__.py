"""Pages of products: what anybody may browse, and what a desk writes, checks, publishes, suspends and stops."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint
from markupsafe import Markup

from matchmaker import formatting
from matchmaker.products.rules.terms import named
from matchmaker.refusal import Reason

bp = Blueprint("products", __name__)


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


from matchmaker.products.views import (  # noqa: E402  the routes hang on bp
    browsing,  # noqa: F401
    desk,  # noqa: F401
    importing,  # noqa: F401
    publishing,  # noqa: F401
    writing,  # noqa: F401
)
