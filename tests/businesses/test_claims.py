"""Who acts for a business: two operators who agree, a third when they do not; a second claim heard on both sides."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses import claims, queries, services
from matchmaker.businesses.jobs import remind_of_cases
from matchmaker.businesses.models import BusinessMember, Finding, IdentityCase
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import an_operator, an_owner, sign_in
from tests.businesses.builders import a_business, papers_sent
from tests.privacy.typing_in import post

pytestmark = pytest.mark.article("B.1")
NOW = "2026-09-23T10:00:00+08:00"


def waiting() -> BusinessMember:
    member = a_business().members[0]
    papers_sent(member)
    return member


def find(member: BusinessMember, by: Person, right: bool = True) -> None:
    if right:
        services.mark_checked(member, row_version=member.row_version, by=by)
    else:
        services.mark_wrong(member, remark_code="cut_off", remark=None, row_version=member.row_version, by=by)


def test_two_findings_that_differ_open_a_case_that_only_a_third_decides(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        member = waiting()
        first, second, third = an_operator("甲"), an_operator("乙"), an_operator("丙")
        find(member, first)
        find(member, second, right=False)
        assert member.standing == "papers_sent", "nothing is decided by one against one"
        case = db.session.scalars(sa.select(IdentityCase)).one()
        assert (case.kind, case.member_id, case.claimant_id) == ("papers", member.id, member.person_id)
        with pytest.raises(Refused) as no:
            find(member, third)
        assert no.value.code == "finding_case_open"
        for one in (first, second):
            no_ = claims.why_not_decided(case, one)
            assert no_ is not None and no_.code == "case_needs_a_third"
        claims.decide_case(case, outcome="right", reason="四个角都在", row_version=case.row_version, by=third)
        assert member.standing == "checked" and member.checked_by_id == third.id


def test_new_papers_begin_a_new_round(app: Any) -> None:
    with app.app_context(), unit_of_work():
        member = waiting()
        one, two = an_operator("甲"), an_operator("乙")
        find(member, one, right=False)
        find(member, two, right=False)
        assert member.standing == "rejected"
        with clock.frozen(clock.now() + timedelta(days=1)):
            papers_sent(member)
            assert queries.findings_of(member) == []
            find(member, one)
            find(member, two)
        assert member.standing == "checked"


def test_two_operators_at_once_leave_a_decision_and_not_two_halves(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            member = waiting()
            operators = [an_operator("甲"), an_operator("乙")]
        start, wrong = threading.Barrier(2), []

        def look(operator: Person) -> None:
            with any_app.app_context():
                start.wait()
                try:
                    with unit_of_work():
                        find(db.session.get_one(BusinessMember, member.id), operator)
                except Exception as problem:
                    wrong.append(problem)

        threads = [threading.Thread(target=look, args=(operator,)) for operator in operators]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        db.session.rollback()
        db.session.expire_all()
        assert wrong == []
        assert db.session.get_one(BusinessMember, member.id).standing == "checked"
        assert db.session.scalar(sa.select(sa.func.count(Finding.id))) == 2


# --- a second claim


def test_a_second_claim_is_heard_on_both_sides_and_decided_with_a_reason(app: Any) -> None:
    """The journey of issue 3, section 8, through the pages as plain forms."""
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            holder = an_owner("周桂兰", phone="13800138001")
            business = a_business(holder, "桂兰砂锅馆", standing="checked")
            claimant = an_owner("王二麻", phone="13900139002")
            operator = an_operator("平台值班")
            uscc, business_id = business.uscc, business.id
        theirs, mine, desk = app.test_client(), app.test_client(), app.test_client()
        sign_in(theirs, claimant)
        sign_in(mine, holder)
        sign_in(desk, operator)
        answer = post(theirs, "/businesses/new", uscc=uscc)
        assert answer.status_code == 422 and "在下面提出来" in answer.text and f"claim?uscc={uscc}" in answer.text
        empty = post(theirs, "/businesses/claim", uscc=uscc, capacity="owner", words="无")
        assert empty.status_code == 422 and uscc in empty.text, "what was typed is still there"
        answer = post(theirs, "/businesses/claim", uscc=uscc, capacity="owner", words="我接手了，电话变了")
        assert answer.status_code == 303
        there = answer.location
        page = theirs.get(there).text
        assert "最晚听到" in page
        for secret in ("桂兰", "13800138001", "文三路"):
            assert secret not in page, "the claimant learns nothing of who holds it"
        assert theirs.get(f"/businesses/{business_id}").status_code == 404
        assert "有人说也代表" in mine.get("/messages").text
        page = mine.get(there).text
        assert "桂兰砂锅馆" in page
        for secret in ("王二麻", "13900139002", "我接手了"):
            assert secret not in page, "nor the holder of who claims it"
        case = there.rsplit("/", 1)[1]
        early = desk.get(f"/checks/cases/{case}").text
        assert "对方还没说话" in early and "就这样定" not in early
        assert post(mine, there, words="执照一直是我的，没有转过").status_code == 303
        assert theirs.get(there).text.count("执照一直是我的") == 0
        page = desk.get(f"/checks/cases/{case}").text
        assert "我接手了" in page and "执照一直是我的" in page
        from tests.promises.page_checks import problems_of

        assert problems_of(page) == []
        for client in (theirs, mine):
            assert client.get(f"/checks/cases/{case}").status_code in (403, 404)
        version = page.split('name="row_version"')[1].split('value="')[1].split('"')[0]
        nothing = post(desk, f"/checks/cases/{case}", row_version=version, outcome="holder", reason="")
        assert nothing.status_code == 422
        done = post(
            desk, f"/checks/cases/{case}", row_version=version, outcome="holder", reason="登记机关查到没有变更"
        )
        assert done.status_code == 303
        for client in (theirs, mine):
            assert "登记机关查到没有变更" in client.get(there).text
        assert theirs.get(f"/businesses/{business_id}").status_code == 404
        with app.app_context():
            looks = set(db.session.scalars(sa.select(DataAccess.purpose).where(DataAccess.business_id == business_id)))
            assert "claim" in looks, "the holder reads that an operator looked"
            told = db.session.scalars(sa.select(Message.person_id).where(Message.kind == "claim_decided")).all()
            assert set(told) == {holder.id, claimant.id}


def test_a_claim_with_nothing_chosen_and_nothing_said_hears_both_at_once(app: Any) -> None:
    with app.app_context(), unit_of_work():
        uscc = a_business().uscc
        claimant = an_owner()
    client = app.test_client()
    with app.app_context():
        sign_in(client, claimant)
    answer = post(client, "/businesses/claim", uscc=uscc, words="")
    assert answer.status_code == 422 and "有 2 处要改" in answer.text
    assert "请选一项" in answer.text and "没有这一项" not in answer.text
    assert "请写清楚，别人才好判断" in answer.text


def test_who_claims_a_business_finds_the_claim_on_the_start_page(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case, operator = a_claim()
        claimant, case_id = db.session.get_one(Person, case.claimant_id), case.id
    client = app.test_client()
    with app.app_context():
        sign_in(client, claimant)
    page = client.get("/").text
    assert "您说也代表一家店" in page and f"/claims/{case_id}" in page
    with app.app_context(), unit_of_work():
        case = db.session.get_one(IdentityCase, case_id)
        claims.answer_claim(case, words="不认识这个人", by=db.session.get_one(Person, min(case.business.member_ids)))
        claims.decide_case(case, outcome="holder", reason="执照没有换人", row_version=case.row_version, by=operator)
    assert "您说也代表一家店" not in client.get("/").text


def a_claim(by_name: str = "王二麻") -> tuple[IdentityCase, Person]:
    business = a_business(standing="checked")
    claimant = an_owner(by_name)
    return claims.claim_code(uscc=business.uscc, capacity="owner", words="店转给我了", by=claimant), an_operator()


def test_the_clock_lets_an_operator_decide_without_the_silent_side_and_tells_once(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            case, operator = a_claim()
            due = case.due_at
        assert due == clock.datetime.fromisoformat("2026-10-08T17:30:00+08:00"), "five working days, and eight days off"
        assert remind_of_cases(due - timedelta(seconds=1)) == 0
        with clock.frozen(due):
            assert remind_of_cases(due) == 1 and remind_of_cases(due) == 0
            with unit_of_work():
                case = db.session.get_one(IdentityCase, case.id)
                claims.decide_case(
                    case, outcome="claimant", reason="转让协议和新执照", row_version=case.row_version, by=operator
                )
            db.session.expire_all()
            members = {m.person_id: m.standing for m in db.session.get_one(IdentityCase, case.id).business.members}
            assert members[case.claimant_id] == "declared", "and proves it by papers like anybody"
            assert sorted(members.values()) == ["declared", "rejected"]


def test_both_may_act_and_the_second_still_sends_papers(app: Any) -> None:
    with clock.frozen(NOW), app.app_context():
        with unit_of_work():
            case, operator = a_claim()
            holder = case.business.members[0].person
            claims.answer_claim(case, words="是我合伙人", by=holder)
            claims.decide_case(case, outcome="both", reason="合伙", row_version=case.row_version, by=operator)
        assert {m.standing for m in case.business.members} == {"checked", "declared"}


@pytest.mark.parametrize(
    ("words", "code"), [("", "words_missing"), ("无", "words_missing"), ("  ", "words_missing")]
)
def test_a_claim_without_words_is_refused(app: Any, words: str, code: str) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(standing="checked")
        with pytest.raises(Refused) as no:
            claims.claim_code(uscc=business.uscc, capacity="owner", words=words, by=an_owner())
        assert no.value.code == code


def test_who_claims_twice_or_holds_it_already_or_claims_what_is_free_is_told_so(app: Any) -> None:
    from tests.businesses.builders import a_code

    with app.app_context(), unit_of_work():
        case, operator = a_claim()
        for by, uscc, code in (
            (case.claimant, case.business.uscc, "claim_open_already"),
            (case.business.members[0].person, case.business.uscc, "business_yours_already"),
            (case.claimant, a_code(number=77777), "claim_not_needed"),
        ):
            with pytest.raises(Refused) as no:
                claims.claim_code(uscc=uscc, capacity="owner", words="店转给我了", by=by)
            assert no.value.code == code
        claims.answer_claim(case, words="不是", by=case.business.members[0].person)
        claims.decide_case(case, outcome="holder", reason="没有变更", row_version=case.row_version, by=operator)
        with pytest.raises(Refused) as no:
            claims.answer_claim(case, words="再说一句", by=case.business.members[0].person)
        assert no.value.code == "case_decided"


def test_what_the_holder_said_stands_on_their_page_and_it_is_the_platforms_turn(app: Any) -> None:
    with clock.frozen(NOW):
        with app.app_context(), unit_of_work():
            case, _ = a_claim()
            holder = case.business.members[0].person
            link, name = f"/claims/{case.id}", case.business.name
        mine = app.test_client()
        sign_in(mine, holder)
        start = mine.get("/").text.replace("\u00a0", " ")
        assert f"有人说也代表{name}" in start and "10 月 8 日 17:30 前" in start and f'href="{link}"' in start
        assert "以前说说您这边的情况" in mine.get(link).text
        assert post(mine, link, words="执照一直是我的").status_code == 303
        page = mine.get(link).text
        assert "说过了" in page and "执照一直是我的" in page and "以前说说您这边的情况" not in page
        assert "有人说也代表" not in mine.get("/").text, "who has spoken is not asked again"


def test_a_third_operator_is_led_from_the_papers_to_the_case(app: Any) -> None:
    """Nobody is offered a finding that would be refused: who looked waits, a third decides the case."""
    with app.app_context(), unit_of_work():
        member = waiting()
        operators = [an_operator(name) for name in ("甲", "乙", "丙")]
        papers, answer = f"/checks/papers/{member.id}", 'name="decision"'
    first, second, third = (app.test_client() for _ in operators)
    for client, operator in zip((first, second, third), operators, strict=True):
        sign_in(client, operator)
    waits = "1 份材料等着核"
    assert waits in first.get("/").text.replace("\u00a0", " ") and answer in first.get(papers).text
    with app.app_context(), unit_of_work():
        find(db.session.get_one(BusinessMember, member.id), operators[0])
    assert waits not in first.get("/").text.replace("\u00a0", " ") and answer not in first.get(papers).text
    assert waits in second.get("/").text.replace("\u00a0", " ")
    with app.app_context(), unit_of_work():
        find(db.session.get_one(BusinessMember, member.id), operators[1], right=False)
        case = f"/checks/cases/{db.session.scalars(sa.select(IdentityCase.id)).one()}"
    start = third.get("/").text.replace("\u00a0", " ")
    assert waits not in start and "1 件“谁代表这家店”等着定" in start
    for page in (third.get("/checks/papers").text, third.get(papers).text):
        assert f'href="{case}"' in page and answer not in page
    assert f'href="{papers}"' in third.get(case).text
    page = third.get(case).text
    assert "前定" in page and "听到" not in page and "两边都会看到" not in page, "a case about papers has one side"
