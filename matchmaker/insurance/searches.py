"""What can be found of cover and quotes: lines and what is listed in the neutral order of the day, never a price."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from matchmaker import clock, formatting
from matchmaker.insurance.models import CoverRequest
from matchmaker.insurance.queries import requests, zone
from matchmaker.products.cover import queries as shelf
from matchmaker.products.cover.models import CoverVersion
from matchmaker.products.cover.rules import line_name
from matchmaker.reference.insurance_lines import InsuranceLine
from matchmaker.searching import Findable, Hit, codes_saying
from matchmaker.web import label


def _lines(person: Any, words: str) -> list[tuple[InsuranceLine, int]]:
    return [row for group in zone.groups(clock.today(), q=words) for row in group.lines]


def _hits_of_lines(found: Sequence[tuple[InsuranceLine, int]]) -> list[Hit]:
    language = formatting.language()
    return [
        Hit(line_name(line.code, language), url_for("insurance.one_line", line=line.code), state=_count(number))
        for line, number in found
    ]


def _count(number: int) -> str:
    return str(_l("%(number)s 家有", number=number)) if number else ""


def _hits_of_cover(found: Sequence[CoverVersion]) -> list[Hit]:
    language = formatting.language()
    return [
        Hit(
            one.name,
            url_for("insurance.show_cover", cover_id=one.cover_id),
            one.cover.institution.short_name,
            line_name(one.cover.line, language),
        )
        for one in found
    ]


def _hits_of_mine(found: Sequence[CoverRequest]) -> list[Hit]:
    return [
        Hit(
            one.cover_version.name,
            url_for("insurance.show", request_id=one.id),
            one.institution.short_name,
            label("cover.request_state", one.state),
        )
        for one in found
    ]


def _hits_of_queue(found: Sequence[CoverRequest]) -> list[Hit]:
    return [
        Hit(
            requests.number_of(one),
            url_for("insurance.show", request_id=one.id),
            one.cover_version.name,
            label("cover.request_state", one.state),
        )
        for one in found
    ]


def _hits_of_papers(found: Sequence[Any]) -> list[Hit]:
    """What kind, and with whom; the name of the file for its owner alone."""
    return [
        Hit(
            label("paper.kind", paper.kind),
            url_for("insurance.show", request_id=request.id, _anchor="papers"),
            f"{request.institution.short_name} · {paper.document.filename}"
            if is_ours
            else f"{requests.number_of(request)} · {request.cover_version.name}",
            _("收回了") if paper.taken_back_at else "",
        )
        for paper, request, is_ours in found
    ]


FINDABLE = (
    Findable(
        "my-quotes",
        _l("我问过的价"),
        "quote.track",
        lambda person, words: requests.requests_of(person.id, words=words),
        _hits_of_mine,
        lambda person, words: url_for("insurance.mine", q=words),
    ),
    Findable(
        "quotes",
        _l("问价"),
        "quote.queue",
        lambda person, words: requests.queue_of(person, "all", words),
        _hits_of_queue,
        lambda person, words: url_for("insurance.queue", show="all", q=words),
    ),
    Findable(
        "cover-papers",
        _l("给保险公司的材料"),
        "lead.track",
        lambda person, words: requests.papers_called(person, words, codes_saying("paper.kind", words)),
        _hits_of_papers,
    ),
    Findable(
        "cover", _l("保险产品"), None, lambda person, words: shelf.listed_named(words, clock.today()), _hits_of_cover
    ),
    Findable(
        "lines", _l("险种"), None, _lines, _hits_of_lines, lambda person, words: url_for("insurance.zone", q=words)
    ),
)
