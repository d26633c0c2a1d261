"""Who looked at my data: whatever list or page of staff names a business leaves a look that its owner reads."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.db import db
from matchmaker.listing import About
from matchmaker.permissions import may
from tests.builders import sign_in
from tests.promises.test_crawl import _arguments, _parameters, person_of
from tests.promises.test_lists import listings

STAFF = ("manager", "desk", "insurer", "operator", "supervisor", "channel")

ONES_OWN_PAPERS = {"documents.read", "papers.read", "papers.small"}
"""Routes that hand a paper out to nobody but whoever put it there, or helps them by a mandate."""
LOOKING = {"look_at_papers", "present"}
"""What a route that hands a paper to somebody else calls first: it observes the look, or does not open."""


def lists_of(app: Any, role: str) -> Iterator[tuple[str, Any, str]]:
    """(endpoint, its listing, an address) of each declared list that somebody of this role may open."""
    for rule in app.url_map.iter_rules():
        listing = listings(app).get(rule.endpoint)
        access = getattr(app.view_functions[rule.endpoint], "access", None)
        if listing is None or access.permission is None:
            continue
        for args in _arguments(app, rule):
            with app.test_request_context():
                wanted = {name: args[name] for name in _parameters(access.load)} if access.load else {}
                found = access.load(**wanted) if access.load else None
                if (access.load is None or found is not None) and may(person_of(role), access.permission, found):
                    yield rule.endpoint, listing, app.url_map.bind("localhost").build(rule.endpoint, args)
                    break


def looks_of(person_id: int) -> Counter[int]:
    """How often somebody looked at each business, by its number."""
    rows = db.session.execute(
        sa.select(DataAccess.business_id, sa.func.count())
        .where(DataAccess.person_id == person_id)
        .group_by(DataAccess.business_id)
    )
    return Counter({number: count for number, count in rows if number is not None})


@pytest.mark.article("B.1")
def test_a_list_that_names_a_business_says_so_and_each_row_is_a_look(town: Any) -> None:
    """Over every list and its file, by whoever may open it: no name without a look, no look forgotten by a new list."""
    with town.app_context():
        numbers = {text: one.id for one in db.session.scalars(sa.select(Business)) for text in (one.name, one.uscc)}
        owners = {member.person.phone for member in db.session.scalars(sa.select(BusinessMember))} - {None}
        people = {role: person_of(role).id for role in STAFF}
    names = re.compile("|".join(map(re.escape, sorted(numbers, key=len, reverse=True))))
    wrong, named = [], set()
    for role in STAFF:
        client = town.test_client()
        with town.app_context():
            sign_in(client, db.session.get_one(Person, people[role]))
        for endpoint, listing, path in lists_of(town, role):
            for asked in ({}, {"as": "csv"}):
                with town.app_context():
                    before = looks_of(people[role])
                text = client.get(path, query_string=asked).get_data(as_text=True)
                with town.app_context():
                    looked = set(looks_of(people[role]) - before)
                found = {numbers[name] for name in names.findall(text)}
                where = f"{endpoint} as {role}{', its file' if asked else ''}"
                if found - looked:
                    wrong.append(f"{where}: names businesses {sorted(found - looked)} and leaves no look at them")
                if found and listing.about is not About.BUSINESSES:
                    wrong.append(f"{where}: names businesses and is declared to be about {listing.about}")
                if not listing.is_written_down and any(phone in text for phone in owners):
                    wrong.append(f"{where}: shows an owner's telephone number and its file is not written down")
                if found:
                    named.add(endpoint)
    assert wrong == []
    declared = {name for name, one in listings(town).items() if one.about is About.BUSINESSES}
    assert declared <= named, "declared to name businesses, and the small town has none to show: nothing was tested"


@pytest.mark.article("B.1")
def test_whatever_hands_out_a_paper_observes_the_look(app: Any) -> None:
    """Over every route: a paper leaves by a route of its owner, or after a look at it was observed."""
    handing = set()
    for rule in app.url_map.iter_rules():
        view = inspect.unwrap(app.view_functions[rule.endpoint])
        calls = {_called(node) for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(view))))}
        if calls & {"hand_out", "hand_out_small"}:
            handing.add(rule.endpoint)
            assert rule.endpoint in ONES_OWN_PAPERS or calls & LOOKING, f"{rule.endpoint} hands out a paper unseen"
    assert handing > ONES_OWN_PAPERS


def _called(node: ast.AST) -> str:
    """The name of what is called here, "" for no call."""
    if not isinstance(node, ast.Call):
        return ""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
