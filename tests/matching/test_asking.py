"""What a desk is told of the needs that a product fits: equal to the loop, current, and nobody's name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from matchmaker import clock
from matchmaker.businesses.models import Business, CreditLine
from matchmaker.db import begin_read, begin_write, db, unit_of_work
from matchmaker.eligibility.rules import CRITERIA, failed_rules
from matchmaker.matching import asking, queries
from matchmaker.needs.models import Need
from matchmaker.products import services as products
from matchmaker.products.models import Product, ProductVersion
from tests.builders import a_desk, an_owner, sign_in

from .builders import NOW, a_known_need, a_known_shop


@pytest.fixture
def town(town_app: Any, town_file: Any) -> Iterator[dict[str, int]]:
    """The example town with eleven more owners: nine in the same trade and county, two far away and large."""
    with clock.frozen(NOW, everywhere=True), town_app.app_context():
        with unit_of_work():
            for number in range(9):
                a_known_need(an_owner(f"店主{number}"), amount_yuan=Decimal(50_000 * (number + 1)))
            for number in range(2):
                shop = a_known_shop(an_owner(f"远客{number}"), region_code="330212", industry_code="1311")
                shop.latitude = shop.longitude = None
                need = a_known_need(an_owner(f"大户{number}"), amount_yuan=Decimal(2_000_000))
                need.business = shop
        yield town_file[1]


def terms_of(name: str, town: dict[str, int], **changes: Any) -> Any:
    version = db.session.get_one(Product, town[name]).current_version
    assert version is not None
    found = queries.terms_of(version, queries.places_now())
    return replace(found, **changes)


def counted_by_loop(terms: Any) -> int:
    """Businesses that fit, by asking every rule of every need."""
    needs = db.session.scalars(sa.select(Need).where(Need.state == "open"))
    return len({need.business_id for need in needs if not failed_rules(terms, queries.facts_of(need), clock.today())})


def is_current(town: dict[str, int]) -> None:
    """For several products the counts are those of needs read anew one by one, in fives; the rows are the loop's."""
    db.session.expunge_all()
    begin_read()
    anew = asking.AskedNeeds()
    for need in queries.needs_asked(db.session):
        anew._put(need, clock.today())
    for name in ("hearth", "float", "guaranteed", "two_years", "older", "elsewhere", "mortgage"):
        terms = terms_of(name, town)
        reach, rows = asking.reach_and_rows(terms, clock.today())
        assert reach == anew.reach(terms, clock.today()), name
        assert reach.asking == anew_asking(anew) and reach.fitting % 5 == 0
        assert len(rows) == (counted_by_loop(terms) // 5 * 5 if reach.fitting else 0)
    asked = asking.asked_needs()
    places = {(int(asked.columns["business"][at]), int(asked.columns["place"][at])) for at in np.flatnonzero(asked.askers.live())}
    counted = Counter(width for _, place in places for width in asked.places[place].widths)
    assert +asked._widths == counted, "counted as needs come and go, not anew each time"
    db.session.rollback()


def anew_asking(asked: asking.AskedNeeds) -> int:
    """The businesses that ask, in whole fives."""
    return len(np.unique(asked.columns["business"][asked.askers.live()])) // 5 * 5


@pytest.mark.article("B.2")
def test_counts_are_those_of_the_loop_after_every_change(town: dict[str, int]) -> None:
    is_current(town)
    with unit_of_work():
        business = db.session.get_one(Need, town["need"]).business
        business.tax_grade = "D"
    is_current(town)
    with unit_of_work():
        need = db.session.scalars(sa.select(Need).order_by(Need.id.desc())).first()
        assert need is not None
        need.state, need.withdrawn_at = "withdrawn", clock.now()
    is_current(town)
    with unit_of_work():
        a_known_need(an_owner("新店主"), term_months=24)
        db.session.get_one(Need, town["need"]).business.figures[0].turnover_yuan = Decimal(10_000)
    is_current(town)
    with unit_of_work() as session:
        session.execute(sa.update(Business).values(founded_on=clock.today()))
    is_current(town)


def test_what_is_not_committed_counts_for_its_own_session_alone(town: dict[str, int]) -> None:
    begin_read()
    terms = terms_of("hearth", town)
    before = asking.reach_of(terms, clock.today())
    with unit_of_work() as session:
        for number in range(5):
            a_known_need(an_owner(f"新店主{number}"))
        session.flush()
        assert asking.reach_of(terms, clock.today()).asking == before.asking + 5
        session.rollback()
        begin_write(session)
    begin_read()
    assert asking.reach_of(terms, clock.today()) == before


def test_fewer_than_five_are_not_listed_and_a_rare_trade_is_told_wider(town: dict[str, int]) -> None:
    begin_read()
    few, none = asking.reach_and_rows(terms_of("hearth", town, amount_max_yuan=Decimal(50_000)), clock.today())
    assert few.fitting == 0 and len(none) == 0 and few.by_region == () and few.share == 0
    terms = terms_of("hearth", town, amount_max_yuan=None, regions=(), places=())
    many, rows = asking.reach_and_rows(terms, clock.today())
    assert many.fitting >= 10 and len(rows) == 10
    whole = asking._answered(clock.today(), lambda asked: asked.rows(terms, clock.today()))
    sealed = [whole._seal(*one) for one in whole._columns.T.tolist()]
    assert {row.region_code for row in sealed if row.low_yuan != 1_000_000} == {"330106"}
    with unit_of_work():
        for number in range(4):
            a_known_need(an_owner(f"另几家{number}"), amount_yuan=Decimal(50_000))
    begin_read()
    rows = asking.reach_and_rows(terms, clock.today())[1]
    rare = [row for row in rows if row.low_yuan == 1_000_000]
    assert len(rows) == 15 and rare
    assert all(row.region_code != "330212" and row.industry_code not in ("13", "1311") for row in rare)


def test_a_product_that_was_never_published_is_told_in_counts_alone(desk: Any, town: dict[str, int]) -> None:
    """A desk that could list the rows of a draft would change it by a step and see which row has gone."""
    at = f"/desk/products/{town['hearth']}/reach"
    assert "<tbody>" in desk.get(at).text
    with unit_of_work():
        product = db.session.get_one(Product, town["hearth"])
        product.current_version = None
    page = desk.get(at).text
    assert "<tbody>" not in page and "发布以后才列出来" in page and "家" in page


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(town_app: Any, town: dict[str, int]) -> Any:
    """The browser of a desk of the farmers' bank, whose product 灶台贷 has a draft of its next version."""
    with unit_of_work():
        product = db.session.get_one(Product, town["hearth"])
        person = a_desk(product.institution)
        products.start_version(product, by=person)
    client = town_app.test_client()
    sign_in(client, person)
    return client


def draft_of(town: dict[str, int]) -> ProductVersion:
    begin_read()
    version = db.session.scalars(
        sa.select(ProductVersion).where(ProductVersion.product_id == town["hearth"], ProductVersion.state == "draft")
    ).one()
    db.session.rollback()
    return version


@pytest.mark.article("B.1", "17.2")
def test_the_page_tells_counts_and_sealed_rows_and_nobodys_name(desk: Any, town: dict[str, int]) -> None:
    page = desk.get(f"/desk/products/{town['hearth']}/reach")
    assert page.status_code == 200
    assert re.search(r"class=\"fig\">\s*约 \d+ 家", page.text)
    begin_read()
    for business in db.session.scalars(sa.select(Business)):
        for hidden in (business.name, business.uscc, business.address):
            assert hidden not in page.text
        for member in business.members:
            assert member.person.name not in page.text and (member.person.phone or "-") not in page.text
    assert f"/desk/products/{town['hearth']}/reach" in desk.get(f"/desk/products/{town['hearth']}").text


def test_another_institutions_product_does_not_exist_here(town_app: Any, desk: Any, town: dict[str, int]) -> None:
    assert desk.get(f"/desk/products/{town['float']}/reach").status_code == 404
    with unit_of_work():
        stranger = a_desk(db.session.get_one(Product, town["float"]).institution)
    client = town_app.test_client()
    sign_in(client, stranger)
    at = f"/desk/products/{town['hearth']}/draft/criteria/reach"
    client.get("/desk/products")
    assert client.post(at, data={}).status_code in (400, 404)


@pytest.mark.article("B.2")
def test_a_preview_counts_what_stands_in_the_form_keeps_it_and_takes_no_lock(desk: Any, town: dict[str, int]) -> None:
    version = draft_of(town)
    at = f"/desk/products/{town['hearth']}/draft/criteria"
    page = desk.get(at).text
    assert f'hx-post="{at}/reach"' in page and f'formaction="{at}/reach"' in page
    typed = {"row_version": version.row_version, "min_months_in_business": "240", "least_tax_grade": "M"}
    typed["csrf_token"] = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
    with Session(db.engine) as other:
        begin_write(other)  # somebody saves: a preview need not wait for the lock
        part = desk.post(at + "/reach", data=typed, headers={"HX-Request": "true"})
        other.rollback()
    assert part.status_code == 200 and "<html" not in part.text
    assert "不到 5 家" in part.text and "开业时间" in part.text
    whole = desk.post(at + "/reach", data=typed | {"min_months_in_business": ""})
    assert whole.status_code == 200 and 'name="least_tax_grade" value="M"' in whole.text
    assert re.search(r"class=\"fig\">\s*约 \d+ 家", whole.text)
    back = desk.post(at + "/cost", data=typed | {"min_months_in_business": "240"})
    assert 'value="240"' in back.text, "the way back holds what was typed"
    assert draft_of(town).row_version == version.row_version
    assert desk.post(at.replace("criteria", "fees") + "/reach", data=typed).status_code == 404


def test_a_number_that_cannot_be_read_is_said_and_counts_as_empty(desk: Any, town: dict[str, int]) -> None:
    at = f"/desk/products/{town['hearth']}/draft/criteria"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', desk.get(at).text)[1]  # type: ignore[index]
    typed = {"csrf_token": token, "min_months_in_business": "好几年"}
    assert "有 1 格没看懂" in desk.post(at + "/reach", data=typed, headers={"HX-Request": "true"}).text


@pytest.mark.article("B.2")
def test_needs_read_by_column_are_those_read_one_by_one(town: dict[str, int]) -> None:
    """Figures of the running year, a loan on record, a trade that no standard knows, no point and no grade included."""
    with unit_of_work():
        needs = db.session.scalars(sa.select(Need).order_by(Need.id)).all()
        for number, need in enumerate(needs):
            business = need.business
            business.tax_grade = (None, "A", "B", "M")[number % 4]
            if number % 3 == 0:
                business.latitude = business.longitude = None
                need.current.first_loan = "yes"
                need.current.securities = None if number % 2 else ["MORT_RES"]
            for figures in business.figures:
                if number % 5 == 1:
                    figures.year = clock.today().year
                figures.liabilities_yuan, figures.assets_yuan = Decimal(number * 1000), Decimal(number * 1700)
        needs[1].business.industry_code = "9999"
        needs[2].business.collateral = ["MORT_COM"]
        db.session.add(
            CreditLine(
                business_id=needs[3].business_id, institution_name="另一家", amount_yuan=Decimal(10), balance_yuan=Decimal(5),
                security_code="CREDIT", started_on=clock.today(), matures_on=clock.today() + timedelta(days=9),
                as_of_on=clock.today(),
            )
        )  # fmt: skip
    begin_read()
    by_column, one_by_one = asking.AskedNeeds(), asking.AskedNeeds()
    by_column.catch_up(db.session, clock.today())
    live = queries.needs_asked(db.session)
    for need in live:
        one_by_one._put(need, clock.today())
    assert len(live) == 12 and by_column._widths == one_by_one._widths
    columns = queries.facts_by_column(queries.asked_by_column(db.session, clock.today(), after=0))
    read = list(columns.columns)
    for at, need in enumerate(live):
        facts = queries.facts_of(need)
        assert [getattr(columns.row(at), name) for name in read] == [getattr(facts, name) for name in read]
    told_by_rules = {name for criterion in CRITERIA for name in criterion.needs if name not in ("today", "months_in_business")}
    assert told_by_rules <= {*read, "founded_on"}, "what the rules read of a need is read by column"
    for name in ("hearth", "float", "elsewhere"):
        terms = terms_of(name, town)
        assert by_column.reach(terms, clock.today()) == one_by_one.reach(terms, clock.today())
        told = [asked.rows(terms, clock.today()) for asked in (by_column, one_by_one)]
        assert told[0].need_ids.tolist() == told[1].need_ids.tolist() and told[0][:] == told[1][:]
    first = queries.asked_by_column(db.session, clock.today(), after=0, most=5)
    assert [row.id for row in first.rows] == [need.id for need in live[:5]]
    rest = queries.asked_by_column(db.session, clock.today(), after=first.rows[-1].id)
    assert [row.id for row in rest.rows] == [need.id for need in live[5:]]
    db.session.rollback()
