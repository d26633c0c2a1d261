"""A manager's morning: the queue in its order, and every deed from the one page; in a browser without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor

IN_ORDER = ["四季鲜果行", "老井茶叶店", "石桥修车铺", "新丰粮油店", "永兴五金店", "小满裁缝铺", "临河早点铺"]
"""By the day due; within the day what one carries, then what a colleague with empty hands is to take up; then the older:
what nobody carries and is due today or tomorrow stands above one's own decisions of next month."""


def shops(manager: Visitor) -> list[str]:
    return manager.page.locator(".queue .qrow a.t").all_inner_texts()


def row_of(manager: Visitor, shop: str) -> str:
    return f".qrow:has(a.t:text-is('{shop}'))"


def begin(manager: Visitor, shop: str, deed: str, step: str) -> str:
    """Press a deed on a row of the queue; answers where its form stands, beside the list."""
    manager.page.locator(row_of(manager, shop)).get_by_role("link", name=deed).click()
    place = f"#case details#{step}"
    manager.page.locator(f"{place}[open]").wait_for()
    assert manager.path == "/leads/queue"
    return place


def is_now(manager: Visitor, shop: str, state: str) -> None:
    """The row and the case beside it say the new state, and one is still on the queue."""
    manager.page.locator("#case .tag", has_text=state).first.wait_for()
    assert manager.path == "/leads/queue"
    assert state in manager.words_of(row_of(manager, shop))


@pytest.mark.article("10.2", "12.2", "B.3")
def test_a_manager_works_a_day(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    manager = visit("manager", size=DESK, scripts=False)
    manager.go("/")
    seen(manager, "50-start-manager")
    manager.page.locator("nav").get_by_role("link", name="先做什么").click()
    manager.arrive("/leads/queue")
    assert shops(manager) == IN_ORDER
    assert "9 月 23 日 17:30 前" in manager.words_of(row_of(manager, "四季鲜果行")), "the reason stands on the row"
    assert "轮到陆远：手上 0 件" in manager.words_of(row_of(manager, "石桥修车铺")), "and whose turn it is"
    seen(manager, "51-queue")

    place = begin(manager, "四季鲜果行", "记下联系", "contact")
    manager.choose(place, reached="yes", channel="call")
    manager.press("记下", within=place)
    is_now(manager, "四季鲜果行", "已联系")
    assert shops(manager)[:3] == ["老井茶叶店", "石桥修车铺", "新丰粮油店"], "what is done goes down"
    seen(manager, "52-queue-contacted")

    manager.page.locator(row_of(manager, "石桥修车铺")).get_by_role("button", name="认领").click()
    is_now(manager, "石桥修车铺", "已受理")

    place = begin(manager, "小满裁缝铺", "要材料", "ask_papers")
    manager.page.locator(f"{place} input[name=what_1]").fill("近 6 个月收款流水")
    manager.press("要材料", within=place)
    is_now(manager, "小满裁缝铺", "资料补正")
    assert "等客户，到 10 月 8 日 17:30" in manager.words_of(row_of(manager, "小满裁缝铺"))

    place = begin(manager, "永兴五金店", "写报价", "offer")
    manager.page.locator(f"{place} input[name=amount]").fill("二十几")
    manager.press("送出报价", within=place)
    manager.page.locator(".errors a[href='#amount']").wait_for()
    assert manager.page.locator(f"{place} input[name=amount]").input_value() == "二十几"
    seen(manager, "53-queue-offer-wrong")
    manager.page.locator(f"{place} input[name=amount]").fill("20")
    manager.press("送出报价", within=place)
    is_now(manager, "永兴五金店", "已报价")

    place = begin(manager, "新丰粮油店", "谢绝", "decline")
    manager.choose(place, codes=["B04"])
    manager.press("谢绝", within=place)
    manager.page.locator("#case .tag", has_text="这次不办").wait_for()
    assert "新丰粮油店" not in manager.words

    manager.page.locator(row_of(manager, "老井茶叶店")).locator("a.t").click()
    manager.page.locator("#case details#hand_over > summary").click()
    place = "#case details#hand_over"
    manager.page.locator(f"{place} select").select_option(label=manager.page.locator(
        f"{place} option", has_text="陆远").first.inner_text())
    manager.page.locator(f"{place} textarea").fill("客户下午三点以后有空")
    manager.press("转过去", within=place)
    manager.page.locator(".told:not(#not-done)").wait_for()
    assert manager.path == "/leads/queue"
    manager.page.locator(".page-head").get_by_role("link", name="我的").click()
    manager.page.locator(".page-head [aria-current]", has_text="我的").wait_for()
    assert "老井茶叶店" not in shops(manager)
    seen(manager, "54-queue-evening")

    colleague = visit("colleague", size=DESK)
    colleague.go("/leads/queue")
    assert "老井茶叶店" in shops(colleague), "what is handed over loses nothing"
    colleague.follow("老井茶叶店")
    colleague.page.get_by_text("客户下午三点以后有空").first.wait_for()
    seen(colleague, "55-queue-colleague")
