"""The calculators as pages: plain forms that compute, keep what was typed and store nothing."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from matchmaker.db import db
from matchmaker.web import limiter

COST = {"principal": "30", "months": "12", "nominal_rate_pct": "3.45", "repayment": "EQ_INST"}


def post(client: FlaskClient, path: str, **values: str) -> Any:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).get_data(as_text=True))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **values})


def words(page: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.get_data(as_text=True))).replace("\u00a0", " ")


@pytest.mark.parametrize("path", ["/tools", "/tools/all-in-cost", "/tools/size-class", "/tools/revolving"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_everybody_may_open_a_calculator(client: FlaskClient, path: str, language: str) -> None:
    client.set_cookie("lang", language)
    page = client.get(path)
    assert page.status_code == 200
    assert page.get_data(as_text=True).count("<h1") == 1


@pytest.mark.article("8.2", "8.3")
def test_the_cost_of_a_loan_with_a_guarantee_fee(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST, guarantee_fee_upfront="1,500")
    assert page.status_code == 200
    said = words(page)
    for figure in ("4.38 %", "4.47%", "25,469.65 元", "307,135.76 元", "298,500.00 元", "7,135.76 元", "5,635.76 元"):
        assert figure in said, figure
    assert "担保费" in said
    assert 'value="30"' in page.get_data(as_text=True)


def test_full_width_figures_and_percent_signs_are_read(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST | {"principal": "３０", "nominal_rate_pct": "3.45%"})
    assert page.status_code == 200
    assert "25,469.65 元" in words(page)


def test_a_wrong_figure_stands_at_its_field_and_nothing_is_lost(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST | {"principal": "三十来万", "months": "0"})
    assert page.status_code == 422
    text = page.get_data(as_text=True)
    assert "有 2 处要改" in text
    assert 'value="三十来万"' in text
    assert 'href="#principal"' in text and 'href="#months"' in text


def test_limits_are_said_in_the_unit_of_the_field(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST | {"principal": "100000001"})
    assert "不超过 100,000,000" in words(page)


def test_english_pages_take_yuan(client: FlaskClient) -> None:
    client.set_cookie("lang", "en")
    text = client.get("/tools/all-in-cost").get_data(as_text=True)
    assert 'value="yuan"' in text
    page = post(client, "/tools/all-in-cost", **COST | {"principal": "300,000", "amount_unit": "yuan"})
    assert page.status_code == 200
    assert "25,469.65" in words(page) and "305,635.76" in words(page)


def test_a_balloon_asks_for_its_months(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST | {"repayment": "BALLOON"})
    assert page.status_code == 422
    assert 'href="#method_param"' in page.get_data(as_text=True)
    page = post(client, "/tools/all-in-cost", **COST | {"repayment": "BALLOON", "method_param": "120"})
    assert page.status_code == 200


def test_fees_that_eat_the_loan_are_answered_with_a_sentence(client: FlaskClient) -> None:
    page = post(client, "/tools/all-in-cost", **COST, upfront_fee="300000")
    assert page.status_code == 422
    assert "算不出唯一的年化成本" in words(page)


@pytest.mark.article("5.1")
def test_everyday_words_lead_to_the_size(client: FlaskClient) -> None:
    page = post(client, "/tools/size-class", industry_query="奶茶", employees="12", revenue="92")
    assert page.status_code == 200
    assert "微型" in words(page)
    assert "营业收入" in words(page)


def test_an_industry_outside_the_standard_shows_the_declared_convention(client: FlaskClient) -> None:
    page = post(client, "/tools/size-class", gbt_code="8391", employees="60")
    assert "不在划型办法范围内" in words(page)
    assert "暂按小型对待" in words(page)


def test_words_that_fit_no_industry_say_so(client: FlaskClient) -> None:
    page = post(client, "/tools/size-class", industry_query="嗯嗯嗯嗯嗯", employees="5")
    assert page.status_code == 422
    assert "没找到这一行" in words(page)


def test_looking_up_an_industry_keeps_the_figures(client: FlaskClient) -> None:
    page = post(client, "/tools/size-class", industry_query="快递", employees="7", find="industry")
    assert page.status_code == 200
    assert 'value="7"' in page.get_data(as_text=True)


@pytest.mark.article("6.3")
def test_ten_days_of_a_revolving_line(client: FlaskClient) -> None:
    used = {"on_1": "2026-05-11", "drawn_1": "50", "on_2": "2026-05-21", "repaid_2": "50"}
    page = post(client, "/tools/revolving", rate_percent="3.85", settlement_day="21", **used)
    assert page.status_code == 200
    assert "534.72 元" in words(page)
    assert "3.98 %" in words(page)


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ({}, "第一笔要先借出来"),
        ({"on_1": "2026-05-11", "drawn_1": "50"}, "还有 50 万元 没还"),
        ({"on_1": "2026-05-11"}, "日期和金额要一起填"),
        ({"drawn_1": "5"}, "要写日期"),
        ({"on_1": "2026-05-11", "drawn_1": "x"}, "要写数字"),
        ({"on_1": "2026-05-11", "drawn_1": "50", "on_2": "2026-05-21", "repaid_2": "50", "limit": "40"}, "超过了额度"),
    ],
)
def test_what_cannot_be_simulated_is_said(client: FlaskClient, used: dict[str, str], said: str) -> None:
    page = post(client, "/tools/revolving", rate_percent="3.85", settlement_day="21", **used)
    assert page.status_code == 422
    assert said in words(page)


def test_a_calculator_takes_no_write_lock(app: Any, client: FlaskClient) -> None:
    began: list[str] = []
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "before_cursor_execute")
    def _note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("BEGIN"):
            began.append(statement)

    assert post(client, "/tools/all-in-cost", **COST).status_code == 200
    assert client.post("/api/v1/tools/size-class", json={"gbt_code": "6210"}).status_code == 200
    assert began and not any("IMMEDIATE" in statement for statement in began)


@pytest.mark.own_app
@pytest.mark.parametrize("language", ["zh", "en"])
def test_who_posts_to_a_calculator_too_fast_is_told_to_wait(app: Any, language: str) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], tools_limit="2 per minute")
    limiter.init_app(app)
    try:
        for path in ("/tools/all-in-cost", "/tools/size-class", "/tools/revolving"):
            client = app.test_client()
            client.set_cookie("lang", language)
            found = [post(client, path, **COST) for _ in range(3)]
            assert [answer.status_code == 429 for answer in found] == [False, False, True]
            assert 0 < int(found[2].headers["Retry-After"]) <= 61
            assert ("按得太快了" if language == "zh" else "too many in a short time") in words(found[2])
            assert client.get(path).status_code == 200, "looking is not limited"
    finally:
        limiter.enabled = False
