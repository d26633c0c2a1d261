"""Every list is declared: paged, narrowed, and the same as a file, with what each column means."""

from __future__ import annotations

import ast
import csv
import functools
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import template_rendered
from flask_babel import force_locale

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import BusinessMember
from matchmaker.db import db
from matchmaker.listing import ListTaken, cell, plain
from matchmaker.needs.models import Need
from matchmaker.permissions import may
from matchmaker.ranking.models import ShownList
from tests.builders import sign_in
from tests.promises.test_crawl import ROLES, _arguments, _parameters, person_of

ROOT = Path(__file__).parents[2]
PAGED_FOR = {"queue_page": "leads.queue", "_inbox_page": "notifications.inbox",
             "_imports_page": "products.imports", "_folder_page": "papers.folder"}
"""Functions that page a list for the view that declares it."""
NO_LIST = {
    "matchmaker/leads/views/talking.py: _page": "one thread, read page by page: it is in the download of my data",
    "matchmaker/searching.py: page_of": "what a search found of one kind: the list of that kind is the file",
}

SHORT = {
    "accounts/institution": "branches of one institution",
    "businesses/people": "those who act for one business: at most 20 helpers",
    "businesses/show": "one business",
    "cover/_edit": "what two people typed at once", "products/_edit": "the same",
    "cover/look_after": "the versions of one cover", "products/look_after": "of one product",
    "errors/409": "one form", "errors/refused": "one form", "needs/draft_conflict": "one form",
    "home/check_result": "the rules in the way of one answer", "home/how_ranked": "the weights",
    "insurance/compare": "four at most", "matching/compare": "four at most",
    "insurance/cover": "one cover", "insurance/zone": "the lines of the reference, searched, by group",
    "leads/_looks": "is paged by the page around it", "matching/_failed": "is paged by the page around it",
    "leads/_parts": "one lead", "leads/answers": "one institution", "leads/consent": "one consent",
    "leads/cost_sheet": "one offer", "matching/product": "one product", "matching/way_on": "one plan",
    "needs/show": "the versions of one need",
    "oversight/list": "the 50 places of one list", "oversight/model": "one model's card",
    "oversight/quality": "figures by month, the newest 20 models", "oversight/tasks": "kinds of tasks with their counts",
    "privacy/close": "kinds of data", "privacy/kept": "tables of the database",
    "products/_parts": "one product", "reference/days_off": "one year", "reference/enter_days": "one year",
    "reference/industries": "one level of the classification", "reference/industry": "one class",
    "tools/all_in_cost": "one calculation", "tools/revolving": "one calculation",
}  # fmt: skip
"""Tables that are no list: why they cannot grow."""


NOT_IN_THE_SMALL_TOWN = {"products.imported"}
"""No table was read in there; tests/products opens it."""


def listings(app: Any) -> dict[str, Any]:
    return {name: view.listing for name, view in app.view_functions.items() if hasattr(view, "listing")}


def test_whatever_is_paged_is_declared() -> None:
    undeclared = []
    for file in sorted((ROOT / "matchmaker").rglob("*.py")):
        if file.parent.name == "web":
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef) or not _pages(node) or node.name in PAGED_FOR:
                continue
            if not any("listed(" in ast.unparse(each) for each in node.decorator_list):
                undeclared.append(f"{file.relative_to(ROOT)}: {node.name}")
    undeclared = [each for each in undeclared if each not in NO_LIST]
    assert undeclared == [], "write the list into the subject's listings.py and @listed(...) on its view"


def _pages(node: ast.FunctionDef) -> bool:
    calls = (each for each in ast.walk(node) if isinstance(each, ast.Call))
    return any(getattr(call.func, "id", "") in ("paginate", "paginate_items") for call in calls)


def test_every_table_on_a_page_is_a_list_or_cannot_grow() -> None:
    unpaged = []
    for file in sorted((ROOT / "templates").rglob("*.html")):
        name = str(file.relative_to(ROOT / "templates").with_suffix(""))
        text = file.read_text()
        is_table = re.search(r"call ledger\(|class=\"(ledger|queue)", text) and "pager(" not in text
        if is_table and name not in SHORT and not name.startswith(("components/", "emails/")):
            unpaged.append(name)
    assert unpaged == [], "page the list (web.paginate, components/pager.html), or say in SHORT why it cannot grow"


def test_every_column_says_what_it_is_in_both_languages(app: Any) -> None:
    wrong = []
    for language in ("zh_Hans_CN", "en"):
        with app.test_request_context(), force_locale(language):
            for endpoint, listing in listings(app).items():
                titles = [str(column.title) for column in listing.columns]
                assert len(set(titles)) == len(titles), endpoint
                for column in listing.columns:
                    said = f"{listing.title} {column.title} {column.meaning} {column.unit}"
                    if not str(column.meaning).strip() or (language == "en" and re.search(r"[\u4e00-\u9fff]", said)):
                        wrong.append(f"{endpoint}: {said}")
    assert wrong == []


@pytest.mark.parametrize("name", ["=1+1", "+8613800000000", "-2", "@SUM(A1)", "\t=1", " =1", "\r=1"])
def test_no_cell_computes(name: str) -> None:
    assert plain(name) == f"'{name}" == cell(name)
    assert cell(-2) == "-2", "a figure is no text"


def read(answer: Any) -> tuple[list[str], list[list[str]], list[list[str]]]:
    """(heads, rows, what is said below) of a file."""
    assert answer.status_code == 200 and answer.mimetype == "text/csv", answer.status
    text = answer.data.decode()
    assert text.startswith("\ufeff"), "Excel takes it for another encoding"
    lines = list(csv.reader(io.StringIO(text[1:])))
    end = next(number for number, line in enumerate(lines) if not line)
    return lines[0], lines[1:end], lines[end + 1:]


def opened(app: Any) -> Iterator[tuple[str, Any, Any, str]]:
    """(endpoint, its listing, a signed-in client, an address) of each list, by somebody who may see it."""
    for rule in app.url_map.iter_rules():
        listing = listings(app).get(rule.endpoint)
        if listing is not None and rule.endpoint not in NOT_IN_THE_SMALL_TOWN:
            yield rule.endpoint, listing, *_best(app, rule)


def _best(app: Any, rule: Any) -> tuple[Any, str]:
    """A client of somebody who may see the list, and its address."""
    access = app.view_functions[rule.endpoint].access
    client = app.test_client()
    if access.permission is None:
        return client, "/cover/lines/PROP_SHOP" if rule.arguments else rule.rule
    with app.test_request_context():
        for person, args in _who_and_where(app, rule):
            found = access.load(**{name: args[name] for name in _parameters(access.load)}) if access.load else None
            if (access.load is None or found is not None) and may(person, access.permission, found):
                sign_in(client, person)
                return client, app.url_map.bind("localhost").build(rule.endpoint, args)
    pytest.fail(f"nobody can open {rule.endpoint}")


def _who_and_where(app: Any, rule: Any) -> Iterator[tuple[Person, dict[str, Any]]]:
    if rule.arguments == {"need_id"}:  # whoever has a stored list
        for need in db.session.scalars(sa.select(Need).where(Need.id.in_(sa.select(ShownList.need_id)))):
            yield need.business.members[0].person, {"need_id": need.id}
    if rule.arguments == {"business_id"}:
        for member in db.session.scalars(sa.select(BusinessMember).limit(20)):
            yield member.person, {"business_id": member.business_id}
    for role in (*ROLES[2:], "owner"):
        for args in _arguments(app, rule):
            yield person_of(role), args


WITH_SEVERAL = {("leads.who_sees", "business")}
"""Filters that only who has several things is offered."""


@pytest.mark.article("B.1")
def test_each_list_leaves_as_it_stands_on_its_page(town: Any) -> None:
    """The same rows, heads with their definitions below, the filter kept, a control for each filter, looks written."""
    shown: dict[str, Any] = {}

    def keep(sender: Any, template: Any, context: dict[str, Any], **_: Any) -> None:
        if "page" in context:
            shown["page"] = context["page"]

    wrong, empty = [], []
    with template_rendered.connected_to(keep, town):
        for endpoint, listing, client, path in opened(town):
            shown.clear()
            page = client.get(path)
            assert page.status_code == 200, (endpoint, path, page.status)
            heads, rows, below = read(client.get(path, query_string={"as": "csv"}))
            total = shown["page"].total
            if [str(column.title) for column in listing.columns] != heads:
                wrong.append(f"{endpoint}: other heads")
            if len(rows) < min(total, listing.most) or (len(rows) > total and endpoint != "leads.mine"):
                wrong.append(f"{endpoint}: {len(rows)} rows of {total}")
            if len(below[-len(heads):]) != len(heads) or any(not line[2] for line in below[-len(heads):]):
                wrong.append(f"{endpoint}: no definitions")
            if total and ("会记下来" in page.text) != listing.is_written_down:
                wrong.append(f"{endpoint}: its page does not say whether taking the file is written down")
            if total and "as=csv" not in page.text:
                wrong.append(f"{endpoint}: its page does not offer the file")
            if total > 3:
                wrong += [f"{endpoint}: nothing on the page narrows by {name}" for name in listing.narrowed_by
                          if f'name="{name}"' not in page.text and f"{name}=" not in page.text
                          and (endpoint, name) not in WITH_SEVERAL]
            if not total:
                empty.append(endpoint)
    assert wrong == []
    assert len(empty) < len(listings(town)) / 3, empty
    with town.app_context():
        taken = {row.listing: row for row in db.session.scalars(sa.select(ListTaken))}
    written_down = {each.name for name, each in listings(town).items()
                    if each.is_written_down and name not in NOT_IN_THE_SMALL_TOWN}
    assert set(taken) == written_down
    assert all(row.person_id for row in taken.values())


WITHOUT_WORDS = {
    "leads.who_sees": "who, where and why are chosen from what is there",
    "oversight.lists": "found by the number of the list or of the need, each in a field of its own",
    "oversight.messages": "kinds and channels; whom they are for is not told",
    "reference.lpr": "a year is chosen",
    "accounts.directory": "its field is called text", "accounts.institutions": "the same", "accounts.people": "the same",
    "accounts.platform_people": "the same", "accounts.invitations": "the same",
    "accounts.platform_invitations": "the same", "accounts.broker_reports": "the same",
}  # fmt: skip
"""Lists that are not searched by words in ``q``, and why."""


@pytest.mark.article("8.2")
def test_each_list_is_searched_by_what_stands_in_it(town: Any) -> None:
    """Words that stand in a row find it, and no more than was there; words that stand nowhere find nothing."""
    assert {name for name, one in listings(town).items() if "q" not in one.narrowed_by} == set(WITHOUT_WORDS)
    wrong, searched = [], set()
    for endpoint, _listing, client, path in opened(town):
        if endpoint in WITHOUT_WORDS:
            continue
        taken = functools.partial(rows_of, client, path)
        all_rows = taken()
        if taken(q="没有这个词"):
            wrong.append(f"{endpoint}: finds what does not stand there")
        if not all_rows:
            continue
        searched.add(endpoint)
        row = all_rows[0]
        found = {text: taken(q=text) for text in sorted({cell[:40] for cell in row if cell})}
        if not any(row in rows for rows in found.values()):
            wrong.append(f"{endpoint}: nothing that stands in its first row finds it: {list(found)}")
        wrong += [f"{endpoint}: {text} finds rows of other lists" for text, rows in found.items()
                  if any(one not in all_rows for one in rows) and endpoint != "audit.files"]  # it grows as we read
    assert wrong == []
    assert len(searched) > 25


def rows_of(client: Any, path: str, **asked: str) -> list[list[str]]:
    """The rows of a list as a file, narrowed as asked."""
    return read(client.get(path, query_string={"as": "csv", **asked}))[1]


def test_the_filter_of_the_page_narrows_the_file_and_its_words_are_not_kept(town: Any) -> None:
    client = town.test_client()
    with town.app_context():
        sign_in(client, person_of("operator"))
    _, rows, _ = read(client.get("/people?role=operator&text=&as=csv"))
    assert rows and {row[1] for row in rows} == {"平台运营"}
    _, none, below = read(client.get("/people?text=nobody-is-called-so&as=csv"))
    assert none == [] and ["筛选", "text = nobody-is-called-so"] in below
    with town.app_context():
        assert [row.narrowed_by for row in db.session.scalars(sa.select(ListTaken).order_by(ListTaken.id))] == [
            ["role"], ["text"]]


def test_a_file_has_an_end_and_says_what_is_missing(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = listings(town)["products.browse"]
    monkeypatch.setitem(listing.__dict__, "most", 3)
    _, rows, below = read(town.test_client().get("/products?as=csv"))
    assert len(rows) == 3 and any(line and line[0] == "没有写全" for line in below)


@pytest.mark.article("B.1")
def test_who_may_not_see_a_list_gets_no_file_of_it(town: Any) -> None:
    client = town.test_client()
    with town.app_context():
        sign_in(client, person_of("owner"))
    for path in ("/leads/queue", "/oversight/late", "/checks/papers", "/people", "/masked", "/audit/files"):
        assert client.get(path, query_string={"as": "csv"}).status_code == 404, path
