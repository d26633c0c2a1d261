"""Helpers: let in by a link for one use, held to what they may do, up to which sum and until when; changed and ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.audit.models import AuditRow
from matchmaker.businesses import mandates
from matchmaker.businesses.models import Mandate
from matchmaker.businesses.rules import SCOPES, mandate_trouble
from matchmaker.db import db, unit_of_work
from matchmaker.leads.models import Consent, Lead
from matchmaker.leads.rules.states import State
from matchmaker.leads.services import choosing, offering
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import a_person, an_owner, sign_in
from tests.leads.builders import FIELDS, HOURS, a_case, offered, to_state, until
from tests.promises.page_checks import problems_of

pytestmark = pytest.mark.article("B.1")
NOW = "2026-09-23T10:00:00+08:00"


@pytest.fixture(autouse=True)
def wednesday_morning() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def refusal(deed: Any) -> str:
    with pytest.raises(Refused) as no:
        deed()
    return no.value.code


def letter_path() -> str:
    message = db.session.scalars(sa.select(Message).where(Message.kind == "mandate_invitation")).all()[-1]
    return str(message.secrets["path"])


def a_helper(case: Any, scope: str, *, limit: int | None = 400_000, days: int = 30) -> Any:
    """Somebody who has taken the owner's link."""
    helper = a_person("账房陆算", phone=f"1390099{db.session.scalar(sa.select(sa.func.count()).select_from(Mandate)):04d}")
    mandate = mandates.invite_helper(
        case.business, address=helper.phone, scope=scope, limit_yuan=Decimal(limit) if limit else None,
        until_on=clock.today() + timedelta(days=days), language="zh", by=case.owner,
    )  # fmt: skip
    mandates.accept_mandate(mandate, by=helper)
    return helper


@pytest.mark.parametrize(
    ("scope", "limit", "days", "wrong"),
    [
        ("look", None, 0, None),
        ("act", 1, 366, None),
        ("act", None, 1, ("limit", "mandate_needs_limit")),
        ("look", None, -1, ("until_on", "mandate_end_past")),
        ("look", None, 367, ("until_on", "mandate_too_long")),
        ("all", None, 1, ("scope", "choice_missing")),
    ],
)
def test_limits_are_whole(scope: str, limit: int | None, days: int, wrong: tuple[str, str] | None) -> None:
    today = clock.today()
    found = mandate_trouble(
        scope=scope, limit_yuan=Decimal(limit) if limit else None, until_on=today + timedelta(days=days), today=today
    )
    assert (found and (found[0], found[1].code)) == wrong


WHAT_OPENS = {
    "/businesses/{business}": ("look", "prepare", "act"),
    "/businesses/{business}/edit": ("prepare", "act"),
    "/businesses/{business}/figures/2025": ("prepare", "act"),
    "/needs/{need}": ("prepare", "act"),
    "/needs/{need}/withdraw": ("act",),
    "/needs/{need}/send/{product}": ("act",),
    "/leads/{lead}": ("act",),
    "/leads/receipts/{consent}": ("act",),
    "/businesses/{business}/papers": (),
    "/businesses/{business}/people": (),
    "/mandates/1": (),
}


@pytest.mark.parametrize("scope", SCOPES)
def test_each_page_opens_for_those_whose_mandate_reaches_so_far(app: Any, scope: str) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            lead = to_state(case, State.OFFERED)
            helper = a_helper(case, scope)
        numbers = {
            "business": case.business.id, "need": case.need.id, "product": case.product.id, "lead": lead.id,
            "consent": lead.consent.id,
        }  # fmt: skip
    client = app.test_client()
    sign_in(client, helper)
    rules = {re.sub(r"<[^>]*>", "", rule.rule) for rule in app.url_map.iter_rules()}
    for path, scopes in WHAT_OPENS.items():
        answer = client.get(path.format(**numbers))
        if re.sub(r"\{[^}]*\}|\d+$", "", path) not in {re.sub(r"\d+$", "", rule) for rule in rules}:
            raise AssertionError(f"no such page: {path}")
        expected = {200} if scope in scopes else {403, 404}
        assert answer.status_code in expected, (scope, path, answer.status_code)
        if answer.status_code == 200:
            assert problems_of(answer.text) == [], path
    assert "桂兰砂锅馆" in client.get("/businesses").text


def test_a_mandate_over_or_past_its_day_opens_nothing(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            case = a_case()
            helper = a_helper(case, "act", days=10)
        client = app.test_client()
        sign_in(client, helper)
        page = f"/businesses/{case.business.id}"
        assert client.get(page).status_code == 200
        with clock.frozen("2026-10-04T09:00:00+08:00"):
            assert client.get(page).status_code == 404, "the day after its last"
        with unit_of_work():
            mandate = db.session.scalars(sa.select(Mandate)).one()
            mandates.end_mandate(mandate, row_version=mandate.row_version, by=case.owner)
        assert client.get(page).status_code == 404


def test_a_helper_sends_and_accepts_up_to_the_sum_under_their_own_number(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        helper = a_helper(case, "act", limit=250_000)
        sent = lambda: choosing.send_lead(  # noqa: E731
            case.need, case.product, fields=FIELDS, hours=HOURS, ends_at=until(), by=helper
        )
        assert case.need.current.amount_yuan == 300_000 and refusal(sent) == "mandate_limit"
        mandate = db.session.scalars(sa.select(Mandate)).one()
        mandates.change_mandate(
            mandate, scope="act", limit_yuan=Decimal(300_000), until_on=mandate.until_on,
            row_version=mandate.row_version, by=case.owner,
        )  # fmt: skip
        sent()
        assert db.session.scalars(sa.select(Consent)).one().given_by_id == helper.id
        row = db.session.scalars(sa.select(AuditRow).where(AuditRow.what == "lead.send")).one()
        assert row.by_id == helper.id


def test_an_offer_above_the_sum_is_the_owners_to_accept(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        lead = to_state(case, State.CONTACTED)
        offering.make_offer(lead, offered=offered(case), by=case.manager)
        helper = a_helper(case, "act", limit=299_999)
        assert refusal(lambda: offering.accept_offer(lead, number=1, by=helper)) == "mandate_limit"
        watcher = a_helper(case, "prepare")
        assert refusal(lambda: offering.accept_offer(lead, number=1, by=watcher)) == "mandate_only_looks"
        offering.accept_offer(lead, number=1, by=case.owner)
        assert lead.state == State.TAKEN


def test_the_link_lets_in_the_person_it_was_sent_to_once(any_app: Any) -> None:
    app = any_app
    with app.app_context():
        with unit_of_work():
            case = a_case()
            invited, other = an_owner("陆算"), an_owner("路人")
            mandates.invite_helper(
                case.business, address=invited.phone, scope="look", limit_yuan=None,
                until_on=clock.today() + timedelta(days=5), language="zh", by=case.owner,
            )  # fmt: skip
        path = letter_path()
    for person, status in ((other, 404), (invited, 200)):
        client = app.test_client()
        sign_in(client, person)
        assert client.get(path).status_code == status
        if status == 200:
            page = client.get(path).text
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
            assert client.post(path, data={"csrf_token": token, "form_key": "k"}).status_code == 303
            assert client.get(path).status_code == 404, "used once"
            assert client.get(f"/businesses/{case.business.id}").status_code == 200
    with app.app_context():
        mandate = db.session.scalars(sa.select(Mandate)).one()
        assert mandate.person_id == invited.id and mandate.address == ""


def test_only_who_has_proven_to_act_lets_others_in(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
        case.business.members[0].standing = "declared"
        db.session.flush()
        invited = lambda: mandates.invite_helper(  # noqa: E731
            case.business, address="13900990099", scope="look", limit_yuan=None, until_on=clock.today(), language="zh",
            by=case.owner,
        )  # fmt: skip
        assert refusal(invited) == "mandate_needs_proof"
        case.business.members[0].standing = "checked"
        db.session.flush()
        invited()
        assert refusal(invited) == "mandate_known_already"


def test_the_owner_lets_somebody_in_changes_and_ends_it_by_plain_forms(app: Any) -> None:
    with app.app_context(), unit_of_work():
        case = a_case()
    client = app.test_client()
    sign_in(client, case.owner)
    url = f"/businesses/{case.business.id}/people"

    def post(path: str, opened: str, **typed: Any) -> Any:
        page = client.get(opened).text
        assert problems_of(page) == []
        hidden = dict(re.findall(r'<input[^>]*name="(csrf_token|form_key|row_version|amount_unit)"[^>]*value="([^"]*)"', page))
        return client.post(path, data=hidden | typed)

    wrong = post(url, url, address="abc", scope="act", limit="", until_on="2026-12-31")
    assert wrong.status_code == 422 and "abc" in wrong.text and "11 位" in wrong.text
    wrong = post(url, url, address="13900990011", scope="act", limit="", until_on="2026-12-31")
    assert wrong.status_code == 422 and 'id="limit-e"' in wrong.text
    assert post(url, url, address="13900990011", scope="act", limit="20", until_on="2026-12-31").status_code == 303
    one = "/mandates/1"
    assert post(one, one, scope="look", limit="", until_on="2026-10-31", row_version="99").status_code == 409
    assert post(one, one, scope="look", limit="", until_on="2026-10-31").status_code == 303
    assert post(f"{one}/end", one).status_code == 303
    with app.app_context():
        mandate = db.session.get(Mandate, 1)
        assert mandate is not None and (mandate.scope, mandate.limit_yuan) == ("look", None)
        assert mandate.ended_by_id == case.owner.id and mandate.address == ""
        assert db.session.scalars(sa.select(Lead)).all() == []
