"""Words of the trail for what the demo town does to itself."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

DEEDS = {"demo.build": _l("建演示镇"), "demo.resume": _l("演示镇接着走"), "demo.left_out": _l("演示镇少一幕")}
