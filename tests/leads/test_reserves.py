"""Reserves: named on sending, seen by nobody, sent at once and whole when an institution was late; else the owner chooses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.businesses.models import Business
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Consent, Lead, Reserve
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import reserves
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, choosing, moving, offering, reserving, working
from matchmaker.needs.models import Need
from matchmaker.needs.services import change_need, expire_need, withdraw_need
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product
from matchmaker.refusal import Refused
from tests.builders import sign_in
from tests.leads.builders import FIELDS, HOURS, Case, a_bank, a_case, match, offered, send, to_state, until
from tests.leads.test_pages import a_site, form_key, post, text, token
from tests.needs.builders import a_need
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"
DUE = datetime.fromisoformat("2026-09-24T17:30:00+08:00")


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def market(case: Case, n: int = 3) -> list[Product]:
    """Further institutions whose products the need's list shows."""
    found = [a_bank(number)[3] for number in range(2, 2 + n)]
    match(case.need, case.product, *found)
    return found


def name(case: Case, product: Product, **changes: Any) -> Reserve:
    values: dict[str, Any] = {"fields": FIELDS, "hours": HOURS, "ends_at": until(), "by": case.owner, **changes}
    return reserving.name_reserve(case.need, product, **values)


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.reason.code


def count(table: Any) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def told(kind: str) -> list[int | None]:
    return list(db.session.scalars(sa.select(Message.person_id).where(Message.kind == kind)))


def leads_of(need_id: int) -> list[Lead]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(sa.select(Lead).where(Lead.need_id == need_id).order_by(Lead.id)))


# Rules ---------------------------------------------------------------------------------------------------------------


def test_at_most_two_and_never_twice_and_never_who_works_on_it() -> None:
    ask = reserves.reserve_refusal
    assert ask(waiting=1, is_reserve=False, is_live=False) is None
    assert ask(waiting=2, is_reserve=False, is_live=False).code == "lead_reserves_full"  # type: ignore[union-attr]
    assert ask(waiting=0, is_reserve=True, is_live=False).code == "lead_reserve_twice"  # type: ignore[union-attr]
    assert ask(waiting=0, is_reserve=False, is_live=True).code == "lead_reserve_is_live"  # type: ignore[union-attr]


def test_a_repeated_consent_keeps_its_day_unless_that_is_too_near() -> None:
    now = datetime.fromisoformat(NOW)
    longest = now + timedelta(days=75)
    far, near = now + timedelta(days=30), now + timedelta(days=13)
    assert reserves.ends_again(far, now, longest) == far
    assert reserves.ends_again(near, now, longest) == longest
    assert reserves.ends_again(longest + timedelta(days=1), now, longest) == longest


# Its turn ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4", "B.1")
def test_a_late_lead_goes_to_the_first_reserve_in_the_same_moment(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, third, _ = market(case)
        lead = send(case)
        name(case, second)
        name(case, third)
        assert count(Consent) == 1, "a reserve is a receipt, no consent"
    with clock.frozen(DUE) as now:
        assert jobs.release_overdue_leads(now) == 1
        first, new = leads_of(case.need.id)
        assert (first.id, first.state) == (lead.id, State.RELEASED)
        assert new.state == State.WAITING and new.institution_id == second.institution_id
        assert new.consent is not None and (new.consent.given_at, new.consent.given_by_id) == (now, case.owner.id)
        assert new.consent.fields == FIELDS and new.consent.hours == HOURS
        assert new.consent.ends_at == datetime.fromisoformat("2026-11-02T10:00:00+08:00"), "the day of its receipt"
        assert new.clocks[0].due_at == datetime.fromisoformat("2026-09-28T17:30:00+08:00"), "the holiday is skipped"
        used, waiting = db.session.scalars(sa.select(Reserve).order_by(Reserve.id))
        assert (used.standing, used.lead_id, used.after_lead_id) == ("sent", new.id, first.id)
        assert waiting.standing == "waiting"
        assert told("lead_told_passed_on") == [case.owner.id] and told("lead_told_released") == []
        assert jobs.release_overdue_leads(now) == 0, "running twice changes nothing"
    with clock.frozen("2026-09-28T17:30:00+08:00") as later:
        assert jobs.release_overdue_leads(later) == 1
        assert [one.state for one in leads_of(case.need.id)] == ["released", "released", "waiting"]
    with clock.frozen("2026-09-30T17:30:00+08:00") as later:
        jobs.release_overdue_leads(later)
        assert [one.state for one in leads_of(case.need.id)] == ["released"] * 3, "nobody is left; the owner chooses"
        assert told("lead_told_released") == [case.owner.id]


def test_release_and_turn_are_one_transaction(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between both, neither has happened; run again, both have."""
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        send(case)
        name(case, second)
    real = choosing.send_lead

    def dies(*args: Any, **kwargs: Any) -> Lead:
        real(*args, **kwargs)
        raise RuntimeError("power cut")

    monkeypatch.setattr(choosing, "send_lead", dies)
    with clock.frozen(DUE) as now:
        with pytest.raises(RuntimeError):
            jobs.release_overdue_leads(now)
        assert [one.state for one in leads_of(case.need.id)] == ["waiting"]
        assert count(Consent) == 1 and db.session.scalars(sa.select(Reserve.standing)).all() == ["waiting"]
        monkeypatch.setattr(choosing, "send_lead", real)
        assert jobs.release_overdue_leads(now) == 1
        assert [one.state for one in leads_of(case.need.id)] == ["released", "waiting"]


def test_a_reserve_that_cannot_is_passed_over_and_the_owner_is_told(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, third, _ = market(case)
        send(case)
        name(case, second)
        name(case, third)
        second.state = "suspended"
    with clock.frozen(DUE) as now:
        jobs.release_overdue_leads(now)
        assert [one.institution_id for one in leads_of(case.need.id)] == [
            case.institution.id, third.institution_id
        ]  # fmt: skip
        closed = db.session.scalars(sa.select(Reserve).order_by(Reserve.id)).first()
        assert closed is not None
        assert (closed.closed_because, closed.why_code) == ("not_possible", "lead_product_not_published")
        assert told("lead_told_reserve_cannot") == [case.owner.id]


def test_a_receipt_with_few_days_left_is_not_used(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        send(case)
        name(case, second, ends_at=clock.now() + timedelta(days=10))
    with clock.frozen(DUE) as now:
        jobs.release_overdue_leads(now)
        assert len(leads_of(case.need.id)) == 1
        assert db.session.scalars(sa.select(Reserve.closed_because)).all() == ["too_late"]


def test_the_turn_counts_among_the_three(site: Any) -> None:
    """The place that the late one leaves is the one its reserve takes; a fourth never comes in."""
    with unit_of_work():
        case = a_case()
        banks = market(case, 4)
        for product in (case.product, *banks[:2]):
            send(case, product)
        name(case, banks[2])
        name(case, banks[3])
    with clock.frozen(DUE) as now:
        assert jobs.release_overdue_leads(now) == 3
        live = [one for one in leads_of(case.need.id) if one.is_live]
        assert [one.institution_id for one in live] == [banks[2].institution_id, banks[3].institution_id]


def test_no_reserve_has_its_turn_while_accepted_offers_cover_the_need(site: Any) -> None:
    with unit_of_work():
        case = a_case(amount_yuan=Decimal(300_000))
        second, third, _ = market(case)
        to_state(case, State.TAKEN)
        send(case, second)
        name(case, third)
    with clock.frozen(DUE) as now:
        jobs.release_overdue_leads(now)
        assert [one.state for one in leads_of(case.need.id)] == ["taken", "released"]
        assert db.session.scalars(sa.select(Reserve.standing)).all() == ["waiting"]


@pytest.mark.parametrize("how", ["withdrawn", "expired", "enough", "sent"])
def test_what_ends_a_need_closes_its_reserves(site: Any, how: str) -> None:
    with unit_of_work():
        case = a_case(amount_yuan=Decimal(300_000))
        second, *_ = market(case)
        if how == "enough":
            to_state(case, State.PAID_OUT)
        name(case, second)
        if how == "withdrawn":
            withdraw_need(case.need, by=case.owner)
        elif how == "expired":
            with clock.frozen(f"{case.need.expires_on + timedelta(days=1)}T03:00:00+08:00"):
                expire_need(case.need)
        elif how == "enough":
            assert case.lead is not None
            offering.confirm_payout(case.lead, by=case.owner)
        else:
            send(case, second)
    reserve = db.session.scalars(sa.select(Reserve)).one()
    assert (reserve.standing, reserve.closed_because) == ("over", "chosen" if how == "sent" else "need_ended")


def test_a_reserve_is_taken_back_or_sent_without_waiting(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, third, _ = market(case)
        lead = send(case)
        back, now_ = name(case, second), name(case, third)
        assert refusal(lambda: name(case, case.product)) == "lead_reserve_is_live"
        assert refusal(lambda: name(case, second)) == "lead_reserve_twice"
        reserving.take_back(back, by=case.owner)
        assert refusal(lambda: reserving.send_now(back, by=case.owner)) == "lead_reserve_is_over"
        assert refusal(lambda: reserving.take_back(back, by=case.owner)) == "lead_reserve_is_over"
        sent = reserving.send_now(now_, by=case.owner)
        assert sent.state == State.WAITING and lead.state == State.WAITING
        assert now_.standing == "sent" and now_.after_lead_id is None


# In one step -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4", "B.1")
@pytest.mark.parametrize(
    "state",
    [State.WAITING, State.ACCEPTED, State.CONTACTED, State.VISITED, State.PAPERS, State.REVIEW, State.OFFERED,
     State.TAKEN, State.SECOND_LOOK],
)  # fmt: skip
def test_withdrawn_and_sent_elsewhere_in_one_step_from_every_state_before_a_contract(site: Any, state: State) -> None:
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        lead = to_state(case, state)
        new = moving.send_elsewhere(lead, second, by=case.owner)
    assert lead.state == State.WITHDRAWN and lead.consent is not None and lead.consent.ended_because == "withdrawn"
    assert (
        new.state == State.WAITING and new.consent is not None and new.consent.institution_id == second.institution_id
    )
    assert (new.consent.fields, new.consent.hours) == (FIELDS, HOURS)
    assert case.need.state == "in_progress"


@pytest.mark.parametrize("state", [State.RELEASED, State.DECLINED, State.EXPIRED, State.WITHDRAWN, State.GIVEN_UP])
def test_after_an_end_one_tap_sends_the_same_to_another(site: Any, state: State) -> None:
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        lead = to_state(case, state)
        before = lead.state
        new = moving.send_elsewhere(lead, second, by=case.owner)
    assert lead.state == before and new.state == State.WAITING and new.consent is not None
    assert new.consent.id != lead.consent_id


def test_after_a_contract_nothing_is_moved(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        lead = to_state(case, State.SIGNED)
        assert refusal(lambda: moving.send_elsewhere(lead, second, by=case.owner)) == "lead_signed_stays"


def test_a_refused_move_changes_nothing(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        stranger = a_bank(9)[3]
        waiting = send(case)
        assert refusal(lambda: moving.send_elsewhere(waiting, stranger, by=case.owner)) == "lead_not_matched"
        assert waiting.state == State.WAITING and waiting.consent is not None and waiting.consent.ended_at is None


def test_moving_with_three_live_keeps_three(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        banks = market(case, 3)
        sent = [send(case, product) for product in (case.product, *banks[:2])]
        moving.send_elsewhere(sent[0], banks[2], by=case.owner)
    assert sum(one.is_live for one in leads_of(case.need.id)) == 3


def test_a_need_edited_after_sending_stays_as_it_was_sent_until_it_is_sent_anew(site: Any) -> None:
    from dataclasses import replace

    with unit_of_work():
        case = a_case(amount_yuan=Decimal(300_000))
        lead = to_state(case, State.CONTACTED)
        wanted = replace(case.need.current.wanted, amount_yuan=Decimal(200_000))
        change_need(case.need, wanted, seen_number=1, days=60, by=case.owner)
        assert finding.asked_version(lead).amount_yuan == 300_000
        new = moving.send_elsewhere(lead, case.product, by=case.owner)
        assert lead.state == State.WITHDRAWN
        assert new.need_number == 2 and finding.asked_version(new).amount_yuan == 200_000


def test_an_expired_need_is_sent_nowhere(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        second, *_ = market(case)
        lead = to_state(case, State.DECLINED)
        with clock.frozen(f"{case.need.expires_on + timedelta(days=1)}T03:00:00+08:00"):
            expire_need(case.need)
            assert refusal(lambda: moving.send_elsewhere(lead, second, by=case.owner)) == "lead_need_not_open"
            assert refusal(lambda: name(case, second)) == "lead_need_not_open"


# Two institutions, one need --------------------------------------------------------------------------------------------


def two_offers(first_yuan: int, second_yuan: int) -> tuple[Case, Lead, Lead]:
    case = a_case(amount_yuan=Decimal(300_000))
    second, *_ = market(case)
    leads = []
    for product in (case.product, second):
        lead = send(case, product)
        manager = db.session.get_one(Person, finding.staff_of(lead)[0])
        working.accept_lead(lead, by=manager)
        working.contact(lead, channel="call", by=manager)
        offering.make_offer(
            lead, offered=offered(case, amount_yuan=Decimal(first_yuan if not leads else second_yuan)), by=manager
        )
        leads.append(lead)
    return case, leads[0], leads[1]


def test_two_offers_are_accepted_together_only_within_what_was_asked_for(site: Any) -> None:
    with unit_of_work():
        case, first, second = two_offers(200_000, 100_000)
        offering.accept_offer(first, number=1, by=case.owner)
        offering.accept_offer(second, number=1, by=case.owner)
        assert (first.state, second.state) == (State.TAKEN, State.TAKEN)


def test_an_offer_that_would_go_beyond_is_not_accepted_until_the_other_is_taken_back(site: Any) -> None:
    with unit_of_work():
        case, first, second = two_offers(200_000, 150_000)
        offering.accept_offer(first, number=1, by=case.owner)
        with pytest.raises(Refused) as no:
            offering.accept_offer(second, number=1, by=case.owner)
        assert no.value.reason.code == "lead_offers_above_need"
        assert no.value.reason.facts == {"agreed_yuan": 200_000, "offered_yuan": 150_000, "asked_yuan": 300_000}
        answering.withdraw(first, by=case.owner)
        offering.accept_offer(second, number=1, by=case.owner)
        assert second.state == State.TAKEN


def test_a_guarantee_is_no_money_and_is_taken_beside_the_loan_that_it_helps_to(site: Any) -> None:
    with unit_of_work():
        case, loan, guarantee = two_offers(300_000, 300_000)
        guarantee.product_version.product.kind = "guarantee"
        db.session.flush()
        offering.accept_offer(guarantee, number=1, by=case.owner)
        assert finding.agreed_amounts(case.need) == [], "what is asked for is still missing"
        offering.accept_offer(loan, number=1, by=case.owner)
        assert (loan.state, guarantee.state) == (State.TAKEN, State.TAKEN)
        assert finding.agreed_amounts(case.need) == [300_000]
        assert finding.agreed_amounts(case.need, kind="guarantee") == [300_000]


def paid(case: Case, lead: Lead, amount: int) -> None:
    manager = db.session.get_one(Person, lead.manager_id)
    offering.accept_offer(lead, number=1, by=case.owner)
    offering.report_contract(lead, contract_number="HT", signed_on=clock.today(), by=manager)
    offering.report_payout(lead, amount_yuan=Decimal(amount), paid_on=clock.today(), reference="LS", by=manager)
    offering.confirm_payout(lead, by=case.owner)


def test_a_part_leaves_the_need_open_for_the_rest(site: Any) -> None:
    from matchmaker.leads.queries import reading

    with unit_of_work():
        case, first, second = two_offers(200_000, 100_000)
        assert refusal(lambda: offering.enough(case.need.id, by=case.owner)) == "lead_nothing_came"
        paid(case, first, 200_000)
        assert case.need.state == "in_progress" and reading.missing_of(case.need) == 100_000
        assert refusal(lambda: offering.enough(case.need.id, by=case.owner)) == "lead_still_worked_on"
        answering.withdraw(second, by=case.owner)
        assert case.need.state == "open"
        offering.enough(case.need.id, by=case.owner)
        assert case.need.state == "funded" and reading.missing_of(case.need) is None


def test_the_second_part_fills_the_need(site: Any) -> None:
    with unit_of_work():
        case, first, second = two_offers(200_000, 100_000)
        paid(case, first, 200_000)
        paid(case, second, 75_000)
        assert case.need.state == "funded", "from nine tenths on it counts as funded"


# Pages ----------------------------------------------------------------------------------------------------------------


def test_the_consent_page_offers_reserves_and_sends_them_with_the_form(app: Any) -> None:
    site = a_site(app)
    with app.app_context(), unit_of_work():
        need = db.session.get_one(Need, site.case.need.id)
        banks = [a_bank(number)[3] for number in range(2, 5)]
        match(need, db.session.get_one(Product, site.case.product.id), *banks)
    client = site.client(site.case.owner)
    url = f"/needs/{site.case.need.id}/send/{site.case.product.id}"
    page = text(client.get(url))
    assert problems_of(page) == []
    assert page.count('name="reserves"') == 3 and "青檀银行2" in page
    data: dict[str, Any] = {
        "csrf_token": token(page),
        "form_key": form_key(page),
        "until": "longest",
        "hours": ["morning"],
    }
    three = client.post(url, data=data | {"reserves": [str(bank.id) for bank in banks]})
    assert three.status_code == 422 and "后备最多 2 家" in text(three) and problems_of(text(three)) == []
    with app.app_context():
        assert count(Lead) == 0
    assert client.post(url, data=data | {"reserves": [str(banks[1].id), str(banks[0].id)]}).status_code == 303
    with app.app_context():
        named = db.session.scalars(sa.select(Reserve).order_by(Reserve.id)).all()
        assert [one.product_id for one in named] == [banks[0].id, banks[1].id], "in the order of the list"
        assert {tuple(one.hours) for one in named} == {("morning",)}
    for address in ("/leads/", "/leads/who-sees", f"/leads/{site.lead().id}"):
        for language in ("zh", "en"):
            client.set_cookie("lang", language)
            shown = text(client.get(address))
            assert problems_of(shown) == [] and "青檀银行2" in shown, address
    client.set_cookie("lang", "zh")
    answer = post(client, "/leads/who-sees", f"/reserves/{named[0].id}/take-back", back="who_sees")
    assert answer.status_code == 303 and answer.location == "/leads/who-sees"
    answer = post(client, "/leads/", f"/reserves/{named[1].id}/send")
    assert answer.status_code == 303
    with app.app_context():
        assert [one.standing for one in db.session.scalars(sa.select(Reserve).order_by(Reserve.id))] == ["over", "sent"]


def test_a_reserve_sees_nothing_before_its_turn(app: Any) -> None:
    site = a_site(app, State.WAITING)
    with app.app_context(), unit_of_work():
        _, _, manager, product = a_bank(2)
        need = db.session.get_one(Need, site.case.need.id)
        match(need, product)
        reserving.name_reserve(
            need,
            product,
            fields=FIELDS,
            hours=HOURS,
            ends_at=until(),
            by=db.session.get_one(Person, site.case.owner.id),
        )
    client = app.test_client()
    sign_in(client, manager)
    for address in ("/leads/queue", "/leads/queue?show=done", f"/leads/{site.lead().id}"):
        answer = client.get(address)
        assert site.case.business.name not in text(answer)
    assert client.post("/reserves/1/send", data={}).status_code in (400, 404)


def test_a_late_lead_shows_the_next_three_and_one_tap_sends(app: Any) -> None:
    site = a_site(app, State.RELEASED)
    with app.app_context(), unit_of_work():
        need = db.session.get_one(Need, site.case.need.id)
        banks = [a_bank(number)[3] for number in range(2, 6)]
        match(need, *banks)
    client = site.client(site.case.owner)
    lead = site.lead()
    page = text(client.get(f"/leads/{lead.id}"))
    assert problems_of(page) == [] and page.count("就送这家") == 4, "three rows and the words that say what is given"
    where = f"/leads/{lead.id}/move/{banks[0].id}"
    assert where in page
    first = client.post(where, data={"csrf_token": token(page), "form_key": "one"})
    again = client.post(where, data={"csrf_token": token(page), "form_key": "one"})
    assert first.status_code == again.status_code == 303 and first.location == again.location
    with app.app_context():
        assert [one.state for one in db.session.scalars(sa.select(Lead).order_by(Lead.id))] == ["released", "waiting"]


def test_somebody_elses_lead_is_not_moved(app: Any) -> None:
    site = a_site(app, State.WAITING)
    for person in (site.case.manager, site.case.desk):
        client = site.client(person)
        page = text(client.get("/leads/queue"))
        answer = client.post(f"/leads/{site.lead().id}/move/1", data={"csrf_token": token(page), "form_key": "k"})
        assert answer.status_code in (403, 404)


@pytest.mark.article("B.4")
def test_a_late_lead_that_went_on_to_its_reserve_asks_nothing_of_the_owner(app: Any) -> None:
    """The list, the lead and the start page agree: the reserve has it, so nobody is told to choose the next one."""
    with app.app_context(), unit_of_work():
        case = a_case()
        second, _, _ = market(case)
        first = send(case)
        name(case, second)
        owner, number, taken_over_by = case.owner, first.id, second.institution.short_name
    with clock.frozen(DUE) as now:
        with app.app_context():
            jobs.release_overdue_leads(now)
        client = app.test_client()
        sign_in(client, owner)
        for address in ("/leads/", f"/leads/{number}"):
            page = text(client.get(address))
            assert "这里不用动了" in page and "看看下一家" not in page and problems_of(page) == [], address
        assert "没有要您动的" in text(client.get("/"))
        went_on = text(client.get(f"/leads/{number}"))
        assert f"照您点的后备，{taken_over_by}接着办" in went_on, "where it went stands on its page"
        assert "不会自动转" not in went_on, "it did go on by itself, as its owner wished"


@pytest.mark.article("B.4")
def test_a_late_lead_whose_owner_agreed_to_a_card_leads_to_it(app: Any) -> None:
    site = a_site(app, State.RELEASED)
    client = site.client(site.case.owner)
    address, card = f"/leads/{site.lead().id}", f"/needs/{site.case.need.id}/hands"
    assert card not in text(client.get(address))
    page = text(client.get(card))
    client.post(f"/needs/{site.case.need.id}/card-agreement", data={"csrf_token": token(page)})
    assert card in text(client.get(address))


@pytest.mark.article("B.1")
def test_one_institution_with_two_needs_is_counted_once(app: Any) -> None:
    site = a_site(app, State.WAITING)
    with app.app_context(), unit_of_work():
        owner = db.session.get_one(Person, site.case.owner.id)
        product = db.session.get_one(Product, site.case.product.id)
        need = a_need(db.session.get_one(Business, site.case.business.id))
        match(need, product)
        choosing.send_lead(need, product, fields=FIELDS, hours=HOURS, ends_at=until(), by=owner)
    client = site.client(site.case.owner)
    assert "1 家现在能看您的资料" in text(client.get("/leads/who-sees"))
    assert "1 家在办" in text(client.get("/leads/")).replace("\xa0", " ").replace("&nbsp;", " ")
