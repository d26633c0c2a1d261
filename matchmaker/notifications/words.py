"""Words of the inbox; the sentence of each message stands in the words of the subject that tells it."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "message.channel": {
        "site": _l("只在这里"),
        "console": _l("终端"),
        "email": _l("也发了邮件"),
        "sms": _l("也发了短信"),
    },
    "message.state": {
        "waiting": _l("等着发"),
        "sending": _l("正在发"),
        "sent": _l("发出了"),
        "failed": _l("没有发出去"),
    },
}
SENTENCES: dict[str, object] = {}
