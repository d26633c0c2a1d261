"""Start page, language, letters and error pages, as a visitor meets them."""

from __future__ import annotations

import re

import pytest

from matchmaker.home import navigation

CHINESE = re.compile(r"[\u4e00-\u9fff]")


def test_start_page_for_a_visitor(client):
    page = client.get("/").get_data(as_text=True)
    assert page.count("<h1") == 1 and '<html lang="zh-CN"' in page
    assert "htmx" not in page


def test_the_search_page_of_a_visitor_marks_no_other_place_as_current(client):
    page = client.get("/search?q=贷").get_data(as_text=True)
    nav = page.split("<nav", 1)[1].split("</nav>", 1)[0]
    assert "aria-current" not in nav


@pytest.mark.parametrize(
    ("role", "name", "language", "crowded"),
    [
        ("channel", "园区孔服务", "zh", False), ("channel", "园区孔服务", "en", True), ("insurer", "沈秋禾", "en", True),
        ("owner", "周桂兰", "zh", False), ("manager", "沈秋禾", "zh", True), (None, "", "en", False),
    ],
)  # fmt: skip
@pytest.mark.article("B.3")
def test_places_that_do_not_fit_beside_the_name_get_a_line_of_their_own(app, role, name, language, crowded):
    lines = navigation.SIGNED_OUT
    if role:
        lines = [navigation.START, *navigation.BY_ROLE[role], navigation.MESSAGES, navigation.ACCOUNT]
    with app.test_request_context(headers={"Cookie": f"lang={language}"}):
        entries = [navigation.Entry(str(label), endpoint, "/", False) for label, endpoint, _args in lines]
        assert navigation.is_crowded(entries, name, language) is crowded


def test_choosing_english_is_a_form_and_leads_back(client):
    page = client.get("/").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)[1]
    answer = client.post("/language", data={"csrf_token": token, "lang": "en", "back": "/"})
    assert answer.status_code == 303 and answer.location == "/"
    assert '<html lang="en"' in client.get("/").get_data(as_text=True)


def test_a_choice_never_leads_to_another_site(client):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/").get_data(as_text=True))[1]
    for elsewhere in ("https://evil.invalid/", "//evil.invalid", "/\\evil.invalid", ""):
        answer = client.post("/letters", data={"csrf_token": token, "letters": "large", "back": elsewhere})
        assert answer.location == "/"
    assert 'class="letters-large"' in client.get("/").get_data(as_text=True)


def test_a_page_that_does_not_exist(client):
    answer = client.get("/no-such-page")
    assert answer.status_code == 404
    page = answer.get_data(as_text=True)
    assert page.count("<h1") == 1 and "没有这一页" in page
