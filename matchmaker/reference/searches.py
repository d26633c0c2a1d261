"""What can be found of the reference data: trades by everyday word, pinyin or code, and places."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.reference import industries, regions
from matchmaker.reference.industry_search import search
from matchmaker.reference.regions import Region
from matchmaker.searching import Findable, Hit

MOST = 40
NEAR_ENOUGH = 0.6
"""Below this a trade shares a sign or two with what was typed: good enough for a picker, not for a search."""


def _trades(person: Any, words: str) -> list[Any]:
    return [hit for hit in search(words, MOST) if hit.score >= NEAR_ENOUGH]


def _hits_of_trades(found: Sequence[Any]) -> list[Hit]:
    return [
        Hit(
            industries.name(hit.industry.code, formatting.language()),
            url_for("reference.industry", code=hit.industry.code),
            hit.word,
            hit.industry.full_code,
        )
        for hit in found
    ]


def _hits_of_places(found: Sequence[Region]) -> list[Hit]:
    return [
        Hit(
            one.full_name,
            url_for("reference.regions", region_code=one.code),
            _("原：%(names)s", names="、".join(one.formerly)) if one.formerly else "",
            one.code,
        )
        for one in found
    ]


FINDABLE = (
    Findable("trades", _l("行业"), None, _trades, _hits_of_trades),
    Findable("places", _l("地区"), None, lambda person, words: regions.search(words, MOST), _hits_of_places),
)
