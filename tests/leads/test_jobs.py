"""What the clocks do to leads without a person: at their instant, once, one unit of work each, told to both sides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.announcements import AssignmentEnded, InstitutionSuspended
from matchmaker.accounts.models import Assignment, Person, Workload
from matchmaker.businesses.models import CreditLine
from matchmaker.db import db, unit_of_work
from matchmaker.happened import announce
from matchmaker.leads import jobs
from matchmaker.leads.models import Lead, LeadStep
from matchmaker.leads.queries import reading
from matchmaker.leads.queries.answers import answers_of
from matchmaker.leads.rules.states import LIVE, State, Step
from matchmaker.leads.services import offering
from matchmaker.loans.models import Loan
from matchmaker.needs.models import Need
from matchmaker.needs.services import withdraw_need
from matchmaker.notifications.models import Message
from matchmaker.products.models import TrackRecord
from matchmaker.ranking.models import Outcome
from tests.leads.builders import Case, a_bank, a_case, match, send, to_state

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def a_lead(state: State, **sending: Any) -> tuple[Case, int]:
    with unit_of_work():
        case = a_case()
        lead = to_state(case, state, **sending)
    return case, lead.id


def lead_of(number: int) -> Lead:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Lead, number)


def told(kind: str) -> list[int | None]:
    return list(db.session.scalars(sa.select(Message.person_id).where(Message.kind == kind)))


RUN_OUT = {
    State.WAITING: "2026-09-24T17:30:00+08:00",
    State.ACCEPTED: "2026-09-24T17:30:00+08:00",
    State.CONTACTED: "2026-09-30T17:30:00+08:00",
    State.VISITED: "2026-10-23T17:30:00+08:00",
    State.REVIEW: "2026-09-30T17:30:00+08:00",
    State.SECOND_LOOK: "2026-10-21T17:30:00+08:00",
}
"""When the first clock of each state runs out for a lead whose every step happened on 23 September at 10:00."""


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", list(RUN_OUT))
def test_a_late_institution_loses_the_lead_at_the_instant_and_not_before(site: Any, state: State) -> None:
    case, number = a_lead(state)
    due = at(RUN_OUT[state])
    with clock.frozen(due - timedelta(seconds=1)) as now:
        assert jobs.release_overdue_leads(now) == 0
    assert lead_of(number).state == state
    with clock.frozen(due) as now:
        assert jobs.release_overdue_leads(now) == 1
        lead = lead_of(number)
        assert lead.state == State.RELEASED and lead.ended_at == due
        assert lead.consent is not None and lead.consent.ended_because == "released" and lead.consent.ended_at == due
        assert [row.due_at for row in lead.clocks if row.outcome == "late"] == [due]
        assert told("lead_told_released") == [case.owner.id]
        assert case.desk.id in told("lead_staff_released")
        outcome = db.session.scalars(sa.select(Outcome)).one()
        assert (outcome.funded, outcome.reason_code) == (False, "LATE")
        assert db.session.get_one(Need, case.need.id).state == "open"
        before = db.session.scalar(sa.select(sa.func.count()).select_from(LeadStep))
        assert jobs.release_overdue_leads(now) == 0, "running twice changes nothing"
        assert db.session.scalar(sa.select(sa.func.count()).select_from(LeadStep)) == before
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == 1, "nothing is sent on by itself"


@pytest.mark.parametrize(
    "state", [State.PAPERS, State.OFFERED, State.TAKEN, State.SIGNED, State.PAID_OUT, State.DECLINED]
)
def test_nothing_is_released_while_the_institution_does_not_have_the_ball_or_no_clock(site: Any, state: State) -> None:
    _, number = a_lead(state)
    with clock.frozen("2026-10-01T10:00:00+08:00") as now:
        jobs.release_overdue_leads(now)
        assert lead_of(number).state == state


@pytest.mark.article("B.1", "3.6")
@pytest.mark.parametrize(("state", "kind"), [(State.TAKEN, "sign"), (State.SIGNED, "pay")])
def test_a_contract_or_money_that_does_not_come_is_told_and_counted_and_nothing_is_taken_back(
    site: Any, state: State, kind: str
) -> None:
    case, number = a_lead(state)
    due = at("2026-10-10T17:30:00+08:00")  # the seventh working day after 23 September, with the days off between
    line = reading.line_of(lead_of(number), now=due - timedelta(hours=1))
    assert line.turn.due_at == due and line.clock is not None and line.clock.tone == "soon"
    with clock.frozen(due) as now:
        assert jobs.release_overdue_leads(now) == 1
        assert jobs.release_overdue_leads(now) == 0, "once"
        lead = lead_of(number)
        assert lead.state == state and lead.consent is not None and lead.consent.ended_at is None
        line = reading.line_of(lead)
        assert line.turn.institution.code.endswith("_late") and line.turn.institution.facts == {"due_at": due}
        assert told(f"lead_told_{kind}_overdue") == [case.owner.id] and told("lead_staff_overdue")
        assert answers_of(lead.institution).late_after_yes == 1


def test_a_warning_comes_once_at_three_quarters(site: Any) -> None:
    case, number = a_lead(State.WAITING)
    # from 23 September 10:00, working time to 24 September 17:30 is 16 hours; three quarters end on the 24th at 13:30
    with clock.frozen("2026-09-24T13:29:59+08:00") as now:
        assert jobs.warn_leads(now) == 0
    with clock.frozen("2026-09-24T13:30:00+08:00") as now:
        assert jobs.warn_leads(now) == 1
        assert jobs.warn_leads(now) == 0
    lead = lead_of(number)
    assert lead.clocks[0].warned_at == at("2026-09-24T13:30:00+08:00") and lead.state == State.WAITING
    assert lead.steps[-1].step == Step.WARN and lead.steps[-1].by_id is None
    assert set(told("lead_staff_soon")) >= {case.manager.id, case.colleague.id, case.desk.id}


def test_the_owner_is_warned_about_papers_and_offers(site: Any) -> None:
    case, _ = a_lead(State.PAPERS)
    with clock.frozen("2026-10-07T12:00:00+08:00") as now:
        jobs.warn_leads(now)
    assert told("lead_told_papers_soon") == [case.owner.id]


def test_papers_that_did_not_come_let_the_clocks_go_on(site: Any) -> None:
    case, number = a_lead(State.PAPERS)
    due = at("2026-10-08T17:30:00+08:00")  # the tenth day, 3 October, is a holiday
    with clock.frozen(due - timedelta(seconds=1)) as now:
        assert jobs.release_overdue_leads(now) == 0
    with clock.frozen(due) as now:
        assert jobs.release_overdue_leads(now) == 1
    lead = lead_of(number)
    assert lead.state == State.REVIEW and lead.paper_request is not None and lead.paper_request.lapsed_at == due
    decision = next(row for row in lead.clocks if row.kind == "decision")
    assert decision.paused_at is None and decision.due_at == at("2026-11-09T17:30:00+08:00")
    assert told("lead_told_papers_lapsed") == [case.owner.id]


def test_an_offer_expires_after_its_last_day(site: Any) -> None:
    _, number = a_lead(State.OFFERED)
    with clock.frozen("2026-10-14T17:29:59+08:00") as now:
        assert jobs.expire_offers(now) == 0
    with clock.frozen("2026-10-14T17:30:00+08:00") as now:
        assert jobs.expire_offers(now) == 1
        assert jobs.expire_offers(now) == 0
    assert lead_of(number).state == State.EXPIRED


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", list(LIVE))
def test_a_consent_that_runs_out_ends_the_lead_unless_it_is_agreed(site: Any, state: State) -> None:
    ends_at = at("2026-09-23T18:00:00+08:00")
    with unit_of_work():
        case = a_case()
        if state is State.SECOND_LOOK:
            lead = to_state(case, state)
            assert lead.consent is not None
            lead.consent.ends_at = ends_at
        else:
            lead = to_state(case, state, ends_at=ends_at)
    with clock.frozen(ends_at) as now:
        jobs.expire_offers(now)
        found = lead_of(lead.id)
        assert found.state == (state if state in (State.TAKEN, State.SIGNED) else State.EXPIRED)


def test_an_agreement_without_money_expires_after_ninety_days(site: Any) -> None:
    _, number = a_lead(State.TAKEN)
    with clock.frozen("2026-12-22T10:00:00+08:00") as now:
        assert jobs.expire_offers(now) == 0
    with clock.frozen("2026-12-22T10:00:01+08:00") as now:
        assert jobs.expire_offers(now) == 1
    assert lead_of(number).state == State.EXPIRED


def test_an_unanswered_pay_out_counts_as_undisputed_after_ten_working_days_and_is_marked_so(site: Any) -> None:
    case, number = a_lead(State.PAID_OUT)
    lead = lead_of(number)
    assert lead.payout is not None and lead.payout.due_at == at("2026-10-14T17:30:00+08:00")
    with clock.frozen("2026-10-14T17:29:59+08:00") as now:
        assert jobs.settle_payouts(now) == 0
    assert db.session.scalars(sa.select(Loan)).all() == []
    with clock.frozen("2026-10-14T17:30:00+08:00") as now:
        assert jobs.settle_payouts(now) == 1
        assert jobs.settle_payouts(now) == 0
    lead = lead_of(number)
    assert lead.payout is not None and lead.payout.standing == "undisputed" and lead.payout.answered_by_id is None
    (loan,) = db.session.scalars(sa.select(Loan)).all()
    assert (loan.lead_id, loan.source, loan.matures_on.isoformat()) == (number, "undisputed", "2027-09-23")
    assert len(db.session.scalars(sa.select(CreditLine)).all()) == 1
    assert db.session.scalars(sa.select(Outcome)).one().funded is True
    assert told("lead_told_payout_settled") == [case.owner.id]


def test_a_disputed_pay_out_is_never_settled(site: Any) -> None:
    case, number = a_lead(State.PAID_OUT)
    with unit_of_work():
        offering.dispute_payout(lead_of(number), words="没有到账", by=case.owner)
    with clock.frozen("2027-01-14T17:30:00+08:00") as now:
        assert jobs.settle_payouts(now) == 0
    assert db.session.scalars(sa.select(Loan)).all() == []


def test_a_released_place_is_free_for_another(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        banks = [a_bank(number)[3] for number in range(2, 5)]
        match(case.need, case.product, *banks)
        for product in (case.product, *banks[:2]):
            send(case, product)
    with clock.frozen("2026-09-24T17:30:00+08:00") as now:
        assert jobs.release_overdue_leads(now) == 3
        with unit_of_work():
            case.need = db.session.get_one(Need, case.need.id)
            case.owner = db.session.get_one(Person, case.owner.id)
            assert send(case, banks[2]).state == State.WAITING
        assert db.session.scalars(
            sa.select(TrackRecord.answered_in_time).where(TrackRecord.product_id.is_(None))
        ).all() == [0, 0, 0, 0]


def test_a_withdrawn_need_takes_its_leads_along(site: Any) -> None:
    case, number = a_lead(State.CONTACTED)
    with unit_of_work():
        withdraw_need(db.session.get_one(Need, case.need.id), by=case.owner)
    lead = lead_of(number)
    assert lead.state == State.GIVEN_UP and lead.end_code == "E05"
    assert lead.consent is not None and lead.consent.ended_because == "given_up"
    assert told("lead_staff_given_up") == [case.manager.id]


@pytest.mark.article("12.2")
def test_who_leaves_loses_no_lead(site: Any) -> None:
    case, number = a_lead(State.VISITED)
    before = [(row.kind, row.due_at) for row in lead_of(number).clocks]
    with unit_of_work():
        for assignment in db.session.scalars(sa.select(Assignment).where(Assignment.person_id == case.manager.id)):
            assignment.until_at = clock.now()
        db.session.flush()
        db.session.expire_all()
        announce(AssignmentEnded(case.manager.id, case.institution.id))
    lead = lead_of(number)
    assert lead.manager_id is None and lead.state == State.VISITED
    assert [(row.kind, row.due_at) for row in lead.clocks] == before
    assert db.session.scalars(sa.select(Workload.live_leads).filter_by(person_id=case.manager.id)).one() == 0
    assert set(told("lead_staff_handed_over")) >= {case.colleague.id, case.desk.id}


def test_a_suspended_institution_reads_nobody_any_more(site: Any) -> None:
    case, number = a_lead(State.REVIEW)
    with unit_of_work():
        announce(InstitutionSuspended(case.institution.id))
    lead = lead_of(number)
    assert lead.state == State.EXPIRED and lead.consent is not None and lead.consent.ended_because == "expired"


def test_each_item_is_a_unit_of_work_of_its_own(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One lead that cannot be released does not keep the others."""
    with unit_of_work():
        case = a_case()
        banks = [a_bank(number)[3] for number in range(2, 4)]
        match(case.need, case.product, *banks)
        leads = [send(case, product) for product in (case.product, *banks)]
    from matchmaker.leads.services import ending

    real = ending.release

    def failing(lead: Lead, row: Any, *, at: datetime) -> bool:
        if lead.id == leads[1].id:
            raise RuntimeError("power cut")
        return real(lead, row, at=at)

    monkeypatch.setattr(ending, "release", failing)
    with clock.frozen("2026-09-24T17:30:00+08:00") as now:
        with pytest.raises(RuntimeError):
            jobs.release_overdue_leads(now)
        assert [lead_of(lead.id).state for lead in leads] == ["released", "waiting", "released"]
        monkeypatch.setattr(ending, "release", real)
        assert jobs.release_overdue_leads(now) == 1
        assert [lead_of(lead.id).state for lead in leads] == ["released"] * 3
