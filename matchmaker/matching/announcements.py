"""News of matching that later subjects may listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MoreFit:
    """A need was matched again by itself, and products fit that did not before; its owner is told once of each."""

    need_id: int
    list_id: int
    product_ids: tuple[int, ...]
