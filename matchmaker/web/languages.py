"""The language of an answer."""

from __future__ import annotations

from flask import g, has_request_context, request
from flask_babel import Babel

from matchmaker.web.asking import is_api

LANGUAGES = {"zh": "zh_Hans_CN", "en": "en"}

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
