"""Start pages, language and letters, and the pages that explain how things work."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from matchmaker.home import navigation
from matchmaker.web import actor, computes, public

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
