"""What operators type of the dated series; read by the rules, so that every error has its field."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.reference.region_changes import CHECKED, KINDS, Change, read_change
from matchmaker.reference.rules import NamedDay, read_date, read_days, read_rate, read_source
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, label


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


class RegionChangeForm(BaseForm):
    """A change of a division, as the announcement tells it; a second operator looks at it again."""

    kind = RadioField(_l("变了什么"), choices=[], validate_choice=False)
    old_code = StringField(_l("原来的代码"), description=_l("六位；新设的和核对的不填"))
    new_code = StringField(_l("新的代码"), description=_l("六位；换了代码的和新设的才填"))
    name = StringField(_l("新的名称"), description=_l("改名、换代码、新设的填；不变就照原样写"))
    related = TextAreaField(
        _l("去了哪里，或者从哪里分出来"),
        description=_l("并入的写一个代码，一分为几的写每一个；新设的写从哪几个里分出来（可以空）"),
    )
    in_force_on = StringField(_l("从哪天起"))
    source = StringField(_l("在哪里公布的"))
    document = StringField(_l("批准的文号"))
    announced_on = StringField(_l("哪天公布的"))

    def offering(self) -> RegionChangeForm:
        """Offer the kinds; call it before reading or showing."""
        self.kind.choices = [SelectChoice(kind, label("reference.region_kind", kind)) for kind in KINDS]
        return self

    def read(self) -> tuple[Change, str, str, date] | None:
        """Change, source, document and day of the announcement, or None with an error at each field."""
        days: dict[str, date] = {}
        for name in ("in_force_on", "announced_on"):
            try:
                days[name] = read_date(self[name].data or "", name)
            except Refused as no:
                self.refuse(no)
        texts = {"source": "", "document": ""}
        for name in texts:
            if name == "document" and self.kind.data == CHECKED and not self.document.data:
                continue  # a table that was gone through has no number
            try:
                texts[name] = read_source(self[name].data or "", name)
            except Refused as no:
                self.refuse(no)
        change = None
        try:
            change = read_change(
                str(self.kind.data or ""), days.get("in_force_on", date.min), code=self.old_code.data or "",
                new_code=self.new_code.data or "", name=self.name.data or "", related=self.related.data or "",
            )  # fmt: skip
        except Refused as no:
            self.refuse(no)
        if change is None or self.errors:
            return None
        return change, texts["source"], texts["document"], days["announced_on"]


class AnswerForm(BaseForm):
    """What the second operator says of a change."""

    answer = RadioField(
        _l("和公告一样吗"),
        choices=[SelectChoice("yes", _l("都一样，生效")), SelectChoice("no", _l("不一样，退回"))],
        validate_choice=False,
    )
    remark = StringField(_l("哪里不一样"), description=_l("退回时要写"))
