"""One search for everybody: it finds what its asker may see, counts as the lists do, and names nobody it should not."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import template_rendered

from matchmaker import searching
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses.models import BusinessMember
from matchmaker.conversations import services as conversations
from matchmaker.conversations.rules import Side
from matchmaker.db import db, unit_of_work
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.services import asking
from matchmaker.insurance.services import giving as cover_giving
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.queries.talking import page_of
from matchmaker.leads.searches import excerpt
from matchmaker.leads.services import answering, giving, talking
from matchmaker.permissions import PERMISSIONS
from matchmaker.products.models import Product, ProductVersion
from tests.builders import a_desk, an_owner, sign_in
from tests.insurance.builders import a_request
from tests.leads.builders import Case, a_case, to_state
from tests.papers.builders import a_paper
from tests.products.builders import a_draft
from tests.promises.test_crawl import ROLES, person_of

WORDS = ("银行", "1", "证")


def finder(app: Any, person: Person | None) -> Any:
    client = app.test_client()
    if person is not None:
        sign_in(client, person)
    return client


def found(client: Any, words: str, **more: Any) -> dict[str, int]:
    """Kind -> how many the page says there are."""
    page = client.get("/search", query_string={"q": words, **more})
    assert page.status_code == 200
    return told(page.text)


def told(page: str) -> dict[str, int]:
    """Kind -> how many, from the heads of a page."""
    heads = re.findall(r'<h2 id="g-([a-z-]+)">.*?</h2><p>(.*?)</p>', page, re.S)
    return {kind: int(re.findall(r"[\d,]+", re.sub(r"<.*?>", "", said))[0].replace(",", "")) for kind, said in heads}


@pytest.mark.parametrize("role", ROLES)
def test_a_count_is_what_the_narrowed_list_shows_and_every_page_that_is_found_opens(town: Any, role: str) -> None:
    with town.app_context():
        client = finder(town, person_of(role))
    shown: dict[str, Any] = {}

    def keep(sender: Any, template: Any, context: dict[str, Any], **_: Any) -> None:
        if "page" in context:
            shown["page"] = context["page"]

    seen, opened = set(), set()
    for words in WORDS:
        page = client.get("/search", query_string={"q": words})
        counts = told(page.text)
        seen |= set(counts)
        for kind, section in re.findall(r'<section aria-labelledby="g-([a-z-]+)">(.*?)</section>', page.text, re.S):
            head, rows = section.split('<ul class="found">')
            more = re.search(r'href="([^"]+)"', head)
            if more and counts[kind] < searching.MOST_COUNTED and kind != "lines":
                shown.clear()
                with template_rendered.connected_to(keep, town):
                    answer = client.get(more[1].replace("&amp;", "&"))
                assert answer.status_code == 200, (kind, more[1])
                assert shown["page"].total == counts[kind], (kind, words, more[1])
            for url in re.findall(r'<a href="([^"]+)"', rows)[:1]:
                if kind not in opened:
                    opened.add(kind)
                    answer = client.get(url.replace("&amp;", "&").split("#")[0])
                    assert answer.status_code in (200, 302, 303), (kind, url, answer.status)
    assert {"products", "trades"} <= seen


@pytest.mark.parametrize("role", ROLES)
def test_nobody_finds_kinds_that_are_not_theirs_not_even_by_name(town: Any, role: str) -> None:
    with town.app_context():
        person = person_of(role)
        allowed = {kind.name for kind in searching.kinds_for(person)}
        client = finder(town, person)
    assert all(kind.permission is None or kind.permission in PERMISSIONS for kind in searching.known_kinds())
    for name in sorted({kind.name for kind in searching.known_kinds()} - allowed)[:4]:
        page = client.get("/search", query_string={"q": "1", "in": name})
        assert page.status_code == 200 and 'id="kind"' not in page.text, name


def test_one_kind_is_read_page_by_page(town: Any) -> None:
    with town.app_context():
        client = finder(town, person_of("desk"))
        name = db.session.scalars(sa.select(ProductVersion.name).join(Lead, Lead.product_version_id == ProductVersion.id)
                                  .where(Lead.institution_id.in_(person_of("desk").desk_institution_ids)).limit(1)).first()
    many = found(client, name)["work"]
    seen = set()
    for number in range(1, many // 20 + 2):
        page = client.get("/search", query_string={"q": name, "in": "work", "page": number})
        seen |= set(re.findall(r'href="/leads/(\d+)"', page.text))
    assert len(seen) == many


def test_a_visitor_finds_what_is_published_and_no_draft(app: Any) -> None:
    with app.app_context(), unit_of_work():
        desk = a_desk()
        draft = a_draft(desk)
        draft.name = "没发布的好贷"
        at = draft.product.institution_id
    visitor = finder(app, None)
    assert found(visitor, "没发布的好贷") == {}
    with app.app_context():
        own = finder(app, db.session.get(Person, desk.id))
        assert db.session.scalar(sa.select(Product.institution_id)) == at
    assert found(own, "没发布的好贷") == {"our-products": 1}


def test_trades_are_found_by_everyday_word_and_initials_and_places_by_pinyin(app: Any) -> None:
    client = finder(app, None)
    assert "早餐" in client.get("/search?q=早餐店").text and found(client, "早餐店")["trades"] >= 1
    assert found(client, "kd")["trades"] >= 1
    assert "杭州市西湖区" in client.get("/search?q=hangzhou xihu").text
    assert "这笔贷款到底花多少" in client.get("/search?q=计算器").text
    client.set_cookie("lang", "en")
    assert "/tools/all-in-cost" in client.get("/search?q=annual cost").text


def test_nothing_found_and_nothing_typed_say_what_to_do(app: Any) -> None:
    client = finder(app, None)
    assert "没有找到" in client.get("/search?q=zzzzqqq").text
    assert "这里能找到" in client.get("/search").text
    assert client.get("/search?q=%25_%5C'\"<b>").status_code == 200
    assert client.get("/search?q=" + "长" * 400).status_code == 200


@pytest.mark.article("B.1")
def test_an_operators_find_of_waiting_papers_is_a_look_in_the_owners_log(town: Any) -> None:
    with town.app_context():
        waiting = db.session.scalars(sa.select(BusinessMember).where(BusinessMember.standing == "papers_sent")).first()
        assert waiting is not None
        name, number = waiting.business.name, waiting.business_id
        client, operator = finder(town, person_of("operator")), person_of("operator").id
        looks = sa.select(sa.func.count()).select_from(DataAccess).where(
            DataAccess.business_id == number, DataAccess.person_id == operator
        )
        before = db.session.scalar(looks)
    assert name in client.get("/search", query_string={"q": name}).text
    with town.app_context():
        assert db.session.scalar(looks) == before + 1
        for role in ("desk", "manager", "supervisor", "channel", "insurer"):
            assert found(finder(town, person_of(role)), name) == {}, role


def test_search_stands_in_the_head_of_every_page(town: Any) -> None:
    for role in ("nobody", "owner", "desk", "operator"):
        with town.app_context():
            client = finder(town, person_of(role))
        assert 'action="/search"' in client.get("/about").text, role


# --- messages and papers ---------------------------------------------------------------------------------------------

SAID = "租约下周三寄到，请查收"


@pytest.fixture
def talked(app: Any) -> tuple[Case, Lead]:
    """A lead in work with a message and a licence of the owner."""
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, "contacted")
        talking.write(lead, SAID, side=Side.OWNER, by=case.owner)
        paper = a_paper(case.business, case.owner)
        paper.document.filename = "老周的营业照.png"
        giving.give(lead, [paper.id], by=case.owner)
        return case, lead


def kinds(client: Any, words: str) -> dict[str, int]:
    return {name: count for name, count in found(client, words).items() if name in ("posts", "given-papers")}


@pytest.mark.article("B.1")
def test_a_message_is_found_by_both_sides_and_read_only_where_it_stands(app: Any, talked: tuple[Case, Lead]) -> None:
    case, lead = talked
    owner, manager = finder(app, case.owner), finder(app, case.manager)
    page = owner.get("/search?q=下周三").text
    assert SAID in page and f'href="/leads/{lead.id}/talk?page=1#p1"' in page
    page = manager.get("/search?q=下周三").text
    assert kinds(manager, "下周三") == {"posts": 1} and SAID not in page and case.business.name not in page
    assert 'id="p1"' in manager.get(f"/leads/{lead.id}/talk?page=1").text
    with app.app_context(), unit_of_work():
        stranger, other_bank = an_owner("别人"), a_desk()
    for other in (None, stranger, other_bank):
        assert kinds(finder(app, other), "下周三") == {}


@pytest.mark.article("B.1")
@pytest.mark.parametrize("how", ["withdrawn", "blocked"])
def test_what_is_withdrawn_or_blocked_is_found_by_its_owner_alone(app: Any, talked: tuple[Case, Lead], how: str) -> None:
    case, lead = talked
    owner, manager = finder(app, case.owner), finder(app, case.manager)
    assert kinds(manager, "营业执照") == {"given-papers": 1} and kinds(manager, "下周三") == {"posts": 1}
    with app.app_context(), unit_of_work():
        lead = db.session.get_one(Lead, lead.id)
        if how == "blocked":
            conversations.block(lead.business_id, lead.institution_id, by=case.owner)
        else:
            answering.withdraw(lead, by=case.owner)
    assert kinds(manager, "营业执照") == {} and kinds(manager, "下周三") == {}
    assert kinds(owner, "下周三") == {"posts": 1}


@pytest.mark.article("B.1")
def test_a_paper_is_found_by_its_kind_and_by_the_name_of_its_file_for_its_owner(
    app: Any, talked: tuple[Case, Lead]
) -> None:
    case, lead = talked
    owner, manager = finder(app, case.owner), finder(app, case.manager)
    assert kinds(owner, "老周的")["given-papers"] == 1 and "老周的营业照.png" in owner.get("/search?q=营业执照").text
    assert kinds(manager, "老周的") == {} and "老周的" not in manager.get("/search?q=营业执照").text
    with app.app_context(), unit_of_work():
        lead = db.session.get_one(Lead, lead.id)
        giving.take_back(lead, finding.papers_of(lead.id)[0], by=case.owner)
    assert kinds(manager, "营业执照") == {} and kinds(owner, "营业执照")["given-papers"] == 1


def test_what_stands_around_a_word_is_shown_on_one_line() -> None:
    assert excerpt("第一句。\n" + "很长" * 40 + "租约" + "还有" * 40, "租约").count("租约") == 1
    assert excerpt("短", "短") == "短" and excerpt("一" * 60, "二") == "一" * 49 + "…"
    assert [page_of(number, 61) for number in (61, 32, 31, 1)] == [1, 1, 2, 3]


@pytest.mark.article("15.3", "B.1")
def test_papers_of_a_request_for_cover_are_found_while_the_insurer_may_open_them(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_request()
        assert case.request is not None
        paper = a_paper(case.business, case.owner)
        cover_giving.give(case.request, [paper.id], by=case.owner)
    owner, desk = finder(app, case.owner), finder(app, case.desk)
    assert found(owner, "营业执照")["cover-papers"] == 1 and found(desk, "营业执照")["cover-papers"] == 1
    assert case.business.name not in desk.get("/search?q=营业执照").text
    with app.app_context(), unit_of_work():
        asking.withdraw(db.session.get_one(CoverRequest, case.request.id), by=case.owner)
    assert "cover-papers" not in found(desk, "营业执照") and found(owner, "营业执照")["cover-papers"] == 1
