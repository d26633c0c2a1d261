"""What can be found of needs."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.accounts.rules import masked
from matchmaker.needs import queries
from matchmaker.needs.listings import standing_of
from matchmaker.needs.models import AssistedNeed, Need
from matchmaker.searching import Findable, Hit, codes_saying
from matchmaker.web import label


def wanted_words(need: Need) -> str:
    """What is asked for, in a line: amount, time, purpose."""
    asked = need.current
    amount, months = formatting.wan(asked.amount_yuan), formatting.months(asked.term_months)
    parts = (amount, months, label("need.purpose", asked.purpose))
    return ("，" if formatting.language() == "zh" else ", ").join(map(str, parts))


def _mine(person: Any, words: str) -> Any:
    return queries.needs_of(person.id, words=words, purposes=codes_saying("need.purpose", words))


def _hits(found: Sequence[Need]) -> list[Hit]:
    return [
        Hit(wanted_words(one), url_for("needs.show", need_id=one.id), one.business.name, label("need.state", one.state))
        for one in found
    ]


def _hits_of_assisted(found: Sequence[AssistedNeed]) -> list[Hit]:
    return [
        Hit(
            (one.name or masked(one.address)) if one.is_open else f"{one.id:06d}",
            url_for("needs.assisted", q=one.id),
            formatting.moment(one.typed_at),
            standing_of(one),
        )
        for one in found
    ]


FINDABLE = (
    Findable("needs", _l("我的需求"), "need.post", _mine, _hits, lambda person, words: url_for("needs.mine", q=words)),
    Findable(
        "typed-for-others",
        _l("替客户写的需求"),
        "assisted.start",
        lambda person, words: queries.typed_for_others(person.id, words=words),
        _hits_of_assisted,
        lambda person, words: url_for("needs.assisted", q=words),
    ),
)
