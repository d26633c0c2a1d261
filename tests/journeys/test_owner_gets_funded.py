"""An owner on a phone gets from the list to confirmed money; the manager works from the queue."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.journeys.conftest import DESK, LiveSite, Opens, Visitor


def work(manager: Visitor, lead: str, do: str) -> None:
    """Open one step of one lead in the queue."""
    manager.go(f"/leads/queue?lead={lead}&do={do}&show=mine#{do}")


def press(visitor: Visitor, deed: str) -> None:
    """Press the button of the form that posts this deed."""
    visitor.page.locator(f"form[action$='/{deed}'] button:not([formaction])").last.click()


@pytest.mark.article("10.2")
@pytest.mark.article("9.1")
@pytest.mark.article("B.1")
def test_owner_gets_funded(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    owner, manager = visit("owner"), visit("manager", size=DESK, scripts=False)
    owner.go(f"/needs/{stage.ids['need']}/matches")
    seen(owner, "list")
    owner.page.get_by_role("link", name="选这家 ：灶台贷").click()
    seen(owner, "consent")
    owner.page.locator("input[name=hours][value=morning]").check()
    owner.page.get_by_role("button", name="同意，只给青檀农商银行").click()
    owner.page.wait_for_url(re.compile(r"/leads/\d+"))
    seen(owner, "sent")
    found = re.search(r"/leads/(\d+)", owner.page.url)
    assert found
    lead = found.group(1)

    manager.go("/leads/queue")
    manager.page.locator(f"form[action='/leads/{lead}/accept'] button").first.click()
    work(manager, lead, "contact")
    assert "桂兰砂锅馆" in manager.page.locator("#case").inner_text()
    manager.page.locator("#contact input[name=reached][value=yes]").check()
    manager.page.locator("#contact input[name=channel][value=call]").check()
    press(manager, "contact")
    work(manager, lead, "offer")
    manager.page.locator("#offer input[name=amount]").fill("30")
    press(manager, "offer")

    owner.go(f"/leads/{lead}")
    seen(owner, "offered")
    owner.page.get_by_role("link", name="看明白纸，接受或不接受").click()
    assert "综合年化成本" in owner.page.locator("main").inner_text()
    seen(owner, "cost sheet")
    with owner.page.expect_download() as coming:
        owner.page.get_by_role("link", name="PDF").click()
    assert coming.value.path().read_bytes().startswith(b"%PDF-")
    owner.page.get_by_role("button", name="接受这个报价").click()
    owner.page.wait_for_load_state()

    work(manager, lead, "contract")
    manager.page.locator("#contract input[name=contract_number]").fill("青檀字 2026-118")
    manager.page.locator("#contract input[name=signed_on]").fill("2026-09-23")
    press(manager, "contract")
    work(manager, lead, "payout")
    manager.page.locator("#payout input[name=amount]").fill("30")
    manager.page.locator("#payout input[name=paid_on]").fill("2026-09-23")
    manager.page.locator("#payout input[name=reference]").fill("QT20260923001")
    press(manager, "payout")

    owner.go(f"/leads/{lead}")
    assert "青檀字 2026-118" in owner.page.locator("main").inner_text()
    owner.page.get_by_role("button", name="收到了，数对").click()
    owner.page.get_by_role("button", name="收到了，数对").wait_for(state="detached")
    seen(owner, "confirmed")
