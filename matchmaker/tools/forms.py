"""The forms of the calculators: what is typed, as text; rules say what is right."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.widgets import DateInput

from matchmaker.formatting import unit_of_page
from matchmaker.pricing.cashflows import NEEDS_PARAM, Repayment
from matchmaker.pricing.revolving import Move
from matchmaker.reference.rules.sums import UNITS, WAN, read_sum
from matchmaker.refusal import Reason
from matchmaker.tools.rules import (
    MOST_YUAN,
    LoanQuestion,
    Problem,
    SizeQuestion,
    as_figure,
    read_cost_question,
    read_size_question,
)
from matchmaker.tools.words import LABELS
from matchmaker.web import BaseForm, sentence

_ONE = Decimal(1)
LINES = 6

#: The ways of repaying in the order in which owners meet them.
REPAYMENTS = (
    Repayment.EQ_INST, Repayment.INT_M_BULLET, Repayment.EQ_PRIN, Repayment.INT_Q_BULLET, Repayment.BULLET,
    Repayment.FLAT, Repayment.INT_M_PART, Repayment.BALLOON,
)  # fmt: skip


def typed_figure(text: str | None) -> str:
    """A figure as people type it (1,000 or full width ３０) as the rules read it."""
    narrow = (text or "").translate(str.maketrans("０１２３４５６７８９．，", "0123456789.,"))
    return narrow.replace(",", "").replace(" ", "").strip()


class CalculatorForm(BaseForm):
    """A form that only computes: nothing is stored, nobody is asked who they are.

    Large sums are typed in 万元 on Chinese pages and in yuan on English ones; the form carries which of the two.
    """

    amount_unit = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amount_unit.data not in UNITS:
            self.amount_unit.data = unit_of_page()

    @property
    def unit_yuan(self) -> Decimal:
        """How many yuan one typed unit of a large sum is."""
        return Decimal(1) if self.amount_unit.data == "yuan" else WAN

    def yuan(self, name: str, unit: str = "") -> Decimal | str:
        """The sum typed into a field, in yuan; the text itself where it is none ("" where nothing was typed)."""
        found = read_sum(self._fields[name].data, unit or str(self.amount_unit.data))
        return typed_figure(self._fields[name].data) if found is None else found

    def mark(self, problems: Iterable[Problem], names: dict[str, str] | None = None) -> None:
        """Put each problem at its field; `names` maps keys of a question to fields of the form."""
        for problem in problems:
            found = self._fields.get((names or {}).get(problem.field, problem.field))
            words = sentence(problem.reason)
            if found is None:
                self.form_errors.append(words)
            elif not found.errors:
                found.errors = [words]


class CostForm(CalculatorForm):
    """The all-in cost of a loan."""

    principal = StringField(_l("借多少"))
    months = StringField(_l("借多久"))
    nominal_rate_pct = StringField(_l("一年的利率"), description=_l("合同或广告上写的那个数。"))
    repayment = SelectField(
        _l("怎么还"),
        choices=[SelectChoice(str(code), LABELS["cost.repayment"][str(code)]) for code in REPAYMENTS],
        default=str(Repayment.EQ_INST),
        validate_choice=False,
    )
    method_param = StringField(
        _l("部分还本的比例，或气球贷按几期算"),
        description=_l(
            "只有这两种要填：按计划部分还本，写每满 12 个月还本金的百分之几；气球贷，写每期的数按多少个月算。"
        ),
    )
    upfront_fee = StringField(_l("一次性服务费"), description=_l("银行或平台在放款时收的。"))
    monthly_fee = StringField(_l("每月的管理费"))
    guarantee_fee_upfront = StringField(_l("担保费，放款时付"))
    guarantee_fee_yearly = StringField(_l("担保费，以后每年付"))
    insurance_premium = StringField(_l("保险费"), description=_l("贷款不能搭卖保险。真有保证保险，写在这里。"))
    deposit_withheld = StringField(_l("扣下的保证金"), description=_l("放款时扣下、还完才退的钱。"))

    AMOUNTS = (
        "upfront_fee", "monthly_fee", "guarantee_fee_upfront", "guarantee_fee_yearly", "insurance_premium",
        "deposit_withheld",
    )  # fmt: skip

    def question(self) -> LoanQuestion | None:
        """What is asked, or None when something is wrong (then it stands at its field)."""
        body: dict[str, Any] = {name: self.yuan(name, "yuan") for name in self.AMOUNTS}
        body["months"] = typed_figure(self.months.data)
        body["nominal_rate_pct"] = typed_figure(self.nominal_rate_pct.data).removesuffix("%")
        body["repayment"] = self.repayment.data
        needs_param = self.repayment.data in {str(code) for code in NEEDS_PARAM}
        body["method_param"] = typed_figure(self.method_param.data).removesuffix("%") if needs_param else ""
        body["principal"] = self.yuan("principal")
        read = read_cost_question(body)
        if isinstance(read, LoanQuestion):
            return read
        self.mark(in_typed_unit(read if isinstance(read, list) else [], {"principal"}, self.unit_yuan))
        return None


def in_typed_unit(problems: Iterable[Problem], fields: set[str], unit: Decimal) -> list[Problem]:
    """Problems whose limits are said in the unit in which the field was typed."""
    return [
        Problem(
            found.field, Reason(found.reason.code, {name: limit / unit for name, limit in found.reason.facts.items()})
        )
        if found.field in fields
        else found
        for found in problems
    ]


class SizeForm(CalculatorForm):
    """The size class of a business."""

    industry_query = StringField(_l("做哪一行"), description=_l("写行业名、平常的叫法（奶茶、快递）或四位代码。"))
    gbt_code = StringField(_l("做哪一行"))
    employees = StringField(_l("年末有多少人"))
    revenue = StringField(_l("去年的营业收入"))
    assets = StringField(_l("年末资产总额"))

    def question(self, code: str | None) -> SizeQuestion | None:
        """What is asked for industry `code`, or None when something is wrong."""
        body: dict[str, Any] = {"gbt_code": code, "employees": typed_figure(self.employees.data)}
        names = {"revenue_wan": "revenue", "assets_wan": "assets"}
        for key, name in names.items():
            yuan = self.yuan(name)
            body[key] = yuan / WAN if isinstance(yuan, Decimal) else yuan
        read = read_size_question(body)
        if isinstance(read, SizeQuestion):
            return read
        self.mark(in_typed_unit(read, set(names), self.unit_yuan / WAN), names)
        return None


class RevolvingForm(CalculatorForm):
    """Drawing and repaying at any time."""

    limit = StringField(_l("额度"))
    rate_percent = StringField(_l("一年的利率"), description=_l("按日计息，一年按 360 天。"))
    settlement_day = SelectField(
        _l("哪天结息"),
        choices=[
            SelectChoice("21", _l("每月 21 日")),
            SelectChoice("20", _l("每月 20 日")),
            SelectChoice("", _l("还清时一起付")),
        ],
        default="21",
    )
    fee = StringField(_l("一次性费用"))

    def line(self, number: int) -> tuple[Field, Field, Field]:
        """The day, the sum drawn and the principal repaid of one line."""
        return self[f"on_{number}"], self[f"drawn_{number}"], self[f"repaid_{number}"]

    @property
    def lines(self) -> list[tuple[Field, Field, Field]]:
        return [self.line(number) for number in range(1, LINES + 1)]

    @property
    def more_lines(self) -> bool:
        """Whether anything stands in the lines that are folded away at first."""
        return any(field.data or field.errors for line in self.lines[2:] for field in line)

    def figure(self, name: str, most: Decimal, *, needed: bool = False) -> Decimal:
        """One percentage of the form, 0 where it is missing or wrong; what is wrong stands at the field."""
        typed = typed_figure(self[name].data).removesuffix("%")
        return self._within(name, typed, as_figure(typed), most, needed=needed)

    def sum(self, name: str, unit: str = "") -> Decimal:
        """One sum of the form in yuan, 0 where it is missing or wrong; what is wrong stands at the field."""
        in_unit = unit or str(self.amount_unit.data)
        typed = self[name].data or ""
        return self._within(name, typed.strip(), read_sum(typed, in_unit), MOST_YUAN, unit=UNITS[in_unit])

    def _within(
        self, name: str, typed: str, value: Decimal | None, most: Decimal, *, needed: bool = False, unit: Decimal = _ONE
    ) -> Decimal:
        if not typed:
            if needed:
                self.mark([Problem(name, Reason("tool_needed"))])
        elif value is None:
            self.mark([Problem(name, Reason("tool_not_a_figure"))])
        elif value < 0 or value > most:
            self.mark([Problem(name, Reason("tool_from_to", {"least": Decimal(0), "most": most / unit}))])
        else:
            return value
        return Decimal(0)

    def moves(self) -> list[Move]:
        """The lines that were filled in, in yuan; a half-filled or unreadable one is marked."""
        found = []
        for number, (on, drawn, repaid) in enumerate(self.lines, 1):
            if not any(field.data for field in (on, drawn, repaid)):
                continue
            received, paid = self.sum(f"drawn_{number}"), self.sum(f"repaid_{number}")
            try:
                found.append(Move(date.fromisoformat(on.data or ""), received - paid))
            except ValueError:
                self.mark([Problem(f"on_{number}", Reason("tool_date_unreadable"))])
                continue
            if not received and not paid:
                self.mark([Problem(f"drawn_{number}", Reason("tool_move_incomplete"))])
        return found


for _number in range(1, LINES + 1):
    setattr(RevolvingForm, f"on_{_number}", StringField(_l("第 %(n)s 笔，哪天", n=_number), widget=DateInput()))
    setattr(RevolvingForm, f"drawn_{_number}", StringField(_l("第 %(n)s 笔，借出", n=_number)))
    setattr(RevolvingForm, f"repaid_{_number}", StringField(_l("第 %(n)s 笔，还本金", n=_number)))
