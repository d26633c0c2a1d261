"""Every endpoint says who may ask for it, in words that the permission table knows, and the table is printed in docs/."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import pytest

from matchmaker.permissions import PERMISSIONS, may
from matchmaker.web import WRITING

DOCS = Path(__file__).parents[2] / "docs"
NO_VIEW_OF_OURS = {"static", "api-docs.openapi_json"}


def views(app: Any) -> dict[str, Any]:
    return {endpoint: view for endpoint, view in app.view_functions.items() if not endpoint.endswith("static")
            and not endpoint.startswith("api-docs.") and not endpoint.startswith("bootstrap.")}


def test_every_endpoint_declares_access(app: Any) -> None:
    undeclared = [endpoint for endpoint, view in views(app).items()
                  if not hasattr(view, "access") and not _is_api(app, endpoint)]
    assert undeclared == []


def _is_api(app: Any, endpoint: str) -> bool:
    return all(rule.rule.startswith("/api/") for rule in app.url_map.iter_rules(endpoint))


def test_every_permission_asked_for_is_in_the_table(app: Any) -> None:
    asked = {view.access.permission for view in views(app).values() if hasattr(view, "access")} - {None}
    assert asked <= set(PERMISSIONS), sorted(asked - set(PERMISSIONS))


def test_nobody_holds_anything_without_signing_in() -> None:
    assert not any(may(None, permission) for permission in PERMISSIONS)


def test_every_permission_says_what_it_is_about() -> None:
    for name, permission in PERMISSIONS.items():
        assert "." in name and permission.about.strip() and permission.alternatives, name
        for clause in permission.alternatives:
            assert clause and all(inspect.isfunction(predicate) for predicate in clause)


def test_every_computing_post_is_a_post_and_public_ones_that_write_are_few(app: Any) -> None:
    """Public writing endpoints: ways in, and choices that live in a cookie."""
    open_doors = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        access = getattr(view, "access", None)
        if access and access.permission is None and rule.methods & WRITING and not getattr(view, "computes", False):
            open_doors.add(rule.endpoint)
    allowed = (Path(__file__).parent / "public_writes.txt").read_text().split()
    assert sorted(open_doors) == sorted(allowed)


@pytest.mark.article("B.1")
def test_the_printed_table_is_current() -> None:
    """docs/permissions.md is written from the table: run `python -m tools.documents` when this fails."""
    from tools.documents import permissions_page

    assert (DOCS / "permissions.md").read_text() == permissions_page()


def test_the_printed_screens_are_current(app: Any) -> None:
    """docs/screens.md is written from the views: run `python -m tools.documents` when this fails."""
    from tools.documents import screens_page

    assert (DOCS / "screens.md").read_text() == screens_page(app)


def test_the_printed_announcements_are_current(app: Any) -> None:
    """docs/announcements.md is written from the listeners: run `python -m tools.documents` when this fails."""
    from tools.documents import announcements_page

    assert (DOCS / "announcements.md").read_text() == announcements_page()
