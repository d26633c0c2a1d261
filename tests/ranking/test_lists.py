"""Lists ordered by a trained ranker: derived again to the bit, blind to commission, safe when its file is gone."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.matching import queries as matching_queries
from matchmaker.matching import services as matching
from matchmaker.matching.cards import sorted_rows
from matchmaker.needs.models import Need
from matchmaker.products.models import Product, TrackRecord
from matchmaker.ranking import queries, rules, services, store
from matchmaker.ranking.features import NAMES
from matchmaker.ranking.models import ModelVersion, Shown, ShownList
from matchmaker.refusal import Refused, plain
from tests.matching.builders import NOW, a_known_need, a_market
from tests.ranking.test_services import a_history


@pytest.fixture
def town(app: Any) -> Any:
    """The example market, a need, and a ranker trained on a year of decided cases."""
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            market, need = a_market(), a_known_need()
            a_history(need, sorted(market.values(), key=lambda product: product.id))
        with unit_of_work():
            trained = services.train_from_history()
        assert isinstance(trained, ModelVersion) and trained.state == "active"
        yield market, need, trained


def a_list(need: Need) -> ShownList:
    db.session.expire_all()  # figures as the database gives them, not as the builder typed them
    with unit_of_work():
        return matching.make_list(db.session.get_one(Need, need.id), by=None)


def rows_of(stored: ShownList) -> list[dict[str, Any]]:
    rows = db.session.scalars(sa.select(Shown).where(Shown.list_id == stored.id).order_by(Shown.place))
    columns = [column.key for column in sa.inspect(Shown).column_attrs if column.key not in ("id", "list_id")]
    return [{name: plain(getattr(row, name)) for name in columns} for row in rows]


@pytest.mark.article("B.2")
def test_a_list_ordered_by_the_ranker_is_derived_again_to_the_bit(town: Any) -> None:
    _, need, trained = town
    stored = a_list(need)
    assert stored.model_version_id == trained.id and not stored.rule_only
    assert services.rederive(stored.id) == []
    assert matching.differences(stored) == []
    for row in rows_of(stored):
        assert set(NAMES) <= set(row["features"])
        assert row["features"]["similar"]["n"] == row["chance_n"] >= 20


@pytest.mark.article("B.2")
def test_exchanged_neighbours_are_written_down_and_drawn_again_to_the_bit(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, need, _ = town
    monkeypatch.setattr(rules, "NEARLY_EQUAL", 100.0)
    monkeypatch.setattr(rules, "SWAPPED_SHARE", 0.5)
    stored = a_list(need)
    rows = rows_of(stored)
    moved = [row for row in rows if row["features"]["place_by_score"] != row["place"]]
    assert moved and {row["propensity"] for row in moved} == {0.5}
    assert sorted(row["features"]["place_by_score"] for row in rows) == [row["place"] for row in rows]
    assert matching.differences(stored) == [] and services.rederive(stored.id) == []
    assert rows_of(a_list(need)) == rows, "asking again on the same day draws the same"
    by_cost = [row.features["place_by_score"] for row in sorted_rows(matching_queries.shown_rows(stored.id), "cost")]
    costs = {row["features"]["place_by_score"]: row["cost_percent"] for row in rows}
    for one, next_one in pairwise(by_cost):
        assert costs[one] != costs[next_one] or one < next_one, "an order that the owner chose knows no exchange"


@pytest.mark.article("B.2")
def test_who_objects_to_the_learned_order_is_never_part_of_an_exchange(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, need, _ = town
    monkeypatch.setattr(rules, "NEARLY_EQUAL", 100.0)
    monkeypatch.setattr(rules, "SWAPPED_SHARE", 0.5)
    monkeypatch.setattr(matching_queries, "wants_learned", lambda need: False)
    stored = a_list(need)
    assert all(row["propensity"] == 1 and row["features"]["place_by_score"] == row["place"] for row in rows_of(stored))
    assert matching.differences(stored) == []


def test_what_was_changed_afterwards_is_found(town: Any) -> None:
    stored = a_list(town[1])
    with unit_of_work():
        first = db.session.scalars(sa.select(Shown).where(Shown.list_id == stored.id, Shown.place == 1)).one()
        first.score += 1e-6
        first.features = first.features | {"cost": 99.0}
    db.session.expire_all()
    assert services.rederive(stored.id) == ["place 1: score", "place 1: cost"]


@pytest.mark.article("B.2", "8.2")
def test_changing_a_commission_changes_nothing(town: Any) -> None:
    _, need, trained = town
    before = rows_of(a_list(need))
    with unit_of_work():
        for number, product in enumerate(db.session.scalars(sa.select(Product)), 1):
            product.commission_percent = Decimal(number) / 2
    assert rows_of(a_list(need)) == before
    with unit_of_work():
        assert services.train_from_history() is not None
    assert [version.sha256 for version in queries.versions()] == [trained.sha256]  # nor what is learned


def test_an_old_list_keeps_its_ranker_when_a_newer_one_orders(town: Any) -> None:
    _, need, trained = town
    stored = a_list(need)
    with unit_of_work():
        db.session.get_one(ModelVersion, trained.id).state = "retired"
        for record in db.session.scalars(sa.select(TrackRecord)):
            record.funded = 0
    assert services.active_ranker() is None
    assert a_list(need).rule_only
    assert services.rederive(stored.id) == []


def test_a_lost_file_leaves_the_rule_score_and_says_so(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    _, need, trained = town
    stored = a_list(need)
    (store.folder() / trained.file).unlink()
    monkeypatch.setattr(store, "_loaded", {})
    fresh = a_list(need)
    assert fresh.rule_only and fresh.model_version_id is None
    assert services.rederive(fresh.id) == []
    with pytest.raises(Refused, match="list_ranker_gone"):
        services.rederive(stored.id)


def test_what_cannot_be_derived_is_refused(town: Any) -> None:
    stored = a_list(town[1])
    with pytest.raises(Refused, match="list_unknown"):
        services.rederive(10**9)
    with unit_of_work():
        first = db.session.scalars(sa.select(Shown).where(Shown.list_id == stored.id, Shown.place == 1)).one()
        first.features = first.features | {"score_version": "0"}
    db.session.expire_all()
    with pytest.raises(Refused, match="list_by_other_score"):
        services.rederive(stored.id)
