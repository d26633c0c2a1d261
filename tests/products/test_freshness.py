"""Listings are believed for 90 days: who confirms them, who is reminded, what a decline and a stop do."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.queries import desk_of
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.models import Message
from matchmaker.products import jobs, queries, services
from matchmaker.products.models import Product
from matchmaker.products.rules import freshness
from matchmaker.refusal import Refused
from tests.builders import a_branch, a_desk, a_manager, an_institution, sign_in
from tests.products.builders import a_product, two_desks

START = datetime(2026, 9, 23, 10, tzinfo=clock.SHANGHAI)
ON = START.date()


@pytest.fixture(autouse=True)
def _autumn() -> Iterator[None]:
    with clock.frozen(START, everywhere=True):
        yield


@pytest.fixture
def deed(any_app: Any) -> Any:
    """A write transaction of its own each time it is called."""
    with any_app.app_context():
        yield unit_of_work


def after(**values: int) -> Any:
    """The business clock so much later."""
    return clock.frozen(START + timedelta(**values), everywhere=True)


def long_lived(institution: Any = None) -> Product:
    """A product that is valid for a year."""
    return a_product(institution, valid_until_on=(ON + timedelta(days=360)).isoformat())


# The rule ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("8.2")
@pytest.mark.parametrize(
    ("day", "fresh", "due", "told"),
    [(0, True, False, None), (75, True, False, None), (76, True, True, 14), (86, True, True, 14), (87, True, True, 3),
     (90, True, True, 3), (91, False, True, 0), (200, False, True, 0)],
)  # fmt: skip
def test_a_confirmation_holds_ninety_days_and_asks_for_the_next_in_time(
    day: int, fresh: bool, due: bool, told: int | None
) -> None:
    until, on = freshness.confirmed_until(ON), ON + timedelta(days=day)
    assert freshness.is_fresh(until, None, on) is fresh
    assert freshness.is_due(until, None, on) is due
    assert freshness.reminder(until, on) == told


def test_in_doubt_or_never_confirmed_is_not_fresh() -> None:
    assert not freshness.is_fresh(freshness.confirmed_until(ON), START, ON)
    assert freshness.is_due(freshness.confirmed_until(ON), START, ON)
    assert not freshness.is_fresh(None, None, ON)


@pytest.mark.parametrize(
    ("seconds", "who", "may"), [(0, 1, True), (599, 1, True), (600, 1, False), (-1, 1, False), (5, 2, False)]
)
def test_a_stop_is_taken_back_within_ten_minutes_by_whoever_stopped(seconds: int, who: int, may: bool) -> None:
    assert freshness.may_undo(START, 1, who, START + timedelta(seconds=seconds)) is may
    assert not freshness.may_undo(None, 1, 1, START)


# Confirming ----------------------------------------------------------------------------------------------------------


@pytest.mark.article("8.2")
def test_a_product_that_nobody_confirms_is_hidden_after_ninety_days_and_shown_again_by_one_tap(deed: Any) -> None:
    with deed():
        product = long_lived()
        desk, _ = two_desks(product.institution)
        assert product.confirmed_until_on == ON + timedelta(days=90)
    last, over = ON + timedelta(days=90), ON + timedelta(days=91)
    assert [version.product_id for version in queries.published_versions(last)] == [product.id]
    assert queries.published_versions(over) == []
    assert queries.ids_in_force(over) == set()
    assert list(db.session.scalars(queries.published_products(over))) == []
    with after(days=100), deed():
        product = db.session.get_one(Product, product.id)
        services.reconfirm_product(product, seen=product.row_version, by=desk)
        assert (product.confirmed_by_id, product.confirmed_until_on) == (desk.id, ON + timedelta(days=190))
    assert len(queries.published_versions(ON + timedelta(days=190))) == 1


@pytest.mark.article("8.2")
def test_no_published_product_is_without_a_confirmation(deed: Any) -> None:
    with deed():
        number = a_product().id
    with pytest.raises(sa.exc.IntegrityError), deed():
        db.session.execute(
            sa.update(Product)
            .where(Product.id == number)
            .values(confirmed_until_on=None, confirmed_at=None, confirmed_by_id=None)
        )


def test_what_is_off_the_lists_at_its_end_or_changed_is_not_confirmed(deed: Any) -> None:
    with deed():
        product = long_lived()
        desk, _ = two_desks(product.institution)
        with pytest.raises(Refused, match="product_changed_meanwhile"):
            services.reconfirm_product(product, seen=product.row_version - 1, by=desk)
        with after(days=361), pytest.raises(Refused, match="product_valid_over"):
            services.reconfirm_product(product, seen=product.row_version, by=desk)
        services.stop_sell(product, seen=product.row_version, by=desk)
        with pytest.raises(Refused, match="product_step_closed"):
            services.reconfirm_product(product, seen=product.row_version, by=desk)


@pytest.mark.article("8.2")
def test_the_desk_is_reminded_fourteen_and_three_days_before_and_when_it_is_hidden_once_each(deed: Any) -> None:
    with deed():
        product = long_lived()
        people = len(desk_of(product.institution_id))
    kinds = []
    for day in (75, 76, 76, 80, 87, 88, 91, 92):
        with after(days=day):
            jobs.remind_to_confirm_products(clock.now())
        told = list(db.session.scalars(sa.select(Message.kind).where(Message.kind.like("product_confirm%"))))
        kinds.append(len(told) // people)
        db.session.rollback()
    assert kinds == [0, 1, 1, 1, 2, 2, 3, 3]
    assert told.count("product_confirm_over") == people


@pytest.mark.article("8.2")
def test_a_night_that_was_missed_is_made_up_for_without_two_messages_at_once(deed: Any) -> None:
    with deed():
        long_lived()
    with after(days=88):
        assert jobs.remind_to_confirm_products(clock.now()) == 1
    with deed():
        assert len(list(db.session.scalars(sa.select(Message.id).where(Message.kind == "product_confirm_soon")))) == 2


# A decline that says "stopped" ---------------------------------------------------------------------------------------


@pytest.mark.article("8.2")
def test_a_doubted_product_is_hidden_until_its_desk_confirms_it_and_the_desk_is_told_once(deed: Any) -> None:
    with deed():
        product = long_lived()
        desk, _ = two_desks(product.institution)
        staff = len(desk_of(product.institution_id))
        seen = product.row_version
        services.doubt_product(product.id, at=clock.now())
        services.doubt_product(product.id, at=clock.now())
    assert queries.published_versions(ON) == []
    with deed():
        told = list(db.session.scalars(sa.select(Message).where(Message.kind == "product_doubted")))
        assert len(told) == staff
        product = db.session.get_one(Product, product.id)
        with pytest.raises(Refused, match="product_changed_meanwhile"):
            services.reconfirm_product(product, seen=seen, by=desk)  # read before the doubt: cannot clear it unseen
        services.reconfirm_product(product, seen=product.row_version, by=desk)
    assert len(queries.published_versions(ON)) == 1


# Stopping ------------------------------------------------------------------------------------------------------------


@pytest.mark.article("8.2")
def test_a_stop_in_one_click_is_undone_by_the_same_person_and_changes_no_confirmation(deed: Any) -> None:
    with deed():
        product = long_lived()
        one, other = two_desks(product.institution)
        until = product.confirmed_until_on
        services.stop_sell(product, seen=product.row_version, by=one)
        assert queries.published_versions(ON) == []
        with pytest.raises(Refused, match="product_undo_over"):
            services.undo_stop(product, seen=product.row_version, by=other)
        with after(minutes=9):
            services.undo_stop(product, seen=product.row_version, by=one)
        assert (product.state, product.confirmed_until_on) == ("published", until)
        services.stop_sell(product, seen=product.row_version, by=one)
        with after(minutes=10), pytest.raises(Refused, match="product_undo_over"):
            services.undo_stop(product, seen=product.row_version, by=one)
        with after(days=30):
            services.resume_product(product, seen=product.row_version, by=other)
        assert product.confirmed_until_on == ON + timedelta(days=120), "who resumes it confirms it"


# Pages ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


def client_of(site: Any, person: Any) -> Any:
    client = site.test_client()
    sign_in(client, person)
    return client


def post(client: Any, path: str, **values: Any) -> Any:
    return client.post(path, data={"form_key": uuid.uuid4().hex, **values})


def values_of(page: str) -> list[str]:
    return re.findall(r'name="product" value="(\d+:\d+)"', page)


@pytest.mark.article("8.2")
def test_the_desk_confirms_one_by_a_tap_and_several_by_ticking_but_never_another_banks(site: Any) -> None:
    with site.app_context(), unit_of_work():
        bank, rival = an_institution("青檀农商银行"), an_institution("望山银行")
        for institution in (bank, rival):
            a_branch(institution)
        ours = [long_lived(bank).id for _ in range(3)]
        theirs = long_lived(rival).id
        desk = a_desk(bank)
    client = client_of(site, desk)
    assert '<button class="btn btn-plain" name="one"' not in client.get("/desk/products").text, "nothing is due yet"
    with after(days=100):
        public, client = site.test_client(), client_of(site, desk)
        assert public.get(f"/products/{ours[0]}").text.count("机构还没有确认") == 1
        page = client.get("/desk/products?show=due").text
        assert "没有确认，客户看不到" in page
        first, second, third = sorted(values_of(page), key=lambda value: int(value.split(":")[0]))
        answer = post(client, "/desk/products/reconfirm", one=first, product=[second], show="due")
        assert answer.status_code == 303 and answer.location.endswith("show=due")
        foreign = f"{theirs}:1"
        post(client, "/desk/products/reconfirm", product=[second, third, foreign, "x:y", "9:9999999999999"])
        page = client.get("/desk/products").text
        assert "确认了 2 个" in page and "有 1 个没有确认" in page
        with site.app_context():
            until = {row.id: row.confirmed_until_on for row in db.session.scalars(sa.select(Product))}
            assert [until[number] for number in ours] == [date(2026, 9, 23) + timedelta(days=190)] * 3
            assert until[theirs] == ON + timedelta(days=90)
        assert "机构还没有确认" not in public.get(f"/products/{ours[0]}").text


@pytest.mark.article("8.2")
def test_the_page_of_a_stopped_product_offers_to_undo_it_for_ten_minutes(site: Any) -> None:
    with site.app_context(), unit_of_work():
        product = long_lived()
        desk, _ = two_desks(product.institution)
        manager = a_manager(product.institution.branches[0])
    client, path = client_of(site, desk), f"/desk/products/{product.id}"
    seen = re.search(r'name="row_version" value="(\d+)"', client.get(path).text)
    assert seen
    assert post(client_of(site, manager), f"{path}/stop-sell", row_version=seen[1]).status_code == 403
    assert post(client, f"{path}/stop-sell", row_version=seen[1]).status_code == 303
    assert "以前可以撤销" in client.get(path).text
    with after(minutes=11):
        assert "以前可以撤销" not in client.get(path).text
    with site.app_context():
        now = db.session.get_one(Product, product.id).row_version
    post(client, f"{path}/undo-stop", row_version=now)
    page = client.get(path).text
    assert "撤销了" in page and "都没变，确认" in page


def test_an_empty_tick_says_what_to_do(site: Any) -> None:
    with site.app_context(), unit_of_work():
        product = a_product()
        desk, _ = two_desks(product.institution)
    client = client_of(site, desk)
    post(client, "/desk/products/reconfirm")
    assert "先勾上要确认的产品" in client.get("/desk/products").text
