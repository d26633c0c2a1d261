"""An insurer's desk lists cover by two persons; an owner asks for a quote; the desk quotes; the owner accepts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.db import db
from matchmaker.products.cover.rules import FIELDS, STEPS
from tests.builders import a_desk
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor
from tests.products.cover_builders import an_insurer, typed_cover

NAME = "柳桥小店安心险"


@pytest.mark.article("15.1", "15.2", "15.3", "B.1", "B.3")
@pytest.mark.parametrize("language", ["zh"])
def test_an_insurer_publishes_and_quotes_and_the_owner_accepts(
    stage: LiveSite, visit: Opens, seen: Callable[..., None], language: str
) -> None:
    insurer = stage.make(an_insurer, "平岚财险")

    def desk(name: str) -> int:
        return int(stage.make(lambda: a_desk(db.session.get_one(Institution, insurer), name)))

    writer, reviewer = visit(desk("朱木槿"), size=DESK), visit(desk("叶知秋"), size=DESK)
    owner = visit("owner")

    # listed by two persons
    writer.go("/desk/cover")
    writer.follow("列一个新的保险产品")
    writer.arrive("/desk/cover/new")
    writer.page.locator("main [name=line]").select_option("PROP_SHOP")
    writer.fill("名字", NAME)
    writer.press("开始写")
    typed = typed_cover(name=NAME, industries_allow="62")
    for step in STEPS:
        writer.arrive(f"/draft/{step}")
        writer.type_all({name: typed[name] for name in FIELDS[step] if typed.get(name, [""]) != [""]})
        writer.press(re.compile("存好，(下一步|看一遍)"))
    writer.arrive("/draft/check")
    writer.press(re.compile("送"))
    writer.arrive(r"/desk/cover/\d+")
    cover = re.search(r"/cover/(\d+)", writer.path)[1]  # type: ignore[index]
    owner.go("/cover")
    assert "还没有保险公司列产品" in owner.words
    reviewer.go(f"/desk/cover/{cover}/review")
    reviewer.press("核定并上架")
    reviewer.arrive(r"/desk/cover/\d+")

    # the owner finds it by line, without a price, and asks
    owner.go("/cover")
    assert "平台没有保险中介牌照" in owner.words
    seen(owner, "90-cover-zone")
    owner.follow("店铺综合保险")
    owner.arrive("/cover/lines/PROP_SHOP")
    seen(owner, "91-cover-line")
    owner.follow(NAME)
    owner.arrive(f"/cover/{cover}")
    assert "不保什么" in owner.words and "您的店在它保的范围里" in owner.words
    seen(owner, "92-cover")
    owner.follow("请它报个价")
    owner.arrive(r"/cover/\d+/ask/\d+")
    owner.press("同意，只问平岚财险")
    owner.page.locator(".errors").wait_for()
    seen(owner, "93-cover-ask-wrong")
    owner.type_all(
        {
            "sum": ["30"], "start_on": [(clock.today() + timedelta(days=10)).isoformat()], "plan": ["quarterly"],
            "tenure": ["rent"], "area": ["80"], "fire_gear": ["extinguishers"], "fixtures_sum": ["20"],
            "stock_sum": ["5"], "insured_before": ["no"], "losses": ["0"], "hours": ["morning"],
        }
    )  # fmt: skip
    owner.press("同意，只问平岚财险")
    owner.arrive(r"/cover/requests/\d+")
    assert "问了平岚财险" in owner.told and "等着接单" in owner.words
    seen(owner, "94-cover-waiting")
    request = owner.path

    # the desk takes it up and quotes
    writer.go("/")
    assert "1 位店主问价，还没人接" in writer.words
    writer.go("/desk/cover-requests")
    seen(writer, "95-cover-queue")
    writer.page.locator(f"a[href='{request}']").click()
    writer.arrive(request)
    writer.press("我来接")
    writer.page.get_by_role("heading", name="写报价").wait_for()
    seen(writer, "96-cover-case")
    quotes(writer)
    seen(writer, "97-cover-quoted")
    reviewer.go(request)
    assert "****" in reviewer.words, "a colleague does not read the telephone number"

    # the owner reads the letter and accepts
    owner.go("/")
    assert "平岚财险给您报了保险的价" in owner.words
    owner.go("/cover/requests")
    assert "1,280" not in owner.words
    seen(owner, "98-cover-mine")
    owner.go(request)
    assert "1,280.00" in owner.words and "4 次，每次 320.00 元" in owner.words
    seen(owner, "99-cover-quote")
    owner.press("要这一份，和它签合同")
    owner.page.get_by_text("和您签合同、收保费").first.wait_for()
    assert "要了" in owner.words
    writer.go("/desk/cover-requests?show=taken")
    assert NAME in writer.words


def quotes(writer: Visitor) -> None:
    """The quote: filled in from what was asked and approved, the premium typed, wrong at first."""
    assert writer.page.locator("[name=quote_sum]").input_value() == "30"
    assert "地震" in writer.page.locator("[name=exclusions]").input_value()
    writer.fill("保费，一共多少元", "一千二")
    writer.press("报给店主")
    writer.page.locator(".errors").wait_for()
    assert writer.page.locator("[name=premium]").input_value() == "一千二"
    writer.fill("保费，一共多少元", "1280")
    writer.press("报给店主")
    writer.page.get_by_role("heading", name="报价").first.wait_for()
    assert "1,280.00" in writer.words
