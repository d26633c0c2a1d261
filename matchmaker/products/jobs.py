"""What happens to products without a person: the desk is told in time that a listing ends."""

from __future__ import annotations

from datetime import datetime, timedelta

from matchmaker import clock
from matchmaker.db import unit_of_work
from matchmaker.products import queries
from matchmaker.products.listing import remind_of_end
from matchmaker.products.rules.freshness import reminder
from matchmaker.products.services import remind_to_confirm

REMIND_DAYS_BEFORE = 14


def remind_of_ending_products(now: datetime) -> int:
    """Tell desks of the products whose last day is two weeks ahead; once each. Answers how many."""
    last_on = clock.date_of(now) + timedelta(days=REMIND_DAYS_BEFORE)
    with unit_of_work():
        ending = queries.versions_ending(last_on)
        for version in ending:
            remind_of_end(version, last_on)
    return len(ending)


def remind_to_confirm_products(now: datetime) -> int:
    """Tell desks 14 and 3 days before a product is hidden for want of a confirmation, and when it is; once each.

    Answers how many products are in one of these three; running it again tells nobody twice.
    """
    today, told = clock.date_of(now), 0
    with unit_of_work():
        for product in queries.products_to_remind_of(today):
            days = reminder(product.confirmed_until_on, today) if product.confirmed_until_on is not None else None
            if days is not None:
                remind_to_confirm(product, days=days)
                told += 1
    return told
