"""The edge shared by all subjects: who may ask, the transaction rule, forms, lists by pages, words, every "no".

Subjects import from here; the files beside it are its rooms, the lower ones first: ``asking``, ``numbers``,
``sentences``, ``languages``, ``access``, ``paging``, ``forms``, ``transaction``, ``answers``.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Flask, request
from flask_babel import get_locale
from flask_wtf.csrf import CSRFError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import Conflict, HTTPException, Unauthorized

from matchmaker import clock, formatting
from matchmaker.permissions import may
from matchmaker.refusal import Refused
from matchmaker.web.access import RefusedAttempt, SignedIn, actor, login_manager, people_come_from, public, requires
from matchmaker.web.answers import (
    add_headers,
    limited,
    limiter,
    mark_names,
    not_done,
    on_conflict,
    on_csrf_error,
    on_database_error,
    on_http_error,
    on_refused,
    on_unauthorized,
)
from matchmaker.web.asking import WRITING, asked_from_page, is_api
from matchmaker.web.forms import BaseForm, ChecksField, ReadForm, back_to, continue_page, csrf, said, typed_as_labelled
from matchmaker.web.languages import LANGUAGES, babel, chosen_language
from matchmaker.web.numbers import row_id, row_ids, seen_version, whole
from matchmaker.web.paging import Page, WholeList, count_rows, paginate, paginate_items, typed_words
from matchmaker.web.sentences import (
    deed,
    known_deeds,
    known_labels,
    known_sentences,
    label,
    learn_words,
    sentence,
    write_fact,
)
from matchmaker.web.transaction import FormKey, Site, before_transaction, computes, once, undo_deed

__all__ = [
    "LANGUAGES", "WRITING", "BaseForm", "ChecksField", "FormKey", "Page", "ReadForm", "RefusedAttempt", "SignedIn",
    "Site", "WholeList", "actor", "asked_from_page", "back_to", "before_transaction", "computes", "continue_page",
    "count_rows", "deed", "is_api", "known_deeds", "known_labels", "known_sentences", "label", "learn_words",
    "limited", "limiter", "not_done", "on_http_error", "once", "paginate", "paginate_items", "people_come_from",
    "public", "requires", "row_id", "row_ids", "said", "seen_version", "sentence", "typed_as_labelled", "typed_words",
    "undo_deed", "whole", "write_fact",
]


def init_app(app: Flask) -> None:
    """Attach the edge to ``app``."""
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
