"""The only door through which an institution reads a business: consented fields, or a sealed card; every look observed.

Pages, queues, exports and interfaces of institutions take business data from `present` and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.services import looked_at
from matchmaker.businesses.models import Business
from matchmaker.conversations.queries import is_blocked
from matchmaker.leads.models import Lead, LeadPaper
from matchmaker.leads.queries import finding, relaying
from matchmaker.leads.relay import relay_in_use
from matchmaker.leads.rules.consents import Field, in_force, masked_phone, opened_fields, sealed_because
from matchmaker.needs.models import NeedVersion
from matchmaker.reference import regions

LOOK_PURPOSES: tuple[str, ...] = ("queue", "case", "paper", "cost_sheet", "talk")
"""Why somebody of an institution looked, as the owner reads it in the log."""


@dataclass(frozen=True)
class FiguresShown:
    """Figures of one year, as the owner declared them."""

    year: int
    employees: int
    turnover_yuan: Decimal
    assets_yuan: Decimal | None
    liabilities_yuan: Decimal | None
    profit_yuan: Decimal | None


@dataclass(frozen=True)
class LineShown:
    """An existing loan or guarantee."""

    institution_name: str
    kind: str
    amount_yuan: Decimal
    balance_yuan: Decimal
    matures_on: date


@dataclass(frozen=True)
class TitleShown:
    """A title with its certificate; `standing` says whether the platform looked it up: typed, verified, refuted."""

    code: str
    certificate_number: str
    expires_on: date | None
    standing: str


@dataclass(frozen=True)
class Presented:
    """A lead as one person of the institution may see it. What is not opened is None or empty, never masked by chance.

    `number`, product, amount, term, purpose, branch of trade (two digits) and city are the card of a sealed lead.
    """

    lead_id: int
    number: str
    state: str
    is_sealed: bool
    sealed_because: str | None
    product_name: str
    amount_yuan: Decimal
    term_months: int
    purpose: str
    division_code: str
    city_code: str
    sent_at: datetime
    ends_at: datetime | None
    opened: frozenset[Field] = frozenset()
    name: str | None = None
    address: str | None = None
    uscc: str | None = None
    kind: str | None = None
    industry_code: str | None = None
    region_code: str | None = None
    founded_on: date | None = None
    contact_name: str | None = None
    contact_phone: str | None = None
    masked_phone: str | None = None
    is_blocked: bool = False
    """The owner wants no calls and messages of this institution: no number is shown."""
    relay: str = ""
    """"lent": the number shown is a lent one; "asked": one is on its way; empty: there is no relay."""
    relay_simulated: bool = False
    hours: tuple[str, ...] = ()
    wanted_by_on: date | None = None
    need_note: str = ""
    figures: tuple[FiguresShown, ...] = ()
    tax_grade: str | None = None
    lines: tuple[LineShown, ...] = ()
    titles: tuple[TitleShown, ...] = ()
    collateral: tuple[str, ...] = ()
    papers: tuple[LeadPaper, ...] = ()
    missing: tuple[LeadPaper, ...] = ()
    """Of them those that the owner took back, nothing of the same kind in their place."""


def present(
    lead: Lead,
    viewer: Person,
    *,
    purpose: str = "case",
    asked: NeedVersion | None = None,
    only: frozenset[Field] | None = None,
    paper: LeadPaper | None = None,
) -> Presented:
    """What `viewer`, who works for the lead's institution, may read of it now; the look is observed.

    Only fields that the consent names are read from the business at all, and only while it is in force. `only`:
    what the page will show, when that is less; no more is opened, and no more is written into the owner's log.
    `purpose` is a code of `LOOK_PURPOSES`. `paper`: the one paper that is opened; the log names it.
    """
    now = clock.now()
    consent = lead.consent
    works_there = lead.institution_id in viewer.institution_ids and lead.sent_at is not None
    open_now = works_there and consent is not None and in_force(consent.ends_at, consent.stopped_at, now)
    reader = "carrier" if lead.manager_id == viewer.id else "colleague"
    fields = (
        opened_fields(consent.fields, consent.hours, consent_in_force=open_now, reader=reader)
        if consent is not None
        else frozenset[Field]()
    )
    if only is not None:
        fields &= only
    blocked = Field.CONTACT_PHONE in fields and is_blocked(lead.business_id, lead.institution_id)
    if blocked:
        fields -= {Field.CONTACT_PHONE}  # who wants no calls is not shown with a number to call
    asked = asked or finding.asked_version(lead)
    business = lead.business
    values: dict[str, Any] = {
        "lead_id": lead.id,
        "number": f"{lead.id:06d}",
        "state": lead.state,
        "is_sealed": not open_now,
        "sealed_because": None
        if open_now or consent is None
        else sealed_because(consent.ended_because, consent.ended_at, consent.withdrawing_at),
        "product_name": lead.product_version.name,
        "amount_yuan": asked.amount_yuan,
        "term_months": asked.term_months,
        "purpose": asked.purpose,
        "division_code": business.industry_code[:2],
        "city_code": _city(business.region_code),
        "sent_at": lead.sent_at,
        "ends_at": consent.ends_at if consent is not None else None,
    }
    if fields and consent is not None:
        values |= _fields_of(business, asked, consent.given_by, fields, list(consent.hours))
        if only is None:
            # papers that the owner sent for this lead were given piece by piece, for this institution alone
            papers = finding.papers_of(lead.id)
            values |= {"papers": tuple(papers), "missing": tuple(finding.missing_after_taking_back(papers))}
        values |= {"opened": fields, "is_blocked": blocked}
        if Field.CONTACT_PHONE in fields and relay_in_use() is not None:
            lent = relaying.number_of(lead)
            values |= {"contact_phone": lent.number if lent else None, "relay": "lent" if lent else "asked"}
            values["relay_simulated"] = lent is not None and lent.simulated
        looked_at(
            lead.business_id,
            by=viewer,
            fields=sorted({str(name) for name in fields} | ({str(Field.DOCUMENTS)} if paper is not None else set())),
            purpose=purpose,
            institution_id=lead.institution_id,
            lead_id=lead.id,
            document_id=paper.document_id if paper is not None else None,
        )
    return Presented(**values)


def preview(
    business: Business, asked: NeedVersion, person: Person, fields: Iterable[str], hours: Iterable[str]
) -> dict[str, Any]:
    """Exactly what the one carrier would read with this consent: for the owner, before it is given."""
    chosen = opened_fields(fields, hours, consent_in_force=True, reader="carrier")
    values = _fields_of(business, asked, person, chosen, list(hours))
    return values | {"opened": chosen, "hidden": [name for name in Field if name not in chosen]}


def _fields_of(
    business: Business, asked: NeedVersion, person: Person, fields: frozenset[Field], hours: list[str]
) -> dict[str, Any]:
    values: dict[str, Any] = {"hours": tuple(hours)}
    if Field.NAME in fields:
        values |= {
            "name": business.name,
            "kind": business.kind,
            "industry_code": business.industry_code,
            "founded_on": business.founded_on,
        }
    if Field.ADDRESS in fields:
        values |= {"address": business.address, "region_code": business.region_code}
    if Field.CODE in fields:
        values["uscc"] = business.uscc
    if Field.CONTACT_NAME in fields:
        values["contact_name"] = person.name
        values["masked_phone"] = masked_phone(person.phone)
    if Field.CONTACT_PHONE in fields:
        values["contact_phone"] = person.phone
    if Field.NEED in fields:
        values |= {"wanted_by_on": asked.wanted_by_on, "need_note": asked.note}
    if Field.FIGURES in fields:
        values["figures"] = tuple(
            FiguresShown(
                year.year, year.employees, year.turnover_yuan, year.assets_yuan, year.liabilities_yuan, year.profit_yuan
            )
            for year in business.figures
        )
    if Field.TAX in fields:
        values["tax_grade"] = business.tax_grade
    if Field.CREDIT_LINES in fields:
        values["lines"] = tuple(
            LineShown(line.institution_name, line.kind, line.amount_yuan, line.balance_yuan, line.matures_on)
            for line in business.credit_lines
        )
    if Field.TITLES in fields:
        values["titles"] = tuple(
            TitleShown(title.code, title.certificate_number, title.expires_on, _known(title.standing))
            for title in business.titles
        )
    if Field.COLLATERAL in fields:
        values["collateral"] = tuple(business.collateral)
    return values


def _known(standing: str) -> str:
    """Who waits for a look-up has it still before them: to the institution nobody has verified it yet."""
    return "typed" if standing == "asked" else standing


def _city(region_code: str) -> str:
    region_code = regions.standing(region_code).ljust(6, "0")
    city = regions.city_of(region_code)
    return city.code if city is not None else region_code[:4] + "00"
