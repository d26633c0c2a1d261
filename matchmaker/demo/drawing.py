"""Chance for the town: one seeded generator a subject, so that a change in one leaves the others as they were."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np

from matchmaker.clock import SHANGHAI
from matchmaker.reference.rules import is_working_day, office_hours

Item = TypeVar("Item")


def generator(seed: int, subject: str) -> np.random.Generator:
    """The generator of one subject of the town."""
    digest = hashlib.sha256(f"{seed}:{subject}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8], "big"))


class Draw:
    """Single draws from a generator, in blocks, because one call a number is slow."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self._uniform: list[float] = []
        self._normal: list[float] = []

    def uniform(self) -> float:
        """From 0 to 1."""
        if not self._uniform:
            self._uniform = self.rng.random(4096).tolist()
        return self._uniform.pop()

    def normal(self) -> float:
        """Mean 0, spread 1."""
        if not self._normal:
            self._normal = self.rng.standard_normal(4096).tolist()
        return self._normal.pop()

    def happens(self, probability: float) -> bool:
        """True with that probability."""
        return self.uniform() < probability

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return min(int(self.uniform() * n), n - 1)

    def choice(self, items: Sequence[Item]) -> Item:
        """One of the items, each as likely."""
        return items[self.below(len(items))]

    def weighted(self, items: Sequence[Item], weights: Sequence[float]) -> Item:
        """One of the items by weight."""
        at = self.uniform() * sum(weights)
        for item, weight in zip(items, weights, strict=True):
            at -= weight
            if at < 0:
                return item
        return items[-1]


def at_local(day: date, hour: float) -> datetime:
    """That hour (9.5 = 9:30) of a date in Shanghai, as an aware instant in UTC, whole minutes."""
    minutes = round(hour * 60)
    local = datetime.combine(day, time(0), SHANGHAI) + timedelta(minutes=minutes)
    return local.astimezone(UTC)


def after_office_hours(start: datetime, hours: float) -> datetime:
    """The instant at which `hours` of office time (on working days) have passed since `start`."""
    local = start.astimezone(SHANGHAI)
    day, left = local.date(), timedelta(hours=hours)
    while True:
        if is_working_day(day):
            opens = max(local, datetime.combine(day, office_hours().opens, SHANGHAI))
            closes = datetime.combine(day, office_hours().closes, SHANGHAI)
            if opens < closes:
                if left <= closes - opens:
                    found = opens + left
                    return found.replace(second=found.second, microsecond=0).astimezone(UTC)
                left -= closes - opens
        day += timedelta(days=1)


def after_working_days(start: datetime, days: float) -> datetime:
    """As `after_office_hours`, counted in working days."""
    hours = office_hours()
    length = datetime.combine(date.min, hours.closes) - datetime.combine(date.min, hours.opens)
    return after_office_hours(start, days * length.total_seconds() / 3600)


def rows_of(columns: dict[str, Any], n: int) -> list[dict[str, Any]]:
    """Columns (lists, or one value for all) as rows."""
    lists = {name: value if isinstance(value, list) else [value] * n for name, value in columns.items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def as_stored(value: Any) -> Any:
    """Money in rows and facts as the tables give it back: two places."""
    return value.quantize(Decimal("0.01")) if isinstance(value, Decimal) else value


def percent_as_stored(value: Any) -> Any:
    """A rate or share as the tables give it back: six places."""
    return value.quantize(Decimal("0.000001")) if isinstance(value, Decimal) else value
