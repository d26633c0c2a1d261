"""Making a photo fit to keep: upright, no larger than is read, without what the telephone wrote into it; and small."""

from __future__ import annotations

import io

from PIL import Image, ImageOps

LONGEST_SIDE = 2400
"""Pixels: a page of A4 at about 200 to the inch, on which small print is read. Own choice."""
THUMBNAIL_SIDE = 240
LARGEST_PNG = 1024 * 1024
"""A PNG above it is a photo and not a screenshot, and is kept as JPEG."""
QUALITY = 82


def fit_to_keep(image: Image.Image) -> tuple[bytes, str]:
    """(bytes, media type) of the picture drawn anew: place, time and telephone in its EXIF are not drawn with it."""
    form = image.format
    if form in ("JPEG", "MPO"):
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # unpacks a large photo in a half or a quarter at once
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    if form == "PNG":
        content = _drawn(_plain(upright, ("1", "L", "RGB", "RGBA")), "PNG", optimize=True)
        if len(content) <= LARGEST_PNG:
            return content, "image/png"
    if form == "WEBP":
        return _drawn(_plain(upright, ("RGB", "RGBA")), "WEBP", quality=QUALITY), "image/webp"
    return _drawn(_on_white(upright), "JPEG", quality=QUALITY, optimize=True), "image/jpeg"


def thumbnail_of(content: bytes) -> bytes:
    """A small JPEG of a picture that is kept."""
    with Image.open(io.BytesIO(content)) as image:
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
        return _drawn(_on_white(image), "JPEG", quality=70, optimize=True)


def _plain(image: Image.Image, modes: tuple[str, ...]) -> Image.Image:
    if image.mode in modes:
        return image
    return image.convert("RGBA" if "A" in image.mode or "transparency" in image.info else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    plain = _plain(image, ("L", "RGB", "RGBA"))
    if plain.mode != "RGBA":
        return plain
    sheet = Image.new("RGB", plain.size, "white")
    sheet.paste(plain, mask=plain.getchannel("A"))
    return sheet


def _drawn(image: Image.Image, form: str, **how: int) -> bytes:
    clean = Image.new(image.mode, image.size)
    clean.paste(image)  # a new picture has no texts, profiles or EXIF that could be written along
    out = io.BytesIO()
    clean.save(out, form, **how)
    return out.getvalue()
