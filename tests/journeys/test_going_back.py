"""Going back in the browser asks the site again: after withdrawal and after sign-out nothing sealed is shown."""

from __future__ import annotations

import pytest

from tests.journeys import stage as the_stage
from tests.journeys.conftest import LiveSite, Opens


@pytest.mark.article("B.1")
def test_manager_goes_back_after_withdrawal(stage: LiveSite, visit: Opens) -> None:
    lead = stage.make(the_stage.offered, stage.ids)
    owner, manager = visit("owner"), visit("manager")
    manager.go(f"/leads/{lead}")
    assert "桂兰砂锅馆" in manager.page.content()
    manager.go("/leads/queue?show=done")
    owner.go(f"/leads/{lead}")
    owner.page.locator("summary", has_text="收回").first.click()
    owner.page.locator(f"form[action='/leads/{lead}/withdraw'] button").click()
    owner.page.locator(f"form[action='/leads/{lead}/withdraw']").wait_for(state="detached")
    manager.page.go_back()
    assert manager.page.url.endswith(f"/leads/{lead}")
    assert "桂兰砂锅馆" not in manager.page.content()


@pytest.mark.article("B.1")
def test_owner_goes_back_after_signing_out(stage: LiveSite, visit: Opens) -> None:
    lead = stage.make(the_stage.offered, stage.ids)
    owner = visit("owner")
    owner.go(f"/leads/{lead}")
    owner.go("/account")
    owner.page.evaluate("document.querySelector(\"form[action$='/sign-out']\").requestSubmit()")
    owner.page.wait_for_url(lambda address: "/account" not in address)
    owner.go(f"/leads/{lead}")
    assert "sign-in" in owner.page.url
    owner.page.go_back()
    owner.page.go_back()
    assert "灶台贷" not in owner.page.locator("main").inner_text()
