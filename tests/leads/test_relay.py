"""Lent telephone numbers: off by default; shown instead of the owner's, given back with the consent, counted as calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.conversations import services as conversations
from matchmaker.db import db, unit_of_work
from matchmaker.leads.jobs import keep_numbers
from matchmaker.leads.models import RelayNumber
from matchmaker.leads.queries import calling
from matchmaker.leads.queries.presenting import present
from matchmaker.leads.rules.consents import CALLS_IN_A_WEEK
from matchmaker.leads.services import answering, working
from matchmaker.leads.services.relaying import put_through
from matchmaker.refusal import Refused
from tests.leads.builders import Case, a_case, again, to_state
from tests.leads.test_pages import Site, text

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def relayed(app: Any) -> Iterator[Any]:
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = dataclasses.replace(before, phone_relay="simulated")
    yield app
    app.config["SETTINGS"] = before


def a_contacted_case() -> Case:
    with unit_of_work():
        case = a_case()
        to_state(case, "accepted")
    return case


def lent() -> list[RelayNumber]:
    return list(db.session.scalars(sa.select(RelayNumber).order_by(RelayNumber.id)))


def test_without_a_relay_the_number_is_the_owners_and_nothing_is_lent(app: Any) -> None:
    with app.app_context():
        case = a_contacted_case()
        assert keep_numbers(clock.now()) == 0 and lent() == []
        with unit_of_work():
            assert present(again(case.lead), case.manager).contact_phone == case.owner.phone  # type: ignore[arg-type]


@pytest.mark.article("B.1")
def test_with_a_relay_nobody_sees_the_owners_number(relayed: Any) -> None:
    with relayed.app_context():
        case = a_contacted_case()
    assert case.lead is not None
    client = Site(relayed, case).client(case.manager)
    page = text(client.get(f"/leads/{case.lead.id}"))
    assert case.owner.phone not in page and "转接的号码在准备" in page
    with relayed.app_context():
        assert keep_numbers(clock.now()) == 1 and keep_numbers(clock.now()) == 0
        (row,) = lent()
    page = text(client.get(f"/leads/{case.lead.id}"))
    assert row.number in page and "演示用，打不通" in page and case.owner.phone not in page


@pytest.mark.article("B.1")
@pytest.mark.parametrize("end", ["withdraw", "block", "hand_over", "give_up"])
def test_a_number_is_given_back_when_its_holder_may_not_call_any_more(relayed: Any, end: str) -> None:
    with relayed.app_context():
        case = a_contacted_case()
        keep_numbers(clock.now())
        with unit_of_work():
            lead = again(case.lead)  # type: ignore[arg-type]
            if end == "withdraw":
                answering.withdraw(lead, by=case.owner)
            elif end == "give_up":
                answering.give_up(lead, code="E05", by=case.owner)
            elif end == "block":
                conversations.block(lead.business_id, lead.institution_id, by=case.owner)
            else:
                working.hand_over(lead, to=case.colleague, by=case.manager)
        keep_numbers(clock.now())
        rows = lent()
        assert rows[0].released_at is not None
        assert [row.manager_id for row in rows[1:]] == ([case.colleague.id] if end == "hand_over" else [])
        assert len({row.number for row in rows}) == len(rows)
        with unit_of_work(), pytest.raises(Refused, match="lead_relay_unknown"):
            put_through(rows[0].number, answered=False)


def test_calls_through_the_relay_use_the_one_budget(relayed: Any) -> None:
    with relayed.app_context():
        case = a_contacted_case()
        keep_numbers(clock.now())
        number = lent()[0].number
        with unit_of_work():
            put_through(number, answered=False)
        soon = clock.now() + timedelta(minutes=5)
        with clock.frozen(soon), unit_of_work(), pytest.raises(Refused, match="lead_call_too_soon"):
            put_through(number, answered=True)
        for day in (1, 2):
            with clock.frozen(clock.now() + timedelta(days=day)), unit_of_work():
                put_through(number, answered=True)
        with clock.frozen(clock.now() + timedelta(days=2, minutes=25)), unit_of_work():
            assert calling.call_log(again(case.lead), clock.now()).left == 0  # type: ignore[arg-type]
            assert len(calling.calls_to(case.lead, clock.now())) == CALLS_IN_A_WEEK  # type: ignore[arg-type]
            with pytest.raises(Refused, match="lead_calls_used_up"):
                put_through(number, answered=False)
