"""The life of a listing at a desk, the same for loans, guarantees and cover: drafts, a second person, a standing.

A listing (`Product`, `Cover`) has versions, one of them in force; what its terms are, who is told of it and what the
lists make of it is each subject's own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from matchmaker import clock
from matchmaker.accounts.queries import desk_of
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.notifications.services import tell
from matchmaker.products.models import Listed, ListedVersion
from matchmaker.products.rules.states import EDITABLE_VERSION, product_after, second_person, version_after
from matchmaker.products.rules.terms import Problem, text_problems
from matchmaker.refusal import Reason, Refused


class Actor(Protocol):
    """Whoever does it."""

    @property
    def id(self) -> int: ...


# --- writing ---------------------------------------------------------------------------------------------------------


def keep_typed(
    version: ListedVersion, step: str, typed: Mapping[str, Sequence[str]], *, fields: Sequence[str], seen: int
) -> None:
    """Keep what was typed in one step, right or wrong; the other steps stay as they were.

    `seen` is the row version that the writer had before them: a colleague who saved since then wins (409).
    """
    unchanged(version, seen)
    step_version(version, "save")
    kept = {field: list(values) for field, values in version.typed.items() if field not in fields}
    kept |= {field: [clean(value) for value in typed[field]] for field in fields if typed.get(field)}
    version.typed = kept
    if step not in version.steps_saved:
        version.steps_saved = [*version.steps_saved, step]


def clean(value: str) -> str:
    """Typed text without control characters (PostgreSQL takes no NUL), cut where nobody types any more; what is
    longer than a field takes is kept too, for its writer to shorten."""
    return "".join(c for c in value if c in "\n\t" or unicodedata.category(c)[0] != "C")[:20_000]


def throw_draft_away(version: ListedVersion, *, by: Actor) -> bool:
    """Delete a draft; answers whether its listing was never published and therefore has to go too."""
    if version.state not in EDITABLE_VERSION:
        raise Refused("product_version_step_closed", state=f"label:product.version_state:{version.state}")
    listing = version.listing
    alone = listing.current_version_id is None
    db.session.flush()
    record(f"{listing.word}.drop", listing, by=by, number=version.number)
    listing.versions.remove(version)
    db.session.delete(version)
    db.session.flush()
    return alone


# --- the second person -----------------------------------------------------------------------------------------------


def hand_over(version: ListedVersion, *, seen: int, problems: Sequence[Problem], changed: bool, by: Actor) -> None:
    """Hand a complete version to a second person, who is told. Refused while anything is missing, or nothing is new."""
    unchanged(version, seen)
    listing = version.listing
    admitted(listing)
    complete(problems)
    if not changed:
        raise Refused("product_nothing_changed", status=422)
    version.submitted_by_id, version.submitted_at = by.id, clock.now()
    version.reviewed_by_id = version.reviewed_at = None
    version.review_note = ""
    step_version(version, "submit")
    if listing.current_version is None:
        step_listing(listing, "submit")
    db.session.flush()
    record(f"{listing.word}.submit", listing, by=by, number=version.number)
    round_ = f"{version.number}:{version.row_version}:submitted"
    tell_desk(listing, "to_review", key=round_, page="/review", name=version.name, but=by.id)


def take_back(version: ListedVersion, *, by: Actor) -> None:
    """The one who submitted takes it back to go on writing."""
    if version.submitted_by_id != by.id:
        raise Refused("product_take_back_other")
    _reopen(version, "take_back", by=by)


def send_back(version: ListedVersion, *, note: str, seen: int, by: Actor) -> None:
    """The second person sends a version back and says what to change; its writer is told."""
    reviewable(version, seen=seen, by=by)
    said(note)
    version.reviewed_by_id, version.reviewed_at, version.review_note = by.id, clock.now(), note.strip()
    _reopen(version, "send_back", by=by)
    tell_writer(version, "sent_back")


def _reopen(version: ListedVersion, step: str, *, by: Actor) -> None:
    step_version(version, step)
    listing = version.listing
    if listing.current_version is None:
        step_listing(listing, step)
    db.session.flush()
    record(f"{listing.word}.{step}", listing, by=by, number=version.number)


def put_in_force(version: ListedVersion, *, seen: int, problems: Sequence[Problem], by: Actor) -> None:
    """The second person puts a version in force; the one before it is superseded and stays as it was.

    Looks again at everything that could keep it from being published: the LPR or the day may have changed since.
    """
    reviewable(version, seen=seen, by=by)
    listing, now = version.listing, clock.now()
    admitted(listing)
    complete(problems)
    before = listing.current_version
    if before is not None:
        before.state, before.superseded_at = _after(version_after(before.state, "supersede")), now
    step_version(version, "publish")
    version.reviewed_by_id, version.reviewed_at, version.review_note = by.id, now, ""
    step_listing(listing, "publish")
    listing.put_in_force(version)
    listing.standing_at, listing.standing_by_id, listing.standing_note = now, by.id, ""


# --- standing --------------------------------------------------------------------------------------------------------


def stand(listing: Listed, step: str, *, by: Actor, seen: int | None = None, note: str | None = None) -> None:
    """Suspend, resume or stop: from now on, by whom, and why where a `note` is asked for."""
    if seen is not None:
        unchanged(listing, seen)
    if note is not None:
        said(note)
    step_listing(listing, step)
    listing.standing_at, listing.standing_by_id, listing.standing_note = clock.now(), by.id, (note or "").strip()
    db.session.flush()
    record(f"{listing.word}.{step}", listing, by=by)


def resumable(listing: Listed, *, seen: int, by: Actor) -> ListedVersion:
    """The version that comes back; refused to the person who suspended it, and once its days are over."""
    unchanged(listing, seen)
    admitted(listing)
    if listing.standing_by_id == by.id:
        raise Refused("product_second_person_resumes")
    return still_valid(listing)


def still_valid(listing: Listed) -> ListedVersion:
    """The version in force; refused where there is none or its last day is over."""
    version: ListedVersion | None = listing.current_version
    if version is None or version.valid_until_on is None or version.valid_until_on < clock.today():
        raise Refused("product_valid_over", until_on=version.valid_until_on if version else None)
    return version


# --- whom it is told -------------------------------------------------------------------------------------------------


def tell_desk(
    listing: Listed, what: str, *, key: str, name: str, page: str = "", but: int | None = None, **facts: Any
) -> None:
    """Tell everybody at the desk now, each once for this `key`."""
    for person in desk_of(listing.institution_id):
        if person.id != but:
            tell(
                person.id,
                f"{listing.word}_{what}",
                key=f"{listing.word}:{listing.id}:{key}:{person.id}",
                link=f"{listing.desk_page}{page}",
                **(facts | {listing.word: name}),
            )


def tell_writer(version: ListedVersion, what: str) -> None:
    """Tell whoever submitted this version what became of it."""
    listing = version.listing
    if version.submitted_by_id is not None:
        tell(
            version.submitted_by_id,
            f"{listing.word}_{what}",
            key=f"{listing.word}:{listing.id}:{version.number}:{version.row_version}:{what}",
            link=listing.desk_page,
            **_named(version),
        )


def _named(version: ListedVersion) -> dict[str, Any]:
    return {version.listing.word: version.name}


def remind_of_end(version: ListedVersion, on: date) -> None:
    """Tell the desk that a version in force ends on `on`; each person once for a version."""
    tell_desk(version.listing, "ending", key=f"{version.number}:ending", name=version.name, until_on=on)


# --- refusals --------------------------------------------------------------------------------------------------------


def said(note: str) -> None:
    """Refused where a reason is asked for and none, or hardly any, is given."""
    problems = text_problems("note", note, shortest=4, longest=200)
    if problems:
        raise Refused(problems[0].reason.code, field="note", status=422, **problems[0].reason.facts)


def unchanged(row: Listed | ListedVersion, seen: int) -> None:
    """Refused (409) where somebody wrote since the reader saw it."""
    if row.row_version != seen:
        raise Refused("product_changed_meanwhile")


def complete(problems: Sequence[Problem]) -> None:
    """Refused while anything is missing (fees 8.2, renewal 9.1)."""
    if problems:
        raise Refused("product_not_complete", status=422, count=len(problems))


def reviewable(version: ListedVersion, *, seen: int, by: Actor) -> None:
    """Refused to the person who submitted it, and where it changed since it was read."""
    no = second_person(version.submitted_by_id, by.id)
    if no is not None:
        raise Refused(no.code, status=403)
    unchanged(version, seen)


def admitted(listing: Listed) -> None:
    """Refused while the operator has not admitted the institution."""
    if listing.institution.status != "admitted":
        raise Refused("product_institution_not_admitted")


def step_version(version: ListedVersion, step: str) -> None:
    """Move a version along its table of states."""
    version.state = _after(version_after(version.state, step))


def step_listing(listing: Listed, step: str) -> None:
    """Move a listing along its table of states."""
    listing.state = _after(product_after(listing.state, step))


def _after(answer: str | Reason) -> str:
    if isinstance(answer, Reason):
        group = "product.version_state" if answer.code == "product_version_step_closed" else "product.state"
        raise Refused(answer.code, state=f"label:{group}:{answer.facts['state']}")
    return str(answer)
