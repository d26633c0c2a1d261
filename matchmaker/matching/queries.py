"""Reads of matching: the market on a day, the facts of a need, stored lists, what happened to a list since."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import Branch, BranchLoad, Institution
from matchmaker.accounts.queries import wants_learned_order
from matchmaker.businesses.models import Business, CreditLine, YearlyFigures
from matchmaker.db import db
from matchmaker.eligibility.bounds import Place
from matchmaker.eligibility.facts import Facts, Terms
from matchmaker.matching.columns import Coded, FactColumns
from matchmaker.matching.models import MarketPlaces, OpenedTold
from matchmaker.matching.rules import Lpr, Offered, Track
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.needs.rules import LIVE_STATES
from matchmaker.pricing.quotes import Fee
from matchmaker.products.models import Product, ProductIntake, ProductVersion, TrackRecord
from matchmaker.products.rules.capacity import NOTHING_SAID, Intake, Load
from matchmaker.products.rules.concessions import from_json
from matchmaker.products.rules.terms import Terms as TypedTerms
from matchmaker.ranking.models import Shown, ShownList, TurnedDown
from matchmaker.reference import industries, regions
from matchmaker.reference.queries import lpr_on as published_lpr_on
from matchmaker.refusal import Refused

HEIRS = "regions"
"""The place in the noted branches where it says what became of divisions that are no more: no institution's number."""

LOCAL_KINDS = frozenset({"CITY", "RURALC", "RURALX"})
"""Local institutions lend within their service area (article 12.1); without a declared one, within their prefecture."""


# The market ---------------------------------------------------------------------------------------------------------


def lpr_of(day: date) -> Lpr:
    """The LPR in force on ``day``. Raises Refused("no_lpr_known") where none was published by then."""
    row = published_lpr_on(day)
    if row is None:
        raise Refused("no_lpr_known", day_on=day)
    return Lpr(row.published_on, row.lpr_1y_percent, row.lpr_5y_percent)


def offered_of(
    versions: Iterable[ProductVersion],
    places: Mapping[str, Any],
    records: Mapping[tuple[int, int | None], Track] | None = None,
    taking: Taking | None = None,
) -> list[Offered]:
    """Versions as matching sees them, with branches as told by ``places`` (see ``places_now``)."""
    records, taking = records or {}, taking or Taking({}, {})
    return [
        Offered(
            product_id=version.product_id,
            version_id=version.id,
            institution_id=version.product.institution_id,
            institution_kind=version.product.institution.kind,
            kind=version.product.kind,
            terms=terms_of(version, places),
            rate_base=version.rate_base,
            spread_bp=version.spread_max_bp,
            fixed_rate_percent=version.fixed_rate_percent,
            fees=tuple(_fee(row) for row in version.fees if row.charged),
            concessions=tuple(from_json(one) for one in version.concessions),
            promised_days=version.promised_days,
            revolving=version.revolving,
            renewal_kind=version.renewal_kind,
            first_time_friendly=version.first_time_friendly,
            confirmed_until_on=version.product.confirmed_until_on,
            own_track=records.get((version.product.institution_id, version.product_id), Track()),
            institution_track=records.get((version.product.institution_id, None), Track()),
            intake=taking.intakes.get(version.product_id, NOTHING_SAID),
            loads=taking.loads_of(_offering(version.product, places)),
        )
        for version in versions
    ]


def _fee(row: Any) -> Fee:
    return Fee(
        code=row.code,
        payer=row.payer or "borrower",
        payee=row.payee,
        basis=row.basis or "percent_of_amount",
        value=row.value if row.value is not None else Decimal(0),
        timing=row.timing or "upfront",
        optional=row.optional,
        note=row.note,
    )


def terms_of(version: ProductVersion, places: Mapping[str, Any]) -> Terms:
    """A version as the rules of eligibility take it, with the branches that offer it."""
    return terms_said(version, version.product, places)


def terms_said(version: ProductVersion | TypedTerms, product: Product, places: Mapping[str, Any]) -> Terms:
    """The same of what a product says now or would say: a version of it, or what stands in a desk's form."""
    branches = places.get(str(product.institution_id), {})
    offering = [branches[key] for key in _offering(product, places)]
    return Terms(
        key=product.id,
        institution_key=product.institution_id,
        amount_min_yuan=version.amount_min_yuan,
        amount_max_yuan=version.amount_max_yuan,
        term_min_months=version.term_min_months,
        term_max_months=version.term_max_months,
        regions=regions.carried(version.regions, heirs_in(places)),
        places=tuple(place_of(branch) for branch in offering),
        industries_allow=_digits(version.industries_allow),
        industries_deny=_digits(version.industries_deny),
        applicant_kinds=tuple(version.applicant_kinds),
        min_months_in_business=version.min_months_in_business,
        min_turnover_yuan=version.min_turnover_yuan,
        tax_grades=tuple(version.tax_grades),
        max_debt_ratio_percent=version.max_debt_ratio_percent,
        securities=tuple(version.securities),
        purposes=tuple(version.purposes),
        first_time_only=version.first_time_only,
        repayments=tuple(version.repayments),
        valid_from_on=version.valid_from_on,
        valid_until_on=version.valid_until_on,
    )


def _offering(product: Product, places: Mapping[str, Any]) -> list[str]:
    """The branches that offer a product, by number: its own, or all of its institution."""
    own = str(product.branch_id) if product.branch_id is not None else None
    return [key for key in sorted(places.get(str(product.institution_id), {}), key=int) if own in (None, key)]


def _digits(prefixes: Sequence[str]) -> tuple[str, ...]:
    """Industry prefixes in digits alone: a section letter stands for all its divisions."""
    found: list[str] = []
    for prefix in prefixes:
        if not prefix[:1].isalpha():
            found.append(prefix)
        elif len(prefix) > 1:
            found.append(prefix[1:])
        else:
            found += [division.code for division in industries.children(prefix.upper())]
    return tuple(found)


def places_now(session: Session | None = None) -> dict[str, Any]:
    """Institution → branch → area and limit, as they stand, in plain values that a list can keep.

    Areas are told by the divisions that stand now. Under ``HEIRS`` stands what became of others, so that a list is
    derived again by the divisions of its day.
    """
    session = session or db.session
    heirs = regions.heirs()
    rows = session.execute(
        sa.select(Branch, Institution.kind)
        .join(Institution, Institution.id == Branch.institution_id)
        .where(Branch.closed_at.is_(None))
        .order_by(Branch.institution_id, Branch.id)
    )
    places: dict[str, dict[str, Any]] = defaultdict(dict)
    for branch, kind in rows:
        served = list(regions.carried(branch.service_regions, heirs))
        home = regions.standing(branch.region_code)
        if not served and branch.service_radius_km is None and kind in LOCAL_KINDS:
            served = [home[:4]]
        places[str(branch.institution_id)][str(branch.id)] = {
            "name": branch.name,
            "regions": served,
            "latitude": branch.latitude,
            "longitude": branch.longitude,
            "radius_km": branch.service_radius_km,
            "limit_yuan": None if branch.decision_limit_yuan is None else format(branch.decision_limit_yuan, "f"),
            "home_region": home,
        }
    without = session.execute(
        sa.select(Institution.id, Institution.kind, Institution.region_code)
        .where(Institution.kind.in_(sorted(LOCAL_KINDS)), Institution.id.not_in([int(key) for key in places]))
        .order_by(Institution.id)
    )
    for institution_id, _, region_code in without:  # a local bank that has told no branch serves its prefecture
        home = regions.standing(region_code)
        places[str(institution_id)]["0"] = {"name": None, "regions": [home[:4]], "home_region": home}
    return dict(places) | ({HEIRS: heirs} if heirs else {})


def heirs_in(places: Mapping[str, Any]) -> Mapping[str, Sequence[str]]:
    """What had become of divisions that are no more, by prefix, when branches were noted."""
    found: Mapping[str, Sequence[str]] = places.get(HEIRS, {})
    return found


def place_of(stored: Mapping[str, Any]) -> Place:
    """A branch as the rules take it."""
    limit = stored.get("limit_yuan")
    radius = stored.get("radius_km")
    return Place(
        regions=tuple(stored.get("regions") or ()),
        latitude=stored.get("latitude"),
        longitude=stored.get("longitude"),
        radius_km=None if radius is None else float(radius),
        decides_up_to_yuan=None if limit is None else Decimal(limit),
        home_region=stored.get("home_region"),
        name=stored.get("name"),
    )


def fingerprint_of(places: Mapping[str, Any]) -> str:
    """A short name for one state of all branches."""
    text = json.dumps(places, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def noted_places(fingerprint: str) -> MarketPlaces | None:
    """The branches as they stood when that fingerprint was taken."""
    return db.session.scalar(sa.select(MarketPlaces).where(MarketPlaces.fingerprint == fingerprint))


def tracks(
    session: Session | None = None, institution_ids: Collection[int] | None = None
) -> dict[tuple[int, int | None], Track]:
    """(institution, product or None) → what became of its leads, as last counted; of these institutions or of all."""
    query = sa.select(TrackRecord)
    if institution_ids is not None:
        query = query.where(TrackRecord.institution_id.in_(institution_ids))
    return {
        (row.institution_id, row.product_id): Track(
            row.leads, row.answered_in_time, row.decided, row.funded, row.median_days_to_money
        )
        for row in (session or db.session).scalars(query)
    }


@dataclass(frozen=True)
class Taking:
    """What products and branches can take: by product, and by branch where managers are counted."""

    intakes: Mapping[int, Intake]
    loads: Mapping[int, Load]

    def loads_of(self, branches: Sequence[str]) -> tuple[Load | None, ...]:
        """The loads of these branches in their order; nothing where none of them counts."""
        found = tuple(self.loads.get(int(key)) for key in branches)
        return found if any(load is not None for load in found) else ()


def takings(session: Session | None = None, institution_ids: Collection[int] | None = None) -> Taking:
    """What can be taken, as said and last counted; of these institutions or of all."""
    said = sa.select(ProductIntake)
    loads = sa.select(BranchLoad).where(BranchLoad.managers > 0)
    if institution_ids is not None:
        said = said.join(Product, Product.id == ProductIntake.product_id)
        said = said.where(Product.institution_id.in_(institution_ids))
        loads = loads.where(BranchLoad.institution_id.in_(institution_ids))
    session = session or db.session
    return Taking(
        {row.product_id: row.intake for row in session.scalars(said)},
        {row.branch_id: Load(row.open_slots, row.free_managers, row.waiting) for row in session.scalars(loads)},
    )


# The facts of a need ------------------------------------------------------------------------------------------------


def facts_of(need: Need, version: NeedVersion | None = None, on: date | None = None) -> Facts:
    """What is known of a need and its business on ``on`` (today). Where the shop's point is missing its county's seat
    stands in; figures are those of the last full year, as the owner's own pages show them.
    """
    version = version or need.current
    business = need.business
    figures = last_full_year(business, on or clock.today())
    exact = business.latitude is not None and business.longitude is not None
    point = (business.latitude, business.longitude) if exact else regions.point(business.region_code)
    latitude, longitude = point or (None, None)
    securities = version.securities
    return Facts(
        kind=business.kind,
        entity_code=business.entity_code,
        industry_code=business.industry_code,
        region_code=regions.standing(business.region_code),
        latitude=latitude,
        longitude=longitude,
        exact_place=exact,
        founded_on=business.founded_on,
        turnover_yuan=figures.turnover_yuan if figures else None,
        tax_grade=business.tax_grade,
        debt_ratio_percent=_debt_ratio(figures),
        employees=figures.employees if figures else None,
        has_tax_evidence=business.has_tax_evidence,
        has_flow_evidence=business.has_flow_evidence,
        last_equity_change_on=business.last_equity_change_on,
        debts_yuan=sum((line.balance_yuan for line in business.credit_lines if line.kind == "loan"), Decimal(0)),
        amount_yuan=version.amount_yuan,
        term_months=version.term_months,
        purpose=version.purpose,
        securities=_offered_securities(securities, business),
        repayment=version.repayment,
        first_loan=_first_loan(version, any(line.kind == "loan" for line in business.credit_lines)),
        wanted_by_on=version.wanted_by_on,
        max_rate_percent=version.max_rate_percent,
    )


def last_full_year(business: Business, today: date) -> YearlyFigures | None:
    """The newest year typed in that is over: five months of the running one are no year's turnover."""
    over = [row for row in business.figures if row.year < today.year]
    return max(over, key=lambda row: row.year, default=None)


def _debt_ratio(figures: YearlyFigures | Any) -> Decimal | None:
    if figures is None or figures.liabilities_yuan is None or not figures.assets_yuan:
        return None
    return (figures.liabilities_yuan * 100 / figures.assets_yuan).quantize(Decimal("0.01"))


def _offered_securities(named: Sequence[str] | None, business: Business | Any) -> frozenset[str] | None:
    """What the need names; where its owner was not sure, what the business is known to have, if anything."""
    if named is not None:
        return frozenset(named)
    return frozenset(business.collateral) if business.collateral else None


def _first_loan(version: NeedVersion | Any, has_loan: bool) -> bool | None:
    """The owner's word; a loan on record outweighs it."""
    if has_loan:
        return False
    return {"yes": True, "no": False}.get(version.first_loan)


# Lists --------------------------------------------------------------------------------------------------------------


def need_for_matching(need_id: int) -> Need | None:
    """A need with what its facts are taken from."""
    return db.session.get(
        Need,
        need_id,
        options=[
            selectinload(Need.versions),
            joinedload(Need.business).selectinload(Business.members),
            joinedload(Need.business).selectinload(Business.figures),
            joinedload(Need.business).selectinload(Business.credit_lines),
        ],
    )


def need_alone(need_id: int) -> Need | None:
    """A need as it stands now, nothing around it read yet: most of what a list is stored with is known already."""
    return db.session.get(Need, need_id)


def hold_need(need_id: int) -> bool:
    """Keep other workers from this need until the transaction ends; False where there is none (SQLite holds all)."""
    return db.session.scalar(sa.select(Need.id).where(Need.id == need_id).with_for_update()) is not None


def latest_list(need_id: int) -> ShownList | None:
    """The newest list of a need that still holds its facts, without its rows."""
    return db.session.scalar(
        sa.select(ShownList)
        .where(ShownList.need_id == need_id, ShownList.forgotten_at.is_(None))
        .order_by(ShownList.made_at.desc(), ShownList.id.desc())
        .limit(1)
    )


def _with_names(query: sa.Select[Any], row: Any) -> sa.Select[Any]:
    return query.options(
        joinedload(row.product).joinedload(Product.institution),
        joinedload(row.product).joinedload(Product.branch),
        joinedload(row.product_version),
    )


def shown_rows(list_id: int) -> list[Shown]:
    """The products of a list in their places, with names."""
    query = sa.select(Shown).where(Shown.list_id == list_id).order_by(Shown.place)
    return list(db.session.scalars(_with_names(query, Shown)).unique())


def shown_product(list_id: int, product_id: int) -> Shown | None:
    """One product of a list."""
    query = sa.select(Shown).where(Shown.list_id == list_id, Shown.product_id == product_id)
    found: Shown | None = db.session.scalar(_with_names(query, Shown))
    return found


def turned_down_rows(list_id: int) -> list[TurnedDown]:
    """The products that did not fit, fewest failed rules first, then by product."""
    query = sa.select(TurnedDown).where(TurnedDown.list_id == list_id).order_by(TurnedDown.product_id)
    rows = list(db.session.scalars(_with_names(query, TurnedDown)).unique())
    return sorted(rows, key=lambda row: (len(row.failed), row.product_id))


def turned_down_product(list_id: int, product_id: int) -> TurnedDown | None:
    """One product that did not fit."""
    query = sa.select(TurnedDown).where(TurnedDown.list_id == list_id, TurnedDown.product_id == product_id)
    found: TurnedDown | None = db.session.scalar(_with_names(query, TurnedDown))
    return found


# What has changed since ----------------------------------------------------------------------------------------------


def market_changed_at(on: date) -> datetime | None:
    """When a product last came, went or changed its text, or None in an empty market."""
    reviewed = sa.select(sa.func.max(ProductVersion.reviewed_at))
    standing = sa.select(sa.func.max(Product.standing_at))
    found = [db.session.scalar(reviewed), db.session.scalar(standing)]
    return max((at for at in found if at is not None), default=None)


def versions_of_list(stored: ShownList) -> set[int]:
    """The ids of all versions that a list has judged, those beyond its stored places included."""
    rows = [
        sa.select(table.product_version_id).where(table.list_id == stored.id) for table in (Shown, TurnedDown)
    ]
    found = {version_id for query in rows for version_id in db.session.scalars(query)}
    return found | {rest["version_id"] for rest in stored.counts.get("rest", ())}


def failed_on_list(stored: ShownList, version_ids: Collection[int]) -> dict[int, tuple[str, ...]]:
    """Version → the rules that it failed by a list, of those it turned down."""
    rows = db.session.execute(
        sa.select(TurnedDown.product_version_id, TurnedDown.failed).where(
            TurnedDown.list_id == stored.id, TurnedDown.product_version_id.in_(version_ids)
        )
    )
    return {version_id: tuple(each["rule"] for each in failed) for version_id, failed in rows}


def moved_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The institutions (as keys) whose branches, their areas or limits differ between two states."""

    def read(places: Mapping[str, Any], key: str) -> list[tuple[str, Place]]:
        return [(own, place_of(branch)) for own, branch in sorted(places.get(key, {}).items())]

    known = (before.keys() | after.keys()) - {HEIRS}
    return {key for key in known if read(before, key) != read(after, key)}


def areas_moved_between(before: Mapping[str, Any], after: Mapping[str, Any]) -> set[str]:
    """The areas, as prefixes of what stands after, to which divisions went over between two states."""
    was, now = heirs_in(before), heirs_in(after)
    return {heir for area, heirs in now.items() if was.get(area) != heirs for heir in heirs}


def ids_fitting(stored: ShownList) -> set[int]:
    """The products that fit by a list, those beyond its stored places included."""
    shown = set(db.session.scalars(sa.select(Shown.product_id).where(Shown.list_id == stored.id)))
    return shown | {rest["product_id"] for rest in stored.counts.get("rest", ())}


def ids_told_of(need_id: int) -> set[int]:
    """The products of which this need's owner was told already that they began to fit."""
    return set(db.session.scalars(sa.select(OpenedTold.product_id).where(OpenedTold.need_id == need_id)))


def ids_of_live_needs_of(business_id: int) -> list[int]:
    """The live needs of one business."""
    query = sa.select(Need.id).where(Need.business_id == business_id, Need.state.in_(sorted(LIVE_STATES)))
    return list(db.session.scalars(query.order_by(Need.id)))


def wants_learned(need: Need) -> bool:
    """Whether the model may order this need's lists: nobody who acts for its business has objected."""
    return all(wants_learned_order(member.person_id) for member in need.business.members
               if member.standing != "rejected")  # fmt: skip


def needs_asked(
    session: Session, need_ids: Collection[int] | None = None, business_ids: Collection[int] = (), after: int = 0
) -> list[Need]:
    """Live needs with all that their facts are taken from, by number; of these needs and businesses, or the next
    thousand after one."""
    query = (
        sa.select(Need)
        .where(Need.state.in_(sorted(LIVE_STATES)), Need.id > after)
        .order_by(Need.id)
        .options(
            selectinload(Need.versions),
            joinedload(Need.business).selectinload(Business.figures),
            joinedload(Need.business).selectinload(Business.credit_lines),
            joinedload(Need.business).selectinload(Business.titles),
        )
    )
    if need_ids is None:
        query = query.limit(1000)
    else:
        query = query.where(sa.or_(Need.id.in_(need_ids), Need.business_id.in_(business_ids)))
    return list(session.scalars(query).unique())


@dataclass(frozen=True)
class AskedChunk:
    """Many live needs as plain rows, and beside them what is known of their businesses."""

    rows: Sequence[Any]
    """A row a need: the columns of ``asked_by_column``."""
    figures: Mapping[int, Any]
    """Business → the figures of its last full year."""
    borrowers: Collection[int]
    """Businesses with a loan on record."""


def asked_by_column(session: Session, on: date, after: int, most: int = 20_000) -> AskedChunk:
    """The next live needs after a number, with what ``facts_of`` takes from them, without an object for each row."""
    live = sa.and_(Need.state.in_(sorted(LIVE_STATES)), Need.id > after)
    rows = session.execute(
        sa.select(
            Need.id, Need.business_id,
            NeedVersion.amount_yuan, NeedVersion.term_months, NeedVersion.purpose, NeedVersion.securities,
            NeedVersion.repayment, NeedVersion.first_loan,
            Business.kind, Business.entity_code, Business.industry_code, Business.region_code, Business.latitude,
            Business.longitude, Business.founded_on, Business.tax_grade, Business.collateral,
        )
        .join(NeedVersion, sa.and_(NeedVersion.need_id == Need.id, NeedVersion.number == Need.current_number))
        .join(Business, Business.id == Need.business_id)
        .where(live)
        .order_by(Need.id)
        .limit(most)
    ).all()  # fmt: skip
    if not rows:
        return AskedChunk((), {}, ())
    these = sa.select(Need.business_id).where(live, Need.id <= rows[-1].id)
    years = session.execute(
        sa.select(
            YearlyFigures.business_id, YearlyFigures.employees, YearlyFigures.turnover_yuan,
            YearlyFigures.assets_yuan, YearlyFigures.liabilities_yuan,
        )
        .where(YearlyFigures.business_id.in_(these), YearlyFigures.year < on.year)
        .order_by(YearlyFigures.year)
    )  # fmt: skip
    loans = sa.select(CreditLine.business_id).where(CreditLine.business_id.in_(these), CreditLine.kind == "loan")
    return AskedChunk(rows, {year.business_id: year for year in years}, frozenset(session.scalars(loans)))


def facts_by_column(chunk: AskedChunk) -> FactColumns:
    """The facts of many needs that the rules read, by column: those of ``facts_of``, one need like the other."""
    rows, points = chunk.rows, dict[str, tuple[float, float] | None]()
    where = []
    for row in rows:
        exact = row.latitude is not None and row.longitude is not None
        if not exact and row.region_code not in points:
            points[row.region_code] = regions.point(row.region_code)
        found = (row.latitude, row.longitude) if exact else points[row.region_code] or (None, None)
        where.append((*found, exact))
    figures = [chunk.figures.get(row.business_id) for row in rows]
    columns: dict[str, Iterable[Any]] = {
        name: [getattr(row, name) for row in rows]
        for name in (
            "kind", "entity_code", "industry_code", "founded_on", "tax_grade", "amount_yuan", "term_months", "purpose",
            "repayment",
        )
    }  # fmt: skip
    columns |= {
        "region_code": (regions.standing(row.region_code) for row in rows),
        "latitude": (one[0] for one in where),
        "longitude": (one[1] for one in where),
        "exact_place": (one[2] for one in where),
        "turnover_yuan": (one.turnover_yuan if one else None for one in figures),
        "debt_ratio_percent": (_debt_ratio(one) for one in figures),
        "securities": (_offered_securities(row.securities, row) for row in rows),
        "first_loan": (_first_loan(row, row.business_id in chunk.borrowers) for row in rows),
    }
    keys = np.array([row.id for row in rows], np.int64)
    return FactColumns(keys, {name: Coded.of(column) for name, column in columns.items()})


def ids_of_live_needs(after: int = 0, most: int = 500) -> list[int]:
    """Needs that are open or worked on, by id from ``after`` on."""
    return list(
        db.session.scalars(
            sa.select(Need.id)
            .where(Need.state.in_(sorted(LIVE_STATES)), Need.id > after)
            .order_by(Need.id)
            .limit(most)
        )
    )


def list_with_key(natural_key: str) -> ShownList | None:
    """The list that a job made under this key, if it did."""
    return db.session.scalar(sa.select(ShownList).where(ShownList.natural_key == natural_key))


def versions_by_id(ids: Iterable[int]) -> list[ProductVersion]:
    """Versions with product, institution and fees, by product; for deriving a list again."""
    query = (
        sa.select(ProductVersion)
        .where(ProductVersion.id.in_(sorted(set(ids))))
        .options(
            selectinload(ProductVersion.fees), joinedload(ProductVersion.product).joinedload(Product.institution)
        )
        .order_by(ProductVersion.product_id)
    )
    return list(db.session.scalars(query).unique())
