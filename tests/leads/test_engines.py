"""The same lives on SQLite and PostgreSQL: every state by real steps, the jobs, each page once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Lead
from matchmaker.leads.rules.states import State
from matchmaker.loans.models import Loan
from matchmaker.needs.models import Need
from tests.builders import sign_in
from tests.leads.builders import EVERYTHING, a_case, match, to_state
from tests.needs.builders import a_need
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.mark.long
def test_every_state_every_page_and_every_job_on_both_engines(any_app: Any) -> None:
    app = any_app
    leads: dict[State, int] = {}
    with app.app_context(), unit_of_work():
        case = a_case()
        for state in State:
            case.need = a_need(case.business)
            match(case.need, case.product)
            leads[state] = to_state(case, state, **({} if state is State.DRAFT else {"fields": EVERYTHING})).id
    with app.app_context():
        for state, number in leads.items():
            assert db.session.get_one(Lead, number).state == state
    for person in (case.owner, case.manager, case.desk):
        client = app.test_client()
        sign_in(client, person)
        for url in (
            "/leads/",
            "/leads/who-sees",
            "/leads/who-sees?as=csv",
            "/leads/queue",
            "/leads/queue?show=done",
            "/loans/",
        ):
            answer = client.get(url)
            assert answer.status_code in (200, 404), url
        for state, number in leads.items():
            for url in (f"/leads/{number}", f"/leads/queue?lead={number}", f"/leads/{number}/offers/1"):
                answer = client.get(url)
                assert answer.status_code in (200, 404), (url, state)
                if answer.status_code == 200:
                    assert problems_of(answer.get_data(as_text=True)) == [], (url, state)
    with clock.frozen(clock.now() + timedelta(days=120)) as later, app.app_context():
        for job in (
            jobs.warn_leads,
            jobs.release_overdue_leads,
            jobs.release_overdue_leads,
            jobs.expire_offers,
            jobs.settle_payouts,
        ):
            job(later)
        live = db.session.scalars(sa.select(Lead.state).where(Lead.ended_at.is_(None), Lead.state != "draft")).all()
        assert live == [], "after four months nothing is left waiting"
        assert len(db.session.scalars(sa.select(Loan)).all()) == 1
        states = db.session.scalars(sa.select(Need.state).distinct()).all()
        assert set(states) == {"open", "funded"}
        assert db.session.get_one(Person, case.manager.id)
