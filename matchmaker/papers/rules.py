"""Kinds of papers, how long one is valid, when its owner is reminded, and what of a list the folder already has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol

GROUPS: dict[str, tuple[str, ...]] = {
    "who": (
        "LICENCE", "OWNER_ID", "GUARANTOR_ID", "QUALIFICATION", "MEMBER_LIST", "STAFF_LIST", "CREDIT_REPORT_CONSENT",
    ),
    "money": ("BANK_FLOW", "POS_FLOW", "STATEMENTS", "SALES_RECORD", "RECEIVABLE_PROOF"),
    "tax": ("TAX_RETURNS", "INVOICES", "CUSTOMS", "EXPORT_RECORD"),
    "place": ("LEASE", "PROPERTY_TITLE", "APPRAISAL_REPORT", "FIRE_CERT"),
    "trade": ("PURPOSE_CONTRACT", "ORDERS", "CONTRACT", "EQUIPMENT_QUOTE", "STOCK_LIST", "ASSET_LIST"),
    "titles": ("IP_TITLE", "TITLE_CERTIFICATE", "VEHICLE_LICENCE"),
    "cover": ("INSURANCE_POLICY", "LAST_POLICY", "LOSS_RECORD", "HEALTH_STATEMENT"),
    "other": ("OTHER",),
}  # fmt: skip
"""Group -> kinds. They are the codes by which products and covers ask (tests hold them together), and OTHER."""
KINDS: tuple[str, ...] = tuple(code for codes in GROUPS.values() for code in codes)

MOST_PAPERS = 80
"""In one folder: every kind twice; more is an archive and no folder (our number)."""
LONGEST_NOTE = 60
REMIND_DAYS: tuple[int, ...] = (30, 7)
"""Days before its last day on which the owner is reminded of a paper."""


UNDO_FOR = timedelta(minutes=5)
"""How long it can be undone that a paper, or a consent, was taken back (our number)."""


class Standing(StrEnum):
    """Whether a paper can be used today."""

    VALID = "valid"
    SOON = "soon"
    """Ends within the longer of `REMIND_DAYS`."""
    OVER = "over"
    SCANNING = "scanning"
    """No scanner could be asked about it yet: not sent on."""


class Held(Protocol):
    """What the rules ask of a paper in the folder."""

    @property
    def id(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def expires_on(self) -> date | None: ...
    @property
    def is_clean(self) -> bool: ...


def standing(expires_on: date | None, is_clean: bool, today: date) -> Standing:
    """Whether a paper can be used on `today`; its last day still counts."""
    if not is_clean:
        return Standing.SCANNING
    if expires_on is None:
        return Standing.VALID
    if expires_on < today:
        return Standing.OVER
    return Standing.SOON if (expires_on - today).days <= REMIND_DAYS[0] else Standing.VALID


def can_be_sent(paper: Held, today: date) -> bool:
    """Whether it may go to an institution today."""
    return standing(paper.expires_on, paper.is_clean, today) in (Standing.VALID, Standing.SOON)


def reminder(expires_on: date, reminded_days: int | None, today: date) -> int | None:
    """Which reminder is due: 30 or 7 days before, each once; None when none is. A late one is not made up for.

    `reminded_days`: the last reminder that was given. Over its last day nothing is due: the folder says so.
    """
    left = (expires_on - today).days
    if left < 0:
        return None
    due = [days for days in REMIND_DAYS if left <= days]
    if not due:
        return None
    return due[-1] if reminded_days is None or due[-1] < reminded_days else None


@dataclass(frozen=True)
class Item:
    """One line of what a product asks for: its reason, what of the folder answers it, and how the rest stands."""

    code: str
    reason: str
    ready: tuple[Held, ...] = ()
    """Can be ticked today, the newest first."""
    unready: tuple[tuple[Held, Standing], ...] = ()
    """Of the kind, but over its date or not scanned yet."""


def checklist(asked: Iterable[Mapping[str, str]], folder: Sequence[Held], today: date) -> list[Item]:
    """What a product asks for ({"code", "reason"}), in its order, beside what the folder has of it.

    `folder`: its papers, the newest first. A kind that is asked twice stands once, with its first reason.
    """
    found: dict[str, Item] = {}
    for paper in asked:
        code = paper["code"]
        mine = [held for held in folder if held.kind == code]
        found.setdefault(
            code,
            Item(
                code,
                paper.get("reason", ""),
                tuple(held for held in mine if can_be_sent(held, today)),
                tuple(
                    (held, standing(held.expires_on, held.is_clean, today))
                    for held in mine
                    if not can_be_sent(held, today)
                ),
            ),
        )
    return list(found.values())
