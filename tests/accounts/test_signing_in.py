"""The ways in and out, through HTTP: locks that last, words that betray nothing, codes that work once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pyotp
import pytest
import sqlalchemy as sa

from matchmaker import clock, create_app
from matchmaker.accounts.models import Person, SignInAttempt, UserSession
from matchmaker.db import db, unit_of_work
from tests.accounts.conftest import code_in
from tests.builders import PASSWORD, an_operator, an_owner, sign_in

pytestmark = pytest.mark.article("B.1")
AT = "2026-09-23T10:00:00+08:00"


def seconds(number: float) -> str:
    return (clock.datetime.fromisoformat(AT) + timedelta(seconds=number)).isoformat()


def fail(client: Any, post: Any, phone: str, times: int) -> Any:
    for _ in range(times):
        answer = post(client, "/sign-in", identifier=phone, password="not the password")
    return answer


def signed_in_as(client: Any) -> bool:
    return client.get("/account").status_code == 200


def test_the_right_password_lets_in_and_signing_out_ends_the_session(
    app: Any, client: Any, post: Any, make: Any
) -> None:
    owner = make(an_owner)
    answer = post(client, "/sign-in", identifier=owner.phone, password=PASSWORD)
    assert answer.status_code == 303
    assert signed_in_as(client)
    cookie = client.get_cookie("session").value
    assert post(client, "/sign-out", opened="/account").status_code == 303
    client.set_cookie("session", cookie)
    assert not signed_in_as(client), "the old cookie must be worthless: the row has ended"
    with app.app_context():
        (row,) = db.session.scalars(sa.select(UserSession))
        assert row.ended_because == "signed_out"


def test_a_phone_typed_with_blanks_and_full_width_digits_signs_in(client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner, phone="13800138000")
    assert post(client, "/sign-in", identifier="+86 １３８ 0013 8000", password=PASSWORD).status_code == 303
    assert owner


def test_failed_tries_are_kept_although_the_request_was_undone(app: Any, client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    answer = fail(client, post, owner.phone, 1)
    assert answer.status_code == 422
    with app.app_context():
        (attempt,) = db.session.scalars(sa.select(SignInAttempt))
        assert not attempt.succeeded
        assert owner.phone not in attempt.account_key


def test_eight_failures_lock_the_account_even_for_the_right_password_and_say_until_when(
    client: Any, post: Any, make: Any
) -> None:
    owner = make(an_owner)
    with clock.frozen(AT):
        page = fail(client, post, owner.phone, 8).get_data(as_text=True)
        assert "10:15" in page and "锁 15 分钟" in page
        answer = post(client, "/sign-in", identifier=owner.phone, password=PASSWORD)
        assert answer.status_code == 422
        assert "10:15" in answer.get_data(as_text=True)
    with clock.frozen(seconds(15 * 60 + 1)):
        assert post(client, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 303


def test_the_lock_survives_a_restart(app: Any, client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    with clock.frozen(AT):
        fail(client, post, owner.phone, 8)
        again = create_app(app.config["SETTINGS"])
        answer = post(again.test_client(), "/sign-in", identifier=owner.phone, password=PASSWORD)
        assert answer.status_code == 422
    with again.app_context():
        db.engine.dispose()


def test_a_success_forgives_the_failures_before_it(client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    with clock.frozen(AT):
        fail(client, post, owner.phone, 7)
    with clock.frozen(seconds(10)):
        assert post(client, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 303
        post(client, "/sign-out", opened="/account")
    with clock.frozen(seconds(20)):
        fail(client, post, owner.phone, 7)
        assert post(client, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 303


def test_an_address_that_tries_many_accounts_is_locked_and_others_are_not(app: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    here, elsewhere = app.test_client(), app.test_client()
    elsewhere.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    with clock.frozen(AT):
        with app.app_context(), unit_of_work() as session:
            session.add_all(
                SignInAttempt(account_key=f"key {number}", address="127.0.0.1", at=clock.real_now(), succeeded=False)
                for number in range(39)
            )
        fail(here, post, "13800000000", 1)
        assert post(here, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 422
        assert post(elsewhere, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 303


def strip_what_differs(page: str, *, address: str) -> str:
    page = re.sub(r'value="[^"]{16,}"', "", page)
    return page.replace(address, "ADDRESS")


def test_unknown_accounts_answer_in_the_same_words_at_every_try(app: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    known, unknown = app.test_client(), app.test_client()
    unknown.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    with clock.frozen(AT):
        for _ in range(10):
            one = post(known, "/sign-in", identifier=owner.phone, password="not the password")
            two = post(unknown, "/sign-in", identifier="13700000000", password="not the password")
            assert one.status_code == two.status_code == 422
            assert strip_what_differs(one.get_data(as_text=True), address=owner.phone) == strip_what_differs(
                two.get_data(as_text=True), address="13700000000"
            )


def test_unknown_accounts_cost_the_same_hashing(app: Any) -> None:
    """The hash that is checked where nobody has an address asks for the work of any other; the answer is no."""
    from argon2 import extract_parameters

    from matchmaker.accounts.services import passwords

    assert extract_parameters(passwords._NOBODY) == extract_parameters(passwords.hash_password("something long enough"))
    checked: list[str] = []
    verify = passwords._hasher.verify

    class Counting:
        def verify(self, known: str, password: str) -> bool:
            checked.append(known)
            return verify(known, password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_hasher", Counting())
        assert not passwords.fits(None, "something else entirely")
    assert checked == [passwords._NOBODY], "the work is done all the same"


@pytest.mark.parametrize("path", ["/sign-in/code", "/forgotten", "/register"])
def test_asking_for_a_code_says_the_same_for_known_and_unknown_addresses(
    app: Any, post: Any, make: Any, path: str
) -> None:
    owner = make(an_owner, phone="13800138000")
    pages = []
    for number, address in enumerate((owner.phone, "13800148000")):
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"203.0.113.{number}"
        answer = post(client, path, identifier=address)
        assert answer.status_code == 303
        shown = client.get(answer.location).get_data(as_text=True)
        tried = post(client, answer.location, code="000000", name="林小满", password="a long new password")
        pages.append([strip_what_differs(text, address=address) for text in (shown, tried.get_data(as_text=True))])
    assert pages[0][0].replace("138****8000", "") == pages[1][0].replace("138****8000", "")
    assert pages[0][1] == pages[1][1]


def test_the_page_after_signing_in_is_the_one_that_was_asked_for(client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    assert client.get("/account?x=1").location.endswith("/sign-in?next=/account?x%3D1")
    answer = post(client, "/sign-in", identifier=owner.phone, password=PASSWORD, next="/account?x=1")
    assert answer.location == "/account?x=1"


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_redirects_to_another_site(client: Any, post: Any, make: Any, target: str) -> None:
    owner = make(an_owner)
    page = client.get("/sign-in", query_string={"next": target}).get_data(as_text=True)
    (kept,) = re.findall(r'name="next"[^>]*value="([^"]*)"', page)
    assert kept == ""
    assert not re.search(r'href="/register\?next=', page)
    answer = post(client, "/sign-in", identifier=owner.phone, password=PASSWORD, next=target)
    assert answer.location == "/"


def test_typed_values_come_back_after_a_session_that_ended(app: Any, client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    sign_in(client, owner)
    page = client.get("/account").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)
    with app.app_context(), unit_of_work() as session:
        session.execute(sa.update(UserSession).values(ended_at=clock.real_now()))
    stopped = client.post("/account", data={"csrf_token": token, "name": "周大老板", "language": "en", "form_key": "k"})
    assert stopped.status_code == 401
    carried = re.search(r'name="carried"[^>]*value="([^"]+)"', stopped.get_data(as_text=True)).group(1)
    arrived = client.post("/sign-in", data={"csrf_token": token, "carried": carried})
    assert arrived.status_code == 200 and carried in arrived.get_data(as_text=True)
    back = client.post(
        "/sign-in",
        data={
            "csrf_token": token,
            "carried": carried,
            "identifier": owner.phone,
            "password": PASSWORD,
            "form_key": "k",
        },
    )
    assert back.status_code == 200
    page = back.get_data(as_text=True)
    assert 'action="/account"' in page and "周大老板" in page
    shown = client.post("/account", data={"csrf_token": token, "resume": "1", "name": "周大老板", "language": "en"})
    assert "周大老板" in shown.get_data(as_text=True)
    with app.app_context():
        assert db.session.get_one(Person, owner.id).name != "周大老板", "only shown, not carried out"


def test_who_reads_english_keeps_english_pages_when_saving_a_name(app: Any, client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    sign_in(client, owner)
    client.set_cookie("lang", "en")
    saved = post(client, "/account", name="周大老板", language="zh")
    assert saved.status_code == 303 and client.get_cookie("lang").value == "en"
    post(client, "/account", name="周大老板", language="en")
    post(client, "/account", name="周大老板", language="zh")
    assert client.get_cookie("lang").value == "zh", "a changed language holds for pages too"


# Registering and codes ----------------------------------------------------------------------------------------------


@pytest.mark.article("6.1")
def test_an_owner_registers_with_a_phone_a_code_and_a_password(app: Any, client: Any, post: Any, letters: Any) -> None:
    assert post(client, "/register", identifier="138 0013 8000").location == "/register/finish"
    (letter,) = letters()
    assert letter["to"] == "13800138000" and letter["channel"] == "sms"
    answer = post(client, "/register/finish", code=code_in(letter), name="周老板", password="a boat of ten lanterns")
    assert answer.status_code == 303 and signed_in_as(client)
    with app.app_context():
        person = db.session.scalar(sa.select(Person))
        assert person is not None and person.is_owner and person.phone_verified_at
        assert person.password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert not (person.is_operator or person.is_supervisor or person.institution_ids)


def test_registering_with_an_e_mail_address_and_in_english(app: Any, client: Any, post: Any, letters: Any) -> None:
    client.set_cookie("lang", "en")
    post(client, "/register", identifier="Zhou@Example.CN")
    (letter,) = letters()
    assert letter["to"] == "zhou@example.cn" and letter["channel"] == "email"
    post(client, "/register/finish", code=code_in(letter), name="Zhou", password="a boat of ten lanterns")
    with app.app_context():
        assert db.session.scalar(sa.select(Person)).language == "en"


def test_a_taken_address_is_told_by_message_only(app: Any, client: Any, post: Any, make: Any, letters: Any) -> None:
    owner = make(an_owner)
    post(client, "/register", identifier=owner.phone)
    (letter,) = letters()
    assert "已经登记过" in letter["text"] and not re.search(r"\d{6}", letter["text"])
    answer = post(client, "/register/finish", code="123456", name="林小满", password="a boat of ten lanterns")
    assert answer.status_code == 422 and "验证码不对" in answer.get_data(as_text=True)


def test_a_wrong_code_keeps_what_was_typed_but_never_the_password(client: Any, post: Any, letters: Any) -> None:
    post(client, "/register", identifier="13800138000")
    answer = post(client, "/register/finish", code="000000x", name="周老板", password="a boat of ten lanterns")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "周老板" in page and "lanterns" not in page


def test_a_code_is_void_after_five_wrong_tries_and_after_ten_minutes(client: Any, post: Any, letters: Any) -> None:
    with clock.frozen(AT):
        post(client, "/register", identifier="13800138000")
        (letter,) = letters()
        wrong = "000000" if code_in(letter) != "000000" else "000001"
        for _ in range(5):
            post(client, "/register/finish", code=wrong, name="周", password="a boat of ten lanterns")
        answer = post(client, "/register/finish", code=code_in(letter), name="周", password="a boat of ten lanterns")
        assert "作废" in answer.get_data(as_text=True)
    with clock.frozen(seconds(120)):
        post(client, "/register", identifier="13800138000")
        fresh = letters()[-1]
    with clock.frozen(seconds(120 + 601)):
        answer = post(client, "/register/finish", code=code_in(fresh), name="周", password="a boat of ten lanterns")
        assert "过时" in answer.get_data(as_text=True)


def test_only_the_newest_code_works(client: Any, post: Any, letters: Any) -> None:
    with clock.frozen(AT):
        post(client, "/register", identifier="13800138000")
    with clock.frozen(seconds(90)):
        post(client, "/register", identifier="13800138000")
        first, second = letters()
        assert first["key"] != second["key"]
        if code_in(first) != code_in(second):
            answer = post(client, "/register/finish", code=code_in(first), name="周", password="a boat of ten lanterns")
            assert answer.status_code == 422
        answer = post(client, "/register/finish", code=code_in(second), name="周", password="a boat of ten lanterns")
        assert answer.status_code == 303


def test_a_code_signs_in_once(app: Any, post: Any, make: Any, letters: Any) -> None:
    owner = make(an_owner)
    first, second = app.test_client(), app.test_client()
    post(first, "/sign-in/code", identifier=owner.phone)
    post(second, "/sign-in/code", identifier=owner.phone)  # within the minute: the page, no second code
    (letter,) = letters()
    assert post(first, "/sign-in/code/enter", code=code_in(letter)).status_code == 303
    again = post(second, "/sign-in/code/enter", code=code_in(letter))
    assert again.status_code == 422 and "用过了" in again.get_data(as_text=True)
    assert signed_in_as(first) and not signed_in_as(second)


def test_a_locked_password_leaves_the_way_by_code_open(client: Any, post: Any, make: Any, letters: Any) -> None:
    owner = make(an_owner)
    fail(client, post, owner.phone, 8)
    post(client, "/sign-in/code", identifier=owner.phone)
    assert post(client, "/sign-in/code/enter", code=code_in(letters()[-1])).status_code == 303


def test_codes_stand_nowhere_in_the_database_once_sent(app: Any, client: Any, post: Any, letters: Any) -> None:
    post(client, "/register", identifier="13800138000")
    code = code_in(letters()[-1])
    with app.app_context():
        for table in ("message", "one_time_code", "job", "audit_row"):
            for row in db.session.execute(sa.text(f"SELECT * FROM {table}")):
                assert code not in " ".join(str(value) for value in row)


def test_a_forgotten_password_is_set_anew_by_code_and_ends_all_sessions(
    app: Any, post: Any, make: Any, letters: Any
) -> None:
    owner = make(an_owner)
    inside, outside = app.test_client(), app.test_client()
    sign_in(inside, owner)
    post(outside, "/forgotten", identifier=owner.phone)
    answer = post(outside, "/forgotten/new", code=code_in(letters()[-1]), password="a boat of ten lanterns")
    assert answer.status_code == 303 and answer.location == "/sign-in"
    assert not signed_in_as(inside)
    assert post(outside, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 422
    assert post(outside, "/sign-in", identifier=owner.phone, password="a boat of ten lanterns").status_code == 303


# Second factor ------------------------------------------------------------------------------------------------------


def with_app(make: Any, builder: Any) -> tuple[Any, pyotp.TOTP]:
    secret = pyotp.random_base32()
    person = make(builder, totp_secret=secret, totp_since_at=clock.real_now())
    return person, pyotp.TOTP(secret)


def test_a_password_alone_does_not_let_in_whoever_has_an_app(client: Any, post: Any, make: Any) -> None:
    person, totp = with_app(make, an_operator)
    answer = post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
    assert answer.location == "/sign-in/step"
    assert not signed_in_as(client)
    assert post(client, "/sign-in/step", code="000000").status_code == 422
    assert post(client, "/sign-in/step", code=totp.at(clock.real_now())).status_code == 303
    assert signed_in_as(client)


def test_the_same_six_digits_never_work_twice(app: Any, post: Any, make: Any) -> None:
    person, totp = with_app(make, an_operator)
    with clock.frozen(AT):
        digits = totp.at(clock.real_now())
        for expected in (303, 422):
            client = app.test_client()
            post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
            answer = post(client, "/sign-in/step", code=digits)
            assert answer.status_code == expected
        assert "用过" in answer.get_data(as_text=True)


def test_a_clock_half_a_minute_off_is_forgiven_and_two_minutes_are_not(app: Any, post: Any, make: Any) -> None:
    person, totp = with_app(make, an_operator)
    with clock.frozen(AT):
        client = app.test_client()
        post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
        assert post(client, "/sign-in/step", code=totp.at(clock.real_now() - timedelta(seconds=120))).status_code == 422
        assert post(client, "/sign-in/step", code=totp.at(clock.real_now() - timedelta(seconds=30))).status_code == 303


def test_guessing_the_second_factor_locks_too(client: Any, post: Any, make: Any) -> None:
    person, totp = with_app(make, an_operator)
    with clock.frozen(AT):
        post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
        for _ in range(8):
            post(client, "/sign-in/step", code="000000")
        answer = post(client, "/sign-in/step", code=totp.at(clock.real_now()))
        assert answer.status_code == 422 and "10:15" in answer.get_data(as_text=True)


def test_a_half_done_sign_in_is_over_after_ten_minutes_and_after_a_new_password(
    app: Any, client: Any, post: Any, make: Any
) -> None:
    person, totp = with_app(make, an_operator)
    with clock.frozen(AT):
        post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
    with clock.frozen(seconds(601)):
        answer = post(client, "/sign-in/step", code=totp.at(clock.real_now()))
        assert answer.status_code == 422 and "从头再来" in answer.get_data(as_text=True)
        post(client, "/sign-in", identifier=person.phone, password=PASSWORD)
        with app.app_context(), unit_of_work() as session:
            session.get_one(Person, person.id).password_hash = "changed"
        assert post(client, "/sign-in/step", code=totp.at(clock.real_now())).status_code == 422


def test_an_app_is_set_up_with_its_digits_and_ten_recovery_codes_each_good_once(
    app: Any, client: Any, post: Any, make: Any
) -> None:
    operator = make(an_operator)
    sign_in(client, operator)
    page = client.get("/account/second-factor").get_data(as_text=True)
    assert "<svg" in page and "style=" not in page
    secret = re.search(r'<code class="text-reset text-break">([A-Z2-7]{32})</code>', page).group(1)
    assert post(client, "/account/second-factor", code="123").status_code == 422
    done = post(client, "/account/second-factor", code=pyotp.TOTP(secret).at(clock.real_now()))
    codes = re.findall(r"<code class=\"text-reset\">([0-9A-Z]{5}-[0-9A-Z]{5})</code>", done.get_data(as_text=True))
    assert len(set(codes)) == 10
    assert secret not in client.get("/account/second-factor").get_data(as_text=True)
    for expected in (303, 422):
        other = app.test_client()
        assert post(other, "/sign-in", identifier=operator.phone, password=PASSWORD).location == "/sign-in/step"
        assert post(other, "/sign-in/step", code=codes[3].lower()).status_code == expected


def test_in_production_a_desk_without_an_app_reaches_only_its_own_account(
    app: Any, client: Any, post: Any, make: Any
) -> None:
    import dataclasses

    operator = make(an_operator)
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], production=True)
    answer = post(client, "/sign-in", identifier=operator.phone, password=PASSWORD)
    assert answer.location == "/account/second-factor"
    assert client.get("/institutions").status_code == 404
    page = client.get("/account/second-factor").get_data(as_text=True)
    secret = re.search(r'<code class="text-reset text-break">([A-Z2-7]{32})</code>', page).group(1)
    post(client, "/account/second-factor", code=pyotp.TOTP(secret).at(clock.real_now()))
    assert client.get("/institutions").status_code == 200
    off = post(
        client, "/account/second-factor/off", code=pyotp.TOTP(secret).at(clock.real_now() + timedelta(seconds=30))
    )
    assert off.status_code == 422


# Sessions -----------------------------------------------------------------------------------------------------------


def test_a_session_ended_elsewhere_is_over_at_once(app: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    phone, desk = app.test_client(), app.test_client()
    sign_in(phone, owner)
    sign_in(desk, owner)
    page = desk.get("/account/sessions").get_data(as_text=True)
    (ending,) = re.findall(r'action="(/account/sessions/\d+/end)"', page)
    assert post(desk, ending, opened="/account/sessions").status_code == 303
    assert not signed_in_as(phone) and signed_in_as(desk)


def test_nobody_ends_the_session_of_another(app: Any, post: Any, make: Any) -> None:
    owner, other = make(an_owner), make(an_owner)
    mine, theirs = app.test_client(), app.test_client()
    sign_in(mine, owner)
    sign_in(theirs, other)
    with app.app_context():
        number = db.session.scalar(sa.select(UserSession.id).where(UserSession.person_id == other.id))
    assert post(mine, f"/account/sessions/{number}/end", opened="/account/sessions").status_code == 404
    assert signed_in_as(theirs)


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(app: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    here, there = app.test_client(), app.test_client()
    sign_in(here, owner)
    sign_in(there, owner)
    wrong = post(here, "/account/password", old_password="no", password="a boat of ten lanterns")
    assert wrong.status_code == 422 and signed_in_as(there)
    right = post(here, "/account/password", old_password=PASSWORD, password="a boat of ten lanterns")
    assert right.status_code == 303
    assert signed_in_as(here) and not signed_in_as(there)


def test_a_session_ends_by_itself_after_its_time(client: Any, make: Any) -> None:
    owner, operator = make(an_owner), make(an_operator)
    with clock.frozen(AT):
        sign_in(client, operator)
    with clock.frozen(seconds(11 * 3600)):
        assert signed_in_as(client)
    with clock.frozen(seconds(12 * 3600 + 1)):
        assert not signed_in_as(client)
        sign_in(client, owner)
    with clock.frozen(seconds(29 * 86400)):
        assert signed_in_as(client)


def test_the_token_of_a_session_is_not_in_the_database(app: Any, client: Any, make: Any) -> None:
    token = sign_in(client, make(an_owner))
    with app.app_context():
        row = db.session.scalar(sa.select(UserSession))
        assert token not in (row.token_hash, row.agent, row.address)


def test_a_closed_account_is_out(app: Any, client: Any, post: Any, make: Any) -> None:
    owner = make(an_owner)
    sign_in(client, owner)
    with app.app_context(), unit_of_work() as session:
        session.get_one(Person, owner.id).closed_at = clock.now()
    assert not signed_in_as(client)
    assert post(client, "/sign-in", identifier=owner.phone, password=PASSWORD).status_code == 422


def test_an_address_is_added_only_after_its_code(app: Any, client: Any, post: Any, make: Any, letters: Any) -> None:
    owner = make(an_owner)
    sign_in(client, owner)
    post(client, "/account/address", address="Zhou@Example.cn")
    with app.app_context():
        assert db.session.get_one(Person, owner.id).email is None
    post(client, "/account/address/confirm", code=code_in(letters()[-1]))
    with app.app_context():
        assert db.session.get_one(Person, owner.id).email == "zhou@example.cn"
    assert post(app.test_client(), "/sign-in", identifier="zhou@example.cn", password=PASSWORD).status_code == 303
