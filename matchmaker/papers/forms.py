"""The forms of the folder: one paper with its kind and last day; what is said of it; a newer file."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, HiddenField, SelectField, StringField

from matchmaker.businesses.typed import read_day, read_text
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.rules import GROUPS, LONGEST_NOTE
from matchmaker.papers.words import LABELS
from matchmaker.refusal import Refused
from matchmaker.web import BaseForm


def _kinds() -> dict[Any, list[tuple[str, Any]]]:
    """The kinds by group."""
    return {
        LABELS["paper.group"][group]: [(code, LABELS["paper.kind"][code]) for code in codes]
        for group, codes in GROUPS.items()
    }


class DescribedForm(BaseForm):
    """What a paper is, and its last day."""

    kind = SelectField(_l("是什么"), choices=[], validate_choice=False)
    note = StringField(_l("记一句"), description=_l("自己好认，比如：2025 年全年、柳桥街的店"))
    expires_on = StringField(
        _l("有效到哪天"), description=_l("执照、租约这类写着日期的才填。到期前 30 天、7 天各提醒一次")
    )
    until: date | None = None
    words: str = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind.choices = _kinds()

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the texts; each refusal lands at its field."""
        valid = super().validate(extra_validators)
        for field, read in (("note", self._read_note), ("expires_on", self._read_day)):
            try:
                read()
            except Refused as no:
                no.field = no.field or field
                self.refuse(no)
                valid = False
        return valid

    def _read_note(self) -> None:
        self.words = read_text(self.note.data, "note", required=False, longest=LONGEST_NOTE)

    def _read_day(self) -> None:
        self.until = read_day(self.expires_on.data, "expires_on", required=False)


class PutInForm(DescribedForm):
    """A paper for the folder: by camera or as a file."""

    photo = FileField(_l("拍一张"))
    file = FileField(_l("或者选一个文件"))


class DescribeForm(DescribedForm):
    """Saying more about a paper that is there."""

    row_version = HiddenField()

    @classmethod
    def of(cls, paper: FolderPaper) -> DescribeForm:
        """As it stands."""
        return cls(
            formdata=None,
            data={
                "kind": paper.kind,
                "note": paper.note,
                "expires_on": paper.expires_on.isoformat() if paper.expires_on else "",
                "row_version": str(paper.row_version),
            },
        )


class ReplaceForm(BaseForm):
    """A newer file in place of a paper."""

    photo = FileField(_l("拍一张"))
    file = FileField(_l("或者选一个文件"))
    expires_on = StringField(_l("新的有效到哪天"), description=_l("没写日期的不用填"))
    until: date | None = None

    def validate(self, extra_validators: Any = None) -> bool:
        """Read the day."""
        valid = super().validate(extra_validators)
        try:
            self.until = read_day(self.expires_on.data, "expires_on", required=False)
        except Refused as no:
            self.refuse(no)
            return False
        return valid
