"""A start page per role says what to do next; every link of it leads somewhere its reader may go."""

from __future__ import annotations

import re

import pytest

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.accounts.services import badges
from matchmaker.businesses.models import BusinessMember
from matchmaker.db import db, unit_of_work
from matchmaker.home.rules import in_order, step, waiting_for_you
from matchmaker.leads import jobs
from matchmaker.leads.rules.states import State
from matchmaker.privacy.services import ask_to_close, keep_account
from tests.builders import a_desk, a_manager, a_person, a_supervisor, an_institution, an_operator, an_owner, sign_in
from tests.leads.builders import a_case, to_state
from tests.needs.builders import a_draft, a_need, a_shop
from tests.products.builders import a_product
from tests.reference.changes import XIHU_INTO_GONGSHU, a_change


def page_of(answer) -> str:
    return answer.get_data(as_text=True).replace("\u00a0", " ")


def links_of(page: str) -> list[str]:
    """Every address that the page itself (not its header and footer) and its header lead to."""
    return sorted(set(re.findall(r'<a [^>]*href="(/[^"#]*)', page)))


def test_late_comes_first_and_only_ones_own_turns_are_counted():
    steps = [step("them", "a"), step("you", "b"), step("late", "c"), step("", "d"), step("soon", "e")]
    assert [one.reason.code for one in in_order(steps)] == ["next_c", "next_e", "next_b", "next_a", "next_d"]
    assert waiting_for_you(steps) == 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: an_owner(), ("登记您的店", "说需求")),
        (lambda: a_manager(), ("没有要您动的",)),
        (lambda: a_desk(), ("还没有产品", "上第一个产品")),
        (lambda: an_operator(), ("等着核的材料", "等着准入的机构")),
        (lambda: a_supervisor(), ("发出过的需求", "只看，不改")),
        (lambda: a_person("园区小李", role="channel"), ("替他写", "先陪他答八个问题", "店主的资料您看不到")),
    ],
    ids=["owner", "manager", "desk", "operator", "supervisor", "channel"],
)
@pytest.mark.article("B.3")
def test_each_role_has_a_start_page_whose_links_work(app, client, make, words):
    with app.app_context(), unit_of_work():
        person = make()
    sign_in(client, person)
    page = page_of(client.get("/"))
    assert page.count("<h1") == 1
    for word in words:
        assert word in page
    for link in links_of(page):
        assert client.get(link).status_code in (200, 302, 303), link


@pytest.mark.article("B.3")
def test_a_desk_of_one_person_is_told_to_invite_a_second(app, client):
    """Nobody publishes what they wrote themselves, so the first thing a new institution lacks is a colleague."""
    with app.app_context(), unit_of_work():
        institution = an_institution()
        first, institution_id = a_desk(institution), institution.id
    sign_in(client, first)
    assert "只有您一位管理员" in page_of(client.get("/"))
    assert f"/institutions/{institution_id}/people/invite" in links_of(page_of(client.get("/")))
    with app.app_context(), unit_of_work():
        a_desk(db.session.get_one(Institution, institution_id), "赵柜台")
    assert "只有您一位管理员" not in page_of(client.get("/"))


@pytest.mark.article("B.1")
def test_an_account_that_is_about_to_go_says_so_until_its_owner_keeps_it(app, client):
    """The deletion cannot be taken back, so whoever comes back within the seven days is told where to stop it."""
    with app.app_context(), unit_of_work():
        owner = an_owner()
        ask_to_close(owner)
    sign_in(client, owner)
    page = page_of(client.get("/"))
    assert "改了主意，现在还能留下" in page and "/my-data/close" in links_of(page)
    with app.app_context(), unit_of_work():
        keep_account(db.session.get_one(Person, owner.id))
    assert "改了主意" not in page_of(client.get("/"))


@pytest.mark.article("B.3", "B.1")
def test_an_operator_is_told_of_reported_brokers(app, client):
    with app.app_context(), unit_of_work():
        operator = an_operator()
        badges.report_broker(
            who="王经理", phone="", asked="fee", words="", lead_number=None, institution=None, badge=None, contact="",
            reporter=an_owner(),
        )  # fmt: skip
    sign_in(client, operator)
    page = page_of(client.get("/"))
    assert "1 个中介被举报，还没看" in page and "/broker-reports?state=new" in links_of(page)


@pytest.mark.article("B.3", "B.1")
def test_an_operator_is_told_of_a_change_of_divisions_that_a_colleague_entered(app, client):
    with app.app_context(), unit_of_work():
        writer, colleague = an_operator(), an_operator()
        with clock.frozen("2026-09-23T10:24:00+08:00"):
            a_change(XIHU_INTO_GONGSHU, by=writer)
    sign_in(client, writer)
    assert "/reference/regions/changes?state=waiting" not in links_of(page_of(client.get("/"))), "not one's own"
    sign_in(client, colleague)
    page = page_of(client.get("/"))
    assert "1 条区划变更等您对着公告核" in page and "/reference/regions/changes?state=waiting" in links_of(page)


def test_an_owner_is_told_what_waits(app, client):
    with app.app_context(), unit_of_work():
        owner = an_owner()
        shop = a_shop(owner)
        a_product()
        a_need(shop)
        a_draft(owner)
        a_draft(owner, amount="")
    sign_in(client, owner)
    page = page_of(client.get("/"))
    assert "4 件事等您" in page
    assert "30 万元的需求还没送出去" in page
    assert "30 万元的需求填好了，还没发" in page
    assert "有一份没填完的需求" in page
    assert "的执照交上来" in page


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.UNREACHED, "打了三次没打通"),
        (State.PAPERS, "要您补材料"),
        (State.OFFERED, "给了报价"),
        (State.DECLINED, "这次不办"),
        (State.RELEASED, "授权已经收回"),
        (State.PAID_OUT, "请您确认收到没有"),
        (State.ACCEPTED, None),
        (State.REVIEW, None),
    ],
)
def test_what_waits_at_a_lead_waits_on_both_pages(app, client, state, words):
    """The start page and the page of leads count the same things; what an institution works on waits on neither."""
    with clock.frozen("2026-09-28T02:00:00+00:00", everywhere=True):
        with app.app_context(), unit_of_work():
            case = a_case()
            to_state(case, state)
        sign_in(client, case.owner)
        home, leads = page_of(client.get("/")), page_of(client.get("/leads/"))
        if words is None:
            assert "没有要您动的" in home and "没有事等您" in leads and "1 家在办" in leads
        else:
            assert words in home and "1 件事等您" in home and "进度里 1 件等您" in leads
        assert leads.count("btn-primary") <= 1


@pytest.mark.article("B.1", "B.3")
@pytest.mark.parametrize(
    ("state", "since", "hint"),
    [(State.TAKEN, "签合同，还没有报告", "可以收回，换一家"), (State.SIGNED, "放款，还没有报告", "拿着合同问它")],
)
def test_a_contract_or_money_past_its_day_stands_first_on_the_start_page(app, client, state, since, hint):
    """Nothing is asked of the owner before the day; after it the page says since when and what can be done."""
    with clock.frozen("2026-09-28T02:00:00+00:00", everywhere=True):
        with app.app_context(), unit_of_work():
            case = a_case()
            number = to_state(case, state).id
        sign_in(client, case.owner)
        before = page_of(client.get("/"))
        assert "没有要您动的" in before and since not in before
    with clock.frozen("2026-10-21T02:00:00+00:00", everywhere=True):
        with app.app_context():
            jobs.release_overdue_leads(clock.now())
        sign_in(client, case.owner)
        page = page_of(client.get("/"))
        first = re.findall(r'<li class="(\w*)">(.*?)</li>', page, re.DOTALL)[0]
        assert first[0] == "late" and since in first[1] and hint in first[1] and f"/leads/{number}" in first[1]
        assert "1 件事等您" in page


@pytest.mark.article("B.1")
def test_who_only_says_to_act_for_a_business_sees_none_of_its_leads(app, client):
    """A declaration is enough to ask and to match, so the need stands there; which institutions have it does not."""
    with app.app_context(), unit_of_work():
        case = a_case()
        to_state(case, State.OFFERED)
        other = an_owner("只是说说的人")
        case.business.members.append(BusinessMember(person_id=other.id, capacity="agent", standing_at=clock.now()))
    bank = case.institution.short_name
    sign_in(client, case.owner)
    assert bank in page_of(client.get("/"))
    client = app.test_client()
    sign_in(client, other)
    page = page_of(client.get("/"))
    assert "30 万元" in page and bank not in page
    for address in (f"/needs/{case.need.id}", "/needs", "/leads/", "/leads/who-sees", "/loans/"):
        answer = client.get(address)
        assert answer.status_code == 200 and bank not in page_of(answer), address


def test_a_posted_need_goes_straight_to_its_matches(app, client):
    with app.app_context(), unit_of_work():
        owner = an_owner()
        a_shop(owner)
        a_product()
        draft = a_draft(owner)
    sign_in(client, owner)
    review = page_of(client.get(f"/needs/drafts/{draft.id}/review"))
    main = re.search(r"<main.*</main>", review, re.S)[0]
    fields = dict(re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', main))
    answer = client.post(f"/needs/drafts/{draft.id}/post", data=fields)
    assert answer.status_code == 303 and answer.location.endswith("/matches")
    page = page_of(client.get(answer.location))
    assert "灶台贷" in page


@pytest.mark.article("18.3")
def test_the_weights_on_the_page_are_those_in_use(client):
    from matchmaker.ranking.rules import OBJECTED_WEIGHTS, WEIGHTS

    page = page_of(client.get("/how-ranked"))
    rows = [re.findall(r"([\d.]+) 分|不算分", row) for row in re.findall(r"<tr><th scope=.row.>.*?</tr>", page)]
    assert rows == [[f"{points:g}", f"{OBJECTED_WEIGHTS[name]:g}" if OBJECTED_WEIGHTS[name] else ""]
                    for name, points in WEIGHTS.items()]  # fmt: skip
    assert "只看成本、合适、快慢" in page and "分 3 分" not in page


def test_errors_say_what_did_not_happen(app, client):
    stale = client.post("/check", data={"kind": "enterprise"})
    assert stale.status_code == 400 and "带着填过的回去" in page_of(stale) and 'value="enterprise"' in page_of(stale)
    missing = client.get("/needs/1")
    assert missing.status_code == 302 and "/sign-in" in missing.location
    wrong = client.get("/letters")
    assert wrong.status_code == 405 and page_of(wrong).count("<h1") == 1
    with app.test_request_context():
        from flask import render_template

        for code in (400, 403, 404, 405, 409, 413, 422, 429, 500, 503):
            page = render_template(f"errors/{code}.html", typed=[("amount", "30")])
            assert page.count("<h1") == 1 and str(code) in page
        assert "30" in render_template("errors/409.html", typed=[("amount", "30")])
