"""What a PDF says of itself without drawing it: how many pages, whether it is locked, whether something runs in it."""

from __future__ import annotations

import re
import zlib

MOST_OPENED = 32 * 1024 * 1024
"""So much of its packed tables of objects is unpacked at most; a scan of 30 pages has some kilobytes of them."""
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFile|RichMedia|XFA)\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def is_whole(content: bytes) -> bool:
    """Whether it has its end; what broke off while it was sent has not."""
    return b"%%EOF" in content[-2048:]


def opened(content: bytes) -> bytes:
    """Its bytes, after them the tables of objects that newer writers pack, with names spelled plainly.

    ISO 32000-1, 7.5.7 and 7.3.5. What cannot be unpacked is left out: it holds no page that a reader would show.
    """
    parts, left = [content], MOST_OPENED
    for found in _STREAM.finditer(content):
        head = content[max(0, found.start() - 1000) : found.start()].rsplit(b" obj", 1)[-1]
        if b"/ObjStm" not in head or left <= 0:
            continue
        try:
            part = zlib.decompressobj().decompress(content[found.end() :], left)
        except zlib.error:
            continue
        left -= len(part)
        parts.append(part)
    return _ESCAPED.sub(lambda code: bytes([int(code[1], 16)]), b"\n".join(parts))


def is_locked(said: bytes) -> bool:
    """Whether it asks for a password, in what `opened` answers."""
    return b"/Encrypt" in said


def is_active(said: bytes) -> bool:
    """Whether it carries a script, a file, or a call of a program."""
    return _ACTIVE.search(said) is not None


def pages(said: bytes) -> int:
    """How many pages it has; a page that was changed later may count twice. 0: none was found."""
    return len(_PAGE.findall(said))
