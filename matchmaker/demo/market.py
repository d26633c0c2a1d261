"""Institutions, branches, staff and published products of the town as rows, and the same as matching sees them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from argon2.low_level import Type, hash_secret

from matchmaker.accounts.models import Institution
from matchmaker.clock import date_of
from matchmaker.demo.drawing import as_stored, at_local, generator, percent_as_stored
from matchmaker.demo.institutions import BY_KEY, INSTITUTIONS, InstitutionOf
from matchmaker.demo.places import BY_NICKNAME, COUNTIES, PREFECTURE, STREETS
from matchmaker.demo.products import SHAPES, Shape, terms_of
from matchmaker.eligibility.bounds import region_prefix
from matchmaker.leads.rules.branches import BranchFacts
from matchmaker.matching.queries import LOCAL_KINDS
from matchmaker.products.models import Product, ProductFee, ProductVersion
from matchmaker.products.rules.freshness import confirmed_until
from matchmaker.products.rules.states import Kind, kinds_offered
from matchmaker.products.rules.terms import Terms
from matchmaker.products.rules.typed import STEPS, typed_from
from matchmaker.reference import industries, regions

PASSWORD = "qingtan-demo"  # noqa: S105  it is meant to be known
"""The one password of everybody in the town; printed with the sign-ins."""

_COLUMNS = (
    "name", "summary", "first_time_friendly", "first_time_only", "amount_min_yuan", "amount_max_yuan", "term_min_months",
    "term_max_months", "spread_min_bp", "spread_max_bp", "fixed_rate_percent", "revolving", "min_months_in_business",
    "min_turnover_yuan", "max_debt_ratio_percent", "renewal_statement", "promised_days", "valid_from_on",
    "valid_until_on", "renewable",
)  # fmt: skip
_LISTS = (
    "applicant_kinds", "purposes", "repayments", "securities", "regions", "industries_allow", "industries_deny",
    "tax_grades",
)  # fmt: skip


def password_hash() -> str:
    """The hash of PASSWORD with a fixed salt: the same rows each time. Fit for a town of invented people only."""
    return hash_secret(
        PASSWORD.encode(),
        b"qingtan-town-0001",
        time_cost=2,
        memory_cost=19456,
        parallelism=1,
        hash_len=32,
        type=Type.ID,
    ).decode()


@dataclass
class Market:
    """Rows by table, and what the story looks up."""

    persons: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)
    profiles: list[dict[str, Any]] = field(default_factory=list)
    institutions: list[dict[str, Any]] = field(default_factory=list)
    branches: list[dict[str, Any]] = field(default_factory=list)
    products: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    fees: list[dict[str, Any]] = field(default_factory=list)
    # by id
    of: dict[int, InstitutionOf] = field(default_factory=dict)
    shapes: dict[int, Shape] = field(default_factory=dict)
    terms: dict[int, Terms] = field(default_factory=dict)
    objects: list[ProductVersion] = field(default_factory=list)
    in_force_from: list[tuple[int, date, datetime, int]] = field(default_factory=list)  # product, day, instant, version
    branch_facts: dict[int, list[BranchFacts]] = field(default_factory=dict)
    managers: dict[int | None, list[int]] = field(default_factory=dict)  # by branch
    carriers: dict[int, list[int]] = field(default_factory=dict)  # by institution: managers, then the desk
    desks: dict[int, list[int]] = field(default_factory=dict)  # by institution
    operators: list[int] = field(default_factory=list)
    supervisor_id: int = 0
    person_by_name: dict[str, int] = field(default_factory=dict)
    institution_ids: dict[str, int] = field(default_factory=dict)

    def add_person(
        self, name: str, created_at: datetime, *, email: str | None = None, phone: str | None = None, hashed: str
    ) -> int:
        """A person with the next number; staff sign in by an e-mail address that leads nowhere."""
        number = len(self.persons) + 1
        self.persons.append(
            {
                "id": number, "phone": phone, "email": email or f"p{number:03d}@qingtan.example", "name": name,
                "password_hash": hashed, "language": "zh", "created_at": created_at,
                "email_verified_at": created_at, "phone_verified_at": created_at if phone else None,
            }
        )  # fmt: skip
        self.person_by_name[name] = number
        return number

    def assign(
        self,
        person_id: int,
        role: str,
        since_at: datetime,
        institution_id: int | None = None,
        branch_id: int | None = None,
    ) -> None:
        """Give a role."""
        self.assignments.append(
            {
                "person_id": person_id, "role": role, "institution_id": institution_id, "branch_id": branch_id,
                "since_at": since_at,
            }
        )  # fmt: skip

    def add_drafts(self, anchor_on: date) -> None:
        """What stands on the desk of 青檀农商银行: one version that waits for the second person, one sent back."""
        institution_id = self.institution_ids["qingtan"]
        writer, reviewer = self.desks[institution_id]
        for place, (name, summary, state) in enumerate((
            ("夜市备货贷", "给夜市和早点摊备货，随用随还", "submitted"),
            ("茶亭周转贷", "给景区边上的茶亭和小卖部", "sent_back"),
        )):  # fmt: skip
            shape = replace(SHAPES[2], name=name, summary=summary)
            terms = terms_of(shape, kind=Kind.CREDIT, valid=(anchor_on, anchor_on + timedelta(days=300)), wording=place)
            at = at_local(anchor_on - timedelta(days=1 + place), 16)
            product_id = len(self.products) + 1
            self.products.append(
                {
                    "id": product_id, "institution_id": institution_id, "branch_id": None, "kind": "credit",
                    "state": "submitted" if state == "submitted" else "draft", "current_version_id": None,
                    "commission_percent": None, "created_by_id": writer, "created_at": at - timedelta(hours=5),
                    "standing_at": None, "standing_by_id": None, "standing_note": "", "confirmed_at": None,
                    "confirmed_by_id": None, "confirmed_until_on": None,
                }
            )  # fmt: skip
            version = _version(self, product_id, 1, terms, writer, reviewer, at)
            version |= {
                "state": state, "typed": typed_from(terms), "steps_saved": list(STEPS), "superseded_at": None,
                "reviewed_by_id": None, "reviewed_at": None,
            }  # fmt: skip
            if state == "sent_back":
                version |= {
                    "reviewed_by_id": reviewer,
                    "reviewed_at": at,
                    "review_note": "小卖部也能办吗？行业那一栏要写清楚",
                }

    def versions_at(self, at: datetime) -> list[int]:
        """The versions in force at an instant, by product."""
        found: dict[int, int] = {}
        for product_id, _, from_at, version_id in self.in_force_from:
            if from_at <= at:
                found[product_id] = version_id
        return [found[product_id] for product_id in sorted(found)]


def build(*, seed: int, anchor_on: date) -> Market:
    """The market as it has stood since a year and a bit before the anchor."""
    market = Market()
    hashed = password_hash()
    opened_on = anchor_on - timedelta(days=430)
    opened_at = at_local(opened_on, 9)
    for place, (name, email) in enumerate(
        (
            ("平台沈值班", "operator1@qingtan.example"),
            ("平台柳值班", "operator2@qingtan.example"),
            ("平台乔值班", "operator3@qingtan.example"),
        )
    ):
        person_id = market.add_person(name, opened_at + timedelta(minutes=place), email=email, hashed=hashed)
        market.assign(person_id, "operator", opened_at)
        market.operators.append(person_id)
    market.supervisor_id = market.add_person("监管魏审", opened_at, email="supervisor@qingtan.example", hashed=hashed)
    market.assign(market.supervisor_id, "supervisor", opened_at)
    channel = market.add_person("园区孔服务", opened_at, email="channel@qingtan.example", hashed=hashed)
    market.assign(channel, "channel", opened_at)
    for place, one in enumerate(INSTITUTIONS):
        _institution(market, one, at_local(opened_on + timedelta(days=1 + place % 20), 10), anchor_on, hashed)
    _products(market, seed, anchor_on)
    return market


def _institution(market: Market, one: InstitutionOf, at: datetime, anchor_on: date, hashed: str) -> None:
    institution_id = len(market.institutions) + 1
    admitted = one.status == "admitted"
    market.institution_ids[one.key] = institution_id
    market.of[institution_id] = one
    home = one.branches[0].county if one.branches else "望山"
    applied_at = at if admitted else at_local(anchor_on - timedelta(days=2), 15)
    market.institutions.append(
        {
            "id": institution_id, "name": one.name, "short_name": one.short_name, "kind": one.kind,
            "licence_number": f"QT-{one.kind}-{institution_id:04d}", "status": one.status, "status_note": None,
            "licence_checked_by_id": market.operators[institution_id % 2] if admitted else None,
            "licence_checked_at": at + timedelta(hours=3) if admitted else None,
            "region_code": BY_NICKNAME[home].code if one.kind in LOCAL_KINDS else PREFECTURE,
            "website": None, "about": one.about, "contact_address": f"desk@{one.key}.example", "applied_at": applied_at,
        }
    )  # fmt: skip
    market.branch_facts[institution_id], market.carriers[institution_id] = [], []
    if not admitted:
        return
    for branch in one.branches:
        _branch(market, institution_id, branch, at, hashed)
    market.desks[institution_id] = []
    for place, name in enumerate(one.desks, start=1):
        person_id = market.add_person(name, at, email=f"desk{place}@{one.key}.example", hashed=hashed)
        market.assign(person_id, "desk", at, institution_id)
        market.desks[institution_id].append(person_id)
    market.carriers[institution_id] += market.desks[institution_id]


def _branch(market: Market, institution_id: int, branch: Any, at: datetime, hashed: str) -> None:
    county = BY_NICKNAME[branch.county]
    point = regions.point(county.code)
    assert point is not None
    branch_id = len(market.branches) + 1
    limit = None if branch.limit_wan is None else Decimal(branch.limit_wan) * 10_000
    served = [BY_NICKNAME[nickname].code for nickname in branch.serves]
    market.branches.append(
        {
            "id": branch_id, "institution_id": institution_id, "name": branch.name, "region_code": county.code,
            "latitude": round(point[0] + 0.004, 5), "longitude": round(point[1] - 0.003, 5),
            "service_radius_km": branch.radius_km, "service_regions": served, "decision_limit_yuan": limit,
        }
    )  # fmt: skip
    market.branch_facts[institution_id].append(
        BranchFacts(
            branch_id,
            county.code,
            round(point[0] + 0.004, 5),
            round(point[1] - 0.003, 5),
            branch.radius_km,
            tuple(served),
            limit,
        )
    )
    market.managers[branch_id] = []
    one = market.of[institution_id]
    for name in branch.managers:
        number = len(market.persons) + 1
        person_id = market.add_person(name, at, email=f"m{number}@{one.key}.example", hashed=hashed)
        market.assign(person_id, "manager", at, institution_id, branch_id)
        skills = [section for section, liking in sorted(one.likes.items(), key=lambda pair: -pair[1]) if liking > 0][:2]
        market.profiles.append(
            {
                "person_id": person_id, "branch_id": branch_id,
                "patch_regions": served or [county.code, *[c.code for c in COUNTIES if c.code != county.code][:1]],
                "skills": [division.code for section in skills for division in industries.children(section)],
                "capacity_leads": 25 + 5 * (number % 3),
            }
        )  # fmt: skip
        market.managers[branch_id].append(person_id)
        market.carriers[institution_id].append(person_id)


def _products(market: Market, seed: int, anchor_on: date) -> None:
    """Two versions of each product: the listing of a year ago, and the one that was confirmed since."""
    rng = generator(seed, "products")
    for shape in SHAPES:
        institution_id = market.institution_ids[shape.of]
        (kind,) = kinds_offered(BY_KEY[shape.of].kind)
        product_id = len(market.products) + 1
        desks = market.desks[institution_id]
        listed_on = anchor_on - timedelta(days=int(rng.integers(376, 402)))
        renewed_on = anchor_on - timedelta(days=int(rng.integers(45, 330)))
        until = min(renewed_on + timedelta(days=int(rng.integers(335, 366))), anchor_on + timedelta(days=320))
        later = terms_of(shape, kind=kind, valid=(renewed_on, until), wording=product_id)
        first = terms_of(
            _before(shape, float(rng.random())),
            kind=kind,
            valid=(listed_on, listed_on + timedelta(days=365)),
            wording=product_id,
        )
        writer = product_id % 2
        reviewed_at = at_local(renewed_on, 9.2 + float(rng.random()) * 3)
        market.products.append(
            {
                "id": product_id, "institution_id": institution_id, "branch_id": None, "kind": kind.value,
                "state": "published", "current_version_id": 2 * product_id, "commission_percent": None,
                "created_by_id": desks[writer], "created_at": at_local(listed_on - timedelta(days=2), 14),
                "standing_at": reviewed_at, "standing_by_id": desks[1 - writer], "standing_note": "",
                "confirmed_by_id": desks[1 - writer], **confirmation(renewed_on, reviewed_at, anchor_on),
            }
        )  # fmt: skip
        market.shapes[product_id] = shape
        for number, terms, on, at in (
            (1, first, listed_on, at_local(listed_on, 9.2 + float(rng.random()) * 3)), (2, later, renewed_on, reviewed_at),
        ):  # fmt: skip
            version = _version(market, product_id, number, terms, desks[writer], desks[1 - writer], at)
            version |= {"superseded_at": reviewed_at} if number == 1 else {"superseded_at": None}
            market.in_force_from.append((product_id, on, at, version["id"]))


RECONFIRMS_EVERY_DAYS = 85
"""Desks of the town confirm their listings five days before they would be hidden."""


def confirmation(published_on: date, published_at: datetime, anchor_on: date) -> dict[str, Any]:
    """When a product was last confirmed before the anchor, and until when that holds."""
    times = (anchor_on - published_on).days // RECONFIRMS_EVERY_DAYS
    on = published_on + timedelta(days=times * RECONFIRMS_EVERY_DAYS)
    return {"confirmed_at": at_local(on, 9) if times else published_at, "confirmed_until_on": confirmed_until(on)}


def confirm_after_declines(market: Market, doubts: Iterable[tuple[datetime, int]]) -> None:
    """Every product that a decline called stopped was confirmed by its desk within the hour, at the latest at the end."""
    for at, product_id in doubts:
        product = market.products[product_id - 1]
        if product["confirmed_at"] < at:
            product |= {"confirmed_at": at, "confirmed_until_on": confirmed_until(date_of(at))}


def _before(shape: Shape, draw: float) -> Shape:
    """What the listing said a year earlier: for a third of the products a little dearer or a little less."""
    if draw < 0.2 and shape.spread is not None:
        return replace(shape, spread=(shape.spread[0] + 10, shape.spread[1] + 10))
    if draw > 0.85:
        return replace(shape, amount=(shape.amount[0], max(shape.amount[0], shape.amount[1] * 0.8)))
    return shape


def _version(
    market: Market, product_id: int, number: int, terms: Terms, writer: int, reviewer: int, at: datetime
) -> dict[str, Any]:
    version_id = len(market.versions) + 1
    exact = {name: percent_as_stored if name.endswith("_percent") else as_stored for name in _COLUMNS}
    row = {name: exact[name](getattr(terms, name)) for name in _COLUMNS} | {
        name: list(getattr(terms, name)) for name in _LISTS
    }
    row |= {
        "rate_base": str(terms.rate_base), "renewal_kind": str(terms.renewal_kind),
        "documents": [paper.as_json() for paper in terms.documents],
        "concessions": [one.as_json() for one in terms.concessions],
    }  # fmt: skip
    submitted_at = at - timedelta(hours=17)
    version = {
        "id": version_id, "product_id": product_id, "number": number, "state": "published" if number == 2 else "superseded",
        "typed": {}, "steps_saved": [], **row, "created_by_id": writer, "created_at": submitted_at - timedelta(hours=2),
        "submitted_by_id": writer, "submitted_at": submitted_at, "reviewed_by_id": reviewer, "reviewed_at": at,
        "review_note": "",
    }  # fmt: skip
    fees = [
        {
            "version_id": version_id, "code": line.code, "charged": line.charged,
            "payer": None if line.payer is None else line.payer.value, "payee": line.payee,
            "basis": None if line.basis is None else line.basis.value, "value": percent_as_stored(line.value),
            "timing": None if line.timing is None else line.timing.value, "optional": line.optional, "note": line.note,
        }
        for line in terms.fees
    ]  # fmt: skip
    market.versions.append(version)
    market.fees += fees
    version_as_stored = _object(market, version_id, product_id, row, fees)
    market.objects.append(version_as_stored)
    market.terms[version_id] = version_as_stored.terms
    return version


def _object(
    market: Market, version_id: int, product_id: int, row: Mapping[str, Any], fees: list[dict[str, Any]]
) -> ProductVersion:
    """The version as `matching` takes it, outside of any session."""
    product = market.products[product_id - 1]
    one = market.of[product["institution_id"]]
    version = ProductVersion(id=version_id, product_id=product_id, number=1, state="published", **row)
    version.product = Product(
        id=product_id, institution_id=product["institution_id"], branch_id=None, kind=product["kind"],
        institution=Institution(id=product["institution_id"], kind=one.kind, name=one.name, short_name=one.short_name),
    )  # fmt: skip
    version.fees = [ProductFee(**{**fee, "version_id": None}) for fee in fees]
    return version


def places_of(market: Market) -> dict[str, Any]:
    """Who serves which area, in the form that `matching.queries.places_now` reads from the tables."""
    places: dict[str, dict[str, Any]] = {}
    for branch in market.branches:
        kind = market.of[branch["institution_id"]].kind
        served = [region_prefix(code) for code in branch["service_regions"]]
        if not served and branch["service_radius_km"] is None and kind in LOCAL_KINDS:
            served = [branch["region_code"][:4]]
        limit = branch["decision_limit_yuan"]
        places.setdefault(str(branch["institution_id"]), {})[str(branch["id"])] = {
            "name": branch["name"], "regions": served, "latitude": branch["latitude"], "longitude": branch["longitude"],
            "radius_km": branch["service_radius_km"],
            "limit_yuan": None if limit is None else format(limit.quantize(Decimal("0.01")), "f"),
            "home_region": branch["region_code"],
        }  # fmt: skip
    for row in market.institutions:
        if row["kind"] in LOCAL_KINDS and str(row["id"]) not in places:
            places[str(row["id"])] = {
                "0": {"name": None, "regions": [row["region_code"][:4]], "home_region": row["region_code"]}
            }
    return places


def address_of(number: int) -> str:
    """An invented street with a number."""
    return f"{STREETS[number % len(STREETS)]} {number % 97 + 1} 号"
