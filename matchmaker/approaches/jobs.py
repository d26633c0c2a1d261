"""What happens to cards without a person: they end with their days."""

from __future__ import annotations

from datetime import datetime

from matchmaker.approaches import queries, services
from matchmaker.db import unit_of_work


def end_cards(now: datetime) -> int:
    """Close every card whose days are over, each in a unit of work of its own; answers how many."""
    done = 0
    for need_id in queries.ids_of_needs_past_card(now):
        with unit_of_work():
            done += services.expire_card(need_id, at=now)
    return done
