"""Role × field × state: nobody of an institution finds a name, number or code anywhere before consent or after its end."""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask_login import login_user

from matchmaker import clock, searching, web
from matchmaker.accounts.models import Person
from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import presenting
from matchmaker.leads.queries.finding import lead_by_id
from matchmaker.leads.rules.consents import OPTIONAL, REQUIRED, Field
from matchmaker.leads.rules.states import ENDED, LIVE, State
from matchmaker.leads.words import LABELS
from matchmaker.notifications.models import Message
from tests.builders import a_desk, a_manager, a_supervisor, an_institution, an_operator, an_owner, sign_in
from tests.leads.builders import EVERYTHING, FIELDS, Case, a_case, to_state

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@dataclass
class Town:
    """A case, and people of every role that have nothing to do with it."""

    case: Case
    lead_id: int
    people: dict[str, Any] = field(default_factory=dict)


def a_town(app: Any, state: State, **sending: Any) -> Town:
    with app.app_context(), unit_of_work():
        case = a_case(note="隔壁王记也想借")
        lead = to_state(case, state, **({} if state is State.DRAFT else sending))
        other = an_institution("别家银行")
        people = {
            "carrier": case.manager,
            "colleague": case.colleague,
            "desk": case.desk,
            "foreign manager": a_manager(None, "别家经理"),
            "foreign desk": a_desk(other, "别家柜台"),
            "operator": an_operator("平台值班二"),
            "supervisor": a_supervisor(),
            "other owner": an_owner("别的老板"),
        }
        return Town(case, lead.id, people)


def secrets(case: Case) -> dict[Field, str]:
    """What must not be found, by field."""
    return {
        Field.NAME: case.business.name,
        Field.ADDRESS: "柳桥街",
        Field.CODE: case.business.uscc,
        Field.CONTACT_NAME: case.owner.name,
        Field.CONTACT_PHONE: case.owner.phone or "",
    }


def pages_of(lead_id: int) -> list[str]:
    return [
        f"/leads/{lead_id}", f"/leads/queue?lead={lead_id}", "/leads/queue?show=done", f"/leads/{lead_id}/offers/1",
        "/leads/", "/leads/who-sees?as=csv",
    ]  # fmt: skip


def pages_without_arguments(app: Any) -> list[str]:
    """Every page of the site that needs no argument."""
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in rule.methods and not rule.arguments and not rule.endpoint.endswith("static")
    )


def words_of(answer: Any) -> str:
    """What an answer says, that of a packed file too."""
    if answer.mimetype != "application/zip":
        return str(answer.get_data(as_text=True))
    with zipfile.ZipFile(io.BytesIO(answer.get_data())) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def found_in(app: Any, person: Any, urls: list[str], wanted: dict[Field, str]) -> dict[Field, set[str]]:
    """Field -> the pages on which this person found its value."""
    client = app.test_client()
    sign_in(client, person)
    found: dict[Field, set[str]] = {}
    for url in urls:
        answer = client.get(url)
        if answer.status_code != 200:
            continue
        text = words_of(answer)
        for name, value in wanted.items():
            if value and value in text:
                found.setdefault(name, set()).add(url)
    return found


INSTITUTION = ("carrier", "colleague", "desk", "foreign manager", "foreign desk")


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", [State.DRAFT, *ENDED])
def test_without_a_consent_in_force_nobody_of_any_institution_finds_anything(app: Any, state: State) -> None:
    town = a_town(app, state, fields=EVERYTHING)
    wanted = secrets(town.case)
    for role in INSTITUTION:
        assert found_in(app, town.people[role], pages_of(town.lead_id), wanted) == {}, role


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", [State.DRAFT, State.WITHDRAWN])
def test_no_other_page_of_the_site_knows_more(app: Any, state: State) -> None:
    town = a_town(app, state, fields=EVERYTHING)
    wanted = secrets(town.case)
    urls = pages_without_arguments(app)
    assert len(urls) > 20
    for role in ("carrier", "desk", "foreign manager", "other owner"):
        assert found_in(app, town.people[role], urls, wanted) == {}, role


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", list(LIVE))
def test_with_a_consent_each_role_finds_what_is_its_and_no_more(app: Any, state: State) -> None:
    town = a_town(app, state, fields=FIELDS)
    wanted = secrets(town.case)
    carried = state not in (State.WAITING, State.SECOND_LOOK)
    for role in INSTITUTION:
        found = set(found_in(app, town.people[role], pages_of(town.lead_id), wanted))
        if role.startswith("foreign"):
            assert found == set(), role
        elif role == "carrier" and carried:
            assert found == set(wanted), "who carries it reads all of it"
        elif role == "desk" or not carried:
            assert found == set(wanted) - {Field.CONTACT_PHONE}, f"{role}: all but the number"
        else:
            assert found == set(), "a colleague who does not carry it sees nothing of it"


@pytest.mark.article("B.1")
@pytest.mark.parametrize("role", ["operator", "supervisor", "other owner"])
def test_who_has_no_part_in_it_finds_no_lead(app: Any, role: str) -> None:
    town = a_town(app, State.OFFERED, fields=EVERYTHING)
    assert found_in(app, town.people[role], pages_of(town.lead_id), secrets(town.case)) == {}


@pytest.mark.article("B.1")
@pytest.mark.parametrize("optional", list(OPTIONAL))
def test_an_optional_field_is_opened_by_its_tick_alone(app: Any, optional: Field) -> None:
    town = a_town(app, State.ACCEPTED, fields=[*FIELDS, str(optional)])
    with app.app_context(), unit_of_work():
        lead = lead_by_id(town.lead_id)
        assert lead is not None
        shown = presenting.present(lead, db.session.get_one(Person, town.case.manager.id))
        assert shown.opened == frozenset({*REQUIRED, optional})
        assert (shown.tax_grade is not None) == (optional is Field.TAX)
        assert bool(shown.figures) == (optional is Field.FIGURES)
        assert shown.lines == () or optional is Field.CREDIT_LINES


@pytest.mark.article("B.1")
def test_without_ticked_hours_not_even_the_carrier_reads_the_number(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=FIELDS, hours=[])
    found = found_in(app, town.people["carrier"], pages_of(town.lead_id), secrets(town.case))
    assert Field.CONTACT_PHONE not in found and Field.NAME in found


@pytest.mark.article("B.1")
def test_the_date_of_a_consent_seals_by_itself(app: Any) -> None:
    """No job has to run: at the instant the consent ends, nothing is read any more."""
    ends_at = clock.now() + timedelta(hours=2)
    town = a_town(app, State.ACCEPTED, fields=FIELDS, ends_at=ends_at)
    wanted = secrets(town.case)
    assert Field.NAME in found_in(app, town.people["carrier"], pages_of(town.lead_id), wanted)
    with clock.frozen(ends_at):
        assert found_in(app, town.people["carrier"], pages_of(town.lead_id), wanted) == {}


@pytest.mark.article("B.1")
def test_the_trail_and_the_messages_carry_no_secret(app: Any) -> None:
    town = a_town(app, State.PAID_OUT, fields=EVERYTHING)
    with app.app_context():
        trail = json.dumps([row.facts for row in db.session.scalars(sa.select(AuditRow))], ensure_ascii=False)
        letters = json.dumps(
            [row.facts for row in db.session.scalars(sa.select(Message).where(Message.kind.like("lead_%")))],
            ensure_ascii=False,
        )
    for name, value in secrets(town.case).items():
        assert value not in trail, name
        assert value not in letters, name


def test_whatever_a_look_writes_down_has_words() -> None:
    """Every purpose and field that any code of the product gives to `looked_at`, and those of consents."""
    purposes, fields = set(presenting.LOOK_PURPOSES), {str(name) for name in Field}
    for file in (Path(__file__).parents[2] / "matchmaker").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "looked_at":
                given = {word.arg: word.value for word in call.keywords}
                said = [one.value for one in ast.walk(given["purpose"]) if isinstance(one, ast.Constant)]
                purposes |= {one for one in said if isinstance(one, str)}
                if isinstance(given["fields"], ast.List):
                    parts = [one for one in given["fields"].elts if isinstance(one, (ast.Constant, ast.IfExp))]
                    ends = [end for one in parts for end in ([one.body, one.orelse] if isinstance(one, ast.IfExp) else [one])]
                    fields |= {one.value for one in ends if isinstance(one, ast.Constant)}
    assert {"title", "identity", "identity_list"} <= purposes
    assert purposes == set(LABELS["lead.look"])
    assert fields == set(LABELS["lead.field"])


@pytest.mark.article("B.1")
def test_every_page_that_opened_something_left_a_look(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=FIELDS)
    for role in ("carrier", "desk"):
        client = app.test_client()
        sign_in(client, town.people[role])
        for url in pages_of(town.lead_id):
            with app.app_context():
                before = db.session.scalar(sa.select(sa.func.count()).select_from(DataAccess))
            answer = client.get(url)
            with app.app_context():
                after = db.session.scalar(sa.select(sa.func.count()).select_from(DataAccess))
            shows = answer.status_code == 200 and town.case.business.name in answer.get_data(as_text=True)
            assert (after > before) == shows, (role, url)


def test_a_look_that_cannot_be_written_shows_nothing(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed data without its row in the owner's log is not shown: 503."""
    town = a_town(app, State.ACCEPTED, fields=FIELDS)
    client = app.test_client()
    sign_in(client, town.people["carrier"])

    def broken(rows: list[Any]) -> None:
        if rows:
            raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr(web.transaction, "write_observations", broken)
    answer = client.get(f"/leads/{town.lead_id}")
    assert answer.status_code == 503
    assert town.case.business.name not in answer.get_data(as_text=True)


def test_answers_to_signed_in_people_are_not_stored(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=FIELDS)
    client = app.test_client()
    sign_in(client, town.people["carrier"])
    assert client.get(f"/leads/{town.lead_id}").headers["Cache-Control"] == "no-store"


def test_templates_of_institutions_take_no_business_from_anywhere_else() -> None:
    """`present` is the only door: the queue, the case and its parts never touch lead.business or consent.given_by."""
    folder = Path(__file__).parents[2] / "templates" / "leads"
    for name in ("queue.html", "case.html", "_case.html"):
        text = (folder / name).read_text(encoding="utf-8")
        assert ".business" not in text and "given_by" not in text, name


def test_a_lead_is_found_by_number(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=FIELDS)
    with app.app_context():
        assert isinstance(lead_by_id(town.lead_id), Lead)
        assert lead_by_id(999_999) is None


def told_by_search(app: Any, person: Any, words: str) -> str:
    """Everything that a search says to this person: kinds, titles, lines, addresses."""
    with app.test_request_context("/search"):
        if person is not None:
            person = db.session.get(Person, person.id)
            login_user(web.SignedIn(person, "a token"))
        return repr([(group.kind.name, group.hits) for group in searching.search(person, words)])


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", list(State))
def test_a_search_finds_nobody_by_what_a_consent_opens(app: Any, state: State) -> None:
    """Role × field × state: not by the value, not by a part of it, and no other search shows it; consent or none."""
    town = a_town(app, state, fields=EVERYTHING)
    wanted = secrets(town.case)
    asked = (wanted[Field.NAME], wanted[Field.CONTACT_PHONE][:7], wanted[Field.CODE])
    for role, person in [*town.people.items(), ("visitor", None)]:
        for words in (*asked, f"{town.lead_id}"):
            told = told_by_search(app, person, words)
            assert not [name for name, value in wanted.items() if value in told], (role, words, told)
            if words in asked:
                assert not [kind for kind in ABOUT_OWNERS if f"'{kind}'" in told], (role, words, told)
    assert wanted[Field.NAME] in told_by_search(app, town.case.owner, wanted[Field.NAME])


ABOUT_OWNERS = ("needs", "leads", "work", "talks", "businesses", "papers", "loans", "cards", "quotes", "papers-to-check",
                "cases", "all-needs", "all-leads", "typed-for-others")
"""Kinds that must not be found by anything of a sealed field."""


@pytest.mark.article("B.1")
def test_the_page_of_the_search_says_no_more(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=EVERYTHING)
    wanted = secrets(town.case)
    for role in ("carrier", "desk", "operator", "other owner"):
        client = app.test_client()
        sign_in(client, town.people[role])
        for value in wanted.values():
            text = client.get("/search", query_string={"q": value}).text
            text = re.sub(r'<title>.*?</title>|<input[^>]*>|href="[^"]*"', "", text)  # the words as they were typed
            assert not [name for name, hidden in wanted.items() if hidden in text], (role, value)


@pytest.mark.article("B.1")
def test_the_api_knows_no_owner(app: Any) -> None:
    town = a_town(app, State.ACCEPTED, fields=EVERYTHING)
    wanted = secrets(town.case)
    paths = [rule.rule for rule in app.url_map.iter_rules()
             if rule.rule.startswith("/api/") and "GET" in rule.methods and not rule.arguments]
    assert paths
    for role in ("carrier", "operator"):
        client = app.test_client()
        sign_in(client, town.people[role])
        for path in paths:
            for words in (wanted[Field.NAME], wanted[Field.CODE]):
                text = client.get(path, query_string={"q": words}).get_data(as_text=True)
                assert not [name for name, value in wanted.items() if value in text], (role, path)
