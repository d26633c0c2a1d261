"""The ways in and out: sign-in, second step, codes, registering, a forgotten password, invitations' newcomers."""

from __future__ import annotations

from typing import Any

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user, logout_user

from matchmaker.accounts import sessions
from matchmaker.accounts.forms import (
    AskCodeForm,
    CodeForm,
    RegisterForm,
    ResetForm,
    SecondStepForm,
    SignInForm,
)
from matchmaker.accounts.models import Person
from matchmaker.accounts.rules import plain_address, safe_return, second_factor_demanded
from matchmaker.accounts.services import codes, entering, passwords, registering
from matchmaker.accounts.views import bp, caller, own_token, production
from matchmaker.refusal import Refused
from matchmaker.web import SignedIn, actor, before_transaction, continue_page, limited, public

ASKING = "asking"
SECOND_STEP = "second_step"


def onward(form: Any = None) -> dict[str, Any]:
    """Where one was going and what was typed there, as the pages of the way in hand it on."""
    found: dict[str, Any] = {}
    for name in ("next", "carried"):
        value = request.form.get(name) or request.args.get(name) or ""
        if name == "next":
            value = safe_return(value) or ""
        if value:
            found[name] = value
    if form is not None:
        form.next.data = found.get("next", "")
        form.carried.data = found.get("carried", "")
    return found


def let_in(person: Person, token: str, *, with_totp: bool = False) -> ResponseReturnValue:
    """Put the new session into the cookie and go where one was going; a form that was typed comes back filled."""
    session.pop(SECOND_STEP, None)
    session.pop(ASKING, None)
    session.permanent = True
    login_user(SignedIn(person, token))
    roles = {assignment.role for assignment in person.live_assignments}
    if not with_totp and second_factor_demanded(roles, production=production()):
        person.second_factor_missing = True
        flash(_("您的工作要求登录时再输一个动态口令。先设好它，别的页面才打开。"), "soon")
        return redirect(url_for("accounts.second_factor"), 303)
    going = onward()
    if going.get("carried"):
        return continue_page(going["carried"])
    answer: Any = redirect(going.get("next") or url_for("home.start"), 303)
    if "lang" not in request.cookies:
        answer.set_cookie(
            "lang", person.language, max_age=365 * 86400, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return answer


def _entered(entered: entering.Entered, *, with_totp: bool = False) -> ResponseReturnValue:
    if entered.token is not None:
        return let_in(entered.person, entered.token, with_totp=with_totp)
    assert entered.pending is not None
    session[SECOND_STEP] = entered.pending.as_json()
    going = onward()
    if going.get("carried"):
        form = SecondStepForm(formdata=None)
        onward(form)
        return render_template("accounts/second_step.html", form=form)
    return redirect(url_for("accounts.second_step", **going), 303)


def _check_password() -> None:
    """Compare the password while no lock is held: 30 ms of hashing would stop everybody else's writing."""
    address = plain_address(request.form.get("identifier", ""))
    g.checked = None
    if address and "resume" not in request.form:
        g.checked = entering.check_password(address, request.form.get("password", ""), caller=caller())


def hash_typed_password() -> None:
    """Hash a new password while no lock is held."""
    g.password_hash = passwords.hash_password(request.form.get("password", "")[:1000])


@bp.route("/sign-in", methods=["GET", "POST"])
@limited("60 per minute")
@public
@before_transaction(_check_password)
def sign_in() -> ResponseReturnValue:
    """Sign in with phone or e-mail and password."""
    if actor() is not None and request.method == "GET":
        return redirect(onward().get("next") or url_for("home.start"), 303)
    arriving = request.method == "POST" and "identifier" not in request.form
    form = SignInForm(formdata=None) if arriving else SignInForm()
    onward(form)
    if not arriving and form.submitted():
        try:
            return _entered(entering.enter_by_password(g.checked, form.identifier.plain, caller=caller()))
        except Refused as no:
            form.refuse(no)
    return render_template("accounts/sign_in.html", form=form, going=onward()), 422 if form.errors else 200


@bp.route("/sign-in/step", methods=["GET", "POST"])
@limited("60 per minute")
@public
def second_step() -> ResponseReturnValue:
    """The second factor at sign-in."""
    pending = entering.Pending.from_json(session.get(SECOND_STEP))
    if pending is None and request.method == "GET":
        return redirect(url_for("accounts.sign_in", **onward()), 303)
    form = SecondStepForm()
    onward(form)
    if form.submitted():
        try:
            entered = entering.enter_by_second_factor(pending, form.code.data or "", caller=caller())
            return _entered(entered, with_totp=True)
        except Refused as no:
            if no.code == "second_step_over":
                session.pop(SECOND_STEP, None)
            form.refuse(no)
    return render_template("accounts/second_step.html", form=form), 422 if form.errors else 200


# Codes: ask, then type. The address waits in the signed cookie, never in an URL.


def _ask(purpose: str, template: str, then: str) -> ResponseReturnValue:
    arriving = request.method == "POST" and "identifier" not in request.form
    form = AskCodeForm(formdata=None) if arriving else AskCodeForm()
    onward(form)
    if not arriving and form.submitted():
        address = form.identifier.plain
        try:
            codes.ask_for_code(address, purpose, caller=caller())
        except Refused as no:
            if no.code != "code_just_sent":
                form.refuse(no)
                return render_template(template, form=form, going=onward()), 422
        session[ASKING] = {"address": address, "purpose": purpose}
        going = onward()
        if going.get("carried"):
            return _code_page_with(purpose, going)
        return redirect(url_for(then, **going), 303)
    return render_template(template, form=form, going=onward()), 422 if form.errors else 200


def _code_page_with(purpose: str, going: dict[str, Any]) -> ResponseReturnValue:
    """The page for the code, given at once: what was typed elsewhere is too long for an address."""
    form = {"sign_in": CodeForm, "register": RegisterForm}[purpose](formdata=None)
    onward(form)
    page = {"sign_in": "accounts/code.html", "register": "accounts/register_finish.html"}[purpose]
    return render_template(page, form=form, sent_to=asked_address(purpose), going=going)


def asked_address(purpose: str) -> str:
    """The address that a code for this purpose was asked for in this browser, or ""."""
    kept = session.get(ASKING)
    return str(kept["address"]) if isinstance(kept, dict) and kept.get("purpose") == purpose else ""


@bp.route("/sign-in/code", methods=["GET", "POST"])
@limited("30 per minute")
@public
def ask_sign_in_code() -> ResponseReturnValue:
    """Ask for a code to sign in with."""
    return _ask("sign_in", "accounts/ask_code.html", "accounts.sign_in_by_code")


@bp.route("/sign-in/code/enter", methods=["GET", "POST"])
@limited("60 per minute")
@public
def sign_in_by_code() -> ResponseReturnValue:
    """Sign in with the code."""
    address = asked_address("sign_in")
    if not address:
        return redirect(url_for("accounts.ask_sign_in_code", **onward()), 303)
    form = CodeForm()
    onward(form)
    if form.submitted():
        try:
            return _entered(entering.enter_by_code(address, form.code.data or "", caller=caller()))
        except Refused as no:
            form.refuse(no)
    return (
        render_template("accounts/code.html", form=form, sent_to=address, going=onward()),
        422 if form.errors else 200,
    )


@bp.route("/register", methods=["GET", "POST"])
@limited("30 per minute")
@public
def register() -> ResponseReturnValue:
    """Register as an owner: a code goes to phone or e-mail."""
    if actor() is not None and request.method == "GET":
        return redirect(onward().get("next") or url_for("home.start"), 303)
    return _ask("register", "accounts/register.html", "accounts.finish_registering")


@bp.route("/register/finish", methods=["GET", "POST"])
@limited("60 per minute")
@public
@before_transaction(hash_typed_password)
def finish_registering() -> ResponseReturnValue:
    """Enter the code, set name and password."""
    address = asked_address("register")
    if not address:
        return redirect(url_for("accounts.register", **onward()), 303)
    form = RegisterForm()
    onward(form)
    if form.submitted():
        try:
            name = registering.check_name(form.name.data or "")
            registering.check_new_password(form.password.data or "", near=(address, name))
            person = registering.register_owner(
                address, form.code.data or "", name=name, password_hash=g.password_hash, caller=caller()
            )
            return let_in(person, entering.begin_session(person, caller=caller()))
        except Refused as no:
            form.refuse(no)
    return (
        render_template("accounts/register_finish.html", form=form, sent_to=address, going=onward()),
        422 if form.errors else 200,
    )


@bp.route("/forgotten", methods=["GET", "POST"])
@limited("30 per minute")
@public
def forgotten() -> ResponseReturnValue:
    """Password forgotten: a code goes to a known address; the answer tells nobody whether it is known."""
    return _ask("reset", "accounts/forgotten.html", "accounts.set_forgotten")


@bp.route("/forgotten/new", methods=["GET", "POST"])
@limited("60 per minute")
@public
@before_transaction(hash_typed_password)
def set_forgotten() -> ResponseReturnValue:
    """Set a new password with the code."""
    address = asked_address("reset")
    if not address:
        return redirect(url_for("accounts.forgotten"), 303)
    form = ResetForm()
    if form.submitted():
        try:
            registering.check_new_password(form.password.data or "", near=(address,))
            registering.reset_password(address, form.code.data or "", password_hash=g.password_hash, caller=caller())
        except Refused as no:
            form.refuse(no)
        else:
            session.pop(ASKING, None)
            flash(_("密码改好了，别处的登录都已结束。请用新密码登录。"))
            return redirect(url_for("accounts.sign_in"), 303)
    return render_template("accounts/set_forgotten.html", form=form, sent_to=address), 422 if form.errors else 200


@bp.post("/sign-out")
@public
def sign_out() -> ResponseReturnValue:
    if token := own_token():
        sessions.end_session(token)
    logout_user()
    session.clear()
    flash(_("退出了。这台设备上看不到您的资料了。"))
    return redirect(url_for("accounts.sign_in"), 303)
