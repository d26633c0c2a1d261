"""Fields of signing in, registering, one's own account, institutions and staff; cross-field checks call rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import (
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.fields.numeric import DecimalField, IntegerField
from wtforms.validators import URL, InputRequired, Length, NumberRange, Optional

from matchmaker.accounts import places
from matchmaker.accounts.rules import BROKER_ASKED, INSTITUTION_KINDS, BranchFacts, plain_address, plain_licence
from matchmaker.accounts.words import KINDS_OF_OUR_OWN, LABELS
from matchmaker.formatting import unit_of_page
from matchmaker.reference import regions, terms
from matchmaker.reference.rules.sums import UNITS, read_sum
from matchmaker.web import BaseForm, sentence

_needed = InputRequired(_l("这里要填"))
_web_address = [Optional(), URL(require_tld=True, message=_l("网址从 https:// 写起。")), Length(max=200)]


class Between(NumberRange):
    """A number within limits; one that no float can hold (hundreds of digits, sNaN) is outside them."""

    def __call__(self, form: Any, field: Any) -> None:
        try:
            super().__call__(form, field)
        except ValidationError:
            raise
        except (OverflowError, ValueError) as unheld:
            raise ValidationError(str(self.message)) from unheld


class AddressField(StringField):
    """A phone number or e-mail address; ``data`` stays as typed, ``plain`` is its one spelling or ""."""

    plain = ""

    def pre_validate(self, form: Any) -> None:
        self.plain = plain_address(self.data or "") or ""
        if (self.data or "").strip() and not self.plain:
            raise ValidationError(str(_l("这不像手机号，也不像邮箱。手机号 11 位，邮箱里有 @。")))


class OnwardForm(BaseForm):
    """A step on the way in: it remembers where one was going and what was typed there."""

    next = HiddenField()
    carried = HiddenField()


class SignInForm(OnwardForm):
    identifier = AddressField(_l("手机号或邮箱"), validators=[_needed, Length(max=254)])
    password = PasswordField(_l("密码"), validators=[_needed, Length(max=1000)])


class AskCodeForm(OnwardForm):
    identifier = AddressField(_l("手机号或邮箱"), validators=[_needed, Length(max=254)])


class CodeForm(OnwardForm):
    code = StringField(_l("6 位验证码"), validators=[_needed, Length(max=40)])


class SecondStepForm(OnwardForm):
    code = StringField(_l("动态口令，或一个备用码"), validators=[_needed, Length(max=40)])


class RegisterForm(OnwardForm):
    code = StringField(_l("6 位验证码"), validators=[_needed, Length(max=40)])
    name = StringField(_l("您怎么称呼"), validators=[_needed, Length(max=40)])
    password = PasswordField(_l("设一个密码"), validators=[_needed, Length(max=1000)])


class ResetForm(BaseForm):
    code = StringField(_l("6 位验证码"), validators=[_needed, Length(max=40)])
    password = PasswordField(_l("新密码"), validators=[_needed, Length(max=1000)])


class ChangePasswordForm(BaseForm):
    old_password = PasswordField(_l("现在的密码"), validators=[_needed, Length(max=1000)])
    password = PasswordField(_l("新密码"), validators=[_needed, Length(max=1000)])


class OwnDetailsForm(BaseForm):
    name = StringField(_l("姓名或称呼"), validators=[_needed, Length(max=40)])
    language = RadioField(_l("消息用哪种文字写"), choices=[SelectChoice("zh", "中文"), SelectChoice("en", "English")])


class NewAddressForm(BaseForm):
    address = AddressField(_l("新的手机号或邮箱"), validators=[_needed, Length(max=254)])


class ConfirmForm(BaseForm):
    """A step that asks: nothing but its button."""


class AppForm(BaseForm):
    code = StringField(_l("应用里现在的 6 位数字"), validators=[_needed, Length(max=40)])


class AcceptForm(BaseForm):
    name = StringField(_l("您的姓名"), validators=[_needed, Length(max=40)])
    password = PasswordField(_l("设一个密码"), validators=[_needed, Length(max=1000)])


# Institutions -------------------------------------------------------------------------------------------------------


def kind_choices() -> list[SelectChoice]:
    """The kinds of institution in the reader's language."""
    return [SelectChoice("", str(_l("请选")))] + [SelectChoice(kind, kind_label(kind)) for kind in INSTITUTION_KINDS]


def kind_label(kind: str) -> str:
    """The words for a kind of institution."""
    if kind in KINDS_OF_OUR_OWN:
        return str(KINDS_OF_OUR_OWN[kind])
    return terms.label("institution", kind, str(get_locale() or "zh"))


class RegionField(StringField):
    """One division by name or code; ``region`` is what it means."""

    region: regions.Region | None = None

    def pre_validate(self, form: Any) -> None:
        text = (self.data or "").strip()
        self.region = None
        if not text:
            return
        reading = places.read_regions(text)
        if reading.troubles:
            raise ValidationError(sentence(reading.troubles[0]))
        if len(reading.prefixes) != 1:
            raise ValidationError(str(_l("这里只写一个地方。")))
        self.region = places.region_of_prefix(reading.prefixes[0])

    @property
    def code(self) -> str:
        return self.region.code if self.region else ""


class LinesField(TextAreaField):
    """Regions or trades, one a line; ``prefixes`` is what they mean."""

    prefixes: tuple[str, ...] = ()
    read = staticmethod(places.read_regions)

    def pre_validate(self, form: Any) -> None:
        reading = type(self).read(self.data or "")
        self.prefixes = reading.prefixes
        if reading.troubles:
            raise ValidationError(sentence(reading.troubles[0]))


class TradesField(LinesField):
    read = staticmethod(places.read_industries)


class ApplicationForm(BaseForm):
    name = StringField(_l("机构全称"), validators=[_needed, Length(max=80)])
    short_name = StringField(_l("简称"), validators=[_needed, Length(max=20)])
    kind = SelectField(_l("哪一类"), choices=kind_choices, validators=[_needed])
    licence_number = StringField(_l("许可证号"), validators=[_needed, Length(max=60)])
    region_code = RegionField(_l("总部在哪里"), validators=[_needed, Length(max=40)])
    contact_address = AddressField(_l("您单位联系人的手机号或邮箱"), validators=[_needed, Length(max=254)])
    website = StringField(_l("网站"), validators=_web_address)
    about = TextAreaField(_l("一两句话介绍"), validators=[Optional(), Length(max=500)])

    def validate_licence_number(self, field: StringField) -> None:
        if plain_licence(field.data or "") is None:
            raise ValidationError(str(_l("许可证号是 6 到 40 位字母、数字和短横。")))


class AdmitForm(BaseForm):
    licence_seen = SelectField(
        _l("在哪里查到的"),
        choices=lambda: [
            SelectChoice("", str(_l("请选"))),
            SelectChoice("register", str(_l("监管部门的许可证查询网页，号码和名称都一致"))),
            SelectChoice("paper", str(_l("看过加盖公章的复印件，并打电话核实"))),
        ],
        validators=[_needed],
    )


class SuspendForm(BaseForm):
    note = TextAreaField(_l("为什么，对方会看到"), validators=[_needed, Length(max=500)])


class DescribeForm(BaseForm):
    website = StringField(_l("网站"), validators=_web_address)
    about = TextAreaField(_l("一两句话介绍"), validators=[Optional(), Length(max=500)])


def _a_limit(form: BranchForm, field: StringField) -> None:
    """A sum up to which a branch decides alone; at most 100 billion yuan."""
    limit = read_sum(field.data, form.unit)
    if limit is None or not 1 <= limit <= 10**11:
        raise ValidationError(_l("写一个大于 0 的金额，最多 1,000 亿元。"))


class BranchForm(BaseForm):
    name = StringField(_l("网点名称"), validators=[_needed, Length(max=60)])
    region_code = RegionField(_l("在哪个区县"), validators=[_needed, Length(max=40)])
    service_regions = LinesField(_l("服务哪些地方"), validators=[Optional(), Length(max=4000)])
    service_radius_km = IntegerField(
        _l("或者：方圆多少公里"), validators=[Optional(), Between(1, 1000, _l("1 到 1000 公里。"))]
    )
    latitude = DecimalField(
        _l("纬度"), places=None, validators=[Optional(), Between(-90, 90, _l("纬度在 -90 到 90 之间。"))]
    )
    longitude = DecimalField(
        _l("经度"), places=None, validators=[Optional(), Between(-180, 180, _l("经度在 -180 到 180 之间。"))]
    )
    amount_unit = HiddenField()
    decision_limit = StringField(_l("一笔最多能自己批多少"), validators=[Optional(), _a_limit])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amount_unit.data not in UNITS:
            self.amount_unit.data = unit_of_page()

    @property
    def unit(self) -> str:
        """In which unit the limit is typed."""
        return str(self.amount_unit.data)

    def facts(self) -> BranchFacts:
        """What the service wants to know. Without a point of its own a branch stands at its county's seat."""
        point = (
            (float(self.latitude.data), float(self.longitude.data))
            if self.latitude.data is not None and self.longitude.data is not None
            else regions.point(self.region_code.code)
        )
        limit = read_sum(self.decision_limit.data, self.unit)
        return BranchFacts(
            name=self.name.data or "",
            region_code=self.region_code.code,
            latitude=point[0] if point else None,
            longitude=point[1] if point else None,
            service_radius_km=self.service_radius_km.data,
            service_regions=self.service_regions.prefixes,
            decision_limit_yuan=limit.quantize(Decimal("0.01")) if limit is not None else None,
        )


# Staff --------------------------------------------------------------------------------------------------------------


class InviteForm(BaseForm):
    role = RadioField(_l("做什么"), validators=[_needed])
    address = AddressField(_l("他的手机号或邮箱"), validators=[_needed, Length(max=254)])
    name = StringField(_l("姓名"), validators=[Optional(), Length(max=40)])
    branch_id = SelectField(_l("在哪个网点"), coerce=str, validators=[Optional()])


class ProfileForm(BaseForm):
    branch_id = SelectField(_l("在哪个网点"), coerce=str, validators=[_needed])
    patch_regions = LinesField(_l("跑哪一片"), validators=[_needed, Length(max=4000)])
    skills = TradesField(_l("熟悉哪些行业"), validators=[Optional(), Length(max=4000)])
    capacity_leads = IntegerField(
        _l("手上最多同时几件"), validators=[InputRequired(_l("这里要填")), Between(0, 500, _l("0 到 500 件。"))]
    )


# Brokers ------------------------------------------------------------------------------------------------------------


class BrokerForm(BaseForm):
    """A report of somebody who asked for what must not be asked for; who, what and no account needed."""

    badge = HiddenField()
    who = StringField(
        _l("他怎么称呼，自称哪里的"), description=_l("例如：王经理，自称某某银行"),
        validators=[_needed, Length(max=120)],
    )  # fmt: skip
    phone = StringField(_l("他的电话或微信"), validators=[Optional(), Length(max=60)])
    asked = RadioField(
        _l("他要您做什么"),
        choices=[SelectChoice(code, LABELS["accounts.broker_asked"][code]) for code in BROKER_ASKED],
        validators=[InputRequired(_l("选一样"))],
    )
    words = TextAreaField(_l("经过，一两句话"), validators=[Optional(), Length(max=1000)])
    lead_number = StringField(
        _l("哪一件，编号"), description=_l("在“进度”里打开那一件，网址最后的数字"),
        validators=[Optional(), Length(max=9)],
    )  # fmt: skip
    institution_id = SelectField(_l("他说是哪一家的"), coerce=str, validators=[Optional()])
    contact = StringField(
        _l("还想问您的时候怎么找您"), description=_l("不填也收。只有平台运营看得到，机构看不到。"),
        validators=[Optional(), Length(max=120)],
    )  # fmt: skip

    def validate_lead_number(self, field: StringField) -> None:
        text = (field.data or "").strip()
        if text and not (text.isascii() and text.isdecimal()):
            raise ValidationError(str(_l("编号只有数字。不知道就空着。")))
        field.data = text


class SettleForm(BaseForm):
    row_version = HiddenField()
    outcome = TextAreaField(_l("查到什么，怎么办的"), validators=[_needed, Length(max=1000)])
