"""The zone of cover as owners read it: by line, in the neutral order of the day, without prices unless licensed."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.rules.conditions import lines_meeting
from matchmaker.insurance.views.zone import read_base
from matchmaker.products.cover import services
from matchmaker.products.cover.models import Cover
from matchmaker.reference import insurance_lines
from tests.builders import an_owner, sign_in
from tests.insurance.builders import CoverCase, a_cover_case, typed
from tests.leads.builders import check_papers
from tests.needs.builders import a_shop
from tests.privacy.typing_in import post
from tests.products.cover_builders import a_cover, an_insurer, two_desks

PRICED = {"rate_min": "7.31", "rate_max": "9.47", "least_premium_yuan": "431"}


def licence(app: Any, on: bool) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], insurance_licence=on)


@pytest.fixture
def listed(app: Any) -> dict[str, int]:
    """Two insurers with a shop package each, priced while the licence was on file."""
    with app.app_context(), unit_of_work():
        first = a_cover(an_insurer("平岚财险"), licensed=True, name="平岚小店险", **PRICED)
        second = a_cover(an_insurer("云岫财险"), licensed=True, name="云岫店铺险", **PRICED)
        return {"first": first.id, "second": second.id}


@pytest.mark.article("15.1")
def test_cover_has_a_zone_of_its_own_by_line(client: Any, listed: dict[str, int]) -> None:
    page = client.get("/cover").text
    assert "店铺综合保险" in page and "2 家保险公司" in page
    assert f"还有 {len(insurance_lines.every()) - 1} 个险种" in page, "every line of the list is named"
    found = client.get("/cover", query_string={"q": "雇主"}).text
    assert "雇主责任保险" in found and "店铺综合保险" not in found
    assert "没有找到这样的险种" in client.get("/cover", query_string={"q": "火星"}).text
    client.set_cookie("lang", "en")
    english = client.get("/cover").text
    assert "Shop package" in english and "2 insurers" in english


@pytest.mark.article("15.2")
def test_a_cover_says_what_it_does_not_cover_first_and_whom_it_is_for(client: Any, listed: dict[str, int]) -> None:
    page = client.get(f"/cover/{listed['first']}").text
    assert page.index("不保什么") < page.index("保什么，") if "保什么，" in page else "不保什么" in page
    for words in ("地震", "谁能投保", "出了险，几天内赔", "要的材料，为什么要", "C00001232612026010100001", "文字指纹"):
        assert words in page
    assert "平岚财险股份有限公司" in page and "平台不经手" in page


def test_the_order_of_insurers_turns_every_day(client: Any, listed: dict[str, int]) -> None:
    orders = set()
    for day in range(2):
        with clock.frozen(clock.now() + timedelta(days=day)):
            page = client.get("/cover/lines/PROP_SHOP").text
        orders.add(page.index("平岚小店险") < page.index("云岫店铺险"))
    assert orders == {True, False}


@pytest.mark.article("15.1", "B.1")
def test_without_the_licence_nothing_is_priced_or_compared(app: Any, client: Any, listed: dict[str, int]) -> None:
    for path in ("/cover", "/cover/lines/PROP_SHOP", f"/cover/{listed['first']}", f"/cover/{listed['first']}/versions/1"):
        page = client.get(path).text
        assert "平台没有保险中介牌照" in page
        for words in ("7.31", "9.47", "431", "参考费率", "参考保费", "并排看"):
            assert words not in page, (path, words)
    compared = f"/cover/lines/PROP_SHOP/compare?cover={listed['first']}&cover={listed['second']}"
    assert client.get(compared).status_code == 404, "the page does not exist"


@pytest.mark.article("15.2")
def test_with_the_licence_rates_are_shown_and_compared(app: Any, client: Any, listed: dict[str, int]) -> None:
    licence(app, True)
    page = client.get("/cover/lines/PROP_SHOP").text
    assert "平台有保险中介牌照" in page and "7.31" in page and "并排看" in page
    path = f"/cover/lines/PROP_SHOP/compare?cover={listed['first']}&cover={listed['second']}"
    assert "先写按多少算" in client.get(path).text
    assert "写一个大于零的数" in client.get(path + "&base=很多").text
    compared = client.get(path + "&base=50").text
    assert "3,655" in compared and "4,735" in compared, "50 万元 at 7.31 and 9.47 per mille"
    assert "平岚小店险" in compared and "云岫店铺险" in compared
    assert "还没有勾要看的" in client.get("/cover/lines/PROP_SHOP/compare").text


@pytest.mark.article("15.2")
def test_the_base_of_a_comparison_is_read_as_sums_are(app: Any, client: Any, listed: dict[str, int]) -> None:
    licence(app, True)
    path = f"/cover/lines/PROP_SHOP/compare?cover={listed['first']}&cover={listed['second']}"
    assert "3,655" in client.get(path + "&base=50万").text, "a typed unit is understood"
    client.set_cookie("lang", "en")
    english = client.get(path + "&base=500,000").text
    assert "3,655" in english and "× ¥10,000" not in english and 'name="amount_unit" value="yuan"' in english
    carried = client.get(path + "&base=50&amount_unit=wan").text
    assert "3,655" in carried and "× ¥10,000" in carried, "typed on a Chinese page, read as it was shown"
    assert "3,655" not in client.get(path + "&base=0").text


def test_only_a_base_of_money_has_a_unit() -> None:
    assert read_base("500", "yuan") == 500 and read_base("500", "wan") == 5_000_000
    assert read_base("１２", None) == 12 and read_base("0", None) is None and read_base("12 万", None) is None


def test_the_base_by_the_day_is_in_yuan_on_every_page(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        number = a_cover(an_insurer("平岚财险"), licensed=True, name="停业险", line="DIS_EPI", **PRICED).id
    licence(app, True)
    page = client.get(f"/cover/lines/DIS_EPI/compare?cover={number}&base=100000").text
    assert "元，一天" in page and 'name="amount_unit" value="yuan"' in page
    assert "731" in page and "7,310,000" not in page, "7.31 per mille of what was typed, not of ten thousand times that"


def test_nothing_is_reckoned_where_no_insurer_published_a_rate(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        numbers = [a_cover(an_insurer(bank), name=name).id for bank, name in (("平岚财险", "甲险"), ("云岫财险", "乙险"))]
    licence(app, True)
    page = client.get("/cover/lines/PROP_SHOP/compare?" + "&".join(f"cover={number}" for number in numbers)).text
    assert page.count("这家没有公布参考费率。") == 2 and "按多少算" not in page, "no button that leads to nothing"


def test_an_owner_reads_whether_the_shop_is_within_its_bounds(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        a_shop(owner, name="桂兰砂锅馆", industry_code="6210")
        fitting = a_cover(an_insurer("平岚财险"), name="饭馆险", industries_allow="62").id
        other = a_cover(an_insurer("云岫财险"), name="货车险", industries_allow="54").id
    sign_in(client, owner)
    assert "您的店在它保的范围里" in client.get(f"/cover/{fitting}").text
    page = client.get(f"/cover/{other}").text
    assert "您的店不在它保的范围里" in page and "不够" in page
    line = client.get("/cover/lines/PROP_SHOP").text
    assert "饭馆险" in line and "货车险" in line, "it is said, and nothing is left out or put behind"


def test_what_is_suspended_or_superseded_says_so(app: Any, client: Any, listed: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        cover = db.session.get_one(Cover, listed["first"])
        desk = two_desks(cover.institution)[0]
        services.suspend_cover(cover, note="条款在修订", seen=cover.row_version, by=desk)
    page = client.get(f"/cover/{listed['first']}").text
    assert "这个产品现在不接新的" in page
    assert "平岚小店险" not in client.get("/cover/lines/PROP_SHOP").text
    assert client.get("/cover/99999").status_code == 404
    assert client.get("/cover/lines/NO_SUCH").status_code == 404


# --- conditions ------------------------------------------------------------------------------------------------------


@pytest.mark.article("15.1", "8.1")
@pytest.mark.parametrize(
    ("condition", "lines"),
    [
        ("放款前给厂房办财产综合险，第一受益人写我行", {"PROP_BASIC", "PROP_COMP", "PROP_AR"}),
        ("需提供小额贷款保证保险", {"SU_LOAN"}),
        ("出口信用保险保单质押", {"CR_EXP_ST", "CR_EXP_SME"}),
        ("为抵押的机器投保机器损坏险", {"EQP_MB", "EQP_PLANT"}),
        ("建议投保借款人意外险", {"KP_LOANLIFE"}),
        ("老板买一份意外险", {"KP_PA"}),
        ("每季度送一次流水", set()),
        ("无需购买财产保险", set()),
        ("", set()),
    ],
)
def test_the_words_of_a_condition_name_lines(condition: str, lines: set[str]) -> None:
    assert set(lines_meeting(condition)) == lines


def test_every_line_that_meets_a_condition_is_on_the_official_list() -> None:
    from matchmaker.insurance.rules.conditions import _MEETS

    assert all(insurance_lines.get(code) for _, codes in _MEETS for code in codes)


def test_a_condition_leads_to_the_lines_that_meet_it(client: Any, listed: dict[str, int]) -> None:
    page = client.get("/cover?line=PROP_SHOP&line=PROP_COMP&line=NO_SUCH").text
    assert "可以满足条件的保险" in page and "店铺综合保险" in page and "财产综合险" in page
    assert "雇主责任保险" not in page and "机构不能指定保险公司" in page


# --- whom a cover does not take --------------------------------------------------------------------------------------


@pytest.fixture
def for_carriers(app: Any) -> tuple[CoverCase, int]:
    """A checked inn, a cover for carriers of ten years, and the number of one on the same line that takes the inn."""
    with app.app_context(), unit_of_work():
        case = a_cover_case(of="云岫财险", name="货车险", industries_allow="54", min_months_in_business="120")
        return case, a_cover(an_insurer("平岚财险"), name="饭馆险", industries_allow="62").id


@pytest.mark.article("15.1", "B.4")
def test_a_business_that_a_cover_does_not_take_is_told_why_and_what_would_do_instead(
    app: Any, client: Any, for_carriers: tuple[CoverCase, int]
) -> None:
    case, other = for_carriers
    sign_in(client, case.owner)
    shown = f"/cover/{case.cover.id}"
    for path in (shown, f"{shown}/ask/{case.business.id}"):
        page = client.get(path).text
        assert f'href="{shown}/ask"' not in page and "同意，只问" not in page, "it cannot be asked"
        assert "不保您这样的店" in page and "行业" in page and "变不了" in page
        assert "开业时间" in page and "起" in page, "the second rule ends by itself"
        assert f'href="/cover/{other}?business={case.business.id}"' in page, "who takes the shop stands in its place"
        assert f'href="/businesses/{case.business.id}/edit"' in page, "what was typed may be wrong"
    fitting = client.get(f"/cover/{other}").text
    assert f'href="/cover/{other}/ask"' in fitting and "不保您这样的店" not in fitting
    client.set_cookie("lang", "en")
    assert "does not take" in client.get(shown).text


def test_a_request_that_the_rules_exclude_is_not_sent(app: Any, client: Any, for_carriers: tuple[CoverCase, int]) -> None:
    case, _other = for_carriers
    sign_in(client, case.owner)
    answer = post(client, f"/cover/{case.cover.id}/ask/{case.business.id}", **typed())
    assert answer.status_code == 409
    assert "没有送出：您的店不在它保的范围里，差在“行业”" in answer.text
    with app.app_context():
        assert not db.session.scalar(sa.select(sa.func.count(CoverRequest.id)))


def test_of_two_shops_the_one_that_fits_can_ask(app: Any, client: Any, for_carriers: tuple[CoverCase, int]) -> None:
    case, _other = for_carriers
    with app.app_context(), unit_of_work():
        van = a_shop(case.owner, name="老周拉货", industry_code="5431", founded_on=clock.today() - timedelta(days=5000))
        check_papers(van, case.owner)
        van_id = van.id
    sign_in(client, case.owner)
    path = f"/cover/{case.cover.id}"
    assert f'href="{path}/ask"' in client.get(path).text
    whose = client.get(f"{path}/ask").text
    assert "老周拉货" in whose and "给它问" in whose and "看怎么办" in whose and "变不了" in whose
    assert "同意，只问" in client.get(f"{path}/ask/{van_id}").text
