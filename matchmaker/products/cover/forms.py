"""The forms of an insurer's desk: four steps of a cover; the rules decide what is right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.products.cover.rules import DOCUMENTS, Filing, Period, Plan
from matchmaker.products.cover.words import LABELS
from matchmaker.products.forms import ChecksField as _Checks
from matchmaker.products.forms import StepForm
from matchmaker.products.rules.terms import document_field
from matchmaker.reference import insurance_lines
from matchmaker.web import BaseForm, label


class ChecksField(_Checks):
    """Several boxes to tick, with labels of cover."""

    def __init__(self, label: Any, group: str, codes: Iterable[str], **kwargs: Any) -> None:
        if group.startswith("cover."):
            super(_Checks, self).__init__(
                label, choices=[SelectChoice(str(code), LABELS[group][str(code)]) for code in codes],
                validate_choice=False, **kwargs,
            )  # fmt: skip
        else:
            super().__init__(label, group, codes, **kwargs)


class BasicsForm(StepForm):
    name = StringField(_l("名字"), description=_l("店主看得懂的名字，和条款一致"))
    summary = StringField(_l("一句话介绍"), description=_l("给谁、保什么"))
    covers = TextAreaField(_l("保什么"), description=_l("一行一样，用店主的话写"))
    exclusions = TextAreaField(_l("不保什么"), description=_l("一行一样，写全。店主最先看这里"))
    deductible = TextAreaField(_l("自己先承担多少"), description=_l("免赔额、免赔率；没有就写“没有免赔”"))


class WhoForm(StepForm):
    applicant_kinds = ChecksField(
        _l("谁能投保"), "product.applicant_kind", ("enterprise", "sole_proprietor", "cooperative")
    )
    regions = StringField(_l("服务范围"), description=_l("地名或 6 位代码，用顿号分开；空着就是都办"))
    industries_allow = StringField(_l("只保这些行业"), description=_l("代码或名称，比如 61、62、零售业；空着就是都保"))
    industries_deny = StringField(_l("不保这些行业"), description=_l("比上面优先"))
    min_months_in_business = StringField(_l("开业时间，至少"))
    min_turnover_wan = StringField(_l("一年营业额，至少"))


class SumsForm(StepForm):
    sum_min_wan = StringField(_l("保额，最少"))
    sum_max_wan = StringField(_l("保额，最多"))
    periods = ChecksField(_l("保多久"), "cover.period", tuple(Period))
    plans = ChecksField(_l("怎么付"), "cover.plan", tuple(Plan), description=_l("保费付给您单位，平台不收钱"))
    rate_min = StringField(_l("参考费率，最低"))
    rate_max = StringField(_l("参考费率，最高"))
    least_premium_yuan = StringField(_l("最低保费"))


class PromisesForm(StepForm):
    documents = ChecksField(_l("要的材料"), "cover.document", DOCUMENTS, description=_l("勾一样，写一句为什么要"))
    answer_days = StringField(_l("几个工作日内给报价"), description=_l("从受理算起，最多 5 个"))
    acknowledge_days = StringField(_l("报案后几个工作日内联系"), description=_l("最多 5 个"))
    decide_days = StringField(_l("材料齐了几天内定损定责"), description=_l("法律规定最多 30 天"))
    pay_days = StringField(_l("谈妥后几天内赔到账"), description=_l("法律规定最多 10 天"))
    small_claim_yuan = StringField(_l("小额快赔，多少元以下"), description=_l("没有就空着"))
    small_claim_days = StringField(_l("小额快赔，几天内赔"))
    filing = RadioField(
        _l("条款怎么报的"), choices=[SelectChoice(str(code), LABELS["cover.filing"][str(code)]) for code in Filing],
        validate_choice=False,
    )  # fmt: skip
    filing_number = StringField(_l("备案、注册或批准的编号"))
    filed_on = StringField(_l("哪天报的"))
    terms_url = StringField(_l("条款全文的网址"), description=_l("您单位自己的网站，https 开头；可以不填"))
    valid_from_on = StringField(_l("从哪天起"))
    valid_until_on = StringField(_l("到哪天止"), description=_l("最多一年，到期重新确认"))


for _code in DOCUMENTS:
    setattr(PromisesForm, document_field(_code), StringField(LABELS["cover.document"][_code]))

STEP_FORMS: dict[str, type[StepForm]] = {
    "basics": BasicsForm,
    "who": WhoForm,
    "sums": SumsForm,
    "promises": PromisesForm,
}


class StartForm(BaseForm):
    """A new cover: which line, what it is called."""

    line = SelectField(_l("哪个险种"), coerce=str, validate_choice=False)
    name = StringField(_l("名字"), description=_l("先起个名，后面都能改"))

    def offer(self, lines: Iterable[str]) -> StartForm:
        """Set what can be chosen, by groups."""
        known = set(lines)
        self.line.choices = {str(_l("请选")): [("", str(_l("请选")))]} | {
            label("cover.group", group): [
                (line.code, label("cover.line", line.code))
                for line in insurance_lines.in_group(group)
                if line.code in known
            ]
            for group in insurance_lines.groups()
            if any(line.code in known for line in insurance_lines.in_group(group))
        }
        return self
