"""Loading the LPR series and reading it by day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from matchmaker.db import db, unit_of_work
from matchmaker.reference import packaged, queries, services
from matchmaker.reference.models import Lpr


def test_loading_again_changes_nothing(any_app: Any) -> None:
    with any_app.app_context():
        with unit_of_work():
            services.load_reference()
        with unit_of_work():
            assert services.load_reference() == 0
        assert len(queries.lpr_history()) == len(packaged.rows("lpr")) == 86


def test_a_corrected_rate_is_brought_back(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            row = queries.lpr_on(date(2024, 2, 20))
            assert row is not None
            row.lpr_5y_percent = Decimal("4.20")
        with unit_of_work():
            assert services.load_reference() == 1
        found = queries.lpr_on(date(2024, 2, 20))
        assert found is not None and found.lpr_5y_percent == Decimal("3.95")


@pytest.mark.article("8.1")
@pytest.mark.parametrize(
    ("day", "published"),
    [
        ("2019-08-20", "2019-08-20"),
        ("2019-09-19", "2019-08-20"),
        ("2019-09-20", "2019-09-20"),
        ("2024-02-19", "2024-01-22"),
        ("2026-11-24", "2026-09-20"),
    ],
)
def test_the_lpr_of_a_day_is_the_newest_published_by_then(app: Any, day: str, published: str) -> None:
    with app.app_context():
        found = queries.lpr_on(date.fromisoformat(day))
        assert found is not None and found.published_on == date.fromisoformat(published)


def test_before_the_first_publication_there_is_none(app: Any) -> None:
    with app.app_context():
        assert queries.lpr_on(date(2019, 8, 19)) is None
        newest = queries.newest_lpr()
        assert newest is not None and newest.published_on == date(2026, 9, 20)
        assert (newest.lpr_1y_percent, newest.lpr_5y_percent) == (Decimal("3.00"), Decimal("3.50"))


def test_a_day_is_published_once(app: Any) -> None:
    import sqlalchemy as sa

    with app.app_context(), pytest.raises(sa.exc.IntegrityError), unit_of_work():
        db.session.add(
            Lpr(
                published_on=date(2026, 9, 20),
                lpr_1y_percent=Decimal(3),
                lpr_5y_percent=Decimal(3),
                source="twice",
            )
        )
