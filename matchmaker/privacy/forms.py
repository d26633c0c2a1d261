"""Forms of one's own data."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.web import BaseForm


class UnmaskForm(BaseForm):
    """For which case a supervisor must know who it is."""

    case_number = StringField(_l("案号"), description=_l("例如 甬金监案〔2026〕12号"))
    reason = StringField(_l("为什么要看"))


class OrderForm(BaseForm):
    """May lists for me be ordered by what the model learned?"""

    order = RadioField(
        _l("合适的产品，先后怎么排"),
        choices=[
            SelectChoice("learned", _l("看成本、合适、快慢，也看类似的店以前办成没有")),
            SelectChoice("plain", _l("只看成本、合适、快慢")),
        ],
    )
