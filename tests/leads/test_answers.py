"""Not reached, silent, looked at again: whose turn it is, which clock runs, who decides, and what is published of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.queries import answers, presenting
from matchmaker.leads.rules import silence
from matchmaker.leads.rules.answers import SecondLooks
from matchmaker.leads.rules.consents import Field, days_to_call, hours_refusal
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, offering, replying, working
from matchmaker.notifications.models import Message
from matchmaker.products.models import TrackRecord
from matchmaker.refusal import Refused
from tests.leads.builders import FIELDS, HOURS, Case, a_bank, a_case, match, offered, send, to_state
from tests.leads.test_pages import Site, a_site, post, text
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    with app.app_context():
        yield app


def at(words: str) -> datetime:
    return datetime.fromisoformat(words)


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.reason.code


def lead_of(number: int) -> Lead:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Lead, number)


def told(kind: str) -> list[int | None]:
    return list(db.session.scalars(sa.select(Message.person_id).where(Message.kind == kind)))


def made(state: State, **sending: Any) -> tuple[Case, Lead]:
    case = a_case()
    return case, to_state(case, state, **sending)


# Not reached -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("B.4")
def test_three_tries_end_the_clock_of_contact_as_kept_and_the_owner_has_the_ball(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.UNREACHED)
        clocks = {row.kind: row for row in lead.clocks}
        assert clocks["contact"].outcome == "kept"
        assert clocks["call_back"].due_at == at("2026-10-08T17:30:00+08:00"), "five working days, the holidays skipped"
        assert clocks["decision"].stopped_at is None and clocks["decision"].paused_at is None, "this is no pause"
        assert told("lead_told_unreached") == [case.owner.id]
        assert refusal(lambda: working.decline(lead, codes=["X02"], by=case.manager)) == "lead_step_not_now"
    with clock.frozen("2026-10-08T17:29:59+08:00") as now:
        assert jobs.release_overdue_leads(now) == 0
    with clock.frozen("2026-10-08T17:30:00+08:00") as now:
        assert jobs.release_overdue_leads(now) == 1
        lead = lead_of(lead.id)
        assert (lead.state, lead.decline_codes, lead.declined_by_id) == (State.DECLINED, ["X02"], None)
        assert lead.consent is not None and lead.consent.ended_because == "declined"
        assert told("lead_told_hours_lapsed") == [case.owner.id] and told("lead_staff_hours_lapsed")
        assert jobs.release_overdue_leads(now) == 0
        record = db.session.scalars(sa.select(TrackRecord).where(TrackRecord.product_id.is_(None))).one()
        assert (record.leads, record.answered_in_time) == (1, 1), "it does not count as late"


def test_an_owner_who_chooses_hours_is_called_then(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.UNREACHED)
        before = lead.consent
        with clock.frozen("2026-09-24T08:00:00+08:00"):
            answering.choose_hours(lead, on=clock.today(), slot="afternoon", by=case.owner)
            assert lead.state == State.ACCEPTED and lead.consent is before, "agreed to before: no new receipt"
            (contact,) = [row for row in lead.clocks if row.kind == "contact" and row.stopped_at is None]
            assert contact.due_at == at("2026-09-24T17:30:00+08:00")
            assert told("lead_staff_hours_chosen") == [case.manager.id]
        with clock.frozen("2026-09-24T14:10:00+08:00"):
            working.contact(lead, channel="call", by=case.manager)
        assert lead.state == State.CONTACTED


def test_new_hours_make_a_new_receipt_that_replaces_the_old_one(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.UNREACHED, hours=HOURS)
        with clock.frozen("2026-09-23T18:00:00+08:00"):
            answering.choose_hours(lead, on=clock.today(), slot="evening", by=case.owner)
        old, new = db.session.scalars(sa.select(Consent).order_by(Consent.id))
        assert (old.ended_because, new.hours, new.fields) == ("replaced", [*HOURS, "evening"], FIELDS)
        assert lead.consent is new and new.ends_at == old.ends_at
        (contact,) = [row for row in lead.clocks if row.kind == "contact" and row.stopped_at is None]
        assert contact.due_at == at("2026-09-23T21:00:00+08:00"), "an evening lasts until its end"


def test_hours_are_chosen_among_the_next_working_days_within_the_consent() -> None:
    now = at(NOW)
    far = now + timedelta(days=40)
    assert [str(day) for day in days_to_call(now)] == [
        "2026-09-23", "2026-09-24", "2026-09-28", "2026-09-29", "2026-09-30", "2026-10-08"
    ]  # fmt: skip

    def code(day: str, slot: str, ends_at: datetime = far) -> str | None:
        no = hours_refusal(datetime.fromisoformat(day).date(), slot, now, ends_at)
        return no.code if no else None

    assert code("2026-09-23", "afternoon") is None
    assert code("2026-09-23", "morning") == "lead_hours_past"
    assert code("2026-09-26", "morning") == "lead_hours_not_offered"
    assert code("2026-10-09", "morning") == "lead_hours_not_offered"
    assert code("2026-09-24", "morning", at("2026-09-24T09:00:00+08:00")) == "lead_hours_not_offered"
    assert code("2026-09-24", "night") == "lead_consent_hours_unknown"


def test_after_one_round_of_hours_three_more_tries_allow_x02_at_once(site: Any) -> None:
    """An owner who never picks up is not asked a second time; the tries before they chose do not count again."""
    with unit_of_work():
        case, lead = made(State.UNREACHED)
        with clock.frozen("2026-09-24T08:00:00+08:00"):
            answering.choose_hours(lead, on=clock.today(), slot="afternoon", by=case.owner)
            no = lambda: working.decline(lead, codes=["X02"], by=case.manager)  # noqa: E731
            assert refusal(no) == "lead_decline_needs_attempts"
        for moment in ("14:00", "14:30", "15:10"):
            with clock.frozen(f"2026-09-24T{moment}:00+08:00"):
                working.try_contact(lead, by=case.manager)
        assert lead.state == State.ACCEPTED
        with clock.frozen("2026-09-24T15:20:00+08:00"):
            working.decline(lead, codes=["X02"], by=case.manager)
        assert lead.state == State.DECLINED


def test_who_was_not_reached_may_be_reached_after_all(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.UNREACHED)
        working.contact(lead, channel="in_person", by=case.manager)
        assert lead.state == State.CONTACTED
        assert next(row.outcome for row in lead.clocks if row.kind == "call_back") == "kept"


# Silence, a second look ------------------------------------------------------------------------------------------------


def test_silence_is_counted_in_working_days_from_what_was_last_heard() -> None:
    steps = [("contact", at("2026-09-01T10:00:00+08:00")), ("record_checks", at("2026-09-20T10:00:00+08:00"))]
    due = silence.silent_from("contacted", steps)
    assert due == at("2026-09-21T17:30:00+08:00")
    assert silence.is_silent("contacted", steps, due) and not silence.is_silent(
        "contacted", steps, due - timedelta(seconds=1)
    )
    assert silence.silent_from("waiting", steps) is None and silence.silent_from("offered", steps) is None
    later = [*steps, ("start_review", at("2026-09-20T10:00:00+08:00"))]
    assert not silence.is_silent("review", later, due)


@pytest.mark.article("B.4")
@pytest.mark.parametrize("state", [State.CONTACTED, State.VISITED, State.REVIEW])
def test_after_fifteen_working_days_of_silence_one_tap_asks_somebody_else(site: Any, state: State) -> None:
    with unit_of_work():
        case = a_case()
        lead = send(case, ends_at=clock.now() + timedelta(days=60))
        working.accept_lead(lead, by=case.manager)
        working.contact(lead, channel="call", by=case.manager)
        if state is State.VISITED:
            working.visit(lead, visited_at=clock.now(), place="shop", premises="seen", note="在", by=case.manager)
        if state is State.REVIEW:
            working.start_review(lead, by=case.manager)
        with clock.frozen("2026-10-10T10:00:00+08:00"):
            assert refusal(lambda: answering.ask_at_once(lead, by=case.owner)) == "lead_not_silent_yet"
        with clock.frozen("2026-10-21T17:30:00+08:00"):
            answering.ask_at_once(lead, by=case.owner)
            assert lead.state == State.SECOND_LOOK and lead.manager_id is None
            assert lead.second_look_not_by_id == case.manager.id
            (look,) = [row for row in lead.clocks if row.stopped_at is None]
            assert (look.kind, look.days) == ("second_look", 15), "a clock of its own; the others have stopped"
            old, new = db.session.scalars(sa.select(Consent).order_by(Consent.id))
            assert (old.ended_because, new.purpose, new.fields) == ("replaced", "second_look", old.fields)
            taking = lambda: working.hand_over(lead, to=case.manager, by=case.manager)  # noqa: E731
            assert refusal(taking) == "lead_same_person_second_look"
            working.hand_over(lead, to=case.colleague, by=case.colleague)
            offering.make_offer(
                lead, offered=offered(case, valid_until_on=clock.today() + timedelta(days=10)), by=case.colleague
            )
            assert lead.state == State.OFFERED


def test_a_silent_lead_takes_no_further_place(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.REVIEW, ends_at=clock.now() + timedelta(days=60))
        banks = [a_bank(number)[3] for number in (2, 3)]
        match(case.need, *banks)
        for bank in banks:
            send(case, bank)
        with clock.frozen("2026-10-21T17:30:00+08:00"):
            answering.ask_at_once(lead, by=case.owner)
        assert lead.state == State.SECOND_LOOK


def test_after_a_decline_one_tap_repeats_what_was_given(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.DECLINED, fields=[*FIELDS, "tax"])
        answering.ask_at_once(lead, by=case.owner)
        assert lead.state == State.SECOND_LOOK and lead.consent is not None
        assert lead.consent.fields == [*FIELDS, "tax"] and lead.consent.purpose == "second_look"
        seen = presenting.present(lead, db.session.get_one(Person, case.colleague.id))
        assert Field.TAX in seen.opened


# What is published -----------------------------------------------------------------------------------------------------


def test_a_rate_needs_twenty_decided() -> None:
    few = SecondLooks(asked=25, offered=4, declined=10, late=5, open_=3)
    assert (few.decided, few.ended, few.overturned_percent) == (19, 3, None)
    enough = SecondLooks(asked=25, offered=5, declined=10, late=5, open_=3)
    assert enough.overturned_percent == 25, "late ones are no yes"


@pytest.mark.article("B.4")
def test_the_figures_are_the_rows(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.SECOND_LOOK)
        looks = answers.second_looks_of(case.institution.id)
        assert (looks.asked, looks.open_, looks.decided, looks.after_silence) == (1, 1, 0, 0)
        working.hand_over(lead, to=case.colleague, by=case.colleague)
        offering.make_offer(lead, offered=offered(case), by=case.colleague)
        looks = answers.second_looks_of(case.institution.id)
        assert (looks.asked, looks.open_, looks.offered) == (1, 0, 1)
        assert answers.answers_of(case.institution).nobody_called == 0


def test_a_withdrawn_second_look_is_no_answer_of_the_institution(site: Any) -> None:
    with unit_of_work():
        case, lead = made(State.SECOND_LOOK)
        answering.withdraw(lead, by=case.owner)
        looks = answers.second_looks_of(case.institution.id)
        assert (looks.asked, looks.decided, looks.ended) == (1, 0, 1)


@pytest.mark.article("18.3")
def test_anybody_reads_the_page_and_the_desk_replies(app: Any) -> None:
    site = a_site(app, State.SECOND_LOOK)
    url = f"/institutions/{site.case.institution.id}/answers"
    for language in ("zh", "en"):
        client = app.test_client()
        client.set_cookie("lang", language)
        answer = client.get(url)
        assert answer.status_code == 200 and problems_of(text(answer)) == []
        assert 'name="reply_text"' not in text(answer), "who is nobody there does not reply"
    desk = site.client(site.case.desk)
    assert problems_of(text(desk.get(url))) == []
    refused = post(desk, url, f"{url}/reply", reply_text="秒批，放心")
    assert refused.status_code == 422 and "秒批" in text(refused), "nothing typed is lost"
    assert post(desk, url, f"{url}/reply", reply_text="   ").status_code == 422
    assert post(desk, url, f"{url}/reply", reply_text="那一周系统升级，已经补了人手。").status_code == 303
    page = text(app.test_client().get(url))
    assert "已经补了人手" in page and "还在看" in page
    assert post(desk, url, f"{url}/take-down").status_code == 303
    assert "已经补了人手" not in text(app.test_client().get(url))
    owner = site.client(site.case.owner)
    assert post(owner, "/leads/", f"{url}/reply", reply_text="我也来说").status_code == 404


def test_an_institution_that_is_not_admitted_has_no_page(app: Any) -> None:
    site = a_site(app)
    with app.app_context(), unit_of_work():
        db.session.get_one(Institution, site.case.institution.id).status = "suspended"
    assert app.test_client().get(f"/institutions/{site.case.institution.id}/answers").status_code == 404
    assert app.test_client().get("/institutions/99999/answers").status_code == 404


def test_a_reply_stands_until_a_newer_one(site: Any) -> None:
    with unit_of_work():
        case = a_case()
        assert refusal(lambda: replying.take_down(case.institution, by=case.desk)) == "lead_no_reply"
        replying.reply(case.institution, text="第一句", by=case.desk)
        replying.reply(case.institution, text="第二句", by=case.desk)
        reply = answers.reply_of(case.institution.id)
        assert reply is not None and reply.text == "第二句"
        assert refusal(lambda: replying.reply(case.institution, text="长" * 301, by=case.desk)) == "lead_reply_too_long"


# Pages -------------------------------------------------------------------------------------------------------------------


def test_nobody_called_is_one_tap(app: Any) -> None:
    site = a_site(app, State.ACCEPTED)
    client, lead = site.client(site.case.owner), site.lead()
    page = text(client.get(f"/leads/{lead.id}"))
    form = page[page.index(f'action="/leads/{lead.id}/nobody-called"') :]
    assert "没人联系我" in form[: form.index("</form>")], "the button itself, not a fold around it"
    assert post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/nobody-called").status_code == 303
    with app.app_context():
        assert set(told("lead_staff_nobody_called")) >= {site.case.manager.id, site.case.desk.id}


def test_hours_are_chosen_on_the_page_and_wrong_ones_are_told_at_their_field(app: Any) -> None:
    site = a_site(app, State.UNREACHED)
    client, lead = site.client(site.case.owner), site.lead()
    url = f"/leads/{lead.id}"
    assert "就这个时间" in text(client.get(url))
    wrong = post(client, url, f"{url}/hours", call_on="2026-09-23", call_slot="morning")
    assert wrong.status_code == 422 and "这个时段已经过了" in text(wrong) and problems_of(text(wrong)) == []
    nothing = post(client, url, f"{url}/hours", call_on="2026-09-24")
    assert nothing.status_code == 422 and "请选一个时段" in text(nothing)
    assert post(client, url, f"{url}/hours", call_on="2026-09-24", call_slot="afternoon").status_code == 303
    with app.app_context():
        assert db.session.get_one(Lead, lead.id).state == State.ACCEPTED


def a_silent_site(app: Any) -> Site:
    return a_site(app, State.REVIEW, ends_at=clock.now() + timedelta(days=60))


def test_silence_offers_the_tap_and_the_tap_asks_once(app: Any) -> None:
    site = a_silent_site(app)
    lead = site.lead()
    client = site.client(site.case.owner)
    where = f"/leads/{lead.id}/second-look/at-once"
    assert where not in text(client.get(f"/leads/{lead.id}"))
    with clock.frozen("2026-10-21T17:31:00+08:00"):
        client = site.client(site.case.owner)
        page = text(client.get(f"/leads/{lead.id}"))
        assert where in page and problems_of(page) == []
        assert post(client, f"/leads/{lead.id}", where).status_code == 303
        with app.app_context():
            assert db.session.get_one(Lead, lead.id).state == State.SECOND_LOOK


def test_a_decline_offers_the_tap(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    lead = site.lead()
    client = site.client(site.case.owner)
    assert post(client, f"/leads/{lead.id}", f"/leads/{lead.id}/second-look/at-once").status_code == 303
    with app.app_context():
        assert db.session.get_one(Lead, lead.id).state == State.SECOND_LOOK
