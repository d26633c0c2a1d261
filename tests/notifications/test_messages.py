"""Messages: written with the deed, leaving once, read by one person, in their language."""

from __future__ import annotations

import re
import smtplib
import threading
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.notifications import channels, jobs
from matchmaker.notifications.channels import Letter, Smtp
from matchmaker.notifications.jobs import deliver_messages
from matchmaker.notifications.models import Message
from matchmaker.notifications.services import mark_read, tell, write_to
from matchmaker.queue import carry_one
from tests.builders import a_person, an_owner, sign_in

AT = "2026-09-23T10:00:00+08:00"
KIND = "accounts.password_changed"


class Remembering:
    """A channel that keeps what it is given, and refuses as often as it is told to."""

    def __init__(self, refuse: int = 0) -> None:
        self.letters: list[Letter] = []
        self.refuse = refuse

    def send(self, letter: Letter) -> None:
        if self.refuse:
            self.refuse -= 1
            raise smtplib.SMTPServerDisconnected("try later")
        self.letters.append(letter)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Remembering:
    channel = Remembering()
    monkeypatch.setattr(jobs, "channel_for", lambda kind: channel)
    return channel


def states(app: Any) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(sa.select(Message.state).order_by(Message.id)))


def test_a_message_of_an_undone_deed_was_never_written(app: Any, sent: Remembering) -> None:
    with app.app_context(), pytest.raises(RuntimeError), unit_of_work():
        tell(an_owner().id, KIND, key="1")
        raise RuntimeError("the deed is undone")
    with app.app_context():
        assert deliver_messages(clock.now()) == 0
    assert states(app) == [] and sent.letters == []


def test_a_message_leaves_once_however_often_the_job_runs(app: Any, sent: Remembering) -> None:
    with app.app_context(), unit_of_work():
        tell(an_owner(phone="13800138000").id, KIND, key="1", link="/account")
    for _ in range(3):
        with app.app_context():
            deliver_messages(clock.now())
    (letter,) = sent.letters
    assert letter.to == "13800138000" and letter.channel == "sms"
    assert "http://127.0.0.1:8000/account" in letter.text
    assert states(app) == ["sent"]


def test_what_is_told_twice_under_one_key_is_told_once(app: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        assert tell(owner.id, KIND, key="same") is not None
        assert tell(owner.id, KIND, key="same") is None


def test_four_workers_at_once_send_each_message_once(any_app: Any, sent: Remembering) -> None:
    with any_app.app_context(), unit_of_work():
        owner = an_owner()
        for number in range(12):
            tell(owner.id, KIND, key=f"n{number}")
    barrier = threading.Barrier(4)

    def work() -> None:
        with any_app.app_context():
            barrier.wait()
            deliver_messages(clock.now())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(letter.key for letter in sent.letters) == sorted(f"n{number}" for number in range(12))


def test_a_refused_letter_is_tried_again_later_and_given_up_at_last(app: Any, sent: Remembering) -> None:
    sent.refuse = 99
    with clock.frozen(AT) as start:
        with app.app_context(), unit_of_work():
            tell(an_owner().id, KIND, key="1")
        with app.app_context():
            deliver_messages(start)
    for wait in (
        timedelta(seconds=61),
        timedelta(minutes=12),
        timedelta(hours=2),
        timedelta(hours=9),
        timedelta(days=2),
    ):
        with clock.frozen(start + wait), app.app_context():
            deliver_messages(clock.now())
    with app.app_context():
        message = db.session.scalars(sa.select(Message)).one()
        assert (message.state, message.attempts) == ("failed", 5)
        assert "try later" in (message.trouble or "")


def test_a_refused_letter_does_not_stop_the_others(app: Any, sent: Remembering) -> None:
    sent.refuse = 1
    with app.app_context(), unit_of_work():
        owner = an_owner()
        tell(owner.id, KIND, key="1")
        tell(owner.id, KIND, key="2")
    with app.app_context():
        assert deliver_messages(clock.now()) == 1
    assert states(app) == ["waiting", "sent"]


def test_a_kind_without_words_stops_nothing_and_is_seen(app: Any, sent: Remembering) -> None:
    with clock.frozen(AT), app.app_context():
        with unit_of_work():
            owner = an_owner()
            tell(owner.id, "nobody.wrote_this", key="1")
            tell(owner.id, KIND, key="2")
        deliver_messages(clock.now())
    assert states(app) == ["failed", "sent"]


def test_what_a_killed_worker_had_taken_is_sent_again_under_the_same_key(app: Any, sent: Remembering) -> None:
    with clock.frozen(AT) as start:
        with app.app_context(), unit_of_work():
            tell(an_owner().id, KIND, key="1")
        with app.app_context(), unit_of_work():
            jobs._take(1)  # and then the worker is killed
        with app.app_context():
            assert deliver_messages(start) == 0, "another worker may still be sending it"
    with clock.frozen(start + timedelta(minutes=11)), app.app_context():
        assert deliver_messages(clock.now()) == 1
    assert [letter.key for letter in sent.letters] == ["1"]


def test_a_code_is_sent_by_a_job_of_its_own_and_destroyed(app: Any, sent: Remembering) -> None:
    with app.app_context(), unit_of_work():
        write_to(
            "13800138000", "accounts.code_to_register", key="c", language="zh", secrets={"code": "424242"}, minutes=10
        )
    with app.app_context():
        assert carry_one("worker")
        message = db.session.scalars(sa.select(Message)).one()
        assert (message.state, message.secrets) == ("sent", None)
    assert "424242" in sent.letters[0].text


def test_a_letter_is_written_in_its_readers_language(app: Any, sent: Remembering) -> None:
    with app.app_context(), unit_of_work():
        tell(an_owner(language="zh").id, KIND, key="zh")
        tell(an_owner(language="en").id, KIND, key="en")
    with app.app_context():
        deliver_messages(clock.now())
    chinese, english = sent.letters
    assert "密码" in chinese.text and 'lang="zh-CN"' in chinese.html
    assert 'lang="en"' in english.html


def test_mail_goes_to_verified_addresses_only(app: Any, sent: Remembering) -> None:
    with app.app_context(), unit_of_work():
        tell(a_person(email="a@example.cn", phone_verified_at=None).id, KIND, key="nowhere")
        tell(a_person(email="b@example.cn", email_verified_at=clock.now()).id, KIND, key="mail")
    with app.app_context():
        deliver_messages(clock.now())
    assert [(letter.key, letter.channel) for letter in sent.letters] == [("mail", "email")]
    assert states(app) == ["sent", "sent"]


def test_the_file_channel_writes_a_line_a_letter(app: Any, tmp_path: Any) -> None:
    letter = Letter("k", "a@example.cn", "email", "主题", "正文", "<p>正文</p>")
    channels.File(tmp_path / "deep" / "outbox.jsonl").send(letter)
    assert '"text": "正文"' in (tmp_path / "deep" / "outbox.jsonl").read_text()


def test_the_console_prints_what_somebody_waits_for_and_says_once_where_the_rest_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    console, outbox = channels.Console(tmp_path / "outbox.jsonl"), tmp_path / "outbox.jsonl"
    console.send(Letter("k", "138", "sms", "s", "one\n\ntwo\n", "", has_secret=True))
    assert capsys.readouterr().err == "[sms → 138] one two\n" and not outbox.exists()
    for number in range(3):
        console.send(Letter(str(number), "a@example.cn", "email", "s", "news", ""))
    assert capsys.readouterr().err == f"Letters are in {outbox}; codes and invitations are printed here.\n"
    assert len(outbox.read_text().splitlines()) == 3


def test_smtp_marks_a_letter_so_that_a_second_copy_is_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    handed: list[Any] = []

    class Server:
        def __init__(self, *args: Any, **values: Any) -> None: ...
        def __enter__(self) -> Server:
            return self

        def __exit__(self, *args: Any) -> None: ...
        def starttls(self, **values: Any) -> None:
            handed.append("tls")

        def login(self, user: str, password: str) -> None:
            handed.append((user, password))

        def send_message(self, mail: Any) -> None:
            handed.append(mail)

    monkeypatch.setattr(smtplib, "SMTP", Server)
    letter = Letter("lead:1:x\r\nBcc: a", "b@example.cn", "email", "主题", "正文", "<p>正文</p>")
    Smtp("smtp://me:a%40b@mail.example.cn", "no-reply@matchmaker.example").send(letter)
    assert handed[:2] == ["tls", ("me", "a@b")]
    mail = handed[2]
    assert re.fullmatch(r"<[\w.-]+@matchmaker\.example>", mail["Message-ID"])
    assert mail["Bcc"] is None
    assert [part.get_content_type() for part in mail.walk()][1:] == ["text/plain", "text/html"]


# The inbox ----------------------------------------------------------------------------------------------------------


def test_the_inbox_shows_ones_own_messages_and_marks_them_read(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        mine, other = an_owner(), an_owner()
        for number in range(25):
            tell(mine.id, KIND, key=f"mine{number}", link="/account")
        tell(other.id, "accounts.totp_on", key="theirs")
    sign_in(client, mine)
    page = client.get("/messages").get_data(as_text=True)
    assert "25 条没看" in page and "密码改过了" in page and "动态口令，以后" not in page
    assert page.count('<li class="card-mm') == 20
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    opening = re.search(r'action="(/messages/\d+/open)"', page).group(1)  # type: ignore[union-attr]
    assert client.post(opening, data={"csrf_token": token}).location == "/account"
    assert "24 条没看" in client.get("/messages").get_data(as_text=True)
    with app.app_context():
        theirs = db.session.scalars(sa.select(Message).where(Message.key == "theirs")).one()
    assert client.post(f"/messages/{theirs.id}/open", data={"csrf_token": token}).status_code == 404
    client.post("/messages/read", data={"csrf_token": token})
    with app.app_context():
        assert db.session.get_one(Message, theirs.id).read_at is None
        assert mark_read(mine.id) == 0


def test_messages_to_mere_addresses_are_in_nobodys_inbox(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
        message = write_to("13800138000", "accounts.nobody_registered", key="x", language="zh")
        db.session.flush()
        number = message.id
    sign_in(client, owner)
    page = client.get("/messages").get_data(as_text=True)
    assert "还没有消息" in page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    assert client.post(f"/messages/{number}/open", data={"csrf_token": token}).status_code == 404
