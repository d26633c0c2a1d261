"""What a supervisor can find of businesses: by place or number, masked; never by what is masked."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker.businesses.models import Business
from matchmaker.privacy import queries
from matchmaker.privacy.rules import masked_name
from matchmaker.reference import regions
from matchmaker.searching import Findable, Hit


def _hits(found: Sequence[Business]) -> list[Hit]:
    return [
        Hit(
            masked_name(one.name),
            url_for("privacy.masked_one", business_id=one.id),
            regions.full_name(one.region_code),
        )
        for one in found
    ]


FINDABLE = (
    Findable(
        "masked",
        _l("企业，遮住名字"),
        "masked.list",
        lambda person, words: queries.businesses_of_region("", words),
        _hits,
        lambda person, words: url_for("privacy.masked", q=words),
    ),
)
