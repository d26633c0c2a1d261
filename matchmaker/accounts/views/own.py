"""One's own account: name, addresses, password, sessions, second factor."""

from __future__ import annotations

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from matchmaker.accounts import queries, sessions
from matchmaker.accounts.forms import (
    AppForm,
    ChangePasswordForm,
    CodeForm,
    ConfirmForm,
    NewAddressForm,
    OwnDetailsForm,
)
from matchmaker.accounts.rules import second_factor_demanded
from matchmaker.accounts.services import codes, passwords, registering
from matchmaker.accounts.services import second_factor as factor
from matchmaker.accounts.views import bp, caller, own_token, production
from matchmaker.accounts.views.signing_in import ASKING, asked_address
from matchmaker.refusal import Refused
from matchmaker.web import actor, before_transaction, requires

NEW_SECRET = "new_totp_secret"  # noqa: S105  the name of a cookie value, no secret


@bp.route("/account", methods=["GET", "POST"])
@requires("account.own")
def account() -> ResponseReturnValue:
    """One's own account: name, addresses, language, ways of signing in, what else there is."""
    form, before = OwnDetailsForm(obj=actor()), actor().language
    if form.submitted():
        try:
            registering.change_own_details(actor(), name=form.name.data or "", language=form.language.data or "zh")
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("存好了。"))
            answer = redirect(url_for("accounts.account"), 303)
            if actor().language != before:  # else pages stay as they are read, whatever language messages come in
                answer.set_cookie(
                    "lang", actor().language, max_age=365 * 86400, httponly=True, samesite="Lax",
                    secure=request.is_secure,
                )
            return answer
    return (
        render_template("accounts/account.html", form=form, person=actor(), sessions=queries.sessions_of(actor())),
        422 if form.errors else 200,
    )


def _check_both() -> None:
    """Compare the old password and hash the new one while no lock is held."""
    g.checked_hash, g.password_hash = None, ""
    who = actor()
    if who is None:
        return
    if passwords.fits(who.password_hash, request.form.get("old_password", "")[:1000]):
        g.checked_hash = who.password_hash
        g.password_hash = passwords.hash_password(request.form.get("password", "")[:1000])


@bp.route("/account/password", methods=["GET", "POST"])
@requires("account.own")
@before_transaction(_check_both)
def change_password() -> ResponseReturnValue:
    """Change the password; all other sign-ins end."""
    form = ChangePasswordForm()
    if form.submitted():
        person = actor()
        try:
            registering.check_new_password(
                form.password.data or "", near=(person.phone or "", person.email or "", person.name)
            )
            ended = registering.change_password(
                person, checked_hash=g.checked_hash, password_hash=g.password_hash, token=own_token()
            )
        except Refused as no:
            form.refuse(no)
        else:
            flash(_("密码改好了。别处的 %(count)s 个登录已经结束。", count=ended))
            return redirect(url_for("accounts.account"), 303)
    return render_template("accounts/password.html", form=form), 422 if form.errors else 200


# Addresses ----------------------------------------------------------------------------------------------------------


@bp.route("/account/address", methods=["GET", "POST"])
@requires("account.own")
def new_address() -> ResponseReturnValue:
    """Add or change a phone number or e-mail address: a code goes there first."""
    form = NewAddressForm()
    if form.submitted():
        try:
            codes.ask_for_code(form.address.plain, "verify", caller=caller())
        except Refused as no:
            no.field = "address"
            form.refuse(no)
        else:
            session[ASKING] = {"address": form.address.plain, "purpose": "verify"}
            return redirect(url_for("accounts.confirm_address"), 303)
    return render_template("accounts/new_address.html", form=form), 422 if form.errors else 200


@bp.route("/account/address/confirm", methods=["GET", "POST"])
@requires("account.own")
def confirm_address() -> ResponseReturnValue:
    """Enter the code that came to the new address."""
    address = asked_address("verify")
    if not address:
        return redirect(url_for("accounts.new_address"), 303)
    form = CodeForm()
    if form.submitted():
        try:
            registering.confirm_address(actor(), address, form.code.data or "", caller=caller())
        except Refused as no:
            form.refuse(no)
        else:
            session.pop(ASKING, None)
            flash(_("核实好了，以后可以用它登录。"))
            return redirect(url_for("accounts.account"), 303)
    return render_template("accounts/confirm_address.html", form=form, sent_to=address), 422 if form.errors else 200


# Sessions -----------------------------------------------------------------------------------------------------------


@bp.get("/account/sessions")
@requires("account.own")
def own_sessions() -> ResponseReturnValue:
    """Where one is signed in; each can be ended."""
    return render_template(
        "accounts/sessions.html", sessions=queries.sessions_of(actor()), mine=sessions.token_hash(own_token())
    )


@bp.post("/account/sessions/<int:session_id>/end")
@requires("session.end", load=queries.session_by_id)
def end_session(found: object) -> ResponseReturnValue:
    if sessions.end_one_session(actor(), found.id):  # type: ignore[attr-defined]
        flash(_("那个登录结束了。"))
    return redirect(url_for("accounts.own_sessions"), 303)


@bp.post("/account/sessions/end-others")
@requires("account.own")
def end_other_sessions() -> ResponseReturnValue:
    ended = sessions.end_sessions_of(actor().id, because="ended_elsewhere", but_token=own_token())
    flash(_("结束了别处的 %(count)s 个登录。", count=ended))
    return redirect(url_for("accounts.own_sessions"), 303)


# Second factor ------------------------------------------------------------------------------------------------------


@bp.route("/account/second-factor", methods=["GET", "POST"])
@requires("account.own")
def second_factor() -> ResponseReturnValue:
    """Turn on the second factor with an authenticator."""
    person = actor()
    if person.has_totp:
        return _second_factor_is_on(person)
    secret = session.get(NEW_SECRET)
    if not isinstance(secret, str):
        secret = session[NEW_SECRET] = factor.new_secret()
    form = AppForm()
    if form.submitted():
        try:
            fresh = factor.set_up(person, secret, form.code.data or "", token=own_token(), caller=caller())
        except Refused as no:
            form.refuse(no)
        else:
            session.pop(NEW_SECRET, None)
            return render_template("accounts/recovery_codes.html", codes=fresh)
    return (
        render_template(
            "accounts/second_factor_new.html",
            form=form,
            secret=secret,
            # Drawn by us from our own text; it holds no markup of anybody else's.
            picture=Markup(factor.picture(factor.address_for_app(person, secret))),  # noqa: S704
            app_address=factor.address_for_app(person, secret),
        ),
        422 if form.errors else 200,
    )


def _second_factor_is_on(person: object) -> ResponseReturnValue:
    roles = {assignment.role for assignment in person.live_assignments}  # type: ignore[attr-defined]
    return render_template(
        "accounts/second_factor_on.html",
        left=queries.recovery_codes_left(person.id),  # type: ignore[attr-defined]
        demanded=second_factor_demanded(roles, production=production()),
        since_at=person.totp_since_at,  # type: ignore[attr-defined]
    )


@bp.route("/account/second-factor/codes", methods=["GET", "POST"])
@requires("account.own")
def recovery_codes() -> ResponseReturnValue:
    """New recovery codes; the old ones end."""
    if not actor().has_totp:
        return redirect(url_for("accounts.second_factor"), 303)
    form = AppForm()
    if form.submitted():
        try:
            factor.use(actor(), form.code.data or "", caller=caller())
        except Refused:
            form.refuse(Refused("totp_wrong_app", field="code"))
        else:
            return render_template(
                "accounts/recovery_codes.html", codes=factor.new_recovery_codes(actor(), caller=caller())
            )
    return (
        render_template("accounts/second_factor_ask.html", form=form, what="codes"),
        422 if form.errors else 200,
    )


@bp.route("/account/second-factor/off", methods=["GET", "POST"])
@requires("account.own")
def second_factor_off() -> ResponseReturnValue:
    """Turn the second factor off, where one's role allows it."""
    if not actor().has_totp:
        return redirect(url_for("accounts.second_factor"), 303)
    form = AppForm()
    if form.submitted():
        try:
            factor.use(actor(), form.code.data or "", caller=caller())
            factor.take_away(actor(), production=production())
        except Refused as no:
            form.refuse(no if no.code == "totp_needed_for_work" else Refused("totp_wrong_app", field="code"))
        else:
            flash(_("关掉了。以后登录只要密码。"))
            return redirect(url_for("accounts.account"), 303)
    return (
        render_template("accounts/second_factor_ask.html", form=form, what="off"),
        422 if form.errors else 200,
    )


@bp.route("/account/become-owner", methods=["GET", "POST"])
@requires("account.own")
def become_owner() -> ResponseReturnValue:
    """Somebody of an institution who also runs a business becomes an owner too."""
    form = ConfirmForm()
    if form.submitted():
        registering.become_owner(actor())
        flash(_("好了，您也可以替自己的店说需求了。"))
        return redirect(url_for("home.start"), 303)
    return render_template("accounts/become_owner.html", form=form)
