"""The ranker in the database: learned from stored lists, kept by hash, used only when it is the file on record."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.needs.models import Need
from matchmaker.products.models import Product
from matchmaker.ranking import jobs, queries, services, store
from matchmaker.ranking.models import ModelVersion, Outcome, Shown, ShownList
from matchmaker.ranking.store import NotThisModel, Trained
from matchmaker.refusal import Reason
from tests.matching.builders import NOW, a_known_need, a_market
from tests.ranking.builders import START, facts_of, true_chance
from tests.ranking.builders import offers as invented_offers
from tests.reference.changes import XIHU_INTO_GONGSHU, forgotten, learn

CASES = 1200


def a_history(need: Need, products: list[Product], cases: int = CASES, *, shuffled: bool = False) -> None:
    """Decided cases of stored lists over a year, in bulk: facts differ, outcomes follow traits nobody sees."""
    dice = random.Random(4)
    banks = [bank for bank, _ in invented_offers()]
    lists, shown, outcomes = [], [], []
    for number in range(1, cases + 1):
        at = START + timedelta(minutes=number * 365 * 24 * 60 / cases)
        facts = facts_of(dice)
        index = dice.randrange(len(products))
        product = products[index]
        _, offer = invented_offers()[index * 2]
        chance = 0.4 if shuffled else true_chance(facts, banks[index * 2], offer)
        lists.append(
            {"id": number, "need_id": need.id, "need_number": 1, "made_at": at, "rules_version": "1",
             "facts": facts.as_json(), "lpr_on": at.date(), "rule_only": True, "counts": {}}
        )  # fmt: skip
        shown.append(
            {"list_id": number, "place": 1, "product_id": product.id, "product_version_id": product.current_version_id,
             "score": 50.0, "chance_n": 0, "cost_percent": offer.cost_percent, "propensity": 1.0, "reasons": [],
             "cautions": [], "features": {"tracks": [[5, 5, 5, 2, 6], [9, 9, 9, 4, 6]]},
             "quote": {"amount_yuan": "300000.00", "term_months": 12, "rate_percent": "3.85", "days": 5}}
        )  # fmt: skip
        outcomes.append(
            {"lead_id": number, "need_id": need.id, "product_version_id": product.current_version_id,
             "institution_id": product.institution_id, "shown_list_id": number, "place": 1, "sent_at": at,
             "decided_at": (known_at := at + timedelta(days=dice.randint(2, 15))), "known_at": known_at,
             "funded": dice.random() < chance, "source": "lead"}
        )  # fmt: skip
    for table, rows in ((ShownList, lists), (Shown, shown), (Outcome, outcomes)):
        db.session.execute(sa.insert(table), rows)
    db.session.flush()


@pytest.fixture
def town(app: Any) -> Any:
    """The example market with a year of decided cases, at a fixed time."""
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            market, need = a_market(), a_known_need()
            a_history(need, sorted(market.values(), key=lambda product: product.id))
        yield market, need


def an_active(until: datetime | None = None) -> ModelVersion:
    with unit_of_work():
        found = services.train_from_history(until=until)
    assert isinstance(found, ModelVersion)
    return found


def test_open_cases_are_no_rows_and_the_facts_are_those_of_the_list(town: Any) -> None:
    with unit_of_work():
        db.session.execute(sa.update(Outcome).where(Outcome.lead_id <= 10).values(funded=None, known_at=None))
        rows = queries.history()
    assert len(rows) == CASES - 10
    assert [row.shown_at for row in rows] == sorted(row.shown_at for row in rows)
    first = rows[0]
    assert first.case.offer.own.decided == 5 and first.case.offer.institution.funded == 4
    assert first.case.offer.rate_percent is not None and first.case.offer.days_to_money == 5
    assert {row.case.offer.institution_kind for row in rows} >= {"RURALC", "JOINT", "GUARANTEE"}


def test_what_was_learned_of_a_county_passes_on_to_its_heir(town: Any) -> None:
    with unit_of_work(), forgotten():
        assert {row.case.county for row in queries.history()} == {"330106", "330212", "320102"}
        learn(XIHU_INTO_GONGSHU)
        assert {row.case.county for row in queries.history()} == {"330105", "330212", "320102"}
        assert {facts["region_code"] for facts in db.session.scalars(sa.select(ShownList.facts))} >= {"330106"}


@pytest.mark.article("B.2")
def test_a_better_ranker_goes_into_use_and_the_one_before_retires(town: Any) -> None:
    assert services.active_ranker() is None
    first = an_active(START + timedelta(days=330))
    assert first.state == "active", first.card["stays_out"]
    assert first.card["later"]["model"]["auc"] > first.card["later"]["rule_score"]["auc"]
    ranker = services.active_ranker()
    assert ranker is not None and ranker.version_id == first.id
    assert (store.folder() / first.file).exists() and "/" not in first.file
    second = an_active()
    assert second.id != first.id
    assert "active" in second.card["later"]
    assert [version.state for version in queries.versions()] == ["active", "retired"]
    trail = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "ranker.train")).all()
    assert [row.facts["state"] for row in trail] == ["active", "active"]


def test_the_same_history_is_the_same_version(town: Any) -> None:
    first, second = an_active(), an_active()
    assert first.id == second.id
    assert len(queries.versions()) == 1


def test_a_ranker_without_an_edge_stays_a_candidate(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            market = a_market()
            a_history(a_known_need(), sorted(market.values(), key=lambda product: product.id), shuffled=True)
        with unit_of_work():
            found = services.train_from_history()
        assert isinstance(found, ModelVersion)
        assert found.state == "candidate"
        assert found.card["stays_out"]["code"] in ("ranker_orders_no_better", "ranker_says_no_better")
        assert services.active_ranker() is None


def test_too_few_cases_train_nothing(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        found = services.train_from_history()
        assert isinstance(found, Reason)
        assert queries.versions() == []


def test_only_the_file_on_record_is_ever_loaded(town: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    version = an_active()
    monkeypatch.setattr(store, "_loaded", {})
    path = store.folder() / version.file
    good = path.read_bytes()
    assert isinstance(store.load(version.file, version.sha256), Trained)
    monkeypatch.setattr(store, "_loaded", {})
    monkeypatch.setattr(store.joblib, "load", lambda *_: pytest.fail("an unknown file was unpacked"))
    path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    with pytest.raises(NotThisModel):
        store.load(version.file, version.sha256)
    assert services.active_ranker() is None  # the rule score orders
    path.unlink()
    with pytest.raises(NotThisModel):
        store.load(version.file, version.sha256)
    for name in ("../ranker.joblib", "/etc/passwd", "ranker-1.joblib", version.file + "/..", ""):
        with pytest.raises(NotThisModel):
            store.load(name, version.sha256)


def test_the_night_job_trains_when_enough_is_new(town: Any) -> None:
    jobs.train_ranker(clock.now())
    [version] = queries.versions()
    assert version.state == "active"
    jobs.train_ranker(clock.now())
    assert len(queries.versions()) == 1
    db.session.rollback()


def test_models_lie_in_the_instance_folder(town: Any, tmp_path: Path) -> None:
    an_active()
    assert store.folder() == tmp_path / "models"
    assert [path.suffix for path in store.folder().iterdir()] == [".joblib"]
