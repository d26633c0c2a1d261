"""A need typed at a counter or by a channel: who typed it is on record; it is the owner's when they confirm it."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.needs import services
from matchmaker.needs.models import AssistedNeed, Need, NeedDraft
from matchmaker.needs.rules import read_typed
from matchmaker.notifications.models import Message
from tests.builders import a_desk, a_manager, a_person, an_operator, an_owner, sign_in
from tests.needs.builders import a_shop
from tests.promises.page_checks import problems_of

pytestmark = pytest.mark.article("B.1")
TYPED = {
    "amount": "20", "amount_unit": "wan", "term": "12", "purpose": "STOCK", "securities": "none", "first_loan": "yes",
    "is_here": "y", "name": "周老板",
}  # fmt: skip


def post(client: Any, path: str, opened: str | None = None, **typed: Any) -> Any:
    page = client.get(opened or path).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token, page[:300]
    return client.post(path, data={"csrf_token": token.group(1), "form_key": "k", **typed})


@pytest.fixture
def people(app: Any) -> dict[str, Any]:
    with app.app_context(), unit_of_work():
        return {
            "channel": a_person("园区孔服务", role="channel"), "counter": a_desk(), "manager": a_manager(),
            "owner": an_owner(), "stranger": an_owner("路人"), "operator": an_operator(),
        }  # fmt: skip


def client_of(app: Any, person: Any) -> Any:
    client = app.test_client()
    with app.app_context():
        sign_in(client, person)
    return client


@pytest.mark.parametrize("role", ["channel", "counter", "manager"])
def test_what_is_typed_becomes_the_owners_need_only_by_the_owner(app: Any, people: dict[str, Any], role: str) -> None:
    typing, owner = client_of(app, people[role]), client_of(app, people["owner"])
    page = typing.get("/assisted/new").text
    assert problems_of(page) == []
    purpose = re.search(r'name="purpose"[^>]*value="([A-Z_]+)"', page)
    assert purpose
    values = TYPED | {"purpose": purpose.group(1), "address": people["owner"].phone}
    assert post(typing, "/assisted/new", **values).status_code == 303
    assert "周老板" in typing.get("/assisted").text
    with app.app_context():
        letter = db.session.scalars(sa.select(Message).where(Message.kind == "need_assisted")).one()
        path = letter.secrets["path"]
        assert db.session.scalars(sa.select(NeedDraft)).all() == [] and db.session.scalars(sa.select(Need)).all() == []
    stranger = client_of(app, people["stranger"])
    assert stranger.get(path).status_code == 404 and typing.get(path).status_code == 404
    shown = owner.get(path)
    assert shown.status_code == 200 and people[role].name in shown.text and problems_of(shown.text) == []
    assert post(owner, path).status_code == 303
    assert owner.get(path).status_code == 404, "once"
    assert "周老板" not in typing.get("/assisted").text, "who typed it sees no more than that it was confirmed"
    with app.app_context():
        with unit_of_work():
            draft = db.session.scalars(sa.select(NeedDraft)).one()
            assert draft.person_id == people["owner"].id
            wanted, wrong = read_typed(draft.values, today=clock.today())
            assert wanted is not None and not wrong
            services.post_need(a_shop(people["owner"]), wanted, days=60, by=people["owner"], draft=draft)
        row = db.session.scalars(sa.select(AssistedNeed)).one()
        need = db.session.scalars(sa.select(Need)).one()
        assert (row.need_id, row.typed_by_id, row.address, row.values) == (need.id, people[role].id, "", {})
        said = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "need.type_for")).one()
        assert said.by_id == people[role].id
    assert people[role].name in owner.get(f"/needs/{need.id}").text


def test_nothing_is_typed_for_who_is_not_there_and_mistakes_stand_at_their_fields(app: Any, people: dict[str, Any]) -> None:
    typing = client_of(app, people["channel"])
    answer = post(typing, "/assisted/new", amount="很多", address="123", name="某某")
    assert answer.status_code == 422 and 'id="address-e"' in answer.text and 'id="amount-e"' in answer.text
    assert "很多" in answer.text and "某某" in answer.text
    purpose = re.search(r'name="purpose"[^>]*value="([A-Z_]+)"', typing.get("/assisted/new").text)
    values = TYPED | {"purpose": purpose.group(1) if purpose else "", "address": people["owner"].phone}
    values.pop("is_here")
    answer = post(typing, "/assisted/new", **values)
    assert answer.status_code == 422 and 'id="is_here-e"' in answer.text
    with app.app_context():
        assert db.session.scalars(sa.select(AssistedNeed)).all() == []


def test_who_typed_it_takes_it_back_and_nobody_else_does(app: Any, people: dict[str, Any]) -> None:
    typing = client_of(app, people["channel"])
    purpose = re.search(r'name="purpose"[^>]*value="([A-Z_]+)"', typing.get("/assisted/new").text)
    values = TYPED | {"purpose": purpose.group(1) if purpose else "", "address": people["owner"].phone}
    assert post(typing, "/assisted/new", **values).status_code == 303
    assert post(client_of(app, people["counter"]), "/assisted/1/withdraw", "/assisted/new").status_code == 404
    assert post(typing, "/assisted/1/withdraw", "/assisted").status_code == 303
    with app.app_context():
        row = db.session.get(AssistedNeed, 1)
        assert row is not None and row.withdrawn_at is not None and row.values == {} and row.address == ""
        path = db.session.scalars(sa.select(Message).where(Message.kind == "need_assisted")).one().secrets["path"]
    assert client_of(app, people["owner"]).get(path).status_code == 404


@pytest.mark.parametrize("role", ["owner", "operator"])
def test_nobody_else_types_for_others(app: Any, people: dict[str, Any], role: str) -> None:
    assert client_of(app, people[role]).get("/assisted/new").status_code == 404
