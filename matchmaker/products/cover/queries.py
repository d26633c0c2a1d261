"""Reads of cover: what is listed on a day, a desk's own list, versions and their problems."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import joinedload, selectinload

from matchmaker.accounts.models import Institution
from matchmaker.db import db, holding
from matchmaker.products.cover.models import Cover, CoverVersion
from matchmaker.products.cover.rules import STEP_OF, STEPS, neutral_order, problems_of, read_terms
from matchmaker.products.rules.states import FROZEN_VERSION, OPEN_VERSION, ProductState, VersionState
from matchmaker.products.rules.terms import Problem

DESK_FILTERS = ("all", "to_write", "to_review", "published", "suspended", "stopped", "ending")
ENDING_WITHIN_DAYS = 30


def _loaded(query: sa.Select[CoverVersion]) -> sa.Select[CoverVersion]:
    return query.options(joinedload(CoverVersion.cover).joinedload(Cover.institution))


def _in_force(on: date) -> sa.Select[CoverVersion]:
    return (
        sa.select(CoverVersion)
        .join(Cover, Cover.current_version_id == CoverVersion.id)
        .join(Institution, Institution.id == Cover.institution_id)
        .where(
            Cover.state == ProductState.PUBLISHED,
            CoverVersion.state == VersionState.PUBLISHED,
            CoverVersion.valid_from_on <= on,
            CoverVersion.valid_until_on >= on,
            Institution.status == "admitted",
        )
    )


def listed_on_line(line: str, on: date) -> list[CoverVersion]:
    """What is listed on a line that day: insurers in the neutral order of the day, each one's covers by name."""
    found = list(db.session.scalars(_loaded(_in_force(on).where(Cover.line == line))).unique())
    order = neutral_order((version.institution_id for version in found), line, on)
    return sorted(found, key=lambda v: (order.index(v.institution_id), v.name, v.id))


def listed_named(words: str, on: date, most: int = 500) -> list[CoverVersion]:
    """What is listed that day with these words in its name or insurer: line by line, each in the neutral order."""
    named = _in_force(on).where(holding(words, CoverVersion.name, Institution.name, Institution.short_name))
    found = list(db.session.scalars(_loaded(named.order_by(CoverVersion.id).limit(most))).unique())
    place: dict[str, list[int]] = {}
    for line in {version.cover.line for version in found}:
        there = (version.institution_id for version in found if version.cover.line == line)
        place[line] = neutral_order(there, line, on)
    return sorted(found, key=lambda v: (v.cover.line, place[v.cover.line].index(v.institution_id), v.name, v.id))


def insurers_by_line(on: date) -> dict[str, int]:
    """How many insurers list something on each line that day; lines without any are not named."""
    query = (
        _in_force(on)
        .with_only_columns(Cover.line, sa.func.count(sa.distinct(Cover.institution_id)))
        .group_by(Cover.line)
        .order_by(None)
    )
    return {row[0]: row[1] for row in db.session.execute(query)}


def listed(cover_id: int, on: date) -> CoverVersion | None:
    """The version of a cover that is in force that day."""
    return db.session.scalar(_loaded(_in_force(on).where(Cover.id == cover_id)))


def covers_of(institution_ids: set[int], *, show: str = "all", q: str = "", today: date) -> sa.Select[Cover]:
    """A desk's own covers, newest first; `show` is one of DESK_FILTERS, `q` searches names."""
    query = (
        sa.select(Cover)
        .where(Cover.institution_id.in_(institution_ids))
        .options(selectinload(Cover.versions), joinedload(Cover.institution), joinedload(Cover.current_version))
    )
    version = sa.select(CoverVersion.id).where(CoverVersion.cover_id == Cover.id)
    if show == "to_write":
        query = query.where(
            version.where(CoverVersion.state.in_((VersionState.DRAFT, VersionState.SENT_BACK))).exists()
        )
    elif show == "to_review":
        query = query.where(version.where(CoverVersion.state == VersionState.SUBMITTED).exists())
    elif show == "ending":
        until = date.fromordinal(today.toordinal() + ENDING_WITHIN_DAYS)
        current = version.where(CoverVersion.id == Cover.current_version_id, CoverVersion.valid_until_on <= until)
        query = query.where(Cover.state == ProductState.PUBLISHED, current.exists())
    elif show in (ProductState.PUBLISHED, ProductState.SUSPENDED, ProductState.STOPPED):
        query = query.where(Cover.state == show)
    if q.strip():
        query = query.where(version.where(holding(q[:40], CoverVersion.name)).exists())
    return query.order_by(Cover.id.desc())


def cover_counts(institution_ids: set[int], *, today: date) -> dict[str, int]:
    """How many covers each filter of the desk's list shows."""
    return {
        show: db.session.scalar(
            sa.select(sa.func.count()).select_from(
                covers_of(institution_ids, show=show, today=today)
                .options(sa.orm.lazyload("*"))
                .order_by(None)
                .subquery()
            )
        )
        or 0
        for show in DESK_FILTERS
    }


def cover(cover_id: int) -> Cover | None:
    """One cover with its versions."""
    return db.session.get(Cover, cover_id, options=[selectinload(Cover.versions), joinedload(Cover.institution)])


def version_of(cover_id: int, number: int) -> CoverVersion | None:
    """One version by cover and number."""
    return db.session.scalar(
        _loaded(sa.select(CoverVersion).where(CoverVersion.cover_id == cover_id, CoverVersion.number == number))
    )


def shown_version(cover_id: int, number: int) -> CoverVersion | None:
    """A version that was published once: a quote may have been asked for it. Drafts are never shown outside."""
    version = version_of(cover_id, number)
    return version if version is not None and version.state in FROZEN_VERSION else None


def open_version(cover_id: int) -> CoverVersion | None:
    """The version of a cover that is being written or reviewed, if any."""
    return db.session.scalar(
        _loaded(
            sa.select(CoverVersion).where(
                CoverVersion.cover_id == cover_id, CoverVersion.state.in_(tuple(OPEN_VERSION))
            )
        )
    )


def problems_in(version: CoverVersion, today: date, *, licensed: bool) -> list[Problem]:
    """Everything that keeps a version from being published; one problem a field, the unreadable first."""
    if version.state in FROZEN_VERSION:
        terms, unread = version.terms, list[Problem]()
    else:
        terms, unread = read_terms(version.typed, version.cover.line)
    first: dict[str, Problem] = {}
    for problem in unread + problems_of(terms, today=today, licensed=licensed):
        first.setdefault(problem.field, problem)
    return list(first.values())


def problems_by_step(problems: Sequence[Problem]) -> dict[str, list[Problem]]:
    """The same problems under the step of the form in which they are repaired."""
    return {step: [problem for problem in problems if STEP_OF[problem.field] == step] for step in STEPS}


def versions_ending(on: date) -> list[CoverVersion]:
    """Versions in force whose last day is `on`."""
    return list(db.session.scalars(_loaded(_in_force(on).where(CoverVersion.valid_until_on == on))).unique())
