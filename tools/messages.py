"""Keep the English catalogue: extract what is marked, keep what is translated, take in hand-written pairs.

Usage: python -m tools.messages [pairs.json …] — each file maps a Chinese text to its English (or [one, many]).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
CATALOGUE = ROOT / "matchmaker" / "translations" / "en" / "LC_MESSAGES" / "messages.po"


def extract() -> Catalog:
    """Every text marked in matchmaker/ and templates/."""
    with tempfile.TemporaryDirectory() as folder:
        pot = Path(folder) / "messages.pot"
        subprocess.run([sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract", "-F", "babel.cfg",
                        "--no-location", "--sort-output", "-k", "_l", "-k", "_n:1,2", "-o", str(pot), "."],
                       check=True, cwd=ROOT)
        with open(pot, "rb") as file:
            return read_po(file)


def main(pairs: list[str]) -> int:
    """Write messages.po and messages.mo; print what has no English yet and return how many."""
    wanted = extract()
    known: Catalog | None = None
    if CATALOGUE.exists():
        with open(CATALOGUE, "rb") as file:
            known = read_po(file, locale="en")
    handed: dict[str, str | list[str]] = {}
    for file_name in pairs:
        handed |= json.loads(Path(file_name).read_text())
    written_on = datetime(2026, 11, 24, tzinfo=UTC)  # fixed, so that two people's catalogues differ in texts only
    result = Catalog(locale="en", project="Matchmaker", copyright_holder="Matchmaker contributors", fuzzy=False,
                     creation_date=written_on, revision_date=written_on)
    missing = 0
    for entry in wanted:
        if not entry.id:
            continue
        key = entry.id[0] if isinstance(entry.id, tuple) else entry.id
        english = handed.get(key)
        if english is None and known is not None and (before := known.get(key)) is not None:
            english = list(before.string) if isinstance(before.string, tuple) else before.string
        if isinstance(entry.id, tuple):
            text = tuple(english) if isinstance(english, list) else (english or "", english or "")
        else:
            text = english[-1] if isinstance(english, list) else (english or "")
        result.add(entry.id, text, context=entry.context)
        if not (all(text) if isinstance(text, tuple) else text):
            missing += 1
            print("no English yet:", key)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with open(CATALOGUE, "wb") as out:
        write_po(out, result, no_location=True, sort_output=True, width=110, omit_header=False)
    with open(CATALOGUE.with_suffix(".mo"), "wb") as out:
        write_mo(out, result)
    print(f"{len(list(wanted)) - 1} texts, {missing} without English")
    return missing


if __name__ == "__main__":
    main(sys.argv[1:])
