"""Reads of products: what is matched on a day, a desk's own list, versions, problems and the cost of an example."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from matchmaker.accounts.models import Branch, BranchLoad, Institution, Person
from matchmaker.accounts.queries import operators
from matchmaker.db import db, holding
from matchmaker.pricing.quotes import Quote, quote
from matchmaker.products.cover import queries as covers
from matchmaker.products.cover.models import Cover
from matchmaker.products.models import (
    ImportLine,
    Product,
    ProductImport,
    ProductIntake,
    ProductVersion,
    PromiseRecord,
    TrackRecord,
)
from matchmaker.products.rules.capacity import Load
from matchmaker.products.rules.freshness import REMIND_DAYS_BEFORE
from matchmaker.products.rules.states import FROZEN_VERSION, OPEN_VERSION, Kind, ProductState, VersionState
from matchmaker.products.rules.terms import PRICEABLE_REPAYMENTS, Problem, Terms, problems_of, rates_percent
from matchmaker.products.rules.typed import STEP_OF, STEPS, read_terms
from matchmaker.reference import queries as reference
from matchmaker.reference import regions
from matchmaker.reference.models import Lpr
from matchmaker.refusal import Reason

DESK_FILTERS = ("all", "to_write", "to_review", "published", "suspended", "stopped", "due", "ending")
ENDING_WITHIN_DAYS = 30


def lpr_on(day: date) -> Lpr:
    """The LPR in force on `day`. Raises LookupError where the reference data was never loaded."""
    found = reference.lpr_on(day)
    if found is None:
        raise LookupError(f"no LPR known for {day}")
    return found


def _loaded(query: sa.Select[ProductVersion]) -> sa.Select[ProductVersion]:
    return query.options(
        selectinload(ProductVersion.fees),
        joinedload(ProductVersion.product).joinedload(Product.institution),
        joinedload(ProductVersion.product).joinedload(Product.branch),
    )


def _published() -> sa.Select[ProductVersion]:
    """Published versions of admitted institutions that are not in doubt, whatever the day."""
    return (
        sa.select(ProductVersion)
        .join(Product, Product.current_version_id == ProductVersion.id)
        .join(Institution, Institution.id == Product.institution_id)
        .where(
            Product.state == ProductState.PUBLISHED,
            ProductVersion.state == VersionState.PUBLISHED,
            Product.doubted_at.is_(None),
            Institution.status == "admitted",
            Institution.is_sample.is_(False),
        )
    )


def _in_force(on: date) -> sa.Select[ProductVersion]:
    return _published().where(
        ProductVersion.valid_from_on <= on, ProductVersion.valid_until_on >= on, Product.confirmed_until_on >= on
    )


def published_versions(on: date) -> list[ProductVersion]:
    """Every version that may be matched on `on`: published, valid and confirmed that day, of an admitted institution.

    With product, institution, branch and fees loaded; ordered by product, so that a list can be derived again.
    """
    query = _loaded(_in_force(on)).order_by(ProductVersion.product_id)
    return list(db.session.scalars(query).unique())


def published_of(institution_id: int, on: date) -> list[ProductVersion]:
    """Those of `published_versions` that one institution offers."""
    query = _loaded(_in_force(on)).where(Product.institution_id == institution_id).order_by(ProductVersion.product_id)
    return list(db.session.scalars(query).unique())


def published_on_any_day(
    product_ids: Collection[int] | None = None,
    institution_ids: Collection[int] = (),
    session: Session | None = None,
) -> list[ProductVersion]:
    """As `published_versions`, with those not valid or confirmed yet or any longer: what the market index is made of.

    Only the named products and those of the named institutions, where any are named; read through ``session``.
    """
    query = _loaded(_published()).order_by(ProductVersion.product_id)
    if product_ids is not None:
        query = query.where(sa.or_(Product.id.in_(product_ids), Product.institution_id.in_(institution_ids)))
    return list((session or db.session).scalars(query).unique())


def ids_in_force(on: date) -> set[int]:
    """The ids of `published_versions`, for whoever only asks whether they are still the same."""
    return set(db.session.scalars(_in_force(on).with_only_columns(ProductVersion.id)))


def published_products(on: date, *, kind: str = "", q: str = "", unsecured: bool = False) -> sa.Select[ProductVersion]:
    """What anybody may browse: as `published_versions`, by kind, words and security; ordered by name, no favourites."""
    query = _loaded(_in_force(on))
    if kind in tuple(Kind):
        query = query.where(Product.kind == kind)
    if q.strip():
        names = (ProductVersion.name, ProductVersion.summary, Institution.name, Institution.short_name)
        query = query.where(holding(q[:40], *names))
    if unsecured:
        query = query.where(sa.cast(ProductVersion.securities, sa.Text).like('%"CREDIT"%'))
    return query.order_by(ProductVersion.name, ProductVersion.id)


def products_of(
    institution_ids: set[int], *, show: str = "all", q: str = "", kind: str = "", today: date
) -> sa.Select[Product]:
    """A desk's own products, newest first; `show` is one of DESK_FILTERS, `q` searches names.

    What is to be confirmed stands in the order in which it is: in doubt first, then by its last day.
    """
    query = (
        sa.select(Product)
        .where(Product.institution_id.in_(institution_ids))
        .options(
            selectinload(Product.versions),
            joinedload(Product.institution),
            joinedload(Product.branch),
            joinedload(Product.current_version),
        )
    )
    version = sa.select(ProductVersion.id).where(ProductVersion.product_id == Product.id)
    if show == "to_write":
        query = query.where(
            version.where(ProductVersion.state.in_((VersionState.DRAFT, VersionState.SENT_BACK))).exists()
        )
    elif show == "to_review":
        query = query.where(version.where(ProductVersion.state == VersionState.SUBMITTED).exists())
    elif show == "ending":
        until = date.fromordinal(today.toordinal() + ENDING_WITHIN_DAYS)
        current = version.where(ProductVersion.id == Product.current_version_id, ProductVersion.valid_until_on <= until)
        query = query.where(Product.state == ProductState.PUBLISHED, current.exists())
    elif show == "due":
        query = query.where(_due(today)).order_by(Product.doubted_at.is_(None), Product.confirmed_until_on)
    elif show in (ProductState.PUBLISHED, ProductState.SUSPENDED, ProductState.STOPPED):
        query = query.where(Product.state == show)
    if kind in tuple(Kind):
        query = query.where(Product.kind == kind)
    if q.strip():
        query = query.where(version.where(holding(q[:40], ProductVersion.name)).exists())
    return query.order_by(Product.id.desc())


def _due(today: date) -> sa.ColumnElement[bool]:
    """Published, and to be confirmed now (`rules.freshness.is_due` as a condition)."""
    until = today + timedelta(days=REMIND_DAYS_BEFORE[0])
    return sa.and_(
        Product.state == ProductState.PUBLISHED,
        sa.or_(Product.doubted_at.is_not(None), Product.confirmed_until_on <= until),
    )


def products_to_remind_of(on: date) -> list[Product]:
    """Published products whose confirmation ends within the first reminder's days, or is over."""
    query = (
        sa.select(Product)
        .join(Institution, Institution.id == Product.institution_id)
        .where(
            Product.state == ProductState.PUBLISHED,
            Product.confirmed_until_on <= on + timedelta(days=REMIND_DAYS_BEFORE[0]),
            Institution.status == "admitted",
        )
        .options(joinedload(Product.current_version))
    )
    return list(db.session.scalars(query.order_by(Product.id)))


def product_counts(institution_ids: set[int], *, today: date) -> dict[str, int]:
    """How many products each filter of the desk's list shows."""
    return {
        show: db.session.scalar(
            sa.select(sa.func.count()).select_from(
                products_of(institution_ids, show=show, today=today)
                .options(sa.orm.lazyload("*"))
                .order_by(None)
                .subquery()
            )
        )
        or 0
        for show in DESK_FILTERS
    }


def product(product_id: int) -> Product | None:
    """One product with its versions."""
    return db.session.get(
        Product, product_id, options=[selectinload(Product.versions), joinedload(Product.institution)]
    )


def version_of(product_id: int, number: int) -> ProductVersion | None:
    """One version by product and number."""
    return db.session.scalar(
        _loaded(
            sa.select(ProductVersion).where(ProductVersion.product_id == product_id, ProductVersion.number == number)
        )
    )


def shown_version(product_id: int, number: int | None, on: date) -> ProductVersion | None:
    """The version that anybody may read: the one in force, or with `number` one that was published once.

    An older version stays readable, because somebody may have applied for it; drafts never are.
    """
    if number is None:
        return db.session.scalar(_loaded(_in_force(on).where(ProductVersion.product_id == product_id)))
    version = version_of(product_id, number)
    return version if version is not None and version.state in FROZEN_VERSION else None


def open_version(product_id: int) -> ProductVersion | None:
    """The version of a product that is being written or reviewed, if any."""
    return db.session.scalar(
        _loaded(
            sa.select(ProductVersion).where(
                ProductVersion.product_id == product_id, ProductVersion.state.in_(tuple(OPEN_VERSION))
            )
        )
    )


def served_regions(institution_id: int, branch_id: int | None = None) -> tuple[str, ...]:
    """Region prefixes that the branches of an institution (or one branch) serve; empty when one serves everywhere.

    A branch with a radius and no regions is not counted here: a radius is checked when a need is matched (12.1).
    """
    query = sa.select(Branch.service_regions).where(Branch.institution_id == institution_id, Branch.closed_at.is_(None))
    if branch_id is not None:
        query = query.where(Branch.id == branch_id)
    areas = list(db.session.scalars(query))
    if any(not area for area in areas):
        return ()
    return tuple(sorted(regions.areas_now(region for area in areas for region in area)))


def problems_in(version: ProductVersion, today: date) -> list[Problem]:
    """Everything that keeps a version from being published: what cannot be read of it, and what is missing or wrong.

    One problem a field, the unreadable first: who typed "五十来万" is not told besides that the field is empty.
    """
    lpr = lpr_on(today)
    if version.state in FROZEN_VERSION:
        terms, unread = version.terms, list[Problem]()
    else:
        terms, unread = read_terms(version.typed, Kind(version.product.kind))
    served = served_regions(version.product.institution_id, version.product.branch_id)
    found = unread + problems_of(
        terms,
        today=today,
        lpr_1y_percent=lpr.lpr_1y_percent,
        lpr_5y_percent=lpr.lpr_5y_percent,
        served=served,
    )
    first: dict[str, Problem] = {}
    for problem in found:
        first.setdefault(problem.field, problem)
    return list(first.values())


def problems_by_step(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """The same problems under the step of the form in which they are repaired."""
    return {step: [problem for problem in problems if STEP_OF[problem.field] == step] for step in STEPS}


@dataclass(frozen=True)
class Example:
    """What an example of a version costs: at its highest rate, with every fee that is certain."""

    quote: Quote
    rate_percent: Decimal
    lpr: Lpr


def example_cost(
    terms: Terms,
    today: date,
    *,
    amount_yuan: Decimal | None = None,
    term_months: int | None = None,
    repayment: str = "",
) -> Example | Reason:
    """What an example costs its borrower at the highest rate of the terms, or why that cannot be computed yet.

    Without an amount and a term the middle of what is offered is taken: the largest amount and the longest term up
    to a year, so that examples of different products can be compared.
    """
    lpr = lpr_on(today)
    rates = rates_percent(terms, lpr.lpr_1y_percent, lpr.lpr_5y_percent)
    amount = amount_yuan if amount_yuan is not None else terms.amount_max_yuan
    months = term_months if term_months is not None else _usual_months(terms)
    way = repayment or next((code for code in terms.repayments if code in PRICEABLE_REPAYMENTS), "")
    if rates is None or amount is None or months is None or not way or amount <= 0 or rates[1] < 0:
        return Reason("product_example_not_yet", {})
    lines = [
        line for line in terms.fees if line.charged and None not in (line.basis, line.timing, line.value, line.payer)
    ]
    found = quote(amount, months, rates[1], way, lines)  # type: ignore[arg-type]  # None is filtered above
    return found if isinstance(found, Reason) else Example(found, rates[1], lpr)


def _usual_months(terms: Terms) -> int | None:
    if terms.term_min_months is None or terms.term_max_months is None:
        return None
    return max(terms.term_min_months, min(12, terms.term_max_months))


def track_record(institution_id: int, product_id: int | None = None) -> TrackRecord | None:
    """What became of the leads of an institution (or of one product), as last counted."""
    return db.session.scalar(
        sa.select(TrackRecord).where(
            TrackRecord.institution_id == institution_id,
            TrackRecord.product_id == product_id if product_id is not None else TrackRecord.product_id.is_(None),
        )
    )


def intake_of(product_id: int) -> ProductIntake | None:
    """What the desk of a product said that it can take, with what was counted since; None: nothing."""
    return db.session.scalar(sa.select(ProductIntake).where(ProductIntake.product_id == product_id))


def loads_of(institution_id: int, branch_id: int | None = None) -> list[tuple[Branch, Load]]:
    """The branches of an institution (or this one) that have managers, with what those can still carry."""
    query = (
        sa.select(Branch, BranchLoad)
        .join(BranchLoad, BranchLoad.branch_id == Branch.id)
        .where(Branch.institution_id == institution_id, Branch.closed_at.is_(None), BranchLoad.managers > 0)
        .order_by(Branch.id)
    )
    if branch_id is not None:
        query = query.where(Branch.id == branch_id)
    return [
        (branch, Load(row.open_slots, row.free_managers, row.waiting)) for branch, row in db.session.execute(query)
    ]


def promises_of(institution_ids: Collection[int]) -> dict[int, dict[str, PromiseRecord]]:
    """Institution → promise → how it was kept over twelve months, as last counted; empty where nothing was."""
    found: dict[int, dict[str, PromiseRecord]] = {}
    query = sa.select(PromiseRecord).where(PromiseRecord.institution_id.in_(sorted(institution_ids)))
    for row in db.session.scalars(query):
        found.setdefault(row.institution_id, {})[row.promise] = row
    return found


def versions_ending(on: date) -> list[ProductVersion]:
    """Versions in force whose last day is `on`."""
    return list(db.session.scalars(_loaded(_in_force(on).where(ProductVersion.valid_until_on == on))).unique())


def import_of(institution_id: int, sha256: str) -> ProductImport | None:
    """The reading of this very file for this institution, if there was one."""
    return db.session.scalar(
        sa.select(ProductImport).where(ProductImport.institution_id == institution_id, ProductImport.sha256 == sha256)
    )


def import_by_id(import_id: int) -> ProductImport | None:
    """One reading of a table."""
    return db.session.get(ProductImport, import_id, options=[joinedload(ProductImport.institution)])


def imports_of(institution_ids: set[int], q: str = "") -> sa.Select[ProductImport]:
    """The tables that were read in for these institutions, the newest first; those with ``q`` in the file's name."""
    query = sa.select(ProductImport).where(ProductImport.institution_id.in_(institution_ids))
    if q:
        query = query.where(holding(q, ProductImport.filename))
    return query.order_by(ProductImport.id.desc())


_HAS_DRAFT = sa.or_(ImportLine.product_id.is_not(None), ImportLine.cover_id.is_not(None))


def lines_of(source: ProductImport, draft: str = "", words: str = "") -> sa.Select[ImportLine]:
    """The lines of a read table, with their drafts; ``draft``: "with" one or "without"; ``words`` stand in the name or
    the institution as the table says them, or are the number of the line."""
    query = sa.select(ImportLine).where(
        ImportLine.import_id == source.id,
        holding(words, ImportLine.name, ImportLine.institution_said, number=ImportLine.number),
    )
    if draft:
        query = query.where(_HAS_DRAFT if draft == "with" else sa.not_(_HAS_DRAFT))
    return (
        query.options(
            joinedload(ImportLine.product).selectinload(Product.versions).selectinload(ProductVersion.fees),
            joinedload(ImportLine.cover).selectinload(Cover.versions),
        )
        .order_by(ImportLine.number)
    )


def count_lines(source: ProductImport) -> int:
    """How many lines a table has."""
    return db.session.scalar(sa.select(sa.func.count()).where(ImportLine.import_id == source.id)) or 0


def count_drafts(source: ProductImport) -> int:
    """How many drafts were begun from a table and are still there."""
    query = sa.select(sa.func.count()).where(ImportLine.import_id == source.id, _HAS_DRAFT)
    return db.session.scalar(query) or 0


def sample_maker() -> Person | None:
    """The operator in whose name samples are read in: the first that there is."""
    return next(iter(operators()), None)


def gaps_of(draft: Product | Cover, today: date, *, licensed: bool = False) -> dict[str, list[Problem]]:
    """What keeps a draft from being submitted by the steps of its form as it stands now; none where it has no draft.

    `licensed`: whether the form of a cover asks for prices.
    """
    version = draft.open_version
    if isinstance(draft, Cover):
        return covers.problems_by_step([] if version is None else covers.problems_in(version, today, licensed=licensed))
    return problems_by_step([] if version is None else problems_in(version, today))


def desks_of(institution_ids: set[int]) -> list[Institution]:
    """The admitted institutions among these, with their branches, by number."""
    query = sa.select(Institution).where(Institution.id.in_(institution_ids), Institution.status == "admitted")
    return list(db.session.scalars(query.options(selectinload(Institution.branches)).order_by(Institution.id)))


def names_of(person_ids: set[int | None]) -> dict[int, str]:
    """Names of colleagues by number."""
    query = sa.select(Person.id, Person.name).where(
        Person.id.in_({number for number in person_ids if number is not None})
    )
    return {row.id: row.name for row in db.session.execute(query)}
