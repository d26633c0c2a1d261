"""Services of leads: sending under the limit of three, every step with its trace, clocks, money, what others read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Workload
from matchmaker.audit.models import AuditRow
from matchmaker.businesses.models import CreditLine
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Consent, Lead, LeadStep
from matchmaker.leads.queries import calling, finding
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.rules.states import LIVE, State, Step
from matchmaker.leads.services import answering, choosing, ending, offering, working
from matchmaker.needs.services import change_need
from matchmaker.notifications.models import Message
from matchmaker.products.models import TrackRecord
from matchmaker.products.queries import ids_in_force
from matchmaker.ranking.models import Outcome, Shown
from matchmaker.refusal import Refused
from tests.builders import a_branch, an_owner
from tests.leads.builders import (
    EVERYTHING,
    FIELDS,
    HOURS,
    a_bank,
    a_case,
    a_document,
    match,
    offered,
    send,
    to_state,
    until,
)
from tests.needs.builders import a_need, a_shop

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def at_work(app: Any) -> Iterator[None]:
    with app.app_context(), unit_of_work():
        yield


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as no:
        deed()
    return no.value.code


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


pytestmark = pytest.mark.usefixtures("at_work")


# --- sending


@pytest.mark.article("B.1")
def test_sending_gives_one_consent_and_starts_the_clock_of_acceptance() -> None:
    case = a_case()
    lead = send(case)
    assert lead.state == State.WAITING
    assert lead.consent is not None and lead.consent.fields == FIELDS and lead.consent.ended_at is None
    assert lead.branch_id == case.branch.id
    (accept,) = lead.clocks
    assert (accept.kind, accept.due_at) == ("accept", at("2026-09-24T17:30:00+08:00"))
    assert case.need.state == "in_progress"
    (step,) = lead.steps
    assert (step.step, step.from_state, step.to_state, step.by_id) == ("send", "draft", "waiting", case.owner.id)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditRow).where(AuditRow.what == "lead.send")) == 1
    told = db.session.scalars(sa.select(Message.kind)).all()
    assert set(told) >= {"lead_told_sent", "lead_staff_new"}
    outcome = db.session.scalars(sa.select(Outcome)).one()
    assert (outcome.lead_id, outcome.place, outcome.funded) == (lead.id, 1, None)


@pytest.mark.article("B.1")
def test_no_message_to_an_institution_names_the_customer() -> None:
    case = a_case()
    to_state(case, State.PAID_OUT)
    for message in db.session.scalars(sa.select(Message).where(Message.kind.like("lead_staff_%"))):
        text = f"{message.facts}"
        for secret in (case.business.name, case.business.uscc, case.owner.name, case.owner.phone):
            assert secret not in text, message.kind


def test_three_live_leads_are_the_most() -> None:
    case = a_case()
    banks = [a_bank(number)[3] for number in range(2, 6)]
    match(case.need, case.product, *banks)
    send(case)
    send(case, banks[0])
    third = send(case, banks[1])
    assert refusal(lambda: send(case, banks[2])) == "lead_three_live"
    answering.withdraw(third, by=case.owner)
    send(case, banks[2])
    assert refusal(lambda: send(case, banks[3])) == "lead_three_live"


def test_one_institution_works_on_a_need_once_at_a_time() -> None:
    case = a_case()
    lead = send(case)
    assert refusal(lambda: send(case)) == "lead_same_institution"
    answering.withdraw(lead, by=case.owner)
    assert send(case).id != lead.id


@pytest.mark.parametrize("standing", ["declared", "papers_sent", "rejected"])
def test_only_checked_papers_send(standing: str) -> None:
    case = a_case()
    (member,) = case.business.members
    member.standing, member.remark_code = standing, "unreadable"
    assert refusal(lambda: send(case)) == "lead_member_not_checked"
    member.standing = "confirmed_outside"
    assert send(case).state == State.WAITING


def test_a_stranger_cannot_send_somebody_elses_need() -> None:
    case = a_case()
    assert refusal(lambda: send(case, by=an_owner("陌生人"))) == "lead_member_not_checked"


@pytest.mark.article("12.1")
def test_only_what_was_matched_and_serves_the_place_is_sent() -> None:
    case = a_case()
    _, branch, _, other = a_bank(2)
    assert refusal(lambda: send(case, other)) == "lead_not_matched"
    match(case.need, other)
    branch.service_regions = ["3302"]
    assert refusal(lambda: send(case, other)) == "lead_outside_service_area"


def test_a_need_that_changed_is_sent_from_its_new_list_only() -> None:
    case = a_case()
    before = case.need.current.wanted
    change_need(case.need, replace(before, amount_yuan=Decimal(200_000)), seen_number=1, days=60, by=case.owner)
    db.session.execute(sa.delete(Shown))
    assert refusal(lambda: send(case)) == "lead_not_matched"
    match(case.need, case.product)
    lead = send(case)
    assert lead.need_number == 2 and finding.asked_version(lead).amount_yuan == Decimal(200_000)


def test_without_a_number_nothing_is_sent() -> None:
    case = a_case()
    case.owner.email, case.owner.phone = "gui.lan@example.com", None
    assert refusal(lambda: send(case)) == "lead_contact_missing"


def test_a_large_need_goes_to_the_branch_that_may_decide() -> None:
    case = a_case()
    case.branch.decision_limit_yuan = Decimal(100_000)
    large = a_branch(case.institution, latitude=30.6, longitude=120.5)
    assert send(case).branch_id == large.id


@pytest.mark.article("8.2")
def test_a_listing_that_nobody_confirmed_or_that_is_in_doubt_receives_nothing() -> None:
    case = a_case()
    case.product.confirmed_until_on = clock.today() - timedelta(days=1)
    assert refusal(lambda: send(case)) == "lead_product_not_published"
    case.product.confirmed_until_on = clock.today()
    case.product.doubted_at = clock.now()
    assert refusal(lambda: send(case)) == "lead_product_not_published"
    case.product.doubted_at = None
    assert send(case).state == State.WAITING


@pytest.mark.article("8.2")
@pytest.mark.parametrize(("codes", "stale"), [(["I01", "X01"], 1), (["I01"], 0)])
def test_a_decline_that_says_stopped_hides_the_product_and_counts_against_the_institution(
    codes: list[str], stale: int
) -> None:
    case = a_case()
    lead = to_state(case, State.CONTACTED)
    working.decline(lead, codes=codes, seen=Seen(unseen="may_not_say"), by=case.manager)
    assert (case.product.doubted_at is not None) is bool(stale)
    records = db.session.scalars(sa.select(TrackRecord)).all()
    assert [record.stale_declines for record in records] == [stale, stale]
    assert (case.product.current_version_id not in ids_in_force(clock.today())) is bool(stale)


def test_a_withdrawn_need_a_stopped_product_or_a_suspended_institution_receive_nothing() -> None:
    case = a_case()
    case.product.state = "suspended"
    assert refusal(lambda: send(case)) == "lead_product_not_published"
    case.product.state = "published"
    case.institution.status = "suspended"
    assert refusal(lambda: send(case)) == "lead_institution_not_admitted"
    case.institution.status = "admitted"
    case.need.state = "expired"
    assert refusal(lambda: send(case)) == "lead_need_not_open"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fields": FIELDS[:-1]}, "lead_consent_field_missing"),
        ({"fields": [*FIELDS, "diary"]}, "lead_consent_field_unknown"),
        ({"hours": ["night"]}, "lead_consent_hours_unknown"),
        ({"ends_at": at("2026-09-23T09:00:00+08:00")}, "lead_consent_end_past"),
        ({"ends_at": at("2027-09-23T09:00:00+08:00")}, "lead_consent_end_too_late"),
    ],
)
def test_a_consent_that_is_not_in_order_sends_nothing(changes: dict[str, Any], code: str) -> None:
    case = a_case()
    assert refusal(lambda: send(case, **changes)) == code


def test_a_choice_can_wait_and_is_used_up_by_sending() -> None:
    case = a_case()
    draft = to_state(case, State.DRAFT)
    assert draft.consent_id is None and draft.sent_at is None
    sent = send(case)
    assert sent.id == draft.id and [step.step for step in sent.steps] == ["save", "send"]
    other = to_state(a_case_like(case), State.DRAFT)
    choosing.drop_choice(other, by=case.owner)
    assert other.state == State.GIVEN_UP and other.ended_at is not None


def a_case_like(case: Any) -> Any:
    case.need = a_need(case.business)
    match(case.need, case.product)
    return case


def test_what_was_sent_stays_as_it_was_sent() -> None:
    case = a_case()
    lead = send(case)
    assert lead.need_number == 1
    case.need.current_number = 1
    assert lead.product_version_id == case.product.current_version_id


# --- the institution's work


def test_acceptance_starts_contact_and_decision_and_counts_the_work() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    assert lead.manager_id == case.manager.id
    due = {row.kind: row.due_at for row in lead.clocks if row.stopped_at is None}
    assert due == {"contact": at("2026-09-24T17:30:00+08:00"), "decision": at("2026-10-23T17:30:00+08:00")}
    assert next(row for row in lead.clocks if row.kind == "accept").outcome == "kept"
    assert db.session.scalars(sa.select(Workload.live_leads).filter_by(person_id=case.manager.id)).one() == 1


def test_a_second_claim_is_told_that_it_is_too_late() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    assert refusal(lambda: working.accept_lead(lead, by=case.colleague)) == "lead_already_claimed"


def test_after_the_clock_ran_out_the_institution_cannot_move_any_more_even_before_the_job_ran() -> None:
    case = a_case()
    lead = send(case)
    with clock.frozen("2026-09-24T17:29:59+08:00"):
        assert lead.state == State.WAITING
    with clock.frozen("2026-09-24T17:30:00+08:00"):
        assert refusal(lambda: working.accept_lead(lead, by=case.manager)) == "lead_is_late"


def test_a_visit_has_seven_days_from_the_first_contact_also_when_agreed_later() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    working.contact(lead, channel="call", by=case.manager)
    assert not any(row.kind == "visit" for row in lead.clocks)
    with clock.frozen("2026-09-24T10:00:00+08:00"):
        working.agree_visit(lead, visit_at=at("2026-09-28T14:00:00+08:00"), by=case.manager)
    visit = next(row for row in lead.clocks if row.kind == "visit")
    assert visit.due_at == at("2026-09-30T17:30:00+08:00")
    with clock.frozen("2026-09-25T10:00:00+08:00"):
        late = at("2026-10-01T14:00:00+08:00")
        assert refusal(lambda: working.agree_visit(lead, visit_at=late, by=case.manager)) == "lead_visit_too_late"
        past = at("2026-09-23T14:00:00+08:00")
        assert refusal(lambda: working.agree_visit(lead, visit_at=past, by=case.manager)) == "lead_visit_in_past"


@pytest.mark.article("10.2")
def test_a_visit_is_recorded_with_who_when_where_and_what_was_seen() -> None:
    case = a_case()
    lead = to_state(case, State.VISITED)
    step = lead.steps[-1]
    assert (step.step, step.by_id, step.note) == ("visit", case.manager.id, "在营业，人不少")
    assert step.facts["place"] == "shop" and step.facts["premises"] == "seen"
    assert not step.note_for_both
    assert next(row for row in lead.clocks if row.kind == "visit").outcome == "kept"


@pytest.mark.article("B.1")
def test_no_calls_where_the_owner_ticked_no_hours() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED, hours=[])
    assert refusal(lambda: working.contact(lead, channel="call", by=case.manager)) == "lead_calls_not_allowed"
    assert refusal(lambda: working.try_contact(lead, by=case.manager)) == "lead_calls_not_allowed"
    assert refusal(lambda: working.contact(lead, channel="message", by=case.manager)) == "lead_message_empty"
    working.contact(lead, channel="message", message="周姐，明天两点到店里可以吗", by=case.manager)
    assert lead.state == State.CONTACTED


def tries_at(case: Any, lead: Any, *moments: str) -> list[str]:
    """What happens with a try at each of these moments: its code, or "" where it was logged."""
    found = []
    for moment in moments:
        with clock.frozen(f"2026-09-{moment}:00+08:00"):
            found.append(_code(lambda: working.try_contact(lead, by=case.manager)))
    return found


def _code(deed: Any) -> str:
    try:
        deed()
    except Refused as no:
        return no.code
    return ""


@pytest.mark.article("B.1")
def test_a_try_beyond_the_budget_is_refused_and_counts_for_nothing() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    assert tries_at(case, lead, "23T12:30", "23T14:30", "23T14:35", "23T15:00", "24T09:30") == [
        "lead_call_outside_hours", "", "lead_call_too_soon", "", "",
    ]  # fmt: skip
    assert lead.state == State.UNREACHED, "three tries in one working day and a bit are enough"
    assert sum(step.step == Step.TRY_CONTACT for step in lead.steps) == 3
    with clock.frozen("2026-09-24T14:00:00+08:00"):
        log = calling.call_log(lead, clock.now())
        assert (log.left, len(log.calls)) == (0, 3)
        assert log.again_at == at("2026-09-30T14:30:00+08:00")


@pytest.mark.article("B.1")
def test_the_budget_is_one_for_the_institution_and_begins_anew_when_the_owner_asks_for_a_call() -> None:
    case = a_case()
    lead = to_state(case, State.UNREACHED)
    second = a_need(case.business)
    match(second, case.product)
    other = choosing.send_lead(second, case.product, fields=FIELDS, hours=HOURS, ends_at=until(), by=case.owner)
    for one in (lead, other):
        assert calls_left_on(one, "2026-09-24T09:00:00+08:00") == 0, "whichever lead the calls were about"
    with clock.frozen("2026-09-24T08:00:00+08:00"):
        answering.choose_hours(lead, on=clock.today(), slot="afternoon", by=case.owner)
    assert calls_left_on(other, "2026-09-24T14:00:00+08:00") == 3
    assert tries_at(case, lead, "24T14:05", "24T14:30", "24T15:10", "24T15:40") == ["", "", "", "lead_calls_used_up"]


def calls_left_on(lead: Any, moment: str) -> int:
    with clock.frozen(moment):
        return calling.call_log(lead, clock.now()).left


def test_an_answered_call_beyond_the_budget_stands_in_the_owners_log() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    with clock.frozen("2026-09-23T21:30:00+08:00"):
        working.contact(lead, channel="call", by=case.manager)
    assert lead.steps[-1].facts.get("outside_hours") is True
    with clock.frozen("2026-09-24T09:00:00+08:00"):
        calls = calling.call_log(lead, clock.now()).calls
    assert [(call.answered, call.outside_hours, call.over_limit) for call in calls] == [(True, True, False)]


PROMISING = "加急费另算，三天秒批"


@pytest.mark.article("B.1")
def test_a_manager_promises_nothing_that_may_not_be_promised() -> None:
    """One list of words for all texts that owners read: messages, visits, papers, offers."""
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    said = lambda: working.contact(lead, channel="message", message=PROMISING, by=case.manager)  # noqa: E731
    assert refusal(said) == "product_words_speed"
    working.contact(lead, channel="call", by=case.manager)
    tomorrow = clock.now() + timedelta(days=1)
    assert refusal(lambda: working.agree_visit(lead, visit_at=tomorrow, note=PROMISING, by=case.manager)) == "product_words_speed"
    for items, note in (([{"what": PROMISING}], ""), ([{"what": "租约", "why": PROMISING}], ""), ([{"what": "租约"}], PROMISING)):
        assert refusal(lambda: working.ask_papers(lead, items=items, note=note, by=case.manager)) == "product_words_speed"  # noqa: B023
    for conditions, note in ((PROMISING, ""), ("", PROMISING)):
        offer = lambda: offering.make_offer(lead, offered=offered(case), conditions=conditions, note=note, by=case.manager)  # noqa: B023, E731
        assert refusal(offer) == "product_words_speed"
    assert lead.offers == [] and lead.paper_requests == []


def test_papers_are_asked_once_and_the_decision_stands_still_meanwhile() -> None:
    case = a_case()
    lead = to_state(case, State.PAPERS)
    decision = next(row for row in lead.clocks if row.kind == "decision")
    before = decision.due_at
    assert decision.paused_at is not None
    with clock.frozen("2026-09-25T10:00:00+08:00"):
        answering.add_paper(lead, item_number=1, document=a_document(case.owner), by=case.owner)
        answering.send_papers(lead, by=case.owner)
    assert lead.state == State.REVIEW
    assert decision.paused_at is None and decision.paused_seconds == 2 * 24 * 3600
    assert before == at("2026-10-23T17:30:00+08:00") and decision.due_at == at("2026-10-26T17:30:00+08:00")
    again = [{"what": "再来一样", "why": ""}]
    assert refusal(lambda: working.ask_papers(lead, items=again, by=case.manager)) == "lead_pause_used"


def test_every_paper_of_the_list_must_be_sent() -> None:
    case = a_case()
    lead = to_state(case, State.CONTACTED)
    assert refusal(lambda: working.ask_papers(lead, items=[{"what": " "}], by=case.manager)) == "lead_papers_empty"
    many = [{"what": f"第 {n} 样"} for n in range(9)]
    assert refusal(lambda: working.ask_papers(lead, items=many, by=case.manager)) == "lead_papers_too_many"
    working.ask_papers(lead, items=[{"what": "执照"}, {"what": "租约"}], by=case.manager)
    answering.add_paper(lead, item_number=1, document=a_document(case.owner), by=case.owner)
    answering.add_paper(lead, item_number=1, document=a_document(case.owner), by=case.owner)
    assert refusal(lambda: answering.send_papers(lead, by=case.owner)) == "lead_papers_missing"
    other = a_document(case.owner)
    assert (
        refusal(lambda: answering.add_paper(lead, item_number=3, document=other, by=case.owner))
        == "lead_paper_not_asked"
    )
    answering.add_paper(lead, item_number=2, document=other, by=case.owner)
    assert finding.papers_of(lead.id) == [], "nothing is seen before it is sent"
    answering.send_papers(lead, by=case.owner)
    assert len(finding.papers_of(lead.id)) == 2


@pytest.mark.article("B.4")
def test_a_decline_ends_the_consent_frees_the_place_and_keeps_its_codes() -> None:
    case = a_case()
    lead = to_state(case, State.DECLINED)
    assert lead.decline_codes == ["T01", "B02"] and lead.ended_at is not None
    assert lead.consent is not None and lead.consent.ended_because == "declined"
    assert case.need.state == "open"
    outcome = db.session.scalars(sa.select(Outcome)).one()
    assert (outcome.funded, outcome.reason_code) == (False, "T01")
    assert all(row.stopped_at is not None for row in lead.clocks)
    assert not lead.steps[-1].note_for_both, "the bank's inner note is no advice"


def test_not_reached_needs_tries_at_two_hours_before() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    assert refusal(lambda: working.decline(lead, codes=["X02"], by=case.manager)) == "lead_decline_needs_attempts"


@pytest.mark.article("16.4")
def test_checks_before_and_at_lending_are_recorded_with_who_and_when() -> None:
    case = a_case()
    lead = to_state(case, State.VISITED)
    working.record_checks(
        lead,
        phase="before",
        results={"identity": ("fine", "执照对得上"), "other_debts": ("doubt", "另有一笔 8 万")},
        by=case.manager,
    )
    assert [(check.item, check.result, check.by_id) for check in lead.checks] == [
        ("identity", "fine", case.manager.id), ("other_debts", "doubt", case.manager.id),
    ]  # fmt: skip
    doubt = {"purpose": ("doubt", "")}
    assert refusal(lambda: working.record_checks(lead, phase="before", results=doubt, by=case.manager)) == (
        "lead_check_doubt_needs_words"
    )
    wrong = {"payee": ("fine", "")}
    assert (
        refusal(lambda: working.record_checks(lead, phase="before", results=wrong, by=case.manager))
        == "lead_check_unknown"
    )


@pytest.mark.article("12.2")
def test_a_hand_over_keeps_everything_and_moves_the_work() -> None:
    case = a_case()
    lead = to_state(case, State.VISITED)
    before = [(row.kind, row.due_at) for row in lead.clocks]
    working.hand_over(lead, to=case.colleague, note="我下周休假", by=case.manager)
    assert lead.manager_id == case.colleague.id and lead.state == State.VISITED
    assert [(row.kind, row.due_at) for row in lead.clocks] == before
    loads = dict(db.session.execute(sa.select(Workload.person_id, Workload.live_leads)).all())
    assert loads == {case.manager.id: 0, case.colleague.id: 1}
    giving = lambda: working.hand_over(lead, to=case.desk, by=case.manager)  # noqa: E731
    assert refusal(giving) == "lead_hand_over_to_whom", "who does not carry it cannot give it away"
    stranger = a_bank(7)[2]
    assert refusal(lambda: working.hand_over(lead, to=stranger, by=case.manager)) == "lead_hand_over_to_whom"
    assert refusal(lambda: working.hand_over(lead, to=case.colleague, by=case.manager)) == "lead_hand_over_same"


# --- offers and money


@pytest.mark.article("8.2")
def test_an_offer_carries_the_cost_sheet_of_that_day() -> None:
    case = a_case()
    lead = to_state(case, State.OFFERED)
    offer = lead.offer
    assert offer is not None and offer.rate_percent == Decimal("3.85")
    assert offer.cost_sheet["quote"]["all_in_simple_percent"].startswith("3.8499")
    assert len(offer.cost_sheet["rows"]) == 12
    owner_clock = next(row for row in lead.clocks if row.kind == "owner")
    assert owner_clock.due_at == at("2026-10-14T17:30:00+08:00")
    assert next(row for row in lead.clocks if row.kind == "decision").outcome == "kept"


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"amount_yuan": Decimal(900_000)}, "lead_offer_amount", "amount"),
        ({"term_months": 60}, "lead_offer_term", "term_months"),
        ({"repayment": "BULLET"}, "lead_offer_repayment", "repayment"),
        ({"spread_bp": 200}, "lead_offer_spread", "spread_bp"),
        ({"spread_bp": None}, "lead_offer_spread", "spread_bp"),
        ({"fee_values": {"GUAR": Decimal(1)}}, "lead_offer_fee_above", "fee_GUAR"),
        ({"valid_until_on": datetime(2026, 9, 24).date()}, "lead_offer_valid_until", "valid_until_on"),
    ],
)
def test_an_offer_keeps_what_the_product_promised(changes: dict[str, Any], code: str, field: str) -> None:
    case = a_case()
    lead = to_state(case, State.REVIEW)
    with pytest.raises(Refused) as no:
        offering.make_offer(lead, offered=offered(case, **changes), by=case.manager)
    assert (no.value.code, no.value.field, no.value.status) == (code, field, 422)


def test_an_accepted_offer_leads_to_contract_and_pay_out_and_the_owner_confirms() -> None:
    case = a_case()
    lead = to_state(case, State.PAID_OUT)
    assert lead.consent is not None and lead.consent.ended_because == "paid_out"
    assert db.session.scalars(sa.select(CreditLine)).all() == []
    assert db.session.scalars(sa.select(Outcome)).one().funded is None
    payout = offering.confirm_payout(lead, by=case.owner)
    assert payout.standing == "confirmed"
    outcome = db.session.scalars(sa.select(Outcome)).one()
    assert (outcome.funded, outcome.amount_yuan) == (True, Decimal(300_000))
    line = db.session.scalars(sa.select(CreditLine)).one()
    assert (line.source, line.amount_yuan, line.matures_on.isoformat()) == ("paid_out", Decimal(300_000), "2027-09-23")
    assert case.need.state == "funded"
    record = db.session.scalars(sa.select(TrackRecord).where(TrackRecord.product_id.is_(None))).one()
    assert (record.leads, record.answered_in_time, record.decided, record.funded, record.median_days_to_money) == (
        1,
        1,
        1,
        1,
        0,
    )
    assert refusal(lambda: offering.confirm_payout(lead, by=case.owner)) == "lead_payout_answered"


def test_a_disputed_pay_out_feeds_nothing_and_may_be_reported_again() -> None:
    case = a_case()
    lead = to_state(case, State.PAID_OUT)
    report: dict[str, Any] = {
        "amount_yuan": Decimal(290_000),
        "paid_on": clock.today(),
        "reference": "LS-2",
        "by": case.manager,
    }
    assert refusal(lambda: offering.report_payout(lead, **report)) == "lead_payout_not_disputed"
    assert refusal(lambda: offering.dispute_payout(lead, words=" ", by=case.owner)) == "lead_dispute_needs_words"
    offering.dispute_payout(lead, words="只到了 29 万", by=case.owner)
    assert db.session.scalars(sa.select(CreditLine)).all() == []
    offering.report_payout(lead, **report)
    offering.confirm_payout(lead, by=case.owner)
    assert [payout.standing for payout in lead.payouts] == ["disputed", "confirmed"]
    assert db.session.scalars(sa.select(Outcome)).one().amount_yuan == Decimal(290_000)


def test_a_pay_out_cannot_exceed_the_offer_or_lie_in_the_future() -> None:
    case = a_case()
    lead = to_state(case, State.SIGNED)
    base: dict[str, Any] = {
        "amount_yuan": Decimal(300_000),
        "paid_on": clock.today(),
        "reference": "",
        "by": case.manager,
    }
    assert (
        refusal(lambda: offering.report_payout(lead, **{**base, "amount_yuan": Decimal(300_001)}))
        == "lead_payout_above_offer"
    )
    tomorrow = clock.today() + timedelta(days=1)
    assert refusal(lambda: offering.report_payout(lead, **{**base, "paid_on": tomorrow})) == "lead_contract_in_future"
    yesterday = clock.today() - timedelta(days=1)
    assert (
        refusal(lambda: offering.report_payout(lead, **{**base, "paid_on": yesterday})) == "lead_payout_before_contract"
    )


def test_an_offer_turned_down_needs_a_reason_and_ends_the_lead() -> None:
    case = a_case()
    lead = to_state(case, State.OFFERED)
    assert refusal(lambda: offering.refuse_offer(lead, number=1, code="", by=case.owner)) == "lead_owner_code_unknown"
    offering.refuse_offer(lead, number=1, code="E01", by=case.owner)
    assert lead.state == State.GIVEN_UP and lead.offer is not None and lead.offer.answer_code == "E01"
    assert db.session.scalars(sa.select(Outcome)).one().reason_code == "E01"


def test_an_offer_past_its_day_cannot_be_accepted() -> None:
    case = a_case()
    lead = to_state(case, State.OFFERED)
    with clock.frozen("2026-10-14T17:30:00+08:00"):
        assert refusal(lambda: offering.accept_offer(lead, number=1, by=case.owner)) == "lead_offer_ended"
    assert refusal(lambda: offering.accept_offer(lead, number=2, by=case.owner)) == "lead_offer_ended"


# --- the owner's answers


@pytest.mark.article("B.1")
@pytest.mark.parametrize("state", [state for state in LIVE if state is not State.SIGNED])
def test_withdrawal_ends_the_lead_and_its_consent_from_every_live_state(state: State) -> None:
    case = a_case()
    lead = to_state(case, state)
    answering.withdraw(lead, by=case.owner)
    assert lead.state == State.WITHDRAWN
    assert lead.consent is not None and lead.consent.ended_because == "withdrawn"
    assert case.need.state == "open"


def test_withdrawal_after_the_contract_ends_the_consent_alone() -> None:
    case = a_case()
    lead = to_state(case, State.SIGNED)
    answering.withdraw(lead, by=case.owner)
    assert lead.state == State.SIGNED and lead.consent is not None and lead.consent.ended_because == "withdrawn"
    offering.report_payout(lead, amount_yuan=Decimal(1), paid_on=clock.today(), reference="", by=case.manager)
    assert lead.state == State.PAID_OUT
    assert lead.consent.ended_because == "withdrawn", "it ended once"


@pytest.mark.article("B.4")
def test_a_second_look_is_a_new_consent_decided_by_somebody_else() -> None:
    case = a_case()
    lead = to_state(case, State.SECOND_LOOK)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Consent)) == 2
    assert lead.consent is not None and lead.consent.purpose == "second_look"
    assert lead.manager_id is None and lead.ended_at is None
    look = next(row for row in lead.clocks if row.kind == "second_look")
    assert look.due_at == at("2026-10-21T17:30:00+08:00")
    taking = lambda: working.hand_over(lead, to=case.manager, by=case.manager)  # noqa: E731
    assert refusal(taking) == "lead_same_person_second_look"
    assert refusal(lambda: working.decline(lead, codes=["C01"], by=case.manager)) == "lead_same_person_second_look"
    assert (
        refusal(lambda: offering.make_offer(lead, offered=offered(case), by=case.manager))
        == "lead_same_person_second_look"
    )
    working.hand_over(lead, to=case.colleague, by=case.desk)
    offering.make_offer(lead, offered=offered(case), by=case.colleague)
    assert lead.state == State.OFFERED


def test_a_second_look_is_asked_once_within_thirty_days_and_needs_a_place() -> None:
    case = a_case()
    lead = to_state(case, State.DECLINED)
    ask: dict[str, Any] = {"repaired": True, "fields": FIELDS, "hours": HOURS, "ends_at": until(), "by": case.owner}
    assert refusal(lambda: answering.ask_second_look(lead, **ask)) == "lead_repair_needs_proof"
    ask["proofs"] = [a_document(case.owner)]
    with clock.frozen("2026-10-24T10:00:00+08:00"):
        late = {**ask, "ends_at": until(), "repaired": False}
        assert refusal(lambda: answering.ask_second_look(lead, **late)) == "lead_second_look_too_late"
    banks = [a_bank(number)[3] for number in range(2, 5)]
    match(case.need, *banks)
    sent = [send(case, bank) for bank in banks]
    assert refusal(lambda: answering.ask_second_look(lead, **ask)) == "lead_three_live"
    answering.withdraw(sent[0], by=case.owner)
    answering.ask_second_look(lead, **ask)
    assert next(row for row in lead.clocks if row.kind == "second_look").due_at == at("2026-10-08T17:30:00+08:00")
    working.hand_over(lead, to=case.colleague, by=case.colleague)
    working.decline(lead, codes=["B02"], seen=Seen(unseen="may_not_say"), by=case.colleague)
    assert refusal(lambda: answering.ask_second_look(lead, **ask)) == "lead_second_look_used"


def test_nobody_called_and_a_wrong_reason_are_on_record_and_told() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)
    answering.nobody_called(lead, by=case.owner)
    assert lead.state == State.ACCEPTED
    working.decline(lead, codes=["T01"], seen=Seen(unseen="may_not_say"), by=case.manager)
    answering.correct_reason(lead, words="税已经缴清了", by=case.owner)
    assert lead.steps[-1].note == "税已经缴清了" and lead.steps[-1].note_for_both
    kinds = set(db.session.scalars(sa.select(Message.kind)))
    assert kinds >= {"lead_staff_nobody_called", "lead_staff_reason_corrected"}


def test_nobody_called_is_said_once_a_day_until_the_institution_does_something() -> None:
    case = a_case()
    lead = to_state(case, State.ACCEPTED)

    def said() -> int:
        return sum(step.step == Step.NOBODY_CALLED for step in lead.steps)

    told = sa.select(sa.func.count()).select_from(Message).where(Message.kind == "lead_staff_nobody_called")
    answering.nobody_called(lead, by=case.owner)
    first = db.session.scalar(told)
    answering.nobody_called(lead, by=case.owner)
    assert said() == 1
    assert first and db.session.scalar(told) == first, "nobody is told twice"
    working.contact(lead, channel="call", by=case.manager)
    answering.nobody_called(lead, by=case.owner)
    assert said() == 2, "what the institution wrote down is contradicted"
    with clock.frozen(clock.now() + timedelta(days=1)):
        answering.nobody_called(lead, by=case.owner)
    assert said() == 3


def test_giving_up_needs_a_code() -> None:
    case = a_case()
    lead = send(case)
    assert refusal(lambda: answering.give_up(lead, code="T01", by=case.owner)) == "lead_owner_code_unknown"
    answering.give_up(lead, code="E04", by=case.owner)
    assert lead.end_code == "E04"


# --- every step leaves its trace


@pytest.mark.article("10.2")
@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_every_step_is_numbered_dated_and_audited(state: State) -> None:
    case = a_case()
    lead = to_state(case, state, fields=EVERYTHING)
    assert lead.state == state
    steps = db.session.scalars(sa.select(LeadStep).where(LeadStep.lead_id == lead.id).order_by(LeadStep.number)).all()
    assert [step.number for step in steps] == list(range(1, len(steps) + 1))
    for before, after in itertools.pairwise(steps):
        assert before.to_state == after.from_state
    audited = db.session.scalars(
        sa.select(AuditRow.what).where(AuditRow.object_id == lead.id, AuditRow.object_kind == "lead")
    )
    assert sorted(audited) == sorted(f"lead.{step.step}" for step in steps)


def test_live_leads_cannot_be_written_without_a_consent() -> None:
    case = a_case()
    lead = send(case)
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.update(Lead).where(Lead.id == lead.id).values(consent_id=None))
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.update(Lead).where(Lead.id == lead.id).values(state="declined", ended_at=clock.now()))
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(sa.update(Lead).where(Lead.id == lead.id).values(state="declined", decline_codes=["T01"]))


def test_the_owners_of_another_business_are_told_nothing() -> None:
    case = a_case()
    stranger = an_owner("别家老板")
    a_shop(stranger)
    to_state(case, State.DECLINED)
    assert not db.session.scalars(sa.select(Message).where(Message.person_id == stranger.id)).all()


def test_a_release_counts_against_the_institution_and_nothing_is_sent_on() -> None:
    case = a_case()
    lead = send(case)
    row = lead.clocks[0]
    assert not ending.release(lead, row, at=row.due_at - timedelta(seconds=1))
    assert ending.release(lead, row, at=row.due_at)
    assert lead.state == State.RELEASED and row.outcome == "late"
    assert lead.consent is not None and lead.consent.ended_because == "released"
    record = db.session.scalars(sa.select(TrackRecord).where(TrackRecord.product_id.is_(None))).one()
    assert (record.leads, record.answered_in_time) == (1, 0)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Lead)) == 1
    assert case.need.state == "open"
