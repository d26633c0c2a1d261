"""The pages of matching through HTTP: what an owner sees, what nobody else sees, and what a look leaves behind."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import html5lib
import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.services.registering import choose_order
from matchmaker.db import db, unit_of_work
from matchmaker.matching import queries, services
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.products.models import Product, PromiseRecord
from matchmaker.ranking.models import InView, Shown, ShownList
from tests.builders import a_desk, a_manager, a_supervisor, an_operator, an_owner, sign_in
from tests.products.builders import a_product

from .builders import NOW, a_bank, a_record

CHINESE = re.compile(r"[\u4e00-\u9fff]+")


@pytest.fixture(autouse=True)
def at_a_fixed_time() -> Any:
    with clock.frozen(NOW, everywhere=True):
        yield


@pytest.fixture
def app(town_app: Any) -> Any:
    """The site on the example town."""
    return town_app


@pytest.fixture
def town(town_file: Any) -> dict[str, int]:
    """The ids that addresses need."""
    ids: dict[str, int] = town_file[1]
    return ids


@pytest.fixture
def listed(app: Any, town: dict[str, int]) -> dict[str, int]:
    """The same with a list made."""
    with app.app_context(), unit_of_work():
        make_list(town["need"])
    return town


@pytest.fixture
def signed_in(app: Any, client: Any, town: dict[str, int]) -> Any:
    with app.app_context(), unit_of_work():
        owner = db.session.get_one(Person, town["owner"])
    sign_in(client, owner)
    return client


def make_list(need_id: int) -> None:
    need = queries.need_for_matching(need_id)
    assert need is not None
    services.make_list(need, by=None)


def empty_the_market() -> None:
    for product in db.session.scalars(sa.select(Product)):
        product.state = "suspended"
    db.session.flush()


def page(answer: Any, status: int = 200) -> str:
    assert answer.status_code == status, answer.get_data(as_text=True)[:2000]
    text: str = answer.get_data(as_text=True)
    html5lib.HTMLParser(strict=True).parse(text)
    assert len(re.findall("<h1[ >]", text)) == 1
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), [found for found in ids if ids.count(found) > 1]
    assert "style=" not in text and "<script>" not in text
    return text


def form_of(text: str) -> dict[str, str]:
    return {
        "csrf_token": re.search(r'name="csrf_token"[^>]*value="([^"]+)"', text)[1],  # type: ignore[index]
        "form_key": re.search(r'name="form_key"[^>]*value="([^"]+)"', text)[1],  # type: ignore[index]
    }


def order_of(text: str) -> list[str]:
    return re.findall(r'<h3 id="p\d+">(?:<span class="no">\d+</span>)?<span lang="zh-CN">([^<]+)</span>', text)


def address(town: dict[str, int], rest: str = "") -> str:
    return f"/needs/{town['need']}/matches{rest}"


@pytest.mark.article("3.6")
def test_without_a_list_the_page_offers_to_make_one_and_making_it_stores_it(
    app: Any, signed_in: Any, town: dict[str, int]
) -> None:
    empty = page(signed_in.get(address(town)))
    assert "还没有匹配过" in empty and "开始匹配" in empty
    answer = signed_in.post(address(town), data=form_of(empty))
    assert (answer.status_code, answer.location) == (303, address(town))
    shown = page(signed_in.get(address(town)))
    assert "4 个产品适合您" in shown
    with app.app_context():
        stored = db.session.scalars(sa.select(ShownList)).one()
        assert stored.counts["fitting"] == 4 and stored.made_by_id is not None


def test_the_same_form_twice_makes_one_list(app: Any, signed_in: Any, town: dict[str, int]) -> None:
    form = form_of(page(signed_in.get(address(town))))
    assert signed_in.post(address(town), data=form).status_code == 303
    assert signed_in.post(address(town), data=form).status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(ShownList.id))) == 1


def test_showing_a_list_makes_none(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    for _ in range(3):
        page(signed_in.get(address(listed)))
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(ShownList.id))) == 1


@pytest.mark.article("8.2", "B.4")
def test_cards_carry_cost_reasons_and_cautions(signed_in: Any, listed: dict[str, int]) -> None:
    text = page(signed_in.get(address(listed)))
    assert "3.85" in text and "25,524" in text and "306,293" in text
    assert "每借 1 万元花" in text
    assert "每月要还 25,524\u00a0元" in text
    assert "满 12\u00a0个月，要一次还清 30\u00a0万元" in text
    assert "不看佣金" in text
    assert "为什么不是别的" in text and "头回贷" in text and "24" in text
    assert "变不了" in text
    assert "同时最多送 3 家" in text


@pytest.mark.article("3.6")
@pytest.mark.parametrize(
    ("sort", "first"),
    [("overall", None), ("cost", "灶台贷"), ("speed", "小店周转金"), ("chance", "三合担保贷"), ("nonsense", None)],
)
def test_sorting_is_by_links(app: Any, signed_in: Any, town: dict[str, int], sort: str, first: str | None) -> None:
    with app.app_context(), unit_of_work():
        a_record(db.session.get_one(Product, town["guaranteed"]), leads=60, funded=45)
        a_record(db.session.get_one(Product, town["hearth"]), leads=60, funded=30)
        make_list(town["need"])
    text = page(signed_in.get(address(town, f"?sort={sort}")))
    assert len(order_of(text)) == 4
    if first:
        assert order_of(text)[0] == first
    assert "10 家约 5 家办成" in text and "看了类似的 60 家" in text


def test_a_chance_of_few_cases_is_not_told(signed_in: Any, listed: dict[str, int]) -> None:
    text = page(signed_in.get(address(listed)))
    assert "不到 20 家，不下结论" in text and "家办成</b>" not in text


@pytest.mark.article("B.2")
def test_what_was_in_view_is_observed(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    page(signed_in.get(address(listed)))
    page(signed_in.get(address(listed, f"/products/{listed['hearth']}")))
    with app.app_context():
        seen = [(row.place_from, row.place_to) for row in db.session.scalars(sa.select(InView).order_by(InView.id))]
    assert seen[0] == (1, 4) and len(seen) == 2


@pytest.mark.article("B.1")
@pytest.mark.parametrize("rest", ["", "/others", "/compare?product=1&product=2", "/products/1"])
def test_another_owners_list_does_not_exist(app: Any, client: Any, listed: dict[str, int], rest: str) -> None:
    with app.app_context(), unit_of_work():
        people = [an_owner(), a_desk(), a_manager(), an_operator(), a_supervisor()]
    for person in people:
        sign_in(client, person)
        assert client.get(address(listed, rest)).status_code == 404


def test_another_owner_cannot_make_a_list(app: Any, client: Any, listed: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        stranger = an_owner()
    sign_in(client, stranger)
    answer = client.get("/needs/0/matches")
    assert answer.status_code == 404
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', answer.get_data(as_text=True))
    assert token is not None
    assert client.post(address(listed), data={"csrf_token": token[1], "form_key": "k"}).status_code == 404


def test_a_visitor_is_asked_to_sign_in(client: Any, listed: dict[str, int]) -> None:
    answer = client.get(address(listed))
    assert answer.status_code == 302 and "/sign-in" in answer.location


def test_signed_in_answers_are_kept_by_no_cache(signed_in: Any, listed: dict[str, int]) -> None:
    assert signed_in.get(address(listed)).headers["Cache-Control"] == "no-store"


@pytest.mark.article("B.4")
def test_the_whole_list_of_others_is_searched_filtered_and_paged(
    app: Any, signed_in: Any, listed: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page(signed_in.get(address(listed, "/others")))
    for name in ("头回贷", "青石经营贷", "南埠小额贷", "望山铺面贷"):
        assert name in text
    text = page(signed_in.get(address(listed, "/others?q=铺面")))
    assert "望山铺面贷" in text and "头回贷" not in text
    text = page(signed_in.get(address(listed, "/others?rule=term")))
    assert "头回贷" in text and "南埠小额贷" not in text
    assert "没有找到" in page(signed_in.get(address(listed, "/others?q=没有这个")))
    page(signed_in.get(address(listed, "/others?rule=nonsense&page=9999999")))
    page(signed_in.get(address(listed, "/others?page=-1&q=" + "长" * 300)))


@pytest.mark.article("8.2", "3.6")
def test_compare_says_every_difference_in_words(signed_in: Any, listed: dict[str, int]) -> None:
    ids = "&".join(f"product={listed[name]}" for name in ("hearth", "float", "guaranteed"))
    text = page(signed_in.get(address(listed, f"/compare?{ids}")))
    assert "对比 3 个产品" in text
    for words in (
        "最低",
        "306,292.98",
        "少 1,500.00\u00a0元，先扣先付",
        "一年期 LPR 加 45\u00a0个基点，最低",
        "最快",
        "最慢",
    ):
        assert words in text, words
    assert text.count("<tr>") >= 16


@pytest.mark.parametrize(
    ("query", "words"),
    [("", "至少勾选两个"), ("?product=x&product=-1&product=999999", "至少勾选两个"), ("?product=1", "至少勾选两个")],
)
def test_comparing_too_few_says_what_to_do(signed_in: Any, listed: dict[str, int], query: str, words: str) -> None:
    assert words in page(signed_in.get(address(listed, "/compare" + query)))


def test_comparing_too_many_shows_the_first_four_and_says_so(
    signed_in: Any, listed: dict[str, int], app: Any
) -> None:
    with app.app_context(), unit_of_work():
        extra = [a_product(a_bank(f"第{number}银行"), name=f"第{number}贷").id for number in "四五"]
        make_list(listed["need"])
    ids = [listed["hearth"], listed["float"], listed["guaranteed"], listed["guarantee"], *extra]
    text = page(signed_in.get(address(listed, "/compare?" + "&".join(f"product={key}" for key in ids))))
    assert "一次最多对比 4 个" in text and "第四贷" in text and "第五贷" not in text
    assert "小微担保" not in text  # a guarantee is no loan: their costs are not compared


@pytest.mark.article("8.3")
def test_the_page_of_one_product_shows_every_fee_and_every_month(signed_in: Any, listed: dict[str, int]) -> None:
    text = page(signed_in.get(address(listed, f"/products/{listed['guaranteed']}")))
    for words in (
        "明白纸",
        "1,500.00\u00a0元",
        "5,635.76\u00a0元",
        "7,135.76\u00a0元",
        "25,469.61\u00a0元",
        "青檀担保",
        "为什么要",
        "核对是谁在经营",
        "够不够",
    ):
        assert words in text, words


@pytest.mark.article("B.4")
def test_the_page_of_a_product_that_does_not_fit_says_why(signed_in: Any, listed: dict[str, int]) -> None:
    text = page(signed_in.get(address(listed, f"/products/{listed['older']}")))
    assert "这次不合适，差 1 条" in text and "24\u00a0个月" in text and "21\u00a0个月" in text


def test_a_product_that_is_not_on_the_list_is_404_with_a_way_on(signed_in: Any, listed: dict[str, int]) -> None:
    assert "重新匹配" in page(signed_in.get(address(listed, "/products/999999")), 404)


@pytest.mark.article("B.4")
def test_when_nothing_fits_the_nearest_are_told(app: Any, signed_in: Any, town: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        empty_the_market()
        a_product(a_bank("甲银行"), name="老店贷", min_months_in_business="24")
        make_list(town["need"])
    text = page(signed_in.get(address(town)))
    assert "没有一个产品每条都过" in text and "只差一条" in text and "老店贷" in text
    assert "等到" in text  # waiting alone opens it


def test_an_empty_market_says_when_it_will_be_looked_at_again(app: Any, signed_in: Any, town: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        empty_the_market()
        make_list(town["need"])
    text = page(signed_in.get(address(town)))
    assert "现在没有在架的产品" in text
    assert "没有不合适的" in page(signed_in.get(address(town, "/others")))


def test_a_changed_need_says_that_its_list_is_of_before(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        need = db.session.get_one(Need, listed["need"])
        need.versions.append(
            NeedVersion(
                number=2,
                amount_yuan=Decimal(200_000),
                term_months=24,
                purpose="WC",
                securities=[],
                made_at=clock.now(),
                made_by_id=need.posted_by_id,
            )
        )
        need.current_number = 2
    assert "需求改过了" in page(signed_in.get(address(listed)))


def test_a_need_that_is_over_keeps_its_last_list_to_read(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    with app.app_context(), unit_of_work():
        need = db.session.get_one(Need, listed["need"])
        need.state, need.withdrawn_at = "withdrawn", clock.now()
    text = page(signed_in.get(address(listed)))
    assert "这个需求已经结束了" in text and "重新匹配" not in text and "选这家" not in text


@pytest.mark.article("B.3")
def test_english_leaves_no_chinese_but_official_names(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    signed_in.set_cookie("lang", "en")
    for rest in (
        "",
        "?sort=cost",
        "/others",
        f"/products/{listed['guaranteed']}",
        f"/products/{listed['older']}",
        f"/compare?product={listed['hearth']}&product={listed['float']}",
        "/compare",
    ):
        text = page(signed_in.get(address(listed, rest)))
        body = re.search(r"<main.*</main>", text, re.S)[0]  # type: ignore[index]
        body = re.sub(r'<(\w+)[^>]*lang="zh-CN"[^>]*>.*?</\1>', "", body, flags=re.S)
        body = re.sub(r'data-l="[^"]*"|value="[^"]*"', "", body)
        names = (
            "灶台贷|小店周转金|三合担保贷|小微担保|头回贷|青石经营贷|南埠小额贷|望山铺面贷|青檀农商银行|望山银行|百汇银行"
            "|江渚银行|青檀担保|南埠村镇银行|西湖支行|南埠支行|正餐服务"
        )
        body = re.sub(names, "", body)
        assert not CHINESE.findall(body), (rest, CHINESE.findall(body))


@pytest.mark.article("B.1", "B.2")
@pytest.mark.parametrize(
    ("language", "said", "not_used"), [("zh", "按您选的排", "排先后没有用它"), ("en", "As you chose", "did not use it")]
)
def test_the_list_names_the_choice_of_who_objected(
    app: Any, signed_in: Any, town: dict[str, int], language: str, said: str, not_used: str
) -> None:
    signed_in.set_cookie("lang", language)
    address = f"/needs/{town['need']}/matches"
    with app.app_context(), unit_of_work():
        make_list(town["need"])
    before = page(signed_in.get(address))
    assert said not in before and not_used not in before
    with app.app_context(), unit_of_work():
        choose_order(db.session.get_one(Person, town["owner"]), learned=False)
        make_list(town["need"])
    after = page(signed_in.get(address))
    assert said in after and not_used in after and "/my-data" in after


def test_each_card_says_how_its_institution_keeps_its_word_and_links_to_the_count(
    app: Any, signed_in: Any, listed: dict[str, int]
) -> None:
    page_before = page(signed_in.get(f"/needs/{listed['need']}/matches?all"))
    assert "近 12 个月不到 20 件，不下结论" in page_before
    with app.app_context(), unit_of_work():
        bank = db.session.get_one(Product, listed["hearth"]).institution_id
        for promise, n, percent, actual in (("money", 84, "58.7", None), ("days", 60, "91.0", "4"), ("rate", 19, "50.0", "0.2")):
            db.session.add(
                PromiseRecord(
                    institution_id=bank, promise=promise, from_on=clock.today() - timedelta(days=365),
                    until_on=clock.today(), as_of_at=clock.now(), n=n, fulfilled=n // 2, share_percent=Decimal(percent),
                    peers_percent=Decimal(50), strength=Decimal(20), promised=Decimal(5) if promise == "days" else None,
                    actual=None if actual is None else Decimal(actual),
                )
            )  # fmt: skip
    text = page(signed_in.get(f"/needs/{listed['need']}/matches?all"))
    assert "送过去的 10 件约 6 件拿到钱，看了 84 件" in text and f"/institutions/{bank}/answers#kept" in text
    assert "10 件约 9 件按承诺的天数答复，看了 60 件（承诺 5" in text
    assert "份报价约" not in text, "nineteen offers are too few"
    with app.app_context():
        db.session.rollback()
        stored = db.session.scalars(sa.select(ShownList)).one()
        assert services.differences(stored) == [], "it is no part of the list"
        db.session.rollback()


@pytest.mark.article("B.2", "3.6")
def test_each_card_shows_the_points_that_put_it_at_its_place(app: Any, signed_in: Any, listed: dict[str, int]) -> None:
    text = page(signed_in.get(address(listed, "?all=1")))
    said = re.findall(r"为什么排第 (\d+)：100 分里得 ([\d.]+) 分", text)
    with app.app_context():
        rows = {row.place: row.score for row in db.session.scalars(sa.select(Shown))}
    assert {int(place): float(points) for place, points in said} == {at: round(got, 1) for at, got in rows.items()}
    assert text.count("办成的可能：") == text.count("您的成本：") == len(rows)
    with app.app_context(), unit_of_work():
        first = db.session.scalars(sa.select(Shown).order_by(Shown.place)).first()
        assert first is not None
        first.features = {**first.features, "parts": {**first.features["parts"], "cost": 0.123}}
    again = page(signed_in.get(address(listed, "?all=1")))
    assert "为什么排第 1：" not in again and "为什么排第 2：" in again, "what does not add up is not said"
