"""Both sides of a chance: learned apart where that is better, put together by the chain rule, kept in the model's file."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from matchmaker import create_app
from matchmaker.leads.rules.reasons import OWNER_CODES
from matchmaker.ranking import evaluation, features, store
from matchmaker.ranking.queries import HistoryRow
from matchmaker.ranking.services import Fitted, as_shown, fit
from matchmaker.ranking.sides import ENDED_BY_OWNER, STAGES, cases_of
from tests.ranking.builders import invented


@cache
def history() -> tuple[HistoryRow, ...]:
    """Owners with a small amount seldom take an offer, and some leave before: what they do is not what banks do."""
    rows, oracle = invented(1600)
    dice = random.Random(7)
    found = []
    for row in rows:
        small = (row.case.amount_yuan or 0) < 500_000
        offered = dice.random() < min(1.0, oracle[row.outcome_id] * 1.3)
        leaves = dice.random() < 0.1
        pays = offered and not leaves and dice.random() < (0.35 if small else 0.95)
        found.append(
            replace(
                row,
                funded=pays,
                offered_at=row.shown_at + timedelta(days=2) if offered and not leaves else None,
                ended_by_owner=leaves or (offered and not pays),
            )
        )
    return tuple(found)


@cache
def trained() -> Fitted:
    found = fit(history())
    assert isinstance(found, Fitted)
    return found


def asked(n: int = 60) -> tuple[list[list[float]], list[int]]:
    rows = list(history()[-n:])
    return as_shown(rows)[0], [row.case.offer.institution_id for row in rows]


def test_codes_of_owners_who_end_a_lead_are_those_of_leads() -> None:
    assert set(OWNER_CODES) == ENDED_BY_OWNER


@pytest.mark.article("B.2")
def test_a_case_comes_to_a_stage_only_through_the_one_before() -> None:
    day = history()[0].shown_at

    def case(**what: object) -> SimpleNamespace:
        plain = {"known_at": day, "funded": False, "offered_at": None, "ended_by_owner": False, "decided": True}
        return SimpleNamespace(**{**plain, **what})

    rows = [
        case(),  # refused
        case(ended_by_owner=True),  # left before any decision
        case(ended_by_owner=True, offered_at=day),  # turned the offer down
        case(funded=True, offered_at=day),
        case(offered_at=day, decided=False),  # offered, money open
    ]
    waits, offers, pays = (cases_of(stage, rows) for stage in STAGES)
    assert (waits.rows, waits.labels) == ([0, 1, 2, 3, 4], [True, False, True, True, True])
    assert (offers.rows, offers.labels) == ([0, 2, 3, 4], [False, True, True, True]), "who left was not decided on"
    assert (pays.rows, pays.labels) == ([2, 3], [False, True]), "open money is no label"


@pytest.mark.article("B.2")
def test_what_owners_do_is_learned_beside_what_institutions_decide_and_each_stage_is_measured() -> None:
    card = trained().card
    assert card["compared"]["used"] == "apart"
    assert card["compared"]["apart"]["auc"] >= card["compared"]["as_one"]["auc"]
    assert card["compared"]["apart"]["log_loss"] <= card["compared"]["as_one"]["log_loss"]
    told = {one["name"]: one for one in card["stages"]}
    assert [(one.name, told[one.name]["side"]) for one in STAGES] == [
        ("waits", "owner"),
        ("offers", "institution"),
        ("pays", "owner"),
    ]
    for one in told.values():
        assert one["later"]["n"] > 50 and {row["of"] for row in one["segments"]} >= {"amount_band", "institution_kind"}
        assert one["calibration_excess"] < 0.12
    # The owner's side knows of amounts, the institution's does not.
    bands = {row["value"]: row["came"] for row in told["pays"]["segments"] if row["of"] == "amount_band" and row["n"] > 20}
    assert max(bands.values()) - min(bands.values()) > 0.3
    assert told["pays"]["later"]["auc"] > 0.65


@pytest.mark.article("B.3")
def test_the_chance_is_the_product_of_both_sides_and_comes_back_from_the_file_to_the_bit(tmp_path: object) -> None:
    rows, of = asked()
    model = trained().trained
    assert model.stages
    found = model.both_sides(rows, of)
    assert [chance for chance, _ in found] == model.chances(rows, of)
    for chance, sides in found:
        assert chance == round(sides["owner"] * sides["institution"], 6) and 0 <= chance <= 1
    app = create_app(database_url="sqlite://", instance_folder=str(tmp_path), secret_key="x" * 40)
    with app.app_context():
        name, sha256 = store.save(model)
        store._loaded.clear()
        again = store.load(name, sha256)
    assert again is not model and again.both_sides(rows, of) == found


@pytest.mark.article("B.3")
def test_a_model_of_before_that_spoke_for_both_sides_at_once_is_still_read(tmp_path: object) -> None:
    import hashlib
    import io
    from pathlib import Path

    import joblib

    model = replace(trained().trained, stages={})
    rows, of = asked()
    buffer = io.BytesIO()
    old = {"format": 2, "features": list(features.NAMES), "estimator": model.estimator, "cells": model.counts.cells}
    joblib.dump(old | {"levels": dict(model.levels)}, buffer)
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    app = create_app(database_url="sqlite://", instance_folder=str(tmp_path), secret_key="x" * 40)
    with app.app_context():
        store.folder().mkdir(parents=True, exist_ok=True)
        Path(store.folder() / f"ranker-{sha256[:16]}.joblib").write_bytes(buffer.getvalue())
        read = store.load(f"ranker-{sha256[:16]}.joblib", sha256)
    assert read.both_sides(rows, of) == [(chance, {}) for chance in model.chances(rows, of)]


def test_without_known_offers_one_estimator_speaks_for_both_sides() -> None:
    found = fit([replace(row, offered_at=None, ended_by_owner=False) for row in history()])
    assert isinstance(found, Fitted)
    assert not found.trained.stages and found.card["compared"]["used"] == "as_one"


@pytest.mark.article("B.2")
def test_the_floor_is_what_a_right_chance_shows_and_the_excess_what_the_dice_do_not_explain() -> None:
    dice = np.random.default_rng(5)
    chances = dice.uniform(0.1, 0.7, 300)
    weights = dice.uniform(1, 3, 300)
    errors, excesses = [], []
    for _ in range(60):
        came = dice.random(300) < chances
        errors.append(evaluation.calibration_error(list(came), list(chances), list(weights)))
        excesses.append(evaluation.calibration_excess(list(came), list(chances), list(weights)))
    floor = evaluation.calibration_floor(list(chances), list(weights))
    assert abs(float(np.mean(errors)) - floor) < 0.006 and floor > 0.04, "300 cases cannot show less"
    assert float(np.mean(excesses)) < 0.03
    wrong = dice.random(300) < np.clip(chances + 0.2, 0, 1)
    assert evaluation.calibration_excess(list(wrong), list(chances), list(weights)) > 0.12
    assert evaluation.calibration_floor(list(chances) * 20) < floor / 4, "the floor falls with the root of the cases"
