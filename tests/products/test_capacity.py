"""What a product can take: when it is full and until when, what a desk may write of it, who wrote first."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.leads.rules.clocks import LIMITS, Clock
from matchmaker.products import queries, services
from matchmaker.products.models import Product
from matchmaker.products.rules.capacity import (
    ANSWERED_AFTER,
    CALLED_AFTER,
    NOTHING_SAID,
    Earliest,
    Full,
    Intake,
    Load,
    earliest,
    week_of,
    why_full,
)
from matchmaker.products.rules.typed import SaidCapacity, read_capacity
from matchmaker.refusal import Refused
from tests.builders import a_desk, sign_in
from tests.products.builders import a_product
from tests.products.test_views import post

WEDNESDAY = date(2026, 9, 23)
FREE = Load(open_slots=3, free_managers=1, waiting=0)
BUSY = Load(open_slots=2, free_managers=1, waiting=2)
ASKED = Decimal(300_000)


def test_nothing_said_is_no_limit() -> None:
    assert why_full(NOTHING_SAID, [], WEDNESDAY, ASKED) is None
    assert why_full(NOTHING_SAID, [None, BUSY], WEDNESDAY, ASKED) is None, "at one branch nobody counts"


@pytest.mark.parametrize(
    ("intake", "loads", "full"),
    [
        (Intake(5, date(2026, 9, 21), 5), [], Full("full_week", date(2026, 9, 28))),
        (Intake(5, date(2026, 9, 21), 4), [], None),
        (Intake(5, date(2026, 9, 14), 9), [], None),  # counted last week
        (Intake(full_until_on=date(2026, 9, 24)), [], Full("full_until", date(2026, 9, 28))),  # the 25th is a holiday
        (Intake(full_until_on=date(2026, 9, 22)), [], None),
        (Intake(funds_left_yuan=Decimal(299_999)), [], Full("full_funds")),
        (Intake(funds_left_yuan=ASKED), [], None),
        (NOTHING_SAID, [BUSY], Full("full_branch", date(2026, 9, 24))),
        (NOTHING_SAID, [BUSY, FREE], None),
    ],
)
def test_what_is_full_says_from_when_it_takes_again(intake: Intake, loads: list[Load], full: Full | None) -> None:
    assert why_full(intake, loads, WEDNESDAY, ASKED) == full


def test_the_days_that_are_told_are_those_of_the_clocks_and_of_the_queue() -> None:
    assert (LIMITS[Clock.ACCEPT].days, LIMITS[Clock.CONTACT].days) == (ANSWERED_AFTER, CALLED_AFTER)
    monday = date(2026, 9, 14)
    assert earliest([FREE], monday) == Earliest(date(2026, 9, 15), date(2026, 9, 16))
    waits = Load(open_slots=20, free_managers=2, waiting=12)
    assert earliest([waits], monday).visit_on == date(2026, 9, 18), "twelve before it, six of them a day"
    assert earliest([waits, FREE], monday).visit_on == date(2026, 9, 16), "the shorter queue"
    assert week_of(date(2026, 9, 20)) == monday


def test_what_a_desk_types_is_read_or_told_at_its_field() -> None:
    said, wrong = read_capacity(
        {"leads_per_week": ["12"], "funds_left_wan": ["300 万"], "full_until_on": ["2026-10-08"]}, WEDNESDAY
    )
    assert (said, wrong) == (SaidCapacity(12, Decimal(3_000_000), date(2026, 10, 8)), [])
    assert read_capacity({}, WEDNESDAY) == (SaidCapacity(None, None, None), [])
    _, wrong = read_capacity(
        {"leads_per_week": ["0"], "funds_left_wan": ["-1"], "full_until_on": ["2027-10-08"]}, WEDNESDAY
    )
    assert [(one.field, one.reason.code) for one in wrong] == [
        ("leads_per_week", "product_number_between"),
        ("funds_left_wan", "product_sum_below"),
        ("full_until_on", "product_full_until_between"),
    ]


@pytest.fixture
def shelf(app: Any) -> Any:
    app.config["WTF_CSRF_ENABLED"] = False
    with clock.frozen("2026-09-23T10:00:00+08:00", everywhere=True):
        with app.app_context(), unit_of_work():
            product = a_product()
            desk = a_desk(product.institution)
            ids = product.id, desk
        yield ids


def test_a_desk_writes_it_on_its_page_and_the_second_writer_keeps_what_they_typed(
    app: Any, client: Any, shelf: Any
) -> None:
    number, desk = shelf
    sign_in(client, desk)
    page = f"/desk/products/{number}/capacity"
    assert "还没写过，不限" in client.get(page).get_data(as_text=True)
    wrong = post(client, page, row_version="0", leads_per_week="很多")
    assert wrong.status_code == 422 and "很多" in wrong.get_data(as_text=True)
    answer = post(client, page, row_version="0", leads_per_week="5", funds_left_wan="300")
    assert answer.status_code == 303
    assert "一周最多 5 件" in client.get(f"/desk/products/{number}").get_data(as_text=True)
    late = post(client, page, row_version="0", leads_per_week="9")
    assert late.status_code == 409 and 'value="9"' in late.get_data(as_text=True)
    with app.app_context():
        row = queries.intake_of(number)
        assert row is not None and (row.leads_per_week, row.funds_said_yuan) == (5, Decimal(3_000_000))
        db.session.rollback()


def test_another_banks_desk_finds_no_such_page(app: Any, client: Any, shelf: Any) -> None:
    number, _ = shelf
    with app.app_context(), unit_of_work():
        other = a_desk()
    sign_in(client, other)
    assert client.get(f"/desk/products/{number}/capacity").status_code == 404


def test_who_has_not_seen_the_last_saying_changes_nothing(app: Any, shelf: Any) -> None:
    number, desk = shelf
    with app.app_context(), unit_of_work():
        product = db.session.get_one(Product, number)
        services.say_capacity(product, SaidCapacity(1, None, None), seen=0, by=desk)
        with pytest.raises(Refused) as no:
            services.say_capacity(product, SaidCapacity(2, None, None), seen=0, by=desk)
        assert no.value.code == "product_changed_meanwhile"
