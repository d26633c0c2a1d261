"""A walk over every route as every role, in both languages, over the small demo town: what is seen, and what never is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.http import parse_options_header

from matchmaker.accounts.models import Badge, Person
from matchmaker.businesses.models import Business, BusinessMember, IdentityCase, Mandate
from matchmaker.businesses.queries import waiting_titles
from matchmaker.db import db
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.rules.states import LIVE
from matchmaker.permissions import INSURERS, may
from tests.builders import sign_in
from tests.promises.page_checks import Page, problems_of_page

pytestmark = pytest.mark.long

ROLES = ("nobody", "owner", "borrower", "helper", "manager", "desk", "insurer", "operator", "supervisor", "channel")
PER_ENDPOINT = 4
"""How many pages of one endpoint the walk looks at, for each role; half as many in English."""


SEARCHED = ("/search?q=的", "/search?q=照")
"""What the walk looks for: letters that stand in messages, in the kinds and names of papers, in many names."""


def person_of(role: str) -> Person | None:
    """Somebody of that role; an owner or manager with the most leads, so that there is much to see.

    A borrower is the owner with the most leads that are under way: lists, offers and waits of today are there.
    An insurer is somebody at the desk of one; a helper somebody who acts for an owner by a mandate.
    """
    if role == "nobody":
        return None
    if role not in _found:
        _found[role] = _look_for(role)
    return db.session.get(Person, _found[role])


_found: dict[str, int] = {}
"""The numbers of these people: every copy of the small town has the same."""


def _look_for(role: str) -> int:
    held = {"borrower": "owner", "helper": "owner", "insurer": "desk"}.get(role, role)
    people = [each for each in db.session.scalars(sa.select(Person).order_by(Person.id))
              if any(assignment.role == held for assignment in each.roles)]
    if role == "insurer":
        people = [each for each in people if INSURERS & each.desk_kinds]
    if role == "helper":
        helping = set(db.session.scalars(sa.select(Mandate.person_id)))
        people = [each for each in people if each.id in helping]
    if role == "manager":
        people.sort(key=lambda each: -_count(Lead.manager_id == each.id))
    if role in ("owner", "borrower"):
        counted = dict(db.session.execute(
            sa.select(BusinessMember.person_id, sa.func.count()).join(Lead, Lead.business_id == BusinessMember.business_id)
            .where(Lead.state.in_([str(state) for state in LIVE]) if role == "borrower" else sa.true())
            .group_by(BusinessMember.person_id)).all())
        people.sort(key=lambda each: -counted.get(each.id, 0))
    return people[0].id


def _count(condition: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Lead).where(condition)) or 0


@dataclass(frozen=True)
class Visited:
    """One page of a walk: where it was asked for and what was answered, read once."""

    endpoint: str
    path: str
    status_code: int
    headers: Headers
    data: bytes
    page: Page | None
    """What the page says of itself; None where the answer is no page (a file, a redirect)."""

    @property
    def mimetype(self) -> str:
        return parse_options_header(self.headers.get("Content-Type"))[0]

    @property
    def text(self) -> str:
        return self.data.decode()


def walk(app: Any, role: str, language: str = "zh", each: int = PER_ENDPOINT) -> Iterator[Visited]:
    """The pages that links lead to, from the start page of the role, at most ``each`` of one endpoint."""
    client = app.test_client()
    with app.app_context():
        person = person_of(role)
        if person is not None:
            sign_in(client, person)
    client.set_cookie("lang", language)
    adapter = app.url_map.bind("localhost")
    seen, per_endpoint, waiting = set(), Counter[str](), ["/", *SEARCHED]
    while waiting:
        path = waiting.pop(0)
        if path in seen:
            continue
        seen.add(path)
        try:
            endpoint, _ = adapter.match(urlsplit(path).path, method="GET")
        except HTTPException:
            yield _visit(client, "?", path)
            continue
        kind = f"{endpoint} as a file" if "as=csv" in path else endpoint
        if per_endpoint[kind] >= each or endpoint.endswith("static"):
            continue
        per_endpoint[kind] += 1
        visited = _visit(client, endpoint, path)
        yield visited
        if visited.status_code in {301, 302, 303}:
            waiting.append(_local(visited.headers["Location"], path))
        elif visited.page is not None:
            waiting += [_local(link, path) for link in visited.page.links if _is_ours(link)]


def walk_of_the_town(app: Any, role: str, language: str = "zh", each: int = PER_ENDPOINT) -> list[Visited]:
    """``walk`` over a fresh copy of the small town, taken once by each process: every copy shows the same pages."""
    asked = (role, language, each)
    if asked not in _walked:
        _walked[asked] = list(walk(app, role, language, each))
    return _walked[asked]


_walked: dict[tuple[str, str, int], list[Visited]] = {}


def _visit(client: FlaskClient, endpoint: str, path: str) -> Visited:
    answer = client.get(path)
    page = Page(answer.text) if answer.mimetype == "text/html" and answer.status_code not in {301, 302, 303} else None
    return Visited(endpoint, path, answer.status_code, answer.headers, answer.data, page)


def _is_ours(link: str) -> bool:
    parts = urlsplit(link)
    return not parts.scheme and not parts.netloc and not link.startswith(("#", "mailto:", "tel:"))


def _local(link: str, base: str) -> str:
    link = urldefrag(link)[0]
    parts = urlsplit(link)
    path = parts.path or urlsplit(base).path
    return path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_a_role_can_reach_is_whole(town: Any, role: str, language: str) -> None:
    wrong: list[str] = []
    for visited in walk_of_the_town(town, role, language, each=PER_ENDPOINT if language == "zh" else PER_ENDPOINT // 2):
        where = f"{visited.path} ({visited.endpoint})"
        if visited.status_code >= 400:
            wrong.append(f"{where}: {visited.status_code}")
        elif visited.page is not None and visited.status_code == 200:
            wrong += [f"{where}: {problem}" for problem in problems_of_page(visited.page)]
        if role != "nobody" and visited.status_code == 200:
            assert visited.headers.get("Cache-Control") == "no-store", where
    assert wrong == []


@pytest.mark.postgres
def test_each_page_opens_on_postgresql(postgres_town: Any) -> None:
    """Pages that links lead to, for every role; then, once each, those that no link of the small town leads to."""
    seen, wrong = set(), []
    for role in ROLES:
        shelves = PER_ENDPOINT if role in {"desk", "insurer"} else 1  # products in every state lead to other pages
        for visited in walk(postgres_town, role, each=shelves):
            seen.add(visited.endpoint)
            if visited.status_code >= 400:
                wrong.append(f"{visited.path} as {role}: {visited.status_code}")
    for rule in postgres_town.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint in seen or rule.endpoint.endswith("static"):
            continue
        for person_id, path in _opened_by_somebody(postgres_town, rule):
            seen.add(rule.endpoint)
            client = postgres_town.test_client()
            if person_id is not None:
                with postgres_town.app_context():
                    sign_in(client, db.session.get(Person, person_id))
            answer = client.get(path)
            if answer.status_code >= 400:
                wrong.append(f"{path}: {answer.status_code}")
    assert wrong == []
    pages = {rule.endpoint for rule in postgres_town.url_map.iter_rules()
             if "GET" in rule.methods and not rule.endpoint.endswith("static")}
    assert pages - seen <= NOT_IN_THE_SMALL_TOWN, "a page that was never opened on PostgreSQL"


NOT_IN_THE_SMALL_TOWN = {
    "notifications.ask_stop", "papers.choose_proof", "papers.small",
    "accounts.accept_invitation", "approaches.card", "businesses.ask_remove_line", "businesses.ask_remove_title",
    "businesses.case", "businesses.check_title",
    "businesses.line", "businesses.mandate_link", "documents.read", "insurance.compare", "insurance.read_paper", "leads.read_paper",
    "needs.assisted_link", "needs.delete_draft", "needs.review", "oversight.ask_switch", "oversight.show_model",
    "oversight.touched",
    "products.imported", "products.show_version", "reference.region_change",
}
"""A secret word; a draft, file, line, title, table read in or change of a county that nobody walks to; a model, for which
the small town has too few cases: their own tests open them, on SQLite."""


def _opened_by_somebody(app: Any, rule: Any) -> Iterator[tuple[int | None, str]]:
    """Who may open a page of this kind and its address, once; nobody (None) where it is public."""
    access = getattr(app.view_functions[rule.endpoint], "access", None)
    if access is None or access.permission is None:
        if not rule.arguments:
            yield None, rule.rule
        elif rule.endpoint == "accounts.badge":  # the busiest manager, who walks, need not be one who has a badge
            with app.test_request_context():
                token = db.session.scalars(sa.select(Badge.token)).first()
                yield None, app.url_map.bind("localhost").build(rule.endpoint, {"token": token})
        return
    with app.test_request_context():
        people = list(db.session.scalars(sa.select(Person).order_by(Person.id)))
        for args in _arguments(app, rule):
            found = access.load(**args) if access.load else None
            if access.load and found is None:
                continue
            who = next((each for each in people if may(each, access.permission, found)), None)
            if who is not None:
                yield who.id, app.url_map.bind("localhost").build(rule.endpoint, args)
                return


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.article("B.1")
def test_every_guarded_page_answers_as_the_table_says(town: Any, role: str) -> None:
    """Route × role × objects in every state: allowed pages answer, the others do not exist."""
    client = town.test_client()
    with town.app_context():
        person = person_of(role)
        if person is not None:
            sign_in(client, person)
    checked = 0
    for rule in town.url_map.iter_rules():
        access = getattr(town.view_functions[rule.endpoint], "access", None)
        if access is None or access.permission is None or "GET" not in rule.methods:
            continue
        for args in _arguments(town, rule):
            with town.test_request_context():
                person = person_of(role)
                found = access.load(**{name: value for name, value in args.items()
                                       if name in _parameters(access.load)}) if access.load else None
                allowed = person is not None and (access.load is None or found is not None) \
                    and may(person, access.permission, found)
                path = town.url_map.bind("localhost").build(rule.endpoint, args)
            answer = client.get(path)
            checked += 1
            if role == "nobody":
                assert answer.status_code == 302 and "sign-in" in answer.location, path
            elif allowed:
                assert answer.status_code < 400 or answer.status_code == 409, (path, answer.status_code)
            else:
                assert answer.status_code in {403, 404}, (path, answer.status_code)
    assert checked > 20


def _parameters(load: Any) -> set[str]:
    import inspect

    return set(inspect.signature(load).parameters)


def _arguments(app: Any, rule: Any) -> list[dict[str, Any]]:
    """Sample URL arguments: for a lead, one of every state; for others, the first few rows; and a number that is not."""
    if not rule.arguments:
        return [{}]
    columns = {"lead_id": Lead, "consent_id": Consent}
    with app.app_context():
        if rule.arguments == {"lead_id"}:
            states = db.session.execute(sa.select(sa.func.min(Lead.id)).group_by(Lead.state)).scalars()
            return [{"lead_id": number} for number in states] + [{"lead_id": 10**8}]
        numbers: dict[str, list[int]] = {}
        for name in rule.arguments:
            if not name.endswith("_id"):
                return []
            table = columns.get(name) or _table(name[:-3])
            if table is None:
                return []
            numbers[name] = list(db.session.scalars(sa.select(table.id).order_by(table.id).limit(3))) + [10**8]
        length = max(len(each) for each in numbers.values())
        return [{name: each[min(place, len(each) - 1)] for name, each in numbers.items()} for place in range(length)]


def _table(name: str) -> Any:
    from matchmaker.db import Base

    return next((mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__tablename__ == name), None)


@pytest.mark.parametrize("role", ["manager", "desk", "channel", "operator", "supervisor"])
@pytest.mark.article("B.1")
def test_nobody_finds_a_business_that_did_not_consent(town: Any, role: str) -> None:
    """Names, codes and phones of businesses stand only where a live consent for that institution says so."""
    with town.app_context():
        person = person_of(role)
        assert person is not None
        mine = person.institution_ids
        open_to_me = set(db.session.scalars(
            sa.select(Consent.business_id).where(Consent.institution_id.in_(mine), Consent.ended_at.is_(None))))
        if role == "operator":  # whose papers wait to be checked is the operator's business
            open_to_me |= set(db.session.scalars(sa.select(BusinessMember.business_id)
                                                 .where(BusinessMember.standing == "papers_sent")))
            open_to_me |= set(db.session.scalars(sa.select(IdentityCase.business_id)
                                                 .where(IdentityCase.decided_at.is_(None))))
            # and whose owner asked for a title to be looked up in its register
            open_to_me |= {title.business_id for title in db.session.scalars(waiting_titles())}
        sealed: dict[str, str] = {}
        for business in db.session.scalars(sa.select(Business)):
            if business.id not in open_to_me:
                sealed |= {business.name: "name", business.uscc: "code"}
        for member in db.session.scalars(sa.select(BusinessMember)):
            if member.business_id not in open_to_me and member.person_id != person.id and member.person.phone:
                sealed[member.person.phone] = "phone"
    pattern = re.compile("|".join(re.escape(text) for text in sealed))
    for visited in walk_of_the_town(town, role):
        if visited.mimetype in {"text/html", "application/json", "text/csv"}:
            found = pattern.search(visited.text)
            assert found is None, f"{visited.path} ({visited.endpoint}) shows the {sealed[found.group()]} of a sealed business"
