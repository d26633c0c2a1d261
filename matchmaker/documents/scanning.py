"""Asking a scanner about an upload: the built-in one knows a single signature; clamd knows what its tables know.

A scanner that cannot be asked answers "waiting": the paper is kept for its owner and sent to nobody until it was.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

SCANS = ("clean", "waiting", "infected")
SIGNATURE = "signature"
"""The name of the built-in scanner. It recognises the harmless test file of EICAR and no real virus."""
# The test string of the European Institute for Computer Antivirus Research, in two halves so that no
# scanner takes this file for it.
_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_SECONDS = 20
_CHUNK = 64 * 1024
_PORT = 3310


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner found: one of `SCANS`, and which scanner it was."""

    found: str
    by: str


class Scanner(Protocol):
    """Whoever can be asked about bytes. It is slow: never inside a transaction."""

    @property
    def name(self) -> str: ...

    def scan(self, content: bytes) -> Scan: ...


@dataclass(frozen=True)
class Signature:
    """The built-in scanner: it knows the test signature alone, wherever in a file it stands."""

    name: str = SIGNATURE

    def scan(self, content: bytes) -> Scan:
        return Scan("infected" if _EICAR in content else "clean", self.name)


@dataclass(frozen=True)
class Clamd:
    """ClamAV's service, asked by INSTREAM (clamd(8)): a length of four bytes before each piece, zero at the end."""

    address: str
    """A path of a socket, or host and port: ``/run/clamav/clamd.ctl``, ``127.0.0.1:3310``."""
    name: str = "clamd"
    seconds: float = _SECONDS

    def scan(self, content: bytes) -> Scan:
        """Clean, infected, or waiting when it does not answer or answers with an error of its own."""
        if _EICAR in content:
            return Scan("infected", SIGNATURE)
        try:
            answer = self._answer(content)
        except OSError:
            return Scan("waiting", self.name)
        if answer.endswith(b" FOUND"):
            return Scan("infected", self.name)
        return Scan("clean" if answer.endswith(b": OK") else "waiting", self.name)

    def _answer(self, content: bytes) -> bytes:
        with self._connected() as line:
            line.sendall(b"zINSTREAM\0")
            for start in range(0, len(content), _CHUNK):
                piece = content[start : start + _CHUNK]
                line.sendall(struct.pack("!L", len(piece)) + piece)
            line.sendall(struct.pack("!L", 0))
            answer = b""
            while b"\0" not in answer and len(answer) < 4096:
                more = line.recv(1024)
                if not more:
                    break
                answer += more
        return answer.split(b"\0")[0].strip()

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        if self.address.startswith("/"):
            line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            line.settimeout(self.seconds)
            with line:
                line.connect(self.address)
                yield line
        else:
            host, _, port = self.address.rpartition(":")
            with socket.create_connection((host or "127.0.0.1", int(port or _PORT)), self.seconds) as line:
                yield line


def scanner_of(setting: str) -> Scanner:
    """The scanner that a setting names: "signature", or "clamd:" and its address. Raises ValueError for another."""
    if setting == SIGNATURE:
        return Signature()
    kind, _, address = setting.partition(":")
    if kind == "clamd" and address:
        return Clamd(address)
    raise ValueError(f"no scanner is called {setting!r}: signature, clamd:HOST:PORT or clamd:/path")
