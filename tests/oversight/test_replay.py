"""The supervisor derives any list again; after deletion only a skeleton is left, and nobody learns from it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.announcements import AccountClosing
from matchmaker.db import db, unit_of_work
from matchmaker.happened import announce
from matchmaker.matching import services
from matchmaker.matching.comparing import compare
from matchmaker.needs.models import Need
from matchmaker.ranking import forgetting, queries
from matchmaker.ranking.jobs import forget_old_lists
from matchmaker.ranking.models import Outcome, Shown, ShownList, TurnedDown
from matchmaker.refusal import Refused
from tests.builders import a_person, sign_in
from tests.matching.builders import NOW, a_known_need, a_market


@pytest.fixture
def shown(app: Any) -> Any:
    """A supervisor, and a list of the example need; answers their ids."""
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            a_market()
            supervisor = a_person(role="supervisor")
            stored = services.make_list(a_known_need(), by=None)
            ids = (supervisor.id, stored.id)
        yield ids


@pytest.fixture
def look(app: Any, client: Any, shown: Any) -> Any:
    with app.app_context():
        from matchmaker.accounts.models import Person

        sign_in(client, db.session.get_one(Person, shown[0]))
    return lambda path: client.get(path)


@pytest.mark.article("B.2")
def test_the_supervisor_derives_a_list_again_and_reads_that_it_is_the_same(look: Any, shown: Any) -> None:
    assert f"/oversight/lists/{shown[1]}" in look("/oversight/lists").text
    text = look(f"/oversight/lists/{shown[1]}").text
    assert "灶台贷" in text and "再算一遍" in text and "和当时一模一样" not in text
    assert "和当时一模一样，一位不差" in look(f"/oversight/lists/{shown[1]}?again=1").text


@pytest.mark.article("B.2")
def test_a_forged_list_shows_where_it_differs_with_both_values(app: Any, look: Any, shown: Any) -> None:
    with app.app_context(), unit_of_work():
        row = db.session.scalars(sa.select(Shown).where(Shown.list_id == shown[1], Shown.place == 2)).one()
        true = row.score
        row.score = 99.5
        stored = db.session.get_one(ShownList, shown[1])
        stored.counts = stored.counts | {"fitting": 77}
    text = look(f"/oversight/lists/{shown[1]}?again=1").text
    assert "2 处不一样" in text and "99.5" in text and str(true) in text and "77" in text


@pytest.mark.article("B.1", "B.2")
def test_nothing_on_the_page_says_whose_list_it_is(app: Any, look: Any, shown: Any) -> None:
    with app.app_context():
        business = db.session.scalars(sa.select(Need)).one().business
        sealed = [business.name, business.uscc, business.members[0].person.phone or business.name]
    text = look(f"/oversight/lists/{shown[1]}?again=1").text
    assert not [word for word in sealed if word in text]


def test_lists_are_found_by_their_number_and_by_their_need(look: Any, shown: Any) -> None:
    assert f'/oversight/lists/{shown[1]}"' in look(f"/oversight/lists?list={shown[1]}").text
    assert "没有这样的名单" in look("/oversight/lists?list=999").text
    assert "没有这样的名单" in look("/oversight/lists?need=999").text
    assert look("/oversight/lists/999").status_code == 404


@pytest.mark.article("B.1", "B.2")
def test_after_deletion_only_the_skeleton_is_left_with_since_when_and_by_which_rule(
    app: Any, look: Any, shown: Any
) -> None:
    with app.app_context(), unit_of_work():
        business_id = db.session.scalars(sa.select(Need)).one().business_id
        before = [(row.place, row.product_id, row.score) for row in _rows(shown[1])]
        ids = forgetting.ids_of_lists_of([business_id])
        assert forgetting.forget_lists(ids, rule="account_closed", at=clock.now()) == 1
        assert forgetting.forget_lists(ids, rule="account_closed", at=clock.now()) == 0, "done once"
    with app.app_context():
        stored = db.session.get_one(ShownList, shown[1])
        assert [(row.place, row.product_id, row.score) for row in _rows(shown[1])] == before
        kept = [stored.facts, stored.counts, [(r.quote, r.features, r.reasons, r.cautions) for r in _rows(shown[1])]]
        down = db.session.scalars(sa.select(TurnedDown).where(TurnedDown.list_id == shown[1]))
        kept += [row.failed for row in down]
        assert not {"920000", "300000", "25524.42", "mine"} & set(_words(kept))
        with pytest.raises(Refused, match="list_forgotten"):
            services.derive_again(stored)
    text = look(f"/oversight/lists/{shown[1]}?again=1").text
    assert "只剩骨架" in text and "个人信息保护法第四十七条" in text and "灶台贷" in text and "10:24 起，只剩骨架" in text


def _rows(list_id: int) -> list[Shown]:
    return list(db.session.scalars(sa.select(Shown).where(Shown.list_id == list_id).order_by(Shown.place)))


def _words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, item in value.items() for word in [key, *_words(item)]]
    if isinstance(value, (list, tuple)):
        return [word for item in value for word in _words(item)]
    return [str(value)]


@pytest.mark.article("B.1", "B.2")
def test_a_list_that_is_three_years_old_loses_its_facts_at_night_and_is_no_case_any_more(app: Any, shown: Any) -> None:
    with app.app_context():
        with unit_of_work():
            row = _rows(shown[1])[0]
            db.session.add(
                Outcome(
                    need_id=db.session.get_one(ShownList, shown[1]).need_id,
                    product_version_id=row.product_version_id,
                    institution_id=row.product.institution_id,
                    shown_list_id=shown[1],
                    place=1,
                    sent_at=clock.now(),
                    decided_at=clock.now(),
                    known_at=clock.now(),
                    funded=True,
                )
            )
        assert len(queries.history()) == 1
        assert forget_old_lists(clock.now() + timedelta(days=1094)) == 0
        assert forget_old_lists(clock.now() + timedelta(days=1096)) == 1
        assert queries.history() == []
        assert db.session.get_one(ShownList, shown[1]).forgotten_by == "retention_over"


def test_no_rule_no_forgetting(app: Any) -> None:
    with app.app_context(), unit_of_work(), pytest.raises(ValueError):
        forgetting.forget_lists([1], rule="because", at=clock.now())


def test_a_place_too_many_and_one_too_few_are_both_told() -> None:
    one, two = {"place": 1, "product_id": 5, "score": 1.0}, {"place": 2, "product_id": 6, "score": 0.5}
    assert [str(d) for d in compare([one, two], [one], {}, {}, {}, {})] == ["place 2: product"]
    assert [str(d) for d in compare([one], [one, two], {}, {}, {}, {})] == ["place 2: product"]
    assert compare([one], [one], {7: []}, {7: []}, {"x": 1}, {"x": 1}) == []
    assert [str(d) for d in compare([], [], {7: []}, {}, {"x": 1}, {"x": 2})] == ["product 7: turned_down", "counts: x"]


@pytest.mark.article("B.1", "B.2")
def test_closing_an_account_leaves_the_skeletons_of_its_lists(app: Any, shown: Any) -> None:
    with app.app_context(), unit_of_work():
        need = db.session.scalars(sa.select(Need)).one()
        announce(AccountClosing(need.posted_by_id, (need.business_id,)))
        stored = db.session.get_one(ShownList, shown[1])
        assert (stored.forgotten_by, stored.facts) == ("account_closed", {})
