"""Limits, headers, and every 'no': as a page, as a line in an open page, as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, ServiceUnavailable, Unauthorized

from matchmaker import formatting
from matchmaker.refusal import Refused
from matchmaker.web.asking import WRITING, View, asked_from_page, is_api
from matchmaker.web.forms import pack_carried, typed_as_labelled, typed_values, unpack_carried
from matchmaker.web.sentences import sentence

limiter = Limiter(key_func=get_remote_address, headers_enabled=True)


def limited(rate: str | Callable[[], str]) -> Callable[[View], View]:
    """At most ``rate`` ("20 per minute") from one address; a function where it is a setting."""

    def decorate(view: View) -> View:
        return limiter.limit(rate)(view)  # type: ignore[return-value]

    return decorate


CSP = ("default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")


def prefers_no_store() -> bool:
    return bool(current_user and current_user.is_authenticated)


def add_headers(answer: Response) -> Response:
    """Headers of every answer: strict content policy, no sniffing, no framing, nothing private kept by caches."""
    answer.headers.setdefault("Content-Security-Policy", CSP)
    answer.headers.setdefault("X-Content-Type-Options", "nosniff")
    answer.headers.setdefault("Referrer-Policy", "same-origin")
    answer.headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(self), microphone=()")
    if current_app.config["SETTINGS"].production:
        answer.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint and not request.endpoint.endswith("static") and (is_api() or prefers_no_store()):
        answer.headers["Cache-Control"] = "no-store"
    elif request.endpoint and not request.endpoint.endswith("static"):
        answer.headers.setdefault("Cache-Control", "private, no-cache")
    return answer


def mark_names(answer: Response) -> Response:
    """On an English page, mark what is Chinese for who reads it aloud and for the letters it is drawn with."""
    if answer.mimetype == "text/html" and not answer.direct_passthrough and formatting.language() == "en":
        answer.set_data(formatting.mark_chinese(answer.get_data(as_text=True)))
    return answer


SAY_IT_THEMSELVES = ("没有", "Not ", "Nothing ", "No ")
"""How sentences begin that say by themselves what did not happen."""


def not_done(no: Refused) -> str:
    """A refusal as a sentence that begins with what did not happen."""
    words = sentence(no)
    return words if words.startswith(SAY_IT_THEMSELVES) else _("没有做：") + words


NO_TO_OPEN_PAGES: Mapping[int, Any] = {
    400: _l("没有做成：这一页是上一次登录时打开的。填的都还在，按页上的按钮，带着接着填。"),
    401: _l("没有做成：您已经退出了。填的都还在，按页上的按钮，登录以后接着填。"),
    409: _l("没有做成：另一处刚改过。填的都还在这一页上，过一会儿再试。"),
    429: _l("没有做成：太快了，等一会儿。填的都还在这一页上。"),
    503: _l("没有做成：现在忙不过来。填的都还在这一页上，过一会儿再试。"),
}


def no_to_open_page(status: int, words: str = "", headers: Mapping[str, str] | None = None) -> Response:
    """The "no" to an open page: one line in its place for that; everything typed stays where it is.

    Without this, whoever has been signed out meanwhile would go on typing beside an old "saved".
    """
    otherwise = _l("没有做成：我们这边出了错。填的都还在这一页上，过一会儿再试。")
    said = words or str(NO_TO_OPEN_PAGES.get(status, otherwise))
    page = render_template("components/not_done.html", words=said)
    answer = Response(page, status, headers, mimetype="text/html")
    answer.headers["HX-Retarget"] = "#not-done"
    answer.headers["HX-Reswap"] = "innerHTML"
    return answer


def on_refused(no: Refused) -> ResponseReturnValue:
    """A refusal no form took: the page says what did not happen and why."""
    if is_api():
        return {"code": no.code, "message": sentence(no)}, no.status
    if asked_from_page():
        return no_to_open_page(no.status, not_done(no))
    page = render_template("errors/refused.html", refused=no, heading=not_done(no), typed=typed_as_labelled())
    return page, no.status


def on_conflict(problem: Exception) -> ResponseReturnValue:
    """Somebody else was faster: what was typed is shown, nothing of it is kept."""
    if is_api():
        return {"code": "conflict", "message": str(_l("别人刚改过，请取最新的再试"))}, 409
    if asked_from_page():
        return no_to_open_page(409)
    return render_template("errors/409.html", typed=typed_as_labelled()), 409


def on_database_error(problem: sa.exc.DBAPIError) -> ResponseReturnValue:
    """Unique keys are conflicts, a busy or absent database is 503; anything else is our fault."""
    if isinstance(problem, sa.exc.IntegrityError) and _is_unique(problem):
        return on_conflict(problem)
    if isinstance(problem, sa.exc.OperationalError):
        return on_http_error(ServiceUnavailable(retry_after=5))
    raise problem


def _is_unique(problem: sa.exc.IntegrityError) -> bool:
    return getattr(problem.orig, "sqlstate", None) == "23505" or "UNIQUE constraint failed" in str(problem.orig)


NO_TO_MACHINES: Mapping[int, Any] = {
    400: _l("没有做：发来的不是能读懂的 JSON"),
    401: _l("没有做：要先登录"),
    403: _l("没有做：您没有这个权限"),
    404: _l("没有这个地址"),
    405: _l("没有做：这个地址不收这种请求，能用的写在 Allow 里"),
    413: _l("没有做：发来的太大，最多 %(most_mb)s MB"),
    415: _l("没有做：只收 JSON，Content-Type 要写 application/json"),
    422: _l("没有做：发来的内容不对"),
    429: _l("没有做：问得太快了，等几秒写在 Retry-After 里"),
    500: _l("没有做：我们这边出了错"),
    503: _l("没有做：现在忙不过来，请过一会儿再试"),
}
"""What the API says where the framework refuses before any view has run."""


def said_to_machine(status: int) -> str:
    """The sentence for an HTTP status under /api, in the language that was asked for."""
    words = NO_TO_MACHINES.get(status) or _l("没有做：这个请求办不了")
    return str(words) % {"most_mb": (current_app.config["MAX_CONTENT_LENGTH"] or 0) // 1024**2}


NOTHING_WAS_WRONG = {429, 503}
"""Answers after which the same form may simply be posted again: its page carries what was typed."""

PAGES = {400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503}


def on_http_error(problem: HTTPException) -> ResponseReturnValue:
    """An error page in the reader's language, or JSON for the API; headers like Allow and Retry-After are kept."""
    status = problem.code or 500
    left_out = {"content-type", "content-length"}
    headers = {name: value for name, value in problem.get_headers() if name.lower() not in left_out}
    if problem.response is not None:
        return problem.response  # type: ignore[return-value]
    if is_api():
        body: dict[str, Any] = {"code": problem.name.lower().replace(" ", "_"), "message": said_to_machine(status)}
        messages = getattr(problem, "data", {}).get("messages") if getattr(problem, "data", None) else None
        if messages:
            body["errors"] = messages
        return Response(json.dumps(body, ensure_ascii=False), status, headers, mimetype="application/json")
    if asked_from_page():
        return no_to_open_page(status, headers=headers)
    page = status if status in PAGES else 400
    values = typed_values() if request.method in WRITING and status in NOTHING_WAS_WRONG else []
    shown = render_template(f"errors/{page}.html", problem=problem, values=values, path=request.full_path.rstrip("?"))
    return Response(shown, status, headers)


def on_unauthorized(problem: Unauthorized) -> ResponseReturnValue:
    """Not signed in: to the sign-in page and back; a posted form is carried along."""
    if is_api():
        return on_http_error(problem)
    if asked_from_page():
        return no_to_open_page(401)
    if request.method in WRITING:
        carried = pack_carried(typed_values(), request.full_path.rstrip("?"))
        return render_template("errors/401.html", carried=carried), 401
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?")), 302)


def on_csrf_error(problem: CSRFError) -> ResponseReturnValue:
    """The form's token is missing or of another session: nothing was done; what was typed can be looked at again."""
    if asked_from_page():
        return no_to_open_page(400)
    carried = pack_carried(typed_values(), request.full_path.rstrip("?"))
    path, values = unpack_carried(carried) or ("/", [])
    return render_template("errors/continue.html", path=path, values=values, stale=True), 400
