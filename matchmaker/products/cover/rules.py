"""What one version of a cover says, what keeps it from being published, and the neutral order in which it is listed.

Prices are apart from everything else: they are read, checked and shown only where the operator's licence for
insurance intermediation is on file (design "Insurance"; 互联网保险业务监管办法, 2020).
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from matchmaker.eligibility import facts as eligibility
from matchmaker.eligibility.rules import BY_NAME, Verdict, verdict
from matchmaker.products.rules.differences import Difference
from matchmaker.products.rules.terms import (
    APPLICANT_KINDS,
    MONTHS_IN_BUSINESS_MOST,
    NOTE_LONGEST,
    VALID_MOST_DAYS,
    Paper,
    Problem,
    document_field,
    named,
    text_problems,
)
from matchmaker.products.rules.typed import Typed, _number_text, _Reader, _sum_text
from matchmaker.reference import insurance_lines, regions
from matchmaker.refusal import Reason, plain


class Period(StrEnum):
    """For how long one contract runs."""

    YEAR = "year"
    PROJECT = "project"  # 工期、合同期
    TRIP = "trip"  # 单程、单票
    SEASON = "season"  # 生产季
    MONTHS = "months"  # 几个月，按月续
    LONG = "long"  # 一年以上


class Plan(StrEnum):
    """How the premium is paid (article 15: 灵活缴费)."""

    ONCE = "once"
    HALF_YEARLY = "half_yearly"
    QUARTERLY = "quarterly"
    MONTHLY = "monthly"
    PER_SHIPMENT = "per_shipment"
    PER_DAY = "per_day"


class Filing(StrEnum):
    """How the supervisor knows the text (保险公司保险条款和保险费率管理办法)."""

    FILED = "filed"  # 备案
    REGISTERED = "registered"  # 注册
    APPROVED = "approved"  # 审批


DOCUMENTS = (
    "LICENCE", "OWNER_ID", "LEASE", "ASSET_LIST", "STOCK_LIST", "FIRE_CERT", "STAFF_LIST", "CONTRACT", "QUALIFICATION",
    "VEHICLE_LICENCE", "SALES_RECORD", "EXPORT_RECORD", "IP_TITLE", "LAST_POLICY", "LOSS_RECORD", "HEALTH_STATEMENT",
)  # fmt: skip
"""Papers that an insurer may ask for; each with its reason."""


_PERSONS = ("KP", "EMP")
# Property insurers may write accident and short-term health only; long-term persons' cover is the life insurers'
# (保险法 第九十五条).
_LIFE_ONLY = frozenset({"KP_CI", "KP_PENSION", "KP_LIFE", "EMP_CI", "EMP_LIFE", "EMP_ANN"})

NAME_LONGEST = 24
SUMMARY_LONGEST = 120
TEXT_LONGEST = 600
SUM_LEAST_YUAN = Decimal(100)
SUM_MOST_YUAN = Decimal(10_000_000_000)
# 保险法 第二十三条: at most 30 days to decide a complex claim, 10 days to pay once agreed.
DECIDE_DAYS_MOST = 30
PAY_DAYS_MOST = 10
ACKNOWLEDGE_DAYS_MOST = 5
SMALL_CLAIM_MOST_YUAN = Decimal(50_000)
ANSWER_DAYS_MOST = 5
"""Working days from taking a request up to a quote or a refusal: the platform's clock, and what may be promised."""

STEPS: tuple[str, ...] = ("basics", "who", "sums", "promises")
PRICE_FIELDS = ("rate_min", "rate_max", "least_premium_yuan")
FIELDS: dict[str, tuple[str, ...]] = {
    "basics": ("name", "summary", "covers", "exclusions", "deductible"),
    "who": (
        "applicant_kinds", "regions", "industries_allow", "industries_deny", "min_months_in_business",
        "min_turnover_wan",
    ),
    "sums": ("sum_min_wan", "sum_max_wan", "periods", "plans", *PRICE_FIELDS),
    "promises": (
        "documents", *(document_field(code) for code in DOCUMENTS), "answer_days", "acknowledge_days", "decide_days",
        "pay_days", "small_claim_yuan", "small_claim_days", "filing", "filing_number", "filed_on", "terms_url",
        "valid_from_on", "valid_until_on",
    ),
}  # fmt: skip
STEP_OF: dict[str, str] = {field: step for step, names in FIELDS.items() for field in names}

CRITERIA: tuple[str, ...] = ("validity", "applicant", "industry", "region", "months_in_business", "turnover")
"""The rules of eligibility that a cover sets bounds for: the same declarations as for credit, fewer of them."""


def lines_offered(institution_kind: str) -> tuple[str, ...]:
    """The lines of insurance_lines.csv that an institution of this kind may list; empty for whoever is no insurer."""
    every = insurance_lines.every()
    if institution_kind == "INS_L":
        return tuple(line.code for line in every if line.group_code in _PERSONS)
    if institution_kind == "INS_X":
        return tuple(line.code for line in every if line.group_code == "CREDIT")
    if institution_kind == "INS_P":
        return tuple(line.code for line in every if line.code not in _LIFE_ONLY)
    return ()


@dataclass(frozen=True)
class Terms:
    """Everything that a version of a cover says; None and empty: not answered yet, or nothing asked."""

    line: str
    name: str = ""
    summary: str = ""
    covers: str = ""
    exclusions: str = ""
    deductible: str = ""
    applicant_kinds: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    industries_allow: tuple[str, ...] = ()
    industries_deny: tuple[str, ...] = ()
    min_months_in_business: int | None = None
    min_turnover_yuan: Decimal | None = None
    sum_min_yuan: Decimal | None = None
    sum_max_yuan: Decimal | None = None
    periods: tuple[str, ...] = ()
    plans: tuple[str, ...] = ()
    documents: tuple[Paper, ...] = ()
    answer_days: int | None = None
    acknowledge_days: int | None = None
    decide_days: int | None = None
    pay_days: int | None = None
    small_claim_yuan: Decimal | None = None
    small_claim_days: int | None = None
    filing: Filing | None = None
    filing_number: str = ""
    filed_on: date | None = None
    terms_url: str = ""
    valid_from_on: date | None = None
    valid_until_on: date | None = None
    rate_min: Decimal | None = None
    rate_max: Decimal | None = None
    """Per mille of the line's base where that is money, yuan for one unit of it where it is not."""
    least_premium_yuan: Decimal | None = None

    @property
    def priced(self) -> bool:
        """Whether an indicative premium can be said at all."""
        return self.rate_min is not None and self.rate_max is not None


def split(text: str) -> tuple[str, ...]:
    """The entries of a text that was typed one a line."""
    return tuple(line.strip(" 　·•-、") for line in text.splitlines() if line.strip(" 　·•-、"))


# Reading what was typed ---------------------------------------------------------------------------------------------


def read_terms(typed: Typed, line: str) -> tuple[Terms, list[Problem]]:
    """The terms that can be read from `typed` (field -> values as text), and what could not be read."""
    read = _Reader(typed)
    filing = read.one("filing", Filing)
    found = Terms(
        line=line,
        name=read.text("name"),
        summary=read.text("summary"),
        covers=read.text("covers"),
        exclusions=read.text("exclusions"),
        deductible=read.text("deductible"),
        applicant_kinds=read.many("applicant_kinds", APPLICANT_KINDS),
        regions=read.places("regions"),
        industries_allow=read.trades("industries_allow"),
        industries_deny=read.trades("industries_deny"),
        min_months_in_business=read.whole("min_months_in_business"),
        min_turnover_yuan=read.yuan_from_wan("min_turnover_wan"),
        sum_min_yuan=read.yuan_from_wan("sum_min_wan"),
        sum_max_yuan=read.yuan_from_wan("sum_max_wan"),
        periods=read.many("periods", tuple(Period)),
        plans=read.many("plans", tuple(Plan)),
        documents=tuple(
            Paper(code, read.text(document_field(code))) for code in read.many("documents", DOCUMENTS)
        ),
        answer_days=read.whole("answer_days"),
        acknowledge_days=read.whole("acknowledge_days"),
        decide_days=read.whole("decide_days"),
        pay_days=read.whole("pay_days"),
        small_claim_yuan=read.sum("small_claim_yuan"),
        small_claim_days=read.whole("small_claim_days"),
        filing=filing,
        filing_number=read.text("filing_number"),
        filed_on=read.day("filed_on"),
        terms_url=read.text("terms_url"),
        valid_from_on=read.day("valid_from_on"),
        valid_until_on=read.day("valid_until_on"),
        rate_min=read.percent("rate_min"),
        rate_max=read.percent("rate_max"),
        least_premium_yuan=read.sum("least_premium_yuan"),
    )
    return found, read.problems


def typed_from(terms: Terms) -> dict[str, list[str]]:
    """What a desk would have typed for these terms: a new version starts from it."""
    def day(value: date | None) -> list[str]:
        return [value.isoformat()] if value is not None else []

    return {
        "name": [terms.name], "summary": [terms.summary], "covers": [terms.covers], "exclusions": [terms.exclusions],
        "deductible": [terms.deductible], "applicant_kinds": list(terms.applicant_kinds),
        "regions": ["、".join(terms.regions)], "industries_allow": ["、".join(terms.industries_allow)],
        "industries_deny": ["、".join(terms.industries_deny)],
        "min_months_in_business": _number_text(terms.min_months_in_business),
        "min_turnover_wan": _sum_text(terms.min_turnover_yuan),
        "sum_min_wan": _sum_text(terms.sum_min_yuan), "sum_max_wan": _sum_text(terms.sum_max_yuan),
        "periods": list(terms.periods), "plans": list(terms.plans),
        "documents": [paper.code for paper in terms.documents],
        **{document_field(paper.code): [paper.reason] for paper in terms.documents},
        "answer_days": _number_text(terms.answer_days), "acknowledge_days": _number_text(terms.acknowledge_days),
        "decide_days": _number_text(terms.decide_days), "pay_days": _number_text(terms.pay_days),
        "small_claim_yuan": _number_text(terms.small_claim_yuan),
        "small_claim_days": _number_text(terms.small_claim_days),
        "filing": [terms.filing.value] if terms.filing else [], "filing_number": [terms.filing_number],
        "filed_on": day(terms.filed_on), "terms_url": [terms.terms_url],
        "valid_from_on": day(terms.valid_from_on), "valid_until_on": day(terms.valid_until_on),
        "rate_min": _number_text(terms.rate_min), "rate_max": _number_text(terms.rate_max),
        "least_premium_yuan": _number_text(terms.least_premium_yuan),
    }  # fmt: skip


# What keeps it from being published ---------------------------------------------------------------------------------


def _missing(field: str) -> Problem:
    return Problem(field, Reason("product_field_missing", {}))


def _whole_within(field: str, value: int | None, most: int) -> list[Problem]:
    if value is None:
        return [_missing(field)]
    if not 1 <= value <= most:
        return [Problem(field, Reason("product_number_between", {"least": 1, "most": most}))]
    return []


def _text_step(terms: Terms) -> list[Problem]:
    found = text_problems("name", terms.name, shortest=2, longest=NAME_LONGEST)
    found += text_problems("summary", terms.summary, shortest=6, longest=SUMMARY_LONGEST)
    found += text_problems("covers", terms.covers, shortest=6, longest=TEXT_LONGEST)
    found += text_problems("exclusions", terms.exclusions, shortest=6, longest=TEXT_LONGEST)
    found += text_problems("deductible", terms.deductible, shortest=2, longest=SUMMARY_LONGEST)
    for field in ("name", "summary", "covers", "deductible"):
        found += _best_words(field, getattr(terms, field))
    return found


# An insurer's text may not rank itself, promise a pay-out or name a price (互联网保险办法: 不得比价、误导).
_BANNED = (
    ("cover_words_best", re.compile("最好|最优|第一名|排名第一|性价比|全网|独家|首选|推荐")),
    ("cover_words_certain", re.compile("必赔|包赔|全赔|什么都赔|都能赔|保证赔付|百分(?:之)?百赔|秒赔")),
    ("cover_words_price", re.compile(r"低至|只要\d+元|仅需\d+|每天\d+元|免费送|返现|返佣|打折|折扣|优惠价|零元购")),
    ("cover_words_tie_in", re.compile("贷款必须|放款前必须买|不买不放款")),
)


def _best_words(field: str, text: str) -> list[Problem]:
    bare = re.sub(r"\s", "", text)
    return [
        Problem(field, Reason(code, {"word": found.group()}))
        for code, pattern in _BANNED
        if (found := pattern.search(bare)) is not None
    ]


def _who_step(terms: Terms) -> list[Problem]:
    found: list[Problem] = []
    if not terms.applicant_kinds:
        found.append(Problem("applicant_kinds", Reason("product_choose_one", {})))
    for prefix in terms.industries_allow:
        wider = next((deny for deny in terms.industries_deny if prefix.startswith(deny)), None)
        if wider is not None:
            facts = {"industry": named(prefix), "denied": named(wider)}
            found.append(Problem("industries_deny", Reason("product_industry_both", facts)))
    months, turnover = terms.min_months_in_business, terms.min_turnover_yuan
    if months is not None and not 0 < months <= MONTHS_IN_BUSINESS_MOST:
        bounds = {"least": 1, "most": MONTHS_IN_BUSINESS_MOST}
        found.append(Problem("min_months_in_business", Reason("product_number_between", bounds)))
    if turnover is not None and turnover <= 0:
        found.append(Problem("min_turnover_wan", Reason("product_sum_below", {"least_yuan": 10_000})))
    return found


def _sum_step(terms: Terms, *, licensed: bool) -> list[Problem]:
    found: list[Problem] = []
    for field, value in (("sum_min_wan", terms.sum_min_yuan), ("sum_max_wan", terms.sum_max_yuan)):
        if value is None:
            found.append(_missing(field))
        elif value < SUM_LEAST_YUAN:
            found.append(Problem(field, Reason("product_sum_below", {"least_yuan": SUM_LEAST_YUAN})))
        elif value > SUM_MOST_YUAN:
            found.append(Problem(field, Reason("product_sum_above", {"most_yuan": SUM_MOST_YUAN})))
    if not found and terms.sum_min_yuan is not None and terms.sum_max_yuan is not None:
        low, high = terms.sum_min_yuan, terms.sum_max_yuan
        if low > high:
            found.append(Problem("sum_max_wan", Reason("product_sum_order", {"low_yuan": low, "high_yuan": high})))
    for field in ("periods", "plans"):
        if not getattr(terms, field):
            found.append(Problem(field, Reason("product_choose_one", {})))
    return found + (_price_problems(terms) if licensed else [])


def _price_problems(terms: Terms) -> list[Problem]:
    """An indicative rate is optional; half of one is not."""
    low, high, least = terms.rate_min, terms.rate_max, terms.least_premium_yuan
    found: list[Problem] = []
    if (low is None) != (high is None):
        found.append(_missing("rate_min" if low is None else "rate_max"))
    for field, value in (("rate_min", low), ("rate_max", high), ("least_premium_yuan", least)):
        if value is not None and value <= 0:
            found.append(Problem(field, Reason("product_number_below", {"least": Decimal("0.0001")})))
    if low is not None and high is not None and low > high and not found:
        found.append(Problem("rate_max", Reason("product_range_order", {"low": low, "high": high})))
    return found


def _promise_step(terms: Terms, today: date) -> list[Problem]:
    found: list[Problem] = []
    for paper in terms.documents:
        if not paper.reason.strip():
            found.append(Problem(document_field(paper.code), Reason("product_document_reason_missing", {})))
        found += text_problems(document_field(paper.code), paper.reason, shortest=0, longest=NOTE_LONGEST)
    if not terms.documents:
        found.append(Problem("documents", Reason("product_choose_one", {})))
    found += _whole_within("answer_days", terms.answer_days, ANSWER_DAYS_MOST)
    found += _whole_within("acknowledge_days", terms.acknowledge_days, ACKNOWLEDGE_DAYS_MOST)
    found += _whole_within("decide_days", terms.decide_days, DECIDE_DAYS_MOST)
    found += _whole_within("pay_days", terms.pay_days, PAY_DAYS_MOST)
    found += _small_claim(terms)
    if terms.filing is None:
        found.append(Problem("filing", Reason("product_choose_one", {})))
    if not terms.filing_number.strip():
        found.append(_missing("filing_number"))
    elif not re.fullmatch(r"[\w（）()\-〔〕\[\]./]{6,60}", terms.filing_number.strip()):
        found.append(Problem("filing_number", Reason("cover_filing_unreadable", {"typed": terms.filing_number[:40]})))
    if terms.filed_on is None:
        found.append(_missing("filed_on"))
    elif terms.filed_on > today:
        found.append(Problem("filed_on", Reason("cover_filed_in_future", {"filed_on": terms.filed_on})))
    if terms.terms_url and not re.fullmatch(r"https://[^\s<>\"']{4,300}", terms.terms_url):
        found.append(Problem("terms_url", Reason("cover_url_unreadable", {})))
    return found + _validity(terms, today)


def _small_claim(terms: Terms) -> list[Problem]:
    """Small claims with a shorter limit (article 15.4): a sum and days, or neither."""
    amount, days = terms.small_claim_yuan, terms.small_claim_days
    if (amount is None) != (days is None):
        return [_missing("small_claim_yuan" if amount is None else "small_claim_days")]
    if amount is None or days is None:
        return []
    if not 0 < amount <= SMALL_CLAIM_MOST_YUAN:
        facts = {"least": 1, "most": SMALL_CLAIM_MOST_YUAN}
        return [Problem("small_claim_yuan", Reason("product_number_between", facts))]
    if not 1 <= days <= (terms.decide_days or DECIDE_DAYS_MOST):
        facts = {"least": 1, "most": terms.decide_days or DECIDE_DAYS_MOST}
        return [Problem("small_claim_days", Reason("product_number_between", facts))]
    return []


def _validity(terms: Terms, today: date) -> list[Problem]:
    start, end = terms.valid_from_on, terms.valid_until_on
    found = [_missing(field) for field, day in (("valid_from_on", start), ("valid_until_on", end)) if day is None]
    if start is not None and end is not None:
        if end < start:
            found.append(Problem("valid_until_on", Reason("product_valid_order", {"from_on": start})))
        elif end < today:
            found.append(Problem("valid_until_on", Reason("product_valid_over", {"until_on": end})))
        elif (end - start).days > VALID_MOST_DAYS:
            found.append(Problem("valid_until_on", Reason("product_valid_long", {"most_days": VALID_MOST_DAYS})))
    return found


def problems_of(terms: Terms, *, today: date, licensed: bool) -> list[Problem]:
    """Everything that keeps these terms from being published, in the order of the form; empty: they may be."""
    return [
        *_text_step(terms),
        *_who_step(terms),
        *_sum_step(terms, licensed=licensed),
        *_promise_step(terms, today),
    ]


def differences(before: Terms, after: Terms, *, licensed: bool) -> list[Difference]:
    """All changes from `before` to `after` in the order of the form; prices only where they are shown at all."""
    found = []
    for field in fields(Terms):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if field.name == "line" or old == new or (field.name in PRICE_FIELDS and not licensed):
            continue
        if field.name == "documents":
            old_codes, new_codes = tuple(p.code for p in old), tuple(p.code for p in new)
            added = tuple(code for code in new_codes if code not in old_codes)
            removed = tuple(code for code in old_codes if code not in new_codes)
            if added or removed:
                found.append(Difference("documents", added=added, removed=removed))
            reasons = {paper.code: paper.reason for paper in old}
            found += [
                Difference("document_reason", reasons[paper.code], paper.reason, part=paper.code)
                for paper in new
                if paper.code in reasons and reasons[paper.code] != paper.reason
            ]
        elif isinstance(old, tuple):
            found.append(
                Difference(
                    field.name,
                    added=tuple(value for value in new if value not in old),
                    removed=tuple(value for value in old if value not in new),
                )
            )
        else:
            found.append(Difference(field.name, old, new))
    return found


def fingerprint(terms: Terms) -> str:
    """The fingerprint of the approved text: what is shown later can be proved to be what two persons approved."""
    told = {field.name: plain(getattr(terms, field.name)) for field in fields(Terms) if field.name != "documents"}
    told["documents"] = [paper.as_json() for paper in terms.documents]
    return hashlib.sha256(json.dumps(told, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


# For whom -----------------------------------------------------------------------------------------------------------


def as_criteria(terms: Terms) -> eligibility.Terms:
    """The bounds of a cover as the declarations of eligibility take them, by the divisions that stand now."""
    return eligibility.Terms(
        regions=regions.areas_now(terms.regions),
        industries_allow=terms.industries_allow,
        industries_deny=terms.industries_deny,
        applicant_kinds=terms.applicant_kinds,
        min_months_in_business=terms.min_months_in_business,
        min_turnover_yuan=terms.min_turnover_yuan,
        valid_from_on=terms.valid_from_on,
        valid_until_on=terms.valid_until_on,
    )


def verdicts(terms: Terms, facts: eligibility.Facts, today: date) -> list[Verdict]:
    """One verdict for each rule of `CRITERIA`."""
    asked = as_criteria(terms)
    return [verdict(BY_NAME[name], asked, facts, today) for name in CRITERIA]


# The neutral order --------------------------------------------------------------------------------------------------


def neutral_order(institution_ids: Iterable[int], line: str, today: date) -> list[int]:
    """The insurers of a line in the order of the day: by number, turned on by one place every day.

    So over as many days as there are insurers each stands first once; another line begins at another place.
    """
    ids = sorted(set(institution_ids))
    if not ids:
        return []
    turn = (today.toordinal() + zlib.crc32(line.encode())) % len(ids)
    return ids[turn:] + ids[:turn]


# Prices: only where the licence is on file --------------------------------------------------------------------------


@dataclass(frozen=True)
class Indicative:
    """A premium for a year or a contract as the insurer's published rate makes it; no quote, no promise."""

    least_yuan: Decimal
    most_yuan: Decimal


def counted_in_money(line: str) -> bool:
    """Whether the base of this line is a sum of money (the rate is then per mille), or a number of things."""
    found = insurance_lines.get(line)
    return found is not None and found.rating_unit.startswith(("元", "美元"))


def indicative(terms: Terms, base: Decimal) -> Indicative | None:
    """What a base (yuan, or a number of units) costs at the published rates; None without rates."""
    if terms.rate_min is None or terms.rate_max is None or base <= 0:
        return None
    share = Decimal(1000) if counted_in_money(terms.line) else Decimal(1)
    fen = Decimal("0.01")
    least = terms.least_premium_yuan or Decimal(0)
    low, high = (
        max(least, (base * rate / share).quantize(fen, ROUND_HALF_UP)) for rate in (terms.rate_min, terms.rate_max)
    )
    return Indicative(low, high)


def without_prices(typed: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """What was typed, but for prices: without the licence none is taken, none is kept."""
    return {field: list(values) for field, values in typed.items() if field not in PRICE_FIELDS}


def line_name(code: str, language: str) -> str:
    """The name of a line in a language; lines are official names, known in both."""
    found: Any = insurance_lines.get(code)
    if found is None:
        return code
    return str(found.name_en if language == "en" else found.name)
