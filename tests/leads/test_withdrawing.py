"""Taking a consent back: sealed at once, undone within minutes, ended for good after them; receipts and the log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from matchmaker.leads import jobs
from matchmaker.leads.models import Lead
from matchmaker.leads.queries.presenting import present
from matchmaker.leads.rules.consents import UNDO_FOR
from matchmaker.leads.rules.states import LIVE, State
from matchmaker.leads.services import answering, offering, withdrawing, working
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import an_owner
from tests.leads.builders import EVERYTHING, a_case, again, to_state
from tests.leads.test_pages import Site, a_site, post, text
from tests.promises.page_checks import problems_of
from tests.promises.test_lists import read

pytestmark = pytest.mark.article("B.1")
NOW = datetime.fromisoformat("2026-09-23T10:00:00+08:00")
LATER = NOW + UNDO_FOR


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def opened(lead: Lead, viewer: Any) -> set[str]:
    with unit_of_work():
        return {str(field) for field in present(again(lead), viewer).opened}


@pytest.mark.parametrize("state", [state for state in LIVE if state not in (State.WAITING, State.SECOND_LOOK)])
def test_a_withdrawal_seals_at_once_and_undoing_it_restores_what_was(app: Any, state: State) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, state, fields=EVERYTHING)
        before = opened(lead, case.manager)
        assert "contact_phone" in before
        with unit_of_work():
            until = withdrawing.start_withdrawal(again(lead), by=case.owner)
        assert until == LATER
        assert opened(lead, case.manager) == set() == opened(lead, case.desk)
        assert again(lead).state == state, "nothing but the seal has changed yet"
        with clock.frozen(LATER - timedelta(seconds=1)):
            assert jobs.finish_withdrawals(clock.now()) == 0
            with unit_of_work():
                withdrawing.undo_withdrawal(again(lead), by=case.owner)
            assert opened(lead, case.manager) == before
        assert jobs.finish_withdrawals(LATER) == 0, "undone is undone"
        assert again(lead).state == state and again(lead).consent.ended_at is None


@pytest.mark.parametrize("state", LIVE)
def test_after_the_minutes_it_has_ended_for_good_as_of_when_it_was_sealed(app: Any, state: State) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, state)
            withdrawing.start_withdrawal(lead, by=case.owner)
        with clock.frozen(LATER):
            assert jobs.finish_withdrawals(LATER) == 1
            assert jobs.finish_withdrawals(LATER) == 0, "a second run finds nothing"
            lead = again(lead)
            assert lead.state == (State.SIGNED if state is State.SIGNED else State.WITHDRAWN)
            assert lead.consent.ended_at == NOW and lead.consent.ended_because == "withdrawn"
            assert lead.steps[-1].by_id == case.owner.id
            with pytest.raises(Refused) as no, unit_of_work():
                withdrawing.undo_withdrawal(lead, by=case.owner)
            assert no.value.code == "lead_undo_too_late"


def test_the_institution_is_told_only_when_it_can_no_longer_be_undone(app: Any) -> None:
    told = sa.select(sa.func.count(Message.id)).where(Message.kind == "lead_staff_withdrawn")
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, State.CONTACTED)
            withdrawing.start_withdrawal(lead, by=case.owner)
        assert db.session.scalar(told) == 0
        with clock.frozen(LATER):
            jobs.finish_withdrawals(LATER)
        assert db.session.scalar(told) == 1
        deeds = set(db.session.scalars(sa.select(AuditRow.what).where(AuditRow.object_kind == "lead")))
        assert {"lead.start_withdrawal", "lead.withdraw"} <= deeds


def test_who_is_taking_it_back_cannot_accept_an_offer(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.OFFERED)
        withdrawing.start_withdrawal(lead, by=case.owner)
        with pytest.raises(Refused) as no:
            offering.accept_offer(lead, number=1, by=case.owner)
        assert no.value.code == "lead_withdrawing"


def test_nobody_of_the_institution_works_on_it_meanwhile(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.CONTACTED)
        withdrawing.start_withdrawal(lead, by=case.owner)
        with pytest.raises(Refused) as no:
            working.ask_papers(lead, items=[{"what": "流水"}], by=case.manager)
        assert no.value.code == "lead_consent_ended"


def test_giving_it_up_meanwhile_ends_it_once(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, State.CONTACTED)
            withdrawing.start_withdrawal(lead, by=case.owner)
            answering.give_up(lead, code="E05", by=case.owner)
        assert again(lead).consent.ended_because == "given_up"
        with clock.frozen(LATER):
            assert jobs.finish_withdrawals(LATER) == 0
        assert again(lead).state == State.GIVEN_UP


def test_an_institution_is_not_late_while_it_could_see_nothing(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, State.WAITING)
            due = lead.clocks[0].due_at
        with clock.frozen(due - timedelta(minutes=1)):
            with unit_of_work():
                withdrawing.start_withdrawal(again(lead), by=case.owner)
            assert jobs.release_overdue_leads(due + timedelta(minutes=1)) == 0
        assert again(lead).state == State.WAITING


def test_the_pages_offer_the_undo_until_it_is_over(app: Any) -> None:
    site = a_site(app, State.CONTACTED)
    lead, client = site.lead(), site.client(site.case.owner)
    assert post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw", back="who_sees").status_code == 303
    for page in ("/leads/who-sees", f"/leads/{lead.id}", f"/leads/receipts/{lead.consent_id}"):
        shown = text(client.get(page))
        assert "撤销收回" in shown and "10:05" in shown, page
        assert problems_of(shown) == []
    assert "什么也看不到" in text(client.get("/leads/who-sees"))
    shown = text(client.get(f"/leads/{lead.id}"))
    assert "您收回了授权" in shown and "前受理" not in shown.split('id="way"')[0] and "收回，换一家" not in shown
    assert post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw/undo", back="who_sees").status_code == 303
    assert "桂兰砂锅馆" in text(site.client(site.case.manager).get(f"/leads/{lead.id}"))
    post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw")
    with clock.frozen(LATER):
        client = site.client(site.case.owner)
        answer = post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw/undo")
        assert answer.status_code == 409 and "时间过了" in text(answer)


def test_after_a_contract_the_page_says_that_it_stands_and_gives_nothing_more(app: Any) -> None:
    site = a_site(app, State.SIGNED)
    lead, client = site.lead(), site.client(site.case.owner)
    post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw")
    shown = text(client.get(f"/leads/{lead.id}"))
    assert "合同照旧" in shown and "这一件就停" not in shown, "a contract does not stop"
    with clock.frozen(LATER) as now:
        with app.app_context():
            jobs.finish_withdrawals(now)
        shown = text(site.client(site.case.owner).get(f"/leads/{lead.id}"))
        assert site.lead().state == State.SIGNED and problems_of(shown) == []
        assert f"/leads/{lead.id}/papers/give" not in shown and "从资料夹里给它几份" not in shown


def test_nothing_is_answered_while_it_is_being_taken_back(app: Any) -> None:
    site = a_site(app, State.OFFERED)
    lead, client = site.lead(), site.client(site.case.owner)
    assert "接受或不接受</a>" in text(client.get(f"/leads/{lead.id}"))
    post(client, "/leads/who-sees", f"/leads/{lead.id}/withdraw")
    assert "接受或不接受</a>" not in text(client.get(f"/leads/{lead.id}"))


def test_withdrawing_what_has_ended_is_refused_in_words(app: Any) -> None:
    site = a_site(app, State.DECLINED)
    lead = site.lead()
    answer = post(site.client(site.case.owner), "/leads/who-sees", f"/leads/{lead.id}/withdraw")
    assert answer.status_code == 409 and "早就结束了" in text(answer)


# --- receipts and the log


def looked(app: Any) -> Site:
    site = a_site(app, State.CONTACTED)
    lead = site.lead()
    for person in (site.case.manager, site.case.desk):
        assert site.client(person).get(f"/leads/{lead.id}").status_code == 200
    return site


def test_a_receipt_names_whom_what_until_when_and_what_was_read_under_it(app: Any) -> None:
    site = looked(app)
    lead = site.lead()
    client = site.client(site.case.owner)
    assert f"/leads/receipts/{lead.consent_id}" in text(client.get("/leads/receipts"))
    page = text(client.get(f"/leads/receipts/{lead.consent_id}"))
    for words in (site.case.institution.name, "决定办不办这笔需求", "周桂兰", "沈秋禾", "网点柜台", "仍然封着"):
        assert words in page, words
    assert problems_of(page) == []
    for person in (site.case.manager, site.case.desk):
        assert site.client(person).get(f"/leads/receipts/{lead.consent_id}").status_code == 404
    with app.app_context(), unit_of_work():
        stranger = an_owner("别的老板")
    assert site.client(stranger).get(f"/leads/receipts/{lead.consent_id}").status_code == 404


def test_receipts_are_found_by_standing_and_institution(app: Any) -> None:
    site = looked(app)
    lead, client = site.lead(), site.client(site.case.owner)
    link = f"/leads/receipts/{lead.consent_id}"
    assert link in text(client.get("/leads/receipts?standing=open"))
    assert link not in text(client.get("/leads/receipts?standing=ended"))
    assert link in text(client.get(f"/leads/receipts?institution={lead.institution_id}"))
    assert link not in text(client.get("/leads/receipts?institution=999999"))
    with app.app_context(), unit_of_work():
        answering.withdraw(again(lead), by=site.case.owner)
    assert link in text(client.get("/leads/receipts?standing=ended"))


def test_the_log_is_narrowed_by_who_what_for_and_how_long_ago_and_so_is_its_download(app: Any) -> None:
    site = looked(app)
    lead = site.lead()
    with clock.frozen(NOW + timedelta(days=8)):
        site.client(site.case.desk).get("/leads/queue")
        client = site.client(site.case.owner)
        _, everything, _ = read(client.get("/leads/who-sees?as=csv"))
        assert len(everything) >= 3
        for asked, there, gone in (
            ("days=7", "看要办的清单", "沈秋禾"),
            ("purpose=case", "沈秋禾", "看要办的清单"),
            (f"institution={lead.institution_id}&purpose=queue", "网点柜台", "沈秋禾"),
        ):
            _, lines, _ = read(client.get(f"/leads/who-sees?{asked}&as=csv"))
            assert there in str(lines) and gone not in str(lines), asked
            page = text(client.get(f"/leads/who-sees?{asked}"))
            rows = page[page.index('aria-labelledby="d2"') :]
            table = rows[rows.index("<tbody>") :]
            assert there in table and gone not in table, asked
            assert problems_of(page) == []
        empty = text(client.get("/leads/who-sees?institution=0"))
        assert "这样找，没有人看过" in empty


def test_the_log_of_an_institution_or_a_purpose_that_cannot_be_read_asks_for_nothing(app: Any) -> None:
    site = looked(app)
    client = site.client(site.case.owner)
    assert client.get("/leads/who-sees?institution=x&days=-1&purpose=%00&business=9999999999999").status_code == 200
