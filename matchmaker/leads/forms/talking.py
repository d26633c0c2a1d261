"""What both sides write to each other, and the reply to published figures."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import FileField, RadioField
from wtforms import TextAreaField as AreaField

from matchmaker.conversations.rules import REPORT_REASONS, TEMPLATES, Side, tidy_post
from matchmaker.leads.forms.typed import TypedForm
from matchmaker.leads.models import Lead
from matchmaker.leads.queries import finding
from matchmaker.leads.rules.answers import LONGEST_REPLY
from matchmaker.web import BaseForm, ChecksField, label, row_ids


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
        self.paper_ids = tuple(row_ids(self.papers.data))


class ReportPostForm(BaseForm):
    """What is wrong with a message."""

    reason = RadioField(_l("哪里不对"), choices=[], validate_choice=False)
    words = AreaField(_l("怎么回事"), description=_l("只有平台看得到，机构看不到是您报的"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.reason.choices = [(code, label("talk.report_reason", code)) for code in REPORT_REASONS]
