"""Saying a need through HTTP: drafts, errors that lose nothing, posting once, changing, withdrawing, privacy."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import UserSession
from matchmaker.db import db, unit_of_work
from matchmaker.needs.models import Need, NeedDraft
from matchmaker.needs.rules import securities_known
from tests.builders import an_owner, sign_in
from tests.needs.builders import a_draft, a_need, a_shop

CHINESE = re.compile(r"[\u4e00-\u9fff]+")


@pytest.fixture
def owner(app):
    with app.app_context(), unit_of_work():
        return an_owner()


@pytest.fixture
def shop(app, owner):
    with app.app_context(), unit_of_work():
        return a_shop(owner)


@pytest.fixture
def at_counter(app, client, owner):
    sign_in(client, owner)
    return client


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the page's main form."""
    form = re.search(r"<main.*?</main>", page, re.S)[0]
    before = re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
    after = re.findall(r'<input[^>]*name="([^"]+)"[^>]*type="hidden"[^>]*value="([^"]*)"', form)
    return dict(before) | dict(after)


def typed(**changes: Any) -> dict[str, Any]:
    return {"amount": "30", "term": "12", "purpose": "PURCHASE", "securities": ["none"], **changes}


def page_of(answer) -> str:
    return answer.get_data(as_text=True)


def all_rows(app, table):
    with app.app_context():
        return list(db.session.scalars(sa.select(table)))


@pytest.mark.article("3.6", "6.1")
def test_a_need_is_said_checked_and_posted_once(app, at_counter, shop):
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post("/needs/review", data={**form, **typed(amount="３０万元")})
    assert answer.status_code == 303
    review = page_of(at_counter.get(answer.location))
    assert "30\u00a0万元" in review and "叁拾万元整" in review
    final = hidden(review)
    action = re.search(r'action="(/needs/drafts/\d+/post)"', review)[1]
    first, again = (at_counter.post(action, data=final) for _ in range(2))
    assert first.status_code == again.status_code == 303
    assert first.location == again.location
    needs = all_rows(app, Need)
    assert len(needs) == 1 and needs[0].business_id == shop.id and needs[0].state == "open"
    assert all_rows(app, NeedDraft) == []


@pytest.mark.article("B.3")
def test_what_was_typed_stays_and_each_error_is_linked(at_counter, shop):
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post(
        "/needs/review", data={**form, **typed(amount="三十来万", wanted_by="2020-01-01", note="国庆前备货")}
    )
    page = page_of(answer)
    assert answer.status_code == 422
    assert "三十来万" in page and "国庆前备货" in page and "2020-01-01" in page
    assert '<a href="#amount">' in page and '<a href="#wanted_by">' in page
    assert re.search(r"<title>有 2 处要改", page)
    assert page.count('aria-invalid="true"') == 2


@pytest.mark.parametrize(
    ("text", "yuan"),
    [("30", 300_000), ("３０", 300_000), ("1,000", 10_000_000), ("30万", 300_000), ("30 万元", 300_000),
     ("300,000元", 300_000), ("0.5", 5_000), ("1，200", 12_000_000), ("1.5亿", 150_000_000),
     ("两万五", 25_000), ("三百二十万", 3_200_000), ("1亿2000万", 120_000_000), ("壹拾伍万元整", 150_000)],
)  # fmt: skip
@pytest.mark.article("7.3")
def test_amounts_as_people_write_them(at_counter, shop, text, yuan):
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post("/needs/review", data={**form, **typed(amount=text)})
    assert answer.status_code == 303
    page = page_of(at_counter.get("/needs/new"))
    assert f"{yuan:,}\u00a0元" in page


def test_a_draft_takes_anything_and_counts_its_versions(app, at_counter):
    form = hidden(page_of(at_counter.get("/needs/new")))
    first = at_counter.post("/needs/drafts", data={**form, "amount": "还没想好", "page": ""})
    assert first.status_code == 200 and "还没想好" in page_of(first)
    form = hidden(page_of(first))
    assert form["version"] == "1"
    second = at_counter.post("/needs/drafts", data={**form, "amount": "30"}, headers={"HX-Request": "true"})
    fragment = page_of(second)
    assert second.status_code == 200 and 'name="version" value="2"' in fragment and "<html" not in fragment
    assert "叁拾万元整" in fragment
    assert [draft.version for draft in all_rows(app, NeedDraft)] == [2]


def test_an_older_copy_is_told_and_may_load_or_keep(app, at_counter):
    form = hidden(page_of(at_counter.get("/needs/new")))
    at_counter.post("/needs/drafts", data={**form, "amount": "30"})
    on_phone = hidden(page_of(at_counter.get("/needs/new")))
    on_desk = hidden(page_of(at_counter.get("/needs/new")))
    assert on_phone["draft_key"] == on_desk["draft_key"] and on_phone["page"] != on_desk["page"]
    assert at_counter.post("/needs/drafts", data={**on_phone, "amount": "40"}).status_code == 200
    refused = at_counter.post("/needs/drafts", data={**on_desk, "amount": "50"})
    page = page_of(refused)
    assert refused.status_code == 409 and "40" in page and "50" in page
    keep = re.search(r'name="keep" value="(\d+)"', page)[1]
    kept = at_counter.post("/needs/drafts", data={**on_desk, "amount": "50", "keep": keep})
    assert kept.status_code == 200
    assert [draft.values["amount"] for draft in all_rows(app, NeedDraft)] == ["50"]
    fragment = at_counter.post("/needs/drafts", data={**on_phone, "amount": "60"}, headers={"HX-Request": "true"})
    assert fragment.status_code == 409 and "keep" in page_of(fragment)


@pytest.mark.article("B.3")
def test_an_open_page_is_told_in_one_line_that_it_saves_no_more(app, at_counter):
    form = {**hidden(page_of(at_counter.get("/needs/new"))), **typed()}
    ajax = {"HX-Request": "true"}
    saved = at_counter.post("/needs/drafts", data=form, headers=ajax)
    assert saved.status_code == 200 and 'id="not-done" hx-swap-oob="innerHTML"' in page_of(saved)
    foreign = at_counter.post("/needs/drafts", data={**form, "csrf_token": "of-another-session"}, headers=ajax)
    assert foreign.status_code == 400 and "上一次登录时打开的" in page_of(foreign)
    with app.app_context(), unit_of_work():
        db.session.execute(sa.update(UserSession).values(ended_at=clock.real_now(), ended_because="signed_out"))
    ended = at_counter.post("/needs/drafts", data=form, headers=ajax)
    assert ended.status_code == 401 and "您已经退出了" in page_of(ended)
    for answer in (foreign, ended):
        assert answer.headers["HX-Retarget"] == "#not-done" and "<main" not in page_of(answer)
    assert "<main" in page_of(at_counter.post("/needs/drafts", data=form)), "a page without scripts gets a page"


@pytest.mark.article("7.3")
def test_a_page_left_open_does_not_bring_back_what_was_posted_elsewhere(app, at_counter, shop):
    form = {**hidden(page_of(at_counter.get("/needs/new"))), **typed()}
    at_counter.post("/needs/drafts", data=form)
    [draft] = all_rows(app, NeedDraft)
    open_page = {**form, **hidden(page_of(at_counter.get(f"/needs/new?draft={draft.id}"))), "amount": "31"}
    ready = page_of(at_counter.get(f"/needs/drafts/{draft.id}/review"))
    assert at_counter.post(f"/needs/drafts/{draft.id}/post", data=hidden(ready)).status_code == 303
    told = at_counter.post("/needs/drafts", data=open_page)
    assert told.status_code == 409 and "已经发出去，或者删掉了" in page_of(told)
    assert at_counter.post("/needs/drafts", data=open_page, headers={"HX-Request": "true"}).status_code == 409
    assert all_rows(app, NeedDraft) == []
    kept = at_counter.post("/needs/drafts", data={**open_page, "keep": "0"})
    assert kept.status_code == 200
    [again] = all_rows(app, NeedDraft)
    assert again.values["amount"] == "31" and again.version == 1


def test_one_page_may_save_on_after_a_slow_answer(app, at_counter):
    form = hidden(page_of(at_counter.get("/needs/new")))
    for amount in ("1", "12", "123"):  # the page never heard of the newer version
        assert at_counter.post("/needs/drafts", data={**form, "amount": amount}).status_code == 200
    assert [draft.values["amount"] for draft in all_rows(app, NeedDraft)] == ["123"]


def test_a_draft_belongs_to_its_owner_alone(app, client):
    with app.app_context(), unit_of_work():
        draft = a_draft(an_owner("沈秋禾"))
        other = an_owner("陆远")
    sign_in(client, other)
    for path in (f"/needs/drafts/{draft.id}/review", f"/needs/drafts/{draft.id}/delete"):
        assert client.get(path).status_code == 404
    assert "30" not in re.search(r'name="amount"[^>]*>', page_of(client.get(f"/needs/new?draft={draft.id}")))[0]


def test_without_a_shop_the_draft_waits_and_the_way_is_shown(at_counter):
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post("/needs/review", data={**form, **typed()})
    page = page_of(at_counter.get(answer.location))
    assert "登记您的店" in page and "/post" not in page


@pytest.mark.article("B.1")
def test_another_owners_need_does_not_exist(app, client):
    with app.app_context(), unit_of_work():
        need = a_need()
        stranger = an_owner("陆远")
    sign_in(client, stranger)
    for path in ("", "/change", "/withdraw"):
        assert client.get(f"/needs/{need.id}{path}").status_code == 404
    assert page_of(client.get("/needs")).count("<article") == 0


def test_a_change_makes_a_version_and_an_older_page_is_refused(app, at_counter, shop):
    with app.app_context(), unit_of_work():
        need = a_need(db.session.merge(shop))
    form = hidden(page_of(at_counter.get(f"/needs/{need.id}/change")))
    changed = at_counter.post(f"/needs/{need.id}/change", data={**form, **typed(amount="50")}, follow_redirects=True)
    assert "改好了，下面按新的排。" in changed.text and "还是送的时候那一版" not in changed.text
    late = at_counter.post(f"/needs/{need.id}/change", data={**form, **typed(amount="60")})
    assert late.status_code == 409 and 'value="60"' in page_of(late)
    with app.app_context():
        kept = db.session.get(Need, need.id)
        assert [int(version.amount_yuan) for version in kept.versions] == [300_000, 500_000]
        assert kept.current_number == 2
    assert "以前的 1 版" in page_of(at_counter.get(f"/needs/{need.id}"))


def test_withdrawing_asks_first_and_a_withdrawn_need_can_be_copied(app, at_counter, shop):
    with app.app_context(), unit_of_work():
        need = a_need(db.session.merge(shop))
    ask = page_of(at_counter.get(f"/needs/{need.id}/withdraw"))
    assert "收回这个需求？" in ask
    assert all_rows(app, Need)[0].state == "open"
    assert at_counter.post(f"/needs/{need.id}/withdraw", data=hidden(ask)).status_code == 303
    page = page_of(at_counter.get(f"/needs/{need.id}"))
    assert "已收回" in page and f"/needs/{need.id}/change" not in page
    assert at_counter.get(f"/needs/{need.id}/change").status_code == 409
    copied = at_counter.post(f"/needs/{need.id}/copy", data=hidden(page))
    assert copied.status_code == 303
    assert 'value="30"' in page_of(at_counter.get(copied.location))


def test_deleting_a_draft_asks_first(app, at_counter, owner):
    with app.app_context(), unit_of_work():
        draft = a_draft(owner)
    ask = page_of(at_counter.get(f"/needs/drafts/{draft.id}/delete"))
    assert len(all_rows(app, NeedDraft)) == 1
    at_counter.post(f"/needs/drafts/{draft.id}/delete", data=hidden(ask))
    assert all_rows(app, NeedDraft) == []


def test_my_needs_are_paginated(app, at_counter, shop):
    with app.app_context(), unit_of_work():
        mine = db.session.merge(shop)
        for _ in range(12):
            a_need(mine, state="expired")
    first, second = (page_of(at_counter.get(f"/needs?page={n}")) for n in (1, 2))
    assert first.count("<article") == 10 and second.count("<article") == 2
    assert 'rel="next"' in first and 'rel="prev"' in second


def test_an_english_reader_types_yuan(app, at_counter, shop):
    at_counter.set_cookie("lang", "en")
    page = page_of(at_counter.get("/needs/new"))
    form = hidden(page)
    assert form["amount_unit"] == "yuan"
    answer = at_counter.post("/needs/review", data={**form, **typed(amount="300,000")})
    assert "¥300,000" in page_of(at_counter.get(answer.location))
    at_counter.set_cookie("lang", "zh")
    again = page_of(at_counter.get("/needs/new"))
    assert 'value="30"' in again and hidden(again)["amount_unit"] == "wan"


@pytest.mark.parametrize(("text", "shown"), [("两万五", "¥25,000"), ("1亿2000万", "¥120,000,000")])
def test_numerals_are_read_on_english_pages_too(at_counter, shop, text, shown):
    at_counter.set_cookie("lang", "en")
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post("/needs/review", data={**form, **typed(amount=text)})
    assert answer.status_code == 303 and shown in page_of(at_counter.get(answer.location))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_sum_of_too_many_digits_is_an_error_at_its_field(at_counter, shop, language):
    at_counter.set_cookie("lang", language)
    form = hidden(page_of(at_counter.get("/needs/new")))
    answer = at_counter.post("/needs/review", data={**form, **typed(amount="9" * 24)})
    assert answer.status_code == 422 and "9" * 24 in page_of(answer) and 'href="#amount"' in page_of(answer)


@pytest.mark.article("6.1")
def test_what_was_checked_first_is_not_asked_again_when_the_shop_is_registered(at_counter):
    from stdnum.cn import uscc

    with at_counter.session_transaction() as cookie:
        cookie["check"] = {"kind": "sole_proprietor", "trade": "food", "region_code": "330106", "securities": ["none"]}
    form = hidden(page_of(at_counter.get("/needs/new")))
    review = at_counter.post("/needs/review", data={**form, **typed()})
    carried = hidden(page_of(at_counter.get(review.location)))
    assert carried["industry_query"] == "餐饮" and carried["region_code"] == "330106"
    code = "92330106MA27XXXX" + "1"
    answer = at_counter.post("/businesses/new", data={**carried, "uscc": code + uscc.calc_check_digit(code)})
    page = page_of(answer)
    assert answer.status_code == 200
    assert 'value="餐饮"' in page and "西湖区" in page
    assert carried["collateral_said"] == "none" and 'name="collateral_said" type="hidden" value="none"' in page


@pytest.mark.article("6.1", "7.3")
def test_who_registers_first_and_posts_later_is_not_asked_again_either(app, at_counter):
    from stdnum.cn import uscc

    from matchmaker.businesses.models import Business

    with at_counter.session_transaction() as cookie:
        cookie["check"] = {"trade": "food", "region_code": "330106", "securities": ["vehicle"], "amount_yuan": "200000"}
    code = "92330106MA27XXXX" + "1"
    begun = {**hidden(page_of(at_counter.get("/businesses/new"))), "uscc": code + uscc.calc_check_digit(code)}
    asked = hidden(page_of(at_counter.post("/businesses/new", data=begun)))
    written = {
        "name": "西湖区晓东面馆", "industry_code": "6220", "region_code": "330106", "address": "古荡街 8 号",
        "founded_on": "2022-05-06", "capacity": "owner",
    }  # fmt: skip
    made = at_counter.post("/businesses", data={**asked, **written})
    assert made.status_code == 303, page_of(made)
    page = page_of(at_counter.get(made.location))
    assert "还没说有什么能抵押" not in page and "能抵押或担保的</dt><dd>车辆抵押" in page
    [business] = all_rows(app, Business)
    assert business.collateral == ["MORT_VEH"] and business.collateral_said
    with at_counter.session_transaction() as cookie:
        del cookie["check"]
    form = page_of(at_counter.get("/needs/new"))
    assert re.search(r'checked[^>]* value="vehicle"', form), "and the need begins with what the business has said"


def test_what_a_business_holds_beyond_the_choices_of_a_need_ticks_none_of_them():
    assert securities_known(["PLEDGE_EQ"]) == []
    assert securities_known([]) == ["none"]
    assert securities_known(["MORT_RES", "PLEDGE_EQ"]) == ["home"]


@pytest.mark.article("6.1", "7.3")
def test_who_said_nothing_to_pledge_with_a_need_is_not_asked_again_by_the_business(app, at_counter, owner, shop):
    with app.app_context(), unit_of_work():
        mine = db.session.merge(shop)
        assert "还没说有什么能抵押" in page_of(at_counter.get(f"/businesses/{mine.id}"))
    review = at_counter.post("/needs/review", data={**hidden(page_of(at_counter.get("/needs/new"))), **typed()})
    ready = page_of(at_counter.get(review.location))
    assert at_counter.post(re.search(r'/needs/drafts/\d+/post', ready)[0], data=hidden(ready)).status_code == 303
    page = page_of(at_counter.get(f"/businesses/{shop.id}"))
    assert "还没说有什么能抵押" not in page and "能抵押或担保的</dt><dd>没有" in page
    strengths = page_of(at_counter.get(f"/businesses/{shop.id}/strengths"))
    assert re.search(r'checked[^>]* value="none"', strengths)
    contradicting = {**hidden(strengths), "tax_grade": "A", "collateral": ["none", "MORT_VEH"]}
    both = at_counter.post(f"/businesses/{shop.id}/strengths", data=contradicting)
    assert both.status_code == 422 and "就不要再勾别的" in page_of(both)


@pytest.mark.article("B.3")
def test_english_pages_hold_no_chinese_but_names(app, at_counter, owner, shop):
    with app.app_context(), unit_of_work():
        need = a_need(db.session.merge(shop))
        draft = a_draft(owner)
    at_counter.set_cookie("lang", "en")
    names = (shop.name, "周老板", "中文")
    for path in (
        "/", "/needs", f"/needs/{need.id}", f"/needs/{need.id}/change", f"/needs/{need.id}/withdraw", "/needs/new",
        f"/needs/drafts/{draft.id}/review", f"/needs/drafts/{draft.id}/delete", "/check", "/help",
        "/about", "/how-ranked", "/nope",
    ):  # fmt: skip
        page = page_of(at_counter.get(path))
        for name in names:
            page = page.replace(name, "")
        assert CHINESE.findall(page) == [], path


def test_a_form_brought_back_after_signing_in_again_is_shown_and_not_carried_out(app, client, shop, owner):
    token = re.search(r'name="csrf_token" value="([^"]+)"', page_of(client.get("/")))[1]
    lost = client.post("/needs/review", data={**typed(note="国庆前备货"), "csrf_token": token})
    assert lost.status_code == 401 and "carried" in page_of(lost)
    sign_in(client, owner)
    carried = hidden(page_of(client.get("/needs/new")))
    again = client.post("/needs/review", data={**carried, **typed(note="国庆前备货"), "resume": "1"})
    assert again.status_code == 200 and "国庆前备货" in page_of(again)
    assert all_rows(app, NeedDraft) == []


def test_of_several_shops_one_is_chosen(app, at_counter, owner, shop):
    with app.app_context(), unit_of_work():
        second = a_shop(owner, name="桂兰小吃")
    form = hidden(page_of(at_counter.get("/needs/new")))
    missing = at_counter.post("/needs/review", data={**form, **typed()})
    assert missing.status_code == 422 and "选替哪一家说" in page_of(missing)
    answer = at_counter.post("/needs/review", data={**form, **typed(business_id=str(second.id))})
    review = page_of(at_counter.get(answer.location))
    assert "桂兰小吃" in review and hidden(review)["business_id"] == str(second.id)


def test_nobody_posts_for_a_shop_of_somebody_else(app, at_counter, owner, shop):
    with app.app_context(), unit_of_work():
        foreign = a_shop()
        draft = a_draft(owner)
    final = hidden(page_of(at_counter.get(f"/needs/drafts/{draft.id}/review")))
    answer = at_counter.post(f"/needs/drafts/{draft.id}/post", data={**final, "business_id": str(foreign.id)})
    assert answer.status_code == 422
    assert all_rows(app, Need) == []


def test_what_changed_after_the_review_is_not_posted(app, at_counter, owner, shop):
    with app.app_context(), unit_of_work():
        draft = a_draft(owner)
    final = hidden(page_of(at_counter.get(f"/needs/drafts/{draft.id}/review")))
    phone = hidden(page_of(at_counter.get("/needs/new")))
    at_counter.post("/needs/drafts", data={**phone, **typed(amount="500")})
    assert at_counter.post(f"/needs/drafts/{draft.id}/post", data=final).status_code == 409
    assert all_rows(app, Need) == []
