"""The forms of a desk: five steps of a product, and small ones that say why; the rules decide what is right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import web
from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.formatting import unit_of_page
from matchmaker.products.rules.concessions import SLOTS, WAIVABLE, Change, For, slot_field
from matchmaker.products.rules.fees import FEE_CODES, Payer, pairs_of
from matchmaker.products.rules.states import Kind
from matchmaker.products.rules.terms import (
    APPLICANT_KINDS,
    DOCUMENT_CODES,
    Problem,
    RateBase,
    RenewalKind,
    document_field,
    fee_field,
)
from matchmaker.products.rules.typed import FEE_PARTS, PURPOSES, REPAYMENTS, SECURITIES, shown_of
from matchmaker.products.words import LABELS
from matchmaker.web import BaseForm, sentence


def _choices(group: str, codes: Iterable[str], empty: Any = None) -> list[SelectChoice]:
    labels: Mapping[str, Any] = LABELS[group]
    first = [] if empty is None else [SelectChoice("", empty)]
    return first + [SelectChoice(str(code), labels[str(code)]) for code in codes]


class ChecksField(web.ChecksField):
    """Several boxes to tick, with the labels of a group."""

    def __init__(self, label: Any, group: str, codes: Iterable[str], **kwargs: Any) -> None:
        super().__init__(label, choices=_choices(group, codes), validate_choice=False, **kwargs)


class StepForm(BaseForm):
    """One step as it was typed; the row version says what the writer had before them.

    A draft keeps sums in 万元; the page shows them, and takes them, in the unit that it says with its form.
    """

    row_version = HiddenField()
    amount_unit = HiddenField()

    def __init__(self, typed: Mapping[str, Sequence[str]], row_version: int) -> None:
        unit = unit_of_page()
        values = MultiDict([(field, value) for field, values in shown_of(typed, unit).items() for value in values])
        super().__init__(formdata=values)
        self.row_version.data, self.amount_unit.data = str(row_version), unit

    def mark(self, problems: Iterable[Problem]) -> StepForm:
        """Put each problem at its field."""
        for problem in problems:
            field = self._fields[problem.field]
            field.errors = [*field.errors, sentence(problem.reason)]
        return self


class BasicsForm(StepForm):
    name = StringField(_l("产品名"), description=_l("店主看得懂的名字，不写做不到的话"))
    summary = StringField(_l("一句话介绍"), description=_l("给谁、做什么用、有什么特点"))
    applicant_kinds = ChecksField(_l("谁能申请"), "product.applicant_kind", APPLICANT_KINDS)
    purposes = ChecksField(_l("用途"), "product.purpose", PURPOSES)
    first_time_friendly = BooleanField(_l("欢迎头一回贷款"), description=_l("没有贷款记录的也愿意办"))
    first_time_only = BooleanField(_l("只给头一回贷款的"))


class MoneyForm(StepForm):
    amount_min_wan = StringField(_l("最少"))
    amount_max_wan = StringField(_l("最多"))
    term_min_months = StringField(_l("最短"))
    term_max_months = StringField(_l("最长"))
    rate_base = RadioField(_l("利率按什么定"), choices=_choices("product.rate_base", RateBase), validate_choice=False)
    spread_min_bp = StringField(_l("最低加点"), description=_l("减点写负数，比如 -20"))
    spread_max_bp = StringField(_l("最高加点"), description=_l("只有一个价，就和最低写一样"))
    fixed_rate_percent = StringField(_l("固定年利率"), description=_l("只在选了“固定利率”时填"))
    repayments = ChecksField(_l("怎么还"), "product.repayment", REPAYMENTS)
    securities = ChecksField(
        _l("担保方式"),
        "product.security",
        SECURITIES,
        description=_l("接受哪几样就勾哪几样；勾了“信用”就是不用担保也能办"),
    )
    revolving = BooleanField(_l("额度循环用"), description=_l("还了还能再借，不用重新批"))


class CriteriaForm(StepForm):
    regions = StringField(_l("服务范围"), description=_l("地名或 6 位代码，用顿号分开；空着就是网点服务的地方都办"))
    industries_allow = StringField(_l("只做这些行业"), description=_l("代码或名称，比如 61、62、零售业；空着就是都做"))
    industries_deny = StringField(_l("不做这些行业"), description=_l("比上面优先"))
    min_months_in_business = StringField(_l("开业时间，至少"))
    min_turnover_wan = StringField(_l("一年营业额，至少"))
    least_tax_grade = SelectField(
        _l("纳税信用，至少"),
        choices=_choices("product.tax_grade", TAX_GRADES, empty=_l("不看")),
        validate_choice=False,
        description=_l("M 级是新开的，还没评上"),
    )
    max_debt_ratio_percent = StringField(_l("负债率，最多"))


class PromisesForm(StepForm):
    renewal_kind = RadioField(
        _l("到期怎么续"), choices=_choices("product.renewal_kind", RenewalKind), validate_choice=False
    )
    renewal_statement = TextAreaField(
        _l("续贷说明"), description=_l("什么时候申请、要什么、要不要先还本；不能续就写原因。客户会原样看到")
    )
    documents = ChecksField(
        _l("要的材料"), "product.document", DOCUMENT_CODES, description=_l("勾一样，写一句为什么要")
    )
    promised_days = StringField(_l("几个工作日内答复"), description=_l("从受理算起，写做得到的"))
    valid_from_on = StringField(_l("从哪天起"))
    valid_until_on = StringField(_l("到哪天止"), description=_l("最多一年，到期重新确认"))


for _code in DOCUMENT_CODES:
    setattr(PromisesForm, document_field(_code), StringField(LABELS["product.document"][_code]))


class FeesForm(StepForm):
    """Every fee is asked; the fields of each are added below, named fee-GUAR-value."""

    codes = FEE_CODES
    parts = FEE_PARTS
    slots = SLOTS


_ANSWERS = [SelectChoice("none", _l("不收")), SelectChoice("charged", _l("收"))]
_ANSWERS_OF_SUBSIDIES = [SelectChoice("none", _l("没有补")), SelectChoice("charged", _l("有补"))]


def _add_fee(code: str) -> None:
    name = LABELS["product.fee"][code]
    ways = _choices("product.fee_way", [f"{basis}.{timing}" for basis, timing in pairs_of(code)], empty=_l("请选"))
    fields = {
        "answer": RadioField(
            name, choices=_ANSWERS_OF_SUBSIDIES if code in ("SUBSIDY", "GUARSUB") else _ANSWERS, validate_choice=False
        ),
        "payer": SelectField(
            _l("谁出"), choices=_choices("product.payer", Payer, empty=_l("请选")), validate_choice=False
        ),
        "payee": StringField(_l("谁收")),
        "value": StringField(_l("多少")),
        "way": SelectField(_l("怎么算、什么时候付"), choices=ways, validate_choice=False),
        "optional": BooleanField(_l("客户可以不要这一项")),
        "note": StringField(_l("补充")),
    }
    for part, field in fields.items():
        setattr(FeesForm, fee_field(code, part), field)


for _code in FEE_CODES:
    _add_fee(_code)


def _add_concession(slot: int) -> None:
    fields = {
        "change": SelectField(
            _l("让什么"), choices=_choices("product.concession", Change, empty=_l("没有")), validate_choice=False
        ),
        "whom": SelectField(
            _l("让给谁"), choices=_choices("product.concession_for", For, empty=_l("请选")), validate_choice=False
        ),
        "cut_bp": StringField(_l("利率减多少"), description=_l("只在让利率时填，单位是基点，100 个是一个百分点")),
        "fee": SelectField(
            _l("免哪一项"), choices=_choices("product.fee", WAIVABLE, empty=_l("请选")), validate_choice=False,
            description=_l("只在免费用时填，要是上面收的那一项"),
        ),
        "from_on": StringField(_l("从哪天起")),
        "until_on": StringField(_l("到哪天止")),
    }  # fmt: skip
    for part, field in fields.items():
        setattr(FeesForm, slot_field(slot, part), field)


for _slot in SLOTS:
    _add_concession(_slot)

STEP_FORMS: dict[str, type[StepForm]] = {
    "basics": BasicsForm,
    "money": MoneyForm,
    "criteria": CriteriaForm,
    "fees": FeesForm,
    "promises": PromisesForm,
}


class CapacityForm(StepForm):
    """What a product can take; everything may stay empty."""

    leads_per_week = StringField(_l("一周最多接几件"), description=_l("周一到周日，按送来的那天算"))
    funds_left_wan = StringField(_l("还有多少额度能放"), description=_l("店主接受一份报价，就从这里扣"))
    full_until_on = StringField(_l("满到哪天"), description=_l("这一天以前（含）不接新的"))


class StartForm(BaseForm):
    """A new product: what kind, what it is called, of which branch."""

    kind = RadioField(_l("列哪一种"), validate_choice=False)
    name = StringField(_l("产品名"), description=_l("先起个名，后面都能改"))
    branch_id = SelectField(_l("哪个网点的"), coerce=str, validate_choice=False)

    def offer(self, kinds: Iterable[Kind], branches: Iterable[tuple[int, str]]) -> StartForm:
        """Set what can be chosen."""
        self.kind.choices = _choices("product.kind", kinds)
        if self.kind.data is None and len(self.kind.choices) == 1:
            self.kind.data = self.kind.choices[0].value
        self.branch_id.choices = [
            SelectChoice("", _l("全行都办")),
            *(SelectChoice(str(number), name) for number, name in branches),
        ]
        return self


class ImportForm(BaseForm):
    """A table of products."""

    file = FileField(
        _l("Excel 或 CSV 表"),
        description=_l("最大 1 MB、200 行，.xlsx 或 .csv。一行一个产品，要有“产品名称”一列"),
    )


class StepDeedForm(BaseForm):
    """A deed on a product or a version that carries the row version it was decided on."""

    row_version = HiddenField()


class NoteForm(StepDeedForm):
    """A deed that says why."""

    note = TextAreaField(_l("原因"), description=_l("同事会看到，写清楚要改什么或者为什么停"))
