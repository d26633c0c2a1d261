"""Reads a unified social credit code (GB 32100-2015): valid by its check digit is not yet existing."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidFormat, InvalidLength

from matchmaker.reference import regions
from matchmaker.refusal import Refused

LENGTH = 18
OLD_REGISTRATION_LENGTH, ORGANISATION_LENGTH = 15, 9
"""Numbers of before the unified code of 2015: of the register of trade and industry, and of an organisation."""
KINDS = {"91": "enterprise", "92": "sole_proprietor", "93": "cooperative"}
"""Registered with the market regulator: 91 enterprises, 92 sole proprietors, 93 farmers' cooperatives."""
_REGISTRARS = set("123456789ANY")
_NATIONAL = "10"
"""The region 100000 stands for national registration; old region codes stay valid, so only provinces are checked."""
_OFTEN_MISREAD = str.maketrans({"O": "0", "I": "1", "Z": "2", "S": "5", "V": "U"})
_ALPHABET = set("0123456789ABCDEFGHJKLMNPQRTUWXY")


@dataclass(frozen=True, slots=True)
class CreditCode:
    """A well-formed code. ``kind`` is enterprise, sole_proprietor or cooperative; ``region_code`` may be an old one."""

    code: str
    kind: str
    region_code: str


def tidy(text: str) -> str:
    """The code as written on a licence: full-width letters narrowed, spaces and hyphens out, capitals."""
    narrow = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in narrow if not sign.isspace() and sign not in "-‐‑–—·.")


def read_credit_code(text: str) -> CreditCode:
    """The code in ``text``, checked: length, letters, check digit, sense, and a kind of business that we serve.

    Raises Refused with field ``uscc``: ``uscc_missing``, ``uscc_length`` (n; ``uscc_old_number`` for the 15 digits of
    a registration before 2015, ``uscc_organisation`` for the 9 of an organisation code), ``uscc_letters`` (letter; or
    ``uscc_misread`` when one swap such as O for 0 makes it right: suggestion), ``uscc_check_digit``,
    ``uscc_nonsense``, ``uscc_not_a_business`` (prefix).
    """
    code = tidy(text)
    if not code:
        raise Refused("uscc_missing", field="uscc", status=422)
    if len(code) != LENGTH:
        raise _bad_length(code)
    if len(set(code)) == 1:
        raise Refused("uscc_nonsense", field="uscc", status=422)
    try:
        uscc.validate(code)
    except (InvalidLength, InvalidFormat):
        raise _bad_letters(code) from None
    except InvalidChecksum:
        raise Refused("uscc_check_digit", field="uscc", status=422) from None
    if not _makes_sense(code):
        raise Refused("uscc_nonsense", field="uscc", status=422)
    kind = KINDS.get(code[:2])
    if kind is None:
        raise Refused("uscc_not_a_business", field="uscc", status=422, prefix=code[:2])
    return CreditCode(code, kind, code[2:8])


def complete(first: str) -> str:
    """The code of which ``first`` are the first 17 signs. For invented businesses: right, and of nobody."""
    return first + str(uscc.calc_check_digit(first))


def _bad_length(code: str) -> Refused:
    """Older numbers that people still have at hand are named as what they are."""
    if len(code) == OLD_REGISTRATION_LENGTH and code.isascii() and code.isdigit():
        return Refused("uscc_old_number", field="uscc", status=422)
    if len(code) == ORGANISATION_LENGTH and code.isascii() and code[:-1].isalnum():
        return Refused("uscc_organisation", field="uscc", status=422)
    return Refused("uscc_length", field="uscc", status=422, n=len(code))


def _bad_letters(code: str) -> Refused:
    swapped = code.translate(_OFTEN_MISREAD)
    if swapped != code and uscc.is_valid(swapped) and _makes_sense(swapped):
        return Refused("uscc_misread", field="uscc", status=422, suggestion=swapped)
    wrong = next((sign for sign in code if sign not in _ALPHABET), None)
    if code[0] in "ANY":  # registrars of offices and associations carry a letter in front
        return Refused("uscc_not_a_business", field="uscc", status=422, prefix=code[:2])
    if wrong is None:  # the alphabet is right, but letters stand where the region has digits
        return Refused("uscc_region_letters", field="uscc", status=422)
    return Refused("uscc_letters", field="uscc", status=422, letter=wrong)


def _makes_sense(code: str) -> bool:
    """What the check digit does not see: a registrar and a province that exist, a body code that is not one sign."""
    province = code[2:4]
    known = province == _NATIONAL or regions.get(province + "0000") is not None
    return code[0] in _REGISTRARS and known and len(set(code[8:17])) > 1
