"""The cells of an Excel workbook (.xlsx) as a reader sees them: text by rows, one sheet after the other.

A workbook is a zip of XML that a stranger made. Before openpyxl reads any of it the zip is measured and its XML looked
through: nothing unpacks to more than `MOST_UNPACKED`, no part declares a document type (so there is no entity to
expand or to fetch), macros, links and pictures are not read. Pure: bytes in, text out.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from matchmaker.refusal import Reason

log = logging.getLogger(__name__)
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""What an .xlsx begins with, and what an .xls or a workbook with a password does."""

MOST_UNPACKED = 12_000_000
_MOST_PARTS = 500
_MOST_SHEETS = 20
_MOST_MERGED = 2_000
_LAST_ROW, _LAST_COLUMN = 20_000, 60

NO_RESULT = "\0result"
"""Stands for a formula whose result is an error, or was never kept in the file."""
SHOWN_OTHERWISE = "\0format"
"""Stands for a number that its format shows as another one (as 500 for 5000000)."""


@dataclass(frozen=True)
class Sheet:
    """One sheet: its name, and each line that has something in it with its number."""

    name: str
    rows: tuple[tuple[int, list[str]], ...]


def sheets_of(content: bytes, *, most_rows: int) -> tuple[list[Sheet], list[str]] | Reason:
    """The sheets that can be seen, at most `most_rows` + 1 filled lines of each; and the names of the hidden ones.

    Reasons: `import_not_workbook`, `import_unpacks_too_large`.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _refused(archive) or _read(_only_xml(archive), most_rows)
    except Exception:
        # A broken workbook fails anywhere inside of zipfile, expat and openpyxl, with whatever they raise.
        log.warning("a workbook could not be read", exc_info=True)
        return Reason("import_not_workbook", {})


def _refused(archive: zipfile.ZipFile) -> Reason | None:
    """Why this archive is not read at all. zipfile never unpacks more of a part than the size it declares."""
    parts = archive.infolist()
    if "xl/workbook.xml" not in archive.namelist() or any(part.flag_bits & 1 for part in parts):
        return Reason("import_not_workbook", {})
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        return Reason("import_unpacks_too_large", {"most_mb": MOST_UNPACKED // 1_000_000})
    return None


def _only_xml(archive: zipfile.ZipFile) -> io.BytesIO:
    """The same archive in memory without anything but XML in which nothing is declared; ValueError if something is.

    Excel writes UTF-8 and no declarations. Macros, pictures and printer settings stay behind.
    """
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as copy:
        for name in archive.namelist():
            if name.lower().endswith((".xml", ".rels")):
                xml = archive.read(name)
                if b"\0" in xml or re.search(rb"<!(?!--|\[CDATA\[)", xml):
                    raise ValueError(name)
                copy.writestr(name, xml)
    return kept


def _read(source: io.BytesIO, most_rows: int) -> tuple[list[Sheet], list[str]]:
    from openpyxl import load_workbook  # takes a quarter of a second, which only who reads a workbook waits

    values = load_workbook(source, read_only=True, data_only=True, keep_links=False)
    formulas = load_workbook(source, read_only=True, data_only=False, keep_links=False)
    found, hidden = [], []
    for sheet in values.worksheets[:_MOST_SHEETS]:
        if sheet.sheet_state != "visible":
            hidden.append(str(sheet.title))
            continue
        merged = _merged_downwards(zipfile.ZipFile(source).read(sheet._worksheet_path.lstrip("/")))
        rows = _rows(sheet, formulas[sheet.title], merged, most_rows)
        found.append(Sheet(str(sheet.title), tuple(rows)))
    return found, hidden


def _rows(
    sheet: Any, formulas: Any, merged: dict[int, list[tuple[int, int]]], most_rows: int
) -> Iterator[tuple[int, list[str]]]:
    limits = {"max_row": _LAST_ROW, "max_col": _LAST_COLUMN}
    running: dict[int, tuple[int, str]] = {}  # column -> the last row of a merged cell and what stands in it
    filled = 0
    for number, (shown, written) in enumerate(
        zip(sheet.iter_rows(**limits), formulas.iter_rows(**limits), strict=True), start=1
    ):
        row = [_text(value, origin) for value, origin in zip(shown, written, strict=True)]
        for column, (last, text) in running.items():
            if number <= last and column < len(row) and not row[column]:
                row[column] = text
        for column, last in merged.get(number, ()):
            if column < len(row):
                running[column] = (last, row[column])
        if any(row):
            yield number, row
            filled += 1
            if filled > most_rows:
                return


def _merged_downwards(xml: bytes) -> dict[int, list[tuple[int, int]]]:
    """First row -> the columns (from 0) of cells merged over several rows, each with its last row.

    A cell merged over several lines says the same of each. Read here because a workbook that is read line by line
    does not tell of them, and because openpyxl would otherwise make every cell of a range that a stranger names.
    """
    found: dict[int, list[tuple[int, int]]] = {}
    pattern = re.compile(rb'<(?:\w+:)?mergeCell ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
    for place, one in enumerate(pattern.finditer(xml)):
        if place >= _MOST_MERGED:
            break
        column = 0
        for letter in one[1]:
            column = column * 26 + letter - 64
        first, last = int(one[2]), int(one[3])
        if last > first:
            found.setdefault(first, []).append((column - 1, last))
    return found


def _text(shown: Any, written: Any) -> str:
    """What stands in a cell, as text; days as 2026-12-31, a percentage as 4.35%."""
    value = shown.value
    if value is None:
        return NO_RESULT if getattr(written, "data_type", "") == "f" else ""
    if shown.data_type == "e":
        return NO_RESULT
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ", "minutes")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, int | float):
        return shown_number(value, shown.number_format or "General")
    return str(value)[:2000]


def shown_number(value: int | float, number_format: str) -> str:
    """A number in its format, where that only groups, rounds, makes a percentage or adds a word to it.

    What the file keeps is written, not what rounding leaves of it. `SHOWN_OTHERWISE` where the format scales.
    """
    number = Decimal(format(value, ".12g"))
    form = re.sub(r"\[[^\]]*\]|_.|\*.", "", number_format.split(";")[0])
    form = re.sub(r'"?[¥￥$]"?', "", form).replace("\\ ", "").strip()
    if form in ("General", "@", ""):
        return f"{number:f}"
    known = re.fullmatch(r"[#,0?]*[#0?](?:\.[0#?]+)?(?:E[+-]0+)?(%|\"[^\"]*\"|[年月元万天日个]*)", form)
    if known is None:
        return SHOWN_OTHERWISE
    word = known[1]
    return f"{(number * 100).normalize():f}%" if word == "%" else f"{number:f}" + word.strip('"')
