"""The closed lists of words of the trade (guarantee, purpose, fee, repayment …), each code with its two names."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

from matchmaker.reference import packaged


@dataclass(frozen=True, slots=True)
class Term:
    domain: str
    code: str
    name: str
    name_en: str
    article: str
    """The articles of the 2023 notice that name it; empty when it is common practice."""
    note: str


@cache
def _all() -> dict[str, dict[str, Term]]:
    by_domain: dict[str, dict[str, Term]] = defaultdict(dict)
    for row in packaged.rows("financing_terms"):
        term = Term(row["domain"], row["code"], row["name_zh"], row["name_en"], row["article"], row["note"])
        by_domain[term.domain][term.code] = term
    return dict(by_domain)


def domains() -> tuple[str, ...]:
    """guarantee, creditdata, purpose, fee, institution, repayment, entity, tenor, quality, rate, status."""
    return tuple(_all())


def of(domain: str) -> tuple[Term, ...]:
    """All terms of a domain in file order. KeyError for an unknown domain."""
    return tuple(_all()[domain].values())


def codes(domain: str) -> tuple[str, ...]:
    """All codes of a domain in file order. KeyError for an unknown domain."""
    return tuple(_all()[domain])


def get(domain: str, code: str | None) -> Term | None:
    """The term, or None. KeyError for an unknown domain."""
    return _all()[domain].get(code or "")


@cache
def _plain() -> dict[tuple[str, str], tuple[str, str]]:
    return {(row["domain"], row["code"]): (row["name_zh"], row["name_en"]) for row in packaged.rows("plain_terms")}


def label(domain: str, code: str | None, language: str = "zh") -> str:
    """What pages call it in that language ("zh", "en"): as an owner would say it where the list has such words, else by
    its official name; an unknown code is given back as it is."""
    if (plain := _plain().get((domain, code or ""))) is not None:
        return plain[language.startswith("en")]
    term = get(domain, code)
    if term is None:
        return code or ""
    return term.name_en if language.startswith("en") and term.name_en else term.name
