"""What may be uploaded, told by content."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image
from pypdf import PdfWriter

from matchmaker.documents.rules import LARGEST_BYTES, check_file, clean_filename
from matchmaker.refusal import Refused
from tests.businesses.builders import a_pdf, a_picture

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 100
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


SCRIPT = b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>"


def a_locked_pdf(password: str) -> bytes:
    """A PDF that opens with this password alone; with none, one that forbids to print it."""
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.encrypt(password, "owner", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


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
        (b"%PDF-1.7\nnothing that is a PDF\n%%EOF", "file_damaged"),
        (a_pdf()[:-60] + b"%%EOF", "file_damaged"),
        (a_locked_pdf("geheim"), "pdf_locked"),
        (a_locked_pdf(""), "pdf_locked"),
        (a_pdf(root=b"/AcroForm<</Fields[]/XFA(x)>>"), "pdf_active"),
        (a_pdf(pages=31), "pdf_too_many_pages"),
        (a_pdf(pages=0), "file_damaged"),
        (a_pdf(b"100 0 obj<</Type/Sig/ByteRange[0 1 2 3]/Contents<00>>>endobj", root=b"/S 100 0 R" + SCRIPT), "pdf_active"),
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
    picture = a_picture(form="PNG")
    assert check_file("a.png", picture + b"x" * (LARGEST_BYTES - len(picture))).media_type == "image/png"


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


def test_a_telephones_double_picture_is_a_photo() -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 40), "red").save(out, "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))])
    assert check_file("a.jpg", out.getvalue()).media_type == "image/jpeg"


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16", "CMYK"])
def test_every_kind_of_picture_is_kept(mode: str) -> None:
    out = io.BytesIO()
    Image.new(mode, (64, 40)).save(out, "JPEG" if mode == "CMYK" else "PNG")
    assert check_file("a.png", out.getvalue()).thumbnail
