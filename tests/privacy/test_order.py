"""Objecting to lists that a model ordered: in one step, kept, taken back in one step."""

from __future__ import annotations

from typing import Any

import pytest

from matchmaker.accounts.models import Person
from matchmaker.accounts.queries import wants_learned_order
from matchmaker.db import db, unit_of_work
from tests.builders import an_owner, sign_in
from tests.privacy.typing_in import post

pytestmark = pytest.mark.article("B.1", "B.2")


def test_an_owner_objects_to_the_learned_order_and_takes_it_back(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        owner, other = an_owner(), an_owner("别的老板")
    sign_in(client, owner)
    assert post(client, "/my-data/order", opened="/my-data", order="plain").status_code == 303
    with app.app_context():
        assert not wants_learned_order(owner.id)
        assert wants_learned_order(other.id), "everybody decides for themselves"
        assert db.session.get_one(Person, owner.id).no_learned_order_since_at is not None
    assert 'value="plain"' in (page := client.get("/my-data").text) and page.count("checked") == 1
    assert post(client, "/my-data/order", opened="/my-data", order="learned").status_code == 303
    with app.app_context():
        assert wants_learned_order(owner.id)


def test_a_choice_that_is_not_offered_is_refused_at_its_field(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
    sign_in(client, owner)
    assert post(client, "/my-data/order", opened="/my-data", order="best").status_code == 422
    with app.app_context():
        assert wants_learned_order(owner.id)
