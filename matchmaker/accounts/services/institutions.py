"""Institutions apply, the operator admits them after checking the licence; branches say whom they serve."""

from __future__ import annotations

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.announcements import InstitutionSuspended
from matchmaker.accounts.keyed import Caller
from matchmaker.accounts.models import Branch, Institution, Invitation, Person
from matchmaker.accounts.rules import INSTITUTION_KINDS, LICENCE_SEEN, BranchFacts, plain_licence
from matchmaker.accounts.services.staff import invite
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.notifications.services import tell, write_to
from matchmaker.reference import regions
from matchmaker.reference.rules.wording import is_placeholder, refuse_promises
from matchmaker.refusal import Refused


def apply_for_admission(
    *,
    name: str,
    short_name: str,
    kind: str,
    licence_number: str,
    region_code: str,
    contact_address: str,
    website: str = "",
    about: str = "",
) -> Institution:
    """Write down an institution's application; nothing of it is shown before the operator has checked the licence.

    Raises Refused ``field_missing``, ``licence_number_unlike``, ``region_unknown``, ``institution_known``,
    and at the field for a banned promise.
    """
    for field, text in (("name", name), ("short_name", short_name)):
        if not text.strip() or is_placeholder(text):
            raise Refused("field_missing", field=field)
    licence = plain_licence(licence_number)
    if licence is None:
        raise Refused("licence_number_unlike", field="licence_number")
    if kind not in INSTITUTION_KINDS:
        raise Refused("field_missing", field="kind")
    if not regions.stands(region_code):
        raise Refused("region_unknown", field="region_code")
    if queries.institution_like(name.strip(), kind, licence) is not None:
        raise Refused("institution_known", field="licence_number")
    refuse_promises(name=name, short_name=short_name, about=about)
    institution = Institution(
        name=name.strip(),
        short_name=short_name.strip(),
        kind=kind,
        licence_number=licence,
        status="applied",
        region_code=region_code,
        website=website.strip() or None,
        about=about.strip(),
        contact_address=contact_address,
        applied_at=clock.now(),
    )
    db.session.add(institution)
    db.session.flush()
    record("institution.apply", institution, by=None, kind=kind)
    for operator in queries.operators():
        tell(
            operator.id,
            "accounts.institution_applied",
            key=f"institution:{institution.id}:applied:{operator.id}",
            link=f"/institutions/{institution.id}",
            institution=institution.short_name,
        )
    return institution


def admit_institution(
    institution: Institution, *, licence_seen: str, by: Person, caller: Caller
) -> Invitation | None:
    """Admit an institution whose licence the operator has checked; ``licence_seen`` says where (LICENCE_SEEN).

    The first admission invites the address of the application to the desk. Raises Refused
    ``institution_admitted_already``, ``institution_is_sample``, ``field_missing``.
    """
    if institution.status == "admitted":
        raise Refused("institution_admitted_already")
    if institution.is_sample:
        raise Refused("institution_is_sample")
    if licence_seen not in LICENCE_SEEN:
        raise Refused("field_missing", field="licence_seen")
    first = institution.status == "applied"
    institution.status = "admitted"
    institution.status_note = None
    institution.licence_checked_by_id = by.id
    institution.licence_checked_at = clock.now()
    record(
        "institution.admit", institution, by=by, licence_number=institution.licence_number, licence_seen=licence_seen
    )
    if not first or not institution.contact_address:
        return None
    return invite("desk", institution=institution, address=institution.contact_address, by=by, caller=caller)


def suspend_institution(institution: Institution, *, note: str, by: Person) -> None:
    """Suspend an institution (or turn an application down) with a note that its desk reads; later subjects react."""
    if institution.status == "suspended":
        raise Refused("institution_suspended_already")
    if not note.strip() or is_placeholder(note):
        raise Refused("note_missing", field="note")
    was = institution.status
    institution.status = "suspended"
    institution.status_note = note.strip()
    if was == "applied":
        # Turned down: nothing was checked, and the constraint on admitted ones does not apply.
        record("institution.turn_down", institution, by=by)
        if institution.contact_address:
            write_to(
                institution.contact_address,
                "accounts.institution_turned_down",
                key=f"institution:{institution.id}:turned_down:{clock.now().isoformat()}",
                language="zh",
                institution=institution.short_name,
                note=institution.status_note,
            )
        return
    record("institution.suspend", institution, by=by)
    for person in queries.desk_of(institution.id):
        tell(
            person.id,
            "accounts.institution_suspended",
            key=f"institution:{institution.id}:suspended:{person.id}:{clock.now().isoformat()}",
            link=f"/institutions/{institution.id}",
            institution=institution.short_name,
        )
    announce(InstitutionSuspended(institution.id))


def describe_institution(institution: Institution, *, website: str, about: str, by: Person) -> None:
    """The desk's own words about its institution; name, kind and licence are the operator's to change.

    Raises Refused at the field for a banned promise.
    """
    refuse_promises(about=about)
    institution.website = website.strip() or None
    institution.about = about.strip()
    record("institution.describe", institution, by=by)


def open_branch(institution: Institution, facts: BranchFacts, *, by: Person) -> Branch:
    """Add a branch.

    Raises Refused ``branch_serves_nobody``, ``radius_needs_point``, ``region_unknown``, ``branch_name_taken``.
    """
    _check_branch(institution.id, facts, None)
    branch = Branch(institution_id=institution.id)
    _fill(branch, facts)
    db.session.add(branch)
    db.session.flush()
    record("branch.open", branch, by=by, institution_id=institution.id)
    return branch


def change_branch(branch: Branch, facts: BranchFacts, *, by: Person) -> None:
    """Change a branch; raises as ``open_branch``."""
    _check_branch(branch.institution_id, facts, branch)
    _fill(branch, facts)
    record("branch.change", branch, by=by, institution_id=branch.institution_id)


def _fill(branch: Branch, facts: BranchFacts) -> None:
    branch.name = facts.name.strip()
    branch.region_code = facts.region_code
    branch.latitude, branch.longitude = facts.latitude, facts.longitude
    branch.service_radius_km = facts.service_radius_km
    branch.service_regions = list(facts.service_regions)
    branch.decision_limit_yuan = facts.decision_limit_yuan


def _check_branch(institution_id: int, facts: BranchFacts, known: Branch | None) -> None:
    if not facts.name.strip() or is_placeholder(facts.name):
        raise Refused("field_missing", field="name")
    if not regions.stands(facts.region_code):
        raise Refused("region_unknown", field="region_code")
    if facts.service_radius_km is None and not facts.service_regions:
        raise Refused("branch_serves_nobody", field="service_regions")
    if facts.service_radius_km is not None and (facts.latitude is None or facts.longitude is None):
        raise Refused("radius_needs_point", field="service_radius_km")
    for other in queries.branches_of(institution_id, open_only=False):
        if other.name == facts.name.strip() and (known is None or other.id != known.id):
            raise Refused("branch_name_taken", field="name")
