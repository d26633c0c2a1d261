"""What can be found of loans: those of one's own businesses."""

from collections.abc import Sequence

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.loans import queries
from matchmaker.loans.models import Loan
from matchmaker.searching import Findable, Hit


def _hits(found: Sequence[Loan]) -> list[Hit]:
    return [
        Hit(
            one.product_version.name,
            url_for("loans.mine", q=one.product_version.name),
            f"{one.institution.short_name} · {one.business.name}",
            formatting.wan(one.amount_yuan),
        )
        for one in found
    ]


FINDABLE = (
    Findable(
        "loans",
        _l("贷款"),
        "loan.mine",
        lambda person, words: queries.loans_of_person(person.id, words),
        _hits,
        lambda person, words: url_for("loans.mine", q=words),
    ),
)
