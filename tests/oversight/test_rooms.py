"""The operators' list of tasks and board of jobs; the supervisor's late waits and declines that help nobody."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock, queue, timetable
from matchmaker.db import db, unit_of_work
from matchmaker.leads.jobs import release_overdue_leads
from matchmaker.leads.models import LeadClock
from matchmaker.leads.rules.clocks import Clock
from matchmaker.leads.rules.seen import Seen
from matchmaker.leads.services import stepping, working
from matchmaker.oversight import upkeep
from matchmaker.oversight.permission_words import WHAT, WHO
from matchmaker.oversight.words import LABELS
from matchmaker.permissions import PERMISSIONS
from matchmaker.queue import Job
from matchmaker.reference import services as reference
from matchmaker.reference.rules import learn_days, read_days
from tests.builders import a_supervisor, an_operator, sign_in
from tests.leads import builders

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def post(client: Any, path: str, **values: Any) -> Any:
    """Post a form with the token of the start page."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/").get_data(as_text=True))
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **values})


@pytest.fixture
def operator(app: Any, client: Any) -> Any:
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            person = an_operator()
        sign_in(client, person)
        yield person


def a_job(**values: Any) -> Job:
    now = clock.real_now()
    row = Job(kind="timetable", args={"name": "matching.nightly"}, created_at=now, **{"run_at": now, **values})
    db.session.add(row)
    db.session.flush()
    return row


@pytest.mark.parametrize(
    ("today", "due"),
    [
        (date(2026, 11, 24), date(2026, 11, 20)),
        (date(2026, 11, 19), date(2026, 10, 20)),
        (date(2026, 9, 20), date(2026, 9, 20)),  # a Sunday that is worked before the National Day
        (date(2026, 6, 21), date(2026, 5, 20)),  # 20 and 21 June are a weekend and a festival
    ],
)
def test_the_day_on_which_an_lpr_was_due(today: date, due: date) -> None:
    assert upkeep.lpr_day(today) == due


def test_tasks_say_what_is_missing_and_lead_to_where_it_is_mended(app: Any, client: Any, operator: Any) -> None:
    text = client.get("/upkeep").text
    assert "LPR 不是最近一期" in text and "/reference/lpr/enter" in text
    assert "明年的放假安排还没有" in text and "/reference/days-off/enter?year=2027" in text
    assert "没做成的事" not in text
    with app.app_context(), unit_of_work():
        a_job(state="failed", finished_at=NOW, error="boom")
        a_job(run_at=NOW - timedelta(hours=1))
    text = client.get("/upkeep").text
    assert "没做成的事" in text and "/upkeep/jobs?state=failed" in text and "过了时间还没做的事" in text


def test_what_failed_is_tried_again_once_and_its_message_stays_in_the_log(app: Any, client: Any, operator: Any) -> None:
    with app.app_context(), unit_of_work():
        job_id = a_job(state="failed", attempts=5, finished_at=NOW, error="Traceback\nValueError: 周老板 13900000000").id
    text = client.get("/upkeep/jobs").text
    assert "ValueError" in text and "周老板" not in text and "13900000000" not in text
    assert "1 件自动做的事没做成" in client.get("/").text and 'href="/upkeep/jobs?state=failed"' in client.get("/").text
    assert post(client, f"/upkeep/jobs/{job_id}/retry", form_key="a").status_code == 303
    assert "没做成" not in client.get("/").text
    with app.app_context():
        again = db.session.get_one(Job, job_id)
        assert (again.state, again.attempts) == ("queued", 0)
    assert post(client, f"/upkeep/jobs/{job_id}/retry", form_key="b").status_code == 409


@pytest.mark.article("16.4")
def test_a_supervisor_sees_late_waits_and_no_name(app: Any, client: Any) -> None:
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            case = builders.a_case()
            number, bank = builders.to_state(case, "released").id, case.institution.id
            hidden = [case.business.name, case.owner.name, case.business.uscc]
            supervisor = a_supervisor()
        sign_in(client, supervisor)
        page = client.get("/oversight/late").text
        assert f"{number} 号" in page and "共 1 条" in page and not [name for name in hidden if name in page]
        assert "共 1 条" in client.get(f"/oversight/late?institution={bank}&kind=accept").text
        assert "没有过期的" in client.get(f"/oversight/late?institution={bank}&kind=decision").text
        assert "没有过期的" in client.get("/oversight/late?still=1").text


@pytest.mark.article("16.4")
def test_an_owner_who_lets_papers_wait_makes_no_institution_late(app: Any, client: Any) -> None:
    asked = datetime.fromisoformat("2026-09-23T10:00:00+08:00")
    with clock.frozen(asked, everywhere=True), app.app_context(), unit_of_work():
        case = builders.a_case()
        lead, supervisor = builders.to_state(case, "papers"), a_supervisor()
        due = next(row.due_at for row in lead.clocks if row.kind == "papers")
    with clock.frozen(due + timedelta(minutes=1), everywhere=True):
        with app.app_context():
            release_overdue_leads(clock.now())
            outcomes = {row.kind: row.outcome for row in db.session.scalars(sa.select(LeadClock))}
            assert outcomes["papers"] == "late", "the owner's pause ran out"
        sign_in(client, supervisor)
        assert "没有过期的" in client.get("/oversight/late").text
        figure = re.search(r'href="/oversight/late"[^>]*>\s*(\d+)', client.get("/").text)
        assert figure is not None and figure[1] == "0", "the number on the start page is that of its rows"


@pytest.mark.article("B.4")
@pytest.mark.parametrize(("codes", "listed"), [(["B02"], True), (["B02", "X01"], True), (["B02", "T01"], False)])
def test_declines_without_use_are_those_that_leave_no_way_on(
    app: Any, client: Any, codes: list[str], listed: bool
) -> None:
    with clock.frozen(NOW, everywhere=True):
        with app.app_context(), unit_of_work():
            case = builders.a_case()
            lead = builders.to_state(case, "accepted")
            working.decline(lead, codes=codes, seen=Seen(unseen="may_not_say"), by=case.manager)
            number, name, supervisor = lead.id, case.business.name, a_supervisor()
        sign_in(client, supervisor)
        page = client.get("/oversight/declines").text
        assert (f"{number} 号" in page) is listed and ("没有这样的谢绝" in page) is not listed and name not in page


def test_clocks_that_run_through_new_days_off_are_counted_anew(app: Any) -> None:
    sent_at = datetime(2026, 12, 30, 2, tzinfo=UTC)  # accepted the same day: the contact is due on the next working day
    try:
        with clock.frozen(sent_at, everywhere=True), app.app_context(), unit_of_work():
            case = builders.a_case()
            lead = builders.to_state(case, "papers")
            decision = stepping.open_clock(lead, Clock.DECISION)
            assert decision is not None and decision.due_at.date() == date(2027, 1, 29)
            reference.enter_days(
                2027, read_days("2027-01-01 元旦 休\n2027-01-28 至 2027-02-02 例子 休", 2027), "example", by=an_operator()
            )
            assert decision.due_at.date() == date(2027, 2, 3)
    finally:
        learn_days([])


@pytest.mark.article("B.1")
def test_the_table_of_permissions_is_shown_whole_and_in_words(app: Any, client: Any) -> None:
    used = {holds.__name__ for line in PERMISSIONS.values() for clause in line.alternatives for holds in clause}
    assert set(WHAT) == set(PERMISSIONS) and set(WHO) == used
    with app.app_context(), unit_of_work():
        supervisor = a_supervisor()
    sign_in(client, supervisor)
    text = client.get("/oversight/permissions").text
    assert f"共 {len(PERMISSIONS)} 条" in text and "account.own" in text
    found = client.get("/oversight/permissions?q=许可证 运营").text
    assert "institution.admit" in found and "account.own" not in found


def test_every_work_that_runs_by_itself_has_a_name(app: Any) -> None:
    carried = {entry.name for entry in timetable.entries()} | (set(queue.kinds()) - {"timetable"})
    assert carried <= set(LABELS["job.name"])
