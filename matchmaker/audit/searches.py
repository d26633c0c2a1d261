"""What can be found of the trail: kinds of deeds by their words, for who may read it."""

from collections.abc import Sequence
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l

from matchmaker.searching import Findable, Hit
from matchmaker.web import known_deeds


def _deeds(person: Any, words: str) -> list[tuple[str, str]]:
    wanted = words.lower().split()
    deeds = ((code, str(said)) for code, said in known_deeds().items())
    return [(code, said) for code, said in deeds if all(word in f"{code} {said}".lower() for word in wanted)]


def _hits(found: Sequence[tuple[str, str]]) -> list[Hit]:
    return [Hit(said, url_for("audit.trail", what=code), code) for code, said in found]


FINDABLE = (Findable("deeds", _l("谁做了什么"), "audit.list", _deeds, _hits),)
