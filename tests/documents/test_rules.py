"""What may be uploaded, told by content."""

from __future__ import annotations

import hashlib
import io
import zlib

import pytest
from PIL import Image

from matchmaker.documents.rules import LARGEST_BYTES, check_file, clean_filename
from matchmaker.refusal import Refused
from tests.businesses.builders import a_pdf, a_picture

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 100
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def packed(objects: bytes) -> bytes:
    """A stream of packed objects, as writers of PDF 1.5 make it."""
    return b"8 0 obj<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode>> stream\r\n" + zlib.compress(objects)


def a_film() -> bytes:
    """A PNG of two pictures."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, "PNG", save_all=True, append_images=[Image.new("RGB", (8, 8), "blue")])
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type", "ending"),
    [
        (a_picture(form="JPEG"), "image/jpeg", ".jpg"),
        (a_picture(form="PNG"), "image/png", ".png"),
        (a_picture(form="WEBP"), "image/webp", ".webp"),
        (a_pdf(), "application/pdf", ".pdf"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_type_is_told_by_content_and_not_by_name(content: bytes, media_type: str, ending: str) -> None:
    found = check_file("执照.exe", content)
    assert (found.media_type, found.filename) == (media_type, "执照" + ending)
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.size_bytes == len(found.content)
    assert (found.pages, found.scan.found) == (1, "clean")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"\xff\xd8\xff" + b"x" * LARGEST_BYTES, "file_too_large"),
        (EICAR, "file_infected"),
        (a_pdf(EICAR), "file_infected"),
        (a_picture() + EICAR, "file_infected"),
        (HEIC, "file_heic"),
        (b"GIF89a" + b"\x00" * 50, "file_type_refused"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "file_type_refused"),
        (b"<html><script>alert(1)</script></html>", "file_type_refused"),
        (b"PK\x03\x04" + b"\x00" * 50, "file_type_refused"),
        (b"MZ\x90" + b"\x00" * 50, "file_type_refused"),
        (b"text", "file_type_refused"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 100, "file_damaged"),
        (a_picture(form="PNG")[:60], "file_damaged"),
        (a_picture(size=(400, 400), colour="red")[:400], "file_damaged"),
        (b"RIFF\x00\x00\x00\x00WEBPnothing", "file_damaged"),
        (b"RIFF\x00\x00\x00\x00WAVEnothing", "file_type_refused"),
        (b"%PDF-1.7\nno end", "file_damaged"),
        (a_pdf(b"/Encrypt 5 0 R"), "pdf_locked"),
        (a_pdf(b"<</S /JavaScript /JS (app.alert(1))>>"), "pdf_active"),
        (a_pdf(b"<</S /Launch /F (cmd.exe)>>"), "pdf_active"),
        (a_pdf(b"<</Type /EmbeddedFile>>"), "pdf_active"),
        (a_pdf(b"<</S /#4aavaScript /#4AS (app.alert(1))>>"), "pdf_active"),
        (a_pdf(packed(b"<</S /JavaScript>>")), "pdf_active"),
        (a_pdf(b"3 0 obj<</Type /Page /Parent 9 0 R>>endobj " * 30), "pdf_too_many_pages"),
        (a_pdf(packed(b"<</Type/Page>>" * 30)), "pdf_too_many_pages"),
        (b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%%EOF", "pdf_pages_unknown"),
        (b"PK\x03\x04 stored in a zip: " + EICAR, "file_infected"),
        (a_picture(form="PNG") + EICAR, "file_infected"),
        (a_film(), "file_moving"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_may_not_be_kept_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Refused) as refused:
        check_file("a.jpg", content)
    assert (refused.value.code, refused.value.field, refused.value.status) == (code, "file", 422)


def test_a_file_of_the_largest_size_is_taken() -> None:
    padding = LARGEST_BYTES - len(a_pdf())
    assert check_file("a.pdf", a_pdf(b"%" + b"x" * (padding - 1))).size_bytes == LARGEST_BYTES


def test_a_bomb_of_pixels_is_refused_before_it_unpacks() -> None:
    out = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(out, "PNG")
    assert len(out.getvalue()) < 200_000
    with pytest.raises(Refused) as refused:
        check_file("a.png", out.getvalue())
    assert refused.value.code == "file_too_many_pixels"


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("../../etc/passwd", "passwd.jpg"),
        ("C:\\Users\\周\\执照 正面.JPG", "执照 正面.jpg"),
        ("a\r\nSet-Cookie: x=1.jpg", "aSet-Cookie x=1.jpg"),
        ('"><img src=x>.png', "img src=x.jpg"),
        ("....", "file.jpg"),
        ("", "file.jpg"),
        ("执照", "执照.jpg"),
        ("photo.tar.gz", "photo.tar.jpg"),
        ("\u202egpj.exe", "gpj.jpg"),
        ("长" * 300 + ".jpg", "长" * 80 + ".jpg"),
    ],
)
def test_file_names_are_cleaned(typed: str, clean: str) -> None:
    assert clean_filename(typed, "image/jpeg") == clean


def test_pages_are_counted_in_plain_and_in_packed_tables() -> None:
    assert check_file("a.pdf", a_pdf(b"3 0 obj<</Type /Page/Parent 9 0 R>>endobj <</Type/Pages/Count 2>>")).pages == 2
    assert check_file("a.pdf", a_pdf(packed(b"<</Type/Page>> <</Type /Page >>"))).pages == 3
    with pytest.raises(Refused) as refused:
        check_file("a.pdf", a_pdf(packed(b"<</Type/Page>>")), most_pages=1)
    assert refused.value.facts == {"mine": 2, "most": 1}


@pytest.mark.article("B.1")
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_kept_without_place_and_telephone_and_upright(form: str) -> None:
    picture = Image.new("RGB", (60, 40), "red")
    exif = picture.getexif()
    exif[0x010F], exif[0x0112] = "HONEST PHONE", 6  # maker; lying on its side
    exif.get_ifd(0x8825)[2] = (30.0, 16.0, 0.0)  # latitude
    out = io.BytesIO()
    picture.save(out, form, exif=exif, **({"comment": b"SECRET NOTE"} if form == "JPEG" else {}))
    assert b"HONEST PHONE" in out.getvalue()
    kept = check_file("a.jpg", out.getvalue())
    assert b"HONEST PHONE" not in kept.content
    assert b"SECRET NOTE" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as again:
        assert not again.getexif()
        assert again.size == (40, 60)
        assert set(again.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "background", "loop", "timestamp", "duration"}


def test_a_large_photo_is_made_small_and_has_a_thumbnail() -> None:
    kept = check_file("a.jpg", a_picture(size=(4000, 3000)))
    with Image.open(io.BytesIO(kept.content)) as image:
        assert image.size == (2400, 1800)
    assert kept.thumbnail is not None
    with Image.open(io.BytesIO(kept.thumbnail)) as small:
        assert (small.format, small.size) == ("JPEG", (240, 180))
    assert check_file("a.pdf", a_pdf()).thumbnail is None


def test_a_telephones_double_picture_is_a_photo() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 40), "red").save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    assert check_file("a.jpg", out.getvalue()).media_type == "image/jpeg"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16", "CMYK"])
def test_every_kind_of_picture_is_kept(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (64, 40)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert check_file("a.png", out.getvalue()).thumbnail
