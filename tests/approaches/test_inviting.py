"""Invitations: rows without names, the platform's own words, the owner's switch that nobody can find out by asking."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Institution, Person
from matchmaker.approaches import inviting, queries, rules
from matchmaker.approaches.models import Approach, ApproachSwitch
from matchmaker.conversations.services import block
from matchmaker.db import db, unit_of_work
from matchmaker.leads.services import answering
from matchmaker.matching.services import make_list
from matchmaker.needs.models import Need
from matchmaker.needs.services import withdraw_need
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product
from matchmaker.refusal import Refused
from tests.approaches.builders import Street, a_street
from tests.builders import a_supervisor, an_operator, an_owner, sign_in
from tests.leads.builders import a_bank, send
from tests.products.builders import a_product
from tests.promises.page_checks import problems_of

NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def site(app: Any) -> Iterator[Any]:
    """The site in one transaction that is undone."""
    with app.app_context(), unit_of_work():
        yield app


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as caught:
        deed()
    return caught.value.reason.code


def told() -> list[int | None]:
    kind = Message.kind == "approach_told_invited"
    return list(db.session.scalars(sa.select(Message.person_id).where(kind).order_by(Message.id)))


# Rules --------------------------------------------------------------------------------------------------------------


def test_what_is_said_openly_and_what_stays_silent() -> None:
    usual: dict[str, Any] = {"fits": True, "invited_with_it": False, "today": 0, "most_a_day": 2, "has_room": True}
    assert rules.invitation_refusal(**usual) is None
    for change, code in [
        ({"fits": False}, "approach_row_gone"),
        ({"invited_with_it": True}, "approach_invited_already"),
        ({"today": 2}, "approach_invitations_used_up"),
        ({"has_room": False}, "approach_full"),
    ]:
        no = rules.invitation_refusal(**{**usual, **change})
        assert no is not None and no.code == code
    quiet: dict[str, Any] = {"switched_off": False, "blocked": False, "was_tried": False, "invited_lately": False}
    assert rules.why_silent(**quiet) is None
    assert rules.why_silent(**{**quiet, "switched_off": True}) == "switched_off"
    assert rules.why_silent(**{**quiet, "blocked": True}) == "blocked"
    assert rules.why_silent(**{**quiet, "was_tried": True}) == "known"
    assert rules.why_silent(**{**quiet, "invited_lately": True}) == "lately"


# Services -----------------------------------------------------------------------------------------------------------


@pytest.mark.article("3.6", "B.1")
def test_an_invitation_is_the_platforms_own_message_with_the_product_and_nothing_else(site: Any) -> None:
    street = a_street()
    need, product, desk = street.case.need, street.products[0], street.desks[0]
    sent = inviting.invite(product, need.id, by=desk)
    assert sent.silent_because is None and told() == [street.case.owner.id]
    message = db.session.scalars(sa.select(Message).where(Message.kind == "approach_told_invited")).one()
    assert set(message.facts) == {"institution", "product"} and message.link == "/invited"
    assert refusal(lambda: inviting.invite(product, need.id, by=desk)) == "approach_invited_already"
    with clock.frozen(clock.now() + rules.INVITED_WITHIN + timedelta(minutes=1)):
        assert inviting.invite(product, need.id, by=desk).silent_because is None


@pytest.mark.article("B.1")
def test_another_product_of_the_same_institution_is_not_delivered_and_does_not_say_so(site: Any) -> None:
    street = a_street(banks=1)
    product = street.products[0]
    second = a_product(db.session.get_one(Institution, product.institution_id), name="另一个产品")
    inviting.invite(product, street.case.need.id, by=street.desks[0])
    assert inviting.invite(second, street.case.need.id, by=street.desks[0]).silent_because == "lately"
    assert len(told()) == 1
    other = a_bank(8)[3]
    assert inviting.invite(other, street.case.need.id, by=street.desks[0]).silent_because is None


@pytest.mark.article("B.1")
def test_who_has_or_had_the_need_learns_nothing_by_inviting(site: Any) -> None:
    street = a_street(banks=1)
    answering.withdraw(street.late, by=street.case.owner)
    sent = inviting.invite(street.case.product, street.case.need.id, by=street.case.desk)
    assert sent.silent_because == "known" and told() == []


@pytest.mark.article("B.1")
@pytest.mark.parametrize("whole", [True, False])
def test_switched_off_nothing_is_delivered_and_the_desk_sees_the_same(site: Any, whole: bool) -> None:
    street = a_street(banks=2)
    need, owner = street.case.need, street.case.owner
    inviting.switch_off(need.business, None if whole else need, by=owner)
    inviting.switch_off(need.business, None if whole else need, by=owner)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ApproachSwitch)) == 1
    sent = inviting.invite(street.products[0], need.id, by=street.desks[0])
    assert sent.silent_because == "switched_off" and told() == []
    row = next(row for row in queries.rows_of(street.products[0], clock.today()) if row.need_id == need.id)
    assert row.invited_on == clock.today(), "as if it had been delivered"
    assert db.session.scalars(queries.invitations_to([need.business_id])).all() == []
    inviting.switch_on(need.business, None if whole else need, by=owner)
    inviting.switch_on(need.business, None if whole else need, by=owner)
    assert inviting.invite(street.products[1], need.id, by=street.desks[1]).silent_because is None


@pytest.mark.article("B.1")
def test_who_is_blocked_reaches_nobody_and_does_not_learn_it(site: Any) -> None:
    street = a_street(banks=1)
    block(street.case.business.id, street.products[0].institution_id, by=street.case.owner)
    sent = inviting.invite(street.products[0], street.case.need.id, by=street.desks[0])
    assert sent.silent_because == "blocked" and told() == []


def test_invitations_have_a_limit_a_day_and_need_a_need_that_fits(site: Any) -> None:
    street = a_street()
    up = lambda product, most=30: inviting.invite(  # noqa: E731
        product, street.case.need.id, by=street.desks[0], most_a_day=most
    )
    dear = a_bank(9, amount_min_wan="100", amount_max_wan="500")[3]
    assert refusal(lambda: up(dear)) == "approach_row_gone"
    assert refusal(lambda: up(street.products[0], 0)) == "approach_invitations_used_up"
    withdraw_need(street.case.need, by=street.case.owner)
    assert refusal(lambda: up(street.products[0])) == "approach_row_gone"


@pytest.mark.article("B.2", "3.6")
def test_rows_stand_in_the_order_of_fit_and_no_chance_goes_in(site: Any) -> None:
    """Two needs the product fits equally well but for the amount: the nearer to its middle stands first, whoever asks."""
    street = a_street(alike=5, banks=1)
    first = queries.rows_of(street.products[0], clock.today())
    needs = [db.session.get_one(Need, row.need_id) for row in first]
    assert [row.need_id for row in first] == sorted(row.need_id for row in first), "all alike: by number"
    needs[-1].versions[0].amount_yuan = Decimal(100_000)
    db.session.flush()
    again = queries.rows_of(street.products[0], clock.today())
    assert [row.need_id for row in again] == [needs[-1].id, *[need.id for need in needs[:-1]]]
    assert set(again[0].shown.__slots__) == {"region_code", "industry_code", "size", "low_yuan", "high_yuan"}


# Pages --------------------------------------------------------------------------------------------------------------


def client_of(app: Any, person: Any) -> Any:
    client = app.test_client()
    sign_in(client, person)
    return client


def a_town(app: Any) -> Street:
    with app.app_context(), unit_of_work():
        return a_street()


def hidden(shown: str, **values: str) -> dict[str, str]:
    return dict(re.findall(r'name="(csrf_token|form_key)"[^>]*value="([^"]+)"', shown)) | values


@pytest.mark.article("3.6", "B.1")
def test_a_desk_invites_a_row_and_never_learns_who_it_is(app: Any) -> None:
    street = a_town(app)
    case, product = street.case, street.products[0]
    desk = client_of(app, street.desks[0])
    path = f"/desk/products/{product.id}/invite"
    assert path in desk.get(f"/desk/products/{product.id}/reach").text
    page = desk.get(path).text
    secrets = [case.business.name, case.business.uscc, case.owner.name, case.owner.phone or "-", f"/needs/{case.need.id}"]
    assert problems_of(page) == [] and not any(secret in page for secret in secrets)
    tokens = re.findall(r'name="row" value="([\w-]+)"', page)
    assert len(set(tokens)) == 5
    with app.app_context():
        second = db.session.get_one(Product, street.products[1].id)
        ids = {row.need_id for row in queries.rows_of(second, clock.today())}
    other = client_of(app, street.desks[1])
    theirs = set(re.findall(r'name="row" value="([\w-]+)"', other.get(f"/desk/products/{second.id}/invite").text))
    assert len(ids) == 5 and theirs.isdisjoint(tokens), "what two products show cannot be put together"
    done = desk.post(path, data=hidden(page, row=tokens[0], page="1"))
    assert done.status_code == 303
    assert "邀请过" in desk.get(path).text
    assert desk.post(path, data=hidden(page, row=tokens[0], form_key="x")).status_code == 409
    assert desk.post(path, data=hidden(page, row=next(iter(theirs)), form_key="y")).status_code == 404
    assert other.get(path).status_code == 404
    with app.app_context(), unit_of_work():
        others = [an_operator("值班"), a_supervisor(), an_owner("别人")]
    for person in others:
        assert client_of(app, person).get(path).status_code == 404


@pytest.mark.article("3.6", "B.1")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_owner_reads_looks_sends_or_switches_off(app: Any, language: str) -> None:
    street = a_town(app)
    need_id, product_id = street.case.need.id, street.products[0].id
    with app.app_context(), unit_of_work():
        product = db.session.get_one(Product, product_id)
        make_list(db.session.get_one(Need, need_id), by=None)
        inviting.invite(product, need_id, by=db.session.get_one(Person, street.desks[0].id))
    owner = client_of(app, street.case.owner)
    owner.set_cookie("lang", language)
    page = owner.get("/invited").text
    assert problems_of(page) == []
    for link in (f"/needs/{need_id}/matches/products/{product_id}", f"/needs/{need_id}/send/{product_id}"):
        assert link in page
        assert owner.get(link).status_code == 200
    business_id = street.case.business.id
    for url in (f"/businesses/{business_id}/invitations/off", f"/needs/{need_id}/invitations/off"):
        assert owner.post(url, data=hidden(page)).status_code == 303
    off = owner.get("/invited").text
    assert problems_of(off) == [] and f"/businesses/{business_id}/invitations/on" in off
    assert owner.post(f"/needs/{need_id}/invitations/sideways", data=hidden(page)).status_code == 404
    assert owner.post(f"/businesses/{business_id}/invitations/on", data=hidden(page)).status_code == 303
    with app.app_context(), unit_of_work():
        stranger = an_owner("别人")
        left = db.session.scalars(sa.select(ApproachSwitch).where(ApproachSwitch.on_again_at.is_(None))).all()
        assert [row.need_id for row in left] == [need_id]
    other = client_of(app, stranger)
    empty = other.get("/invited")
    assert problems_of(empty.text) == [] and street.products[0].current_version.name not in empty.text
    assert other.post(f"/needs/{need_id}/invitations/on", data=hidden(empty.text)).status_code == 404


def test_an_invitation_becomes_a_lead_only_by_the_owners_consent(site: Any) -> None:
    street = a_street(banks=1)
    inviting.invite(street.products[0], street.case.need.id, by=street.desks[0])
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Approach)) == 1
    lead = send(street.case, street.products[0])
    assert lead.consent is not None and lead.consent.given_by_id == street.case.owner.id
