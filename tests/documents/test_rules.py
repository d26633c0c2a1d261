"""What may be uploaded, told by content."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import Image

from matchmaker.documents.rules import LARGEST_BYTES, check_file, clean_filename
from matchmaker.refusal import Refused
from tests.businesses.builders import a_pdf, a_picture

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00" * 100
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


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
    assert found.size_bytes == len(content)


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
