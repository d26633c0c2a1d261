"""What operators type of the dated series; read by the rules, so that every error has its field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import StringField, TextAreaField

from matchmaker.reference.rules import NamedDay, read_date, read_days, read_rate, read_source
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm


class LprForm(BaseForm):
    """One publication. Each rate is typed twice, since every product that hangs on it follows."""

    published_on = StringField(_l("公布日"))
    one_year = StringField(_l("一年期"))
    five_year = StringField(_l("五年期以上"))
    one_year_again = StringField(_l("再填一遍一年期"))
    five_year_again = StringField(_l("再填一遍五年期以上"))
    source = StringField(_l("在哪里公布的"))

    def read(self) -> tuple[date, Decimal, Decimal, str] | None:
        """The publication, or None with an error at each field that cannot be read or differs from its repetition."""
        try:
            published_on: date | None = read_date(self.published_on.data or "", "published_on")
        except Refused as no:
            published_on = None
            self.refuse(no)
        rates: dict[str, Decimal] = {}
        for name in ("one_year", "five_year"):
            try:
                rates[name] = read_rate(self[name].data or "", name)
                if read_rate(self[f"{name}_again"].data or "", f"{name}_again") != rates[name]:
                    raise Refused("rate_differs", field=f"{name}_again", status=422)
            except Refused as no:
                self.refuse(no)
        try:
            source = read_source(self.source.data or "")
        except Refused as no:
            source = ""
            self.refuse(no)
        if published_on is None or self.errors:
            return None
        return published_on, rates["one_year"], rates["five_year"], source


class DaysForm(BaseForm):
    """The days off of a year as the yearly notice names them, one span a line."""

    year = StringField(_l("哪一年"))
    days = TextAreaField(_l("放假和补班的日子"))
    source = StringField(_l("在哪里公布的"))

    def read(self) -> tuple[int, list[NamedDay], str] | None:
        """Year, days and source, or None with an error at each field that cannot be read."""
        typed = (self.year.data or "").strip()
        year = int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else None
        if year is None:
            self.refuse(Refused("year_unread", field="year", status=422))
        days: list[NamedDay] = []
        try:
            days = read_days(self.days.data or "", year) if year is not None else []
        except Refused as no:
            self.refuse(no)
        try:
            source = read_source(self.source.data or "")
        except Refused as no:
            source = ""
            self.refuse(no)
        return None if year is None or self.errors else (year, days, source)
