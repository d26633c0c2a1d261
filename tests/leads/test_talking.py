"""The thread of a lead: who reads and writes, read marks, seals, papers, blocks, reports; services and pages."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import DataAccess
from matchmaker.conversations import queries as threads
from matchmaker.conversations import services as conversations
from matchmaker.conversations.models import Post, PostReport, Thread
from matchmaker.conversations.rules import Side
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Lead, LeadStep
from matchmaker.leads.queries import talking as queries
from matchmaker.leads.queries.presenting import present
from matchmaker.leads.services import answering, choosing, talking, working
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import a_manager, an_operator, an_owner, sign_in
from tests.businesses.builders import a_pdf
from tests.leads.builders import Case, a_case, a_document, again, check_papers, match, send, to_state
from tests.leads.test_pages import Site, a_site, post, text, token
from tests.needs.builders import a_need, a_shop

NOW = "2026-09-23T10:00:00+08:00"
_key = itertools.count()
OWNER, BANK = Side.OWNER, Side.INSTITUTION


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def told(kind: str) -> list[int | None]:
    return list(db.session.scalars(sa.select(Message.person_id).where(Message.kind == kind)))


@pytest.mark.article("B.1")
def test_a_thread_opens_with_the_consent_and_closes_with_it(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        draft = to_state(case, "draft")
        assert threads.thread_of(draft.id) is None
        lead = to_state(case, "contacted")
        assert db.session.scalars(sa.select(Thread.lead_id)).all() == [lead.id]
        talking.write(lead, "您好", side=BANK, by=case.manager)
        answering.withdraw(lead, by=case.owner)
        for side, by in ((OWNER, case.owner), (BANK, case.manager)):
            with pytest.raises(Refused, match="talk_sealed"):
                talking.write(lead, "还在吗", side=side, by=by)


def test_who_has_not_read_is_told_once_and_the_mark_says_who_read_when(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, "contacted")
            talking.write(lead, "材料要哪几样？", side=OWNER, by=case.owner)
            talking.write(lead, "租约算不算？", side=OWNER, by=case.owner)
            assert told("lead_staff_wrote") == [case.manager.id]
            thread = threads.thread_of(lead.id)
            assert thread is not None and threads.count_unread(thread.id, BANK) == 2
            assert threads.count_unread(thread.id, OWNER) == 0
        with clock.frozen(clock.now() + timedelta(minutes=30)), unit_of_work():
            conversations.note_read(thread, side=BANK, by=case.manager)
        assert threads.unread_by_lead([lead.id], BANK) == {}
        with unit_of_work():
            talking.write(lead, "还有一句", side=OWNER, by=case.owner)
            assert told("lead_staff_wrote") == [case.manager.id] * 2
        posts = db.session.scalars(sa.select(Post).order_by(Post.number)).all()
        reads = threads.reads_of(posts)
        assert set(reads) == {1, 2} and reads[1].name == case.manager.name
        assert reads[1].at == clock.now() + timedelta(minutes=30)


def test_the_first_message_of_who_carries_it_is_the_contact(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "accepted", hours=[])
        working.write(lead, "您好，我是您的客户经理", by=case.manager)
        assert lead.state == "contacted"
        step = db.session.scalars(sa.select(LeadStep).order_by(LeadStep.number.desc())).first()
        assert step is not None and step.facts["channel"] == "message"
        assert [each.text for each in db.session.scalars(sa.select(Post))] == ["您好，我是您的客户经理"]
        assert told("lead_told_wrote") == [] and told("lead_told_message") == [case.owner.id]


def test_a_desk_that_looks_in_leaves_the_message_to_who_carries_the_lead(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "contacted")
        talking.write(lead, "在吗", side=OWNER, by=case.owner)
        assert not queries.answers_for(lead, case.desk, BANK) and queries.answers_for(lead, case.manager, BANK)
        assert [queries.count_unread_talks(person) for person in (case.manager, case.desk, case.owner)] == [1, 0, 0]
        lead.manager_id = None
        db.session.flush()
        assert queries.count_unread_talks(case.desk) == 1


def test_what_one_side_has_read_is_not_read_by_the_other_whoever_else_has_leads(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, "contacted")
            other = an_owner("别的店主")
            shop = a_shop(other)
            check_papers(shop, other)
            need = a_need(shop)
            match(need, case.product)
            send(Case(other, shop, need, case.institution, case.branch, case.manager, case.colleague, case.desk, case.product))
            talking.write(lead, "您好", side=BANK, by=case.manager)
            talking.write(lead, "您好", side=OWNER, by=case.owner)
            thread = threads.thread_of(lead.id)
            assert thread is not None
        with unit_of_work():
            conversations.note_read(thread, side=BANK, by=case.manager)
        (row,) = db.session.execute(queries.talks_of(case.owner, unread_only=True)).all()
        assert (row.id, row.unread) == (lead.id, 1)
        assert db.session.execute(queries.talks_of(case.manager, unread_only=True)).all() == []


def test_papers_are_those_of_this_case(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "contacted")
        paper = talking.give_paper(lead, a_document(case.owner), by=case.owner)
        said = talking.write(lead, "租约在这里", side=OWNER, by=case.owner, paper_ids=[paper.id, paper.id])
        assert [one.document_id for one in said.papers] == [paper.document_id]
        with pytest.raises(Refused, match="talk_paper_unknown"):
            talking.write(lead, "别家的", side=OWNER, by=case.owner, paper_ids=[paper.id + 1])


@pytest.mark.article("B.1")
def test_a_blocked_institution_neither_writes_nor_calls_nor_is_sent_anything(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "accepted")
        conversations.block(lead.business_id, lead.institution_id, by=case.owner)
        conversations.block(lead.business_id, lead.institution_id, by=case.owner)
        with pytest.raises(Refused, match="talk_blocked") as no:
            working.contact(lead, channel="message", message="在吗", by=case.manager)
        assert (no.value.field, no.value.status) == ("message", 422)
        with pytest.raises(Refused, match="lead_call_blocked"):
            working.try_contact(lead, by=case.manager)
        shown = present(lead, case.manager)
        assert shown.contact_phone is None and shown.is_blocked and shown.name is not None
        db.session.rollback()


def test_an_answered_call_in_spite_of_a_block_is_on_record(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "accepted")
        conversations.block(lead.business_id, lead.institution_id, by=case.owner)
        working.contact(lead, channel="call", by=case.manager)
        assert lead.steps[-1].facts["while_blocked"] is True
        conversations.unblock(lead.business_id, lead.institution_id, by=case.owner)
        talking.write(lead, "您好", side=BANK, by=case.manager)
        assert present(lead, case.manager).contact_phone == case.owner.phone
        conversations.block(lead.business_id, lead.institution_id, by=case.owner)
        answering.give_up(lead, code="E05", by=case.owner)
        match(case.need, case.product)
        no = choosing.why_not_sent(case.need, case.product, case.owner)
        assert no is not None and no.code == "lead_institution_blocked"


def test_a_report_reaches_operators_and_the_desk_and_names_nobody(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, operator = a_case(), an_operator()
        lead = to_state(case, "contacted")
        said = talking.write(lead, "先转五百块定金", side=BANK, by=case.manager)
        own = talking.write(lead, "为什么", side=OWNER, by=case.owner)
        report = conversations.report_post(said, reason="money", words="他要钱", by=case.owner)
        assert {operator.id, case.desk.id} <= set(told("talk_post_reported"))
        for wrong, code in ((said, "talk_reported_already"), (own, "talk_report_own")):
            with pytest.raises(Refused, match=code):
                conversations.report_post(wrong, reason="money", words="", by=case.owner)
        conversations.look_at_report(report, by=operator)
        conversations.settle_report(report, outcome="已停用", row_version=report.row_version, by=operator)
        assert told("talk_report_settled") == [case.owner.id]
    number = report.id
    for person, reads_words in ((operator, True), (case.desk, False)):
        client = app.test_client()
        sign_in(client, person)
        page = text(client.get(f"/reported-messages/{number}"))
        assert "先转五百块定金" in page and "为什么" not in page
        assert ("他要钱" in page) is reads_words
        assert case.owner.name not in page and case.business.name not in page
        assert "先转五百块" in text(client.get("/reported-messages"))


# Pages --------------------------------------------------------------------------------------------------------------


def address(site: Site) -> str:
    return f"/leads/{site.lead().id}/talk"


def say(site: Site, person: Any, words: str, **more: Any) -> Any:
    more.setdefault("form_key", f"key{next(_key)}")
    return post(site.client(person), address(site), address(site), post_text=words, **more)


@pytest.mark.article("B.1", "B.3")
def test_both_sides_write_and_read_and_a_stranger_finds_nothing(app: Any) -> None:
    site = a_site(app, "contacted")
    case = site.case
    assert say(site, case.owner, "<b>请看</b> http://a.example\n第二行").status_code == 303
    manager = site.client(case.manager)
    assert "1 条新留言" in text(manager.get("/leads/queue"))
    start = text(manager.get("/"))
    assert "1 处有新留言" in start
    page = text(manager.get(address(site)))
    assert "&lt;b&gt;请看&lt;/b&gt; http://a.example\n第二行" in page and 'href="http://a.example"' not in page
    assert "条新留言" not in text(manager.get("/leads/queue"))
    assert "看过" in text(site.client(case.owner).get(address(site)))
    assert say(site, case.manager, "收到").status_code == 303
    assert "1 条没看" in text(site.client(case.owner).get("/leads/talks?unread=1"))
    with app.app_context():
        assert "talk" in {look.purpose for look in db.session.scalars(sa.select(DataAccess))}
    with app.app_context(), unit_of_work():
        stranger, elsewhere, operator = an_owner(), a_manager(None, "别家的"), an_operator()
    for person in (stranger, elsewhere, operator, case.colleague):
        assert site.client(person).get(address(site)).status_code in (403, 404)


@pytest.mark.article("B.1")
def test_after_a_withdrawal_the_owner_reads_and_the_institution_does_not(app: Any) -> None:
    site = a_site(app, "contacted")
    say(site, site.case.owner, "隔壁王记也想借")
    with app.app_context(), unit_of_work():
        lead = again(site.lead())
        answering.withdraw(lead, by=site.case.owner)
    for path in (address(site), address(site) + "/new", "/leads/talks"):
        page = text(site.client(site.case.manager).get(path))
        assert "隔壁王记" not in page and "桂兰砂锅馆" not in page
    assert "隔壁王记" in text(site.client(site.case.owner).get(address(site)))
    assert say(site, site.case.owner, "还想说").status_code == 422


def test_a_message_is_sent_once_and_a_banned_promise_stands_at_its_field(app: Any) -> None:
    site = a_site(app, "contacted")
    client = site.client(site.case.manager)
    page = text(client.get(address(site)))
    data = {"csrf_token": token(page), "form_key": "same", "post_text": "材料收到了"}
    first, second = client.post(address(site), data=data), client.post(address(site), data=data)
    assert (first.status_code, second.status_code) == (303, 303) and first.location == second.location
    with app.app_context():
        assert len(db.session.scalars(sa.select(Post)).all()) == 1
    refused = say(site, site.case.manager, "我们这里包过，放心")
    assert refused.status_code == 422
    assert 'id="post_text-e"' in text(refused) and "我们这里包过，放心" in text(refused)
    assert say(site, site.case.owner, "他说包过").status_code == 303, "owners write as they like"


def test_a_ready_sentence_is_read_in_the_readers_language(app: Any) -> None:
    site = a_site(app, "contacted")
    owner = site.client(site.case.owner)
    page = text(owner.get(address(site) + "?say=call_after_two"))
    assert "请 14:00 以后打电话给我，上午店里忙。</textarea>" in page
    say(site, site.case.owner, "请 14:00 以后打电话给我，上午店里忙。")
    manager = site.client(site.case.manager)
    manager.set_cookie("lang", "en")
    assert "after 14:00" in text(manager.get(address(site)))


def test_a_paper_comes_with_a_message_and_opens_for_the_institution(app: Any) -> None:
    site = a_site(app, "contacted")
    owner = site.client(site.case.owner)
    data = {"csrf_token": token(text(owner.get(address(site)))), "form_key": "one", "post_text": "租约",
            "file": (io.BytesIO(a_pdf()), "租约.pdf")}  # fmt: skip
    assert owner.post(address(site), data=data, content_type="multipart/form-data").status_code == 303
    with app.app_context():
        number = db.session.scalars(sa.select(Lead)).one().id
    manager = site.client(site.case.manager)
    page = text(manager.get(address(site)))
    assert "租约.pdf" in page and f"/leads/{number}/papers/1" in page
    assert manager.get(f"/leads/{number}/papers/1").status_code == 200


def test_a_long_thread_has_pages_and_only_the_newest_counts_as_read(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "contacted")
        for number in range(35):
            with clock.frozen(clock.now() + timedelta(minutes=4 * number)):
                talking.write(lead, f"第 {number + 1} 句", side=OWNER, by=case.owner)
    site = Site(app, case)
    with clock.frozen(clock.now() + timedelta(days=1)):
        manager = site.client(case.manager)
        second = text(manager.get(address(site) + "?page=2"))
        assert "第 5 句" in second and "第 6 句" not in second
        with app.app_context():
            assert threads.unread_by_lead([lead.id], BANK) == {lead.id: 35}
        assert "第 35 句" in text(manager.get(address(site)))
        with app.app_context():
            assert threads.unread_by_lead([lead.id], BANK) == {}


def test_block_undo_and_report_on_the_page(app: Any) -> None:
    site = a_site(app, "contacted")
    say(site, site.case.manager, "加我微信")
    owner, here = site.client(site.case.owner), address(site)
    assert post(owner, here, here + "/1/report", reason="").status_code == 422
    assert post(owner, here, here + "/1/report", reason="elsewhere", form_key="k2").status_code == 303
    assert "您举报了这一条" in text(owner.get(here))
    assert post(owner, here, here.replace("/talk", "/block")).status_code == 303
    assert "您屏蔽了" in text(owner.get(here)) and "客户不再收你们的留言" in text(
        site.client(site.case.manager).get(here)
    )
    assert post(owner, here, here.replace("/talk", "/unblock")).status_code == 303
    assert say(site, site.case.manager, "好的").status_code == 303
    with app.app_context():
        assert db.session.scalars(sa.select(PostReport)).one().state == "new"
    assert post(site.client(site.case.manager), here, here.replace("/talk", "/block")).status_code in (403, 404)
