"""What can be found of leads and threads: by name for the owner, by what a sealed card shows for the institution."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker.conversations.rules import Side
from matchmaker.formatting import moment
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import queueing, reading, talking
from matchmaker.searching import Findable, Hit, codes_saying
from matchmaker.web import actor, label, typed_words


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
            _called(talk.lead, talk.side),
            url_for("leads.talk", lead_id=talk.lead.id),
            talk.lead.product_version.name,
            _("%(number)s 条没读", number=talk.unread) if talk.unread else "",
        )
        for talk in talking.talks(list(found), actor())
    ]


SHOWN_BEFORE, SHOWN_AFTER = 12, 36


def excerpt(text: str, words: str) -> str:
    """What stands around the first of these words in a message, on one line."""
    line = " ".join(text.split())
    first = (words.lower().split() or [""])[0]
    start = max(0, line.lower().find(first) - SHOWN_BEFORE)
    end = start + SHOWN_BEFORE + len(first) + SHOWN_AFTER
    return f"{'…' if start else ''}{line[start:end]}{'…' if end < len(line) else ''}"


def _hits_of_posts(found: Sequence[Any]) -> list[Hit]:
    """Its own side reads what stands there; of a customer the number and the product alone: to read is to open it."""
    words = typed_words()
    return [
        Hit(
            _called(lead, side),
            url_for("leads.talk", lead_id=lead.id, page=talking.page_of(post.number, last), _anchor=f"p{post.number}"),
            excerpt(post.text, words) if side == Side.OWNER else lead.product_version.name,
            moment(post.at),
        )
        for post, lead, side, last in found
    ]


def _hits_of_papers(found: Sequence[Any]) -> list[Hit]:
    """What kind, and with whom; the name of the file for its owner alone."""
    return [
        Hit(
            label("paper.kind", paper.kind or "OTHER"),
            url_for("leads.show", lead_id=lead.id, _anchor="papers"),
            f"{_called(lead, side)} · "
            + (paper.document.filename if side == Side.OWNER else lead.product_version.name),
            _("收回了") if paper.is_taken_back else "",
        )
        for paper, lead, side in found
    ]


def _called(lead: Lead, side: str) -> str:
    """The other side by name where it is an institution; a customer by number."""
    return lead.institution.short_name if side == Side.OWNER else _("编号 %(number)s", number=f"{lead.id:06d}")


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
    Findable("posts", _l("留言"), "lead.track", talking.posts_saying, _hits_of_posts),
    Findable(
        "given-papers",
        _l("给出去的材料"),
        "lead.track",
        lambda person, words: talking.papers_called(person, words, codes_saying("paper.kind", words)),
        _hits_of_papers,
    ),
)
