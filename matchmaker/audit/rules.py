"""The seal: what of a row is hashed, in what spelling, after which other seal. Plain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

FIRST_SEAL = "0" * 64


def seal_after(
    previous: str,
    *,
    number: int,
    row_id: int,
    at: datetime,
    by_id: int | None,
    what: str,
    object_kind: str,
    object_id: int | None,
    facts: Mapping[str, Any],
) -> str:
    """The SHA-256 (hexadecimal) of the seal before and of everything a row says, in one fixed spelling."""
    said = json.dumps(
        [
            number,
            row_id,
            at.astimezone(UTC).isoformat(timespec="microseconds"),
            by_id,
            what,
            object_kind,
            object_id,
            facts,
        ],
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()
