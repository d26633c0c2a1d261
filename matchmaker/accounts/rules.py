"""Plain rules of people and institutions: addresses, passwords, locks, codes, who may sit where."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from matchmaker.refusal import Reason

ROLES = ("owner", "manager", "desk", "channel", "operator", "supervisor")
ROLES_OF_AN_INSTITUTION = ("manager", "desk")
ROLES_OF_THE_PLATFORM = ("owner", "operator", "supervisor")
# Roles that see other people's data or change what everybody sees: a second factor in production (issue 2.2).
ROLES_WITH_SECOND_FACTOR = ("operator", "supervisor", "desk")

# financing_terms.csv, domain "institution", and two kinds of our own (articles 9.4 and 18).
INSTITUTION_KINDS = (
    "POLICY",
    "STATE",
    "JOINT",
    "CITY",
    "RURALC",
    "RURALX",
    "FOREIGN",
    "PRIVATE",
    "FINCO",
    "MICRO",
    "GUARANTEE",
    "INS_P",
    "INS_L",
    "INS_R",
    "INS_X",
    "FUND",
    "DEPARTMENT",
)
INSTITUTION_STATUSES = ("applied", "admitted", "suspended")
LICENCE_SEEN = ("register", "paper")
"""Where an operator found a licence: the regulator's public register, or a stamped copy confirmed by telephone."""
CODE_PURPOSES = ("register", "sign_in", "reset", "verify")

# The numbers of the sign-in page: eight wrong tries lock for fifteen minutes (look/pages/15-signin.html).
TRIES_BY_ACCOUNT = 8
# An address may be a whole office or a mobile carrier's gateway: wider, but a list of passwords still stops.
TRIES_BY_ADDRESS = 40
TRY_WINDOW = timedelta(minutes=15)
LOCK_FOR = timedelta(minutes=15)

CODE_LIVES = timedelta(minutes=10)
CODE_TRIES = 5
CODE_AGAIN_AFTER = timedelta(seconds=60)
CODES_PER_ADDRESS_AND_HOUR = 6
CODES_PER_VISITOR_AND_HOUR = 30
INVITATION_LIVES = timedelta(days=7)
BADGE_LIVES = timedelta(days=90)
"""How long a manager's badge is good for (own choice: a quarter, as products are reconfirmed)."""
BADGE_ENDS = ("renewed", "left")
BROKER_ASKED = ("fee", "password", "transfer", "papers", "insurance", "other")
"""What somebody asked for who must not: 金规〔2025〕9号 and the notice's article on fees name the first ones."""
BROKER_STATES = ("new", "looked", "settled")
BROKER_STEPS: dict[tuple[str, str], str] = {("new", "look"): "looked", ("looked", "settle"): "settled"}
"""(state, step) -> state of a report; what is not listed is not possible."""
SECOND_STEP_LIVES = timedelta(minutes=10)
SESSION_LIVES = timedelta(days=30)
STAFF_SESSION_LIVES = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=10)

PASSWORD_SHORTEST = 10
PASSWORD_LONGEST = 200
TOTP_STEP_SECONDS = 30
RECOVERY_CODES = 10

_PHONE = re.compile(r"1[3-9]\d{9}")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?"
_EMAIL = re.compile(rf"[^@\s,;:<>()\[\]\\\"]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
_LICENCE = re.compile(r"[A-Z0-9][A-Z0-9\-]{5,39}")
# The first lines of every leaked-password list, and what Chinese sites meet most.
COMMON_PASSWORDS = frozenset(
    {
        "1234567890",
        "0123456789",
        "12345678910",
        "123456789a",
        "a123456789",
        "1234567890a",
        "0987654321",
        "1111111111",
        "0000000000",
        "8888888888",
        "6666666666",
        "9876543210",
        "1122334455",
        "qwertyuiop",
        "1q2w3e4r5t",
        "asdfghjkl;",
        "password12",
        "password123",
        "password1234",
        "qwerty12345",
        "woaini1314",
        "woaini520",
        "5201314520",
        "147258369a",
        "aa123456789",
        "qq123456789",
        "abc123456789",
        "abcd123456",
        "iloveyou12",
        "admin123456",
        "1qaz2wsx3edc",
        "zxcvbnm123",
        "a1234567890",
        "wanqitong1",
        "1234512345",
    }
)


def session_lives(roles: Collection[str]) -> timedelta:
    """How long a sign-in lasts: a working day for staff, thirty days for owners."""
    return STAFF_SESSION_LIVES if set(roles) - {"owner"} else SESSION_LIVES


def plain_address(text: str) -> str | None:
    """A phone number or e-mail address in its one spelling, or None.

    Phones: mainland mobile numbers, eleven digits; full-width digits, blanks, hyphens and +86 are forgiven.
    E-mail: the part after @ in lower case, and the part before it too: nobody tells two people apart by case.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if "@" in text:
        text = text.lower()
        return text if len(text) <= 254 and _EMAIL.fullmatch(text) else None
    digits = re.sub(r"[\s\-()]", "", text)
    digits = re.sub(r"^(\+86|0086|86(?=1\d{10}$))", "", digits)
    return digits if _PHONE.fullmatch(digits) else None


def is_email(address: str) -> bool:
    """Whether a plain address is an e-mail address (else it is a phone number)."""
    return "@" in address


def masked(address: str) -> str:
    """An address that its owner recognises and nobody else learns: 138****5678, li***@example.cn."""
    if not address:
        return ""
    if is_email(address):
        name, _, domain = address.partition("@")
        return f"{name[:2] if len(name) > 3 else name[:1]}***@{domain}"
    return f"{address[:3]}****{address[-4:]}"


def password_trouble(password: str, *, near: Iterable[str] = ()) -> Reason | None:
    """Why a password is refused, or None. Length is what counts; no rule about signs (NIST SP 800-63B, 5.1.1.2).

    ``near`` are words an attacker knows (phone, mail name, own name): none of them may be the password.
    """
    if len(password) < PASSWORD_SHORTEST:
        return Reason("password_too_short", {"shortest": PASSWORD_SHORTEST})
    if len(password) > PASSWORD_LONGEST:
        return Reason("password_too_long", {"longest": PASSWORD_LONGEST})
    flat = unicodedata.normalize("NFKC", password).lower()
    if flat in COMMON_PASSWORDS or len(set(flat)) < 4:
        return Reason("password_too_common")
    for word in near:
        word = word.lower()
        if len(word) >= 4 and (flat == word or (word in flat and len(flat) - len(word) < 4)):
            return Reason("password_is_your_address")
    return None


def locked_until(
    failures: Sequence[datetime], *, tries: int, window: timedelta = TRY_WINDOW, lock: timedelta = LOCK_FOR
) -> datetime | None:
    """When the lock that these failed tries caused opens; None when they cause none.

    ``failures`` are the instants of failed tries since the last success, oldest first. ``tries`` of them
    within ``window`` lock for ``lock`` from the last of them on; after that, counting starts anew.
    The caller compares the answer with the present.
    """
    opens: datetime | None = None
    counted: list[datetime] = []
    for at in failures:
        if opens is not None and at < opens:
            # Written by tries that were under way when the lock fell: they lengthen nothing.
            continue
        counted = [earlier for earlier in counted if at - earlier < window]
        counted.append(at)
        if len(counted) >= tries:
            opens = at + lock
            counted = []
    return opens


def may_enter_with(failures: int, code_expires_at: datetime, now: datetime) -> Reason | None:
    """Why a one-time code no longer opens anything, whatever was typed: too old, or guessed at too often."""
    if now >= code_expires_at:
        return Reason("code_too_old")
    if failures >= CODE_TRIES:
        return Reason("code_tried_too_often", {"tries": CODE_TRIES})
    return None


def second_factor_demanded(roles: Collection[str], *, production: bool) -> bool:
    """Whether this person may not work without an app's one-time password (operator, supervisor, desks)."""
    return production and bool(set(roles) & set(ROLES_WITH_SECOND_FACTOR))


def plain_licence(text: str) -> str | None:
    """A licence number (金融许可证 and the like) in its one spelling, or None: letters, digits, hyphens, 6 to 40."""
    text = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    return text if _LICENCE.fullmatch(text) else None


def safe_return(target: str | None) -> str | None:
    """A path of this site to go back to, or None. Never another host, a scheme, or what a browser takes for one."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if "\\" in target or any(ord(sign) < 0x20 or ord(sign) == 0x7F for sign in target):
        return None
    return target if len(target) <= 2000 else None


@dataclass(frozen=True)
class CodeBudget:
    """What was already asked for in the last hour, for one address and by one visitor."""

    last_at: datetime | None
    for_address: int
    by_visitor: int


def may_send_code(budget: CodeBudget, now: datetime) -> Reason | None:
    """Why no further code is sent just now, or None."""
    if budget.last_at is not None and now - budget.last_at < CODE_AGAIN_AFTER:
        return Reason("code_just_sent", {"again_at": budget.last_at + CODE_AGAIN_AFTER})
    if budget.for_address >= CODES_PER_ADDRESS_AND_HOUR or budget.by_visitor >= CODES_PER_VISITOR_AND_HOUR:
        return Reason("codes_asked_too_often", {"again_at": now + timedelta(hours=1)})
    return None


def invitation_trouble(*, accepted: bool, withdrawn: bool, expires_at: datetime, now: datetime) -> Reason | None:
    """Why an invitation no longer lets anyone in, or None."""
    if accepted:
        return Reason("invitation_used")
    if withdrawn:
        return Reason("invitation_withdrawn")
    if now >= expires_at:
        return Reason("invitation_expired", {"expired_at": expires_at})
    return None


def badge_in_force(
    *, ended: bool, expires_at: datetime, assignment_over: bool, institution_status: str, now: datetime
) -> bool:
    """Whether a badge proves anything now: not ended, not too old, its holder still at an admitted institution."""
    return not ended and now < expires_at and not assignment_over and institution_status == "admitted"


@dataclass(frozen=True)
class BranchFacts:
    """What a branch says of itself; regions are code prefixes, the point is in degrees, the limit in yuan."""

    name: str
    region_code: str
    latitude: float | None = None
    longitude: float | None = None
    service_radius_km: int | None = None
    service_regions: tuple[str, ...] = ()
    decision_limit_yuan: Decimal | None = None
