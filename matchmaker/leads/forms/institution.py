"""What the institution fills in, from the first call to the reported pay-out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField
from wtforms import TextAreaField as AreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock
from matchmaker.businesses.typed import read_day, read_yuan
from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.formatting import language, unit_of_page
from matchmaker.leads.forms.typed import TypedForm, labelled, read_moment, read_number
from matchmaker.leads.rules.offering import LONGEST_CONDITIONS, Offered, repayments_of
from matchmaker.leads.rules.reasons import DECLINE_CODES
from matchmaker.leads.rules.seen import FIGURES_BEHIND, WHY_UNSEEN, Seen
from matchmaker.leads.rules.working import CHANNELS, CHECKS_AT, CHECKS_BEFORE, PLACES, PREMISES, RESULTS
from matchmaker.leads.words import LABELS
from matchmaker.products.models import ProductVersion
from matchmaker.reference import terms
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Refused
from matchmaker.web import ChecksField, row_id

USUAL_VALIDITY = timedelta(days=14)


class ContactForm(TypedForm):
    """A try to reach the owner, or a contact; a visit may be agreed at once."""

    reached = RadioField(
        _l("联系上了吗"),
        choices=[SelectChoice("yes", _l("联系上了")), SelectChoice("no", _l("没有"))],
        validate_choice=False,
    )
    channel = RadioField(_l("怎么联系的"), choices=[], validate_choice=False)
    message = AreaField(_l("给客户的留言"), description=_l("留言时填，客户会看到"))
    contact_note = AreaField(_l("记一笔"), description=_l("只有您的机构看得到"))
    visit_agreed = BooleanField(_l("约好上门"))
    visit_on = StringField(_l("上门日期"))
    visit_time = StringField(_l("上门时间"), description=_l("写成 14:00 这样"))

    visit_at: datetime | None = None
    note: str = ""

    @classmethod
    def for_hours(cls, hours: Sequence[str], **how: Any) -> ContactForm:
        """With calls among the ways only where the owner allowed them."""
        form = cls(**how)
        ways = CHANNELS if hours else tuple(way for way in CHANNELS if way != "call")
        form.channel.choices = labelled("lead.channel", ways)
        if not form.is_posted or not form.channel.data:
            form.channel.data = form.channel.data or ("call" if hours else "message")
        return form

    def read_all(self) -> None:
        if self.reached.data not in ("yes", "no"):
            self.refuse(Refused("lead_reached_choose", "reached", 422))
        self.note = self.read_note("contact_note")
        self.read_note("message", for_owner=True)
        self.visit_at = None
        if self.visit_agreed.data and ((self.visit_on.data or "").strip() or (self.visit_time.data or "").strip()):
            self.visit_at = self.read(read_moment, self.visit_on.data, self.visit_time.data, "visit_on", "visit_time")


class AgreeVisitForm(TypedForm):
    """A visit agreed later, or moved."""

    agree_on = StringField(_l("上门日期"))
    agree_time = StringField(_l("上门时间"), description=_l("写成 14:00 这样"))
    agree_note = AreaField(_l("给客户的话"), description=_l("比如要备好什么，客户会看到"))

    visit_at: datetime | None = None
    note: str = ""

    def read_all(self) -> None:
        self.visit_at = self.read(read_moment, self.agree_on.data, self.agree_time.data, "agree_on", "agree_time")
        self.note = self.read_note("agree_note", for_owner=True)


class VisitForm(TypedForm):
    """A visit as it was: when, where, what was seen."""

    visited_on = StringField(_l("哪天去的"))
    visited_time = StringField(_l("几点"), description=_l("写成 14:00 这样"))
    place = RadioField(_l("在哪里"), choices=[], default="shop")
    premises = RadioField(_l("看到店了吗"), choices=[], default="seen")
    visit_note = AreaField(_l("看到了什么"), description=_l("只有您的机构看得到。这是尽职的记录"))

    visited_at: datetime | None = None
    note: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.place.choices = labelled("lead.place", PLACES)
        self.premises.choices = labelled("lead.premises", PREMISES)
        if not self.is_posted:
            local = clock.now().astimezone(SHANGHAI)
            self.visited_on.data = self.visited_on.data or local.date().isoformat()
            self.visited_time.data = self.visited_time.data or local.strftime("%H:%M")

    def read_all(self) -> None:
        self.visited_at = self.read(
            read_moment, self.visited_on.data, self.visited_time.data, "visited_on", "visited_time"
        )
        self.note = self.read_note("visit_note", required=True)


class ReviewForm(TypedForm):
    """Handed to whoever decides."""

    review_note = AreaField(_l("记一笔"), description=_l("只有您的机构看得到"))
    note: str = ""

    def read_all(self) -> None:
        self.note = self.read_note("review_note")


class ChecksForm(TypedForm):
    """What was looked into, item by item; items left open are left out."""

    phase = HiddenField()
    results: dict[str, tuple[str, str]]

    @classmethod
    def of_phase(cls, phase: str, **how: Any) -> ChecksForm:
        """With the items of before or at lending."""
        items = CHECKS_BEFORE if phase == "before" else CHECKS_AT
        choices = [SelectChoice("", _l("还没核")), *labelled("lead.check_result", RESULTS)]
        fields: dict[str, Any] = {}
        for item in items:
            fields[f"result_{item}"] = SelectField(
                LABELS[f"lead.check_{phase}"][item], choices=choices, validate_choice=False, default=""
            )
            fields[f"evidence_{item}"] = StringField(_l("依据：%(item)s", item=LABELS[f"lead.check_{phase}"][item]))
        form = type("ChecksForm", (cls,), fields)(**how)
        form.phase.data = phase
        return form  # type: ignore[no-any-return]

    @property
    def items(self) -> tuple[str, ...]:
        return CHECKS_BEFORE if self.phase.data == "before" else CHECKS_AT

    def read_all(self) -> None:
        self.results = {}
        for item in self.items:
            result = self[f"result_{item}"].data
            evidence = self.read_note(f"evidence_{item}")
            if result in RESULTS:
                self.results[item] = (result, evidence)
                if result == "doubt" and not evidence:
                    self.refuse(Refused("lead_check_doubt_needs_words", f"evidence_{item}", 422))
        if not self.results and not any(field.errors for field in self._fields.values()):
            self.refuse(Refused("lead_checks_empty", f"result_{self.items[0]}", 422))


class OfferForm(TypedForm):
    """An offer within what the product promised. Fees may be lowered; what is not changed stays as listed."""

    amount_unit = HiddenField()
    amount = StringField(_l("金额"))
    term_months = StringField(_l("期限"))
    repayment = SelectField(_l("还款方式"), choices=[], validate_choice=False)
    spread_bp = StringField(_l("LPR 加减"))
    rate_percent = StringField(_l("年利率"))
    valid_until_on = StringField(_l("报价有效到"))
    conditions = AreaField(_l("附带条件"), description=_l("客户会看到，写在明白纸上"))
    offer_note = AreaField(_l("给客户的话"), description=_l("客户会看到"))

    offered: Offered | None = None
    note: str = ""
    text: str = ""
    version: ProductVersion

    @classmethod
    def for_version(cls, version: ProductVersion, asked: Any, **how: Any) -> OfferForm:
        """With the product's limits and, before anything is typed, what the owner asked for."""
        fields: dict[str, Any] = {}
        for line in version.charged_fees:
            name = terms.label("fee", line.code, language())
            fields[f"fee_{line.code}"] = StringField(name)
        form = type("OfferForm", (cls,), fields)(**how)
        form.version = version
        if form.amount_unit.data not in ("wan", "yuan"):
            form.amount_unit.data = unit_of_page()
        allowed = repayments_of(version.terms)
        form.repayment.choices = [SelectChoice(code, terms.label("repayment", code, language())) for code in allowed]
        if not form.is_posted:
            form._fill(version, asked, allowed)
        return form  # type: ignore[no-any-return]

    def _fill(self, version: ProductVersion, asked: Any, allowed: list[str]) -> None:
        most, least = version.amount_max_yuan or asked.amount_yuan, version.amount_min_yuan or asked.amount_yuan
        amount = min(max(asked.amount_yuan, least), most)
        self.amount.data = self.amount.data or shown_sum(amount, str(self.amount_unit.data))
        term = min(max(asked.term_months, version.term_min_months or 1), version.term_max_months or 600)
        self.term_months.data = self.term_months.data or str(term)
        self.repayment.data = asked.repayment if asked.repayment in allowed else (allowed[0] if allowed else "")
        if version.rate_base == "FIXED":
            self.rate_percent.data = _plain(version.fixed_rate_percent)
        else:
            self.spread_bp.data = str(version.spread_max_bp)
        for line in version.charged_fees:
            self[f"fee_{line.code}"].data = _plain(line.value)
        self.valid_until_on.data = (clock.today() + USUAL_VALIDITY).isoformat()

    @property
    def unit(self) -> str:
        return str(self.amount_unit.data)

    @property
    def is_fixed(self) -> bool:
        return self.version.rate_base == "FIXED"

    @property
    def fee_lines(self) -> list[tuple[Any, Any]]:
        """The charged lines of the product's schedule with their fields."""
        return [(line, self[f"fee_{line.code}"]) for line in self.version.charged_fees]

    def _fee(self, line: Any, field: Any) -> Decimal | None:
        """What a charged line costs here: yuan where its basis is money, else percent."""
        if str(line.basis).startswith("yuan"):
            found = self.read(read_yuan, field.data, field.name, "yuan", required=True)
        else:
            found = self.read(read_number, field.data, field.name, places=6, least=Decimal(0))
        return found if isinstance(found, Decimal) else None

    def read_all(self) -> None:
        amount = self.read(read_yuan, self.amount.data, "amount", self.unit, required=True)
        term = self.read(read_number, self.term_months.data, "term_months", places=0, least=Decimal(1))
        spread = rate = None
        if self.is_fixed:
            rate = self.read(read_number, self.rate_percent.data, "rate_percent", places=6, least=Decimal(0))
        else:
            spread = self.read(read_number, self.spread_bp.data, "spread_bp", places=0)
        until = self.read(read_day, self.valid_until_on.data, "valid_until_on")
        values = {}
        for line, field in self.fee_lines:
            value = self._fee(line, field)
            if value is not None:
                values[line.code] = value
        self.text = self.read_note("conditions", longest=LONGEST_CONDITIONS, for_owner=True)
        self.note = self.read_note("offer_note", for_owner=True)
        if None in (amount, term, until) or (spread is None and rate is None):
            return
        self.offered = Offered(
            amount_yuan=amount,
            term_months=int(term),
            repayment=str(self.repayment.data or ""),
            spread_bp=int(spread) if spread is not None else None,
            rate_percent=rate,
            fee_values=values,
            valid_until_on=until,
        )


def _plain(value: Decimal | None) -> str:
    return "" if value is None else format(value.normalize(), "f")


class DeclineForm(TypedForm):
    """One to three reasons; the note stays inside."""

    codes = ChecksField(_l("原因，选一到三条"), choices=[], validate_choice=False)
    seen_tax_owed_yuan = StringField(_l("您看到的：欠税或滞纳金"))
    seen_tax_grade = SelectField(_l("您看到的：纳税信用"), choices=[], validate_choice=False)
    seen_open_months = StringField(_l("您看到的：开业多久"))
    seen_turnover_yuan = StringField(_l("您看到的：近 12 个月流水"))
    seen_debts_yuan = StringField(_l("您看到的：现有的贷款一共"))
    seen_debt_ratio_percent = StringField(_l("您看到的：负债率"))
    seen_security_yuan = StringField(_l("您看到的：抵押或担保值多少"))
    unseen = SelectField(_l("说不出数的，为什么"), choices=[], validate_choice=False)
    enough = StringField(_l("多少金额以内，您能办"), description=_l("客户会看到这个数，可以照它再说一个需求"))
    sum_unit = HiddenField()
    decline_note = AreaField(_l("内部记录"), description=_l("只有您的机构看得到；客户看到的是原因和怎么修"))
    note: str = ""
    seen: Seen = Seen()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes.choices = labelled("lead.code", DECLINE_CODES)
        self.seen_tax_grade.choices = [
            SelectChoice("", _l("没有看")), *labelled("lead.grade", TAX_GRADES)
        ]  # fmt: skip
        self.unseen.choices = [SelectChoice("", _l("都写了数，或者不用写")), *labelled("lead.unseen", WHY_UNSEEN)]

    @property
    def unit(self) -> str:
        """In which unit larger sums of this page are typed."""
        return str(self.sum_unit.data) if self.is_posted and self.sum_unit.data in ("wan", "yuan") else unit_of_page()

    @property
    def says_more(self) -> bool:
        """Whether the fold with the figures stands open."""
        return any(self._fields[name].errors or self._fields[name].data for name in (*self.figure_names, "unseen"))

    @property
    def figure_names(self) -> list[str]:
        """The fields of figures, in the order of their reasons."""
        return [f"seen_{name}" for names in FIGURES_BEHIND.values() for name in names]

    def read_all(self) -> None:
        self.note = self.read_note("decline_note")
        read = {
            "tax_owed_yuan": lambda text, at: read_yuan(text, at, "yuan"),
            "tax_grade": lambda text, at: text or None,
            "open_months": lambda text, at: int(read_number(text, at, places=0, least=Decimal(0))) if text else None,
            "debt_ratio_percent": lambda text, at: read_number(text, at, places=2, least=Decimal(0)) if text else None,
        }
        figures = {}
        for field in self.figure_names:
            name = field.removeprefix("seen_")
            reader = read.get(name, lambda text, at: read_yuan(text, at, self.unit))
            value = self.read(reader, str(self._fields[field].data or "").strip(), field)
            if value is not None:
                figures[name] = value
        enough = self.read(read_yuan, self.enough.data, "enough", self.unit)
        self.seen = Seen(figures, str(self.unseen.data or "") or None, enough)


class HandOverForm(TypedForm):
    """To which colleague."""

    to = SelectField(_l("转给谁"), choices=[], validate_choice=False)
    hand_note = AreaField(_l("交代几句"), description=_l("只有您的机构看得到"))
    note: str = ""

    @classmethod
    def among(cls, colleagues: Sequence[tuple[int, str]], **how: Any) -> HandOverForm:
        """With these people to choose from: (id, name and load)."""
        form = cls(**how)
        form.to.choices = [SelectChoice(str(number), words) for number, words in colleagues]
        return form

    def read_all(self) -> None:
        self.note = self.read_note("hand_note")

    @property
    def person_id(self) -> int:
        return row_id(self.to.data)


class ContractForm(TypedForm):
    """A signed contract, as the institution reports it."""

    contract_number = StringField(_l("合同编号"))
    signed_on = StringField(_l("哪天签的"))
    contract_note = AreaField(_l("记一笔"), description=_l("只有您的机构看得到"))

    number: str = ""
    day: date | None = None
    note: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.is_posted:
            self.signed_on.data = self.signed_on.data or clock.today().isoformat()

    def read_all(self) -> None:
        self.number = self.read_note("contract_number", required=True, longest=60)
        self.day = self.read(read_day, self.signed_on.data, "signed_on")
        self.note = self.read_note("contract_note")


class PayoutForm(TypedForm):
    """A pay-out, as the institution reports it."""

    amount_unit = HiddenField()
    amount = StringField(_l("放了多少"))
    paid_on = StringField(_l("哪天放的"))
    reference = StringField(_l("流水号"), description=_l("您的机构能查到的编号"))
    payout_note = AreaField(_l("记一笔"), description=_l("只有您的机构看得到"))

    amount_yuan: Decimal | None = None
    day: date | None = None
    number: str = ""
    note: str = ""

    @classmethod
    def of_offer(cls, offered_yuan: Decimal | None, **how: Any) -> PayoutForm:
        """With the accepted amount filled in."""
        form = cls(**how)
        if form.amount_unit.data not in ("wan", "yuan"):
            form.amount_unit.data = unit_of_page()
        if not form.is_posted:
            form.amount.data = shown_sum(offered_yuan, str(form.amount_unit.data))
            form.paid_on.data = clock.today().isoformat()
        return form

    @property
    def unit(self) -> str:
        return str(self.amount_unit.data)

    def read_all(self) -> None:
        self.amount_yuan = self.read(read_yuan, self.amount.data, "amount", self.unit, required=True)
        self.day = self.read(read_day, self.paid_on.data, "paid_on")
        self.number = self.read_note("reference", required=True, longest=60)
        self.note = self.read_note("payout_note")
