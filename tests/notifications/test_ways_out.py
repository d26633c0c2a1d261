"""The real ways out against servers of their own in a thread: SMTP as it is spoken, the gateway for text messages."""

from __future__ import annotations

import base64
import io
import json
import smtplib
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme

from matchmaker.notifications.channels import Letter, SmsGateway, Smtp

LETTER = Letter("lead:1:sent:7", "a@example.cn", "email", "主题", "正文", "<p>正文</p>", stop="https://m.example/messages/stop/x")


class MailServer(socketserver.ThreadingTCPServer):
    """Enough of SMTP to take one letter; ``answer`` is what it says to its content."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), MailTalk)
        self.letters: list[str] = []
        self.answer = "250 taken"
        self.tls: ssl.SSLContext | None = None
        self.starts_plain = True
        self.is_secret = False
        self.signed_in: list[tuple[str, bool]] = []


class MailTalk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        if server.tls is not None and not server.starts_plain:
            self.turn_secret(server.tls)
        self.say("220 fake")
        while line := self.rfile.readline().decode().strip():
            if line.upper() == "DATA":
                self.say("354 go on")
                lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                server.letters.append("".join(lines))
                self.say(server.answer)
            elif line.upper() == "QUIT":
                self.say("221 bye")
                return
            elif line.upper().startswith("EHLO") and server.tls is not None:
                self.say("250-fake\r\n250 " + ("AUTH PLAIN" if server.is_secret else "STARTTLS"))
            elif line.upper() == "STARTTLS":
                self.say("220 go on")
                self.turn_secret(server.tls)
            elif line.upper().startswith("AUTH"):
                server.signed_in.append((base64.b64decode(line.split()[-1]).decode(), server.is_secret))
                self.say("235 fake")
            else:
                self.say("250 fake")

    def turn_secret(self, tls: ssl.SSLContext) -> None:
        server: Any = self.server
        try:
            self.connection = self.request = tls.wrap_socket(self.request, server_side=True)
        except (ssl.SSLError, OSError):  # whoever called does not trust the certificate and hung up
            self.rfile = io.BytesIO()  # type: ignore[assignment]
            self.wfile = io.BytesIO()  # type: ignore[assignment]
            return
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)  # type: ignore[assignment]
        server.is_secret = True

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


def test_a_letter_is_handed_to_a_mail_server(mail_server: MailServer) -> None:
    Smtp(f"smtp://127.0.0.1:{mail_server.server_address[1]}", "no-reply@matchmaker.example").send(LETTER)
    (taken,) = mail_server.letters
    assert "Message-ID: <lead.1.sent.7@matchmaker.example>" in taken
    assert "List-Unsubscribe: <https://m.example/messages/stop/x>" in taken
    assert "To: a@example.cn" in taken and "multipart/alternative" in taken


def test_a_long_address_to_unsubscribe_at_stays_readable_for_mail_programs(mail_server: MailServer) -> None:
    stop = f"https://wanqitong.example.cn/messages/stop/{'WzYsInRhbGtzIiwiZW1haWwiXQ.8ucns9CWo-HRFz74' * 2}"
    Smtp(f"smtp://127.0.0.1:{mail_server.server_address[1]}", "no-reply@matchmaker.example").send(
        replace(LETTER, stop=stop)
    )
    (taken,) = mail_server.letters
    assert f"List-Unsubscribe: <{stop}>" in taken


def test_a_letter_that_the_server_refuses_is_not_taken_for_sent(mail_server: MailServer) -> None:
    mail_server.answer = "451 try later"
    with pytest.raises(smtplib.SMTPException):
        Smtp(f"smtp://127.0.0.1:{mail_server.server_address[1]}", "no-reply@matchmaker.example").send(LETTER)


@pytest.mark.parametrize(("scheme", "starts_plain"), [("smtps", False), ("smtp", True)])
def test_a_letter_and_its_password_go_over_tls_to_a_server_that_is_trusted(
    scheme: str, starts_plain: bool, mail_server: MailServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, trusted = trustme.CA(), tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(str(trusted))
    mail_server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(mail_server.tls)
    mail_server.starts_plain = starts_plain
    way = Smtp(f"{scheme}://me:p%40ss@localhost:{mail_server.server_address[1]}", "no-reply@matchmaker.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        way.send(LETTER)
    assert (mail_server.letters, mail_server.signed_in) == ([], []), "nothing goes to a stranger"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    way.send(LETTER)
    assert mail_server.signed_in == [("\0me\0p@ss", True)], "the password goes over TLS alone"
    assert "Message-ID: <lead.1.sent.7@matchmaker.example>" in mail_server.letters[0]


def test_a_text_message_goes_to_the_gateway_under_its_key() -> None:
    seen: list[tuple[dict[str, str], Any]] = []

    class Gateway(BaseHTTPRequestHandler):
        status = 202

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.append((dict(self.headers), json.loads(body)))
            self.send_response(self.status)
            self.end_headers()

        def log_message(self, *args: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        gateway = SmsGateway(f"http://127.0.0.1:{server.server_address[1]}/sms", "a token")
        gateway.send(LETTER)
        Gateway.status = 503
        with pytest.raises(OSError):
            gateway.send(LETTER)
        server.shutdown()
    headers, body = seen[0]
    assert headers["Idempotency-Key"] == "lead.1.sent.7" and headers["Authorization"] == "Bearer a token"
    assert body == {"key": "lead:1:sent:7", "to": "a@example.cn", "text": "正文"}


def test_a_gateway_elsewhere_is_asked_by_https_only() -> None:
    with pytest.raises(ValueError, match="https"):
        SmsGateway("http://sms.example/send", "")
