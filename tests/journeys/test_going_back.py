"""Going back in the browser asks the site again: it is observed again, and nothing sealed is shown after withdrawal or sign-out.

Browsers keep the last pages in memory and show them again without asking; Chromium does so even where the answer
said no-store, unless a cookie has been set meanwhile. Ours is: the session's cookie is renewed by every answer. These
tests run in a browser with that memory, which the driver switches off elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Playwright

from matchmaker.audit.models import DataAccess
from matchmaker.db import db
from tests.journeys import stage as the_stage
from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor

SHOP = "桂兰砂锅馆"


@pytest.fixture(scope="module")
def browser(playwright: Playwright, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """A browser that remembers pages, as everybody's does."""
    browser = playwright.chromium.launch(
        **browser_type_launch_args, ignore_default_args=["--disable-back-forward-cache"])
    yield browser
    browser.close()


def looks_at(stage: LiveSite, lead: int) -> int:
    """How often somebody was observed looking at the data of a lead."""
    with stage.app.app_context():
        return db.session.scalar(sa.select(sa.func.count()).select_from(DataAccess).where(DataAccess.lead_id == lead)) or 0


def goes_back(visitor: Visitor) -> int:
    """Go back by the browser's button; answers how often the site was asked for a page on the way."""
    asked: list[str] = []
    visitor.page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    visitor.page.go_back()
    return len(asked)


@pytest.mark.article("B.1")
def test_a_manager_who_goes_back_is_observed_and_after_withdrawal_sees_nothing(stage: LiveSite, visit: Opens) -> None:
    lead = stage.make(the_stage.offered, stage.ids)
    manager, owner = visit("manager", size=DESK), visit("owner")
    manager.go(f"/leads/{lead}")
    assert SHOP in manager.words
    manager.go("/")
    before = looks_at(stage, lead)
    assert goes_back(manager) == 1
    assert SHOP in manager.words
    assert looks_at(stage, lead) > before, "going back is a look like any other"

    manager.go("/")
    owner.go(f"/leads/{lead}")
    owner.page.locator("summary", has_text="收回").first.click()
    owner.press("确定收回")
    owner.page.locator(".told:not(#not-done)").wait_for()
    assert goes_back(manager) == 1
    assert manager.path == f"/leads/{lead}"
    assert SHOP not in manager.page.content() and "周桂兰" not in manager.page.content()
    assert "资料已经封上" in manager.words


@pytest.mark.article("B.1")
def test_an_owner_who_signed_out_shows_nothing_to_who_takes_the_phone(stage: LiveSite, visit: Opens) -> None:
    lead = stage.make(the_stage.offered, stage.ids)
    owner = visit("owner")
    owner.go("/needs/new?fresh=1")
    with owner.page.expect_response("**/needs/drafts"):
        owner.page.locator("#amount").fill("88")
        owner.choose(purpose="PURCHASE")
    owner.go(f"/leads/{lead}")
    assert "灶台贷" in owner.words
    owner.page.get_by_text("菜单").click()
    owner.press("退出", within="header")
    owner.arrive("/sign-in")
    for _page in range(2):
        assert goes_back(owner) >= 1
        assert owner.path == "/sign-in"
        content = owner.page.content()
        assert "灶台贷" not in content and SHOP not in content and 'value="88"' not in content


@pytest.mark.article("B.1")
def test_htmx_keeps_no_page(stage: LiveSite, visit: Opens) -> None:
    owner = visit("owner")
    owner.go("/needs/new")
    owner.page.wait_for_function("() => window.htmx")
    config = owner.page.evaluate("() => htmx.config")
    assert config["historyCacheSize"] == 0 and config["refreshOnHistoryMiss"] is True
    with owner.page.expect_response("**/needs/drafts"):
        owner.page.locator("#amount").fill("30")
    owner.go("/")
    kept = owner.page.evaluate("() => ({...localStorage, ...sessionStorage})")
    assert set(kept) <= {"htmx-current-path-for-history"}, "where one was, never what one saw"
