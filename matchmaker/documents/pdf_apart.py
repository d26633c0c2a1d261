"""A program of its own that reads one PDF and writes it anew; started by `pdf`, imported by nobody.

What strangers send is parsed and drawn here, in a process with little memory, little time, no files and none of the
site's settings: a file that breaks a parser breaks this and nothing else. It reads the PDF from standard input and its
limits as JSON from the command line; it answers one line of JSON, then the small picture, then the PDF to keep.
"""

from __future__ import annotations

import io
import json
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import pypdfium2 as pdfium
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    PdfObject,
    StreamObject,
)

RUNS = frozenset({
    "/JavaScript", "/Launch", "/GoToR", "/GoToE", "/SubmitForm", "/ImportData", "/Rendition", "/Movie", "/Sound",
    "/GoTo3DView", "/RichMediaExecute", "/SetOCGState", "/Trans", "/ResetForm",
})  # fmt: skip
"""Actions (ISO 32000-2, table 201) that are more than turning to a page of the same paper."""
CARRIES = frozenset({"/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/AF", "/Collection"})
"""Keys under which scripts and files lie."""
TELLS = frozenset({"/Metadata", "/PieceInfo", "/LastModified", "/Thumb", "/SpiderInfo", "/Perms", "/Legal", "/Threads"})
"""Keys under which programs write who made the paper, when and with what; threads carry a name and an author."""
STARTS = frozenset({"/OpenAction", "/AA"})
"""Keys for what happens by itself; an opening at a page is no loss."""
PLAYED = frozenset({"/FileAttachment", "/Movie", "/Sound", "/Screen", "/3D"})
"""Annotations that carry a file or play something."""
NEEDS_ITS_PROGRAM = frozenset({"/XFA", "/RichMediaContent"})
"""What cannot be taken out without taking what the reader is to see."""
OWN_WORDS = ("/T", "/CreationDate", "/M", "/NM")
"""Who wrote a remark on a page, and when."""


BROKEN = (
    PyPdfError, pdfium.PdfiumError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError,
    RecursionError, MemoryError, OverflowError, zlib.error, AssertionError, NotImplementedError,
)  # fmt: skip
"""What a broken file makes of a parser."""


class Unfit(Exception):
    """The code of `rules.check_file` with which this PDF is refused."""


def main() -> None:
    limits = json.loads(sys.argv[1])
    narrow(limits["memory"], limits["seconds"])
    content = sys.stdin.buffer.read()
    try:
        said, small, kept = anew(content, limits)
    except Unfit as no:
        said, small, kept = {"code": str(no)}, b"", b""
    except BROKEN as problem:
        # Its kind alone is told: its words may hold some of the paper.
        said, small, kept = {"code": "file_damaged", "problem": type(problem).__name__}, b"", b""
    out = sys.stdout.buffer
    out.write(json.dumps({**said, "small": len(small)}).encode() + b"\n" + small + kept)
    out.flush()


def narrow(memory: int, seconds: int) -> None:
    """Give this process so much memory (bytes) and processor time (s) and no file to write, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of whoever started it remains
        return
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_FSIZE, 0)):
        try:
            resource.setrlimit(kind, (most, most))
        except (ValueError, OSError):  # macOS knows no limit of address space
            continue


def anew(content: bytes, limits: dict[str, int]) -> tuple[dict[str, Any], bytes, bytes]:
    """({"code": "", pages, removed, signed}, the first page as a small JPEG, the PDF to keep).

    A signed paper is kept byte for byte: written anew, its signature would prove nothing. Raises Unfit with a code.
    """
    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        raise Unfit("pdf_locked")
    pages, small = drawn(content, limits)
    if pages > limits["pages"]:
        return {"code": "pdf_too_many_pages", "pages": pages}, b"", b""
    writer = PdfWriter(clone_from=reader)
    found = list(dictionaries(writer))
    if any(NEEDS_ITS_PROGRAM & one.keys() or one.get("/Subtype") == "/RichMedia" for one in found):
        raise Unfit("pdf_active")
    is_signed = any("/ByteRange" in one and "/Contents" in one for one in found)
    removed = take_out(found)
    if is_signed:
        if removed:
            raise Unfit("pdf_active")
        return {"code": "", "pages": pages, "removed": False, "signed": True}, small, content
    for one in found:
        if isinstance(one, StreamObject):
            press(one, limits)
    writer.metadata = None
    writer._ID = None
    forget_unreached(writer)
    out = io.BytesIO()
    writer.write(out)
    kept = out.getvalue()
    again, small = drawn(kept, limits)
    if again != pages:
        raise Unfit("file_damaged")
    return {"code": "", "pages": pages, "removed": removed, "signed": False}, small, kept


def drawn(content: bytes, limits: dict[str, int]) -> tuple[int, bytes]:
    """(how many pages, the first one as a small JPEG). Raises Unfit "file_damaged"."""
    paper = pdfium.PdfDocument(content)
    pages = len(paper)
    if not pages:
        raise Unfit("file_damaged")
    page = paper[0]
    width, height = page.get_size()
    scale = limits["thumbnail"] / max(width, height, 1.0)
    if min(width, height) * scale < 1:
        raise Unfit("file_damaged")  # a line of no width: nothing that could be read
    picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=70, optimize=True)
    return pages, out.getvalue()


def dictionaries(writer: PdfWriter) -> Iterator[DictionaryObject]:
    """Every dictionary and stream of the paper, those inside others too, each once."""
    todo: list[Any] = [writer.root_object, *(one for one in writer._objects if one is not None)]
    seen: set[int] = set()
    while todo:
        one = todo.pop()
        if isinstance(one, IndirectObject) or id(one) in seen:
            continue  # what it points to is in the list itself
        seen.add(id(one))
        if isinstance(one, DictionaryObject):
            yield one
            todo.extend(dict.values(one))
        elif isinstance(one, ArrayObject):
            todo.extend(list.__iter__(one))


def forget_unreached(writer: PdfWriter) -> None:
    """Leave out what no page and no table points to any more: what was taken out, and its name."""
    todo: list[Any] = [writer.root_object.indirect_reference]
    reached: set[int] = set()
    while todo:
        one = todo.pop()
        if isinstance(one, IndirectObject):
            if one.idnum in reached or not 0 < one.idnum <= len(writer._objects):
                continue
            reached.add(one.idnum)
            one = writer._objects[one.idnum - 1]
        if isinstance(one, DictionaryObject):
            todo.extend(dict.values(one))
        elif isinstance(one, ArrayObject):
            todo.extend(list.__iter__(one))
    for number in range(len(writer._objects)):
        if number + 1 not in reached:
            writer._objects[number] = None


def take_out(found: list[DictionaryObject]) -> bool:
    """Take out what runs, what is attached and what tells of its maker; answers whether it carried or ran one."""
    removed = False
    for one in found:
        for key in one.keys() & (CARRIES | TELLS | STARTS):
            value = resolved(dict.get(one, key))
            removed = removed or key in CARRIES or (key == "/AA" and bool(value)) or runs(value)
            del one[key]
        for key, value in list(dict.items(one)):
            inside = resolved(value)
            if key in ("/A", "/PA", "/Next") and isinstance(inside, DictionaryObject) and "/S" in inside:
                if inside.get("/S") not in ("/GoTo", "/Named"):
                    removed = removed or runs(inside)
                    del one[key]
            elif key == "/Annots" and isinstance(inside, ArrayObject):
                kept = [note for note in list.__iter__(inside) if kind_of(note) not in PLAYED]
                removed = removed or len(kept) < len(inside)
                one[NameObject("/Annots")] = ArrayObject(kept)
        if runs(one):
            removed = True
            one.clear()
        elif "/Rect" in one and one.get("/Subtype") not in (None, "/Widget"):
            for key in OWN_WORDS:
                one.pop(key, None)
    return removed


def resolved(value: Any) -> Any:
    return value.get_object() if isinstance(value, PdfObject) else value


def kind_of(note: Any) -> Any:
    inside = resolved(note)
    return inside.get("/Subtype") if isinstance(inside, DictionaryObject) else None


def runs(one: Any) -> bool:
    return isinstance(one, DictionaryObject) and one.get("/S") in RUNS


def press(stream: StreamObject, limits: dict[str, int]) -> None:
    """Pack what is unpacked; make a photo no larger than is read, and take out what the telephone wrote into it."""
    data, filters = stream._data, resolved(dict.get(stream, "/Filter"))
    if isinstance(filters, ArrayObject) and len(filters) == 1:
        filters = filters[0]
    if filters is None:
        if len(data) > 256:
            stream._data = zlib.compress(data, 9)
            stream[NameObject("/Filter")] = NameObject("/FlateDecode")
            stream.pop("/DecodeParms", None)
    elif filters == "/DCTDecode" and stream.get("/Subtype") == "/Image":
        stream._data = smaller(stream, limits) or without_tags(data)


def smaller(stream: StreamObject, limits: dict[str, int]) -> bytes | None:
    """The photo of a page with its longest side at most so many pixels; None where it is so, or no plain photo."""
    with Image.open(io.BytesIO(stream._data), formats=("JPEG",)) as image:
        most = limits["longest_side"]
        if max(image.size) <= most or image.mode not in ("RGB", "L") or image.width * image.height > limits["pixels"]:
            return None
        if "/Decode" in stream or "/DecodeParms" in stream or isinstance(resolved(stream.get("/Mask")), ArrayObject):
            return None
        image.draft(image.mode, (most, most))
        small = image.copy()
    small.thumbnail((most, most), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=limits["quality"], optimize=True)
    if len(out.getvalue()) >= len(stream._data):
        return None
    stream[NameObject("/Width")], stream[NameObject("/Height")] = map(NumberObject, small.size)
    return out.getvalue()


def without_tags(jpeg: bytes) -> bytes:
    """A JPEG without EXIF, XMP, IPTC and remarks (its parts APP1, APP3 to APP13, APP15, COM); its picture untouched."""
    kept, place = [jpeg[:2]], 2
    while place + 4 <= len(jpeg) and jpeg[place] == 0xFF and jpeg[place + 1] != 0xDA:
        if jpeg[place + 1] == 0xFF:  # filling
            place += 1
            continue
        end = place + 2 + int.from_bytes(jpeg[place + 2 : place + 4], "big")
        mark = jpeg[place + 1]
        if not (mark in (0xE1, 0xEF, 0xFE) or 0xE3 <= mark <= 0xED):
            kept.append(jpeg[place:end])
        place = end
    return b"".join(kept) + jpeg[place:]


if __name__ == "__main__":
    main()
