"""Which scanner is asked under the present settings."""

from __future__ import annotations

from flask import current_app

from matchmaker.documents.scanning import Scanner, scanner_of


def scanner_in_use() -> Scanner:
    """The scanner of the setting `virus_scanner`."""
    return scanner_of(current_app.config["SETTINGS"].virus_scanner)
