"""What a version promises, as one value; and what is wrong, or worth a second look, before anybody may publish it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.pricing.cashflows import NEEDS_PARAM
from matchmaker.pricing.quotes import PRICED_AS
from matchmaker.pricing.rules import lpr_rate_percent
from matchmaker.products.rules import fees
from matchmaker.products.rules.concessions import Concession, faults_of, slot_field
from matchmaker.products.rules.fees import FeeLine
from matchmaker.products.rules.states import Kind
from matchmaker.reference import industries, regions
from matchmaker.reference.rules.wording import banned_promises, is_placeholder, plain
from matchmaker.refusal import Reason


class RateBase(StrEnum):
    """What the rate is counted from (financing_terms.csv, domain rate)."""

    LPR1Y = "LPR1Y"
    LPR5Y = "LPR5Y"
    FIXED = "FIXED"


class RenewalKind(StrEnum):
    """How a loan ends (article 9.1)."""

    WITHOUT_REPAYING = "without_repaying"  # 无还本续贷
    AFTER_REPAYING = "after_repaying"
    NO = "no"


APPLICANT_KINDS = ("enterprise", "sole_proprietor", "cooperative")

# Codes of papers a lender may ask for; each asked paper needs its reason (八部门23条 of 2025: trim the papers).
DOCUMENT_CODES = (
    "LICENCE",
    "OWNER_ID",
    "BANK_FLOW",
    "POS_FLOW",
    "TAX_RETURNS",
    "INVOICES",
    "STATEMENTS",
    "LEASE",
    "PURPOSE_CONTRACT",
    "ORDERS",
    "EQUIPMENT_QUOTE",
    "PROPERTY_TITLE",
    "APPRAISAL_REPORT",
    "IP_TITLE",
    "RECEIVABLE_PROOF",
    "STOCK_LIST",
    "CUSTOMS",
    "TITLE_CERTIFICATE",
    "CREDIT_REPORT_CONSENT",
    "GUARANTOR_ID",
    "INSURANCE_POLICY",
    "MEMBER_LIST",
)

# Ways to repay whose cost can be computed from a product alone, without a further number (pricing has their rules).
PRICEABLE_REPAYMENTS = frozenset(PRICED_AS) - frozenset(code.value for code in NEEDS_PARAM)

NAME_LONGEST = 20
SUMMARY_LONGEST = 120
STATEMENT_SHORTEST = 10
STATEMENT_LONGEST = 300
NOTE_LONGEST = 120
AMOUNT_LEAST_YUAN = Decimal("1000")
AMOUNT_MOST_YUAN = Decimal("1000000000")
TERM_MOST_MONTHS = 360
SPREAD_MOST_BP = 2400
MONTHS_IN_BUSINESS_MOST = 240
# 30 calendar days is the platform's clock for a decision (小微企业融资协调工作机制, 2024-10); with the longest holidays
# they hold at least 15 working days, usually 20 or more. A promise beyond 20 could not be kept against that clock.
PROMISED_DAYS_MOST = 20
VALID_MOST_DAYS = 366  # a listing is looked at again at least once a year: stale lists kill trust (research, section 4)
# 助贷新规 金规〔2025〕9号 is read as a ceiling of 24 % a year on everything the borrower pays.
RATE_CEILING_PERCENT = Decimal("24")
GOVERNMENT_GUARANTEE_TARGET_PERCENT = Decimal("1")  # 国办发〔2019〕6号: guarantee fee towards 1 % and below
WORKING_CAPITAL = frozenset({"WC", "PURCHASE", "PAYROLL", "RENT", "ORDER", "EXPORT", "TAX", "RENEW", "RELIEF"})


@dataclass(frozen=True)
class Paper:
    """A document that is asked for, and why."""

    code: str
    reason: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "reason": self.reason}


@dataclass(frozen=True)
class Terms:
    """Everything that a version says; None and empty mean that nothing is asked, in a draft also: not answered yet."""

    kind: Kind
    name: str = ""
    summary: str = ""
    applicant_kinds: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    first_time_friendly: bool = False
    first_time_only: bool = False
    amount_min_yuan: Decimal | None = None
    amount_max_yuan: Decimal | None = None
    term_min_months: int | None = None
    term_max_months: int | None = None
    rate_base: RateBase | None = None
    spread_min_bp: int | None = None
    spread_max_bp: int | None = None
    fixed_rate_percent: Decimal | None = None
    repayments: tuple[str, ...] = ()
    securities: tuple[str, ...] = ()
    revolving: bool = False
    regions: tuple[str, ...] = ()
    industries_allow: tuple[str, ...] = ()
    industries_deny: tuple[str, ...] = ()
    min_months_in_business: int | None = None
    min_turnover_yuan: Decimal | None = None
    tax_grades: tuple[str, ...] = ()
    max_debt_ratio_percent: Decimal | None = None
    renewal_kind: RenewalKind | None = None
    renewal_statement: str = ""
    documents: tuple[Paper, ...] = ()
    promised_days: int | None = None
    valid_from_on: date | None = None
    valid_until_on: date | None = None
    concessions: tuple[Concession, ...] = ()
    fees: tuple[FeeLine, ...] = ()

    @property
    def unsecured(self) -> bool:
        """Whether it can be had without any security."""
        return "CREDIT" in self.securities

    @property
    def renewable(self) -> bool:
        """Whether it can be renewed at all."""
        return self.renewal_kind in (RenewalKind.WITHOUT_REPAYING, RenewalKind.AFTER_REPAYING)


@dataclass(frozen=True)
class Problem:
    """Something that keeps a version from being published, at the field where it is repaired."""

    field: str
    reason: Reason


def rates_percent(terms: Terms, lpr_1y_percent: Decimal, lpr_5y_percent: Decimal) -> tuple[Decimal, Decimal] | None:
    """Lowest and highest yearly rate with that LPR, in percent; None while the draft does not say."""
    if terms.rate_base == RateBase.FIXED:
        return None if terms.fixed_rate_percent is None else (terms.fixed_rate_percent, terms.fixed_rate_percent)
    if terms.rate_base is None or terms.spread_min_bp is None or terms.spread_max_bp is None:
        return None
    base = lpr_5y_percent if terms.rate_base == RateBase.LPR5Y else lpr_1y_percent
    return lpr_rate_percent(base, terms.spread_min_bp), lpr_rate_percent(base, terms.spread_max_bp)


def tax_grades_from(least: str) -> tuple[str, ...]:
    """The grades that satisfy "at least this one", best first; none given: any grade, and no grade at all."""
    return TAX_GRADES[: TAX_GRADES.index(least) + 1] if least in TAX_GRADES else ()


def least_tax_grade(grades: Iterable[str]) -> str:
    """The lowest grade of a list, the other way round; empty when any grade will do."""
    known = [grade for grade in TAX_GRADES if grade in set(grades)]
    return known[-1] if known else ""


def _missing(field: str) -> Problem:
    return Problem(field, Reason("product_field_missing", {}))


def text_problems(field: str, text: str, *, shortest: int, longest: int) -> list[Problem]:
    """What is wrong with one text of a desk: missing, placeholder, length, banned promises."""
    text = text.strip()
    if not text:
        return [_missing(field)] if shortest else []
    found = [Problem(field, reason) for reason in banned_promises(text)]
    if is_placeholder(text):
        found.append(Problem(field, Reason("product_placeholder", {"typed": text[:40]})))
    elif len(plain(text)) < shortest:
        found.append(Problem(field, Reason("product_text_short", {"least": shortest, "mine": len(plain(text))})))
    if len(text) > longest:
        found.append(Problem(field, Reason("product_text_long", {"most": longest, "mine": len(text)})))
    return found


def _name_problems(terms: Terms) -> list[Problem]:
    found = text_problems("name", terms.name, shortest=2, longest=NAME_LONGEST)
    found += text_problems("summary", terms.summary, shortest=6, longest=SUMMARY_LONGEST)
    if not terms.applicant_kinds:
        found.append(Problem("applicant_kinds", Reason("product_choose_one", {})))
    if not terms.purposes:
        found.append(Problem("purposes", Reason("product_choose_one", {})))
    if terms.first_time_only and not terms.first_time_friendly:
        found.append(Problem("first_time_only", Reason("product_first_time_flags", {})))
    return found


def _ordered(
    field: str, low: Any, high: Any, least: Any, most: Any, *, of: str = "number", unit: str = ""
) -> list[Problem]:
    """Two ends of a range: both there, inside the limits, in order. Problems stand at the end that is wrong; `unit` is
    how the names of their facts end."""
    out_of_order = "product_sum_order" if of == "sum" else "product_range_order"
    found = []
    for end, value in ((f"{field}_min", low), (f"{field}_max", high)):
        if value is None:
            found.append(_missing(end))
        elif value < least:
            found.append(Problem(end, Reason(f"product_{of}_below", {f"least{unit}": least})))
        elif value > most:
            found.append(Problem(end, Reason(f"product_{of}_above", {f"most{unit}": most})))
    if not found and low > high:
        found.append(Problem(f"{field}_max", Reason(out_of_order, {f"low{unit}": low, f"high{unit}": high})))
    return found


# Fields of the forms are named as typed (万元), so ranges are renamed from columns to fields here.
_FIELD = {
    "amount_min": "amount_min_wan",
    "amount_max": "amount_max_wan",
    "term_min": "term_min_months",
    "term_max": "term_max_months",
    "spread_min": "spread_min_bp",
    "spread_max": "spread_max_bp",
}


def _money_problems(terms: Terms, lpr_1y_percent: Decimal, lpr_5y_percent: Decimal) -> list[Problem]:
    found = []
    limits = (AMOUNT_LEAST_YUAN, AMOUNT_MOST_YUAN)
    found += _ordered("amount", terms.amount_min_yuan, terms.amount_max_yuan, *limits, of="sum", unit="_yuan")
    found += _ordered("term", terms.term_min_months, terms.term_max_months, 1, TERM_MOST_MONTHS)
    if terms.kind == Kind.CREDIT:
        found += _rate_problems(terms, lpr_1y_percent, lpr_5y_percent)
    if not terms.repayments:
        found.append(Problem("repayments", Reason("product_choose_one", {})))
    elif not PRICEABLE_REPAYMENTS & set(terms.repayments):
        found.append(Problem("repayments", Reason("product_no_priceable_repayment", {})))
    if "REVOLVE" in terms.repayments and not terms.revolving:
        found.append(Problem("revolving", Reason("product_revolving_flag", {})))
    if not terms.securities:
        found.append(Problem("securities", Reason("product_choose_one", {})))
    return [Problem(_FIELD.get(problem.field, problem.field), problem.reason) for problem in found]


def _rate_problems(terms: Terms, lpr_1y_percent: Decimal, lpr_5y_percent: Decimal) -> list[Problem]:
    if terms.rate_base is None:
        return [Problem("rate_base", Reason("product_choose_one", {}))]
    if terms.rate_base == RateBase.FIXED:
        at, found = (
            "fixed_rate_percent",
            [] if terms.fixed_rate_percent is not None else [_missing("fixed_rate_percent")],
        )
    else:
        at, found = (
            "spread_max_bp",
            _ordered("spread", terms.spread_min_bp, terms.spread_max_bp, -SPREAD_MOST_BP, SPREAD_MOST_BP),
        )
    rates = None if found else rates_percent(terms, lpr_1y_percent, lpr_5y_percent)
    if rates is not None and rates[0] <= 0:
        low = "fixed_rate_percent" if terms.rate_base == RateBase.FIXED else "spread_min_bp"
        found.append(Problem(low, Reason("product_rate_not_positive", {"rate_percent": rates[0]})))
    if rates is not None and rates[1] > RATE_CEILING_PERCENT:
        facts = {"rate_percent": rates[1], "ceiling_percent": RATE_CEILING_PERCENT}
        found.append(Problem(at, Reason("product_rate_above_ceiling", facts)))
    return found


def named(industry: str) -> str:
    """An industry code with its official name: 62 餐饮业."""
    return f"{industry} {industries.name(industry)}"


def _criteria_problems(terms: Terms, served: tuple[str, ...]) -> list[Problem]:
    found = []
    for region in regions.areas_now(terms.regions):
        if served and not any(region.startswith(area) for area in served):
            found.append(
                Problem(
                    "regions", Reason("product_region_not_served", {"region": regions.full_name(region.ljust(6, "0"))})
                )
            )
    for prefix in terms.industries_allow:
        wider = next((deny for deny in terms.industries_deny if prefix.startswith(deny)), None)
        if wider is not None:
            found.append(
                Problem(
                    "industries_deny",
                    Reason("product_industry_both", {"industry": named(prefix), "denied": named(wider)}),
                )
            )
    months, turnover, ratio = terms.min_months_in_business, terms.min_turnover_yuan, terms.max_debt_ratio_percent
    if months is not None and not 0 < months <= MONTHS_IN_BUSINESS_MOST:
        found.append(
            Problem(
                "min_months_in_business",
                Reason("product_number_between", {"least": 1, "most": MONTHS_IN_BUSINESS_MOST}),
            )
        )
    if turnover is not None and turnover <= 0:
        found.append(Problem("min_turnover_wan", Reason("product_sum_below", {"least_yuan": 10_000})))
    if ratio is not None and not 0 < ratio <= 100:
        found.append(Problem("max_debt_ratio_percent", Reason("product_number_between", {"least": 1, "most": 100})))
    return found


def fee_field(code: str, part: str) -> str:
    """The name of a form field of the fee schedule: fee-GUAR-value."""
    return f"fee-{code}-{part}"


def _fee_problems(terms: Terms) -> list[Problem]:
    found = [
        Problem(fee_field(code, "answer"), Reason("product_fee_unanswered", {}))
        for code in fees.unanswered(list(terms.fees))
    ]
    for line in terms.fees:
        found += [Problem(fee_field(line.code, part), reason) for part, reason in fees.faults_of(line)]
        if line.charged:
            found += text_problems(fee_field(line.code, "payee"), line.payee, shortest=0, longest=60)
            found += text_problems(fee_field(line.code, "note"), line.note, shortest=0, longest=NOTE_LONGEST)
    if terms.kind == Kind.GUARANTEE:
        price = next((line for line in terms.fees if line.code == "GUAR"), None)
        if price is not None and not price.charged:
            found.append(Problem(fee_field("GUAR", "answer"), Reason("product_guarantee_without_price", {})))
    return found


def _concession_problems(terms: Terms, lpr_1y_percent: Decimal, lpr_5y_percent: Decimal) -> list[Problem]:
    rates = rates_percent(terms, lpr_1y_percent, lpr_5y_percent)
    charged = [line.code for line in terms.fees if line.charged]
    return [
        Problem(slot_field(one.slot, part), reason)
        for one in terms.concessions
        for part, reason in faults_of(one, charged, rates[0] if rates else None)
    ]


def _renewal_problems(terms: Terms) -> list[Problem]:
    found = [] if terms.renewal_kind is not None else [Problem("renewal_kind", Reason("product_renewal_missing", {}))]
    if not terms.renewal_statement.strip():
        code = (
            "product_renewal_reason_missing"
            if terms.renewal_kind == RenewalKind.NO
            else "product_renewal_statement_missing"
        )
        return [*found, Problem("renewal_statement", Reason(code, {}))]
    return found + text_problems(
        "renewal_statement", terms.renewal_statement, shortest=STATEMENT_SHORTEST, longest=STATEMENT_LONGEST
    )


def document_field(code: str) -> str:
    """The name of the form field that holds the reason for a document."""
    return f"reason-{code}"


def _promise_problems(terms: Terms, today: date) -> list[Problem]:
    found = []
    for paper in terms.documents:
        if not paper.reason.strip():
            found.append(Problem(document_field(paper.code), Reason("product_document_reason_missing", {})))
        found += text_problems(document_field(paper.code), paper.reason, shortest=0, longest=NOTE_LONGEST)
    if not terms.documents:
        found.append(Problem("documents", Reason("product_choose_one", {})))
    if terms.promised_days is None:
        found.append(_missing("promised_days"))
    elif not 1 <= terms.promised_days <= PROMISED_DAYS_MOST:
        found.append(
            Problem("promised_days", Reason("product_number_between", {"least": 1, "most": PROMISED_DAYS_MOST}))
        )
    start, end = terms.valid_from_on, terms.valid_until_on
    found += [_missing(field) for field, day in (("valid_from_on", start), ("valid_until_on", end)) if day is None]
    if start is not None and end is not None:
        if end < start:
            found.append(Problem("valid_until_on", Reason("product_valid_order", {"from_on": start})))
        elif end < today:
            found.append(Problem("valid_until_on", Reason("product_valid_over", {"until_on": end})))
        elif (end - start).days > VALID_MOST_DAYS:
            found.append(Problem("valid_until_on", Reason("product_valid_long", {"most_days": VALID_MOST_DAYS})))
    return found


def problems_of(
    terms: Terms, *, today: date, lpr_1y_percent: Decimal, lpr_5y_percent: Decimal, served: tuple[str, ...] = ()
) -> list[Problem]:
    """Everything that keeps these terms from being published, in the order of the form; empty: they may be.

    `served` are the region prefixes that the institution's branches serve (article 12.1); empty: no limit known.
    Without a full fee schedule (8.2) and a renewal statement (9.1) there is always a problem.
    """
    return [
        *_name_problems(terms),
        *_money_problems(terms, lpr_1y_percent, lpr_5y_percent),
        *_criteria_problems(terms, served),
        *_fee_problems(terms),
        *_concession_problems(terms, lpr_1y_percent, lpr_5y_percent),
        *_renewal_problems(terms),
        *_promise_problems(terms, today),
    ]


def cautions_of(terms: Terms) -> list[Reason]:
    """What a reviewer should look at twice; none of it forbids publication."""
    found = []
    for line in fees.borne_by_borrower(list(terms.fees)):
        if line.code in ("MGMT", "SERVICE", "COMMIT"):
            found.append(Reason("product_care_fee_on_small", {"fee": f"label:product.fee:{line.code}"}))
        if line.code in ("APPRAISAL", "REGIST"):
            found.append(Reason("product_care_fee_banks_bear", {"fee": f"label:product.fee:{line.code}"}))
        if line.code == "DEPOSIT":
            found.append(Reason("product_care_deposit", {}))
        if line.code == "PLATFORM":
            found.append(Reason("product_care_third_party", {"payee": line.payee}))
        over = (
            line.code == "GUAR"
            and line.value is not None
            and line.basis in (fees.Basis.PERCENT_PER_YEAR, fees.Basis.PERCENT_OF_AMOUNT)
        )
        if (
            over
            and line.value is not None
            and line.value > GOVERNMENT_GUARANTEE_TARGET_PERCENT
            and "SURETY_GOV" in terms.securities
        ):
            facts = {"fee_percent": line.value, "target_percent": GOVERNMENT_GUARANTEE_TARGET_PERCENT}
            found.append(Reason("product_care_guarantee_fee", facts))
    if any(line.charged and line.optional and line.code in ("INSPREM", "INSCOLL") for line in terms.fees):
        found.append(Reason("product_care_optional_cover", {}))
    if terms.rate_base == RateBase.LPR1Y and (terms.term_max_months or 0) > 60:
        found.append(Reason("product_care_long_on_1y", {"term_months": terms.term_max_months}))
    if terms.renewal_kind == RenewalKind.NO and WORKING_CAPITAL & set(terms.purposes):
        found.append(Reason("product_care_not_renewable", {}))
    if "FLAT" in terms.repayments:
        found.append(Reason("product_care_flat", {}))
    if len(terms.documents) > 8:
        found.append(Reason("product_care_many_papers", {"count": len(terms.documents)}))
    return found
