"""Writes the rows of the town into an empty database: in bulk, over the same tables and constraints, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from matchmaker.accounts.models import (
    Assignment,
    Branch,
    Institution,
    ManagerProfile,
    Person,
    Workload,
)
from matchmaker.businesses.models import (
    Business,
    BusinessMember,
    BusinessPaper,
    CreditLine,
    IdentityCase,
    Title,
    YearlyFigures,
)
from matchmaker.db import Base, JsonDict, JsonList, db
from matchmaker.demo.businesses import Businesses
from matchmaker.demo.ledger import Books
from matchmaker.demo.market import Market
from matchmaker.documents.models import Document, DocumentContent
from matchmaker.leads.models import (
    Consent,
    Lead,
    LeadCheck,
    LeadClock,
    LeadPaper,
    LeadStep,
    Offer,
    PaperRequest,
    Payout,
    Reserve,
)
from matchmaker.matching.models import MarketPlaces
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.notifications.models import Message
from matchmaker.products.models import Product, ProductFee, ProductVersion, TrackRecord
from matchmaker.ranking.models import InView, Outcome, Shown, ShownList, TurnedDown

_AT_ONCE = 5_000


def write(market: Market, town: Businesses, books: Books, *, places: Mapping[str, Any], fingerprint: str,
          noted_at: Any, papers: Sequence[Mapping[str, Any]] = (), cases: Sequence[Mapping[str, Any]] = (), messages: Sequence[Mapping[str, Any]] = ()) -> None:  # fmt: skip
    """Insert everything in an order that every foreign key accepts. Needs a running write transaction."""
    session = db.session
    insert(Person, [*market.persons, *town.persons])
    insert(Institution, market.institutions)
    insert(Branch, market.branches)
    insert(Assignment, [*market.assignments, *town.assignments])
    insert(ManagerProfile, market.profiles)
    # A published product names its version, and a version its product: first as drafts, then put in force.
    insert(Product, [row | {"state": "draft", "current_version_id": None} for row in market.products])
    insert(ProductVersion, market.versions)
    insert(ProductFee, market.fees)
    table = Product.__table__
    for row in market.products:
        session.execute(
            sa.update(table)  # type: ignore[arg-type]
            .where(table.c.id == row["id"])
            .values(state=row["state"], current_version_id=row["current_version_id"])
        )
    insert(Business, town.businesses)
    insert(BusinessMember, town.members)
    insert(YearlyFigures, town.figures)
    insert(Title, town.titles)
    insert(CreditLine, [*town.credit_lines, *books.credit_lines])
    insert(MarketPlaces, [{"fingerprint": fingerprint, "places": dict(places), "noted_at": noted_at}])
    insert(Need, books.needs)
    insert(NeedVersion, books.need_versions)
    insert(ShownList, books.lists, plain=True)
    insert(Shown, books.shown, plain=True)
    insert(TurnedDown, books.turned_down, plain=True)
    insert(InView, books.in_view)
    insert(Document, books.documents)
    insert(DocumentContent, books.contents)
    insert(BusinessPaper, papers)
    insert(IdentityCase, cases)
    insert(Consent, books.consents)
    insert(Lead, books.leads)
    insert(Reserve, books.reserves)
    insert(LeadStep, books.steps)
    insert(LeadClock, books.clocks)
    insert(PaperRequest, books.paper_requests)
    insert(LeadPaper, books.papers)
    insert(LeadCheck, books.checks)
    insert(Offer, books.offers)
    insert(Payout, books.payouts)
    insert(Outcome, books.outcomes)
    insert(Workload, workloads(books))
    insert(TrackRecord, records(books))
    insert(Message, messages)
    _count_on()


def workloads(books: Books) -> list[dict[str, Any]]:
    """How many live leads each manager carries, as last counted."""
    return [
        {"person_id": person, "live_leads": live, "as_of_at": at} for person, (live, at) in sorted(books.loads.items())
    ]


def records(books: Books) -> list[dict[str, Any]]:
    """The track records, as last counted."""
    found = []
    for (institution_id, product_id), tally in sorted(
        books.tallies.items(), key=lambda pair: (pair[0][0], pair[0][1] or 0)
    ):
        if tally.as_of_at is not None:
            track = tally.shown
            found.append(
                {
                    "institution_id": institution_id, "product_id": product_id, "as_of_at": tally.as_of_at,
                    "leads": track.leads, "answered_in_time": track.answered_in_time, "decided": track.decided,
                    "funded": track.funded, "median_days_to_money": track.median_days_to_money,
                    "stale_declines": tally.stale,
                }
            )  # fmt: skip
    return found


def insert(model: type[Base], rows: Iterable[Mapping[str, Any]], *, plain: bool = False) -> None:
    """Insert rows of one table, those with the same columns together.

    `plain` says that JSON values hold plain values already (matching made them so) and need not be looked through.
    """
    table = model.__table__
    as_they_are = {
        column.name: sa.bindparam(column.name, type_=sa.JSON(none_as_null=True))
        for column in table.columns
        if plain and column.type in (JsonList, JsonDict)
    }
    by_columns: dict[tuple[str, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        by_columns[tuple(row)].append(row)
    for columns, same in by_columns.items():
        statement = sa.insert(table)  # type: ignore[arg-type]
        if as_they_are:
            statement = statement.values({name: as_they_are.get(name, sa.bindparam(name)) for name in columns})
        for start in range(0, len(same), _AT_ONCE):
            db.session.execute(statement, same[start : start + _AT_ONCE])


def _count_on() -> None:
    """Let PostgreSQL count on after the numbers that were given here."""
    if db.session.get_bind().dialect.name != "postgresql":
        return
    for table in Base.metadata.sorted_tables:
        if "id" in table.c:
            highest = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            db.session.execute(sa.select(sa.func.setval(sequence, highest, False)))
