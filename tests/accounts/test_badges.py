"""A badge proves a manager real as long as it is in force; reports of brokers reach operators and, without their
reporter, the desk."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from matchmaker import clock, web
from matchmaker.accounts import queries
from matchmaker.accounts.models import BrokerReport
from matchmaker.accounts.rules import BROKER_STATES, BROKER_STEPS, badge_in_force
from matchmaker.accounts.services import badges, staff
from matchmaker.db import db, unit_of_work
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import a_branch, a_desk, a_manager, an_institution, an_operator, an_owner, sign_in

pytestmark = pytest.mark.article("B.1")
NOW = clock.real_now()


@pytest.mark.parametrize(
    ("changed", "proves"),
    [
        ({}, True),
        ({"ended": True}, False),
        ({"expires_at": NOW}, False),
        ({"assignment_over": True}, False),
        ({"institution_status": "suspended"}, False),
    ],
)
def test_a_badge_proves_something_only_in_force(changed: dict[str, Any], proves: bool) -> None:
    facts = {"ended": False, "expires_at": NOW + timedelta(days=1), "assignment_over": False, "institution_status": "admitted"}
    assert badge_in_force(**{**facts, **changed}, now=NOW) is proves





def issued(app: Any) -> tuple[Any, str]:
    with app.app_context():
        with unit_of_work():
            manager = a_manager(name="沈秋禾")
            badge = badges.issue_badge(manager.live_assignments[0], by=manager)
        return manager, badge.token


def test_the_page_behind_the_code_names_the_manager_and_what_is_never_asked_for(any_app: Any) -> None:
    manager, token = issued(any_app)
    page = any_app.test_client().get(f"/badge/{token}")
    assert page.status_code == 200 and manager.name in page.text and "验证码" in page.text
    assert manager.phone not in page.text
    assert len(token) >= 43, "256 bits"


def test_the_code_on_the_managers_own_page_leads_to_the_public_page(app: Any) -> None:
    manager, token = issued(app)
    client = app.test_client()
    with app.app_context():
        sign_in(client, manager)
    page = client.get("/account/badges").text
    assert "<svg" in page and f"/badge/{token}" in page


def test_renewing_makes_the_old_code_worthless(app: Any) -> None:
    manager, token = issued(app)
    client = app.test_client()
    with app.app_context():
        sign_in(client, manager)
    page = client.get("/account/badges").text
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    number = re.search(r"/account/badges/(\d+)", page).group(1)  # type: ignore[union-attr]
    assert client.post(f"/account/badges/{number}", data={"csrf_token": csrf, "form_key": "k"}).status_code == 303
    void = app.test_client().get(f"/badge/{token}")
    assert void.status_code == 404 and manager.name not in void.text
    with app.app_context():
        assert queries.badges_of(manager.id)[int(number)].token != token


def test_the_badge_of_somebody_who_left_names_nobody(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            institution = an_institution()
            desk = a_desk(institution)
            manager = a_manager(a_branch(institution), name="沈秋禾")
            token = badges.issue_badge(manager.live_assignments[0], by=manager).token
        with unit_of_work():
            staff.end_assignment(manager.live_assignments[0], by=desk)
    page = any_app.test_client().get(f"/badge/{token}")
    assert page.status_code == 404 and "沈秋禾" not in page.text


def test_nobody_makes_a_badge_for_somebody_else(app: Any) -> None:
    manager, _ = issued(app)
    with app.app_context():
        with unit_of_work():
            other = a_manager()
        number = manager.live_assignments[0].id
    client = app.test_client()
    with app.app_context():
        sign_in(client, other)
    csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account").text).group(1)  # type: ignore[union-attr]
    assert client.post(f"/account/badges/{number}", data={"csrf_token": csrf, "form_key": "k"}).status_code == 404


def test_a_visitor_reports_and_the_desk_reads_it_without_the_reporter(app: Any, post: Any) -> None:
    with app.app_context(), unit_of_work():
        institution = an_institution()
        desk, stranger, operator, owner = a_desk(institution), a_desk(), an_operator(), an_owner()
        manager = a_manager(a_branch(institution), name="沈秋禾")
        token = badges.issue_badge(manager.live_assignments[0], by=manager).token
    client = app.test_client()
    with app.app_context():
        sign_in(client, owner)
    sent = post(
        client, "/report-broker", f"/report-broker?badge={token}", badge=token, who="王经理", asked="fee",
        phone="15400001111", contact="周老板 15400002222", lead_number="7", words="要 2000 元加急费",
    )  # fmt: skip
    assert sent.status_code == 303
    with app.app_context():
        report = db.session.get(BrokerReport, 1)
        assert report is not None and report.institution_id == institution.id and report.badge_of_id == manager.id
    pages = {}
    for name, person in (("desk", desk), ("stranger", stranger), ("operator", operator)):
        reader = app.test_client()
        with app.app_context():
            sign_in(reader, person)
        pages[name] = reader.get("/broker-reports/1")
        listed = reader.get("/broker-reports").text
        assert ("王经理" in listed) is (name != "stranger")
    assert pages["stranger"].status_code == 404
    assert "王经理" in pages["desk"].text and "15400002222" not in pages["desk"].text and owner.name not in pages["desk"].text
    assert "15400002222" in pages["operator"].text


def test_a_report_from_a_badge_page_knows_who_is_meant(app: Any) -> None:
    with app.app_context(), unit_of_work():
        manager = a_manager(a_branch(an_institution(short_name="栗山银行")), name="沈秋禾")
        token = badges.issue_badge(manager.live_assignments[0], by=manager).token
    page = app.test_client().get(f"/report-broker?badge={token}").text
    assert re.search(r'name="who"[^>]*value="沈秋禾，栗山银行"', page), "one tap on what was asked is left"
    assert "沈秋禾" not in app.test_client().get("/report-broker?badge=unknown").text


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(app: Any, post: Any) -> None:
    answer = post(app.test_client(), "/report-broker", who="", asked="other", words="我写的经过", lead_number="七")
    assert answer.status_code == 422 and "我写的经过" in answer.text and "编号只有数字" in answer.text
    answer = post(app.test_client(), "/report-broker", who="李某", asked="other", words="")
    assert answer.status_code == 422 and "一两句经过" in answer.text


@pytest.mark.own_app
def test_one_address_reports_a_few_times_an_hour(empty_sqlite: Any, tmp_path: Any, post: Any) -> None:
    import shutil

    from tests.conftest import make_app, settings_for

    file = tmp_path / "limited.db"
    shutil.copy(empty_sqlite, file)
    app = make_app(settings_for(f"sqlite:///{file}", tmp_path, rate_limits=True))
    client = app.test_client()
    try:
        answers = [post(client, "/report-broker", who=f"王{n}", asked="fee") for n in range(8)]
    finally:
        web.limiter.enabled = False  # it is one for the process
        web.limiter.reset()
    codes = [answer.status_code for answer in answers]
    assert codes.count(303) <= 6 and codes[-1] == 429
    form = answers[-1].text.split('<form method="post" action="/report-broker">')[1].split("</form>")[0]
    assert 'name="who" value="王7"' in form and 'name="resume"' in form, "what was typed can be taken back to its page"


def test_every_step_of_a_report_over_all_pairs(app: Any) -> None:
    steps = {"look": badges.look_at_report, "settle": lambda report, by: badges.settle_report(
        report, outcome="查过，没有这个人", row_version=report.row_version, by=by)}
    for state in BROKER_STATES:
        for step, do in steps.items():
            with app.app_context(), unit_of_work():
                operator, reporter = an_operator(), an_owner()
                report = badges.report_broker(
                    who="王经理", phone="", asked="fee", words="", lead_number=None, institution=None, badge=None,
                    contact="", reporter=reporter,
                )  # fmt: skip
                if state in ("looked", "settled"):
                    badges.look_at_report(report, by=operator)
                if state == "settled":
                    steps["settle"](report, operator)
                after = BROKER_STEPS.get((state, step))
                if after is None:
                    with pytest.raises(Refused):
                        do(report, by=operator)
                else:
                    do(report, by=operator)
                    assert report.state == after
                if after == "settled":
                    told = db.session.query(Message).filter_by(person_id=reporter.id).all()
                    assert [message.kind for message in told] == ["accounts.broker_settled"]


def test_a_copy_of_five_thousand_digits_is_an_old_copy_and_no_failure(app: Any, post: Any) -> None:
    with app.app_context(), unit_of_work():
        operator = an_operator()
        badges.look_at_report(
            badges.report_broker(
                who="王经理", phone="", asked="fee", words="", lead_number=None, institution=None, badge=None,
                contact="", reporter=an_owner(),
            ),
            by=operator,
        )  # fmt: skip
    client = app.test_client()
    with app.app_context():
        sign_in(client, operator)
    answer = post(
        client, "/broker-reports/1/settle", "/broker-reports/1", row_version="9" * 5000, outcome="查过了，没有这个人"
    )
    assert answer.status_code == 409
