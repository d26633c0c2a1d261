"""What may be uploaded: type by content and not by name, size, no known test virus, a clean file name."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import warnings
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from matchmaker.refusal import Refused

LARGEST_BYTES = 10 * 1024 * 1024
"""10 MB; issue 2, section 3."""
MOST_PIXELS = 60_000_000
"""A phone's largest photo has about 50 million; more is refused before anything is unpacked."""
KINDS = ("licence", "letter", "statement", "contract", "other")
PDF = "application/pdf"
IMAGE_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MEDIA_TYPES = (*IMAGE_FORMATS.values(), PDF)
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", PDF: ".pdf"}
LONGEST_NAME = 80
# The test string of the European Institute for Computer Antivirus Research, in two halves so that no
# scanner takes this file for it.
_EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be kept: its cleaned name, type by content, fingerprint and bytes."""

    filename: str
    media_type: str
    sha256: str
    content: bytes

    @property
    def size_bytes(self) -> int:
        return len(self.content)


def check_file(filename: str, content: bytes, field: str = "file") -> CheckedFile:
    """The file in ``content``, if it may be kept. Slow for large images: call it outside the transaction.

    Raises Refused (422) at ``field``: ``file_empty``, ``file_too_large``, ``file_infected``, ``file_heic``,
    ``file_type_refused``, ``file_damaged``, ``file_too_many_pixels``, ``pdf_locked``, ``pdf_active``.
    """
    if not content:
        raise Refused("file_empty", field=field, status=422)
    if len(content) > LARGEST_BYTES:
        raise Refused("file_too_large", field=field, status=422, most=LARGEST_BYTES // (1024 * 1024))
    if _EICAR in content:
        raise Refused("file_infected", field=field, status=422)
    media_type = _media_type(content, field)
    return CheckedFile(clean_filename(filename, media_type), media_type, hashlib.sha256(content).hexdigest(), content)


def _media_type(content: bytes, field: str) -> str:
    if content.startswith(b"%PDF-"):
        _check_pdf(content, field)
        return PDF
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise Refused("file_heic", field=field, status=422)
    if not (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (content.startswith(b"RIFF") and content[8:12] == b"WEBP")
    ):
        raise Refused("file_type_refused", field=field, status=422)
    return _image_type(content, field)


def _image_type(content: bytes, field: str) -> str:
    """The type of an image that Pillow can read to its end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=tuple(IMAGE_FORMATS)) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Refused("file_too_many_pixels", field=field, status=422)
                image.verify()
                found = str(image.format)
            with Image.open(io.BytesIO(content), formats=tuple(IMAGE_FORMATS)) as image:
                image.load()  # verify() does not look at the picture of a JPEG; a cut-off one shows here
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("file_too_many_pixels", field=field, status=422) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Refused("file_damaged", field=field, status=422) from None
    return IMAGE_FORMATS[found]


def _check_pdf(content: bytes, field: str) -> None:
    """A whole PDF without a password and without anything that runs."""
    if b"%%EOF" not in content[-2048:]:
        raise Refused("file_damaged", field=field, status=422)
    if b"/Encrypt" in content:
        raise Refused("pdf_locked", field=field, status=422)
    if re.search(rb"/(JavaScript|JS|Launch|EmbeddedFile|OpenAction\s*<<[^>]{0,200}/S\s*/JavaScript)\b", content):
        raise Refused("pdf_active", field=field, status=422)


def clean_filename(filename: str, media_type: str) -> str:
    """The name without folders, control signs and tricks, at most 80 signs, with the ending of its true type."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] not in "CZ" or sign == " ")
    name = re.sub(r'[<>:"|?*%;&$`\'{}]', "", name).strip(" .")
    stem = name.rsplit(".", 1)[0].strip(" .") if "." in name else name
    return (stem[:LONGEST_NAME] or "file") + ENDINGS[media_type]
