"""What a desk waits for when very many needs are there: the page of whom a product reaches, and the live reach under
the form, by the site's own HTTP calls.

    python -m benchmarks.reach_page --json

``DATABASE_URL`` names a demo town (``make demo``), whose products and desk are used as they are. The needs are drawn
(``benchmarks.synthetic``), a business each, and stand in the memory of this process alone, as if they had been read;
nothing is written but the desk's session. Says medians and the longest in milliseconds, the median by processor time
too, and the memory that the needs take.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask.testing import FlaskClient

from benchmarks.synthetic import needs
from matchmaker import clock, create_app
from matchmaker.accounts.models import Person
from matchmaker.accounts.sessions import start_session
from matchmaker.db import begin_read, db, unit_of_work
from matchmaker.matching import asking
from matchmaker.matching.change_log import ASKED_SIDE, state_of
from matchmaker.matching.columns import FactColumns
from matchmaker.products.models import Product, ProductVersion
from matchmaker.products.rules.states import EDITABLE_VERSION
from matchmaker.ranking import compiled

DESK = "desk1@qingtan.example"
SIZES = ("micro", "small", "medium", "large")


def megabytes() -> float:
    """What this process holds now (Linux; elsewhere 0)."""
    held = Path("/proc/self/statm")
    return int(held.read_text().split()[1]) * resource.getpagesize() / 2**20 if held.exists() else 0.0


def fill(n: int) -> float:
    """Let ``n`` drawn needs stand in memory in the place of the town's; answers the seconds that it took."""
    asked, facts = asking.asked_needs(), needs(n, seed=9).fact_columns()
    began = time.perf_counter()
    asked.state, asked.year = state_of(db.session, ASKED_SIDE), clock.today().year
    asked.hold_columns(facts, list(told(asked, facts)))
    asked.taken_in()
    return time.perf_counter() - began


def told(asked: asking.AskedNeeds, facts: FactColumns) -> Any:
    """What may be told of each need, with its own number as that of its business."""
    region, trade, amount, term = (
        facts.columns[name] for name in ("region_code", "industry_code", "amount_yuan", "term_months")
    )
    sizes = [asked.sizes.number(size) for size in SIZES]
    for at, key in enumerate(facts.keys.tolist()):
        place = asked.place(region.values[region.number[at]], trade.values[trade.number[at]])
        yield asking.Asker(
            key, place, sizes[at % len(sizes)], float(amount.values[amount.number[at]]), term.values[term.number[at]]
        )


def token_of(page: str) -> str:
    """The token that a form of this page is sent with."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def signed_in(client: FlaskClient, person: Person) -> FlaskClient:
    """The browser of a person who has just signed in."""
    with client.application.app_context(), unit_of_work():
        person = db.session.get_one(Person, person.id)
        token = start_session(person, address="127.0.0.1", agent="benchmark", with_totp=True)
    with client.session_transaction() as cookie:
        cookie["_user_id"], cookie["_fresh"] = token, True
    return client


def times(calls: Sequence[Callable[[], Any]], rounds: int) -> dict[str, float]:
    """Milliseconds by the clock and by processor time, all calls in turn, the first round left out."""
    wall, spent = [], []
    for at in range(rounds + 1):
        for call in calls:
            began, busy = time.perf_counter(), time.process_time()
            answer = call()
            if at:
                wall.append((time.perf_counter() - began) * 1000)
                spent.append((time.process_time() - busy) * 1000)
            if answer.status_code != 200:
                raise SystemExit(f"{answer.request.path}: {answer.status_code}")
    figures = {"median": statistics.median(wall), "longest": max(wall), "median_processor": statistics.median(spent)}
    return {name: round(one, 1) for name, one in figures.items()}


def measure(n: int, rounds: int) -> dict[str, Any]:
    """Pages and previews with ``n`` needs in memory."""
    compiled.warm()
    app = create_app()
    with app.app_context():
        begin_read()
        desk = db.session.scalars(sa.select(Person).where(Person.email == DESK)).one()
        mine = sa.select(Product.id).where(
            Product.institution_id.in_(desk.institution_ids), Product.state == "published", Product.kind == "credit"
        )
        products = list(db.session.scalars(mine.order_by(Product.id)))
        draft = db.session.scalars(
            sa.select(Product.id)
            .join(ProductVersion, ProductVersion.product_id == Product.id)
            .where(Product.institution_id.in_(desk.institution_ids), ProductVersion.state.in_(EDITABLE_VERSION))
        ).first()
        client = signed_in(app.test_client(), desk)
        before = megabytes()
        seconds = fill(n)
        after = megabytes()
        db.session.rollback()
    pages = [partial(client.get, f"/desk/products/{at}/reach") for at in products]
    began = time.perf_counter()
    pages[0]()
    found = {
        "needs": n,
        "products": len(products),
        "taken_in_seconds": round(seconds, 1),
        "memory_mb": round(after - before),
        "first_page_ms": round((time.perf_counter() - began) * 1000, 1),
        "page_ms": times(pages, rounds),
    }
    if draft is not None:
        at = f"/desk/products/{draft}/draft/criteria"
        typed = {"csrf_token": token_of(client.get(at).text), "min_months_in_business": "12"}
        preview = partial(client.post, at + "/reach", data=typed, headers={"HX-Request": "true"})
        found["preview_ms"] = times([preview], 5 * rounds)
    return found


def main() -> int:
    """Print the figures."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--json", action="store_true", help="one JSON object instead of lines")
    asked.add_argument("--needs", type=int, default=1_000_000)
    asked.add_argument("--rounds", type=int, default=5)
    given = asked.parse_args()
    found = measure(given.needs, given.rounds)
    print(json.dumps(found) if given.json else "\n".join(f"{name}: {figure}" for name, figure in found.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
