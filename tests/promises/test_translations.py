"""English is complete: every text that the code or a template marks has a translation with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path

from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "matchmaker" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "_l": None, "gettext": None, "ngettext": (1, 2), "lazy_gettext": None, "_n": (1, 2)}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
OFFICIAL = re.compile(r"[（(《「][^）)》」]*[）)》」]|万企通")
"""Official names stay Chinese in English texts: in brackets, beside their translation."""


def marked() -> set[str]:
    with open(ROOT / "babel.cfg") as file:
        methods, options = parse_mapping_cfg(file)
    found = set()
    for _filename, _line, message, _comments, _context in extract_from_dir(
            str(ROOT), methods, options, KEYWORDS,
            directory_filter=lambda path: Path(path).name in {"matchmaker", "templates"} or _inside(Path(path))):
        found.add(message[0] if isinstance(message, tuple) else message)
    return found


def _inside(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    return bool(parts) and parts[0] in {"matchmaker", "templates"}


def test_every_marked_text_has_an_english_one() -> None:
    with open(CATALOGUE, "rb") as file:
        catalogue = read_po(file)
    missing = []
    for text in sorted(marked()):
        entry = catalogue.get(text)
        translated = entry and not entry.fuzzy and (
            all(entry.string) if isinstance(entry.string, (tuple, list)) else bool(entry.string))
        if not translated:
            missing.append(text)
    assert missing == []


def test_translations_keep_their_placeholders() -> None:
    with open(CATALOGUE, "rb") as file:
        catalogue = read_po(file)
    for entry in catalogue:
        if not entry.id:
            continue
        theirs = entry.string if isinstance(entry.string, str) else " ".join(entry.string)
        mine = entry.id if isinstance(entry.id, str) else " ".join(entry.id)
        wanted, used = (set(re.findall(r"%\((\w+)\)", text)) for text in (mine, theirs))
        assert used <= wanted and (not isinstance(entry.string, str) or used == wanted), mine
        assert list(entry.check()) == [], mine


def test_english_texts_hold_no_chinese_but_official_names() -> None:
    with open(CATALOGUE, "rb") as file:
        catalogue = read_po(file)
    for entry in catalogue:
        for text in [entry.string] if isinstance(entry.string, str) else entry.string:
            assert not CHINESE.search(OFFICIAL.sub("", text)), text
