"""Writing businesses, proving who may act for them, and what later subjects are told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm.exc import StaleDataError

from matchmaker import clock, happened
from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.businesses import outside, queries, services
from matchmaker.businesses.announcements import BusinessChanged, StandingChanged
from matchmaker.businesses.models import Business, BusinessMember
from matchmaker.businesses.rules import Line, Profile, Year
from matchmaker.db import db, unit_of_work
from matchmaker.documents.models import DocumentContent
from matchmaker.documents.rules import CheckedFile, check_file
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import an_operator, an_owner
from tests.businesses.builders import (
    a_business,
    a_code,
    a_credit_line,
    a_picture,
    a_title,
    a_year,
    papers_sent,
)

PROFILE = Profile(
    name="周记家常菜馆",
    industry_code="6210",
    region_code="330106",
    address="文三路 8 号",
    founded_on=date(2022, 5, 6),
)


@pytest.fixture
def heard() -> Iterator[list[Any]]:
    """The announcements of this subject made during a test."""
    found: list[Any] = []
    for kind in (BusinessChanged, StandingChanged):
        happened.on(kind)(found.append)
    yield found
    for kind in (BusinessChanged, StandingChanged):
        happened._listeners[kind].remove(found.append)


def paper(colour: str = "white") -> CheckedFile:
    return check_file("执照.jpg", a_picture(colour))


def member(business: Business) -> BusinessMember:
    return business.members[0]


# typed once


@pytest.mark.article("6.1")
def test_the_kind_follows_from_the_code_and_the_owner_is_its_first_member(any_app: Any, heard: list[Any]) -> None:
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        year = Year(clock.today().year - 1, 8, Decimal(960_000))
        code = a_code("sole_proprietor")
        business = services.create_business(
            uscc=f" {code.lower()} ", profile=PROFILE, capacity="owner", year=year, by=owner
        )
        assert (business.uscc, business.kind) == (code, "sole_proprietor")
        assert member(business).person_id == owner.id
        assert (member(business).standing, member(business).is_proven) == ("declared", False)
        assert [row.employees for row in business.figures] == [8]
        assert heard == [BusinessChanged(business.id)]
        assert {"business.create", "business.save_figures"} <= set(db.session.scalars(sa.select(AuditRow.what)))
        assert not queries.may_act(business.id, owner.id)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "无"}, "text_placeholder", "name"),
        ({"address": "N/A"}, "text_placeholder", "address"),
        ({"industry_code": "62"}, "industry_missing", "industry_code"),
        ({"industry_code": "0000"}, "industry_missing", "industry_code"),
        ({"region_code": "330100"}, "region_missing", "region_code"),
        ({"region_code": "999999"}, "region_missing", "region_code"),
        ({"founded_on": date(2100, 1, 1)}, "founded_later", "founded_on"),
        ({"last_equity_change_on": date(2020, 1, 1)}, "change_before_founding", "last_equity_change_on"),
        ({"entity_code": "CO_LTD"}, "choice_unknown", "entity_code"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(app: Any, changes: dict[str, Any], code: str, field: str) -> None:
    with app.app_context(), pytest.raises(Refused) as refused, unit_of_work():
        services.create_business(uscc=a_code(), profile=replace(PROFILE, **changes), capacity="owner", by=an_owner())
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_code_is_written_down_once(any_app: Any) -> None:
    code = a_code()
    with any_app.app_context():
        with unit_of_work():
            services.create_business(uscc=code, profile=PROFILE, capacity="owner", by=an_owner())
        with pytest.raises(Refused) as refused, unit_of_work():
            services.create_business(uscc=code, profile=PROFILE, capacity="owner", by=an_owner())
        assert (refused.value.code, refused.value.field) == ("business_exists", "uscc")


def test_a_sole_proprietor_has_no_legal_representative(app: Any) -> None:
    with app.app_context(), pytest.raises(Refused) as refused, unit_of_work():
        services.create_business(uscc=a_code(), profile=PROFILE, capacity="legal_representative", by=an_owner())
    assert refused.value.field == "capacity"


def test_an_owner_may_have_several_businesses(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        first, second = a_business(owner), a_business(owner, kind="enterprise")
        a_business()
        assert queries.businesses_of(owner.id) == [first, second]


def test_an_older_copy_does_not_overwrite(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            business = a_business()
            owner, seen = member(business).person, business.row_version
        with unit_of_work():
            business = db.session.get_one(Business, business.id)
            services.change_profile(business, profile=replace(PROFILE, name="先改的"), row_version=seen, by=owner)
        with pytest.raises(StaleDataError), unit_of_work():
            business = db.session.get_one(Business, business.id)
            services.change_profile(business, profile=replace(PROFILE, name="后改的"), row_version=seen, by=owner)
        assert db.session.get_one(Business, business.id, populate_existing=True).name == "先改的"


def test_saving_without_a_change_says_nothing(app: Any, heard: list[Any]) -> None:
    with app.app_context(), unit_of_work():
        business = a_business()
        same = Profile(
            business.name, business.industry_code, business.region_code, business.address,
            business.founded_on, business.entity_code, business.last_equity_change_on,
        )  # fmt: skip
        services.change_profile(business, profile=same, row_version=business.row_version, by=member(business).person)
        assert heard == []


def test_figures_are_one_row_a_year(any_app: Any, heard: list[Any]) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business(figures=False)
        owner, last = member(business).person, clock.today().year - 1
        row = services.save_figures(business, Year(last, 8, Decimal(960_000)), by=owner)
        services.save_figures(business, Year(last, 9, Decimal(990_000)), row_version=row.row_version, by=owner)
        assert [(found.year, found.employees) for found in business.figures] == [(last, 9)]
        with pytest.raises(StaleDataError):
            services.save_figures(business, Year(last, 7, Decimal(1)), row_version=row.row_version - 1, by=owner)
        services.remove_figures(business, last, by=owner)
        services.remove_figures(business, last, by=owner)
        assert business.figures == []
        assert heard == [BusinessChanged(business.id)] * 3


def test_figures_of_years_that_cannot_be_are_refused(app: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business(figures=False)
        owner = member(business).person
        for year in (business.founded_on.year - 1, clock.today().year + 1, 1989):
            with pytest.raises(Refused) as refused:
                services.save_figures(business, Year(year, 1, Decimal(1)), by=owner)
            assert refused.value.code == "year_not_possible"
        with pytest.raises(Refused) as refused:
            services.save_figures(business, Year(clock.today().year, 1, Decimal(1), None, Decimal(5)), by=owner)
        assert refused.value.field == "assets"


@pytest.mark.article("5.1")
def test_a_title_has_its_certificate_and_is_not_verified_by_being_typed(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business(kind="enterprise", industry_code="3525")
        owner = member(business).person
        title = services.add_title(
            business,
            code="SRDI_PROV",
            certificate_number="ZJ2024001",
            issuer="浙江省经信厅",
            expires_on=date(2027, 6, 30),
            by=owner,
        )
        assert title.verified_at is None
        with pytest.raises(Refused) as refused:
            services.add_title(
                business, code="SRDI_PROV", certificate_number="ZJ2024001", issuer="x", expires_on=None, by=owner
            )
        assert refused.value.code == "title_exists"
        with pytest.raises(Refused):
            services.add_title(
                business, code="FIRSTLOAN", certificate_number="1", issuer="x", expires_on=None, by=owner
            )
        services.remove_title(title, by=owner)
        assert business.titles == []


@pytest.mark.article("5.1")
def test_a_title_is_looked_up_by_an_operator_whom_its_owner_asked(any_app: Any, heard: list[Any]) -> None:
    with any_app.app_context(), unit_of_work():
        business, operator = a_business(), an_operator()
        owner = business.members[0].person
        title = a_title(business)
        assert title.standing == "typed"
        assert list(db.session.scalars(queries.waiting_titles())) == []
        with pytest.raises(Refused) as refused:
            services.verify_title(title, row_version=title.row_version, by=operator)
        assert refused.value.code == "title_not_asked"
        services.ask_for_check(title, by=owner)
        assert list(db.session.scalars(queries.waiting_titles())) == [title]
        with pytest.raises(Refused) as refused:
            services.ask_for_check(title, by=owner)
        assert refused.value.code == "title_asked_already"
        with pytest.raises(Refused) as refused:
            services.verify_title(title, row_version=title.row_version, by=owner)
        assert refused.value.code == "own_papers"
        with pytest.raises(Refused):
            services.refute_title(title, remark_code="nonsense", row_version=title.row_version, by=operator)
        seen = title.row_version
        services.refute_title(title, remark_code="not_listed", row_version=seen, by=operator)
        assert (title.standing, title.verified_at, title.checked_by_id) == ("refuted", None, operator.id)
        with pytest.raises(StaleDataError):
            services.verify_title(title, row_version=seen, by=operator)
        services.ask_for_check(title, by=owner)
        assert (title.standing, title.remark_code, title.checked_by_id) == ("asked", None, None)
        services.verify_title(title, row_version=title.row_version, by=operator)
        assert (title.standing, title.checked_by_id) == ("verified", operator.id)
        assert title.verified_at is not None
        told = [(message.kind, message.person_id) for message in db.session.scalars(sa.select(Message))]
        assert told == [("title_refuted", owner.id), ("title_verified", owner.id)]
        assert heard == [BusinessChanged(business.id)] * 2
        over = a_title(business, "HNTE", expires_on=clock.today() - timedelta(days=1))
        with pytest.raises(Refused) as refused:
            services.ask_for_check(over, by=owner)
        assert refused.value.code == "title_over"


def test_the_table_itself_refuses_a_title_verified_by_nobody(any_app: Any) -> None:
    with any_app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        a_title(a_business()).verified_at = clock.now()


def test_expired_titles_do_not_count(app: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business()
        a_title(business, "HNTE", expires_on=date(2020, 1, 1))
        a_title(business, "TECHSME", expires_on=clock.today())
        a_title(business, "SRDI_INNOV")
        assert queries.plain_facts(business).title_codes == ("TECHSME", "SRDI_INNOV")


def a_line(**changes: Any) -> Line:
    return replace(
        Line("青檀农商银行", "loan", Decimal(200_000), Decimal(50_000), "CREDIT", date(2025, 3, 1), date(2027, 3, 1)),
        **changes,
    )


@pytest.mark.article("16.3")
def test_declared_lines_are_the_owners_and_reported_ones_are_not(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business()
        owner = member(business).person
        row = services.add_credit_line(business, a_line(), by=owner)
        assert row.as_of_on == clock.today()
        services.change_credit_line(row, a_line(balance_yuan=Decimal(0)), row_version=row.row_version, by=owner)
        assert row.balance_yuan == 0
        with pytest.raises(StaleDataError):
            services.change_credit_line(row, a_line(), row_version=99, by=owner)
        reported = a_credit_line(business, source="paid_out")
        for deed in (
            lambda: services.remove_credit_line(reported, by=owner),
            lambda: services.change_credit_line(reported, a_line(), row_version=1, by=owner),
        ):
            with pytest.raises(Refused) as refused:
                deed()
            assert refused.value.code == "line_reported_by_institution"
        services.remove_credit_line(row, by=owner)
        assert business.credit_lines == [reported]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"balance_yuan": Decimal(200_001)}, "balance_above_amount"),
        ({"amount_yuan": Decimal(0), "balance_yuan": Decimal(0)}, "number_missing"),
        ({"started_on": date(2999, 1, 1)}, "started_later"),
        ({"matures_on": date(2025, 3, 1)}, "matures_before_start"),
    ],
)
def test_a_line_that_cannot_be_is_refused(app: Any, changes: dict[str, Any], code: str) -> None:
    with app.app_context(), pytest.raises(Refused) as refused, unit_of_work():
        business = a_business()
        services.add_credit_line(business, a_line(**changes), by=member(business).person)
    assert refused.value.code == code


def test_collateral_is_kept_in_the_order_of_the_list_and_nonsense_left_out(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business()
        services.change_strengths(
            business,
            tax_grade="B",
            has_tax_evidence=True,
            has_flow_evidence=False,
            collateral=["PLEDGE_AR", "NOPE", "MORT_RES"],
            row_version=business.row_version,
            by=member(business).person,
        )
        assert business.collateral == ["MORT_RES", "PLEDGE_AR"]


# facts for eligibility


def test_eligibility_is_given_plain_facts_without_who_it_is(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business(
            kind="enterprise",
            figures=False,
            tax_grade="A",
            last_equity_change_on=date(2024, 1, 2),
            has_tax_evidence=True,
        )
        last = clock.today().year - 1
        a_year(business, last - 1, turnover_yuan=Decimal(1))
        a_year(
            business,
            last,
            turnover_yuan=Decimal(2_000_000),
            assets_yuan=Decimal(400_000),
            liabilities_yuan=Decimal(100_000),
        )
        a_year(business, last + 1, turnover_yuan=Decimal(9))
        a_credit_line(business)
        found = queries.facts_of(business)
        assert (found.turnover_yuan, found.employees, found.debt_ratio_percent) == (2_000_000, 8, Decimal("25.00"))
        assert (found.kind, found.entity_code, found.tax_grade, found.debts_yuan) == (
            "enterprise",
            "CO_LTD",
            "A",
            100_000,
        )
        assert not found.exact_place and found.latitude is not None
        assert business.name not in str(found) and business.uscc not in str(found)
        assert found.months_on(clock.today()) == queries.plain_facts(business).months_in_business


def test_what_is_not_known_stays_unknown(app: Any) -> None:
    with app.app_context(), unit_of_work():
        found = queries.facts_of(a_business(figures=False, latitude=30.1, longitude=120.1))
        assert found.turnover_yuan is None
        assert found.debt_ratio_percent is None
        assert found.exact_place and found.latitude == 30.1


# who may act


@pytest.mark.article("B.1")
def test_the_short_way_licence_then_an_operator_then_checked(any_app: Any, heard: list[Any]) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business()
        me, operator = member(business), an_operator()
        services.add_paper(me, paper(), kind="licence", by=me.person)
        assert me.standing == "papers_sent"
        assert list(db.session.scalars(queries.waiting_members())) == [me]
        services.mark_checked(me, row_version=me.row_version, by=an_operator("平台甲"))
        assert me.standing == "papers_sent", "one operator is not enough"
        services.mark_checked(me, row_version=me.row_version, by=operator)
        assert (me.standing, me.is_proven, me.checked_by_id) == ("checked", True, operator.id)
        assert queries.may_act(business.id, me.person_id)
        assert heard == [StandingChanged(me.id)] * 2
        told = db.session.scalars(sa.select(Message).where(Message.person_id == me.person_id)).one()
        assert (told.kind, told.facts["business"]) == ("papers_checked", business.name)


def test_acting_for_another_waits_for_both_papers(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business()
        me = member(business)
        services.declare_capacity(me, "agent", by=me.person)
        services.add_paper(me, paper(), kind="licence", by=me.person)
        assert me.standing == "declared"
        services.add_paper(me, paper("blue"), kind="letter", by=me.person)
        assert me.standing == "papers_sent"


def test_saying_to_be_an_agent_after_sending_asks_for_the_letter(app: Any) -> None:
    with app.app_context(), unit_of_work():
        business = a_business()
        me = member(business)
        papers_sent(me)
        services.declare_capacity(me, "agent", by=me.person)
        assert me.standing == "declared"
        services.declare_capacity(me, "owner", by=me.person)
        assert me.standing == "papers_sent"


def test_nobody_checks_their_own_papers(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            operator = an_operator()
            business = a_business(operator)
            papers_sent(member(business))
            other = a_business()
            other.members.append(
                BusinessMember(person=operator, capacity="agent", standing="rejected", standing_at=clock.now(),
                               checked_by_id=an_operator().id, remark_code="unreadable")
            )  # fmt: skip
            papers_sent(member(other))
        for refused_at in (business, other):
            with pytest.raises(Refused) as refused, unit_of_work():
                me = db.session.get_one(Business, refused_at.id).members[0]
                services.mark_checked(me, row_version=me.row_version, by=operator)
            assert refused.value.code == "own_papers"


def test_the_table_itself_refuses_ones_own_check(any_app: Any) -> None:
    with any_app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        me = member(a_business())
        me.standing, me.checked_by_id = "checked", me.person_id


def test_wrong_papers_are_told_by_code_and_may_be_mended(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            business = a_business()
            me, operator = member(business), an_operator()
            old = papers_sent(me)
        with unit_of_work():
            me = db.session.get_one(BusinessMember, me.id)
            with pytest.raises(Refused) as refused:
                services.mark_wrong(me, remark_code="nonsense", remark=None, row_version=me.row_version, by=operator)
            assert refused.value.code == "choice_missing"
            with pytest.raises(Refused) as refused:
                services.mark_wrong(me, remark_code="other", remark="无", row_version=me.row_version, by=operator)
            assert refused.value.code == "remark_missing"
            services.mark_wrong(me, remark_code="cut_off", remark=None, row_version=me.row_version, by=operator)
            assert me.standing == "papers_sent"
            second = an_operator("平台乙")
            services.mark_wrong(me, remark_code="cut_off", remark=None, row_version=me.row_version, by=second)
            assert (me.standing, me.remark_code) == ("rejected", "cut_off")
            assert services.current_papers(me) == {}
            told = db.session.scalars(sa.select(Message)).one()
            assert told.facts["remark"] == "label:business.remark:cut_off"
        with clock.frozen(datetime.fromisoformat("2030-01-01T10:00:00+08:00")), unit_of_work():
            me = db.session.get_one(BusinessMember, me.id)
            new = services.add_paper(me, paper("green"), kind="licence", by=me.person)
            assert me.standing == "papers_sent"
            assert services.current_papers(me) == {"licence": new}
            assert me.checked_by_id is None
            assert old.id != new.id


def test_a_newer_paper_replaces_the_older_whose_content_is_destroyed(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        me = member(a_business())
        first = services.add_paper(me, paper(), kind="licence", by=me.person)
        second = services.add_paper(me, paper("red"), kind="licence", by=me.person)
        assert services.current_papers(me) == {"licence": second}
        assert first.document.deleted_at is not None
        assert list(db.session.scalars(sa.select(DocumentContent.document_id))) == [second.document_id]


def test_a_decision_is_taken_once_and_on_what_was_seen(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        me = member(a_business())
        papers_sent(me)
        seen, operator = me.row_version, an_operator()
        services.add_paper(me, paper("red"), kind="licence", by=me.person)
        services.declare_capacity(me, "agent", by=me.person)
        with pytest.raises(StaleDataError):
            services.mark_checked(me, row_version=seen, by=operator)
        services.declare_capacity(me, "owner", by=me.person)
        services.mark_checked(me, row_version=me.row_version, by=operator)
        with pytest.raises(Refused) as refused:
            services.mark_checked(me, row_version=me.row_version, by=operator)
        assert refused.value.code == "finding_given_already", "two different persons"
        services.mark_checked(me, row_version=me.row_version, by=an_operator())
        with pytest.raises(Refused) as refused:
            services.mark_checked(me, row_version=me.row_version, by=an_operator())
        assert refused.value.code == "standing_step_not_possible"
        with pytest.raises(Refused):
            services.add_paper(me, paper(), kind="licence", by=me.person)
        with pytest.raises(Refused):
            services.declare_capacity(me, "agent", by=me.person)


def test_papers_that_prove_nothing_are_not_collected(app: Any) -> None:
    with app.app_context(), unit_of_work():
        me = member(a_business())
        for kind in ("letter", "statement", "", "x"):
            with pytest.raises(Refused) as refused:
                services.add_paper(me, paper(), kind=kind, by=me.person)
            assert refused.value.code == "paper_not_needed"


def test_an_operators_look_is_in_the_owners_log(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            me, operator = member(a_business()), an_operator()
            papers_sent(me)
        with unit_of_work():
            services.look_at_papers(db.session.get_one(BusinessMember, me.id), by=operator)
        seen = db.session.scalars(sa.select(DataAccess)).one()
        assert (seen.person_id, seen.business_id, seen.purpose) == (operator.id, me.business_id, "identity")


# the outside service


def test_the_fake_service_says_that_it_is_one_and_knows_nobody(app: Any) -> None:
    fake = outside.FakeIdentityService()
    assert "模拟" in fake.name
    answer = fake.confirm("91330106MA2T000010", "周桂兰")
    assert (answer.confirmed, answer.simulated) == (False, True)
    with app.app_context(), pytest.raises(Refused) as refused, unit_of_work():
        me = member(a_business())
        services.confirm_outside(me, answer, simulated_allowed=True, by=me.person)
    assert refused.value.code == "outside_not_confirmed"


def test_a_simulated_answer_counts_in_a_demo_only(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        business = a_business()
        me = member(business)
        fake = outside.FakeIdentityService(frozenset({(business.uscc, me.person.name)}))
        answer = fake.confirm(business.uscc, me.person.name)
        with pytest.raises(Refused) as refused:
            services.confirm_outside(me, answer, simulated_allowed=False, by=me.person)
        assert refused.value.code == "outside_only_simulated"
        services.confirm_outside(me, answer, simulated_allowed=True, by=me.person)
        assert me.is_proven
