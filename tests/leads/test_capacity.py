"""Nothing is sent beyond what an institution can take: a week's leads, its money, the places of its managers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import BranchLoad
from matchmaker.accounts.services.staff import change_profile
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, offering, working
from matchmaker.products.rules.typed import SaidCapacity
from matchmaker.products.services import say_capacity
from matchmaker.refusal import Refused
from tests.builders import a_branch, an_owner
from tests.leads.builders import Case, a_bank, a_case, check_papers, match, send, to_state
from tests.leads.test_races import Browser, together
from tests.needs.builders import a_need, a_shop

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW, everywhere=True):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def refusal(deed: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value


def says(case: Case, seen: int = 0, **limits: Any) -> None:
    values = {"leads_per_week": None, "funds_left_yuan": None, "full_until_on": None, **limits}
    say_capacity(case.product, SaidCapacity(**values), seen=seen, by=case.desk)


def places(case: Case, each: int) -> None:
    for person in (case.manager, case.colleague):
        (assignment,) = [one for one in person.assignments if one.role == "manager"]
        change_profile(
            assignment, branch=case.branch, patch_regions=("330106",), skills=(), capacity_leads=each, by=case.desk
        )


def another_need(case: Case) -> Any:
    need = a_need(case.business)
    match(need, case.product)
    return need


def test_a_full_week_refuses_until_monday_and_the_count_begins_when_the_desk_says_it(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        send(case)
        says(case, leads_per_week=1)
        assert finding.intake_of(case.product.id).week_leads == 1, "what came this week before it was said counts"
        case.need = another_need(case)
        no = refusal(lambda: send(case))
        assert (no.code, str(no.reason.facts["again_on"])) == ("lead_full_week", "2026-09-28")
    with clock.frozen("2026-09-28T09:30:00+08:00", everywhere=True), unit_of_work():
        assert send(case).state == State.WAITING


def test_a_product_that_is_full_until_a_day_says_the_working_day_after_it(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        says(case, full_until_on=clock.today())
        assert str(refusal(lambda: send(case)).reason.facts["again_on"]) == "2026-09-24"


def test_money_is_taken_by_accepted_offers_and_given_back_where_nothing_comes_of_them(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        says(case, funds_left_yuan=Decimal(500_000))
        lead = to_state(case, State.OFFERED)
        assert finding.intake_of(case.product.id).funds_left_yuan == 500_000, "an offer takes nothing yet"
        with clock.frozen("2026-09-23T11:00:00+08:00"):
            offering.accept_offer(lead, number=1, by=case.owner)
        assert finding.intake_of(case.product.id).funds_left_yuan == 200_000
        case.need = another_need(case)
        assert refusal(lambda: send(case)).code == "lead_full_funds"
        answering.give_up(lead, code="E05", by=case.owner)
        assert finding.intake_of(case.product.id).funds_left_yuan == 500_000
        says(case, seen=1, funds_left_yuan=Decimal(100_000))
        assert refusal(lambda: send(case)).code == "lead_full_funds"


def test_a_branch_whose_managers_are_full_passes_on_to_the_next_that_may(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        places(case, 0)
        no = refusal(lambda: send(case))
        assert (no.code, str(no.reason.facts["again_on"])) == ("lead_full_branch", "2026-09-24")
        second = a_branch(case.institution, "另一个支行")
        assert send(case).branch_id == second.id, "its desk keeps it: nobody counts there"


def test_what_waits_unclaimed_takes_a_place_and_an_ended_lead_gives_it_back(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        places(case, 1)
        first = send(case)
        row = db.session.scalars(sa.select(BranchLoad)).one()
        assert (row.managers, row.open_slots, row.waiting) == (2, 2, 1)
        working.accept_lead(first, by=case.manager)
        assert (row.open_slots, row.free_managers, row.waiting) == (1, 1, 0)
        answering.withdraw(first, by=case.owner)
    with clock.frozen("2026-09-23T10:30:00+08:00", everywhere=True) as now:
        jobs.finish_withdrawals(now)
        db.session.expire_all()
        row = db.session.scalars(sa.select(BranchLoad)).one()
        assert (row.open_slots, row.waiting) == (2, 0)
        assert jobs.count_capacity(now) == 1
        db.session.rollback()


def test_nobody_claims_or_is_given_more_than_they_can_carry(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        lead = send(case)
        places(case, 0)
        no = refusal(lambda: working.accept_lead(lead, by=case.manager))
        assert (no.code, no.reason.facts) == ("lead_manager_full", {"live": 0, "most": 0})
        assert refusal(lambda: working.hand_over(lead, to=case.colleague, by=case.desk)).code == "lead_colleague_full"


@pytest.mark.parametrize("limit", ["week", "managers"])
def test_of_two_who_send_for_the_last_place_one_does(any_app: Any, limit: str) -> None:
    app = any_app
    owners, needs = [], []
    with app.app_context(), unit_of_work():
        case = a_case()
        if limit == "week":
            says(case, leads_per_week=1)
        else:
            places(case, 0)
            (assignment,) = [one for one in case.manager.assignments if one.role == "manager"]
            change_profile(
                assignment, branch=case.branch, patch_regions=("330106",), skills=(), capacity_leads=1, by=case.desk
            )
        needs.append(case.need.id)
        owners.append(case.owner)
        other = another_owner()
        match(other.need, case.product)
        needs.append(other.need.id)
        owners.append(other.owner)
        product_id = case.product.id
    browsers = [Browser(app, owner, "/leads/") for owner in owners]
    answers = together(
        [
            lambda b=browser, n=need: b.post(f"/needs/{n}/send/{product_id}", form_key=f"key-{n}", **CONSENT)
            for browser, need in zip(browsers, needs, strict=True)
        ]
    )
    assert sorted(answers) == [303, 409], answers
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead).where(Lead.sent_at.is_not(None))) == 1


def another_owner() -> Case:
    """A second checked owner with a need of their own."""
    owner = an_owner("第二位店主")
    shop = a_shop(owner, name="隔壁面馆", address="柳桥街 20 号")
    check_papers(shop, owner)
    need = a_need(shop)
    bank = a_bank(9)
    return Case(owner, shop, need, bank[0], bank[1], bank[2], bank[2], bank[2], bank[3])


CONSENT: dict[str, Any] = {"until": "longest", "hours": "morning"}
