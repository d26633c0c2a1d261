"""Every deed that is written into the trail has words."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

from matchmaker.leads.rules.states import Step
from matchmaker.web import known_deeds

ROOT = Path(__file__).parents[2] / "matchmaker"


def test_every_recorded_deed_has_words(app: Any) -> None:
    recorded = {f"lead.{step}" for step in Step}
    for file in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record" and node.args:
                what = node.args[0]
                if isinstance(what, ast.Constant):
                    recorded.add(what.value)
    assert recorded - set(known_deeds()) == set()
