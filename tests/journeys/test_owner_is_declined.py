"""An owner whose need was declined reads what it means, who repairs it, and what comes next; the inner note stays inside."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.journeys import stage as the_stage
from tests.journeys.conftest import LiveSite, Opens


@pytest.mark.article("10.2")
def test_owner_reads_why_and_what_next(stage: LiveSite, visit: Opens, seen: Callable[..., None]) -> None:
    lead = stage.make(the_stage.declined, stage.ids)
    owner = visit("owner")
    owner.go(f"/leads/{lead}")
    words = owner.page.locator("main").inner_text()
    assert "税" in words and "流水差 8 万" not in words
    assert owner.page.locator(f"main a[href^='/needs/{stage.ids['need']}/']").count() > 0
    seen(owner, "declined")
