"""What can be found of sealed cards, by what five share, and of invitations that came to one's own businesses."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.approaches import queries
from matchmaker.approaches.models import Approach
from matchmaker.approaches.queries import Offered
from matchmaker.matching.telling import industry_name, region_name
from matchmaker.searching import Findable, Hit


def _hits_of_cards(found: Sequence[Offered]) -> list[Hit]:
    return [
        Hit(
            str(industry_name(one.shown.industry_code)),
            url_for("approaches.cards", q=region_name(one.shown.region_code)),
            region_name(one.shown.region_code),
        )
        for one in found
    ]


def _invited(person: Any, words: str) -> Any:
    ids = [business.id for business in queries.businesses_of(person.id)]
    return queries.invitations_to(ids, words) if ids else None


def _hits_of_invitations(found: Sequence[Approach]) -> list[Hit]:
    return [
        Hit(
            version.name if (version := one.product.current_version) else one.institution.short_name,
            url_for("approaches.invited", q=one.institution.short_name),
            one.institution.short_name,
            formatting.moment(one.sent_at),
        )
        for one in found
    ]


FINDABLE = (
    Findable(
        "cards",
        _l("等着有人接的"),
        "card.list",
        lambda person, words: queries.cards_for(sorted(person.institution_ids), words=words),
        _hits_of_cards,
        lambda person, words: url_for("approaches.cards", q=words),
    ),
    Findable(
        "invited",
        _l("谁请您看产品"),
        "approach.list",
        _invited,
        _hits_of_invitations,
        lambda person, words: url_for("approaches.invited", q=words),
    ),
)
