"""Papers of requests for cover: ticked when asking, asked for by a quote, taken back, gone with the request."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.businesses import mandates
from matchmaker.businesses.models import Mandate
from matchmaker.db import db, unit_of_work
from matchmaker.documents.queries import content_of
from matchmaker.insurance.models import CoverPaper, CoverRequest
from matchmaker.insurance.services import asking, giving, working
from matchmaker.leads.rules.consents import UNDO_FOR
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import offering
from matchmaker.loans.queries import loans_of_person
from matchmaker.papers import services as papers
from matchmaker.refusal import Refused
from tests.builders import a_desk, sign_in
from tests.businesses.test_mandates import a_helper
from tests.insurance.builders import CoverCase, a_cover_case, a_request, answers, quoted
from tests.leads.builders import a_case, to_state
from tests.leads.test_papers import refused_at, token_of
from tests.papers.builders import a_paper
from tests.products.cover_builders import an_insurer
from tests.promises.page_checks import problems_of

NOW = datetime.fromisoformat("2026-09-23T10:00:00+08:00")


def a_given(case: CoverCase | None = None) -> tuple[CoverCase, CoverRequest, Any, CoverPaper]:
    """A request that somebody took up, with a licence."""
    case = a_request(case)
    request = case.request
    assert request is not None
    working.accept(request, by=case.desk)
    paper = a_paper(case.business, case.owner)
    giving.give(request, [paper.id], by=case.owner)
    (given,) = request.papers
    return case, request, paper, given


@pytest.mark.article("15.3", "B.1")
def test_the_checklist_stands_before_asking_and_what_is_ticked_goes_along(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case = a_cover_case()
            version = case.cover.current_version
            assert version is not None
            asked = version.documents[0]["code"]
            wanted = a_paper(case.business, case.owner, asked)
            other = a_paper(case.business, case.owner, "OTHER", colour="red")
            path, owner, desk = f"/cover/{case.cover.id}/ask/{case.business.id}", case.owner, case.desk
            stranger, ids = a_desk(an_insurer("别家")), (wanted.id, other.id)
            sent = answers()
        client, staff, rival = app.test_client(), app.test_client(), app.test_client()
        for one, person in ((client, owner), (staff, desk), (rival, stranger)):
            sign_in(one, person)
        page = client.get(path).get_data(as_text=True)
        assert problems_of(page) == []
        assert "它要的材料，您有几样" in page
        assert f'name="papers" type="checkbox" value="{ids[0]}"' in page
        typed = {
            **sent, "sum": "50", "fixtures_sum": "20", "stock_sum": "5", "until": "60", "csrf_token": token_of(page),
        }  # fmt: skip
        gone = client.post(path, data={**typed, "form_key": "a", "papers": "999"})
        assert (gone.status_code, "这一份不在了" in gone.get_data(as_text=True)) == (422, True)
        with app.app_context():
            assert db.session.query(CoverRequest).count() == 0, "nothing was asked by halves"
            db.session.rollback()
        made = client.post(path, data={**typed, "form_key": "b", "papers": str(ids[0])})
        assert made.status_code == 303
        here = made.location
        with app.app_context():
            (given,) = db.session.query(CoverPaper).all()
            assert given.kind == asked
            read = f"{here}/papers/{given.id}"
            db.session.rollback()
        page = staff.get(here).get_data(as_text=True)
        assert problems_of(page) == []
        assert f'href="{read}"' in page
        assert (staff.get(read).status_code, rival.get(read).status_code) == (200, 404)
        with app.app_context():
            looks = db.session.query(DataAccess).filter(DataAccess.document_id.is_not(None)).all()
            assert [(look.purpose, "documents" in look.fields) for look in looks] == [("paper", True)]
            db.session.rollback()
        page = client.get(here).get_data(as_text=True)
        assert problems_of(page) == []
        more = {"csrf_token": token_of(page), "form_key": "c", "papers": str(ids[1])}
        assert client.post(f"{here}/papers", data=more).status_code == 303
        assert client.post(f"{here}/papers", data={**more, "form_key": "d", "papers": []}).status_code == 422


@pytest.mark.article("B.1")
def test_one_paper_is_taken_back_from_an_insurer(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case, request, _, given = a_given()
            here, owner, desk = f"/cover/requests/{request.id}", case.owner, case.desk
            path = f"{here}/papers/{given.id}"
        mine, staff = app.test_client(), app.test_client()
        sign_in(mine, owner)
        sign_in(staff, desk)
        token = token_of(mine.get(here).get_data(as_text=True))
        theirs = token_of(staff.get(here).get_data(as_text=True))
        assert staff.post(path + "/back", data={"csrf_token": theirs}).status_code in (403, 404)
        assert mine.post(path + "/back", data={"csrf_token": token}).status_code == 303
        assert (staff.get(path).status_code, mine.get(path).status_code) == (404, 200)
        page = staff.get(here).get_data(as_text=True)
        assert "收回，看不到了" in page
        assert problems_of(page) == [] == problems_of(mine.get(here).get_data(as_text=True))
        assert mine.post(path + "/back/undo", data={"csrf_token": token}).status_code == 303
        assert staff.get(path).status_code == 200
        mine.post(path + "/back", data={"csrf_token": token})
        with clock.frozen(NOW + UNDO_FOR + timedelta(seconds=1)):
            assert mine.post(path + "/back/undo", data={"csrf_token": token}).status_code == 409


@pytest.mark.article("B.1")
def test_the_insurer_has_a_copy_that_ends_with_the_request(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        case, request, paper, given = a_given()
        giving.give(request, [paper.id], by=case.owner)
        assert len(request.papers) == 1, "given once"
        assert given.document_id != paper.document_id
        papers.take_out(paper, by=case.owner)
        assert content_of(given.document) is not None, "as it was given"
        working.decline(request, codes=["K05"], reason="店里没有灭火器，配上就能保", by=case.desk)
        assert content_of(given.document) is None
        assert refused_at(giving.take_back, request, given, by=case.owner)[0] == "cover_request_over"
        other = a_paper(case.business, case.owner, "LEASE", colour="red")
        assert refused_at(giving.give, request, [other.id], by=case.owner)[0] == "cover_request_over"


def test_a_quote_asks_for_papers(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case, request, _, _ = a_given()
            with pytest.raises(Refused):
                working.give_quote(request, quoted(papers_wanted=("SOUL",)), by=case.desk)
            working.give_quote(request, quoted(papers_wanted=("LICENCE", "LEASE")), by=case.desk)
            here, owner, business_id = f"/cover/requests/{request.id}", case.owner, case.business.id
        client = app.test_client()
        sign_in(client, owner)
        page = client.get(here).get_data(as_text=True)
        assert problems_of(page) == []
        missing = page.split("签合同以前它还要看")[1].split("</ul>")[0]
        assert "租约或房产证明" in missing and "营业执照" not in missing, "what it has is not asked for again"
        assert f"/businesses/{business_id}/folder?kind=LEASE" in missing


@pytest.mark.article("B.1")
def test_a_helper_asks_and_accepts_up_to_the_sum_and_a_lesser_one_finds_nothing(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case = a_cover_case()
            helper, lesser = a_helper(case, "act", limit=6_000), a_helper(case, "prepare")
            version = case.cover.current_version
            assert version is not None
            no = asking.why_not_asked(version, case.business, lesser)
            assert no is not None and no.code == "lead_member_not_checked"
            request = asking.ask(version, case.business, answers=answers(), hours=[], days=60, by=helper)
            working.accept(request, by=case.desk)
            working.give_quote(request, quoted(), by=case.desk)
            made = db.session.query(AuditRow).filter(AuditRow.what == "cover_request.ask").one()
            assert made.by_id == helper.id, "under the helper's own number"
            here, ask = f"/cover/requests/{request.id}", f"/cover/{case.cover.id}/ask/{case.business.id}"
            owner_id = case.owner.id
        lesser_one, client = app.test_client(), app.test_client()
        sign_in(lesser_one, lesser)
        sign_in(client, helper)
        token = token_of(lesser_one.get("/account").get_data(as_text=True))
        assert (lesser_one.get(here).status_code, lesser_one.get(ask).status_code) == (404, 404)
        assert "平岚小店险" not in lesser_one.get("/cover/requests").get_data(as_text=True)
        for path in (here + "/withdraw", here + "/undo", here + "/refuse-quote", here + "/accept-quote", here + "/papers", ask):
            answer = lesser_one.post(path, data={"csrf_token": token, "form_key": path, "papers": "1"})
            assert answer.status_code in (403, 404), path
        page = client.get(here).get_data(as_text=True)
        assert problems_of(page) == []
        assert "平岚小店险" in client.get("/cover/requests").get_data(as_text=True)
        assert client.get("/loans/").status_code == 200
        yes = {"csrf_token": token_of(page), "form_key": "yes"}
        assert client.post(here + "/accept-quote", data=yes).status_code == 409, "6,173.29 yuan are above 6,000"
        with app.app_context(), unit_of_work():
            mandate = db.session.query(Mandate).filter(Mandate.person_id == helper.id).one()
            mandate.limit_yuan = Decimal(7_000)
        assert client.post(here + "/accept-quote", data={**yes, "form_key": "again"}).status_code == 303
        with app.app_context(), unit_of_work():
            assert db.session.query(CoverRequest).one().state == "taken"
            mandate = db.session.query(Mandate).filter(Mandate.person_id == helper.id).one()
            mandates.end_mandate(mandate, row_version=mandate.row_version, by=db.session.get_one(Person, owner_id))
        assert client.get(here).status_code == 404


def test_what_a_helper_sees_of_loans_ends_with_the_mandate(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        case = a_case()
        offering.confirm_payout(to_state(case, State.PAID_OUT), by=case.owner)
        helper, lesser = a_helper(case, "act"), a_helper(case, "look")
        seen = lambda person: len(db.session.scalars(loans_of_person(person.id)).all())  # noqa: E731
        assert (seen(case.owner), seen(helper), seen(lesser)) == (1, 1, 0)
        mandate = db.session.query(Mandate).filter(Mandate.person_id == helper.id).one()
        mandates.end_mandate(mandate, row_version=mandate.row_version, by=case.owner)
        assert seen(helper) == 0
