"""A desk writes a product down, a colleague publishes it, and an owner who matches again finds it on the list."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor
from tests.products.builders import FIELDS, STEPS, typed_product

NAME = "早市周转贷"


@pytest.mark.article("8.1", "8.2", "9.1", "3.6", "B.3")
def test_a_desk_publishes_and_the_product_is_matched(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    owner, writer, reviewer = visit("owner"), visit("writer", size=DESK), visit("reviewer", size=DESK)
    owner.go(f"/needs/{stage.ids['need']}/matches")
    assert NAME not in owner.words

    writer.go("/")
    seen(writer, "60-start-desk")
    writer.go("/desk/products")
    seen(writer, "61-our-products")
    writer.follow("列一个新产品")
    writer.arrive("/desk/products/new")
    writer.choose(kind="credit")
    writer.fill("产品名", NAME)
    seen(writer, "62-new-product")
    writer.press(re.compile("开始写|写下去|下一步"))
    writes(writer, seen)
    product = re.search(r"/products/(\d+)/", writer.path)[1]  # type: ignore[index]

    reviewer.go("/")
    assert NAME in reviewer.words or "核" in reviewer.words, "the start page says what waits"
    reviewer.go("/desk/products")
    reviewer.follow(re.compile("去核第 1 版"))
    reviewer.arrive(f"/products/{product}/review")
    assert "不收" in reviewer.words and "续" in reviewer.words
    seen(reviewer, "69-review")
    reviewer.press("上架")
    reviewer.arrive(f"/desk/products/{product}")
    assert "在架" in reviewer.words
    seen(reviewer, "70-published")

    owner.go(f"/needs/{stage.ids['need']}/matches")
    assert NAME not in owner.words, "a list stays what was shown"
    assert "以后有产品上架" in owner.words or "在架的产品和那时不一样了" in owner.words
    seen(owner, "71-list-stale")
    owner.press("重新匹配")
    owner.page.get_by_role("heading", name=NAME).wait_for()
    seen(owner, "72-list-new")
    owner.follow(re.compile(f"明白纸.*{NAME}"))
    owner.arrive(f"/products/{product}")
    assert owner.heading == NAME
    seen(owner, "73-product-for-need")


def writes(writer: Visitor, seen: Callable[..., None]) -> None:
    """The five steps, the first of them wrong at first; then the whole to be read, and submitted."""
    typed = typed_product(name=NAME, summary="给早点铺、菜摊周转，当天答复", spread_min_bp="60", spread_max_bp="60")
    writer.arrive("/draft/basics")
    writer.fill("一句话介绍", "秒批，包过")
    writer.press("存好，下一步")
    writer.page.locator(".errors").wait_for()
    assert writer.page.locator("[name=summary]").input_value() == "秒批，包过"
    seen(writer, "63-basics-wrong")
    for number, step in enumerate(STEPS):
        writer.arrive(f"/draft/{step}")
        writer.type_all({name: typed[name] for name in FIELDS[step] if typed.get(name, [""]) != [""]})
        seen(writer, f"{64 + number}-step-{step}")
        writer.press(re.compile("存好，(下一步|看一遍)"))
    writer.arrive("/draft/check")
    assert writer.page.locator(".errors").count() == 0
    seen(writer, "68b-read-once-more")
    writer.press("送另一位同事审核上架")
    writer.arrive(r"/desk/products/\d+")
    assert writer.page.get_by_role("button", name="上架", exact=True).count() == 0, "not by the same person"
    writer.go(writer.path + "/review")
    assert "这一版是您送审的，要由另一位同事核" in writer.words
    assert writer.page.get_by_role("button", name="上架", exact=True).count() == 0
