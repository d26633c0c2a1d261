"""A number on a start page is the number of rows behind its link, for every person of the demo town's table."""

from __future__ import annotations

from typing import Any

import flask
import pytest
import sqlalchemy as sa

from matchmaker.accounts.models import Person
from matchmaker.db import db
from matchmaker.demo.cast import SIGN_INS
from matchmaker.home.navigation import address
from tests.builders import sign_in


def contexts_of(app: Any, client: Any, path: str) -> list[dict[str, Any]]:
    """What the templates of a page were given."""
    seen: list[dict[str, Any]] = []

    def note(sender: Any, template: Any, context: dict[str, Any], **more: Any) -> None:
        seen.append(context)

    with flask.template_rendered.connected_to(note, app):
        answer = client.get(path)
    assert answer.status_code == 200, path
    return seen


def numbers_of(context: dict[str, Any]) -> list[tuple[str, int, str | None]]:
    """Each number that a start page shows: what it is called, its value, the address of its rows."""
    found = [
        (one.name, one.value, address(one.endpoint, **one.args))
        for figures in context["figures"].values()
        for one in figures
    ]
    for _, steps in context["sections"]:
        for one in steps:
            if "number" in one.reason.facts:
                found.append((one.reason.code, one.reason.facts["number"], address(one.endpoint, **one.args)))
    return found


def everybody() -> list[str | None]:
    return [None, *(each.account for each in SIGN_INS)]


@pytest.mark.parametrize("login", everybody())
def test_a_number_is_the_rows_behind_it(town: Any, login: str | None) -> None:
    client = town.test_client()
    if login is not None:
        with town.app_context():
            person = db.session.scalars(
                sa.select(Person).where(sa.or_(Person.email == login, Person.phone == login))
            ).one()
        sign_in(client, person)
    context = contexts_of(town, client, "/")[0]
    if login is None:
        with town.test_request_context():
            numbers = [(one.name, one.value, address(one.endpoint, **one.args)) for one in context["figures"]]
    else:
        with town.test_request_context():
            numbers = numbers_of(context)
    for name, value, path in numbers:
        assert path is not None, f"{name}: nothing behind {value}"
        pages = [each["page"] for each in contexts_of(town, client, path) if "page" in each]
        assert pages and pages[0].total == value, f"{name}: {value} on the start page, {path} lists {pages[0].total}"
