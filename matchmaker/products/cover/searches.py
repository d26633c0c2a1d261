"""What can be found of an own insurer's cover."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import clock
from matchmaker.products.cover import queries
from matchmaker.products.cover.models import Cover
from matchmaker.searching import Findable, Hit
from matchmaker.web import label


def _own(found: Sequence[Cover]) -> list[Hit]:
    return [
        Hit(
            (one.current_version or one.versions[-1]).name,
            url_for("cover.look_after", cover_id=one.id),
            label("cover.line", one.line),
            label("product.state", one.state),
        )
        for one in found
    ]


FINDABLE = (
    Findable(
        "our-cover",
        _l("我们的保险产品"),
        "cover.list",
        lambda person, words: queries.covers_of(person.institution_ids, q=words, today=clock.today()),
        _own,
        lambda person, words: url_for("cover.mine", q=words),
    ),
)
