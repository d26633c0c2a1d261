"""What may be told of a business whose name is sealed: where, which trade, how large, bands of what it asks for; told
more widely, step by step, until at least five businesses share what is shown. And numbers that nobody can read.

Pure: no database, no clock. Source of the least number and of the parts of a card: issues 3 and 4, section 1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

Band = tuple[int | None, int | None]
"""Above the first, up to and with the second; None is an open end."""

LEAST_TOLD = 5
"""No fewer businesses than these share what is told of one of them, and no smaller count is told."""

AMOUNT_BANDS = (50_000, 100_000, 300_000, 1_000_000, 3_000_000, 10_000_000)
"""Upper ends in yuan; the last band is open."""
TERM_BANDS = (6, 12, 24, 36, 60)
"""Upper ends in months."""
AGE_BANDS = (12, 24, 36, 60, 120)
"""Upper ends in months since the founding."""
WIDE = {AMOUNT_BANDS: (300_000, 3_000_000), TERM_BANDS: (12, 36), AGE_BANDS: (36,)}
"""The same, told more widely."""


def band_of(value: Decimal | float, ends: Sequence[int]) -> Band:
    """The band in which a value lies, of those with these upper ends."""
    low = max((end for end in ends if end < value), default=None)
    high = min((end for end in ends if end >= value), default=None)
    return low, high


@dataclass(frozen=True, slots=True)
class Width:
    """How widely something is told: so many digits of the region, the division or the section of the trade."""

    region_digits: int
    by_division: bool
    wide_bands: bool


WIDTHS = (
    Width(6, True, False),
    Width(4, True, False),
    Width(4, True, True),
    Width(4, False, True),
    Width(2, False, True),
)
"""The narrowest first: county, prefecture, province; division, section; bands, wide bands."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is shown of one business: codes of a place and a trade, the size class, three bands."""

    region_code: str
    industry_code: str
    size: str
    amount_yuan: Band
    term_months: Band
    age_months: Band


@dataclass(frozen=True, slots=True)
class Asked:
    """One business that asks for money, as far as anything of it may be told."""

    region_code: str
    division: str
    section: str
    size: str
    amount_yuan: Decimal
    term_months: int
    age_months: int

    def at(self, width: Width) -> Sealed:
        """What is shown of it at this width."""

        def told(value: Decimal | int, ends: tuple[int, ...]) -> Band:
            return band_of(value, WIDE[ends] if width.wide_bands else ends)

        return Sealed(
            region_code=self.region_code[: width.region_digits].ljust(6, "0"),
            industry_code=self.division if width.by_division else self.section,
            size=self.size,
            amount_yuan=told(self.amount_yuan, AMOUNT_BANDS),
            term_months=told(self.term_months, TERM_BANDS),
            age_months=told(self.age_months, AGE_BANDS),
        )


def sealed(one: Asked, sharing: Callable[[Width], int], least: int = LEAST_TOLD) -> Sealed | None:
    """What may be shown of a business: the narrowest description that at least ``least`` share; None where even the
    widest is shared by fewer. ``sharing`` counts the businesses, this one with them, that look the same at a width."""
    return next((one.at(width) for width in WIDTHS if sharing(width) >= least), None)


# Numbers that nobody can read ---------------------------------------------------------------------------------------

_TAG_BYTES = 12


def sealed_number(number: int, scope: str, secret: str) -> str:
    """A row's number for an address, readable by the site alone: the same number looks different in every ``scope``,
    so that what two readers see cannot be put together.

    A keyed tag of scope and number, and the number hidden under a key stream that the tag begins (the construction of
    RFC 5297 with HMAC-SHA-256 in the place of its cipher): whoever changes a character has no number.
    """
    plain = number.to_bytes(8, "big")
    tag = _keyed(secret, b"tag:" + scope.encode() + b":" + plain)[:_TAG_BYTES]
    hidden = bytes(a ^ b for a, b in zip(plain, _keyed(secret, b"hide:" + tag), strict=False))
    return base64.urlsafe_b64encode(tag + hidden).decode().rstrip("=")


def number_of(token: str, scope: str, secret: str) -> int | None:
    """The number that `sealed_number` hid in this scope; None where it is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    if len(raw) != _TAG_BYTES + 8:
        return None
    tag, hidden = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    plain = bytes(a ^ b for a, b in zip(hidden, _keyed(secret, b"hide:" + tag), strict=False))
    right = _keyed(secret, b"tag:" + scope.encode() + b":" + plain)[:_TAG_BYTES]
    return int.from_bytes(plain, "big") if hmac.compare_digest(tag, right) else None


def _keyed(secret: str, message: bytes) -> bytes:
    return hmac.new(secret.encode(), b"matchmaker.sealing:" + message, hashlib.sha256).digest()
