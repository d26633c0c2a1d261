"""Reads of ranking: the versions of the ranker, the cases it learns from, lists as they were shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.db import db
from matchmaker.eligibility.facts import Facts
from matchmaker.products.models import Product, ProductVersion
from matchmaker.ranking import drift
from matchmaker.ranking.exposure import WINDOW, Stood
from matchmaker.ranking.features import Case, case_of, wish_of
from matchmaker.ranking.models import Drift, Exposure, ModelVersion, Outcome, Shown, ShownList
from matchmaker.ranking.rules import Offer, Record, Wish
from matchmaker.ranking.sides import ENDED_BY_OWNER
from matchmaker.reference import regions


def active_version() -> ModelVersion | None:
    """The ranker that orders lists now; None while the rule score does."""
    return db.session.scalar(
        sa.select(ModelVersion).where(ModelVersion.state == "active").order_by(ModelVersion.id.desc()).limit(1)
    )


def version(version_id: int) -> ModelVersion | None:
    """A version by its number."""
    return db.session.get(ModelVersion, version_id)


def versions() -> list[ModelVersion]:
    """Every version, the newest first."""
    return list(db.session.scalars(sa.select(ModelVersion).order_by(ModelVersion.id.desc())))


def institution_kinds(institution_ids: Iterable[int]) -> dict[int, str]:
    """Institution → its kind."""
    wanted = sorted(set(institution_ids))
    rows = db.session.execute(sa.select(Institution.id, Institution.kind).where(Institution.id.in_(wanted)))
    return {row.id: row.kind for row in rows}


def count_decided() -> int:
    """Outcomes from which may be learned: decided, and from a stored list."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Outcome)
            .where(Outcome.funded.is_not(None), Outcome.shown_list_id.is_not(None))
        )
        or 0
    )


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One decided case as it was shown: what the ranker learns from. Open cases are no rows."""

    outcome_id: int
    list_id: int
    shown_at: datetime
    known_at: datetime
    """When it was known whether money came."""
    funded: bool
    case: Case
    wish: Wish
    offered_at: datetime | None = None
    """When the institution made its offer; None where it made none."""
    ended_by_owner: bool = False
    """Whether its owner ended it: gave it up, or turned the offer down."""
    decided: bool = True
    """False: an offer whose money is open. It says what the institution did, and nothing yet of money."""


def history(until: datetime | None = None) -> list[HistoryRow]:
    """Every decided case of a stored list in order of showing, with the facts, terms and price of that moment."""
    query = _cases(*_CAME).where(Outcome.funded.is_not(None), Outcome.known_at.is_not(None))
    return _history(query if until is None else query.where(Outcome.known_at <= until))


def offers_still_open(until: datetime | None = None) -> list[HistoryRow]:
    """Every case with an offer of which it was not known at ``until`` whether money comes; known since the offer."""
    query = _cases(*_CAME).where(Outcome.offered_at.is_not(None))
    if until is None:
        query = query.where(Outcome.funded.is_(None))
    else:
        query = query.where(Outcome.offered_at <= until, sa.or_(Outcome.known_at.is_(None), Outcome.known_at > until))
    return [
        replace(row, known_at=row.offered_at, funded=False, ended_by_owner=False, decided=False)
        for row in _history(query)
        if row.offered_at is not None
    ]


_CAME = (Outcome.known_at, Outcome.funded, Outcome.offered_at, Outcome.reason_code)


def _history(query: sa.Select[Any]) -> list[HistoryRow]:
    found = [
        HistoryRow(
            row.id,
            row.shown_list_id,
            made_at,
            row.known_at,
            bool(row.funded),
            case,
            wish_of(facts),
            row.offered_at,
            row.reason_code in ENDED_BY_OWNER,
        )
        for row, made_at, facts, case in _as_shown(query)
    ]
    return sorted(found, key=lambda one: (one.shown_at, one.outcome_id))


def cases_sent(until: datetime) -> list[Case]:
    """What owners sent in the four weeks before an instant, decided or open, in the order of sending."""
    query = _cases().where(Outcome.sent_at >= until - drift.WINDOW, Outcome.sent_at < until)
    return [case for _, _, _, case in _as_shown(query.order_by(Outcome.sent_at, Outcome.id))]


def _cases(*columns: Any) -> sa.Select[Any]:
    """Outcomes of stored lists with the place at which they stood."""
    return sa.select(
        Outcome.id,
        Outcome.shown_list_id,
        Shown.product_version_id,
        Shown.cost_percent,
        Shown.quote,
        Shown.features,
        *columns,
    ).join(
        Shown,
        sa.and_(Shown.list_id == Outcome.shown_list_id, Shown.product_version_id == Outcome.product_version_id),
    )


def _as_shown(query: sa.Select[Any]) -> Iterator[tuple[Any, datetime, Facts, Case]]:
    """Each row with when its list was made, the facts and the case as they were then (the case under the name that its
    division has now); without what is forgotten."""
    rows = db.session.execute(query).all()
    lists = _lists_by_id({row.shown_list_id for row in rows})
    terms = _terms_by_version({row.product_version_id for row in rows})
    for row in rows:
        if row.shown_list_id not in lists:
            continue  # its facts are deleted: no case any more
        made_at, facts = lists[row.shown_list_id]
        offer = offer_of(terms[row.product_version_id], row.cost_percent, row.quote, row.features)
        yield row, made_at, facts, case_of(_where_it_stands_now(facts), offer, clock.date_of(made_at))


def _where_it_stands_now(facts: Facts) -> Facts:
    """Facts with the division that stands in the place of theirs now, so that what is learned of one passes on."""
    return replace(facts, region_code=regions.standing(facts.region_code)) if facts.region_code else facts


_AT_ONCE = 500
"""Ids in one query: SQLite takes a limited number of them."""


def _lists_by_id(ids: set[int]) -> dict[int, tuple[datetime, Facts]]:
    found: dict[int, tuple[datetime, Facts]] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        query = sa.select(ShownList.id, ShownList.made_at, ShownList.facts).where(
            ShownList.id.in_(part), ShownList.forgotten_at.is_(None)
        )
        found |= {row.id: (row.made_at, Facts.from_json(row.facts)) for row in db.session.execute(query)}
    return found


_VERSION_COLUMNS = (
    ProductVersion.id,
    ProductVersion.product_id,
    ProductVersion.securities,
    ProductVersion.first_time_friendly,
    ProductVersion.first_time_only,
    ProductVersion.revolving,
    ProductVersion.amount_min_yuan,
    ProductVersion.amount_max_yuan,
    ProductVersion.term_min_months,
    ProductVersion.term_max_months,
    ProductVersion.min_months_in_business,
    ProductVersion.min_turnover_yuan,
    ProductVersion.purposes,
    ProductVersion.regions,
    ProductVersion.promised_days,
    Product.institution_id,
    Product.kind,
    Institution.kind.label("institution_kind"),
)


def _terms_by_version(ids: set[int]) -> dict[int, Any]:
    """Version → its columns that the order reads; what an institution pays the platform is not among them."""
    found: dict[int, Any] = {}
    wanted = sorted(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        query = (
            sa.select(*_VERSION_COLUMNS)
            .join(Product, Product.id == ProductVersion.product_id)
            .join(Institution, Institution.id == Product.institution_id)
            .where(ProductVersion.id.in_(wanted[start : start + _AT_ONCE]))
        )
        found |= {row.id: row for row in db.session.execute(query)}
    return found


def offer_of(terms: Any, cost_percent: Decimal | None, quote: Mapping[str, Any], features: Mapping[str, Any]) -> Offer:
    """An offer as it was shown: the version's terms, and the price, days and record stored with the place."""
    own, institution = ([*(features.get("tracks") or []), None, None])[:2]
    days = quote.get("days")
    return Offer(
        product_id=terms.product_id,
        institution_id=terms.institution_id,
        institution_kind=str(features.get("institution_kind") or terms.institution_kind),
        kind=terms.kind,
        securities=frozenset(terms.securities),
        first_time_friendly=terms.first_time_friendly,
        first_time_only=terms.first_time_only,
        revolving=terms.revolving,
        amount_min_yuan=terms.amount_min_yuan,
        amount_max_yuan=terms.amount_max_yuan,
        term_min_months=terms.term_min_months,
        term_max_months=terms.term_max_months,
        min_months_in_business=terms.min_months_in_business,
        min_turnover_yuan=terms.min_turnover_yuan,
        purposes=len(terms.purposes),
        regional=bool(terms.regions),
        cost_percent=cost_percent,
        rate_percent=_decimal(quote.get("rate_percent")),
        amount_yuan=_decimal(quote.get("amount_yuan")),
        term_months=quote.get("term_months"),
        days_to_money=days if days is not None else terms.promised_days,
        unsure=int(features.get("unsure") or 0),
        full=bool(features.get("full")),
        slots_left=features.get("slots_left"),
        own=_record(own),
        institution=_record(institution),
    )


def _decimal(text: Any) -> Decimal | None:
    return None if text is None else Decimal(text)


def _record(track: Any) -> Record:
    """A stored record: leads, answered in time, decided, funded, median days."""
    return Record(track[2] or 0, track[3] or 0) if track else Record()


@dataclass(frozen=True)
class ShownPlace:
    """One stored place with the offer as it was."""

    row: Shown
    offer: Offer


def shown_places(list_id: int) -> tuple[ShownList, list[ShownPlace]] | None:
    """A stored list and its places in order; None for an unknown number."""
    stored = db.session.get(ShownList, list_id)
    if stored is None:
        return None
    rows = list(db.session.scalars(sa.select(Shown).where(Shown.list_id == list_id).order_by(Shown.place)))
    terms = _terms_by_version({row.product_version_id for row in rows})
    places = [
        ShownPlace(row, offer_of(terms[row.product_version_id], row.cost_percent, row.quote, row.features))
        for row in rows
    ]
    return stored, places


def day_of(stored: ShownList) -> date:
    """The business day on which a list was made."""
    return clock.date_of(stored.made_at)


# Who is seen, and what was said and came ----------------------------------------------------------------------------


def loans_that_stood(until: datetime) -> list[Stood]:
    """Every loan on the lists of the four weeks before an instant, at the place at which it stood."""
    query = (
        sa.select(Shown.list_id, Shown.place, Product.institution_id, Shown.features["model_chance"].as_float())
        .join(ShownList, ShownList.id == Shown.list_id)
        .join(Product, Product.id == Shown.product_id)
        .where(ShownList.made_at >= until - WINDOW, ShownList.made_at < until, Product.kind == "credit")
        .order_by(Shown.list_id, Shown.place)
    )
    rows = db.session.execute(query).all()
    return [Stood(list_id, place, of, chance) for list_id, place, of, chance in rows if chance is not None]


def exposures(on: date | None = None) -> list[Exposure]:
    """The ledger of one day, or of the newest one, by institution."""
    on = on or db.session.scalar(sa.select(sa.func.max(Exposure.counted_on)))
    if on is None:
        return []
    query = sa.select(Exposure).where(Exposure.counted_on == on).options(joinedload(Exposure.institution))
    return list(db.session.scalars(query.order_by(Exposure.size, Exposure.institution_id)))


def newest_drift() -> Drift | None:
    """The newest day on which features were held against what the ranker learned from."""
    query = sa.select(Drift).order_by(Drift.counted_on.desc()).limit(1)
    return db.session.scalar(query.options(joinedload(Drift.model_version)))


@dataclass(frozen=True, slots=True)
class Said:
    """One sending: when its list was made, at which place it stood, what was said, and what came (None: open)."""

    shown_at: datetime
    place: int
    chance: float | None
    funded: bool | None


def said_and_came(since: datetime) -> list[Said]:
    """Every sending from a list made since an instant, in order of time, open ones too."""
    query = (
        sa.select(ShownList.made_at, Shown.place, Shown.features["model_chance"].as_float(), Outcome.funded)
        .join(Outcome, Outcome.shown_list_id == ShownList.id)
        .join(Shown, sa.and_(Shown.list_id == ShownList.id, Shown.product_version_id == Outcome.product_version_id))
        .where(ShownList.made_at >= since)
        .order_by(ShownList.made_at, Outcome.id)
    )
    return [Said(*row) for row in db.session.execute(query)]
