"""Staff of an institution and of the platform: who is here, inviting, accepting, a manager's profile, leaving."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock
from matchmaker.accounts import listings, places, queries
from matchmaker.accounts.forms import AcceptForm, ConfirmForm, InviteForm, ProfileForm
from matchmaker.accounts.models import Assignment, Institution, Invitation
from matchmaker.accounts.rules import invitation_trouble
from matchmaker.accounts.services import entering, registering, staff
from matchmaker.accounts.sessions import token_hash
from matchmaker.accounts.views import bp, caller
from matchmaker.accounts.views.signing_in import hash_typed_password, let_in
from matchmaker.listing import listed
from matchmaker.refusal import Refused
from matchmaker.web import Page, actor, before_transaction, count_rows, label, limited, paginate, public, requires

STAFF_ROLES = ("manager", "desk")
PLATFORM_ROLES = ("operator", "supervisor", "channel")


def _filters(roles: tuple[str, ...]) -> dict[str, Any]:
    role = request.args.get("role", "")
    return {
        "text": request.args.get("text", "").strip(),
        "role": role if role in roles else "",
        "gone": request.args.get("gone") == "1",
    }


@bp.get("/institutions/<int:institution_id>/people")
@requires("staff.see", load=queries.institution)
@listed(listings.STAFF)
def people(found: Institution) -> ResponseReturnValue:
    """Who works for an institution, with role and load."""
    chosen = _filters(STAFF_ROLES)
    page = paginate(queries.staff_of(found.id, **chosen), per_page=20)
    return render_template(
        "accounts/people.html",
        institution=found,
        page=page,
        roles=STAFF_ROLES,
        workloads=queries.workloads(assignment.person_id for assignment in page.items),
        invited=count_rows(queries.open_invitations((found.id,))),
        **chosen,
    )


@bp.get("/people")
@requires("people.list")
@listed(listings.STAFF)
def platform_people() -> ResponseReturnValue:
    """Operators, supervisors and channels."""
    chosen = _filters(PLATFORM_ROLES)
    page = paginate(queries.people_of_the_platform(**chosen), per_page=20)
    return render_template(
        "accounts/people.html",
        institution=None,
        page=page,
        roles=PLATFORM_ROLES,
        workloads={},
        invited=count_rows(queries.open_invitations(None)),
        **chosen,
    )


@bp.get("/institutions/<int:institution_id>/people/invitations")
@requires("staff.see", load=queries.institution)
@listed(listings.INVITATIONS)
def invitations(found: Institution) -> ResponseReturnValue:
    """Invitations of an institution that nobody has accepted yet; addresses masked."""
    chosen = _filters(STAFF_ROLES)
    page = paginate(queries.open_invitations((found.id,), text=chosen["text"], role=chosen["role"]))
    return _invitations_page(found, STAFF_ROLES, page, chosen)


@bp.get("/people/invitations")
@requires("people.list")
@listed(listings.INVITATIONS)
def platform_invitations() -> ResponseReturnValue:
    """Invitations to operators, supervisors and channels that nobody has accepted yet; addresses masked."""
    chosen = _filters(PLATFORM_ROLES)
    page = paginate(queries.open_invitations(None, text=chosen["text"], role=chosen["role"]))
    return _invitations_page(None, PLATFORM_ROLES, page, chosen)


def _invitations_page(
    institution: Institution | None, roles: tuple[str, ...], page: Page[Invitation], chosen: dict[str, Any]
) -> ResponseReturnValue:
    return render_template(
        "accounts/invitations.html", institution=institution, roles=roles, page=page, real_now=clock.real_now(),
        text=chosen["text"], role=chosen["role"],
    )  # fmt: skip


@bp.route("/institutions/<int:institution_id>/people/invite", methods=["GET", "POST"])
@requires("staff.invite", load=queries.institution)
def invite(found: Institution) -> ResponseReturnValue:
    """Invite a colleague as desk or manager."""
    return _invite(found, STAFF_ROLES)


@bp.route("/people/invite", methods=["GET", "POST"])
@requires("people.invite")
def invite_to_platform() -> ResponseReturnValue:
    """Invite an operator, a supervisor or a channel."""
    return _invite(None, PLATFORM_ROLES)


def _invite(institution: Institution | None, roles: tuple[str, ...]) -> ResponseReturnValue:
    form = InviteForm(formdata=None) if request.method == "GET" else InviteForm()
    branches = queries.branches_of(institution.id) if institution else []
    form.role.choices = [SelectChoice(role, label("accounts.role", role)) for role in roles]
    form.branch_id.choices = [SelectChoice("", _("不分网点"))] + [
        SelectChoice(str(branch.id), branch.name) for branch in branches
    ]
    if form.submitted():
        try:
            staff.invite(
                form.role.data or "",
                institution=institution,
                branch=next((branch for branch in branches if str(branch.id) == form.branch_id.data), None),
                address=form.address.plain,
                name=form.name.data or "",
                by=actor(),
                caller=caller(),
            )
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("邀请发出去了，7 天内有效，只能用一次。"))
            return _to_people(institution.id if institution else None)
    return (
        render_template("accounts/invite.html", form=form, institution=institution, branches=branches),
        422 if form.errors else 200,
    )


def _to_people(institution_id: int | None) -> ResponseReturnValue:
    if institution_id is None:
        return redirect(url_for("accounts.platform_people"), 303)
    return redirect(url_for("accounts.people", institution_id=institution_id), 303)


@bp.post("/invitations/<int:invitation_id>/withdraw")
@requires("invitation.withdraw", load=queries.invitation)
def withdraw_invitation(found: Invitation) -> ResponseReturnValue:
    staff.withdraw_invitation(found, by=actor())
    flash(_("撤回了，那个链接不能用了。"))
    return _to_people(found.institution_id)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
@limited("60 per minute")
@public
@before_transaction(hash_typed_password)
def accept_invitation(token: str) -> ResponseReturnValue:
    """Accept an invitation: set name and password."""
    invitation = queries.invitation_by_hash(token_hash(token))
    trouble = _trouble(invitation)
    if invitation is None or trouble is not None:
        return render_template("accounts/invitation_over.html", trouble=trouble), 410 if invitation else 404
    who, known = actor(), queries.person_by_address(invitation.address)
    if who is not None:
        return _accept_as_known(invitation)
    if known is not None:
        return render_template("accounts/invitation_sign_in.html", invitation=invitation, back_here=request.path)
    return _accept_as_newcomer(invitation)


def _trouble(invitation: Invitation | None) -> Any:
    if invitation is None:
        return None
    return invitation_trouble(
        accepted=invitation.accepted_at is not None,
        withdrawn=invitation.withdrawn_at is not None,
        expires_at=invitation.expires_at,
        now=clock.real_now(),
    )


def _accept_as_known(invitation: Invitation) -> ResponseReturnValue:
    form = ConfirmForm()
    if form.submitted():
        try:
            staff.accept_as_known(invitation, by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("好了，欢迎。"))
            return redirect(url_for("home.start"), 303)
    mine = invitation.address in (actor().phone, actor().email)
    return (
        render_template("accounts/invitation_known.html", form=form, invitation=invitation, mine=mine),
        422 if form.errors else 200,
    )


def _accept_as_newcomer(invitation: Invitation) -> ResponseReturnValue:
    form = AcceptForm()
    if request.method == "GET":
        form.name.data = invitation.name
    if form.submitted():
        try:
            name = registering.check_name(form.name.data or "")
            registering.check_new_password(form.password.data or "", near=(invitation.address, name))
            person = staff.accept_as_newcomer(invitation, name=name, password_hash=g.password_hash, caller=caller())
            return let_in(person, entering.begin_session(person, caller=caller()))
        except Refused as no:
            form.refuse(no)
    return (
        render_template("accounts/invitation.html", form=form, invitation=invitation),
        422 if form.errors else 200,
    )


@bp.route("/assignments/<int:assignment_id>/profile", methods=["GET", "POST"])
@requires("staff.change", load=queries.assignment)
def profile(found: Assignment) -> ResponseReturnValue:
    """A manager's patch, skills and how many leads they carry."""
    known = queries.profile_of(found.person_id)
    form = ProfileForm(
        data={
            "branch_id": str(known.branch_id) if known else "",
            "patch_regions": places.write_regions(known.patch_regions) if known else "",
            "skills": places.write_industries(known.skills) if known else "",
            "capacity_leads": known.capacity_leads if known else staff.DEFAULT_CAPACITY,
        }
    )
    branches = queries.branches_of(found.institution_id or 0)
    form.branch_id.choices = [SelectChoice(str(branch.id), branch.name) for branch in branches]
    if form.submitted():
        try:
            staff.change_profile(
                found,
                branch=next(branch for branch in branches if str(branch.id) == form.branch_id.data),
                patch_regions=form.patch_regions.prefixes,
                skills=form.skills.prefixes,
                capacity_leads=form.capacity_leads.data or 0,
                by=actor(),
            )
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("存好了。"))
            return _to_people(found.institution_id)
    return (
        render_template("accounts/profile.html", form=form, assignment=found),
        422 if form.errors else 200,
    )


@bp.route("/assignments/<int:assignment_id>/end", methods=["GET", "POST"])
@requires("staff.end", load=queries.assignment)
def end_assignment(found: Assignment) -> ResponseReturnValue:
    """Let a colleague go: asks, then hands their leads back."""
    form = ConfirmForm()
    if form.submitted():
        try:
            staff.end_assignment(found, by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("%(name)s 的这个角色结束了，手上的事回到管理员的单子上。", name=found.person.name))
            return _to_people(found.institution_id)
    return (
        render_template(
            "accounts/end_assignment.html",
            form=form,
            assignment=found,
            live=queries.workloads([found.person_id])[found.person_id],
        ),
        422 if form.errors else 200,
    )


@bp.route("/assignments/<int:assignment_id>/reset-second-factor", methods=["GET", "POST"])
@requires("staff.reset_factor", load=queries.assignment)
def reset_second_factor(found: Assignment) -> ResponseReturnValue:
    """Take a lost second factor off a colleague."""
    form = ConfirmForm()
    if form.submitted():
        try:
            staff.reset_second_factor(found, by=actor())
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("重设了。%(name)s 下次登录只要密码，请他马上再设一次。", name=found.person.name))
            return _to_people(found.institution_id)
    return (
        render_template("accounts/reset_second_factor.html", form=form, assignment=found),
        422 if form.errors else 200,
    )
