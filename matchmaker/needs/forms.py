"""The form of a need: what is typed is read by rules.read_typed, the same that reads a draft."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock
from matchmaker.accounts.rules import plain_address
from matchmaker.formatting import unit_of_page
from matchmaker.needs.rules import (
    COMMON_TERMS,
    DRAFT_FIELDS,
    PURPOSES,
    REPAYMENTS,
    SECURITY_CHOICES,
    Wanted,
    read_amount,
    read_typed,
)
from matchmaker.needs.words import LABELS
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Reason
from matchmaker.web import BaseForm, ChecksField, sentence


def _choices(group: str, codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(code, LABELS[group][code]) for code in codes]


class NeedForm(BaseForm):
    """One minute: how much, how long, what for, what could secure it, by when."""

    business_id = RadioField(_l("替哪一家说"), choices=[], validate_choice=False)
    amount = StringField(_l("想用多少钱"))
    amount_unit = HiddenField()
    term = RadioField(
        _l("用多久"),
        choices=_choices("need.term", [*map(str, COMMON_TERMS), "other"]),
        validate_choice=False,
    )
    term_other = StringField(_l("别的期限，写几个月"))
    purpose = RadioField(_l("主要用来做什么"), choices=_choices("need.purpose", PURPOSES), validate_choice=False)
    securities = ChecksField(
        _l("有没有能抵押的"), choices=_choices("need.security", SECURITY_CHOICES), validate_choice=False
    )
    wanted_by = StringField(_l("最晚哪天要用"))
    repayment = RadioField(
        _l("想怎么还"),
        choices=[SelectChoice("", _l("都行")), *_choices("need.repayment", REPAYMENTS)],
        default="",
        validate_choice=False,
    )
    first_loan = RadioField(
        _l("是不是头一回向银行贷款"),
        choices=_choices("need.first_loan", ("yes", "no", "unknown")),
        default="unknown",
        validate_choice=False,
    )
    max_rate = StringField(_l("利率最高能接受多少"))
    note = TextAreaField(_l("还想说一句"))
    draft_key = HiddenField()
    version = HiddenField()
    page = HiddenField()

    wanted: Wanted | None = None
    offered: Mapping[str, str] = {}
    """Businesses to choose from: id as text → name."""

    @classmethod
    def showing(cls, values: Mapping[str, Any], **hidden: Any) -> NeedForm:
        """The form with what was typed before, its amount in the unit of the reader's language."""
        return cls(formdata=None, data={**in_readers_unit(values), "page": uuid.uuid4().hex, **hidden})

    def offer(self, businesses: Iterable[Any]) -> NeedForm:
        """Offer the businesses for which this person may ask; a single one needs no question."""
        self.offered = {str(business.id): business.name for business in businesses}
        self.business_id.choices = [SelectChoice(*offer) for offer in self.offered.items()]
        if not self.business_id.data and len(self.offered) == 1:
            (self.business_id.data,) = self.offered
        return self

    @property
    def typed(self) -> dict[str, Any]:
        """The raw text of every field that a draft keeps."""
        return {name: self[name].data for name in DRAFT_FIELDS}

    @property
    def read_yuan(self) -> Any:
        """The amount as read, in yuan, or None while it cannot be read."""
        amount = read_amount(self.amount.data or "", self.amount_unit.data or "wan")
        return None if isinstance(amount, Reason) else amount

    @property
    def chosen_business_id(self) -> int | None:
        """The business chosen among those offered."""
        return int(self.business_id.data) if self.business_id.data in self.offered else None

    def validate(self, extra_validators: Any = None) -> bool:
        """Let the rules read what was typed, and put each reason at its field."""
        good = super().validate(extra_validators)
        self.wanted, wrong = read_typed(self.typed, today=clock.today())
        for name, reason in wrong:
            self[name].errors = [*self[name].errors, sentence(reason)]
        if self.offered and self.chosen_business_id is None:
            self.business_id.errors = [sentence(Reason("need_business_missing"))]
            good = False
        return bool(good) and not wrong


class AssistedForm(NeedForm):
    """The same, typed by somebody else with the owner beside them."""

    address = StringField(_l("客户的手机号或邮箱"), description=_l("确认的链接发到这里，只有他能确认"))
    name = StringField(_l("怎么称呼客户"))
    is_here = BooleanField(_l("客户就在旁边，请我替他写"))
    plain = ""

    def validate(self, extra_validators: Any = None) -> bool:
        """Let the rules read the need, and read whose it is."""
        good = super().validate(extra_validators)
        self.plain = plain_address(self.address.data or "") or ""
        if not self.plain:
            self.address.errors = [*self.address.errors, sentence(Reason("assisted_address"))]
        if len(self.name.data or "") > 40:
            self.name.errors = [*self.name.errors, sentence(Reason("assisted_name_long"))]
        return good and not self.address.errors and not self.name.errors


def in_readers_unit(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same values, the amount in 万元 for a Chinese reader and in yuan for an English one.

    What cannot be read as an amount stays as it was typed.
    """
    unit = unit_of_page()
    shown = {**values, "amount_unit": values.get("amount_unit") or unit}
    if shown["amount_unit"] != unit:
        amount = read_amount(str(values.get("amount") or ""), shown["amount_unit"])
        if not isinstance(amount, Reason):
            shown["amount"] = shown_sum(amount, unit)
            shown["amount_unit"] = unit
        elif not values.get("amount"):
            shown["amount_unit"] = unit
    return shown
