"""How good the order is, its models, who is seen how much; one step back by an operator, with the trail of it."""

from __future__ import annotations

import json
import random
import re
import statistics
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.oversight import standing, upkeep
from matchmaker.oversight.words import LABELS
from matchmaker.ranking import exposure, features, queries, services, store
from matchmaker.ranking.drift import DRIFTED_FAR, LEAST_CASES, Spread, by_chance, has_moved, moved, spread_of
from matchmaker.ranking.exposure import Stood, Sum, attention, size_of, weigh
from matchmaker.ranking.jobs import weigh_drift, weigh_exposure
from matchmaker.ranking.models import Drift, Exposure, ModelVersion, Outcome
from matchmaker.refusal import Refused
from tests.builders import a_supervisor, an_operator, sign_in
from tests.matching.builders import NOW, a_known_need, a_market
from tests.oversight.test_rooms import post
from tests.ranking.test_services import a_history


@pytest.fixture
def operator(app: Any, client: Any) -> Any:
    """An operator signed in, and a ranker that orders lists."""
    with clock.frozen(NOW, everywhere=True):
        with app.app_context():
            with unit_of_work():
                person = an_operator()
                market = a_market()
                a_history(a_known_need(), sorted(market.values(), key=lambda product: product.id))
            with unit_of_work():
                trained = services.train_from_history()
            assert isinstance(trained, ModelVersion) and trained.state == "active"
        sign_in(client, person)
        yield person


def switch(client: Any, number: int) -> Any:
    """Ask, and answer yes: the form of the page that asks is sent as it stands."""
    path = f"/upkeep/order/models/{number}/switch"
    main = client.get(path).text.split("<main", 1)[-1]
    hidden = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', main))
    return client.post(path, data=hidden)


def the_version(state: str) -> ModelVersion:
    db.session.expire_all()
    return db.session.scalars(sa.select(ModelVersion).where(ModelVersion.state == state)).one()


def another(state: str) -> int:
    """A second version with the file of the first under a name of its own."""
    first = db.session.scalars(sa.select(ModelVersion)).first()
    assert first is not None
    row = ModelVersion(
        name=f"ranker-{state}", file=first.file, sha256=first.sha256, trained_at=first.trained_at,
        window_from_on=first.window_from_on, window_until_on=first.window_until_on, card=first.card, state=state,
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row.id


@pytest.mark.article("B.2")
def test_the_card_says_what_was_learned_how_well_and_where(app: Any, client: Any, operator: Any) -> None:
    with app.app_context():
        version = the_version("active")
    listed = client.get("/upkeep/order").text
    assert version.name in listed and f"/upkeep/order/models/{version.id}" in listed
    text = client.get(f"/upkeep/order/models/{version.id}").text
    assert version.sha256 in text and "没结果的不算没办成" in text
    for words in ("数出来的比例", "规则的得分", "按什么", "institution_share", "怎么退回去"):
        assert words in text or words == "institution_share"
    assert "<table" in text and "停用" in text


@pytest.mark.article("B.2")
def test_the_model_in_use_is_set_aside_in_one_step_and_stands_in_the_trail(
    app: Any, client: Any, operator: Any
) -> None:
    with app.app_context():
        number = the_version("active").id
    assert "停用这个模型？" in client.get(f"/upkeep/order/models/{number}/switch").text
    assert switch(client, number).status_code == 303
    with app.app_context():
        assert the_version("withdrawn").id == number
        assert services.active_ranker() is None
        row = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "ranker.set_aside")).one()
        assert row.by_id == operator.id
        with unit_of_work():
            again = services.train_from_history()
        assert isinstance(again, ModelVersion) and again.state == "withdrawn", "it does not come back by itself"


@pytest.mark.article("B.2")
def test_a_retired_model_is_used_again_in_one_step(app: Any, client: Any, operator: Any) -> None:
    with app.app_context():
        bad = the_version("active").id
        with unit_of_work():
            good = another("retired")
            kept_out = another("candidate")
    assert switch(client, good).status_code == 303
    with app.app_context():
        assert the_version("active").id == good and the_version("withdrawn").id == bad
        assert services.active_ranker() is not None
    refused = switch(client, kept_out)
    assert refused.status_code >= 400 and "只有换下来的模型才能再用" in refused.text
    with app.app_context():
        assert the_version("active").id == good


@pytest.mark.article("B.2")
def test_a_model_whose_file_was_changed_is_not_used_again(
    app: Any, client: Any, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        file = store.folder() / the_version("active").file
        with unit_of_work():
            number = another("retired")
        content = file.read_bytes()
        monkeypatch.setattr(store, "_loaded", {})
        file.write_bytes(content + b"x")
        try:
            with pytest.raises(Refused, match="model_file_gone"), unit_of_work():
                services.use_again(db.session.get_one(ModelVersion, number), by=operator)
            assert the_version("active").id != number
        finally:
            file.write_bytes(content)


@pytest.mark.article("B.1")
def test_a_supervisor_sees_the_page_and_switches_nothing(app: Any, client: Any, operator: Any) -> None:
    with app.app_context():
        number = the_version("active").id
        with unit_of_work():
            supervisor = a_supervisor()
    sign_in(client, supervisor)
    assert client.get("/upkeep/order").status_code == 200
    assert "switch" not in client.get(f"/upkeep/order/models/{number}").text
    assert client.get(f"/upkeep/order/models/{number}/switch").status_code in (403, 404)
    asked = post(client, f"/upkeep/order/models/{number}/switch", form_key="a")
    assert asked.status_code in (403, 404)


# Who is seen --------------------------------------------------------------------------------------------------------


def test_attention_falls_with_the_place_and_shares_add_up_to_one() -> None:
    assert attention(1) == 1 and attention(3) == 0.5
    sums = weigh([Stood(1, 1, 7, 0.5), Stood(1, 2, 8, 0.5), Stood(1, 3, 7, 0.5), Stood(2, 1, 7, 0.9)])
    assert sum(one.exposure for one in sums.values()) == pytest.approx(1), "a list with one institution is left out"
    assert sum(one.merit for one in sums.values()) == pytest.approx(1)
    assert sums[7].lists == 1 and sums[7].exposure / sums[7].merit > sums[8].exposure / sums[8].merit
    assert size_of("STATE") == "large" and size_of("CITY") == "middle" and size_of("RURALX") == "small"


def test_a_band_is_left_only_with_enough_lists() -> None:
    assert not exposure.is_out(1.0, 500) and exposure.is_out(0.79, 50) and exposure.is_out(1.26, 50)
    assert not exposure.is_out(0.5, 49) and not exposure.is_out(None, 500)


@pytest.mark.article("B.2")
def test_the_ledger_is_written_once_a_night_and_leaving_the_band_raises_an_alarm(
    app: Any, client: Any, operator: Any
) -> None:
    with app.app_context():
        assert weigh_exposure(clock.now()) >= 0
        with unit_of_work():
            db.session.execute(sa.delete(Exposure))
            found = {row.institution_id for row in queries.loans_that_stood(clock.now())} or {1}
            kinds = queries.institution_kinds(found)
            sums = {key: Sum(lists=80, exposure=20.0, merit=40.0) for key in kinds}
            written = services.note_exposure(date(2026, 9, 23), sums, kinds)
        with unit_of_work():
            assert written == len(kinds) > 0
            assert services.note_exposure(date(2026, 9, 23), sums, kinds) == 0, "once a day"
        assert standing.sizes_out() and all(one.ratio == 0.5 for one in standing.sizes_out())
        assert "exposure_out" in {task.code for task in upkeep.tasks()}
    text = client.get("/upkeep/order").text
    assert "超出了" in text and "0.50" in text
    assert "有一类机构被看到得太多或太少" in client.get("/upkeep").text
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(Exposure).values(exposure=Exposure.merit))
    assert "超出了" not in client.get("/upkeep/order").text


@pytest.mark.article("B.2")
def test_small_institutions_of_the_town_are_seen_as_much_as_their_chances_deserve(town: Any) -> None:
    with town.app_context():
        sums = weigh(queries.loans_that_stood(clock.now()))
        kinds = queries.institution_kinds(sums)
        small = [one for key, one in sums.items() if size_of(kinds[key]) == "small"]
        found = exposure.ratio(sum(one.exposure for one in small), sum(one.merit for one in small))
        assert found is not None and exposure.BAND[0] <= found <= exposure.BAND[1]


def test_a_feature_that_moves_is_found() -> None:
    before = [number / 100 for number in range(100)]
    spread = spread_of(before)
    assert moved(spread, before) == 0 and moved(spread, [one + 0.01 for one in before]) < 0.1
    assert moved(spread, [one + 0.5 for one in before]) > 0.25
    assert moved(spread_of([0.0] * 50), [0.0] * 50) == 0
    assert Spread.from_json(json.loads(json.dumps(spread.as_json()))) == spread


def test_what_chance_explains_has_not_moved() -> None:
    """Samples of one law, small and large: the mean index is what ``by_chance`` says, and hardly one has moved."""
    draw = random.Random(7)
    for n in (150, 1000):
        befores = [spread_of([draw.gauss(0, 1) for _ in range(2000)]) for _ in range(60)]
        found = [moved(spread, [draw.gauss(0, 1) for _ in range(n)]) for spread in befores]
        assert statistics.mean(found) == pytest.approx(by_chance(befores[0], n), rel=0.2)
        assert sum(has_moved(befores[0], index, n) for index in found) <= 1
        assert has_moved(befores[0], moved(befores[0], [draw.gauss(0.8, 1) for _ in range(n)]), n, DRIFTED_FAR)
    assert not has_moved(befores[0], 9.0, LEAST_CASES - 1), "too few cases say nothing"


def test_what_is_compared_is_read_as_the_ranker_reads_it(app: Any, client: Any, operator: Any) -> None:
    with app.app_context():
        cases = [row.case for row in queries.history()]
        for case in cases[:40]:
            whole = features.read(case, features.Counts())
            assert features.facts_read(case) == {one.name: whole[one.name] for one in features.FACTS}


def test_every_feature_has_words() -> None:
    assert set(LABELS["ranking.feature"]) == set(features.NAMES)
    assert {one.scope for one in features.FEATURES} <= set(LABELS["ranking.scope"])


@pytest.mark.article("B.2")
def test_what_was_sent_is_held_against_what_was_learned_once_a_night(app: Any, client: Any, operator: Any) -> None:
    assert "还没比过" in client.get("/upkeep/order").text
    with app.app_context():
        with unit_of_work():
            db.session.execute(sa.update(Outcome).values(sent_at=clock.now() - timedelta(days=3)))
        sent = queries.cases_sent(clock.now())
        assert weigh_drift(clock.now()) == len(sent) >= LEAST_CASES
        assert weigh_drift(clock.now()) == 0, "once a day"
        newest = standing.moving()
        assert newest is not None and {one.name for one in newest.features} == {one.name for one in features.FACTS}
        assert not any(one.has_moved for one in newest.features), "what was learned from is what was sent"
        assert not standing.moved_far() and "features_moved" not in {task.code for task in upkeep.tasks()}
    text = client.get("/upkeep/order").text
    assert "碰巧会差" in text and newest.version in text and "变了很多</" not in text
    with app.app_context():
        with unit_of_work():
            row = db.session.scalars(sa.select(Drift)).one()
            row.moved = row.moved | {"rate": 1.5}
        assert {one.name for one in standing.moved_far()} == {"rate"}
        assert "features_moved" in {task.code for task in upkeep.tasks()}
    assert "变了很多</" in client.get("/upkeep/order").text and "不像了的几样" in client.get("/upkeep").text


@pytest.mark.article("B.2")
def test_without_a_ranker_nothing_is_held_against_it(town: Any) -> None:
    with town.app_context():
        if services.active_ranker() is None:
            assert weigh_drift(clock.now()) == 0 and standing.moving() is None
        assert queries.cases_sent(clock.now()) and not queries.cases_sent(clock.now() - timedelta(days=900))


@pytest.mark.article("B.2")
def test_the_page_counts_what_was_said_against_what_came(app: Any, client: Any, operator: Any) -> None:
    empty = standing.Quality([], [], [], 0)
    with app.app_context():
        found = standing.quality(clock.now() + timedelta(days=1))
        assert found.sent >= empty.sent
        assert sum(one.n for one in found.chosen) == found.sent
    text = client.get("/upkeep/order", headers={"Accept-Language": "en"}).text
    assert "<svg" in text


@pytest.mark.article("B.2")
def test_the_page_and_the_card_of_the_town_are_whole(town: Any) -> None:
    client = town.test_client()
    with town.app_context():
        person = db.session.scalars(sa.select(Person).where(Person.email == "operator1@qingtan.example")).one()
        sign_in(client, person)
        assert weigh_exposure(clock.now()) > 0
        version = db.session.scalars(sa.select(ModelVersion)).first()
    text = client.get("/upkeep/order").text
    assert all(word in text for word in ("说的和来的", "谁被看到多少", "小：农商行"))
    assert text.count('<svg class="chart"') == 2 and "<circle" in text and "<rect" in text
    if version is not None:
        card = client.get(f"/upkeep/order/models/{version.id}").text
        assert version.sha256 in card and all(str(one["n"]) in card for one in version.card["segments"])
    with town.app_context(), unit_of_work():
        db.session.execute(sa.delete(Exposure))
