"""The trail: a row in the deed, sealed in order, and a chain that shows every change."""

from __future__ import annotations

import threading
import time
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from matchmaker import clock
from matchmaker.audit.jobs import check_seals, seal_rows
from matchmaker.audit.models import AuditRow, DataAccess
from matchmaker.audit.queries import verify_seals
from matchmaker.audit.services import looked_at, record
from matchmaker.db import begin_write, db, unit_of_work
from tests.builders import a_supervisor, an_institution, an_operator, an_owner, sign_in

pytestmark = pytest.mark.article("B.1")


def some_deeds(app: Any, count: int = 5) -> None:
    with app.app_context(), unit_of_work():
        institution, owner = an_institution(), an_owner()
        for number in range(count):
            record("test.deed", institution, by=owner, amount_yuan=Decimal("300000.10"), number=number, at=clock.now())


def test_a_deed_that_was_undone_left_no_row(app: Any) -> None:
    with app.app_context(), pytest.raises(RuntimeError), unit_of_work():
        record("test.deed", an_institution(), by=None)
        raise RuntimeError
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count(AuditRow.id))) == 0


def sealed_when_others_are_through(wanted: int) -> bool:
    """On PostgreSQL a transaction of any database of the server may still be older: wait for it, not for ever."""
    done, patience = 0, 200
    while done < wanted and patience:
        done += seal_rows(clock.now())
        patience -= 1
        time.sleep(0.05 if done < wanted else 0)
    return done == wanted


def test_rows_are_sealed_in_order_and_the_chain_holds(any_app: Any) -> None:
    some_deeds(any_app)
    with any_app.app_context():
        assert sealed_when_others_are_through(5)
        assert seal_rows(clock.now()) == 0
    some_deeds(any_app, 3)
    with any_app.app_context():
        assert sealed_when_others_are_through(3)
        chain = verify_seals()
        assert chain.holds and chain.rows == 8
        rows = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.seal_number)).all()
        assert [row.seal_number for row in rows] == list(range(1, 9))
        assert rows[-1].seal == chain.head and len(chain.head) == 64
        assert check_seals(clock.now()).holds


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_row SET what = 'test.other' WHERE id = 3",
        "UPDATE audit_row SET by_id = 4711 WHERE id = 3",
        "UPDATE audit_row SET facts = '{}' WHERE id = 3",
        "UPDATE audit_row SET at = '2026-01-01 00:00:00' WHERE id = 3",
        "UPDATE audit_row SET object_id = 99 WHERE id = 3",
        "DELETE FROM audit_row WHERE id = 3",
        "UPDATE audit_row SET seal_number = NULL, seal = NULL WHERE id = 3",
    ],
)
def test_every_change_of_a_sealed_row_breaks_the_chain_there(app: Any, tampering: str) -> None:
    some_deeds(app)
    with app.app_context():
        seal_rows(clock.now())
        assert verify_seals().holds
        with unit_of_work() as session:
            session.execute(sa.text(tampering))
        chain = verify_seals()
        assert not chain.holds and chain.broken_at == 3


def test_a_row_slipped_in_at_the_end_has_no_seal_that_fits(app: Any) -> None:
    some_deeds(app)
    with app.app_context():
        seal_rows(clock.now())
        with unit_of_work() as session:
            session.add(
                AuditRow(
                    at=clock.now(),
                    by_id=1,
                    what="test.forged",
                    object_kind="",
                    object_id=None,
                    facts={},
                    seal_number=6,
                    seal="f" * 64,
                )
            )
        assert verify_seals().broken_at == 6


@pytest.mark.postgres
def test_a_row_above_a_running_transaction_waits_for_it(postgres_app: Any) -> None:
    with postgres_app.app_context():
        with unit_of_work():
            institution_id = an_institution().id
        slow = Session(db.engine)
        begin_write(slow)
        slow.add(
            AuditRow(
                at=clock.now(),
                by_id=None,
                what="test.slow",
                object_kind="institution",
                object_id=institution_id,
                facts={},
                transaction_number=sa.cast(sa.cast(sa.func.pg_current_xact_id(), sa.Text), sa.BigInteger),
            )
        )
        slow.flush()
    some_deeds(postgres_app, 2)
    with postgres_app.app_context():
        assert seal_rows(clock.now()) == 0, "the slow one could still commit with a smaller number"
        slow.commit()
        slow.close()
        assert sealed_when_others_are_through(3)
        first = db.session.scalars(sa.select(AuditRow).order_by(AuditRow.seal_number)).first()
        assert first is not None and first.what == "test.slow"
        assert verify_seals().holds


def test_two_sealers_at_once_make_one_chain(any_app: Any) -> None:
    some_deeds(any_app, 40)
    barrier = threading.Barrier(2)

    def seal() -> None:
        with any_app.app_context():
            barrier.wait()
            seal_rows(clock.now())

    threads = [threading.Thread(target=seal) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with any_app.app_context():
        for _ in range(200):  # an older transaction of another database of the server may hold some rows back
            if verify_seals().rows == 40:
                break
            time.sleep(0.05)
            seal_rows(clock.now())
        chain = verify_seals()
        assert chain.holds and chain.rows == 40


def test_a_look_at_data_is_kept_even_when_the_request_was_undone(app: Any) -> None:
    with app.app_context():
        with unit_of_work():
            owner = an_owner()
        with pytest.raises(RuntimeError), unit_of_work():
            looked_at(7, by=owner, fields=["phone", "name"], purpose="contact", lead_id=3)
            raise RuntimeError
        row = db.session.scalars(sa.select(DataAccess)).one()
        assert (row.business_id, row.fields, row.purpose) == (7, ["name", "phone"], "contact")


def test_the_trail_is_the_supervisors_to_read_and_shows_no_names(app: Any) -> None:
    some_deeds(app)
    with app.app_context():
        seal_rows(clock.now())
        with unit_of_work():
            supervisor, operator = a_supervisor(), an_operator("不该出现的名字")
            record("test.deed", None, by=operator)
    client = app.test_client()
    sign_in(client, supervisor)
    page = client.get("/audit?check=1").get_data(as_text=True)
    assert "5 条都对得上" in page and "不该出现的名字" not in page
    other = app.test_client()
    sign_in(other, operator)
    assert other.get("/audit").status_code == 404
