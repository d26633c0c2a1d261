"""The forms of a lead. Field names are unique over all forms of a case page, because several stand on it at once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, HiddenField, RadioField, SelectField, StringField
from wtforms import TextAreaField as AreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock, formatting
from matchmaker.businesses.typed import read_day, read_text, read_yuan
from matchmaker.conversations.rules import REPORT_REASONS, TEMPLATES, Side, tidy_post
from matchmaker.eligibility.rules import TAX_GRADES
from matchmaker.formatting import language, unit_of_page
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.answers import LONGEST_REPLY
from matchmaker.leads.rules.consents import HOURS, OPTIONAL, REQUIRED, days_to_call
from matchmaker.leads.rules.offering import LONGEST_CONDITIONS, Offered, repayments_of
from matchmaker.leads.rules.papers import LONGEST_NOTE as LONGEST_WHY
from matchmaker.leads.rules.papers import REPLACE_CODES, Mark
from matchmaker.leads.rules.reasons import DECLINE_CODES, OWNER_CODES
from matchmaker.leads.rules.seen import FIGURES_BEHIND, WHY_UNSEEN, Seen
from matchmaker.leads.rules.working import CHANNELS, CHECKS_AT, CHECKS_BEFORE, MOST_PAPERS, PLACES, PREMISES, RESULTS
from matchmaker.leads.words import LABELS
from matchmaker.papers.models import FolderPaper
from matchmaker.products.models import ProductVersion
from matchmaker.reference import terms
from matchmaker.reference.rules.sums import shown_sum
from matchmaker.reference.rules.wording import refuse_promises
from matchmaker.reference.rules.working_time import SHANGHAI
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, ChecksField, label

LONGEST_NOTE = 500
SHORTER_CONSENT = timedelta(days=30)
"""The other end that an owner may choose: who wants to see first how fast an institution is. Own choice."""
USUAL_VALIDITY = timedelta(days=14)


def labelled(group: str, codes: Iterable[Any]) -> list[SelectChoice]:
    """Codes with their words as choices."""
    return [SelectChoice(str(code), LABELS[group][str(code)]) for code in codes]


def read_number(text: str | None, field: str, *, places: int, least: Decimal | None = None) -> Decimal:
    """A plain number. Raises Refused ``number_missing``, ``not_a_number`` or ``lead_number_too_fine`` at ``field``."""
    typed = unicodedata.normalize("NFKC", text or "").strip().rstrip("%").replace(",", "").replace(" ", "")
    if not typed:
        raise Refused("number_missing", field, 422)
    if not re.fullmatch(r"-?\d{1,12}(\.\d{1,12})?", typed, re.ASCII):
        raise Refused("not_a_number", field, 422)
    try:
        value = Decimal(typed)
    except InvalidOperation:
        raise Refused("not_a_number", field, 422) from None
    if value != round(value, places):
        raise Refused("lead_number_too_fine", field, 422, places=places)
    if least is not None and value < least:
        raise Refused("not_a_number", field, 422)
    return value


def read_moment(day: str | None, at: str | None, day_field: str, time_field: str) -> datetime:
    """An instant in Shanghai from a date and a time field. Raises Refused at the field that is wrong."""
    on = read_day(day, day_field)
    assert on is not None
    match = re.fullmatch(r"([01]?\d|2[0-3])[:：]([0-5]\d)", unicodedata.normalize("NFKC", at or "").strip())
    if match is None:
        raise Refused("lead_time_unreadable", time_field, 422)
    return datetime.combine(on, time(int(match[1]), int(match[2])), SHANGHAI)


class TypedForm(BaseForm):
    """A form whose texts are read one by one; each refusal lands at its field and nothing typed is lost.

    On a page with several forms all but the posted one are made with ``formdata=None``: they show their defaults.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        is_fresh = "formdata" in kwargs and kwargs["formdata"] is None
        super().__init__(*args, **kwargs)
        self.is_posted = bool(self.is_submitted()) and not is_fresh

    def read(self, reader: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """What ``reader`` makes of its arguments; None, with the error at its field, when it refuses."""
        try:
            return reader(*args, **kwargs)
        except Refused as no:
            self.refuse(no)
            return None

    def read_note(
        self, name: str, *, required: bool = False, longest: int = LONGEST_NOTE, for_owner: bool = False
    ) -> str:
        """A text field, tidied; one that the institution writes ``for_owner`` makes no banned promise."""
        text = self.read(read_text, self._fields[name].data, name, required=required, longest=longest) or ""
        if for_owner:
            self.read(refuse_promises, **{name: text})
        return str(text)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything typed can be read; ``read_all`` leaves the values on the form."""
        sound = super().validate(extra_validators)
        for field in self._fields.values():
            field.errors = list(field.errors)
        self.read_all()
        return sound and not any(field.errors for field in self._fields.values()) and not self.form_errors

    def read_all(self) -> None:
        """Read every field; the values wait on the form."""


# The owner ----------------------------------------------------------------------------------------------------------


class ConsentForm(TypedForm):
    """Which optional fields, when to call, until when. What is required is not asked: without it nothing is sent."""

    fields_more = ChecksField(_l("您可以多给的，不勾就不给"), choices=[])
    hours = ChecksField(_l("什么时候可以打电话"), choices=[])
    until = RadioField(_l("给到哪天为止"), choices=[], validate_choice=False)
    papers = ChecksField(_l("从资料夹里给哪几份"), choices=[], validate_choice=False)
    reserves = ChecksField(_l("它要是超时，接着给谁"), choices=[], validate_choice=False)
    card = BooleanField(_l("没有后备接的时候，让合适的机构看一张不写名字的卡片"))

    ends: dict[str, datetime]
    most_reserves: int = 0
    asks_card: bool = False
    """Whether the choice of a sealed card stands on the page: not where the owner has agreed to it already."""
    candidates: tuple[int, ...] = ()

    @classmethod
    def for_need(cls, wanted_by_on: date | None, kept: Mapping[str, Any] | None = None, **how: Any) -> ConsentForm:
        """The form with the ends that are possible today; `kept` brings back a choice that was not sent."""
        form = cls(**how)
        now = clock.now()
        longest = clocks.longest_consent(now)
        form.ends = {"longest": longest, "month": clocks.end_of_day(clock.today() + SHORTER_CONSENT)}
        if wanted_by_on is not None and now < clocks.end_of_day(wanted_by_on) < longest:
            form.ends["wanted"] = clocks.end_of_day(wanted_by_on)
        form.fields_more.choices = labelled("lead.field", OPTIONAL)
        form.hours.choices = labelled("lead.hour", HOURS)
        form.until.choices = labelled("lead.until", form.ends)
        if not form.is_posted:
            kept = kept or {}
            form.fields_more.data = [code for code in kept.get("fields", []) if code in {str(f) for f in OPTIONAL}]
            form.hours.data = list(kept.get("hours", []))
            form.until.data = kept.get("until") if kept.get("until") in form.ends else "longest"
        return form

    def offer_papers(self, numbers: Sequence[int], kept: Sequence[int] = ()) -> None:
        """Let the owner tick these papers of the folder; none is ticked, but for what a kept choice had."""
        self.papers.choices = [SelectChoice(str(number), "") for number in numbers]
        if not self.is_posted:
            self.papers.data = [str(number) for number in kept if number in numbers]

    @property
    def paper_ids(self) -> list[int]:
        """The papers that were ticked."""
        return [as_id(text) for text in self.papers.data or []]

    def offer_reserves(self, candidates: Sequence[tuple[int, str]], most: int) -> None:
        """Let the owner name up to `most` of these products (id, words) as reserves; none is ticked."""
        self.most_reserves = most
        self.candidates = tuple(number for number, _ in candidates) if most else ()
        self.reserves.choices = [SelectChoice(str(number), words) for number, words in candidates] if most else []

    def read_all(self) -> None:
        if self.until.data not in self.ends:
            self.refuse(Refused("lead_consent_end_past", "until", 422))
        if len(self.reserve_ids) > self.most_reserves:
            self.refuse(Refused("lead_reserves_full", "reserves", 422, most=self.most_reserves))

    @property
    def reserve_ids(self) -> list[int]:
        """The products named as reserves, in the order in which the list shows them."""
        chosen = set(self.reserves.data or [])
        return [number for number in self.candidates if str(number) in chosen]

    @property
    def all_fields(self) -> list[str]:
        """What would be opened: the required fields and those that were ticked."""
        known = {str(field) for field in OPTIONAL}
        return [str(field) for field in REQUIRED] + [name for name in self.fields_more.data or [] if name in known]

    @property
    def ends_at(self) -> datetime:
        return self.ends[str(self.until.data)]


class OutOfFolder:
    """A proof out of the folder, or a new file."""

    proof_paper: SelectField

    def offer_proofs(self, papers: Iterable[FolderPaper]) -> None:
        """Let one of these papers be chosen; with none the field says nothing."""
        self.proof_paper.choices = [
            SelectChoice("", _l("不从资料夹里选")),
            *(
                SelectChoice(
                    str(paper.id), f"{label('paper.kind', paper.kind)} {paper.note or paper.document.filename}"
                )
                for paper in papers
            ),
        ]

    @property
    def chosen_id(self) -> int:
        """The paper of the folder that was chosen; 0: none."""
        return as_id(self.proof_paper.data)


class SecondLookForm(OutOfFolder, ConsentForm):
    """The consent again, with what was repaired."""

    repaired = RadioField(
        _l("修好了吗"),
        choices=[
            SelectChoice("no", _l("没有，请另一位再看一遍：15 个工作日")),
            SelectChoice("yes", _l("修好了，有证明：5 个工作日")),
        ],
        default="no",
    )
    proof_paper = SelectField(_l("证明，从资料夹里选"), choices=[], validate_choice=False)
    proof = FileField(_l("或者选一个文件"), description=_l("照片或 PDF，最大 10 MB。只给这家机构看，也收进资料夹"))
    look_note = AreaField(_l("想说的"), description=_l("机构会看到"))

    note: str = ""

    def read_all(self) -> None:
        super().read_all()
        self.note = self.read_note("look_note")


class HoursForm(TypedForm):
    """When to be called, after three tries in vain."""

    call_on = RadioField(_l("哪一天"), choices=[], validate_choice=False)
    call_slot = RadioField(_l("什么时段"), choices=[], validate_choice=False)

    on: date | None = None

    @classmethod
    def for_now(cls, **how: Any) -> HoursForm:
        """With the days from today on and the three slots."""
        form = cls(**how)
        form.call_on.choices = [SelectChoice(day.isoformat(), formatting.day(day)) for day in days_to_call(clock.now())]
        form.call_slot.choices = labelled("lead.hour", HOURS)
        return form

    def read_all(self) -> None:
        self.on = self.read(read_day, self.call_on.data, "call_on")
        if self.call_slot.data not in HOURS:
            self.refuse(Refused("lead_hours_choose", "call_slot", 422))


class RepairForm(OutOfFolder, BaseForm):
    """A reason that is repaired, with the paper that proves it. Its field has the code in its id: several on a page."""

    proof_paper = SelectField(_l("证明，从资料夹里选"), choices=[], validate_choice=False)
    proof = FileField(_l("证明"), description=_l("照片或 PDF，最大 10 MB，也收进资料夹。您请它再看以前，谁也看不到"))
    code: str = ""

    @classmethod
    def of(cls, code: str, **how: Any) -> RepairForm:
        """For one code of the decline."""
        form = cls(**how)
        form.code = code
        form.proof.id = f"proof-{code}"
        form.proof_paper.id = f"proof-paper-{code}"
        return form


class ReplyForm(TypedForm):
    """What an institution says to its published figures."""

    reply_text = AreaField(_l("您的答复"), description=_l("登在公开的那一页，写明日期，最多 300 字"))
    text: str = ""

    def read_all(self) -> None:
        self.text = self.read_note("reply_text", required=True, longest=LONGEST_REPLY)


class TalkForm(TypedForm):
    """A message in the thread of a lead, with papers that the institution has; the owner may give one more."""

    post_text = AreaField(_l("写给对方"), description=_l("最多 1000 字。网址不能点开；别写密码、验证码"))
    papers = ChecksField(_l("带上给过的材料"), choices=[], validate_choice=False)
    file = FileField(_l("再给一份材料"), description=_l("照片或 PDF，最大 10 MB。马上给这家机构看"))

    side: Side = Side.OWNER
    text: str = ""
    template: str | None = None
    paper_ids: tuple[int, ...] = ()

    @classmethod
    def of(cls, lead: Lead, *, side: Side, say: str = "", **how: Any) -> TalkForm:
        """For one side of a lead; ``say`` names the ready sentence that stands in the field already."""
        if say in TEMPLATES[side]:
            how["data"] = {"post_text": label("talk.template", say)}
        form = cls(**how)
        form.side = side
        form.papers.choices = [
            (str(paper.id), paper.document.filename)
            for paper in finding.papers_of(lead.id)
            if not paper.is_taken_back and paper.document.deleted_at is None
        ]
        return form

    def read_all(self) -> None:
        self.text = tidy_post(self.post_text.data or "")
        sentences = {label("talk.template", code): code for code in TEMPLATES[self.side]}
        self.template = sentences.get(self.text)
        self.paper_ids = tuple(int(number) for number in self.papers.data or () if number.isdecimal())


class ReportPostForm(BaseForm):
    """What is wrong with a message."""

    reason = RadioField(_l("哪里不对"), choices=[], validate_choice=False)
    words = AreaField(_l("怎么回事"), description=_l("只有平台看得到，机构看不到是您报的"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(code, label("talk.report_reason", code)) for code in REPORT_REASONS]


class PaperForm(BaseForm):
    """One paper for one item of the list: out of the folder, by camera, or as a file that goes into the folder."""

    item_number = HiddenField()
    folder_paper = SelectField(_l("从资料夹里选"), choices=[], validate_choice=False)
    photo = FileField(_l("拍一张"))
    file = FileField(_l("或者选一个文件"))
    about_paper: int = 0
    """The paper in whose place it was to be sent."""

    @property
    def chosen_id(self) -> int:
        """The paper of the folder that was chosen; 0: none."""
        return as_id(self.folder_paper.data)

    @property
    def about(self) -> int:
        """The item of the list; 0: none."""
        return as_id(self.item_number.data)


class GiveForm(BaseForm):
    """Papers of the folder to give to an institution."""

    papers = ChecksField(_l("再给它哪几份"), choices=[], validate_choice=False)

    @property
    def paper_ids(self) -> list[int]:
        """What was ticked."""
        return [as_id(text) for text in self.papers.data or []]


def as_id(text: Any) -> int:
    """A number of a row as a form carries it; 0 for what is none."""
    typed = str(text or "")
    return int(typed) if typed.isdecimal() and typed.isascii() and len(typed) < 10 else 0


class MarkForm(TypedForm):
    """What the institution says of one paper."""

    mark = RadioField(_l("这份材料"), choices=[], validate_choice=False)
    replace_code = SelectField(_l("要换的话，为什么"), choices=[], validate_choice=False)
    replace_note = StringField(_l("说清楚换什么"), description=_l("客户会看到"))
    note: str = ""
    paper_id: int = 0

    @classmethod
    def of(cls, paper_id: int, **how: Any) -> MarkForm:
        """For one paper; its fields have the paper in their id: several stand on a page."""
        form = cls(**how)
        form.paper_id = paper_id
        for field in (form.mark, form.replace_code, form.replace_note):
            field.id = f"{field.id}-{paper_id}"
        form.mark.choices = labelled("lead.paper_status", [code for code in Mark if code is not Mark.RECEIVED])
        form.replace_code.choices = [
            SelectChoice("", _l("选一条")), *labelled("lead.paper_why", REPLACE_CODES)
        ]
        return form

    def read_all(self) -> None:
        self.note = self.read_note("replace_note", longest=LONGEST_WHY, for_owner=True)


class GiveUpForm(TypedForm):
    """Not wanted any more, with a reason."""

    give_code = RadioField(_l("为什么不要了"), choices=[], validate_choice=False)
    give_note = AreaField(_l("想说的"), description=_l("机构会看到"))
    note: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.give_code.choices = labelled("lead.code", OWNER_CODES)

    def read_all(self) -> None:
        if self.give_code.data not in OWNER_CODES:
            self.refuse(Refused("lead_owner_code_unknown", "give_code", 422))
        self.note = self.read_note("give_note")


class RefuseOfferForm(TypedForm):
    """An offer turned down, with a reason."""

    refuse_code = RadioField(_l("为什么不接受"), choices=[], validate_choice=False)
    refuse_note = AreaField(_l("想说的"), description=_l("机构会看到"))
    note: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.refuse_code.choices = labelled("lead.code", OWNER_CODES)

    def read_all(self) -> None:
        if self.refuse_code.data not in OWNER_CODES:
            self.refuse(Refused("lead_owner_code_unknown", "refuse_code", 422))
        self.note = self.read_note("refuse_note")


class WordsForm(TypedForm):
    """A few words that the other side reads: a wrong reason, a disputed pay-out."""

    words = AreaField(_l("哪里不对"), description=_l("写几句，机构会看到"))
    text: str = ""

    def read_all(self) -> None:
        self.text = self.read_note("words", required=True)


# The institution ----------------------------------------------------------------------------------------------------


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


class PapersForm(TypedForm):
    """One list of what is missing; lines left empty are left out."""

    papers_note = AreaField(_l("给客户的话"), description=_l("客户会看到"))

    items: list[dict[str, str]]
    note: str = ""

    def read_all(self) -> None:
        self.items = []
        for number in range(1, MOST_PAPERS + 1):
            what = self.read_note(f"what_{number}", longest=60, for_owner=True)
            why = self.read_note(f"why_{number}", longest=120, for_owner=True)
            if what:
                self.items.append({"what": what, "why": why})
        if not self.items and not any(field.errors for field in self._fields.values()):
            self.refuse(Refused("lead_papers_empty", "what_1", 422))
        self.note = self.read_note("papers_note", for_owner=True)

    @property
    def lines(self) -> list[tuple[Any, Any]]:
        """The pairs of fields, one a paper."""
        return [(self[f"what_{number}"], self[f"why_{number}"]) for number in range(1, MOST_PAPERS + 1)]


for _number in range(1, MOST_PAPERS + 1):
    setattr(PapersForm, f"what_{_number}", StringField(_l("第 %(number)s 样", number=_number)))
    setattr(PapersForm, f"why_{_number}", StringField(_l("第 %(number)s 样为什么要", number=_number)))


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
        text = str(self.to.data or "")
        return int(text) if text.isdecimal() and len(text) < 12 else 0


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
