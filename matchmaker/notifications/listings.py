"""What one's inbox holds, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.listing import About, Column, Listing
from matchmaker.web import sentence

INBOX = Listing(
    "messages",
    _l("消息"),
    (
        Column(_l("什么时候"), _l("写的时间，北京时间"), lambda row: row.created_at),
        Column(_l("消息"), _l("告诉您的话"), lambda row: sentence({"code": row.kind, "facts": row.facts})),
        Column(_l("看过"), _l("第一次看的时间，北京时间；空着就是没看"), lambda row: row.read_at),
    ),
    ("unread", "q"),
    about=About.SELF,
)
