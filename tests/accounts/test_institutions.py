"""Institutions, branches, staff: admitted after a check, invited by link, never lost, and nobody else's to see."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.announcements import AssignmentEnded
from matchmaker.accounts.models import Assignment, Branch, Institution, Invitation, Person, UserSession
from matchmaker.audit.models import AuditRow
from matchmaker.db import db, unit_of_work
from tests.builders import (
    a_branch,
    a_desk,
    a_manager,
    a_supervisor,
    an_institution,
    an_operator,
    an_owner,
    assign,
    sign_in,
)

AT = "2026-09-23T10:00:00+08:00"
PASSWORD = "a boat of ten lanterns"


def link_in(letter: dict[str, Any]) -> str:
    found = re.search(r"/invitations/[\w-]+", letter["text"])
    assert found, letter
    return found.group()


def as_(app: Any, person: Any) -> Any:
    client = app.test_client()
    sign_in(client, person)
    return client


@pytest.mark.article("11.1")
def test_an_institution_applies_is_admitted_after_the_check_and_its_first_desk_comes_by_link(
    app: Any, client: Any, post: Any, make: Any, letters: Any
) -> None:
    operator = make(an_operator)
    answer = post(
        client,
        "/institutions/apply",
        name="望山城市银行股份有限公司",
        short_name="望山城市银行",
        kind="CITY",
        licence_number="b0123 h233010001",
        region_code="杭州",
        contact_address="chen@example.cn",
    )
    assert answer.status_code == 303, answer.get_data(as_text=True)
    with app.app_context():
        institution = db.session.scalars(sa.select(Institution)).one()
        assert (institution.status, institution.licence_number) == ("applied", "B0123H233010001")
        assert institution.region_code == "330100"
    theirs = as_(app, operator)
    assert "望山城市银行" in theirs.get("/institutions").get_data(as_text=True)
    page = f"/institutions/{institution.id}/admit"
    assert post(theirs, page).status_code == 422, "the operator must say where the licence was found"
    assert post(theirs, page, licence_seen="register").status_code == 303
    with app.app_context():
        admitted = db.session.get_one(Institution, institution.id)
        assert admitted.status == "admitted" and admitted.licence_checked_by_id == operator.id
        assert admitted.licence_checked_at is not None
        deed = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "institution.admit")).one()
        assert (deed.by_id, deed.facts["licence_seen"]) == (operator.id, "register")
    letter = letters()[-1]
    assert letter["to"] == "chen@example.cn"
    newcomer = app.test_client()
    assert post(newcomer, link_in(letter), name="陈柜台", password=PASSWORD).status_code == 303
    assert newcomer.get("/our-institution").status_code == 303
    with app.app_context():
        person = db.session.scalars(sa.select(Person).where(Person.email == "chen@example.cn")).one()
        assert person.desk_institution_ids == {institution.id} and not person.is_owner


def test_an_admitted_institution_without_a_checked_licence_cannot_stand_in_the_table(app: Any) -> None:
    with app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        an_institution(licence_checked_by_id=None, licence_checked_at=None)


def test_the_same_licence_applies_once(client: Any, post: Any, make: Any) -> None:
    known = make(an_institution, licence_number="B0123H233010001", kind="CITY")
    typed = {
        "short_name": "别名",
        "kind": "CITY",
        "licence_number": "B0123-H233010001".replace("-", ""),
        "region_code": "330100",
        "contact_address": "x@example.cn",
        "name": "另一个名字",
    }
    answer = post(client, "/institutions/apply", **typed)
    assert answer.status_code == 422 and "已经在这里" in answer.get_data(as_text=True)
    assert known.id


@pytest.mark.parametrize("placeholder", ["无", "/", "N/A", "－", "……", "***"])
def test_placeholders_are_refused(client: Any, post: Any, placeholder: str) -> None:
    answer = post(
        client,
        "/institutions/apply",
        name=placeholder,
        short_name="望山",
        kind="CITY",
        licence_number="B0123H233010001",
        region_code="杭州",
        contact_address="x@example.cn",
    )
    assert answer.status_code == 422


def test_a_suspended_institution_is_told_why_and_can_come_back(app: Any, post: Any, make: Any) -> None:
    institution = make(an_institution)
    desk, operator = make(a_desk, institution), make(an_operator)
    theirs = as_(app, operator)
    assert post(theirs, f"/institutions/{institution.id}/suspend", note="无").status_code == 422
    assert post(theirs, f"/institutions/{institution.id}/suspend", note="许可证到期").status_code == 303
    assert "许可证到期" in as_(app, desk).get(f"/institutions/{institution.id}").get_data(as_text=True)
    assert post(theirs, f"/institutions/{institution.id}/admit", licence_seen="register").status_code == 303
    with app.app_context():
        assert db.session.get_one(Institution, institution.id).status == "admitted"


# Who sees what ------------------------------------------------------------------------------------------------------

PAGES_OF_THE_OPERATOR = ["/institutions", "/people", "/people/invite"]


@pytest.mark.article("B.1")
@pytest.mark.parametrize("path", PAGES_OF_THE_OPERATOR)
def test_the_operators_pages_do_not_exist_for_others(app: Any, make: Any, path: str) -> None:
    people = [make(builder) for builder in (an_owner, a_desk, a_manager)]
    for person in people:
        assert as_(app, person).get(path).status_code == 404
    assert app.test_client().get(path).status_code == 302
    assert as_(app, make(an_operator)).get(path).status_code == 200


def test_another_institution_does_not_exist_for_a_desk(app: Any, post: Any, make: Any) -> None:
    mine, other = make(an_institution), make(an_institution)
    branch = make(lambda: a_branch(db.session.get_one(Institution, other.id)))
    stranger = make(lambda: a_manager(db.session.get_one(Branch, branch.id)))
    desk = as_(app, make(a_desk, mine))
    with app.app_context():
        theirs = db.session.scalars(sa.select(Assignment).where(Assignment.person_id == stranger.id)).one()
    for path in (
        f"/institutions/{other.id}",
        f"/institutions/{other.id}/people",
        f"/institutions/{other.id}/people/invite",
        f"/institutions/{other.id}/branches/new",
        f"/institutions/{other.id}/admit",
        f"/branches/{branch.id}",
        f"/assignments/{theirs.id}/profile",
        f"/assignments/{theirs.id}/end",
        "/institutions/999999",
    ):
        assert desk.get(path).status_code == 404, path
    assert desk.get(f"/institutions/{mine.id}/people").status_code == 200


def test_a_desk_sees_its_institution_but_cannot_admit_it(app: Any, make: Any) -> None:
    institution = make(an_institution)
    assert as_(app, make(a_desk, institution)).get(f"/institutions/{institution.id}/admit").status_code == 403


def test_a_supervisor_reads_institutions_and_changes_nothing(app: Any, make: Any) -> None:
    institution = make(an_institution)
    client = as_(app, make(a_supervisor))
    assert client.get("/institutions").status_code == 200
    assert client.get(f"/institutions/{institution.id}").status_code == 200
    assert client.get(f"/institutions/{institution.id}/admit").status_code == 403
    assert client.get("/people").status_code == 404


# Branches -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("12.1")
def test_a_branch_says_whom_it_serves_and_how_much_it_decides(app: Any, post: Any, make: Any) -> None:
    institution = make(an_institution)
    client = as_(app, make(a_desk, institution))
    path = f"/institutions/{institution.id}/branches/new"
    nobody = post(client, path, name="西湖支行", region_code="杭州西湖区")
    assert nobody.status_code == 422
    unclear = post(client, path, name="西湖支行", region_code="西湖区", service_regions="杭州")
    page = unclear.get_data(as_text=True)
    assert unclear.status_code == 422 and "江西省南昌市西湖区" in page and "西湖支行" in page
    endless = {"service_radius_km": "9" * 4000, "latitude": "sNaN", "longitude": "1e999", "decision_limit": "NaN"}
    refused = post(client, path, name="西湖支行", region_code="杭州西湖区", service_regions="杭州", **endless)
    assert refused.status_code == 422 and "1 到 1000 公里。" in refused.get_data(as_text=True)
    assert 'id="decision_limit-e"' in refused.get_data(as_text=True)
    done = post(
        client,
        path,
        name="西湖支行",
        region_code="杭州西湖区",
        service_regions="杭州\n绍兴市",
        service_radius_km="30",
        decision_limit="500",
    )
    assert done.status_code == 303, done.get_data(as_text=True)
    with app.app_context():
        branch = db.session.scalars(sa.select(Branch)).one()
        assert branch.service_regions == ["3301", "3306"]
        assert branch.decision_limit_yuan == Decimal("5000000")
        assert branch.latitude is not None, "without a point of its own it stands at the county's seat"
    shown = client.get(f"/branches/{branch.id}").get_data(as_text=True)
    assert "浙江省杭州市\n浙江省绍兴市" in shown and 'value="500"' in shown
    again = post(client, path, name="西湖支行", region_code="330106", service_regions="杭州")
    assert again.status_code == 422
    changed = post(client, f"/branches/{branch.id}", name="文三路支行", region_code="330106", service_regions="浙江")
    assert changed.status_code == 303
    with app.app_context():
        assert db.session.get_one(Branch, branch.id).service_regions == ["33"]


# Staff --------------------------------------------------------------------------------------------------------------


def invite(post: Any, client: Any, institution: Any, **typed: Any) -> Any:
    return post(client, f"/institutions/{institution.id}/people/invite", **typed)


@pytest.mark.article("12.2")
def test_a_manager_is_invited_gets_a_patch_skills_and_a_capacity(app: Any, post: Any, make: Any, letters: Any) -> None:
    institution = make(an_institution)
    branch = make(lambda: a_branch(db.session.get_one(Institution, institution.id)))
    desk = as_(app, make(a_desk, institution))
    assert invite(post, desk, institution, role="manager", address="13800138000").status_code == 422
    sent = invite(
        post, desk, institution, role="manager", address="13800138000", name="吴经理", branch_id=str(branch.id)
    )
    assert sent.status_code == 303
    newcomer = app.test_client()
    link = link_in(letters()[-1])
    assert "吴经理" in newcomer.get(link).get_data(as_text=True)
    assert post(newcomer, link, name="吴经理", password=PASSWORD).status_code == 303
    with app.app_context():
        manager = db.session.scalars(sa.select(Person).where(Person.phone == "13800138000")).one()
        (assignment,) = manager.roles
        assert manager.manager_institution_ids == {institution.id} and manager.phone_verified_at
        assert manager.profile is not None and manager.profile.patch_regions == [branch.region_code]
    page = f"/assignments/{assignment.id}/profile"
    done = post(
        desk,
        page,
        branch_id=str(branch.id),
        patch_regions="杭州西湖区\n杭州上城区",
        skills="餐饮业\n51",
        capacity_leads="12",
    )
    assert done.status_code == 303, done.get_data(as_text=True)
    with app.app_context():
        profile = queries.profile_of(manager.id)
        assert profile is not None
        assert (profile.patch_regions, profile.skills, profile.capacity_leads) == (
            ["330106", "330102"],
            ["62", "51"],
            12,
        )


@pytest.mark.article("B.1")
def test_a_used_an_expired_and_a_withdrawn_link_let_nobody_in(app: Any, post: Any, make: Any, letters: Any) -> None:
    institution = make(an_institution)
    desk = as_(app, make(a_desk, institution))
    with clock.frozen(AT):
        desk = as_(app, make(a_desk, institution))
        invite(post, desk, institution, role="desk", address="one@example.cn")
        used = link_in(letters()[-1])
        post(app.test_client(), used, name="陈一", password=PASSWORD)
        answer = app.test_client().get(used)
        assert answer.status_code == 410 and "用过了" in answer.get_data(as_text=True)
        invite(post, desk, institution, role="desk", address="two@example.cn")
        withdrawn = link_in(letters()[-1])
        page = desk.get(f"/institutions/{institution.id}/people/invitations").get_data(as_text=True)
        (path,) = re.findall(r'action="(/invitations/\d+/withdraw)"', page)
        post(desk, path, opened=f"/institutions/{institution.id}/people")
        assert app.test_client().get(withdrawn).status_code == 410
        invite(post, desk, institution, role="desk", address="three@example.cn")
        late = link_in(letters()[-1])
        client = app.test_client()
        opened = client.get(late).get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', opened).group(1)  # type: ignore[union-attr]
    with clock.frozen("2026-09-30T10:00:01+08:00"):
        answer = client.post(late, data={"csrf_token": token, "name": "陈三", "password": PASSWORD})
        assert answer.status_code == 410 and "过期" in answer.get_data(as_text=True)
    assert app.test_client().get("/invitations/not-a-token").status_code == 404
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Person.id)).where(Person.email.like("t%"))) == 0


def test_the_link_stands_nowhere_in_the_database(app: Any, post: Any, make: Any, letters: Any) -> None:
    institution = make(an_institution)
    invite(post, as_(app, make(a_desk, institution)), institution, role="desk", address="one@example.cn")
    token = link_in(letters()[-1]).rpartition("/")[2]
    with app.app_context():
        for table in ("message", "invitation", "job", "audit_row"):
            for row in db.session.execute(sa.text(f"SELECT * FROM {table}")):
                assert token not in " ".join(str(value) for value in row)


def test_whoever_has_an_account_signs_in_first_and_only_the_invited_one_takes_the_role(
    app: Any, post: Any, make: Any, letters: Any
) -> None:
    institution = make(an_institution)
    owner, stranger = make(an_owner), make(an_owner)
    invite(post, as_(app, make(a_desk, institution)), institution, role="desk", address=owner.phone)
    link = link_in(letters()[-1])
    page = app.test_client().get(link).get_data(as_text=True)
    assert f"next={link}" in page, page
    other = as_(app, stranger)
    assert "发给" in other.get(link).get_data(as_text=True)
    with app.app_context():
        assert not db.session.get_one(Person, stranger.id).institution_ids
    theirs = as_(app, owner)
    assert post(theirs, link).status_code == 303
    with app.app_context():
        person = db.session.get_one(Person, owner.id)
        assert person.desk_institution_ids == {institution.id} and person.is_owner


def test_nobody_is_invited_twice_and_a_forged_role_is_refused(app: Any, post: Any, make: Any) -> None:
    institution = make(an_institution)
    desk = as_(app, make(a_desk, institution))
    assert invite(post, desk, institution, role="desk", address="one@example.cn").status_code == 303
    assert invite(post, desk, institution, role="desk", address="one@example.cn").status_code == 422
    for role in ("operator", "supervisor", "owner", "channel", "king"):
        assert invite(post, desk, institution, role=role, address="two@example.cn").status_code == 422
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Invitation.id))) == 1


@pytest.mark.article("12.2")
def test_a_manager_who_leaves_is_out_at_once_and_the_news_is_announced(
    app: Any, post: Any, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matchmaker import happened

    heard: list[AssignmentEnded] = []
    monkeypatch.setitem(happened._listeners, AssignmentEnded, [heard.append])
    institution = make(an_institution)
    branch = make(lambda: a_branch(db.session.get_one(Institution, institution.id)))
    manager = make(lambda: a_manager(db.session.get_one(Branch, branch.id)))
    desk, theirs = as_(app, make(a_desk, institution)), as_(app, manager)
    with app.app_context():
        (assignment,) = db.session.get_one(Person, manager.id).roles
    page = f"/assignments/{assignment.id}/end"
    assert "手上" in desk.get(page).get_data(as_text=True)
    assert post(desk, page).status_code == 303
    assert heard == [AssignmentEnded(manager.id, institution.id)]
    assert theirs.get("/account").status_code == 302, "the session has ended"
    with app.app_context():
        person = db.session.get_one(Person, manager.id)
        assert person.roles == [] and not person.institution_ids
        assert person.profile is not None, "what they knew is not lost"
        ended = db.session.scalars(sa.select(UserSession).where(UserSession.person_id == manager.id)).one()
        assert ended.ended_because == "assignment_ended"
    gone = desk.get(f"/institutions/{institution.id}/people?gone=1").get_data(as_text=True)
    assert manager.name in gone


def test_the_last_one_at_the_desk_and_the_last_operator_cannot_go(app: Any, post: Any, make: Any) -> None:
    institution = make(an_institution, licence_checked_by_id=None, status="applied")
    with app.app_context(), unit_of_work() as session:
        operator = an_operator()
        row = session.get_one(Institution, institution.id)
        row.licence_checked_by_id, row.licence_checked_at, row.status = operator.id, clock.now(), "admitted"
    desk = make(a_desk, institution)
    with app.app_context():
        (mine,) = db.session.get_one(Person, desk.id).roles
        (operators,) = db.session.get_one(Person, operator.id).roles
    assert post(as_(app, desk), f"/assignments/{mine.id}/end").status_code == 422
    assert post(as_(app, operator), f"/assignments/{operators.id}/end").status_code == 422


@pytest.mark.article("11.1")
def test_the_list_of_people_is_paged_and_searched(app: Any, make: Any) -> None:
    institution = make(an_institution)

    def many() -> None:
        branch = a_branch(db.session.get_one(Institution, institution.id))
        for number in range(25):
            a_manager(branch, f"经理{number:02d}")
        a_manager(branch, "100%_真")

    make(many)
    desk = as_(app, make(a_desk, institution))
    path = f"/institutions/{institution.id}/people"
    first, second = desk.get(path).get_data(as_text=True), desk.get(f"{path}?page=2").get_data(as_text=True)
    assert "经理00" in first and "经理24" not in first and "经理24" in second
    found = desk.get(path, query_string={"text": "%_"}).get_data(as_text=True)
    assert "100%_真" in found and "经理00" not in found
    assert desk.get(path, query_string={"text": "经理07", "role": "desk"}).get_data(as_text=True).count("经理07") == 1
    assert desk.get(f"{path}?page=99&role=nonsense&text=%00").status_code == 200


def test_an_assignment_cannot_be_given_twice_while_it_lives(app: Any) -> None:
    with app.app_context(), unit_of_work():
        desk = a_desk(an_institution())
        institution = db.session.get_one(Institution, next(iter(desk.desk_institution_ids)))
    with app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        assign(db.session.get_one(Person, desk.id), "desk", db.session.get_one(Institution, institution.id))
    with app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        assign(db.session.get_one(Person, desk.id), "manager", None)


def test_an_ended_assignment_gives_nothing(app: Any) -> None:
    with app.app_context(), unit_of_work():
        person = an_owner()
        institution = an_institution()
        assign(person, "desk", institution, until_at=clock.now() + timedelta(seconds=1))
        assert person.desk_institution_ids == set()


@pytest.mark.article("B.1")
def test_a_lost_second_factor_is_reset_by_a_colleague_never_by_oneself(
    app: Any, post: Any, make: Any, letters: Any
) -> None:
    institution = make(an_institution)
    lost = make(a_desk, institution, totp_secret="A" * 32, totp_since_at=clock.real_now())
    colleague, stranger = make(a_desk, institution), make(a_desk)
    with app.app_context():
        (assignment,) = db.session.get_one(Person, lost.id).roles
    page = f"/assignments/{assignment.id}/reset-second-factor"
    assert as_(app, stranger).get(page).status_code == 404
    theirs = as_(app, lost)
    assert post(theirs, page).status_code == 422
    assert post(as_(app, colleague), page).status_code == 303
    with app.app_context():
        assert not db.session.get_one(Person, lost.id).has_totp
        assert db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "staff.reset_factor")).one()
    assert theirs.get("/account").status_code == 302
    assert "重设了动态口令" in letters()[-1]["text"]


def test_an_application_that_is_turned_down_is_told_why(app: Any, post: Any, make: Any, letters: Any) -> None:
    institution = make(an_institution, status="applied", contact_address="chen@example.cn", licence_checked_by_id=None)
    operator = as_(app, make(an_operator))
    assert post(operator, f"/institutions/{institution.id}/suspend", note="号码查不到").status_code == 303
    letter = letters()[-1]
    assert letter["to"] == "chen@example.cn" and "号码查不到" in letter["text"]


def test_the_first_operator_is_added_at_the_terminal(app: Any, client: Any, post: Any) -> None:
    run = app.test_cli_runner().invoke
    typed = ["accounts", "add-operator", "--address", "op@example.cn", "--name", "值班", "--password"]
    assert run(args=[*typed, "short"]).exit_code == 1
    assert run(args=[*typed, PASSWORD]).exit_code == 0
    assert run(args=[*typed, PASSWORD]).exit_code == 1, "the address is taken"
    assert post(client, "/sign-in", identifier="op@example.cn", password=PASSWORD).status_code == 303
    assert client.get("/institutions").status_code == 200


def test_an_institution_promises_nothing_in_its_own_words(app: Any, post: Any) -> None:
    with app.app_context(), unit_of_work():
        institution = an_institution()
        desk = a_desk(institution)
    client = app.test_client()
    with app.app_context():
        sign_in(client, desk)
    answer = post(client, f"/institutions/{institution.id}/describe", about="黑户也能办，秒批")
    assert answer.status_code == 422 and 'id="about-e"' in answer.text and "秒批" in answer.text
    with app.app_context():
        assert db.session.get(type(institution), institution.id).about == ""
    assert post(client, f"/institutions/{institution.id}/describe", about="答复不超过 5 个工作日").status_code == 303
