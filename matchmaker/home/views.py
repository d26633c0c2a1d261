"""Start pages, check first, language and letters, and the pages that explain how things work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from matchmaker import searching
from matchmaker.eligibility.facts import Facts
from matchmaker.home import navigation, queries, starting
from matchmaker.home.forms import CheckForm
from matchmaker.home.rules import in_order, waiting_for_you
from matchmaker.matching.rules import Obstacle
from matchmaker.matching.services import check as check_facts
from matchmaker.needs.rules import Answers, facts_of
from matchmaker.refusal import Reason
from matchmaker.web import actor, back_to, computes, limited, public, typed_words

bp = Blueprint("home", __name__)
A_YEAR = 365 * 24 * 3600


@bp.app_template_global("navigation")
def header() -> list[navigation.Entry]:
    return navigation.entries(actor())


bp.add_app_template_global(navigation.address, "address")
bp.add_app_template_global(navigation.here_again, "here_again")
bp.add_app_template_global(navigation.is_crowded, "is_crowded")



@bp.get("/")
@public
def start() -> ResponseReturnValue:
    """For a visitor what this is; for who is signed in what to do next, role by role."""
    person = actor()
    if person is None:
        return render_template("home/signed_out.html", figures=starting.public_figures())
    roles = navigation.roles_of(person)
    sections = [(role, in_order(STEPS[role](person))) for role in navigation.ROLES if role in roles and role in STEPS]
    owner = queries.owners_start(person) if "owner" in roles else None
    if owner is not None:
        sections.append(("owner", starting.steps_of_owner(person, owner)))
    return render_template(
        "home/start.html",
        sections=sections,
        owner=owner,
        waiting=sum(waiting_for_you(steps) for _, steps in sections),
        figures={role: FIGURES[role]() for role in FIGURES if role in roles},
        roles=roles,
    )


STEPS = {
    "manager": starting.steps_of_manager,
    "desk": starting.steps_of_desk,
    "insurer": starting.steps_of_insurer,
    "operator": starting.steps_of_operator,
    "supervisor": starting.steps_of_supervisor,
    "channel": starting.steps_of_channel,
}
FIGURES = {"operator": starting.figures_of_operator, "supervisor": starting.figures_of_supervisor}


@bp.get("/help", endpoint="help")
@public
def help_() -> ResponseReturnValue:
    """How it works, by role, and what to do when something is wrong."""
    return render_template("home/help.html")


@bp.get("/about")
@public
def about() -> ResponseReturnValue:
    """What the platform is, who runs it, and what it never does."""
    return render_template("home/about.html")


@bp.get("/search")
@limited("60 per minute; 1200 per hour")
@public
def search() -> ResponseReturnValue:
    """What the person who asks may see and these words find, kind by kind; one kind page by page."""
    words, person = typed_words(), actor()
    kind = next((one for one in searching.kinds_for(person) if one.name == request.args.get("in")), None)
    page = searching.page_of(kind, person, words) if kind is not None and words else None
    return render_template(
        "home/search.html",
        words=words,
        kind=kind,
        page=page,
        groups=searching.search(person, words) if words and page is None else [],
        places=[str(one.title) for one in searching.kinds_for(person)],
    )


@bp.get("/how-ranked")
@public
def how_ranked() -> ResponseReturnValue:
    """How lists are ordered, with the weights that the ranker really uses."""
    return render_template(
        "home/how_ranked.html", weights=starting.weights_in_use(), exchange=starting.exchange_in_use(),
        slots=starting.slot_price_in_use(),
    )


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
    """What the eight answers give: how many fit, at what price, what stands in the way."""
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
