"""What can be found of reported messages: by who may read the reports."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.conversations import queries
from matchmaker.conversations.models import PostReport
from matchmaker.searching import Findable, Hit
from matchmaker.web import label


def _reports(person: Any, words: str) -> Any:
    mine = None if person.is_operator else person.desk_institution_ids
    return queries.reports(institution_ids=mine, words=words)


def _hits(found: Sequence[PostReport]) -> list[Hit]:
    return [
        Hit(
            label("talk.report_reason", one.reason),
            url_for("conversations.report", report_id=one.id),
            formatting.moment(one.reported_at),
            label("accounts.broker_state", one.state),
        )
        for one in found
    ]


FINDABLE = (
    Findable(
        "message-reports",
        _l("举报的留言"),
        "postreport.list",
        _reports,
        _hits,
        lambda person, words: url_for("conversations.reports", q=words),
    ),
)
