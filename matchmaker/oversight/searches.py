"""What supervisors and operators can find: needs and leads by number, lists, work by its name, permissions."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.db import says
from matchmaker.leads.models import Lead
from matchmaker.needs.models import Need
from matchmaker.needs.searches import wanted_words
from matchmaker.oversight import queries
from matchmaker.oversight.permission_words import WHAT
from matchmaker.permissions import PERMISSIONS
from matchmaker.ranking.models import ShownList
from matchmaker.searching import Findable, Hit, codes_saying
from matchmaker.web import label


def _needs(person: Any, words: str) -> Any:
    return queries.needs(words=words, purposes=codes_saying("need.purpose", words))


def _hits_of_needs(found: Sequence[Need]) -> list[Hit]:
    return [
        Hit(
            _("%(number)s 号", number=one.id),
            url_for("oversight.needs", q=one.id),
            wanted_words(one),
            label("need.state", one.state),
        )
        for one in found
    ]


def _hits_of_leads(found: Sequence[Lead]) -> list[Hit]:
    return [
        Hit(
            _("%(number)s 号", number=one.id),
            url_for("oversight.leads", show="all", q=one.id),
            one.institution.short_name,
            label("lead.state", one.state),
        )
        for one in found
    ]


def _lists(person: Any, words: str) -> Any:
    number = words.lstrip("#").removesuffix("号")
    return queries.lists(need_id=int(number)) if number.isascii() and number.isdigit() and len(number) < 10 else None


def _hits_of_lists(found: Sequence[ShownList]) -> list[Hit]:
    return [
        Hit(
            _("%(number)s 号", number=one.id),
            url_for("oversight.show_list", list_id=one.id),
            formatting.moment(one.made_at),
        )
        for one in found
    ]


def _hits_of_jobs(found: Sequence[str]) -> list[Hit]:
    return [Hit(label("job.name", code), url_for("oversight.jobs", name=code), code) for code in found]


def _permissions(person: Any, words: str) -> list[str]:
    said = {name: f"{name} {WHAT.get(name, line.about)}" for name, line in PERMISSIONS.items()}
    return [name for name, text in said.items() if says(text, words)]


def _hits_of_permissions(found: Sequence[str]) -> list[Hit]:
    return [
        Hit(str(WHAT.get(name, PERMISSIONS[name].about)), url_for("oversight.permissions", q=name), name)
        for name in found
    ]


FINDABLE = (
    Findable(
        "all-needs",
        _l("发出过的需求"),
        "oversight.see",
        _needs,
        _hits_of_needs,
        lambda person, words: url_for("oversight.needs", q=words),
    ),
    Findable(
        "all-leads",
        _l("送出过的线索"),
        "oversight.see",
        lambda person, words: queries.leads(show="all", words=words),
        _hits_of_leads,
        lambda person, words: url_for("oversight.leads", show="all", q=words),
    ),
    Findable("lists", _l("这个需求看过的名单"), "list.replay", _lists, _hits_of_lists),
    Findable(
        "jobs", _l("自动做的事"), "upkeep.see", lambda person, words: codes_saying("job.name", words), _hits_of_jobs
    ),
    Findable("permissions", _l("权限表"), "oversight.see", _permissions, _hits_of_permissions),
)
