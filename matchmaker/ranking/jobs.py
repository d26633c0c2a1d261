"""What ranking does without a person: training at night, when enough has been decided since; lists that are too old
lose their facts; who was seen how much, and how far what is read has moved, is written down."""

from __future__ import annotations

from datetime import datetime

from matchmaker import clock
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.ranking import exposure, forgetting, queries, services
from matchmaker.ranking.models import ModelVersion
from matchmaker.refusal import Reason

NEW_CASES = 100
"""How many more decided cases than the last training saw make another one worth while."""


def forget_old_lists(now: datetime) -> int:
    """Reduce lists that are older than they may be kept to their skeletons, some at a time; answers how many."""
    done = 0
    while ids := _waiting(now):
        with unit_of_work():
            done += forgetting.forget_lists(ids, rule="retention_over", at=now)
    return done


def _waiting(now: datetime) -> list[int]:
    begin_read()
    ids = forgetting.ids_of_lists_over(now)
    db.session.rollback()
    return ids


def train_ranker(now: datetime) -> None:
    """Train a new ranker on what is decided by `now`, outside of any transaction, and keep it in one of its own."""
    begin_read()
    newest = next(iter(queries.versions()), None)
    seen = newest.card["cases"] if newest is not None else 0
    due = queries.count_decided() - seen >= (NEW_CASES if newest is not None else 1)
    rows = queries.history(now) if due else []
    still_open = queries.offers_still_open(now) if due else []
    active = services.active_ranker()
    db.session.rollback()
    if not due:
        return
    fitted = services.fit(rows, still_open=still_open, active=active)
    if isinstance(fitted, Reason):
        return
    with unit_of_work():
        services.keep(fitted)


def weigh_exposure(now: datetime) -> int:
    """Write the ledger of the day: who was seen how much in the last four weeks. Once a day; answers how many rows."""
    begin_read()
    sums = exposure.weigh(queries.loans_that_stood(now))
    kinds = queries.institution_kinds(sums)
    db.session.rollback()
    with unit_of_work():
        return services.note_exposure(clock.date_of(now), sums, kinds)


def weigh_drift(now: datetime) -> int:
    """Hold what was sent in four weeks against what the ranker in use learned from. Once a day; answers how many cases.

    0 where no ranker is in use, or nothing was sent.
    """
    begin_read()
    version = queries.active_version()
    number = version.id if version is not None else None
    sent = queries.cases_sent(now) if version is not None else []
    db.session.rollback()
    if number is None:
        return 0
    with unit_of_work():
        noted = services.note_drift(clock.date_of(now), db.session.get_one(ModelVersion, number), sent)
        return noted.n if noted is not None else 0
