"""Finds the industry class that an owner means: by code, name, everyday word, pinyin or pinyin initials, best first."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

from matchmaker.reference import industries, packaged, pinyin
from matchmaker.reference.industries import Industry

MatchedBy = Literal["code", "name", "word", "pinyin"]
LONGEST_QUERY = 40

# What kind of trade the ending (or beginning) of an everyday word speaks of, as prefixes of class codes.
# 水果店 is a shop, 水果批发 a wholesaler, 服装厂 a factory: the thing is the same, the class is not.
_ENDINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("批发部", ("51",)),
    ("批发", ("51",)),
    ("零售", ("52",)),
    ("专卖店", ("52",)),
    ("经营部", ("52", "51")),
    ("门市部", ("52",)),
    ("加工厂", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4")),
    ("加工", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4", "05")),
    ("制造", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4")),
    ("生产", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4")),
    ("工厂", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4")),
    ("厂", ("13", "14", "15", "16", "17", "18", "19", "2", "3", "4")),
    ("养殖", ("03", "041")),
    ("种植", ("01", "02")),
    ("维修", ("81", "43")),
    ("修理", ("81", "43")),
    ("出租", ("71",)),
    ("租赁", ("71",)),
    ("培训", ("839",)),
    ("工程", ("47", "48", "49", "50")),
    ("施工", ("47", "48", "49", "50")),
    ("运输", ("53", "54", "55", "56", "57", "58")),
    ("公司", ()),
    ("工作室", ()),
    ("中心", ()),
    ("生意", ()),
    ("服务部", ("8", "7")),
    ("服务", ("8", "7", "6")),
    ("摊位", ("52", "62")),
    ("摊", ("52", "62")),
    ("档口", ("51", "52")),
    ("铺子", ("52", "62", "8")),
    ("小店", ("52", "62", "8")),
    ("店", ("52", "61", "62", "80")),
    ("铺", ("52", "62", "8")),
    ("馆", ("62", "61", "8", "9")),
    ("屋", ("62", "52", "8")),
    ("吧", ("62", "90")),
    ("行", ("52", "51", "8")),
    ("场", ("03", "04", "9")),
    ("队", ("47", "48", "49", "50")),
    ("院", ("8",)),
)
_BEGINNINGS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("批发", ("51",)),
    ("修理", ("81", "43")),
    ("维修", ("81", "43")),
    ("修", ("81", "43")),
    ("养", ("03", "04")),
    ("种", ("01", "02")),
    ("卖", ("52",)),
    ("租", ("71",)),
    ("开", ()),
    ("做", ()),
    ("搞", ()),
)
_SAYING_NOTHING = ("服务", "活动", "业")
"""Tails of official names that nobody types: 快递服务 is found as 快递."""
_EXACT_WORD, _EXACT_NAME, _NEARLY = 1.0, 0.99, 0.95
_REPAIR = ("81", "43")
# Who mends what a shop class sells: 修冰箱 is found from 冰箱. Anything else in 52 is 其他未列明日用产品修理业.
_MENDED_BY = {
    "5238": "8114", "5261": "8111", "5262": "8111", "5263": "8111", "5264": "8113", "5271": "8131", "5272": "8132",
    "5273": "8121", "5274": "8122", "5279": "8131", "5283": "8193", "5233": "8192", "5237": "8192",
}  # fmt: skip
_MENDED_OTHERWISE = "8199"


@dataclass(frozen=True, slots=True)
class Hit:
    """A class that fits, with the everyday word or code that led to it."""

    industry: Industry
    matched_by: MatchedBy
    word: str
    """The everyday word that matched; empty when the name or code itself did."""
    score: float


@dataclass(frozen=True, slots=True)
class _Entry:
    """A text that leads to a class: its official name, or an everyday word with the place of the class in its list."""

    text: str
    code: str
    place: int
    word: str
    """As the list writes it; empty for a name."""
    syllables: tuple[str, ...]

    @property
    def is_name(self) -> bool:
        return not self.word


@cache
def _entries() -> tuple[_Entry, ...]:
    found = []
    for industry in industries.classes():
        spelt = pinyin.syllables(industry.name)
        found.append(_Entry(tidy(industry.name), industry.code, 0, "", spelt))
        if tail := next((tail for tail in _SAYING_NOTHING if industry.name.endswith(tail)), ""):
            bare = industry.name.removesuffix(tail)
            found.append(_Entry(tidy(bare), industry.code, 0, "", spelt[: -len(tail)]))
    for row in packaged.rows("industry_words"):
        for place, code in enumerate(row["codes"].split("|")):
            word = row["word"]
            found.append(_Entry(tidy(word), code, place, word, pinyin.syllables(word)))
    return tuple(found)


@cache
def everyday_words(code: str) -> tuple[str, ...]:
    """The everyday words that lead to a class first."""
    return tuple(row["word"] for row in packaged.rows("industry_words") if row["codes"].split("|")[0] == code)


def tidy(text: str) -> str:
    """The query as it is compared: full-width narrowed, small letters, no blanks or punctuation."""
    narrow = unicodedata.normalize("NFKC", text[:LONGEST_QUERY]).lower()
    return "".join(sign for sign in narrow if sign.isalnum())


def search(query: str, limit: int = 20) -> list[Hit]:
    """The classes that fit ``query``, best first, each once; [] when nothing does or nothing was typed."""
    return list(_search(tidy(query), limit))


@lru_cache(maxsize=4096)
def _search(wanted: str, limit: int) -> list[Hit]:
    if not wanted:
        return []
    if re.fullmatch(r"[a-t]?\d{1,4}", wanted):
        return _by_code(wanted.upper(), limit)
    hits = _by_text(wanted)
    if wanted.isascii() and wanted.isalnum():
        hits += _by_pinyin(wanted)
    return _best(hits, limit)


def _best(hits: list[Hit], limit: int) -> list[Hit]:
    best: dict[str, Hit] = {}
    for hit in hits:
        held = best.get(hit.industry.code)
        if held is None or hit.score > held.score:
            best[hit.industry.code] = hit
    return sorted(best.values(), key=lambda hit: (-round(hit.score, 6), hit.industry.code))[:limit]


def _by_code(wanted: str, limit: int) -> list[Hit]:
    letter = wanted[0] if wanted[0].isalpha() else ""
    digits = wanted[len(letter) :]
    return [
        Hit(industry, "code", "", 1.0)
        for industry in industries.classes()
        if industry.code.startswith(digits) and letter in ("", industry.section)
    ][:limit]


def _by_text(wanted: str) -> list[Hit]:
    stem, hints = _read(wanted)
    hits = []
    for entry in _candidates(wanted, stem):
        score = max(_likeness(wanted, entry), 0.93 * _likeness(stem, entry) if stem != wanted else 0.0)
        if score < 0.3:
            continue
        if hints and score < _EXACT_NAME:
            score = min(_NEARLY, score + (0.14 if entry.code.startswith(hints) else -0.08))
        score -= 0.012 * entry.place
        industry = industries.get(entry.code)
        if industry is not None:
            if entry.is_name and industry.name.startswith("其他"):
                score -= 0.03
            hits.append(Hit(industry, "name" if entry.is_name else "word", entry.word, score))
            mender = _MENDED_BY.get(entry.code, _MENDED_OTHERWISE)
            if hints == _REPAIR and entry.code.startswith("52") and (found := industries.get(mender)):
                hits.append(Hit(found, "word", entry.word, score + 0.1))
    return hits


@cache
def _index() -> dict[str, frozenset[int]]:
    """Places of the entries by each pair of neighbouring signs and each single sign in them."""
    found: dict[str, set[int]] = defaultdict(set)
    for place, entry in enumerate(_entries()):
        for part in (*_pairs(entry.text), *entry.text):
            found[part].add(place)
        if len(entry.text) == 1:
            found[f"={entry.text}"].add(place)
    return {part: frozenset(places) for part, places in found.items()}


def _candidates(wanted: str, stem: str) -> list[_Entry]:
    """The entries that can be like the query at all: they share a pair with it, or are one sign of it."""
    index, entries = _index(), _entries()
    found: set[int] = set()
    for text in {wanted, stem}:
        for part in _pairs(text) if len(text) > 1 else text:
            found |= index.get(part, frozenset())
        for sign in text:
            found |= index.get(f"={sign}", frozenset())
    return [entries[place] for place in sorted(found)]


def _read(wanted: str) -> tuple[str, tuple[str, ...]]:
    """The thing itself and what its ending or beginning says about the kind of trade: 水果店 → 水果, shops."""
    hints: tuple[str, ...] = ()
    stem = wanted
    for ending, prefixes in _ENDINGS:
        if stem.endswith(ending) and len(stem) > len(ending):
            stem, hints = stem[: -len(ending)], prefixes
            break
    for beginning, prefixes in _BEGINNINGS:
        if stem.startswith(beginning) and len(stem) > len(beginning):
            stem, hints = stem[len(beginning) :], hints or prefixes
            break
    return stem, hints


def _likeness(wanted: str, entry: _Entry) -> float:
    """0 to 1: equal, one inside the other, or how many pairs of neighbouring signs they share."""
    text = entry.text
    if wanted == text:
        return _EXACT_NAME if entry.is_name else _EXACT_WORD
    if wanted in text:
        share = len(wanted) / len(text)
        head = 0.05 if text.startswith(wanted) else 0.0
        return (0.62 if len(wanted) > 1 else 0.35) + head + 0.25 * share
    if text in wanted and (len(text) > 1 or len(wanted) <= 2):
        return 0.45 + 0.4 * len(text) / len(wanted)
    pairs = _pairs(wanted)
    if not pairs:
        return 0.0
    shared = len(pairs & _pairs(text))
    return 0.55 * shared / len(pairs) + 0.1 * shared / max(len(text) - 1, 1)


@cache
def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[at : at + 2] for at in range(len(text) - 1))


@cache
def _spelt() -> tuple[tuple[_Entry, str, str], ...]:
    """Every entry with its pinyin run together and its initials."""
    return tuple(
        (entry, "".join(entry.syllables), "".join(part[0] for part in entry.syllables))
        for entry in _entries()
        if entry.syllables
    )


def _by_pinyin(wanted: str) -> list[Hit]:
    """Whole pinyin (kuaidi), its beginning, or initials (kd); an exact everyday word comes first."""
    hits = []
    for entry, whole, initials in _spelt():
        if wanted in (whole, initials):
            score = (0.98 if wanted == whole else 0.9) + (0.0 if entry.is_name else 0.005)
        elif whole.startswith(wanted) and len(wanted) > 1:
            score = 0.6 + 0.3 * len(wanted) / len(whole)
        elif initials.startswith(wanted) and len(wanted) > 1:
            score = 0.5 + 0.3 * len(wanted) / len(initials)
        elif len(wanted) > 3 and wanted in whole:
            score = 0.4 + 0.3 * len(wanted) / len(whole)
        else:
            continue
        industry = industries.get(entry.code)
        if industry is not None:
            hits.append(Hit(industry, "pinyin", entry.word, score - 0.012 * entry.place))
    return hits
