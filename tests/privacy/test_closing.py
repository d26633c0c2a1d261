"""Closing an account: asked, waited for, carried out; the person and the shop are gone, the figures are as before."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person, UserSession
from matchmaker.audit.models import AuditRow
from matchmaker.businesses import mandates
from matchmaker.businesses.models import Business, BusinessMember, YearlyFigures
from matchmaker.db import Base, db, unit_of_work
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.leads.models import Consent, Lead, LeadStep, Payout
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering, reserving, working
from matchmaker.loans.models import Loan
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.notifications.models import Message
from matchmaker.privacy import jobs, services
from matchmaker.privacy.rules import CLOSING_GRACE
from matchmaker.products.models import TrackRecord
from matchmaker.ranking.models import Outcome
from matchmaker.refusal import Refused
from tests.builders import a_desk, an_owner, sign_in
from tests.businesses.builders import papers_sent
from tests.leads.builders import EVERYTHING, FIELDS, HOURS, a_bank, a_case, again, match, to_state, until
from tests.privacy.typing_in import post

pytestmark = pytest.mark.article("B.1")
NOW = datetime.fromisoformat("2026-09-23T10:00:00+08:00")
AFTER = NOW + CLOSING_GRACE


def figures() -> dict[str, Any]:
    """Counts and sums that indicators are made of, by what they are grouped by; nothing of a person in them."""
    found: dict[str, Any] = {
        "leads": sorted(map(tuple, db.session.execute(
            sa.select(Business.region_code, Business.industry_code, Lead.state, sa.func.count())
            .join(Lead, Lead.business_id == Business.id)
            .group_by(Business.region_code, Business.industry_code, Lead.state)))),
        "asked": db.session.execute(
            sa.select(sa.func.count(), sa.func.sum(NeedVersion.amount_yuan), sa.func.sum(NeedVersion.term_months))
        ).one(),
        "paid": db.session.execute(sa.select(sa.func.count(), sa.func.sum(Payout.amount_yuan))).one(),
        "lent": db.session.execute(sa.select(sa.func.count(), sa.func.sum(Loan.amount_yuan))).one(),
        "size": sorted(map(tuple, db.session.execute(
            sa.select(YearlyFigures.employees, YearlyFigures.turnover_yuan, YearlyFigures.assets_yuan)))),
        "outcomes": sorted(map(str, db.session.execute(
            sa.select(Outcome.funded, Outcome.amount_yuan, Outcome.reason_code, Outcome.place)))),
        "promises": sorted(map(str, db.session.execute(
            sa.select(TrackRecord.leads, TrackRecord.decided, TrackRecord.funded, TrackRecord.median_days_to_money)))),
        "clocks": db.session.scalar(sa.select(sa.func.count()).select_from(sa.text("lead_clock"))),
        "steps": db.session.scalar(sa.select(sa.func.count(LeadStep.id))),
    }  # fmt: skip
    return found


def everything_written() -> str:
    """Every value of every table, as text."""
    parts = []
    for table in Base.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)):
            parts += [str(value) for value in row if value is not None]
    return "\n".join(parts)


def a_funded_owner() -> tuple[Any, Lead]:
    """An owner with papers, a note, a message from the bank, a pay-out that was confirmed."""
    case = a_case(note="隔壁王记也想借")
    papers_sent(case.business.members[0]).document.filename = "桂兰执照.jpg"
    case.business.members[0].standing = "checked"
    lead = to_state(case, State.CONTACTED, fields=EVERYTHING)
    working.contact(lead, channel="message", message="周老板明天见", note="周老板好说话", by=case.manager)
    working.start_review(lead, by=case.manager)
    from tests.leads.builders import offered

    offering.make_offer(lead, offered=offered(case), by=case.manager)
    offering.accept_offer(lead, number=1, by=case.owner)
    offering.report_contract(lead, contract_number="HT-柳桥街", signed_on=clock.today(), by=case.manager)
    offering.report_payout(
        lead, amount_yuan=Decimal(300_000), paid_on=clock.today(), reference="LS-柳桥街", by=case.manager
    )
    offering.confirm_payout(lead, by=case.owner)
    return case, lead


def test_account_closed_and_data_gone_while_figures_stay(any_app: Any) -> None:
    with clock.frozen(NOW), any_app.app_context():
        with unit_of_work():
            case, lead = a_funded_owner()
            owner_id, business_id = case.owner.id, case.business.id
            secrets = ("桂兰", case.owner.phone or "", case.business.uscc, "柳桥街", "隔壁王记", "周老板", "执照.jpg")
        before = figures()
        assert all(secret in everything_written() for secret in secrets), "the test must be able to fail"
        with unit_of_work():
            assert services.ask_to_close(db.session.get_one(Person, owner_id)) == AFTER
        assert jobs.close_accounts(AFTER - timedelta(seconds=1)) == 0, "not before its time"
        with clock.frozen(AFTER):
            assert jobs.close_accounts(AFTER) == 1
            assert jobs.close_accounts(AFTER) == 0, "once"
            db.session.expire_all()
            assert figures() == before
            left = everything_written()
            assert [line for line in left.splitlines() if any(secret in line for secret in secrets)] == []
            person, business = db.session.get_one(Person, owner_id), db.session.get_one(Business, business_id)
            assert person.closed_at == AFTER and person.phone is None and person.password_hash == ""
            assert business.uscc == f"CLOSED{business_id:012d}" and business.founded_on.day == 1
            assert db.session.scalar(sa.select(sa.func.count(BusinessMember.id))) == 0
            assert db.session.scalar(sa.select(sa.func.count(DocumentContent.id))) == 0
            assert all(paper.deleted_at for paper in db.session.scalars(sa.select(Document)))
            assert not db.session.scalars(sa.select(Message).where(Message.person_id == owner_id)).all()
            assert again(lead).state == State.PAID_OUT and again(lead).business_id == business_id
            deeds = db.session.scalars(sa.select(AuditRow.what).where(AuditRow.what.startswith("account.")))
            assert {"account.ask_to_close", "account.close"} <= set(deeds)


def test_asking_seals_at_once_and_the_days_of_grace_keep_the_account(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case = a_case()
            lead = to_state(case, State.CONTACTED)
        client, manager = app.test_client(), app.test_client()
        sign_in(client, case.owner)
        sign_in(manager, case.manager)
        assert "桂兰砂锅馆" in manager.get(f"/leads/{lead.id}").text
        page = client.get("/my-data/close").text
        assert "桂兰砂锅馆" in page and "7 天以后" in page
        assert post(client, "/my-data/close").status_code == 303
        assert "桂兰砂锅馆" not in manager.get(f"/leads/{lead.id}").text
        assert "9 月 30 日" in client.get("/my-data").text.replace("\u00a0", " "), client.get("/my-data").text[3000:]
        assert post(client, "/my-data/keep", opened="/my-data/close").status_code == 303
        with app.app_context(), clock.frozen(AFTER):
            assert jobs.close_accounts(AFTER) == 0
            assert db.session.get_one(Person, case.owner.id).closed_at is None
            assert db.session.scalars(sa.select(Consent)).one().ended_because == "withdrawn", "that stays ended"


def test_nobody_gets_in_after_the_closing_and_the_number_is_free_again(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            owner = an_owner(phone="13800138000")
        client = app.test_client()
        sign_in(client, owner)
        post(client, "/my-data/close")
        with app.app_context():
            jobs.close_accounts(AFTER)
            assert all(row.ended_at for row in db.session.scalars(sa.select(UserSession)))
        assert client.get("/my-data").status_code == 302
        with app.app_context(), unit_of_work():
            an_owner("新来的", phone="13800138000")


def test_who_works_for_an_institution_is_told_to_hand_over_first(app: Any) -> None:
    with app.app_context(), unit_of_work():
        desk = a_desk()
        with pytest.raises(Refused) as no:
            services.ask_to_close(desk)
        assert no.value.code == "closing_still_works_here"
    client = app.test_client()
    sign_in(client, desk)
    answer = client.get("/my-data/close")
    assert answer.status_code == 200 and "先请管理员结束您的工作" in answer.text


def test_a_signed_contract_goes_on_without_the_data_and_its_pay_out_still_counts(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, State.SIGNED)
        with unit_of_work():
            services.ask_to_close(db.session.get_one(Person, case.owner.id))
        with clock.frozen(AFTER):
            jobs.close_accounts(AFTER)
            lead = again(lead)
            assert lead.state == State.SIGNED and lead.need.is_live
            with unit_of_work():
                offering.report_payout(
                    again(lead), amount_yuan=Decimal(300_000), paid_on=clock.today(), reference="LS-9", by=case.manager
                )
            assert again(lead).state == State.PAID_OUT


def test_a_shop_with_another_person_stays_theirs(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            case = a_case()
            partner = an_owner("合伙人")
            case.business.members.append(
                BusinessMember(person=partner, capacity="agent", standing="declared", standing_at=clock.now())
            )
            lead = to_state(case, State.CONTACTED)
        with unit_of_work():
            services.ask_to_close(db.session.get_one(Person, case.owner.id))
        with clock.frozen(AFTER):
            jobs.close_accounts(AFTER)
            db.session.expire_all()
            business = db.session.get_one(Business, case.business.id)
            assert business.name == "桂兰砂锅馆" and [m.person_id for m in business.members] == [partner.id]
            assert again(lead).state == State.CONTACTED
            assert db.session.get_one(Person, case.owner.id).name == ""


def test_needs_nobody_works_on_are_withdrawn(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            case = a_case()
        with unit_of_work():
            services.close_account(db.session.get_one(Person, case.owner.id))
        assert db.session.scalars(sa.select(Need.state)).all() == ["withdrawn"]


# --- a copy


def test_a_copy_holds_what_is_mine_for_machines_and_for_reading_and_nothing_of_others(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case, lead = a_funded_owner()
            stranger = an_owner("别的老板", phone="13911112222")
        client = app.test_client()
        sign_in(client, case.owner)
        answer = client.get("/my-data/download")
        assert answer.mimetype == "application/zip" and answer.headers["Cache-Control"] == "no-store"
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
        held = json.loads(archive.read("my-data.json"))["tables"]
        assert held["business"][0]["uscc"] == case.business.uscc
        assert {"person", "business", "yearly_figures", "need", "need_version", "consent", "lead", "lead_step", "loan",
                "data_access", "message"} <= set(held) | {"data_access"}  # fmt: skip
        assert held["lead"][0]["id"] == lead.id
        assert "password_hash" not in held["person"][0] and "token_hash" not in json.dumps(held)
        readable = archive.read("my-data.html").decode()
        for words in ("桂兰砂锅馆", case.business.uscc, "已放款", case.institution.name):
            assert words in readable, words
        assert any(name.startswith("papers/") for name in archive.namelist())
        other = app.test_client()
        sign_in(other, stranger)
        theirs = zipfile.ZipFile(io.BytesIO(other.get("/my-data/download").data))
        assert "桂兰" not in theirs.read("my-data.json").decode()


def test_a_claim_that_is_not_proven_downloads_nothing_of_somebody_elses_shop(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        claimant = an_owner("也说是我的")
        case.business.members.append(
            BusinessMember(person=claimant, capacity="agent", standing="declared", standing_at=clock.now())
        )
        db.session.flush()
    client = app.test_client()
    sign_in(client, claimant)
    archive = zipfile.ZipFile(io.BytesIO(client.get("/my-data/download").data))
    assert case.business.uscc not in archive.read("my-data.json").decode()


def test_whoever_wants_to_go_leaves_no_reserve_waiting_and_nobody_helping(app: Any) -> None:
    with app.app_context(), unit_of_work(), clock.frozen(NOW):
        case = a_case()
        to_state(case, State.ACCEPTED)
        _, _, _, product = a_bank(2)
        match(case.need, case.product, product)
        reserve = reserving.name_reserve(
            case.need, product, fields=FIELDS, hours=HOURS, ends_at=until(), by=case.owner
        )
        helper = an_owner("账房")
        mandate = mandates.invite_helper(
            case.business, address=helper.phone, scope="look", limit_yuan=None, until_on=clock.today(), language="zh",
            by=case.owner,
        )  # fmt: skip
        mandates.accept_mandate(mandate, by=helper)
        services.ask_to_close(case.owner)
        assert (reserve.standing, reserve.closed_because) == ("over", "taken_back")
        assert mandate.ended_at is not None and mandate.ended_by_id == case.owner.id
