"""Every error that a form shows belongs to a field that says so: marked as invalid, and described by the sentence."""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient

from tests.builders import sign_in
from tests.promises.test_crawl import ROLES, person_of, walk_of_the_town

pytestmark = pytest.mark.long

PAGES_OF_A_KIND = 2
"""How many pages of one endpoint are looked at for forms."""
NONSENSE = "‽" * 3
"""What nobody means by a sum, a day, a code or a number."""


class Forms(HTMLParser):
    """The forms of a page that ask something, with what they carry; the errors it shows and the fields marked wrong."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.marked: set[str] = set()
        self._inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        attrs = {name: value or "" for name, value in attributes}
        if "err" in attrs.get("class", "").split():
            self.errors.append(attrs.get("id", ""))
        if attrs.get("aria-invalid") == "true":
            self.marked |= set(attrs.get("aria-describedby", "").split())
        if tag == "form":
            self._inside = True
            self.forms.append({"method": attrs.get("method", "get"), "action": attrs.get("action", ""),
                               "carried": {}, "asked": {}})
        if self._inside and attrs.get("name") and tag in {"input", "select", "textarea"}:
            kind = attrs.get("type", tag)
            if kind == "hidden":
                self.forms[-1]["carried"][attrs["name"]] = attrs.get("value", "")
            else:
                self.forms[-1]["asked"][attrs["name"]] = kind

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False


def unmarked(text: str) -> list[str]:
    """The errors of a page that no field marked as invalid is described by."""
    page = Forms(text)
    return [f"error {error or 'without an id'}" for error in page.errors if error not in page.marked]


def posts_of(town: Any, role: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each form that a role finds on its way and that asks something, once: its endpoint, address and fields."""
    adapter, seen = town.url_map.bind("localhost"), set()
    for visited in walk_of_the_town(town, role, each=PAGES_OF_A_KIND):
        if visited.status_code != 200 or visited.page is None:
            continue
        for form in Forms(visited.text).forms:
            address = form["action"] or visited.path
            if form["method"].lower() != "post" or not form["asked"]:
                continue
            endpoint, _ = adapter.match(urlsplit(address).path, method="POST")
            kind = (endpoint, frozenset(form["asked"]))
            if kind not in seen:
                seen.add(kind)
                yield endpoint, address, form


def filled(form: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The form left empty, then with nonsense wherever something is typed or chosen."""
    yield dict(form["carried"])
    yield form["carried"] | {name: NONSENSE for name, kind in form["asked"].items() if kind != "file"}


@pytest.mark.parametrize("role", ROLES)
def test_every_error_shown_belongs_to_a_field_that_is_marked_wrong(
    town: Any, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(town.config, "WTF_CSRF_ENABLED", False)
    posts = list(posts_of(town, role))
    wrong, shown = [], 0
    for endpoint, address, form in posts:
        for values in filled(form):
            text = _posted(_client_of(town, role), address, values)
            shown += len(Forms(text).errors)
            wrong += [f"{endpoint} ({address}): {problem}" for problem in unmarked(text)]
    assert sorted(set(wrong)) == []
    assert shown >= (len(posts) if posts else 0), f"{shown} errors of {len(posts)} forms: too few were looked at"


def _client_of(town: Any, role: str) -> FlaskClient:
    """Signed in anew for each form: some of them end a session or an account."""
    client = town.test_client()
    with town.app_context():
        person = person_of(role)
        if person is not None:
            sign_in(client, person)
    return client


def _posted(client: FlaskClient, address: str, values: dict[str, str]) -> str:
    answer = client.post(address, data=values)
    return answer.text if answer.mimetype == "text/html" else ""


def test_an_unmarked_error_would_be_found() -> None:
    assert unmarked('<p class="err" id="a-e">no</p><input aria-describedby="a-e">') == ["error a-e"]
    assert unmarked('<p class="err">no</p><input aria-invalid="true">') == ["error without an id"]
    assert unmarked('<p class="err" id="a-e">no</p><input aria-invalid="true" aria-describedby="a-h a-e">') == []
