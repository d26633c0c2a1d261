"""What a need may be, how amounts and terms are read, and which state follows which; plain, without a clock."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from matchmaker.eligibility.bounds import Possible, Span
from matchmaker.eligibility.facts import Facts
from matchmaker.reference import regions
from matchmaker.reference.rules.sums import narrow, read_sum, shown_sum
from matchmaker.refusal import Reason

# States -------------------------------------------------------------------------------------------------------------


class NeedState(StrEnum):
    """Where a need stands. Only an open or worked-on need is matched."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    FUNDED = "funded"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class NeedStep(StrEnum):
    """What can happen to a need."""

    CHANGE = "change"
    SEND = "send"
    ALL_ENDED = "all_ended"
    FUND = "fund"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


_S, _T = NeedState, NeedStep
TRANSITIONS: Mapping[tuple[NeedState, NeedStep], NeedState] = {
    (_S.OPEN, _T.CHANGE): _S.OPEN,
    (_S.OPEN, _T.SEND): _S.IN_PROGRESS,
    (_S.OPEN, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.OPEN, _T.EXPIRE): _S.EXPIRED,
    (_S.OPEN, _T.FUND): _S.FUNDED,
    (_S.IN_PROGRESS, _T.CHANGE): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _T.SEND): _S.IN_PROGRESS,
    (_S.IN_PROGRESS, _T.ALL_ENDED): _S.OPEN,
    (_S.IN_PROGRESS, _T.FUND): _S.FUNDED,
    (_S.IN_PROGRESS, _T.WITHDRAW): _S.WITHDRAWN,
    (_S.FUNDED, _T.FUND): _S.FUNDED,
    (_S.FUNDED, _T.ALL_ENDED): _S.FUNDED,
    (_S.WITHDRAWN, _T.ALL_ENDED): _S.WITHDRAWN,
    (_S.EXPIRED, _T.ALL_ENDED): _S.EXPIRED,
    (_S.OPEN, _T.ALL_ENDED): _S.OPEN,
}
"""(state, step) → state; a pair that is not here is not allowed. A need being worked on does not expire."""

LIVE_STATES = frozenset({NeedState.OPEN, NeedState.IN_PROGRESS})


def state_after(state: str, step: NeedStep) -> NeedState | None:
    """The state that follows, or None when this step may not be taken from this state."""
    return TRANSITIONS.get((NeedState(state), step))


# What is wanted -----------------------------------------------------------------------------------------------------

SMALLEST_YUAN = Decimal(1000)
"""Below this no product on record lends; a smaller number is a slip of the pen (own threshold)."""
LARGEST_YUAN = Decimal(1_000_000_000)
"""Needs above 10 million are welcome (article 7.3); above 1 billion yuan the number was probably typed in yuan."""
LONGEST_MONTHS = 360
LATEST_DAYS = 730
"""A need for money in two years is no need yet (own threshold)."""
LONGEST_NOTE = 500
MOST_NEEDS_AT_ONCE = 10
"""Live needs of one business; more is a machine or a mistake (own threshold)."""

COMMON_PURPOSES = ("PURCHASE", "WC", "DECOR", "EQUIP", "ORDER", "PAYROLL")
OTHER_PURPOSES = (
    "RENT", "RENEW", "BRIDGE", "PLANT", "TECHUP", "GREEN", "RND", "DIGITAL", "EXPORT", "TAX", "RELIEF",
)  # fmt: skip
PURPOSES = COMMON_PURPOSES + OTHER_PURPOSES
"""Codes of financing_terms "purpose" in the order of the form; the prohibited ones (article 16) cannot be chosen."""

COMMON_TERMS = (6, 12, 24, 36, 60)
"""Months offered as choices; any other whole number up to LONGEST_MONTHS may be typed."""

SECURITY_CHOICES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "home": ("MORT_RES",),
    "vehicle": ("MORT_VEH",),
    "equipment": ("MORT_EQP",),
    "receivable": ("PLEDGE_AR", "PLEDGE_ORDER", "PLEDGE_BILL"),
    "unsure": (),
    "premises": ("MORT_COM", "MORT_FACT"),
    "land": ("MORT_LAND",),
    "stock": ("PLEDGE_INV",),
    "patent": ("PLEDGE_IP_PAT", "PLEDGE_IP_TM", "PLEDGE_IP_CR"),
    "deposit": ("PLEDGE_DEP",),
    "guarantor": ("SURETY_PERS", "SURETY_CORP"),
}
"""What an owner would say → codes of financing_terms "guarantee"."""

REPAYMENTS = ("EQ_INST", "EQ_PRIN", "INT_M_BULLET", "INT_Q_BULLET", "BULLET", "REVOLVE")
FIRST_LOAN = ("yes", "no", "unknown")


@dataclass(frozen=True)
class Wanted:
    """One version of what a business asks for.

    ``securities``: codes of guarantees it could give, the empty tuple for none, None when its owner is not sure.
    """

    amount_yuan: Decimal
    term_months: int
    purpose: str
    securities: tuple[str, ...] | None = None
    wanted_by_on: date | None = None
    repayment: str | None = None
    first_loan: str = "unknown"
    max_rate_percent: Decimal | None = None
    note: str = ""


def why_not(wanted: Wanted, *, today: date) -> list[tuple[str, Reason]]:
    """What is wrong with it, as (field, reason); empty when it can be posted. ``today`` in Asia/Shanghai."""
    wrong: list[tuple[str, Reason]] = []
    if amount := amount_reason(wanted.amount_yuan):
        wrong.append(("amount", amount))
    if not 1 <= wanted.term_months <= LONGEST_MONTHS:
        wrong.append(("term", Reason("need_term_out_of_range", {"most_months": LONGEST_MONTHS})))
    if wanted.purpose not in PURPOSES:
        wrong.append(("purpose", Reason("need_purpose_not_allowed")))
    if reason := wanted_by_reason(wanted.wanted_by_on, today=today):
        wrong.append(("wanted_by", reason))
    if wanted.max_rate_percent is not None and not 0 < wanted.max_rate_percent <= 36:
        wrong.append(("max_rate", Reason("need_rate_out_of_range")))
    if len(wanted.note) > LONGEST_NOTE:
        wrong.append(("note", Reason("need_note_too_long", {"most": LONGEST_NOTE})))
    return wrong


def amount_reason(amount_yuan: Decimal) -> Reason | None:
    """Why this amount cannot be asked for, or None."""
    if amount_yuan <= 0:
        return Reason("need_amount_not_above_zero")
    if amount_yuan < SMALLEST_YUAN:
        return Reason("need_amount_too_small", {"typed_yuan": amount_yuan, "least_yuan": SMALLEST_YUAN})
    if amount_yuan > LARGEST_YUAN:
        return Reason(
            "need_amount_probably_in_yuan", {"read_yuan": amount_yuan, "perhaps_yuan": amount_yuan / 10_000}
        )
    return None


def wanted_by_reason(wanted_by_on: date | None, *, today: date) -> Reason | None:
    """Why money cannot be wanted by that day, or None; no day is no hurry."""
    if wanted_by_on is None:
        return None
    if wanted_by_on < today:
        return Reason("need_day_is_past", {"wanted_by_on": wanted_by_on})
    if (wanted_by_on - today).days > LATEST_DAYS:
        return Reason("need_day_is_far", {"wanted_by_on": wanted_by_on})
    return None


def securities_of(choices: Collection[str]) -> tuple[str, ...] | None:
    """Guarantee codes of what was ticked; None when the owner is not sure (or ticked nothing)."""
    if not choices or set(choices) == {"unsure"}:
        return None
    return tuple(code for choice, codes in SECURITY_CHOICES.items() if choice in choices for code in codes)


def choices_of(securities: Iterable[str] | None) -> list[str]:
    """What would be ticked for these guarantee codes: the reverse of ``securities_of``."""
    if securities is None:
        return ["unsure"]
    codes = set(securities)
    return [choice for choice, own in SECURITY_CHOICES.items() if codes & set(own)] or ["none"]


# Reading what was typed ---------------------------------------------------------------------------------------------


def read_amount(text: str, unit: str = "wan") -> Decimal | Reason:
    """Yuan, from what was typed; a bare number is in ``unit`` ("wan": 10,000 yuan, "yuan": yuan).

    Units and signs are read by ``reference.rules.sums``. Anything else is a reason; the amount itself is checked by
    ``amount_reason``.
    """
    if not narrow(text):
        return Reason("need_amount_missing")
    yuan = read_sum(text, unit)
    if yuan is None:
        return Reason("need_amount_not_a_number", {"typed": text.strip()[:40]})
    if yuan < 0:
        return Reason("need_amount_not_above_zero")
    if yuan > LARGEST_YUAN:
        return yuan  # its digits may be more than Decimal rounds; ``amount_reason`` refuses it
    if yuan != yuan.quantize(Decimal("1")):
        return Reason("need_amount_not_whole")
    return yuan.quantize(Decimal("0.01"))


def read_months(text: str) -> int | Reason:
    """Months, from what was typed: 18, １８, 18 个月, 2 年, 1年半, 18 months."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    if found := re.fullmatch(r"(\d{1,3})\s*(?:个?月|months?|m)?", plain):
        return int(found[1])
    if found := re.fullmatch(r"(\d{1,2})\s*(?:年|years?|y)\s*(半)?", plain):
        return int(found[1]) * 12 + (6 if found[2] else 0)
    return Reason("need_term_not_a_number", {"typed": text.strip()[:40]})


def read_rate(text: str) -> Decimal | Reason:
    """Percent a year, from what was typed: 4.35, ４.35％."""
    plain = unicodedata.normalize("NFKC", text).strip().rstrip("%").strip()
    if re.fullmatch(r"\d{1,2}(?:\.\d{1,4})?", plain):
        return Decimal(plain)
    return Reason("need_rate_not_a_number", {"typed": text.strip()[:40]})


def read_typed(typed: Mapping[str, Any], *, today: date) -> tuple[Wanted | None, list[tuple[str, Reason]]]:
    """What a form or a draft says, and everything that is wrong with it as (field, reason), in the form's order.

    ``typed`` is raw text under the names of DRAFT_FIELDS. A Wanted is answered when nothing is wrong.
    """
    wrong: list[tuple[str, Reason]] = []
    amount = read_amount(str(typed.get("amount") or ""), str(typed.get("amount_unit") or "wan"))
    if isinstance(amount, Reason):
        wrong.append(("amount", amount))
    term = _read_term(typed)
    if isinstance(term, tuple):
        wrong.append(term)
    purpose = str(typed.get("purpose") or "")
    if not purpose:
        wrong.append(("purpose", Reason("need_purpose_missing")))
    ticked = [choice for choice in typed.get("securities") or () if choice in SECURITY_CHOICES]
    if len(ticked) > 1 and {"none", "unsure"} & set(ticked):
        wrong.append(("securities", Reason("need_security_contradicts")))
    wanted_by = _read_day(str(typed.get("wanted_by") or ""))
    if isinstance(wanted_by, Reason):
        wrong.append(("wanted_by", wanted_by))
    rate = read_rate(str(typed["max_rate"])) if str(typed.get("max_rate") or "").strip() else None
    if isinstance(rate, Reason):
        wrong.append(("max_rate", rate))
    repayment = str(typed.get("repayment") or "") or None
    first_loan = str(typed.get("first_loan") or "unknown")
    unread = {name for name, _ in wrong}
    wanted = Wanted(
        amount_yuan=Decimal(1) if isinstance(amount, Reason) else amount,
        term_months=1 if isinstance(term, tuple) else term,
        purpose=purpose,
        securities=securities_of(ticked),
        wanted_by_on=None if isinstance(wanted_by, Reason) else wanted_by,
        repayment=repayment if repayment in REPAYMENTS else None,
        first_loan=first_loan if first_loan in FIRST_LOAN else "unknown",
        max_rate_percent=None if isinstance(rate, Reason) else rate,
        note=str(typed.get("note") or "").strip(),
    )
    wrong += [(name, reason) for name, reason in why_not(wanted, today=today) if name not in unread]
    order = {name: place for place, name in enumerate(DRAFT_FIELDS)}
    wrong.sort(key=lambda found: order.get(found[0], len(order)))
    return (None, wrong) if wrong else (wanted, [])


def _read_term(typed: Mapping[str, Any]) -> int | tuple[str, Reason]:
    term, other = str(typed.get("term") or ""), str(typed.get("term_other") or "").strip()
    if term == "other" or (not term and other):
        if not other:
            return "term_other", Reason("need_term_missing")
        months = read_months(other)
        if isinstance(months, Reason):
            return "term_other", months
        if not 1 <= months <= LONGEST_MONTHS:
            return "term_other", Reason("need_term_out_of_range", {"most_months": LONGEST_MONTHS})
        return months
    if not term.isdecimal():
        return "term", Reason("need_term_missing")
    return int(term[:4])


def _read_day(text: str) -> date | Reason | None:
    plain = unicodedata.normalize("NFKC", text).strip()
    if not plain:
        return None
    if found := re.fullmatch(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?", plain):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            pass
    return Reason("need_day_not_a_date", {"typed": plain[:40]})


# Check before sign-up -----------------------------------------------------------------------------------------------

UNSURE = "unsure"
KINDS = ("sole_proprietor", "enterprise", "cooperative", "not_yet", UNSURE)
AGES: Mapping[str, tuple[int | None, int | None]] = {
    "under_6": (0, 5), "6_to_12": (6, 11), "12_to_36": (12, 35), "over_36": (36, None),
}  # fmt: skip
"""Months in business, both ends included."""
TRADES: Mapping[str, tuple[str, ...]] = {
    "food": ("61", "62"),
    "shop": ("51", "52"),
    "making": tuple(f"{number:02d}" for number in range(13, 44)),
    "transport": tuple(f"{number:02d}" for number in range(53, 61)),
    "farming": ("01", "02", "03", "04", "05"),
    "service": ("80", "81", "82"),
    "other": (),
}
"""Everyday groups → divisions of GB/T 4754-2017; "other" says nothing about the trade."""
TURNOVERS: Mapping[str, tuple[int | None, int | None]] = {
    "under_30": (0, 300_000), "30_to_100": (300_000, 1_000_000),
    "100_to_500": (1_000_000, 5_000_000), "over_500": (5_000_000, None),
}  # fmt: skip
"""Yuan of last year."""
CHECK_TERMS = ("6", "12", "24", "36", "60")


@dataclass(frozen=True)
class Answers:
    """The answers of "check first", as typed; an empty answer or ``unsure`` is never taken for a no.

    They live in the signed session cookie until its owner signs up: plain text, small, no identity.
    """

    kind: str = UNSURE
    age: str = UNSURE
    trade: str = UNSURE
    turnover: str = UNSURE
    region_code: str = ""
    """Digits of the region: of a county, or the first four of a city; empty when not said."""
    amount_yuan: Decimal | None = None
    term: str = UNSURE
    securities: tuple[str, ...] = field(default=(UNSURE,))

    def as_cookie(self) -> dict[str, Any]:
        """Plain values for the session cookie; ``from_cookie`` gives the same answers back."""
        kept: dict[str, Any] = {
            "kind": self.kind,
            "age": self.age,
            "trade": self.trade,
            "turnover": self.turnover,
            "region_code": self.region_code,
            "term": self.term,
            "securities": list(self.securities),
        }
        if self.amount_yuan is not None:
            kept["amount_yuan"] = format(self.amount_yuan, "f")
        return kept

    @classmethod
    def from_cookie(cls, kept: Mapping[str, Any] | None) -> Answers | None:
        """The answers that wait in a session, or None when there are none."""
        if not kept:
            return None
        amount = kept.get("amount_yuan")
        plain = ("kind", "age", "trade", "turnover", "region_code", "term")
        return cls(
            **{name: str(kept[name]) for name in plain if name in kept},
            securities=tuple(kept.get("securities") or (UNSURE,)),
            amount_yuan=Decimal(amount) if amount else None,
        )


def _span(low: int | None, high: int | None, number: type) -> Span:
    return Span(None if low is None else number(low), None if high is None else number(high))


def facts_of(answers: Answers) -> Facts:
    """What the eight answers say of a business and its need; what was not said stays unknown."""
    divisions = TRADES.get(answers.trade, ())
    kind = answers.kind if answers.kind in ("sole_proprietor", "enterprise", "cooperative") else None
    age = AGES.get(answers.age)
    turnover = TURNOVERS.get(answers.turnover)
    securities = securities_of(answers.securities)
    return Facts(
        kind=kind,
        industry_code=Possible(divisions) if divisions else None,
        region_code=regions.standing(answers.region_code) or None,
        months_in_business=_span(*age, int) if age else None,
        turnover_yuan=_span(*turnover, Decimal) if turnover else None,
        amount_yuan=answers.amount_yuan,
        term_months=int(answers.term) if answers.term.isdecimal() else None,
        securities=None if securities is None else frozenset(securities),
    )


def draft_values_of(answers: Answers) -> dict[str, Any]:
    """What the answers already say for a need draft, as raw text: nothing is asked twice."""
    values: dict[str, Any] = {}
    if answers.amount_yuan is not None:
        values |= {"amount": shown_sum(answers.amount_yuan, "wan"), "amount_unit": "wan"}
    if answers.term.isdecimal():
        values["term"] = answers.term
    if answers.securities:
        values["securities"] = list(answers.securities)
    return values


TRADE_WORDS: Mapping[str, str] = {
    "food": "餐饮", "shop": "零售", "transport": "运输", "farming": "种植", "service": "修理",
}  # fmt: skip
"""What the search of industries is asked for, so that the class is chosen and not the trade told again. Making has
no word of its own: its first hits would be any factory's."""


def collateral_of(draft: Mapping[str, Any]) -> dict[str, str]:
    """What a draft already says of collateral for the form of the business; nothing while its owner is not sure."""
    said = securities_of([choice for choice in draft.get("securities") or () if choice in SECURITY_CHOICES])
    return {} if said is None else {"collateral_said": ",".join(said) or "none"}


def securities_known(collateral: Collection[str]) -> list[str]:
    """The choices of a need's form that a business has spoken of already; none where it holds only other things."""
    known = [choice for choice, own in SECURITY_CHOICES.items() if set(collateral) & set(own)]
    return known if known or collateral else ["none"]


def business_values_of(answers: Answers | None, drafts: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """What was already said for the profile of the business, under the names of its form.

    Trade and place are those of "check first"; collateral is what the newest of ``drafts`` says of it, else the check.
    """
    securities = next((draft["securities"] for draft in drafts if draft.get("securities")), None)
    if securities is None:
        securities = answers.securities if answers else ()
    values = collateral_of({"securities": securities})
    if answers is None:
        return values
    values |= {"industry_query": TRADE_WORDS.get(answers.trade, ""), "region_code": answers.region_code}
    if len(answers.region_code) < 6:
        values |= {"region_code": "", "province": answers.region_code[:2].ljust(6, "0") if answers.region_code else ""}
        if len(answers.region_code) == 4:
            values["city"] = f"{answers.region_code}00"
    return {name: value for name, value in values.items() if value}


# Drafts -------------------------------------------------------------------------------------------------------------

DRAFT_FIELDS = (
    "business_id", "amount", "amount_unit", "term", "term_other", "purpose", "securities", "wanted_by",
    "repayment", "first_loan", "max_rate", "note",
)  # fmt: skip
LONGEST_TYPED = 1000


def kept_of(typed: Mapping[str, Any]) -> dict[str, Any]:
    """What a draft keeps of a posted form: known fields as raw text, cut at LONGEST_TYPED; valid or not."""
    kept: dict[str, Any] = {}
    for name in DRAFT_FIELDS:
        value = typed.get(name)
        if name == "securities":
            kept[name] = [str(item)[:40] for item in value or []][: len(SECURITY_CHOICES)]
        elif value is not None:
            kept[name] = str(value)[:LONGEST_TYPED]
    return kept


def as_planned(wanted: Wanted, planned: Mapping[str, str]) -> Wanted:
    """The version with what a plan proposes (an address carries it as text): ``amount`` in yuan, ``term`` in months,
    ``add`` one or more kinds of security with commas between, ``repayment`` "any". What cannot be read is left out."""
    amount, months = planned.get("amount", ""), planned.get("term", "")
    if re.fullmatch(r"\d{1,12}(\.\d{1,2})?", amount):
        wanted = replace(wanted, amount_yuan=Decimal(amount))
    if re.fullmatch(r"\d{1,3}", months) and 1 <= int(months) <= LONGEST_MONTHS:
        wanted = replace(wanted, term_months=int(months))
    known = {code for own in SECURITY_CHOICES.values() for code in own}
    added = tuple(code for code in planned.get("add", "").split(",") if code in known)
    if added:
        wanted = replace(wanted, securities=tuple(dict.fromkeys((*(wanted.securities or ()), *added))))
    return replace(wanted, repayment=None) if planned.get("repayment") == "any" else wanted


def typed_of(wanted: Wanted) -> dict[str, Any]:
    """A version of a need as it would be typed: for copying and changing it."""
    common = wanted.term_months in COMMON_TERMS
    return {
        "amount": f"{(wanted.amount_yuan / 10_000).normalize():,f}",
        "amount_unit": "wan",
        "term": str(wanted.term_months) if common else "other",
        "term_other": "" if common else str(wanted.term_months),
        "purpose": wanted.purpose,
        "securities": choices_of(wanted.securities),
        "wanted_by": wanted.wanted_by_on.isoformat() if wanted.wanted_by_on else "",
        "repayment": wanted.repayment or "",
        "first_loan": wanted.first_loan,
        "max_rate": "" if wanted.max_rate_percent is None else format(wanted.max_rate_percent.normalize(), "f"),
        "note": wanted.note,
    }
