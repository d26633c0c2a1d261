"""Reads the CSV files that come with this package; their sources and doubts stand in data/SOURCES.md."""

from __future__ import annotations

import csv
import io
from importlib import resources


def rows(name: str) -> list[dict[str, str]]:
    """All rows of ``data/<name>.csv`` as text by column name, in file order."""
    text = (resources.files("matchmaker.reference") / "data" / f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(io.StringIO(text)))
