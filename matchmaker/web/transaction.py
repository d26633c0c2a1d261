"""The transaction rule: a writing request is one write transaction, any other reads and is undone."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask import Flask, Request, Response, current_app, redirect, request, session, url_for
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Mapped
from werkzeug.exceptions import BadRequest, ServiceUnavailable

from matchmaker import clock
from matchmaker.db import Base, begin_read, begin_write, db, observing, write_observations
from matchmaker.keeping import Kept
from matchmaker.queue import insert_for
from matchmaker.web.access import actor
from matchmaker.web.asking import WRITING, View, is_api
from matchmaker.web.forms import csrf

log = logging.getLogger(__name__)


class FormKey(Base):
    """A form that was posted by this person: the second posting is answered with the first one's redirect."""

    kept = Kept("machinery", of="person_id", days=30, since="at", closing="delete")

    __table_args__ = (sa.UniqueConstraint("person_id", "endpoint", "key"),)
    person_id: Mapped[int]
    endpoint: Mapped[str]
    key: Mapped[str]
    location: Mapped[str | None]
    at: Mapped[datetime]


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


class PageSessions(SecureCookieSessionInterface):
    """Sessions in signed cookies for pages; the API takes no cookie and gives none."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie; an empty one for the API, whatever the browser sent."""
        return SecureCookieSession() if is_api(request) else super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie, but for the API."""
        if not is_api():
            super().save_session(app, session, response)


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


def undo_deed() -> None:
    """After a refusal that the page itself will tell: nothing of the deed stays, and what is read from here on is true.

    The answer must have a status of 400 or more.
    """
    begin_read()
