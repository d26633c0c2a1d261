"""A person's own inbox: what was told, newest first; opening leads to the page it is about."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from matchmaker.notifications import queries, services
from matchmaker.notifications.models import Message
from matchmaker.web import actor, paginate, requires, said

bp = Blueprint("notifications", __name__)


@bp.app_template_global("count_unread")
def count_unread() -> int:
    """How many messages the reader has not read (0 for visitors), for the header and the start page."""
    who = actor()
    return queries.count_unread(who.id) if who is not None else 0


@bp.get("/messages")
@requires("message.list")
def inbox() -> ResponseReturnValue:
    """One's messages, newest first; unread only with ``unread=1``."""
    unread_only = request.args.get("unread") == "1"
    page = paginate(queries.inbox_of(actor().id, unread_only=unread_only), per_page=20)
    return render_template(
        "notifications/inbox.html", page=page, unread_only=unread_only, unread=queries.count_unread(actor().id)
    )


@bp.post("/messages/<int:message_id>/open")
@requires("message.open", load=queries.message)
def open_message(found: Message) -> ResponseReturnValue:
    services.mark_read(actor().id, [found.id])
    return redirect(found.link or url_for("notifications.inbox"), 303)


@bp.post("/messages/read")
@requires("message.list")
def read_all() -> ResponseReturnValue:
    services.mark_read(actor().id)
    said(_("都标成看过了。"))
    return redirect(url_for("notifications.inbox"), 303)
