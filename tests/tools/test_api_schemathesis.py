"""The API keeps its own OpenAPI file: generated requests, right and wrong, find nothing (config: schemathesis.toml)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.engine import Status, events, from_schema

ROOT = Path(__file__).parents[2]


def test_generated_requests_find_nothing(app: Any) -> None:
    config = schemathesis.Config.from_path(ROOT / "schemathesis.toml")
    config.projects.default.generation.max_examples = 5
    config.projects.default.generation.database = "none"
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", app, config=config)
    found: list[str] = []
    checked: Counter[str] = Counter()
    for event in from_schema(schema.include(path_regex="^/api/v1/tools/")).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            found.append(repr(getattr(event, "info", None) or event.exception))
        if isinstance(event, events.ScenarioFinished):
            for case_id, checks in event.recorder.checks.items():
                checked[event.phase.value] += len(checks)
                for check in checks:
                    if check.status == Status.FAILURE and check.failure_info is not None:
                        body = event.recorder.cases[case_id].value.body
                        found.append(f"{event.label} {check.name}: {check.failure_info.failure} {body!r:.400}")
    assert found == []
    assert checked.total() > 200, checked
