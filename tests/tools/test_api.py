"""The calculators as JSON: the reference cases column by column, strict about everything else."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from matchmaker.settings import Settings
from matchmaker.web import limiter
from tests.pricing.test_cases import DATED, MONTHLY

COST = "/api/v1/tools/all-in-cost"
SIZE = "/api/v1/tools/size-class"
ASKED = [
    "principal", "months", "nominal_rate_pct", "repayment", "method_param", "upfront_fee", "monthly_fee",
    "guarantee_fee_upfront", "guarantee_fee_yearly", "insurance_premium", "deposit_withheld",
]  # fmt: skip
ANSWERED = [
    "total_interest", "total_lender_fees", "total_third_party", "total_cost", "first_payment", "apr_interest_only_pct",
    "apr_lender_simple_pct", "apr_lender_effective_pct", "apr_all_in_simple_pct", "apr_all_in_effective_pct",
]  # fmt: skip
SIZES = list(
    csv.DictReader((Path(__file__).parent / "cases" / "size_cases.csv").read_text(encoding="utf-8").splitlines())
)
LOAN = {"principal": "300000", "months": 12, "repayment": "EQ_INST"}


def as_number(text: str) -> Any:
    return text if not text or not text[0].isdigit() else float(text)


@pytest.mark.article("8.2")
def test_every_monthly_case_by_text_and_by_number(client: FlaskClient) -> None:
    for row in MONTHLY:
        as_text = {key: row[key] for key in ASKED}
        for question in (as_text, {key: as_number(value) for key, value in as_text.items()}):
            found = client.post(COST, json=question)
            assert found.status_code == 200, (row["case_id"], found.json)
            assert set(found.json) == {*ANSWERED, "cashflows_all_in"}
            assert {key: Decimal(found.json[key]) for key in ANSWERED} == {key: Decimal(row[key]) for key in ANSWERED}
            flows = [Decimal(flow) for flow in found.json["cashflows_all_in"].split(";")]
            assert flows == [Decimal(flow) for flow in row["cashflows_all_in"].split(";")]


def test_every_dated_case_as_text_and_as_list(client: FlaskClient) -> None:
    results = ["total_cost", "effective_annual_pct_xirr365", "monthly_equiv_x12_pct", "nominal_times_365_over_360_pct"]
    for row in DATED:
        question: dict[str, Any] = {key: row[key] for key in ("cashflows", "nominal_rate_pct", "day_count")}
        for flows in (row["cashflows"], row["cashflows"].split(";")):
            found = client.post(COST, json=question | {"cashflows": flows})
            assert found.status_code == 200
            assert {key: Decimal(value) for key, value in found.json.items()} == {
                key: Decimal(row[key]) for key in results
            }


def test_figures_have_their_decimals(client: FlaskClient) -> None:
    found = client.post(COST, json=LOAN | {"principal": 100}).json
    assert all(value[-3] == "." for key, value in found.items() if not key.startswith(("apr", "cash")))
    assert all(value[-9] == "." for key, value in found.items() if key.startswith("apr"))
    assert found["apr_all_in_simple_pct"].startswith(("0.", "-0."))


def test_what_is_missing_or_empty_is_nought(client: FlaskClient) -> None:
    bare = client.post(COST, json=LOAN).json
    empty = client.post(COST, json=LOAN | dict.fromkeys(("upfront_fee", "nominal_rate_pct", "method_param"), "")).json
    nulls = client.post(COST, json=LOAN | dict.fromkeys(("deposit_withheld", "insurance_premium"))).json
    assert bare == empty == nulls


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"principal": 0}, "principal"),
        ({"principal": "0.00"}, "principal"),
        ({"principal": "-5"}, "principal"),
        ({"principal": "1000000000000.01"}, "principal"),
        ({"principal": "1e6"}, "principal"),
        ({"principal": "30万"}, "principal"),
        ({"principal": ""}, "principal"),
        ({"principal": None}, "principal"),
        ({"principal": True}, "principal"),
        ({"principal": [1]}, "principal"),
        ({"principal": float("nan")}, "principal"),
        ({"principal": float("inf")}, "principal"),
        ({"months": 0}, "months"),
        ({"months": 601}, "months"),
        ({"months": 1.5}, "months"),
        ({"months": "12.5"}, "months"),
        ({"repayment": "REVOLVE"}, "repayment"),
        ({"repayment": "HALFYEAR_PRIN"}, "repayment"),
        ({"repayment": "STEP"}, "repayment"),
        ({"repayment": "SEASON"}, "repayment"),
        ({"repayment": "eq_inst"}, "repayment"),
        ({"repayment": 1}, "repayment"),
        ({"repayment": {}}, "repayment"),
        ({"repayment": "INT_M_PART"}, "method_param"),
        ({"repayment": "INT_M_PART", "method_param": "0"}, "method_param"),
        ({"repayment": "INT_M_PART", "method_param": 101}, "method_param"),
        ({"repayment": "BALLOON"}, "method_param"),
        ({"repayment": "BALLOON", "method_param": 11}, "method_param"),
        ({"repayment": "BALLOON", "method_param": "120.5"}, "method_param"),
        ({"upfront_fee": -1}, "upfront_fee"),
        ({"nominal_rate_pct": "abc"}, "nominal_rate_pct"),
        ({"nominal_rate_pct": "-0.5"}, "nominal_rate_pct"),
        ({"deposit_withheld": 10**13}, "deposit_withheld"),
        ({"case_id": "FC01"}, "case_id"),
        ({"day_count": "actual/360"}, "day_count"),
    ],
)
def test_wrong_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    found = client.post(COST, json=LOAN | change)
    assert found.status_code == 422
    assert found.json["field"] == field
    assert found.json["code"] == "invalid_input"
    assert set(found.json["errors"]) == {field}


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({}, "principal"),
        ({"cashflows": ""}, "cashflows"),
        ({"cashflows": None}, "cashflows"),
        ({"cashflows": 5}, "cashflows"),
        ({"cashflows": "2026-05-11:5"}, "cashflows"),
        ({"cashflows": "2026-05-11:5;"}, "cashflows"),
        ({"cashflows": "2026-02-30:5;2026-05-11:-6"}, "cashflows"),
        ({"cashflows": "20260511:5;2026-05-11:-6"}, "cashflows"),
        ({"cashflows": "2026-05-11:x;2026-05-12:-6"}, "cashflows"),
        ({"cashflows": ["2026-05-11:5", {"a": 1}]}, "cashflows"),
        ({"cashflows": "2026-05-11:5;2026-05-12:-6", "day_count": "30/360"}, "day_count"),
        ({"cashflows": "2026-05-11:5;2026-05-12:-6", "day_count": {}}, "day_count"),
        ({"cashflows": "2026-05-11:5;2026-05-12:-6", "principal": 5}, "principal"),
        ({"cashflows": ["2026-05-11:1"] * 2001}, "cashflows"),
    ],
)
def test_wrong_flows_name_their_field(client: FlaskClient, question: dict[str, Any], field: str) -> None:
    found = client.post(COST, json=question)
    assert (found.status_code, found.json["field"]) == (422, field)


@pytest.mark.parametrize(
    "question",
    [
        {"cashflows": "2025-01-01:1000;2026-01-01:-2300;2027-01-01:1320"},  # 10 % and 20 %
        {"cashflows": "2025-01-01:1000;2026-01-01:2300"},
        {"cashflows": "2025-01-01:1000;2025-01-01:-1001"},
        LOAN | {"upfront_fee": 300000},
        LOAN | {"deposit_withheld": "400000", "repayment": "INT_M_BULLET"},
    ],
)
def test_flows_without_a_single_rate_answer_that_code(client: FlaskClient, question: dict[str, Any]) -> None:
    found = client.post(COST, json=question)
    assert found.status_code == 422
    assert found.json["code"] == "no_unique_rate"
    assert found.json["message"]


def test_two_thousand_flows_are_taken(client: FlaskClient) -> None:
    flows = [
        "2026-01-01:2000000",
        *(f"20{27 + n // 300:02d}-{n % 12 + 1:02d}-{n % 25 + 1:02d}:-1001" for n in range(1999)),
    ]
    found = client.post(COST, json={"cashflows": ";".join(flows)})
    assert found.status_code == 200
    assert found.json["total_cost"] == "999.00"


@pytest.mark.article("5.1")
def test_every_size_case_by_text(client: FlaskClient) -> None:
    for row in SIZES:
        found = client.post(
            SIZE, json={key: row[key] for key in ("gbt_code", "employees", "revenue_wan", "assets_wan")}
        )
        assert found.status_code == 200, (row["case_id"], found.json)
        assert set(found.json) == {"expected_size", "group_code", "fallback_size", "working"}
        assert (found.json["expected_size"], found.json["group_code"]) == (row["expected_size"], row["group_code"])
        undecided = row["expected_size"] in ("unclassified", "out_of_scope")
        assert (found.json["fallback_size"] is not None) is undecided
        assert found.json["working"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gbt_code": ""}, "gbt_code"),
        ({"gbt_code": "9999"}, "gbt_code"),
        ({"gbt_code": 6210}, "gbt_code"),
        ({"gbt_code": []}, "gbt_code"),
        ({"gbt_code": "C"}, ""),
        ({"employees": -1}, "employees"),
        ({"employees": "12.5"}, "employees"),
        ({"revenue_wan": "a lot"}, "revenue_wan"),
        ({"assets_wan": {}}, "assets_wan"),
        ({"size": 1}, "size"),
    ],
)
def test_wrong_size_input_names_its_field(client: FlaskClient, change: dict[str, Any], field: str) -> None:
    found = client.post(SIZE, json={"gbt_code": "6210", "employees": 5} | change)
    assert found.status_code == (422 if field else 200)
    if field:
        assert found.json["field"] == field


@pytest.mark.parametrize(("code", "said"), [("G", "写到四位代码"), ("H6210", "没有这个行业代码"), (" 6210", "没有这个行业代码")])
def test_a_code_that_has_no_one_answer_is_refused(client: FlaskClient, code: str, said: str) -> None:
    found = client.post(SIZE, json={"gbt_code": code})
    assert found.status_code == 422
    assert found.json["field"] == "gbt_code"
    assert said in found.json["message"]


@pytest.mark.parametrize("body", ["", "{", "[1", '"', "\x00", '{"a":' * 100_000])
def test_what_is_not_json_is_a_bad_request(client: FlaskClient, body: str) -> None:
    found = client.post(COST, data=body, content_type="application/json")
    assert found.status_code == 400
    assert found.json["code"] == "bad_request"


def test_other_bodies_and_methods_are_refused_as_json(client: FlaskClient) -> None:
    assert client.post(COST, data={"principal": 1}).status_code == 415
    found = client.get(COST)
    assert found.status_code == 405
    assert "POST" in found.headers["Allow"]
    for body in ("[]", '"x"', "5", "null"):
        assert client.post(COST, data=body, content_type="application/json").status_code == 422


def asked_wrongly(client: FlaskClient, **headers: str) -> dict[int, Any]:
    """What the framework itself refuses under /api, by status."""
    found = [
        client.get("/api/v1/nothing-here", headers=headers),
        client.get(COST, headers=headers),
        client.post(COST, data="{", content_type="application/json", headers=headers),
        client.post(COST, data={"principal": 1}, headers=headers),
        client.post(COST, data=b" " * (13 * 1024 * 1024), content_type="application/json", headers=headers),
    ]
    return {answer.status_code: answer for answer in found}


@pytest.mark.article("B.3")
@pytest.mark.parametrize("asked", ["", "zh-CN,zh;q=0.9,en;q=0.5", "en-GB,en;q=0.8", "fr"])
def test_what_the_framework_refuses_is_said_in_the_language_asked_for(client: FlaskClient, asked: str) -> None:
    found = asked_wrongly(client, **({"Accept-Language": asked} if asked else {}))
    assert set(found) == {400, 404, 405, 413, 415}
    said = {status: answer.json for status, answer in found.items()}
    assert all(set(body) == {"code", "message"} for body in said.values()), "the shape of every other refusal"
    english = asked.startswith("en")
    for body in said.values():
        assert bool(re.search("[\u4e00-\u9fff]", body["message"])) is not english, body
    assert said[405]["code"] == "method_not_allowed" and "POST" in found[405].headers["Allow"]
    assert "12 MB" in said[413]["message"]
    assert len({body["message"] for body in said.values()}) == 5, "each says what is the matter"


@pytest.mark.own_app
@pytest.mark.parametrize(("asked", "said"), [("zh", "问得太快了"), ("en", "too fast")])
def test_an_address_that_asks_too_fast_is_told_so_and_how_long_to_wait(app: Any, asked: str, said: str) -> None:
    app.config["RATELIMIT_ENABLED"] = True
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], tools_api_limit="2 per minute")
    limiter.init_app(app)
    try:
        for path, question in ((COST, LOAN), (SIZE, {"gbt_code": "6210"})):
            client = app.test_client()
            found = [client.post(path, json=question, headers={"Accept-Language": asked}) for _ in range(3)]
            assert [answer.status_code for answer in found] == [200, 200, 429]
            assert (found[0].headers["X-RateLimit-Limit"], found[0].headers["X-RateLimit-Remaining"]) == ("2", "1")
            assert found[2].json["code"] == "too_many_requests" and said in found[2].json["message"]
            assert 0 < int(found[2].headers["Retry-After"]) <= 61
            other = client.post(path, json=question, environ_base={"REMOTE_ADDR": "10.0.0.9"})
            assert other.status_code == 200, "another address is not held up"
    finally:
        limiter.enabled = False


def test_the_limit_of_the_settings_is_four_questions_a_second() -> None:
    assert Settings().tools_api_limit == "240 per minute"


def test_no_cookie_is_taken_or_given(client: FlaskClient) -> None:
    with client.session_transaction() as signed_in:  # whose cookie every page renews
        signed_in["_user_id"], signed_in.permanent = "somebody", True
    assert "Set-Cookie" in client.get("/").headers
    found = client.post(COST, json=LOAN)
    assert found.status_code == 200, "and no CSRF token is asked for"
    assert "Set-Cookie" not in found.headers and "Cookie" not in found.headers.get("Vary", "")
    assert found.headers["Cache-Control"] == "no-store"


def test_messages_are_written_in_the_asked_language(client: FlaskClient) -> None:
    chinese = client.post(SIZE, json={}).json["message"]
    assert chinese == "要填"


def test_the_file_is_openapi_3_1_and_names_both(client: FlaskClient) -> None:
    found = client.get("/api/v1/openapi.json").json
    assert found["openapi"].startswith("3.1")
    assert {COST, SIZE} <= set(found["paths"])
