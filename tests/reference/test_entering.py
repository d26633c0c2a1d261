"""Operators enter an LPR publication and the days off of a year; clocks and every process follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.reference import services
from matchmaker.reference.models import CalendarDay, Lpr
from matchmaker.reference.queries import lpr_on
from matchmaker.reference.rules import (
    end_of_clock,
    is_provisional,
    is_working_day,
    learn_days,
    named_days,
    read_days,
    read_rate,
    write_days,
)
from matchmaker.refusal import Refused
from tests.builders import an_operator, sign_in

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
NOTICE = "2027-01-01 至 2027-01-03 元旦 休\n2027年2月5日到2027年2月11日 春节 放假\n\n２０２７/2/13 春节 班\n"
"""Not the real notice: an example of its form."""


def post(client: Any, path: str, **values: Any) -> Any:
    """Post a form with the token of the start page."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").get_data(as_text=True))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **values})


@pytest.fixture(autouse=True)
def forget_days(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What one test enters is not known to the next."""
    monkeypatch.setattr(services, "_looked_at", None)
    monkeypatch.setattr(services, "_edition", None)
    yield
    learn_days([])


@pytest.fixture
def operator(app: Any, client: Any) -> Any:
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            person = an_operator()
        sign_in(client, person)
        yield person


def test_lines_of_the_notice_are_read_and_written_again() -> None:
    days = read_days(NOTICE, 2027)
    assert len(days) == 3 + 7 + 1
    assert [each.is_working for each in days if each.day == date(2027, 2, 13)] == [True]
    assert read_days(write_days(days), 2027) == days


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "days_missing", None),
        ("元旦放假三天", "days_line_unread", 1),
        ("2027-01-01 元旦 休\n2027-02-30 春节 休", "days_not_a_day", 2),
        ("2027-01-01 元旦 休\n2026-12-31 元旦 休", "days_other_year", 2),
        ("2027-01-03 至 2027-01-01 元旦 休", "days_backwards", 1),
        ("2027-01-01 元旦 休\n2027-01-01 元旦 休", "days_twice", 2),
        ("2027-01-01 元旦 休\n2027-01-04 元旦 班", "days_work_on_weekday", 2),
        ("2027-02-05 春节 休", "days_no_new_year", None),
    ],
)
def test_a_line_that_cannot_be_right_is_named(text: str, code: str, line: int | None) -> None:
    with pytest.raises(Refused) as no:
        read_days(text, 2027)
    assert (no.value.code, no.value.facts.get("line")) == (code, line)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "rate_missing"), ("三", "rate_not_a_number"), ("NaN", "rate_out_of_range"), ("30", "rate_out_of_range"),
     ("3.105", "rate_too_fine")],
)
def test_a_rate_that_cannot_be_right_is_refused(text: str, code: str) -> None:
    assert read_rate("３.10%", "one_year") == Decimal("3.10")
    with pytest.raises(Refused, match=code):
        read_rate(text, "one_year")


@pytest.mark.article("16.4")
def test_days_that_are_entered_move_the_end_of_a_clock(app: Any, operator: Any) -> None:
    sent_at = datetime(2027, 2, 4, 2, tzinfo=UTC)
    assert is_provisional(date(2027, 2, 5)) and end_of_clock(sent_at, 1, "working").date() == date(2027, 2, 5)
    with app.app_context(), unit_of_work():
        services.enter_days(2027, read_days(NOTICE, 2027), "example notice", by=operator)
    assert not is_provisional(date(2027, 2, 5))
    assert end_of_clock(sent_at, 1, "working").date() == date(2027, 2, 12)
    assert is_working_day(date(2027, 2, 13)) and not is_working_day(date(2027, 2, 14))
    assert len(named_days(2027)) == 11 and named_days(2028) == [] and len(named_days(2026)) > 20


def test_another_process_follows_within_its_next_look(app: Any, operator: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context(), unit_of_work():
        services.enter_days(2027, read_days(NOTICE, 2027), "example notice", by=operator)
    learn_days([])  # as a process that did not see it
    monkeypatch.setattr(services, "_edition", (0, None))
    with app.app_context():
        services.keep_up_with_entries()
    assert not is_provisional(date(2027, 2, 5))
    with app.app_context(), unit_of_work():  # the same number of days, another of them: a correction counts too
        moved = NOTICE.replace("至 2027-01-03", "至 2027-01-02") + "2027-05-03 劳动节 休\n"
        services.enter_days(2027, read_days(moved, 2027), "correction", by=operator)
        assert db.session.scalar(sa.select(sa.func.count(CalendarDay.id))) == 11
    assert is_working_day(date(2027, 1, 4)) and not is_working_day(date(2027, 5, 3))


def test_an_operator_looks_at_the_days_before_they_count(client: Any, operator: Any) -> None:
    page = client.get("/reference/days-off/enter").text
    assert 'value="2027"' in page
    typed = {"year": "2027", "days": NOTICE, "source": "example notice", "form_key": "a"}
    looked = post(client, "/reference/days-off/look", **(typed))
    assert looked.status_code == 200 and "读到 11 天" in looked.text and is_provisional(date(2027, 2, 5))
    wrong = post(client, "/reference/days-off/enter", **(typed | {"days": NOTICE + "x", "source": ""}))
    assert wrong.status_code == 422 and "第 5 行没看懂" in wrong.text and "网址或文号" in wrong.text
    assert NOTICE.splitlines()[1] in wrong.text
    done = post(client, "/reference/days-off/enter", **(typed | {"form_key": "b"}))
    assert done.status_code == 303 and "春节" in client.get("/reference/days-off?year=2027").text
    assert post(client, "/reference/days-off/enter", **(typed | {"year": "2030", "form_key": "c"})).status_code == 422


def test_an_lpr_is_typed_twice_and_never_changed(app: Any, client: Any, operator: Any) -> None:
    typed = {"published_on": "2026-11-20", "one_year": "2.90", "five_year": "3.40", "one_year_again": "2.90",
             "five_year_again": "3.45", "source": "example announcement", "form_key": "a"}
    differs = post(client, "/reference/lpr/enter", **(typed))
    assert differs.status_code == 422 and "两遍填的不一样" in differs.text and 'value="3.45"' in differs.text
    typed |= {"five_year_again": "3.40%"}
    assert post(client, "/reference/lpr/enter", **(typed)).status_code == 303
    shown = client.get("/reference/lpr").text
    assert "example announcement" in shown and "public series" not in shown, "what an operator typed says from where"
    with app.app_context():
        held = lpr_on(date(2026, 11, 24))
        assert held is not None and (held.lpr_1y_percent, held.lpr_5y_percent) == (Decimal("2.90"), Decimal("3.40"))
        before = lpr_on(date(2026, 11, 19))
        assert before is not None and before.lpr_1y_percent == Decimal("3.00")
        count = db.session.scalar(sa.select(sa.func.count(Lpr.id)))
    for day, said in (("2026-11-20", "已经有了"), ("2026-10-20", "更晚的一期"), ("2026-11-25", "还没有到")):
        no = post(client, "/reference/lpr/enter", **(typed | {"published_on": day, "form_key": day}))
        assert no.status_code in (409, 422) and said in no.text
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Lpr.id))) == count
