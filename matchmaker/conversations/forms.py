"""The form with which an operator settles a report."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField
from wtforms import TextAreaField as AreaField

from matchmaker.web import BaseForm


class SettleForm(BaseForm):
    """What was found, and what was done about it."""

    row_version = HiddenField()
    outcome = AreaField(_l("查到什么，怎么办的"))
