"""Do the reasons hold? Every "what would help" of 2,000 needs is applied to its facts and the market is matched again.

    python -m benchmarks.reasons --json

builds a demo town of its own, takes the newest needs with the ranker that learned from the town's year, and counts how
many helps open a product that did not fit, or lift the product that they name. Nothing of what made the help is used
to test it: the changed facts go through ``matching.services.derive`` as any need does.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEEDS = 2_000
NEEDS_PER_BUSINESS = 0.54
"""A little under what the demo town draws, so that there are enough."""


@dataclass
class Counted:
    """What came of the helps."""

    needs: int = 0
    with_helps: int = 0
    helps: int = 0
    held: int = 0
    opened: int = 0
    lifted: int = 0
    most: int = 0
    repeated: int = 0
    soft_reasons: int = 0
    soft_held: int = 0
    plans: int = 0
    plans_held: int = 0
    none_fit: int = 0
    none_fit_with_way_on: int = 0
    by_kind: Counter[str] = field(default_factory=Counter)
    by_kind_held: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@contextmanager
def town(size: int) -> Iterator[Any]:
    """The site on a demo town of this size, in a folder that is thrown away."""
    from matchmaker import create_app, demo
    from matchmaker.commands import upgrade_database
    from matchmaker.db import db, unit_of_work
    from matchmaker.reference.services import load_reference
    from matchmaker.settings import Settings

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            database_url=f"sqlite:///{Path(folder) / 'town.db'}",
            secret_key="x" * 40,
            instance_folder=folder,
            jobs_in_process=False,
        )
        app = create_app(settings)
        with app.app_context():
            upgrade_database(settings.database_url)
            with unit_of_work():
                load_reference()
            demo.build(size=size)
            yield app
            db.engine.dispose()


def places(derived: Any) -> dict[int, int]:
    """Product → place, those beyond the stored places included."""
    return {at.candidate.offered.product_id: place for place, at in enumerate(derived.ordering.placed, start=1)}


def measure(needs: int) -> dict[str, Any]:
    """Build the town and test every help of ``needs`` needs."""
    import sqlalchemy as sa

    from matchmaker import clock
    from matchmaker.db import begin_read, db
    from matchmaker.demo.lists import Remembering
    from matchmaker.matching import queries, services
    from matchmaker.needs.models import Need

    counted = Counted()
    with town(round(needs / NEEDS_PER_BUSINESS)):
        begin_read()
        ids = list(db.session.scalars(sa.select(Need.id).order_by(Need.id.desc()).limit(needs)))
        random.Random(1).shuffle(ids)
        market = services.market_at(clock.now())
        memory = Remembering()
        for need_id in ids:
            need = queries.need_for_matching(need_id)
            assert need is not None
            _test(counted, queries.facts_of(need, on=market.today), market, memory)
        ranker = market.ranker.name if market.ranker else None
    return told(counted, ranker)


def _test(counted: Counted, facts: Any, market: Any, memory: Any) -> None:
    from matchmaker.eligibility.changes import applied
    from matchmaker.eligibility.planning import changed_by, openings, plans, repairs
    from matchmaker.matching import services
    from matchmaker.refusal import plain

    def derive(facts: Any, day: Any) -> Any:
        return services.derive(market.offered, facts, day, market.lpr, market.ranker, by=memory)

    began = time.perf_counter()
    now = derive(facts, market.today)
    counted.seconds.append(time.perf_counter() - began)
    again = derive(facts, market.today)
    counted.needs += 1
    counted.repeated += plain(now.counts) == plain(again.counts) and plain(now.shown) == plain(again.shown)
    helps, before = now.counts["helps"], places(now)
    counted.with_helps += bool(helps)
    counted.most = max(counted.most, len(helps))
    for help in helps:
        changed, day = applied(help["change"], facts, market.today)
        after = places(derive(changed, day))
        opened = bool(after.keys() - before.keys())
        named = help["facts"].get("product_id")
        lifted = named is not None and after[named] < before[named]
        counted.helps += 1
        counted.opened += opened
        counted.lifted += lifted and not opened
        counted.held += opened or lifted
        counted.by_kind[help["code"]] += 1
        counted.by_kind_held[help["code"]] += opened or lifted
    for row in now.shown:
        for reason in row["reasons"]:
            if reason["code"].startswith("soft_"):
                fact = reason["code"].removeprefix("soft_")
                without = places(derive(facts.changed(**{fact: False}), market.today))
                counted.soft_reasons += 1
                counted.soft_held += without[row["product_id"]] == reason["facts"]["without_place"] > row["place"]
    terms = [one.terms for one in market.offered]
    found = plans(terms, facts, market.today)
    for one in found:
        after = places(derive(changed_by(one.steps, facts), market.today))
        counted.plans += 1
        counted.plans_held += set(one.opened) == after.keys() - before.keys() and one.fitting == len(after)
    if not before:
        counted.none_fit += 1
        way = found or openings(terms, facts, market.today) or repairs(terms, facts, market.today)
        counted.none_fit_with_way_on += bool(way)


def told(counted: Counted, ranker: str | None) -> dict[str, Any]:
    """The figures, ready to be printed."""
    return {
        "needs": counted.needs,
        "ranker": ranker,
        "needs_with_helps": counted.with_helps,
        "helps": counted.helps,
        "helps_held": counted.held,
        "helps_held_share": round(counted.held / counted.helps, 4) if counted.helps else None,
        "helps_opened": counted.opened,
        "helps_lifted": counted.lifted,
        "most_helps": counted.most,
        "same_again": counted.repeated,
        "soft_reasons": counted.soft_reasons,
        "soft_reasons_held": counted.soft_held,
        "plans": counted.plans,
        "plans_held": counted.plans_held,
        "none_fit": counted.none_fit,
        "none_fit_with_way_on": counted.none_fit_with_way_on,
        "by_kind": {kind: [counted.by_kind_held[kind], n] for kind, n in sorted(counted.by_kind.items())},
        "list_ms_p50": round(statistics.median(counted.seconds) * 1000, 1),
    }


def main() -> int:
    """Print the figures; 1 where a promise is broken."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    asked.add_argument("--needs", type=int, default=NEEDS)
    given = asked.parse_args()
    found = measure(given.needs)
    if given.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for name, value in found.items():
            print(f"{name:24} {value}")
    holds = (found["helps_held_share"] or 0) >= 0.95 and found["most_helps"] <= 4
    return 0 if holds and found["same_again"] == found["needs"] else 1


if __name__ == "__main__":
    sys.exit(main())
