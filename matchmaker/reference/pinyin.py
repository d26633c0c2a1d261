"""Chinese text as pinyin, computed once into data/pinyin.csv so that no page waits for it; a test keeps the file true.

Written anew by ``python -m matchmaker.reference.pinyin``.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from matchmaker.reference import packaged

FILE = Path(__file__).parent / "data" / "pinyin.csv"


@cache
def _known() -> dict[str, tuple[str, ...]]:
    return {row["text"]: tuple(row["syllables"].split()) for row in packaged.rows("pinyin")}


def syllables(text: str) -> tuple[str, ...]:
    """The syllables of a name or everyday word of the reference data, without tones; () for any other text."""
    return _known().get(text, ())


def texts() -> list[str]:
    """Every text that needs its pinyin: industry classes, everyday words, divisions."""
    found = [row["name_zh"] for row in packaged.rows("industries") if row["level"] == "4"]
    found += [row["word"] for row in packaged.rows("industry_words")]
    found += [row["name_zh"] for row in packaged.rows("regions")]
    return list(dict.fromkeys(found))


def spell(text: str) -> str:
    """The syllables of ``text`` by pypinyin, small letters, blanks between; Latin letters and digits one by one."""
    from pypinyin import lazy_pinyin

    spelt: list[str] = []
    for part in lazy_pinyin(text):
        signs = [sign for sign in part.lower() if sign.isascii() and sign.isalnum()]
        spelt += signs if part in text else ["".join(signs)]
    return " ".join(part for part in spelt if part)


def write() -> None:
    """Write data/pinyin.csv anew."""
    with FILE.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["text", "syllables"])
        for text in texts():
            out.writerow([text, spell(text)])


if __name__ == "__main__":
    write()
