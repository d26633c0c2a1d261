"""The forms of a business: texts as typed, read by ``typed``, so that nothing is lost and every error has its field."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, StringField
from wtforms import TextAreaField as AreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock
from matchmaker.accounts.rules import plain_address
from matchmaker.businesses.models import Business, CreditLine, YearlyFigures
from matchmaker.businesses.rules import (
    CAPACITIES,
    CAPACITIES_OF,
    CERTIFIED_TITLES,
    ENTITY_CODES_OF,
    LINE_KINDS,
    OUTCOMES_OF,
    REMARKS,
    SCOPES,
    TAX_GRADES,
    TITLE_REMARKS,
    Line,
    Profile,
    Year,
    check_dates,
    figures_year,
)
from matchmaker.businesses.typed import read_code, read_count, read_day, read_text, read_yuan
from matchmaker.businesses.words import LABELS
from matchmaker.formatting import language, unit_of_page
from matchmaker.reference import industries, regions, terms
from matchmaker.reference.picking import IndustryChoice, RegionChoice, choose_industry, choose_region
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, ChecksField

Value = TypeVar("Value")
NOTHING = "none"
OWN_COLLATERAL = (
    "MORT_RES", "MORT_COM", "MORT_FACT", "MORT_LAND", "MORT_EQP", "MORT_VEH", "PLEDGE_INV", "PLEDGE_AR",
    "PLEDGE_ORDER", "PLEDGE_BILL", "PLEDGE_DEP", "PLEDGE_EQ", "PLEDGE_IP_PAT", "PLEDGE_IP_TM", "PLEDGE_TAXREF",
    "SURETY_PERS", "SURETY_CORP",
)  # fmt: skip
"""What an owner can have and give; the rest of the guarantee terms is brought by third parties."""


def _labelled(group: str, codes: Iterable[str]) -> list[SelectChoice]:
    return [SelectChoice(code, LABELS[group][code]) for code in codes]


def _terms(domain: str, codes: Iterable[str]) -> list[SelectChoice]:
    english = language()
    return [SelectChoice(code, terms.label(domain, code, english)) for code in codes]


class TypedForm(BaseForm):
    """A form whose fields are read one by one; each refusal lands at its field."""

    amount_unit = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amount_unit.data not in ("wan", "yuan"):
            self.amount_unit.data = unit_of_page()

    @property
    def unit(self) -> str:
        return str(self.amount_unit.data)

    def _read(self, reader: Callable[..., Value], name: str, *args: Any, **kwargs: Any) -> Value | None:
        """What ``reader`` makes of a field's text; None, with the error put at the field, when it refuses."""
        try:
            return reader(self._fields[name].data, name, *args, **kwargs)
        except Refused as no:
            self.refuse(no)
            return None

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything typed can be read; ``read_all`` leaves the values on the form."""
        sound = super().validate(extra_validators)
        for field in self._fields.values():
            field.errors = list(field.errors)
        self.read_all()
        return sound and not any(field.errors for field in self._fields.values()) and not self.form_errors

    def read_all(self) -> None:
        """Read every field; the values wait on the form."""


class CodeForm(BaseForm):
    """The first question: the code on the licence, from which the kind follows."""

    uscc = StringField(_l("统一社会信用代码"), description=_l("执照左上角，18 位。没有字母 I、O、Z、S、V"))


class FiguresFields(TypedForm):
    """One year's figures; sums in the unit of the page."""

    employees = StringField(_l("员工多少人"), description=_l("年底的人数，老板自己也算"))
    turnover = StringField(_l("一年营业收入"), description=_l("大约的数就行，以后可以改"))
    assets = StringField(_l("资产总额"), description=_l("房、车、货、设备、存款和别人欠的，加起来"))
    liabilities = StringField(_l("负债总额"), description=_l("贷款、欠货款等，加起来。用来算负债率"))
    profit = StringField(_l("净利润"), description=_l("亏损就写负数"))

    def read_year(self, year: int, *, required: bool) -> Year | None:
        """The figures typed; None when nothing was typed (and nothing is required) or something is wrong."""
        names = ("employees", "turnover", "assets", "liabilities", "profit")
        if not required and not any((self._fields[name].data or "").strip() for name in names):
            return None
        employees = self._read(read_count, "employees", required=True)
        turnover = self._read(read_yuan, "turnover", self.unit, required=True)
        assets = self._read(read_yuan, "assets", self.unit)
        liabilities = self._read(read_yuan, "liabilities", self.unit)
        profit = self._read(read_yuan, "profit", self.unit, below_zero=True)
        if liabilities is not None and assets is None and not self.assets.errors:
            self.refuse(Refused("liabilities_without_assets", field="assets"))
        if employees is None or turnover is None:
            return None
        return Year(year, employees, turnover, assets, liabilities, profit)


class BusinessForm(FiguresFields):
    """What is typed once. A sole proprietor is asked less: no legal form, no change of owners, no balance sheet."""

    uscc = HiddenField()
    row_version = HiddenField()
    collateral_said = HiddenField()
    """Codes that were said before the business was written down, with commas; "none" for nothing."""
    name = StringField(_l("执照上的名称"))
    capacity = RadioField(_l("您是"), choices=[], validate_choice=False)
    entity_code = SelectField(_l("公司类型"), choices=[], validate_choice=False)
    industry_query = StringField(
        _l("做什么生意"), description=_l("写平常的说法，比如奶茶、快递、修车；拼音、代码也行")
    )
    industry_code = StringField(_l("行业"))
    region_query = StringField(_l("在哪个区县"), description=_l("写区县的名字，比如西湖；拼音也行"))
    province = SelectField(_l("省"), choices=[], validate_choice=False)
    city = SelectField(_l("市"), choices=[], validate_choice=False)
    region_code = StringField(_l("区县"))
    address = StringField(_l("地址"), description=_l("街道、门牌。在您同意以前，机构看不到"))
    founded_on = StringField(_l("哪天成立的"), description=_l("看执照上的成立日期或注册日期"))
    last_equity_change_on = StringField(
        _l("最近一次股东变更"), description=_l("没有变过就空着。不到 12 个月的，机构会多看一眼")
    )

    kind = ""
    profile: Profile | None = None
    year: Year | None = None
    with_figures = True

    @property
    def carried_collateral(self) -> list[str] | None:
        """What came along of collateral; None when nothing did."""
        carried = str(self.collateral_said.data or "").split(",")
        return [code for code in OWN_COLLATERAL if code in carried] if carried != [""] else None

    @property
    def short(self) -> bool:
        """Whether this is the short path of a sole proprietor."""
        return self.kind == "sole_proprietor"

    def for_kind(self, kind: str, *, with_figures: bool = True) -> BusinessForm:
        """Offer the choices of this kind of business; call it before reading."""
        self.kind, self.with_figures = kind, with_figures
        self.capacity.choices = _labelled("business.capacity", CAPACITIES_OF[kind])
        if not self.capacity.data:
            self.capacity.data = CAPACITIES_OF[kind][0]
        codes = ENTITY_CODES_OF[kind]
        self.entity_code.choices = [SelectChoice("", _l("说不清")), *_terms("entity", codes)]
        if len(codes) == 1:
            self.entity_code.data = codes[0]
        picked = self.region_choice
        self.province.choices = [
            SelectChoice("", _l("选省份")),
            *(SelectChoice(region.code, region.name) for region in picked.provinces),
        ]
        self.city.choices = [
            SelectChoice("", _l("选城市")),
            *(SelectChoice(region.code, region.name) for region in picked.cities),
        ]
        return self

    @classmethod
    def showing(cls, business: Business) -> BusinessForm:
        """The form filled with a business as it stands."""
        form = cls(
            formdata=None,
            data={
                "name": business.name,
                "entity_code": business.entity_code or "",
                "industry_code": business.industry_code,
                "region_code": business.region_code,
                "address": business.address,
                "founded_on": business.founded_on.isoformat(),
                "last_equity_change_on": business.last_equity_change_on.isoformat()
                if business.last_equity_change_on
                else "",
                "row_version": str(business.row_version),
            },
        )
        return form.for_kind(business.kind, with_figures=False)

    @property
    def industry_choice(self) -> IndustryChoice:
        return choose_industry(self.industry_query.data, self.industry_code.data)

    @property
    def region_choice(self) -> RegionChoice:
        return choose_region(self.region_query.data, self.region_code.data, self.province.data, self.city.data)

    def read_all(self) -> None:
        name = self._read(read_text, "name", longest=100)
        entity = self._read(read_code, "entity_code", ENTITY_CODES_OF[self.kind], required=False)
        industry = industries.get(self.industry_code.data)
        if industry is None or industry.level != industries.CLASS:
            self.refuse(Refused("industry_missing", field="industry_code"))
        region = regions.county_of(self.region_code.data)
        if region is None:
            self.refuse(Refused("region_missing", field="region_code"))
        address = self._read(read_text, "address", longest=200)
        founded = self._read(read_day, "founded_on")
        changed = None if self.short else self._read(read_day, "last_equity_change_on", required=False)
        if founded is not None:
            try:
                check_dates(founded, changed, clock.today())
            except Refused as no:
                self.refuse(no)
        if self.with_figures:
            self._read(read_code, "capacity", CAPACITIES_OF[self.kind])
            self.year = self.read_year(figures_year(clock.today()), required=False)
            if self.year is not None and founded is not None and founded.year > self.year.year:
                self.refuse(Refused("year_not_possible", field="turnover", year=self.year.year))
        if name and industry and region and address and founded:
            self.profile = Profile(name, industry.code, region.code, address, founded, entity or None, changed)


class FiguresForm(FiguresFields):
    """One year's figures on a page of their own."""

    row_version = HiddenField()
    year_number = 0
    year: Year | None = None

    @classmethod
    def showing(cls, row: YearlyFigures | None) -> FiguresForm:
        """The form filled with a year as it stands, or empty."""
        unit = unit_of_page()
        if row is None:
            return cls(formdata=None, data={"row_version": "0", "amount_unit": unit})
        return cls(
            formdata=None,
            data={
                "employees": str(row.employees),
                "turnover": shown_sum(row.turnover_yuan, unit),
                "assets": shown_sum(row.assets_yuan, unit),
                "liabilities": shown_sum(row.liabilities_yuan, unit),
                "profit": shown_sum(row.profit_yuan, unit),
                "row_version": str(row.row_version),
                "amount_unit": unit,
            },
        )

    def read_all(self) -> None:
        self.year = self.read_year(self.year_number, required=True)


class StrengthsForm(BaseForm):
    """What speaks for the business: tax grade, evidence, and what could secure a loan."""

    row_version = HiddenField()
    tax_grade = RadioField(_l("纳税信用等级"), choices=[], validate_choice=False)
    has_tax_evidence = BooleanField(_l("能拿出纳税记录"), description=_l("完税证明、申报表、开票记录，都算"))
    has_flow_evidence = BooleanField(_l("能拿出流水"), description=_l("对公账户、收款码、微信或支付宝的流水，都算"))
    collateral = ChecksField(_l("能拿来抵押、质押或担保的"), choices=[], validate_choice=False)

    @classmethod
    def showing(cls, business: Business | None) -> StrengthsForm:
        """The form filled with a business, or (None) with what was posted."""
        if business is None:
            form = cls()
        else:
            form = cls(
                formdata=None,
                data={
                    "row_version": str(business.row_version),
                    "tax_grade": business.tax_grade or "unknown",
                    "has_tax_evidence": business.has_tax_evidence,
                    "has_flow_evidence": business.has_flow_evidence,
                    "collateral": business.collateral or ([NOTHING] if business.collateral_said else []),
                },
            )
        form.tax_grade.choices = _labelled("business.tax_grade", (*TAX_GRADES, "unknown"))
        form.collateral.choices = [SelectChoice(NOTHING, _l("没有")), *_terms("guarantee", OWN_COLLATERAL)]
        return form

    def validate(self, extra_validators: Any = None) -> bool:
        """"Nothing" and something at once is no answer."""
        sound = super().validate(extra_validators)
        if NOTHING in (self.collateral.data or []) and self.things:
            self.refuse(Refused("collateral_contradicts", "collateral"))
            return False
        return sound

    @property
    def grade(self) -> str | None:
        """The grade chosen; None for "not sure"."""
        return self.tax_grade.data if self.tax_grade.data in TAX_GRADES else None

    @property
    def said(self) -> list[str] | None:
        """What was said of collateral; None when nothing was ticked."""
        return self.things if self.things or NOTHING in (self.collateral.data or []) else None

    @property
    def things(self) -> list[str]:
        return [code for code in OWN_COLLATERAL if code in (self.collateral.data or [])]


class TitleForm(TypedForm):
    """A title with its certificate."""

    title_code = RadioField(_l("什么资质"), choices=[], validate_choice=False)
    certificate_number = StringField(_l("证书编号"))
    issuer = StringField(_l("谁发的"), description=_l("比如省工业和信息化厅"))
    expires_on = StringField(_l("到哪天有效"), description=_l("证书上没写就空着"))

    values: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title_code.choices = _terms("quality", CERTIFIED_TITLES)

    def read_all(self) -> None:
        self.values = {
            "code": self._read(read_code, "title_code", CERTIFIED_TITLES),
            "certificate_number": self._read(read_text, "certificate_number", longest=60),
            "issuer": self._read(read_text, "issuer", longest=80),
            "expires_on": self._read(read_day, "expires_on", required=False),
        }


class LineForm(TypedForm):
    """An existing loan or guarantee line."""

    row_version = HiddenField()
    institution_name = StringField(_l("哪家机构"))
    kind = RadioField(_l("是贷款还是担保"), choices=[], validate_choice=False)
    amount = StringField(_l("批了多少"))
    balance = StringField(_l("现在还欠多少"), description=_l("还清了就写 0"))
    security_code = SelectField(_l("靠什么担保"), choices=[], validate_choice=False)
    started_on = StringField(_l("哪天开始"))
    matures_on = StringField(_l("哪天到期"))

    line: Line | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = _labelled("business.line_kind", LINE_KINDS)
        self.kind.data = self.kind.data or LINE_KINDS[0]
        self.security_code.choices = _terms("guarantee", terms.codes("guarantee"))

    @classmethod
    def showing(cls, row: CreditLine) -> LineForm:
        """The form filled with a line as it stands."""
        unit = unit_of_page()
        return cls(
            formdata=None,
            data={
                "row_version": str(row.row_version),
                "institution_name": row.institution_name,
                "kind": row.kind,
                "amount": shown_sum(row.amount_yuan, unit),
                "balance": shown_sum(row.balance_yuan, unit),
                "security_code": row.security_code,
                "started_on": row.started_on.isoformat(),
                "matures_on": row.matures_on.isoformat(),
                "amount_unit": unit,
            },
        )

    def read_all(self) -> None:
        name = self._read(read_text, "institution_name", longest=80)
        kind = self._read(read_code, "kind", LINE_KINDS)
        amount: Decimal | None = self._read(read_yuan, "amount", self.unit, required=True)
        balance: Decimal | None = self._read(read_yuan, "balance", self.unit, required=True)
        security = self._read(read_code, "security_code", terms.codes("guarantee"))
        started = self._read(read_day, "started_on")
        matures = self._read(read_day, "matures_on")
        if name and kind and amount is not None and balance is not None and security and started and matures:
            self.line = Line(name, kind, amount, balance, security, started, matures)


class PaperForm(BaseForm):
    """One paper; its content is checked before the transaction begins."""

    kind = HiddenField()
    file = FileField(
        _l("照片或 PDF"), description=_l("JPG、PNG、WebP 或 PDF，最大 10 MB。四个角都要拍到，字要看得清")
    )


class CapacityForm(BaseForm):
    """Who one is for the business."""

    capacity = RadioField(_l("您是"), choices=[], validate_choice=False)

    def for_kind(self, kind: str, current: str | None = None) -> CapacityForm:
        self.capacity.choices = _labelled("business.capacity", CAPACITIES_OF[kind])
        if current and not self.capacity.data:
            self.capacity.data = current
        return self


class MandateForm(TypedForm):
    """What a helper may do, up to which sum, until when."""

    row_version = HiddenField()
    scope = RadioField(_l("他可以做什么"), choices=[], validate_choice=False)
    limit = StringField(_l("最多到多少钱"), description=_l("让他送机构、接受报价才填：需求、报价、保费都不能超过它"))
    until_on = StringField(_l("到哪天为止"), description=_l("最长一年，随时可以提前停"))

    limit_yuan: Decimal | None = None
    until: date | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope.choices = _labelled("business.scope", SCOPES)

    def read_all(self) -> None:
        self.limit_yuan = self._read(read_yuan, "limit", self.unit)
        self.until = self._read(read_day, "until_on")


class HelperForm(MandateForm):
    """The same, with whom to let in."""

    address = StringField(_l("他的手机号或邮箱"), description=_l("链接只发到这里，只有他能用，7 天内有效"))
    plain = ""

    def read_all(self) -> None:
        super().read_all()
        self.plain = plain_address(self.address.data or "") or ""
        if not self.plain:
            self.refuse(Refused("mandate_address", field="address"))


class DecisionForm(BaseForm):
    """An operator's decision on papers."""

    row_version = HiddenField()
    remark_code = RadioField(_l("哪里不对"), choices=[], validate_choice=False)
    remark = AreaField(_l("补充一句"), description=_l("店主会看到这句话。选了“别的”，这里一定要写"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remark_code.choices = _labelled("business.remark", REMARKS)


class ClaimForm(BaseForm):
    """A second claim to a code: as whom, and why."""

    uscc = StringField(_l("统一社会信用代码"), description=_l("执照左上角，18 位。没有字母 I、O、Z、S、V"))
    capacity = RadioField(_l("您是"), choices=[], validate_choice=False)
    words = AreaField(
        _l("说说您和这家店的关系"), description=_l("平台核对的人会看。别写电话、身份证号，对方看不到您是谁")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.capacity.choices = _labelled("business.capacity", CAPACITIES)


class SideForm(BaseForm):
    """The side of who holds the business."""

    words = AreaField(_l("说说您这边的情况"), description=_l("平台核对的人会看。别写电话、身份证号，对方看不到您是谁"))


class CaseForm(BaseForm):
    """An operator's decision of a case."""

    row_version = HiddenField()
    outcome = RadioField(_l("怎么定"), choices=[], validate_choice=False)
    reason = AreaField(_l("为什么"), description=_l("两边都会看到。别写任何一方的姓名和电话"))

    def for_kind(self, kind: str) -> CaseForm:
        """Offer the outcomes of this kind of case, and say who reads the reason."""
        if kind == "papers":
            self.reason.description = _l("送材料的人会看到。看的人的意见不会给他看")
        self.outcome.choices = _labelled("business.outcome", OUTCOMES_OF[kind])
        return self


class TitleDecisionForm(BaseForm):
    """What an operator found in the register."""

    row_version = HiddenField()
    remark_code = RadioField(_l("查到的是"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.remark_code.choices = _labelled("business.title_remark", TITLE_REMARKS)
