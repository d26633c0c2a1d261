"""What can be found of businesses: one's own, and for operators whose papers, titles or claims wait."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker.businesses import queries, services
from matchmaker.businesses.models import Business
from matchmaker.reference import regions
from matchmaker.searching import Findable, Hit
from matchmaker.web import actor


def _mine(person: Any, words: str) -> list[Business]:
    mine = {one.id: one for one in (*queries.businesses_of(person.id), *queries.helped_businesses(person.id))}
    wanted = words.lower().split()
    return [one for one in mine.values() if all(word in f"{one.name} {one.uscc}".lower() for word in wanted)]


def _hits(found: Sequence[Business]) -> list[Hit]:
    return [
        Hit(one.name, url_for("businesses.show", business_id=one.id), regions.full_name(one.region_code))
        for one in found
    ]


def _hits_of_waiting(endpoint: str) -> Any:
    """Names of what waits: looks that the owner reads in their log, as those of the list."""

    def hits(found: Sequence[Any]) -> list[Hit]:
        services.look_at_waiting((one.business for one in found), by=actor())
        return [Hit(one.business.name, url_for(endpoint, q=one.business.uscc)) for one in found]

    return hits


FINDABLE = (
    Findable("businesses", _l("我的店"), "business.list", _mine, _hits),
    Findable(
        "papers-to-check",
        _l("等着核的材料"),
        "business.list_papers",
        lambda person, words: queries.waiting_members(words),
        _hits_of_waiting("businesses.papers_to_check"),
        lambda person, words: url_for("businesses.papers_to_check", q=words),
    ),
    Findable(
        "titles-to-check",
        _l("等着核的称号"),
        "business.list_titles",
        lambda person, words: queries.waiting_titles(words),
        _hits_of_waiting("businesses.titles_to_check"),
        lambda person, words: url_for("businesses.titles_to_check", q=words),
    ),
    Findable(
        "cases",
        _l("谁能代表的案子"),
        "business.list_cases",
        lambda person, words: queries.open_cases(words),
        _hits_of_waiting("businesses.cases"),
        lambda person, words: url_for("businesses.cases", q=words),
    ),
)
