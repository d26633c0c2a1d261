"""The real ways out against servers of their own in a thread: SMTP as it is spoken, the gateway for text messages."""

from __future__ import annotations

import json
import smtplib
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

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


class MailTalk(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
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
            else:
                self.say("250 fake")

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


def test_a_letter_that_the_server_refuses_is_not_taken_for_sent(mail_server: MailServer) -> None:
    mail_server.answer = "451 try later"
    with pytest.raises(smtplib.SMTPException):
        Smtp(f"smtp://127.0.0.1:{mail_server.server_address[1]}", "no-reply@matchmaker.example").send(LETTER)


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
