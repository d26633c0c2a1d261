"""An owner whose need was declined reads what it means, who repairs it, and what comes next; in both languages."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.businesses.builders import a_pdf
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens

CHINESE = {
    "progress": "看原因，怎么修",
    "heading": "青檀农商银行这次不办，2 条原因，1 条能修好",
    "reasons": ["有一笔税晚缴或没缴", "能修好：税务局", "近 12 个月流水不够", "降金额，或换一家", "谁来修", "原因代码 T01"],
    "wrong": "这不是真的，我要更正", "put": "写在这条原因旁边",
    "figures": ["26 万元", "4 万元", "214.60 元"],
    "again": "想改给它看什么，再请", "agree": "同意，只给青檀农商银行", "looking": "再看一遍中",
    "next": "接下来可以试", "try": re.compile("看看，再决定送不送"), "only": "只给望山银行看，只为这一笔",
}
ENGLISH = {
    "progress": "Read why, and how to repair it",
    "heading": "青檀农商银行 declined this time, 2 reasons, 1 can be repaired",
    "reasons": ["Tax paid late or open", "Repairable: tax office", "Turnover too low", "Lower the amount, or go elsewhere",
                "Who repairs it", "Reason code T01"],
    "wrong": "This is wrong, correct it", "put": "Put it beside the reason",
    "figures": ["¥260,000", "¥40,000", "¥214.60"],
    "again": "Change what it sees, then ask", "agree": "Agree, for 青檀农商银行 only", "looking": "Second look",
    "next": "What to try next", "try": re.compile("Look, then decide"), "only": "For 望山银行 only, for this need only",
}
INNER = "内部：邻店说生意淡"


@pytest.mark.article("B.3", "B.4", "10.2")
@pytest.mark.parametrize(("language", "says"), [("zh", CHINESE), ("en", ENGLISH)], ids=["zh", "en"])
def test_an_owner_is_declined_and_reads_why(
    stage: LiveSite, visit: Opens, seen: Callable[..., None], language: str, says: dict
) -> None:
    lead = stage.make(the_stage.accepted, stage.ids)
    manager, owner = visit("manager", size=DESK), visit("owner", language=language)
    manager.go(f"/leads/queue?lead={lead}&do=decline")
    place = "#case details#decline"
    manager.press("谢绝", within=place)
    manager.page.locator(".errors").wait_for()
    manager.choose(place, codes=["T01", "B02"])
    manager.type_all({"seen_tax_owed_yuan": ["214.60"], "seen_turnover_yuan": ["26"]}, within=place)
    manager.page.locator(f"{place} textarea").fill(INNER)
    manager.press("谢绝", within=place)
    manager.page.locator("#case .tag", has_text="这次不办").wait_for()
    assert "桂兰砂锅馆" not in manager.words, "with the decline the data are sealed again"

    owner.go("/leads")
    seen(owner, f"{language}-40-progress-declined")
    owner.follow(says["progress"])
    owner.arrive(f"/leads/{lead}")
    assert owner.heading == says["heading"]
    words = owner.words
    for reason in says["reasons"]:
        assert reason in words, reason
    assert INNER not in words and "邻店" not in words
    for figure in says["figures"]:
        assert figure in words, figure
    seen(owner, f"{language}-41-declined")

    owner.page.locator("summary", has_text=says["wrong"]).click()
    owner.page.locator("textarea[name=words]").fill("税在 9 月 1 日就缴清了，完税证明可以给。")
    owner.press(says["put"])
    owner.page.get_by_text("税在 9 月 1 日就缴清了").wait_for()

    assert says["next"] in owner.words
    owner.page.get_by_role("row", name="小店周转金").get_by_role("link", name=says["try"]).click()
    owner.arrive(f"/send/{stage.ids['float']}")
    assert owner.heading == says["only"]
    seen(owner, f"{language}-42-consent-next")

    owner.go(f"/leads/{lead}")
    owner.follow(says["again"])
    owner.arrive("/second-look")
    owner.choose(repaired="yes")
    owner.page.locator("input[type=file]").set_input_files(
        {"name": "完税证明.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}
    )
    seen(owner, f"{language}-43-second-look")
    owner.press(says["agree"])
    owner.arrive(f"/leads/{lead}")
    owner.page.locator(".tag", has_text=says["looking"]).first.wait_for()
    seen(owner, f"{language}-44-second-look-asked")
