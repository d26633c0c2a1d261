"""Changes of divisions for tests, in one line each; what is learned of them is forgotten by ``forgotten``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from matchmaker.reference import regions, services
from matchmaker.reference.models import RegionChange
from matchmaker.reference.region_changes import Change, after_all

DAY = date(2026, 9, 1)
XIHU_INTO_GONGSHU = Change("merged", DAY, code="330106", related=("330105",))
XIHU_DIVIDED = Change("divided", DAY, code="330106", related=("330105", "330108"))


def a_change(change: Change, *, by: Any) -> RegionChange:
    """A change that waits for a second operator."""
    return services.enter_region_change(change, "https://www.mca.gov.cn/example", "国函〔2026〕99号", DAY, by=by)


def learn(*changes: Change) -> None:
    """Let these changes hold in this process."""
    regions.learn_divisions(after_all(regions.packaged_divisions(), changes))


@contextmanager
def forgotten() -> Iterator[None]:
    """Nothing of another test's changes before, nothing of this one's after."""
    regions.learn_divisions(None)
    services._looked_at = services._edition_of_regions = None
    try:
        yield
    finally:
        regions.learn_divisions(None)
        services._looked_at = services._edition_of_regions = None
