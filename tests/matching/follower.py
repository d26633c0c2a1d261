"""Another process that follows the market: ``python -m tests.matching.follower URL FOLDER INSTANT``.

On each line of its standard input it answers with the number of the market's state, how it judged, and a fingerprint
of what it has in memory.
"""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from matchmaker import clock, create_app
from matchmaker.db import begin_read, db
from matchmaker.matching import change_log, following
from matchmaker.refusal import plain
from tests.conftest import settings_for


def what_is_seen(seen: following.MarketSeen) -> str:
    """A short name for everything that lists are made of."""
    rows = [[one.product_id, one.version_id, repr(one)] for one in seen.offered]
    return hashlib.sha256(json.dumps(plain([rows, dict(seen.places)])).encode()).hexdigest()[:20]


def answer() -> dict[str, Any]:
    """The market as this process has it."""
    begin_read()
    seen = following.market_seen(clock.today())
    number = change_log.state_of(db.session)[0]
    db.session.rollback()
    return {"number": number, "judge": type(seen.judge).__name__, "seen": what_is_seen(seen)}


def main(url: str, folder: str, instant: str) -> None:
    clock.stop_business_at(datetime.fromisoformat(instant))
    app = create_app(settings_for(url, Path(folder)))
    with app.app_context():
        print("ready", flush=True)
        for _ in sys.stdin:
            print(json.dumps(answer()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
