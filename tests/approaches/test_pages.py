"""Pages of cards through HTTP, as plain forms: who sees them, what stands on them, nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.approaches.models import Hand
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import CardAgreement, Lead
from matchmaker.leads.services import agreeing
from matchmaker.needs.models import Need
from tests.approaches.builders import Street, a_street, raised, release
from tests.builders import a_supervisor, an_operator, an_owner, sign_in
from tests.leads.builders import a_case
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def client_of(app: Any, person: Any) -> Any:
    client = app.test_client()
    sign_in(client, person)
    return client


def a_town(app: Any) -> Street:
    with app.app_context(), unit_of_work():
        street = a_street()
        release(street)
        raised(street, 1)
        return street


def typed(page: str, **values: str) -> dict[str, str]:
    """The hidden fields of a page's forms, with what is typed."""
    found = dict(re.findall(r'name="(csrf_token|form_key)"[^>]*value="([^"]+)"', page))
    return found | values


def count(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.mark.article("B.4", "B.1")
def test_from_the_list_to_a_raised_hand_and_down_again(app: Any) -> None:
    street = a_town(app)
    desk = client_of(app, street.desks[0])
    start = desk.get("/").text
    assert "1 张不写名字的卡片，您的产品合得上" in start and 'href="/cards"' in start
    listed = desk.get("/cards")
    assert listed.status_code == 200 and "西湖区" in listed.text and "餐饮业" in listed.text
    assert "没有找到" in desk.get("/cards?q=机床").text and "西湖区" in desk.get("/cards?q=西湖").text
    path = re.search(r'href="(/cards/[\w-]{20,})"', listed.text)[1]  # type: ignore[index]
    page = desk.get(path).text
    refused = desk.post(path, data=typed(page, words="包过，三天到账", product=str(street.products[0].id)))
    assert refused.status_code == 422 and 'value="包过，三天到账"' in refused.text, "nothing typed is lost"
    assert problems_of(refused.text) == []
    sent = desk.post(path, data=typed(desk.get(path).text, words="三天内上门", product=str(street.products[0].id)))
    assert sent.status_code == 303
    assert "不写名字的卡片，您的产品合得上" not in desk.get("/").text, "our hand is up: nothing to do"
    own = desk.get(path).text
    assert "我们举着手" in own and "三天内上门" in own
    with app.app_context():
        hand_id = db.session.scalars(sa.select(Hand.id).where(Hand.words == "三天内上门")).one()
    other = client_of(app, street.desks[1])
    assert other.get(path).status_code == 404, "an address of one institution is nothing to another"
    assert "三天内上门" not in other.get("/cards").text
    assert other.post(f"/hands/{hand_id}/take-back", data=typed(other.get("/cards").text)).status_code == 404
    assert desk.post(f"/hands/{hand_id}/take-back", data=typed(own)).status_code == 303


@pytest.mark.article("B.1")
def test_nobody_but_the_owner_finds_who_it_is_and_the_late_one_finds_no_card(app: Any) -> None:
    street = a_town(app)
    case = street.case
    secrets = [case.business.name, case.business.uscc, case.business.address, case.owner.name, case.owner.phone or "-"]
    with app.app_context(), unit_of_work():
        others = [an_operator("值班"), a_supervisor(), an_owner("别人")]
    assert "现在没有等着接的" in client_of(app, case.desk).get("/cards").text
    path = re.search(r'href="(/cards/[\w-]{20,})"', client_of(app, street.desks[0]).get("/cards").text)[1]  # type: ignore[index]
    for person in [*street.desks, case.desk, case.manager, *others]:
        client = client_of(app, person)
        for url in ("/cards", path, "/cards/board", f"/needs/{case.need.id}/hands", "/"):
            answer = client.get(url)
            if answer.status_code == 200:
                assert problems_of(answer.text) == [], url
                assert not any(secret in answer.text for secret in secrets), url
                assert f"/needs/{case.need.id}" not in answer.text
    operator = client_of(app, others[0])
    board = operator.get("/cards/board").text
    assert "西湖区" in board and 'action="/cards' not in board and "/hands/" not in board
    assert operator.get("/cards").status_code == operator.get(path).status_code == 404
    assert client_of(app, others[2]).get(f"/needs/{case.need.id}/hands").status_code == 404


@pytest.mark.article("B.4")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_owner_sees_hands_with_cost_and_fit_and_sends_with_one_tap(app: Any, language: str) -> None:
    street = a_town(app)
    need_id, owner = street.case.need.id, client_of(app, street.case.owner)
    owner.set_cookie("lang", language)
    assert f'href="/needs/{need_id}/hands"' in owner.get("/").text, "a raised hand waits for the owner, so the start says so"
    shown = owner.get(f"/needs/{need_id}").text
    assert f'hx-get="/needs/{need_id}/hands"' in shown and problems_of(shown) == []
    page = owner.get(f"/needs/{need_id}/hands").text
    assert problems_of(page) == [] and "本区有网点" in page and street.products[1].current_version.name in page
    with app.app_context():
        hand_id = db.session.scalars(sa.select(Hand.id)).one()
    data = typed(page)
    answer = owner.post(f"/hands/{hand_id}/choose", data=data)
    assert answer.status_code == 303 and "/leads/" in answer.location
    assert owner.post(f"/hands/{hand_id}/choose", data=data).location == answer.location, "the same form again"
    assert owner.post(f"/hands/{hand_id}/choose", data=data | {"form_key": "another"}).status_code == 409
    with app.app_context():
        assert count(Lead) == 2
    assert f'href="/needs/{need_id}/hands"' not in owner.get("/").text
    over = owner.get(f"/needs/{need_id}/hands").text
    assert "本区有网点" not in over and problems_of(over) == []


@pytest.mark.article("B.1")
def test_the_agreement_is_off_until_it_is_ticked_and_taken_back_on_two_pages(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
    owner, need_id = client_of(app, case.owner), case.need.id
    path = f"/needs/{need_id}/send/{case.product.id}"
    page = owner.get(path).text
    assert re.search(r'<input[^>]*name="card"[^>]*>', page)
    assert not re.search(r'<input[^>]*checked[^>]*name="card"|<input[^>]*name="card"[^>]*checked', page)
    assert owner.post(path, data=typed(page, until="longest", card="y")).status_code == 303
    with app.app_context():
        assert count(CardAgreement) == 1
    assert 'name="card"' not in owner.get(path).text
    seen = owner.get("/leads/who-sees").text
    assert f"/needs/{need_id}/card-agreement/withdraw" in seen and problems_of(seen) == []
    assert owner.post(f"/needs/{need_id}/card-agreement/withdraw", data=typed(seen, back="who_sees")).status_code == 303
    again = owner.get(f"/needs/{need_id}/hands").text
    assert problems_of(again) == []
    assert owner.post(f"/needs/{need_id}/card-agreement", data=typed(again)).status_code == 303
    with app.app_context():
        assert [row is None for row in db.session.scalars(sa.select(CardAgreement.ended_at))] == [False, True]
        assert db.session.get_one(Need, need_id).state == "in_progress"


def test_ending_the_agreement_twice_says_that_nothing_changed(app: Any) -> None:
    street = a_town(app)
    owner, url = client_of(app, street.case.owner), f"/needs/{street.case.need.id}/card-agreement/withdraw"
    data = typed(owner.get(f"/needs/{street.case.need.id}/hands").text)
    with app.app_context(), unit_of_work():
        agreeing.withdraw_agreement(db.session.get_one(Need, street.case.need.id), by=street.case.owner)
    assert owner.post(url, data=data).status_code == 409
