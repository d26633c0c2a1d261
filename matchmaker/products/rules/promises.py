"""Whether an institution keeps what it promises: shares that lean on its peers as far as its own cases do not carry.

Three promises are measured over twelve months: interest became money, the answer came in the promised days, the offer
was at the lowest rate it writes. A small institution's raw share is mostly chance, so each is drawn towards the share
of its peers (empirical Bayes: a beta prior of the kind of institution, strength by the method of moments; J. C.
Kleinman, "Proportions with extraneous variance", JASA 68 (1973) 46–54). Pure. No order reads any of this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

SMALLEST_SHARE = 20
"""With fewer cases no share is told, only that there are fewer (visual language, principle 7)."""
PEERS_AT_LEAST = 3
"""Fewer institutions of a kind with cases say nothing of their kind: all institutions stand in."""
CASES_OF_PEERS_AT_LEAST = 20
STRENGTH = (5.0, 200.0)
"""Least and most cases that the peers' share counts as: they never say nothing, and never everything (own choice)."""
UNKNOWN_STRENGTH = 20.0
"""What the share of all institutions counts as where not even they are enough to see how much they differ."""
EVEN = 0.5
"""The share that is assumed where nobody has any case."""


class Promise(StrEnum):
    """What is measured."""

    MONEY = "money"
    """Of what was sent and is over, how many brought money."""
    DAYS = "days"
    """Of what was accepted and is due, how many were decided within the promised working days."""
    RATE = "rate"
    """Of the offers, how many were at the lowest rate the product writes."""


@dataclass(frozen=True)
class Cases:
    """What was counted of one institution for one promise: `kept` of `n`."""

    kind: str
    n: int
    kept: int


@dataclass(frozen=True)
class Share:
    """A share between 0 and 1, its peers' share, and how many cases the peers count as."""

    share: float
    peers: float
    strength: float


def period_until(day: date) -> tuple[date, date]:
    """First and last day of the twelve months that end on `day`: the day after the same one a year ago, until `day`."""
    try:
        before = day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        before = date(day.year - 1, 2, 28)
    return date.fromordinal(before.toordinal() + 1), day


def shares(counted: Mapping[int, Cases]) -> dict[int, Share]:
    """Institution → its share of kept promises, drawn towards its kind: (kept + strength × peers) / (n + strength)."""
    with_cases = [cases for cases in counted.values() if cases.n]
    of_all = _prior(with_cases) or (_mean(with_cases), UNKNOWN_STRENGTH)
    priors: dict[str, tuple[float, float]] = {}
    for kind in {cases.kind for cases in counted.values()}:
        priors[kind] = _prior([cases for cases in with_cases if cases.kind == kind]) or of_all
    found = {}
    for key, cases in counted.items():
        peers, strength = priors[cases.kind]
        found[key] = Share((cases.kept + strength * peers) / (cases.n + strength), peers, strength)
    return found


def _mean(cases: list[Cases]) -> float:
    n = sum(one.n for one in cases)
    return sum(one.kept for one in cases) / n if n else EVEN


def _prior(cases: list[Cases]) -> tuple[float, float] | None:
    """Mean and strength of the beta prior of these institutions, or None where they are too few to say."""
    n = sum(one.n for one in cases)
    if len(cases) < PEERS_AT_LEAST or n < CASES_OF_PEERS_AT_LEAST:
        return None
    mean = _mean(cases)
    spread = mean * (1 - mean)
    chance = len(cases) - 1
    room = spread * (n - sum(one.n**2 for one in cases) / n - chance)
    if room <= 0:
        return mean, STRENGTH[1]
    seen = sum(one.n * (one.kept / one.n - mean) ** 2 for one in cases)
    alike = (seen - spread * chance) / room
    """The correlation of two cases of one institution: 0 when they differ by chance alone."""
    strength = 1 / alike - 1 if alike > 0 else STRENGTH[1]
    return mean, min(max(strength, STRENGTH[0]), STRENGTH[1])


def tenths(share_percent: float, n: int) -> int | None:
    """The share in whole tenths, half up; None under the smallest number of cases."""
    return min(10, max(0, int(share_percent / 10 + 0.5))) if n >= SMALLEST_SHARE else None
