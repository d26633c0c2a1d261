"""What the folder of a business holds, column by column."""

from flask_babel import lazy_gettext as _l

from matchmaker.db import says
from matchmaker.listing import About, Column, Listing, worded
from matchmaker.papers.models import FolderPaper
from matchmaker.papers.words import LABELS
from matchmaker.web import label

FOLDER = Listing(
    "folder",
    _l("资料夹"),
    (
        Column(_l("材料"), _l("哪一种"), worded("paper.kind", lambda paper: paper.kind)),
        Column(_l("文件"), _l("文件的名字"), lambda paper: paper.document.filename),
        Column(_l("备注"), _l("您自己写的"), lambda paper: paper.note),
        Column(_l("放的时间"), _l("北京时间"), lambda paper: paper.added_at),
        Column(_l("有效到"), _l("您写的最后一天；空着就是没有"), lambda paper: paper.expires_on),
    ),
    ("q", "group"),
    about=About.SELF,
)


def holds(paper: FolderPaper, words: str) -> bool:
    """Whether every word stands in the kind, the owner's note or the name of the file."""
    names = (label("paper.kind", paper.kind), LABELS["paper.kind"][paper.kind], paper.note, paper.document.filename)
    return says(" ".join(map(str, names)), words)
