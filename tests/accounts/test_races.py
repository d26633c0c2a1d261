"""Eight at once through HTTP, on both engines: whatever lets somebody in lets exactly one in."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.keyed import Caller
from matchmaker.accounts.models import (
    Assignment,
    CodeUse,
    Invitation,
    InvitationUse,
    Person,
    RecoveryUse,
    TotpUse,
    UserSession,
)
from matchmaker.accounts.services import second_factor, staff
from matchmaker.db import db, unit_of_work
from tests.accounts.conftest import code_in, letters_of
from tests.builders import PASSWORD, a_desk, an_institution, an_owner

pytestmark = pytest.mark.article("B.1")
AT_ONCE = 8


def token_of(page: Any) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.get_data(as_text=True))
    assert found
    return found.group(1)


def all_at_once(app: Any, ready: Callable[[Any], Callable[[], Any]]) -> Counter[int]:
    """Let eight browsers get ready, then press their buttons at the same moment; how often each status came."""
    presses = [ready(app.test_client()) for _ in range(AT_ONCE)]
    barrier = threading.Barrier(AT_ONCE)
    answers: list[int] = []

    def press(button: Callable[[], Any]) -> None:
        barrier.wait()
        answers.append(button().status_code)

    threads = [threading.Thread(target=press, args=(button,)) for button in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers)


def one_entered(app: Any, answers: Counter[int], uses: type[Any]) -> None:
    assert answers == {303: 1, 422: AT_ONCE - 1}
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(uses.id))) == 1


def sessions(app: Any) -> int:
    with app.app_context():
        return db.session.scalar(sa.select(sa.func.count(UserSession.id))) or 0


def test_one_of_eight_enters_with_a_one_time_code(any_app: Any) -> None:
    with any_app.app_context(), unit_of_work():
        phone = an_owner().phone
    first = any_app.test_client()
    page = first.get("/sign-in/code")
    first.post("/sign-in/code", data={"csrf_token": token_of(page), "identifier": phone})
    cookie = first.get_cookie("session").value
    code = code_in(letters_of(any_app)[-1])

    def ready(client: Any) -> Callable[[], Any]:
        client.set_cookie("session", cookie)
        token = token_of(client.get("/sign-in/code/enter"))
        return lambda: client.post("/sign-in/code/enter", data={"csrf_token": token, "code": code})

    one_entered(any_app, all_at_once(any_app, ready), CodeUse)
    assert sessions(any_app) == 1


def with_password_given(app: Any, client: Any, phone: str) -> str:
    token = token_of(client.get("/sign-in"))
    answer = client.post("/sign-in", data={"csrf_token": token, "identifier": phone, "password": PASSWORD})
    assert answer.location == "/sign-in/step"
    return token_of(client.get("/sign-in/step"))


def test_one_of_eight_enters_with_the_same_app_digits(any_app: Any) -> None:
    secret = pyotp.random_base32()
    with any_app.app_context(), unit_of_work():
        phone = an_owner(totp_secret=secret, totp_since_at=clock.real_now()).phone

    def ready(client: Any) -> Callable[[], Any]:
        token = with_password_given(any_app, client, phone)
        return lambda: client.post("/sign-in/step", data={"csrf_token": token, "code": digits})

    digits = pyotp.TOTP(secret).at(clock.real_now())
    one_entered(any_app, all_at_once(any_app, ready), TotpUse)
    assert sessions(any_app) == 1


def test_one_of_eight_enters_with_the_same_recovery_code(any_app: Any) -> None:
    caller = Caller("127.0.0.1", "tests", "zh", any_app.config["SECRET_KEY"])
    with any_app.app_context(), unit_of_work():
        owner = an_owner(totp_secret=pyotp.random_base32(), totp_since_at=clock.real_now())
        code, phone = second_factor.new_recovery_codes(owner, caller=caller)[0], owner.phone

    def ready(client: Any) -> Callable[[], Any]:
        token = with_password_given(any_app, client, phone)
        return lambda: client.post("/sign-in/step", data={"csrf_token": token, "code": code})

    one_entered(any_app, all_at_once(any_app, ready), RecoveryUse)
    assert sessions(any_app) == 1


def test_one_of_eight_opens_the_account_of_an_invitation(any_app: Any) -> None:
    caller = Caller("127.0.0.1", "tests", "zh", any_app.config["SECRET_KEY"])
    with any_app.app_context(), unit_of_work():
        institution = an_institution()
        staff.invite("desk", institution=institution, address="13800138000", by=a_desk(institution), caller=caller)
    letter = letters_of(any_app)[-1]
    path = re.search(r"/invitations/\S+", letter["text"])
    assert path

    def ready(client: Any) -> Callable[[], Any]:
        token = token_of(client.get(path.group()))
        typed = {"csrf_token": token, "name": "陈二", "password": "a boat of ten lanterns"}
        return lambda: client.post(path.group(), data=typed)

    answers = all_at_once(any_app, ready)
    # The others find the link used, or the address taken by whoever was faster: told, never an error of ours.
    assert answers[303] == 1 and sum(answers.values()) == AT_ONCE
    assert set(answers) <= {200, 303, 409, 410, 422}
    with any_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(InvitationUse.id))) == 1
        assert db.session.scalar(sa.select(Invitation.accepted_at)) is not None
        newcomer = db.session.scalars(sa.select(Person).where(Person.phone == "13800138000")).one()
        assert (
            db.session.scalar(sa.select(sa.func.count(Assignment.id)).where(Assignment.person_id == newcomer.id)) == 1
        )


def test_one_of_eight_registers_an_address(any_app: Any) -> None:
    first = any_app.test_client()
    token = token_of(first.get("/register"))
    first.post("/register", data={"csrf_token": token, "identifier": "13800138000"})
    cookie = first.get_cookie("session").value
    code = code_in(letters_of(any_app)[-1])

    def ready(client: Any) -> Callable[[], Any]:
        client.set_cookie("session", cookie)
        typed = {
            "csrf_token": token_of(client.get("/register/finish")),
            "code": code,
            "name": "周老板",
            "password": "a boat of ten lanterns",
        }
        return lambda: client.post("/register/finish", data=typed)

    one_entered(any_app, all_at_once(any_app, ready), CodeUse)
    with any_app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(Person.id))) == 1
