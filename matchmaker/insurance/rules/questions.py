"""The questions that a line of cover needs answered before anybody can quote: declared once, in one place.

What the business has said elsewhere is filled in (`known`), what it answered for another cover too (`earlier`); what
the consent opens anyway (name, place, trade) is not asked at all. Illnesses are not asked here: an insurer asks them in
its own health statement, and the platform does not keep them (个人信息保护法 第二十八条).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from matchmaker.products.cover.rules import Terms
from matchmaker.reference import insurance_lines
from matchmaker.refusal import Reason


@dataclass(frozen=True)
class Question:
    """One question. `kind`: sum (yuan), number, count, choice, day, text; `unit` is a code of cover.answer_unit."""

    code: str
    kind: str
    unit: str = ""
    known: str = ""
    """The fact of the business that answers it."""
    choices: tuple[str, ...] = ()
    kept: bool = True
    """Whether an answer given for one cover is brought along to the next."""


QUESTIONS: dict[str, Question] = {
    question.code: question
    for question in (
        # what every line needs; choices of period and plan are those of the cover
        Question("start_on", "day", kept=False),
        Question("sum", "sum", kept=False),
        Question("period", "choice", kept=False),
        Question("plan", "choice", kept=False),
        Question("insured_before", "choice", choices=("yes", "no", "ended")),
        Question("losses", "count", "times"),
        # places and things
        Question("area", "count", "square_metres"),
        Question("tenure", "choice", choices=("own", "rent")),
        Question("fire_gear", "choice", choices=("extinguishers", "sprinklers", "none")),
        Question("building_sum", "sum"),
        Question("fixtures_sum", "sum"),
        Question("stock_sum", "sum"),
        Question("cash_sum", "sum"),
        Question("equipment_sum", "sum"),
        Question("equipment_years", "count", "years"),
        Question("vehicles", "count", "vehicles"),
        Question("seats", "count", "seats"),
        # contracts and money
        Question("contract_sum", "sum"),
        Question("contract_months", "count", "months"),
        Question("work", "text"),
        Question("bond_sum", "sum"),
        Question("loan_sum", "sum"),
        Question("loan_months", "count", "months"),
        Question("research_sum", "sum"),
        Question("turnover_sum", "sum", known="turnover"),
        Question("profit_sum", "sum"),
        Question("daily_sum", "sum"),
        Question("stop_days", "count", "days"),
        Question("wages_sum", "sum"),
        Question("credit_sales_sum", "sum"),
        Question("buyers", "count", "buyers"),
        Question("credit_days", "count", "days"),
        Question("export_usd", "number", "wan_usd"),
        Question("invest_usd", "number", "wan_usd"),
        Question("countries", "text"),
        # goods
        Question("goods", "text"),
        Question("cargo_sum", "sum"),
        Question("trips", "count", "times"),
        Question("orders", "count", "orders"),
        Question("products", "text"),
        # rights and records
        Question("right_kind", "choice", choices=("patent", "trademark", "copyright")),
        Question("rights", "count", "rights"),
        Question("records", "count", "persons"),
        Question("backup", "choice", choices=("yes", "no")),
        # people
        Question("employees", "count", "persons", known="employees"),
        Question("work_kind", "choice", choices=("office", "shop", "workshop", "outdoor", "driving")),
        Question("person_days", "count", "person_days"),
        Question("persons", "count", "persons"),
        Question("oldest", "count", "age"),
        Question("visitors", "count", "visits"),
        # land and animals
        Question("acres", "number", "mu"),
        Question("crop", "text"),
        Question("animals", "count", "animals"),
        Question("animal", "text"),
    )
}

FIRST: tuple[str, ...] = ("sum", "start_on", "period", "plan")
LAST: tuple[str, ...] = ("insured_before", "losses")

_PLACE = ("tenure", "area", "fire_gear")
_GROUPS: dict[str, tuple[str, ...]] = {
    "ENG": ("work", "contract_sum", "contract_months"),
    "SURETY": ("work", "bond_sum", "contract_months"),
    "EQP": ("equipment_sum", "equipment_years"),
    "LOG": ("goods", "cargo_sum", "trips"),
    "IPR": ("right_kind", "rights"),
    "DIS": (*_PLACE, "fixtures_sum"),
    "LIAB": ("turnover_sum", "area"),
    "BI": ("profit_sum", "stop_days"),
    "PL": ("products", "turnover_sum"),
    "EL": ("employees", "work_kind"),
    "PROP": (*_PLACE, "building_sum", "fixtures_sum", "stock_sum"),
    "CREDIT": ("export_usd", "buyers", "countries", "credit_days"),
    "KP": ("persons", "oldest"),
    "EMP": ("employees", "oldest", "work_kind"),
    "AGRI": ("crop", "acres"),
    "CYB": ("turnover_sum", "records", "backup"),
}
_LINES: dict[str, tuple[str, ...]] = {
    "EQP_FIRST": ("products", "contract_sum"),
    "EQP_MAT": ("products", "contract_sum"),
    "EQP_SW": ("products", "contract_sum"),
    "EQP_RND": ("work", "research_sum", "contract_months"),
    "LOG_CARR": ("goods", "turnover_sum"),
    "LOG_CARRIER": ("goods", "vehicles"),
    "LOG_PASS": ("vehicles", "seats"),
    "LOG_RET": ("goods", "orders"),
    "IPR_LIAB": ("products", "turnover_sum"),
    "IPR_OVS": ("products", "export_usd", "countries"),
    "IPR_PLEDGE": ("right_kind", "rights", "loan_sum", "loan_months"),
    "SU_LOAN": ("loan_sum", "loan_months"),
    "DIS_WEA": ("crop", "acres"),
    "DIS_EPI": ("daily_sum", "stop_days"),
    "DIS_SAFE": ("employees", "work_kind"),
    "DIS_ENV": ("products", "turnover_sum"),
    "BI_STD": ("profit_sum", "stop_days", *_PLACE),
    "EL_INJ": ("employees", "work_kind", "wages_sum"),
    "EL_FLEX": ("person_days", "work_kind"),
    "PROP_SHOP": (*_PLACE, "fixtures_sum", "stock_sum"),
    "PROP_CASH": ("cash_sum", *_PLACE),
    "PROP_MOTOR": ("vehicles",),
    "LIAB_PI": ("work", "turnover_sum"),
    "LIAB_EDU": ("visitors", "area"),
    "LIAB_TRAVEL": ("visitors", "turnover_sum"),
    "LIAB_SPORT": ("visitors", "area"),
    "LIAB_DO": ("persons", "turnover_sum"),
    "LIAB_SVC": ("work", "contract_sum"),
    "LIAB_FIRE": _PLACE,
    "CR_EXP_MLT": ("contract_sum", "contract_months", "countries"),
    "CR_DOM": ("credit_sales_sum", "buyers", "credit_days"),
    "CR_OVS": ("invest_usd", "countries"),
    "KP_PA": ("persons", "oldest", "work_kind"),
    "KP_LOANLIFE": ("oldest", "loan_sum", "loan_months"),
    "EMP_RIDER": ("person_days", "work_kind"),
    "AGRI_LIVE": ("animal", "animals"),
}

START_WITHIN_DAYS = 180
LONGEST_TEXT = 120
MOST_COUNT = 9_999_999


def questions_of(line: str) -> tuple[Question, ...]:
    """The questions that an insurer needs answered on this line, in the order of the form. KeyError for no line."""
    found = insurance_lines.get(line)
    if found is None:
        raise KeyError(line)
    own = _LINES.get(line) or _GROUPS[found.group_code]
    return tuple(QUESTIONS[code] for code in (*FIRST, *own, *LAST))


def choices_of(question: Question, terms: Terms) -> tuple[str, ...]:
    """What may be chosen: period and plan from what the cover offers."""
    return {"period": terms.periods, "plan": terms.plans}.get(question.code, question.choices)


def filled_in(
    questions: tuple[Question, ...], known: Mapping[str, str], earlier: Mapping[str, str]
) -> dict[str, tuple[str, str]]:
    """Question -> (answer, where from: business or earlier) for what need not be asked again.

    What the business said of itself goes before what was answered for another cover.
    """
    found: dict[str, tuple[str, str]] = {}
    for question in questions:
        if question.known and known.get(question.known):
            found[question.code] = (known[question.known], "business")
        elif question.kept and earlier.get(question.code):
            found[question.code] = (earlier[question.code], "earlier")
    return found


def answer_refusals(answers: Mapping[str, str], terms: Terms, today: date) -> list[tuple[str, Reason]]:
    """What keeps these answers from being sent, as (question, reason); empty when nothing does.

    Values are plain text as the form has read them: sums in yuan, days as ISO dates. Codes: `cover_answer_missing`,
    `cover_start_between`, `cover_sum_between`, `cover_choice_unknown`.
    """
    found: list[tuple[str, Reason]] = []
    for question in questions_of(terms.line):
        value = answers.get(question.code, "")
        if not value:
            found.append((question.code, Reason("cover_answer_missing")))
        elif question.kind == "choice" and value not in choices_of(question, terms):
            found.append((question.code, Reason("cover_choice_unknown")))
    start, last = answers.get("start_on", ""), today + timedelta(days=START_WITHIN_DAYS)
    if start and not today <= date.fromisoformat(start) <= last:
        found.append(("start_on", Reason("cover_start_between", {"from_on": today, "last_on": last})))
    wanted, low, high = answers.get("sum", ""), terms.sum_min_yuan, terms.sum_max_yuan
    if wanted and low is not None and high is not None and not low <= Decimal(wanted) <= high:
        found.append(("sum", Reason("cover_sum_between", {"least_yuan": low, "most_yuan": high})))
    return found
