"""The pages that look up industries, regions and LPR, and the fragments that htmx takes from them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.promises.page_checks import problems_of

PAGES = (
    "/reference/industries",
    "/reference/industries?q=奶茶",
    "/reference/industries?q=没有这种东西呀",
    "/reference/industries?under=H",
    "/reference/industries?under=621",
    "/reference/industries?under=nothing",
    "/reference/industries/6210",
    "/reference/industries/8391",
    "/reference/industries/59",
    "/reference/industries/A",
    "/reference/regions",
    "/reference/regions?q=西湖&region_code=330106",
    "/reference/regions?province=330000",
    "/reference/regions?province=330000&city=330100",
    "/reference/regions?province=110000",
    "/reference/regions?province=x&city=y&q=" + "z" * 500,
    "/reference/lpr",
)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_pages_are_open_to_everybody_and_well_made(client: Any, language: str) -> None:
    client.set_cookie("lang", language)
    for path in PAGES:
        answer = client.get(path)
        assert answer.status_code == 200, path
        assert problems_of(answer.get_data(as_text=True)) == [], path


def test_an_unknown_class_is_not_there(client: Any) -> None:
    assert client.get("/reference/industries/9999").status_code == 404


def test_htmx_takes_the_choices_alone(client: Any) -> None:
    answer = client.get("/reference/industries?industry_query=奶茶&name=trade", headers={"HX-Request": "true"})
    text = answer.get_data(as_text=True)
    assert "<html" not in text
    assert 'name="trade" value="6239"' in text
    answer = client.get("/reference/regions?region_query=西湖", headers={"HX-Request": "true"})
    assert 'name="region_code" value="330106"' in answer.get_data(as_text=True)


def test_only_a_plain_name_is_taken_for_the_field(client: Any) -> None:
    for name in ['x"><script>', "UPPER", "a" * 60, "", "a b"]:
        query = {"q": "奶茶", "name": name}
        answer = client.get("/reference/industries", query_string=query, headers={"HX-Request": "true"})
        assert 'name="industry_code"' in answer.get_data(as_text=True)


def test_what_was_typed_is_never_markup(client: Any) -> None:
    for path in ("/reference/industries", "/reference/regions"):
        text = client.get(path, query_string={"q": "<script>alert(1)</script>"}).get_data(as_text=True)
        assert "<script>alert" not in text


def test_the_cascade_works_as_plain_forms(client: Any) -> None:
    text = client.get("/reference/regions?province=330000").get_data(as_text=True)
    assert 'value="330100"' in text
    text = client.get("/reference/regions?province=330000&city=330100").get_data(as_text=True)
    assert 'value="330106"' in text
    text = client.get("/reference/regions?province=110000").get_data(as_text=True)
    assert 'type="radio" name="region_code" value="110105"' in text


def test_the_newest_rate_stands_with_its_date(client: Any) -> None:
    text = client.get("/reference/lpr").get_data(as_text=True)
    assert "2026-09-20" in text
    assert "3.00%" in text
