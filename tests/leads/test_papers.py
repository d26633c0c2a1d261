"""Papers of a lead: given by the owner's tick, read under the consent only, marked, replaced, let go of."""

from __future__ import annotations

import io
import re
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.audit.models import DataAccess
from matchmaker.conversations.rules import Side
from matchmaker.db import db, unit_of_work
from matchmaker.documents.queries import content_of
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.consents import UNDO_FOR
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import answering, ending, giving, talking
from matchmaker.notifications.models import Message
from matchmaker.papers import services as papers
from matchmaker.papers.models import FolderPaper
from matchmaker.refusal import Refused
from tests.builders import a_manager, sign_in
from tests.businesses.builders import a_picture
from tests.leads.builders import Case, a_case, to_state
from tests.papers.builders import a_paper
from tests.promises.page_checks import problems_of


def a_given(state: State | str = State.CONTACTED) -> tuple[Case, Lead, FolderPaper, LeadPaper]:
    """A lead to which a licence was given."""
    case = a_case()
    lead = to_state(case, state)
    paper = a_paper(case.business, case.owner)
    giving.give(lead, [paper.id], by=case.owner)
    (given,) = finding.papers_of(lead.id)
    return case, lead, paper, given


def refused_at(deed: Any, *args: Any, **values: Any) -> tuple[str, str | None]:
    with pytest.raises(Refused) as refused:
        deed(*args, **values)
    return refused.value.code, refused.value.field


def test_a_paper_is_given_once_and_what_cannot_be_sent_is_not(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, lead, paper, given = a_given()
        giving.give(lead, [paper.id], by=case.owner)
        assert [one.kind for one in finding.papers_of(lead.id)] == ["LICENCE"]
        assert given.status == "received"
        over = a_paper(case.business, case.owner, "LEASE", colour="red")
        over.expires_on = clock.today() - timedelta(days=1)
        waiting = a_paper(case.business, case.owner, "ORDERS", colour="blue")
        waiting.document.scan = "waiting"
        db.session.flush()
        assert refused_at(giving.give, lead, [over.id], by=case.owner) == ("paper_over", "papers")
        assert refused_at(giving.give, lead, [waiting.id], by=case.owner) == ("paper_not_scanned", "papers")
        assert refused_at(giving.give, lead, [10_000], by=case.owner) == ("paper_gone", "papers")
        assert refused_at(giving.give, lead, [], by=case.owner) == ("paper_nothing", "papers")
        answering.withdraw(lead, by=case.owner)
        assert refused_at(giving.give, lead, [paper.id], by=case.owner)[0] == "lead_step_not_now"


def test_what_no_scanner_saw_is_sent_with_no_list(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.PAPERS)
        paper = a_paper(case.business, case.owner, "LEASE")
        paper.document.scan = "waiting"
        answering.add_paper(lead, item_number=1, document=paper.document, kind="LEASE", by=case.owner)
        assert refused_at(answering.send_papers, lead, by=case.owner)[0] == "lead_papers_not_scanned"
        paper.document.scan = "clean"
        answering.send_papers(lead, by=case.owner)
        assert lead.state == State.REVIEW  # the pause is over


def test_another_one_is_asked_for_with_a_reason_and_sent_in_one_step(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, lead, _, given = a_given()
        due = [row.due_at for row in lead.clocks if row.stopped_at is None]
        wrong = {
            ("received", "", ""): ("lead_paper_mark_unknown", "mark"),
            ("replace", "", ""): ("lead_paper_why_unknown", "replace_code"),
            ("replace", "OTHER", ""): ("lead_paper_why_in_words", "replace_note"),
        }
        for (mark, code, note), where in wrong.items():
            assert refused_at(giving.mark, lead, given, mark=mark, code=code, note=note, by=case.manager) == where
        giving.mark(lead, given, mark="readable", by=case.manager)
        assert refused_at(giving.mark, lead, given, mark="readable", by=case.manager)[0] == "lead_paper_marked_so"
        fresh = a_paper(case.business, case.owner, colour="red")
        assert refused_at(giving.replace, lead, given, fresh, field="file", by=case.owner)[0] == "lead_paper_not_wanted"
        giving.mark(lead, given, mark="replace", code="CUT_OFF", note="少了右边", by=case.manager)
        assert [row.due_at for row in lead.clocks if row.stopped_at is None and row.paused_at is None] == due
        newer = giving.replace(lead, given, fresh, field="file", by=case.owner)
        db.session.refresh(given)
        assert (newer.replaces_id, given.replaced_by, given.status) == (given.id, newer, "replace")
        assert content_of(given.document) is not None  # as it was sent
        assert refused_at(giving.mark, lead, given, mark="accepted", by=case.manager)[0] == "paper_gone"
        giving.mark(lead, newer, mark="accepted", by=case.manager)
        told = {kind for (kind,) in db.session.query(Message.kind)}
        assert {"lead_told_paper_replace", "lead_staff_paper_replaced", "lead_staff_papers_given"} <= told


@pytest.mark.article("B.1")
@pytest.mark.parametrize("end", ["withdraw", "release", "replace_consent"])
def test_an_institution_reads_a_paper_under_the_consent_and_never_after(app: Any, end: str) -> None:
    with app.app_context(), unit_of_work():
        case, lead, _, given = a_given(State.WAITING if end == "release" else State.CONTACTED)
        if end == "release":
            lead.manager_id = case.manager.id
        stranger = a_manager()
        path, lead_id, document_id = f"/leads/{lead.id}/papers/{given.id}", lead.id, given.document_id
        owner, manager = case.owner, case.manager
    staff, other, mine = app.test_client(), app.test_client(), app.test_client()
    for client, person in ((staff, manager), (other, stranger), (mine, owner)):
        sign_in(client, person)
    assert staff.get(path).status_code == 200
    assert (other.get(path).status_code, other.get(path + "/mark").status_code) == (404, 405)
    with app.app_context(), unit_of_work():
        (look,) = db.session.query(DataAccess).filter(DataAccess.document_id.is_not(None))
        assert (look.document_id, look.purpose, "documents" in look.fields) == (document_id, "paper", True)
        found = finding.lead_by_id(lead_id)
        assert found is not None
        if end == "withdraw":
            answering.withdraw(found, by=owner)
        elif end == "release":
            ending.release(found, found.clocks[0], at=found.clocks[0].due_at)
        elif found.consent is not None:
            found.consent.ends_at = clock.now()
    assert staff.get(path).status_code == 404
    assert mine.get(path).status_code == 200
    assert "它打开过 1 次" in mine.get(f"/leads/{lead_id}").get_data(as_text=True)


def test_a_paper_taken_out_stays_with_a_live_lead_and_goes_with_its_end(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, lead, paper, given = a_given()
        papers.take_out(paper, by=case.owner)
        assert content_of(given.document) is not None
        answering.withdraw(lead, by=case.owner)
        assert content_of(given.document) is None
        assert finding.papers_of(lead.id) == [given]  # what was sent is known, its content is not


def test_an_owner_ticks_papers_beside_the_checklist_when_sending(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        asked = case.product.current_version.documents[0]["code"]
        wanted = a_paper(case.business, case.owner, asked)
        a_paper(case.business, case.owner, "OTHER", colour="red")
        path = f"/needs/{case.need.id}/send/{case.product.id}"
        owner, wanted_id = case.owner, wanted.id
    client = app.test_client()
    sign_in(client, owner)
    page = client.get(path).get_data(as_text=True)
    assert "资料夹里有" in page
    assert "怎么拿" in page
    assert f'name="papers" type="checkbox" value="{wanted_id}"' in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    values = {"csrf_token": token, "form_key": "k", "until": "longest", "papers": str(wanted_id)}
    shown = client.post(path + "/preview", data=values).get_data(as_text=True)
    assert re.search(rf'<input checked[^>]*name="papers"[^>]*value="{wanted_id}"', shown)
    gone = client.post(path, data={**values, "papers": ["999"]})
    assert (gone.status_code, "这一份不在了" in gone.get_data(as_text=True)) == (422, True)
    assert client.post(path, data={**values, "form_key": "k2"}).status_code == 303
    with app.app_context():
        (given,) = db.session.query(LeadPaper).all()
        assert (given.kind, given.sent_at is not None) == (asked, True)
        db.session.rollback()


def test_both_sides_see_the_papers_and_mark_and_replace_them_on_their_pages(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, lead, _, given = a_given()
        fresh = a_paper(case.business, case.owner, colour="red")
        here, paper_id, fresh_id, owner, manager = f"/leads/{lead.id}", given.id, fresh.id, case.owner, case.manager
    staff, mine = app.test_client(), app.test_client()
    sign_in(staff, manager)
    sign_in(mine, owner)
    page = staff.get(here).get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    wrong = staff.post(f"{here}/papers/{paper_id}/mark", data={"csrf_token": token, "mark": "replace", "replace_note": "留着"})
    assert wrong.status_code == 422
    assert 'value="留着"' in wrong.get_data(as_text=True)
    right = {"csrf_token": token, "mark": "replace", "replace_code": "CUT_OFF", "replace_note": "右边没有"}
    assert staff.post(f"{here}/papers/{paper_id}/mark", data=right).status_code == 303
    page = mine.get(here).get_data(as_text=True)
    assert "没拍全，缺边缺角" in page
    assert "右边没有" in page
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    address = f"{here}/papers/{paper_id}/replace"
    nothing = mine.post(address, data={"csrf_token": token, "form_key": "a"})
    assert (nothing.status_code, "请选一个文件" in nothing.get_data(as_text=True)) == (422, True)
    assert mine.post(address, data={"csrf_token": token, "form_key": "b", "folder_paper": fresh_id}).status_code == 303
    assert "已经换过" in mine.get(here).get_data(as_text=True)
    assert "换来的新的一份" in staff.get(here).get_data(as_text=True)


def test_a_paper_taken_out_while_it_is_sent_is_either_sent_or_gone(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.CONTACTED)
        numbers = [
            a_paper(case.business, case.owner, "OTHER", colour=colour).id for colour in ("red", "green", "blue", "white")
        ]
        lead_id, owner_id = lead.id, case.owner.id
    for number in numbers:
        gate, answers = threading.Barrier(2), []

        def do(deed: Any, name: str, gate: Any = gate, answers: Any = answers) -> None:
            with any_app.app_context():
                gate.wait()
                try:
                    with unit_of_work():
                        deed()
                    answers.append(name)
                except Refused as no:
                    answers.append(no.code)

        def owner() -> Any:
            from matchmaker.accounts.models import Person

            return db.session.get_one(Person, owner_id)

        def send(number: int = number) -> None:
            found = finding.lead_by_id(lead_id, lock=True)
            assert found is not None
            giving.give(found, [number], by=owner())

        def take_out(number: int = number) -> None:
            from matchmaker.papers.queries import paper_by_id

            found = paper_by_id(number, lock=True)
            assert found is not None
            papers.take_out(found, by=owner())

        threads = [
            threading.Thread(target=do, args=pair) for pair in ((send, "sent"), (take_out, "out"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with any_app.app_context():
            paper = db.session.get_one(FolderPaper, number)
            was_given = finding.grant_of(lead_id, paper.document_id) is not None
            assert sorted(answers) == (["out", "sent"] if was_given else ["out", "paper_gone"])
            assert (content_of(paper.document) is not None) == was_given
            db.session.rollback()


NOW = datetime.fromisoformat("2026-09-23T10:00:00+08:00")


def token_of(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


@pytest.mark.article("B.1")
def test_one_paper_is_taken_back_and_the_rest_stands(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case, lead, paper, given = a_given()
            other = a_paper(case.business, case.owner, "LEASE", colour="red")
            giving.give(lead, [other.id], by=case.owner)
            kept = finding.papers_of(lead.id)[1]
            here = f"/leads/{lead.id}"
            path, kept_path = f"{here}/papers/{given.id}", f"{here}/papers/{kept.id}"
            owner, manager, desk, filename = case.owner, case.manager, case.desk, paper.document.filename
            ends_at, due = lead.consent.ends_at, [row.due_at for row in lead.clocks]
        mine, staff, office = app.test_client(), app.test_client(), app.test_client()
        for client, person in ((mine, owner), (staff, manager), (office, desk)):
            sign_in(client, person)
        assert staff.get(path).status_code == 200
        page = mine.get(here).get_data(as_text=True)
        assert path + "/back" in page
        theirs = {"csrf_token": token_of(staff.get(here).get_data(as_text=True))}
        assert staff.post(path + "/back", data=theirs).status_code in (403, 404)
        assert mine.post(path + "/back", data={"csrf_token": token_of(page)}).status_code == 303
        page = mine.get(here).get_data(as_text=True)
        assert problems_of(page) == []
        assert path + "/back/undo" in page
        for client in (staff, office):
            assert (client.get(path).status_code, client.get(kept_path).status_code) == (404, 200)
            seen = client.get(here).get_data(as_text=True)
            assert problems_of(seen) == []
            assert "这一件在等客户收回的材料：营业执照" in seen.replace("</b>", "")
            assert (path + "/mark" in seen, kept_path + "/mark" in seen) == (False, True)
            assert f">{filename}<" not in seen or f'{path}"' not in seen
        assert mine.get(path).status_code == 200
        with app.app_context():
            found = finding.lead_by_id(int(here.rsplit("/", 1)[1]))
            assert found is not None and found.consent is not None
            assert (found.state, found.consent.ends_at, found.consent.ended_at) == ("contacted", ends_at, None)
            assert [row.due_at for row in found.clocks] == due, "no clock stands still for it"
            assert db.session.query(Message).filter(Message.kind == "lead_staff_paper_taken_back").count() >= 1
            db.session.rollback()
        with clock.frozen(NOW + UNDO_FOR - timedelta(seconds=1)):
            assert mine.post(path + "/back/undo", data={"csrf_token": token_of(page)}).status_code == 303
            assert staff.get(path).status_code == 200
            assert mine.post(path + "/back", data={"csrf_token": token_of(page)}).status_code == 303
        with clock.frozen(NOW + 2 * UNDO_FOR):
            assert path + "/back/undo" not in mine.get(here).get_data(as_text=True)
            assert mine.post(path + "/back/undo", data={"csrf_token": token_of(page)}).status_code == 409
            assert staff.get(path).status_code == 404
            again = {"csrf_token": token_of(page), "form_key": "again", "papers": str(paper.id)}
            assert mine.post(here + "/papers/give", data=again).status_code == 303
            assert staff.get(path).status_code == 200
            assert "在等客户收回" not in staff.get(here).get_data(as_text=True)


def test_what_was_taken_back_is_no_part_of_the_case_any_more(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        case, lead, paper, given = a_given()
        giving.mark(lead, given, mark="replace", code="CUT_OFF", by=case.manager)
        assert given.wants_another
        giving.take_back(lead, given, by=case.owner)
        assert giving.take_back(lead, given, by=case.owner) == NOW + UNDO_FOR, "a second time nothing changes"
        assert not given.wants_another
        assert refused_at(giving.mark, lead, given, mark="accepted", by=case.manager)[0] == "paper_gone"
        assert refused_at(giving.replace, lead, given, paper, field="file", by=case.owner)[0] == "lead_paper_not_wanted"
        pointing = {"side": Side.OWNER, "by": case.owner, "paper_ids": [given.id]}
        assert refused_at(talking.write, lead, "看看", **pointing)[0] == "talk_paper_unknown"
        papers.take_out(paper, by=case.owner)
        assert content_of(given.document) is None, "no institution has it, the folder neither"
        assert refused_at(giving.undo_take_back, lead, given, by=case.owner)[0] == "paper_undo_too_late"
        answering.withdraw(lead, by=case.owner)
        assert refused_at(giving.take_back, lead, given, by=case.owner)[0] == "lead_step_not_now"


def test_what_was_taken_back_can_answer_the_list(app: Any) -> None:
    with clock.frozen(NOW), app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.PAPERS)
        paper = a_paper(case.business, case.owner, "LEASE")
        giving.give(lead, [paper.id], by=case.owner)
        (given,) = finding.papers_of(lead.id)
        assert refused_at(
            answering.add_paper, lead, item_number=1, document=paper.document, kind="LEASE", by=case.owner
        ) == ("lead_paper_given", "file")
        giving.take_back(lead, given, by=case.owner)
        answering.add_paper(lead, item_number=1, document=paper.document, kind="LEASE", by=case.owner)
        assert finding.papers_of(lead.id) == [], "laid ready, not sent"
        answering.send_papers(lead, by=case.owner)
        assert [one.id for one in finding.papers_of(lead.id)] == [given.id]


def test_a_proof_comes_out_of_the_folder_and_a_new_one_goes_into_it(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.DECLINED)
        paper = a_paper(case.business, case.owner, "TAX_RETURNS")
        url, owner, paper_id, business_id = f"/leads/{lead.id}", case.owner, paper.id, case.business.id
    client = app.test_client()
    sign_in(client, owner)
    page = client.get(url).get_data(as_text=True)
    assert problems_of(page) == []
    assert 'id="proof-paper-T01"' in page
    gone = client.post(f"{url}/repairs/T01", data={"csrf_token": token_of(page), "proof_paper": "999"})
    assert (gone.status_code, "这一份不在了" in gone.get_data(as_text=True)) == (422, True)
    chosen = {"csrf_token": token_of(page), "proof_paper": str(paper_id)}
    assert client.post(f"{url}/repairs/T01", data=chosen).status_code == 303
    new = {"csrf_token": token_of(page), "proof": (io.BytesIO(a_picture("green")), "无欠税.jpg")}
    assert client.post(f"{url}/repairs/T01", data=new, content_type="multipart/form-data").status_code == 303
    assert "无欠税.jpg" in client.get(f"/businesses/{business_id}/folder").get_data(as_text=True)
    page = client.get(url).get_data(as_text=True)
    again = {"csrf_token": token_of(page), "form_key": "look"}
    assert client.post(f"{url}/second-look/repaired", data=again).status_code == 303
    with app.app_context():
        found = db.session.query(FolderPaper).order_by(FolderPaper.id).all()
        sent = finding.papers_of(int(url.rsplit("/", 1)[1]))
        assert [one.document_id for one in sent] == [one.document_id for one in found]
        db.session.rollback()
