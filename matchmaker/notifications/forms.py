"""What a person wants outside of the site, and when not."""

from __future__ import annotations

import re
import unicodedata
from datetime import time
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, StringField

from matchmaker.notifications.rules import ALWAYS, OUTSIDE, TOPICS
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm


class PreferencesForm(BaseForm):
    """Topics by channel as ``topic:channel``, and the quiet hours."""

    wanted = SelectMultipleField(_l("发到哪里"), choices=[], validate_choice=False)
    quiet_from = StringField(_l("从几点起不发"))
    quiet_until = StringField(_l("到几点再发"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted.choices = [
            (f"{topic}:{channel}", "") for topic in TOPICS if topic not in ALWAYS for channel in OUTSIDE
        ]

    @property
    def chosen(self) -> list[tuple[str, str]]:
        """(topic, channel) as ticked."""
        pairs = (one.split(":", 1) for one in self.wanted.data or () if ":" in one)
        return [(topic, channel) for topic, channel in pairs]

    def read_time(self, name: str) -> time | None:
        """A time of day; None when nothing was typed. Raises Refused ``quiet_hours_unreadable`` at the field."""
        typed = unicodedata.normalize("NFKC", self._fields[name].data or "").strip()
        if not typed:
            return None
        match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)(?::\d\d)?", typed)
        if match is None:
            raise Refused("quiet_hours_unreadable", name, 422)
        return time(int(match[1]), int(match[2]))
