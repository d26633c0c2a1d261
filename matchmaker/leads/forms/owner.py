"""What an owner fills in: a consent, a second look, a repair, hours to be called, a reason for a no."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, RadioField, SelectField
from wtforms import TextAreaField as AreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker import clock, formatting
from matchmaker.businesses.typed import read_day
from matchmaker.leads.forms.typed import TypedForm, labelled
from matchmaker.leads.rules import clocks
from matchmaker.leads.rules.consents import HOURS, OPTIONAL, REQUIRED, days_to_call
from matchmaker.leads.rules.reasons import OWNER_CODES
from matchmaker.papers.models import FolderPaper
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, ChecksField, label, row_id, row_ids

SHORTER_CONSENT = timedelta(days=30)
"""The other end that an owner may choose: who wants to see first how fast an institution is. Own choice."""


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
        return row_ids(self.papers.data)

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
        return row_id(self.proof_paper.data)


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
