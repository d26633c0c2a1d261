"""The first view of a page: at most 100 kB as sent, scripts at most 30 kB of it, with nothing kept from before."""

from __future__ import annotations

import pytest

from tests.journeys.conftest import DESK, LiveSite, Opens
from tests.journeys.measured import note

MOST = 100_000
MOST_SCRIPTS = 30_000
PAGES = {
    "home": (None, lambda ids: "/"),
    "check": (None, lambda ids: "/check"),
    "matches": ("owner", lambda ids: f"/needs/{ids['need']}/matches?all=1"),
    "need form": ("owner", lambda ids: "/needs/new"),
    "shop form": ("owner", lambda ids: f"/businesses/{ids['business']}/edit"),
    "queue": ("manager", lambda ids: f"/leads/queue?lead={ids['永兴五金店']}"),
}


@pytest.mark.article("B.3")
@pytest.mark.parametrize("name", PAGES)
def test_the_first_view_is_light(
    stage: LiveSite, visit: Opens, request: pytest.FixtureRequest, name: str
) -> None:
    who, path = PAGES[name]
    visitor = visit(who)
    visitor.page.goto(path(stage.ids), wait_until="networkidle")
    whole, scripts = visitor.watch.sent_bytes(), visitor.watch.sent_bytes("script")
    note(request.node, f"first view, bytes as sent: {name}", whole)
    note(request.node, f"first view, bytes of scripts: {name}", scripts)
    assert any(one.resource_type == "stylesheet" for one in visitor.watch.done)
    assert 5_000 < whole <= MOST
    assert scripts <= MOST_SCRIPTS
    if name in ("need form", "shop form"):
        assert scripts > 0, "the script was counted"


def test_texts_are_sent_compressed_and_kept(stage: LiveSite, visit: Opens) -> None:
    visitor = visit()
    visitor.page.goto("/", wait_until="networkidle")
    styles = [one.response() for one in visitor.watch.done if one.resource_type == "stylesheet"]
    assert len(styles) == 3
    for answer in styles:
        assert answer is not None and answer.headers["content-encoding"] == "gzip", answer and answer.url
        assert "immutable" in answer.headers["cache-control"], answer.url


@pytest.mark.article("B.3")
@pytest.mark.parametrize("role", ["manager", "operator", "supervisor"])
def test_the_places_stand_in_one_line_in_english_too(stage: LiveSite, visit: Opens, role: str) -> None:
    visitor = visit(role, size=DESK, language="en")
    places = visitor.go("/").locator("header nav a")
    assert "Account" in places.all_inner_texts()
    assert len({place.evaluate("one => one.offsetTop") for place in places.all()}) == 1
