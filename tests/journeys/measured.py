"""What the journeys measured, printed after the tests: bytes of first views, how often axe ran and was spared."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

KEY = "measured"


def note(item: pytest.Item, what: str, number: int) -> None:
    """Keep a figure with the test; figures of the same name are added up."""
    item.user_properties.append((KEY, (what, number)))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    figures: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "teardown":
                continue  # the same figures once more
            for name, value in getattr(report, "user_properties", ()):
                if name == KEY and report.when == "call":
                    figures[value[0]] += value[1]
    if figures:
        terminalreporter.section("measured in the browser")
        for what in sorted(figures):
            terminalreporter.write_line(f"{what}: {figures[what]:,}")
