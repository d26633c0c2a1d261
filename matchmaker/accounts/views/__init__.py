"""Pages of signing in, one's own account, institutions and staff; form -> service -> redirect, query -> page."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_login import current_user
from markupsafe import Markup, escape

from matchmaker.accounts import sessions
from matchmaker.accounts.forms import kind_label
from matchmaker.accounts.keyed import Caller
from matchmaker.accounts.models import Person
from matchmaker.accounts.places import region_of_prefix
from matchmaker.accounts.rules import masked
from matchmaker.formatting import language
from matchmaker.reference import industries
from matchmaker.web import people_come_from

bp = Blueprint("accounts", __name__)

# Order matters: every browser claims to be the ones below it.
BROWSERS = (
    ("MicroMessenger", _l("微信")),
    ("Edg", "Edge"),
    ("Firefox", "Firefox"),
    ("HuaweiBrowser", _l("华为浏览器")),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
PLACES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", _l("安卓手机")),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def caller() -> Caller:
    """What the services want to know of this request."""
    return Caller(
        address=request.remote_addr or "",
        agent=request.user_agent.string[:300],
        language=language(),
        pepper=current_app.config["SECRET_KEY"],
    )


def production() -> bool:
    """Whether the demands of real work hold."""
    return bool(current_app.config["SETTINGS"].production)


def own_token() -> str:
    """The token of the session at hand."""
    return str(getattr(current_user, "token", ""))


@people_come_from
def person_of(token: str) -> Person | None:
    """Whose session this is; the edge asks for every request that wants to know."""
    return sessions.load_session(token, address=request.remote_addr or "", production=production())


bp.add_app_template_filter(masked, "masked")
bp.add_app_template_global(kind_label, "institution_kind")


@bp.app_template_filter("place")
def place(prefix: str) -> Markup:
    """The full name of the division a code or prefix stands for; official names stay Chinese, and say so."""
    region = region_of_prefix(prefix)
    name = region.full_name if region else prefix
    return Markup('<span lang="zh-CN">{}</span>').format(name) if language() == "en" else escape(name)


@bp.app_template_filter("trade")
def trade(prefix: str) -> Markup:
    """The official name of the trade a code or prefix stands for; one that is Chinese on an English page says so."""
    name = industries.name(prefix, language())
    is_foreign = language() == "en" and not name.isascii()
    return Markup('<span lang="zh-CN">{}</span>').format(name) if is_foreign else escape(name)


@bp.app_template_filter("device")
def device(agent: str) -> str:
    """What a browser says of itself, in words somebody recognises: Chrome，安卓手机."""
    browser = next((name for sign, name in BROWSERS if sign in agent), _("没有认出的浏览器"))
    where = next((words for sign, words in PLACES if sign in agent), None)
    return _("%(browser)s，%(where)s", where=where, browser=browser) if where else browser


from matchmaker.accounts.views import badges, institutions, own, signing_in, staff, terminal  # noqa: E402, F401  they add their routes
