"""Two operators enter a change of a division; from its day names, search and what was stored follow, and it is undone."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.accounts.places import read_regions, write_regions
from matchmaker.db import db, unit_of_work
from matchmaker.leads.rules.branches import BranchFacts, branch_for
from matchmaker.leads.rules.order import in_patch
from matchmaker.oversight import queries as upkeep
from matchmaker.oversight.upkeep import tasks
from matchmaker.reference import queries, regions, services
from matchmaker.reference.models import RegionChange
from matchmaker.reference.picking import choose_region
from matchmaker.reference.region_changes import Change, after, after_all, read_change
from matchmaker.refusal import Reason, Refused
from tests.builders import a_branch, an_operator, sign_in

from .changes import DAY, XIHU_DIVIDED, XIHU_INTO_GONGSHU, a_change, forgotten, learn

NOW = datetime(2026, 9, 23, 2, tzinfo=UTC)
TONGLU = Change("recoded", DAY, code="330122", new_code="330115", name="桐庐区")


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with forgotten():
        yield


# The table ----------------------------------------------------------------------------------------------------------


def test_the_parent_of_every_packaged_code_is_told_by_its_digits() -> None:
    from matchmaker.reference.region_changes import parent_code_of

    divisions = regions.packaged_divisions()
    assert {code for code, one in divisions.standing.items() if parent_code_of(code, divisions) != one.parent_code} == set()


@pytest.mark.article("16.4")
def test_a_renamed_county_keeps_its_code_and_is_found_by_both_names() -> None:
    learn(Change("renamed", DAY, code="330122", name="富春县"))
    assert regions.full_name("330122") == "浙江省杭州市富春县"
    assert [one.code for one in regions.search("富春县")] == [one.code for one in regions.search("桐庐")] == ["330122"]
    assert regions.get("330122").formerly == ("桐庐县",)  # type: ignore[union-attr]
    learn(Change("renamed", DAY, code="330100", name="临安府市"))
    assert regions.full_name("330106") == "浙江省临安府市西湖区"
    assert "330106" in {one.code for one in regions.search("杭州 西湖")}


def test_a_merged_county_leaves_the_cascade_and_its_name_leads_to_the_heir() -> None:
    learn(XIHU_INTO_GONGSHU)
    assert "330106" not in {one.code for one in regions.children("330100")} | {one.code for one in regions.places()}
    assert [one.code for one in regions.search("杭州 西湖")] == ["330105"]
    assert regions.county_of("330106") is None and regions.standing("330106") == "330105"
    assert regions.full_name("330106") == "浙江省杭州市西湖区（今浙江省杭州市拱墅区）"
    assert read_regions("杭州西湖区").prefixes == read_regions("330106").prefixes == ("330105",)
    assert write_regions(["330106", "3302"]) == "浙江省杭州市拱墅区\n浙江省宁波市"
    choice = choose_region("", "330106")
    assert (choice.chosen, choice.gone) == (regions.get("330105"), regions.get("330106"))


def test_a_county_made_a_district_keeps_its_point_and_stands_under_its_new_code() -> None:
    learn(TONGLU, Change("renamed", date(2026, 9, 2), code="330115", name="富春区"))
    assert regions.full_name("330115") == "浙江省杭州市富春区" and regions.standing("330122") == "330115"
    assert regions.point("330115") == (regions.packaged_divisions().standing["330122"].latitude,
                                       regions.packaged_divisions().standing["330122"].longitude)
    assert set(regions.get("330115").formerly) == {"桐庐区", "桐庐县"}  # type: ignore[union-attr]
    assert regions.areas_now(["330122", "33"]) == ("330115", "33")
    assert set(regions.prefixes_leading_to("330115")) == {"330115", "330122"}


def test_a_county_moved_to_another_city_lies_in_that_one() -> None:
    learn(Change("recoded", DAY, code="330122", new_code="330505", name="桐庐区"))
    assert regions.full_name("330505") == "浙江省湖州市桐庐区"
    assert in_patch("330122", ["3305"]) and not in_patch("330122", ["3301"])
    assert regions.prefixes_leading_to("3305") == ("3305", "330122")


def test_a_divided_county_is_perhaps_each_part_until_its_owner_says() -> None:
    learn(XIHU_DIVIDED)
    assert regions.standing("330106") == "3301"
    assert regions.areas_now(["330106"]) == ("330105", "330108")
    assert in_patch("330106", ["330108"]) and in_patch("330105", ["330106"]) and not in_patch("330106", ["330206"])
    choice = choose_region("", "330106")
    assert choice.chosen is None and [one.code for one in choice.options] == ["330105", "330108"]


def test_a_carved_out_district_leaves_its_source_and_asks_who_was_there_before() -> None:
    learn(Change("new", DAY, new_code="330116", name="西溪区", related=("330106",)))
    assert regions.standing("330106") == "330106" and regions.full_name("330116") == "浙江省杭州市西溪区"
    assert [one.code for one in regions.carved_out_of("330106", date(2026, 8, 1))] == ["330116"]
    assert regions.carved_out_of("330106", DAY) == ()


def test_a_city_goes_once_its_counties_have_gone_and_its_area_goes_with_them() -> None:
    steps = [Change("recoded", DAY, code=f"3311{n:02d}", new_code=f"3301{n + 30}", name=regions.get(f"3311{n:02d}").name)  # type: ignore[union-attr]
             for n in (2, 21, 22, 23, 24, 25, 26, 27, 81)]  # fmt: skip
    city = Change("merged", DAY, code="331100", related=("330100",))
    with pytest.raises(Refused, match="region_has_parts"):
        after(regions.packaged_divisions(), city)
    learn(*steps, city)
    assert regions.areas_now(["3311"]) == ("3301",) and regions.standing("3311") == "3301"
    assert regions.standing("331121") == "330151" and "331100" not in {one.code for one in regions.children("330000")}


def test_a_mistake_is_undone_by_a_further_change() -> None:
    learn(TONGLU, Change("recoded", DAY, code="330115", new_code="330122", name="桐庐县"))
    assert regions.standing("330122") == "330122" and regions.standing("330115") == "330122"
    learn(XIHU_INTO_GONGSHU, Change("new", DAY, new_code="330106", name="西湖区"))
    assert regions.standing("330106") == "330106" and regions.heirs() == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (Change("renamed", DAY, code="330199", name="新名区"), "region_not_there"),
        (Change("renamed", DAY, code="330106", name="西湖区"), "region_name_same"),
        (Change("renamed", DAY, code="330106", name="拱墅区"), "region_name_taken"),
        (Change("merged", DAY, code="330106", related=("330106",)), "region_own_heir"),
        (Change("merged", DAY, code="330106", related=("330107",)), "region_not_there"),
        (Change("divided", DAY, code="330106", related=("330105", "320102")), "region_other_province"),
        (Change("recoded", DAY, code="330106", new_code="330105", name="西湖区"), "region_code_taken"),
        (Change("recoded", DAY, code="330106", new_code="990105", name="西湖区"), "region_no_parent"),
        (Change("new", DAY, new_code="330106", name="新区"), "region_code_taken"),
    ],
)
def test_what_the_table_cannot_take_is_refused(change: Change, code: str) -> None:
    with pytest.raises(Refused, match=code):
        after_all(regions.packaged_divisions(), [change])


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        ({"kind": "moved"}, "region_kind_missing", "kind"),
        ({"kind": "renamed", "code": "330106"}, "region_field_missing", "name"),
        ({"kind": "renamed", "code": "330106", "name": "新名区", "related": "330105"}, "region_field_idle", "related"),
        ({"kind": "renamed", "code": "33010", "name": "新名区"}, "region_code_unread", "old_code"),
        ({"kind": "renamed", "code": "330106", "name": "Xihu"}, "region_name_unread", "name"),
        ({"kind": "merged", "code": "330106", "related": "330105 330108"}, "region_heir_one", "related"),
        ({"kind": "divided", "code": "330106", "related": "330105，330105"}, "region_heirs_few", "related"),
    ],
)
def test_what_cannot_be_read_is_named_at_its_field(typed: dict[str, str], code: str, field: str) -> None:
    values = {"code": "", "new_code": "", "name": "", "related": ""} | typed
    with pytest.raises(Refused) as no:
        read_change(values.pop("kind"), DAY, **values)
    assert (no.value.code, no.value.field) == (code, field)


def test_a_lead_of_a_divided_county_goes_to_a_branch_that_may_serve_it() -> None:
    learn(XIHU_DIVIDED)
    here = BranchFacts(1, "330108", None, None, None, regions.areas_now(["330108"]), None)
    there = BranchFacts(2, "330206", None, None, None, ["330206"], None)
    where = {"latitude": None, "longitude": None, "amount_yuan": 1}
    assert branch_for([here, there], region_code=regions.standing("330106"), **where) == 1  # type: ignore[arg-type]
    assert branch_for([there], region_code=regions.standing("330106"), **where) == Reason("lead_outside_service_area")  # type: ignore[arg-type]


# Entered by one, checked by another ---------------------------------------------------------------------------------


@pytest.mark.article("16.4")
def test_a_change_counts_once_a_second_operator_agrees_and_from_its_day(any_app: Any) -> None:
    with clock.frozen(NOW, everywhere=True), any_app.app_context():
        with unit_of_work():
            one, two = an_operator(), an_operator("另一位")
            now, later = a_change(XIHU_INTO_GONGSHU, by=one), a_change(Change("merged", date(2026, 10, 1), code="330108", related=("330105",)), by=one)
            assert regions.stands("330106")
            with pytest.raises(Refused, match="region_own_change"):
                services.answer_region_change(now, agrees=True, by=one)
            with pytest.raises(Refused, match="region_known"):
                a_change(XIHU_INTO_GONGSHU, by=two)
            services.answer_region_change(now, agrees=True, by=two)
            services.answer_region_change(later, agrees=True, by=two)
            with pytest.raises(Refused, match="region_answered"):
                services.answer_region_change(now, agrees=False, remark="搞错了一位", by=two)
            assert not regions.stands("330106") and regions.stands("330108")
            assert now.was == "浙江省杭州市西湖区"
            with pytest.raises(Refused, match="region_not_there"):
                a_change(Change("renamed", date(2026, 9, 5), code="330106", name="西子区"), by=one)
        regions.learn_divisions(None)  # as a process that did not see it
        services._edition_of_regions = None
        services.keep_up_with_entries()
        assert not regions.stands("330106") and regions.stands("330108")
    with clock.frozen(datetime(2026, 9, 30, 16, 1, tzinfo=UTC), everywhere=True), any_app.app_context():
        services._looked_at = None
        services.keep_up_with_entries()  # 1 October in Shanghai
        assert not regions.stands("330108")


def test_changes_of_one_day_are_tried_in_the_order_in_which_they_will_be_laid_over_the_table(any_app: Any) -> None:
    """Agreed on in another order than entered: what was tried must be what every process works out on that day."""
    day = date(2026, 10, 1)
    with clock.frozen(NOW, everywhere=True), any_app.app_context(), unit_of_work():
        one, two = an_operator(), an_operator("另一位")
        merged = a_change(Change("merged", day, code="330106", related=("330105",)), by=one)
        renamed = a_change(Change("renamed", day, code="330106", name="西子区"), by=one)
        services.answer_region_change(renamed, agrees=True, by=two)
        with pytest.raises(Refused, match="region_not_there"):
            services.answer_region_change(merged, agrees=True, by=two)
        assert merged.is_waiting
    with clock.frozen(datetime(2026, 9, 30, 16, 1, tzinfo=UTC), everywhere=True), any_app.app_context():
        services._looked_at = None
        services.keep_up_with_entries()
        assert regions.full_name("330106") == "浙江省杭州市西子区"


def test_a_table_that_a_change_does_not_fit_any_more_stops_nobody(
    any_app: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A release may bring a table in which the change of last year has happened already."""
    with clock.frozen(NOW, everywhere=True), any_app.app_context():
        with unit_of_work():
            one, two = an_operator(), an_operator("另一位")
            row = a_change(Change("merged", date(2026, 9, 1), code="330106", related=("330105",)), by=one)
            services.answer_region_change(row, agrees=True, by=two)
        newer = after_all(regions.packaged_divisions(), [row.change])
        monkeypatch.setattr(regions, "packaged_divisions", lambda: newer)
        services._edition_of_regions = services._looked_at = None
        services.keep_up_with_entries()
        assert not regions.stands("330106") and regions.stands("330105"), "what stood stands on"
        unfit = [one for one in tasks() if one.code == "regions_unfit"]
        assert [(one.args, one.about) for one in unfit] == [({"change_id": row.id}, "浙江省杭州市西湖区")]
    assert "do not fit the packaged table" in caplog.text


@pytest.mark.parametrize("agree", [(True, False), (True, True)])
def test_of_two_connections_that_answer_one_change_at_once_one_counts(any_app: Any, agree: tuple[bool, bool]) -> None:
    for _ in range(5):
        with clock.frozen(NOW, everywhere=True), any_app.app_context():
            with unit_of_work():
                one, answering = an_operator(), [an_operator("另一位").id, an_operator("第三位").id]
                number = a_change(Change("checked", date(2026, 9, 23)), by=one).id
            barrier, came = threading.Barrier(2), {}

            def answer(place: int, barrier: Any = barrier, came: Any = came, number: int = number, who: Any = answering) -> None:
                with any_app.app_context():
                    barrier.wait(timeout=30)
                    try:
                        with unit_of_work():
                            row, by = db.session.get_one(RegionChange, number), db.session.get_one(Person, who[place])
                            services.answer_region_change(row, agrees=agree[place], remark="搞错了一位", by=by)
                        came[place] = "kept"
                    except Refused as no:
                        came[place] = no.code

            threads = [threading.Thread(target=answer, args=(place,)) for place in (0, 1)]
            [thread.start() for thread in threads]
            [thread.join(timeout=60) for thread in threads]
            assert sorted(came.values()) == ["kept", "region_answered"]
            db.session.rollback()
            row, first = db.session.get_one(RegionChange, number), next(n for n, code in came.items() if code == "kept")
            assert (row.agreed, row.answered_by_id) == (agree[first], answering[first])
            with unit_of_work():
                db.session.execute(sa.delete(RegionChange))


def test_a_refused_change_says_why_and_never_counts(any_app: Any) -> None:
    with clock.frozen(NOW, everywhere=True), any_app.app_context(), unit_of_work():
        one, two = an_operator(), an_operator("另一位")
        row = a_change(TONGLU, by=one)
        with pytest.raises(Refused, match="region_remark_missing"):
            services.answer_region_change(row, agrees=False, by=two)
        services.answer_region_change(row, agrees=False, remark="代码差一位", by=two)
        assert regions.stands("330122") and row.standing == "refused"
        a_change(TONGLU, by=two)  # may be entered again


@pytest.mark.parametrize(
    ("change", "announced_on", "code"),
    [
        (Change("merged", regions.PACKAGED_ON, code="330106", related=("330105",)), DAY, "region_before_table"),
        (Change("merged", date(2028, 1, 1), code="330106", related=("330105",)), DAY, "region_too_far"),
        (Change("checked", date(2026, 10, 1)), DAY, "region_too_far"),
        (XIHU_INTO_GONGSHU, date(2026, 9, 24), "region_announced_later"),
    ],
)
def test_a_day_that_cannot_be_is_refused(app: Any, change: Change, announced_on: date, code: str) -> None:
    with clock.frozen(NOW, everywhere=True), app.app_context(), unit_of_work(), pytest.raises(Refused, match=code):
        services.enter_region_change(change, "https://example", "国函", announced_on, by=an_operator())


@pytest.mark.article("16.4")
def test_what_is_stale_or_missing_of_the_regions_is_on_the_operators_list(app: Any) -> None:
    from tests.needs.builders import a_shop

    def regional() -> dict[str, tuple[int | None, str]]:
        return {one.code: (one.count, one.about) for one in tasks() if one.code.startswith("region")}

    with app.app_context():
        with clock.frozen(NOW, everywhere=True), unit_of_work():
            one, two = an_operator(), an_operator("另一位")
            a_shop(), a_shop(region_code="330199"), a_branch(service_regions=["330199"])
            row = a_change(XIHU_DIVIDED, by=one)
            assert regional() == {"region_unknown": (2, "330199"), "regions_waiting": (1, "")}
            services.answer_region_change(row, agrees=True, by=two)
            assert regional() == {"region_unknown": (2, "330199"), "region_divided": (1, "330106")}
        with clock.frozen(datetime(2027, 1, 1, 2, tzinfo=UTC), everywhere=True), unit_of_work():
            assert "regions_old" in regional()
            row = a_change(Change("checked", date(2027, 1, 1)), by=one)
            services.answer_region_change(row, agrees=True, by=two)
            assert "regions_old" not in regional() and queries.regions_as_of() == date(2027, 1, 1)


def test_the_check_page_says_how_much_a_change_touches(app: Any) -> None:
    from tests.needs.builders import a_need, a_shop
    from tests.products.builders import a_product

    second = app.test_client()
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            one, two = an_operator(), an_operator("另一位")
            inside, _, closed = a_shop(region_code="330106"), a_shop(region_code="330105"), a_shop(region_code="330106")
            closed.uscc = f"CLOSED{closed.id:012}"
            a_need(inside), a_branch(region_code="330105", service_regions=["330106", "330108"])
            a_product(regions="330106"), a_product(regions="330108"), a_product()  # each with a branch in 330106
            row, carved = a_change(XIHU_INTO_GONGSHU, by=one), a_change(Change("new", DAY, new_code="330119", name="新开区", related=("330106", "330105")), by=one)
            new = a_change(Change("new", DAY, new_code="330120", name="新区县"), by=one)
            assert upkeep.touched_in(upkeep.divisions_changed(row), date(2026, 9, 23)) == upkeep.Touched(1, 1, 1, 4)
            assert upkeep.touched_in(upkeep.divisions_changed(carved), date(2026, 9, 23)).businesses == 2
            page, other = f"/upkeep/divisions/{row.id}", f"/upkeep/divisions/{new.id}"
        sign_in(second, two)
        assert f'hx-get="{page}"' in second.get(f"/reference/regions/changes/{row.id}").text
        assert "hx-get" not in second.get(f"/reference/regions/changes/{new.id}").text
        assert "它们没完的需求" in second.get(page).text and "不动已经有的区划" in second.get(other).text
        assert app.test_client().get(page).status_code != 200


def post(client: Any, path: str, **values: Any) -> Any:
    """Post a form with the token of the start page."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").get_data(as_text=True))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **values})


def test_the_pages_enter_check_list_and_hand_out_a_change(app: Any) -> None:
    first, second, guest = app.test_client(), app.test_client(), app.test_client()
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            one, two = an_operator(), an_operator("另一位")
        sign_in(first, one)
        sign_in(second, two)
        typed = {"kind": "merged", "old_code": "330106", "related": "330105", "in_force_on": "2026-09-01", "form_key": "a",
                 "source": "https://www.mca.gov.cn/example", "document": "国函〔2026〕99号", "announced_on": "2026-08-20"}
        wrong = post(first, "/reference/regions/changes/enter", **(typed | {"name": "西湖区", "document": ""}))
        assert wrong.status_code == 422 and "这一种变更不填这一项" in wrong.text and "网址或文号" in wrong.text
        assert 'value="330106"' in wrong.text
        done = post(first, "/reference/regions/changes/enter", **(typed | {"form_key": "b"}))
        assert done.status_code == 303
        page = done.headers["Location"]
        assert "等另一个人" in first.get(page).text and "等第二个人核" in first.get("/reference/regions/changes").text
        assert post(first, f"{page}/answer", answer="yes").status_code == 403
        assert "国函" not in guest.get("/reference/regions/changes").text and guest.get(page).status_code != 200
        assert post(second, f"{page}/answer", answer="").status_code == 422
        assert post(second, f"{page}/answer", answer="yes").status_code == 303
        assert post(second, f"{page}/answer", answer="yes").status_code == 409
        assert "国函〔2026〕99号" in guest.get("/reference/regions/changes?q=拱墅").text
        assert "没有找到" in guest.get("/reference/regions/changes?kind=renamed").text
        rows = guest.get("/reference/regions/changes?as=csv").text
        assert "330106" in rows and "浙江省杭州市西湖区" in rows
        assert "原：" in guest.get("/reference/regions?q=西湖").text and "拱墅区" in guest.get("/reference/regions?q=西湖").text
        assert "这个区县没有了" in guest.get("/reference/regions?region_code=330106").text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(RegionChange.id))) == 1
