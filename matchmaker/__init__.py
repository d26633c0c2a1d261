"""Matchmaker 万企通: where small businesses find funding and cover, and where institutions find them."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from matchmaker import settings as settings_
from matchmaker.settings import ROOT, Settings

# The subjects, in the order of the life of a loan. A module is listed when it exists.
MODELS = [
    "matchmaker.reference.models",
    "matchmaker.queue",
    "matchmaker.web",
    "matchmaker.listing",
    "matchmaker.notifications.models",
    "matchmaker.audit.models",
    "matchmaker.accounts.models",
    "matchmaker.documents.models",
    "matchmaker.businesses.models",
    "matchmaker.papers.models",
    "matchmaker.products.models",
    "matchmaker.products.cover.models",
    "matchmaker.needs.models",
    "matchmaker.ranking.models",
    "matchmaker.matching.models",
    "matchmaker.conversations.models",
    "matchmaker.leads.models",
    "matchmaker.approaches.models",
    "matchmaker.loans.models",
    "matchmaker.insurance.models",
]
WORDS: list[str] = [
    "matchmaker.documents.words",
    "matchmaker.businesses.words",
    "matchmaker.papers.words",
    "matchmaker.notifications.words",
    "matchmaker.audit.words",
    "matchmaker.accounts.words",
    "matchmaker.reference.words",
    "matchmaker.tools.words",
    "matchmaker.needs.words",
    "matchmaker.products.words",
    "matchmaker.products.cover.words",
    "matchmaker.ranking.words",
    "matchmaker.matching.words",
    "matchmaker.conversations.words",
    "matchmaker.home.words",
    "matchmaker.leads.words",
    "matchmaker.approaches.words",
    "matchmaker.loans.words",
    "matchmaker.insurance.words",
    "matchmaker.privacy.words",
    "matchmaker.oversight.words",
    "matchmaker.demo.words",
]
LISTENERS: list[str] = [
    "matchmaker.accounts.address_book",
    "matchmaker.matching.listeners",
    "matchmaker.leads.listeners",
    "matchmaker.approaches.listeners",
    "matchmaker.loans.listeners",
    "matchmaker.insurance.listeners",
]
VIEWS: list[str] = [
    "matchmaker.tools.views",
    "matchmaker.reference.views",
    "matchmaker.documents.views",
    "matchmaker.businesses.views",
    "matchmaker.papers.views",
    "matchmaker.accounts.views",
    "matchmaker.notifications.views",
    "matchmaker.audit.views",
    "matchmaker.needs.views",
    "matchmaker.matching.views",
    "matchmaker.conversations.views",
    "matchmaker.home.views",
    "matchmaker.products.views",
    "matchmaker.products.cover.views",
    "matchmaker.leads.views",
    "matchmaker.approaches.views",
    "matchmaker.loans.views",
    "matchmaker.insurance.views",
    "matchmaker.oversight.views",
    "matchmaker.privacy.views",
]
API: list[str] = [
    "matchmaker.tools.api",
]
JOBS: list[str] = [
    "matchmaker.notifications.jobs",
    "matchmaker.audit.jobs",
    "matchmaker.accounts.jobs",
    "matchmaker.products.jobs",
    "matchmaker.matching.jobs",
    "matchmaker.products.cover.jobs",
]


# What can be found, in the order in which it is shown: one's own first, then work, then what is there for everybody.
SEARCHES: list[str] = [
    "matchmaker.needs.searches",
    "matchmaker.leads.searches",
    "matchmaker.businesses.searches",
    "matchmaker.papers.searches",
    "matchmaker.loans.searches",
    "matchmaker.approaches.searches",
    "matchmaker.products.searches",
    "matchmaker.products.cover.searches",
    "matchmaker.insurance.searches",
    "matchmaker.accounts.searches",
    "matchmaker.conversations.searches",
    "matchmaker.oversight.searches",
    "matchmaker.privacy.searches",
    "matchmaker.audit.searches",
    "matchmaker.reference.searches",
    "matchmaker.home.searches",
]


def create_app(settings: Settings | None = None, **overrides: Any) -> Any:
    """The site: settings, database, edge, subjects, announcements, jobs, commands."""
    from matchmaker import commands, listing, searching, web
    from matchmaker.db import db, engine_options
    from matchmaker.reference.rules import OfficeHours, keep_hours

    settings = settings or settings_.load(**overrides)
    keep_hours(OfficeHours(settings.office_opens, settings.office_closes))
    app = web.Site(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"),
                   instance_path=settings.instance_folder)
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_ENGINES={"default": engine_options(settings.database_url)},
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=settings.session_days * 86400,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
        BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "translations"),
        RATELIMIT_STORAGE_URI=settings.rate_limit_storage,
        RATELIMIT_ENABLED=settings.rate_limits,
        API_TITLE="Matchmaker", API_VERSION="v1", OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/api/v1", OPENAPI_JSON_PATH="openapi.json",
    )
    if settings.database_url.startswith("sqlite:///"):
        Path(settings.database_url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    for module in MODELS:
        import_module(module)
    db.init_app(app)
    web.init_app(app)
    listing.init_app(app)
    for module in WORDS:
        web.learn_words(import_module(module))
    for module in SEARCHES:
        searching.learn(import_module(module))
    for module in LISTENERS:
        import_module(module)
    for module in JOBS:
        import_module(module)
    for module in VIEWS:
        app.register_blueprint(import_module(module).bp)
    register_api(app)
    if settings.trusted_proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.trusted_proxies, x_proto=1, x_host=1)  # type: ignore[method-assign]
    commands.init_app(app)
    return app


def register_api(app: Any) -> None:
    """The documented API under /api/v1: each subject's operations, one OpenAPI file."""
    from flask_smorest import Api
    from werkzeug.exceptions import HTTPException

    from matchmaker import web

    api = Api(app)
    for module in API:
        api.register_blueprint(import_module(module).blp)
    app.register_error_handler(HTTPException, web.on_http_error)  # last, so that pages keep their own answers
