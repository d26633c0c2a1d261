"""The ways out of the house: console, file, SMTP; each takes a written letter and sends it, or raises."""

from __future__ import annotations

import json
import smtplib
import ssl
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import EmailPolicy
from pathlib import Path
from typing import Any, ClassVar, Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

from flask import current_app, g
from flask_babel import force_locale
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeSerializer

from matchmaker.notifications.rules import ALWAYS, OUTSIDE, topic_of
from matchmaker.web import LANGUAGES, sentence


@dataclass(frozen=True)
class Letter:
    """A message in its receiver's language, ready to leave. ``key`` is the same at a second try."""

    key: str
    to: str
    channel: str
    subject: str
    text: str
    html: str
    has_secret: bool = False
    """Whether it carries what somebody waits for to go on: a code, an invitation, a new password."""
    stop: str | None = None
    """Where its receiver can switch such letters off without signing in; None where they cannot."""


class Channel(Protocol):
    """One way out."""

    def send(self, letter: Letter) -> None:
        """Hand the letter over; raises OSError or SMTPException when it was not taken."""


class Console:
    """Development and demo: what somebody waits for, as one line on the terminal that runs the site; the rest to a
    file, so that the table of sign-ins stays in view. The first of the rest says where."""

    told: ClassVar[set[Path]] = set()

    def __init__(self, rest: Path) -> None:
        self.rest = rest

    def send(self, letter: Letter) -> None:
        if not letter.has_secret:
            File(self.rest).send(letter)
            if self.rest not in self.told:
                self.told.add(self.rest)
                self._print(f"Letters are in {self.rest}; codes and invitations are printed here.")
            return
        line = " ".join(part for part in letter.text.split("\n") if part.strip())
        self._print(f"[{letter.channel} → {letter.to}] {line}")

    @staticmethod
    def _print(line: str) -> None:
        print(line, file=sys.stderr, flush=True)


class File:
    """One JSON line a letter, for a gateway that collects, or for reading in tests."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def send(self, letter: Letter) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path, "a", encoding="utf-8") as out:
            out.write(
                json.dumps(
                    {
                        "key": letter.key,
                        "channel": letter.channel,
                        "to": letter.to,
                        "subject": letter.subject,
                        "text": letter.text,
                    },
                    ensure_ascii=False,
                )
                + "\n"
            )


class _AddressesWhole(EmailPolicy):
    """Writes the address to unsubscribe at as it is: folded as words it is encoded, and no mail program finds it."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() == "list-unsubscribe":
            return f"{name}: {value}{self.linesep}".encode("ascii")
        return super().fold_binary(name, value)


class Smtp:
    """A real mail server: ``smtp://user:password@host:587`` (STARTTLS) or ``smtps://…:465``.

    The Message-ID is made of the message's key, so that a letter sent again after a crash is recognised.
    """

    def __init__(self, url: str, sender: str) -> None:
        self.parts = urlsplit(url)
        self.sender = sender

    def send(self, letter: Letter) -> None:
        mail = EmailMessage(policy=_AddressesWhole())
        mail["From"], mail["To"], mail["Subject"] = self.sender, letter.to, letter.subject
        domain = self.sender.rpartition("@")[2] or "localhost"
        mail["Message-ID"] = f"<{_for_header(letter.key)}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        if letter.stop:
            mail["List-Unsubscribe"] = f"<{letter.stop}>"
        mail.set_content(letter.text)
        mail.add_alternative(letter.html, subtype="html")
        host = self.parts.hostname or "localhost"
        with self._connect(host) as server:
            if self.parts.username:
                server.login(unquote(self.parts.username), unquote(self.parts.password or ""))
            server.send_message(mail)

    def _connect(self, host: str) -> smtplib.SMTP:
        if self.parts.scheme == "smtps":
            return smtplib.SMTP_SSL(host, self.parts.port or 465, timeout=20, context=ssl.create_default_context())
        server = smtplib.SMTP(host, self.parts.port or 587, timeout=20)
        if self.parts.username or host not in ("localhost", "127.0.0.1"):
            server.starttls(context=ssl.create_default_context())
        return server


class SmsGateway:
    """A gateway of one's own for text messages: ``POST {"key", "to", "text"}`` as JSON, taken with any answer of 2xx.

    No provider's own protocol: each wants a registered signature and template, so a small service of the operator's
    stands between. ``Idempotency-Key`` is the message's key: what comes twice after a crash is to be sent once.
    """

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1"):
            raise ValueError("sms_url must be https://")
        self.url, self.token = url, token

    def send(self, letter: Letter) -> None:
        body = json.dumps({"key": letter.key, "to": letter.to, "text": letter.text}, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": _for_header(letter.key)}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        # An answer of 4xx or 5xx raises HTTPError, which is an OSError: the letter is tried again.
        with urlopen(Request(self.url, body, headers), timeout=20):  # noqa: S310  the operator's own setting
            pass


def stop_path(person_id: int | None, kind: str, channel: str) -> str | None:
    """Where a receiver switches such messages off without signing in: signed, for this topic and channel alone."""
    topic = topic_of(kind)
    if person_id is None or topic in ALWAYS or channel not in OUTSIDE:
        return None
    return f"/messages/stop/{_stopper().dumps([person_id, topic, channel])}"


def read_stop(signed: str) -> tuple[int, str, str] | None:
    """(person, topic, channel) of a link made by `stop_path`; None for anything else."""
    try:
        person_id, topic, channel = _stopper().loads(signed)
    except (BadSignature, ValueError, TypeError):
        return None
    return int(person_id), str(topic), str(channel)


def _stopper() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="stop messages")


def channel_for(kind: str) -> Channel:
    """The way out for mails and text messages under the present settings.

    Text messages go to ``sms_url`` where one is set. Without it and with real mail they go to the file beside the
    database, where a gateway of one's own can collect them, and never silently nowhere.
    """
    settings = current_app.config["SETTINGS"]
    outbox = Path(settings.instance_folder) / "outbox.jsonl"
    if kind == "sms" and settings.sms_url:
        return SmsGateway(settings.sms_url, settings.sms_token)
    if settings.mail_channel == "console":
        return Console(outbox)
    if settings.mail_channel == "smtp" and kind == "email":
        return Smtp(settings.smtp_url, settings.mail_from)
    return File(outbox)


def write_letter(
    *,
    key: str,
    to: str,
    channel: str,
    language: str,
    kind: str,
    facts: Mapping[str, Any],
    path: str | None,
    has_secret: bool = False,
    stop_path: str | None = None,
) -> Letter:
    """A message as its receiver reads it: the kind's sentence with its facts, and the link, in their language.

    Raises KeyError for a kind without words.
    """
    locale = LANGUAGES.get(language, LANGUAGES["zh"])
    site = current_app.config["SETTINGS"].public_url.rstrip("/")
    link, stop = (site + each if each else None for each in (path, stop_path))
    # Figures are written by the chosen locale; outside of a request it is kept here (see web.chosen_language).
    before, g.language = g.get("language"), locale
    try:
        with force_locale(locale):
            words = sentence({"code": kind, "facts": facts})
            values = {
                "words": words, "link": link, "stop": stop, "channel": channel,
                "lang": "en" if language == "en" else "zh-CN",
            }  # fmt: skip
            return Letter(
                key=key,
                to=to,
                channel=channel,
                subject=_("万企通：%(words)s", words=words if len(words) <= 40 else words[:39] + "…"),
                text=_rendered("emails/message.txt", values),
                html=_rendered("emails/message.html", values),
                has_secret=has_secret,
                stop=stop,
            )
    finally:
        g.language = before if before is not None else LANGUAGES["zh"]


def _rendered(template: str, values: Mapping[str, Any]) -> str:
    # A worker has no request, so what pages get from it (who is there, which letters) is left out.
    return current_app.jinja_env.get_template(template).render(**values)


def _for_header(key: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "._-" else "." for sign in key)[:120]
