"""Counts how institutions kept what they promise, and writes it where the match reads it (`products.PromiseRecord`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from statistics import median_low

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.db import db
from matchmaker.leads.queries import promising
from matchmaker.leads.queries.promising import Accepted, Offered, Sent
from matchmaker.leads.rules.states import State
from matchmaker.products.models import PromiseRecord
from matchmaker.products.rules.promises import Cases, Promise, period_until, shares
from matchmaker.reference.rules.working_time import nth_working_day, working_days_between


@dataclass
class Tally:
    """What was seen of one institution for one promise."""

    n: int = 0
    fulfilled: int = 0
    promised: list[Decimal] = field(default_factory=list)
    actual: list[Decimal] = field(default_factory=list)

    def add(self, fulfilled: bool, *, actual: Decimal | None = None, promised: Decimal | None = None) -> None:
        """Take one case in; `actual` is missing where nothing ever came."""
        self.n += 1
        self.fulfilled += fulfilled
        if promised is not None:
            self.promised.append(promised)
        if actual is not None:
            self.actual.append(actual)


Tallies = Mapping[int, Tally]


def count_promises(at: datetime) -> int:
    """Count the twelve months that end the day before `at` for every admitted institution; answers how many rows.

    Run again for the same day it writes the same rows.
    """
    from_on, until_on = period_until(date.fromordinal(clock.date_of(at).toordinal() - 1))
    kinds = promising.admitted_kinds()
    counted: dict[Promise, Tallies] = {
        Promise.MONEY: tally_money(promising.sendings(from_on, until_on)),
        Promise.DAYS: tally_days(promising.acceptances(from_on, until_on), until_on),
        Promise.RATE: tally_rates(promising.offers(from_on, until_on)),
    }
    rows = []
    for promise, tallies in counted.items():
        found = {key: tallies.get(key) or Tally() for key in kinds}
        drawn = shares({key: Cases(kinds[key], tally.n, tally.fulfilled) for key, tally in found.items()})
        rows += [
            PromiseRecord(
                institution_id=key,
                promise=str(promise),
                from_on=from_on,
                until_on=until_on,
                as_of_at=at,
                n=tally.n,
                fulfilled=tally.fulfilled,
                share_percent=_percent(drawn[key].share),
                peers_percent=_percent(drawn[key].peers),
                strength=_tenth(drawn[key].strength),
                promised=median_low(tally.promised) if tally.promised else None,
                actual=median_low(tally.actual) if tally.actual else None,
            )
            for key, tally in found.items()
        ]
    db.session.execute(sa.delete(PromiseRecord))
    db.session.add_all(rows)
    db.session.flush()
    return len(rows)


def tally_money(sendings: Iterable[Sent]) -> Tallies:
    """Of what was sent and is over, how many brought money."""
    found: dict[int, Tally] = defaultdict(Tally)
    for one in sendings:
        found[one.institution_id].add(one.funded)
    return found


def tally_days(cases: Iterable[Accepted], until_on: date) -> Tallies:
    """Of what was accepted and is due, how many were decided within the promised working days.

    A lead without a decision counts from the day on which it was due: silence is late, not missing. Where its owner
    ended it before that day, or the day is still to come, it does not count.
    """
    found: dict[int, Tally] = defaultdict(Tally)
    for case in cases:
        began_on = clock.date_of(promising.began_at(case))
        promised = Decimal(case.promised_days)
        if case.decided_at is not None:
            decided_on = clock.date_of(case.decided_at)
            if decided_on <= until_on:
                days = working_days_between(began_on, decided_on)
                found[case.institution_id].add(
                    days <= case.promised_days, actual=Decimal(days), promised=promised
                )
                continue
        due_on = nth_working_day(began_on, case.promised_days)
        ended_on = clock.date_of(case.ended_at) if case.ended_at is not None else until_on
        if case.state == str(State.RELEASED) or due_on < min(ended_on, until_on):
            found[case.institution_id].add(False, promised=promised)
    return found


def tally_rates(offers: Iterable[Offered]) -> Tallies:
    """Of the offers, how many were at the lowest rate that the product writes, and how far above it the middle is."""
    found: dict[int, Tally] = defaultdict(Tally)
    for one in offers:
        found[one.institution_id].add(one.above_lowest <= 0, actual=max(Decimal(0), one.above_lowest))
    return found


def _percent(share: float) -> Decimal:
    return Decimal(str(round(share * 100, 1)))


def _tenth(value: float) -> Decimal:
    return Decimal(str(round(value, 1)))
