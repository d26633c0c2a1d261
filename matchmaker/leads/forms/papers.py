"""Papers of a lead: one put in, several given out of the folder, a list asked for, a mark on one."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, RadioField, SelectField, StringField
from wtforms import TextAreaField as AreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from matchmaker.leads.forms.typed import TypedForm, labelled
from matchmaker.leads.rules.papers import LONGEST_NOTE as LONGEST_WHY
from matchmaker.leads.rules.papers import REPLACE_CODES, Mark
from matchmaker.leads.rules.working import MOST_PAPERS
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm, ChecksField, row_id, row_ids


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
        return row_id(self.folder_paper.data)

    @property
    def about(self) -> int:
        """The item of the list; 0: none."""
        return row_id(self.item_number.data)


class GiveForm(BaseForm):
    """Papers of the folder to give to an institution."""

    papers = ChecksField(_l("再给它哪几份"), choices=[], validate_choice=False)

    @property
    def paper_ids(self) -> list[int]:
        """What was ticked."""
        return row_ids(self.papers.data)


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
