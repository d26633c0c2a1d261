"""Check first: eight questions, no row written, "not sure" is no "no", answers carried over and never asked twice."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa

from matchmaker.db import Base, db, unit_of_work
from matchmaker.needs.rules import Answers, facts_of
from matchmaker.web import limiter
from tests.builders import an_owner, sign_in
from tests.needs.builders import a_shop
from tests.products.builders import a_product

ANSWERS = {
    "kind": "sole_proprietor",
    "age": "12_to_36",
    "trade": "food",
    "place": "杭州西湖",
    "turnover": "30_to_100",
    "amount": "30",
    "amount_unit": "wan",
    "term": "12",
    "securities": "none",
}


def page_of(answer) -> str:
    return answer.get_data(as_text=True).replace("\u00a0", " ")


def token(client) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page_of(client.get("/check")))[1]


def rows(app) -> dict[str, int]:
    """How many rows every table has: what a check must leave as it was."""
    with app.app_context():
        return {
            table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def market(app):
    with app.app_context(), unit_of_work():
        a_product()
        a_product(min_turnover_wan="200", min_months_in_business="36")
        a_product(securities=["MORT_RES"])


@pytest.mark.article("6.1", "B.1")
def test_a_visitor_learns_what_fits_and_no_row_is_written(app, client, market):
    before = rows(app)
    form = page_of(client.get("/check"))
    assert len(re.findall(r"<legend>\d\.|<label for=\"\w+\">\d\.", form)) == 8
    answer = client.post("/check", data={**ANSWERS, "csrf_token": token(client)})
    assert answer.status_code == 303
    page = page_of(client.get(answer.location))
    assert "有 1 个贷款产品可能适合您" in page
    assert "这不是批准" in page
    assert re.search(r"\d\.\d\d%", page), "a price band"
    assert "个工作日" in page
    assert page.count('class="card-mm"') >= 2, "what stops the others"
    assert rows(app) == before


@pytest.mark.own_app
def test_an_address_that_asks_without_end_is_told_to_wait(app, client):
    app.config["RATELIMIT_ENABLED"] = True
    limiter.init_app(app)
    try:
        answers = [client.get("/check").status_code for _ in range(61)]
        assert set(answers[:60]) == {200} and answers[60] == 429
        assert app.test_client().get("/check", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 200
    finally:
        limiter.enabled = False


def test_everything_may_be_left_open(app, client, market):
    answer = client.post("/check", data={"csrf_token": token(client)})
    assert answer.status_code == 303
    page = page_of(client.get(answer.location))
    assert "有 3 个贷款产品可能适合您" in page, "not sure is never taken for no"
    assert "还要核对的" in page


def test_mistakes_stay_on_the_page_with_what_was_typed(client, market):
    answer = client.post("/check", data={**ANSWERS, "amount": "很多", "place": "火星", "csrf_token": token(client)})
    page = page_of(answer)
    assert answer.status_code == 422
    assert "很多" in page and "火星" in page
    assert '<a href="#amount">' in page and '<a href="#place">' in page
    assert re.search(r'value="sole_proprietor"[^>]*checked|checked[^>]*value="sole_proprietor"', page)


def test_a_name_of_several_places_asks_which(client, market):
    answer = client.post("/check", data={**ANSWERS, "place": "鼓楼区", "csrf_token": token(client)})
    page = page_of(answer)
    assert answer.status_code == 422 and page.count('name="place_code"') > 1
    code = re.findall(r'name="place_code"[^>]*value="(\d+)"', page)[1]
    again = client.post("/check", data={**ANSWERS, "place": "鼓楼区", "place_code": code, "csrf_token": token(client)})
    assert again.status_code == 303


@pytest.mark.article("6.1")
def test_answers_are_carried_over_into_the_need_and_not_asked_again(app, client, market):
    client.post("/check", data={**ANSWERS, "csrf_token": token(client)})
    with app.app_context(), unit_of_work():
        owner = an_owner()
        a_shop(owner)
    before = rows(app)["need_draft"]
    sign_in(client, owner)
    page = page_of(client.get("/needs/new"))
    assert re.search(r'id="amount"[^>]*value="30"', page)
    assert re.search(r'checked[^>]*value="12"|value="12"[^>]*checked|<input checked[^>]*id="term-1"', page)
    assert "个体工商户" in page and "餐饮、住宿" in page
    assert rows(app)["need_draft"] == before, "looking at the form keeps nothing"


def test_answers_can_be_forgotten(client, market):
    client.post("/check", data={**ANSWERS, "csrf_token": token(client)})
    client.post("/check/forget", data={"csrf_token": token(client)})
    assert client.get("/check/result").location == "/check"


def test_answers_survive_the_cookie_and_say_no_more_than_was_said():
    answers = Answers(kind="not_yet", age="under_6", trade="other", securities=("unsure",))
    assert Answers.from_cookie(answers.as_cookie()) == answers
    facts = facts_of(answers)
    assert facts.kind is None and facts.industry_code is None and facts.securities is None
    assert facts.months_in_business.high == 5 and facts.amount_yuan is None
    assert Answers.from_cookie(None) is None
