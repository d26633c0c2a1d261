"""Nothing typed is lost: on errors, after hours, after the session ended, and when somebody else was faster."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import UserSession
from matchmaker.accounts.rules import session_lives
from matchmaker.db import db
from matchmaker.needs.models import NeedDraft
from tests.builders import PASSWORD
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor

NOTE = "端午前要备 300 斤粽叶，供货商只收现款 <不要> & “赊账”"


def says_a_need(owner: Visitor) -> None:
    owner.go("/needs/new?fresh=1")
    owner.page.locator("#amount").fill("46.5")
    owner.choose(term="24", purpose="PURCHASE", securities=["vehicle", "equipment"])
    owner.page.locator("summary", has_text="还想说的").click()
    owner.page.locator("textarea[name=note]").fill(NOTE)


def what_is_there(owner: Visitor) -> dict[str, Any]:
    """What stands in the fields of the need."""
    page = owner.page
    return {
        "amount": page.locator("#amount").input_value(),
        "term": page.locator("input[name=term]:checked").input_value(),
        "purpose": page.locator("input[name=purpose]:checked").input_value(),
        "securities": sorted(box.input_value() for box in page.locator("input[name=securities]:checked").all()),
        "note": page.locator("textarea[name=note]").input_value(),
    }


TYPED = {"amount": "46.5", "term": "24", "purpose": "PURCHASE", "securities": ["equipment", "vehicle"], "note": NOTE}


@pytest.mark.article("B.3")
def test_an_error_takes_the_focus_names_its_field_and_loses_nothing(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    owner = visit("owner")
    says_a_need(owner)
    owner.page.locator("#amount").fill("四十几万")
    owner.press("看一遍，再发")
    summary = owner.page.locator(".errors")
    summary.wait_for()
    assert owner.page.evaluate("() => document.activeElement.classList.contains('errors')"), "the focus is on the summary"
    assert owner.page.title().startswith("有 1 处要改") or owner.page.title().startswith("有\xa01\xa0处要改")
    assert what_is_there(owner) == {**TYPED, "amount": "四十几万"}
    seen(owner, "80-need-wrong")
    summary.get_by_role("link").first.click()
    assert owner.page.evaluate("() => document.activeElement.id") == "amount"
    assert owner.page.locator("#amount").get_attribute("aria-invalid") == "true"
    described = (owner.page.locator("#amount").get_attribute("aria-describedby") or "").split()
    assert any(owner.page.locator(f"#{place}.err").count() for place in described), "the words stand at the field"


@pytest.mark.article("B.3")
def test_a_form_left_open_for_days_is_taken(stage: LiveSite, visit: Opens) -> None:
    """The form's token lives as long as the session."""
    owner = visit("owner")
    says_a_need(owner)
    almost = datetime.fromisoformat(the_stage.NOW) + session_lives({"owner"}) - timedelta(hours=1)
    with clock.frozen(almost, everywhere=True):
        owner.press("看一遍，再发")
        owner.arrive("/review")
        assert "46.5 万元" in owner.words


@pytest.mark.article("B.3")
def test_what_was_typed_comes_back_after_signing_in_again(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    owner = visit("owner", scripts=False)
    says_a_need(owner)
    ends_all_sessions(stage)
    owner.press("看一遍，再发")
    owner.page.get_by_text("还没有做：您已经退出了，先登录").wait_for()
    seen(owner, "81-signed-out")
    owner.press("去登录")
    owner.arrive("/sign-in")
    assert "您刚才填的都带着" in owner.words
    assert "46.5" not in owner.page.url and "carried=" not in owner.page.url, "what was typed stands in no address"
    seen(owner, "82-sign-in-carrying")
    owner.fill("手机号或邮箱", stage.phone_of("owner"))
    owner.fill("密码", "不是这个密码啊")
    owner.press("登录")
    owner.page.locator(".errors").wait_for()
    owner.fill("密码", PASSWORD)
    owner.press("登录")
    owner.press("带着填过的回去")
    owner.page.locator("#amount").wait_for()
    assert what_is_there(owner) == TYPED
    seen(owner, "83-brought-back")
    owner.press("看一遍，再发")
    owner.arrive("/review")
    assert "46.5 万元" in owner.words and NOTE in owner.words


@pytest.mark.article("B.3")
def test_a_form_of_an_earlier_session_is_not_lost_either(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    """In another tab one signed out and in again: the old tab says that it saves no more, and goes on with what was typed."""
    owner = visit("owner")
    says_a_need(owner)
    owner.page.wait_for_function("() => document.querySelector('#saved').innerText.includes('已保存')")
    other = owner.context.new_page()
    other.goto("/account")
    other.get_by_text("菜单").click()
    other.get_by_role("button", name="退出").click()
    other.get_by_label("手机号或邮箱").fill(stage.phone_of("owner"))
    other.get_by_label("密码").fill(PASSWORD)
    other.locator("main").get_by_role("button", name="登录", exact=True).click()
    other.wait_for_url("**/")
    owner.page.locator("textarea[name=note]").fill(NOTE + "。")
    owner.page.locator("textarea[name=note]").fill(NOTE)
    owner.page.locator("#not-done", has_text="没有做成：这一页是上一次登录时打开的").wait_for()
    seen(owner, "85-not-saved")
    owner.press("看一遍，再发")
    owner.page.get_by_text("您填的都还在，还没有做").wait_for()
    owner.press("带着填过的回去")
    owner.page.locator("#amount").wait_for()
    assert what_is_there(owner) == TYPED
    owner.press("看一遍，再发")
    owner.arrive("/review")


@pytest.mark.article("B.3", "12.2")
def test_who_comes_too_late_reads_what_happened_and_what_was_typed(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    lead = stage.make(the_stage.accepted, stage.ids)
    manager, owner = visit("manager", size=DESK), visit("owner")
    manager.go(f"/leads/queue?lead={lead}&do=contact")
    owner.go(f"/leads/{lead}")
    owner.page.locator("summary", has_text="收回").first.click()
    owner.press("确定收回")
    owner.page.locator(".told:not(#not-done)").wait_for()
    place = "#case details#contact"
    manager.choose(place, reached="yes", channel="message")
    manager.page.locator(f"{place} textarea[name=message]").fill("您好，明天上午来看看店。")
    manager.press("记下", within=place)
    manager.page.get_by_text("您好，明天上午来看看店。").first.wait_for()
    assert manager.page.url.split("?")[0].endswith(("/leads/queue", f"/leads/{lead}", "/contact")), manager.page.url
    assert manager.words.startswith("没有做：") and manager.words.count("没有做") == 1
    assert "您好，明天上午来看看店。" in manager.page.content(), "it still stands in its field"
    assert "contact_note" not in manager.words, "fields are called by their names"
    assert "桂兰砂锅馆" not in manager.words
    seen(manager, "84-too-late")


def ends_all_sessions(stage: LiveSite) -> None:
    stage.make(lambda: stage.execute(sa.update(UserSession).values(ended_at=clock.real_now(), ended_because="signed_out")))


@pytest.mark.article("B.3")
def test_a_lost_network_is_told_and_what_was_typed_is_saved_when_it_is_back(stage: LiveSite, visit: Opens) -> None:
    owner = visit("owner")
    says_a_need(owner)
    page, lost = owner.page, owner.page.locator("#unsaved")
    page.locator("#saved", has_text="已保存").wait_for()
    assert lost.is_hidden()
    page.context.set_offline(True)
    page.locator("#amount").fill("52")
    lost.wait_for(state="visible")
    assert "没有存上" in lost.inner_text() and page.locator("#amount").input_value() == "52"
    page.context.set_offline(False)
    lost.wait_for(state="hidden", timeout=20_000)
    owner.watch.troubles[:] = [one for one in owner.watch.troubles if not one.startswith("console: htmx:")]
    with stage.app.app_context():
        assert db.session.scalars(sa.select(NeedDraft.values)).one()["amount"] == "52"
