"""Has a PDF read and written anew by a process of its own (`pdf_apart`), with limits of time, memory and pages."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore

from matchmaker.documents.pictures import LONGEST_SIDE, QUALITY, THUMBNAIL_SIDE

log = logging.getLogger(__name__)

SECONDS = 20
"""So long a PDF of 10 MB may take, the wait for the processor included; 30 photographed pages take about three."""
PROCESSOR_SECONDS = 15
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space; a page of 60 million pixels unpacked is 180 MB."""
MOST_PIXELS = 60_000_000
_PROGRAM = Path(__file__).with_name("pdf_apart.py")
_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL")
"""Of the environment; the site's secrets are not among them."""
_AT_ONCE = BoundedSemaphore(2)
"""Who uploads third waits; a web process has memory for two."""


@dataclass(frozen=True, slots=True)
class ReadPdf:
    """What became of a PDF: why it is not taken (a code of `rules.check_file`), or what to keep of it."""

    code: str
    pages: int = 0
    content: bytes = b""
    thumbnail: bytes = b""
    is_signed: bool = False
    """It carries an electronic signature, and `content` is the file as it came."""
    lost_something: bool = False
    """Scripts, attachments or calls of programs were taken out of it."""


def is_whole(content: bytes) -> bool:
    """Whether it has its end; what broke off while it was sent has not."""
    return b"%%EOF" in content[-2048:]


def read_pdf(content: bytes, most_pages: int, *, seconds: float = SECONDS) -> ReadPdf:
    """Read a PDF, draw its first page, write it anew without what runs, what is attached and what tells of its maker.

    Takes about half a second: call it outside the transaction. `code` is "file_damaged" too when it took longer than
    `seconds`, or broke the reader: the log then says how, since the fault may be ours.
    """
    if not is_whole(content):
        return ReadPdf("file_damaged")
    limits = {
        "memory": MEMORY, "seconds": PROCESSOR_SECONDS, "pages": most_pages, "thumbnail": THUMBNAIL_SIDE,
        "longest_side": LONGEST_SIDE, "quality": QUALITY, "pixels": MOST_PIXELS,
    }  # fmt: skip
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    command = [sys.executable, "-I", "-B", str(_PROGRAM), json.dumps(limits)]
    with _AT_ONCE:
        try:
            done = subprocess.run(command, input=content, capture_output=True, timeout=seconds, env=environment)
        except subprocess.TimeoutExpired:
            log.warning("a PDF of %s bytes was not read within %s seconds", len(content), seconds)
            return ReadPdf("file_damaged")
    head, _, rest = done.stdout.partition(b"\n")
    if done.returncode or not head:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2].partition(":")[0]
        log.warning("the reader of PDFs ended with %s (%s)", done.returncode, last)
        return ReadPdf("file_damaged")
    said = json.loads(head)
    if "problem" in said:
        log.info("a PDF of %s bytes broke its parser: %s", len(content), said["problem"])
    if said["code"]:
        return ReadPdf(said["code"], pages=said.get("pages", 0))
    small = said["small"]
    return ReadPdf("", said["pages"], rest[small:], rest[:small], said["signed"], said["removed"])
