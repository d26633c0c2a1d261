"""Lists ordered by a trained ranker: stored with its version, derived again by it, and by the rule score without it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.matching import queries, services
from matchmaker.ranking.services import Fitted, fit, keep
from matchmaker.refusal import Refused
from tests.ranking.builders import invented

from .builders import NOW


@cache
def a_fitted_ranker() -> Fitted:
    """Trained on a small invented history; put in use whatever the gate thinks of it."""
    rows, _ = invented(700)
    found = fit(rows)
    assert isinstance(found, Fitted)
    return replace(found, stays_out=None)


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Any:
    """The example need, with a ranker in use."""
    with clock.frozen(NOW), town_app.app_context(), unit_of_work():
        yield queries.need_for_matching(town_file[1]["need"]), keep(a_fitted_ranker()), town_app


@pytest.mark.article("B.2")
def test_a_list_names_its_ranker_and_comes_out_the_same_again(town: Any) -> None:
    need, version, _ = town
    stored = services.make_list(need, by=None)
    assert (stored.model_version_id, stored.rule_only) == (version.id, False)
    db.session.expire_all()
    assert services.differences(stored) == []
    version.state = "retired"
    db.session.flush()
    assert services.differences(stored) == []  # its own ranker is asked, not the one in use
    assert services.make_list(need, by=None).rule_only


@pytest.mark.article("8.2", "B.2")
def test_commission_is_unknown_to_the_ranker(town: Any) -> None:
    need, _, _ = town
    before = services.make_list(need, by=None)
    for place, row in enumerate(queries.shown_rows(before.id)):
        row.product.commission_percent = Decimal(90 - place)
    db.session.flush()
    after = services.make_list(need, by=None)
    assert [(row.product_id, row.score, row.features) for row in queries.shown_rows(before.id)] == [
        (row.product_id, row.score, row.features) for row in queries.shown_rows(after.id)
    ]


def test_a_list_whose_ranker_is_gone_says_so_and_new_ones_are_ordered_by_rules(town: Any) -> None:
    need, version, app = town
    stored = services.make_list(need, by=None)
    Path(app.config["SETTINGS"].instance_folder, "models", version.file).unlink()
    version.sha256 = "0" * 64
    db.session.flush()
    with pytest.raises(Refused, match="list_ranker_gone"):
        services.derive_again(stored)
    assert services.make_list(need, by=None).rule_only
