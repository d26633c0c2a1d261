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
    "message.topic": {
        "security": _l("登录、密码、账号安全"),
        "leads": _l("每一件办到哪了"),
        "talks": _l("新留言"),
        "cover": _l("问保险的价"),
        "business": _l("店、材料、需求"),
        "work": _l("单位和平台的事"),
    },
    "message.by": {"email": _l("邮件"), "sms": _l("短信")},
    "message.state": {
        "waiting": _l("等着发"),
        "sending": _l("正在发"),
        "sent": _l("发出了"),
        "failed": _l("没有发出去"),
    },
}
SENTENCES: dict[str, object] = {
    "message_topic_needed": _l("没有改：这一类关不掉"),
    "quiet_hours_half": _l("请把两头都填上，或者都不填"),
    "quiet_hours_unreadable": _l("请写成 21:00 这样"),
}
