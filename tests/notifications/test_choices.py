"""What a person gets outside of the site and when: topics by channel, quiet hours, the link that stops mails."""

from __future__ import annotations

import re
from datetime import datetime, time
from typing import Any

import pytest
import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db, unit_of_work
from matchmaker.notifications import jobs, queries, services
from matchmaker.notifications.channels import Letter, stop_path
from matchmaker.notifications.jobs import deliver_messages
from matchmaker.notifications.models import Message
from matchmaker.notifications.rules import ALWAYS, TOPICS, held_until, topic_of
from matchmaker.notifications.services import tell
from matchmaker.refusal import Refused
from matchmaker.web import known_sentences
from tests.builders import an_owner, sign_in

LEAD, SAFE = "lead_told_contract", "accounts.password_changed"
FACTS = {"institution": "青檀银行", "product": "灶台贷"}


class Remembering:
    """A channel that keeps what it is given; while ``is_down`` it takes nothing."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.is_down = False

    def send(self, letter: Letter) -> None:
        if self.is_down:
            raise OSError("down")
        self.letters.append(letter)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Remembering:
    channel = Remembering()
    monkeypatch.setattr(jobs, "channel_for", lambda kind: channel)
    return channel


def at(text: str) -> str:
    return f"2026-09-{text}:00+08:00"


def deliver(app: Any, when: str) -> None:
    with clock.frozen(at(when)) as now, app.app_context():
        deliver_messages(now)


@pytest.mark.parametrize(
    ("when", "hours", "until"),
    [
        ("23T20:59", (time(21), time(8)), None),
        ("23T21:00", (time(21), time(8)), "24T08:00"),
        ("23T23:59", (time(21), time(8)), "24T08:00"),
        ("24T00:00", (time(21), time(8)), "24T08:00"),
        ("24T07:59", (time(21), time(8)), "24T08:00"),
        ("24T08:00", (time(21), time(8)), None),
        ("24T13:00", (time(12, 30), time(14)), "24T14:00"),
        ("24T14:00", (time(12, 30), time(14)), None),
        ("24T03:00", (None, None), None),
        ("24T03:00", (time(9), time(9)), None),
    ],
)
def test_quiet_hours_go_over_midnight(when: str, hours: tuple[time | None, time | None], until: str | None) -> None:
    now = datetime.fromisoformat(at(when))
    assert held_until(now, *hours) == (datetime.fromisoformat(at(until)) if until else None)


def test_every_kind_with_words_is_about_something_and_codes_are_never_held(app: Any) -> None:
    assert {topic_of(kind) for kind in known_sentences()} == set(TOPICS)
    for kind in ("accounts.code_to_sign_in", "accounts.totp_off", "accounts.invitation", "privacy.closing_asked"):
        assert topic_of(kind) in ALWAYS, kind
    assert topic_of("lead_told_wrote") == "talks" and topic_of("lead_told_offer") == "leads"


def test_at_night_a_message_waits_for_the_morning_and_safety_does_not(app: Any, sent: Remembering) -> None:
    with clock.frozen(at("23T23:58")), app.app_context(), unit_of_work():
        owner = an_owner()
        tell(owner.id, LEAD, key="lead", **FACTS)
        tell(owner.id, SAFE, key="safe")
    for when in ("23T23:59", "24T00:01", "24T07:59"):
        deliver(app, when)
    assert [letter.key for letter in sent.letters] == ["safe"]
    client = app.test_client()
    with clock.frozen(at("24T00:05")):
        sign_in(client, owner)
        page = client.get("/messages").get_data(as_text=True).replace("\xa0", " ")
        assert "短信等到 9 月 24 日 08:00 发" in page
    deliver(app, "24T08:00")
    deliver(app, "24T08:01")
    assert [letter.key for letter in sent.letters] == ["safe", "lead"]


def test_what_becomes_due_at_night_waits_too_and_that_is_no_attempt(app: Any, sent: Remembering) -> None:
    with clock.frozen(at("23T20:58")), app.app_context(), unit_of_work():
        tell(an_owner().id, LEAD, key="k", **FACTS)
    sent.is_down = True
    deliver(app, "23T20:59")
    sent.is_down = False
    deliver(app, "23T22:00")
    with app.app_context():
        message = db.session.scalars(sa.select(Message)).one()
        assert (message.state, message.attempts) == ("waiting", 1)
    deliver(app, "24T08:00")
    assert [letter.key for letter in sent.letters] == ["k"]


def test_other_hours_move_what_is_held(app: Any, sent: Remembering) -> None:
    with clock.frozen(at("23T22:00")), app.app_context():
        with unit_of_work():
            owner = an_owner()
            tell(owner.id, LEAD, key="k", **FACTS)
            services.be_quiet(owner.id, None, None)
        deliver_messages(clock.now())
        assert [letter.key for letter in sent.letters] == ["k"]
        with unit_of_work(), pytest.raises(Refused, match="quiet_hours_half"):
            services.be_quiet(owner.id, time(21), None)


def test_what_is_switched_off_goes_the_next_way_and_stands_in_the_inbox_always(app: Any) -> None:
    with clock.frozen(at("23T10:00")), app.app_context(), unit_of_work():
        owner = an_owner(email="a@example.cn", email_verified_at=clock.now())
        tell(owner.id, LEAD, key="before", **FACTS)
        services.mute(owner.id, "leads", "email")
        tell(owner.id, LEAD, key="after", **FACTS)
        services.mute(owner.id, "leads", "sms")
        tell(owner.id, LEAD, key="nowhere", **FACTS)
        tell(owner.id, SAFE, key="safe")
        tell(owner.id, "lead_told_wrote", key="talk", **FACTS)
        found = dict(db.session.execute(sa.select(Message.key, Message.channel)).all())
        assert found == {"before": "site", "after": "site", "nowhere": "site", "safe": "email", "talk": "email"}
        services.choose(owner.id, [("leads", "sms")])
        assert queries.muted_by(owner.id) == {
            (topic, channel) for topic in TOPICS if topic not in ALWAYS for channel in ("email", "sms")
        } - {("leads", "sms")}
        with pytest.raises(Refused, match="message_topic_needed"):
            services.mute(owner.id, "security", "email")


def test_the_link_of_a_mail_stops_that_kind_without_signing_in(app: Any, sent: Remembering) -> None:
    with clock.frozen(at("23T10:00")):
        with app.app_context(), unit_of_work():
            owner = an_owner(email="a@example.cn", email_verified_at=clock.now())
            tell(owner.id, LEAD, key="k", **FACTS)
            tell(owner.id, SAFE, key="safe")
        deliver(app, "23T10:01")
        lead, safe = sent.letters
        assert safe.stop is None and lead.stop is not None and lead.stop in lead.text and lead.stop in lead.html
        path = lead.stop.removeprefix("http://127.0.0.1:8000")
        client = app.test_client()
        page = client.get(path).get_data(as_text=True)
        with app.app_context():
            assert queries.muted_by(owner.id) == set(), "looking at it changes nothing"
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
        assert client.post(path, data={"csrf_token": token}).status_code == 303
        assert "已经不发了" in client.get(path).get_data(as_text=True)
        with app.app_context():
            assert queries.muted_by(owner.id) == {("leads", "email")}
        assert client.get(path[:-2] + "xx").status_code == 404
        with app.test_request_context():
            assert stop_path(None, LEAD, "email") is None and stop_path(owner.id, SAFE, "email") is None


def test_preferences_are_kept_and_a_wrong_hour_stands_at_its_field(app: Any, client: Any) -> None:
    with app.app_context(), unit_of_work():
        owner = an_owner()
    sign_in(client, owner)
    page = client.get("/messages/preferences").get_data(as_text=True)
    assert 'value="21:00"' in page and 'value="talks:email" checked' in page and "security:email" not in page
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page).group(1)  # type: ignore[union-attr]
    data = {"csrf_token": token, "wanted": ["talks:sms", "security:email"], "quiet_from": "22:30", "quiet_until": ""}
    wrong = client.post("/messages/preferences", data=data)
    assert wrong.status_code == 422 and 'id="quiet_until-e"' in wrong.get_data(as_text=True)
    assert 'value="talks:sms" checked' in wrong.get_data(as_text=True)
    assert client.post("/messages/preferences", data=data | {"quiet_until": "07:00"}).status_code == 303
    with app.app_context():
        assert queries.quiet_hours_of(owner.id) == (time(22, 30), time(7))
        assert ("talks", "sms") not in queries.muted_by(owner.id) and ("talks", "email") in queries.muted_by(owner.id)
