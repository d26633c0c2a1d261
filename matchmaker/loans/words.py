"""Words of loans."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

LABELS = {
    "loan.source": {
        "confirmed": _l("您确认过"),
        "undisputed": _l("没有异议（10 个工作日没有答复）"),
    },
}
SENTENCES: dict[str, object] = {}

DEEDS = {
    "loan.open": _l("记下一笔贷款"),
}
