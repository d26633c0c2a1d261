"""What the list of reported messages holds, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing, worded

REPORTS = Listing(
    "reported-messages",
    _l("举报的留言"),
    (
        Column(_l("编号"), _l("这一件的编号"), lambda one: one.id),
        Column(_l("哪里不对"), _l("举报的人选的"), worded("talk.report_reason", lambda one: one.reason)),
        Column(_l("留言"), _l("被举报的那一条，照原样"), lambda one: one.post.text),
        Column(_l("哪一家"), _l("写它的机构"), lambda one: one.institution.short_name),
        Column(_l("什么时候"), _l("举报的时间，北京时间"), lambda one: one.reported_at),
        Column(_l("到哪一步"), _l("平台处理到哪里"), worded("accounts.broker_state", lambda one: one.state)),
    ),
    ("q", "state"),
    about=About.PEOPLE,
)
