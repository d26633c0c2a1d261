"""What an insurer's desk does with its cover: write, submit, publish as the second person, suspend, stop."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol

from matchmaker import clock
from matchmaker.accounts.models import Institution
from matchmaker.accounts.queries import desk_of
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.notifications.services import tell
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
from matchmaker.products.rules.states import EDITABLE_VERSION, product_after, second_person, version_after
from matchmaker.products.rules.terms import Problem, text_problems
from matchmaker.refusal import Reason, Refused


class Actor(Protocol):
    """Whoever does it."""

    @property
    def id(self) -> int: ...


def start_cover(*, institution_id: int, line: str, name: str, by: Actor) -> Cover:
    """Begin a cover: draft version 1 with its name. Refused where this kind of institution lists no such line."""
    institution = db.session.get_one(Institution, institution_id)
    if line not in lines_offered(institution.kind):
        raise Refused("cover_line_not_offered", field="line", status=422)
    cover = Cover(institution=institution, line=line, created_by_id=by.id, created_at=clock.now())
    db.session.add(cover)
    db.session.flush()
    version = _new_version(cover, number=1, typed={"name": [name.strip()]}, by=by)
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
    if version.row_version != seen:
        raise Refused("product_changed_meanwhile")
    _step(version, "save")
    given = dict(typed) if licensed else {f: v for f, v in typed.items() if f not in PRICE_FIELDS}
    kept = {field: list(values) for field, values in version.typed.items() if field not in FIELDS[step]}
    kept |= {field: [_clean(value) for value in given[field]] for field in FIELDS[step] if given.get(field)}
    version.typed = kept
    if step not in version.steps_saved:
        version.steps_saved = [*version.steps_saved, step]
    _take_over(version)
    db.session.flush()
    record("cover.save", version.cover, by=by, number=version.number, step=step)
    return queries.problems_by_step(queries.problems_in(version, clock.today(), licensed=licensed))[step]


def _clean(value: str) -> str:
    """Typed text without control characters, cut where nobody types any more."""
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c)[0] != "C")[:2000]


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
    if version.state not in EDITABLE_VERSION:
        raise Refused("product_version_step_closed", state=f"label:product.version_state:{version.state}")
    cover = version.cover
    alone = cover.current_version_id is None
    db.session.flush()
    record("cover.drop", cover, by=by, number=version.number)
    cover.versions.remove(version)
    db.session.delete(version)
    db.session.flush()
    if alone:
        db.session.delete(cover)
        db.session.flush()
    return alone


def submit_version(version: CoverVersion, *, seen: int, licensed: bool, by: Actor) -> CoverVersion:
    """Hand a complete version to a second person. Refused while anything is missing."""
    if version.row_version != seen:
        raise Refused("product_changed_meanwhile")
    cover = version.cover
    _admitted(cover)
    problems = queries.problems_in(version, clock.today(), licensed=licensed)
    if problems:
        raise Refused("product_not_complete", status=422, count=len(problems))
    current = cover.current_version
    if current is not None and not differences(current.terms, version.terms, licensed=licensed):
        raise Refused("product_nothing_changed", status=422)
    version.submitted_by_id, version.submitted_at = by.id, clock.now()
    version.reviewed_by_id = version.reviewed_at = None
    version.review_note = ""
    _step(version, "submit")
    if current is None:
        _cover_step(cover, "submit")
    db.session.flush()
    record("cover.submit", cover, by=by, number=version.number)
    for colleague in desk_of(cover.institution_id):
        if colleague.id != by.id:
            tell(
                colleague.id,
                "cover_to_review",
                key=f"cover:{cover.id}:{version.number}:{version.row_version}:submitted:{colleague.id}",
                link=f"/desk/cover/{cover.id}/review",
                cover=version.name,
            )
    return version


def take_back_version(version: CoverVersion, *, by: Actor) -> CoverVersion:
    """The one who submitted takes it back to go on writing."""
    if version.submitted_by_id != by.id:
        raise Refused("product_take_back_other")
    _step(version, "take_back")
    if version.cover.current_version is None:
        _cover_step(version.cover, "take_back")
    record("cover.take_back", version.cover, by=by, number=version.number)
    return version


def send_back_version(version: CoverVersion, *, note: str, seen: int, by: Actor) -> CoverVersion:
    """The second person sends a version back and says what to change."""
    _reviewable(version, seen=seen, by=by)
    _said(note)
    _step(version, "send_back")
    version.reviewed_by_id, version.reviewed_at, version.review_note = by.id, clock.now(), note.strip()
    if version.cover.current_version is None:
        _cover_step(version.cover, "send_back")
    db.session.flush()
    record("cover.send_back", version.cover, by=by, number=version.number)
    _tell_writer(version, "cover_sent_back")
    return version


def publish_version(version: CoverVersion, *, seen: int, licensed: bool, by: Actor) -> Cover:
    """The second person approves the text and lists it; the version before is superseded and stays as it was."""
    _reviewable(version, seen=seen, by=by)
    cover = version.cover
    _admitted(cover)
    problems = queries.problems_in(version, clock.today(), licensed=licensed)
    if problems:
        raise Refused("product_not_complete", status=422, count=len(problems))
    before, now = cover.current_version, clock.now()
    if before is not None:
        before.state, before.superseded_at = _after(version_after(before.state, "supersede")), now
    version.text_fingerprint = fingerprint(version.terms)
    version.reviewed_by_id, version.reviewed_at, version.review_note = by.id, now, ""
    _step(version, "publish")
    _cover_step(cover, "publish")
    cover.put_in_force(version)
    cover.standing_at, cover.standing_by_id, cover.standing_note = now, by.id, ""
    db.session.flush()
    record("cover.publish", cover, by=by, number=version.number, text_fingerprint=version.text_fingerprint)
    _tell_writer(version, "cover_published")
    return cover


def suspend_cover(cover: Cover, *, note: str, seen: int, by: Actor) -> Cover:
    """Take a cover off the zone for a while, at once and by one person; running requests go on."""
    _unchanged(cover, seen)
    _said(note)
    _stand(cover, "suspend", note=note, by=by)
    return cover


def resume_cover(cover: Cover, *, seen: int, by: Actor) -> Cover:
    """List a suspended cover again as it was: not by the person who suspended it."""
    _unchanged(cover, seen)
    _admitted(cover)
    version = cover.current_version
    if cover.standing_by_id == by.id:
        raise Refused("product_second_person_resumes")
    if version is None or version.valid_until_on is None or version.valid_until_on < clock.today():
        raise Refused("product_valid_over", until_on=version.valid_until_on if version else None)
    _stand(cover, "resume", note="", by=by)
    return cover


def stop_cover(cover: Cover, *, note: str, seen: int, by: Actor) -> Cover:
    """Take no new business any more. It comes back only with a new version that two persons have seen."""
    _unchanged(cover, seen)
    _said(note)
    _stand(cover, "stop", note=note, by=by)
    return cover


def remind_of_end(version: CoverVersion, on: date) -> None:
    """Tell the desk that a listed version ends on `on`; each person once for a version."""
    for person in desk_of(version.institution_id):
        tell(
            person.id,
            "cover_ending",
            key=f"cover:{version.cover_id}:{version.number}:ending:{person.id}",
            link=f"/desk/cover/{version.cover_id}",
            cover=version.name,
            until_on=on,
        )


def _tell_writer(version: CoverVersion, kind: str) -> None:
    if version.submitted_by_id is not None:
        tell(
            version.submitted_by_id,
            kind,
            key=f"cover:{version.cover_id}:{version.number}:{version.row_version}:{kind}",
            link=f"/desk/cover/{version.cover_id}",
            cover=version.name,
        )


def _stand(cover: Cover, step: str, *, note: str, by: Actor) -> None:
    _cover_step(cover, step)
    cover.standing_at, cover.standing_by_id, cover.standing_note = clock.now(), by.id, note.strip()
    db.session.flush()
    record(f"cover.{step}", cover, by=by)


def _said(note: str) -> None:
    problems = text_problems("note", note, shortest=4, longest=200)
    if problems:
        raise Refused(problems[0].reason.code, field="note", status=422, **problems[0].reason.facts)


def _unchanged(cover: Cover, seen: int) -> None:
    if cover.row_version != seen:
        raise Refused("product_changed_meanwhile")


def _reviewable(version: CoverVersion, *, seen: int, by: Actor) -> None:
    no = second_person(version.submitted_by_id, by.id)
    if no is not None:
        raise Refused(no.code, status=403)
    if version.row_version != seen:
        raise Refused("product_changed_meanwhile")


def _admitted(cover: Cover) -> None:
    if cover.institution.status != "admitted":
        raise Refused("product_institution_not_admitted")


def _after(answer: str | Reason) -> str:
    if isinstance(answer, Reason):
        group = "product.version_state" if answer.code == "product_version_step_closed" else "product.state"
        raise Refused(answer.code, state=f"label:{group}:{answer.facts['state']}")
    return str(answer)


def _step(version: CoverVersion, step: str) -> None:
    version.state = _after(version_after(version.state, step))


def _cover_step(cover: Cover, step: str) -> None:
    cover.state = _after(product_after(cover.state, step))
