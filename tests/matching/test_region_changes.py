"""After a change of divisions what was stored under an old code is judged by what stands now, and old lists stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.approaches.queries import asked_of, count_sharing
from matchmaker.businesses.models import Business
from matchmaker.db import db, unit_of_work
from matchmaker.eligibility.rules import failed_rules
from matchmaker.leads.services.choosing import branch_of
from matchmaker.matching import asking, following, queries, services
from matchmaker.matching.sealing import WIDTHS
from matchmaker.needs.models import Need
from matchmaker.privacy.queries import businesses_of_region
from matchmaker.products.cover.rules import Terms as CoverTerms
from matchmaker.products.cover.rules import as_criteria
from matchmaker.products.models import Product
from matchmaker.reference.region_changes import Change
from matchmaker.reference.services import answer_region_change
from tests.builders import a_branch, an_institution, an_operator, sign_in
from tests.products.builders import a_product
from tests.reference.changes import DAY, XIHU_DIVIDED, XIHU_INTO_GONGSHU, a_change, forgotten, learn
from tests.reference.test_region_changes import post

from .builders import NOW, a_known_need, a_market


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    with clock.frozen(NOW, everywhere=True), forgotten():
        yield


def narrow_products() -> tuple[Product, Product]:
    """One for the old county alone, one for the county that it is merged into; neither bank has a branch there."""
    old, new = an_institution("西溪银行", kind="JOINT"), an_institution("拱宸银行", kind="JOINT")
    a_branch(old, "西溪支行", region_code="330106", service_regions=["330106"])
    a_branch(new, "拱宸支行", region_code="330105", service_regions=["330105"])
    return a_product(old, name="西湖贷", regions="330106"), a_product(new, name="拱墅贷", regions="330105")


def judged_alike(need: Need) -> None:
    """The market in memory, its index and the needs in memory say what the plain loop says, for every product."""
    seen, facts = following.market_seen(clock.today()), queries.facts_of(need)
    assert type(seen.judge) is following.ByIndex
    for one in seen.offered:
        failed = failed_rules(one.terms, facts, clock.today())
        assert seen.judge.failures(facts, clock.today())[one.product_id] == failed
        assert (need.id in asking.needs_fitting(one.terms, clock.today())) == (not failed)


@pytest.mark.article("3.6", "12.1", "B.2")
def test_an_owner_of_a_merged_county_fits_the_products_of_its_heir_and_old_lists_stay(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            a_market()
            old, new = narrow_products()
            need = a_known_need()
            one, two = an_operator(), an_operator("另一位")
            ids = need.id, old.id, new.id
        with unit_of_work():
            need = db.session.get_one(Need, ids[0])
            before = services.make_list(need, by=None).id
            row = a_change(XIHU_INTO_GONGSHU, by=one)
        with unit_of_work():
            need, stored = db.session.get_one(Need, ids[0]), db.session.get_one(services.ShownList, before)
            judged_alike(need)
            assert ids[1] in queries.ids_fitting(stored) and ids[2] not in queries.ids_fitting(stored)
            assert services.why_stale(need, stored, clock.now()) is None
        with unit_of_work():
            answer_region_change(db.session.merge(row), agrees=True, by=two)
        with unit_of_work():
            need, stored = db.session.get_one(Need, ids[0]), db.session.get_one(services.ShownList, before)
            judged_alike(need)
            stale = services.why_stale(need, stored, clock.now())
            assert stale is not None and stale.code == "list_region_changed"
            assert services.differences(stored) == [] and stored.facts["region_code"] == "330106"
            after = services.make_list(need, by=None)
            assert {ids[1], ids[2]} <= queries.ids_fitting(after) and services.differences(after) == []
            for product_id in ids[1:]:
                assert isinstance(branch_of(need.business, db.session.get_one(Product, product_id), 1), int)
            assert need.business.region_code == "330106", "what was typed is not rewritten"
        with unit_of_work():
            learn()  # the change is taken back: each list still comes out as it was made
            rows = db.session.scalars(sa.select(services.ShownList)).all()
            assert [services.differences(one) for one in rows] == [[], []]


@pytest.mark.article("3.6", "12.1")
@pytest.mark.parametrize(
    ("change", "fit"),
    [
        (XIHU_DIVIDED, {"西湖贷", "拱墅贷"}),
        (Change("recoded", DAY, code="330106", new_code="330118", name="西溪区"), {"西湖贷"}),
        (Change("renamed", DAY, code="330106", name="西溪区"), {"西湖贷"}),
        (Change("merged", DAY, code="330105", related=("330106",)), {"西湖贷", "拱墅贷"}),
    ],
)
def test_each_kind_of_change_is_judged_alike_by_index_and_loop(app: Any, change: Change, fit: set[str]) -> None:
    with app.app_context():
        with unit_of_work():
            a_market()
            narrow_products()
            need_id = a_known_need().id
        with unit_of_work():
            judged_alike(db.session.get_one(Need, need_id))
            learn(change)
            need = db.session.get_one(Need, need_id)
            judged_alike(need)
            seen = following.market_seen(clock.today())
            names = {one.id: one.current_version.name for one in db.session.scalars(sa.select(Product)) if one.current_version}
            fitting = seen.judge.fitting(queries.facts_of(need), clock.today())
            assert {names[one] for one in fitting} & {"西湖贷", "拱墅贷"} == fit


def test_what_stands_far_away_keeps_its_list(town_app: Any, town_file: Any) -> None:
    with town_app.app_context():
        with unit_of_work():
            need = db.session.get_one(Need, town_file[1]["need"])
            stored = services.make_list(need, by=None)
            stored_id = stored.id
        with unit_of_work():
            learn(Change("merged", DAY, code="320102", related=("320104",)))
            need, stored = db.session.get_one(Need, town_file[1]["need"]), db.session.get_one(services.ShownList, stored_id)
            assert services.why_stale(need, stored, clock.now()) is None and services.differences(stored) == []


@pytest.mark.article("3.6", "16.4")
def test_from_the_operators_table_to_the_owners_list(town_app: Any, town_file: Any) -> None:
    """The whole way through HTTP: entered, checked, offered in the cascade, matched, chosen at the next edit."""
    app, ids = town_app, town_file[1]
    first, second, owner = app.test_client(), app.test_client(), app.test_client()
    with app.app_context(), unit_of_work():
        narrow_products()
        one, two = an_operator(), an_operator("另一位")
        business_id = db.session.get_one(Need, ids["need"]).business_id
        old_list = services.make_list(db.session.get_one(Need, ids["need"]), by=None).id
    for client, person in ((first, one), (second, two)):
        sign_in(client, person)
    with app.app_context():
        sign_in(owner, db.session.get_one(Person, ids["owner"]))
    typed = {"kind": "merged", "old_code": "330106", "related": "330105", "in_force_on": "2026-09-20", "form_key": "a",
             "source": "https://www.mca.gov.cn/example", "document": "国函〔2026〕99号", "announced_on": "2026-09-01"}
    page = post(first, "/reference/regions/changes/enter", **typed).headers["Location"]
    assert post(second, f"{page}/answer", answer="yes").status_code == 303
    cascade = owner.get("/reference/regions?province=330000&city=330100").text
    assert 'value="330106"' not in cascade and 'value="330105"' in cascade and "西湖区" in cascade
    assert post(owner, f"/needs/{ids['need']}/matches", form_key="b").status_code == 303
    listed = owner.get(f"/needs/{ids['need']}/matches?per=all").text + owner.get(f"/needs/{ids['need']}/matches?page=2").text
    assert "拱墅贷" in listed and "西湖贷" in listed
    edit = owner.get(f"/businesses/{business_id}/edit").text
    assert "现在是下面选中的这一个" in edit and 'value="330105" checked' in edit
    with app.app_context():
        assert services.differences(db.session.get_one(services.ShownList, old_list)) == []
        assert db.session.get_one(Business, business_id).region_code == "330106"
    with clock.frozen(clock.now() + timedelta(seconds=1), everywhere=True):
        assert owner.get(f"/businesses/{business_id}").text.count("（今浙江省杭州市拱墅区）") == 1


def test_businesses_of_a_merged_county_are_found_and_counted_with_those_of_its_heir(app: Any) -> None:
    with app.app_context(), unit_of_work():
        needs = [a_known_need(), a_known_need()]
        needs[1].business.region_code = "330105"
        db.session.flush()
        width = WIDTHS[0]

        def sharing() -> int:
            return count_sharing(asked_of(needs[0], clock.today()), width, clock.today())

        def found(prefix: str, words: str = "") -> int:
            return len(db.session.scalars(businesses_of_region(prefix, words)).all())

        assert (sharing(), found("330105"), found("", "拱墅")) == (1, 1, 1)
        learn(XIHU_INTO_GONGSHU)
        assert (sharing(), found("330105"), found("", "拱墅"), found("", "西湖")) == (2, 2, 2, 2)


def test_a_desk_may_go_on_offering_in_the_county_that_its_branch_was_given_over_to(app: Any) -> None:
    with app.app_context(), unit_of_work():
        bank = an_institution("西溪银行", kind="JOINT")
        a_branch(bank, "西溪支行", region_code="330106", service_regions=["330106"])
        learn(XIHU_INTO_GONGSHU)
        product = a_product(bank, name="拱墅贷", regions="浙江省杭州市西湖区")
        assert product.current_version is not None and product.current_version.regions == ["330105"]
        cover = as_criteria(CoverTerms(line="PROPERTY", regions=("330106",)))
        assert cover.regions == ("330105",)
