"""The match in a real browser: whom a desk would reach, an owner who follows the way on, a list derived again."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest

from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.db import db
from matchmaker.matching import services as matching
from matchmaker.needs.models import Need
from tests.journeys.conftest import DESK, LiveSite, Opens
from tests.needs.builders import a_need


@pytest.mark.article("B.2", "17.2")
def test_a_desk_sees_at_once_whom_a_criterion_loses(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    writer = visit("writer", size=DESK)
    writer.go(f"/desk/products/{stage.ids['hearth']}")
    writer.press("改一版新的")
    writer.arrive("/draft/basics")
    writer.go(writer.path.replace("basics", "criteria"))
    writer.press("数一数")
    reach = writer.page.locator("#reach")
    reach.get_by_text("在哪里").wait_for()
    reached = writer.words_of("#reach")
    assert "周桂兰" not in reached and "砂锅" not in reached, "counts, nobody's name"
    seen(writer, "80-reach-live")
    writer.fill("开业时间，至少", "120")
    writer.page.keyboard.press("Tab")
    writer.page.wait_for_function("before => document.querySelector('#reach').innerText !== before", arg=reached)
    assert "放宽" in writer.words_of("#reach"), "what the rule costs is told where it is written"
    seen(writer, "81-reach-narrowed")
    again = visit("writer", size=DESK)
    again.go(writer.path)
    assert again.page.get_by_label("开业时间，至少").first.input_value() != "120", "counting keeps nothing"


@pytest.mark.article("B.4", "3.6")
def test_an_owner_whom_nothing_fits_follows_the_plan_to_a_match(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    def beyond_all() -> Need:
        need = a_need(db.session.get_one(Business, stage.ids["business"]), amount_yuan=Decimal(8_000_000))
        matching.make_list(need, by=db.session.get_one(Person, stage.ids["owner"]))
        return need

    need = stage.make(beyond_all)
    owner = visit("owner")
    owner.go(f"/needs/{need}/matches")
    assert "0" in owner.heading or "没有" in owner.words, "an honest not yet"
    seen(owner, "82-not-yet")
    owner.go(f"/needs/{need}/matches/way-on")
    assert "现在还没有一个合适" in owner.words
    promised = re.search(r"合适的变成 (\d+) 个", owner.words)
    assert promised and int(promised[1]) > 0
    seen(owner, "83-way-on")
    owner.follow(re.compile("照这个改"))
    owner.arrive(f"/needs/{need}/change")
    assert owner.page.locator("[name=amount]").input_value() != "800", "the plan stands in the form"
    seen(owner, "84-changed-by-plan")
    owner.press("改好了，重新匹配")
    owner.arrive(f"/needs/{need}/matches")
    assert owner.page.locator("article.card-mm").count() == int(promised[1]), "what was promised came"
    seen(owner, "85-matched")


@pytest.mark.article("B.2")
def test_a_supervisor_derives_a_list_again(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    supervisor = visit("supervisor", size=DESK)
    supervisor.go("/oversight/lists")
    seen(supervisor, "86-lists")
    supervisor.page.locator("main table a").first.click()
    supervisor.arrive(r"/oversight/lists/\d+")
    supervisor.press("再算一遍")
    supervisor.page.get_by_text("和当时一模一样，一位不差").wait_for()
    assert "桂兰" not in supervisor.words and "砂锅" not in supervisor.words
    seen(supervisor, "87-derived-again")
