"""Whoever is asked about viruses: the built-in signature, and clamd by its own protocol against a small server."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from matchmaker import clock, settings
from matchmaker.db import db, unit_of_work
from matchmaker.documents import jobs, queries, services
from matchmaker.documents.models import Document
from matchmaker.documents.rules import check_file
from matchmaker.documents.scanning import Clamd, Scan, Signature, scanner_of
from matchmaker.notifications.models import Message
from matchmaker.refusal import Refused
from tests.builders import an_owner
from tests.businesses.builders import a_picture
from tests.documents.test_rules import EICAR


@contextmanager
def a_clamd(answer: bytes, path: Path | None = None) -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes one INSTREAM and gives this answer; (its address, what it was sent)."""
    got: list[bytes] = []
    family = socket.AF_UNIX if path else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as server:
        server.bind(str(path) if path else ("127.0.0.1", 0))
        server.listen(1)

        def serve() -> None:
            line, _ = server.accept()
            with line, line.makefile("rb") as sent:
                assert sent.read(10) == b"zINSTREAM\0"
                while size := struct.unpack("!L", sent.read(4))[0]:
                    got.append(sent.read(size))
                line.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield (str(path) if path else f"127.0.0.1:{server.getsockname()[1]}"), got
        thread.join(5)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"stream: OK\0", "clean"),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", "infected"),
        (b"INSTREAM size limit exceeded. ERROR\0", "waiting"),
        (b"", "waiting"),
    ],
    ids=["clean", "found", "error", "silence"],
)
def test_clamd_is_asked_piece_by_piece(answer: bytes, found: str) -> None:
    content = b"x" * 100_000
    with a_clamd(answer) as (address, got):
        assert Clamd(address, seconds=5).scan(content) == Scan(found, "clamd")
    assert b"".join(got) == content
    assert len(got) == 2


def test_clamd_is_asked_over_a_socket_file(tmp_path: Path) -> None:
    with a_clamd(b"stream: OK\0", tmp_path / "clamd") as (address, _):
        assert scanner_of(f"clamd:{address}").scan(b"x").found == "clean"


def test_a_silent_scanner_leaves_the_paper_waiting(tmp_path: Path) -> None:
    silent = Clamd(str(tmp_path / "nobody"))
    assert silent.scan(b"x") == Scan("waiting", "clamd")
    assert check_file("a.jpg", a_picture(), scanner=silent).scan.found == "waiting"
    with pytest.raises(Refused) as refused:  # the test file is known without asking
        check_file("a.jpg", EICAR, scanner=silent)
    assert refused.value.code == "file_infected"


def test_the_setting_names_the_scanner() -> None:
    assert scanner_of("signature") == Signature()
    with pytest.raises(ValueError, match="no scanner"):
        scanner_of("clamd:")
    for wrong in ({"virus_scanner": "none"}, {"paper_largest_mb": 11}, {"paper_most_pages": 0}):
        with pytest.raises(SystemExit):
            settings.load(**wrong)


class _Says:
    """A scanner that gives these answers, one after the other."""

    name = "clamd"

    def __init__(self, *found: str) -> None:
        self.found = list(found)

    def scan(self, content: bytes) -> Scan:
        return Scan(self.found.pop(0), self.name)


def test_papers_that_waited_are_scanned_later_and_an_infected_one_is_gone(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with app.app_context():
        with unit_of_work():
            owner = an_owner()
            numbers = [
                services.keep(
                    check_file("a.jpg", a_picture(colour), scanner=_Says("waiting")), kind="other", by=owner
                ).id
                for colour in ("red", "blue", "green")
            ]
        monkeypatch.setattr(jobs, "scanner_in_use", lambda: _Says("clean", "infected", "waiting"))
        assert jobs.scan_waiting_papers(clock.now()) == 2
        db.session.expire_all()
        found = [db.session.get_one(Document, number) for number in numbers]
        assert [document.scan for document in found] == ["clean", "infected", "waiting"]
        assert queries.content_of(found[1]) is None
        assert [message.kind for message in db.session.query(Message)] == ["document_told_infected"]
        db.session.rollback()
        monkeypatch.setattr(jobs, "scanner_in_use", lambda: _Says("clean"))
        assert jobs.scan_waiting_papers(clock.now()) == 1
