"""A person's own inbox: what was told, newest first; opening leads to the page it is about."""

from __future__ import annotations

from datetime import time

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from matchmaker.db import says
from matchmaker.listing import listed
from matchmaker.notifications import listings, queries, services
from matchmaker.notifications.channels import read_stop
from matchmaker.notifications.forms import PreferencesForm
from matchmaker.notifications.models import Message
from matchmaker.notifications.rules import ALWAYS, OUTSIDE, TOPICS
from matchmaker.refusal import Refused
from matchmaker.web import (
    Page,
    actor,
    back_to,
    label,
    limited,
    paginate,
    paginate_items,
    public,
    requires,
    said,
    sentence,
    typed_words,
)

bp = Blueprint("notifications", __name__)


@bp.app_template_global("count_unread")
def count_unread() -> int:
    """How many messages the reader has not read (0 for visitors), for the header and the start page."""
    who = actor()
    return queries.count_unread(who.id) if who is not None else 0


@bp.get("/messages")
@requires("message.list")
@listed(listings.INBOX)
def inbox() -> ResponseReturnValue:
    """One's messages, newest first; unread only with ``unread=1``."""
    unread_only = request.args.get("unread") == "1"
    words = typed_words()
    return render_template(
        "notifications/inbox.html",
        page=_inbox_page(unread_only, words),
        unread_only=unread_only,
        words=words,
        unread=queries.count_unread(actor().id),
    )


def _inbox_page(unread_only: bool, words: str) -> Page[Message]:
    """One page of the reader's messages; words are looked for in the sentence as the reader sees it, since rows keep
    codes and facts."""
    if not words:
        return paginate(queries.inbox_of(actor().id, unread_only=unread_only), per_page=20)
    mine = queries.inbox(actor().id, unread_only=unread_only)
    found = [one for one in mine if says(sentence({"code": one.kind, "facts": one.facts}), words)]
    return paginate_items(found, per_page=20)


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


# Preferences --------------------------------------------------------------------------------------------------------


@bp.get("/messages/preferences")
@requires("message.list")
def preferences() -> ResponseReturnValue:
    """What one gets by mail and text message, and in which hours nothing."""
    muted = queries.muted_by(actor().id)
    quiet_from, quiet_until = queries.quiet_hours_of(actor().id)
    wanted = [f"{topic}:{channel}" for topic in TOPICS for channel in OUTSIDE if (topic, channel) not in muted]
    known = {"wanted": wanted, "quiet_from": _written(quiet_from), "quiet_until": _written(quiet_until)}
    return _preferences(PreferencesForm(formdata=None, data=known))


def _written(at: time | None) -> str:
    return at.strftime("%H:%M") if at is not None else ""


def _preferences(form: PreferencesForm, status: int = 200) -> ResponseReturnValue:
    return (
        render_template(
            "notifications/preferences.html", form=form, topics=TOPICS, channels=OUTSIDE, always=ALWAYS,
            receiver=services.receiver_of(actor().id),
        ),
        status,
    )  # fmt: skip


@bp.post("/messages/preferences")
@requires("message.list")
def choose() -> ResponseReturnValue:
    """Keep what was chosen; what waits goes by it."""
    form = PreferencesForm()
    if form.submitted():
        try:
            services.be_quiet(actor().id, form.read_time("quiet_from"), form.read_time("quiet_until"))
            services.choose(actor().id, form.chosen)
        except Refused as no:
            form.refuse(no)
        else:
            said(_("记下了。"))
            return back_to("notifications.preferences")
    return _preferences(form, 422)


@bp.get("/messages/stop/<signed>")
@public
def ask_stop(signed: str) -> ResponseReturnValue:
    """The link of a mail: which messages would stop, and one button; nothing happens by looking."""
    person_id, topic, channel = _stop_of(signed)
    is_off = (topic, channel) in queries.muted_by(person_id)
    return render_template("notifications/stop.html", signed=signed, topic=topic, channel=channel, is_off=is_off)


@bp.post("/messages/stop/<signed>")
@public
@limited("20 per minute")
def stop(signed: str) -> ResponseReturnValue:
    """Switch them off; the inbox still has them."""
    person_id, topic, channel = _stop_of(signed)
    services.mute(person_id, topic, channel)
    said(_("不再发了：%(topic)s。站里的消息照常有。", topic=label("message.topic", topic)))
    return back_to("notifications.ask_stop", signed=signed)


def _stop_of(signed: str) -> tuple[int, str, str]:
    found = read_stop(signed)
    if found is None:
        raise NotFound
    return found
