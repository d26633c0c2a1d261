"""What can be found of leads and threads: by name for the owner, by what a sealed card shows for the institution."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker.conversations.rules import Side
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import queueing, reading, talking
from matchmaker.searching import Findable, Hit
from matchmaker.web import actor, label


def _hits_of_owner(found: Sequence[Lead]) -> list[Hit]:
    return [
        Hit(
            one.product_version.name,
            url_for("leads.show", lead_id=one.id),
            f"{one.institution.short_name} · {one.business.name} · {one.id:06d}",
            label("lead.state", one.state),
        )
        for one in found
    ]


def _hits_of_work(found: Sequence[Lead]) -> list[Hit]:
    """No name, even where a consent stands: a search is no look at a customer."""
    return [
        Hit(
            _("编号 %(number)s", number=f"{one.id:06d}"),
            url_for("leads.show", lead_id=one.id),
            " · ".join([one.product_version.name, *([one.manager.name] if one.manager else [])]),
            label("lead.state", one.state),
        )
        for one in found
    ]


def _hits_of_talks(found: Sequence[Any]) -> list[Hit]:
    """The other side's name where it is an institution; of a customer the number alone."""
    return [
        Hit(
            talk.lead.institution.short_name
            if talk.side is Side.OWNER
            else _("编号 %(number)s", number=f"{talk.lead.id:06d}"),
            url_for("leads.talk", lead_id=talk.lead.id),
            talk.lead.product_version.name,
            _("%(number)s 条没读", number=talk.unread) if talk.unread else "",
        )
        for talk in talking.talks(list(found), actor())
    ]


FINDABLE = (
    Findable("leads", _l("进度"), "lead.track", reading.leads_of_owner, _hits_of_owner),
    Findable("work", _l("线索"), "lead.queue", queueing.work_named, _hits_of_work),
    Findable(
        "talks",
        _l("对话"),
        "lead.track",
        lambda person, words: talking.talks_of(person, words=words),
        _hits_of_talks,
        lambda person, words: url_for("leads.talks", q=words),
    ),
)
