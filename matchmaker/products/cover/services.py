"""What an insurer's desk does with its cover: write, submit, publish as the second person, suspend, stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.products import listing
from matchmaker.products.cover import queries
from matchmaker.products.cover.models import LIST_COLUMNS, PLAIN_COLUMNS, Cover, CoverVersion
from matchmaker.products.cover.rules import (
    FIELDS,
    PRICE_FIELDS,
    differences,
    fingerprint,
    lines_offered,
    read_terms,
    typed_from,
    without_prices,
)
from matchmaker.products.listing import Actor
from matchmaker.products.models import ImportLine
from matchmaker.products.rules.terms import Problem
from matchmaker.refusal import Refused


def start_cover(*, institution_id: int, line: str, name: str, by: Actor) -> Cover:
    """Begin a cover: draft version 1 with its name. Refused where this kind of institution lists no such line."""
    institution = db.session.get_one(Institution, institution_id)
    return start_cover_with(institution, line=line, typed={"name": [name.strip()]}, by=by)


def start_cover_with(institution: Institution, *, line: str, typed: dict[str, list[str]], by: Actor) -> Cover:
    """Begin a cover with what is known of it, as from a line of a table; no price is among it."""
    if line not in lines_offered(institution.kind) and not institution.is_sample:
        raise Refused("cover_line_not_offered", field="line", status=422)
    cover = Cover(institution=institution, line=line, created_by_id=by.id, created_at=clock.now())
    db.session.add(cover)
    db.session.flush()
    version = _new_version(cover, number=1, typed=without_prices(typed), by=by)
    if len(typed) > 1:  # more than a name: the steps that it comes from are looked at as if they had been saved
        version.steps_saved = [step for step in FIELDS if any(field in typed for field in FIELDS[step])]
    _take_over(version)
    db.session.flush()
    record("cover.start", cover, by=by, line=line)
    return cover


def start_version(cover: Cover, *, licensed: bool, by: Actor) -> CoverVersion:
    """Begin the next version with what the published one says; that one stays listed until this is published."""
    if cover.current_version is None or cover.open_version is not None:
        raise Refused("product_version_open")
    typed = typed_from(cover.current_version.terms)
    version = _new_version(
        cover, number=cover.versions[-1].number + 1, typed=typed if licensed else without_prices(typed), by=by
    )
    version.steps_saved = list(FIELDS)
    _take_over(version)
    db.session.flush()
    record("cover.edit", cover, by=by, number=version.number)
    return version


def _new_version(cover: Cover, *, number: int, typed: dict[str, list[str]], by: Actor) -> CoverVersion:
    version = CoverVersion(
        cover=cover, number=number, typed=typed, steps_saved=[], created_by_id=by.id, created_at=clock.now()
    )
    db.session.add(version)
    db.session.flush()
    return version


def save_step(
    version: CoverVersion, step: str, typed: Mapping[str, Sequence[str]], *, seen: int, licensed: bool, by: Actor
) -> list[Problem]:
    """Keep what was typed in one step, right or wrong, and answer what is wrong in it.

    `seen` is the row version that the writer had before them: a colleague who saved since then wins (409).
    Without the operator's licence no price is taken, whatever a browser sends.
    """
    given = dict(typed) if licensed else {f: v for f, v in typed.items() if f not in PRICE_FIELDS}
    listing.keep_typed(version, step, given, fields=FIELDS[step], seen=seen)
    _take_over(version)
    db.session.flush()
    record("cover.save", version.cover, by=by, number=version.number, step=step)
    return queries.problems_by_step(queries.problems_in(version, clock.today(), licensed=licensed))[step]


def _take_over(version: CoverVersion) -> None:
    """Write into the columns what can be read of the typed text."""
    terms, _ = read_terms(version.typed, version.cover.line)
    for column in PLAIN_COLUMNS:
        setattr(version, column, getattr(terms, column))
    for column in LIST_COLUMNS:
        setattr(version, column, list(getattr(terms, column)))
    version.filing = None if terms.filing is None else terms.filing.value
    version.documents = [paper.as_json() for paper in terms.documents]


def drop_draft(version: CoverVersion, *, by: Actor) -> bool:
    """Throw a draft away. A cover that was never published goes with it; answers whether it did."""
    cover = version.cover
    alone = listing.throw_draft_away(version, by=by)
    if alone:
        db.session.execute(sa.update(ImportLine).where(ImportLine.cover_id == cover.id).values(cover_id=None))
        db.session.delete(cover)
        db.session.flush()
    return alone


def submit_version(version: CoverVersion, *, seen: int, licensed: bool, by: Actor) -> CoverVersion:
    """Hand a complete version to a second person. Refused while anything is missing."""
    current = version.cover.current_version
    listing.hand_over(
        version,
        seen=seen,
        problems=queries.problems_in(version, clock.today(), licensed=licensed),
        changed=current is None or bool(differences(current.terms, version.terms, licensed=licensed)),
        by=by,
    )
    return version


def publish_version(version: CoverVersion, *, seen: int, licensed: bool, by: Actor) -> Cover:
    """The second person approves the text and lists it; the version before is superseded and stays as it was."""
    cover = version.cover
    problems = queries.problems_in(version, clock.today(), licensed=licensed)
    listing.put_in_force(version, seen=seen, problems=problems, by=by)
    version.text_fingerprint = fingerprint(version.terms)
    db.session.flush()
    record("cover.publish", cover, by=by, number=version.number, text_fingerprint=version.text_fingerprint)
    listing.tell_writer(version, "published")
    return cover


def suspend_cover(cover: Cover, *, note: str, seen: int, by: Actor) -> Cover:
    """Take a cover off the zone for a while, at once and by one person; running requests go on."""
    listing.stand(cover, "suspend", note=note, seen=seen, by=by)
    return cover


def resume_cover(cover: Cover, *, seen: int, by: Actor) -> Cover:
    """List a suspended cover again as it was: not by the person who suspended it."""
    listing.resumable(cover, seen=seen, by=by)
    listing.stand(cover, "resume", by=by)
    return cover


def stop_cover(cover: Cover, *, note: str, seen: int, by: Actor) -> Cover:
    """Take no new business any more. It comes back only with a new version that two persons have seen."""
    listing.stand(cover, "stop", note=note, seen=seen, by=by)
    return cover
