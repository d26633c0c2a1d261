"""What the request at hand is: who answers it, a page or a machine, and whether it writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Request, has_request_context, request

View = TypeVar("View", bound=Callable[..., Any])
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def is_api(asked: Request | None = None) -> bool:
    """Whether a machine is answered: in ``asked``, or else the request at work."""
    if asked is None and not has_request_context():
        return False
    return (asked or request).path.startswith("/api/")


def asked_from_page() -> bool:
    """Whether an open page asks in the background (htmx): a part of it comes back, or one line that says why not."""
    return "HX-Request" in request.headers
