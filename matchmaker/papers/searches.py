"""What can be found in the folders of one's own businesses: by kind, by one's own words, by the name of the file."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker.businesses import queries as businesses
from matchmaker.papers import queries
from matchmaker.papers.listings import holds
from matchmaker.papers.models import FolderPaper
from matchmaker.permissions import may
from matchmaker.searching import Findable, Hit
from matchmaker.web import label


def _mine(person: Any, words: str) -> list[FolderPaper]:
    own = (*businesses.businesses_of(person.id), *businesses.helped_businesses(person.id))
    mine = {one.id: one for one in own if may(person, "folder.see", one)}
    return [paper for one in mine.values() for paper in queries.folder_of(one, person) if holds(paper, words)]


def _hits(found: Sequence[FolderPaper]) -> list[Hit]:
    return [
        Hit(
            label("paper.kind", one.kind),
            url_for("papers.folder", business_id=one.business_id, q=one.document.filename),
            " · ".join(part for part in (one.note, one.document.filename) if part),
        )
        for one in found
    ]


FINDABLE = (Findable("papers", _l("我的材料"), "folder.list", _mine, _hits),)
