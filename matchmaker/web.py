"""The edge shared by all subjects: the transaction rule, access, forms, error pages, pagination, languages."""

from __future__ import annotations

import functools
import inspect
import json
import logging
import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from flask import (
    Flask,
    Request,
    Response,
    current_app,
    flash,
    g,
    has_request_context,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager, UserMixin, current_user
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFError, CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    NotFound,
    ServiceUnavailable,
    Unauthorized,
)
from wtforms import HiddenField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from matchmaker import clock, formatting
from matchmaker.db import (
    Base,
    Observation,
    begin_read,
    begin_write,
    db,
    observe,
    observing,
    write_observations,
)
from matchmaker.keeping import Kept
from matchmaker.permissions import PERMISSIONS, may
from matchmaker.queue import insert_for
from matchmaker.refusal import Reason, Refused

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}
NOT_CARRIED = frozenset({"csrf_token", "form_key", "carried", "resume"})


class FormKey(Base):
    """A form that was posted by this person: the second posting is answered with the first one's redirect."""

    kept = Kept("machinery", of="person_id", days=30, since="at", closing="delete")

    __table_args__ = (sa.UniqueConstraint("person_id", "endpoint", "key"),)
    person_id: Mapped[int]
    endpoint: Mapped[str]
    key: Mapped[str]
    location: Mapped[str | None]
    at: Mapped[datetime]


class RefusedAttempt(Base, Observation):
    """Somebody asked for what is not theirs."""

    kept = Kept("security", of="person_id", days=180, since="at", why="security")

    person_id: Mapped[int | None] = mapped_column(index=True)
    endpoint: Mapped[str]
    permission: Mapped[str]
    object_id: Mapped[int | None]
    at: Mapped[datetime]


# Access -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Access:
    """How an endpoint is guarded; ``permission`` is None for a public one."""

    permission: str | None
    load: Callable[..., Any] | None = None


def public(view: View) -> View:
    """Anybody may ask for this, signed in or not."""
    view.access = Access(None)  # type: ignore[attr-defined]
    return view


def requires(
    permission: str, load: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Only who holds ``permission`` on what ``load`` finds.

    ``load`` takes URL arguments by name and returns the object or None; the view gets the object first and the
    URL arguments that ``load`` did not take. What one may not see answers 404; what one may see but not do, 403.
    """
    taken = set(inspect.signature(load).parameters) if load else set()

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(view)
        def guarded(**args: Any) -> Any:
            who = actor()
            if who is None:
                raise Unauthorized
            if load is None:
                if not may(who, permission):
                    _note_refused(who, permission, None)
                    raise NotFound
                return view(**args)
            found = load(**{name: value for name, value in args.items() if name in taken})
            if found is None:
                raise NotFound
            if not may(who, permission, found):
                _note_refused(who, permission, found)
                see = permission.split(".", 1)[0] + ".see"
                raise Forbidden if see in PERMISSIONS and may(who, see, found) else NotFound
            return view(found, **{name: value for name, value in args.items() if name not in taken})

        guarded.access = Access(permission, load)  # type: ignore[attr-defined]
        return guarded

    return decorate


def computes(view: View) -> View:
    """A POST that only computes: it runs in a read transaction and takes no write lock."""
    view.computes = True  # type: ignore[attr-defined]
    return view


def before_transaction(work: Callable[[], None]) -> Callable[[View], View]:
    """Let ``work()`` run before the transaction begins: slow things that need no row (hashing, shrinking images).

    It leaves its result in ``flask.g``.
    """

    def decorate(view: View) -> View:
        view.before_transaction = work  # type: ignore[attr-defined]
        return view

    return decorate


def once(view: Callable[..., Any]) -> Callable[..., Any]:
    """A POST whose deed must happen once: a repeat of the same form is answered with the first one's redirect."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if "resume" in request.form:  # brought back after signing in again: shown filled, not carried out
            return view(*args, **kwargs)
        key = request.form.get("form_key", "")
        if not key or len(key) > 64:
            raise BadRequest
        who = actor()
        row = {"person_id": who.id if who else 0, "endpoint": request.endpoint or "", "key": key}
        fresh = db.session.scalar(
            insert_for(db.session, FormKey).values(**row, at=clock.real_now()).on_conflict_do_nothing()
            .returning(FormKey.id)
        )
        mine = sa.select(FormKey).filter_by(**row)
        if fresh is None:
            before = db.session.scalars(mine).one()
            return redirect(before.location or url_for("home.start"), 303)
        answer = current_app.make_response(view(*args, **kwargs))
        if answer.status_code < 400 and answer.location:
            db.session.execute(sa.update(FormKey).filter_by(**row).values(location=answer.location))
        return answer

    return guarded


def _note_refused(who: Any, permission: str, found: Any) -> None:
    observe(RefusedAttempt(person_id=who.id, endpoint=request.endpoint or "", permission=permission,
                           object_id=getattr(found, "id", None), at=clock.real_now()))


# Who is there -------------------------------------------------------------------------------------------------------


class SignedIn(UserMixin):
    """A person with the token of the session they use."""

    def __init__(self, person: Any, token: str) -> None:
        self.person = person
        self.token = token

    def get_id(self) -> str:
        return self.token


login_manager = LoginManager()


def actor() -> Any:
    """The signed-in person, or None."""
    return current_user.person if current_user and current_user.is_authenticated else None


def people_come_from(load_session: Callable[[str], Any]) -> None:
    """Let ``load_session(token) -> person or None`` say who a session token belongs to."""

    @login_manager.user_loader
    def _load(token: str) -> SignedIn | None:
        person = load_session(token)
        return SignedIn(person, token) if person is not None else None


class PageSessions(SecureCookieSessionInterface):
    """Sessions in signed cookies for pages; the API takes no cookie and gives none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie; an empty one for the API, whatever the browser sent."""
        return SecureCookieSession() if is_api(request) else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie, but for the API."""
        if not is_api():
            super().save_session(app, session, response)


# The transaction rule -----------------------------------------------------------------------------------------------


class Site(Flask):
    """Flask with the transaction rule: a writing request is one write transaction, any other reads and is undone."""

    session_interface = PageSessions()

    def dispatch_request(self) -> ResponseReturnValue:
        if request.routing_exception is not None:
            self.raise_routing_exception(request)
        rule = request.url_rule
        assert rule is not None
        if getattr(rule, "provide_automatic_options", False) and request.method == "OPTIONS":
            return self.make_default_options_response()
        view = self.view_functions[rule.endpoint]
        if rule.endpoint == "static" or rule.endpoint.endswith(".static"):
            return self.ensure_sync(view)(**(request.view_args or {}))  # type: ignore[no-any-return]
        if not hasattr(view, "access") and not is_api():
            raise RuntimeError(f"{rule.endpoint} says neither @public nor @requires")
        writing = request.method in WRITING and not getattr(view, "computes", False)
        self._before(view)
        with observing() as seen:
            try:
                return self._in_transaction(view, writing)
            except BaseException:
                db.session.rollback()
                session.pop("_flashes", None)
                raise
            finally:
                self._write(seen)

    def _before(self, view: Callable[..., Any]) -> None:
        """Read the body, check the form's origin and do slow work, while no lock is held."""
        if request.method in WRITING:
            if is_api():
                request.get_data(cache=True)
            else:
                request.form  # noqa: B018  reads an upload to its end
                if self.config.get("WTF_CSRF_ENABLED", True):
                    csrf.protect()
        slow = getattr(view, "before_transaction", None)
        if slow is not None and request.method in WRITING:
            slow()

    def _in_transaction(self, view: Callable[..., Any], writing: bool) -> Response:
        (begin_write if writing else begin_read)()
        answer = self.make_response(self.ensure_sync(view)(**(request.view_args or {})))
        if writing and answer.status_code < 400:
            db.session.flush()
            db.session.commit()
        else:
            if not writing and (db.session.new or db.session.dirty or db.session.deleted):
                log.error("a page that only shows has written; it is undone", extra={"endpoint": request.endpoint})
            db.session.rollback()
            if writing:
                session.pop("_flashes", None)
        return answer

    def _write(self, seen: list[Any]) -> None:
        try:
            write_observations(seen)
        except sa.exc.SQLAlchemyError as problem:
            log.exception("observations could not be written; the answer is withheld")
            raise ServiceUnavailable(retry_after=5) from problem


def is_api(asked: Request | None = None) -> bool:
    """Whether a machine is answered: in ``asked``, or else the request at work."""
    if asked is None and not has_request_context():
        return False
    return (asked or request).path.startswith("/api/")


def prefers_no_store() -> bool:
    return bool(current_user and current_user.is_authenticated)


# Forms --------------------------------------------------------------------------------------------------------------

csrf = CSRFProtect()


class ChecksField(SelectMultipleField):
    """Several choices as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class BaseForm(FlaskForm):
    """A form of ours: it carries a key, can be resumed after signing in again, and shows refusals at their field."""

    form_key = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        g.setdefault("forms_made", []).append(self)  # so that an error page can name what was typed
        if not self.form_key.data:
            self.form_key.data = uuid.uuid4().hex

    def submitted(self) -> bool:
        """Whether this was posted to be carried out, and is valid. A form brought back after sign-in is only shown."""
        return bool(self.is_submitted()) and "resume" not in request.form and bool(self.validate())

    def refuse(self, no: Refused) -> None:
        """Show a refusal, and what is wrong besides, at its field, or above the form where it belongs to none."""
        for one in (no, *no.also):
            field = self._fields.get(one.field or "")
            words = sentence(one.reason)
            if field is None:
                self.form_errors.append(words)
            else:
                field.errors = [*field.errors, words]


class ReadForm(BaseForm):
    """A form whose texts are read one by one; each refusal lands at its field and nothing typed is lost."""

    def read(self, reader: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What ``reader`` makes of its arguments; None, with the error at its field, when it refuses."""
        try:
            return reader(*args, **kwargs)
        except Refused as no:
            self.refuse(no)
            return None

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything typed can be read; ``read_all`` leaves the values on the form."""
        sound = super().validate(extra_validators)
        for field in self._fields.values():
            field.errors = list(field.errors)
        self.read_all()
        return sound and not any(field.errors for field in self._fields.values()) and not self.form_errors

    def read_all(self) -> None:
        """Read every field; the values wait on the form."""


def typed_values() -> list[tuple[str, str]]:
    """What was typed, to be carried along or shown: no tokens, no passwords."""
    return [(name, value) for name, value in request.form.items(multi=True)
            if name not in NOT_CARRIED and "password" not in name and "code" != name]


def typed_as_labelled() -> list[tuple[str, str]]:
    """What was typed, for reading: by the names of the fields and choices of the forms of this request, where they are
    known; nothing that was left empty and nothing that a form carries unseen."""
    fields = {field.name: field for form in g.get("forms_made", []) for field in form}
    found = []
    for name, value in typed_values():
        field = fields.get(name)
        if not value.strip() or name == "back" or isinstance(field, HiddenField):
            continue
        choices = {str(code): words for code, words, *_more in getattr(field, "choices", None) or ()}
        found.append((str(field.label.text) if field is not None else name, str(choices.get(value, value))))
    return found


def pack_carried(values: Iterable[tuple[str, str]], path: str) -> str:
    """Typed values and where they were going, signed, to survive a sign-in."""
    return _carrier().dumps({"path": path, "values": [list(pair) for pair in values]})


def unpack_carried(text: str) -> tuple[str, list[tuple[str, str]]] | None:
    """What ``pack_carried`` packed, or None when it was tampered with."""
    try:
        packed = _carrier().loads(text)
    except BadSignature:
        return None
    return packed["path"], [(name, value) for name, value in packed["values"]]


def continue_page(carried: str) -> ResponseReturnValue:
    """After signing in again: a page whose one button brings the typed form back, filled."""
    unpacked = unpack_carried(carried)
    if unpacked is None:
        return redirect(url_for("home.start"), 303)
    path, values = unpacked
    return render_template("errors/continue.html", path=path, values=values)


def _carrier() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="carried form")


def back_to(endpoint: str, **args: Any) -> ResponseReturnValue:
    """Redirect after a deed."""
    return redirect(url_for(endpoint, **args), 303)


def said(words: Any) -> None:
    """Tell the person, on the next page, what has been done."""
    flash(str(words))


# Pagination ---------------------------------------------------------------------------------------------------------

Item = TypeVar("Item")


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a list."""

    items: list[Item]
    number: int
    pages: int
    total: int
    per_page: int

    @property
    def first(self) -> int:
        """The place of the first item shown, from 1; 0 when there is none."""
        return (self.number - 1) * self.per_page + 1 if self.items else 0

    @property
    def last(self) -> int:
        return self.first + len(self.items) - 1 if self.items else 0


def typed_words(name: str = "q", most: int = 40) -> str:
    """What somebody typed to find something by, on one line."""
    return " ".join(request.args.get(name, "").split())[:most]


class WholeList(Exception):
    """A list was asked for as a file: everything that would have been paged, carried out of the view (see listing)."""

    def __init__(self, items: list[Any], total: int) -> None:
        super().__init__()
        self.items = items
        self.total = total


def page_number() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isdecimal() and len(text) < 7 else 1


def paginate(query: sa.Select[Any], per_page: int = 20) -> Page[Any]:
    """The page of ``query`` (ordered) that ``?page=`` asks for; a page past the end is the last one.

    Raises WholeList where the list is asked for as a file.
    """
    total = count_rows(query)
    single = len(query.column_descriptions) == 1

    def read(part: sa.Select[Any]) -> list[Any]:
        rows = db.session.execute(part)
        return list(rows.scalars().unique() if single else rows)

    if most := g.get("whole_list"):
        raise WholeList(read(query.limit(most)), total)
    pages = max(1, math.ceil(total / per_page))
    number = min(page_number(), pages)
    items = read(query.limit(per_page).offset((number - 1) * per_page))
    return Page(items, number, pages, total, per_page)


def count_rows(query: sa.Select[Any]) -> int:
    """How many rows a query finds."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(query.order_by(None).subquery())) or 0


def paginate_items(items: Sequence[Item], per_page: int = 20) -> Page[Item]:
    """As ``paginate``, over a list that is already there."""
    if most := g.get("whole_list"):
        raise WholeList(list(items[:most]), len(items))
    pages = max(1, math.ceil(len(items) / per_page))
    number = min(page_number(), pages)
    return Page(list(items[(number - 1) * per_page:number * per_page]), number, pages, len(items), per_page)


# Words --------------------------------------------------------------------------------------------------------------

_labels: dict[str, Mapping[str, Any]] = {}
_sentences: dict[str, Any] = {}
_deeds: dict[str, Any] = {}

UNITS: dict[str, Callable[[Any], str]] = {
    "_yuan": formatting.wan,
    "_percent": formatting.percent2,
    "_on": formatting.day,
    "_at": formatting.moment,
    "_months": formatting.months,
}


def learn_words(module: Any) -> None:
    """Take a subject's LABELS, SENTENCES and DEEDS. Raises ValueError when a code already has other words.

    DEEDS are the words for what a subject writes into the trail (``audit.services.record``).
    """
    for what, words in getattr(module, "DEEDS", {}).items():
        if _deeds.get(what, words) is not words:
            raise ValueError(f"deed {what} is declared twice")
        _deeds[what] = words
    for group, labels in getattr(module, "LABELS", {}).items():
        if _labels.get(group, labels) is not labels:
            raise ValueError(f"labels {group} are declared twice")
        _labels[group] = labels
    for code, words in getattr(module, "SENTENCES", {}).items():
        if _sentences.get(code, words) is not words:
            raise ValueError(f"sentence {code} is declared twice")
        _sentences[code] = words


def known_labels(group: str) -> Mapping[str, Any]:
    """The codes of a group with their words."""
    return _labels[group]


def known_deeds() -> dict[str, Any]:
    return dict(_deeds)


def deed(what: str) -> str:
    """The words for a kind of deed in the trail; one that no subject declares any more keeps its code."""
    return str(_deeds.get(what, what))


def known_sentences() -> dict[str, Any]:
    return dict(_sentences)


def label(group: str, code: Any) -> str:
    """The words for a code in the reader's language; a list of codes is joined."""
    if code is None:
        return str(_l("没有填"))
    if isinstance(code, (list, tuple)):
        return ("、" if str(get_locale()).startswith("zh") else ", ").join(label(group, item) for item in code)
    return str(_labels[group][str(code)])


def sentence(reason: Any) -> str:
    """A Reason, a Refused or its stored form as a sentence in the reader's language.

    Facts are written by the suffix of their names; a text fact ``label:group:code`` becomes that code's words.
    """
    if isinstance(reason, Refused):
        reason = reason.reason
    elif isinstance(reason, Mapping):
        reason = Reason.from_json(reason)
    words = _sentences[reason.code]
    return str(words) % {name: write_fact(name, value) for name, value in reason.facts.items()}


def write_fact(name: str, value: Any) -> str:
    """One fact in the reader's language, by the suffix of its name."""
    if value is None:
        return str(_l("没有填"))
    if isinstance(value, (list, tuple)):
        return ("、" if str(get_locale()).startswith("zh") else ", ").join(write_fact(name, item) for item in value)
    if isinstance(value, str) and value.startswith("label:"):
        _, group, code = value.split(":", 2)
        return label(group, code)
    for suffix, write in UNITS.items():
        if name.endswith(suffix) or name == suffix[1:]:
            return write(_revived(suffix, value))
    if isinstance(value, Decimal):
        return formatting.num(value)
    if isinstance(value, (date, datetime)):
        return formatting.moment(value) if isinstance(value, datetime) else formatting.day(value)
    return str(value)


def _revived(suffix: str, value: Any) -> Any:
    """A fact read back from JSON as the kind its name says."""
    if not isinstance(value, str):
        return value
    if suffix == "_on":
        return date.fromisoformat(value)
    if suffix == "_at":
        return datetime.fromisoformat(value)
    return Decimal(value) if suffix in {"_yuan", "_percent"} else value


# Languages ----------------------------------------------------------------------------------------------------------

babel = Babel()


def chosen_language() -> str:
    """zh unless the reader chose en: the cookie, never the database (a read before the transaction would spoil it)."""
    if not has_request_context():
        return str(g.get("language", LANGUAGES["zh"])) if _has_app() else LANGUAGES["zh"]
    if is_api():
        wanted = request.accept_languages.best_match(["zh", "en"]) or "zh"
        return LANGUAGES[wanted]
    return LANGUAGES.get(request.cookies.get("lang", "zh"), LANGUAGES["zh"])


def _has_app() -> bool:
    from flask import has_app_context

    return has_app_context()


# Limits, headers, errors --------------------------------------------------------------------------------------------

limiter = Limiter(key_func=get_remote_address, headers_enabled=True)


def limited(rate: str | Callable[[], str]) -> Callable[[View], View]:
    """At most ``rate`` ("20 per minute") from one address; a function where it is a setting."""

    def decorate(view: View) -> View:
        return limiter.limit(rate)(view)  # type: ignore[return-value]

    return decorate


CSP = ("default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; object-src 'none'; "
       "base-uri 'none'; form-action 'self'; frame-ancestors 'none'")


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


def undo_deed() -> None:
    """After a refusal that the page itself will tell: nothing of the deed stays, and what is read from here on is true.

    The answer must have a status of 400 or more.
    """
    begin_read()


NO_TO_OPEN_PAGES: Mapping[int, Any] = {
    400: _l("没有做成：这一页是上一次登录时打开的。填的都还在，按页上的按钮，带着接着填。"),
    401: _l("没有做成：您已经退出了。填的都还在，按页上的按钮，登录以后接着填。"),
    409: _l("没有做成：另一处刚改过。填的都还在这一页上，过一会儿再试。"),
    429: _l("没有做成：太快了，等一会儿。填的都还在这一页上。"),
    503: _l("没有做成：现在忙不过来。填的都还在这一页上，过一会儿再试。"),
}


def asked_from_page() -> bool:
    """Whether an open page asks in the background (htmx): a part of it comes back, or one line that says why not."""
    return "HX-Request" in request.headers


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
    return Response(render_template(f"errors/{page}.html", problem=problem, typed=[]), status, headers)


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


def init_app(app: Flask) -> None:
    """Attach everything of this file to ``app``."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", None)
    # Chromium shows a page again from memory, no-store or not, unless a cookie was set meanwhile: every answer renews
    # the session's, so that going back asks again (tests/journeys/test_going_back.py).
    app.config["SESSION_REFRESH_EACH_REQUEST"] = True
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = None
    if login_manager._user_callback is None:
        people_come_from(lambda token: None)  # until accounts says who is who
    app.config.setdefault("BABEL_DEFAULT_LOCALE", LANGUAGES["zh"])
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", "Asia/Shanghai")
    babel.init_app(app, locale_selector=chosen_language)
    limiter.init_app(app)
    app.after_request(add_headers)
    app.after_request(mark_names)
    app.register_error_handler(Refused, on_refused)
    app.register_error_handler(StaleDataError, on_conflict)
    app.register_error_handler(Conflict, on_conflict)
    app.register_error_handler(sa.exc.DBAPIError, on_database_error)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Unauthorized, on_unauthorized)
    app.register_error_handler(CSRFError, on_csrf_error)
    formatting.register(app)
    app.jinja_env.globals.setdefault("navigation", list)  # home names the entries

    @app.context_processor
    def _for_every_page() -> dict[str, Any]:
        english = str(get_locale()).startswith("en")
        return {
            "actor": actor(), "may": may, "sentence": sentence, "label": label, "write_fact": write_fact,
            "lang": "en" if english else "zh-CN", "english": english,
            "letters_large": request.cookies.get("letters") == "large",
            "demo_town": app.config["SETTINGS"].demo_town, "now": clock.now(), "today": clock.today(),
        }
