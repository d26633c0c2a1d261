"""What makes a business ready: standings and their steps, placeholders, warning signs, what is missing and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from matchmaker.eligibility.facts import add_months, whole_months
from matchmaker.reference import rules as reference
from matchmaker.refusal import Reason, Refused

KINDS = ("enterprise", "sole_proprietor", "cooperative")
CAPACITIES = ("legal_representative", "owner", "agent")
"""legal_representative of an enterprise or cooperative; owner (经营者) of a sole proprietor; agent with a letter."""
CAPACITIES_OF = {
    "enterprise": ("legal_representative", "agent"),
    "sole_proprietor": ("owner", "agent"),
    "cooperative": ("legal_representative", "agent"),
}
STANDINGS = ("declared", "papers_sent", "checked", "rejected", "confirmed_outside")
PROVEN = ("checked", "confirmed_outside")
"""With one of these, an institution may be shown who asks (design: identity)."""

SCOPES = ("look", "prepare", "act")
"""What a helper may do, each with what stands before it: read; write data and needs; send and accept."""
LONGEST_MANDATE = timedelta(days=366)
INVITED_FOR = timedelta(days=7)
"""How long a link that offers a mandate is good for."""
PAPER_KINDS = ("licence", "letter")
MOST_PAPERS = 6
"""Per person and business, so that nobody fills the store; own convention."""
TAX_GRADES = ("A", "B", "M", "C", "D")
"""纳税信用级别: A best, M for businesses without a full year of record."""
LINE_KINDS = ("loan", "guarantee")
LINE_SOURCES = ("declared", "paid_out")
ENTITY_CODES_OF = {
    "enterprise": (
        "CO_LTD",
        "SOLE_PERSON_CO",
        "CO_JSC",
        "SOLE_PROP",
        "PARTNER",
        "FIE",
        "SOE",
        "COLLECTIVE",
        "BRANCH",
    ),
    "sole_proprietor": ("INDIV",),
    "cooperative": ("COOP",),
}
"""Legal forms (financing_terms "entity") by kind."""
CERTIFIED_TITLES = ("SRDI_INNOV", "SRDI_PROV", "SRDI_GIANT", "HNTE", "TECHSME", "CHAMPION", "GREEN")
"""The titles (financing_terms "quality") for which somebody issues a certificate."""

TITLE_REMARKS = ("not_listed", "other_name", "other_number", "withdrawn")
"""What an operator may have found in the public register instead of the title."""

YOUNG_MONTHS = 12
"""Recently founded: enhanced review (notice, article 16.2). The notice names no number; 12 months is our convention."""
ACQUIRED_MONTHS = 12
"""Recently acquired (article 16.2); the same convention."""
OVER_LENDING_PERCENT = Decimal(50)
"""Credit lines of all institutions against a year's turnover (article 16.3). No published bound; our convention:
half a year's turnover is named to the owner and is a warning, never a refusal."""
OLDEST_FOUNDING = date(1949, 1, 1)
EARLIEST_YEAR = 1990
MOST_EMPLOYEES = 1_000_000
MOST_YUAN = Decimal("1000000000000")

# Standing ---------------------------------------------------------------------------------------------------------

STEPS: dict[tuple[str, str], str] = {
    ("declared", "send_papers"): "papers_sent",
    ("rejected", "send_papers"): "papers_sent",
    ("papers_sent", "send_papers"): "papers_sent",
    ("papers_sent", "check"): "checked",
    ("papers_sent", "reject"): "rejected",
    ("declared", "confirm_outside"): "confirmed_outside",
    ("papers_sent", "confirm_outside"): "confirmed_outside",
    ("rejected", "confirm_outside"): "confirmed_outside",
}
"""(standing, step) -> standing. What is not here is refused."""

FINDINGS_NEEDED = 2
"""Two different operators look at papers (issue 3, section 3); neither is told what the other found first."""
CASE_DAYS = 5
"""Working days in which both sides of a claim are heard; then an operator decides with what is there."""
CASE_OUTCOMES = ("claimant", "holder", "both", "right", "wrong")
"""A claim: who asks, who holds it, or both act for it. Papers: right or wrong."""
OUTCOMES_OF = {"claim": ("both", "claimant", "holder"), "papers": ("right", "wrong")}

REMARKS = (
    "unreadable",
    "cut_off",
    "wrong_code",
    "name_differs",
    "person_differs",
    "licence_old",
    "letter_missing",
    "letter_unsigned",
    "letter_scope",
    "other",
)
"""What an operator may say is wrong with papers; ``other`` needs words of its own."""


def standing_after(standing: str, step: str) -> str:
    """The standing after a step. Raises Refused ``standing_step_not_possible``."""
    try:
        return STEPS[standing, step]
    except KeyError:
        raise Refused("standing_step_not_possible", standing=f"label:business.standing:{standing}") from None


def papers_needed(capacity: str) -> tuple[str, ...]:
    """The kinds of paper that prove a capacity: the licence, and a letter when acting for another."""
    return ("licence", "letter") if capacity == "agent" else ("licence",)


# What is typed ----------------------------------------------------------------------------------------------------

def tidy(text: str) -> str:
    """Typed text with blanks at the ends and runs inside taken out, and control signs dropped."""
    plain = "".join(sign if sign.isprintable() else " " for sign in text)
    return re.sub(r"\s+", " ", plain).strip()


def check_dates(founded_on: date, last_equity_change_on: date | None, today: date) -> None:
    """Raises Refused at the field.

    ``founded_later``, ``founded_too_early``, ``change_later``, ``change_before_founding``.
    """
    if founded_on > today:
        raise Refused("founded_later", field="founded_on", status=422)
    if founded_on < OLDEST_FOUNDING:
        raise Refused("founded_too_early", field="founded_on", status=422, earliest_on=OLDEST_FOUNDING)
    if last_equity_change_on is None:
        return
    if last_equity_change_on > today:
        raise Refused("change_later", field="last_equity_change_on", status=422)
    if last_equity_change_on < founded_on:
        raise Refused("change_before_founding", field="last_equity_change_on", status=422, founded_on=founded_on)


def figures_year(today: date) -> int:
    """The year whose figures are asked for: the last one that is over."""
    return today.year - 1


@dataclass(frozen=True, slots=True)
class Profile:
    """What is typed once about a business."""

    name: str
    industry_code: str
    region_code: str
    address: str
    founded_on: date
    entity_code: str | None = None
    last_equity_change_on: date | None = None
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Year:
    """One year's figures, sums in yuan."""

    year: int
    employees: int
    turnover_yuan: Decimal
    assets_yuan: Decimal | None = None
    liabilities_yuan: Decimal | None = None
    profit_yuan: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An existing credit line, sums in yuan."""

    institution_name: str
    kind: str
    amount_yuan: Decimal
    balance_yuan: Decimal
    security_code: str
    started_on: date
    matures_on: date


# Facts, warnings, what is missing ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class YearFacts:
    """One year's declared figures."""

    year: int
    employees: int
    turnover_yuan: Decimal
    assets_yuan: Decimal | None = None
    liabilities_yuan: Decimal | None = None
    profit_yuan: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LineFacts:
    """One existing credit line."""

    kind: str
    amount_yuan: Decimal
    balance_yuan: Decimal
    matures_on: date
    security_code: str = "CREDIT"


@dataclass(frozen=True, slots=True)
class BusinessFacts:
    """A business as plain facts on a day, without name, code, address or person."""

    kind: str
    industry_code: str
    region_code: str
    founded_on: date
    today: date
    entity_code: str | None = None
    last_equity_change_on: date | None = None
    tax_grade: str | None = None
    has_tax_evidence: bool = False
    has_flow_evidence: bool = False
    collateral: tuple[str, ...] = ()
    collateral_said: bool = False
    """Then no collateral means "nothing to give", and is not asked again."""
    years: Sequence[YearFacts] = field(default=())
    lines: Sequence[LineFacts] = field(default=())
    title_codes: tuple[str, ...] = ()
    """Titles whose certificate has not expired."""
    latitude: float | None = None
    longitude: float | None = None

    @property
    def months_in_business(self) -> int:
        """Completed months since founding; 0 on the first day."""
        return max(0, whole_months(self.founded_on, self.today))

    @property
    def months_since_equity_change(self) -> int | None:
        changed = self.last_equity_change_on
        return None if changed is None else max(0, whole_months(changed, self.today))

    @property
    def last_full_year(self) -> YearFacts | None:
        """The newest declared year that is over."""
        over = [year for year in self.years if year.year < self.today.year]
        return max(over, key=lambda year: year.year, default=None)

    @property
    def debt_ratio_percent(self) -> Decimal | None:
        """Liabilities over assets of the last full year in percent, two places.

        None when either is not known, or assets are 0.
        """
        year = self.last_full_year
        if year is None or year.liabilities_yuan is None or not year.assets_yuan:
            return None
        return (year.liabilities_yuan * 100 / year.assets_yuan).quantize(Decimal("0.01"))

    @property
    def live_lines(self) -> tuple[LineFacts, ...]:
        return tuple(line for line in self.lines if line.matures_on >= self.today)

    @property
    def lines_yuan(self) -> Decimal:
        """What all institutions together have granted in loans that still run."""
        return sum((line.amount_yuan for line in self.live_lines if line.kind == "loan"), Decimal(0))

    @property
    def debts_yuan(self) -> Decimal:
        """What is owed on loans, matured ones too while a balance stands."""
        return sum((line.balance_yuan for line in self.lines if line.kind == "loan"), Decimal(0))

    @property
    def lines_share_percent(self) -> Decimal | None:
        """Credit lines over the last full year's turnover in percent, one place; None without a turnover."""
        year = self.last_full_year
        if year is None or year.turnover_yuan <= 0:
            return None
        return (self.lines_yuan * 100 / year.turnover_yuan).quantize(Decimal("0.1"))

    def size_class(self) -> reference.SizeClass:
        """By the 2017 standard from the last full year; unclassified with a fallback while figures are missing."""
        year = self.last_full_year
        facts = (year.employees, year.turnover_yuan, year.assets_yuan) if year else (None, None, None)
        return size_of_figures(self.industry_code, *facts)


def size_of_figures(
    industry_code: str, employees: int | None, turnover_yuan: Decimal | None, assets_yuan: Decimal | None
) -> reference.SizeClass:
    """The size class by the 2017 standard from one year's figures; refused where it cannot place the trade."""
    wan = Decimal(10_000)
    return reference.size_class(
        industry_code,
        employees,
        None if turnover_yuan is None else turnover_yuan / wan,
        None if assets_yuan is None else assets_yuan / wan,
    )


def warnings(facts: BusinessFacts) -> tuple[Reason, ...]:
    """Signs that make an institution look twice (articles 16.1 to 16.3): told to the owner, never a silent refusal."""
    found: list[Reason] = []
    if facts.months_in_business < YOUNG_MONTHS:
        found.append(
            Reason(
                "warn_young",
                {
                    "founded_on": facts.founded_on,
                    "now_months": facts.months_in_business,
                    "need_months": YOUNG_MONTHS,
                    "until_on": add_months(facts.founded_on, YOUNG_MONTHS),
                },
            )
        )
    changed = facts.last_equity_change_on
    since = facts.months_since_equity_change
    if changed is not None and since is not None and since < ACQUIRED_MONTHS and changed > facts.founded_on:
        found.append(
            Reason("warn_acquired", {"changed_on": changed, "until_on": add_months(changed, ACQUIRED_MONTHS)})
        )
    if not facts.has_tax_evidence and not facts.has_flow_evidence:
        found.append(Reason("warn_no_evidence"))
    share = facts.lines_share_percent
    year = facts.last_full_year
    if share is not None and year is not None and share > OVER_LENDING_PERCENT:
        found.append(
            Reason(
                "warn_over_lending",
                {
                    "lines_yuan": facts.lines_yuan,
                    "turnover_yuan": year.turnover_yuan,
                    "year": year.year,
                    "share_percent": share,
                    "bound_percent": OVER_LENDING_PERCENT,
                },
            )
        )
    elif share is None and facts.lines_yuan > 0:
        found.append(Reason("warn_lines_without_turnover", {"lines_yuan": facts.lines_yuan}))
    if facts.tax_grade == "D":
        found.append(Reason("warn_tax_grade_d"))
    return tuple(found)


def missing(facts: BusinessFacts, standings: Iterable[str] = ()) -> tuple[Reason, ...]:
    """What is not filled in yet and why it matters, most useful first; codes ``missing_…``."""
    found: list[Reason] = []
    if not any(standing in PROVEN or standing == "papers_sent" for standing in standings):
        found.append(Reason("missing_proof"))
    year = facts.last_full_year
    if facts.months_in_business >= 3 and (year is None or year.year < figures_year(facts.today)):
        asked = figures_year(facts.today)
        if facts.founded_on.year <= asked:
            found.append(Reason("missing_figures", {"year": asked}))
    if year is not None and facts.kind != "sole_proprietor":
        if year.assets_yuan is None:
            found.append(Reason("missing_assets", {"year": year.year}))
        elif year.liabilities_yuan is None:
            found.append(Reason("missing_liabilities", {"year": year.year}))
    if facts.tax_grade is None:
        found.append(Reason("missing_tax_grade"))
    if not facts.has_tax_evidence and not facts.has_flow_evidence:
        found.append(Reason("missing_evidence"))
    if facts.kind != "sole_proprietor" and facts.last_equity_change_on is None and facts.months_in_business >= 1:
        found.append(Reason("missing_equity_change"))
    if not facts.collateral and not facts.collateral_said:
        found.append(Reason("missing_collateral"))
    return tuple(found)


def mandate_trouble(
    *, scope: str, limit_yuan: Decimal | None, until_on: date, today: date
) -> tuple[str, Reason] | None:
    """What is wrong with the limits of a mandate, as (field, reason), or None. Who may act needs a limit in yuan.

    Codes: `choice_missing`, `mandate_needs_limit`, `mandate_end_past`, `mandate_too_long`.
    """
    if scope not in SCOPES:
        return "scope", Reason("choice_missing")
    if scope == "act" and (limit_yuan is None or limit_yuan <= 0):
        return "limit", Reason("mandate_needs_limit")
    if until_on < today:
        return "until_on", Reason("mandate_end_past")
    if until_on > today + LONGEST_MANDATE:
        return "until_on", Reason("mandate_too_long", {"latest_on": today + LONGEST_MANDATE})
    return None
