"""Codes into words: labels, sentences of reasons and refusals, deeds of the trail; facts by the suffix of a name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from matchmaker import formatting
from matchmaker.refusal import Reason, Refused

_labels: dict[str, Mapping[str, Any]] = {}
_sentences: dict[str, Any] = {}
_deeds: dict[str, Any] = {}

UNITS: dict[str, Callable[[Any], str]] = {
    "_yuan": formatting.wan,
    "_percent": formatting.percent2,
    "_on": formatting.day,
    "_at": formatting.moment,
    "_months": formatting.months,
}


def learn_words(module: Any) -> None:
    """Take a subject's LABELS, SENTENCES and DEEDS. Raises ValueError when a code already has other words.

    DEEDS are the words for what a subject writes into the trail (``audit.services.record``).
    """
    for what, words in getattr(module, "DEEDS", {}).items():
        if _deeds.get(what, words) is not words:
            raise ValueError(f"deed {what} is declared twice")
        _deeds[what] = words
    for group, labels in getattr(module, "LABELS", {}).items():
        if _labels.get(group, labels) is not labels:
            raise ValueError(f"labels {group} are declared twice")
        _labels[group] = labels
    for code, words in getattr(module, "SENTENCES", {}).items():
        if _sentences.get(code, words) is not words:
            raise ValueError(f"sentence {code} is declared twice")
        _sentences[code] = words


def known_labels(group: str) -> Mapping[str, Any]:
    """The codes of a group with their words."""
    return _labels[group]


def known_deeds() -> dict[str, Any]:
    return dict(_deeds)


def deed(what: str) -> str:
    """The words for a kind of deed in the trail; one that no subject declares any more keeps its code."""
    return str(_deeds.get(what, what))


def known_sentences() -> dict[str, Any]:
    return dict(_sentences)


def label(group: str, code: Any) -> str:
    """The words for a code in the reader's language; a list of codes is joined."""
    if code is None:
        return str(_l("没有填"))
    if isinstance(code, (list, tuple)):
        return ("、" if str(get_locale()).startswith("zh") else ", ").join(label(group, item) for item in code)
    return str(_labels[group][str(code)])


def sentence(reason: Any) -> str:
    """A Reason, a Refused or its stored form as a sentence in the reader's language.

    Facts are written by the suffix of their names; a text fact ``label:group:code`` becomes that code's words.
    """
    if isinstance(reason, Refused):
        reason = reason.reason
    elif isinstance(reason, Mapping):
        reason = Reason.from_json(reason)
    words = _sentences[reason.code]
    return str(words) % {name: write_fact(name, value) for name, value in reason.facts.items()}


def write_fact(name: str, value: Any) -> str:
    """One fact in the reader's language, by the suffix of its name."""
    if value is None:
        return str(_l("没有填"))
    if isinstance(value, (list, tuple)):
        return ("、" if str(get_locale()).startswith("zh") else ", ").join(write_fact(name, item) for item in value)
    if isinstance(value, str) and value.startswith("label:"):
        _, group, code = value.split(":", 2)
        return label(group, code)
    for suffix, write in UNITS.items():
        if name.endswith(suffix) or name == suffix[1:]:
            return write(_revived(suffix, value))
    if isinstance(value, Decimal):
        return formatting.num(value)
    if isinstance(value, (date, datetime)):
        return formatting.moment(value) if isinstance(value, datetime) else formatting.day(value)
    return str(value)


def _revived(suffix: str, value: Any) -> Any:
    """A fact read back from JSON as the kind its name says."""
    if not isinstance(value, str):
        return value
    if suffix == "_on":
        return date.fromisoformat(value)
    if suffix == "_at":
        return datetime.fromisoformat(value)
    return Decimal(value) if suffix in {"_yuan", "_percent"} else value
