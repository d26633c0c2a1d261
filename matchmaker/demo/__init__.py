"""The demo town: fills an empty database with an invented town and a year of its life, and keeps its clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Person
from matchmaker.audit.models import AuditRow
from matchmaker.audit.services import record
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.demo import (
    businesses,
    capacity,
    cards,
    cast,
    concessions,
    cover,
    cover_requests,
    folders,
    inbox,
    market,
    talks,
    trust,
    writing,
)
from matchmaker.demo.drawing import at_local
from matchmaker.demo.ledger import Books
from matchmaker.demo.market import PASSWORD
from matchmaker.demo.story import Story
from matchmaker.leads.services import promising
from matchmaker.matching.rules import Lpr
from matchmaker.queue import Job
from matchmaker.reference.queries import lpr_history

SEED = 20260923
SIZE = 3_000
NEEDS_PER_BUSINESS = 0.55
MORNING = 9.5
"""The town's business time begins at 9:30 of its first day."""
_SWITCHED_OFF_AFTER = timedelta(minutes=3)

__all__ = ["PASSWORD", "SEED", "SIZE", "Town", "build", "fill", "is_empty", "resume_clock", "sign_in_table", "sign_ins"]


@dataclass
class Town:
    """What was written, with what only the simulator knows."""

    market: market.Market
    businesses: businesses.Businesses
    books: Books
    story: Story
    anchor_at: datetime

    @property
    def oracle(self) -> dict[int, float]:
        """Outcome id -> the chance by the hidden traits. In no table."""
        return self.story.oracle


def is_empty() -> bool:
    """Whether nobody is there yet. Needs an app context."""
    begin_read()
    try:
        return db.session.scalar(sa.select(Person.id).limit(1)) is None
    finally:
        db.session.rollback()


def simulate(*, size: int, seed: int, anchor_on: date, lprs: list[Lpr]) -> Town:
    """The town in memory; the same seed and anchor give the same rows. Touches no database."""
    anchor_at = at_local(anchor_on, MORNING)
    stage = market.build(seed=seed, anchor_on=anchor_on)
    lenders = {i: one.name for i, one in stage.of.items() if one.kind in ("RURALC", "CITY", "STATE", "JOINT", "RURALX")}
    shops = businesses.build(
        size,
        seed=seed,
        anchor_on=anchor_on,
        first_person_id=len(stage.persons) + 1 + cast.PLACES,
        operator_id=stage.operators[0],
        password_hash=market.password_hash(),
        institution_names=lenders,
    )
    cast.take_the_stage(stage, shops, anchor_on)
    books = Books()
    story = Story(stage, shops, books, seed=seed, anchor_at=anchor_at, lprs=lprs)
    story.needs_of_the_year(round(size * NEEDS_PER_BUSINESS))
    cast.play(story)
    story.run()
    cast.come_to_rest(story)
    market.confirm_after_declines(stage, books.doubts)
    return Town(stage, shops, books, story, anchor_at)


def fill(*, size: int = SIZE, seed: int = SEED, anchor: date | None = None) -> Town:
    """Write the whole town into an empty database, in the running write transaction (`unit_of_work`).

    `anchor` is the day of the first start; the year before it is what is simulated. Killed half-way the database is
    empty again. Raises RuntimeError where anybody is there already.
    """
    if db.session.scalar(sa.select(Person.id).limit(1)) is not None:
        raise RuntimeError("the demo town is built into an empty database only")
    anchor_on = anchor or anchor_for(clock.real_now())
    lprs = [Lpr(row.published_on, row.lpr_1y_percent, row.lpr_5y_percent) for row in lpr_history()]
    town = simulate(size=size, seed=seed, anchor_on=anchor_on, lprs=lprs)
    writing.write(
        town.market,
        town.businesses,
        town.books,
        places=town.story.places,
        fingerprint=town.story.fingerprint,
        noted_at=town.anchor_at - timedelta(days=420),
        papers=cast.papers_of(town.story),
        cases=cast.cases_of(town.story),
        messages=inbox.messages_of(
            town.story, cast.owner_ids(town.story), [town.market.person_by_name[name] for name in ("沈秋禾", "韩竹君")]
        ),
    )
    cover_requests.ask_around(town.market, cover.list_cover(town.market, anchor_on), anchor_on)
    trust.badges_and_reports(town.market, anchor_on)
    trust.typed_by_the_channel(town.market.person_by_name["园区孔服务"], anchor_on)
    trust.a_helper(cast.owner_ids(town.story)[1], anchor_on)
    cards.show_a_card(anchor_on)
    capacity.count_and_say(town.market, anchor_on)
    talks.threads_of_the_cast(
        cast.owner_ids(town.story), [town.market.person_by_name[name] for name in trust.MANAGERS], town.anchor_at
    )
    with clock.frozen(at_local(anchor_on - timedelta(days=1), 16.2)):
        cards.invite_the_cast(cast.owner_ids(town.story)[1])
    desks = [town.market.person_by_name[name] for name in ("陶青黛", "喻松烟")]
    concessions.cut_for_first_loans(desks[0], desks[1], anchor_on)
    folders.fill_folders(cast.owner_ids(town.story), anchor_on)
    cover.messages_have_left()
    with clock.frozen(first_instant(town.anchor_at, clock.real_now())) as at:
        promising.count_promises(at)
    behind = clock.real_now() - first_instant(town.anchor_at, clock.real_now())
    record(
        "demo.build",
        None,
        by=None,
        size=size,
        seed=seed,
        anchor_on=anchor_on,
        behind_seconds=int(behind.total_seconds()),
        awake_at=clock.real_now(),
    )
    return town


def anchor_for(instant: datetime) -> date:
    """The day on which a town begins that is started at this instant: today, before 9:30 yesterday."""
    local = instant.astimezone(clock.SHANGHAI)
    return local.date() if at_local(local.date(), MORNING) <= instant else local.date() - timedelta(days=1)


def first_instant(anchor_at: datetime, real: datetime) -> datetime:
    """Where business time begins: the real time while that is a morning or an afternoon of the anchor, else 10:00."""
    return real if anchor_at <= real < anchor_at + timedelta(hours=6) else anchor_at + timedelta(minutes=30)


def build(size: int | None = None, *, seed: int = SEED, anchor: date | None = None) -> Town:
    """The town with its clock and a trained ranker: what `prepare` calls on an empty database."""
    with unit_of_work():
        town = fill(size=size or SIZE, seed=seed, anchor=anchor)
    resume_clock()
    train(town)
    return town


def train(town: Town) -> Any:
    """Train the ranker on the year, with the oracle beside it in its card; then show today's lists to those who look."""
    from matchmaker.ranking.services import train_from_history

    with unit_of_work():
        model = train_from_history(oracle=town.oracle)
    with unit_of_work():
        cast.look_again(town.story)
    return model


def resume_clock() -> timedelta:
    """Let business time run on from where the town was switched off; answers how far it is behind real time.

    While the site runs, its timetable writes a job a minute: the newest of them tells when the town was last awake.
    """
    begin_read()
    newest = db.session.scalar(
        sa.select(AuditRow)
        .where(AuditRow.what.in_(("demo.build", "demo.resume")))
        .order_by(AuditRow.id.desc())
        .limit(1)
    )
    seen = db.session.execute(sa.select(sa.func.max(Job.created_at), sa.func.max(Job.finished_at))).one()
    db.session.rollback()
    if newest is None:
        return timedelta(0)
    behind = timedelta(seconds=int(newest.facts["behind_seconds"]))
    real = clock.real_now()
    awake = max(at for at in (datetime.fromisoformat(newest.facts["awake_at"]), *seen) if at is not None)
    asleep = real - awake
    if asleep > _SWITCHED_OFF_AFTER:
        behind += asleep
        clock.run_behind(behind)
        with unit_of_work():
            record("demo.resume", None, by=None, behind_seconds=int(behind.total_seconds()), awake_at=real)
    clock.run_behind(behind)
    return behind


def sign_ins() -> list[cast.SignIn]:
    """Who can sign in as what, two colleagues where two persons are needed."""
    return cast.SIGN_INS


def sign_in_table() -> str:
    """The sign-ins as a table for the terminal."""
    return cast.table_of(sign_ins(), PASSWORD)
