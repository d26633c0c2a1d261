"""Whose turn each waiting lead of a branch is, as the database says it (16.4): load, patch, trade, room, who still works
there; asked through the query itself, once with everything that may change the answer."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Person, Workload
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import queueing
from matchmaker.leads.services import working
from tests.builders import a_branch, a_manager, an_institution
from tests.leads.builders import Case, a_case, match, send
from tests.needs.builders import a_need
from tests.products.builders import a_product

pytestmark = pytest.mark.article("16.4")


def turn_of(*leads: Lead) -> list[str | None]:
    turns = queueing.turns_of(leads)
    return [turns[lead.id].name if lead.id in turns else None for lead in leads]


def carries(person: Person, live: int) -> None:
    """Say what somebody carries, whatever was sent in this test."""
    row = db.session.scalars(sa.select(Workload).where(Workload.person_id == person.id)).first()
    if row is None:
        row = Workload(person_id=person.id, as_of_at=clock.now())
        db.session.add(row)
    row.live_leads = live
    db.session.flush()


def alike(case: Case) -> None:
    """Two managers who know neither the place nor the trade, so that only what a test changes decides."""
    for person in (case.manager, case.colleague):
        assert person.profile is not None
        person.profile.patch_regions, person.profile.skills = [], []
    db.session.flush()


@pytest.fixture
def case(app: Any) -> Any:
    with app.app_context(), unit_of_work():
        case = a_case()
        alike(case)
        send(case)
        assert case.lead is not None and case.lead.branch_id == case.branch.id
        yield case


def test_it_is_whoever_carries_least_and_a_patch_and_a_trade_count_for_one_each(case: Case) -> None:
    carries(case.manager, 2)
    carries(case.colleague, 1)
    assert turn_of(case.lead) == ["陆远"]
    case.manager.profile.patch_regions = [case.business.region_code]
    assert turn_of(case.lead) == ["沈秋禾1"], "as many by what fits, and neither ever took one: the earlier person"
    carries(case.colleague, 0)
    assert turn_of(case.lead) == ["陆远"]
    case.manager.profile.skills = [case.business.industry_code[:2]]
    assert turn_of(case.lead) == ["沈秋禾1"]


def test_whoever_took_one_up_last_waits_longest_for_the_next(case: Case) -> None:
    working.accept_lead(case.lead, by=case.manager)
    carries(case.manager, 0)
    second = again_sent(case)
    assert turn_of(second) == ["陆远"]


def test_nobody_is_given_more_than_they_may_carry_and_the_older_lead_counts_for_the_next(case: Case) -> None:
    first, second, third = case.lead, again_sent(case), again_sent(case)
    case.manager.profile.capacity_leads = case.colleague.profile.capacity_leads = 1
    assert turn_of(third, first, second) == [None, "沈秋禾1", "陆远"], "the eldest first, in whatever order asked"
    carries(case.manager, 1)
    assert turn_of(first, second) == ["陆远", None]


def test_whoever_left_or_works_elsewhere_has_no_turn(case: Case) -> None:
    carries(case.colleague, 5)
    a_manager(a_branch(case.institution), "别的网点")
    a_manager(a_branch(an_institution()), "别家的人")
    assert turn_of(case.lead) == ["沈秋禾1"]
    work = db.session.scalars(sa.select(Assignment).where(Assignment.person_id == case.manager.id)).one()
    work.until_at = clock.now()
    db.session.flush()
    assert turn_of(case.lead) == ["陆远"]


def test_a_lead_that_somebody_carries_or_that_has_no_branch_is_nobodys_turn(case: Case) -> None:
    case.lead.branch_id = None
    assert turn_of(case.lead) == [None]
    case.lead.branch_id, case.lead.manager_id = case.branch.id, case.manager.id
    assert turn_of(case.lead) == [None]


def again_sent(case: Case) -> Lead:
    """The same shop's need sent once more to another product of the same branch."""
    product = a_product(case.institution)
    need = a_need(case.business)
    match(need, product)
    case.need = need
    return send(case, product)
