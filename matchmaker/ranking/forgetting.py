"""What is left of a list when its facts may be kept no longer: the order, codes and versions, without anybody in it.

The skeleton still shows which products stood where, by which scores, rules and model. It cannot be derived again, no
figure of the business is left in it, and it is no case to learn from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from matchmaker.audit.services import record
from matchmaker.db import db
from matchmaker.needs.models import Need
from matchmaker.ranking.models import Shown, ShownList, TurnedDown

RULES = ("account_closed", "retention_over")
"""By which rule the facts went: PIPL art. 47 (the purpose is over, consent withdrawn) and our own end of keeping."""
LISTS_KEPT = timedelta(days=1095)
"""Three years: as long as a list may be objected to (Civil Code art. 188, limitation of three years)."""
_AT_ONCE = 200
_KEPT_COUNTS = ("products", "fitting", "loans", "today_on", "places", "objected", "reasons_version")
_KEPT_FEATURES = ("score_version", "place_by_score")


def forget_lists(list_ids: Iterable[int], *, rule: str, at: datetime) -> int:
    """Reduce these lists to their skeletons; answers how many. A second time nothing changes.

    Runs in the caller's write transaction. Raises ValueError for a rule that is none of ``RULES``.
    """
    if rule not in RULES:
        raise ValueError(f"no rule of forgetting is called {rule!r}")
    done = 0
    for stored in db.session.scalars(
        sa.select(ShownList).where(ShownList.id.in_(list(list_ids)), ShownList.forgotten_at.is_(None))
    ):
        stored.counts = {name: stored.counts[name] for name in _KEPT_COUNTS if name in stored.counts}
        stored.facts, stored.forgotten_at, stored.forgotten_by = {}, at, rule
        for row in db.session.scalars(sa.select(Shown).where(Shown.list_id == stored.id)):
            row.features = {name: row.features[name] for name in _KEPT_FEATURES if name in row.features}
            row.reasons, row.cautions = codes_of(row.reasons), codes_of(row.cautions)
            row.quote, row.cost_percent, row.chance = {}, None, None
        for down in db.session.scalars(sa.select(TurnedDown).where(TurnedDown.list_id == stored.id)):
            down.failed = [{"rule": failed["rule"]} for failed in down.failed]
        done += 1
    db.session.flush()
    if done:
        record("list.forget", None, by=None, lists=done, rule=rule)
    return done


def codes_of(reasons: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Reasons by their codes alone."""
    return [{"code": reason["code"]} for reason in reasons]


def ids_of_lists_of(business_ids: Iterable[int]) -> list[int]:
    """The lists of these businesses' needs that still hold their facts."""
    needs = sa.select(Need.id).where(Need.business_id.in_(list(business_ids)))
    query = sa.select(ShownList.id).where(ShownList.need_id.in_(needs), ShownList.forgotten_at.is_(None))
    return list(db.session.scalars(query.order_by(ShownList.id)))


def ids_of_lists_over(now: datetime, most: int = _AT_ONCE) -> list[int]:
    """Lists that are older than they may be kept, the oldest first."""
    query = sa.select(ShownList.id).where(ShownList.made_at < now - LISTS_KEPT, ShownList.forgotten_at.is_(None))
    return list(db.session.scalars(query.order_by(ShownList.made_at, ShownList.id).limit(most)))
