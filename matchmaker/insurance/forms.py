"""The forms of requests: the questions of a line, a quote, a refusal. What is right is decided by the rules."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, RadioField, StringField, TextAreaField

from matchmaker import clock, formatting
from matchmaker.businesses.typed import read_day, read_text, read_yuan
from matchmaker.formatting import unit_of_page
from matchmaker.insurance.rules import clocks
from matchmaker.insurance.rules.questions import LONGEST_TEXT, MOST_COUNT, Question, choices_of, questions_of
from matchmaker.insurance.rules.quoting import INSTALMENTS, Quoted, quote_refusals
from matchmaker.insurance.rules.reasons import DECLINE_CODES, LONGEST_REASON, OWNER_CODES
from matchmaker.leads.rules.consents import HOURS
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.rules import DOCUMENTS, Terms
from matchmaker.reference.rules.sums import UNITS, shown_sum
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, ChecksField, ReadForm, label, row_ids, sentence

USUAL_DAYS = "60"
USUAL_VALIDITY = timedelta(days=14)


# The owner ----------------------------------------------------------------------------------------------------------


def _field_of(question: Question) -> Any:
    words = label("cover.question", question.code)
    help_ = label("cover.question_why", question.code)
    if question.kind == "choice":
        return RadioField(words, choices=[], description=help_, validate_choice=False)
    return StringField(words, description=help_)


class SumForm(ReadForm):
    """A form that says with itself what its bare sums count: it may be opened in one language and sent in the other."""

    amount_unit = HiddenField()

    @property
    def unit(self) -> str:
        """The unit of the page on which the form was opened: "wan" or "yuan"."""
        return str(self.amount_unit.data) if self.amount_unit.data in UNITS else unit_of_page()


class AskForm(SumForm):
    """What a line asks, when to call, until when; fields of the questions are added by `for_version`."""

    hours = ChecksField(_l("什么时候可以打电话"), choices=[])
    until = RadioField(_l("给到哪天为止"), choices=[], validate_choice=False)
    papers = ChecksField(_l("从资料夹里给哪几份"), choices=[], validate_choice=False)

    version: CoverVersion
    questions: tuple[Question, ...] = ()
    origin: Mapping[str, str]
    answers: dict[str, str]

    @classmethod
    def for_version(cls, version: CoverVersion, filled: Mapping[str, tuple[str, str]]) -> AskForm:
        """The form of a cover's line, filled with what need not be asked again (question -> answer, where from)."""
        questions = questions_of(version.cover.line)
        made = type("AskFormOfLine", (cls,), {question.code: _field_of(question) for question in questions})
        unit = unit_of_page()
        data = {
            question.code: shown_answer(question, filled[question.code][0], unit)
            for question in questions
            if question.code in filled
        }
        form: AskForm = made(data={"until": USUAL_DAYS, "amount_unit": unit, **data})
        form.version, form.questions, form.answers = version, questions, {}
        form.origin = {code: where for code, (_value, where) in filled.items()}
        for question in questions:
            if question.kind == "choice":
                group = {"period": "cover.period", "plan": "cover.plan"}.get(question.code, "cover.choice")
                choices = [(code, label(group, code)) for code in choices_of(question, version.terms)]
                form[question.code].choices = choices
                if len(choices) == 1 and not form[question.code].data:
                    form[question.code].data = choices[0][0]
        form.hours.choices = [(slot, label("lead.hour", slot)) for slot in HOURS]
        form.until.choices = [(str(days), formatting.days(days)) for days in clocks.ENDS_IN_DAYS]
        return form

    def offer_papers(self, numbers: Iterable[int]) -> None:
        """Let the owner tick these papers of the folder; none is ticked beforehand."""
        self.papers.choices = [(str(number), "") for number in numbers]

    @property
    def paper_ids(self) -> list[int]:
        """What was ticked."""
        return row_ids(self.papers.data)

    @property
    def days(self) -> int:
        """For how many days the consent is given."""
        return int(self.until.data) if str(self.until.data) in {str(days) for days in clocks.ENDS_IN_DAYS} else 0

    def ends_on(self, days: str) -> date:
        """The day on which a consent of so many days would end."""
        return clock.date_of(clocks.consent_end(clock.now(), int(days)))

    def read_all(self) -> None:
        """Each answer as plain text; what is missing is said by the rule."""
        for question in self.questions:
            value = self.read(read_answer, question, self[question.code].data, self.unit)
            if value:
                self.answers[question.code] = value
        if not self.days:
            self.read(_refuse, "cover_choice_unknown", "until")

    def refuse_each(self, refusals: list[tuple[str, Any]], sentence: Callable[[Any], str]) -> None:
        """Put each refusal of the rule at its field, where that says nothing yet."""
        for code, reason in refusals:
            if not self[code].errors:
                self[code].errors = [*self[code].errors, sentence(reason)]


class GiveForm(BaseForm):
    """Papers of the folder to give to an insurer."""

    papers = ChecksField(_l("给它哪几份"), choices=[], validate_choice=False)

    @property
    def paper_ids(self) -> list[int]:
        """What was ticked."""
        return row_ids(self.papers.data)


def _refuse(code: str, field: str) -> None:
    raise Refused(code, field, 422)


def read_answer(question: Question, text: str | None, unit: str) -> str:
    """An answer as plain text; "" where nothing was typed. Raises Refused at the question's field."""
    if question.kind == "sum":
        amount = read_yuan(text, question.code, unit)
        return "" if amount is None else format(amount, "f")
    if question.kind == "day":
        on = read_day(text, question.code, required=False)
        return on.isoformat() if on is not None else ""
    if question.kind == "text":
        return read_text(text, question.code, required=False, longest=LONGEST_TEXT)
    if question.kind == "choice":
        return (text or "").strip()
    typed = unicodedata.normalize("NFKC", text or "").strip().replace(",", "").replace(" ", "")
    if not typed:
        return ""
    whole = question.kind == "count"
    if not re.fullmatch(r"\d{1,9}" if whole else r"\d{1,9}(\.\d{1,2})?", typed, re.ASCII):
        raise Refused("not_a_whole_number" if whole else "not_a_number", question.code, 422)
    if Decimal(typed) > MOST_COUNT:
        raise Refused("cover_count_too_large", question.code, 422, most=MOST_COUNT)
    return typed


def shown_answer(question: Question, value: str, unit: str) -> str:
    """A stored answer as the form shows it for editing."""
    return shown_sum(Decimal(value), unit) if question.kind == "sum" else value


class RefuseQuoteForm(ReadForm):
    """Why the owner does not accept."""

    code = RadioField(_l("为什么不要"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.code.choices = [(code, label("cover.owner_code", code)) for code in OWNER_CODES]


# The insurer --------------------------------------------------------------------------------------------------------


class QuoteForm(SumForm):
    """What a person of the insurer quotes; names are unique beside the other forms of the page."""

    premium = StringField(_l("保费，一共多少元"))
    quote_plan = RadioField(_l("怎么付"), choices=[], validate_choice=False)
    quote_sum = StringField(_l("保额"))
    quote_period = RadioField(_l("保多久"), choices=[], validate_choice=False)
    starts_on = StringField(_l("从哪天起保"))
    deductible = TextAreaField(_l("自己先承担多少"))
    exclusions = TextAreaField(_l("不保什么"), description=_l("一行一样，写全。店主最先看这里"))
    conditions = TextAreaField(_l("另外要说的"))
    papers_wanted = ChecksField(
        _l("签合同以前还要看的材料"), choices=[], validate_choice=False, description=_l("只勾真要看的，店主照着给")
    )
    valid_until_on = StringField(_l("报价有效到"))

    quoted: Quoted | None = None
    terms: Terms
    """What the cover says, within which the quote has to lie."""

    @classmethod
    def for_request(cls, version: CoverVersion, answers: Mapping[str, str], **how: Any) -> QuoteForm:
        """The form filled with what the owner wants and with the approved text of the cover."""
        unit = unit_of_page()
        form = cls(
            data={
                "amount_unit": unit,
                "quote_plan": answers.get("plan", ""),
                "quote_sum": shown_sum(Decimal(answers["sum"]), unit) if answers.get("sum") else "",
                "quote_period": answers.get("period", ""),
                "starts_on": answers.get("start_on", ""),
                "deductible": version.deductible,
                "exclusions": version.exclusions,
                "valid_until_on": (clock.today() + USUAL_VALIDITY).isoformat(),
            },
            **how,
        )
        form.terms = version.terms
        asked = [paper["code"] for paper in version.documents]
        form.papers_wanted.choices = [
            (code, label("paper.kind", code)) for code in (*asked, *(code for code in DOCUMENTS if code not in asked))
        ]
        form.quote_plan.choices = [(code, label("cover.plan", code)) for code in version.plans]
        form.quote_period.choices = [(code, label("cover.period", code)) for code in version.periods]
        if any(INSTALMENTS[code] is None for code in version.plans):
            form.premium.description = _l("按票、按天付的，写一票、一天多少元")
        return form

    def read_all(self) -> None:
        """The quote as the rules take it."""
        premium = self.read(read_yuan, self.premium.data, "premium", "yuan", required=True)
        insured = self.read(read_yuan, self.quote_sum.data, "quote_sum", self.unit, required=True)
        starts = self.read(read_day, self.starts_on.data, "starts_on")
        until = self.read(read_day, self.valid_until_on.data, "valid_until_on")
        if premium is None or insured is None or starts is None or until is None:
            return
        self.quoted = Quoted(
            premium_yuan=premium,
            plan=self.quote_plan.data or "",
            sum_insured_yuan=insured,
            period=self.quote_period.data or "",
            starts_on=starts,
            deductible=tidied(self.deductible.data),
            exclusions=tidied(self.exclusions.data),
            conditions=tidied(self.conditions.data),
            valid_until_on=until,
            papers_wanted=tuple(self.papers_wanted.data or ()),
        )
        for name, no in quote_refusals(self.quoted, self.terms, clock.today()):
            self[name].errors = [*self[name].errors, sentence(no)]


def tidied(text: str | None) -> str:
    """Lines without control characters; the rule says what is too long."""
    kept = "".join(c for c in text or "" if c == "\n" or unicodedata.category(c)[0] != "C")
    return kept.strip()


class DeclineForm(ReadForm):
    """Why the insurer does not quote."""

    codes = ChecksField(_l("为什么不报"), choices=[], validate_choice=False, description=_l("最多三条，店主会看到"))
    reason = TextAreaField(_l("给店主的一句话"), description=_l("说清差在哪里、要怎样才能保"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.codes.choices = [(code, label("cover.decline_code", code)) for code in DECLINE_CODES]

    @property
    def text(self) -> str:
        """The sentence, tidied."""
        return tidied(self.reason.data)[: LONGEST_REASON + 1]
