"""Plain facts about folders that later subjects listen to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PaperTakenOut:
    """A paper left its folder. Whoever uses its document last destroys the content (leads.listeners)."""

    document_id: int
