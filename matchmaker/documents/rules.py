"""What may be uploaded: type by content and not by name, size, no known test virus, a clean file name."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from matchmaker.documents import pdf
from matchmaker.documents.pictures import fit_to_keep, thumbnail_of
from matchmaker.documents.scanning import SIGNATURE, Scan, Scanner, Signature
from matchmaker.refusal import Refused

LARGEST_BYTES = 10 * 1024 * 1024
"""10 MB; issue 2, section 3. The setting `paper_largest_mb` can only lower it: the table says so too."""
MOST_PAGES = 30
"""Of a PDF; issue 3, section 4, a setting (`paper_most_pages`)."""
MOST_PIXELS = 60_000_000
"""A phone's largest photo has about 50 million; more is refused before anything is unpacked."""
KINDS = ("licence", "letter", "statement", "contract", "other")
PDF = "application/pdf"
IMAGE_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
MEDIA_TYPES = (*IMAGE_FORMATS.values(), PDF)
ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", PDF: ".pdf"}
LONGEST_NAME = 80
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1", b"avif")


NOT_ASKED = Scan("waiting", SIGNATURE)


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be kept: its cleaned name, true type, the bytes to keep, and what is known of them.

    `sha256` is that of the file as it was sent: the same photo sent twice is recognised, however it is kept.
    """

    filename: str
    media_type: str
    sha256: str
    content: bytes
    pages: int = 1
    thumbnail: bytes | None = None
    scan: Scan = NOT_ASKED
    lost_something: bool = False
    """Of a PDF: scripts, attachments or calls of programs were taken out of it."""

    @property
    def size_bytes(self) -> int:
        return len(self.content)


def check_file(
    filename: str,
    content: bytes,
    field: str = "file",
    *,
    scanner: Scanner | None = None,
    most_bytes: int = LARGEST_BYTES,
    most_pages: int = MOST_PAGES,
) -> CheckedFile:
    """The file in ``content``, if it may be kept: photos drawn anew without their EXIF, PDFs written anew
    without their properties; a signed PDF as it is.

    Slow for large images and asks the scanner (the built-in one if none is given): call it outside the transaction.
    Raises Refused (422) at ``field``: ``file_empty``, ``file_too_large``, ``file_infected``, ``file_heic``,
    ``file_type_refused``, ``file_damaged``, ``file_too_many_pixels``, ``file_moving``, ``pdf_locked``,
    ``pdf_active``, ``pdf_too_many_pages``.
    """
    if not content:
        raise Refused("file_empty", field=field, status=422)
    if len(content) > most_bytes:
        raise Refused("file_too_large", field=field, status=422, most=most_bytes // (1024 * 1024))
    scan = (scanner or Signature()).scan(content)
    if scan.found == "infected":
        raise Refused("file_infected", field=field, status=422)
    sha256 = hashlib.sha256(content).hexdigest()
    if content.startswith(b"%PDF-"):
        read = _pdf_to_keep(content, field, most_bytes, most_pages)
        return CheckedFile(
            clean_filename(filename, PDF), PDF, sha256, read.content, read.pages, read.thumbnail, scan,
            lost_something=read.lost_something,
        )  # fmt: skip
    _refuse_no_picture(content, field)
    kept, media_type = _picture_to_keep(content, field)
    return CheckedFile(clean_filename(filename, media_type), media_type, sha256, kept, 1, thumbnail_of(kept), scan)


def _refuse_no_picture(content: bytes, field: str) -> None:
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        raise Refused("file_heic", field=field, status=422)
    if not (
        content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (content.startswith(b"RIFF") and content[8:12] == b"WEBP")
    ):
        raise Refused("file_type_refused", field=field, status=422)


def _picture_to_keep(content: bytes, field: str) -> tuple[bytes, str]:
    """(bytes to keep, media type) of an image that Pillow can read to its end."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with _opened(content) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise Refused("file_too_many_pixels", field=field, status=422)
                # a telephone's JPEG may carry a second picture (MPO: depth, brightness); that is no film
                if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
                    raise Refused("file_moving", field=field, status=422)
                image.verify()
            with _opened(content) as image:
                return fit_to_keep(image)  # verify() does not look at the picture of a JPEG; a cut-off one shows here
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise Refused("file_too_many_pixels", field=field, status=422) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Refused("file_damaged", field=field, status=422) from None


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    with Image.open(io.BytesIO(content), formats=tuple(IMAGE_FORMATS)) as image:
        yield image


def _pdf_to_keep(content: bytes, field: str, most_bytes: int, most_pages: int) -> pdf.ReadPdf:
    """A whole PDF without a password, written anew without anything that runs."""
    read = pdf.read_pdf(content, most_pages)
    if read.code == "pdf_too_many_pages":
        raise Refused("pdf_too_many_pages", field=field, status=422, mine=read.pages, most=most_pages)
    if read.code:
        raise Refused(read.code, field=field, status=422)
    if len(read.content) > most_bytes:  # its tables may take more room than the packed ones that it came with
        raise Refused("file_too_large", field=field, status=422, most=most_bytes // (1024 * 1024))
    return read


def clean_filename(filename: str, media_type: str) -> str:
    """The name without folders, control signs and tricks, at most 80 signs, with the ending of its true type."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(sign for sign in name if unicodedata.category(sign)[0] not in "CZ" or sign == " ")
    name = re.sub(r'[<>:"|?*%;&$`\'{}]', "", name).strip(" .")
    stem = name.rsplit(".", 1)[0].strip(" .") if "." in name else name
    return (stem[:LONGEST_NAME] or "file") + ENDINGS[media_type]
