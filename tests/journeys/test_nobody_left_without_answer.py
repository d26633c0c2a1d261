"""Nobody is left without an answer: an owner repairs and gets a second look; a late institution loses the lead to a reserve."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db
from matchmaker.leads import jobs
from matchmaker.leads.models import Lead, LeadClock
from tests.businesses.builders import a_pdf
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens


@pytest.mark.article("B.4")
def test_an_owner_repairs_and_gets_a_second_look(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    lead = stage.make(the_stage.declined, stage.ids)
    owner = visit("owner")
    owner.go(f"/leads/{lead}")
    fold = owner.page.locator("article", has_text="有一笔税晚缴或没缴")
    fold.locator("summary", has_text="一步一步怎么修").click()
    assert "登录电子税务局" in fold.inner_text() and "无欠税证明" in fold.inner_text()
    seen(owner, "zh-50-repair-steps")
    fold.get_by_role("button", name="修好了，记下来").click()
    owner.page.locator(".errors").wait_for()
    assert "请放上证明" in owner.words, "a repair is proven"
    fold = owner.page.locator("article", has_text="有一笔税晚缴或没缴")
    fold.locator("input[type=file]").set_input_files(
        {"name": "无欠税证明.pdf", "mimeType": "application/pdf", "buffer": a_pdf()}
    )
    fold.get_by_role("button", name="修好了，记下来").click()
    owner.page.get_by_text("放好了：无欠税证明.pdf").wait_for()
    seen(owner, "zh-51-repaired")
    owner.press("请青檀农商银行再看一遍，5 个工作日内答复")
    owner.page.locator(".tag", has_text="再看一遍中").first.wait_for()
    seen(owner, "zh-52-looked-at-again")

    first, other = visit("manager", size=DESK), visit("colleague", size=DESK)
    first.go(f"/leads/queue?lead={lead}")
    assert first.page.get_by_role("button", name="我来看").count() == 0, "who declined does not look again"
    other.go(f"/leads/queue?lead={lead}")
    other.press("我来看", within="#case")
    other.page.locator("#case").get_by_text("无欠税证明.pdf").wait_for()


@pytest.mark.article("B.4", "B.1")
def test_a_late_institution_loses_the_lead_to_a_named_reserve(
    stage: LiveSite, visit: Opens, seen: Callable[..., None]
) -> None:
    owner, manager = visit("owner"), visit("manager", size=DESK)
    owner.go(f"/needs/{stage.ids['need']}/send/{stage.ids['hearth']}")
    owner.choose(hours=["morning"], reserves=[str(stage.ids["float"])])
    seen(owner, "zh-55-naming-a-reserve")
    owner.press("同意，只给青檀农商银行")
    owner.arrive(r"/leads/\d+")
    lead = int(owner.path.rsplit("/", 1)[1])
    owner.page.get_by_role("heading", name="后备").wait_for()
    seen(owner, "zh-56-reserve-waits")
    manager.go(f"/leads/queue?lead={lead}")
    assert "桂兰砂锅馆" in manager.words

    with stage.app.app_context():
        due = db.session.scalars(sa.select(LeadClock.due_at).where(LeadClock.lead_id == lead)).one()
        db.session.rollback()
    with clock.frozen(due + timedelta(minutes=1), everywhere=True):
        with stage.app.app_context():
            assert jobs.release_overdue_leads(clock.now()) >= 1
        with stage.app.app_context():
            new = db.session.scalars(sa.select(Lead.id).where(Lead.need_id == stage.ids["need"], Lead.id != lead)).one()
        owner = visit("owner")
        owner.go("/leads/")
        words = owner.words
        assert "超时收回" in words and "待受理" in words and "望山银行" in words
        seen(owner, "zh-57-the-reserve-has-it")
        owner.go(f"/leads/{new}")
        assert "授权给这一家" in owner.words
        manager = visit("manager", size=DESK)
        manager.go("/leads/queue?show=done")
        assert "桂兰砂锅馆" not in manager.words, "who was late sees a sealed card"
