"""The pages of a business as plain forms, and who may see them."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import DataAccess
from matchmaker.businesses import outside
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    IdentityCase,
    YearlyFigures,
)
from matchmaker.db import db, unit_of_work
from matchmaker.documents.rules import check_file
from tests.builders import a_desk, a_manager, a_supervisor, an_operator, an_owner, sign_in
from tests.businesses.builders import (
    a_business,
    a_code,
    a_credit_line,
    a_pdf,
    a_picture,
    a_title,
    papers_sent,
)
from tests.promises.page_checks import problems_of as problems

LAST = clock.today().year - 1


@pytest.fixture
def owner(app: Any) -> Any:
    with app.app_context(), unit_of_work():
        return an_owner()


@pytest.fixture
def owners(app: Any, owner: Any) -> Any:
    """The browser of an owner."""
    client = app.test_client()
    sign_in(client, owner)
    return client


def browser_of(app: Any, person: Any) -> Any:
    client = app.test_client()
    sign_in(client, person)
    return client


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page) or re.search(
        rf'value="([^"]*)"[^>]*name="{name}"', page
    )
    assert found, f"no {name} in the page"
    return found[1]


def post(client: Any, path: str, page: str, **values: Any) -> Any:
    """Post a form with the tokens that its page carries."""
    data = {"csrf_token": hidden(page, "csrf_token"), **values}
    return client.post(path, data=data)


def get(client: Any, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, (path, answer.status_code)
    text: str = answer.get_data(as_text=True)
    return text


def typed(code: str, **changes: str) -> dict[str, str]:
    """What an owner of a small restaurant types."""
    return {
        "uscc": code,
        "form_key": "key-" + code,
        "amount_unit": "wan",
        "name": "周记家常菜馆",
        "capacity": "owner",
        "industry_code": "6210",
        "region_code": "330106",
        "address": "文三路 8 号",
        "founded_on": "2022-05-06",
        "employees": "8",
        "turnover": "96",
        **changes,
    }


# typed once


@pytest.mark.article("6.1")
def test_a_sole_proprietor_is_written_down_with_scripts_off(app: Any, owners: Any) -> None:
    code = a_code("sole_proprietor")
    empty = owners.get("/businesses", follow_redirects=True).get_data(as_text=True)
    assert "登记一家店" in empty
    begin = get(owners, "/businesses/new")
    page = post(owners, "/businesses/new", begin, uscc=code.lower()).get_data(as_text=True)
    assert "个体工商户" in page and "公司类型" not in page and "资产总额" not in page and "股东变更" not in page
    found = post(
        owners, "/businesses/new", page, uscc=code, industry_query="火锅", find="industry", name="周记"
    ).get_data(as_text=True)
    assert 'name="industry_code" value="6210"' in found
    assert 'value="周记"' in found
    found = post(
        owners, "/businesses/new", page, uscc=code, region_query="xihu", industry_code="6210", find="region"
    ).get_data(as_text=True)
    assert 'name="region_code" value="330106"' in found
    assert 'name="industry_code" value="6210" checked' in found
    answer = post(owners, "/businesses", page, **typed(code))
    assert answer.status_code == 303, answer.get_data(as_text=True)
    shown = get(owners, answer.location)
    assert "周记家常菜馆" in shown and "微型" in shown and code in shown
    assert owners.get("/businesses").location == answer.location
    with app.app_context():
        row = db.session.scalars(sa.select(YearlyFigures)).one()
        assert (row.year, row.employees, row.turnover_yuan) == (LAST, 8, 960_000)


def test_an_enterprise_is_asked_more(owners: Any) -> None:
    code = a_code("enterprise")
    page = post(owners, "/businesses/new", get(owners, "/businesses/new"), uscc=code).get_data(as_text=True)
    for question in ("公司类型", "资产总额", "负债总额", "股东变更", "法定代表人"):
        assert question in page
    answer = post(
        owners,
        "/businesses",
        page,
        **typed(
            code,
            capacity="legal_representative",
            entity_code="CO_LTD",
            last_equity_change_on=clock.today().isoformat(),
        ),
    )
    shown = get(owners, answer.location)
    assert "换过股东" in shown


def test_valid_is_not_existing_and_the_page_says_so(owners: Any) -> None:
    assert "不等于核实" in get(owners, "/businesses/new")


WRONG_CODES = [
    ("", "请填写统一社会信用代码"),
    ("123", "现在是 3 位"),
    ("0" * 18, "不是一个真的代码"),
    ("91440300192317458E", "有一位写错了"),
    ("9144O300192317458F", "是不是 91440300192317458F"),
    ("<script>alert(1)</script>", "位"),
]


def test_a_wrong_code_is_told_what_is_wrong(owners: Any) -> None:
    for code, words in WRONG_CODES:
        answer = post(owners, "/businesses/new", get(owners, "/businesses/new"), uscc=code)
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert words in text
        assert "<script>alert" not in text


def test_a_code_that_is_there_already_is_told_at_once(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        code = a_business().uscc
    answer = post(owners, "/businesses/new", get(owners, "/businesses/new"), uscc=code)
    assert answer.status_code == 422
    assert "已经有人登记过" in answer.get_data(as_text=True)
    with app.app_context(), unit_of_work():
        mine = a_business(db.session.get_one(Person, owner.id)).uscc
    answer = post(owners, "/businesses/new", get(owners, "/businesses/new"), uscc=mine)
    assert "您已经登记过这家店" in answer.get_data(as_text=True)
    answer = post(owners, "/businesses", get(owners, "/businesses/new"), **typed(code))
    assert answer.status_code == 409
    assert 'value="文三路 8 号"' in answer.get_data(as_text=True)


WRONG_ENTRIES = [
    ({"name": ""}, "请填写"),
    ({"name": "无"}, "“无”不算填写"),
    ({"address": "/"}, "“/”不算填写"),
    ({"address": "N/A"}, "“N/A”不算填写"),
    ({"industry_code": ""}, "请选一个行业"),
    ({"industry_code": "62"}, "请选一个行业"),
    ({"region_code": "330100"}, "请选到区县"),
    ({"founded_on": ""}, "请填写日期"),
    ({"founded_on": "去年"}, "请写成日期"),
    ({"founded_on": "2100-01-01"}, "不能在今天以后"),
    ({"capacity": "king"}, "没有这一项"),
    ({"employees": "", "turnover": "96"}, "请写一个数"),
    ({"turnover": "很多"}, "请写成数字"),
    ({"turnover": "-1"}, "不能小于 0"),
    ({"employees": "8.5"}, "请写成整数"),
    ({"founded_on": f"{LAST + 1}-01-01"}, "还没有开业"),
]


def test_nothing_typed_is_lost_when_something_is_wrong(owners: Any) -> None:
    for changes, words in WRONG_ENTRIES:
        code = a_code()
        answer = post(owners, "/businesses", get(owners, "/businesses/new"), **typed(code, **changes))
        text = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert words in text
        assert "处要改" in text
        for name, value in typed(code, **changes).items():
            if name in ("name", "address", "turnover", "employees") and value:
                assert f'value="{value}"' in text, name


def test_figures_may_wait(app: Any, owners: Any) -> None:
    code = a_code()
    answer = post(owners, "/businesses", get(owners, "/businesses/new"), **typed(code, employees="", turnover=""))
    shown = get(owners, answer.location)
    assert f"还没填 {LAST} 年的数" in shown
    assert "还缺什么" in shown


def test_posting_twice_writes_one_business(app: Any, owners: Any) -> None:
    code = a_code()
    page = get(owners, "/businesses/new")
    first = post(owners, "/businesses", page, **typed(code))
    second = post(owners, "/businesses", page, **typed(code))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Business)) == 1


# every page, both languages


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_page_of_an_owner_is_well_made(app: Any, owner: Any, language: str) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner, kind="enterprise", standing="rejected", has_tax_evidence=False, tax_grade="D")
        line, title = a_credit_line(business), a_title(business)
        a_credit_line(business, source="paid_out")
        here = f"/businesses/{business.id}"
        paths = [
            here,
            "/businesses/new",
            f"{here}/edit",
            f"{here}/figures/{LAST}",
            f"{here}/figures/{LAST}/remove",
            f"{here}/strengths",
            f"{here}/titles/new",
            f"{here}/titles/{title.id}/remove",
            f"{here}/lines/new",
            f"{here}/lines/{line.id}",
            f"{here}/lines/{line.id}/remove",
            f"{here}/papers",
        ]
    client = browser_of(app, owner)
    client.set_cookie("lang", language)
    for path in paths:
        page = get(client, path)
        assert problems(page) == [], path
        if path.endswith("/remove"):
            assert f'href="{here}"' in page, "the way back"


# changing


def test_the_profile_is_changed_and_an_older_copy_is_told(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner, name="原来的店")
        path = f"/businesses/{business.id}/edit"
    page = get(owners, path)
    assert 'value="原来的店"' in page
    version = hidden(page, "row_version")
    values = {
        "name": "改过的店",
        "industry_code": "6232",
        "region_code": "330106",
        "address": "文三路 9 号",
        "founded_on": "2022-05-06",
    }
    assert post(owners, path, page, row_version=version, **values).status_code == 303
    answer = post(owners, path, page, row_version=version, **(values | {"name": "另一台手机上改的"}))
    assert answer.status_code == 409
    assert "另一台手机上改的" in answer.get_data(as_text=True)
    for nonsense in ("", "x", "-1", "99999999999"):
        assert post(owners, path, page, row_version=nonsense, **values).status_code == 409
    with app.app_context():
        kept = db.session.scalars(sa.select(Business)).one()
        assert (kept.name, kept.industry_code) == ("改过的店", "6232")


def test_looking_up_while_changing_writes_nothing_and_keeps_what_was_typed(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner, name="原来的店")
        path = f"/businesses/{business.id}/edit"
    page = get(owners, path)
    answer = post(
        owners,
        f"{path}/look",
        page,
        name="想改的名",
        industry_query="奶茶",
        province="330000",
        row_version="7",
        find="industry",
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'value="想改的名"' in text and 'value="6239"' in text and 'value="330100"' in text
    assert hidden(text, "row_version") == "7"
    with app.app_context():
        assert db.session.scalars(sa.select(Business.name)).one() == "原来的店"


def test_figures_titles_lines_and_strengths_are_kept(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner, figures=False, kind="enterprise")
        here = f"/businesses/{business.id}"
    path = f"{here}/figures/{LAST}"
    page = get(owners, path)
    values = {"employees": "12", "turnover": "600", "assets": "300", "liabilities": "120", "profit": "-5"}
    assert post(owners, path, page, row_version="0", amount_unit="wan", **values).status_code == 303
    assert post(owners, path, page, row_version="0", amount_unit="wan", **values).status_code == 409
    shown = get(owners, here)
    assert "40.0%" in shown and "小型" in shown
    path = f"{here}/titles/new"
    assert (
        post(owners, path, get(owners, path), title_code="HNTE", certificate_number="无", issuer="省厅").status_code
        == 422
    )
    assert (
        post(
            owners,
            path,
            get(owners, path),
            title_code="SRDI_PROV",
            certificate_number="ZJ1",
            issuer="省厅",
            expires_on="2020-01-01",
        ).status_code
        == 303
    )
    assert "已经过期" in get(owners, here)
    path = f"{here}/lines/new"
    line = {"institution_name": "青檀农商银行", "kind": "loan", "amount": "400", "balance": "500",
            "security_code": "CREDIT", "started_on": "2025-03-01",
            "matures_on": "2027-03-01", "amount_unit": "wan"}  # fmt: skip
    answer = post(owners, path, get(owners, path), **line)
    assert answer.status_code == 422 and "还多" in answer.get_data(as_text=True)
    assert post(owners, path, get(owners, path), **(line | {"balance": "100"})).status_code == 303
    assert "担心借得太多" in get(owners, here)
    path = f"{here}/strengths"
    page = get(owners, path)
    answer = post(
        owners,
        path,
        page,
        row_version=hidden(page, "row_version"),
        tax_grade="A",
        has_tax_evidence="y",
        collateral=["MORT_RES", "NOPE"],
    )
    assert answer.status_code == 303
    shown = get(owners, here)
    assert "A 级" in shown and "住房抵押" in shown
    with app.app_context():
        row = db.session.scalars(sa.select(CreditLine)).one()
        edit, remove = f"{here}/lines/{row.id}", f"{here}/lines/{row.id}/remove"
    page = get(owners, edit)
    assert (
        post(owners, edit, page, row_version=hidden(page, "row_version"), **(line | {"balance": "0"})).status_code
        == 303
    )
    assert "还欠 0" in get(owners, here)
    assert "要删掉吗" in get(owners, remove)
    assert post(owners, remove, get(owners, remove)).status_code == 303
    assert owners.get(edit).status_code == 404


def test_on_english_pages_sums_are_in_yuan(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        path = f"/businesses/{a_business(owner).id}/figures/{LAST}"
    owners.set_cookie("lang", "en")
    page = get(owners, path)
    assert hidden(page, "amount_unit") == "yuan" and 'value="960,000"' in page
    answer = post(
        owners,
        path,
        page,
        row_version=hidden(page, "row_version"),
        amount_unit="yuan",
        employees="8",
        turnover="970000",
    )
    assert answer.status_code == 303
    with app.app_context():
        assert db.session.scalars(sa.select(YearlyFigures.turnover_yuan)).one() == 970_000


def test_a_years_page_exists_for_years_in_business_only(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner)
        here, founded = f"/businesses/{business.id}/figures", business.founded_on.year
    for year in (founded - 1, clock.today().year + 1, 0, 99999):
        assert owners.get(f"{here}/{year}").status_code == 404
    assert owners.get(f"{here}/{founded}").status_code == 200
    assert owners.get(f"{here}/{founded}/remove").status_code == 404


# who may see it


def every_address(business: Business, member: BusinessMember, paper: BusinessPaper, line: CreditLine) -> list[str]:
    here = f"/businesses/{business.id}"
    return [
        here,
        f"{here}/edit",
        f"{here}/figures/{LAST}",
        f"{here}/figures/{LAST}/remove",
        f"{here}/strengths",
        f"{here}/titles/new",
        f"{here}/lines/new",
        f"{here}/lines/{line.id}",
        f"{here}/papers",
        f"/businesses/papers/{paper.id}",
        f"/checks/papers/{member.id}",
    ]


@pytest.mark.article("B.1")
def test_another_owners_business_does_not_exist(app: Any, owner: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business()
        line, me = a_credit_line(business), business.members[0]
        paper = papers_sent(me)
        others = [owner, a_manager(), a_desk(), a_supervisor()]
        addresses = every_address(business, me, paper, line)
    for person in others:
        client = browser_of(app, person)
        for path in addresses:
            assert client.get(path).status_code == 404, (person.name, path)
            posted = client.post(path, data={"csrf_token": "x"})
            assert posted.status_code in (400, 404, 405), (person.name, path)
    for path in addresses:
        assert app.test_client().get(path).status_code == 302


def test_another_owners_posts_change_nothing(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(name="别人的店")
        a_business(owner)
        line = a_credit_line(business)
        here = f"/businesses/{business.id}"
        paths = [
            f"{here}/edit", f"{here}/edit/look", f"{here}/figures/{LAST}", f"{here}/figures/{LAST}/remove",
            f"{here}/strengths", f"{here}/titles/new", f"{here}/lines/new", f"{here}/lines/{line.id}",
            f"{here}/lines/{line.id}/remove",
            f"{here}/papers", f"{here}/capacity", f"{here}/confirm-outside",
        ]  # fmt: skip
    page = get(owners, "/businesses/new")
    for path in paths:
        assert post(owners, path, page, name="改了", row_version="1").status_code == 404, path
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(CreditLine)) == 1
        assert "别人的店" in db.session.scalars(sa.select(Business.name)).all()


def test_a_line_is_reached_through_its_own_business_only(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        mine, other = a_business(owner), a_business()
        line = a_credit_line(other)
        path = f"/businesses/{mine.id}/lines/{line.id}"
    assert owners.get(path).status_code == 404


def test_an_operator_sees_only_what_the_check_needs(app: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(address="很秘密的地址 7 号", tax_grade="D")
        line, me = a_credit_line(business), business.members[0]
        paper = papers_sent(me)
        operator, name, phone = an_operator(), business.name, me.person.phone
        addresses = every_address(business, me, paper, line)
    client = browser_of(app, operator)
    for path in addresses:
        allowed = "papers/" in path
        assert client.get(path).status_code == (200 if allowed else 404), path
    page = get(client, addresses[-1])
    assert name in page
    for secret in ("很秘密的地址", "D 级", "96 万元", "960,000", phone, "青檀农商银行"):
        assert secret not in page
    assert "文三路" not in get(client, "/checks/papers")


# proving


def send(client: Any, here: str, kind: str, name: str, content: bytes) -> Any:
    page = get(client, f"{here}/papers")
    return client.post(
        f"{here}/papers",
        data={"csrf_token": hidden(page, "csrf_token"), "kind": kind, "file": (io.BytesIO(content), name)},
        content_type="multipart/form-data",
    )


@pytest.mark.article("B.1")
def test_from_licence_to_checked_through_the_pages(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner)
        operator, here, member_id = an_operator(), f"/businesses/{business.id}", business.members[0].id
        colleague = an_operator("平台同事")

    def second(decision: str, **more: str) -> None:
        """Another operator looks and finds the same."""
        other = browser_of(app, colleague)
        page = get(other, f"/checks/papers/{member_id}")
        assert "右下角没拍到" not in page, "what the first found is hidden from the second"
        version = hidden(page, "row_version")
        found = post(other, f"/checks/papers/{member_id}", page, row_version=version, decision=decision, **more)
        assert found.status_code == 303

    assert send(owners, here, "licence", "执照.jpg", a_picture()).status_code == 303
    assert "材料已送" in get(owners, f"{here}/papers")
    desk = browser_of(app, operator)
    waiting = get(desk, "/checks/papers")
    assert f"/checks/papers/{member_id}" in waiting and problems(waiting) == []
    page = get(desk, f"/checks/papers/{member_id}")
    assert problems(page) == []
    picture = re.search(r'<img[^>]*src="([^"]+)"', page)
    assert picture
    assert desk.get(picture[1]).data == check_file("执照.jpg", a_picture()).content
    version = hidden(page, "row_version")
    wrong = post(desk, f"/checks/papers/{member_id}", page, row_version=version, decision="wrong")
    assert wrong.status_code == 422
    answer = post(
        desk,
        f"/checks/papers/{member_id}",
        page,
        row_version=version,
        decision="wrong",
        remark_code="cut_off",
        remark="右下角没拍到",
    )
    assert answer.status_code == 303
    assert "还要另一位同事看一遍" in get(desk, "/checks/papers") and "没拍全" not in get(owners, f"{here}/papers")
    second("wrong", remark_code="cut_off", remark="右下角没拍到")
    mine = get(owners, f"{here}/papers")
    assert "没拍全" in mine and "右下角没拍到" in mine
    assert desk.get(f"/checks/papers/{member_id}").status_code == 404
    assert desk.get(picture[1]).status_code == 404
    assert send(owners, here, "licence", "执照 2.png", a_picture("red", "PNG")).status_code == 303
    page = get(desk, f"/checks/papers/{member_id}")
    answer = post(
        desk, f"/checks/papers/{member_id}", page, row_version=hidden(page, "row_version"), decision="right"
    )
    assert answer.status_code == 303
    assert "材料核对过" not in get(owners, here)
    second("right")
    assert "材料核对过" in get(owners, here)
    with app.app_context():
        looks = db.session.scalars(sa.select(DataAccess)).all()
        assert {(look.person_id, look.purpose) for look in looks} == {
            (operator.id, "identity"),
            (operator.id, "identity_list"),
            (colleague.id, "identity"),
        }
        assert len(looks) >= 3
    seen = get(owners, "/leads/who-sees")
    assert "平台值班" in seen and "核对您的身份材料" in seen


@pytest.mark.article("5.1", "B.1")
def test_a_title_is_verified_when_its_owner_asks_and_nobody_looks_before(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business, operator, colleague = a_business(owner, standing="checked"), an_operator(), an_operator("平台同事")
        title = a_title(business, certificate_number="GR202633001234")
        here, page_of_check = f"/businesses/{business.id}", f"/checks/titles/{title.id}"
    desk, other = browser_of(app, operator), browser_of(app, colleague)
    assert "没有人核实过" in get(owners, here)
    assert "GR202633001234" not in get(desk, "/checks/titles")
    assert desk.get(page_of_check).status_code == 404
    assert owners.get("/checks/titles").status_code == 404
    assert owners.get(page_of_check).status_code == 403, "their own title, but not theirs to decide"
    ask = f"{here}/titles/{title.id}/ask"
    assert desk.post(ask, data={"csrf_token": hidden(get(desk, "/checks/titles"), "csrf_token")}).status_code == 404
    assert post(owners, ask, get(owners, here)).status_code == 303
    shown = get(owners, here)
    assert "等平台核实" in shown and ask not in shown
    assert post(owners, ask, shown).status_code == 409
    assert "个资质等着" in get(desk, "/")
    assert business.name in get(desk, "/checks/titles")
    first, second = get(desk, page_of_check), get(other, page_of_check)
    assert "GR202633001234" in first and problems(first) == []
    version = hidden(first, "row_version")
    assert post(desk, page_of_check, first, row_version=version, decision="wrong").status_code == 422
    wrong = {"row_version": version, "decision": "wrong", "remark_code": "other_number"}
    assert post(desk, page_of_check, first, **wrong).status_code == 303
    assert post(other, page_of_check, second, row_version=version, decision="right").status_code == 404
    assert "证书编号对不上" in get(owners, here)
    assert post(owners, ask, get(owners, here)).status_code == 303
    page = get(other, page_of_check)
    right = {"row_version": hidden(page, "row_version"), "decision": "right"}
    assert post(other, page_of_check, page, **right).status_code == 303
    assert "核实了" in get(owners, here) and "核实了" in get(owners, "/messages")
    assert "平台同事" in get(owners, "/leads/who-sees")
    other.set_cookie("lang", "en")
    assert problems(get(other, "/checks/titles")) == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.heic", b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "HEIC"),
        ("a.jpg", b"<html><script>alert(1)</script>", "只收照片"),
        ("a.jpg", b"", "请选一个文件|空的"),
        ("a.pdf", a_pdf(b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"), "带有病毒"),
        ("a.jpg", b"\xff\xd8\xff" + b"x" * (10 * 1024 * 1024), "超过 10 MB"),
    ],
    ids=["heic", "html", "empty", "eicar", "large"],
)
def test_a_file_that_may_not_be_kept_is_told_why(
    app: Any, owner: Any, owners: Any, name: str, content: bytes, words: str
) -> None:
    with app.app_context(), unit_of_work():
        here = f"/businesses/{a_business(owner).id}"
    answer = send(owners, here, "licence", name, content)
    assert answer.status_code == 422
    assert re.search(words, answer.get_data(as_text=True))
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(BusinessPaper)) == 0
        assert db.session.scalars(sa.select(BusinessMember.standing)).one() == "declared"


def test_a_post_without_a_file_or_a_kind_is_told(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        here = f"/businesses/{a_business(owner).id}"
    page = get(owners, f"{here}/papers")
    answer = post(owners, f"{here}/papers", page, kind="licence")
    assert answer.status_code == 422 and "请选一个文件" in answer.get_data(as_text=True)
    assert send(owners, here, "letter", "a.jpg", a_picture()).status_code == 422
    assert send(owners, here, "", "a.jpg", a_picture()).status_code == 422


def test_an_operator_does_not_check_their_own_shop(app: Any) -> None:
    from tests.builders import assign

    with app.app_context(), unit_of_work():
        operator = an_operator()
        assign(operator, "owner")
        me = a_business(operator).members[0]
        papers_sent(me)
        path = f"/checks/papers/{me.id}"
    client = browser_of(app, operator)
    assert "这是您自己的店" in get(client, "/checks/papers")
    assert client.get(path).status_code in (403, 404)
    page = get(client, "/businesses/new")
    assert post(client, path, page, row_version="1", decision="right").status_code in (403, 404)
    with app.app_context():
        assert db.session.scalars(sa.select(BusinessMember.standing)).one() == "papers_sent"


def test_saying_to_act_for_another_asks_for_the_letter(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        here = f"/businesses/{a_business(owner).id}"
    page = get(owners, f"{here}/papers")
    assert "委托您办理融资" not in page
    assert post(owners, f"{here}/capacity", page, capacity="agent").status_code == 303
    page = get(owners, f"{here}/papers")
    assert "委托您办理融资" in page
    assert problems(page) == []
    assert post(owners, f"{here}/capacity", page, capacity="king").status_code == 422
    assert send(owners, here, "licence", "a.jpg", a_picture()).status_code == 303
    assert send(owners, here, "letter", "a.pdf", a_pdf()).status_code == 303
    assert "等平台核对" in get(owners, here)


def test_the_outside_service_says_that_it_is_a_fake(app: Any, owner: Any, owners: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(owner)
        here, pair = f"/businesses/{business.id}", (business.uscc, owner.name)
    page = get(owners, f"{here}/papers")
    assert "模拟核验" in page
    answer = post(owners, f"{here}/confirm-outside", page)
    assert answer.status_code == 409 and "没有核到" in answer.get_data(as_text=True)
    outside.use(outside.FakeIdentityService(frozenset({pair})))
    try:
        assert post(owners, f"{here}/confirm-outside", page).status_code == 303
    finally:
        outside.use(outside.FakeIdentityService())
    assert "外部服务核实过" in get(owners, here)


# two at once


def test_two_operators_who_differ_at_once_leave_one_case(any_app: Any) -> None:
    app = any_app
    for _round in range(5):
        with app.app_context(), unit_of_work():
            me = a_business().members[0]
            papers_sent(me)
            operators = [an_operator(), an_operator()]
            path = f"/checks/papers/{me.id}"
            member_id = me.id
        clients = [browser_of(app, operator) for operator in operators]
        pages = [get(client, path) for client in clients]
        start = threading.Barrier(2)
        answers: list[int] = []

        def decide(
            client: Any, page: str, path: str = path, start: Any = start, answers: list[int] = answers, **values: str
        ) -> None:
            start.wait()
            answers.append(post(client, path, page, row_version=hidden(page, "row_version"), **values).status_code)

        threads = [
            threading.Thread(target=decide, args=(clients[0], pages[0]), kwargs={"decision": "right"}),
            threading.Thread(
                target=decide, args=(clients[1], pages[1]), kwargs={"decision": "wrong", "remark_code": "cut_off"}
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [303, 303], "both findings are kept, neither has seen the other"
        with app.app_context():
            assert db.session.get_one(BusinessMember, member_id).standing == "papers_sent"
            case = db.session.scalars(sa.select(IdentityCase).where(IdentityCase.member_id == member_id)).one()
            assert case.kind == "papers" and case.is_open


def test_two_owners_with_one_code_at_once_one_writes(any_app: Any) -> None:
    app = any_app
    for _round in range(5):
        code = a_code()
        with app.app_context(), unit_of_work():
            people = [an_owner(), an_owner()]
        clients = [browser_of(app, person) for person in people]
        pages = [get(client, "/businesses/new") for client in clients]
        start = threading.Barrier(2)
        answers: list[int] = []

        def create(
            client: Any, page: str, code: str = code, start: Any = start, answers: list[int] = answers
        ) -> None:
            start.wait()
            answers.append(post(client, "/businesses", page, **typed(code)).status_code)

        threads = [threading.Thread(target=create, args=pair) for pair in zip(clients, pages, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [303, 409]
        with app.app_context():
            assert (
                db.session.scalar(sa.select(sa.func.count()).select_from(Business).where(Business.uscc == code)) == 1
            )
