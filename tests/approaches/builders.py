"""A card with hands for tests, made by the services themselves; call inside `with app.app_context(), unit_of_work():`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from matchmaker.accounts.models import Institution, Person
from matchmaker.approaches import queries, services
from matchmaker.approaches.models import Hand, SealedCard
from matchmaker.businesses.models import YearlyFigures
from matchmaker.db import db
from matchmaker.leads.models import Lead
from matchmaker.leads.services import agreeing, ending
from matchmaker.products.models import Product
from tests.builders import a_desk, an_owner
from tests.leads.builders import Case, a_bank, a_case, match, send
from tests.needs.builders import a_need, a_shop


@dataclass
class Street:
    """The case of a late institution, neighbours who look alike, and banks whose products fit, each with a desk."""

    case: Case
    late: Lead
    products: list[Product]
    desks: list[Person]

    @property
    def card(self) -> SealedCard | None:
        return queries.open_card_of(self.case.need.id)


def neighbours(number: int = 4) -> None:
    """So many other shops that look like the case's from outside."""
    for _ in range(number):
        shop = a_shop(an_owner(), tax_grade="B")
        shop.figures.append(
            YearlyFigures(year=2025, employees=6, turnover_yuan=Decimal(900_000), assets_yuan=Decimal(200_000))
        )
        a_need(shop)
    db.session.flush()


def a_street(*, alike: int = 4, banks: int = 2, agrees: bool = True) -> Street:
    """An owner who agreed (or not) beforehand has sent a need; the institution has not answered yet."""
    case = a_case()
    neighbours(alike)
    products = [a_bank(number)[3] for number in range(2, 2 + banks)]
    match(case.need, case.product, *products)
    if agrees:
        agreeing.agree_to_card(case.need, by=case.owner)
    late = send(case)
    desks = [a_desk(db.session.get_one(Institution, product.institution_id)) for product in products]
    return Street(case, late, products, desks)


def release(street: Street) -> SealedCard | None:
    """Its clock runs out."""
    row = street.late.clocks[0]
    ending.release(street.late, row, at=row.due_at)
    return street.card


def raised(street: Street, place: int = 0, words: str = "本区有网点，三天内上门") -> Hand:
    """The hand of one of the banks."""
    assert street.card is not None
    return services.raise_hand(street.card.id, street.products[place], words=words, by=street.desks[place])
