"""A PDF is written anew: nothing that runs, nothing attached, nothing of its maker; its first page is drawn."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import StreamObject

from matchmaker.documents import pdf
from matchmaker.documents.rules import check_file
from matchmaker.refusal import Refused
from tests.businesses.builders import a_pdf

SECRETS = (b"HONEST PHONE", b"SECRET AUTHOR", b"SECRET TOOL", b"SECRET XMP", b"SECRET PIECE", b"SECRET NOTE BY")


def a_scan(pages: int = 1, size: tuple[int, int] = (60, 40), colour: str = "red") -> bytes:
    """A PDF of photos as a telephone makes it: place and telephone in each photo, properties of the paper beside."""
    picture = Image.effect_noise(size, 90).convert("RGB") if max(size) > 100 else Image.new("RGB", size, colour)
    exif = picture.getexif()
    exif[0x010F] = "HONEST PHONE"
    exif.get_ifd(0x8825)[2] = (30.0, 16.0, 0.0)
    photo = io.BytesIO()
    picture.save(photo, "JPEG", exif=exif, comment=b"HONEST PHONE", quality=90)
    data = photo.getvalue()
    objects = b""
    for number in range(pages):
        content = b"q 200 0 0 300 0 0 cm /Im Do Q"
        objects += (
            b"%d 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Resources<</XObject<</Im 100 0 R>>>>"
            b"/Contents %d 0 R>>endobj\n" % (200 + number, 300 + number)
        )
        objects += b"%d 0 obj<</Length %d>>stream\n" % (300 + number, len(content)) + content + b"\nendstream endobj\n"
    objects += b"100 0 obj<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB" % size
    objects += b"/BitsPerComponent 8/Filter/DCTDecode/Length %d>>stream\n" % len(data) + data + b"\nendstream endobj\n"
    kids = b" ".join(b"%d 0 R" % (200 + number) for number in range(pages))
    # Its table is off by now, as in many a file that was mended by hand: readers find the objects all the same.
    return a_pdf(objects).replace(b"/Kids[10 0 R]/Count 1", b"/Kids[" + kids + b"]/Count %d" % pages)


def written(change: Callable[[PdfWriter], object], plain: bytes = b"") -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(plain or a_pdf()))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def dump(content: bytes) -> bytes:
    """What of a PDF can be read, its streams unpacked, whatever is still pointed to or not."""
    reader, parts = PdfReader(io.BytesIO(content)), [content]
    for number in reader.xref.get(0, {}):
        one = reader.get_object(number)
        parts.append(repr(one).encode())
        if isinstance(one, StreamObject) and one.get("/Filter") == "/FlateDecode":
            parts.append(one.get_data())
    return b"\n".join(parts)


def everything(writer: PdfWriter) -> None:
    writer.add_metadata({"/Author": "SECRET AUTHOR", "/Creator": "SECRET TOOL", "/GPS": "30.27, 120.15"})
    writer.xmp_metadata = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET XMP</x:xmpmeta>"
    note = FreeText(text="seen", rect=(10, 10, 50, 50))
    writer.add_annotation(0, note)


@pytest.mark.article("B.1")
def test_a_pdf_is_kept_without_its_maker_its_telephone_and_its_place() -> None:
    content = written(everything, a_scan())
    assert any(secret in dump(content) for secret in SECRETS)
    kept = check_file("a.pdf", content)
    assert not [secret for secret in SECRETS if secret in dump(kept.content)]
    again = PdfReader(io.BytesIO(kept.content))
    assert again.metadata is None
    assert again.xmp_metadata is None
    assert "/ID" not in again.trailer
    image = again.pages[0].images[0].image
    assert image is not None
    assert not image.getexif()
    assert (image.size, kept.lost_something) == ((60, 40), False)


def test_the_first_page_is_drawn() -> None:
    kept = check_file("a.pdf", a_scan(pages=2))
    assert kept.pages == 2
    assert kept.thumbnail
    with Image.open(io.BytesIO(kept.thumbnail)) as small:
        assert small.size == (160, 240)
        red, green, blue = small.convert("RGB").getpixel((80, 120))  # type: ignore[misc]
        assert red > 200 > 60 > max(green, blue)


def test_photos_of_a_scan_are_made_smaller_and_its_text_is_packed() -> None:
    content = a_scan(size=(4000, 3000))
    kept = check_file("a.pdf", content)
    assert kept.size_bytes < len(content) / 2
    image = PdfReader(io.BytesIO(kept.content)).pages[0].images[0].image
    assert image is not None
    assert image.size == (2400, 1800)


ACTIVE = {
    "a script at opening": a_pdf(root=b"/OpenAction<</S/JavaScript/JS(SECRET DEED)>>"),
    "a script spelled with codes": a_pdf(root=b"/OpenAction<</S/#4aavaScript/#4AS(SECRET DEED)>>"),
    "a script by name": a_pdf(
        b"100 0 obj<</S/JavaScript/JS(SECRET DEED)>>endobj", root=b"/Names<</JavaScript<</Names[(a)100 0 R]>>>>"
    ),
    "a program": a_pdf(root=b"/OpenAction<</S/Launch/F(SECRET DEED)>>"),
    "an attachment": written(lambda writer: writer.add_attachment("SECRET DEED.txt", b"SECRET DEED")),
    "what follows an action": a_pdf(root=b"/OpenAction<</S/GoTo/D[10 0 R/Fit]/Next<</S/Launch/F(SECRET DEED)>>>>"),
    "at the turn of a page": a_pdf().replace(
        b"/MediaBox[0 0 200 300]", b"/MediaBox[0 0 200 300]/AA<</O<</S/JavaScript/JS(SECRET DEED)>>>>"
    ),
    "a paper clip on a page": a_pdf(
        b"100 0 obj<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]/FS<</Type/Filespec/F(SECRET DEED)>>>>endobj"
    ).replace(b"/MediaBox[0 0 200 300]", b"/MediaBox[0 0 200 300]/Annots[100 0 R]"),
}


@pytest.mark.parametrize("name", ACTIVE)
def test_what_runs_and_what_is_attached_is_taken_out(name: str) -> None:
    kept = check_file("a.pdf", ACTIVE[name])
    assert kept.lost_something
    left = dump(kept.content)
    for gone in (b"SECRET DEED", b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/FileAttachment"):
        assert gone not in left


def test_links_go_quietly_and_the_page_at_which_a_paper_opens_is_no_loss() -> None:
    content = a_pdf(
        b"100 0 obj<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://lure.example)>>>>endobj",
        root=b"/OpenAction[10 0 R/Fit]",
    ).replace(b"/MediaBox[0 0 200 300]", b"/MediaBox[0 0 200 300]/Annots[100 0 R]")
    kept = check_file("a.pdf", content)
    assert not kept.lost_something
    assert b"lure.example" not in dump(kept.content)


def test_a_signed_paper_is_kept_to_the_byte() -> None:
    content = a_pdf(
        b"100 0 obj<</Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 10 20 30]/Contents<00ff>>>endobj\n"
        b"101 0 obj<</FT/Sig/T(s)/V 100 0 R>>endobj",
        root=b"/AcroForm<</Fields[101 0 R]/SigFlags 3>>",
    )
    kept = check_file("a.pdf", content)
    assert kept.content == content
    assert kept.thumbnail


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow.py"
    slow.write_text("import time\ntime.sleep(60)\n")
    monkeypatch.setattr(pdf, "_PROGRAM", slow)
    began = time.monotonic()
    assert pdf.read_pdf(a_pdf(), 30, seconds=0.2).code == "file_damaged"
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("program", "logged"),
    [
        ("import os\nos.kill(os.getpid(), 11)\n", "ended with -11"),
        ("raise SystemExit(3)\n", "ended with 3"),
        ("", "ended with 0"),
        ("import nothing_of_that_name\n", "ModuleNotFoundError"),
        ("raise ValueError('line of the paper')\n", "ValueError"),
    ],
)
def test_a_reader_that_breaks_is_answered_at_the_field_and_logged(
    program: str, logged: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(program)
    monkeypatch.setattr(pdf, "_PROGRAM", broken)
    with pytest.raises(Refused) as refused:
        check_file("a.pdf", a_pdf(), "proof")
    assert (refused.value.code, refused.value.field) == ("file_damaged", "proof")
    assert logged in caplog.text and "line of the paper" not in caplog.text


def test_the_reader_has_no_memory_for_a_bomb_and_none_of_the_sites_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the site")
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        "import importlib.util, json, os, sys\n"
        f"spec = importlib.util.spec_from_file_location('apart', {str(pdf._PROGRAM)!r})\n"
        "apart = importlib.util.module_from_spec(spec); spec.loader.exec_module(apart)\n"
        "limits = json.loads(sys.argv[1]); apart.narrow(limits['memory'], limits['seconds'])\n"
        "try:\n    bytearray(3 * 1024 ** 3); code = 'took it'\n"
        "except MemoryError:\n    code = 'no memory'\n"
        "print(json.dumps({'code': code + str('SECRET_KEY' in os.environ)}))\n"
    )
    monkeypatch.setattr(pdf, "_PROGRAM", greedy)
    assert pdf.read_pdf(a_pdf(), 30).code == "no memoryFalse"
