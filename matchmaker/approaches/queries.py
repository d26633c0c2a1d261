"""Reads of cards, hands and invitations: what five share, which needs a product fits, what an owner is asked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import overload

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker import clock
from matchmaker.accounts.models import Assignment, Institution, ManagerProfile, Person, Workload
from matchmaker.approaches.models import Approach, ApproachSwitch, Hand, SealedCard
from matchmaker.approaches.rules import INVITED_WITHIN, HandStanding, is_shown
from matchmaker.businesses.models import Business, BusinessMember, YearlyFigures
from matchmaker.businesses.queries import plain_facts
from matchmaker.conversations.queries import blocking_businesses
from matchmaker.db import db, holding, says
from matchmaker.leads.models import CardAgreement, Lead
from matchmaker.matching import asking
from matchmaker.matching import queries as matching
from matchmaker.matching.sealing import Asked, Sealed, Width
from matchmaker.needs.models import Need, NeedVersion
from matchmaker.needs.rules import LIVE_STATES
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.freshness import is_fresh
from matchmaker.ranking.models import Shown, ShownList
from matchmaker.reference import industries, regions
from matchmaker.reference.rules.size import size_class
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Refused

# What five share ----------------------------------------------------------------------------------------------------


def asked_of(need: Need, on: date) -> Asked:
    """What may be told of a need's business on ``on``, before it is told more widely."""
    business = need.business
    year = plain_facts(business, on).last_full_year
    return _asked(
        business.region_code,
        business.industry_code,
        business.founded_on,
        need.current.amount_yuan,
        need.current.term_months,
        (year.employees, year.turnover_yuan, year.assets_yuan) if year else None,
        on,
    )


def count_sharing(me: Asked, width: Width, on: date) -> int:
    """How many businesses that ask for money on ``on`` look like ``me`` at this width, ``me`` with them.

    Reads the needs of the place and trade alone; a business with several needs counts once.
    """
    shown = me.at(width)
    areas = regions.prefixes_leading_to(me.region_code[: width.region_digits])
    trades = [me.division] if width.by_division else [one.code for one in industries.children(me.section)]
    latest = (
        sa.select(sa.func.max(YearlyFigures.year))
        .where(YearlyFigures.business_id == Business.id, YearlyFigures.year < on.year)
        .correlate(Business)
        .scalar_subquery()
    )
    rows = db.session.execute(
        sa.select(
            Business.id, Business.region_code, Business.industry_code, Business.founded_on,
            NeedVersion.amount_yuan, NeedVersion.term_months,
            YearlyFigures.employees, YearlyFigures.turnover_yuan, YearlyFigures.assets_yuan,
        )
        .join(Need, Need.business_id == Business.id)
        .join(NeedVersion, sa.and_(NeedVersion.need_id == Need.id, NeedVersion.number == Need.current_number))
        .outerjoin(YearlyFigures, sa.and_(YearlyFigures.business_id == Business.id, YearlyFigures.year == latest))
        .where(
            Need.state.in_(sorted(LIVE_STATES)),
            sa.or_(*(Business.region_code.startswith(area) for area in areas)),
            sa.func.substr(Business.industry_code, 1, 2).in_(trades),
        )
    )  # fmt: skip
    found = set()
    for number, region, trade, founded_on, amount_yuan, term_months, employees, turnover, assets in rows:
        figures = (employees, turnover, assets) if turnover is not None else None
        if _asked(region, trade, founded_on, amount_yuan, term_months, figures, on).at(width) == shown:
            found.add(number)
    return len(found)


def _asked(
    region_code: str,
    industry_code: str,
    founded_on: date,
    amount_yuan: Decimal,
    term_months: int,
    figures: tuple[int, Decimal, Decimal | None] | None,
    on: date,
) -> Asked:
    trade = industries.get(industry_code)
    return Asked(
        region_code=regions.standing(region_code).ljust(6, "0"),
        division=industry_code[:2],
        section=trade.section if trade else "",
        size=_size(industry_code, figures),
        amount_yuan=amount_yuan,
        term_months=term_months,
        age_months=max(0, (on.year - founded_on.year) * 12 + on.month - founded_on.month),
    )


def _size(industry_code: str, figures: tuple[int, Decimal, Decimal | None] | None) -> str:
    """The size class by the 2017 standard; "unclassified" where the standard cannot place the trade."""
    employees, turnover, assets = figures or (None, None, None)
    wan = Decimal(10_000)
    try:
        return size_class(
            industry_code,
            employees,
            turnover / wan if turnover is not None else None,
            assets / wan if assets is not None else None,
        ).size
    except Refused:
        return "unclassified"


# Cards for desks ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Offered:
    """A card for one institution: what is shown, which of its products fit, and its hand where it is up."""

    number: int
    institution_id: int
    shown: Sealed
    until_on: date
    products: tuple[Product, ...]
    hand: Hand | None

    @property
    def id(self) -> int:
        return self.number


def _open_cards(now: datetime) -> sa.Select[SealedCard]:
    """Cards that are shown at ``now``: not closed, their date and that of the agreement not reached, the need live."""
    return (
        sa.select(SealedCard)
        .join(CardAgreement, CardAgreement.id == SealedCard.agreement_id)
        .join(Need, Need.id == SealedCard.need_id)
        .where(
            SealedCard.closed_at.is_(None),
            SealedCard.ends_at > now,
            CardAgreement.ended_at.is_(None),
            CardAgreement.ends_at > now,
            Need.state.in_(sorted(LIVE_STATES)),
        )
        .order_by(SealedCard.ends_at.desc(), SealedCard.id.desc())
    )


def cards_for(institution_ids: Collection[int], *, words: str = "", product_id: int | None = None) -> list[Offered]:
    """The cards that a published product of these institutions fits, the newest first; narrowed by words of place,
    trade or product. Not those of needs that the institution has or had: it could put both together. Nor of a business
    that has blocked it."""
    now = clock.now()
    found = []
    for institution_id in sorted(institution_ids):
        tried = sa.select(Lead.need_id).where(Lead.institution_id == institution_id, Lead.sent_at.is_not(None))
        blocked = blocking_businesses(institution_id)
        seen = _open_cards(now).where(SealedCard.need_id.not_in(tried), SealedCard.business_id.not_in(blocked))
        cards = db.session.scalars(seen).all()
        if not cards:
            continue
        fits = _fitting(institution_id, clock.today())
        hands = hands_up(institution_id, [card.id for card in cards])
        for card in cards:
            mine = tuple(product for product, needs in fits if card.need_id in needs)
            if mine and (product_id is None or any(product.id == product_id for product in mine)):
                found.append(_offered(card, institution_id, mine, hands.get(card.id)))
    return [one for one in found if says(_said(one), words)]


def card_for(card_id: int, institution_id: int) -> Offered | None:
    """One card as this institution may see it, or None."""
    return next((one for one in cards_for([institution_id]) if one.number == card_id), None)


def _offered(card: SealedCard, institution_id: int, products: tuple[Product, ...], hand: Hand | None) -> Offered:
    until_on = card.ends_at.astimezone(SHANGHAI).date()
    return Offered(card.id, institution_id, card.shown, until_on, products, hand)


def _said(one: Offered) -> str:
    versions = [product.current_version for product in one.products]
    names = asking.told_names(one.shown.region_code, one.shown.industry_code)
    return " ".join([names, *(version.name for version in versions if version)])


def _fitting(institution_id: int, on: date) -> list[tuple[Product, frozenset[int]]]:
    """The institution's products that can be had ``on``, each with the live needs that its rules let through."""
    places = matching.places_now()
    found = []
    for product in products_offered(institution_id, on):
        version = product.current_version
        assert version is not None
        found.append((product, asking.needs_fitting(matching.terms_of(version, places), on)))
    return found


def products_offered(institution_id: int, on: date) -> list[Product]:
    """The loans and guarantees of an institution that can be had ``on``, by number."""
    products = db.session.scalars(
        sa.select(Product)
        .where(Product.institution_id == institution_id, Product.state == "published")
        .options(joinedload(Product.institution), joinedload(Product.current_version))
        .order_by(Product.id)
    )
    return [
        product
        for product in products
        if product.institution.status == "admitted"
        and (version := product.current_version) is not None
        and _within(version, on)
        and is_fresh(product.confirmed_until_on, product.doubted_at, on)
    ]


def _within(version: ProductVersion, on: date) -> bool:
    return (version.valid_from_on is None or version.valid_from_on <= on) and (
        version.valid_until_on is None or version.valid_until_on >= on
    )


def hands_up(institution_id: int, card_ids: Iterable[int]) -> dict[int, Hand]:
    """Card → the institution's hand that is up."""
    return {
        hand.card_id: hand
        for hand in db.session.scalars(
            sa.select(Hand)
            .where(
                Hand.institution_id == institution_id,
                Hand.card_id.in_(list(card_ids)),
                Hand.standing == str(HandStanding.RAISED),
            )
            .options(joinedload(Hand.product).joinedload(Product.current_version))
        )
    }


def count_hands_since(institution_id: int, since: datetime) -> int:
    """How many hands an institution has raised since an instant, taken back or not."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Hand)
            .where(Hand.institution_id == institution_id, Hand.raised_at >= since)
        )
        or 0
    )


def capacity_of(institution_id: int) -> tuple[int | None, int]:
    """How many leads the managers of an institution can carry together (None without managers), and carry now."""
    managers = sa.select(Assignment.person_id).where(
        Assignment.institution_id == institution_id, Assignment.role == "manager", Assignment.until_at.is_(None)
    )
    capacity = db.session.scalar(
        sa.select(sa.func.sum(ManagerProfile.capacity_leads)).where(ManagerProfile.person_id.in_(managers))
    )
    live = db.session.scalar(sa.select(sa.func.sum(Workload.live_leads)).where(Workload.person_id.in_(managers)))
    return capacity, live or 0


def was_tried(need_id: int, institution_id: int) -> bool:
    """Whether an institution has or had this need."""
    return (
        db.session.scalar(
            sa.select(Lead.id)
            .where(Lead.need_id == need_id, Lead.institution_id == institution_id, Lead.sent_at.is_not(None))
            .limit(1)
        )
        is not None
    )


# Cards for owners, operators, the clock -----------------------------------------------------------------------------


def open_card_of(need_id: int) -> SealedCard | None:
    """The card of a need that was not closed, with its hands."""
    return db.session.scalars(
        sa.select(SealedCard)
        .where(SealedCard.need_id == need_id, SealedCard.closed_at.is_(None))
        .options(
            selectinload(SealedCard.hands).joinedload(Hand.institution),
            selectinload(SealedCard.hands).joinedload(Hand.product).joinedload(Product.current_version),
        )
        .execution_options(populate_existing=True)
    ).first()


def hands_on_needs(need_ids: Collection[int]) -> dict[int, int]:
    """Need → how many institutions hold up a hand at its card, where one is shown and somebody does."""
    shown = _open_cards(clock.now()).with_only_columns(SealedCard.id).order_by(None)
    rows = db.session.execute(
        sa.select(SealedCard.need_id, sa.func.count().label("hands"))
        .join(Hand, Hand.card_id == SealedCard.id)
        .where(
            SealedCard.need_id.in_(list(need_ids)), SealedCard.id.in_(shown), Hand.standing == str(HandStanding.RAISED)
        )
        .group_by(SealedCard.need_id)
        .order_by(SealedCard.need_id)
    )
    return {row.need_id: row.hands for row in rows}


def is_card_shown(card: SealedCard, now: datetime) -> bool:
    """Whether a card is shown at ``now``, by its own date and by the agreement behind it."""
    agreement = card.agreement
    return is_shown(card.closed_at, card.ends_at, now) and is_shown(agreement.ended_at, agreement.ends_at, now)


def hand_by_id(hand_id: int) -> Hand | None:
    """A raised hand with its card and whose it is."""
    return db.session.scalars(
        sa.select(Hand)
        .where(Hand.id == hand_id)
        .options(
            joinedload(Hand.card).joinedload(SealedCard.business).selectinload(Business.members),
            joinedload(Hand.institution),
        )
    ).first()


def listed_for(need: Need, product_ids: Collection[int]) -> tuple[ShownList | None, dict[int, Shown]]:
    """The newest list of a need, and of these products those that stand on it."""
    stored = matching.latest_list(need.id)
    if stored is None:
        return None, {}
    rows = [matching.shown_product(stored.id, number) for number in sorted(product_ids)]
    return stored, {row.product_id: row for row in rows if row is not None}


def cards_now(size: str = "", words: str = "") -> list[SealedCard]:
    """Every card that is shown now, for the operator's board: what desks see, and no more; of one size class, with
    these words in its place or trade."""
    query = _open_cards(clock.now()).options(selectinload(SealedCard.hands))
    if size:
        query = query.where(SealedCard.size == size)
    cards = db.session.scalars(query).all()
    return [
        card for card in cards if says(asking.told_names(card.shown.region_code, card.shown.industry_code), words)
    ]


def ids_of_needs_past_card(now: datetime) -> list[int]:
    """Needs whose card's date has passed and was not closed yet."""
    return list(
        db.session.scalars(
            sa.select(SealedCard.need_id)
            .where(SealedCard.closed_at.is_(None), SealedCard.ends_at <= now)
            .order_by(SealedCard.id)
        )
    )


def ids_of_hands_up(institution_id: int) -> list[int]:
    """The hands of an institution that are up."""
    return list(
        db.session.scalars(
            sa.select(Hand.id).where(
                Hand.institution_id == institution_id, Hand.standing == str(HandStanding.RAISED)
            )
        )
    )


def works_there(person: Person, institution_id: int) -> bool:
    """Whether a person works for an institution now."""
    return institution_id in person.institution_ids


# Invitations --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A need without a name on the list of one product: what is told of it, its number for the site alone."""

    need_id: int
    shown: asking.SealedRow
    invited_on: date | None


@dataclass(frozen=True)
class Rows(Sequence[Row]):
    """The needs that a product fits, in the order of fit; a row is made when it is looked at."""

    product_id: int
    reach: asking.Reach
    sealed: asking.SealedRows

    def __len__(self) -> int:
        return len(self.sealed)

    def narrowed(self, size: str, words: str) -> Rows:
        """Those of one size class whose told place and trade hold these words; all where both are ""."""
        return Rows(self.product_id, self.reach, self.sealed.of_size(size).holding(words))

    @overload
    def __getitem__(self, at: int) -> Row: ...
    @overload
    def __getitem__(self, at: slice) -> list[Row]: ...
    def __getitem__(self, at: int | slice) -> Row | list[Row]:
        if isinstance(at, int):
            return self[at : at + 1][0]
        numbers = self.sealed.need_ids[at].tolist()
        invited = _invited_on(self.product_id, numbers)
        rows = zip(numbers, self.sealed[at], strict=True)
        return [Row(number, shown, invited.get(number)) for number, shown in rows]


def rows_of(product: Product, on: date) -> Rows:
    """The needs that the product as it is published fits on ``on``, without anybody's name; none below five."""
    version = product.current_version
    assert version is not None
    return Rows(product.id, *asking.reach_and_rows(matching.terms_of(version, matching.places_now()), on))


def _invited_on(product_id: int, need_ids: Collection[int]) -> dict[int, date]:
    """Need → the day on which it was last invited with this product, as far back as it counts."""
    rows = db.session.execute(
        sa.select(Approach.need_id, sa.func.max(Approach.sent_at).label("sent_at"))
        .where(
            Approach.product_id == product_id,
            Approach.need_id.in_(list(need_ids)),
            Approach.sent_at > clock.now() - INVITED_WITHIN,
        )
        .group_by(Approach.need_id)
    )
    return {need_id: sent_at.astimezone(SHANGHAI).date() for need_id, sent_at in rows}


def invited_lately(need_id: int, institution_id: int, now: datetime) -> list[Approach]:
    """What an institution sent for a need within the time that counts, delivered or not."""
    return list(
        db.session.scalars(
            sa.select(Approach).where(
                Approach.need_id == need_id,
                Approach.institution_id == institution_id,
                Approach.sent_at > now - INVITED_WITHIN,
            )
        )
    )


def count_invitations_since(institution_id: int, since: datetime) -> int:
    """How many invitations an institution has sent since an instant, delivered or not."""
    return (
        db.session.scalar(
            sa.select(sa.func.count())
            .select_from(Approach)
            .where(Approach.institution_id == institution_id, Approach.sent_at >= since)
        )
        or 0
    )


def switch_of(business_id: int, need_id: int | None) -> ApproachSwitch | None:
    """The switch that is off now, for this need, or (None) for the whole business."""
    mine = ApproachSwitch.need_id == need_id if need_id is not None else ApproachSwitch.need_id.is_(None)
    return db.session.scalars(
        sa.select(ApproachSwitch).where(
            ApproachSwitch.business_id == business_id, mine, ApproachSwitch.on_again_at.is_(None)
        )
    ).first()


def askers_of(business_id: int) -> list[int]:
    """The people who ask for a business, proven or only declared."""
    return list(
        db.session.scalars(
            sa.select(BusinessMember.person_id)
            .where(BusinessMember.business_id == business_id, BusinessMember.standing != "rejected")
            .order_by(BusinessMember.id)
        )
    )


def businesses_of(person_id: int) -> list[Business]:
    """The businesses for which a person asks."""
    return list(
        db.session.scalars(
            sa.select(Business)
            .join(BusinessMember, BusinessMember.business_id == Business.id)
            .where(BusinessMember.person_id == person_id, BusinessMember.standing != "rejected")
            .order_by(Business.id)
        )
    )


def live_needs_of(business_ids: Collection[int]) -> list[Need]:
    """The needs of these businesses that institutions may be invited to, the newest first."""
    return list(
        db.session.scalars(
            sa.select(Need)
            .where(Need.business_id.in_(list(business_ids)), Need.state.in_(sorted(LIVE_STATES)))
            .options(selectinload(Need.versions))
            .order_by(Need.id.desc())
        )
    )


def invitations_to(business_ids: Collection[int], words: str = "") -> sa.Select[Approach]:
    """The invitations that reached these businesses, the newest first; narrowed by institution or product."""
    query = (
        sa.select(Approach)
        .join(Product, Product.id == Approach.product_id)
        .join(Institution, Institution.id == Approach.institution_id)
        .outerjoin(ProductVersion, ProductVersion.id == Product.current_version_id)
        .where(
            Approach.business_id.in_(list(business_ids)),
            Approach.silent_because.is_(None),
            Institution.status == "admitted",
        )
        .options(
            joinedload(Approach.institution),
            joinedload(Approach.product).joinedload(Product.current_version),
            joinedload(Approach.need).selectinload(Need.versions),
        )
        .order_by(Approach.sent_at.desc(), Approach.id.desc())
    )
    if words:
        query = query.where(holding(words, Institution.short_name, Institution.name, ProductVersion.name))
    return query
