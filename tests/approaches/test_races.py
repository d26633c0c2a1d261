"""Two at once, through HTTP, on both engines: one tap sends once; a tap while the card ends leaves one of both; never a 500."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.approaches.models import Hand, SealedCard
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Consent, Lead
from tests.approaches.builders import a_street, raised, release
from tests.builders import sign_in
from tests.leads.test_races import Browser, together

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW, everywhere=True):
        yield


def count(table: Any, *where: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table).where(*where)) or 0


def test_two_taps_on_each_of_two_hands_send_once(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        street = a_street()
        release(street)
        hands = [raised(street, place).id for place in (0, 1)]
        need_id = street.case.need.id
    desk = app.test_client()
    sign_in(desk, street.desks[0])
    path = re.search(r'href="(/cards/[\w-]{20,})"', desk.get("/cards").text)
    assert path is not None and desk.get(path[1]).status_code == 200, "the page opens on each engine"
    browsers = [Browser(app, street.case.owner, f"/needs/{need_id}/hands") for _ in range(4)]
    answers = together(
        [
            lambda b=browser, n=number, k=key: b.post(f"/hands/{n}/choose", form_key=f"tap-{k}")
            for key, (browser, number) in enumerate(zip(browsers, hands * 2, strict=True))
        ]
    )
    assert sorted(answers) == [303, 409, 409, 409], answers
    with app.app_context():
        assert (count(Lead), count(Consent)) == (2, 2)
        assert count(Hand, Hand.standing == "chosen") == count(Hand, Hand.standing == "over") == 1
        assert count(SealedCard, SealedCard.closed_at.is_(None)) == 0


def test_a_tap_while_the_owner_takes_the_agreement_back_leaves_one_of_both(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        street = a_street(banks=1)
        release(street)
        hand_id, need_id = raised(street).id, street.case.need.id
    tap, back = (Browser(app, street.case.owner, f"/needs/{need_id}/hands") for _ in range(2))
    tapped, taken = together(
        [
            lambda: tap.post(f"/hands/{hand_id}/choose", form_key="tap"),
            lambda: back.post(f"/needs/{need_id}/card-agreement/withdraw"),
        ]
    )
    assert taken == 303 and tapped in (303, 409), (tapped, taken)
    with app.app_context():
        assert count(Lead) == count(Consent) == (2 if tapped == 303 else 1), "sent whole or not at all"
        assert count(SealedCard, SealedCard.closed_at.is_(None)) == 0
