"""Start pages, check first, language and letters, and the pages that explain how things work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from matchmaker.eligibility.facts import Facts
from matchmaker.home import navigation
from matchmaker.home.forms import CheckForm
from matchmaker.matching.rules import Obstacle
from matchmaker.matching.services import check as check_facts
from matchmaker.needs.rules import Answers, facts_of
from matchmaker.refusal import Reason
from matchmaker.web import actor, back_to, computes, limited, public

bp = Blueprint("home", __name__)
A_YEAR = 365 * 24 * 3600


@bp.app_template_global("navigation")
def header() -> list[navigation.Entry]:
    return navigation.entries(actor())


bp.add_app_template_global(navigation.address, "address")
bp.add_app_template_global(navigation.here_again, "here_again")


@bp.get("/")
@public
def start() -> ResponseReturnValue:
    return render_template("home/signed_out.html")


# Check first --------------------------------------------------------------------------------------------------------


def _answers() -> Answers | None:
    return Answers.from_cookie(session.get("check"))


@bp.route("/check", methods=["GET", "POST"])
@limited("60 per minute; 600 per hour")
@public
@computes
def check() -> ResponseReturnValue:
    """Eight questions; the answers wait in the signed session cookie, and no row is written."""
    form = CheckForm() if request.method == "POST" else CheckForm.showing(_answers())
    if form.submitted() and form.answers is not None:
        session["check"] = form.answers.as_cookie()
        return back_to("home.check_result")
    return render_template("home/check.html", form=form), 422 if form.errors else 200


@bp.get("/check/result")
@limited("60 per minute; 600 per hour")
@public
def check_result() -> ResponseReturnValue:
    answers = _answers()
    if answers is None:
        return redirect(url_for("home.check"), 303)
    facts: Facts = facts_of(answers)
    result = check_facts(facts)
    return render_template(
        "home/check_result.html", answers=answers, result=result, stops=[(o, why_stops(o)) for o in result.obstacles]
    )


@bp.post("/check/forget")
@public
@computes
def forget_check() -> ResponseReturnValue:
    session.pop("check", None)
    return back_to("home.check")


def why_stops(obstacle: Obstacle) -> Reason:
    """What stands in the way, as a reason of our own: how many products, and what most of them ask."""
    return Reason(f"check_stops_{obstacle.rule}", {**obstacle.required, "stopped": obstacle.stopped})


# Choices that a cookie keeps ------------------------------------------------------------------------------------------


def _back() -> str:
    """A path of this site only: never a way to somewhere else."""
    back = request.form.get("back", "")
    parts = urlsplit(back)
    if parts.scheme or parts.netloc or not back.startswith("/") or back.startswith(("//", "/\\")):
        return url_for("home.start")
    return back


def _remember(cookie: str, value: str) -> ResponseReturnValue:
    answer: Any = redirect(_back(), 303)
    answer.set_cookie(cookie, value, max_age=A_YEAR, httponly=True, samesite="Lax", secure=request.is_secure)
    return answer


@bp.post("/language")
@public
@computes
def choose_language() -> ResponseReturnValue:
    return _remember("lang", "en" if request.form.get("lang") == "en" else "zh")


@bp.post("/letters")
@public
@computes
def choose_letters() -> ResponseReturnValue:
    return _remember("letters", "large" if request.form.get("letters") == "large" else "usual")
