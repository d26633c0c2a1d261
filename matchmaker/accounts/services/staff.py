"""Colleagues come by a single-use link and go with a hand-over; managers have a patch, skills and a capacity."""

from __future__ import annotations

import secrets

from matchmaker import clock
from matchmaker.accounts import queries
from matchmaker.accounts.announcements import AssignmentEnded
from matchmaker.accounts.keyed import Caller
from matchmaker.accounts.models import (
    Assignment,
    Branch,
    Institution,
    Invitation,
    InvitationUse,
    ManagerProfile,
    Person,
)
from matchmaker.accounts.rules import INVITATION_LIVES, ROLES_OF_AN_INSTITUTION, invitation_trouble
from matchmaker.accounts.services import badges, second_factor
from matchmaker.accounts.services.loads import recount_slots
from matchmaker.accounts.services.once import first_to_use
from matchmaker.accounts.services.registering import check_name, new_person
from matchmaker.accounts.sessions import end_sessions_of, token_hash
from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.happened import announce
from matchmaker.notifications.services import tell, write_to
from matchmaker.refusal import Refused

DEFAULT_CAPACITY = 30


def invite(
    role: str,
    *,
    address: str,
    by: Person,
    caller: Caller,
    institution: Institution | None = None,
    branch: Branch | None = None,
    name: str = "",
) -> Invitation:
    """Send a single-use link to a plain address; who opens it within seven days gets the role.

    The link goes to that address alone: whoever invites never sees it, so that nobody is two persons.
    Raises Refused ``institution_not_admitted``, ``manager_needs_branch``, ``already_on_staff``, ``already_invited``.
    """
    if (role in ROLES_OF_AN_INSTITUTION) != (institution is not None):
        raise Refused("role_not_yours_to_give")
    if institution is not None and institution.status != "admitted":
        raise Refused("institution_not_admitted")
    if role == "manager" and (
        branch is None or institution is None or branch.institution_id != institution.id or branch.closed_at is not None
    ):
        raise Refused("manager_needs_branch", field="branch_id")
    institution_id = institution.id if institution else None
    known = queries.person_by_address(address)
    if known is not None and any(a.role == role and a.institution_id == institution_id for a in known.live_assignments):
        raise Refused("already_on_staff", field="address")
    now = clock.real_now()
    whose = None if institution_id is None else (institution_id,)
    open_ones = db.session.scalars(queries.open_invitations(whose, text=address, role=role))
    if any(open_.address == address and open_.expires_at > now for open_ in open_ones):
        raise Refused("already_invited", field="address")
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        token_hash=token_hash(token),
        institution_id=institution_id,
        role=role,
        branch_id=branch.id if branch else None,
        address=address,
        name=name.strip(),
        invited_by_id=by.id,
        created_at=now,
        expires_at=now + INVITATION_LIVES,
    )
    db.session.add(invitation)
    db.session.flush()
    record("staff.invite", invitation, by=by, role=role, institution_id=institution_id)
    write_to(
        address,
        "accounts.invitation" if institution else "accounts.invitation_platform",
        key=f"invitation:{invitation.id}",
        language=known.language if known else caller.language,
        secrets={"path": f"/invitations/{token}"},
        institution=institution.short_name if institution else "",
        role=f"label:accounts.role:{role}",
        expires_at=invitation.expires_at,
    )
    return invitation


def withdraw_invitation(invitation: Invitation, *, by: Person) -> None:
    """Make a link worthless before anyone has used it. Raises Refused ``invitation_used``."""
    if invitation.accepted_at is not None:
        raise Refused("invitation_used")
    invitation.withdrawn_at = clock.real_now()
    record("staff.withdraw_invitation", invitation, by=by)


def accept_as_newcomer(invitation: Invitation, *, name: str, password_hash: str, caller: Caller) -> Person:
    """Open an account for the invited address (the link proves it) and give it the role; one click wins."""
    if queries.person_by_address(invitation.address) is not None:
        raise Refused("invited_address_has_account")
    _check_open(invitation)
    person = new_person(
        address=invitation.address, name=check_name(name), password_hash=password_hash, language=caller.language
    )
    _take(invitation, person)
    return person


def accept_as_known(invitation: Invitation, *, by: Person) -> None:
    """Give the role to a signed-in person. Raises Refused ``invitation_is_anothers`` when the link went elsewhere."""
    if invitation.address not in (by.phone, by.email):
        raise Refused("invitation_is_anothers")
    _check_open(invitation)
    _take(invitation, by)


def _check_open(invitation: Invitation) -> None:
    no = invitation_trouble(
        accepted=invitation.accepted_at is not None,
        withdrawn=invitation.withdrawn_at is not None,
        expires_at=invitation.expires_at,
        now=clock.real_now(),
    )
    if no is not None:
        raise Refused(no.code, **no.facts)
    if invitation.institution is not None and invitation.institution.status != "admitted":
        raise Refused("institution_not_admitted")


def _take(invitation: Invitation, person: Person) -> None:
    if not first_to_use(InvitationUse, invitation_id=invitation.id, person_id=person.id, used_at=clock.real_now()):
        raise Refused("invitation_used")
    invitation.accepted_at = clock.real_now()
    if any(
        a.role == invitation.role and a.institution_id == invitation.institution_id for a in person.live_assignments
    ):
        raise Refused("already_on_staff")
    person.assignments.append(
        Assignment(
            role=invitation.role,
            institution_id=invitation.institution_id,
            branch_id=invitation.branch_id,
            since_at=clock.now(),
        )
    )
    if invitation.role == "manager" and invitation.branch is not None:
        _give_profile(person, invitation.branch)
        recount_slots(invitation.branch.id)
    db.session.flush()
    record("staff.join", invitation, by=person, role=invitation.role, institution_id=invitation.institution_id)
    tell(
        invitation.invited_by_id,
        "accounts.invitation_accepted",
        key=f"invitation:{invitation.id}:accepted",
        link=f"/institutions/{invitation.institution_id}/people" if invitation.institution_id else "/people",
        outside=False,
        name=person.name,
        role=f"label:accounts.role:{invitation.role}",
    )


def _give_profile(person: Person, branch: Branch) -> None:
    if person.profile is None:
        person.profile = ManagerProfile(
            branch_id=branch.id, patch_regions=[branch.region_code], skills=[], capacity_leads=DEFAULT_CAPACITY
        )
    else:
        person.profile.branch_id = branch.id


def change_profile(
    assignment: Assignment,
    *,
    branch: Branch,
    patch_regions: tuple[str, ...],
    skills: tuple[str, ...],
    capacity_leads: int,
    by: Person,
) -> ManagerProfile:
    """Set a manager's branch, patch (region prefixes), skills (industry prefixes) and capacity (live leads at once).

    Raises Refused ``not_a_manager``, ``manager_needs_branch``, ``patch_missing``.
    """
    person = assignment.person
    if assignment.role != "manager" or assignment.until_at is not None:
        raise Refused("not_a_manager")
    if branch.institution_id != assignment.institution_id or branch.closed_at is not None:
        raise Refused("manager_needs_branch", field="branch_id")
    if not patch_regions:
        raise Refused("patch_missing", field="patch_regions")
    before = person.profile.branch_id if person.profile is not None else None
    _give_profile(person, branch)
    assert person.profile is not None
    assignment.branch_id = branch.id
    person.profile.patch_regions = list(patch_regions)
    person.profile.skills = list(skills)
    person.profile.capacity_leads = capacity_leads
    for branch_id in sorted({branch.id, before or branch.id}):
        recount_slots(branch_id)
    record("staff.change_profile", person, by=by, institution_id=assignment.institution_id, capacity=capacity_leads)
    return person.profile


def end_assignment(assignment: Assignment, *, by: Person) -> None:
    """A colleague leaves: the role ends, their sessions end, and whoever holds their work is told to hand it over.

    Nothing of theirs is lost: steps keep their number, and `leads` moves what is live back to the desk's list
    (it listens to AssignmentEnded). Raises Refused ``last_at_the_desk``, ``last_operator``, ``assignment_over``.
    """
    if assignment.until_at is not None:
        raise Refused("assignment_over")
    if assignment.role == "desk" and queries.count_live("desk", assignment.institution_id) <= 1 and not by.is_operator:
        raise Refused("last_at_the_desk")
    if assignment.role == "operator" and queries.count_live("operator", None) <= 1:
        raise Refused("last_operator")
    assignment.until_at = max(clock.now(), assignment.since_at)
    assignment.ended_by_id = by.id
    badges.end_badge(assignment, because="left")
    db.session.flush()
    person = assignment.person
    if assignment.role == "manager" and person.profile is not None:
        recount_slots(person.profile.branch_id)
    record("staff.end", assignment, by=by, role=assignment.role, institution_id=assignment.institution_id)
    if person.id != by.id:
        end_sessions_of(person.id, because="assignment_ended")
    tell(
        person.id,
        "accounts.assignment_ended",
        key=f"assignment:{assignment.id}:ended",
        role=f"label:accounts.role:{assignment.role}",
        institution=assignment.institution.short_name if assignment.institution else "",
    )
    if assignment.institution_id is not None:
        announce(AssignmentEnded(person.id, assignment.institution_id))


def reset_second_factor(assignment: Assignment, *, by: Person) -> None:
    """Take the second factor off a colleague who lost phone and recovery codes; they set it up anew.

    Whoever does it has seen them: it stands in the trail, the colleague is told, and their sessions end.
    Raises Refused ``assignment_over``, ``not_your_own_factor``, ``no_factor_to_reset``.
    """
    person = assignment.person
    if assignment.until_at is not None:
        raise Refused("assignment_over")
    if person.id == by.id:
        raise Refused("not_your_own_factor")
    if not person.has_totp:
        raise Refused("no_factor_to_reset")
    second_factor.forget(person)
    end_sessions_of(person.id, because="factor_reset")
    record("staff.reset_factor", person, by=by, institution_id=assignment.institution_id)
    tell(
        person.id,
        "accounts.totp_reset",
        key=f"totp_reset:{person.id}:{clock.real_now().isoformat()}",
        link="/account/second-factor",
    )
