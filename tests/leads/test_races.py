"""Many at once, through HTTP, on both engines: one claims, at most three are live, one answers an offer; never a 500."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person, Workload
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Consent, Lead, LeadStep
from matchmaker.leads.rules.consents import UNDO_FOR
from matchmaker.leads.rules.states import LIVE, State
from matchmaker.needs.models import Need
from tests.builders import a_manager, sign_in
from tests.leads.builders import Case, a_bank, a_case, match, send, to_state
from tests.needs.builders import a_need

NOW = "2026-09-23T10:00:00+08:00"
AT_ONCE = 8
ROUNDS = 50


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW, everywhere=True):
        yield


def together(deeds: list[Callable[[], Any]]) -> list[Any]:
    """Carry all deeds at the same moment; answers what each returned, in order."""
    barrier = threading.Barrier(len(deeds))
    answers: list[Any] = [None] * len(deeds)

    def carry(place: int) -> None:
        barrier.wait(timeout=30)
        answers[place] = deeds[place]()

    threads = [threading.Thread(target=carry, args=(place,)) for place in range(len(deeds))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


class Browser:
    """One signed-in person with the token of their forms."""

    def __init__(self, app: Any, person: Person, page: str) -> None:
        self.client = app.test_client()
        sign_in(self.client, person)
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).get_data(as_text=True))
        assert found is not None
        self.token = found[1]

    def post(self, url: str, **values: Any) -> int:
        return int(self.client.post(url, data={"csrf_token": self.token, **values}).status_code)


def again(case: Case) -> Case:
    """The same case, its rows loaded into this session."""
    case.owner = db.session.get_one(Person, case.owner.id)
    case.need = db.session.get_one(Need, case.need.id)
    case.product = db.session.get_one(type(case.product), case.product.id)
    case.business = db.session.get_one(type(case.business), case.business.id)
    return case


def count_live(need_id: int) -> int:
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Lead)
            .where(Lead.need_id == need_id, Lead.state.in_([str(state) for state in LIVE]))
        )
        or 0
    )


def test_of_eight_who_claim_at_once_one_wins_and_seven_are_told(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        managers = [case.manager, case.colleague, *[a_manager(case.branch, f"经理{n}") for n in range(AT_ONCE - 2)]]
    browsers = [Browser(app, person, "/leads/queue") for person in managers]
    for number in range(ROUNDS):
        with app.app_context(), unit_of_work():
            again(case)
            case.need = a_need(case.business)
            match(case.need, case.product)
            lead_id = send(case).id
        answers = together(
            [lambda b=browser, n=lead_id: b.post(f"/leads/{n}/accept", back="queue") for browser in browsers]
        )
        assert sorted(answers) == [303] + [409] * (AT_ONCE - 1), (number, answers)
        with app.app_context():
            lead = db.session.get_one(Lead, lead_id)
            assert lead.state == State.ACCEPTED and lead.manager_id is not None
            assert [step.step for step in lead.steps] == ["send", "accept"]
            assert len(lead.clocks) == 3
    with app.app_context():
        loads = db.session.scalars(sa.select(Workload.live_leads)).all()
        assert sum(loads) == ROUNDS, "no claim is lost from the count of work"


def test_of_eight_who_send_at_once_three_are_live_and_five_are_told(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        products = [a_bank(number)[3] for number in range(2, 2 + AT_ONCE)]
    browsers = [Browser(app, case.owner, "/leads/") for _ in range(AT_ONCE)]
    for number in range(6):
        with app.app_context(), unit_of_work():
            again(case)
            case.need = a_need(case.business)
            match(case.need, *[db.session.get_one(type(product), product.id) for product in products])
        need_id = case.need.id
        answers = together(
            [
                lambda b=browser, p=product, n=need_id: b.post(
                    f"/needs/{n}/send/{p.id}", form_key=f"{n}-{p.id}", until="longest", hours="morning"
                )
                for browser, product in zip(browsers, products, strict=True)
            ]
        )
        assert sorted(answers) == [303] * 3 + [409] * (AT_ONCE - 3), (number, answers)
        with app.app_context():
            assert count_live(need_id) == 3
            consents = sa.select(sa.func.count()).select_from(Consent).where(Consent.need_id == need_id)
            assert db.session.scalar(consents) == 3, "who was refused gave no consent"


def test_the_same_form_posted_eight_times_at_once_sends_once(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
    browsers = [Browser(app, case.owner, "/leads/") for _ in range(AT_ONCE)]
    url = f"/needs/{case.need.id}/send/{case.product.id}"
    answers = together([lambda b=browser: b.post(url, form_key="one key", until="longest") for browser in browsers])
    assert answers.count(303) >= 1 and set(answers) <= {303, 409}, answers
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == 1


def test_an_offer_is_answered_once_however_it_is_pressed(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        lead_id = to_state(case, State.OFFERED).id
    browsers = [Browser(app, case.owner, "/leads/") for _ in range(AT_ONCE)]
    deeds = [
        lambda b=browser, n=place: b.post(
            f"/leads/{lead_id}/offers/1/{'accept' if n % 2 else 'refuse'}", refuse_code="E01"
        )
        for place, browser in enumerate(browsers)
    ]
    answers = together(deeds)
    assert answers.count(303) == 1 and set(answers) == {303, 409}, answers
    with app.app_context():
        lead = db.session.get_one(Lead, lead_id)
        assert lead.state in (State.TAKEN, State.GIVEN_UP)
        assert sum(step.step in ("accept_offer", "refuse_offer") for step in lead.steps) == 1


def test_a_withdrawal_and_a_decline_at_once_leave_one_end(any_app: Any) -> None:
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
    owner, manager = Browser(app, case.owner, "/leads/"), Browser(app, case.manager, "/leads/queue")
    for number in range(10):
        with app.app_context(), unit_of_work():
            again(case)
            case.manager = db.session.get_one(Person, case.manager.id)
            case.need = a_need(case.business)
            match(case.need, case.product)
            lead_id = to_state(case, State.ACCEPTED).id
        answers = together(
            [
                lambda n=lead_id: owner.post(f"/leads/{n}/withdraw"),
                lambda n=lead_id: manager.post(f"/leads/{n}/decline", codes="B02", unseen="may_not_say"),
            ]
        )
        # a withdrawal can be undone for some minutes: whoever declines meanwhile has ended it
        assert answers in ([303, 303], [409, 303]), (number, answers)
        with app.app_context():
            jobs.finish_withdrawals(clock.now() + UNDO_FOR)
            ends = (
                sa.select(sa.func.count())
                .select_from(LeadStep)
                .where(LeadStep.lead_id == lead_id, LeadStep.to_state.in_(["withdrawn", "declined"]))
            )
            assert db.session.scalar(ends) == 1


def test_a_claim_in_the_last_second_and_the_job_that_releases_leave_one_of_both(any_app: Any) -> None:
    """Whoever comes first has it; the other finds nothing to do."""
    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        lead_id = send(case).id
        due = db.session.get_one(Lead, lead_id).clocks[0].due_at
    manager = Browser(app, case.manager, "/leads/queue")

    def release() -> int:
        with app.app_context():
            return jobs.release_overdue_leads(due)

    with clock.frozen(due - timedelta(seconds=1), everywhere=True):
        claimed, released = together([lambda: manager.post(f"/leads/{lead_id}/accept"), release])
    with app.app_context():
        state = db.session.get_one(Lead, lead_id).state
    assert (claimed, released, state) in [(303, 0, "accepted"), (409, 1, "released"), (401, 1, "released")]


def test_of_two_offers_accepted_at_the_same_moment_the_second_is_judged_beside_the_first(any_app: Any) -> None:
    """Together they would be more than was asked for: one is accepted, the other is told so; never both."""
    from matchmaker.leads.queries import finding
    from matchmaker.leads.services import offering, working
    from tests.leads.builders import offered

    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        second = a_bank(2)[3]
    owners = [Browser(app, case.owner, "/leads/") for _ in range(2)]
    for number in range(10):
        with app.app_context(), unit_of_work():
            again(case)
            case.need = a_need(case.business)
            products = [case.product, db.session.get_one(type(second), second.id)]
            match(case.need, *products)
            leads = []
            for product in products:
                lead = send(case, product)
                manager = db.session.get_one(Person, finding.staff_of(lead)[0])
                working.accept_lead(lead, by=manager)
                working.contact(lead, channel="call", by=manager)
                offering.make_offer(lead, offered=offered(case), by=manager)
                leads.append(lead.id)
        answers = together(
            [
                lambda b=owner, n=lead_id: b.post(f"/leads/{n}/offers/1/accept")
                for owner, lead_id in zip(owners, leads, strict=True)
            ]
        )
        assert sorted(answers) == [303, 409], (number, answers)
        with app.app_context():
            states = sorted(db.session.scalars(sa.select(Lead.state).where(Lead.id.in_(leads))))
            assert states == ["offered", "taken"], (number, states)


def test_a_reserves_turn_and_the_owners_tap_at_the_same_moment_send_it_once(any_app: Any) -> None:
    from matchmaker.leads.services import reserving
    from tests.leads.builders import FIELDS, HOURS, until

    app = any_app
    with app.app_context(), unit_of_work():
        case = a_case()
        second = a_bank(2)[3]
        match(case.need, case.product, second)
        late = send(case).clocks[0].due_at
        reserve_id = reserving.name_reserve(
            case.need, second, fields=FIELDS, hours=HOURS, ends_at=until(), by=case.owner
        ).id
    owner = Browser(app, case.owner, "/leads/")

    def release() -> int:
        with app.app_context():
            return jobs.release_overdue_leads(late)

    with clock.frozen(late, everywhere=True):
        tapped, released = together([lambda: owner.post(f"/reserves/{reserve_id}/send", form_key="tap"), release])
    assert released == 1 and tapped in (303, 409, 401), (tapped, released)
    with app.app_context():
        assert sorted(db.session.scalars(sa.select(Lead.state))) == ["released", "waiting"]
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2
