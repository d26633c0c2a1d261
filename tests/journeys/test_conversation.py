"""The conversation of a lead: what the other side wrote shows by itself, and everything works with scripts off too."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.businesses.builders import a_picture
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor


@pytest.mark.article("B.1", "10.2")
def test_a_conversation_refreshes_by_itself_and_goes_on_without_scripts(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    lead = stage.make(the_stage.accepted, stage.ids)
    manager, owner = visit("manager", size=DESK), visit("owner", scripts=False)
    for visitor in (manager, owner):
        visitor.page.clock.install()
        visitor.go(f"/leads/{lead}/talk")
        assert "还没有留言" in visitor.words

    # the owner writes with scripts off, a paper with it; the manager's open page says so by itself
    writes(owner, "租约续了三年，您看这张行不行？", paper="租约.jpg")
    assert "租约.jpg" in owner.words and "对方还没看" in owner.words
    assert "租约续了三年" not in manager.words
    manager.page.locator("#post_text").fill("我正在写")
    manager.page.clock.fast_forward(31_000)
    news = manager.page.get_by_role("link", name="来了 1 条新的，看一看")
    news.wait_for()
    seen(manager, "71-talk-news")
    news.click()
    manager.page.get_by_text("租约续了三年").wait_for()
    manager.page.get_by_role("link", name="租约.jpg").wait_for()
    assert manager.page.locator("#post_text").input_value() == "我正在写", "what was being typed stays"
    news.wait_for(state="detached")

    # the manager answers with a ready sentence; that is the contact, and the owner reads it and who read theirs
    manager.page.locator("summary", has_text="常用的话").click()
    manager.page.locator("details[open] li a").first.click()
    manager.arrive("/talk")
    assert manager.page.locator("#post_text").input_value(), "a ready sentence is filled in"
    assert "这一条就记作联系上了" in manager.words
    writes(manager, "看得清，周四下午我去店里。")
    owner.go(f"/leads/{lead}/talk/new")
    assert "来了 1 条新的" in owner.words, "without scripts it is a page of its own"
    owner.follow(re.compile("来了 1 条新的"))
    owner.arrive("/talk")
    assert "看得清，周四下午我去店里" in owner.words and "看过" in owner.words
    seen(owner, "73-talk-owner-without-scripts")

    # a report and a block, still without scripts
    owner.follow(re.compile("举报这一条"))
    owner.arrive("/report")
    seen(owner, "74-talk-report")
    owner.page.locator("main input[name=reason]").first.check()
    owner.press(re.compile("报上去|举报"))
    owner.arrive("/talk")
    assert "您举报了这一条，平台在查" in owner.words
    owner.page.locator("summary", has_text="不想再收").click()
    owner.press(re.compile("^屏蔽"))
    owner.page.get_by_text("您屏蔽了青檀农商银行").wait_for()
    manager.go(f"/leads/{lead}/talk")
    assert "客户不再收你们的留言和电话" in manager.words


def writes(who: Visitor, words: str, *, paper: str = "") -> None:
    """A message, a photo with it where one is named."""
    who.page.locator("#post_text").fill(words)
    if paper:
        who.page.locator("summary", has_text="再给一份材料").click()
        who.page.locator("main input[type=file]").set_input_files(
            {"name": paper, "mimeType": "image/jpeg", "buffer": a_picture("azure", size=(300, 400))}
        )
    who.press("发出去")
    who.page.locator("#posts").get_by_text(words).wait_for()
